"""Weights and biases as the integers the kernels work with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from msfcnn.nodes.node import Node
from msfcnn.nodes.problems import Unsupported
from msfcnn.nodes.values import Constant
from msfcnn.nodes.views import View

SAME_BIAS_SCALE = 1e-6  # relative; float32 products of the two scales differ by less
LARGEST_BIAS = 2.0**53  # beyond it float64 is no longer exact
WEIGHT_HINT = "quantize its weights, too: 8 bits (QInt8 or QUInt8), quant_format=QuantFormat.QDQ"


def integer_weights(
    constant: Constant | None,
) -> tuple[NDArray[np.int16], NDArray[np.float64]]:
    """Weights [cout, ...] as whole steps, -255 to 255, and the step of each output channel.

    A zero point, be it per tensor or per channel, is taken off: real = scale * weight.
    """
    if constant is None:
        raise Unsupported("its weights are missing", "the file is damaged; export it again")
    if constant.scale is None or constant.zero is None:
        raise Unsupported("its weights are not quantized", WEIGHT_HINT)
    stored, dtype = constant.stored, str(constant.stored.dtype)
    if dtype not in ("int8", "uint8"):
        raise Unsupported(f"its weights are {dtype}", WEIGHT_HINT)
    if stored.size == 0:
        raise Unsupported("its weights are empty", "the file is damaged; export it again")
    scale = constant.scale.reshape(len(stored), -1)
    if (scale != scale[:, :1]).any():
        what = "the scales of its weights differ within an output channel"
        raise Unsupported(what, "quantize weights per tensor or per output channel")
    steps = stored.astype(np.int16) - constant.zero.astype(np.int16)
    return steps, scale[:, 0].copy()


def bias_units(
    constant: Constant | None, unit: NDArray[np.float64], factor: float = 1.0
) -> NDArray[np.int64]:
    """A bias, times a factor, in units of input scale * weight scale; 0 if there is none.

    Stored integers are kept where their scale is that unit, which float32 can only approximate.
    """
    if constant is None:
        return np.zeros(len(unit), np.int64)
    constant = _one_per_channel(constant, len(unit))
    with np.errstate(over="ignore", invalid="ignore"):
        units = np.rint(constant.real * factor / unit)
    if not (np.abs(units) < LARGEST_BIAS).all():
        what = "its bias is out of all proportion to the scales of its input and weights"
        raise Unsupported(what, "quantize the model again")
    if constant.scale is not None and constant.zero is not None:
        same = np.abs(constant.scale * factor / unit - 1) <= SAME_BIAS_SCALE
        units = np.where(same, constant.stored.astype(np.int64) - constant.zero, units)
    return units.astype(np.int64)


def _one_per_channel(constant: Constant, channels: int) -> Constant:
    """A bias in any shape that broadcasts along the channels only."""
    size = constant.stored.size
    lone = constant.reshaped((size,)) if max(constant.shape, default=1) == size else None
    if lone is None or size not in (1, channels):
        what = f"its bias has the shape {list(constant.shape)}, but there are {channels} outputs"
        raise Unsupported(what, "use one bias per output channel")
    if size == channels:
        return lone
    return lone.mapped(lambda values: np.broadcast_to(values, channels))


def lone_number(constant: Constant, shape: tuple[int, ...]) -> float | None:
    """The number that a constant is everywhere, beside an activation of some shape.

    None where it holds different ones, and where it would make the activation larger.
    """
    reals = constant.real.ravel()
    if reals.size == 0 or (reals != reals[0]).any():
        return None
    try:
        larger = reals.size > 1 and np.broadcast_shapes(constant.shape, shape) != shape
    except ValueError:
        larger = True
    return None if larger else float(reals[0])


def fits_channels(constant: Constant, view: View) -> bool:
    """Whether a constant is one number, or one per channel of the tensor behind a view."""
    if constant.stored.size == 1:
        return True
    try:
        if np.broadcast_shapes(constant.shape, view.shape) != view.shape:
            return False
    except ValueError:
        return False
    laid = np.empty(view.size)
    laid[view.positions().ravel()] = np.broadcast_to(constant.real, view.shape).ravel()
    pixels = laid.reshape(-1, view.hwc[2])
    vector = len(view.shape) == 2 and view.shape[0] == 1
    return vector or bool((pixels == pixels[0]).all())


def per_channel(constant: Constant, view: View, node: Node) -> Constant:
    """The constant as one value per channel of the tensor behind the view."""
    if constant.stored.size == 1:
        return constant.reshaped((1,))
    mismatch = Unsupported(
        f"combines a constant of shape {list(constant.shape)} with {list(view.shape)}",
        "use a scalar or one value per channel",
        node,
    )
    try:
        if np.broadcast_shapes(constant.shape, view.shape) != view.shape:
            raise mismatch
    except ValueError:
        raise mismatch from None
    positions = view.positions().ravel()

    def lay_out(values: NDArray[Any]) -> NDArray[Any]:
        """One value a channel, in our order; raises where pixels differ."""
        laid: NDArray[Any] = np.empty(view.size, values.dtype)
        laid[positions] = np.broadcast_to(values, view.shape).ravel()
        pixels = laid.reshape(-1, view.hwc[2])
        if (pixels != pixels[0]).any():
            raise mismatch
        first: NDArray[Any] = pixels[0].copy()
        return first

    return constant.mapped(lay_out)
