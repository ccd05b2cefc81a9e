"""Pools and reductions."""

from __future__ import annotations

from msfcnn.frontend.arrangement import Arrangement
from msfcnn.frontend.tflite.graph import Operator
from msfcnn.frontend.tflite.problems import Untranslatable
from msfcnn.frontend.tflite.sliding import attributes
from msfcnn.frontend.tflite.step import Conversion, resolved

MAP = 4
HEIGHT, WIDTH = 1, 2
REDUCTIONS = {"SUM": "ReduceSum", "REDUCE_MAX": "ReduceMax", "REDUCE_MIN": "ReduceMin"}


def max_pool_2d(step: Conversion) -> None:
    """MAX_POOL_2D."""
    _pool(step, "MaxPool")


def average_pool_2d(step: Conversion) -> None:
    """AVERAGE_POOL_2D; padding does not count."""
    _pool(step, "AveragePool")


def _pool(step: Conversion, kind: str) -> None:
    """A pool with the activation that TFLite fuses into it."""
    shape = step.shape(0, MAP)
    kernel = (step.operator.integer("FilterHeight"), step.operator.integer("FilterWidth"))
    window = attributes(step.operator, shape[1:3], kernel, dilated=False)
    step.write_activated(
        step.emit(kind, [step.read(0, Arrangement.NCHW)], **window), Arrangement.NCHW
    )


def mean(step: Conversion) -> None:
    """MEAN over any axes of an activation.

    A mean of a mean, as PyTorch's x.mean(3).mean(2) becomes, is one mean of both axes: without
    the rounding between them.
    """
    source, axes = _through_means(step)
    shape = step.writer.tensor(source).shape
    if len(shape) == MAP and axes == (HEIGHT, WIDTH):
        value = step.emit("GlobalAveragePool", [step.writer.read(source, Arrangement.NCHW)])
        if len(step.result.shape) == MAP:
            step.write(value, Arrangement.NCHW)
        else:
            step.write(step.reshape(value, step.result.shape))
    elif len(shape) == MAP and axes in ((HEIGHT,), (WIDTH,)):
        _mean_of_lines(step, source, axes[0])
    else:
        kept = int(len(step.result.shape) == len(shape))
        inputs = [step.writer.read(source), step.list(axes, "axes")]
        step.write(step.emit("ReduceMean", inputs, keepdims=kept))


def _mean_of_lines(step: Conversion, source: int, axis: int) -> None:
    """The mean of each row or column: a pool as long as they are."""
    shape = step.writer.tensor(source).shape
    kernel = [shape[a] if a == axis else 1 for a in (HEIGHT, WIDTH)]
    value = step.writer.read(source, Arrangement.NCHW)
    value = step.emit("AveragePool", [value], kernel_shape=kernel)
    if len(step.result.shape) == MAP:
        step.write(value, Arrangement.NCHW)
        return
    value = step.emit("Transpose", [value], perm=(0, 2, 3, 1))
    step.write(step.reshape(value, step.result.shape))


def _through_means(step: Conversion) -> tuple[int, tuple[int, ...]]:
    """Where the mean starts from, and over which of its axes it goes.

    The axes are those of the tensor it starts from. If the earlier mean has dropped its axes, the
    ones of the later mean are counted among those left.
    """
    index = step.index(0)
    shape = step.writer.tensor(index).shape
    axes = _axes(step, len(shape))
    before = _lone_mean(step, index)
    if before is None:
        return index, axes
    earlier = Conversion(step.writer, before)
    source = earlier.index(0)
    full = step.writer.tensor(source).shape
    first = _axes(earlier, len(full))
    left = [a for a in range(len(full)) if a not in first or len(full) == len(shape)]
    if len(left) != len(shape):
        return index, axes
    return source, tuple(sorted({*first, *(left[a] for a in axes)}))


def _lone_mean(step: Conversion, index: int) -> Operator | None:
    """The mean that computes a tensor only for this one, in the same quantization."""
    graph = step.writer.graph
    readers = sum(index in operator.inputs for operator in graph.operators)
    found = next((o for o in graph.operators if index in o.outputs), None)
    if found is None or found.kind != "MEAN" or readers > 1 or index in graph.outputs:
        return None
    ends = [graph.tensors[t].affine for t in (found.inputs[0], index)]
    if any(e is not None for e in ends):
        same = ends[0] is not None and ends[1] is not None and ends[0].same(ends[1])
        return found if same else None
    return found


def _axes(step: Conversion, rank: int) -> tuple[int, ...]:
    """The constant list of axes, ascending, from 0 on. Raises Untranslatable if it is empty."""
    axes = tuple(sorted(resolved(step.integers(1, "list of axes"), rank)))
    if not axes:
        raise Untranslatable("reduces no axis", "remove it")
    return axes


def reduce(step: Conversion) -> None:
    """SUM, REDUCE_MAX and REDUCE_MIN."""
    rank = len(step.shape(0))
    keep = bool(step.operator.integer("KeepDims"))
    layout = step.layout() if keep else Arrangement.FILE
    axes = step.list(sorted(layout.axis(a) for a in _axes(step, rank)), "axes")
    kind = REDUCTIONS[step.operator.kind]
    step.write(step.emit(kind, [step.read(0, layout), axes], keepdims=int(keep)), layout)


def arg_max(step: Conversion) -> None:
    """ARG_MAX over one axis."""
    rank = len(step.shape(0))
    (axis,) = resolved(step.integers(1, "axis"), rank)
    value = step.emit("ArgMax", [step.read(0)], axis=axis, keepdims=0)
    if step.result.dtype != "int64":
        value = step.emit("Cast", [value], to=6)  # int32
    step.write(value)
