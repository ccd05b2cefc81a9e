"""The graph outputs: which tensor each one shows, and in which order and type.

An output may end in a DequantizeLinear (float32 to its caller), in stored integers, or in an op
that nothing quantizes, such as a last Softmax; then a quantization that fits is chosen here.
"""

from __future__ import annotations

from dataclasses import replace

from msfcnn.errors import Problem
from msfcnn.frontend.onnx.shapes import check_inferred
from msfcnn.ir import Order, Port
from msfcnn.nodes import (
    Border,
    Builder,
    Constant,
    Draft,
    Known,
    Node,
    Poison,
    Source,
    UnknowableError,
    Unsupported,
    Value,
)


def output_port(builder: Builder, border: Border, producer: Node | None) -> Port | None:
    """The port of a graph output; None if there was something to report instead.

    producer: the node that writes it, to be named in a problem; None if no node does.
    """
    where = producer or Node(
        name=border.name, kind="", inputs=(), outputs=(border.name,), attributes={}
    )
    try:
        known = _tensor_of(builder, border.name, builder.values.get(border.name, Poison()))
        known = replace(builder.settled(builder.with_zeros(known), where), real=known.real)
        check_inferred(where, known.shape, builder.graph.shapes.get(border.name))
        return _port(builder, border, known)
    except UnknowableError:
        return None
    except Unsupported as error:
        builder.log.add(error.problem(where), error.node or where)
        return None


def _tensor_of(builder: Builder, name: str, value: Value) -> Known:
    """The tensor of the model that an output of the graph shows. Raises UnknowableError
    behind a node that was refused, so that its problem is told once.
    """
    match value:
        case Poison():
            raise UnknowableError
        case Constant():
            raise Unsupported(f"the output '{name}' is constant", "remove it from the outputs")
        case Source():
            raise Unsupported(f"the output '{name}' is the input itself", "remove it")
        case Draft():
            usual = value.usual or value.op.default_output
            if usual is not None and value.inherited is None:
                return replace(builder.finish(value, name, usual, False), real=True)
            return builder.finish_inherited(value, name, None)
        case Known():
            return value


def _port(builder: Builder, border: Border, known: Known) -> Port:
    """The output with its name, order of elements and type, as the caller of the network sees
    it.
    """
    view = known.view
    if known.tensor in {given.tensor for given in builder.inputs.values()}:
        raise Unsupported(f"the output '{border.name}' is the input itself", "remove it")
    if not isinstance(view.flat, Order):
        if view.assumed:
            raise UnknowableError
        what = f"the output '{border.name}' shows its elements in an order other than CHW or HWC"
        raise Unsupported(what, "remove the rearranging nodes before the output", view.by)
    stored = "uint8" if builder.tensors[known.tensor].unsigned else "int8"
    dtype = "float32" if known.real else stored
    return Port(
        name=border.name,
        tensor=known.tensor,
        onnx_shape=view.shape,
        onnx_order=view.flat,
        dtype=dtype,
    )


def unused_input(name: str) -> Problem:
    """The problem of a model whose outputs do not depend on one of its inputs."""
    hint = "remove it from the inputs of the graph"
    return Problem(f"input '{name}'", "no output depends on it", hint)
