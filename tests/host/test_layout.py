"""Layouts: nothing that lives at the same time overlaps, and nothing is wasted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_models import random_model

from msfcnn.errors import ModelError
from msfcnn.graph import fusion_graph
from msfcnn.layout import layout
from msfcnn.layout.pack import Block, pack
from msfcnn.model import (
    Conv,
    Geometry,
    GlobalAveragePool,
    InputMode,
    Model,
    Order,
    Port,
    Quantization,
    Reshape,
    Tensor,
)
from msfcnn.plan import plan_layer_by_layer
from msfcnn.schedule import schedule

BLOCKS = st.builds(
    lambda size, first, length, align: Block(size, first, first + length, align),
    st.integers(1, 500),
    st.integers(0, 12),
    st.integers(0, 5),
    st.sampled_from([1, 4]),
)


def at_once(blocks: list[Block]) -> int:
    stages = {b.first for b in blocks}
    return max(sum(b.size for b in blocks if b.first <= t <= b.last) for t in stages)


@given(st.lists(BLOCKS, min_size=1, max_size=14))
def test_blocks_do_not_overlap(blocks: list[Block]) -> None:
    offsets, end = pack(blocks)
    assert end == max(o + b.size for o, b in zip(offsets, blocks, strict=True))
    assert end >= at_once(blocks)
    for i, a in enumerate(blocks):
        assert offsets[i] >= 0
        assert offsets[i] % a.align == 0
        for j, b in enumerate(blocks[:i]):
            if a.meets(b):
                assert offsets[i] + a.size <= offsets[j] or offsets[j] + b.size <= offsets[i]


@given(st.lists(st.integers(1, 1000), min_size=2, max_size=30))
def test_a_chain_takes_no_more_than_two_neighbours(sizes: list[int]) -> None:
    blocks = [Block(size, i, i + 1) for i, size in enumerate(sizes)]
    assert pack(blocks)[1] == at_once(blocks)


def test_nothing_takes_nothing() -> None:
    assert pack([]) == ((), 0)


@pytest.mark.parametrize("mode", InputMode)
@pytest.mark.parametrize("seed", range(40))
def test_every_tensor_has_its_place(seed: int, mode: InputMode) -> None:
    model = random_model(seed)
    scheduled = schedule(model, plan_layer_by_layer(fusion_graph(model), mode))
    laid_out = layout(model, scheduled)
    placed = {p.tensor for p in laid_out.placements}
    everything = set(range(len(model.tensors)))
    assert placed == everything - ({model.input.tensor} if mode is InputMode.IMAGE else set())
    for p in laid_out.placements:
        assert p.offset + p.rows * p.cols * model.tensors[p.tensor].channels <= laid_out.peak_ram
    assert laid_out.peak_ram >= max(laid_out.stage_ram)
    assert laid_out.stage_ram[laid_out.binding_stage] == max(laid_out.stage_ram)


def _vector_and_image() -> Model:
    """The input goes to a pool as an image, and to a reshape as a vector."""
    q = Quantization(0.1, 0)
    tensors = (
        Tensor("x", 4, 4, 2, q, (1, 2, 4, 4)),
        Tensor("pooled", 1, 1, 2, q, (1, 2)),
        Tensor("flat", 1, 1, 32, q, (1, 32)),
    )
    ops = (GlobalAveragePool("pool", 0, 1), Reshape("flatten", 0, 2))
    ports = tuple(Port(f"y{t}", t, tensors[t].onnx_shape, Order.CHW, "int8") for t in (1, 2))
    return Model("m", "", tensors, ops, Port("x", 0, (1, 2, 4, 4), Order.CHW, "int8"), ports)


def test_image_that_is_a_vector_too() -> None:
    model = _vector_and_image()
    graph = fusion_graph(model)
    with pytest.raises(ModelError, match="read as a vector"):
        layout(model, schedule(model, plan_layer_by_layer(graph)))
    kept = layout(model, schedule(model, plan_layer_by_layer(graph, InputMode.PUSH)))
    places = {p.tensor: p.offset for p in kept.placements}
    assert places[0] == places[2]
    assert kept.peak_ram >= 32 + 2


@pytest.mark.parametrize(
    ("kernel", "stride", "dilation", "rows"),
    [(1, 1, 1, 1), (3, 1, 1, 3), (3, 2, 1, 3), (5, 2, 1, 5), (3, 1, 2, 5), (1, 3, 1, 1)],
)
def test_pushed_rows_are_a_line_buffer(kernel: int, stride: int, dilation: int, rows: int) -> None:
    """The first convolution keeps as many rows as its kernel reaches over, not the image."""
    q = Quantization(0.1, 0)
    extent = (kernel - 1) * dilation + 1
    height = (20 - extent) // stride + 1
    tensors = (
        Tensor("x", 20, 20, 2, q, (1, 2, 20, 20)),
        Tensor("y", height, height, 1, q, (1, 1, height, height)),
    )
    weights = np.ones((1, kernel, kernel, 2), dtype=np.int8)
    geometry = Geometry(kernel, kernel, stride, stride, dilation, dilation)
    conv = Conv("conv", 0, 1, geometry, 1, weights, np.ones(1), np.zeros(1, dtype=np.int64))
    out = Port("y", 1, tensors[1].onnx_shape, Order.CHW, "int8")
    model = Model("m", "", tensors, (conv,), _vector_and_image().input, (out,))
    scheduled = schedule(model, plan_layer_by_layer(fusion_graph(model), InputMode.PUSH))
    window = scheduled.window_of(0)
    assert window is not None
    assert window.rows == rows
