"""The table of networks in pages: RAM layer by layer, streamed once, and streamed a tenth more.

    python tools/network_table.py README.md docs/comparison.md

Each page has the table already; its rows are written anew. Takes a minute or two.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msfcnn
from msfcnn import zoo
from msfcnn.files import write_atomically
from msfcnn.ir import live_during, owners

DIGITS = Path(__file__).resolve().parents[1] / "apps" / "digits" / "digits.onnx"
HEAD = (
    "| network | MACs | weights | layer by layer | F = 1 | F <= 1.1 |\n|---|---|---|---|---|---|\n"
)
FACTORS = (1.0, 1.1)


@dataclass(frozen=True)
class Row:
    """A network of the table. name: in the zoo; None for the bundled one."""

    label: str
    name: str | None
    options: dict[str, Any] = field(default_factory=dict)


ROWS = (
    Row("digits", None),
    Row("ds-cnn", "ds-cnn"),
    Row("mobilenetv3-small 0.5", "mobilenetv3-small", {"width": 0.5, "resolution": 96}),
    Row("pan", "pan"),
    Row("fomo 0.35", "fomo"),
    Row("shufflenetv2 0.5", "shufflenetv2"),
    Row("mobilenetv1 0.25", "mobilenetv1"),
    Row("mcunetv2-vww-5fps", "mcunetv2-vww-5fps"),
    Row("resnet8", "resnet8"),
    Row("squeezenet 0.5", "squeezenet"),
    Row("inception 0.25", "inception"),
    Row("ssd-mobilenet 0.25", "ssd-mobilenet"),
    Row("mbv2 0.35", "mbv2", {"width": 0.35, "resolution": 144}),
    Row("resnet20", "resnet20"),
    Row("densenet", "densenet"),
    Row("mcunet-320kb-imagenet", "mcunet-320kb-imagenet"),
    Row("unet 0.125", "unet"),
    Row("resnet18", "resnet18"),
)


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", type=Path, nargs="+", help="Markdown files with the table")
    args = parser.parse_args()
    with ProcessPoolExecutor() as pool:
        lines = "".join(pool.map(line, ROWS))
    for page in args.pages:
        text = page.read_text()
        if HEAD not in text:
            sys.stderr.write(f"{page}: has no line {HEAD.splitlines()[0]}\n")
            return 2
        write_atomically(page, replaced(text, lines))
    return 0


def replaced(text: str, lines: str) -> str:
    """The page with other rows below the head of the table."""
    before, after = text.split(HEAD, 1)
    rest = after.splitlines(keepends=True)
    while rest and rest[0].startswith("|"):
        rest.pop(0)
    return before + HEAD + lines + "".join(rest)


def line(row: Row) -> str:
    """A row of the table; takes some seconds."""
    with tempfile.TemporaryDirectory() as directory:
        path = DIGITS
        if row.name is not None:
            path = Path(directory) / f"{row.name}.onnx"
            path.write_bytes(zoo.build(row.name, **row.options).SerializeToString())
        return "| " + " | ".join(_cells(row, path)) + " |\n"


def _cells(row: Row, path: Path) -> Iterator[str]:
    model = msfcnn.load_model(path)
    totals = msfcnn.inspect(model).totals
    shape = "x".join(map(str, model.tensors[model.input.tensor].shape))
    yield f"{row.label}, {shape}"
    yield f"{totals.macs / 1e6:,.1f} M"
    yield f"{totals.weight_bytes:,}"
    yield f"{layer_by_layer(model):,}"
    for factor in FACTORS:
        yield f"{msfcnn.plan(model, msfcnn.Options(max_macs=factor)).peak_ram:,}"


def layer_by_layer(model: msfcnn.Model) -> int:
    """The most bytes of whole tensors alive at once, without the caller's image."""
    owner = owners(model)
    return max(
        sum(model.tensors[t].size for t in {owner[t] for t in live} - {model.input.tensor})
        for live in live_during(model)
    )


if __name__ == "__main__":
    sys.exit(main())
