"""Builds three networks for all boards: docs/boards.md, what they occupy.

    python tools/board_page.py docs/boards.md

Needs RIOT and the boards' compilers; boards that cannot be built say why. Takes many minutes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msfcnn import zoo
from msfcnn.boards import Board, load_boards
from msfcnn.errors import InfeasibleError, MsfcnnError
from msfcnn.files import write_atomically
from msfcnn.firmware.building import BuildOutcome, Request, build_many
from msfcnn.render import error_text
from msfcnn.sizes import format_size

ROOT = Path(__file__).resolve().parents[1]
DIGITS = ROOT / "apps" / "digits" / "digits.onnx"
_HEAD = """\
# What networks occupy on the boards

Made by `python tools/board_page.py docs/boards.md`: each network planned for the board's default
limit (`default_max_ram` in boards.yaml), built with the application bench by RIOT's make, read from
the ELF file. Bytes. *Flash* and *RAM* are those of the whole program: RIOT, bench with its four
stored images, stacks, engine and network. *Arena* is the network's part of the RAM, *F* the
recompute factor.

Boards with an ESP32 need Espressif's compilers (`dist/tools/esptools/install.sh` of RIOT), which
no package of Debian has: none of their programs was built for this page, nor run. Their engine is
compiled and run for other cores of the same families instead: RV32IMC and RV32IMAC, and Xtensa
LX106 and dc233c ([kernels.md](kernels.md)). RIOT has no timer for the Raspberry Pi Pico 2 that
bench could use; `build --app digits` builds for both of its processors.
"""


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", type=Path, help="the Markdown file to write")
    parser.add_argument("--build", type=Path, default=Path("build"), help="for programs")
    args = parser.parse_args()
    try:
        models = networks(DIGITS, args.build / "models")
        boards = tuple(load_boards().values())
        write_atomically(args.page, survey(boards, models, args.build))
    except MsfcnnError as error:
        sys.stderr.write(error_text(error.problems))
        return error.exit_code
    return 0


def networks(digits: Path, directory: Path) -> Mapping[str, Path]:
    """The networks by the name that the page gives them; those of the zoo are built."""
    directory.mkdir(parents=True, exist_ok=True)
    drawn = {
        "mobilenetv1_w025_r96": zoo.build("mobilenetv1", width=0.25, resolution=96, channels=1),
        "mcunetv2_vww_5fps": zoo.build("mcunetv2-vww-5fps"),
    }
    for name, model in drawn.items():
        write_atomically(directory / f"{name}.onnx", model.SerializeToString())
    return {
        "digits, 32x32x1": digits,
        "mobilenetv1 0.25, 96x96x1": directory / "mobilenetv1_w025_r96.onnx",
        "mcunetv2-vww-5fps, 80x80x3": directory / "mcunetv2_vww_5fps.onnx",
    }


def survey(boards: Sequence[Board], models: Mapping[str, Path], root: Path) -> str:
    """Builds everything for all boards but the host's; returns the page as Markdown."""
    real = [board for board in boards if board.runner != "host"]
    parts = [_HEAD]
    for title, model in models.items():
        outcomes = build_many([Request(board, model, root=root) for board in real])
        parts.append(f"## {title}\n\n" + "\n".join(_table(outcomes)) + "\n")
    return "\n".join(parts)


def _table(outcomes: Sequence[BuildOutcome]) -> Iterator[str]:
    yield "| board | flash | of | RAM | of | arena | F |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    notes = []
    for outcome in outcomes:
        board, built = outcome.request.board, outcome.built
        if built is None or built.tally is None:
            notes.append(f"- {board.name}: {_why(outcome)}")
            continue
        size = built.tally
        cells = [size.flash, board.flash, size.ram, board.ram, built.generated.layout.peak_ram]
        texts = ["" if cell is None else format_size(cell) for cell in cells]
        yield f"| {board.name} | {' | '.join(texts)} | {built.generated.recompute_factor:.3f} |"
    if notes:
        yield "\nNot built:\n"
        yield from notes


def _why(outcome: BuildOutcome) -> str:
    if isinstance(outcome.error, InfeasibleError):
        bound = outcome.request.ram_bound or 0
        best = format_size(outcome.error.best_ram)
        return f"needs {best} bytes of arena, the default limit is {format_size(bound)}"
    return outcome.error.problems[0].what if outcome.error else "its ELF file could not be read"


if __name__ == "__main__":
    sys.exit(main())
