"""Tensors and models as data: order of elements, who lives when, several inputs as one sample."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_models import random_model

from msfcnn.ir import (
    SHIFT,
    Model,
    Order,
    Pixels,
    Quantization,
    Range,
    Tensor,
    anything,
    last_readers,
    live_bytes,
    live_during,
    owners,
    producers,
)

SEEDS = range(25)
SIZES = st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5))


def tensor(shape: tuple[int, int, int], order: Order = Order.CHW, unsigned: bool = False) -> Tensor:
    height, width, channels = shape
    planar = order is Order.CHW
    return Tensor(
        name="x",
        height=height,
        width=width,
        channels=channels,
        quantization=Quantization(0.5, 3),
        onnx_shape=(1, channels, height, width) if planar else (1, height, width, channels),
        onnx_order=order,
        unsigned=unsigned,
    )


@given(SIZES, st.sampled_from(Order), st.booleans(), st.integers(0, 2**32 - 1))
def test_to_onnx_and_back(
    shape: tuple[int, int, int], order: Order, unsigned: bool, seed: int
) -> None:
    stored = np.random.default_rng(seed).integers(-128, 128, shape, dtype=np.int8)
    kept = tensor(shape, order, unsigned)
    shown = kept.to_onnx(stored)
    assert shown.shape == kept.onnx_shape
    assert shown.dtype == (np.uint8 if unsigned else np.int8)
    assert np.array_equal(kept.from_onnx(shown), stored)


@given(SIZES, st.sampled_from(Order))
def test_each_element_is_where_onnx_looks_for_it(shape: tuple[int, int, int], order: Order) -> None:
    stored = np.arange(math.prod(shape), dtype=np.int8).reshape(shape)
    shown = tensor(shape, order).to_onnx(stored)[0]
    for row, column, channel in np.ndindex(*shape):
        place = (channel, row, column) if order is Order.CHW else (row, column, channel)
        assert shown[place] == stored[row, column, channel]


@given(SIZES, st.booleans())
def test_real_values_do_not_depend_on_how_they_are_stored(
    shape: tuple[int, int, int], unsigned: bool
) -> None:
    stored = np.arange(math.prod(shape), dtype=np.int8).reshape(shape)
    reals = tensor(shape, unsigned=unsigned).to_real(stored)
    assert np.array_equal(reals, (tensor(shape).to_onnx(stored).astype(np.float64) - 3) * 0.5)


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e3), st.integers(-128, 127))
def test_quantizing_is_the_nearest_value_there_is(real: float, scale: float, zero: int) -> None:
    found = Quantization(scale, zero).quantize(real)
    assert -128 <= found <= 127
    distance = abs(scale * (found - zero) - real)
    for other in (found - 1, found + 1):
        if -128 <= other <= 127:
            assert distance <= abs(scale * (other - zero) - real) * (1 + 1e-9) + 1e-12


@pytest.mark.parametrize(("real", "stored"), [(0.5, 0), (1.5, 2), (2.5, 2), (-0.5, 0), (-1.5, -2)])
def test_ties_go_to_the_even_neighbour(real: float, stored: int) -> None:
    assert Quantization(1.0, 0).quantize(real) == stored


# --- who lives when ---


def simulated(model: Model) -> list[set[int]]:
    """The tensors that exist during each op, by walking through the network."""
    found = []
    for index, op in enumerate(model.ops):
        written = {port.tensor for port in model.inputs}
        written |= {done.output for done in model.ops[: index + 1]}
        wanted = {port.tensor for port in model.outputs} | {op.output}
        wanted |= {t for later in model.ops[index:] for t in later.inputs}
        found.append(written & wanted)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_what_exists_during_an_op(seed: int) -> None:
    model = random_model(seed)
    assert [set(live) for live in live_during(model)] == simulated(model)


@pytest.mark.parametrize("seed", SEEDS)
def test_each_tensor_is_written_once_before_it_is_read(seed: int) -> None:
    model = random_model(seed)
    writer, reader = producers(model), last_readers(model)
    assert [writer[port.tensor] for port in model.inputs] == [-1] * len(model.inputs)
    for index, op in enumerate(model.ops):
        assert writer[op.output] == index
        assert all(writer[t] < index <= reader[t] for t in op.inputs)
    assert all(reader[port.tensor] == len(model.ops) for port in model.outputs)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_view_has_no_bytes_of_its_own(seed: int) -> None:
    model = random_model(seed)
    owner = owners(model)
    for op in model.ops:
        assert owner[op.output] == (owner[op.inputs[0]] if op.view else op.output)
    for size, live in zip(live_bytes(model), live_during(model), strict=True):
        assert size <= sum(model.tensors[t].size for t in live)
        assert size == sum(model.tensors[t].size for t in {owner[t] for t in live})


# --- inputs ---


def two_inputs() -> Model:
    """A network that has a second input beside the image; nobody reads it."""
    model = random_model(3)
    other = replace(tensor((1, 2, 3)), name="beside")
    port = replace(model.input, name="beside", tensor=len(model.tensors))
    return replace(model, tensors=(*model.tensors, other), beside=(port,))


@pytest.mark.parametrize("count", [1, 3])
def test_samples_are_taken_apart_and_put_together(count: int) -> None:
    model = two_inputs()
    rng = np.random.default_rng(0)
    samples = rng.integers(-128, 128, (count, *model.sample_shape), dtype=np.int8)
    parts = model.taken_apart(samples)
    assert {t: part.shape[1:] for t, part in parts.items()} == {
        port.tensor: model.tensors[port.tensor].shape for port in model.inputs
    }
    assert np.array_equal(model.put_together(parts), samples)


def test_the_image_comes_first_in_a_sample() -> None:
    model = two_inputs()
    samples = np.arange(model.input_bytes).astype(np.int8).reshape(1, *model.sample_shape)
    image = model.taken_apart(samples)[model.input.tensor]
    assert np.array_equal(image.ravel(), samples.ravel()[: image.size])


def test_a_single_input_is_its_own_sample() -> None:
    model = random_model(3)
    samples = np.zeros((2, *model.sample_shape), dtype=np.int8)
    assert model.taken_apart(samples)[model.input.tensor] is samples
    assert model.put_together({model.input.tensor: samples}) is samples


# --- pixels ---

COLORS = st.sampled_from(["rgb", "bgr", "gray"])


@given(
    COLORS,
    st.sampled_from([1, 255]),
    st.floats(0, 1),
    st.floats(0.1, 1),
    st.floats(0.003, 0.1),
    st.integers(-128, 127),
)
def test_integers_of_firmware_give_the_value_of_a_pixel(
    color: str, white: int, mean: float, std: float, scale: float, zero: int
) -> None:
    mean, std = mean * white, std * white
    steps = Pixels(color, white, (mean,), (std,)).steps(scale, zero)
    assert len(steps) == (1 if color == "gray" else 3)
    for factor, offset in steps:
        for pixel in range(0, 256, 5):
            exact = (pixel * white / 255 - mean) / std / scale + zero
            found = (pixel * factor + offset) >> SHIFT
            assert abs(found - exact) <= 0.5 + 256 / 2**SHIFT


def test_each_channel_has_its_own_mean_and_deviation() -> None:
    one, two, three = Pixels("rgb", 1, (0.1, 0.2, 0.3), (0.5, 0.6, 0.7)).steps(0.01, 0)
    assert len({one, two, three}) == 3
    assert Pixels("rgb", 1, (0.2,), (0.6,)).steps(0.01, 0) == (two,) * 3


# --- ranges ---


def test_only_equal_bounds_are_constant() -> None:
    found = Range(np.array([-5, 3, 7]), np.array([-5, 4, 7]))
    assert found.constant.tolist() == [True, False, True]
    assert not anything(4).constant.any()
