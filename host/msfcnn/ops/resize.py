"""Resize by whole factors: nearest (an Upsample) and bilinear.

Names and formulas of the coordinate modes are those of ONNX's Resize. Whole factors only: then the
weights of a bilinear pixel are the same for every block of the output, and need no division.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from msfcnn.errors import ModelError
from msfcnn.ir import (
    INT32_MAX,
    Axis,
    Call,
    Clamp,
    CStruct,
    Mask,
    Model,
    Range,
    Reads,
    Values,
    absurd_scale,
    clamped,
)
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
from msfcnn.ops.base import Unary, register
from msfcnn.ops.channels import monotone_range, tie_all
from msfcnn.ops.sketch import Sketch
from msfcnn.ops.sums import SumConstants, sum_struct
from msfcnn.ops.upsample import Upsample, block_view, channel_axis, upsampled

LARGEST_FACTOR = 100  # twice of it and the taps' weights stay within a byte
CENTERED = ("half_pixel", "pytorch_half_pixel", "half_pixel_symmetric")


@register
@dataclass(frozen=True)
class Bilinear(Unary):
    """rows x columns times as large; pixels lie in the middle of their squares (half_pixel).

    Output row y lies at (2 * y + 1 - rows) / (2 * rows) between two rows of the input; beyond the
    first and the last row that row counts.
    """

    rows: int
    columns: int
    clamp: Clamp = Clamp()

    def constants(self, model: Model) -> SumConstants:
        """q = clamp((weighted sum * multiplier + offset) >> shift).

        The weights of the four taps add up to 4 * rows * columns. The zero point is in the offset.
        Raises ModelError where the scales are absurd.
        """
        source, target = (model.tensors[t].quantization for t in (self.input, self.output))
        total = 4 * self.rows * self.columns
        factor = source.scale / target.scale / total
        for shift in range(30, 0, -1):
            multiplier = round(factor * 2**shift)
            offset = (target.zero_point << shift) + (1 << (shift - 1))
            offset -= multiplier * total * source.zero_point
            if abs(offset) + 128 * total * multiplier <= INT32_MAX:
                return SumConstants((multiplier,), offset, shift, self.clamp)
        raise ModelError(absurd_scale(self.node, factor))

    def compute(self, model: Model, inputs: Sequence[Values]) -> Values:
        """Rows first, then columns; the order does not matter, as nothing is rounded between."""
        k, x = self.constants(model), inputs[0].astype(np.int64)
        acc = _along(_along(x, self.rows, 1), self.columns, 2)
        return clamped((acc * k.multipliers[0] + k.offset) >> k.shift, k.clamp)

    def value_range(self, model: Model, inputs: Sequence[Range]) -> Range:
        """See Op."""
        return monotone_range(model, self, inputs)

    def need(self, model: Model, found: Sequence[Range], kept: Sequence[Mask]) -> None:
        """See Op."""
        tie_all(self, kept)

    def calls(self, model: Model) -> tuple[Call, ...]:
        """See Op."""
        return (
            Call(
                family="bilinear",
                inputs=self.inputs,
                source=model.tensors[self.input].shape,
                target=model.tensors[self.output].shape,
                reads=Reads.WINDOW,
                rows=_axis(self.rows),
                columns=_axis(self.columns),
                channelwise=True,
            ),
        )

    def c_constants(self, model: Model, call: Call, columns: bool) -> CStruct:
        """See Op."""
        return sum_struct(self.constants(model))

    @classmethod
    def sample(cls, sketch: Sketch) -> None:
        """Twice as high and wide."""
        height, width, channels = sketch.newest.shape
        sketch.add(partial(cls, rows=2, columns=2), (2 * height, 2 * width, channels))


def _axis(factor: int) -> Axis:
    """How a bilinear kernel walks along an axis, in steps of half an output pixel.

    Output y begins to read at row (2 * y - (factor - 1)) // (2 * factor), which is -1 for the first
    half block: the row beyond the border, for which the engine takes the first one.
    """
    return Axis(kernel=2, stride=2, pad=factor - 1, up=2 * factor)


def _along(x: NDArray[np.int64], factor: int, axis: int) -> NDArray[np.int64]:
    """Sums of two neighbours, weighted in parts of 2 * factor.

    place: of each output pixel in halves of output pixels, from the middle of the first input pixel
    on. At the borders both neighbours are the same pixel.
    """
    size = x.shape[axis]
    place = 2 * np.arange(size * factor) - (factor - 1)
    first, part = place // (2 * factor), place % (2 * factor)
    shape = [1] * x.ndim
    shape[axis] = -1
    near = x.take(np.maximum(first, 0), axis) * (2 * factor - part).reshape(shape)
    found: NDArray[np.int64] = near + x.take(np.minimum(first + 1, size - 1), axis) * part.reshape(
        shape
    )
    return found


def resize(builder: Builder, node: Node) -> Value:
    """Resize, and Upsample as opsets before 10 call it, by whole factors of height and width.

    Factors of 1 do nothing. Raises Unsupported for fractions, for factors on batch or channels, for
    antialiasing, and for coordinates that `_check_nearest` and `_bilinear` do not know.
    """
    known = builder.activation(node, 0)
    if len(known.shape) not in (3, 4):
        raise Unsupported(f"its input has {len(known.shape)} axes", "use 3 or 4 axes")
    axis = channel_axis(known)
    rows, columns = _factors(builder, node, known, axis)
    if rows == columns == 1:
        return known
    if node.text("mode", "nearest") == "nearest":
        _check_nearest(node, known, axis, (rows, columns))
        op = Upsample(node=node.name, input=UNSET, output=UNSET, rows=rows, columns=columns)
        return upsampled(builder, node, known, axis, op, known.shape[axis])
    return _bilinear(builder, node, known, axis, (rows, columns))


def _bilinear(
    builder: Builder, node: Node, known: Known, axis: int, factors: tuple[int, int]
) -> Value:
    """A bilinear Resize by whole factors. Raises Unsupported for other modes and positions."""
    mode = node.text("mode", "nearest")
    place = node.text("coordinate_transformation_mode", "half_pixel")
    if mode != "linear" or place not in CENTERED:
        what = f"is in mode {mode} with {place} coordinates"
        raise Unsupported(what, "use nearest, or bilinear with align_corners=False")
    if node.boolean("antialias", False):
        raise Unsupported("uses antialias", "export it without")
    tensor, (height, width, channels) = builder.as_map(known, axis, node)
    hwc = (height * factors[0], width * factors[1], channels)
    check_size("its output", hwc)
    op = Bilinear(node=node.name, input=tensor, output=UNSET, rows=factors[0], columns=factors[1])
    usual = builder.tensors[tensor].quantization
    return Draft(
        op=op, node=node, view=block_view(known, axis, hwc), origin=node.outputs[0], usual=usual
    )


def _factors(builder: Builder, node: Node, known: Known, axis: int) -> tuple[int, int]:
    """Of height and width; 1 for what the map has not.

    Scales win over sizes, which ONNX allows only one of; both are for the axes of `axes`, or for
    all. axis: of the channels. Raises Unsupported for what is not a whole number of 1 or more.
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
    # the range first: what is infinite or no number has no integer part
    whole = all(1 <= f <= LARGEST_FACTOR and f == int(f) for f in factors)
    if not whole or factors[0] != 1 or factors[axis] != 1:
        what = f"resizes by {[round(f, 3) for f in factors]}"
        raise Unsupported(what, "resize height and width by whole factors")
    spatial = [int(factors[i]) for i in range(1, rank) if i != axis]
    rows, columns = [1] * (2 - len(spatial)) + spatial
    return rows, columns


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


