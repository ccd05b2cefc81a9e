"""Arithmetic with constants moved behind a Transpose, where channels are axis 1 again.

Networks that come from Keras take [1, H, W, C], normalize, and only then transpose. `affine`, which
runs after this, knows channels at axis 1 only.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper

from msfcnn.quantizer.graph import EditedGraph, attribute, kind_of
from msfcnn.quantizer.shapes import shapes_of

MOVABLE = frozenset({"Add", "Sub", "Mul", "Div"})


def move_behind_transposes(edited: EditedGraph) -> None:
    """Exchange constant arithmetic with the lone Transpose that reads it, in place."""
    while _move_one(edited):
        pass


def _move_one(edited: EditedGraph) -> bool:
    """Moves one op with a constant behind the Transpose that reads it; False when none is left."""
    shapes = shapes_of(edited.model)
    for node in edited.nodes:
        constants = [
            i for i in (0, 1) if kind_of(node) in MOVABLE and edited.constant(node, i) is not None
        ]
        if len(constants) != 1:
            continue
        reader = edited.lone_reader(node.output[0])
        shape = shapes.get(node.input[1 - constants[0]])
        if reader is None or kind_of(reader) != "Transpose" or shape is None:
            continue
        if shape != shapes.get(node.output[0]):
            continue
        _exchange(edited, node, constants[0], reader, len(shape))
        return True
    return False


def _exchange(
    edited: EditedGraph, node: onnx.NodeProto, side: int, transpose: onnx.NodeProto, rank: int
) -> None:
    """Swaps the two nodes and turns the constant in the same way.

    side: which input of the node is constant; Sub and Div need it to stay there. rank: of the
    value; the constant is padded with ones in front, as broadcasting does (ONNX, Broadcasting).
    """
    perm = list(attribute(transpose, "perm", list(range(rank))[::-1]))
    constant = edited.constant(node, side)
    assert constant is not None
    aligned = constant.reshape((1,) * (rank - constant.ndim) + constant.shape)
    moved = edited.add_constant(f"{node.input[side]}_moved", np.transpose(aligned, perm))
    middle = edited.new_name(f"{node.input[1 - side]}_transposed")
    first = helper.make_node(
        "Transpose", [node.input[1 - side]], [middle], transpose.name, perm=perm
    )
    inputs = [middle, moved] if side == 1 else [moved, middle]
    second = helper.make_node(node.op_type, inputs, [transpose.output[0]], node.name)
    edited.insert_before(node, first, second)
    edited.remove(node)
    edited.remove(transpose)
    edited.drop_unused()
