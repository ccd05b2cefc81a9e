"""`msfcnn inspect`: what a model is made of and what it costs without fusion."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msfcnn
from msfcnn.cli.parser import Outcome, Subparsers, add_model, new_verb
from msfcnn.render import Block, Column, Facts, Table
from msfcnn.report import to_data
from msfcnn.sizes import format_size

if TYPE_CHECKING:
    from msfcnn.report import DeadChannels, Interface, LayerReport, ModelReport, PortReport

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
        "Dead channels have the same value for every image, or no reader.",
    )
    add_model(parser)


def run(args: argparse.Namespace) -> Outcome:
    """Import the model and describe it layer by layer, as an engine without fusion would run it.

    Nothing is planned: the live bytes are what `plan` has to beat.
    """
    found = msfcnn.inspect(args.model)
    blocks = (_facts(found.model), _table(found), *_dead(found.dead_channels))
    return Outcome(to_data(found), blocks)


def _facts(model: Interface) -> Facts:
    """The inputs and outputs: name, shape, bytes, and how ONNX shows them."""
    inputs = (("input", port) for port in (model.input, *model.beside))
    ports = (*inputs, *(("output", port) for port in model.outputs))
    texts = ((name, f"{port.name}: {_port(port)}") for name, port in ports)
    return Facts((("model", model.name), *texts))


def _port(port: PortReport) -> str:
    size = f"{_shape(port.shape)}, {format_size(port.bytes)} bytes"
    return f"{size}, {port.dtype} {list(port.onnx_shape)} in ONNX"


def _table(found: ModelReport) -> Table:
    """A row a layer; the totals stand below, with the most that is live at once."""
    totals = found.totals
    return Table(
        columns=(
            Column("node", wraps=True),
            *map(Column, ("op", "input", "output")),
            Column("parameters", wraps=True),
            *(Column(title, right=True) for title in ("weights", "MACs", "written", "live")),
        ),
        rows=tuple(_row(layer) for layer in found.layers),
        totals=(
            *(f"{totals.layers} layers", "", "", "", ""),
            format_size(totals.weight_bytes),
            format_size(totals.macs),
            "peak",
            format_size(totals.peak_live_bytes),
        ),
        title="Layers; weights, written and live in bytes",
    )


def _row(layer: LayerReport) -> tuple[str, ...]:
    sizes = (layer.weight_bytes, layer.macs, layer.output_bytes, layer.live_bytes)
    return (
        layer.node,
        layer.op,
        " + ".join(_shape(shape) for shape in layer.inputs),
        _shape(layer.output),
        _parameters(layer),
        *map(format_size, sizes),
    )


def _parameters(layer: LayerReport) -> str:
    """Kernel, and what differs from the plain case: stride 1, no padding, one group."""
    if not (layer.kernel and layer.stride and layer.dilation and layer.pads):
        return ""
    parts = [_shape(layer.kernel)]
    parts += [f"stride {_short(layer.stride, 'x')}"] if layer.stride != (1, 1) else []
    parts += [f"dilation {_short(layer.dilation, 'x')}"] if layer.dilation != (1, 1) else []
    parts += [f"pads {_short(layer.pads, ',')}"] if any(layer.pads) else []
    parts += [f"groups {layer.groups}"] if layer.groups != 1 else []
    return " ".join(parts)


def _short(values: Sequence[int], between: str) -> str:
    """One number where all are equal: stride 2, but stride 2x1."""
    return str(values[0]) if len(set(values)) == 1 else between.join(map(str, values))


def _shape(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))


def _dead(found: DeadChannels) -> tuple[Block, ...]:
    """A table of the layers that become smaller; nothing if there are none."""
    if not found.layers:
        return ()
    rows = (
        (layer.node, layer.op, (*layer.channels, *layer.macs, *layer.weight_bytes))
        for layer in found.layers
    )
    pairs = ("channels", "left", "MACs", "left", "weights", "left")
    table = Table(
        columns=(
            Column("node", wraps=True),
            Column("op"),
            *(Column(title, right=True) for title in pairs),
        ),
        rows=tuple((node, op, *map(format_size, sizes)) for node, op, sizes in rows),
        totals=(
            *("whole network", "", "", ""),
            *map(format_size, (*found.macs, *found.weight_bytes)),
        ),
        title="Dead channels: what is left without them",
    )
    return (table,)
