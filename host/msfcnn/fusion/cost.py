"""What a stage needs: every buffer of it in bytes, and the MACs it executes.

This is the accounting that everything else follows: the planner compares these costs, the
layout gives each buffer its place, and the engine uses exactly these bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from msfcnn.fusion.bands import Band, bands
from msfcnn.fusion.chains import Chain, Skip
from msfcnn.fusion.options import Option, Track, track
from msfcnn.fusion.overlap import region_bytes, unfilled, walk
from msfcnn.fusion.price import Currency, MacPrice, Place, Price, kernel_at
from msfcnn.fusion.step import Step
from msfcnn.ir import Reads
from msfcnn.isa import Kernel

SUM_BYTES = 4  # of the accumulator that a global average keeps per channel


@dataclass(frozen=True)
class Window:
    """What is resident of an inner tensor for the step that reads it.

    slots: whole lines; 0 if only a run of pixels.
    length: pixels of a line (or of the run).
    save:  pixels kept of the line that the newest one overwrites.
    planar: channel after channel, as depthwise kernels like it.
    """

    slots: int
    length: int
    save: int
    channels: int
    planar: bool

    @property
    def size(self) -> int:
        """Bytes."""
        return (max(1, self.slots) * self.length + self.save) * self.channels


@dataclass(frozen=True)
class Halo:
    """Kept pixels of every line of an inner tensor."""

    pixels: int
    lines: int
    channels: int

    @property
    def size(self) -> int:
        """Bytes."""
        return self.pixels * self.lines * self.channels


@dataclass(frozen=True)
class Ring:
    """Pixels of a skip that wait for their sum."""

    skip: Skip
    pixels: int
    channels: int

    @property
    def size(self) -> int:
        """Bytes."""
        return self.pixels * self.channels


@dataclass(frozen=True)
class Cost:
    """Bytes, MACs and estimated instructions of a chain with an option.

    windows: per inner tensor (1 .. n - 1 along the chain); halos likewise, where kept.
    tail:    the window that lies next to the input, whose beginning may reach into it; 0: none.
    runs:    bytes for the runs between pointwise steps; neighbours share them in turn.
    sums:    bytes of the accumulators of global averages.
    region:  bytes of input and output together, overlap taken off.
    others:  bytes of live skips.
    """

    windows: dict[int, Window]
    halos: dict[int, Halo]
    rings: tuple[Ring, ...]
    tail: int
    runs: int
    sums: int
    scratch: int
    region: int
    others: int
    macs: int
    instructions: int

    @property
    def window_bytes(self) -> int:
        """Everything that lives in this stage only."""
        lines = sum(w.size for w in self.windows.values() if w.slots)
        halos = sum(h.size for h in self.halos.values())
        rings = sum(r.size for r in self.rings)
        return self.scratch + self.sums + self.runs + lines + halos + rings

    @property
    def total(self) -> int:
        """Bytes of arena while the stage runs."""
        return self.window_bytes + self.region + self.others

    def price(self, currency: Currency) -> int:
        """In a currency."""
        return self.macs if currency is Currency.MACS else self.instructions


def cost(chain: Chain, option: Option) -> Cost:
    """The cost of one way to run a chain."""
    seen = track(chain, option.columns, option.split)
    rows = bands(seen, option)
    windows = {i: _window(seen, option, rows, i) for i in range(1, len(chain.steps))}
    tail = _tail(seen, option, windows)
    late = _unfilled(seen, windows[tail]) if tail else 0
    return Cost(
        windows,
        {i: _halo(seen, rows, i) for i in sorted(option.keep)},
        tuple(_ring(seen, option, rows, s) for s in chain.skips if s.source > 0),
        tail,
        _run_bytes(windows),
        SUM_BYTES * sum(_summed(seen, i) for i in range(len(chain.steps))),
        max(kernel_of(chain, windows, i).scratch for i in range(len(chain.steps))),
        region_bytes(seen, option, rows, late),
        chain.other_bytes,
        _price(seen, option, rows, windows, MacPrice()),
        _price(seen, option, rows, windows, chain.network.instructions),
    )


def kernel_of(chain: Chain, windows: dict[int, Window], i: int) -> Kernel:
    """The kernel of step i; those for planar lines need a window that is planar."""
    return kernel_at(chain.steps[i], i > 0, i > 0 and windows[i].planar)


def is_planar(step: Step, loaded: bool) -> bool:
    """Whether its window is planar; what is loaded is not."""
    return step.call.planar and step.reads is Reads.WINDOW and not loaded


def without_io(chain: Chain, found: Cost) -> int:
    """Bytes as the paper counts them: without the network's final output."""
    if not is_final(chain):
        return found.total
    # where the input dies into windows and output, that is less than the input beside windows
    return min(found.total, found.window_bytes + chain.input_bytes + found.others)


