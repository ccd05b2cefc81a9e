"""Draws a stage as the graph that it is: docs/graph_stage.svg.

    python tools/stage_picture.py docs/graph_stage.svg

Boxes are ops, lines are tensors with what of them is resident. It is the first stage of resnet8's
plan for the least RAM without recomputation.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

from msfcnn.files import write_atomically
from msfcnn.frontend import load_model
from msfcnn.fusion import Resident, Step, Window
from msfcnn.options import Options
from msfcnn.page.svg import box, element, joined, label
from msfcnn.pipeline import plan_model
from msfcnn.schedule import ScheduledStage
from msfcnn.zoo import build

NETWORK = "resnet8"
WIDTH, HEIGHT = 220, 38  # of a box
ACROSS, DOWN = 330, 78  # from box to box
LEFT, TOP = 60, 40
BEND = 50  # of a line that passes by other boxes
STYLE = (
    "text{font-family:Helvetica,Arial,sans-serif;font-size:12px;fill:#222}"
    ".name{font-weight:bold}.op{fill:#dce9f5;stroke:#2b6ca3}.end{fill:#e9f5dc;stroke:#5a8f29}"
    "path{fill:none;stroke:#222}"
    ".word{fill:#555;stroke:#fff;stroke-width:4px;paint-order:stroke}"
)

Place = tuple[int, int]


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("svg", type=Path)
    args = parser.parse_args()
    write_atomically(args.svg, picture(largest_stage()))
    return 0


def largest_stage() -> ScheduledStage:
    """The stage with the most ops."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / f"{NETWORK}.onnx"
        file.write_bytes(build(NETWORK).SerializeToString())
        planned = plan_model(load_model(file), Options(max_macs=1.0))
    return max(planned.schedule.stages, key=lambda stage: len(stage.edge.steps))


def picture(stage: ScheduledStage) -> str:
    """The drawing as text."""
    steps = stage.edge.steps
    places = placed(steps)
    parts = [element("rect", width="100%", height="100%", fill="#fff")]
    both = [(step, tensor) for step in steps for tensor in step.inputs()]
    parts += [arrow(places, step, tensor) for step, tensor in both if tensor in places]
    parts += [words(stage, places, step, tensor) for step, tensor in both]
    parts += [op(step, places[step.z], step.z not in stage.cost.windows) for step in steps]
    wide = max(x for x, _ in places.values()) * ACROSS + WIDTH + 2 * LEFT + 190
    high = max(y for _, y in places.values()) * DOWN + HEIGHT + 2 * TOP
    body = joined([element("style", Markup(STYLE)), *parts])
    root = {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {wide} {high}", "role": "img"}
    name = f"{NETWORK} as one stage: ops, and what is resident of the tensors between them"
    return str(element("svg", body, **root, aria_label=name)) + "\n"


def placed(steps: tuple[Step, ...]) -> Mapping[int, Place]:
    """(column, row) of the op that writes each tensor.

    A row is as late as its inputs allow; in a row those stand first whose readers come first.
    """
    rows: dict[int, int] = {}
    for step in steps:
        rows[step.z] = 1 + max((rows[t] for t in step.inputs() if t in rows), default=-1)
    reader = {t: rows[step.z] for step in reversed(steps) for t in step.inputs()}
    found: dict[int, Place] = {}
    for row in set(rows.values()):
        beside = [tensor for tensor, its in rows.items() if its == row]
        beside.sort(key=lambda tensor: reader.get(tensor, 0))
        found |= {tensor: (column, row) for column, tensor in enumerate(beside)}
    return found


def op(step: Step, place: Place, is_end: bool) -> Markup:
    """A box with the kernel's family and the shape of its output."""
    x, y = corner(place)
    shape = " x ".join(map(str, step.target))
    window = "x".join(str(axis.kernel) for axis in step.axes(False))
    name = f"{step.call.family.replace('_', ' ')} {window}" if window != "1x1" else step.call.family
    return joined(
        [
            box(x, y, WIDTH, HEIGHT, "end" if is_end else "op"),
            label(x + WIDTH / 2, y + 16, name.replace("_", " "), "name", "middle"),
            label(x + WIDTH / 2, y + 31, shape, "shape", "middle"),
        ]
    )


def arrow(places: Mapping[int, Place], step: Step, tensor: int) -> Markup:
    """A tensor from the op that writes it to one that reads it."""
    (x0, y0), (x1, y1) = corner(places[tensor]), corner(places[step.z])
    middle, half = WIDTH // 2, HEIGHT // 2
    if x0 < x1:  # into a branch: out of the side, in from above
        begin, first = (x0 + WIDTH, y0 + half), (x1 + middle, y0 + half)
        end, last = (x1 + middle, y1), (x1 + middle, y0 + half)
    elif x0 > x1:  # out of it: in from the side
        begin, first = (x0 + middle, y0 + HEIGHT), (x0 + middle, y1 + half)
        end, last = (x1 + WIDTH, y1 + half), (x0 + middle, y1 + half)
    elif y1 - y0 > DOWN:  # around the boxes between
        begin, first = (x0, y0 + half), (x0 - BEND, y0 + half)
        end, last = (x1, y1 + half), (x0 - BEND, y1 + half)
    else:
        begin, first = (x0 + middle, y0 + HEIGHT), (x0 + middle, y1)
        end = last = (x1 + middle, y1)
    points = [f"{x:g} {y:g}" for x, y in (begin, first, last, end)]
    return element("path", d=f"M{points[0]}C{' '.join(points[1:])}")


def words(stage: ScheduledStage, places: Mapping[int, Place], step: Step, tensor: int) -> Markup:
    """What of a tensor is resident, beside its first line: it has one window for all readers."""
    if tensor not in places:
        x, y = corner(places[step.z])
        return label(x + WIDTH / 2, y - 12, "the image, with the caller", "word", "middle")
    readers = [other.z for other in stage.edge.steps if tensor in other.inputs()]
    if step.z != readers[0]:
        return Markup()
    x, y = corner(places[tensor])
    text = resident(stage.cost.windows[tensor])
    return label(x + WIDTH / 2 + 8, y + HEIGHT + 24, text, "word")


def resident(window: Window) -> str:
    """What of a tensor is there."""
    if window.resident is Resident.LINES:
        saved = f" and {window.save} pixels" if window.save else ""
        return f"{window.slots} lines{saved}, {window.size:,} bytes"
    return f"{window.length} pixels, {window.size:,} bytes"


def corner(place: Place) -> Place:
    """Where a box begins."""
    column, row = place
    return LEFT + column * ACROSS, TOP + row * DOWN


if __name__ == "__main__":
    sys.exit(main())
