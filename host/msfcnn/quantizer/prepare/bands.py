"""Batch normalization of bands of rows, as sub-spectral normalization (BC-ResNet) writes it.

[1, C, H, W] is reshaped to [1, C * S, H / S, W], normalized, and shaped back. msfcnn keeps channels
together, so each of the S bands of rows is cut out, normalized and joined again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, helper

from msfcnn.quantizer.graph import EditedGraph, kind_of
from msfcnn.quantizer.shapes import shapes_of

Shape = tuple[int, ...]
ROWS = 2  # axis
MOST_BANDS = 16


def split_bands(edited: EditedGraph) -> None:
    """Replaces such triples of nodes, in place."""
    norms = [node for node in edited.nodes if kind_of(node) == "BatchNormalization"]
    if not norms:
        return
    shapes = shapes_of(edited.model)
    for node in norms:
        before, behind = edited.producer(node.input[0]), edited.lone_reader(node.output[0])
        if before is None or behind is None or {kind_of(before), kind_of(behind)} != {"Reshape"}:
            continue
        image, inner = shapes.get(before.input[0]), shapes.get(before.output[0])
        known = all(edited.constant(node, i) is not None for i in range(1, 5))
        if not known or image is None or inner is None or image != shapes.get(behind.output[0]):
            continue
        bands = inner[1] // image[1]
        cut = (image[0], image[1] * bands, image[ROWS] // max(1, bands), *image[ROWS + 1 :])
        if len(image) == len(inner) == 4 and 1 < bands <= MOST_BANDS and inner == cut:
            _split(edited, (before, node, behind), image, bands)
    edited.drop_unused()


def _split(
    edited: EditedGraph, nodes: tuple[NodeProto, NodeProto, NodeProto], image: Shape, bands: int
) -> None:
    """A Slice and a normalization for each band, and a Concat. Channel c * S + s is of band s."""
    before, norm, behind = nodes
    result, height = behind.output[0], image[ROWS] // bands
    axis = edited.add_constant(f"{result}_rows", np.array([ROWS]))
    parts = []
    for band in range(bands):
        bounds = [
            edited.add_constant(f"{result}_{kind}", np.array([row * height]))
            for kind, row in (("from", band), ("to", band + 1))
        ]
        piece, part = (edited.new_name(f"{result}_{kind}") for kind in ("band", "normal"))
        given = _parameters(edited, norm, band, bands)
        names = [edited.add_constant(f"{part}_{k}", values) for k, values in given.items()]
        normal = helper.make_node("BatchNormalization", [piece, *names], [part], part)
        normal.attribute.extend(norm.attribute)
        slice_ = helper.make_node("Slice", [before.input[0], *bounds, axis], [piece], piece)
        edited.insert_before(norm, slice_, normal)
        parts.append(part)
    edited.insert_before(norm, helper.make_node("Concat", parts, [result], norm.name, axis=ROWS))
    edited.remove(norm)
    edited.remove(behind)


def _parameters(
    edited: EditedGraph, norm: NodeProto, band: int, bands: int
) -> Mapping[str, NDArray[Any]]:
    """scale, bias, mean and variance of the channels of one band."""
    found = {}
    for index, kind in enumerate(("scale", "bias", "mean", "variance"), start=1):
        values = edited.constant(norm, index)
        assert values is not None
        found[kind] = values[band::bands]
    return found
