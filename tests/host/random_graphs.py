"""Small random networks whose branches hold convolutions: shortcuts, dense blocks, gates, heads.

`random_graph(seed)` is deterministic, as `random_models.random_model`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
from random_models import Builder, finished

from msfcnn.ir import Axis, Geometry, Model
from msfcnn.ops import Add, AveragePool, Concat, GlobalAveragePool, MaxPool, Reshape
from msfcnn.ops.bilinear import Bilinear, between
from msfcnn.ops.lookup import Lookup
from msfcnn.ops.mul import Mul
from msfcnn.ops.select import ZERO, Select
from msfcnn.ops.upsample import Upsample

LARGEST = 24  # pixels of a side that is doubled


def random_graph(seed: int, blocks: tuple[int, int] = (2, 4)) -> Model:
    """A network of so many blocks, least and most, of which most cannot be passed by a chain."""
    model = _Graph(np.random.default_rng(seed)).graph(f"graph{seed}", blocks)
    return _of_one_scale(model) if seed % 2 else model


def resized_graph(seed: int) -> Model:
    """Blocks between changes of size by interpolation, to larger and smaller maps of any size."""
    return _Graph(np.random.default_rng(seed)).resized(f"resized graph {seed}")


def odd_hourglass(seed: int) -> Model:
    """A U-Net of odd size: pooling leaves out the last row and column, the way beside does not."""
    return _Graph(np.random.default_rng(seed)).odd_hourglass(f"odd hourglass {seed}")


def wild_graph(seed: int) -> Model:
    """Layers of any geometry on any tensor so far, joined with others of any size."""
    return _Graph(np.random.default_rng(seed)).wild(f"wild graph {seed}")


def random_gates(seed: int) -> Model:
    """With squeeze-and-excite: a map is multiplied by a vector that depends on all of it."""
    return _Graph(np.random.default_rng(seed)).gates(f"gates{seed}")


def many_sums(seed: int) -> Model:
    """MobileOne as it is trained: several convolutions of one map, added up in some order."""
    return _Graph(np.random.default_rng(seed)).many_sums(f"sums{seed}")


def gated_blocks(seed: int) -> Model:
    """Inverted residuals with a gate each, of which every other one has a sum."""
    return _Graph(np.random.default_rng(seed)).gated_blocks(f"blocks{seed}")


def repeated_blocks(seed: int) -> Model:
    """One block several times, which are all alike but for their scales."""
    return _Graph(np.random.default_rng(seed)).repeated(f"repeated{seed}", seed)


def two_views(seed: int) -> Model:
    """A map that one head reads as it is, another one flattened."""
    return _Graph(np.random.default_rng(seed)).two_views(f"views{seed}")


def _of_one_scale(model: Model) -> Model:
    """Concatenations whose parts have the scale of the whole: they can be written in place."""
    tensors = list(model.tensors)
    for op in reversed(model.ops):
        if isinstance(op, Concat):
            for tensor in op.sources:
                scale = tensors[op.output].quantization
                tensors[tensor] = replace(tensors[tensor], quantization=scale)
    return replace(model, tensors=tuple(tensors))


class _Graph(Builder):
    def graph(self, name: str, count: tuple[int, int]) -> Model:
        """Blocks, of which most branch, and some outputs."""
        blocks: list[Callable[[], None]] = [
            self._basic,
            self._downsample,
            self._pooled,
            self._inception,
            self._dense,
            self._older,
            self._older,
            self._gate,
            self._hourglass,
            self._hourglass,
            self._enlarge,
            self._shuffle,
            self._conv,
            self._depthwise,
            self._max_pool,
        ]
        outputs = []
        if self.chance(0.7):
            self._conv()
        for _ in range(self.integer(*count)):
            self.rng.choice(np.array(blocks, dtype=object))()
            if self.chance(0.25):
                outputs.append(self._branch_off())
        last = self.current
        if self.chance(0.4):
            last = self._head()
        return finished(self, name, [last, *outputs])

    def resized(self, name: str) -> Model:
        """Two or three sizes."""
        blocks: list[Callable[[], None]] = [
            self._conv,
            self._depthwise,
            self._basic,
            self._inception,
            self._max_pool,
        ]
        for _ in range(self.integer(2, 3)):
            self.rng.choice(np.array(blocks, dtype=object))()
            height, width = (self.integer(n // 3 + 1, min(2 * n, LARGEST)) for n in self.shape[:2])
            self._interpolated(height, width)
        self._conv()
        return finished(self, name, [self.current])

    def odd_hourglass(self, name: str) -> Model:
        if any(n % 2 == 0 for n in self.shape[:2]):
            odd = [1 + (n % 2 == 0) for n in self.shape[:2]]
            self.conv(Geometry(*odd), 1, self.integer(1, 4))
        source, pool = self.same(3, self.integer(2, 4)), Geometry(2, 2, 2, 2)
        height, width, channels = self.shape
        target = self.tensor(*self.pooled(pool), channels)
        self.add(MaxPool(self.name(), self.current, target, pool))
        self.same(3, self.integer(2, 4))
        self._interpolated(height, width)
        self.beside([source, self.current])
        self._pointwise()
        return finished(self, name, [self.current])

    def wild(self, name: str) -> Model:
        layers: list[Callable[[], None]] = [
            *(self._conv, self._depthwise, self._grouped, self._pointwise),
            *(self._max_pool, self._average_pool, self._function, self._resized),
        ]
        outputs = []
        for _ in range(self.integer(3, 7)):
            if self.chance(0.4):
                self.current = self._any()
            self.rng.choice(np.array(layers, dtype=object))()
            if self.chance(0.5):
                self._joined(self._any())
            if self.chance(0.15):
                outputs.append(self.current)
        return finished(self, name, [self.current, *outputs])

    def _any(self) -> int:
        """A tensor that is no input alone."""
        return self.integer(min(1, len(self.tensors) - 1), len(self.tensors) - 1)

    def _resized(self) -> None:
        height, width = (self.integer(n // 3 + 1, min(2 * n, LARGEST)) for n in self.shape[:2])
        self._interpolated(height, width)

    def _joined(self, other: int) -> None:
        """With another tensor, in the size of that."""
        if other == self.current:
            return None
        height, width, channels = self.tensors[other].shape
        if self.shape[:2] != (height, width):
            self._interpolated(height, width)
        if self.chance(0.5):
            return self.beside([other, self.current])
        self.conv(Geometry(1, 1), 1, channels)
        return self.plus(other, self.current)

    def gates(self, name: str) -> Model:
        """Blocks with a gate between others."""
        for block in (self._conv, self._gate, self._basic, self._gate, self._depthwise):
            block()
        return finished(self, name, [self.current])

    def many_sums(self, name: str) -> Model:
        """Blocks of three to five convolutions of one map each, and their sums."""
        self._conv()
        for _ in range(2):
            source, channels = self.current, self.shape[2]
            parts = []
            for _ in range(self.integer(3, 5)):
                self.current = source
                parts.append(self.same(int(self.rng.choice([1, 3])), channels))
            while len(parts) > 1:
                x, y = (parts.pop(self.integer(0, len(parts) - 1)) for _ in range(2))
                self.plus(x, y)
                parts.append(self.current)
        return finished(self, name, [self.current])

    def gated_blocks(self, name: str) -> Model:
        """A stem and blocks that widen, look around, gate and narrow again."""
        self._conv()
        for number in range(3):
            source, (_, _, channels) = self.current, self.shape
            wide = self.integer(3, 5) * channels
            self.conv(Geometry(1, 1), 1, wide)
            self.conv(Geometry(3, 3, 1, 1, 1, 1, 1, 1, 1, 1), wide, wide)
            if self.chance(0.5):
                self._function()
            self._gate()
            self.conv(Geometry(1, 1), 1, channels)
            if number % 2:
                target = self.tensor(*self.shape)
                self.add(Add(self.name(), source, self.current, target, self.clamp()))
        return finished(self, name, [self.current])

    def repeated(self, name: str, seed: int) -> Model:
        """A stem and a block that is drawn alike every time."""
        self._conv()
        blocks = [self._basic, self._inverted_residual, self._inception, self._gate]
        for _ in range(5):
            self.rng = np.random.default_rng(seed)
            blocks[seed % len(blocks)]()
        return finished(self, name, [self.current])

    def two_views(self, name: str) -> Model:
        """Two heads behind a convolution."""
        self._conv()
        source, (height, width, channels) = self.current, self.shape
        target = self.tensor(1, 1, height * width * channels)
        self.add(Reshape(self.name(), source, target))
        self.conv(Geometry(1, 1), 1, 3)
        scores, self.current = self.current, source
        return finished(self, name, [scores, self._branch_off()])

    def _gate(self) -> None:
        source, channels = self.current, self.shape[2]
        self.add(GlobalAveragePool(self.name(), source, self.tensor(1, 1, channels)))
        self.conv(Geometry(1, 1), 1, self.integer(1, 4))
        self.conv(Geometry(1, 1), 1, channels)
        if self.chance(0.5):
            self._function()
        target = self.tensor(*self.tensors[source].shape)
        self.add(Mul(self.name(), source, self.current, target, self.clamp()))

    def _function(self) -> None:
        """Some function that rises, as a sigmoid does."""
        values = np.sort(self.rng.normal(0, 1, 256))
        target = self.tensor(*self.shape)
        self.add(Lookup(self.name(), self.current, target, "sigmoid", values, self.clamp()))

    def _doubled(self) -> None:
        """Nearest or bilinear."""
        height, width, channels = self.shape
        if self.chance(0.4):
            return self._interpolated(2 * height, 2 * width)
        name, source = self.name(), self.current
        target = self.tensor(2 * height, 2 * width, channels)
        return self.add(Upsample(name, source, target, rows=2, columns=2, clamp=self.clamp()))

    def _interpolated(self, height: int, width: int) -> None:
        name, source = self.name(), self.current
        rows, columns = (
            self._places(*sizes) for sizes in zip(self.shape, (height, width), strict=False)
        )
        target = self.tensor(height, width, self.shape[2])
        self.add(Bilinear(name, source, target, rows=rows, columns=columns, clamp=self.clamp()))

    def _places(self, size: int, count: int) -> Axis:
        """Between centers of pixels, or of the first and the last pixel."""
        step = Fraction(size, count)
        if self.chance(0.4):
            step = Fraction(size - 1, max(1, count - 1))
            return between(step if size > 1 else Fraction(1, count), Fraction(0))
        return between(step, (step - 1) / 2)

    def _enlarge(self) -> None:
        """A pyramid's way up, where nothing is beside it."""
        if max(self.shape[:2]) * 2 > LARGEST:
            return self._downsample()
        return self._doubled()

    def _hourglass(self) -> None:
        """U-Net: half as large, something, as large again, and what was before beside it."""
        if min(self.shape[:2]) < 5:
            return self._inception()
        odd = [extent % 2 for extent in self.shape[:2]]
        if any(odd):
            self.conv(Geometry(1 + odd[0], 1 + odd[1]), 1, self.integer(1, 5))
        source, half = self.current, Geometry(2, 2, 2, 2)
        target = self.tensor(*self.pooled(half), self.shape[2])
        self.add(MaxPool(self.name(), self.current, target, half))
        self.same(int(self.rng.choice([1, 3])), self.integer(1, 6))
        if self.chance(0.3) and self.shape[0] % 2 == self.shape[1] % 2 == 0:
            self._hourglass()
        self._doubled()
        if self.chance(0.6):
            return self.beside([source, self.current])
        side = self.same(1, self.tensors[source].channels)
        return self.plus(source, side)

    def _shuffle(self) -> None:
        """ShuffleNet: one half of the channels passes by, then all are mixed; or some are new."""
        channels = self.shape[2]
        if channels < 2 or self.chance(0.3):
            widened = (*range(channels), *[ZERO] * self.integer(1, 3))
            return self._select(widened, self.current)
        source = self.current
        self._select(tuple(range(channels // 2)), source)
        first = self.current
        self._select(tuple(range(channels // 2, channels)), source)
        self.same(3, self.integer(1, 5))
        self.beside([first, self.current])
        order = self.rng.permutation(self.shape[2])
        return self._select(tuple(int(c) for c in order), self.current)

    def _select(self, index: tuple[int, ...], source: int) -> None:
        height, width, _ = self.tensors[source].shape
        target = self.tensor(height, width, len(index))
        self.add(Select(self.name(), source, target, index, self.clamp()))

    def same(self, kernel: int, outputs: int, stride: int = 1) -> int:
        """A convolution with padding at both ends, or all at the end as TensorFlow has it."""
        pad = kernel // 2
        before = 0 if stride > 1 and self.chance(0.5) else pad
        pads = (before, before, 2 * pad - before, 2 * pad - before)
        self.conv(Geometry(kernel, kernel, stride, stride, 1, 1, *pads), 1, outputs)
        return self.current

    def plus(self, left: int, right: int) -> None:
        """Their sum, in any order."""
        pair = (left, right) if self.chance(0.5) else (right, left)
        self.current = left
        self.add(Add(self.name(), *pair, self.tensor(*self.shape), self.clamp()))

    def beside(self, parts: list[int]) -> None:
        """Their concatenation."""
        height, width, _ = self.tensors[parts[0]].shape
        channels = sum(self.tensors[t].channels for t in parts)
        target = self.tensor(height, width, channels)
        self.add(Concat(self.name(), tuple(parts), target, self.clamp()))

    def _basic(self) -> None:
        """ResNet's block: the shortcut is read by a sliding kernel, too."""
        source, channels = self.current, self.shape[2]
        self.same(3, self.integer(2, 6))
        self.same(int(self.rng.choice([1, 3])), channels)
        self.plus(self.current, source)

    def _downsample(self) -> None:
        """ResNet's block with a strided convolution in the shortcut."""
        if min(self.shape[:2]) < 3:
            return self._basic()
        source, channels = self.current, self.integer(2, 8)
        self.same(3, channels, 2)
        main = self.same(3, channels) if self.chance(0.7) else self.current
        self.current = source
        side = self.same(1, channels, 2)
        return self.plus(main, side)

    def _pooled(self) -> None:
        """BlazeFace's block: the shortcut is pooled and widened."""
        if min(self.shape[:2]) < 4:
            return self._basic()
        source, channels = self.current, self.integer(2, 8)
        pool = Geometry(2, 2, 2, 2)
        target = self.tensor(*self.pooled(pool), self.shape[2])
        kind = MaxPool if self.chance(0.5) else AveragePool
        self.add(kind(self.name(), source, target, pool))
        side = self.same(1, channels)
        self.current, depth = source, self.tensors[source].channels
        self.conv(Geometry(2, 2, 2, 2), depth, depth)
        self.same(1, channels)
        return self.plus(self.current, side)

    def _inception(self) -> None:
        """Branches of different depth."""
        source, parts = self.current, []
        for depth in range(self.integer(2, 4)):
            self.current = source
            for _ in range(max(1, depth)):
                self.same(int(self.rng.choice([1, 3])), self.integer(1, 4))
            parts.append(self.current)
        self.beside(parts)

    def _dense(self) -> None:
        """DenseNet: what each layer makes is put beside all that was there."""
        for _ in range(self.integer(1, 2)):
            source = self.current
            self.same(3, self.integer(1, 4))
            self.beside([source, self.current])

    def _older(self) -> None:
        """A tensor of some ops ago comes back."""
        self.rng.choice(np.array([self._conv, self._pointwise, self._basic], dtype=object))()
        fits = [
            op.output
            for op in self.ops
            if self.tensors[op.output].shape[:2] == self.shape[:2] and op.output != self.current
        ]
        if not fits:
            return self._inception()
        older = int(self.rng.choice(fits))
        if self.chance(0.5):
            return self.beside([self.current, older])
        main = self.same(3, self.tensors[older].channels)
        return self.plus(main, older)

    def _branch_off(self) -> int:
        """A head of a detector."""
        source = self.current
        self.same(int(self.rng.choice([1, 3])), self.integer(1, 5))
        head, self.current = self.current, source
        return head