def is_final(chain: Chain) -> bool:
    """Whether it writes the only output of the network, last of all."""
    network = chain.network
    return chain.last == len(network.steps) and network.outputs == (chain.output,)


def halo_pixels(rows: tuple[tuple[Band, ...], ...], i: int) -> int:
    """Most pixels of a line of tensor i that a band needs and the one before has computed."""
    steps = pairwise(rows)
    return max((before[i].high - after[i].low for before, after in steps), default=0)


def most_computed(rows: tuple[tuple[Band, ...], ...], i: int) -> int:
    """Most pixels of a line of tensor i that a band computes."""
    return max(band[i].high - band[i].fresh for band in rows)


def _window(seen: Track, option: Option, rows: tuple[tuple[Band, ...], ...], i: int) -> Window:
    step, channels = seen.chain.steps[i], seen.channels[i]
    planar = is_planar(step, seen.chain.steps[i - 1].loads)
    if step.reads is not Reads.WINDOW:
        written = max(max(b[i].fresh - b[i].low, b[i].high - b[i].fresh) for b in rows)
        return Window(0, min(option.run, written), 0, channels, False)
    length = max(band[i].high - band[i].low for band in rows)
    extent, lines = seen.across[i].extent, seen.lines[i]
    run = min(option.run, most_computed(rows, i + 1))
    save = (run - 1) * seen.along[i].stride + seen.along[i].extent
    if not option.tight or extent == 1 or lines < extent or save >= length:
        return Window(min(extent, lines), length, 0, channels, planar)
    return Window(extent - 1, length, save, channels, planar)


def _halo(seen: Track, rows: tuple[tuple[Band, ...], ...], i: int) -> Halo:
    return Halo(halo_pixels(rows, i), seen.used[i], seen.channels[i])


def _ring(seen: Track, option: Option, rows: tuple[tuple[Band, ...], ...], skip: Skip) -> Ring:
    """A sum is as many lines and pixels behind the source of its skip as kernels look ahead."""
    between = range(skip.source, skip.add)
    lines = sum(seen.across[i].extent - 1 - seen.across[i].pad for i in between)
    pixels = sum(seen.along[i].extent - 1 - seen.along[i].pad for i in between)
    length = most_computed(rows, skip.add + 1)
    waiting = lines * length + min(length, option.run + pixels)
    return Ring(skip, min(waiting, length * seen.lines[skip.add]), seen.channels[skip.add + 1])


def _tail(seen: Track, option: Option, windows: dict[int, Window]) -> int:
    """The first window of a row sweep whose input only its first op reads."""
    again = any(skip.source == 0 for skip in seen.chain.skips)
    if option.columns or option.split or again or not seen.chain.may_overlap:
        return 0
    return next((i for i, window in windows.items() if window.slots), 0)


def _unfilled(seen: Track, window: Window) -> int:
    line = window.length * window.channels
    return unfilled(window.slots, line, window.save * window.channels, walk(seen, 0))


def _run_bytes(windows: dict[int, Window]) -> int:
    """A run is read while the next one is written: neighbours are never the same bytes."""
    sizes = {i: 0 if w.slots else w.size for i, w in windows.items()}
    return max((size + sizes.get(i + 1, 0) for i, size in sizes.items()), default=0)


def _summed(seen: Track, i: int) -> int:
    return seen.channels[i + 1] if seen.chain.steps[i].reads is Reads.GLOBAL else 0


def _price(
    seen: Track,
    option: Option,
    rows: tuple[tuple[Band, ...], ...],
    windows: dict[int, Window],
    price: Price,
) -> int:
    total = 0
    for i, step in enumerate(seen.chain.steps):
        place = Place(columns=option.columns)
        if i > 0:
            place = Place(True, windows[i].planar, windows[i].save > 0, option.columns)
        line = price.line(step, place, option.run, option.split)
        pixels = [band[i + 1].high - band[i + 1].fresh for band in rows]
        total += seen.used[i + 1] * int(line[pixels].sum())
    for i in option.keep:
        copied = sum(band[i].fresh - band[i].low for band in rows) + len(rows) * halo_pixels(
            rows, i
        )
        copy = price.copy(seen.channels[i], windows[i].planar)
        total += seen.used[i] * copied * copy
    return total
