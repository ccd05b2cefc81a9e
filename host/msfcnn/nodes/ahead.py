"""What a value will be quantized to, for importers that have to round before they know.

Values that are joined or compared must have one scale. Where that is the scale of the result,
each of them is rounded once, as in ONNX, and not a second time behind the op.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from msfcnn.ir import Quantization
from msfcnn.nodes.node import Graph, Node
from msfcnn.nodes.values import Constant, Value

# operators whose results are elements of their first input, at places that are known
PARTS = frozenset(
    "Slice Split Gather GatherND GatherElements Pad DepthToSpace SpaceToDepth Expand Tile".split()
)

# operators for which it is the same to quantize before or behind: they move values or choose some
MOVING = PARTS | frozenset(
    {
        *("Relu", "Clip", "Identity", "Dropout", "Max", "Min", "MaxPool", "ReduceMax", "ReduceMin"),
        *("Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Concat"),
    }
)


@dataclass(frozen=True)
class Ahead:
    """A quantization to come. unsigned: ONNX stores uint8. only: no other one comes as well."""

    quantization: Quantization
    unsigned: bool
    only: bool


def find_ahead(graph: Graph, values: Mapping[str, Value], name: str) -> Ahead | None:
    """The quantization of the first QuantizeLinear behind a value.

    Looked for behind operators that only move or choose values, too. None where there is none, or
    where anything else reads the value, as a real number.
    """
    wanted = {name}
    readers: list[Node] = []
    for reader in graph.nodes:
        if wanted.isdisjoint(reader.inputs):
            continue
        if reader.kind in MOVING:
            wanted.update(output for output in reader.outputs if output)
        else:
            readers.append(reader)
    leaves = any(border.name in wanted for border in graph.outputs)
    if not readers or leaves or any(reader.kind != "QuantizeLinear" for reader in readers):
        return None
    found = [_parameters(values, reader) for reader in readers]
    first = found[0]
    return first and Ahead(*first, only=all(other == first for other in found))


def _parameters(values: Mapping[str, Value], reader: Node) -> tuple[Quantization, bool] | None:
    """Those of a QuantizeLinear with one scale; None where its own importer will refuse it."""
    scale, zero = (values.get(reader.input(i)) for i in (1, 2))
    if not isinstance(scale, Constant) or scale.stored.size != 1 or not scale.real.ravel()[0] > 0:
        return None
    real = float(scale.real.ravel()[0])
    if zero is None:
        unsigned = reader.integer("output_dtype", 0) != 3
        return Quantization(real, -128 if unsigned else 0), unsigned
    if not isinstance(zero, Constant) or zero.stored.size != 1:
        return None
    offset = {"int8": 0, "uint8": 128}.get(str(zero.stored.dtype))
    if offset is None:
        return None
    return Quantization(real, int(zero.stored.ravel()[0]) - offset), offset > 0
