"""Dilated convolutions as TensorFlow writes some, between SPACE_TO_BATCH_ND and its opposite.

The first interleaves the image into one image for each offset of the dilation, so that a plain
convolution of these is the dilated one of the image; the last puts the results together again.
Those of signals (Conv1D of Keras) have an axis of one row around the convolution only.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace

from msfcnn.frontend.tflite.graph import Operator, TfliteGraph
from msfcnn.frontend.tflite.sliding import PADS, VALID, same_padding

CONVOLUTIONS = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D"})
VIEWS = frozenset({"EXPAND_DIMS", "RESHAPE", "SQUEEZE"})


@dataclass(frozen=True, eq=False)
class _Group:
    """The operators of a dilated convolution.

    rows, no_rows: what gives a signal its axis of one row, and takes it away; None for images.
    """

    apart: Operator
    rows: Operator | None
    convolution: Operator
    no_rows: Operator | None
    together: Operator


@dataclass(frozen=True, eq=False)
class _Merged:
    """What comes instead of a group: operators by their index, and tensors of other shapes."""

    operators: Mapping[int, Operator]
    shapes: Mapping[int, tuple[int, ...]]


def with_dilations(graph: TfliteGraph) -> TfliteGraph:
    """The graph with one dilated convolution for each such group; what does not fit is left."""
    merged: dict[int, Operator] = {}
    shapes: dict[int, tuple[int, ...]] = {}
    gone: set[int] = set()
    for convolution in graph.operators:
        group = _group(graph, convolution)
        found = _merge(graph, group) if group is not None else None
        if group is not None and found is not None:
            merged.update(found.operators)
            shapes.update(found.shapes)
            gone |= {group.apart.index, group.together.index}
    tensors = list(graph.tensors)
    for index, shape in shapes.items():
        tensors[index] = replace(tensors[index], shape=shape)
    operators = tuple(merged.get(o.index, o) for o in graph.operators if o.index not in gone)
    return replace(graph, tensors=tuple(tensors), operators=operators)


def _group(graph: TfliteGraph, convolution: Operator) -> _Group | None:
    """The operators around a convolution, if they are those of a dilated one."""
    whole = len(convolution.inputs) > 1 and min(convolution.inputs[:2]) >= 0
    if convolution.kind not in CONVOLUTIONS or not whole or not convolution.outputs:
        return None
    source, target = convolution.inputs[0], convolution.outputs[0]
    rows = _lone(graph, source, VIEWS, written=True)
    no_rows = _lone(graph, target, VIEWS, written=False)
    if rows is not None and no_rows is not None and rows.inputs and no_rows.outputs:
        source, target = rows.inputs[0], no_rows.outputs[0]
    else:
        rows = no_rows = None
    apart = _lone(graph, source, {"SPACE_TO_BATCH_ND"}, written=True)
    together = _lone(graph, target, {"BATCH_TO_SPACE_ND"}, written=False)
    if apart is None or together is None or not apart.inputs or apart.inputs[0] < 0:
        return None
    return _Group(
        apart=apart, rows=rows, convolution=convolution, no_rows=no_rows, together=together
    )


def _lone(graph: TfliteGraph, tensor: int, kinds: Set[str], written: bool) -> Operator | None:
    """The operator of some kinds that writes a tensor, or else reads it, if no other reads it."""
    readers = [o for o in graph.operators if tensor in o.inputs]
    if len(readers) != 1 or tensor in graph.outputs:
        return None
    writer = next((o for o in graph.operators if tensor in o.outputs), None)
    found = writer if written else readers[0]
    return found if found is not None and found.kind in kinds else None


def _merge(graph: TfliteGraph, group: _Group) -> _Merged | None:
    """The one dilated convolution that a group amounts to, if its sizes fit each other."""
    image = graph.tensors[group.apart.inputs[0]].shape
    result = graph.tensors[group.together.outputs[0]].shape if group.together.outputs else ()
    if group.rows is None or group.no_rows is None:
        dilated = _dilated(graph, group, image)
        if dilated is None:
            return None
        inputs = (group.apart.inputs[0], *dilated.inputs[1:])
        whole = replace(dilated, inputs=inputs, outputs=group.together.outputs)
        return _Merged({whole.index: whole}, {})
    if len(image) != 3 or len(result) != 3:
        return None
    dilated = _dilated(graph, group, (1, 1, *image[1:]))
    if dilated is None:
        return None
    rows = replace(group.rows, inputs=(group.apart.inputs[0], *group.rows.inputs[1:]))
    no_rows = replace(group.no_rows, outputs=group.together.outputs)
    found = (rows, dilated, no_rows)
    shapes = {dilated.inputs[0]: (1, 1, *image[1:]), dilated.outputs[0]: (1, 1, *result[1:])}
    return _Merged({o.index: o for o in found}, shapes)


def _dilated(graph: TfliteGraph, group: _Group, image: tuple[int, ...]) -> Operator | None:
    """The convolution of a group with dilation and padding. None where paddings and crops do not
    meet.

    image: [1, height, width, channels]. The padding of the dilated one is that of SpaceToBatch plus
    the inner one times the block size, less what BatchToSpace crops. Blocks must be equal on both
    sides, strides 1.
    """
    convolution, taps = group.convolution, graph.tensors[group.convolution.inputs[1]]
    blocks, pads, crops = (
        _list(graph, operator, position)
        for operator, position in ((group.apart, 1), (group.apart, 2), (group.together, 2))
    )
    strides = [convolution.integer(name) for name in ("StrideH", "StrideW")]
    factors = [convolution.integer(name, 1) for name in ("DilationHFactor", "DilationWFactor")]
    plain = strides == [1, 1] and factors == [1, 1] and _list(graph, group.together, 1) == blocks
    if group.rows is not None:  # of the row, nothing
        blocks, pads, crops = [1, *blocks], [0, 0, *pads], [0, 0, *crops]
    shaped = len(image) == len(taps.shape) == 4 and len(blocks) == 2
    if not plain or not shaped or len(pads) != 4 or len(crops) != 4 or min(blocks) < 1:
        return None
    sides = []
    for axis, block in enumerate(blocks):
        size = (image[1 + axis] + sum(pads[2 * axis : 2 * axis + 2])) // block
        inner = (0, 0)
        if convolution.integer("Padding") != VALID:
            inner = same_padding(size, taps.shape[1 + axis], 1)
        sides += [pads[2 * axis + i] + inner[i] * block - crops[2 * axis + i] for i in (0, 1)]
    if min(sides) < 0:
        return None
    fields = {"DilationHFactor": blocks[0], "DilationWFactor": blocks[1]}
    padding = {PADS: [sides[i] for i in (0, 2, 1, 3)]}
    return replace(convolution, attributes={**convolution.attributes, **fields, **padding})


def _list(graph: TfliteGraph, operator: Operator, position: int) -> list[int]:
    """A constant input of whole numbers; empty where it is missing or none."""
    if position >= len(operator.inputs) or operator.inputs[position] < 0:
        return []
    data = graph.tensors[operator.inputs[position]].data
    return [] if data is None or data.dtype.kind != "i" else [int(v) for v in data.ravel()]
