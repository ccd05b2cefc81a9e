"""Forms that say the same in several ways brought to one: names, casts, Gemm factors, biases.

Later passes and the quantizer know one form of each; a new spelling of an exporter is added here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper

from msfcnn.quantizer.graph import EditedGraph, attribute, kind_of, set_attributes


def to_normal_form(edited: EditedGraph) -> None:
    """Every node named, nodes without effect gone, dense layers without factors."""
    for node in edited.nodes:
        kind = kind_of(node)
        if _does_nothing(edited, node):
            edited.bypass(node)
        elif kind == "Cast" and attribute(node, "to") == TensorProto.FLOAT:
            _truth_as_choice(edited, node)
        elif kind == "Gemm":
            _absorb_factors(edited, node)
        elif kind in ("Min", "Max"):
            _bound_as_clip(edited, node)
        elif kind == "Sum":
            _sum_as_adds(edited, node)
    name_nodes(edited.graph.node)
    edited.drop_unused()


def _does_nothing(edited: EditedGraph, node: NodeProto) -> bool:
    """Whether a node hands on what it reads. A Dropout that is asked for its mask, or drops in
    training mode, stays, for the importer to refuse by its name.
    """
    kind = kind_of(node)
    if kind == "Dropout":
        training = edited.constant(node, 2)
        masked = [o for o in node.output[1:] if edited.readers(o) or o in edited.outputs]
        return not masked and (training is None or not training.any())
    return kind == "Identity" or (kind == "Cast" and _is_idle_cast(edited, node))


def _is_idle_cast(edited: EditedGraph, node: NodeProto) -> bool:
    """A cast between real numbers, all of which are float32 here."""
    if attribute(node, "to") != TensorProto.FLOAT:
        return False
    source = node.input[0]
    border = next((i for i in edited.graph.input if i.name == source), None)
    if border is not None:
        return bool(border.type.tensor_type.elem_type == TensorProto.FLOAT)
    return _type_of(edited, source) == TensorProto.FLOAT


def _type_of(edited: EditedGraph, name: str) -> int | None:
    """The type of a value between nodes, as inferred; None if it is not known."""
    found = (v for v in edited.graph.value_info if v.name == name)
    return next((int(v.type.tensor_type.elem_type) for v in found), None)


def _truth_as_choice(edited: EditedGraph, cast: NodeProto) -> None:
    """A comparison that is cast, (x > 0).float(), is a Where of 1 and 0."""
    if _type_of(edited, cast.input[0]) != TensorProto.BOOL:
        return
    result = cast.output[0]
    numbers = [
        edited.add_constant(f"{result}_{name}", np.array(value, np.float32))
        for name, value in (("true", 1), ("false", 0))
    ]
    chosen = helper.make_node("Where", [cast.input[0], *numbers], [result], cast.name)
    edited.insert_before(cast, chosen)
    edited.remove(cast)


def _absorb_factors(edited: EditedGraph, gemm: NodeProto) -> None:
    """alpha into the weights, beta into the bias, the bias as one value per output.

    ONNX, Gemm: Y = alpha * A' * B' + beta * C, with C broadcast to [1, outputs]. A transposed A,
    computed weights and other biases are left as they are, for `refused` or the importer to name.
    """
    weights = edited.constant(gemm, 1)
    if weights is None or attribute(gemm, "transA", 0):
        return
    alpha = attribute(gemm, "alpha", 1.0)
    beta = attribute(gemm, "beta", 1.0)
    bias = edited.constant(gemm, 2)
    outputs = weights.shape[0 if attribute(gemm, "transB", 0) else 1]
    # a bias for each row, or one that is computed: all of it stays, for half would be wrong
    computed = bias is None and len(gemm.input) > 2 and bool(gemm.input[2])
    if (computed and beta != 1.0) or not (bias is None or _is_row(bias, outputs)):
        return
    if alpha != 1.0:
        gemm.input[1] = edited.add_constant(
            f"{gemm.input[1]}_scaled",
            (weights * np.float32(alpha)).astype(np.float32),
        )
    if bias is not None and (bias.shape != (outputs,) or beta != 1.0):
        row = bias.reshape(-1) * np.float32(beta)
        values = np.broadcast_to(row, (outputs,)).astype(np.float32)
        gemm.input[2] = edited.add_constant(f"{gemm.input[2]}_row", values)
    set_attributes(gemm, {"alpha": 1.0, "beta": 1.0})


def _is_row(bias: NDArray[Any], outputs: int) -> bool:
    """Whether a constant is one value, or one for each output of every row."""
    return bias.size == 1 or bias.size == outputs == bias.shape[-1]


def _bound_as_clip(edited: EditedGraph, node: NodeProto) -> None:
    """Min or Max with a number is a Clip, as Keras' ReLU6 is sometimes written.

    Clip(x, min, max): an empty name leaves out a bound. The bound has to be a scalar there.
    """
    if len(node.input) != 2:
        return
    bounds = [edited.constant(node, i) for i in (0, 1)]
    for side, bound in enumerate(bounds):
        other = node.input[1 - side]
        if bound is None or bound.size != 1 or edited.is_constant(other):
            continue
        number = edited.add_constant(f"{node.output[0]}_bound", bound.reshape(()))
        inputs = [other, "", number] if kind_of(node) == "Min" else [other, number]
        new = helper.make_node("Clip", inputs, [node.output[0]], node.name)
        edited.insert_before(node, new)
        edited.remove(node)
        return


def _sum_as_adds(edited: EditedGraph, node: NodeProto) -> None:
    """A Sum of several values is a chain of Adds."""
    if len(node.input) < 2:
        edited.bypass(node)
        return
    total = node.input[0]
    for index, name in enumerate(node.input[1:]):
        last = index == len(node.input) - 2
        result = node.output[0] if last else edited.new_name(f"{node.output[0]}_part")
        label = node.name if last else result
        edited.insert_before(node, helper.make_node("Add", [total, name], [result], label))
        total = result
    edited.remove(node)


def name_nodes(nodes: Iterable[NodeProto]) -> None:
    """Each node a name of its own: messages point at it, and onnxruntime insists on it."""
    taken: set[str] = set()
    for node in nodes:
        name = node.name or next((o for o in node.output if o), "") or node.op_type
        count = 1
        while name in taken:
            count += 1
            name = f"{node.name or node.op_type}_{count}"
        taken.add(name)
        node.name = name
