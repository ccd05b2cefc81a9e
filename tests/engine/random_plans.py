"""Random plans of a network: any path through its chains, any option of each."""

from __future__ import annotations

import numpy as np

from msfcnn.graph import Chain, Network, Option, Reads, Scheme, chains_from, track
from msfcnn.graph.bands import bands
from msfcnn.graph.cost import halo_pixels
from msfcnn.model import InputMode
from msfcnn.plan import Plan, PlannedStage


def random_plan(network: Network, rng: np.random.Generator, long: bool = True) -> Plan:
    """A path that prefers long chains (or takes any), with random options."""
    stages, at = [], 0
    while at < len(network.steps):
        chains = chains_from(network, at)
        index = int(rng.integers(len(chains)))
        chain = chains[-1] if long and rng.random() < 0.5 else chains[index]
        stages.append(PlannedStage(chain, random_option(chain, rng)))
        at = chain.last
    return Plan(network, tuple(stages))


def random_option(chain: Chain, rng: np.random.Generator) -> Option:
    run, tight = int(rng.choice([1, 2, 3, 4, 8])), bool(rng.random() < 0.7)
    height, width, channels = chain.shapes[-1]
    if len(chain.steps) == 1:
        return Option(Scheme.LAYER, width, run=run)
    if chain.splits and rng.random() < 0.5:
        split = int(rng.choice([1, 2, 3, 4, 16]))
        return Option(Scheme.LINE, width, split=split, run=run, tight=tight)
    pushed = chain.network.mode is InputMode.PUSH and chain.loads
    if pushed or rng.random() < 0.3:
        return Option(Scheme.LINE, width, run=run, tight=tight)
    band = int(rng.choice([1, 2, 3, max(1, height // 2), height]))
    free = keepable(chain, Option(Scheme.H_CACHE, band))
    keep = frozenset(i for i in free if rng.random() < 0.4)
    option = Option(Scheme.H_CACHE, band, keep, run=run, tight=tight)
    return option if all_needed(chain, option) else Option(Scheme.H_CACHE, band, run=run)


def keepable(chain: Chain, option: Option) -> list[int]:
    """Inner tensors whose halo may be kept: not between a delayed skip and its sum."""
    blocked = {i for s in chain.skips if s.source > 0 for i in range(s.source + 1, s.add + 1)}
    rows = bands(track(chain, True), option)
    return [i for i in range(1, len(chain.steps)) if i not in blocked and halo_pixels(rows, i) > 0]


def all_needed(chain: Chain, option: Option) -> bool:
    rows = bands(track(chain, True), option)
    return all(halo_pixels(rows, i) > 0 for i in option.keep) and Reads is not None
