"""Random plans of a network: any path through its chains, any option of each."""

from __future__ import annotations

import numpy as np

from msfcnn.graph import Chain, Network, Option, Scheme, chains_from, track
from msfcnn.graph.bands import bands
from msfcnn.graph.cost import halo_pixels
from msfcnn.model import InputMode
from msfcnn.plan import Plan, PlannedStage

RUNS = (1, 2, 3, 4, 5, 8)
SPLITS = (1, 2, 3, 4, 16)


def random_plan(network: Network, rng: np.random.Generator) -> Plan:
    """A path that prefers long chains, with random options."""
    stages: list[PlannedStage] = []
    while not stages or stages[-1].chain.last < len(network.steps):
        chains = chains_from(network, stages[-1].chain.last if stages else 0)
        index = -1 if rng.random() < 0.5 else int(rng.integers(len(chains)))
        stages.append(PlannedStage(chains[index], random_option(chains[index], rng)))
    return Plan(network, tuple(stages))


def random_option(chain: Chain, rng: np.random.Generator) -> Option:
    """Any way to run a chain that its input allows."""
    run, tight = int(rng.choice(RUNS)), bool(rng.random() < 0.7)
    width = chain.shapes[-1][1]
    if len(chain.steps) == 1:
        return Option(Scheme.LAYER, width, run=run)
    if chain.splits and rng.random() < 0.5:
        split = int(rng.choice(SPLITS))
        return Option(Scheme.LINE, width, split=split, run=run, tight=tight)
    if only_once(chain) or rng.random() < 0.3:
        return Option(Scheme.LINE, width, run=run, tight=tight)
    band = int(rng.choice(band_choices(chain)))
    keep = frozenset(i for i in keepable(chain, band) if rng.random() < 0.4)
    return Option(Scheme.H_CACHE, band, keep, run=run, tight=tight)


def only_once(chain: Chain) -> bool:
    """Whether it reads pushed rows: bands would read them again."""
    return chain.network.mode is InputMode.PUSH and chain.loads


def band_choices(chain: Chain) -> list[int]:
    """R in {1, 2, 3, H/2, H}, as far as there are so many rows."""
    height = chain.shapes[-1][0]
    return sorted({r for r in (1, 2, 3, height // 2, height) if 0 < r <= height})


def keepable(chain: Chain, band: int) -> list[int]:
    """Inner tensors whose halo may be kept: not between a delayed skip and its sum."""
    blocked = {i for s in chain.skips if s.source >= 0 for i in range(s.source + 1, s.add + 1)}
    rows = bands(track(chain, True), Option(Scheme.H_CACHE, band))
    return [i for i in range(1, len(chain.steps)) if i not in blocked and halo_pixels(rows, i) > 0]