_ROUNDINGS: Mapping[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "floor": np.floor,
    "ceil": np.ceil,
    "round_prefer_floor": lambda v: np.ceil(v - 0.5),
    "round_prefer_ceil": lambda v: np.floor(v + 0.5),
}


def _check_nearest(node: Node, known: Known, axis: int, factors: tuple[int, int]) -> None:
    """Refuses roundings that do not repeat every pixel equally often.

    By trying every output pixel: which of the modes of ONNX are the same for whole factors depends
    on factor and size, and a table of that would be wrong sooner than this.
    """
    place = node.text("coordinate_transformation_mode", "half_pixel")
    rounding = node.text("nearest_mode", "round_prefer_floor")
    if node.kind == "Upsample":
        place, rounding = "asymmetric", "floor"
    if place not in (*CENTERED, "asymmetric", "align_corners"):
        raise Unsupported(f"takes {place} coordinates", "use asymmetric or half_pixel coordinates")
    spatial = [n for i, n in enumerate(known.shape) if i not in (0, axis)]
    sizes = [1] * (2 - len(spatial)) + spatial
    for size, factor in zip(sizes, factors, strict=True):
        y = np.arange(size * factor, dtype=np.float64)
        at = _places(y, factor, size, place)
        rounded = _ROUNDINGS.get(rounding, np.round)(at)
        if (np.clip(rounded, 0, size - 1) != y // factor).any():
            what = f"rounds {place} coordinates by {rounding}, which repeats pixels unevenly"
            raise Unsupported(what, "use asymmetric coordinates with floor, or half_pixel")


def _places(y: NDArray[np.float64], factor: int, size: int, place: str) -> NDArray[np.float64]:
    """The place in the input that each output pixel shows, by ONNX's formulas."""
    if place == "asymmetric":
        return y / factor
    if place == "align_corners":
        return y * (size - 1) / max(1, size * factor - 1)
    return (y + 0.5) / factor - 0.5


Bilinear.importers = tuple(
    Importer(
        kind=kind,
        convert=resize,
        becomes="Upsample (nearest), Bilinear (linear)",
        constraints=(
            "height and width by whole factors",
            "linear only with half_pixel coordinates (align_corners=False)",
        ),
    )
    for kind in ("Resize", "Upsample")
)
