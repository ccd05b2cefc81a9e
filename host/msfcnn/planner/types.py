"""A plan: a path through the fusion graph, with an option for each of its edges."""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.fusion.chains import Chain
from msfcnn.fusion.options import Option
from msfcnn.fusion.steps import Network


@dataclass(frozen=True)
class PlannedStage:
    """A chain and the way it runs."""

    chain: Chain
    option: Option


@dataclass(frozen=True)
class Plan:
    """Stages in execution order; together they run every step of the network once."""

    network: Network
    stages: tuple[PlannedStage, ...]
