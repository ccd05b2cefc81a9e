"""From the values of a tensor to the range that its 256 steps cover.

A wide range rounds all values coarsely, a narrow one clips the largest: each method is another
opinion about that. `quantize` with method "best" tries all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msfcnn.quantizer.statistics import Statistics

STEPS = 255  # between the 256 values of int8
PERCENTILE = 99.99
BINS = 2048  # of the histogram that `entropy` looks at
SHRINKS = 32  # candidates that `mse` and `entropy` try


@dataclass(frozen=True)
class RealRange:
    """Real numbers from low <= 0 to high >= 0 that int8 has to cover.

    Zero is always in it: padding, Relu and sums of nothing give exactly 0 and must stay exact.
    """

    low: float
    high: float

    @property
    def width(self) -> float:
        """high - low."""
        return self.high - self.low

    def union(self, other: RealRange) -> RealRange:
        """The range that covers both."""
        return RealRange(min(self.low, other.low), max(self.high, other.high))

    def parameters(self) -> tuple[np.float32, int]:
        """Scale and zero point of int8, zero exactly a step.

        real = scale * (q - zero point). The zero point is rounded, so the range moves by half a
        step at most. A range of nothing gets a tiny scale that is still a normal float32.
        """
        scale = np.float32(max(self.width / STEPS, np.finfo(np.float32).tiny * 1e6))
        return scale, int(np.clip(round(-128 - self.low / float(scale)), -128, 127))


def minmax(values: Statistics) -> RealRange:
    """Everything that was seen."""
    return RealRange(min(values.low, 0.0), max(values.high, 0.0))


def percentile(values: Statistics) -> RealRange:
    """All but the rarest values at each end: one in ten thousand."""
    low, high = np.percentile(values.sample, [100 - PERCENTILE, PERCENTILE])
    return _within(minmax(values), float(low), float(high))


def mse(values: Statistics) -> RealRange:
    """The range with the least mean square error of rounding and clipping together."""
    whole = minmax(values)
    sample = values.sample.astype(np.float64)
    return min(
        _candidates(whole), key=lambda r: float(np.square(_rounded(sample, r) - sample).mean())
    )


def entropy(values: Statistics) -> RealRange:
    """The range whose 256 steps keep the distribution of the values best (Kullback-Leibler).

    As TensorRT calibrates (S. Migacz, "8-bit Inference with TensorRT", GTC 2017), but for ranges
    that need not be symmetric.
    """
    whole = minmax(values)
    if whole.width <= 0:  # all of them are zero
        return whole
    # zeros are exact in every range; behind a Relu they would drown all else
    others = values.sample[values.sample != 0]
    counts, _ = np.histogram(others, BINS, (whole.low, whole.high))
    centers = whole.low + (np.arange(BINS) + 0.5) * whole.width / BINS
    return min(_candidates(whole), key=lambda r: _divergence(counts.astype(np.float64), centers, r))


METHODS: Mapping[str, Callable[[Statistics], RealRange]] = {
    "minmax": minmax,
    "percentile": percentile,
    "entropy": entropy,
    "mse": mse,
}


def _candidates(whole: RealRange) -> list[RealRange]:
    """The whole range and smaller ones, both ends shrunk alike."""
    return [RealRange(whole.low * f, whole.high * f) for f in np.linspace(1.0, 0.2, SHRINKS)]


def _rounded(sample: NDArray[np.float64], given: RealRange) -> NDArray[np.float64]:
    """The sample as int8 would show it: rounded to the scale, clipped at the range."""
    scale, zero = given.parameters()
    steps = np.clip(np.rint(sample / float(scale)) + zero, -128, 127)
    rounded: NDArray[np.float64] = (steps - zero) * float(scale)
    return rounded


def _divergence(
    counts: NDArray[np.float64], centers: NDArray[np.float64], given: RealRange
) -> float:
    """Of the clipped distribution from its image in 256 steps, in nats; inf if nothing is left.

    counts: of each bin of the histogram, centers: the real value in its middle. What lies outside
    of the range is counted at its ends, as clipping puts it there; within a step the counts are
    spread evenly over its bins that are not empty.
    """
    clipped = np.clip(centers, given.low, given.high)
    inside = (centers >= given.low) & (centers <= given.high)
    reference = np.where(inside, counts, 0.0)
    ends = np.flatnonzero(inside)
    if not ends.size:
        return float("inf")
    reference[ends[0]] += counts[: ends[0]].sum()
    reference[ends[-1]] += counts[ends[-1] + 1 :].sum()
    scale, zero = given.parameters()
    steps = (np.clip(np.rint(clipped / float(scale)) + zero, -128, 127) + 128).astype(np.int64)
    held = inside & (counts > 0)
    sums = np.bincount(steps[held], counts[held], 256)
    bins = np.bincount(steps[held], minlength=256)
    spread = np.where(held, sums[steps] / np.maximum(bins[steps], 1), 0.0)
    total, image = reference.sum(), spread.sum()
    if not total or not image:
        return float("inf")
    p, q = reference / total, spread / image
    both = (p > 0) & (q > 0)
    # a bin that the image lacks would cost infinitely much; 20 nats are more than any other does
    missing = p[(p > 0) & ~both].sum()
    return float((p[both] * np.log(p[both] / q[both])).sum() + missing * 20)


def _within(whole: RealRange, low: float, high: float) -> RealRange:
    return RealRange(max(whole.low, min(low, 0.0)), min(whole.high, max(high, 0.0)))
