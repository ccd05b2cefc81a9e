"""Dead channels: what survives keeps its bytes, what goes is what nobody misses."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from random_models import random_images, random_model

from msfcnn.frontend.onnx import load_model
from msfcnn.ir import (
    Clamp,
    Geometry,
    Model,
    Op,
    Order,
    Port,
    Quantization,
    Tensor,
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
from msfcnn.optimize import Folding, fold_dead_channels
from msfcnn.optimize.demand import needed_channels
from msfcnn.optimize.ranges import ranges
from msfcnn.reference import execute, execute_some

SEEDS = [*range(60), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(60, 400))]


def assert_same_bytes(model: Model, folded: Model, folding: Folding, seed: int = 0) -> None:
    """Every surviving channel, and all of the input and the outputs."""
    images = random_images(model, 3, seed)
    before, after = execute(model, images), execute(folded, images)
    for index, kept in enumerate(folding.kept):
        name = model.tensors[index].name
        np.testing.assert_array_equal(after[index], before[index][..., list(kept)], name)
    for port, same in zip(
        (model.input, *model.outputs), (folded.input, *folded.outputs), strict=True
    ):
        assert folded.tensors[same.tensor] == model.tensors[port.tensor]


# --- random networks ------------------------------------------------------------------------------


def planted(seed: int) -> Model:
    """A random network in which a third of the channels of half its convolutions are dead."""
    model, rng = random_model(seed), np.random.default_rng(seed)
    return dataclasses.replace(model, ops=tuple(_planted(op, rng) for op in model.ops))


def _planted(op: Op, rng: np.random.Generator) -> Op:
    if not isinstance(op, Conv) or rng.random() < 0.5:
        return op
    weights, scale, bias = op.weights.copy(), op.weight_scale.copy(), op.bias.copy()
    outputs, inputs = (rng.random(n) < 0.33 for n in (len(weights), weights.shape[3]))
    match rng.integers(4):
        case 0:
            weights[outputs] = 0
        case 1:
            scale[outputs] = 1e-14
        case 2:  # the clamp leaves one value
            bias[outputs] = rng.choice([-(10**7), 10**7])
        case _:  # nobody reads them
            weights[..., inputs] = 0
    return dataclasses.replace(op, weights=weights, weight_scale=scale, bias=bias)


@pytest.mark.parametrize("multiple", [1, 4])
@pytest.mark.parametrize("seed", SEEDS)
def test_what_survives_keeps_its_bytes(seed: int, multiple: int) -> None:
    model = planted(seed)
    assert without_constants(model) == ()
    folded, folding = fold_dead_channels(model, multiple)
    assert without_constants(folded) == ()
    assert_same_bytes(model, folded, folding, seed)
    assert folding.macs == (model.macs, folded.macs)
    assert folded.macs <= model.macs
    assert fold_dead_channels(folded, multiple)[1].changed is False
    for old, new in zip(model.tensors, folded.tensors, strict=True):
        assert new.channels == old.channels or new.channels % multiple == 0
        values = np.arange(new.size, dtype=np.int64).astype(np.int8).reshape(new.shape)
        np.testing.assert_array_equal(new.from_onnx(new.to_onnx(values)), values)


@pytest.mark.parametrize("multiple", [1, 4])
@pytest.mark.parametrize("seed", range(12))
def test_no_op_needs_more_than_what_stays(seed: int, multiple: int) -> None:
    model = planted(seed)
    found = ranges(model)
    masks = needed_channels(model, found, multiple)
    copies = tuple(mask.copy() for mask in masks)
    for op in model.ops:
        op.need(model, found, copies)
    for mask, copy in zip(masks, copies, strict=True):
        np.testing.assert_array_equal(mask, copy)
        assert mask.all() or (mask.any() and mask.sum() % multiple == 0)


def test_random_networks_lose_channels() -> None:
    """The test above would otherwise prove nothing."""
    lost = [fold_dead_channels(planted(seed))[1].macs for seed in range(60)]
    assert sum(before > after for before, after in lost) > 25


@pytest.mark.parametrize("seed", range(40))
def test_no_value_leaves_its_range(seed: int) -> None:
    model = planted(seed)
    for found, values in zip(
        ranges(model), execute(model, random_images(model, 4, 1)), strict=True
    ):
        assert (values >= found.low).all()
        assert (values <= found.high).all()


# --- cases ----------------------------------------------------------------------------------------

ZERO = 7  # zero point of all tensors


class Chain:
    """A model made by hand; ops follow each other unless `source` says otherwise."""

    def __init__(self, height: int, width: int, channels: int) -> None:
        self.rng = np.random.default_rng(5)
        self.tensors: list[Tensor] = []
        self.ops: list[Op] = []
        self.last = self.tensor(height, width, channels)

    def tensor(self, height: int, width: int, channels: int) -> int:
        shape = (1, channels, height, width)
        name = f"t{len(self.tensors)}"
        self.tensors.append(Tensor(name, height, width, channels, Quantization(0.1, ZERO), shape))
        return len(self.tensors) - 1

    def add(self, op: Op) -> int:
        self.ops.append(op)
        self.last = op.output
        return self.last

    def conv(
        self,
        outputs: int,
        kernel: int = 1,
        pad: int = 0,
        groups: int = 1,
        source: int | None = None,
        dead: dict[int, int] | None = None,
        unread: tuple[int, ...] = (),
    ) -> int:
        """dead: output channels with all weights zero, and their values. unread: input channels."""
        source = self.last if source is None else source
        x = self.tensors[source]
        shape = (outputs, kernel, kernel, x.channels // groups)
        weights = self.rng.integers(-90, 90, shape, dtype=np.int8)
        weights[weights == 0] = 1
        bias = self.rng.integers(-500, 500, outputs)
        for channel, value in (dead or {}).items():
            weights[channel] = 0
            bias[channel] = (value - ZERO) * 250
        weights[..., list(unread)] = 0
        scale = np.full(outputs, 1 / 250)
        geometry = Geometry(kernel, kernel, 1, 1, 1, 1, pad, pad, pad, pad)
        size = (n + 2 * pad - kernel + 1 for n in (x.height, x.width))
        target = self.tensor(*size, outputs)
        name = f"conv{len(self.ops)}"
        return self.add(Conv(name, source, target, geometry, groups, weights, scale, bias))

    def same(self, make: type[Requantize] | type[Softmax]) -> int:
        return self.add(make("same", self.last, self.tensor(*self.tensors[self.last].shape)))

    def model(self, *outputs: int) -> Model:
        ports = [self._port(t) for t in outputs or (self.last,)]
        return Model(
            "chain", "0" * 64, tuple(self.tensors), tuple(self.ops), self._port(0), tuple(ports)
        )

    def _port(self, tensor: int) -> Port:
        return Port(f"p{tensor}", tensor, self.tensors[tensor].onnx_shape, Order.CHW, "int8")


def channels(model: Model) -> list[int]:
    """Of each tensor after folding; checks on the way that the bytes are the same."""
    folded, folding = fold_dead_channels(model)
    assert_same_bytes(model, folded, folding)
    return [tensor.channels for tensor in folded.tensors]


def test_a_constant_goes_into_the_bias() -> None:
    chain = Chain(5, 5, 3)
    chain.conv(4, dead={1: 60, 3: ZERO})
    chain.conv(5, kernel=3)
    model = chain.model()
    assert channels(model) == [3, 2, 5]
    folded, folding = fold_dead_channels(model)
    second = folded.ops[1]
    assert isinstance(second, Conv)
    assert isinstance(model.ops[1], Conv)
    added = model.ops[1].weights[..., 1].astype(np.int64).sum(axis=(1, 2)) * (60 - ZERO)
    np.testing.assert_array_equal(second.bias, model.ops[1].bias + added)
    assert [layer.channels for layer in folding.layers] == [(4, 2), (5, 5)]
    assert folding.kept[1] == (0, 2)


@pytest.mark.parametrize("groups", [1, 4], ids=["ordinary", "depthwise"])
@pytest.mark.parametrize(
    ("value", "pad", "left"),
    [(ZERO, 0, 3), (ZERO, 1, 3), (60, 0, 3), (60, 1, 4), (127, 1, 4)],
)
def test_only_the_zero_point_may_meet_padding(groups: int, value: int, pad: int, left: int) -> None:
    chain = Chain(6, 6, 3)
    chain.conv(4, dead={1: value})
    chain.conv(4, kernel=3, pad=pad, groups=groups)
    chain.conv(2)
    assert channels(chain.model()) == [3, left, left if groups == 4 else 4, 2]


def test_padding_that_only_the_size_implies_counts() -> None:
    chain = Chain(6, 6, 3)
    chain.conv(4, dead={1: 60})
    chain.conv(4, kernel=3, pad=1)
    conv = chain.ops[-1]
    assert isinstance(conv, Conv)
    tensors, geometry = chain.tensors, dataclasses.replace(conv.geometry, pad_top=0, pad_left=0)
    silent = dataclasses.replace(geometry, pad_bottom=0, pad_right=0)
    assert tensors[conv.output].shape[:2] == (6, 6)
    chain.ops[-1] = dataclasses.replace(conv, geometry=silent)
    assert channels(chain.model()) == [3, 4, 4]


def test_clamps_pools_and_concatenations_hand_constants_on() -> None:
    chain = Chain(6, 6, 3)
    left = chain.conv(4, dead={1: 60})
    right = chain.conv(3, source=0, dead={0: -20, 2: 3})
    chain.add(Concat("concat", (left, right), chain.tensor(6, 6, 7)))
    chain.same(Requantize)
    g = Geometry(2, 2, 2, 2)
    chain.add(MaxPool("max", chain.last, chain.tensor(3, 3, 7), g))
    chain.add(AveragePool("mean", chain.last, chain.tensor(2, 2, 7), Geometry(2, 2)))
    chain.add(GlobalAveragePool("global", chain.last, chain.tensor(1, 1, 7)))
    chain.conv(5)
    assert channels(chain.model()) == [3, 3, 1, 4, 4, 4, 4, 4, 5]


@pytest.mark.parametrize("counted", [False, True])
def test_an_average_that_counts_padding_is_no_constant(counted: bool) -> None:
    chain = Chain(6, 6, 3)
    chain.conv(4, dead={1: 60, 2: ZERO})
    g = Geometry(3, 3, 1, 1, 1, 1, 1, 1, 1, 1)
    chain.add(AveragePool("mean", chain.last, chain.tensor(6, 6, 4), g, counted))
    chain.conv(5)
    left = 3 if counted else 2
    assert channels(chain.model()) == [3, left, left, 5]


def test_a_clamp_that_leaves_one_value_makes_a_constant() -> None:
    chain = Chain(4, 4, 3)
    chain.conv(4)
    conv = chain.ops[0]
    assert isinstance(conv, Conv)
    conv.bias[2] = -(10**6)
    chain.ops[0] = dataclasses.replace(conv, clamp=Clamp(ZERO, 127))
    chain.conv(5, kernel=3, pad=1)
    assert channels(chain.model()) == [3, 3, 5]


def test_what_nobody_reads_goes_with_all_that_leads_to_it() -> None:
    chain = Chain(6, 6, 3)
    chain.conv(5)
    chain.conv(5, kernel=3, pad=1, groups=5)
    chain.conv(4, unread=(0, 3))
    assert channels(chain.model()) == [3, 3, 3, 4]


def test_a_channel_that_one_of_two_readers_needs_stays() -> None:
    chain = Chain(6, 6, 3)
    x = chain.conv(5)
    left = chain.conv(4, unread=(0, 3))
    right = chain.conv(4, source=x, unread=(3,))
    chain.add(Add("add", left, right, chain.tensor(6, 6, 4)))
    assert channels(chain.model()) == [3, 4, 4, 4, 4]


@pytest.mark.parametrize(("right_dead", "left"), [({}, 4), ({1: -9}, 3)])
def test_a_residual_stops_it_unless_both_sides_are_dead(
    right_dead: dict[int, int], left: int
) -> None:
    chain = Chain(4, 4, 3)
    a = chain.conv(4, dead={1: 60})
    b = chain.conv(4, source=0, dead=right_dead)
    chain.add(Add("add", a, b, chain.tensor(4, 4, 4)))
    chain.conv(5)
    assert channels(chain.model()) == [3, left, left, left, 5]


def test_death_spreads_through_ops_that_read_only_the_dead() -> None:
    chain = Chain(8, 8, 3)
    chain.conv(4, dead={0: 50, 1: ZERO, 2: 9})
    chain.conv(6)
    conv = chain.ops[-1]
    assert isinstance(conv, Conv)
    conv.weights[:4, ..., 3] = 0  # these four read constants only
    chain.conv(6, kernel=3, groups=6)
    chain.conv(5)
    assert channels(chain.model()) == [3, 1, 2, 2, 5]


def test_a_flattened_map_loses_a_channel_of_every_pixel() -> None:
    chain = Chain(3, 2, 3)
    chain.conv(4, dead={2: 60})
    chain.add(Reshape("flatten", chain.last, chain.tensor(1, 1, 24)))
    chain.conv(5)
    assert channels(chain.model()) == [3, 3, 18, 5]


def test_one_live_pixel_of_a_flattened_map_keeps_the_channel() -> None:
    chain = Chain(3, 2, 3)
    chain.conv(4)
    chain.add(Reshape("flatten", chain.last, chain.tensor(1, 1, 24)))
    chain.conv(5, unread=tuple(4 * pixel + 2 for pixel in range(5)))
    assert channels(chain.model()) == [3, 4, 24, 5]


def test_groups_go_as_a_whole() -> None:
    chain = Chain(4, 4, 3)
    chain.conv(6)
    chain.conv(9, groups=3, dead={0: 1, 3: 5, 4: 60, 5: 2})
    chain.conv(5)
    assert channels(chain.model()) == [3, 4, 6, 5]


def test_a_last_group_is_an_ordinary_convolution_and_folded_again() -> None:
    chain = Chain(4, 4, 3)
    chain.conv(3, dead={0: 1, 1: 2})
    chain.conv(6, kernel=3, groups=3, dead={5: 60})
    chain.conv(5)
    assert channels(chain.model()) == [3, 1, 1, 5]


def test_outputs_keep_their_channels() -> None:
    chain = Chain(4, 4, 3)
    first = chain.conv(4, dead={1: 60})
    last = chain.conv(5, dead={0: 3})
    assert channels(chain.model(first, last)) == [3, 4, 5]


def test_softmax_needs_all_its_channels() -> None:
    chain = Chain(4, 4, 3)
    chain.conv(4, dead={1: 60})
    chain.same(Softmax)
    chain.conv(2, unread=(0,))
    assert channels(chain.model()) == [3, 4, 4, 2]


def test_a_tensor_that_is_all_dead_keeps_one_channel() -> None:
    chain = Chain(4, 4, 3)
    chain.conv(4, dead=dict.fromkeys(range(4), 60))
    chain.conv(4, kernel=3, groups=4)
    chain.conv(5)
    assert channels(chain.model()) == [3, 1, 1, 5]


def test_a_network_without_dead_channels_stays_what_it_is() -> None:
    chain = Chain(4, 4, 3)
    chain.conv(4)
    chain.conv(5, kernel=3, pad=1)
    model = chain.model()
    folded, folding = fold_dead_channels(model)
    assert folded is model
    assert not folding.changed
    assert folding.macs == (model.macs, model.macs)


# --- real networks --------------------------------------------------------------------------------


def stored(path: Path, model: Model, key: str) -> NDArray[np.int8]:
    port = model.input if key == "x_q" else model.outputs[0]
    with np.load(path.with_suffix(".npz")) as archive:
        return np.stack([port.view(model).from_onnx(x) for x in archive[key]])


@pytest.mark.parametrize(
    ("name", "share"),
    [("vww_96", 0.5), ("mcunet_vww_5fps", 0.95), ("person_detect", 0.99), ("kws_dscnn", 1.0)],
)
def test_a_real_network(name: str, share: float, shared_models: Path) -> None:
    path = shared_models / f"{name}.onnx"
    if not path.is_file():
        pytest.skip(f"{name}.onnx: shared models not found, set MSFCNN_MODELS")
    model = load_model(path)
    folded, folding = fold_dead_channels(model)
    assert_same_bytes(model, folded, folding)
    assert folding.macs[1] <= share * folding.macs[0]
    output = folded.outputs[0].tensor
    found = execute_some(folded, stored(path, folded, "x_q"), [output])[output]
    np.testing.assert_array_equal(found, stored(path, folded, "y_exact"))
