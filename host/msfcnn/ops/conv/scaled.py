"""A factor and a summand for each channel, as a depthwise convolution of one pixel."""

from __future__ import annotations

from dataclasses import replace
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from msfcnn.ir import Geometry
from msfcnn.nodes import UNSET, Constant, Node, Unsupported, bias_units
from msfcnn.ops.conv.op import Conv

LARGEST_WEIGHT = 127
SMALLEST_WEIGHT = 64  # below it the steps of a sum only get coarser
ROUND_WEIGHTS = (112, 80, 96, 64)  # of three significant bits at most, the best one last
ROUNDING = 1e-9  # more than float64 rounds in what should be an integer
LARGEST_BIAS = 2.0**53  # beyond it float64 is no longer exact
Reals = NDArray[np.float64]


def scaled_channels(node: Node, tensor: int, scale: float, factors: Reals, summands: Reals) -> Conv:
    """tensor * factors + summands.

    scale: of the tensor. factors, summands: float64 [channels]. Raises Unsupported for summands
    that are out of all proportion to the tensor.
    """
    return Conv(
        node=node.name,
        input=tensor,
        output=UNSET,
        geometry=Geometry(kernel_h=1, kernel_w=1),
        groups=len(factors),
        **_constants(scale, factors, summands),
    )


def with_summands(op: Conv, scale: float, summand: Constant) -> Conv:
    """A convolution and a constant behind it, of one value or one for each of its outputs.

    It goes into the bias, rounded to a step of the accumulator, far finer than one of the output:
    a single tap makes the step that fits. scale: of the input. Raises Unsupported for constants out
    of all proportion to it.
    """
    unit = scale * op.weight_scale
    count = len(op.weights)
    if op.weights.size > count or op.groups < count:
        return replace(op, bias=op.bias + bias_units(summand, unit))
    factors = op.weights.ravel() * op.weight_scale
    return replace(op, **_constants(scale, factors, op.bias * unit + summand.real.ravel()))


class _Constants(TypedDict):
    weights: NDArray[np.int8]
    weight_scale: Reals
    bias: NDArray[np.int64]


def _constants(scale: float, factors: Reals, summands: Reals) -> _Constants:
    # scales are positive: the sign goes into the weight, and a factor of 0 is a weight of 0
    sizes = np.where(factors == 0, 1.0, np.abs(factors))
    with np.errstate(over="ignore"):
        steps = summands / (sizes * scale)
    if not (np.abs(steps) < LARGEST_BIAS / LARGEST_WEIGHT).all():
        what = "a constant is out of all proportion to the scale of its input"
        raise Unsupported(what, "quantize the model again")
    weights, bias = _fractions(steps)
    signed = (weights * np.sign(factors)).astype(np.int8).reshape(-1, 1, 1, 1)
    return {"weights": signed, "weight_scale": sizes / weights, "bias": bias}


def _fractions(values: Reals) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Values [n] as numerators by denominators that are weights: denominators, numerators.

    Of the weights that a factor of one can have, the one is taken by which the numerator is
    closest to an integer. A bias in steps of 1/127 alone would be off by so much that one output
    in a hundred is rounded the other way where the output's scale is finer than the input's. A
    round weight wins where it is exact: then round factors stay round, and their ties are found.
    """
    best = np.full(values.shape, LARGEST_WEIGHT, np.int64)
    error = np.abs(np.rint(values * best) / best - values)
    for weight in range(LARGEST_WEIGHT - 1, SMALLEST_WEIGHT - 1, -1):
        found = np.abs(np.rint(values * weight) / weight - values)
        closer = found < error * (1 - 1e-6)  # else the larger weight
        best, error = np.where(closer, weight, best), np.where(closer, found, error)
    for weight in ROUND_WEIGHTS:
        exact = np.abs(np.rint(values * weight) - values * weight) < ROUNDING
        best = np.where(exact, weight, best)
    return best, np.rint(values * best).astype(np.int64)
