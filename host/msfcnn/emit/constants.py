"""Constants of ops that are not in NAME_weights.c."""

from __future__ import annotations

from msfcnn.emit.place import Place
from msfcnn.emit.text import int_array
from msfcnn.emit.weights import constants_name
from msfcnn.fusion import Kind, Step
from msfcnn.ir import (
    Add,
    AveragePool,
    Concat,
    Conv,
    GlobalAveragePool,
    MaxPool,
    Model,
    Requantize,
    Reshape,
    Softmax,
)
from msfcnn.numerics import (
    PoolConstants,
    SumConstants,
    add_constants,
    concat_constants,
    pool_constants,
    requantize_constants,
    softmax_constants,
)


def constants_of(place: Place, name: str) -> str:
    """The C expression for what an op's `constants` is."""
    if place.step.kind is Kind.LOAD:
        return "NULL"
    return _label(place, name) if place.kernel.packed else f"&{_label(place, name)}"


def _label(place: Place, name: str) -> str:
    if place.step.kind not in (Kind.POINTWISE, Kind.CONV, Kind.DEPTHWISE):
        return f"_constants{place.index}"
    label = constants_name(name, place.step.op)
    return f"{label}_words" if place.kernel.packed else label


def op_constants(model: Model, place: Place, name: str) -> str:
    """C text that defines (or, for weights, declares) what an op's `constants` points to."""
    if place.step.kind is Kind.LOAD:
        return ""
    op, label = model.ops[place.step.op], _label(place, name)
    match op:
        case Conv():
            packed = place.kernel.packed
            return f"extern const {f'uint32_t {label}[]' if packed else f'msfcnn_conv_t {label}'};"
        case Add():
            return _sum(label, _addends(model, op, place.step))
        case Requantize() | MaxPool():
            return _sum(label, requantize_constants(model, op))
        case Concat():
            return _sum(label, concat_constants(model, op, place.step.part))
        case AveragePool() | GlobalAveragePool():
            return _pool(label, pool_constants(model, op))
        case Softmax():
            k = softmax_constants(model, op)
            table = int_array("uint32_t", f"{label}_exp", k.exp_table)
            entry = f"{{ {label}_exp, {k.inverse_scale} }}"
            return f"{table}static const msfcnn_softmax_t {label} = {entry};\n"
        case Reshape():
            raise AssertionError("a reshape has no step")


def _addends(model: Model, op: Add, step: Step) -> SumConstants:
    """In the order of the step's inputs; a tensor added to itself has one factor."""
    k = add_constants(model, op)
    left, right = k.multipliers
    if step.y is None:
        factors: tuple[int, ...] = (left + right,)
    else:
        factors = (right, left) if step.swapped else (left, right)
    return SumConstants(factors, k.offset, k.shift, k.clamp)


def _sum(label: str, k: SumConstants) -> str:
    factors = ", ".join(map(str, k.multipliers))
    values = f"{{ {factors} }}, {k.offset}, {k.shift}"
    return f"static const msfcnn_sum_t {label} = {{ {values} }};"


def _pool(label: str, k: PoolConstants) -> str:
    factors = f"{label}_multiplier, {label}_shift, {len(k.scaling.multiplier)}"
    return (
        int_array("int32_t", f"{label}_multiplier", k.scaling.multiplier)
        + int_array("uint8_t", f"{label}_shift", k.scaling.shift)
        + f"static const msfcnn_pool_t {label} = {{ {factors}, {k.input_zero} }};\n"
    )
