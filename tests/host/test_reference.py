"""The reference executor: each op against plain loops over real numbers, and random networks.

The loops know nothing of integer constants: they take the real value that the quantized inputs
stand for, exactly, and round it half up. An op may differ only where the real value lies closer
to a tie than its constants are precise.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from importlib import import_module
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from random_models import Shape, random_images, random_model, single_op_model

from msfcnn.ir import Clamp, Geometry, Model, Op, Quantization, without_constants
from msfcnn.ops import (
    Add,
    AveragePool,
    Concat,
    Conv,
    GlobalAveragePool,
    MaxPool,
    Requantize,
    Reshape,
    Softmax,
)
from msfcnn.reference import execute, execute_some, run_op

Values = NDArray[np.int8]
Pixel = tuple[int, int, int, int]  # image, row, column, channel

SUM_DOUBT = Fraction(1, 10**4)  # constants of sums leave room in int32
NARROW = Clamp(-90, 75)
SOURCE = Quantization(0.047, -19)
HALF = Fraction(1, 2)
EXECUTE = import_module("msfcnn.reference.execute")  # the package calls a function so


def images(shape: Shape, seed: int = 0, count: int = 2) -> Values:
    return np.random.default_rng(seed).integers(-128, 128, (count, *shape), dtype=np.int8)


def inside(g: Geometry, x: Values, row: int, column: int) -> Iterator[tuple[int, int, int, int]]:
    """For an output pixel the taps i, j that read an input pixel y, x."""
    for i, j in product(range(g.kernel_h), range(g.kernel_w)):
        y = row * g.stride_h - g.pad_top + i * g.dilation_h
        z = column * g.stride_w - g.pad_left + j * g.dilation_w
        if 0 <= y < x.shape[1] and 0 <= z < x.shape[2]:
            yield i, j, y, z


def real(q: Quantization, stored: int) -> Fraction:
    return Fraction(q.scale) * (int(stored) - q.zero_point)


def assert_rounded(
    model: Model,
    found: Values,
    expected: Callable[[Pixel], Fraction],
    doubt: Fraction,
    clamp: Clamp = NARROW,
) -> None:
    """doubt: how far a value before rounding may be off, in steps of the output."""
    target = model.tensors[-1]
    assert found.dtype == np.int8
    assert found.shape[1:] == target.shape
    certain = 0
    for pixel in np.ndindex(*found.shape):
        steps = expected(pixel) / Fraction(target.quantization.scale)
        steps += target.quantization.zero_point + HALF
        low, high = (
            min(clamp.high, max(clamp.low, math.floor(steps + d))) for d in (-doubt, doubt)
        )
        assert low <= found[pixel] <= high, pixel
        certain += low == high
    assert certain >= 0.9 * found.size
    assert len(np.unique(found)) > min(5, found.size // 3), "hardly any values: proves nothing"


# convolutions

CONVS = {
    "ordinary": (Geometry(3, 3), (6, 7, 3), (4, 5, 4), 1),
    "pointwise": (Geometry(1, 1), (4, 3, 5), (4, 3, 7), 1),
    "dense": (Geometry(1, 1), (1, 1, 30), (1, 1, 9), 1),
    "strides differ": (Geometry(3, 2, 2, 3), (9, 11, 2), (4, 4, 3), 1),
    "pads differ": (Geometry(4, 3, 2, 1, 1, 1, 2, 0, 1, 2), (7, 5, 2), (4, 5, 3), 1),
    "wider padding than input": (Geometry(5, 5, 1, 1, 1, 1, 3, 3, 3, 3), (2, 2, 2), (4, 4, 2), 1),
    "implied padding": (Geometry(3, 3, 2, 2), (6, 8, 2), (3, 4, 3), 1),
    "unread rows": (Geometry(2, 2, 3, 3), (9, 10, 2), (3, 3, 3), 1),
    "dilation": (Geometry(3, 2, 1, 2, 2, 3, 2, 1, 1, 2), (8, 9, 2), (7, 5, 3), 1),
    "groups": (Geometry(3, 3, 1, 1, 1, 1, 1, 1, 1, 1), (4, 5, 6), (4, 5, 9), 3),
    "groups of pointwise": (Geometry(1, 1), (3, 4, 6), (3, 4, 4), 2),
    "depthwise": (Geometry(3, 5, 2, 1, 1, 1, 1, 2, 1, 2), (7, 6, 5), (4, 6, 5), 5),
    "depth multiplier": (Geometry(3, 3, 1, 2, 2, 1, 2, 1, 2, 1), (5, 7, 3), (5, 4, 12), 3),
    "multiplier on one channel": (Geometry(3, 3), (5, 6, 1), (3, 4, 8), 1),
}


def conv_model(geometry: Geometry, size: Shape, out: Shape, groups: int) -> Model:
    """Weights and bias fill most of the output's range."""
    rng = np.random.default_rng(sum(out))
    shape = (out[2], geometry.kernel_h, geometry.kernel_w, size[2] // groups)
    weights = rng.integers(-128, 128, shape, dtype=np.int8)
    scale = rng.uniform(0.001, 0.004, out[2])
    bias = rng.integers(-20000, 20001, out[2])
    op = Conv("c", 0, 1, geometry, groups, weights, scale, bias, NARROW)
    spread = 0.015 * math.sqrt(weights[0].size)
    return single_op_model(op, [(SOURCE, size)], (Quantization(spread, 13), out))


@pytest.mark.parametrize("case", CONVS)
def test_conv(case: str) -> None:
    geometry, size, out, groups = CONVS[case]
    model = conv_model(geometry, size, out, groups)
    op, x = model.ops[0], images(size)
    assert isinstance(op, Conv)

    def expected(pixel: Pixel) -> Fraction:
        n, row, column, o = pixel
        depth = size[2] // groups
        first = o // (out[2] // groups) * depth
        acc = int(op.bias[o])
        for i, j, y, z in inside(geometry, x, row, column):
            for c in range(depth):
                acc += (int(x[n, y, z, first + c]) + 19) * int(op.weights[o, i, j, c])
        return acc * Fraction(SOURCE.scale) * Fraction(float(op.weight_scale[o]))

    assert_rounded(model, execute(model, x)[1], expected, Fraction(1, 10**6))


def test_a_conv_in_many_slices_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slicing bounds the memory; slices of one output row and of one image must fit together."""
    for case in ("pads differ", "dilation", "groups", "depthwise"):
        model = conv_model(*CONVS[case])
        x = images(model.tensors[0].shape, count=3)
        whole = execute(model, x)[1]
        with monkeypatch.context() as patch:
            patch.setattr(import_module("msfcnn.ops.conv.reference"), "SLICE_BYTES", 1)
            patch.setattr(EXECUTE, "PORTION_VALUES", 1)
            np.testing.assert_array_equal(execute(model, x)[1], whole)


def test_extreme_weights_and_inputs_do_not_wrap() -> None:
    """The largest sum of a kernel, with a bias near the end of int32, comes out saturated."""
    geometry, size, count = Geometry(7, 7), (7, 7, 64), 7 * 7 * 64
    weights = np.full((2, *size), 127, dtype=np.int8)
    weights[1] = -128
    bias = np.array([10**9, -(10**9)])
    op = Conv("c", 0, 1, geometry, 1, weights, np.full(2, 1e-9), bias)
    target = Quantization(0.01, 0), (1, 1, 2)
    model = single_op_model(op, [(Quantization(1.0, -128), size)], target)
    found = execute(model, np.full((1, *size), 127, dtype=np.int8))[1]
    sums = [10**9 + 255 * 127 * count, -(10**9) - 255 * 128 * count]
    assert found.ravel().tolist() == [math.floor(s * 1e-9 / 0.01 + 0.5) for s in sums]
    assert abs(int(found[0, 0, 0, 0])) > 100


# pools

POOLS = {
    "plain": (Geometry(2, 2, 2, 2), (6, 8, 3), (3, 4, 3)),
    "pads differ": (Geometry(3, 3, 2, 1, 1, 1, 2, 0, 0, 2), (5, 6, 2), (3, 6, 2)),
    "implied padding": (Geometry(3, 2, 2, 2), (6, 5, 2), (3, 3, 2)),
    "dilation": (Geometry(2, 3, 1, 2, 3, 2, 1, 2, 2, 2), (6, 7, 2), (6, 4, 2)),
    "odd area": (Geometry(3, 5), (5, 9, 3), (3, 5, 3)),
}
POOLED = Quantization(0.0313, 8)


@pytest.mark.parametrize("target", [SOURCE, POOLED], ids=["same scale", "other scale"])
@pytest.mark.parametrize("case", POOLS)
def test_max_pool(case: str, target: Quantization) -> None:
    geometry, size, out = POOLS[case]
    op = MaxPool("m", 0, 1, geometry, NARROW)
    model = single_op_model(op, [(SOURCE, size)], (target, out))
    x = images(size) // 2 - 60  # far below zero, where padding that counts would win

    def expected(pixel: Pixel) -> Fraction:
        n, row, column, c = pixel
        return max(real(SOURCE, x[n, y, z, c]) for _, _, y, z in inside(geometry, x, row, column))

    found = execute(model, x)[1]
    assert_rounded(model, found, expected, SUM_DOUBT * (target != SOURCE))


def test_a_max_pool_of_the_lowest_values() -> None:
    op = MaxPool("m", 0, 1, Geometry(3, 3, 1, 1, 1, 1, 1, 1, 1, 1))
    model = single_op_model(op, [(SOURCE, (2, 2, 1))], (SOURCE, (2, 2, 1)))
    assert (execute(model, np.full((1, 2, 2, 1), -128, dtype=np.int8))[1] == -128).all()


@pytest.mark.parametrize("include", [False, True], ids=["valid taps", "whole area"])
@pytest.mark.parametrize("case", POOLS)
def test_average_pool(case: str, include: bool) -> None:
    geometry, size, out = POOLS[case]
    op = AveragePool("a", 0, 1, geometry, include, NARROW)
    model = single_op_model(op, [(SOURCE, size)], (POOLED, out))
    x = images(size)

    def expected(pixel: Pixel) -> Fraction:
        n, row, column, c = pixel
        taps = [real(SOURCE, x[n, y, z, c]) for _, _, y, z in inside(geometry, x, row, column)]
        return sum(taps, Fraction(0)) / (
            geometry.kernel_h * geometry.kernel_w if include else len(taps)
        )

    assert_rounded(model, execute(model, x)[1], expected, Fraction(1, 10**6))


def test_global_average_pool() -> None:
    size = (5, 7, 20)
    op = GlobalAveragePool("g", 0, 1, NARROW)
    model = single_op_model(op, [(SOURCE, size)], (Quantization(0.009, -100), (1, 1, 20)))
    x = images(size, count=3)

    def expected(pixel: Pixel) -> Fraction:
        n, _, _, c = pixel
        pixels = [real(SOURCE, x[n, y, z, c]) for y, z in product(range(5), range(7))]
        return sum(pixels, Fraction(0)) / 35

    assert_rounded(model, execute(model, x)[1], expected, Fraction(1, 10**6))


# sums

RIGHT = Quantization(0.081, 44)


def test_add() -> None:
    size = (4, 5, 6)
    op = Add("a", 0, 1, 2, NARROW)
    model = single_op_model(op, [(SOURCE, size), (RIGHT, size)], (Quantization(0.09, -3), size))
    left, right = images(size, 1), images(size, 2)
    found = run_op(model, op, [left, right])

    def expected(pixel: Pixel) -> Fraction:
        return real(SOURCE, left[pixel]) + real(RIGHT, right[pixel])

    assert_rounded(model, found, expected, SUM_DOUBT)


def test_add_of_a_tensor_to_itself() -> None:
    size = (3, 4, 5)
    model = single_op_model(
        Add("a", 0, 0, 1, NARROW), [(SOURCE, size)], (Quantization(0.1, 7), size)
    )
    x = images(size)
    assert_rounded(model, execute(model, x)[1], lambda p: 2 * real(SOURCE, x[p]), SUM_DOUBT)


@pytest.mark.parametrize("target", [SOURCE, Quantization(0.06, -50)], ids=["clamp", "scale"])
def test_requantize(target: Quantization) -> None:
    size = (8, 8, 4)
    model = single_op_model(Requantize("r", 0, 1, NARROW), [(SOURCE, size)], (target, size))
    x = images(size)
    found = execute(model, x)[1]
    assert_rounded(model, found, lambda p: real(SOURCE, x[p]), SUM_DOUBT * (target != SOURCE))


def test_concat() -> None:
    """Each input with its own scale, in order, the first of them twice."""
    parts = [(SOURCE, (3, 4, 2)), (RIGHT, (3, 4, 5))]
    op = Concat("j", (0, 1, 0), 2, NARROW)
    model = single_op_model(op, parts, (Quantization(0.06, 5), (3, 4, 9)))
    left, right = images((3, 4, 2), 1), images((3, 4, 5), 2)
    found = run_op(model, op, [left, right, left])

    def expected(pixel: Pixel) -> Fraction:
        *where, c = pixel
        if 2 <= c < 7:
            return real(RIGHT, right[(*where, c - 2)])
        return real(SOURCE, left[(*where, c % 7)])

    assert_rounded(model, found, expected, SUM_DOUBT)


# the rest


@pytest.mark.parametrize(("scale", "calm"), [(0.003, 1), (0.02, 1), (0.7, 32)])
def test_softmax(scale: float, calm: int) -> None:
    """Over the channels of each pixel; within a fiftieth of a step before rounding."""
    size = (2, 3, 7)
    model = single_op_model(
        Softmax("s", 0, 1), [(Quantization(scale, 9), size)], (Quantization(1 / 256, -128), size)
    )
    x = images(size) // calm

    def expected(pixel: Pixel) -> Fraction:
        powers = [math.exp(scale * int(v)) for v in x[pixel[:3]]]
        return Fraction(powers[pixel[3]] / sum(powers))

    assert_rounded(model, execute(model, x)[1], expected, Fraction(1, 50), Clamp())


def test_softmax_of_equal_values_rounds_half_up() -> None:
    size = (1, 1, 8)
    target = Quantization(1 / 20, 0), size  # an eighth is 2.5 steps
    model = single_op_model(Softmax("s", 0, 1), [(SOURCE, size)], target)
    assert (execute(model, np.full((1, *size), 77, dtype=np.int8))[1] == 3).all()


def test_reshape_keeps_the_bytes() -> None:
    op = Reshape("v", 0, 1)
    model = single_op_model(op, [(SOURCE, (3, 4, 2))], (SOURCE, (1, 1, 24)))
    x = images((3, 4, 2))
    found = execute(model, x)[1]
    assert found.shape == (2, 1, 1, 24)
    assert found.tobytes() == x.tobytes()


# whole networks


def chain() -> Model:
    """Conv, then a sum of its output with the input, then an average."""
    size = (6, 6, 3)
    model = conv_model(Geometry(3, 3, 1, 1, 1, 1, 1, 1, 1, 1), size, size, 1)
    wide = replace(model.tensors[1], name="t2")
    small = replace(wide, name="t3", height=1, width=1, onnx_shape=(1, 3, 1, 1))
    ops: tuple[Op, ...] = (*model.ops, Add("a", 0, 1, 2), GlobalAveragePool("g", 2, 3))
    port = replace(model.outputs[0], tensor=3)
    tensors = (*model.tensors, wide, small)
    return replace(model, tensors=tensors, ops=ops, outputs=(port,))


def test_every_op_gets_the_tensors_it_names() -> None:
    model, x = chain(), images((6, 6, 3))
    values = execute(model, x)
    assert len(values) == 4
    np.testing.assert_array_equal(values[0], x)
    for op in model.ops:
        again = run_op(model, op, [values[t] for t in op.inputs])
        np.testing.assert_array_equal(values[op.output], again)
    assert (values[2] != values[1]).any()


def test_only_the_tensors_asked_for_are_kept() -> None:
    model, x = chain(), images((6, 6, 3))
    every = execute(model, x)
    for keep in ([3], [0, 2], [], range(4)):
        kept = execute_some(model, x, keep)
        assert list(kept) == list(keep)
        for tensor, values in kept.items():
            np.testing.assert_array_equal(values, every[tensor])


def test_tensors_without_a_reader_left_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    results: list[weakref.ref[Values]] = []
    alive: list[int] = []

    def watched(model: Model, op: Op, inputs: list[Values]) -> Values:
        alive.append(sum(result() is not None for result in results))
        result = run_op(model, op, inputs)
        results.append(weakref.ref(result))
        return result

    monkeypatch.setattr(EXECUTE, "run_op", watched)
    execute_some(chain(), images((6, 6, 3)), [3])
    assert alive == [0, 1, 1]  # the Conv's output is gone when the average runs


def test_images_do_not_influence_each_other() -> None:
    model = random_model(3)
    x = random_images(model, 3, 5)
    together = execute(model, x)
    for i in range(3):
        for ours, alone in zip(together, execute(model, x[i : i + 1]), strict=True):
            np.testing.assert_array_equal(ours[i], alone[0])


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((1, 6, 6, 3), dtype=np.uint8),
        np.zeros((6, 6, 3), dtype=np.int8),
        np.zeros((1, 3, 6, 6), dtype=np.int8),
        np.zeros((0, 6, 6, 3), dtype=np.int8),
    ],
    ids=["unsigned", "no batch", "channels first", "none"],
)
def test_wrong_images_are_refused(wrong: NDArray[np.generic]) -> None:
    with pytest.raises(ValueError, match=r"not int8 \(n, \*\(6, 6, 3\)\)"):
        execute(chain(), wrong)  # type: ignore[arg-type]


# random models

SEEDS = range(60)


@pytest.fixture(scope="module")
def models() -> list[Model]:
    return [random_model(seed) for seed in SEEDS]


def test_random_models_are_deterministic(models: list[Model]) -> None:
    for seed in (0, 7, 31):
        again, x = random_model(seed), random_images(models[seed], 2, seed)
        assert again.tensors == models[seed].tensors
        for ours, theirs in zip(execute(again, x), execute(models[seed], x), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    assert models[0].tensors != models[1].tensors


def test_random_models_are_valid(models: list[Model]) -> None:
    """Each tensor is written once, before it is read, and read by someone; constants exist."""
    for model in models:
        assert without_constants(model) == ()
        written = [model.input.tensor]
        for op in model.ops:
            assert set(op.inputs) <= set(written)
            written.append(op.output)
        assert sorted(written) == list(range(len(model.tensors)))
        read = {t for op in model.ops for t in op.inputs} | {p.tensor for p in model.outputs}
        assert read == set(written) - ({model.input.tensor} - read)
        for tensor in model.tensors:
            assert min(tensor.shape) >= 1
            assert tensor.quantization.scale > 0
            assert -128 <= tensor.quantization.zero_point <= 127


CHAINED = (Add, AveragePool, Concat, Conv, GlobalAveragePool, MaxPool, Requantize, Reshape, Softmax)


def test_random_models_have_everything(models: list[Model]) -> None:
    """Every op and every peculiarity occurs several times."""
    ops = [op for model in models for op in model.ops]
    convs = [op for op in ops if isinstance(op, Conv)]
    swept = [op.geometry for op in ops if isinstance(op, Conv | MaxPool | AveragePool)]
    found = {kind.__name__: sum(isinstance(op, kind) for op in ops) for kind in CHAINED}
    found |= {
        "depthwise": sum(op.depthwise for op in convs),
        "depth multiplier": sum(op.depthwise and len(op.weights) > op.groups for op in convs),
        "grouped": sum(op.groups > 1 and not op.depthwise for op in convs),
        "pointwise": sum(op.pointwise for op in convs),
        "extreme weights": sum(bool((np.abs(op.weights.astype(int)) >= 127).all()) for op in convs),
        "kernels of 7": sum(7 in (g.kernel_h, g.kernel_w) for g in swept),
        "not square": sum(g.kernel_h != g.kernel_w for g in swept),
        "stride 3": sum(3 in (g.stride_h, g.stride_w) for g in swept),
        "dilated": sum(max(g.dilation_h, g.dilation_w) > 1 for g in swept),
        "pads differ": sum(g.pad_top != g.pad_bottom for g in swept),
        "twice": sum(len(set(op.inputs)) < len(op.inputs) for op in ops),
        "clamped": sum(getattr(op, "clamp", Clamp()) != Clamp() for op in ops),
        "several outputs": sum(len(model.outputs) > 1 for model in models),
    }
    assert {what: n for what, n in found.items() if n < 5} == {}


def test_random_values_are_well_spread(models: list[Model]) -> None:
    """Constants or saturation would hide mistakes: rare among values that could be spread."""
    flat = saturated = total = 0
    for seed, model in enumerate(models):
        for op, values in zip(
            model.ops, execute(model, random_images(model, 2, seed))[1:], strict=True
        ):
            if values.size >= 16 and not isinstance(op, Softmax):
                total += 1
                flat += len(np.unique(values)) < min(10, values.size // 4)
                saturated += float(np.isin(values, (-128, 127)).mean()) > 0.5
    assert total > 200
    assert flat <= 0.02 * total
    assert saturated <= 0.08 * total
