"""Dilated convolutions as TensorFlow writes some, between SPACE_TO_BATCH_ND and its opposite.

The first interleaves the image into one image for each offset of the dilation, so that a plain
convolution of these is the dilated one of the image; the last puts the results together again.
Those of signals (Conv1D of Keras) have an axis of one row around the convolution only.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Set
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
    found: dict[int, tuple[_Group, _Merged]] = {}
    for convolution in graph.operators:
        group = _group(graph, convolution)
        merged = _merge(graph, group) if group is not None else None
        if group is not None and merged is not None:
            found[convolution.index] = (group, merged)
    kept = [pair for pair in found.values() if _is_alone(graph, pair[0], found)]
    changed = {index: o for _, merged in kept for index, o in merged.operators.items()}
    gone = {group.together.index for group, _ in kept}
    gone |= _unread(graph, changed, gone)
    tensors = list(graph.tensors)
    for _, merged in kept:
        for index, shape in merged.shapes.items():
            tensors[index] = replace(tensors[index], shape=shape, open=(), inside=True)
    operators = tuple(changed.get(o.index, o) for o in graph.operators if o.index not in gone)
    return replace(graph, tensors=tuple(tensors), operators=operators)


def _is_alone(graph: TfliteGraph, group: _Group, found: Container[int]) -> bool:
    """Whether only dilated convolutions read the row that a group gives its signal."""
    if group.rows is None:
        return True
    outputs = group.rows.outputs
    readers = [o for o in graph.operators if not set(outputs).isdisjoint(o.inputs)]
    return set(graph.outputs).isdisjoint(outputs) and all(o.index in found for o in readers)


def _unread(graph: TfliteGraph, merged: Mapping[int, Operator], gone: Set[int]) -> set[int]:
    """SPACE_TO_BATCH_ND of which nothing is read any more; several convolutions may read one."""
    left = [merged.get(o.index, o) for o in graph.operators if o.index not in gone]
    read = {*graph.outputs, *(i for operator in left for i in operator.inputs)}
    return {o.index for o in left if o.kind == "SPACE_TO_BATCH_ND" and read.isdisjoint(o.outputs)}


def _group(graph: TfliteGraph, convolution: Operator) -> _Group | None:
    """The operators around a convolution, if they are those of a dilated one."""
    whole = len(convolution.inputs) > 1 and min(convolution.inputs[:2]) >= 0
    if convolution.kind not in CONVOLUTIONS or not whole or not convolution.outputs:
        return None
    source, target = convolution.inputs[0], convolution.outputs[0]
    rows = _writer(graph, source, VIEWS)
    no_rows = _lone_reader(graph, target, VIEWS)
    if rows is not None and no_rows is not None and rows.inputs and no_rows.outputs:
        source, target = rows.inputs[0], no_rows.outputs[0]
    else:
        rows = no_rows = None
    apart = _writer(graph, source, {"SPACE_TO_BATCH_ND"})
    together = _lone_reader(graph, target, {"BATCH_TO_SPACE_ND"})
    if apart is None or together is None or not apart.inputs or apart.inputs[0] < 0:
        return None
    return _Group(
        apart=apart, rows=rows, convolution=convolution, no_rows=no_rows, together=together
    )


def _writer(graph: TfliteGraph, tensor: int, kinds: Set[str]) -> Operator | None:
    """The operator that writes a tensor, if it is of some kinds."""
    return next((o for o in graph.operators if tensor in o.outputs and o.kind in kinds), None)


def _lone_reader(graph: TfliteGraph, tensor: int, kinds: Set[str]) -> Operator | None:
    """The only operator that reads a tensor, if it is of some kinds."""
    readers = [o for o in graph.operators if tensor in o.inputs]
    alone = len(readers) == 1 and tensor not in graph.outputs and readers[0].kind in kinds
    return readers[0] if alone else None


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
    # without the shape or axis that they were told: it is one of the parts
    rows = replace(group.rows, inputs=group.apart.inputs[:1])
    no_rows = replace(
        group.no_rows, inputs=group.no_rows.inputs[:1], outputs=group.together.outputs
    )
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
