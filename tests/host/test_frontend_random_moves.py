"""Random chains of operators that move elements, between convolutions: as onnxruntime."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx_builder import Net, Scale
from test_frontend_oracle import agree

SEEDS = range(300, 360)
FINE = Scale(1 / 40, 4)
LARGEST = 400  # elements; what is moved one by one costs a step for each


class Chain:
    """A network that grows by an operator at a time; `shape` is that of `value`."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        channels, height, width = (int(n) for n in self.rng.integers(2, 7, 3))
        self.shape: tuple[int, ...] = (1, channels, height, width)
        self.net = Net(self.shape, seed=seed)
        self.value = self.net.input
        self.done: Counter[str] = Counter()

    def ints(self, *values: int) -> str:
        return self.net.const(np.array(values, np.int64))

    def append(self, kind: str, shape: tuple[int, ...], *inputs: str, **attributes: object) -> None:
        before = self.value
        self.value = self.net.node(kind, before, *inputs, **attributes)
        self.net.scales[self.value] = self.net.scales[before]
        self.shape = shape
        self.done[kind] += 1

    def axis(self) -> int:
        """Any axis but the batch."""
        return int(self.rng.integers(1, len(self.shape)))


def transpose(chain: Chain) -> None:
    perm = [0, *(1 + chain.rng.permutation(len(chain.shape) - 1)).tolist()]
    chain.append("Transpose", tuple(chain.shape[a] for a in perm), perm=perm)


def reshape(chain: Chain) -> None:
    """To two, three or four axes, with sizes that divide what there is."""
    rest, sizes = math.prod(chain.shape), [1]
    for _ in range(chain.rng.integers(0, 3)):
        divisors = [n for n in range(1, rest + 1) if rest % n == 0]
        sizes.append(int(chain.rng.choice(divisors)))
        rest //= sizes[-1]
    shape = (*sizes, rest)
    wanted = [*shape]
    if chain.rng.random() < 0.5:
        wanted[chain.rng.integers(1, len(wanted))] = -1
    chain.append("Reshape", shape, chain.ints(*wanted))


def slice_(chain: Chain) -> None:
    axis = chain.axis()
    size = chain.shape[axis]
    step = int(chain.rng.choice([1, 1, 2, -1]))
    taken = np.arange(size)[chain.rng.integers(0, size) :: step]
    if step == 1:
        taken = taken[: int(chain.rng.integers(1, len(taken) + 1))]
    start, end = int(taken[0]), int(taken[-1]) + step
    bounds = [start, end if end >= 0 else -size - 1, axis, step]
    shape = (*chain.shape[:axis], len(taken), *chain.shape[axis + 1 :])
    chain.append("Slice", shape, *(chain.ints(bound) for bound in bounds))


def gather(chain: Chain) -> None:
    axis = chain.axis()
    size = chain.shape[axis]
    count = int(chain.rng.integers(1, size + 1))
    indices = chain.rng.integers(-size, size, count).tolist()
    shape = (*chain.shape[:axis], count, *chain.shape[axis + 1 :])
    chain.append("Gather", shape, chain.ints(*indices), axis=axis)


def tile(chain: Chain) -> None:
    if math.prod(chain.shape) * 2 > LARGEST:
        return
    axis = chain.axis()
    repeats = [2 if i == axis else 1 for i in range(len(chain.shape))]
    shape = tuple(n * r for n, r in zip(chain.shape, repeats, strict=True))
    chain.append("Tile", shape, chain.ints(*repeats))


def pad(chain: Chain) -> None:
    """Zeros around a map."""
    if math.prod(chain.shape) * 2 > LARGEST or len(chain.shape) != 4:
        return
    before, after = chain.rng.integers(0, 2, 4), chain.rng.integers(0, 2, 4)
    before[0] = after[0] = 0
    shape = tuple(int(n) for n in np.array(chain.shape) + before + after)
    chain.append("Pad", shape, chain.ints(*before.tolist(), *after.tolist()))


def concat(chain: Chain) -> None:
    """Behind itself."""
    if math.prod(chain.shape) * 2 > LARGEST:
        return
    axis = chain.axis()
    shape = tuple(n * 2 if i == axis else n for i, n in enumerate(chain.shape))
    chain.append("Concat", shape, chain.value, axis=axis)


def unsqueeze(chain: Chain) -> None:
    if len(chain.shape) > 3:
        return
    axis = chain.axis()
    shape = (*chain.shape[:axis], 1, *chain.shape[axis:])
    chain.append("Unsqueeze", shape, chain.ints(axis))


def conv(chain: Chain) -> None:
    """A pointwise convolution, where there is a map; it settles how the elements lie."""
    if len(chain.shape) != 4:
        return
    outputs = int(chain.rng.integers(2, 6))
    chain.value = chain.net.conv(chain.value, (outputs, chain.shape[1], 1, 1), scale=FINE)
    chain.shape = (1, outputs, *chain.shape[2:])
    chain.done["Conv"] += 1


MOVES: tuple[Callable[[Chain], None], ...] = (
    transpose,
    reshape,
    slice_,
    gather,
    tile,
    pad,
    concat,
    unsqueeze,
    conv,
)


def chain_of(seed: int) -> Chain:
    """Up to six moves; the last value is quantized once more, so that it is a tensor."""
    chain = Chain(seed)
    for _ in range(chain.rng.integers(2, 7)):
        MOVES[chain.rng.integers(len(MOVES))](chain)
    chain.net.output(chain.net.qdq(chain.net.node("Tanh", chain.value), FINE))
    return chain


@pytest.mark.parametrize("seed", SEEDS)
def test_moves_are_those_of_onnxruntime(seed: int, tmp_path: Path) -> None:
    agree(chain_of(seed).net, tmp_path, slack=2)


def test_shapes_are_those_that_onnx_infers(tmp_path: Path) -> None:
    """The test's own arithmetic; a wrong shape here would hide a wrong one there."""
    for seed in SEEDS:
        chain = chain_of(seed)
        model = onnx.load(chain.net.save(tmp_path / "net.onnx"))
        inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
        found = inferred.graph.output[0].type.tensor_type.shape
        assert tuple(dim.dim_value for dim in found.dim) == chain.shape, seed


def test_every_move_is_among_them() -> None:
    total = sum((chain_of(seed).done for seed in SEEDS), Counter())
    assert all(total[kind] >= 3 for kind in total)
    assert len(total) == len(MOVES)
