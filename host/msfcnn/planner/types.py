"""A plan: a path through the fusion graph, with an option for each of its edges."""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.fusion import Edge, Network, Option


@dataclass(frozen=True)
class PlannedStage:
    """An edge of the fusion graph and the way it runs."""

    edge: Edge
    option: Option


@dataclass(frozen=True)
class Plan:
    """Stages in execution order; together they run every step of the network once."""

    network: Network
    stages: tuple[PlannedStage, ...]
