"""TFLite operators that contradict themselves, and operators that nobody can stream: all named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tflite
from tflite_builder import SAME, VALID
from tflite_cases import Maker

from msfcnn.errors import ModelError, Problem
from msfcnn.frontend import load_model
from msfcnn.frontend.tflite.problems import HINTS
from msfcnn.reference import execute
from msfcnn.verifier.images import random_images

Wrong = Callable[[Maker], None]
STRIDES = {"StrideH": 1, "StrideW": 1}


def problems(maker: Maker, path: Path) -> tuple[Problem, ...]:
    maker.net.save(path)
    with pytest.raises(ModelError) as caught:
        load_model(path)
    return caught.value.problems


def conv(m: Maker, channels: int, taps: tuple[int, ...], kind: str = "CONV_2D") -> None:
    """A convolution of a map with these channels by weights of any shape."""
    options = "Conv2DOptions" if kind == "CONV_2D" else "DepthwiseConv2DOptions"
    inputs = [m.input(1, 5, 5, channels), m.weights(*taps)]
    m.net.op(kind, inputs, m.out(1, 5, 5, taps[0]), options, Padding=SAME, **STRIDES)


def conv_with_bias(m: Maker, bias: int, source: str = "int8") -> None:
    """A convolution of 3 channels to 4 with any bias."""
    m.dtype = source
    x = m.input(1, 5, 5, 3)
    m.dtype = "int8"
    m.net.op("CONV_2D", [x, m.weights(4, 1, 1, 3), bias], m.out(1, 5, 5, 4), "Conv2DOptions",
             **STRIDES)  # fmt: skip


def scaled(m: Maker, count: int, axis: int) -> None:
    """A convolution whose weights [4, 1, 1, 3] have so many scales along an axis."""
    stored = m.rng.integers(-127, 128, (4, 1, 1, 3)).astype(np.int8)
    w = m.net.constant(stored, scale=[0.01 + n / 1000 for n in range(count)], zero=0, axis=axis)
    m.net.op("CONV_2D", [m.input(1, 5, 5, 3), w], m.out(1, 5, 5, 4), "Conv2DOptions", **STRIDES)


def unscaled(m: Maker) -> None:
    w = m.net.constant(np.ones((4, 1, 1, 3), np.int8))
    m.net.op("CONV_2D", [m.input(1, 5, 5, 3), w], m.out(1, 5, 5, 4), "Conv2DOptions", **STRIDES)


def transposed(m: Maker, taps: tuple[int, ...], stride: int) -> None:
    x, shape = m.input(1, 4, 4, 3), m.net.ints(1, 8, 8, 5)
    fields = {"StrideH": stride, "StrideW": stride, "Padding": VALID}
    inputs = [shape, m.weights(*taps), x]
    m.net.op("TRANSPOSE_CONV", inputs, m.out(1, 8, 8, 5), "TransposeConvOptions", **fields)


def dense(m: Maker, inputs: int, **fields: int) -> None:
    x = m.input(1, 12)
    made = [x, m.weights(5, inputs)]
    m.net.op("FULLY_CONNECTED", made, m.out(1, 5), "FullyConnectedOptions", **fields)


def matmul(m: Maker, **fields: int) -> None:
    made = [m.input(1, 6, 4), m.weights(4, 4)]
    m.net.op("BATCH_MATMUL", made, m.out(1, 6, 4), "BatchMatMulOptions", **fields)


def two_maps(m: Maker) -> None:
    made = [m.input(1, 4, 4), m.input(1, 4, 4)]
    m.net.op("BATCH_MATMUL", made, m.out(1, 4, 4), "BatchMatMulOptions")


def moved(m: Maker, kind: str, *values: tuple[int, ...], options: str = "", **fields: int) -> None:
    """An operator that moves the values of a map [1, 4, 6, 3] by some lists."""
    inputs = [m.input(1, 4, 6, 3), *(m.net.ints(*v) for v in values)]
    m.net.op(kind, inputs, m.same(1, 4, 6, 3), options, **fields)


def parts(m: Maker, kind: str, sizes: tuple[int, ...], axis: int, count: int) -> None:
    """A map [1, 4, 6, 3] cut into parts."""
    x, outs = m.input(1, 4, 6, 3), [m.same(1, 4, 6, 1) for _ in range(count)]
    if kind == "SPLIT":
        inputs, options = [m.net.ints(axis), x], "SplitOptions"
    else:
        inputs, options = [x, m.net.ints(*sizes), m.net.ints(axis)], "SplitVOptions"
    m.net.op(kind, inputs, outs, options, NumSplits=count)


CASES: dict[str, tuple[Wrong, str]] = {
    "weights of other channels": (
        lambda m: conv(m, 3, (4, 1, 1, 2)),
        "its weights [4, 1, 1, 2] do not fit 3 channels",
    ),
    "depthwise weights of other channels": (
        lambda m: conv(m, 3, (1, 3, 3, 4), "DEPTHWISE_CONV_2D"),
        "its weights [1, 3, 3, 4] do not fit 3 channels",
    ),
    "two depthwise weights": (
        lambda m: conv(m, 3, (2, 3, 3, 3), "DEPTHWISE_CONV_2D"),
        "its weights [2, 3, 3, 3] do not fit",
    ),
    "a bias of another length": (
        lambda m: conv_with_bias(m, m.net.ints(1, 2, 3)),
        "its bias has the shape [3], but there are 4 outputs",
    ),
    "a bias of 64 bits": (
        lambda m: conv_with_bias(m, m.net.constant(np.zeros(4, np.int64))),
        "its bias is int64",
    ),
    "an integer bias behind float": (
        lambda m: conv_with_bias(m, m.net.ints(1, 2, 3, 4), "float32"),
        "its bias is int32, but input or weights are float",
    ),
    "too few scales": (lambda m: scaled(m, 3, 0), "its weights have 3 scales along axis 0"),
    "scales of an axis that is not there": (
        lambda m: scaled(m, 4, 7),
        "its weights have 4 scales along axis 7",
    ),
    "weights without a scale": (unscaled, "its weights are int8 without a scale"),
    "transposed weights that do not fit": (
        lambda m: transposed(m, (5, 2, 2, 4), 2),
        "its weights [5, 2, 2, 4] do not fit",
    ),
    "a transposed convolution that stands still": (
        lambda m: transposed(m, (5, 2, 2, 3), 0),
        "its strides are [0, 0]",
    ),
    "a dense layer of another length": (
        lambda m: dense(m, 7),
        "its weights [5, 7] do not fit the input [1, 12]",
    ),
    "shuffled weights": (
        lambda m: dense(m, 12, WeightsFormat=1),
        "its weight matrix is in the shuffled format",
    ),
    "a product of the other side": (lambda m: matmul(m, AdjX=1), "multiplies [1, 6, 4]"),
    "a product of two maps": (two_maps, "its right side is computed at run time"),
    "an axis twice": (
        lambda m: moved(m, "TRANSPOSE", (0, 1, 1, 3), options="TransposeOptions"),
        "its permutation [0, 1, 1, 3] does not fit 4 axes",
    ),
    "pads of three axes": (
        lambda m: moved(m, "PAD", (0, 0, 1, 1, 1, 1), options="PadOptions"),
        "its pads [0, 0, 1, 1, 1, 1] do not fit 4 axes",
    ),
    "pads that take away": (
        lambda m: moved(m, "PAD", (0, 0, -1, 1, 1, 1, 0, 0), options="PadOptions"),
        "do not fit 4 axes",
    ),
    "mirrored with the border": (
        lambda m: moved(
            m, "MIRROR_PAD", (0, 0, 1, 1, 1, 1, 0, 0), options="MirrorPadOptions", Mode=1
        ),
        "pads in mode SYMMETRIC",
    ),
    "a slice of three axes": (
        lambda m: moved(m, "SLICE", (0, 0, 0), (1, 1, 1), options="SliceOptions"),
        "its bounds do not fit 4 axes",
    ),
    "a slice beyond the end": (
        lambda m: moved(m, "SLICE", (0, 2, 0, 0), (1, 3, 6, 3), options="SliceOptions"),
        "takes 3 from 2 of an axis of 4",
    ),
    "a slice of nothing": (
        lambda m: moved(m, "SLICE", (0, 4, 0, 0), (1, -1, 6, 3), options="SliceOptions"),
        "takes 0 from 4 of an axis of 4",
    ),
    "a strided slice of nothing": (
        lambda m: moved(
            m,
            "STRIDED_SLICE",
            (0, 3, 0, 0),
            (1, 1, 6, 3),
            (1, 1, 1, 1),
            options="StridedSliceOptions",
        ),
        "takes nothing",
    ),
    "parts that are not equal": (
        lambda m: parts(m, "SPLIT", (), 1, 3),
        "splits 4 into 3 parts",
    ),
    "parts that do not add up": (
        lambda m: parts(m, "SPLIT_V", (2, 2), 2, 2),
        "its sizes [2, 2] do not make 6",
    ),
    "more parts than outputs": (
        lambda m: parts(m, "SPLIT_V", (2, 2, 2), 2, 2),
        "its sizes [2, 2, 2] do not make 6",
    ),
    "an index that does not exist": (
        lambda m: moved(m, "GATHER", (0, 6), options="GatherOptions", Axis=2),
        "gathers an index that does not exist",
    ),
    "gathered by batch": (
        lambda m: moved(m, "GATHER", (0, 1), options="GatherOptions", Axis=2, BatchDims=1),
        "gathers with batch_dims",
    ),
    "resized to nothing": (
        lambda m: moved(m, "RESIZE_BILINEAR", (0, 8), options="ResizeBilinearOptions"),
        "resizes to [0, 8]",
    ),
    "resized in three dimensions": (
        lambda m: moved(
            m, "RESIZE_NEAREST_NEIGHBOR", (8, 8, 8), options="ResizeNearestNeighborOptions"
        ),
        "resizes to [8, 8, 8]",
    ),
    "blocks of nothing": (
        lambda m: moved(m, "SPACE_TO_DEPTH", options="SpaceToDepthOptions", BlockSize=0),
        "its block size is 0",
    ),
    "an axis that is not there": (
        lambda m: moved(m, "GATHER", (0,), options="GatherOptions", Axis=5),
        "",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_contradiction_is_named(case: str, tmp_path: Path) -> None:
    make, what = CASES[case]
    maker = Maker("int8")
    make(maker)
    found = problems(maker, tmp_path / "net.tflite")
    assert any(what in problem.what for problem in found), [problem.what for problem in found]
    assert all(problem.kind for problem in found)
    assert all(problem.hint for problem in found if what and what in problem.what)


@pytest.mark.parametrize("kind", sorted(HINTS))
def test_an_operator_that_nobody_can_stream_says_what_to_do(kind: str, tmp_path: Path) -> None:
    assert hasattr(tflite.BuiltinOperator, kind)
    maker = Maker("int8")
    maker.net.op(kind, [maker.input(1, 4, 4, 2)], maker.same(1, 4, 4, 2))
    (found,) = problems(maker, tmp_path / "net.tflite")
    assert found.kind == kind
    assert found.hint


@pytest.mark.parametrize(
    ("custom", "what"),
    [("FlexErf", "full TensorFlow (Flex)"), ("TFLite_Detection_PostProcess", "a custom operator")],
)
def test_operators_of_others_are_named_for_what_they_are(
    custom: str, what: str, tmp_path: Path
) -> None:
    maker = Maker("int8")
    x = maker.input(1, 4, 4, 2)
    maker.net.op("CUSTOM", [x], maker.same(1, 4, 4, 2), custom=custom)
    (found,) = problems(maker, tmp_path / "net.tflite")
    assert custom in f"{found.kind} {found.where}"
    assert what in found.what
    assert found.hint


def test_a_squared_difference_of_int8_activations_says_what_to_do(tmp_path: Path) -> None:
    """It has more than 8 bits inside: layer normalization of a quantized file."""
    maker = Maker("int8")
    inputs = [maker.input(1, 4, 5, 6), maker.input(1, 4, 5, 1)]
    maker.net.op("SQUARED_DIFFERENCE", inputs, maker.out(1, 4, 5, 6, scale=0.4, zero=-128))
    (found,) = problems(maker, tmp_path / "net.tflite")
    assert "layer normalization" in found.what
    assert "msfcnn quantize" in found.hint


def test_the_squared_difference_of_a_value_and_itself_is_zero(tmp_path: Path) -> None:
    """Layer normalization of one channel, whose mean the converter knows."""
    maker = Maker("int8")
    x = maker.input(1, 4, 5, 1)
    maker.net.op("SQUARED_DIFFERENCE", [x, x], maker.out(1, 4, 5, 1, scale=0.4, zero=-128))
    model = load_model(maker.net.save(tmp_path / "net.tflite"))
    values = execute(model, random_images(model, 2))[model.outputs[0].tensor]
    assert (values == -128).all()


def test_many_of_a_kind_are_one_problem(tmp_path: Path) -> None:
    maker = Maker("int8")
    x = maker.input(1, 4, 4, 2)
    for _ in range(20):
        x = maker.net.op("LOCAL_RESPONSE_NORMALIZATION", [x], maker.same(1, 4, 4, 2))
    (found,) = problems(maker, tmp_path / "net.tflite")
    assert found.where.endswith("and 19 more")


def test_what_depends_on_a_reported_operator_is_not_reported(tmp_path: Path) -> None:
    maker = Maker("int8")
    lost = maker.net.op("SVDF", [maker.input(1, 4, 4, 3)], maker.same(1, 4, 4, 3))
    weights = maker.weights(4, 1, 1, 3)
    maker.net.op("CONV_2D", [lost, weights], maker.out(1, 4, 4, 4), "Conv2DOptions", **STRIDES)
    (found,) = problems(maker, tmp_path / "net.tflite")
    assert found.kind == "SVDF"
