"""The report on boards as one self-contained HTML page: what report.html shows.

Figures of `verdict` and `report` become text and pictures here; report.html only places them. The
order of the cells of a row is that of the table's head there, or of LAYER_HEADS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from msfcnn.page.charts import PARTS, STYLE, legend_of, macs_svg, share, time_svg, timeline_svg
from msfcnn.page.motion import Motion, motion_of
from msfcnn.page.style import BASE_STYLE
from msfcnn.report import StageReport
from msfcnn.verdict import BoardsReport, BoardVerdict, Latency, Memory, PlanView

_TEMPLATE = Path(__file__).with_name("report.html")
_SCRIPT = Path(__file__).with_name("report.js")

LAYER_HEADS = (
    *("layer", "op", "kernel", "output", "MACs", "weights", "live", "stage", "arena of the stage"),
    *("time", "error"),
)


@dataclass(frozen=True)
class _Block:
    """A stage in the strip of stages; `width`: its share of the time in percent."""

    number: int
    name: str
    title: str
    width: float


@dataclass(frozen=True)
class _Plan:
    """A plan with its pictures and tables."""

    view: PlanView
    strip: tuple[_Block, ...]
    arena: Markup
    motions: tuple[Motion, ...]
    stages: tuple[tuple[str, ...], ...]
    peak: int


def report_page(found: BoardsReport, command: str) -> str:
    """The page; `command` is what makes it again.

    Parts whose figures are missing (fronts, accuracy, errors of layers) are left out of it.
    """
    from jinja2 import Environment  # slow to load, and few need a page

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["bytes"] = _bytes
    environment.filters["percent"] = _percent
    environment.globals["part_of"] = share
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    fronts = found.fronts
    return template.render(
        found=found,
        command=command,
        style=Markup(BASE_STYLE + STYLE),
        script=Markup(_SCRIPT.read_text(encoding="utf-8")),
        parts=PARTS,
        verdicts=[(verdict, _row(verdict)) for verdict in found.verdicts],
        plans=[_plan(view) for view in found.plans],
        layers=_layers(found),
        correct=_accuracy(found, "C"),
        correct_float=f" (float {right})" if (right := _accuracy(found, "float")) else "",
        layer_heads=LAYER_HEADS if _errors(found) else LAYER_HEADS[:-1],
        fronts=fronts,
        macs=macs_svg(fronts) if fronts else None,
        time=time_svg(fronts) if fronts else None,
        legend=legend_of(fronts) if fronts else (),
    )


def _row(verdict: BoardVerdict) -> tuple[str, ...]:
    """The figures of a board in the table of verdicts."""
    energy, factor = verdict.energy_mj, verdict.recompute_factor
    return (
        _bytes(verdict.peak_ram),
        _of(verdict.ram),
        _of(verdict.flash),
        "" if factor is None else f"{factor:.3f}",
        _time(verdict.latency),
        "" if energy is None else f"{energy:.3g} mJ",
    )


def _of(memory: Memory | None) -> str:
    """Bytes used, and the limit if there is one: "12,345 of 20,480"."""
    if memory is None:
        return ""
    limit = "" if memory.limit is None else f" of {memory.limit:,}"
    return f"{memory.used:,}{limit}"


def _time(latency: Latency | None) -> str:
    """Milliseconds where the clock is known, else instructions."""
    if latency is None:
        return ""
    if latency.seconds is None:
        return f"{(latency.instructions or 0) / 1e6:,.2f} M instructions"
    return f"{1000 * latency.seconds:,.1f} ms"


def _plan(view: PlanView) -> _Plan:
    """The pictures and tables of one plan; boards with the same one share it."""
    stages, moments = view.timeline.stages, view.timeline.moments
    total = sum(moment.instructions for moment in moments)
    peak = view.timeline.peak
    rows, strip = [], []
    for number, (stage, moment) in enumerate(zip(stages, moments, strict=True), 1):
        name, part = _name(stage.ops), share(moment.instructions, total)
        strip.append(
            _Block(number, name, f"stage {number}: {name}, {stage.scheme}", round(100 * part, 2))
        )
        rows.append(
            (
                str(number),
                name,
                str(len(stage.ops)),
                _scheme(stage),
                *(f"{getattr(moment, kind):,}" for kind in PARTS),
                f"{moment.total:,}{' (peak)' if moment.total == peak else ''}",
                f"{stage.macs:,}",
                f"{100 * part:.1f} %",
            )
        )
    return _Plan(
        view=view,
        strip=tuple(strip),
        arena=timeline_svg(view.timeline),
        motions=tuple(motion_of(stage, _name(stage.ops)) for stage in view.motions),
        stages=tuple(rows),
        peak=peak,
    )


def _layers(found: BoardsReport) -> tuple[tuple[str, ...], ...]:
    """Layer by layer: its own figures, those of the first plan, its error if that is known."""
    stages, errors = _stages_of(found.plans), _errors(found)
    rows = []
    for layer in found.network.layers:
        shape = " x ".join(map(str, layer.output))
        kernel = "" if layer.kernel is None else " x ".join(map(str, layer.kernel))
        figures = (layer.macs, layer.weight_bytes, layer.live_bytes)
        error = errors.get(layer.node)
        cells = (layer.node, layer.op, kernel, shape, *(f"{n:,}" for n in figures))
        cells += stages.get(layer.node, ("", "", ""))
        rows.append((*cells, "" if error is None else f"{100 * error:.2f} %"))
    return tuple(rows if errors else [row[:-1] for row in rows])


def _accuracy(found: BoardsReport, name: str) -> str:
    """The share of labelled images that one way to run the network gets right, if it is known."""
    ways = found.accuracy.ways if found.accuracy else ()
    return next((_percent(way.accuracy) for way in ways if way.name == name), "")


def _errors(found: BoardsReport) -> dict[str, float]:
    """By node the error against the float network; empty without one."""
    layers = found.accuracy.layers if found.accuracy else ()
    return {layer.node: layer.error for layer in layers}


def _stages_of(plans: Sequence[PlanView]) -> dict[str, tuple[str, str, str]]:
    """By node, in the first plan: its last stage, the arena of that, the layer's share of time."""
    if not plans:
        return {}
    view = plans[0].timeline
    total, times = sum(moment.instructions for moment in view.moments), dict(view.layers)
    return {
        node: (str(number), f"{moment.total:,}", _percent(share(times.get(node, 0), total)))
        for number, (stage, moment) in enumerate(zip(view.stages, view.moments, strict=True), 1)
        for node in stage.ops
    }


def _name(ops: Sequence[str]) -> str:
    """The first and last node of a stage; a stage without nodes only loads the image."""
    if not ops:
        return "load"
    return ops[0] if len(ops) == 1 else f"{ops[0]} .. {ops[-1]}"


def _scheme(stage: StageReport) -> str:
    """How a stage is swept: "h_cache, R = 4, 2 halos kept"; see docs/plan.md."""
    words = [stage.scheme]
    words += [f"R = {stage.band_rows}"] if stage.scheme == "h_cache" else []
    words += [f"{len(stage.kept_halos)} halos kept"] if stage.kept_halos else []
    words += [f"{stage.split} channels a pass"] if stage.split else []
    return ", ".join(words)


def _bytes(size: int | None) -> str:
    return "" if size is None else f"{size:,}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"
