"""Stages in motion, for a page that steps through them: some moments of each, as plain figures.

Lines are counted from the top of the tensor, or from its left where a stage sweeps column by column
(`unit` says which). report.js draws `Motion.steps` with the same rules as `_track`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from msfcnn.report import Lines, MovingStage

MOMENTS = 24  # of a stage, as many as can be stepped through
SHOWN = 3  # of them, where there is no JavaScript


@dataclass(frozen=True)
class Bar:
    """A run of lines of a tensor; `kind`: dead, resident, needed or passing (computed now)."""

    kind: str
    begin: int
    length: int


@dataclass(frozen=True)
class Track:
    """A tensor at a moment: all its lines, and what holds of them."""

    tensor: str
    lines: int
    bars: tuple[Bar, ...]
    words: str


@dataclass(frozen=True)
class Motion:
    """A stage: `shown` moments as pictures, and all chosen moments as JSON for the script.

    shown: line of the output that has just been computed, and the tensors.
    steps: [[line, [[dead, before, written] of each tensor]], ...].
    number: of the stage in the plan, from 1 on. bands: how often its output is swept.
    last: index of its last moment.
    """

    number: int
    ops: str
    scheme: str
    unit: str
    bands: int
    last: int
    shown: tuple[tuple[int, tuple[Track, ...]], ...]
    steps: Markup


def motion_of(stage: MovingStage, name: str) -> Motion:
    """A stage as a page shows it; `name` says which ops run in it."""
    chosen = _spread(len(stage.moments), MOMENTS)
    shown = [chosen[i] for i in _spread(len(chosen), SHOWN)]
    steps = [
        [line, [[t.dead, t.before, t.written] for t in stage.moments[line]]] for line in chosen
    ]
    return Motion(
        number=stage.number,
        ops=name,
        scheme=stage.scheme,
        unit=stage.unit,
        bands=stage.bands,
        last=len(stage.moments) - 1,
        shown=tuple((n, tuple(_track(lines) for lines in stage.moments[n])) for n in shown),
        steps=Markup(json.dumps(steps, separators=(",", ":"))),  # numbers only: nothing to escape
    )


def _spread(count: int, most: int) -> Sequence[int]:
    """Some of 0 .. count - 1, the first and the last among them."""
    if count <= most:
        return range(count)
    return sorted({round(i * (count - 1) / (most - 1)) for i in range(most)})


def _track(lines: Lines) -> Track:
    """A tensor's lines as four runs, one behind the other from line 0 on; any may be empty.

    Dead lines nobody reads any more; resident ones were there before this moment; passing ones are
    computed and read for the last time within it; needed ones are new and stay.
    """
    gone, needed = min(lines.dead, lines.before), max(lines.before, lines.dead)
    ends = {
        "dead": (0, gone),
        "resident": (gone, lines.before),
        "passing": (lines.before, min(lines.written, needed)),
        "needed": (min(lines.written, needed), lines.written),
    }
    bars = tuple(Bar(kind, begin, end - begin) for kind, (begin, end) in ends.items())
    # endings that quantizers put behind the name of the float tensor say nothing to a reader
    return Track(
        tensor=lines.tensor.removesuffix("_int8").removesuffix("_QuantizeLinear_Output"),
        lines=lines.lines,
        bars=bars,
        words=f"{lines.resident} of {lines.lines}",
    )
