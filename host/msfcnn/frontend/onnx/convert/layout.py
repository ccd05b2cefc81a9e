"""Nodes that only rearrange: they cost nothing, because only the view of the bytes changes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from msfcnn.frontend.onnx.builder import Builder, stray_padding
from msfcnn.frontend.onnx.graph import Node
from msfcnn.frontend.onnx.problems import Unsupported
from msfcnn.frontend.onnx.values import Constant, Known, Poison, Value

DAMAGED = "the file is damaged; export it again"


def transpose(builder: Builder, node: Node) -> Value:
    """Transpose of an activation or of a constant."""
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
    """Reshape to a constant shape, or to one that shape inference can tell."""
    inferred = builder.graph.static_shape(node.outputs[0])
    if isinstance(builder.values.get(node.input(1)), Constant):
        wanted = builder.integers(node, 1, "shape") or ()
        zero_copies = not node.integer("allowzero", 0)
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
    value = builder.value(node, 0)
    if isinstance(value, Poison):
        return value
    shape = target(value.shape)
    if math.prod(shape) != math.prod(value.shape):
        what = f"cannot turn the shape {list(value.shape)} into {list(shape)}"
        raise Unsupported(what, DAMAGED)
    if isinstance(value, Constant):
        return value.reshaped(shape)
    if isinstance(value, Known) and value.padding:
        raise stray_padding(value.padding.node, f"{node.kind} '{node.name}'")
    return replace(value, view=value.view.reshaped(shape, node))


def _resolve(shape: tuple[int, ...], wanted: tuple[int, ...], zero_copies: bool) -> tuple[int, ...]:
    """The shape a Reshape means: 0 copies a dimension, -1 takes what is left."""
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
