"""Max and Min of two tensors: they stand beside each other, and a MaxPool chooses.

Such nodes are rare, so they get no kernel: a concatenation of channels, read as two pixels where
there was one, under a MaxPool of 1x2. It costs a copy of both operands.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from msfcnn.ir import Geometry, Quantization
from msfcnn.nodes import (
    UNSET,
    Builder,
    Draft,
    Known,
    Node,
    Value,
    map_view,
    same_quantization,
)
from msfcnn.ops.concat import Concat
from msfcnn.ops.lookup import COMBINED, combined, mirrored, negated, of_one_tensor
from msfcnn.ops.pool.op import MaxPool
from msfcnn.ops.select import both


def extreme(larger: bool, builder: Builder, node: Node) -> Value:
    """Max and Min: of numbers and functions of one tensor a table, of two tensors a MaxPool.

    larger: Max. A minimum is minus the maximum of what is negative. Shapes are broadcast.
    Raises Unsupported for more than two tensors.
    """
    combine = COMBINED["Max" if larger else "Min"]
    if len(node.inputs) != 2 or of_one_tensor(builder, node):
        return combined(combine, builder, node)
    left, right = both(builder, node)
    right = builder.alike(right, left, node)
    if not larger:
        left, right = (negated(builder, node, known) for known in (left, right))
    pair = _in_one_scale(builder, node, left, right)
    # the two stand beside each other in every pixel: two pixels, under a kernel over both
    height, width, channels = left.view.hwc
    source = builder.tensors[pair[0]]
    joined = builder.finish(
        Draft(
            op=Concat(node.name, pair, UNSET),
            node=node,
            view=map_view((height, width, 2 * channels), 4),
            origin=f"{node.outputs[0]}:both",
        ),
        f"{node.outputs[0]}:both",
        source.quantization,
        source.unsigned,
    )
    line = builder.with_shape(joined.tensor, (height * width, 2, channels), node)
    op = MaxPool(
        node=node.name, input=line, output=UNSET, geometry=Geometry(kernel_h=1, kernel_w=2)
    )
    view = left.view.read_as((height * width, 1, channels))
    found = Draft(
        op=op,
        node=node,
        view=view,
        origin=node.outputs[0],
        inherited=source.quantization,
        unsigned=source.unsigned,
    )
    return found if larger else mirrored(builder, node, found)


def _in_one_scale(builder: Builder, node: Node, left: Known, right: Known) -> tuple[int, int]:
    """Both tensors in one quantization that holds what either can be, and in one shape.

    Stored values of different scales cannot be compared. If the scales differ, both are rounded
    once more, by half a step of the common scale at most.
    """
    other = builder.with_shape(right.tensor, left.view.hwc, node)
    read = replace(right, tensor=other, view=right.view.read_as(left.view.hwc))
    scales = [builder.tensors[t].quantization for t in (left.tensor, other)]
    if same_quantization(*scales):
        return left.tensor, other
    low = min((-128 - q.zero_point) * q.scale for q in scales)
    high = max((127 - q.zero_point) * q.scale for q in scales)
    scale = (high - low) / 255
    wanted = Quantization(scale, int(np.rint(-128 - low / scale)))
    found = [
        builder.requantized(known, node, f"{node.outputs[0]}:{i}", wanted, False).tensor
        for i, known in enumerate((left, read))
    ]
    return found[0], found[1]
