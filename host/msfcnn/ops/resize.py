"""Resize: nearest (an Upsample by whole factors) and bilinear.

Names and formulas of the coordinate modes are those of ONNX's Resize. Bilinear where outputs lie at
fractions between pixels that kernels have room for (bilinear.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from msfcnn.ir import Axis, Geometry
from msfcnn.nodes import (
    UNSET,
    Builder,
    Draft,
    Importer,
    Known,
    Node,
    Unsupported,
    Value,
    check_size,
    resolved_axes,
)
from msfcnn.ops.bilinear import Bilinear, between
from msfcnn.ops.conv import Conv
from msfcnn.ops.select import moved
from msfcnn.ops.upsample import Upsample, block_view, channel_axis, upsampled

LARGEST_SIDE = 2**16
LARGEST_FACTOR = 100
LARGEST_DENOMINATOR = 255  # of places between two pixels: a byte
CLOSE = 1e-5  # of a pixel, that a place may be off: scales are stored in float32
CENTERED = ("half_pixel", "pytorch_half_pixel", "half_pixel_symmetric")


def resize(builder: Builder, node: Node) -> Value:
    """Resize, and Upsample as opsets before 10 call it, of height and width.

    Nearest: whole factors are an Upsample, others move pixels (see select/moving.py for the price).
    Bilinear: to any size whose places have a common denominator of at most LARGEST_DENOMINATOR.
    Raises Unsupported for others, for factors on batch or channels, for antialiasing, and for
    coordinates that `_nearest` and `_bilinear` do not know.
    """
    known = builder.activation(node, 0)
    rank = len(known.shape)
    if rank not in (3, 4):
        raise Unsupported(f"its input has {rank} axes", "use 3 or 4 axes")
    factors = _factors(builder, node, known)
    axis = _channel_axis(known, factors)
    if factors[0] != 1 or factors[axis] != 1:
        raise _refused_factors(factors)
    if all(factor == 1 for factor in factors):
        return known
    if node.text("mode", "nearest") == "nearest":
        return _nearest(builder, node, known, axis, factors)
    return _bilinear(builder, node, known, axis, factors)


def _channel_axis(known: Known, factors: Sequence[float]) -> int:
    """Where the channels are: what is not resized, as one channel is the first and the last."""
    axis, last = channel_axis(known), len(known.shape) - 1
    other = last if axis == 1 else 1
    return other if factors[axis] != 1 and factors[other] == 1 else axis


def _refused_factors(factors: Sequence[float]) -> Unsupported:
    what = f"resizes by {[round(f, 3) for f in factors]}"
    return Unsupported(what, "resize height and width by whole factors")


def _spatial(factors: Sequence[float], axis: int) -> tuple[float, float]:
    """The factors of height and width; 1 for what the map has not."""
    found = [f for i, f in enumerate(factors) if i not in (0, axis)]
    rows, columns = [1.0] * (2 - len(found)) + found
    return rows, columns


def _whole(factors: Sequence[float]) -> bool:
    """Whether they make a map larger by whole numbers."""
    # the range first: what is infinite or no number has no integer part
    return all(1 <= f <= LARGEST_FACTOR and f == int(f) for f in factors)


def _nearest(
    builder: Builder, node: Node, known: Known, axis: int, factors: Sequence[float]
) -> Value:
    """Each pixel one of the input: an Upsample where all are repeated equally often."""
    picked = [
        np.arange(n) if i in (0, axis) else _picked(node, n, factor)
        for i, (n, factor) in enumerate(zip(known.shape, factors, strict=True))
    ]
    check_size("its output", tuple(len(p) for p in picked))
    rows, columns = _spatial(factors, axis)
    evenly = all(
        np.array_equal(p, np.arange(len(p)) * n // max(1, len(p)))
        for p, n in zip(picked, known.shape, strict=True)
    )
    if evenly and _whole((rows, columns)):
        return _repeated(builder, node, known, axis, factors)
    found = moved(builder, known, known.view.positions()[np.ix_(*picked)], (axis,), node)
    if found is None:
        raise Unsupported(
            f"resizes by {[round(f, 3) for f in factors]}, element by element",
            "resize height and width by whole factors; other sizes only for small maps",
        )
    return found


def _repeated(
    builder: Builder, node: Node, known: Known, axis: int, factors: Sequence[float]
) -> Value:
    """Every pixel as often as the factors say."""
    rows, columns = _spatial(factors, axis)
    if not _whole((rows, columns)):
        raise _refused_factors(factors)
    op = Upsample(node=node.name, input=UNSET, output=UNSET, rows=int(rows), columns=int(columns))
    return upsampled(builder, node, known, axis, op, known.shape[axis])


def _bilinear(
    builder: Builder, node: Node, known: Known, axis: int, factors: Sequence[float]
) -> Value:
    """A bilinear Resize. Raises Unsupported for other modes and positions."""
    mode = node.text("mode", "nearest")
    rows, columns = _spatial(factors, axis)
    # between a pixel and itself lies nothing else, wherever one looks
    alone = all(n == 1 or f == 1 for n, f in zip(known.shape, factors, strict=True))
    if mode == "linear" and alone:
        return _repeated(builder, node, known, axis, factors)
    place = (
        "asymmetric"
        if node.kind == "Upsample"
        else node.text("coordinate_transformation_mode", "half_pixel")
    )
    known_place = place in (*CENTERED, "asymmetric", "align_corners")
    if mode != "linear" or not known_place or _symmetric(place, known, factors):
        what = f"is in mode {mode} with {place} coordinates"
        raise Unsupported(what, "use nearest or bilinear, without a region of interest")
    if node.boolean("antialias", False):
        raise Unsupported("uses antialias", "export it without")
    tensor, (height, width, channels) = builder.as_map(known, axis, node)
    steps = [_step(factor) for factor in (rows, columns)]
    if place in CENTERED and steps[0] is not None and steps[1] is not None:
        hwc = (height // steps[0], width // steps[1], channels)
        op: Bilinear | Conv = _between(node, tensor, channels, (steps[0], steps[1]))
    else:
        sizes = [int(n * f + 1e-6) for n, f in ((height, rows), (width, columns))]
        hwc = (sizes[0], sizes[1], channels)
        op = Bilinear(
            node=node.name,
            input=tensor,
            output=UNSET,
            rows=_axis(place, height, sizes[0], rows),
            columns=_axis(place, width, sizes[1], columns),
        )
    check_size("its output", hwc)
    usual = builder.tensors[tensor].quantization
    return Draft(
        op=op, node=node, view=block_view(known, axis, hwc), origin=node.outputs[0], usual=usual
    )


def _symmetric(place: str, known: Known, factors: Sequence[float]) -> bool:
    """Whether places depend on what rounding the size takes away."""
    sizes = [n * factor for n, factor in zip(known.shape, factors, strict=True)]
    return place == "half_pixel_symmetric" and any(abs(n - round(n)) > 1e-6 for n in sizes)


def _axis(place: str, size: int, count: int, factor: float) -> Axis:
    """Where the outputs of a bilinear Resize lie along an axis of `size` pixels.

    Raises Unsupported for places of which kernels have no room for the common denominator.
    """
    if factor == 1:
        return between(Fraction(1), Fraction(0))
    step = Fraction(1 / factor).limit_denominator(LARGEST_DENOMINATOR)
    error = abs(float(step) - 1 / factor) * count
    if place == "align_corners":
        step, error = Fraction(size - 1, max(1, count - 1)), 0.0
    start = Fraction(0)
    if place in CENTERED and not (place == "pytorch_half_pixel" and count == 1):
        start = (step - 1) / 2
    if size == 1:  # every place shows this pixel
        step, start = Fraction(1, count), Fraction(0)
    found = between(step if count > 1 else Fraction(1), start)
    fits = found.up <= LARGEST_DENOMINATOR and max(found.stride, 2 * abs(found.pad)) < LARGEST_SIDE
    if not fits or error > CLOSE:
        what = f"resizes {size} pixels to {count} with {place} coordinates"
        raise Unsupported(what, f"use a ratio of numbers up to {LARGEST_DENOMINATOR // 2}")
    return found


def _step(factor: float) -> int | None:
    """How many pixels become one; None for a factor that is not 1 divided by a whole number."""
    step = round(1 / factor) if factor > 1 / LARGEST_FACTOR else 0
    return step if 1 <= step <= LARGEST_FACTOR and abs(step * factor - 1) < 1e-6 else None


def _between(node: Node, tensor: int, channels: int, steps: tuple[int, int]) -> Conv:
    """The middle of every block of so many pixels: one of them, or between two (four) of them."""
    taps = [np.arange(step // 2 + 1) >= (step - 1) // 2 for step in steps]
    weights = np.outer(*taps).astype(np.int8)
    return Conv(
        node=node.name,
        input=tensor,
        output=UNSET,
        geometry=Geometry(
            kernel_h=len(taps[0]), kernel_w=len(taps[1]), stride_h=steps[0], stride_w=steps[1]
        ),
        groups=channels,
        weights=np.broadcast_to(weights, (channels, *weights.shape))[..., None].copy(),
        weight_scale=np.full(channels, 1 / int(weights.sum())),
        bias=np.zeros(channels, np.int64),
    )


def _factors(builder: Builder, node: Node, known: Known) -> list[float]:
    """Of each axis of the value.

    Scales win over sizes, which ONNX allows only one of; both are for the axes of `axes`, or for
    all. Raises Unsupported where they are unknown, do not fit, or leave nothing.
    """
    old = node.kind == "Upsample"
    scales = builder.constant(node, 1 if old else 2, "list of scales")
    sizes = None if old else builder.integers(node, 3, "list of sizes")
    rank = len(known.shape)
    listed = _listed_axes(node, rank)
    by_scale = scales is not None and scales.stored.size > 0
    given = scales.real.ravel().tolist() if scales is not None and by_scale else list(sizes or ())
    if not given:
        raise Unsupported("its size is computed at run time", "export the model with fixed shapes")
    if len(given) != len(listed):
        what = f"has {len(given)} scales or sizes for {len(listed)} axes"
        raise Unsupported(what, "the file is damaged; export it again")
    factors = [1.0] * rank
    for i, value in zip(listed, given, strict=True):
        factors[i] = value if by_scale else value / known.shape[i]
    if not by_scale:
        _check_stretches(node, [factors[i] for i in listed])
    fitting = all(
        math.isfinite(f) and 1 <= f * n < LARGEST_SIDE
        for f, n in zip(factors, known.shape, strict=True)
    )
    if not fitting:
        raise _refused_factors(factors)
    return factors


def _listed_axes(node: Node, rank: int) -> tuple[int, ...]:
    """The axes that scales or sizes are given for."""
    listed = node.integers("axes")
    return tuple(range(rank)) if listed is None else resolved_axes(listed, rank)


def _check_stretches(node: Node, factors: Sequence[float]) -> None:
    """Refuses sizes that ONNX only takes as bounds, to keep the proportions of the map."""
    policy = node.text("keep_aspect_ratio_policy", "stretch")
    if policy != "stretch" and len(set(factors)) > 1:
        what = f"its sizes are bounds only (keep_aspect_ratio_policy {policy})"
        raise Unsupported(what, "list the sizes that come out, with the policy stretch")


_ROUNDINGS: Mapping[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
    "floor": np.floor,
    "ceil": np.ceil,
    "round_prefer_floor": lambda v: np.ceil(v - 0.5),
    "round_prefer_ceil": lambda v: np.floor(v + 0.5),
}


def _picked(node: Node, size: int, factor: float) -> NDArray[np.int64]:
    """For each pixel along an axis behind a nearest Resize the one that it is of the input."""
    place = node.text("coordinate_transformation_mode", "half_pixel")
    rounding = node.text("nearest_mode", "round_prefer_floor")
    if node.kind == "Upsample":
        place, rounding = "asymmetric", "floor"
    whole = factor == int(factor)
    if place not in (*CENTERED, "asymmetric", "align_corners", "tf_half_pixel_for_nn") or (
        place == "half_pixel_symmetric" and not whole
    ):
        raise Unsupported(f"takes {place} coordinates", "use asymmetric or half_pixel coordinates")
    count = int(size * factor + 1e-6)
    # in float32, as onnxruntime: many places lie in the middle between two pixels
    at = _places(np.arange(count, dtype=np.float32), np.float32(factor), size, place)
    rounded = _ROUNDINGS.get(rounding, np.round)(at)
    picked: NDArray[np.int64] = np.clip(rounded, 0, size - 1).astype(np.int64)
    return picked


def _places(
    y: NDArray[np.float32], factor: np.float32, size: int, place: str
) -> NDArray[np.float32]:
    """The place in the input that each output pixel shows, by ONNX's formulas."""
    half = np.float32(0.5)
    found = (y + half) / factor - half
    if place == "asymmetric":
        found = y / factor
    elif place == "tf_half_pixel_for_nn":
        found = (y + half) / factor
    elif place == "align_corners":
        found = y * np.float32(size - 1) / np.float32(max(1, len(y) - 1))
    elif place == "pytorch_half_pixel" and len(y) == 1:
        found = np.zeros_like(y)
    places: NDArray[np.float32] = found.astype(np.float32)
    return places


Bilinear.importers = tuple(
    Importer(
        kind=kind,
        convert=resize,
        becomes="Upsample (nearest), Bilinear (linear); a depthwise Conv where it gets smaller",
        constraints=(
            "nearest: whole factors, others of small maps",
            "linear: ratios of numbers up to 127; with aligned corners to at most 256 x 256",
            "no antialiasing, cubic interpolation or region of interest",
        ),
    )
    for kind in ("Resize", "Upsample")
)
