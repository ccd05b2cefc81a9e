"""What the engine will execute: stages in their order, with every buffer but no address yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from msfcnn.fusion import Cost, Edge, Network, Option, Place, Sweep, kernel_of, place_of
from msfcnn.isa import Kernel


@dataclass(frozen=True)
class ScheduledStage:
    """An edge, the way it runs, and every buffer that this takes.

    runs:    pixels of shared runs that are longer than planned, by tensor.
    op_runs: pixels that each op computes at a time, at most.
    """

    edge: Edge
    option: Option
    cost: Cost
    runs: Mapping[int, int]
    op_runs: tuple[int, ...]

    @property
    def without_io(self) -> int:
        """Bytes of arena without the network's final output."""
        return self.cost.without_io

    def kernel(self, i: int) -> Kernel:
        """The kernel of step i of the edge."""
        return kernel_of(self.edge, self.cost.windows, i)

    @property
    def sweep(self) -> Sweep:
        """How it runs: lines and pixels."""
        option = self.option
        return Sweep(
            network=self.edge.network,
            end=self.edge.last,
            columns=option.columns,
            band=option.band,
            split=option.split,
        )

    def place(self, i: int) -> Place:
        """Where step i stands: what it reads there."""
        return place_of(self.edge, self.cost, self.option, i)


@dataclass(frozen=True)
class Schedule:
    """Stages in execution order."""

    network: Network
    stages: tuple[ScheduledStage, ...]

    @property
    def peak_ram(self) -> int:
        """Bytes of arena."""
        return max(stage.cost.total for stage in self.stages)

    @property
    def peak_ram_without_io(self) -> int:
        """Bytes as the paper counts them: without the network's input and final output."""
        return max(stage.without_io for stage in self.stages)

    @property
    def macs(self) -> int:
        """MACs executed, recomputation included."""
        return sum(stage.cost.macs for stage in self.stages)

    @property
    def instructions(self) -> int:
        """Estimated instructions."""
        return sum(stage.cost.instructions for stage in self.stages)

    @property
    def binding_stage(self) -> int:
        """The stage that needs the most RAM."""
        totals = [stage.cost.total for stage in self.stages]
        return totals.index(max(totals))
