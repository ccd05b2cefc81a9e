"""Random plans of a network: any path through its chains, any option of each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from plan_space import may_keep

from msfcnn.fusion import Chain, Network, Option, Scheme, chains_from
from msfcnn.ir import InputMode
from msfcnn.planner import Plan, PlannedStage

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
    keep = frozenset(i for i in range(1, len(chain.steps)) if rng.random() < 0.4)
    keep &= frozenset(keepable(chain, band))
    option = Option(Scheme.H_CACHE, band, keep, run=run, tight=tight)
    return option if may_keep(chain, option) else replace(option, keep=frozenset())


def only_once(chain: Chain) -> bool:
    """Whether it reads pushed rows: bands would read them again."""
    return chain.network.mode is InputMode.PUSH and chain.loads


def band_choices(chain: Chain) -> list[int]:
    """R in {1, 2, 3, H/2, H}, as far as there are so many rows."""
    height = chain.shapes[-1][0]
    return sorted({r for r in (1, 2, 3, height // 2, height) if 0 < r <= height})


def keepable(chain: Chain, band: int) -> list[int]:
    """Inner tensors of which each may be kept, if no other one is."""
    options = {i: Option(Scheme.H_CACHE, band, frozenset({i})) for i in range(1, len(chain.steps))}
    return [i for i, option in options.items() if may_keep(chain, option)]
