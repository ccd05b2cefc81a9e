"""How `plan` shows a plan and a front to people.

The figures, and the words for them, are those of msfcnn.report.PlanReport and docs/plan.md. RAM is
bytes of arena; overlap is shown as what it saves, with a minus.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msfcnn.render import Block, Column, Facts, Table, Verbatim
from msfcnn.sizes import format_size

if TYPE_CHECKING:
    from msfcnn.planner import Neighbour
    from msfcnn.report import Estimate, ParetoReport, PlanReport, StageReport, TradeOff

SAME = 0.0005  # a share that would be shown as 0.0 %
PAPER_NOTE = (
    "Counted as the msf-CNN paper does; the engine's figures for the same stages are below.\n"
)
_SIZES = ("R", "input", "output", "overlap", "windows", "skips", "total", "MACs")


def plan_blocks(found: PlanReport) -> tuple[Block, ...]:
    """Stages, and what they come to."""
    note = (Verbatim(PAPER_NOTE),) if found.accounting == "paper" else ()
    return (*note, _table(found), _facts(found))


def pareto_blocks(found: ParetoReport) -> tuple[Block, ...]:
    """The trade-offs, by descending RAM."""
    titles = ("peak RAM", "without output", "MACs", "recompute factor")
    counted = ", as the msf-CNN paper counts" if found.accounting == "paper" else ""
    table = Table(
        columns=tuple(Column(title, right=True) for title in titles),
        rows=tuple(_point(point) for point in found.points),
        title=f"Pareto front of RAM and MACs; RAM in bytes{counted}",
    )
    return (table,)


def _point(point: TradeOff) -> tuple[str, ...]:
    sizes = (point.peak_ram, point.peak_ram_without_io, point.macs)
    return (*map(format_size, sizes), f"{point.recompute_factor:.3f}")


def _table(found: PlanReport) -> Table:
    """A row a stage with the parts of its RAM; the largest one, which is the peak, is marked."""
    rows = [_row(stage, i == found.largest_stage) for i, stage in enumerate(found.stages)]
    totals = ("peak", format_size(found.peak_ram), format_size(found.macs))
    return Table(
        columns=(
            Column("first op", wraps=True),
            Column("last op", wraps=True),
            Column("ops", right=True),
            Column("scheme"),
            *(Column(title, right=True) for title in _SIZES),
            Column(""),
        ),
        rows=tuple(rows),
        totals=(f"{len(rows)} stages", *[""] * (len(_SIZES)), *totals, ""),
        title="Stages; R is rows of a band, input to total are bytes of arena",
    )


def _row(stage: StageReport, largest: bool) -> tuple[str, ...]:
    nodes, ram = stage.ops or ("(load)",), stage.ram
    sizes = (ram.input, ram.output, -ram.overlap, ram.windows, ram.skips, ram.total, stage.macs)
    return (
        nodes[0],
        nodes[-1] if len(nodes) > 1 else "",
        str(len(stage.ops)),
        _scheme(stage),
        str(stage.band_rows) if stage.scheme == "h_cache" else "",
        *map(format_size, sizes),
        "<- peak" if largest else "",
    )


def _scheme(stage: StageReport) -> str:
    """The scheme and what it is combined with: kept halos, a split into groups of channels."""
    kept = len(stage.kept_halos)
    parts = [stage.scheme]
    parts += [f"{kept} halo{'s' * (kept > 1)} kept"] if kept else []
    parts += [f"{stage.split} channels a pass"] if stage.split else []
    return ", ".join(parts)


def _facts(found: PlanReport) -> Facts:
    pairs = [
        ("peak RAM", f"{format_size(found.peak_ram)} bytes of arena{_image(found)}"),
        ("without output", f"{format_size(found.peak_ram_without_io)} bytes"),
        ("largest stage", f"{found.largest_stage + 1} of {len(found.stages)}"),
        ("MACs", format_size(found.macs)),
        ("recompute factor", f"{found.recompute_factor:.3f}"),
        *_two_passes(found),
        ("estimate", _estimate(found.estimate)),
        *(_nearby(found, neighbour) for neighbour in found.nearby),
    ]
    if found.accounting == "paper":
        engine = found.engine
        what = (
            f"{format_size(engine.peak_ram)} bytes of arena "
            f"({format_size(engine.peak_ram_without_io)} without output), "
            f"{format_size(engine.macs)} MACs, recompute factor {engine.recompute_factor:.3f}"
        )
        pairs.append(("in the engine", what))
    return Facts(tuple(pairs))


def _two_passes(found: PlanReport) -> list[tuple[str, str]]:
    """The gates whose maps are computed twice."""
    count = len(found.two_passes)
    if not count:
        return []
    maps = f"the map{'s' * (count > 1)} of {count} gate{'s' * (count > 1)}"
    return [("computed twice", f"{maps}, instead of kept: {', '.join(found.two_passes)}")]


def _estimate(estimate: Estimate) -> str:
    """Instructions, and time where the clock is known; says which processor was counted."""
    what = (
        f"{estimate.instructions / 1e6:.2f} M instructions per inference "
        f"({estimate.isa} kernels, as counted on {estimate.core})"
    )
    if estimate.clock is None and estimate.cycles_kind == "assumed":
        return what
    when = ""
    if estimate.seconds is not None and estimate.clock is not None:
        when = f", {1000 * estimate.seconds:.1f} ms at {estimate.clock / 1e6:g} MHz"
    basis = f"{estimate.cycles_kind}: {estimate.cycles_basis}"
    flash = ""
    if estimate.flash_wait_states:
        flash = f"; {estimate.flash_wait_states} more for each word of flash that nothing caches"
    cycles = f"{estimate.cycles / 1e6:.2f} M cycles{when} ({basis}{flash})"
    return f"{what}; {cycles}, not measured on a board"


def _image(found: PlanReport) -> str:
    """What the caller holds beside the arena, which the peak RAM does not count."""
    beside = found.beside_bytes
    if found.input_mode == "image":
        what = "inputs" if beside else "image"
        return f", beside the caller's {what} of {format_size(found.image_bytes + beside)}"
    how = {"push": ", rows pushed", "pull": ", the image fetched in parts"}[found.input_mode]
    return f"{how}, beside the caller's other inputs of {format_size(beside)}" if beside else how


def _nearby(found: PlanReport, neighbour: Neighbour) -> tuple[str, str]:
    """What a little more or less RAM would change: instructions where they are estimated for both
    plans, else MACs.
    """
    word = "more" if neighbour.more > 0 else "less"
    name = f"with {abs(neighbour.more) // 1024} KB {word} RAM"
    if neighbour.macs is None:
        return name, f"no plan fits {format_size(max(0, neighbour.ram))} bytes"
    if neighbour.change is not None:
        if abs(neighbour.change) < SAME:
            return name, "no change"
        word = "more" if neighbour.change > 0 else "fewer"
        return name, f"{100 * abs(neighbour.change):.1f} % {word} instructions"
    change = neighbour.macs - found.macs
    if change == 0:
        return name, "no change"
    live = found.model.live_macs
    factor = neighbour.macs / live if live else 1.0
    word = "more" if change > 0 else "fewer"
    return name, f"{format_size(abs(change))} MACs {word}, recompute factor {factor:.3f}"
