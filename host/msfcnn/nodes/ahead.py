"""What a value will be quantized to, for importers that have to round before they know.

Values that are joined or compared must have one scale. Where that is the scale of the result,
each of them is rounded once, as in ONNX, and not a second time behind the op.
"""

from __future__ import annotations

from msfcnn.ir import Quantization
from msfcnn.nodes.builder import Builder
from msfcnn.nodes.node import Node
from msfcnn.nodes.values import Constant

# operators for which it is the same to quantize before or behind: they move values or choose some
MOVING = frozenset(
    {
        *("Relu", "Clip", "Identity", "Dropout", "Max", "Min", "MaxPool", "ReduceMax", "ReduceMin"),
        *("Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Expand", "Tile", "Concat"),
        *("Slice", "Split", "Gather", "Pad", "DepthToSpace", "SpaceToDepth"),
    }
)


def quantization_ahead(builder: Builder, node: Node) -> Quantization | None:
    """The quantization of the first QuantizeLinear behind a node's output.

    Looked for behind operators that only move or choose values, too. None where there is none, or
    where anything else reads the value, as a real number.
    """
    wanted = {node.outputs[0]}
    readers: list[Node] = []
    for reader in builder.graph.nodes:
        if wanted.isdisjoint(reader.inputs):
            continue
        if reader.kind in MOVING:
            wanted.update(output for output in reader.outputs if output)
        else:
            readers.append(reader)
    real = any(reader.kind != "QuantizeLinear" for reader in readers)
    leaves = any(border.name in wanted for border in builder.graph.outputs)
    return _quantization(builder, readers[0]) if readers and not real and not leaves else None


def _quantization(builder: Builder, reader: Node) -> Quantization | None:
    """That of a QuantizeLinear with one scale; None where its own importer will refuse it."""
    scale, zero = (builder.values.get(reader.input(i)) for i in (1, 2))
    if not isinstance(scale, Constant) or scale.stored.size != 1 or not scale.real.ravel()[0] > 0:
        return None
    real = float(scale.real.ravel()[0])
    if zero is None:
        return Quantization(real, 0 if reader.integer("output_dtype", 0) == 3 else -128)
    if not isinstance(zero, Constant) or zero.stored.size != 1:
        return None
    offset = {"int8": 0, "uint8": 128}.get(str(zero.stored.dtype))
    return None if offset is None else Quantization(real, int(zero.stored.ravel()[0]) - offset)
