"""Where an op stands: its stage, its tensors, its kernel.

Schedule and layout say different things of the same op; here they are joined, so that the modules
that write C ask one value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from msfcnn.fusion import Step
from msfcnn.isa import Kernel
from msfcnn.layout import Layout, StagePlaces
from msfcnn.schedule import Schedule, ScheduledStage


@dataclass(frozen=True)
class PlacedOp:
    """Op i of stage `number`; `index` counts all ops. Offsets are bytes in the arena.

    twin: the op that runs the same step for the first time; None if this one does.
    """

    stage: ScheduledStage
    places: StagePlaces
    number: int
    i: int
    index: int
    twin: PlacedOp | None = None

    @property
    def step(self) -> Step:
        """The step that the op runs."""
        return self.stage.edge.steps[self.i]

    @property
    def kernel(self) -> Kernel:
        """Its kernel."""
        return self.stage.kernel(self.i)

    @property
    def columns(self) -> bool:
        """Whether lines are columns."""
        return self.stage.option.columns

    @property
    def whole_columns(self) -> bool:
        """Whether its lines are columns of a whole tensor, which its kernel takes as rows."""
        whole = self.step.x is not None and self.step.x not in self.stage.cost.windows
        return bool(self.kernel.whole_columns) and self.columns and whole

    @property
    def packed_columns(self) -> bool:
        """Whether constants are packed for lines that are columns."""
        return self.columns and not self.whole_columns

    @property
    def end(self) -> bool:
        """Whether it writes what is needed after the stage."""
        return self.step.z in self.stage.edge.ends

    @property
    def reads_copy(self) -> bool:
        """Whether its second input is a ring that holds its pixels only."""
        y = self.step.y
        copies = self.stage.cost.copies
        return y is not None and y in copies and copies[y].reader == self.i

    def channels(self, tensor: int, channels: int) -> int:
        """Channels of a tensor in a pass: those of its window in a stage that is split by channels.

        channels: of the whole tensor, which hold where it has no window.
        """
        window = self.stage.cost.windows.get(tensor)
        return channels if window is None else window.channels

    @property
    def sums(self) -> int:
        """Offset of the sums of a global average."""
        return self.places.sums.get(self.i, 0)

    @property
    def next_writer(self) -> int | None:
        """The next op of the stage that writes other channels of the same tensor."""
        steps = self.stage.edge.steps
        later = (k for k in range(self.i + 1, len(steps)) if steps[k].z == self.step.z)
        return next(later, None)


def places(schedule: Schedule, layout: Layout) -> Iterator[PlacedOp]:
    """Every op of every stage, in execution order."""
    index = 0
    first: dict[tuple[int, int], PlacedOp] = {}
    for number, (stage, where) in enumerate(zip(schedule.stages, layout.stages, strict=True)):
        for i, step in enumerate(stage.edge.steps):
            twin = first.get((step.op, step.part))
            place = PlacedOp(stage=stage, places=where, number=number, i=i, index=index, twin=twin)
            first.setdefault((step.op, step.part), place)
            yield place
            index += 1
