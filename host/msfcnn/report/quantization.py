"""What quantizing a network did and what it costs in accuracy, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from msfcnn.errors import Problem


@dataclass(frozen=True)
class OutputError:
    """One output, int8 against float, over all images.

    cosine:    the smallest over the images, of whole outputs; of a single number that of all images
               together.
    error:     root mean square error as a share of the root mean square of the float values.
    agreement: share of images with the same largest score; None if it is no list of scores.
    accuracy_float, accuracy_int8: share of labelled images classified right, None without labels.
    """

    name: str
    cosine: float
    error: float
    agreement: float | None
    accuracy_float: float | None
    accuracy_int8: float | None


@dataclass(frozen=True)
class LayerError:
    """One value inside the network: root mean square error relative to the float values."""

    node: str
    value: str
    error: float


@dataclass(frozen=True)
class Comparison:
    """Int8 against float on a number of images; the worst layers first."""

    images: int
    held_out: bool
    outputs: tuple[OutputError, ...]
    worst: tuple[LayerError, ...]

    @property
    def error(self) -> float:
        """One number to rank by: share of images that change class plus the mean error."""
        changed = [1 - o.agreement for o in self.outputs if o.agreement is not None]
        return _mean(changed) + _mean([o.error for o in self.outputs])


@dataclass(frozen=True)
class QuantizationReport:
    """What `quantize` wrote and found.

    files:       the int8 model and, if it was made from pictures, their preprocessing.
    size:        bytes of the int8 model's file.
    method:      how ranges were chosen; corrected: whether biases make up for rounded weights.
    notes:       what was changed on the way, one sentence each.
    degenerate:  values that the images do not exercise, with what was done about it.
    unsupported: what msfcnn does not run in the result; empty if load_model takes it.
    scale, zero_point: of the int8 input: q = round(value / scale) + zero_point.
    """

    files: tuple[Path, ...]
    size: int
    method: str
    corrected: bool
    notes: tuple[str, ...]
    degenerate: Mapping[str, str]
    unsupported: tuple[Problem, ...]
    comparison: Comparison
    scale: float
    zero_point: int


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
