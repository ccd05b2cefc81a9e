"""A network on a labelled data set: float, int8 in onnxruntime and the C code side by side."""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.report.quantization import LayerError


@dataclass(frozen=True)
class Answers:
    """One way to run the network.

    accuracy: share of labelled images classified right; None without labels or scores.
    as_c:     share of images with the same class as the C code; None without scores.
    error:    root mean square difference of all outputs from the C code's, relative to their root
              mean square.
    """

    name: str
    accuracy: float | None
    as_c: float | None
    error: float


@dataclass(frozen=True)
class DatasetReport:
    """All ways to run the network on all images.

    ways:      float (if it was given), onnxruntime and C, in this order.
    classes:   names of the classes, or their numbers; empty without labels or scores.
    confusion: by true class, then by the class that the C code found: numbers of images.
    notes:     what the user should know about how the images were read.
    layers:    error of each layer against the float network, in the order of the layers; empty
               without it.
    """

    images: int
    labelled: int
    ways: tuple[Answers, ...]
    classes: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    notes: tuple[str, ...]
    layers: tuple[LayerError, ...] = ()
