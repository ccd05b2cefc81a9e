"""Concat: channels of several tensors behind each other.

One kernel call for each input, which rescales it into its channels of the output; so a part can be
written as soon as its input is there, and no input has to wait for the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np

from msfcnn.ir import Call, Clamp, CStruct, Mask, Model, Op, Order, Quantization, Range, Values
from msfcnn.nodes import (
    UNSET,
    Builder,
    Constant,
    Draft,
    Importer,
    Known,
    Node,
    Unsupported,
    Value,
    View,
    check_size,
    named_order,
    same_quantization,
    view_with_channels,
)
from msfcnn.ops.base import register
from msfcnn.ops.channels import monotone_range, tie
from msfcnn.ops.clip import Requantize, rounds_otherwise
from msfcnn.ops.reshape import DAMAGED
from msfcnn.ops.select import constant_map
from msfcnn.ops.sketch import Sketch
from msfcnn.ops.sums import SumConstants, sum_constants, sum_struct, weighted_sum


@register
@dataclass(frozen=True)
class Concat(Op):
    """Channels of several tensors of one height and width behind each other, requantized.

    sources: the tensors in the order of their channels; one may be there more than once.
    """

    node: str
    sources: tuple[int, ...]
    output: int
    clamp: Clamp = Clamp()

    @property
    def inputs(self) -> tuple[int, ...]:
        """Indices of the tensors read."""
        return self.sources

    def rewired(self, new: Mapping[int, int]) -> Op:
        """See Op."""
        return replace(self, sources=tuple(new[i] for i in self.sources), output=new[self.output])

    def constants(self, model: Model) -> tuple[SumConstants, ...]:
        """For each input, those that bring it to the output's scale."""
        target = model.tensors[self.output].quantization
        return tuple(
            sum_constants(self.node, (model.tensors[t].quantization,), target, self.clamp)
            for t in self.sources
        )

    def compute(self, model: Model, inputs: Sequence[Values]) -> Values:
        """Each part rescaled, then put side by side."""
        parts = zip(self.constants(model), inputs, strict=True)
        return np.concatenate([weighted_sum(k, [x]) for k, x in parts], axis=3)

    def value_range(self, model: Model, inputs: Sequence[Range]) -> Range:
        """See Op."""
        return monotone_range(model, self, inputs)

    def need(self, model: Model, found: Sequence[Range], kept: Sequence[Mask]) -> None:
        """A channel of the output is one of an input."""
        for tensor, channel in zip(self.sources, self._channels(model), strict=True):
            mask = kept[tensor]
            tie(len(mask), mask, kept[self.output][channel : channel + len(mask)])

    def calls(self, model: Model) -> tuple[Call, ...]:
        """One for each input, which writes the channels from `channel` on.

        source and target are both the part's shape: the kernel strides over the other channels.
        """
        return tuple(
            Call(
                family="rescale",
                inputs=(tensor,),
                source=model.tensors[tensor].shape,
                target=model.tensors[tensor].shape,
                channel=channel,
                part=part,
                channelwise=True,
                in_place=True,
            )
            for part, (tensor, channel) in enumerate(
                zip(self.sources, self._channels(model), strict=True)
            )
        )

    def c_constants(self, model: Model, call: Call, columns: bool) -> CStruct:
        """Those of the input that the call is for."""
        return sum_struct(self.constants(model)[call.part])

    def _channels(self, model: Model) -> list[int]:
        """First channel of each input in the output."""
        sizes = [model.tensors[t].channels for t in self.sources]
        return [0, *accumulate(sizes[:-1])]

    @classmethod
    def sample(cls, sketch: Sketch) -> None:
        """The two newest tensors of one shape."""
        Requantize.sample(sketch)
        height, width, channels = sketch.newest.shape
        sketch.add(
            lambda node, x, y: cls(node, (sketch.twin(x), x), y), (height, width, 2 * channels)
        )


def concat(builder: Builder, node: Node) -> Value:
    """Concat over the channels of NCHW or NHWC maps or of vectors; else over any axis.

    Along channels it costs one pass over the parts, along the columns of a map too: all of a row is
    a channel then. Along other axes the parts are joined as vectors, and moved by whoever then
    needs them as a map. Constants become tensors first.
    Raises Unsupported where there are constants only, or where other axes than `axis` differ.
    """
    given = [builder.value(node, i) for i in range(len(node.inputs))]
    maps = {i for i, value in enumerate(given) if not isinstance(value, Constant)}
    if not maps:
        raise Unsupported("joins constants only", "fold constants before quantizing the model")
    beside = builder.settled(builder.activation(node, min(maps)), node)
    ahead = builder.quantization_ahead(node)
    parts = [
        constant_map(builder, node, beside, value)
        if isinstance(value, Constant)
        else _rounded(builder, node, builder.settled(builder.activation(node, i), node), ahead)
        for i, value in enumerate(given)
    ]
    shape = parts[0].shape
    rank = len(shape)
    axis = node.integer("axis", 1)
    if not -rank <= axis < rank:
        raise Unsupported(f"its axis {axis} is out of range", DAMAGED)
    axis = axis + rank if axis < 0 else axis
    # rows below rows, say: no kernel has to stride, and the result is a map again at no cost
    if _in_memory_order(parts, axis):
        return _behind_each_other(builder, node, parts, axis)
    others = [_without(part.shape, axis) for part in parts]
    if any(other != others[0] for other in others):
        raise Unsupported("joins maps that differ in height or width", "give them the same size")
    along_channels = rank in (2, 3, 4) and axis in (1, rank - 1) and shape[0] == 1
    if not along_channels or any(part.view.as_map(axis) is None for part in parts):
        rows = _rows_longer(builder, node, parts, axis)
        return rows or _behind_each_other(builder, node, parts, axis)
    joined = [builder.as_map(part, axis, node) for part in parts]
    channels = sum(hwc[2] for _, hwc in joined)
    height, width, _ = joined[0][1]
    check_size("its output", (height, width, channels))
    out_shape = (*shape[:axis], channels, *shape[axis + 1 :])
    order = Order.CHW if axis == 1 else Order.HWC
    view = View(hwc=(height, width, channels), shape=out_shape, flat=order)
    return _draft(builder, node, [tensor for tensor, _ in joined], view)


