"""y = scale * x + shift per channel: batch normalization and arithmetic with constants.

It goes into the layer before it, else into the layer behind it, else it becomes a depthwise 1x1
convolution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from msfcnn.quantizer.graph import EditedGraph, attribute, kind_of
from msfcnn.quantizer.shapes import shapes_of

Channels = NDArray[np.float64]
LAYERS = frozenset({"Conv", "ConvTranspose", "Gemm"})


@dataclass(frozen=True, eq=False)
class AffineNode:
    """scale and shift [C] of a node that does nothing else; it reads the value `source`.

    In float64: products of many folded nodes are rounded to float32 once, in the layer.
    """

    source: str
    scale: Channels
    shift: Channels


def fold_affine(edited: EditedGraph) -> dict[str, str]:
    """Fold or replace every affine node, in place.

    Returns the names of those that became convolutions of their own, and what they were.
    """
    kept: dict[str, str] = {}
    tables: set[str] = set()  # nodes with one number for all channels, which run as tables
    while True:
        # anew after every node: folding one lets its neighbour meet the same layer
        shapes = shapes_of(edited.model)
        left = (n for n in edited.nodes if n.name not in tables)
        step = next((n for n in left if _worth_it(edited, n, shapes)), None)
        if step is None:
            return kept
        affine = _affine_of(edited, step, shapes)
        assert affine is not None
        if _into_layer_before(edited, step, affine) or _into_next(edited, step, affine):
            continue
        if kind_of(step) != "BatchNormalization" and _is_one_number(affine):
            tables.add(step.name)
            continue
        _as_depthwise(edited, step, affine, shapes[affine.source])
        kept[step.name] = step.op_type


def _is_one_number(affine: AffineNode) -> bool:
    """Whether all channels have the same scale and shift: then it is a function of one value."""
    return all(bool((v == v[0]).all()) for v in (affine.scale, affine.shift))


def _worth_it(
    edited: EditedGraph, node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]]
) -> bool:
    """Whether a product or sum per channel should become a layer of its own."""
    affine = _affine_of(edited, node, shapes)
    if affine is None:
        return False
    # a constant behind a product per pixel is its bias, which has no other place
    producer = edited.producer(affine.source)
    if kind_of(node) == "Add" and producer is not None and kind_of(producer) == "MatMul":
        return False
    return len(shapes.get(affine.source, ())) in (2, 3, 4)


def _affine_of(
    edited: EditedGraph, node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]]
) -> AffineNode | None:
    """Scale and shift per channel of a node with one constant; None if it is nothing of that
    kind.
    """
    kind = kind_of(node)
    if kind == "BatchNormalization":
        return _batch_norm(edited, node)
    if kind not in ("Mul", "Div", "Add", "Sub"):
        return None
    constants = [i for i in (0, 1) if edited.constant(node, i) is not None]
    if len(constants) != 1 or (kind == "Div" and constants[0] == 0):
        return None
    source = node.input[1 - constants[0]]
    shape = shapes.get(source, ())
    constant = edited.constant(node, constants[0])
    row = None if constant is None else _per_channel(constant, shape)
    if row is None:
        return None
    one, zero = np.ones_like(row), np.zeros_like(row)
    if kind == "Mul":
        return AffineNode(source, row, zero)
    if kind == "Div":
        return AffineNode(source, 1 / row, zero) if (row != 0).all() else None
    if kind == "Add":
        return AffineNode(source, one, row)
    return AffineNode(source, -one, row) if constants[0] == 0 else AffineNode(source, one, -row)


def _batch_norm(edited: EditedGraph, node: onnx.NodeProto) -> AffineNode | None:
    """Scale and shift of a BatchNormalization in inference (ONNX, BatchNormalization):

    y = gamma * (x - mean) / sqrt(variance + epsilon) + beta. None in training, or if one of the
    four is computed.
    """
    if len([o for o in node.output if o]) > 1 or attribute(node, "training_mode", 0):
        return None
    stored = [edited.constant(node, i) for i in range(1, 5)]
    if any(s is None for s in stored):
        return None
    gamma, beta, mean, variance = (np.asarray(s, np.float64) for s in stored)
    scale = gamma / np.sqrt(variance + attribute(node, "epsilon", 1e-5))
    return AffineNode(node.input[0], scale, beta - mean * scale)


def _per_channel(constant: NDArray[Any], shape: tuple[int, ...]) -> Channels | None:
    """The constant as one value per channel (axis 1) of a value of this shape.

    By ONNX's broadcasting, which aligns shapes at their ends: [C, 1, 1] goes with [1, C, H, W],
    [C] only with [1, C]. None if it varies along another axis, or would widen the shape.
    """
    if len(shape) < 2 or constant.dtype.kind != "f" or constant.ndim > len(shape):
        return None
    sizes = (1,) * (len(shape) - constant.ndim) + tuple(constant.shape)
    if any(size != 1 for axis, size in enumerate(sizes) if axis != 1):
        return None
    if sizes[1] not in (1, shape[1]):
        return None
    aligned = constant.reshape(sizes)
    return np.broadcast_to(aligned.reshape(-1), (shape[1],)).astype(np.float64)


def _into_layer_before(edited: EditedGraph, node: onnx.NodeProto, affine: AffineNode) -> bool:
    """Multiplies the weights of the layer before; only where nothing else reads its output."""
    layer = edited.producer(affine.source)
    if layer is None or kind_of(layer) not in LAYERS:
        return False
    weights = edited.constant(layer, 1)
    bias = edited.constant(layer, 2)
    missing = len(layer.input) < 3 or not layer.input[2]
    if weights is None or (bias is None and not missing):
        return False
    if edited.lone_reader(affine.source) is None:
        return False
    old = np.zeros_like(affine.shift) if bias is None else bias.astype(np.float64).reshape(-1)
    if old.size not in (1, affine.shift.size):
        return False
    scaled = _scaled_outputs(layer, weights, affine.scale)
    layer.input[1] = edited.add_constant(f"{layer.input[1]}_folded", scaled.astype(np.float32))
    _set_bias(edited, layer, old * affine.scale + affine.shift)
    edited.bypass(node, affine.source)
    edited.drop_unused()
    return True


def _scaled_outputs(
    layer: onnx.NodeProto, weights: NDArray[np.generic], scale: Channels
) -> NDArray[np.float64]:
    """The weights with each output channel multiplied; where that axis is depends on the
    operator.
    """
    real = weights.astype(np.float64)
    if kind_of(layer) == "Gemm":
        return real * (scale[:, None] if attribute(layer, "transB", 0) else scale[None, :])
    if kind_of(layer) == "Conv":
        return real * scale.reshape(-1, *[1] * (real.ndim - 1))
    # ConvTranspose: [Cin, Cout / groups, ...], the outputs of a group belong to its inputs
    groups = attribute(layer, "group", 1)
    grouped = real.reshape(groups, real.shape[0] // groups, *real.shape[1:])
    column = scale.reshape(groups, 1, -1, *[1] * (real.ndim - 2))
    return (grouped * column).reshape(real.shape)


def _into_next(edited: EditedGraph, node: onnx.NodeProto, affine: AffineNode) -> bool:
    """Into the convolution behind it, unless zeros around its input would change their meaning."""
    layer = edited.lone_reader(node.output[0])
    if layer is None or kind_of(layer) not in ("Conv", "Gemm") or layer.input[0] != node.output[0]:
        return False
    weights, bias = edited.constant(layer, 1), edited.constant(layer, 2)
    if weights is None or (bias is None and len(layer.input) > 2 and layer.input[2]):
        return False
    if affine.shift.any() and not _unpadded(layer):
        return False
    real = weights.astype(np.float64)
    if kind_of(layer) == "Gemm":
        flat = real if attribute(layer, "transB", 0) else real.T
        scaled, shift = flat * affine.scale, flat @ affine.shift
        scaled = scaled if attribute(layer, "transB", 0) else scaled.T
    else:
        groups = attribute(layer, "group", 1)
        inner = (groups, 1, real.shape[1], *[1] * (real.ndim - 2))
        grouped = real.reshape(groups, real.shape[0] // groups, *real.shape[1:])
        scaled = (grouped * affine.scale.reshape(inner)).reshape(real.shape)
        shift = (grouped * affine.shift.reshape(inner)).reshape(len(real), -1).sum(axis=1)
    old = np.zeros_like(shift) if bias is None else bias.astype(np.float64).reshape(-1)
    layer.input[0] = affine.source
    layer.input[1] = edited.add_constant(f"{layer.input[1]}_folded", scaled.astype(np.float32))
    _set_bias(edited, layer, old + shift)
    edited.drop_unused()
    return True


def _unpadded(layer: onnx.NodeProto) -> bool:
    """Whether a shift of the input is the same for all outputs: at a padded edge it is not."""
    if kind_of(layer) == "Gemm":
        return True
    mode = attribute(layer, "auto_pad", b"NOTSET")
    return mode in (b"NOTSET", b"VALID") and not any(attribute(layer, "pads", []))


def _as_depthwise(
    edited: EditedGraph, node: onnx.NodeProto, affine: AffineNode, shape: tuple[int, ...]
) -> None:
    """Writes the node as a depthwise convolution 1x1, for which there are kernels."""
    channels = len(affine.scale)
    axes = max(len(shape) - 2, 1)
    name = node.name or node.op_type
    weights = affine.scale.reshape(channels, 1, *[1] * axes).astype(np.float32)
    inputs = [
        affine.source,
        edited.add_constant(f"{name}_scale", weights),
        edited.add_constant(f"{name}_shift", affine.shift.astype(np.float32)),
    ]
    result = node.output[0]
    if len(shape) > 2:
        new = [_depthwise(inputs, result, name, channels)]
    else:  # each element of a vector is a channel of one pixel
        pixel, scaled = edited.new_name(f"{name}_pixel"), edited.new_name(f"{name}_scaled")
        there = edited.add_constant(f"{name}_to", np.array([shape[0], channels, 1], np.int64))
        back = edited.add_constant(f"{name}_back", np.array([shape[0], channels], np.int64))
        new = [
            helper.make_node("Reshape", [affine.source, there], [pixel], f"{name}_pixel"),
            _depthwise([pixel, *inputs[1:]], scaled, name, channels),
            helper.make_node("Reshape", [scaled, back], [result], f"{name}_vector"),
        ]
    edited.insert_before(node, *new)
    edited.remove(node)
    edited.drop_unused()


def _depthwise(inputs: list[str], result: str, name: str, channels: int) -> onnx.NodeProto:
    """A Conv with a group for each channel; its kernel's extents follow from the weights."""
    return helper.make_node("Conv", inputs, [result], name, group=channels)


def _set_bias(edited: EditedGraph, layer: onnx.NodeProto, values: Channels) -> None:
    """Gives a layer a bias [C]; the old constant stays, for others may read it."""
    name = edited.add_constant(f"{layer.name or layer.op_type}_bias", values.astype(np.float32))
    if len(layer.input) > 2:
        layer.input[2] = name
    else:
        layer.input.append(name)
