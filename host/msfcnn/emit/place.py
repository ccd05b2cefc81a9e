"""Where an op stands: its stage, its buffers, its kernel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from msfcnn.fusion import Step, Track, track
from msfcnn.fusion.cost import Window
from msfcnn.isa import Kernel
from msfcnn.layout import Layout, StagePlaces
from msfcnn.schedule import Schedule, ScheduledStage

_IMAGE = "MSFCNN_IMAGE"


@dataclass(frozen=True)
class Place:
    """Op i of stage `number`, which is `seen` along its sweep; `index` counts all ops."""

    stage: ScheduledStage
    places: StagePlaces
    seen: Track
    number: int
    i: int
    index: int

    @property
    def step(self) -> Step:
        """The step that the op runs."""
        return self.stage.chain.steps[self.i]

    @property
    def kernel(self) -> Kernel:
        """Its kernel."""
        return self.stage.kernel(self.i)

    @property
    def window(self) -> Window:
        """The window it reads; an empty one for the first op of a stage."""
        return self.stage.cost.windows.get(self.i, Window(0, 0, 0, 0, False))

    @property
    def halo_pixels(self) -> int:
        """Pixels of a line of its input that are kept from band to band."""
        halo = self.stage.cost.halos.get(self.i)
        return halo.pixels if halo else 0

    @property
    def beside(self) -> str:
        """Offset of its second input, or of the sums of a global average."""
        if self.step.y is None:
            return str(self.places.sums.get(self.i, 0))
        if self.i in self.places.rings:
            return str(self.places.rings[self.i])
        return str(self.places.whole.get(self.step.y, _IMAGE))

    @property
    def delay(self) -> int:
        """Pixels of its second input that wait in a ring; 0 if there is none."""
        rings = (r for r in self.stage.cost.rings if r.skip.add == self.i)
        return next((ring.pixels for ring in rings), 0)

    @property
    def feeds(self) -> int:
        """The sum whose ring its output fills; 0 for none."""
        skips = self.stage.chain.skips
        return next((s.add for s in skips if s.source == self.i + 1), 0)


def places(schedule: Schedule, layout: Layout) -> Iterator[Place]:
    """Every op of every stage, in execution order."""
    index = 0
    for number, (stage, where) in enumerate(zip(schedule.stages, layout.stages, strict=True)):
        seen = track(stage.chain, stage.option.columns, stage.option.split)
        for i in range(len(stage.chain.steps)):
            yield Place(stage, where, seen, number, i, index)
            index += 1
