"""Random plans of a network: any path through its edges, any option of each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from plan_space import has_bands, may_keep

from msfcnn.fusion import Edge, Network, Option, Scheme, edges_from
from msfcnn.planner import Plan, PlannedStage

RUNS = (1, 2, 3, 4, 5, 8)
SPLITS = (1, 2, 3, 4, 16)


def random_plan(network: Network, rng: np.random.Generator) -> Plan:
    """A path that prefers long edges, with random options."""
    stages: list[PlannedStage] = []
    while not stages or stages[-1].edge.last < len(network.steps):
        edges = edges_from(network, stages[-1].edge.last if stages else 0)
        index = -1 if rng.random() < 0.5 else int(rng.integers(len(edges)))
        stages.append(PlannedStage(edges[index], random_option(edges[index], rng)))
    return Plan(network, tuple(stages))


def random_option(edge: Edge, rng: np.random.Generator) -> Option:
    """Any way to run an edge that its input allows."""
    run, tight = int(rng.choice(RUNS)), bool(rng.random() < 0.7)
    lean = run % 2 == 1
    width = edge.shape[1]
    if len(edge.steps) == 1:
        return Option(Scheme.LAYER, width, run=run, lean=lean)
    if edge.splits and rng.random() < 0.5:
        split = int(rng.choice(SPLITS))
        return Option(Scheme.LINE, width, split=split, run=run, tight=tight, lean=lean)
    if not has_bands(edge) or rng.random() < 0.3:
        return Option(Scheme.LINE, width, run=run, tight=tight, lean=lean)
    band = int(rng.choice(band_choices(edge)))
    keep = frozenset(t for t in edge.inner if rng.random() < 0.4)
    keep &= frozenset(keepable(edge, band))
    option = Option(Scheme.H_CACHE, band, keep, run=run, tight=tight, lean=lean)
    return option if may_keep(edge, option) else replace(option, keep=frozenset())


def band_choices(edge: Edge) -> list[int]:
    """R in {1, 2, 3, H/2, H}, as far as there are so many rows."""
    height = edge.shape[0]
    return sorted({r for r in (1, 2, 3, height // 2, height) if 0 < r <= height})


def keepable(edge: Edge, band: int) -> list[int]:
    """Inner tensors of which each may be kept, if no other one is."""
    options = {t: Option(Scheme.H_CACHE, band, frozenset({t})) for t in edge.inner}
    return [t for t, option in options.items() if may_keep(edge, option)]
