"""How `plan` shows a plan and a front to people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msfcnn.render import Block, Column, Facts, Table, Verbatim
from msfcnn.sizes import format_size

if TYPE_CHECKING:
    from msfcnn.cli.plan_figures import Estimate, PlanFigures, Point, StageWay
    from msfcnn.planner.neighbours import Neighbour
    from msfcnn.schedule.figures import StageFigures

SAME = 0.0005  # a share that would be shown as 0.0 %
CYCLES_PER_INSTRUCTION = 1.5  # a guess that nobody has measured; wait states make it more
PAPER_NOTE = (
    "Counted as the msf-CNN paper does; the engine's figures for the same stages are below.\n"
)
_SIZES = ("R", "input", "output", "overlap", "windows", "skips", "total", "MACs")


def plan_blocks(found: PlanFigures) -> tuple[Block, ...]:
    """Stages, and what they come to."""
    note = (Verbatim(PAPER_NOTE),) if found.paper else ()
    return (*note, _table(found), _facts(found))


def front_blocks(points: Sequence[Point], paper: bool) -> tuple[Block, ...]:
    """The trade-offs, by descending RAM."""
    titles = ("peak RAM", "without output", "MACs", "recompute factor")
    counted = ", as the msf-CNN paper counts" if paper else ""
    table = Table(
        columns=tuple(Column(title, right=True) for title in titles),
        rows=tuple(_front_row(point) for point in points),
        title=f"Every trade-off that no other one beats; RAM in bytes{counted}",
    )
    return (table,)


def _front_row(point: Point) -> tuple[str, ...]:
    sizes = (point.peak_ram, point.without_io, point.macs)
    return (*map(format_size, sizes), f"{point.factor:.3f}")


def _table(found: PlanFigures) -> Table:
    rows = [
        _row(stage, way, index == found.binding)
        for index, (stage, way) in enumerate(zip(found.stages, found.ways, strict=True))
    ]
    totals = ("peak", format_size(found.totals.peak_ram), format_size(found.totals.macs))
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


def _row(stage: StageFigures, way: StageWay, binding: bool) -> tuple[str, ...]:
    nodes = stage.nodes or ("(load)",)
    sizes = (stage.input, stage.output, -stage.overlap, stage.windows, stage.skips)
    return (
        nodes[0],
        nodes[-1] if len(nodes) > 1 else "",
        str(len(stage.nodes)),
        _scheme(stage, way),
        str(stage.band) if stage.scheme.value == "h_cache" else "",
        *map(format_size, (*sizes, stage.total, stage.macs)),
        "<- peak" if binding else "",
    )


def _scheme(stage: StageFigures, way: StageWay) -> str:
    parts = [stage.scheme.value]
    parts += [f"{len(way.kept)} halo{'s' * (len(way.kept) > 1)} kept"] if way.kept else []
    parts += [f"{way.split} channels a pass"] if way.split else []
    return ", ".join(parts)


def _facts(found: PlanFigures) -> Facts:
    totals = found.totals
    pairs = [
        ("peak RAM", f"{format_size(totals.peak_ram)} bytes of arena{_image(found)}"),
        ("without output", f"{format_size(totals.without_io)} bytes"),
        ("MACs", format_size(totals.macs)),
        ("recompute factor", f"{totals.factor:.3f}"),
        ("estimate", _estimate(found.estimate)),
        *(_nearby(found, neighbour) for neighbour in found.nearby),
    ]
    if found.paper:
        engine = found.engine
        what = (
            f"{format_size(engine.peak_ram)} bytes of arena ({format_size(engine.without_io)} "
            f"without output), {format_size(engine.macs)} MACs, factor {engine.factor:.3f}"
        )
        pairs.append(("in the engine", what))
    return Facts(tuple(pairs))


def _estimate(estimate: Estimate) -> str:
    what = (
        f"{estimate.instructions / 1e6:.2f} M instructions an inference "
        f"({estimate.isa} kernels, as counted on {estimate.core})"
    )
    if estimate.seconds is None or estimate.clock is None:
        return what
    return (
        f"{what}; {1000 * estimate.seconds:.1f} ms at {estimate.clock / 1e6:g} MHz, if an "
        f"instruction took {CYCLES_PER_INSTRUCTION:g} cycles: an assumption, not measured"
    )


def _image(found: PlanFigures) -> str:
    if found.input_mode == "image":
        return f", beside the caller's image of {format_size(found.image)}"
    return {"push": ", rows pushed", "pull": ", the image fetched in parts"}[found.input_mode]


def _nearby(found: PlanFigures, neighbour: Neighbour) -> tuple[str, str]:
    size = f"{abs(neighbour.more) // 1024} KB {'more' if neighbour.more > 0 else 'less'}"
    if neighbour.macs is None:
        return size, f"no plan fits {format_size(max(0, neighbour.ram))} bytes"
    if neighbour.change is not None:
        word = "more" if neighbour.change > 0 else "fewer"
        if abs(neighbour.change) < SAME:
            return size, "the same instructions"
        return size, f"{100 * abs(neighbour.change):.1f} % {word} instructions"
    factor = neighbour.macs / found.macs if found.macs else 1.0
    change = neighbour.macs - found.totals.macs
    if change == 0:
        return size, "the same MACs"
    word = "more" if change > 0 else "fewer"
    return size, f"{format_size(abs(change))} MACs {word}, recompute factor {factor:.3f}"
