"""What is resident of a tensor inside a stage: the formulas of windows, for many options at once.

Arrays are [states, variants] unless said otherwise: a state is what later steps ask of the tensor,
a variant the runs and the kind of windows of the whole stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from msfcnn.fusion.step import Step
from msfcnn.fusion.steps import Network
from msfcnn.fusion.waiting import Waiting
from msfcnn.ir import Reads

Array = NDArray[np.int64]
Flags = NDArray[np.bool_]

MOST_SAVING_LINES = 255  # the engine knows the line whose pixels are saved by its low byte


class Resident(Enum):
    """What a window holds.

    LINES:  some lines.
    PIXELS: a run of pixels, all read before the next one is written.
    RING:   pixels in the order in which they are written.
    """

    LINES = "lines"
    PIXELS = "pixels"
    RING = "ring"


@dataclass(frozen=True)
class Way:
    """One way to keep a tensor for its readers.

    bytes:   that live as long as the stage.
    shared:  bytes of a run that other runs may use, too, while nobody needs this one.
    slots, length, save: of windows of lines; length is that of a run or ring, too.
    planar:  channel after channel.
    pixels:  of a ring beside that holds what the last reader reads; its bytes are among `bytes`.
    """

    resident: Resident
    bytes: Array
    shared: Array
    slots: Array
    length: Array
    save: Array
    planar: bool = False
    pixels: Array | None = None

    @property
    def tight(self) -> Flags:
        """Whether it saves what is overwritten."""
        return self.save > 0


@dataclass(frozen=True)
class Extents:
    """What the readers of a tensor ask for.

    channels: of a pass. lines: of the tensor.
    length:  [states] most pixels of a line in any band.
    pieces:  [states] most pixels of a line that are computed, or replayed, in one go.
    computed: by reader: [states] most pixels of a line that it computes.
    run, tight: of the variants.
    """

    columns: bool
    channels: int
    lines: int
    length: Array
    pieces: Array
    computed: dict[int, Array]
    run: Array
    tight: Flags

    @property
    def _shape(self) -> tuple[int, int]:
        return len(self.length), len(self.run)

    def full(self, value: int | Array) -> Array:
        """[states, variants] of the same value, or of one per state."""
        if isinstance(value, int):
            return np.full(self._shape, value, np.int64)
        return value[:, None].repeat(len(self.run), axis=1)

    def window(self, step: Step, k: int, planar: bool) -> Way:
        """Lines for a step k that slides a kernel over them."""
        across, along = step.axes(self.columns)
        extent, length = across.extent, self.full(self.length)
        # pixels of the oldest line that a run of the reader looks at; with less than a line to save
        # it pays to keep one line less and these pixels
        run = np.minimum(self.run, self.computed[k][:, None])
        save = (run - 1) * along.stride + along.extent
        tight = self.tight & (save < length)
        # where lines are read by several lines of the output, the oldest must stay to the end
        if extent == 1 or self.lines < extent or across.up > 1:
            tight = np.zeros_like(tight)
        slots = np.where(tight, extent - 1, min(extent, self.lines))
        save = np.where(tight, save, 0)
        size = (slots * length + save) * self.channels
        return Way(
            resident=Resident.LINES,
            bytes=size,
            shared=self.full(0),
            slots=slots,
            length=length,
            save=save,
            planar=planar,
        )

    def pixels(self, shared: bool) -> Way:
        """A run; a shared one is read at once by the step that has asked for it."""
        length = np.minimum(self.run, self.pieces[:, None])
        size, none = length * self.channels, self.full(0)
        own, others = (none, size) if shared else (size, none)
        return Way(
            resident=Resident.PIXELS, bytes=own, shared=others, slots=none, length=length, save=none
        )

    def filled_by_several(self) -> Way:
        """A run that several steps write, each its channels: they need not be equally far."""
        length, none = np.minimum(self.run, self.length[:, None]), self.full(0)
        return Way(
            resident=Resident.RING,
            bytes=length * self.channels,
            shared=none,
            slots=none,
            length=length,
            save=none,
        )

    def ring(self, waiting: Waiting) -> Way:
        """Pixels that wait for the slowest reader."""
        length = self.full(self.length)
        pixels = np.minimum(waiting.pixels(length, self.run), length * self.lines)
        none = self.full(0)
        return Way(
            resident=Resident.RING,
            bytes=pixels * self.channels,
            shared=none,
            slots=none,
            length=pixels,
            save=none,
        )

    def several_lines(self, waiting: Waiting, single_writer: bool) -> Way:
        """Lines for several readers; the newest may overwrite the oldest as for a single one."""
        length, slots = self.full(self.length), self.full(min(waiting.lines, self.lines))
        save = waiting.saved(length, self.run)
        tight = self.tight & (save < length) & (slots > waiting.advanced)
        if not single_writer or not 1 <= waiting.advanced <= MOST_SAVING_LINES:
            tight = np.zeros_like(tight)
        slots = np.where(tight, waiting.advanced, slots)
        save = np.where(tight, save, 0)
        size, none = (slots * length + save) * self.channels, self.full(0)
        return Way(
            resident=Resident.LINES, bytes=size, shared=none, slots=slots, length=length, save=save
        )

    def with_copy(self, way: Way, delay: Delay) -> Way:
        """And a ring for the pixels of the sum that reads it last."""
        length = self.computed[delay.last][:, None]
        part = np.minimum(length, self.run + delay.pixels)
        pixels = np.minimum(delay.lines * length + part, length * self.lines)
        return Way(
            resident=way.resident,
            bytes=way.bytes + pixels * self.channels,
            shared=way.shared,
            slots=way.slots,
            length=way.length,
            save=way.save,
            planar=way.planar,
            pixels=pixels,
        )


@dataclass(frozen=True)
class Delay:
    """A tensor read by `first`, and as many lines and pixels later by the sum `last`."""

    first: int
    last: int
    lines: int
    pixels: int


def delay(network: Network, tensor: int, columns: bool) -> Delay | None:
    """If a chain of steps leads from its first reader to the sum that is its only other one."""
    readers = network.readers[tensor]
    if len(readers) != 2 or len(network.writers[tensor]) != 1:
        return None
    first, last = readers
    steps = network.steps
    if steps[last].y != tensor:
        return None
    lines = pixels = 0
    at = first
    while at != last:
        step = steps[at]
        if step.reads not in (Reads.RUN, Reads.WINDOW) or not _keeps_place(step):
            return None
        across, along = step.axes(columns)
        # what a kernel looks ahead, padding taken off: so much later its output is there
        lines += across.extent - 1 - across.pad
        pixels += along.extent - 1 - along.pad
        if len(network.readers[step.z]) != 1 or len(network.writers[step.z]) != 1:
            return None
        if step.y is not None and at != last and steps[at].x == tensor:
            return None
        at = network.readers[step.z][0]
        if at == last and steps[last].x != step.z:
            return None
    return Delay(first, last, lines, pixels)


def _keeps_place(step: Step) -> bool:
    """Whether each output pixel depends on the input pixel at its own place alone."""
    return (
        all(axis.stride == axis.up == 1 for axis in (step.rows, step.columns))
        and step.y is None
        and step.source[:2] == step.target[:2]
    )