def _rounded(builder: Builder, node: Node, known: Known, ahead: Quantization | None) -> Known:
    """A part in the scale of the result, where that has ties which a join would round up."""
    tensor = builder.tensors[known.tensor]
    if ahead is None or not rounds_otherwise(tensor.quantization, ahead):
        return known
    name = f"{tensor.name}:for {node.outputs[0]}"
    return replace(builder.requantized(known, node, name, ahead, tensor.unsigned), real=True)


def _in_memory_order(parts: Sequence[Known], axis: int) -> bool:
    """Whether joining them is putting their bytes behind each other, and no join of channels."""
    shapes = [part.shape for part in parts]
    if any(len(s) != len(shapes[0]) or axis >= len(s) for s in shapes):
        return False
    if any(_without(s, axis) != _without(shapes[0], axis) for s in shapes):
        return False
    # outer axes of 1: nothing of one part lies between elements of another
    if any(n != 1 for n in shapes[0][:axis]) or all(n == 1 for n in shapes[0][axis + 1 :]):
        return False
    if axis == 1 and all(part.view.as_map(1) == part.view.hwc for part in parts):
        return False  # maps of one channel, which are to have several
    return all(
        np.array_equal(part.view.positions().ravel(), np.arange(part.view.size)) for part in parts
    )


def _rows_longer(builder: Builder, node: Node, parts: Sequence[Known], axis: int) -> Draft | None:
    """Columns beside columns, in every row; None for other axes and where the parts are no maps.

    A row of pixels is one pixel of many channels, and joining channels is what the op does.
    """
    channel_axis = {3: 1, 2: 3}.get(axis)  # of NCHW, of NHWC
    if len(parts[0].shape) != 4 or channel_axis is None:
        return None
    if any(part.view.as_map(channel_axis) is None for part in parts):
        return None
    joined = [builder.as_map(part, channel_axis, node) for part in parts]
    height, channels = joined[0][1][0], joined[0][1][2]
    rows = [builder.with_shape(t, (height, 1, hwc[1] * channels), node) for t, hwc in joined]
    width = sum(hwc[1] for _, hwc in joined)
    check_size("its output", (height, width, channels))
    view = view_with_channels((height, width, channels), 4, channel_axis)
    return _draft(builder, node, rows, view.read_as((height, 1, width * channels)))


def _behind_each_other(builder: Builder, node: Node, parts: Sequence[Known], axis: int) -> Value:
    """Positions of detector heads, say: a concatenation of vectors.

    Where the bytes then lie in another order than ONNX counts them, who reads them has to know.
    """
    vectors = [builder.as_vector(part, node) for part in parts]
    begins = accumulate((part.view.size for part in parts[:-1]), initial=0)
    places = [p.view.positions() + begin for p, begin in zip(parts, begins, strict=True)]
    joined = np.concatenate(places, axis=axis).astype(np.int32)
    hwc = (1, 1, int(joined.size))
    flat = joined.ravel()
    view = View(hwc=hwc, shape=tuple(int(n) for n in joined.shape), flat=named_order(hwc, flat))
    return _draft(builder, node, vectors, view)


def _draft(builder: Builder, node: Node, sources: Sequence[int], view: View) -> Draft:
    """Exact without a QuantizeLinear behind it where all parts have one quantization."""
    tensors = [builder.tensors[tensor] for tensor in sources]
    first = tensors[0]
    equal = all(
        same_quantization(t.quantization, first.quantization) and t.unsigned == first.unsigned
        for t in tensors
    )
    return Draft(
        op=Concat(node.name, tuple(sources), UNSET),
        node=node,
        view=view,
        origin=node.outputs[0],
        inherited=first.quantization if equal else None,
        unsigned=first.unsigned,
    )


def _without(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    """A shape without one axis: what parts must have in common."""
    return shape[:axis] + shape[axis + 1 :]


Concat.importers = (
    Importer(
        kind="Concat",
        convert=concat,
        becomes="Concat",
        constraints=(
            "along channels (axis 1 of NCHW, the last axis of NHWC) or positions (detector heads)",
            "activations and constants",
        ),
    ),
)
