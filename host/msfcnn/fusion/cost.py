"""What a stage needs: every buffer of it in bytes, and the MACs and instructions it executes.

This is the accounting that everything else follows: the planner compares these costs, the
layout gives each buffer its place, and the engine uses exactly these bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from msfcnn.fusion.edge import Edge
from msfcnn.fusion.finish import finish
from msfcnn.fusion.growth import Growth
from msfcnn.fusion.options import Option
from msfcnn.fusion.price import Currency, Place, kernel_at
from msfcnn.fusion.state import SUM_BYTES, Closed, KnownWaits, Sweep, Terms
from msfcnn.fusion.windows import Resident
from msfcnn.isa import Kernel

AS_PLANNED: Mapping[int, int] = MappingProxyType({})


@dataclass(frozen=True)
class Window:
    """What is resident of an inner tensor.

    slots:  whole lines, of windows of lines.
    length: pixels of a line, of a run or of a ring.
    save:   pixels kept of the line that the newest one overwrites.
    planar: channel after channel, as depthwise kernels like it.
    shared: a run whose bytes other runs use, too.
    """

    resident: Resident
    slots: int
    length: int
    save: int
    channels: int
    planar: bool = False
    shared: bool = False

    @property
    def size(self) -> int:
        """Bytes."""
        return (max(1, self.slots) * self.length + self.save) * self.channels


@dataclass(frozen=True)
class Halo:
    """Kept pixels of every line of an inner tensor; copied: pixels kept or replayed, in all."""

    pixels: int
    lines: int
    channels: int
    copied: int

    @property
    def size(self) -> int:
        """Bytes."""
        return self.pixels * self.lines * self.channels


@dataclass(frozen=True)
class Ring:
    """Pixels of an inner tensor that wait for the step that reads it last."""

    reader: int
    pixels: int
    channels: int

    @property
    def size(self) -> int:
        """Bytes."""
        return self.pixels * self.channels


@dataclass(frozen=True)
class Cost:
    """Bytes, MACs and estimated instructions of an edge with an option.

    windows: of every inner tensor. halos: of those that are kept from band to band.
    copies:  rings beside a window, by tensor.
    tail:    tensor whose window lies next to the input, whose beginning may reach into it.
    runs:    bytes that shared runs have together. lower: tensors whose runs are at their lower end.
    shared:  bytes of scratch and runs, which may lie on each other where no kernel needs both.
    sums:    bytes of the accumulators of global averages.
    early:   by position of a step that of the one which keeps pace with it.
    region:  bytes of the dying input and the output together, overlap taken off; of all ends
             where nothing overlaps.
    others:  bytes of other whole tensors.
    """

    windows: dict[int, Window]
    halos: dict[int, Halo]
    copies: dict[int, Ring]
    tail: int | None
    runs: int
    sums: int
    scratch: int
    lower: frozenset[int]
    shared: int
    early: dict[int, int]
    region: int
    others: int
    without_io: int
    macs: int
    instructions: int

    @property
    def window_bytes(self) -> int:
        """Everything that lives in this stage only."""
        windows = sum(w.size for w in self.windows.values() if not w.shared)
        halos = sum(h.size for h in self.halos.values())
        rings = sum(r.size for r in self.copies.values())
        return self.shared + self.sums + windows + halos + rings

    @property
    def total(self) -> int:
        """Bytes of arena while the stage runs."""
        return self.window_bytes + self.region + self.others

    def price(self, currency: Currency) -> int:
        """In a currency."""
        return self.macs if currency is Currency.MACS else self.instructions


def cost(edge: Edge, option: Option, op_runs: Mapping[int, int] = AS_PLANNED) -> Cost:
    """The cost of one way to run an edge, which must allow it: the engine does exactly this.

    op_runs: by step, pixels that are computed at a time if not those of the option.
    """
    (found,) = costs(edge, option, [(option.run, option.tight, option.lean)], op_runs)
    return found


def costs(
    edge: Edge,
    option: Option,
    ways: Sequence[tuple[int, bool, bool]],
    op_runs: Mapping[int, int] = AS_PLANNED,
) -> tuple[Cost, ...]:
    """Of the option with another run, tight and lean instead of its own, all at once.

    Much cheaper than one by one: arrays over variants are what `growth` computes with.
    """
    network = edge.network
    runs, tight, lean = zip(*ways, strict=True)
    # floors serve to drop options that cannot win; here nothing is dropped
    floors = (0,) * len(network.steps)
    terms = Terms(
        currency=Currency.INSTRUCTIONS,
        price=network.instructions,
        floors=floors,
        run=runs,
        tight=tight,
        lean=lean,
        op_runs=op_runs,
    )
    sweep = Sweep(
        network=network, end=edge.last, columns=option.columns, band=option.band, split=option.split
    )
    growth = Growth(sweep, terms, option.keep.__contains__, KnownWaits())
    macs = 0
    for i in range(edge.last - 1, edge.first - 1, -1):
        possible = growth.add(i)
        assert possible, "an edge can be grown"
        macs += growth.macs(i)
    done = finish(growth, edge.first)
    assert done is not None, "an edge is complete"
    return tuple(
        Cost(
            windows={t: _window(c, n) for t, c in sorted(growth.closed.items())},
            halos={t: _halo(c) for t, c in sorted(growth.closed.items()) if c.halo is not None},
            copies={t: _ring(edge, c, n) for t, c in sorted(growth.closed.items()) if c.second[n]},
            tail=done.tail,
            runs=int(growth.items.runs[n]),
            sums=growth.sums,
            scratch=int(done.scratch.most[n]),
            lower=frozenset(network.steps[k].z for k in done.scratch.lower()),
            shared=int(done.shared[n]),
            early={k - edge.first: i - edge.first for i, k in growth.early.items()},
            region=int(done.region[0, n]),
            others=done.others,
            without_io=int(done.bare[n]),
            macs=macs,
            instructions=int(done.price[n]),
        )
        for n in range(len(ways))
    )


def _window(closed: Closed, n: int) -> Window:
    """The window of a closed tensor in the option at hand."""
    way = closed.ways[-1] if closed.second[n] else closed.ways[0]
    return Window(
        resident=way.resident,
        slots=int(way.slots[0, n]),
        length=int(way.length[0, n]),
        save=int(way.save[0, n]),
        channels=closed.channels,
        planar=way.planar,
        shared=bool(way.shared[0, n] > 0),
    )


def _halo(closed: Closed) -> Halo:
    assert closed.halo is not None, "only kept ones are asked for"
    assert closed.copied is not None, "likewise"
    return Halo(int(closed.halo[0]), closed.used, closed.channels, int(closed.copied[0]))


def _ring(edge: Edge, closed: Closed, n: int) -> Ring:
    pixels = closed.ways[-1].pixels
    assert closed.late is not None, "there is a ring"
    assert pixels is not None, "there is a ring"
    return Ring(closed.late.last - edge.first, int(pixels[0, n]), closed.channels)


def kernel_of(edge: Edge, windows: dict[int, Window], i: int) -> Kernel:
    """The kernel of step i of an edge; those for planar lines need a window that is planar."""
    step = edge.steps[i]
    return kernel_at(step, step.x in windows, step.x in windows and windows[step.x].planar)


def place_of(edge: Edge, found: Cost, option: Option, i: int) -> Place:
    """Where step i of an edge stands."""
    window = found.windows.get(edge.steps[i].x)
    if window is None or edge.steps[i].loads:
        return Place(columns=option.columns, lean=option.lean)
    return Place(
        inner=True,
        planar=window.planar,
        tight=window.save > 0,
        columns=option.columns,
        lean=option.lean,
    )


__all__ = ["SUM_BYTES", "Cost", "Halo", "Ring", "Window", "cost", "costs", "kernel_of", "place_of"]
