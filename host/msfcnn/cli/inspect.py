"""`msfcnn inspect`: what a model is made of and what it costs without fusion."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from msfcnn.cli.parser import Outcome, Subparsers, add_model, new_verb
from msfcnn.render import Column, Facts, Table
from msfcnn.sizes import format_size

if TYPE_CHECKING:
    from msfcnn.cli.layers import Layer, Shape
    from msfcnn.ir import Geometry, Model, Port

NAME = "inspect"


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb to the command line."""
    parser = new_verb(
        subparsers,
        NAME,
        run,
        "list a model's layers with shapes, weights, MACs and live bytes",
        "msfcnn inspect apps/digits/digits.onnx",
        "Live bytes: all tensors, the input image counted, that exist while a layer runs. "
        "Dead channels are the same for every image, or read by nobody.",
    )
    add_model(parser)


def run(args: argparse.Namespace) -> Outcome:
    """Import the model and describe it layer by layer."""
    from msfcnn.cli.dead_channels import folding_blocks, folding_data
    from msfcnn.cli.layers import layers
    from msfcnn.frontend import load_model
    from msfcnn.isa import BLOCK
    from msfcnn.optimize import fold_dead_channels

    model = load_model(args.model)
    found = layers(model)
    _, folding = fold_dead_channels(model, BLOCK)
    return Outcome(
        {
            "model": _model_data(model),
            "layers": [_layer_data(layer) for layer in found],
            "totals": _totals(model, found),
            "dead_channels": folding_data(folding),
        },
        (_facts(model), _table(found), *folding_blocks(folding)),
    )


def _model_data(model: Model) -> dict[str, object]:
    return {
        "name": model.name,
        "sha256": model.sha256,
        "input": _port_data(model, model.input),
        "outputs": [_port_data(model, port) for port in model.outputs],
    }


def _port_data(model: Model, port: Port) -> dict[str, object]:
    tensor = model.tensors[port.tensor]
    return {
        "name": port.name,
        "dtype": port.dtype,
        "shape": list(tensor.shape),
        "onnx_shape": list(port.onnx_shape),
        "scale": float(tensor.quantization.scale),
        "zero_point": int(tensor.quantization.zero_point),
        "bytes": tensor.size,
    }


def _layer_data(layer: Layer) -> dict[str, object]:
    geometry = layer.geometry
    return {
        "node": layer.node,
        "op": layer.op,
        "inputs": [list(shape) for shape in layer.inputs],
        "output": list(layer.output),
        "kernel": [geometry.kernel_h, geometry.kernel_w] if geometry else None,
        "stride": [geometry.stride_h, geometry.stride_w] if geometry else None,
        "dilation": [geometry.dilation_h, geometry.dilation_w] if geometry else None,
        "pads": list(_pads(geometry)) if geometry else None,
        "groups": layer.groups,
        "weight_bytes": layer.weight_bytes,
        "macs": layer.macs,
        "output_bytes": layer.output_bytes,
        "live_bytes": layer.live_bytes,
    }


def _totals(model: Model, found: tuple[Layer, ...]) -> dict[str, object]:
    peak = max(found, key=lambda layer: layer.live_bytes, default=None)
    return {
        "layers": len(found),
        "weight_bytes": sum(layer.weight_bytes for layer in found),
        "macs": model.macs,
        "peak_live_bytes": peak.live_bytes if peak else 0,
        "peak_node": peak.node if peak else None,
    }


def _facts(model: Model) -> Facts:
    ports = (("input", model.input), *(("output", port) for port in model.outputs))
    return Facts(
        (
            ("model", model.name),
            *((name, f"{p.name}: {_port_text(model, p)}") for name, p in ports),
        )
    )


def _port_text(model: Model, port: Port) -> str:
    tensor = model.tensors[port.tensor]
    size = f"{_shape_text(tensor.shape)}, {format_size(tensor.size)} bytes"
    return f"{size}, {port.dtype} {list(port.onnx_shape)} in ONNX"


def _table(found: tuple[Layer, ...]) -> Table:
    return Table(
        columns=(
            Column("node", wraps=True),
            *map(Column, ("op", "input", "output")),
            Column("parameters", wraps=True),
            *(Column(title, right=True) for title in ("weights", "MACs", "written", "live")),
        ),
        rows=tuple(_row(layer) for layer in found),
        totals=(
            *(f"{len(found)} layers", "", "", "", ""),
            format_size(sum(layer.weight_bytes for layer in found)),
            format_size(sum(layer.macs for layer in found)),
            "peak",
            format_size(max((layer.live_bytes for layer in found), default=0)),
        ),
        title="Layers; weights, written and live in bytes",
    )


def _row(layer: Layer) -> tuple[str, ...]:
    return (
        layer.node,
        layer.op,
        " + ".join(_shape_text(shape) for shape in layer.inputs),
        _shape_text(layer.output),
        _parameters(layer.geometry, layer.groups),
        format_size(layer.weight_bytes),
        format_size(layer.macs),
        format_size(layer.output_bytes),
        format_size(layer.live_bytes),
    )


def _parameters(geometry: Geometry | None, groups: int) -> str:
    """Kernel, and what differs from the plain case: stride 1, no padding, one group."""
    if geometry is None:
        return ""
    stride, dilation = (
        (geometry.stride_h, geometry.stride_w),
        (
            geometry.dilation_h,
            geometry.dilation_w,
        ),
    )
    parts = [f"{geometry.kernel_h}x{geometry.kernel_w}"]
    parts += [f"stride {_pair_text(stride)}"] if stride != (1, 1) else []
    parts += [f"dilation {_pair_text(dilation)}"] if dilation != (1, 1) else []
    parts += [f"pads {_pads_text(_pads(geometry))}"] if geometry.padded else []
    parts += [f"groups {groups}"] if groups != 1 else []
    return " ".join(parts)


def _pads(geometry: Geometry) -> tuple[int, int, int, int]:
    """Top, left, bottom, right: the order of ONNX."""
    return (geometry.pad_top, geometry.pad_left, geometry.pad_bottom, geometry.pad_right)


def _pads_text(pads: tuple[int, int, int, int]) -> str:
    return str(pads[0]) if len(set(pads)) == 1 else ",".join(map(str, pads))


def _pair_text(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}x{pair[1]}"


def _shape_text(shape: Shape) -> str:
    return "x".join(map(str, shape))
