"""Shapes: what shape inference knows, and the demands on the shape of the graph input."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import onnx

from msfcnn.errors import ModelError, Problem
from msfcnn.nodes import Border, Node, Shape, Unsupported, fits

AXIS_NAMES = {3: ("batch", "channels", "width"), 4: ("batch", "channels", "height", "width")}


def fix_batch(proto: onnx.ModelProto) -> None:
    """An open batch becomes 1, in place: msfcnn runs one image at a time.

    Only the first axis of inputs of two axes or more; other open dimensions are refused later, with
    the command that fixes them.
    """
    opened = False
    for border in proto.graph.input:
        dims = border.type.tensor_type.shape.dim
        if len(dims) > 1 and not (dims[0].HasField("dim_value") and dims[0].dim_value >= 0):
            dims[0].dim_value = 1
            opened = True
    if not opened:
        return
    # what the file says about other shapes holds for any batch
    del proto.graph.value_info[:]
    for output in proto.graph.output:
        if output.type.HasField("tensor_type"):
            output.type.tensor_type.ClearField("shape")


def infer(proto: onnx.ModelProto, where: str) -> Mapping[str, Shape]:
    """The shape of every value as far as onnx can tell; open dimensions are None.

    data_prop: shapes that a network computes for its own Reshapes are followed, too. Not strict: a
    node that inference cannot handle just leaves its values without a shape. Raises ModelError.
    """
    try:
        graph = onnx.shape_inference.infer_shapes(proto, data_prop=True).graph
    except Exception as error:  # InferenceError, but also protobuf's own and ValueError
        text = " ".join(str(error).split()).rstrip(". ")
        raise ModelError(Problem(where, f"its shapes contradict each other: {text}")) from None
    shapes: dict[str, Shape] = {}
    for value in (*graph.value_info, *graph.input, *graph.output):
        if value.type.HasField("tensor_type") and value.type.tensor_type.HasField("shape"):
            dims = value.type.tensor_type.shape.dim
            shapes[value.name] = tuple(
                d.dim_value if d.HasField("dim_value") and d.dim_value >= 0 else None for d in dims
            )
    return shapes


def input_problems(inputs: tuple[Border, ...], path: Path) -> tuple[Problem, ...]:
    """What is wrong with the graph inputs and their dimensions: one problem for each of them."""
    if not inputs:
        what = "has no input of activations: it computes the same every time"
        return (Problem(str(path), what, "export the model with its input"),)
    return tuple(problem for border in inputs for problem in _border_problems(border, path))


def _border_problems(border: Border, path: Path) -> list[Problem]:
    where = f"input '{border.name}'"
    problems = [
        Problem(where, _open_dimension(border, axis), _fix_hint(border, axis, path))
        for axis, size in enumerate(border.shape)
        if size is None
    ]
    if not problems and border.dtype not in ("float32", "int8", "uint8"):
        what = f"is {border.dtype}; msfcnn takes float32 behind a QuantizeLinear, int8 and uint8"
        problems.append(Problem(where, what, "export the model with float32 input"))
    if not border.shape:
        problems.append(Problem(where, "has no shape", "export the model with a fixed shape"))
    elif None not in border.shape:
        problems += _size_problems(where, tuple(d for d in border.shape if d is not None))
    return problems


def check_inferred(node: Node, shape: tuple[int, ...], inferred: Shape | None) -> None:
    """Compares the shape we computed for a node's output with the one in the file.

    A cheap second opinion on every importer. Raises Unsupported where they differ; open dimensions
    agree with anything.
    """
    if inferred is None:
        return
    agree = len(inferred) == len(shape) and all(
        theirs is None or ours == theirs for ours, theirs in zip(shape, inferred, strict=True)
    )
    if not agree:
        theirs = [d if d is not None else "?" for d in inferred]
        raise Unsupported(
            f"its output has the shape {list(shape)}, but the file says {theirs}",
            "remove the wrong value_info from the file, or export the model again",
            node,
        )


def _size_problems(where: str, shape: tuple[int, ...]) -> list[Problem]:
    """What keeps an input of this shape from being one image on a microcontroller."""
    if not fits(shape):
        what = f"its shape {list(shape)} is empty or too large for a microcontroller"
        return [Problem(where, what, "export the model with a smaller input")]
    if len(shape) > 1 and shape[0] != 1:
        what = f"its batch is {shape[0]}; msfcnn runs one image at a time"
        return [Problem(where, what, "export the model with batch 1")]
    return []


def _open_dimension(border: Border, axis: int) -> str:
    """Names a dimension that is not fixed, the batch as such."""
    names = AXIS_NAMES.get(len(border.shape), ("batch",))
    named = f" ('{border.params[axis]}')" if border.params[axis] else ""
    kind = f" of {names[axis]}" if axis < len(names) else ""
    return f"dimension {axis}{named}{kind} is not fixed"


def _fix_hint(border: Border, axis: int, path: Path) -> str:
    """The command of onnxruntime that fixes a dimension."""
    param = border.params[axis]
    value = "1" if axis == 0 else "SIZE"
    if param:
        option = f"--dim_param {param} --dim_value {value}"
    else:
        shape = ["1" if i == 0 else str(d or "SIZE") for i, d in enumerate(border.shape)]
        option = f"--input_name {border.name} --input_shape {','.join(shape)}"
    tool = "python -m onnxruntime.tools.make_dynamic_shape_fixed"
    return f"fix it with `{tool} {option} {path.name} OUT.onnx`"
