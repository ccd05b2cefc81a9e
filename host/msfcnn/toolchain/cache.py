"""Objects of the engine for this computer, kept for the next time.

An object is named after a digest of all that goes into it: the command, the compiler's file, the
source, every header. It is never wrong, only unused; the oldest are deleted in the end.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from msfcnn.toolchain.once import make_once

VARIABLE = "MSFCNN_CACHE"
MOST_OBJECTS = 1500  # some 60 MB


def cache_directory() -> Path | None:
    """$MSFCNN_CACHE, or msfcnn below $XDG_CACHE_HOME or ~/.cache; None if it is set to nothing."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        return Path(named) if named else None
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "msfcnn" / "objects"
    except RuntimeError:  # nobody's home
        return None


def cached(
    source: Path,
    target: Path,
    command: Sequence[str],
    headers: Sequence[Path],
    compile_to: Callable[[Path], object],
) -> None:
    """Puts the object of a source at `target`, compiled only if the cache does not have it.

    `compile_to` compiles to a path that it is given. A cache that cannot be written is not used.
    """
    directory = cache_directory()
    if directory is None:
        make_once(target, compile_to)
        return
    kept = directory / f"{source.stem}-{_key(source, command, headers)}.o"
    try:
        if not kept.exists():
            make_once(kept, compile_to)
            _limit(directory)
        os.utime(kept)
        make_once(target, lambda fresh: shutil.copyfile(kept, fresh))
    except OSError:
        make_once(target, compile_to)


def _key(source: Path, command: Sequence[str], headers: Sequence[Path]) -> str:
    """A digest; the compiler counts by where it is and when it was installed."""
    program = Path(os.path.realpath(shutil.which(command[0]) or command[0]))
    installed = program.stat().st_mtime_ns if program.exists() else 0
    # the source's path stands in what sanitizers print
    key = hashlib.sha256("\0".join([*command, str(program), str(installed), str(source)]).encode())
    for path in (source, *headers):
        key.update(hashlib.sha256(path.read_bytes()).digest())
    return key.hexdigest()[:32]


def _limit(directory: Path) -> None:
    """Deletes the objects that were not used for longest where there are too many."""
    every = [(entry.stat().st_mtime_ns, entry.path) for entry in os.scandir(directory)]
    for _, path in sorted(every)[: max(0, len(every) - MOST_OBJECTS)]:
        Path(path).unlink(missing_ok=True)
