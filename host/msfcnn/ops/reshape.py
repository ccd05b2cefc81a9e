"""Reshape: the same bytes as another map; and the nodes that only rearrange or pad.

Transpose, Flatten, Squeeze, Unsqueeze and Reshape move nothing while they are imported: the value
gets another view, which says where each of its ONNX elements lies in memory. Only where an op
needs the elements of one tensor as a map of another height, width or depth, an op Reshape is put
in; it is another name for the same bytes, without a kernel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from msfcnn.ir import Call, CStruct, Mask, Model, Range, Values
from msfcnn.nodes import (
    Builder,
    Constant,
    Importer,
    Known,
    Node,
    Padding,
    Poison,
    Role,
    Unsupported,
    Value,
    check_size,
)
from msfcnn.ops.base import Unary, register
from msfcnn.ops.channels import monotone_range
from msfcnn.ops.select import cropped
from msfcnn.ops.sketch import Sketch

DAMAGED = "the file is damaged; export it again"


@register
@dataclass(frozen=True)
class Reshape(Unary):
    """The same bytes read as another height x width x channels: costs nothing.

    Both tensors have the same number of bytes and lie at the same place of the arena; element e of
    one, counted in HWC order, is element e of the other.
    """

    takes_clamp: ClassVar[bool] = False
    view: ClassVar[bool] = True

    def constants(self, model: Model) -> None:
        """There are none."""

    def compute(self, model: Model, inputs: Sequence[Values]) -> Values:
        """See Op."""
        return inputs[0].reshape(-1, *model.tensors[self.output].shape)

    def value_range(self, model: Model, inputs: Sequence[Range]) -> Range:
        """See Op."""
        return monotone_range(model, self, inputs)

    def need(self, model: Model, found: Sequence[Range], kept: Sequence[Mask]) -> None:
        """What holds an element that stays, stays as a whole."""
        source, target = kept[self.input], kept[self.output]
        # element e of the bytes is channel e mod channels of either map
        element = np.arange(model.tensors[self.output].size)
        stays = source[element % len(source)] | target[element % len(target)]
        source |= stays.reshape(-1, len(source)).any(axis=0)
        target |= stays.reshape(-1, len(target)).any(axis=0)

    def calls(self, model: Model) -> tuple[Call, ...]:
        """None: it is a view."""
        return ()

    def c_constants(self, model: Model, call: Call, columns: bool) -> CStruct:
        """There are none."""
        raise AssertionError("a view has no kernel")

    @classmethod
    def sample(cls, sketch: Sketch) -> None:
        """All channels of two pixels as those of one."""
        height, width, channels = sketch.newest.shape
        if width % 2 == 0:
            sketch.add(cls, (height, width // 2, 2 * channels))
        else:
            sketch.add(cls, (1, height * width, channels))


def transpose(builder: Builder, node: Node) -> Value:
    """Transpose of an activation or of a constant; without perm the axes are reversed.

    No Reshape is emitted here: the view remembers the order, and the reader's `as_map` decides
    whether bytes have to move. Zeros of a Pad in front are transposed along.
    """
    value = builder.value(node, 0)
    if isinstance(value, Poison):
        return value
    rank = len(value.shape)
    perm = node.integers("perm") or tuple(reversed(range(rank)))
    if sorted(perm) != list(range(rank)):
        raise Unsupported(f"its perm {list(perm)} does not fit {rank} axes", DAMAGED)
    if isinstance(value, Constant):
        return value.mapped(lambda values: values.transpose(perm))
    moved = replace(value, view=value.view.transposed(perm, node))
    if isinstance(moved, Known) and moved.padding:
        return replace(moved, padding=moved.padding.transposed(perm))
    return moved


def identity(builder: Builder, node: Node) -> Value:
    """Identity; also Dropout, which does nothing at inference."""
    return builder.value(node, 0)


def dropout(builder: Builder, node: Node) -> Value:
    """Dropout: nothing at inference."""
    if any(node.outputs[1:]):
        raise Unsupported("its second output (mask) is used", "export the model for inference")
    training = builder.constant(node, 2, "training_mode")
    if training is not None and training.stored.any():
        raise Unsupported("is in training mode", "export the model for inference")
    return builder.value(node, 0)


def flatten(builder: Builder, node: Node) -> Value:
    """Flatten at any axis."""

    def target(shape: tuple[int, ...]) -> tuple[int, ...]:
        axis = node.integer("axis", 1)
        if not -len(shape) <= axis <= len(shape):
            raise Unsupported(f"its axis {axis} is out of range", DAMAGED)
        axis = axis % len(shape) if axis < 0 else axis
        return (math.prod(shape[:axis]), math.prod(shape[axis:]))

    return _reshaped(builder, node, target)


def reshape(builder: Builder, node: Node) -> Value:
    """Reshape to a constant shape, or to one that shape inference can tell.

    Exporters compute shapes from the batch (Shape, Gather, Concat); as the batch is 1, inference
    usually knows the outcome, and frontend/onnx/graph.py has left those nodes out.
    """
    inferred = builder.graph.static_shape(node.outputs[0])
    if isinstance(builder.values.get(node.input(1)), Constant):
        wanted = builder.integers(node, 1, "shape") or ()
        zero_copies = not node.boolean("allowzero", False)
        return _reshaped(builder, node, lambda shape: _resolve(shape, wanted, zero_copies))
    if inferred is not None:
        return _reshaped(builder, node, lambda _: inferred)
    raise Unsupported("its shape is computed at run time", "export the model with fixed shapes")


def squeeze(builder: Builder, node: Node) -> Value:
    """Squeeze of some or all axes of size 1."""

    def target(shape: tuple[int, ...]) -> tuple[int, ...]:
        axes = builder.axes(node, 1, len(shape))
        if axes is None:
            return tuple(n for n in shape if n != 1)
        if any(shape[a] != 1 for a in axes):
            raise Unsupported(f"squeezes axes of {list(shape)} that are not 1", DAMAGED)
        return tuple(n for i, n in enumerate(shape) if i not in axes)

    return _reshaped(builder, node, target)


def unsqueeze(builder: Builder, node: Node) -> Value:
    """Unsqueeze: new axes of size 1."""

    def target(shape: tuple[int, ...]) -> tuple[int, ...]:
        new = builder.integers(node, 1, "list of axes") or ()
        rank = len(shape) + len(new)
        axes = builder.axes(node, 1, rank) or ()
        old = iter(shape)
        return tuple(1 if i in axes else next(old) for i in range(rank))

    return _reshaped(builder, node, target)


def _reshaped(
    builder: Builder, node: Node, target: Callable[[tuple[int, ...]], tuple[int, ...]]
) -> Value:
    """A value in another shape; constants change at once, activations by a view.

    target: from the shape of the value to the wanted one. Raises Unsupported where the numbers of
    elements differ.
    """
    value = builder.value(node, 0)
    if isinstance(value, Poison):
        return value
    shape = target(value.shape)
    if math.prod(shape) != math.prod(value.shape):
        what = f"cannot turn the shape {list(value.shape)} into {list(shape)}"
        raise Unsupported(what, DAMAGED)
    if isinstance(value, Constant):
        return value.reshaped(shape)
    # padding has no meaning under another shape: what a Pad in front added becomes real pixels
    if isinstance(value, Known):
        value = builder.with_zeros(value)
    return replace(value, view=value.view.reshaped(shape, node))


def _resolve(shape: tuple[int, ...], wanted: tuple[int, ...], zero_copies: bool) -> tuple[int, ...]:
    """The shape a Reshape means: 0 copies a dimension, -1 takes what is left.

    zero_copies: False with allowzero = 1, where 0 is a size. Whether the elements fit is left to
    the caller. Example: (1, 8, 4, 4) and wanted (0, -1) give (1, 128).
    """
    copied = list(wanted)
    for i, size in enumerate(wanted):
        if size == 0 and zero_copies:
            if i >= len(shape):
                raise Unsupported(f"its shape {list(wanted)} copies an axis too many", DAMAGED)
            copied[i] = shape[i]
    rest = [i for i, size in enumerate(copied) if size == -1]
    known = math.prod(size for size in copied if size != -1)
    if len(rest) > 1 or any(size < -1 for size in copied):
        raise Unsupported(f"its shape {list(wanted)} is no shape", DAMAGED)
    if rest and known and math.prod(shape) % known == 0:
        copied[rest[0]] = math.prod(shape) // known
    return tuple(copied)


def pad(builder: Builder, node: Node) -> Value:
    """Pad with zeros; whether the axes are height and width is for the next op to judge.

    The result is the same tensor with a note (Padding): a Conv or pool takes the zeros over into
    its own padding for nothing, everything else has them made by `Builder.with_zeros`. Negative
    sizes crop at once. Raises Unsupported for other modes and for values but 0.
    """
    known = builder.activation(node, 0, padding=False)
    rank = len(known.shape)
    sizes = builder.integers(node, 1, "list of pads") or ()
    mode = node.text("mode", "constant")
    if mode != "constant" and max(sizes, default=0) > 0:
        hint = "give the float model to `msfcnn quantize`, which knows such borders, or pad with 0"
        raise Unsupported(f"pads in mode {mode}", hint)
    value = builder.constant(node, 2, "value")
    if value is not None and value.real.any() and max(sizes, default=0) > 0:
        raise Unsupported(f"pads with {value.real.ravel()[0]:g}", "pad with 0")
    axes = builder.axes(node, 3, rank)
    axes = tuple(range(rank)) if axes is None else axes
    if len(sizes) != 2 * len(axes):
        what = f"its pads {list(sizes)} do not fit {len(axes)} axes"
        raise Unsupported(what, "use two sizes for each axis")
    before, after = [0] * rank, [0] * rank
    for i, axis in enumerate(axes):
        before[axis], after[axis] = sizes[i], sizes[len(axes) + i]
    if min(sizes, default=0) < 0:
        known = cropped(builder, known, Padding(node, tuple(before), tuple(after)))
    if max(sizes, default=0) <= 0:
        return known
    zeros = Padding(node, *(tuple(max(0, n) for n in side) for side in (before, after)))
    padded = replace(known, padding=zeros)
    check_size("its output", padded.shape)
    return padded


_TARGET = ("shape known without running the model",)
_AXES = ("axes constant",)
_NOTHING = "nothing, or Reshape"

Reshape.importers = (
    Importer(
        kind="Dropout",
        convert=dropout,
        becomes="nothing",
        constraints=("inference, mask unused",),
        role=Role.RESHAPES,
    ),
    Importer(kind="Flatten", convert=flatten, becomes=_NOTHING, role=Role.RESHAPES),
    Importer(kind="Identity", convert=identity, becomes="nothing", role=Role.RESHAPES),
    Importer(
        kind="Reshape", convert=reshape, becomes=_NOTHING, constraints=_TARGET, role=Role.RESHAPES
    ),
    Importer(
        kind="Squeeze", convert=squeeze, becomes=_NOTHING, constraints=_AXES, role=Role.RESHAPES
    ),
    Importer(
        kind="Unsqueeze", convert=unsqueeze, becomes=_NOTHING, constraints=_AXES, role=Role.RESHAPES
    ),
    Importer(
        kind="Transpose",
        convert=transpose,
        becomes="nothing",
        constraints=("between NCHW and NHWC, or where the next op knows any order",),
    ),
    Importer(
        kind="Pad",
        convert=pad,
        becomes="padding of the Conv or pool behind it, else a depthwise Conv or Select",
        constraints=("mode constant with value 0; negative sizes crop",),
        role=Role.ELEMENTWISE,
    ),
)
