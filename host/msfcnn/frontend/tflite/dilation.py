"""Dilated convolutions as TensorFlow 1 wrote them, between SPACE_TO_BATCH_ND and its opposite.

The first interleaves the image into one image for each offset of the dilation, so that a plain
convolution of these is the dilated one of the image; the last puts the results together again.
"""

from __future__ import annotations

from dataclasses import replace

from msfcnn.frontend.tflite.graph import Operator, TfliteGraph
from msfcnn.frontend.tflite.sliding import PADS, VALID, same_padding

CONVOLUTIONS = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D"})


def with_dilations(graph: TfliteGraph) -> TfliteGraph:
    """The graph with one dilated convolution for each such group; what does not fit is left."""
    merged: dict[int, Operator] = {}
    gone: set[int] = set()
    for convolution in graph.operators:
        whole = len(convolution.inputs) > 1 and min(convolution.inputs[:2]) >= 0
        if convolution.kind not in CONVOLUTIONS or not whole or not convolution.outputs:
            continue
        apart = _lone(graph, convolution.inputs[0], "SPACE_TO_BATCH_ND", written=True)
        together = _lone(graph, convolution.outputs[0], "BATCH_TO_SPACE_ND", written=False)
        if apart is None or together is None or not apart.inputs or apart.inputs[0] < 0:
            continue
        dilated = _dilated(graph, apart, convolution, together)
        if dilated is not None:
            merged[convolution.index] = dilated
            gone |= {apart.index, together.index}
    operators = (merged.get(o.index, o) for o in graph.operators if o.index not in gone)
    return replace(graph, operators=tuple(operators))


def _lone(graph: TfliteGraph, tensor: int, kind: str, written: bool) -> Operator | None:
    """The operator of a kind that writes a tensor, or else reads it, if no other reads it."""
    readers = [o for o in graph.operators if tensor in o.inputs]
    if len(readers) != 1 or tensor in graph.outputs:
        return None
    writer = next((o for o in graph.operators if tensor in o.outputs), None)
    found = writer if written else readers[0]
    return found if found is not None and found.kind == kind else None


def _dilated(
    graph: TfliteGraph, apart: Operator, convolution: Operator, together: Operator
) -> Operator | None:
    """The one dilated convolution that three operators write: SpaceToBatch, a plain one,
    BatchToSpace. None where paddings and crops do not meet.

    The padding of the dilated one is that of SpaceToBatch plus the inner one times the block size,
    less what BatchToSpace crops. Blocks must be equal on both sides, strides 1.
    """
    image, taps = graph.tensors[apart.inputs[0]], graph.tensors[convolution.inputs[1]]
    blocks, pads = _list(graph, apart, 1), _list(graph, apart, 2)
    crops = _list(graph, together, 2)
    strides = [convolution.integer(name) for name in ("StrideH", "StrideW")]
    factors = [convolution.integer(name, 1) for name in ("DilationHFactor", "DilationWFactor")]
    plain = strides == [1, 1] and factors == [1, 1] and _list(graph, together, 1) == blocks
    shaped = len(image.shape) == len(taps.shape) == 4 and len(blocks) == 2
    if not plain or not shaped or len(pads) != 4 or len(crops) != 4 or min(blocks) < 1:
        return None
    sides = []
    for axis, block in enumerate(blocks):
        size = (image.shape[1 + axis] + sum(pads[2 * axis : 2 * axis + 2])) // block
        inner = (0, 0)
        if convolution.integer("Padding") != VALID:
            inner = same_padding(size, taps.shape[1 + axis], 1)
        sides += [pads[2 * axis + i] + inner[i] * block - crops[2 * axis + i] for i in (0, 1)]
    if min(sides) < 0:
        return None
    fields = {"DilationHFactor": blocks[0], "DilationWFactor": blocks[1]}
    return replace(
        convolution,
        inputs=(apart.inputs[0], *convolution.inputs[1:]),
        outputs=together.outputs,
        attributes={**convolution.attributes, **fields, PADS: [sides[i] for i in (0, 2, 1, 3)]},
    )


def _list(graph: TfliteGraph, operator: Operator, position: int) -> list[int]:
    """A constant input of whole numbers; empty where it is missing or none."""
    if position >= len(operator.inputs) or operator.inputs[position] < 0:
        return []
    data = graph.tensors[operator.inputs[position]].data
    return [] if data is None or data.dtype.kind != "i" else [int(v) for v in data.ravel()]
