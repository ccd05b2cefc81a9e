"""What the values of a float network look like on real inputs: one run over the images.

Every value is an output of the session, and only a share of it is kept, so that memory hardly grows
with the number of images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from msfcnn.quantizer.runtime import session

SAMPLES = 2**18  # values kept of each tensor; percentiles need no more
LEAST_SAMPLES = 64  # of one image
Tick = Callable[[int, int], None]
Images = Mapping[str, NDArray[np.float32]]  # by input: [n, ...] in its shape without batch


@dataclass(frozen=True, eq=False)
class Statistics:
    """Of one value over all images.

    low, high: the smallest and largest. sample: some of the values, evenly spread over each image.
    channel_means: mean per index of axis 1, float64 [C]; what bias correction needs.
    """

    low: float
    high: float
    sample: NDArray[np.float32]
    channel_means: NDArray[np.float64]

    @property
    def magnitude(self) -> float:
        """The largest absolute value."""
        return max(abs(self.low), abs(self.high))


def quiet(done: int, total: int) -> None:
    """Progress that nobody watches."""


def measure(model: onnx.ModelProto, images: Images, tick: Tick = quiet) -> Mapping[str, Statistics]:
    """Statistics of every float32 value that a node of the model writes, and of its inputs."""
    names = [o for node in model.graph.node for o in node.output if o]
    watched = session(watching(model, names).SerializeToString())
    count = how_many(images)
    share = max(LEAST_SAMPLES, SAMPLES // count)
    collected = {border: _Collector(share) for border in images}
    for done, feed in enumerate(one_by_one(images)):
        for border, given in feed.items():
            collected[border].add(given, done)
        for name, values in zip(names, watched.run(names, feed), strict=True):
            if isinstance(values, np.ndarray) and values.dtype == np.float32 and values.size:
                collected.setdefault(name, _Collector(share)).add(values, done)
        tick(done + 1, count)
    return {name: collector.finished() for name, collector in collected.items()}


def how_many(images: Images) -> int:
    """The number of images, as of every input."""
    return len(next(iter(images.values())))


def one_by_one(images: Images) -> Iterator[dict[str, NDArray[np.float32]]]:
    """What the network is fed with for each image: every input with its batch of 1."""
    for index in range(how_many(images)):
        yield {name: values[index : index + 1] for name, values in images.items()}


def watching(model: onnx.ModelProto, names: Sequence[str]) -> onnx.ModelProto:
    """The model with these values as its outputs."""
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    typed = {v.name: v for v in (*model.graph.output, *model.graph.value_info)}
    del watched.graph.output[:]
    for name in names:
        # onnxruntime finds the type itself where the file does not tell it
        watched.graph.output.append(typed.get(name, onnx.ValueInfoProto(name=name)))
    return watched


class _Collector:
    """Statistics while they grow."""

    def __init__(self, share: int) -> None:
        self._share = share
        self._low, self._high = np.inf, -np.inf
        self._samples: list[NDArray[np.float32]] = []
        self._means: list[NDArray[np.float64]] = []

    def add(self, values: NDArray[np.float32], turn: int) -> None:
        """Range, means per channel and a sample of an image's values; a share of them is
        kept, evenly. turn: number of the image.
        """
        self._low = min(self._low, float(values.min()))
        self._high = max(self._high, float(values.max()))
        flat = values.ravel()
        stride = -(-flat.size // self._share)
        # another offset for each image, so that no column of the images is always the one
        self._samples.append(flat[(turn * 7) % stride :: stride].copy())
        others = tuple(axis for axis in range(values.ndim) if axis != 1)
        means = np.asarray(values.mean(axis=others, dtype=np.float64))
        # values whose shape depends on the image (boxes found, say) have no channels in common
        self._means = [m for m in self._means if m.shape == means.shape] + [means]

    def finished(self) -> Statistics:
        """The statistics of all images so far. There must have been one."""
        means = np.mean(self._means, axis=0)
        return Statistics(self._low, self._high, np.concatenate(self._samples), means)
