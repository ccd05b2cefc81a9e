"""Fits the cost model: least squares over many shapes, with kernels and engine counted apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import nnls

from cost_samples import alone, averages, layers, odd, pairs, strided, tied
from msfcnn.bench import Bench, KernelCount, Measurement
from msfcnn.costmodel import FREE, Coefficients, Features, copy_features
from msfcnn.emit import EmitOptions
from msfcnn.fusion import Edge, Network, Option, Scheme, Step, network
from msfcnn.fusion.price import Place, call, work
from msfcnn.ir import InputMode, Model, Reads
from msfcnn.isa import ISAS
from msfcnn.ops import OPS
from msfcnn.pipeline import Generated, generate_plan
from msfcnn.planner import Plan, PlannedStage
from msfcnn.schedule import ScheduledStage
from msfcnn.verifier.images import random_images

RUNS = (1, 2, 3, 4, 8, 18)
# what a stage costs once: fitted, so that nothing else has to explain it, and then forgotten
ONCE = ("stage", "moved byte")
TINY = 1e-9

Engine = Mapping[str, float]


@dataclass
class Rows:
    """Counts, with the features that are to explain them; kernels by their keys."""

    kernels: dict[str, list[tuple[Features, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    engine: list[tuple[Engine, int]] = field(default_factory=list)


def fit(bench: Bench) -> Coefficients:
    """Measures the samples and fits. Raises BoardError, MismatchError."""
    rows = Rows()
    for plan, model in _samples(bench.isa):
        _measure(bench, plan, model, rows)
    names = sorted({name for features, _ in rows.engine for name in features})
    table = [(tuple(f.get(name, 0.0) for name in names), cost) for f, cost in rows.engine]
    engine = dict(zip(names, _solve(table), strict=True))
    lasting = {name: value for name, value in engine.items() if name not in ONCE}
    return Coefficients(
        isa=bench.isa, core=bench.machine.core, kernels=_kernels(rows), engine=lasting
    )


def fit_kernel(bench: Bench, name: str) -> dict[str, Features]:
    """The coefficients of one kernel, by its keys; empty if no op of this processor has it."""
    rows = Rows()
    for model in (*map(alone, OPS), *_tied(bench.isa)):
        net = _network(model, bench.isa)
        if any(name in (s.kernels.first.name, s.kernels.inner.name) for s in net.steps):
            for run in RUNS:
                _measure(bench, _alone(net, run), model, rows)
    return {key: values for key, values in _kernels(rows).items() if key.split()[0] == name}


def _measure(bench: Bench, plan: Plan, model: Model, rows: Rows) -> None:
    images = random_images(model, 1, seed=1)
    _collect(bench.measure(_generate(model, plan), model.name, images), rows)


def _kernels(rows: Rows) -> dict[str, Features]:
    return {key: _solve(found) for key, found in sorted(rows.kernels.items())}


def _samples(isa: str) -> Iterator[tuple[Plan, Model]]:
    every, ragged, heads, fused = layers(), odd(), averages(), (pairs(), strided())
    drawn = {type(op) for model in (every, ragged, heads, *fused) for op in model.ops}
    others = [alone(op) for op in OPS if op not in drawn and not op.view]
    others += _tied(isa)
    yield _alone(_network(every, isa, InputMode.PULL), 4), every
    for run in RUNS:
        for model in (every, ragged, *others):
            yield _alone(_network(model, isa), run), model
        yield _paired(_network(heads, isa), run, True), heads
        for model in fused:
            net = _network(model, isa)
            for tight in (True, False):
                yield _paired(net, run, tight), model
            if run in (1, 4):
                yield _alone(net, run), model
                yield _banded(net, run), model


def _tied(isa: str) -> list[Model]:
    """Sums with ties, where they have a kernel that others have not."""
    return [tied()] if "add" in ISAS[isa].kernels else []


def _network(model: Model, isa: str, mode: InputMode = InputMode.IMAGE) -> Network:
    """Without estimates: what they are to be made with may be older than their features."""
    return replace(network(model, mode, isa), measured=FREE)


def _alone(net: Network, run: int) -> Plan:
    """Every step a stage."""
    return _plan(net, [1] * len(net.steps), lambda c: Option(Scheme.LAYER, _width(c), run=run))


def _paired(net: Network, run: int, tight: bool) -> Plan:
    """Two steps a stage, in a row sweep."""
    return _plan(net, _twos(net), lambda c: Option(_scheme(c), _width(c), run=run, tight=tight))


def _banded(net: Network, band: int) -> Plan:
    """Two steps a stage, in bands whose halo is kept."""

    def option(edge: Edge) -> Option:
        if len(edge.steps) == 1:
            return Option(Scheme.LAYER, _width(edge))
        return Option(Scheme.H_CACHE, band, frozenset({edge.steps[0].z}))

    return _plan(net, _twos(net), option)


def _twos(net: Network) -> list[int]:
    full, rest = divmod(len(net.steps), 2)
    return [2] * full + [1] * rest


def _width(edge: Edge) -> int:
    return edge.shape[1]


def _scheme(edge: Edge) -> Scheme:
    return Scheme.LAYER if len(edge.steps) == 1 else Scheme.LINE


def _plan(net: Network, lengths: Sequence[int], option: Callable[[Edge], Option]) -> Plan:
    stages, at = [], 0
    for length in lengths:
        edge = Edge(net, at, at + length)
        stages.append(PlannedStage(edge, option(edge)))
        at += length
    return Plan(net, tuple(stages))


def _generate(model: Model, plan: Plan) -> Generated:
    """With the runs and windows of the plan, however much RAM there is."""
    return generate_plan(model, plan, EmitOptions(model.name, "fit_costs"), stretch=False)


def _collect(found: Measurement, rows: Rows) -> None:
    at = 0
    generated = found.generated
    stages = zip(generated.schedule.stages, generated.layout.stages, found.stages, strict=True)
    for stage, places, measured in stages:
        counts = found.kernels[at : at + len(stage.edge.steps)]
        at += len(counts)
        once = dict(zip(ONCE, (1, sum(move.size for move in places.moves)), strict=True))
        beyond = max(1, measured.cost - sum(count.cost for count in counts))
        rows.engine.append(({**_engine(stage, counts), **once}, beyond))
        # the runs of those before the last are not known so exactly
        if not stage.option.columns and not stage.edge.steps[-1].loads:
            _collect_kernel(stage, counts[-1], rows)


def _collect_kernel(stage: ScheduledStage, count: KernelCount, rows: Rows) -> None:
    """The kernel of the last step: lines of full runs and a rest."""
    step = stage.edge.steps[-1]
    its = work(step, stage.place(len(stage.edge.steps) - 1), step.target[2])
    lines, pixels = step.source[:2] if step.reads is Reads.GLOBAL else step.target[:2]
    run = stage.option.run
    if step.reads is Reads.GLOBAL and len(stage.edge.steps) == 1:
        run = pixels
    full, rest = divmod(pixels, run)
    calls = [(full, run), (1, rest)] if rest else [(full, run)]
    features = [tuple(lines * n * f for f in its.features(size)) for n, size in calls]
    total = tuple(map(sum, zip(*features, strict=True)))
    for key in its.keys:
        rows.kernels[key].append((total, max(1, count.cost)))


def _engine(stage: ScheduledStage, counts: Sequence[KernelCount]) -> Engine:
    """All that the engine does in a stage, with the calls that were counted."""
    total: dict[str, float] = defaultdict(float)
    for i, (step, count) in enumerate(zip(stage.edge.steps, counts, strict=True)):
        place = stage.place(i)
        calls, pixels = count.calls, step.target[0] * step.target[1]
        if step.loads:  # has no kernel that could be counted
            calls = -(-pixels // stage.option.run)
        saving = _saving(step, place)
        for name, value in call(step, place, step.target[2]).features(pixels / calls).items():
            total[name] += float(calls * value * (saving if name.startswith("save") else 1))
    for tensor, halo in stage.cost.halos.items():
        planar = stage.cost.windows[tensor].planar
        for name, value in copy_features(halo.channels, planar).items():
            total[name] += halo.copied * value
    return total


def _saving(step: Step, place: Place) -> float:
    """Share of lines that read as many lines of the input as the kernel has."""
    axis, lines = (step.columns, 1) if place.columns else (step.rows, 0)
    source, target = step.source[lines], step.target[lines]
    whole = [u for u in range(target) if axis.first(u) >= 0 and axis.end(u + 1) <= source]
    return len(whole) / target


def _solve(rows: Iterable[tuple[Features, int]]) -> Features:
    """Coefficients, none negative, of least squared relative errors."""
    found = list(rows)
    cost = np.array([cost for _, cost in found], dtype=np.float64)
    table = np.array([features for features, _ in found], dtype=np.float64) / cost[:, None]
    scale = np.maximum(table.max(axis=0), TINY)
    solution = nnls(table / scale, np.ones(len(cost)))[0] / scale
    return tuple(float(f"{v:.4g}") for v in solution)
