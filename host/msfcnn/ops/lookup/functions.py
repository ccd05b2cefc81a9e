"""Functions of real numbers, by the operators that stand for them.

Names, attributes and their defaults are those of the ONNX operator specification. Everything works
on float64 [256] at once; infinities and NaN are allowed here, and `draft_of` deals with them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from msfcnn.nodes import Node

Reals = NDArray[np.float64]
Function = Callable[[Reals], Reals]


def sigmoid(x: Reals) -> Reals:
    """1 / (1 + exp(-x))."""
    found: Reals = np.reciprocal(1 + np.exp(-x))
    return found


def hard_sigmoid(x: Reals, alpha: float = 1 / 6, beta: float = 0.5) -> Reals:
    """max(0, min(1, alpha * x + beta))."""
    found: Reals = np.clip(alpha * x + beta, 0, 1)
    return found


def hard_swish(x: Reals) -> Reals:
    """x * hard_sigmoid(x)."""
    return x * hard_sigmoid(x)


def _erf(x: Reals) -> Reals:
    """The error function, which NumPy lacks."""
    return np.array([math.erf(v) for v in x])


def _elu(x: Reals, alpha: float, gamma: float = 1.0) -> Reals:
    """gamma * x above 0, gamma * alpha * (exp(x) - 1) below; expm1 is exact near 0."""
    return gamma * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _celu(x: Reals, alpha: float) -> Reals:
    """As Elu, with a slope that is continuous for every alpha."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha))


def _softplus(x: Reals) -> Reals:
    """log(1 + exp(x)), which does not overflow."""
    return np.logaddexp(0, x)


def _as_float32(x: Reals) -> Reals:
    """What a DequantizeLinear gives: where a function jumps, the last bit decides."""
    return x.astype(np.float32).astype(np.float64)


def _shrink(x: Reals, limit: float, bias: float) -> Reals:
    """Nothing near 0, beyond the limit x moved towards 0."""
    at = _as_float32(x)
    return np.where(at < -limit, x + bias, np.where(at > limit, x - bias, 0.0))


def _compared(compare: Callable[[Reals, Reals], Reals]) -> Callable[[Reals, Reals], Reals]:
    """A comparison of float32 numbers: a constant may be exactly what a stored value stands for."""
    return lambda left, right: compare(_as_float32(left), _as_float32(right))


def _gelu(node: Node) -> Function:
    """Exact, or its approximation by tanh, as the node says."""
    if node.text("approximate", "none") == "tanh":
        c = math.sqrt(2 / math.pi)
        return lambda x: 0.5 * x * (1 + np.tanh(c * (x + 0.044715 * x**3)))
    return lambda x: 0.5 * x * (1 + _erf(x / math.sqrt(2)))


def _leaky(x: Reals, slope: float) -> Reals:
    """x above 0, slope * x below."""
    return np.where(x < 0, slope * x, x)


# From a node, which has the parameters, to its function. A new function of one value is a line;
# it is evaluated in double precision for the 256 values that int8 has.
FUNCTIONS: Mapping[str, Callable[[Node], Function]] = {
    "Abs": lambda _: np.abs,
    "Atan": lambda _: np.arctan,
    "Ceil": lambda _: lambda x: np.ceil(_as_float32(x)),
    "Celu": lambda n: partial(_celu, alpha=n.real("alpha", 1.0)),
    "Cos": lambda _: np.cos,
    "Elu": lambda n: partial(_elu, alpha=n.real("alpha", 1.0)),
    "Erf": lambda _: _erf,
    "Floor": lambda _: lambda x: np.floor(_as_float32(x)),
    "Exp": lambda _: np.exp,
    "Gelu": _gelu,
    "HardSwish": lambda _: hard_swish,
    "HardSigmoid": lambda n: partial(
        hard_sigmoid, alpha=n.real("alpha", 0.2), beta=n.real("beta", 0.5)
    ),
    "LeakyRelu": lambda n: partial(_leaky, slope=n.real("alpha", 0.01)),
    "Log": lambda _: np.log,
    "Mish": lambda _: lambda x: x * np.tanh(_softplus(x)),
    "Neg": lambda _: np.negative,
    "Reciprocal": lambda _: np.reciprocal,
    "Round": lambda _: lambda x: np.rint(_as_float32(x)),
    "Selu": lambda n: partial(
        _elu,
        alpha=n.real("alpha", 1.67326319217681884765625),
        gamma=n.real("gamma", 1.05070102214813232421875),
    ),
    "Shrink": lambda n: partial(_shrink, limit=n.real("lambd", 0.5), bias=n.real("bias", 0.0)),
    "Sigmoid": lambda _: sigmoid,
    "Sign": lambda _: np.sign,
    "Sin": lambda _: np.sin,
    "Softplus": lambda _: _softplus,
    "Softsign": lambda _: lambda x: x / (1 + np.abs(x)),
    "Sqrt": lambda _: np.sqrt,
    "Swish": lambda n: lambda x: x * sigmoid(n.real("alpha", 1.0) * x),
    "Tanh": lambda _: np.tanh,
    "ThresholdedRelu": lambda n: lambda x: np.where(_as_float32(x) > n.real("alpha", 1.0), x, 0.0),
    "com.microsoft::Gelu": _gelu,
    "com.microsoft::QuickGelu": lambda n: lambda x: x * sigmoid(n.real("alpha", 1.702) * x),
}


def _where(condition: Reals, left: Reals, right: Reals) -> Reals:
    """Left where the condition holds; it comes as a curve, too, of numbers 0 and 1."""
    found: Reals = np.where(condition != 0, left, right)
    return found


# Of numbers and functions of one tensor; what is true counts as 1.
COMBINED: Mapping[str, Callable[..., Reals]] = {
    "And": lambda a, b: np.logical_and(a, b),
    "Equal": _compared(np.equal),
    "Greater": _compared(np.greater),
    "GreaterOrEqual": _compared(np.greater_equal),
    "Less": _compared(np.less),
    "LessOrEqual": _compared(np.less_equal),
    "Max": lambda *v: np.max(v, axis=0),
    "Min": lambda *v: np.min(v, axis=0),
    "Or": lambda a, b: np.logical_or(a, b),
    "Where": _where,
}
