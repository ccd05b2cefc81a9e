"""A network op by op as plain figures: shapes, parameters, weights, MACs and live bytes."""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.ir import Model, Op, Port, live_bytes
from msfcnn.isa import BLOCK
from msfcnn.optimize import FoldedLayer, fold_dead_channels

Shape = tuple[int, int, int]
Pair = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class PortReport:
    """An input or output: shape is (height, width, channels), onnx_shape that of the file."""

    name: str
    dtype: str
    shape: Shape
    onnx_shape: tuple[int, ...]
    scale: float
    zero_point: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Interface:
    """A network from outside. beside: inputs beside the image, which is the first or largest."""

    name: str
    sha256: str
    input: PortReport
    beside: tuple[PortReport, ...]
    outputs: tuple[PortReport, ...]


@dataclass(frozen=True, kw_only=True)
class LayerReport:
    """One op; shapes are (height, width, channels).

    kernel, stride, dilation: (height, width); pads: top, left, bottom, right; None where an op
    has no window.
    live_bytes: all tensors, the input image counted, that exist while the op runs.
    """

    node: str
    op: str
    inputs: tuple[Shape, ...]
    output: Shape
    kernel: Pair | None
    stride: Pair | None
    dilation: Pair | None
    pads: tuple[int, int, int, int] | None
    groups: int
    weight_bytes: int
    macs: int
    output_bytes: int
    live_bytes: int


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Of all layers; peak_node: the op with the most live bytes."""

    layers: int
    weight_bytes: int
    macs: int
    peak_live_bytes: int
    peak_node: str | None


@dataclass(frozen=True, kw_only=True)
class DeadChannels:
    """What leaving out dead channels saves; pairs are before and after."""

    macs: Pair
    weight_bytes: Pair
    layers: tuple[FoldedLayer, ...]


@dataclass(frozen=True, kw_only=True)
class ModelReport:
    """A network: its ports, its layers in the order they run, and its dead channels."""

    model: Interface
    layers: tuple[LayerReport, ...]
    totals: Totals
    dead_channels: DeadChannels


def model_report(model: Model) -> ModelReport:
    """What a network is made of, and what it costs without fusion."""
    live = live_bytes(model)
    layers = tuple(_layer(model, op, size) for op, size in zip(model.ops, live, strict=True))
    peak = max(layers, key=lambda layer: layer.live_bytes, default=None)
    _, folding = fold_dead_channels(model, BLOCK)
    return ModelReport(
        model=Interface(
            name=model.name,
            sha256=model.sha256,
            input=_port(model, model.input),
            beside=tuple(_port(model, port) for port in model.beside),
            outputs=tuple(_port(model, port) for port in model.outputs),
        ),
        layers=layers,
        totals=Totals(
            layers=len(layers),
            weight_bytes=sum(layer.weight_bytes for layer in layers),
            macs=model.macs,
            peak_live_bytes=peak.live_bytes if peak else 0,
            peak_node=peak.node if peak else None,
        ),
        dead_channels=DeadChannels(
            macs=folding.macs, weight_bytes=folding.weight_bytes, layers=folding.layers
        ),
    )


def _port(model: Model, port: Port) -> PortReport:
    tensor = model.tensors[port.tensor]
    return PortReport(
        name=port.name,
        dtype=port.dtype,
        shape=tensor.shape,
        onnx_shape=tuple(port.onnx_shape),
        scale=float(tensor.quantization.scale),
        zero_point=int(tensor.quantization.zero_point),
        bytes=tensor.size,
    )


def _layer(model: Model, op: Op, live: int) -> LayerReport:
    """Shapes, kernel and costs of one op, as far as it has them."""
    output = model.tensors[op.output]
    g = op.sliding
    groups: int = getattr(op, "groups", 1)
    return LayerReport(
        node=op.node,
        op=type(op).__name__,
        inputs=tuple(model.tensors[index].shape for index in op.inputs),
        output=output.shape,
        kernel=(g.kernel_h, g.kernel_w) if g else None,
        stride=(g.stride_h, g.stride_w) if g else None,
        dilation=(g.dilation_h, g.dilation_w) if g else None,
        pads=(g.pad_top, g.pad_left, g.pad_bottom, g.pad_right) if g else None,
        groups=groups,
        weight_bytes=op.weight_bytes,
        macs=op.macs(model),
        output_bytes=output.size,
        live_bytes=live,
    )
