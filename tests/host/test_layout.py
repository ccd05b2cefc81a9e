"""Layouts: what lives at the same time does not overlap, unless the cost says how far it may."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from random_models import random_model
from random_plans import random_plan

from msfcnn.errors import InternalError
from msfcnn.fusion import Resident, network
from msfcnn.fusion.cost import SUM_BYTES
from msfcnn.ir import Geometry, InputMode, Model, Order, Port, Quantization, Tensor
from msfcnn.layout import Layout, StagePlaces, layout
from msfcnn.layout.build import layout as build
from msfcnn.ops import Conv, GlobalAveragePool, Reshape
from msfcnn.planner import Goal, plan, plan_layer_by_layer
from msfcnn.schedule import Schedule, ScheduledStage, schedule

Span = tuple[int, int]


@pytest.fixture(params=InputMode)
def mode(request: pytest.FixtureRequest) -> InputMode:
    found: InputMode = request.param
    return found


def laid_out(seed: int, mode: InputMode) -> tuple[Schedule, Layout]:
    graph, rng = network(random_model(seed), mode), np.random.default_rng(seed)
    found = schedule(random_plan(graph, rng), stretch=seed % 2 == 0)
    return found, layout(found)


@pytest.mark.parametrize("seed", range(40))
def test_everything_is_inside_and_apart(seed: int, mode: InputMode) -> None:
    scheduled, found = laid_out(seed, mode)
    assert found.peak_ram == scheduled.peak_ram
    for stage, places in zip(scheduled.stages, found.stages, strict=True):
        tensors = {t: (at, at + scheduled.network.sizes[t]) for t, at in places.whole.items()}
        buffers = list(buffers_of(stage, places))
        for begin, end in (*buffers, *tensors.values()):
            assert 0 <= begin <= end <= found.peak_ram
        assert apart(buffers)
        others = [span for t, span in tensors.items() if t != stage.edge.dying]
        assert apart([*buffers, *others])
        if stage.edge.dying is None:
            assert apart([*buffers, *tensors.values()])


def buffers_of(stage: ScheduledStage, places: StagePlaces) -> Iterator[Span]:
    """Everything that lives in the stage only; scratch and runs all together."""
    windows = stage.cost.windows.items()
    sizes = {t: window.size for t, window in windows}
    sizes.update((t, n * stage.cost.windows[t].channels) for t, n in stage.runs.items())
    spans = {t: (places.windows[t], places.windows[t] + size) for t, size in sizes.items()}
    runs = [t for t, window in windows if window.shared]
    for i, step in enumerate(stage.edge.steps):  # a run is read while the next one is written
        touched = {t for t in (step.x, step.z) if t in runs}
        scratch = stage.kernel(i).scratch_for(stage.op_runs[i], stage.option.lean)
        assert apart([(0, scratch), *(spans[t] for t in touched)])
    ends = [spans[t] for t in runs]
    sums = min(places.sums.values(), default=None)
    if sums is None or all(end <= sums for _, end in ends):
        yield 0, max([stage.cost.scratch, *(end for _, end in ends)])
    else:
        yield 0, stage.cost.scratch
        yield min(begin for begin, _ in ends), max(end for _, end in ends)
    assert stage.cost.shared <= stage.cost.scratch + stage.cost.runs
    for i, at in places.sums.items():
        channels = stage.edge.steps[i].target[2]
        yield at, at + SUM_BYTES * (min(stage.option.split, channels) or channels)
    for t, at in places.halos.items():
        # the engine saves pixels there as long as none are kept
        assert stage.cost.windows[t].resident is not Resident.LINES or at == spans[t][1]
        yield at, at + stage.cost.halos[t].size
    for t, ring in stage.cost.copies.items():
        yield places.rings[t], places.rings[t] + ring.size
    yield from (span for t, span in spans.items() if t not in runs)


def apart(spans: list[Span]) -> bool:
    inner = sorted(span for span in spans if span[0] < span[1])
    return all(a[1] <= b[0] for a, b in itertools.pairwise(inner))


def test_ops_of_a_chain_have_longer_runs_in_the_same_bytes() -> None:
    longer = saved = 0
    for seed in range(20):
        graph, rng = network(random_model(seed), InputMode.IMAGE), np.random.default_rng(seed)
        chosen = random_plan(graph, rng)
        planned = schedule(chosen, stretch=False, own_runs=False)
        found = schedule(chosen, stretch=False)
        assert layout(planned).peak_ram == layout(found).peak_ram
        for plain, stage in zip(planned.stages, found.stages, strict=True):
            run = plain.option.run
            assert set(plain.op_runs) == {run}
            assert not plain.runs
            assert min(stage.op_runs) == stage.op_runs[-1] == run  # ends may overwrite the input
            if max(stage.op_runs) > run:
                longer += 1
                # fewer calls of kernels, unless lines are that short
                assert stage.cost.instructions <= plain.cost.instructions
                saved += plain.cost.instructions - stage.cost.instructions
            else:
                assert stage.cost == plain.cost
    assert longer
    assert saved


@pytest.mark.parametrize("seed", range(40))
def test_tensors_are_where_the_next_stage_looks_for_them(seed: int, mode: InputMode) -> None:
    """Moves bring every live tensor from where the stage before left it, oldest first."""
    scheduled, found = laid_out(seed, mode)
    now: dict[int, int] = {}
    graph = scheduled.network
    for stage, places in zip(scheduled.stages, found.stages, strict=True):
        content = {now[t]: t for t in graph.live(stage.edge.first)}
        for move in places.moves:
            assert move.to > move.start, "tensors move up"
            tensor = content.pop(move.start)
            assert move.size == graph.sizes[tensor]
            above = [at for at in content if at > move.start]
            assert all(at >= move.to + move.size for at in above), "it would overwrite another one"
            content[move.to] = tensor
        after = {t: at for at, t in content.items()}
        for tensor in graph.live(stage.edge.first):
            assert after[tensor] == places.whole[tensor]
        now = places.whole
    assert found.outputs == tuple(now[t] for t in graph.outputs)


def test_a_stage_that_needs_more_than_its_cost_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    scheduled, _ = laid_out(4, InputMode.IMAGE)
    monkeypatch.setattr(Schedule, "peak_ram", scheduled.peak_ram - 1)
    with pytest.raises(InternalError):
        build(scheduled)


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


def test_an_image_that_is_an_output_too() -> None:
    """It has no place of its own in the arena unless it is pushed or pulled."""
    model = _vector_and_image()
    for mode in (InputMode.PUSH, InputMode.PULL):
        found = layout(schedule(plan_layer_by_layer(network(model, mode))))
        pooled, flat = found.outputs
        assert apart([(pooled, pooled + 2), (flat, flat + 32)])
        assert found.peak_ram >= 32 + 2


@pytest.mark.parametrize(
    ("kernel", "stride", "dilation", "rows"),
    [(1, 1, 1, 0), (3, 1, 1, 2), (3, 2, 1, 2), (5, 2, 1, 4), (3, 1, 2, 4), (1, 3, 1, 1)],
)
def test_pushed_rows_are_a_line_buffer(kernel: int, stride: int, dilation: int, rows: int) -> None:
    """The first convolution keeps a row less than its kernel reaches over, not the image."""
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
    source = Port("x", 0, (1, 2, 20, 20), Order.CHW, "int8")
    model = Model("m", "", tensors, (conv,), source, (out,))
    found = plan(network(model, InputMode.PUSH), Goal())
    assert [len(stage.edge.steps) for stage in found.stages] == [2]
    window = schedule(found, stretch=False).stages[0].cost.windows[0]
    assert window.slots == rows
