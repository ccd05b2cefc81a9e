"""The rounding and the integer constants, against exact rational arithmetic."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from random_models import Shape, single_op_model

from msfcnn.errors import ModelError
from msfcnn.ir import (
    INT32_MAX,
    LARGEST_MULTIPLIER,
    ROUND,
    SMALLEST_MULTIPLIER,
    TO_EVEN,
    Clamp,
    Geometry,
    Model,
    Op,
    Quantization,
    quantize_factor,
    quantize_factors,
    requantize,
    to_even,
    without_constants,
)
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
from msfcnn.ops.conv import conv_constants
from msfcnn.ops.sums import sum_constants, ties_to_even

HALF = Fraction(1, 2)
FULL = Clamp()
PLAIN = Quantization(1.0, 0)
INT8 = st.integers(-128, 127)
ACCUMULATORS = st.integers(-INT32_MAX - 1, INT32_MAX) | st.sampled_from(
    [-INT32_MAX - 1, -INT32_MAX, -1, 0, 1, INT32_MAX]
)
FACTORS = st.floats(-31, 3).map(lambda e: 2.0**e) | st.sampled_from(
    [SMALLEST_MULTIPLIER, 2.0**-30, 0.5, 1.0 - 2.0**-53, 1.0, 7.5, 8.0]
)
ROUND_FACTORS = st.builds(
    lambda n, e: n * 2.0**e, st.sampled_from([1, 3, 11, 31]), st.integers(-30, 0)
)
CLAMPS = st.tuples(INT8, INT8).map(lambda pair: Clamp(min(pair), max(pair)))
SCALES = st.floats(-12, 4).map(lambda e: 2.0**e)
QUANTIZATIONS = st.builds(Quantization, SCALES, INT8)


def rounded(value: Fraction, clamp: Clamp = FULL) -> int:
    """Half up, then clamped."""
    return min(clamp.high, max(clamp.low, math.floor(value + HALF)))


def network(
    op: Op,
    *inputs: Quantization,
    output: Quantization = PLAIN,
    size: Shape = (1, 1, 1),
    out: Shape = (1, 1, 1),
) -> Model:
    """The op between tensors of these quantizations; size: of each input."""
    return single_op_model(op, [(q, size) for q in inputs], (output, out))


def conv(weights: list[int], bias: int, weight_scale: float = 1.0) -> Conv:
    """A dense layer with one output and a kernel of these taps."""
    taps = np.array(weights, dtype=np.int8).reshape(1, 1, 1, -1)
    biases = np.array([bias], dtype=np.int64)
    return Conv("c", 0, 1, Geometry(1, 1), 1, taps, np.array([weight_scale]), biases)


# requantize and its factors


@given(ACCUMULATORS, FACTORS, INT8, CLAMPS)
@example(INT32_MAX, 8.0, 127, Clamp())
@example(-INT32_MAX - 1, 8.0, -128, Clamp())
@example(-INT32_MAX - 1, SMALLEST_MULTIPLIER, 0, Clamp())
def test_requantize_is_one_exact_rounding(acc: int, factor: float, zero: int, clamp: Clamp) -> None:
    scaling = quantize_factors(np.array([factor]))
    multiplier, shift = int(scaling.multiplier[0]), int(scaling.shift[0])
    done = requantize(np.array([acc]), scaling.multiplier, scaling.shift, zero, clamp)
    assert done.dtype == np.int8
    assert int(done[0]) == rounded(acc * Fraction(multiplier, 2**shift) + zero, clamp)


@given(ACCUMULATORS, FACTORS, INT8)
def test_requantize_is_the_real_product_but_for_ties(acc: int, factor: float, zero: int) -> None:
    """Off only where an exact product lies closer to a tie than the multiplier is precise."""
    scaling = quantize_factors(np.array([factor]))
    done = int(requantize(np.array([acc]), scaling.multiplier, scaling.shift, zero, Clamp())[0])
    real = acc * Fraction(factor) + zero
    doubt = abs(acc) * Fraction(factor) / 2**30
    assert rounded(real - doubt) <= done <= rounded(real + doubt)


@pytest.mark.parametrize(("acc", "expected"), [(1, 1), (-1, 0), (3, 2), (-3, -1), (-4, -2)])
def test_ties_round_up(acc: int, expected: int) -> None:
    scaling = quantize_factors(np.array([0.5]))
    done = requantize(np.array([acc]), scaling.multiplier, scaling.shift, 0, Clamp())
    assert int(done[0]) == expected


@pytest.mark.parametrize(("acc", "expected"), [(1, 0), (-1, 0), (3, 2), (-3, -2), (-4, -2), (5, 2)])
def test_marked_ties_round_to_even(acc: int, expected: int) -> None:
    factors = np.array([0.5])
    scaling = to_even(quantize_factors(factors), np.array([10]), factors)
    done = requantize(np.array([acc]), scaling.multiplier, scaling.shift, 0, Clamp())
    assert int(done[0]) == expected


@given(ACCUMULATORS, ROUND_FACTORS, INT8, CLAMPS)
@example(INT32_MAX, 8.0, 127, Clamp())
@example(-INT32_MAX - 1, 2.0**-30, 0, Clamp())
def test_marked_factors_round_as_onnx_does(
    acc: int, factor: float, zero: int, clamp: Clamp
) -> None:
    """ONNX adds the zero point to what is rounded; Python rounds to even, too."""
    factors = np.array([factor])
    plain = quantize_factors(factors)
    scaling = to_even(plain, np.array([abs(acc)]), factors)
    real = acc * Fraction(int(plain.multiplier[0]), 2 ** int(plain.shift[0]))
    done = requantize(np.array([acc]), scaling.multiplier, scaling.shift, zero, clamp)
    assert int(done[0]) == min(clamp.high, max(clamp.low, round(real) + zero))


@given(
    st.integers(-(2**17), 2**17), st.integers(1, 31), st.integers(1, 400), st.integers(-4, 3), INT8
)
@example(9, 1, 9, -1, 0)  # the mean of nine pixels, in steps twice as large
@example(27, 1, 9, -1, 1)
def test_ties_of_fractions_are_rounded_to_even(
    acc: int, numerator: int, pixels: int, power: int, zero: int
) -> None:
    ratio = Fraction(numerator, pixels) * Fraction(2) ** power
    factors = np.array([numerator * 2.0**power / pixels])
    scaling = to_even(quantize_factors(factors), np.array([2**17]), factors)
    done = requantize(np.array([acc]), scaling.multiplier, scaling.shift, zero, Clamp())
    assert int(done[0]) == min(127, max(-128, round(acc * ratio) + zero))


def _has_ties(factor: float, reach: int) -> bool:
    """Whether it is a fraction that makes half a step of an accumulator within reach."""
    exact = Fraction(factor).limit_denominator(max(1, 2 * reach))
    same = abs(exact - Fraction(factor)) < Fraction(factor) / 10**14
    return same and exact.numerator < 32 and exact.denominator % 2 == 0


@given(st.lists(ROUND_FACTORS | FACTORS, min_size=1, max_size=4), st.integers(0, 4000))
@example([0.1, 1 / 3, 1 / 18, 5 / 6, 37 / 2], 9)
@example([0.1, 1 / 3, 1 / 18, 5 / 6], 8)
def test_round_factors_are_marked_where_there_is_a_tie(factors: list[float], reach: int) -> None:
    plain = quantize_factors(np.array(factors))
    marked = to_even(plain, np.full(len(factors), reach), np.array(factors)).shift != plain.shift
    acc = np.arange(reach + 1, dtype=object)[:, None]
    places = plain.shift.astype(object)
    left = acc * plain.multiplier.astype(object) % 2**places
    ties = (left == 2 ** (places - 1)).any(axis=0) & (plain.multiplier % ROUND == 0)
    ties |= [_has_ties(factor, reach) for factor in factors]
    np.testing.assert_array_equal(marked, ties)


def test_requantize_takes_one_factor_per_channel() -> None:
    scaling = quantize_factors(np.array([1.0, 0.25, 0.0]))
    acc = np.full((2, 3, 3), 100, dtype=np.int64)
    done = requantize(acc, scaling.multiplier, scaling.shift, 1, Clamp(-128, 90))
    np.testing.assert_array_equal(done, np.broadcast_to([90, 26, 1], (2, 3, 3)))


@given(st.floats(SMALLEST_MULTIPLIER, 2.0**29))
@example(SMALLEST_MULTIPLIER)
@example(1.0 - 2.0**-53)
@example(LARGEST_MULTIPLIER)
def test_factors_keep_31_bits(factor: float) -> None:
    multiplier, shift = quantize_factor(factor)
    assert 2**30 <= multiplier < 2**31
    assert 1 <= shift <= 62
    assert abs(Fraction(multiplier, 2**shift) - Fraction(factor)) <= Fraction(factor) / 2**31


@given(ACCUMULATORS, st.floats(0, math.nextafter(SMALLEST_MULTIPLIER, 0)), INT8)
@example(INT32_MAX, math.nextafter(SMALLEST_MULTIPLIER, 0), 5)
def test_tiny_factors_are_zero(acc: int, factor: float, zero: int) -> None:
    assert quantize_factor(factor)[0] == 0
    scaling = quantize_factors(np.array([factor]))
    done = requantize(np.array([acc]), scaling.multiplier, scaling.shift, zero, Clamp())
    assert int(done[0]) == zero


@pytest.mark.parametrize(
    "factor", [-1.0, math.inf, math.nan, math.nextafter(LARGEST_MULTIPLIER, math.inf), 2.0**30]
)
def test_absurd_factors_are_refused(factor: float) -> None:
    with pytest.raises(ValueError, match="cannot be represented"):
        quantize_factor(factor)


# convolutions


def test_the_input_zero_point_is_folded_into_the_bias() -> None:
    source, target = Quantization(0.5, -7), Quantization(0.25, 11)
    model = network(conv([3, -5, 127], 1000, 2.0), source, output=target)
    op = model.ops[0]
    assert isinstance(op, Conv)
    k = conv_constants(model, op)
    assert int(k.bias[0]) == 1000 + 7 * (3 - 5 + 127)
    assert (k.input_zero, k.output_zero) == (-7, 11)
    assert Fraction(int(k.scaling.multiplier[0]), 2 ** int(k.scaling.shift[0])) == 4


def fits(weights: list[int], bias: int, zero: int) -> bool:
    """Whether the accumulator stays within int32 for the worst input."""
    folded = bias - zero * sum(weights)
    return abs(folded) + 128 * sum(abs(w) for w in weights) <= INT32_MAX


@given(
    st.lists(INT8, min_size=1, max_size=8),
    st.integers(INT32_MAX - 300_000, INT32_MAX + 300_000),
    st.sampled_from([-1, 1]),
    INT8,
)
@example([127, -2], INT32_MAX - 128 * 129, 1, 0)
@example([127, -2], INT32_MAX - 128 * 129 + 1, 1, 0)
@example([-128], INT32_MAX - 128 * 128, -1, 0)
@example([-128], INT32_MAX - 128 * 128 + 1, -1, 0)
@example([0], INT32_MAX + 1, -1, 0)
def test_an_overflow_of_the_accumulator_is_found(
    weights: list[int], size: int, sign: int, zero: int
) -> None:
    op = conv(weights, sign * size)
    model = network(op, Quantization(1.0, zero))
    if not any(weights):  # its bias is the output, whatever int32 holds
        k = conv_constants(model, op)
        done = requantize(
            k.bias.astype(np.int64), k.scaling.multiplier, k.scaling.shift, 0, Clamp()
        )
        assert int(done[0]) == np.clip(sign * size, -128, 127)
        return
    if not fits(weights, sign * size, zero):
        with pytest.raises(ModelError, match="output channel 0 can overflow"):
            conv_constants(model, op)
        assert without_constants(model)[0].where == "c"
        return
    bias = int(conv_constants(model, op).bias[0])
    for extreme in (-128, 127):
        worst = [extreme if w > 0 else -1 - extreme for w in weights]
        partial = bias
        for w, x in zip(weights, worst, strict=True):
            partial += w * x
            assert abs(partial) <= INT32_MAX
    assert without_constants(model) == ()


@pytest.mark.parametrize(("bias", "moved"), [(2**40, 0), (2 * 10**17, 2), (-3 * 10**17, -3)])
def test_of_a_dead_channel_the_bias_is_the_output(bias: int, moved: int) -> None:
    """A weight scale of 1e-17 leaves nothing of the weights; a bias may still count."""
    op = conv([1, 2], bias, 1e-17)
    k = conv_constants(network(op, Quantization(1.0, 3)), op)
    for acc in (-128 * 3, 127 * 3):
        total = k.bias.astype(np.int64) + acc
        done = requantize(total, k.scaling.multiplier, k.scaling.shift, 0, Clamp())
        assert int(done[0]) == moved


def test_an_absurd_scale_of_a_convolution_names_the_node() -> None:
    op = conv([1], 0, 1e30)
    with pytest.raises(ModelError, match="c: its scales ask for a factor of 1e"):
        conv_constants(network(op, PLAIN), op)


# sums


@given(st.lists(QUANTIZATIONS, min_size=1, max_size=2), QUANTIZATIONS)
@example([Quantization(2.0**4, -128), Quantization(2.0**4, 127)], Quantization(2.0**-12, -128))
@example([Quantization(1.0, 127)], Quantization(1.0, -128))
def test_sums_never_leave_int32_and_stay_within_one_step(
    inputs: list[Quantization], output: Quantization
) -> None:
    """For all corners of the input space, and every partial sum in either order."""
    k = sum_constants("s", tuple(inputs), output, Clamp())
    for corner in product((-128, -1, 0, 127), repeat=len(inputs)):
        terms = [m * q for m, q in zip(k.multipliers, corner, strict=True)]
        total = k.offset
        for term in terms:
            assert abs(k.offset + term) <= INT32_MAX
            assert abs(term) <= INT32_MAX
            total += term
            assert abs(total) <= INT32_MAX
        real = Fraction(output.zero_point) + sum(
            Fraction(i.scale) / Fraction(output.scale) * (q - i.zero_point)
            for i, q in zip(inputs, corner, strict=True)
        )
        assert abs(min(127, max(-128, total >> k.shift)) - rounded(real)) <= 1


@given(
    st.lists(st.builds(Quantization, st.floats(0.05, 4.0), INT8), min_size=1, max_size=2),
    st.lists(INT8, min_size=2, max_size=2),
    st.builds(Quantization, st.floats(0.5, 2.0), INT8),
)
def test_sums_of_ordinary_scales_are_exact_but_for_ties(
    inputs: list[Quantization], values: list[int], output: Quantization
) -> None:
    k = sum_constants("s", tuple(inputs), output, Clamp())
    terms = [m * q for m, q in zip(k.multipliers, values, strict=False)]
    real = Fraction(output.zero_point) + sum(
        Fraction(i.scale) / Fraction(output.scale) * (q - i.zero_point)
        for i, q in zip(inputs, values, strict=False)
    )
    assume(abs((real + HALF) - round(real + HALF)) > Fraction(1, 500))
    assert min(127, max(-128, (sum(terms) + k.offset) >> k.shift)) == rounded(real)


@given(st.lists(QUANTIZATIONS, min_size=1, max_size=2), QUANTIZATIONS)
def test_sums_use_all_of_int32(inputs: list[Quantization], output: Quantization) -> None:
    """Multipliers and offset are the nearest integers at their shift; one more bit overflows."""

    def constants(shift: int) -> tuple[tuple[int, ...], int]:
        multipliers = tuple(round(q.scale / output.scale * 2**shift) for q in inputs)
        zeros = sum(m * q.zero_point for m, q in zip(multipliers, inputs, strict=True))
        return multipliers, output.zero_point * 2**shift + 2 ** (shift - 1) - zeros

    k = sum_constants("s", tuple(inputs), output, Clamp())
    assert (k.multipliers, k.offset) == constants(k.shift)
    multipliers, offset = constants(k.shift + 1)
    assert k.shift == 30 or abs(offset) + 128 * sum(multipliers) > INT32_MAX


@given(QUANTIZATIONS)
def test_the_identity_is_exact(q: Quantization) -> None:
    k = sum_constants("s", (q,), q, Clamp())
    assert [(k.multipliers[0] * v + k.offset) >> k.shift for v in range(-128, 128)] == list(
        range(-128, 128)
    )


def test_a_sum_with_an_absurd_scale_names_the_node() -> None:
    with pytest.raises(ModelError, match="s: its scales ask for a factor of 1e"):
        sum_constants("s", (Quantization(1e10, 0),), PLAIN, Clamp())


def test_each_op_takes_the_scales_of_its_own_tensors() -> None:
    left, right, output = Quantization(1.0, 1), Quantization(2.0, 2), Quantization(4.0, 3)
    clamp = Clamp(-100, 100)
    both = network(Add("a", 0, 1, 2, clamp), left, right, output=output)
    op = both.ops[0]
    assert isinstance(op, Add)
    expected = sum_constants("a", (left, right), output, clamp)
    assert op.constants(both) == ties_to_even(expected, output)
    joined = Concat("j", (0, 1), 2, clamp)
    for index, q in enumerate((left, right)):
        expected = sum_constants("j", (q,), output, clamp)
        assert joined.constants(both)[index] == expected
    for single in (
        Requantize("r", 0, 2, clamp),
        MaxPool("r", 0, 2, Geometry(2, 2), clamp),
    ):
        expected = sum_constants("r", (left,), output, clamp)
        assert single.constants(both) == expected


# averages


def factors(model: Model) -> list[Fraction]:
    op = model.ops[0]
    assert isinstance(op, AveragePool | GlobalAveragePool)
    k = op.constants(model)
    pairs = zip(k.scaling.multiplier.tolist(), k.scaling.shift.tolist(), strict=True)
    return [Fraction(m, 2 ** (s & ~TO_EVEN)) for m, s in pairs]


PADDED = Geometry(2, 2, pad_top=1)


@pytest.mark.parametrize(
    ("op", "size", "out", "expected"),
    [
        (GlobalAveragePool("g", 0, 1), (4, 2, 1), (1, 1, 1), [8]),
        (AveragePool("a", 0, 1, Geometry(2, 2, 2, 2)), (4, 4, 1), (2, 2, 1), [4]),
        (AveragePool("a", 0, 1, PADDED), (4, 4, 1), (4, 3, 1), [1, 2, 3, 4]),
        (AveragePool("a", 0, 1, PADDED, count_include_pad=True), (4, 4, 1), (4, 3, 1), [4]),
        # an output larger than the declared padding allows implies more of it at the end
        (AveragePool("a", 0, 1, Geometry(2, 2, 2, 2)), (3, 4, 1), (2, 2, 1), [1, 2, 3, 4]),
        (AveragePool("a", 0, 1, Geometry(2, 2, 2, 2)), (4, 3, 1), (2, 2, 1), [1, 2, 3, 4]),
    ],
)
def test_an_average_divides_by_the_pixels_it_can_meet(
    op: AveragePool | GlobalAveragePool,
    size: Shape,
    out: Shape,
    expected: list[int],
) -> None:
    found = factors(network(op, PLAIN, size=size, out=out))
    assert [float(1 / f) for f in found] == pytest.approx(expected, rel=1e-9)


def test_an_average_of_too_many_pixels_is_refused() -> None:
    largest = INT32_MAX // 255
    for pixels, sound in ((largest, True), (largest + 1, False)):
        op = GlobalAveragePool("g", 0, 1)
        problems = without_constants(network(op, PLAIN, size=(pixels, 1, 1)))
        assert (not problems) == sound
        assert all("can overflow" in p.what for p in problems)


# softmax


@given(
    st.lists(INT8, min_size=1, max_size=40),
    st.floats(-10, 2).map(lambda e: 2.0**e),
    st.floats(-9, 0).map(lambda e: 2.0**e),
    INT8,
)
@example([0], 1.0, 1 / 256, -128)
@example([-128, 127] * 20, 2.0**-10, 1 / 256, -128)
@example([5] * 1000, 0.1, 1 / 256, -128)
def test_softmax_is_within_one_step_of_real_numbers(
    logits: list[int], scale: float, output_scale: float, zero: int
) -> None:
    """By the formula of SoftmaxConstants, in Python's integers."""
    op = Softmax("s", 0, 1)
    source, target = Quantization(scale, 3), Quantization(output_scale, zero)
    k = op.constants(network(op, source, output=target))
    powers = [int(k.exp_table[max(logits) - q]) for q in logits]
    total = sum(powers) << 8
    real = np.exp((np.array(logits, dtype=np.float64) - max(logits)) * scale)
    real /= real.sum()
    for power, share in zip(powers, real, strict=True):
        step = (2 * power * k.inverse_scale + total) // (2 * total)
        assert 2 * power * k.inverse_scale + total < 2**64
        expected = rounded(Fraction(float(share)) / Fraction(output_scale) + zero)
        assert abs(min(127, max(-128, zero + step)) - expected) <= 1


@pytest.mark.parametrize("scale", [1e-6, 1e9])
def test_a_softmax_with_an_absurd_scale_names_the_node(scale: float) -> None:
    op = Softmax("s", 0, 1)
    with pytest.raises(ModelError, match="s: its scales ask for"):
        op.constants(network(op, PLAIN, output=Quantization(scale, 0)))


def test_check_tells_of_every_op_at_once() -> None:
    """And lets ops pass whose constants exist."""
    model = network(conv([1], 2**40), PLAIN)
    bad = replace(model.ops[0], node="d")
    good = (
        *(Reshape("v", 0, 1), Requantize("r", 0, 1), MaxPool("m", 0, 1, Geometry(1, 1))),
        *(Concat("j", (0,), 1), Add("a", 0, 0, 1), GlobalAveragePool("g", 0, 1)),
    )
    problems = without_constants(replace(model, ops=(*good, *model.ops, bad)))
    assert [p.where for p in problems] == ["c", "d"]
