"""Makes a simulator of a core from its RTL, with Verilator; the RTL is the user's own copy.

That takes long, so the result is kept under a digest of the sources that it is made of.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from msfcnn.errors import BoardError, Problem
from msfcnn.resources import ROOT

BOARDS = Path(__file__).with_name("rtl")
GET_VERILATOR = "apt install verilator g++ make"
_MANIFEST = "cv32e40p_manifest.flist"
_GET = (
    "git clone https://github.com/openhwgroup/cv32e40p ~/cv32e40p, or set CV32E40P to the one you "
    "have; ../cv32e40p is found, too"
)
# warnings about the style of the RTL, and a core too large to be checked for races of its latches
_WARNINGS = ("-Wno-fatal", "-Wno-lint", "-Wno-style", "-Wno-UNOPTFLAT", "-Wno-BLKANDNBLK")
_OPTIONS = ("-O3", "--x-assign", "fast", "--x-initial", "fast", "--no-timing")
_COMPLAINT = re.compile("error", re.IGNORECASE)


def rtl_problem(machine: str) -> Problem | None:
    """Why the RTL of CV32E40P is not there, and how to get it; None if it is."""
    named = os.environ.get("CV32E40P")
    if _found() is not None:
        return None
    what = f"$CV32E40P is {named}, where no {_MANIFEST} is" if named else "CV32E40P's RTL not found"
    return Problem(machine, what, _GET)


def simulator(machine: str, directory: Path) -> Path:
    """The simulator of CV32E40P, kept in `directory`. Raises BoardError."""
    root = _found()
    if root is None:
        problem = rtl_problem(machine)
        assert problem is not None
        raise BoardError(problem)
    board = BOARDS / "cv32e40p.cpp"
    files = _files(root)
    key = hashlib.sha256(b"".join(path.read_bytes() for path in (*files, board)))
    place = directory / f"cv32e40p-{key.hexdigest()[:24]}"
    target = place / "simulator"
    if not target.exists():
        fresh = place.with_name(f"{place.name}.{os.getpid()}.new")
        _verilate(machine, root, [*files, board], fresh)
        if not target.exists():  # else another process was quicker
            shutil.rmtree(place, ignore_errors=True)
            fresh.rename(place)
        shutil.rmtree(fresh, ignore_errors=True)
    return target


def _found() -> Path | None:
    """$CV32E40P, ../cv32e40p beside the project, or ~/cv32e40p."""
    named = os.environ.get("CV32E40P")
    places = [Path(named)] if named else [ROOT.parent / "cv32e40p", Path.home() / "cv32e40p"]
    return next((place for place in places if (place / _MANIFEST).is_file()), None)


def _files(root: Path) -> list[Path]:
    """What the core's own list of files names, without the parts that trace and wrap it."""
    text = (root / _MANIFEST).read_text(encoding="utf-8")
    names = re.findall(r"^\$\{DESIGN_RTL_DIR\}/(\w\S*\.sv)$", text, re.MULTILINE)
    found = [root / "rtl" / name for name in names]
    return [*found, root / "bhv" / "cv32e40p_sim_clock_gate.sv"]


def _verilate(machine: str, root: Path, sources: list[Path], place: Path) -> None:
    command = [
        *("verilator", "--cc", "--exe", "--build", *_OPTIONS, *_WARNINGS),
        *("--top-module", "cv32e40p_top", f"+incdir+{(root / 'rtl' / 'include').resolve()}"),
        *("-CFLAGS", "-O3", "-MAKEFLAGS", "OPT_FAST=-O3"),
        *("-Mdir", str(place.resolve()), "-o", "simulator"),
        *(str(path.resolve()) for path in sources),
    ]
    place.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise BoardError(Problem(machine, "verilator not found", GET_VERILATOR)) from error
    if done.returncode:
        said = (done.stderr or done.stdout).splitlines()
        line = next((line for line in said if _COMPLAINT.search(line)), "no reason given")
        shutil.rmtree(place, ignore_errors=True)
        what = f"verilator fails: {line.strip()}"
        raise BoardError(Problem(machine, what, "Verilator 5.006 is known to do"))
