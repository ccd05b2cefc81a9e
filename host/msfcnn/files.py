"""Writes files so that a reader sees the old content or the new one, never half of it.

The one place that writes what users keep. Errors of the operating system become UsageErrors that
say what to do. Unchanged files are left alone, so that make does not build again what depends on
them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from msfcnn.errors import Problem, UsageError
from msfcnn.suggest import closest

Content = str | bytes  # str is written as UTF-8


def existing_file(text: str) -> Path:
    """The path of a file that must be there; a UsageError names the closest one if it is not."""
    path = Path(text)
    if path.is_file():
        return path
    if (path / "saved_model.pb").is_file():
        what = "is a SavedModel of TensorFlow"
        hint = f"convert it: tf.lite.TFLiteConverter.from_saved_model('{text}').convert()"
        raise UsageError(Problem(text, what, hint))
    if path.is_dir():
        what = "is a directory, not a file"
    else:  # a pipe or device could be read only once, and models are read more often
        what = "is not a regular file" if path.exists() else "no such file"
    raise UsageError(Problem(text, what, _closest_file(path)))


def existing_path(text: str) -> Path:
    """The path of a file or directory that must be there. Raises UsageError as `existing_file`."""
    path = Path(text)
    return path if path.is_dir() else existing_file(text)


def write_all_at(files: Mapping[Path, Content]) -> tuple[Path, ...]:
    """Write files, each at its own path, all or none; returns the paths of those that changed.

    Raises UsageError; nothing is changed then, unless the disk fails between two renames.
    """
    return _replace(files)


def write_atomically(path: Path, content: Content) -> bool:
    """Write one file; says whether its content changed (an unchanged file keeps its time)."""
    return bool(_replace({path: content}))


def write_all(directory: Path, files: Mapping[str, Content]) -> tuple[Path, ...]:
    """Write files into a directory, made if needed; returns the paths of those that changed.

    No file is touched before the content of all of them is safely on the disk.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(directory, error) from error
    return _replace({directory / name: content for name, content in files.items()})


def _replace(files: Mapping[Path, Content]) -> tuple[Path, ...]:
    """Writes all files beside their places, then renames them: an error leaves the old ones."""
    staged: dict[Path, Path] = {}
    changed: list[Path] = []
    try:
        for path, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            try:
                temporary = _stage(Path(os.path.realpath(path)), data)
            except OSError as error:
                raise _unwritable(path, error) from error
            if temporary is not None:
                staged[path] = temporary
        for path, temporary in staged.items():
            try:
                temporary.replace(os.path.realpath(path))
            except OSError as error:
                raise _unwritable(path, error) from error
            changed.append(path)
    finally:
        for temporary in staged.values():
            temporary.unlink(missing_ok=True)
    return tuple(changed)


def _stage(target: Path, data: bytes) -> Path | None:
    """The new content in a file beside the target; None if there is nothing to replace.

    Beside it, because a rename is atomic within a file system only. The target is the file that a
    symbolic link leads to, so that the link stays one.
    """
    mode = target.stat().st_mode if target.exists() else None
    if mode is not None and not stat.S_ISREG(mode):
        target.write_bytes(data)  # a pipe or a device; a directory fails here, as it should
        return None
    if mode is not None and target.stat().st_size == len(data) and target.read_bytes() == data:
        return None
    temporary = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        temporary.write_bytes(data)
        if mode is not None:
            temporary.chmod(stat.S_IMODE(mode))
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _unwritable(path: Path, error: OSError) -> UsageError:
    """The error with what to do, by the kind of failure."""
    reason = (error.strerror or str(error)).lower()
    if isinstance(error, FileNotFoundError) and not path.parent.exists():
        hint = f"make the directory {path.parent} first"
    elif isinstance(error, IsADirectoryError):
        hint = "give the name of a file in that directory"
    elif isinstance(error, (FileExistsError, NotADirectoryError)):
        hint = "choose another place: a part of this path is a file, not a directory"
    elif isinstance(error, PermissionError):
        hint = "choose a place that you may write to, or change its permissions"
    else:
        hint = "choose another place"
    return UsageError(Problem(str(path), f"cannot be written: {reason}", hint))


def _closest_file(path: Path) -> str:
    """A hint that names the file the user may have meant."""
    if not path.parent.is_dir():
        return f"there is no directory {path.parent} either"
    names = [entry.name for entry in path.parent.iterdir() if entry.is_file()]
    close = closest(path.name, names)
    return f"did you mean {path.parent / close}?" if close else ""
