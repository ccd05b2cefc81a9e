"""Any exception as an error for the user, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping

from msfcnn.errors import BoardError, InfeasibleError, MsfcnnError, Problem, UsageError

_FOR_RIOT = ("elftools", "pexpect", "riotctrl", "serial")


class DefectError(MsfcnnError):
    """Something that we did not foresee."""

    exit_code = 70  # EX_SOFTWARE of sysexits.h; 1 to 5 are for errors of models, boards and users


def as_user_error(error: Exception) -> MsfcnnError:
    """The error itself if it is meant for users, else what it means to them.

    A missing package is taken for an optional one, with the command that installs it. Everything
    else is a defect of msfcnn and says so, with its Python type.
    """
    if isinstance(error, MsfcnnError):
        return error
    if isinstance(error, OSError) and error.filename is not None:
        what = (error.strerror or "cannot be used").lower()
        return UsageError(Problem(str(error.filename), what))
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("msfcnn"):
        extra = "riot" if str(error.name).split(".")[0] in _FOR_RIOT else "verify"
        hint = f"in a checkout put ./dev before the command; else: pip install 'msfcnn[{extra}]'"
        return BoardError(Problem(str(error.name), "this Python package is not installed", hint))
    what = f"this is a bug in msfcnn: {type(error).__name__}: {error}"
    hint = "please report it with what the same command prints under MSFCNN_DEBUG=1"
    return DefectError(Problem("", what, hint))


def error_data(error: MsfcnnError) -> Mapping[str, object]:
    """What --json prints for an error."""
    data: dict[str, object] = {
        "exit_code": error.exit_code,
        "kind": type(error).__name__.removesuffix("Error").lower(),
        "problems": [
            {"where": p.where, "what": p.what, "hint": p.hint, "kind": p.kind}
            for p in error.problems
        ],
    }
    if isinstance(error, InfeasibleError):
        data["best_ram"] = error.best_ram
        data["binding_ops"] = list(error.binding_ops)
    return data
