"""From a model to a program for a board, with what it costs.

`host` builds for this computer, `riot` for everything else; `tally` measures what came out and
`trial` runs it. scons and the CLI build through here, and RIOT's make calls `msfcnn generate` again
from within: both ways have to give the same files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from msfcnn.boards import Board
from msfcnn.emit import c_name
from msfcnn.errors import BoardError, MsfcnnError, Problem, UsageError
from msfcnn.firmware import riot
from msfcnn.firmware.exclusive import alone_in
from msfcnn.firmware.host import build_host
from msfcnn.firmware.parallel import run_parallel
from msfcnn.firmware.paths import check_directories, for_make
from msfcnn.firmware.tally import Tally, tally
from msfcnn.frontend import load_model
from msfcnn.ir import Model
from msfcnn.options import Options
from msfcnn.pipeline import Generated, generate
from msfcnn.report import CodeReport, code_report
from msfcnn.resources import ROOT
from msfcnn.verifier import test_images

APPLICATION = "bench"


@dataclass(frozen=True)
class Request:
    """What to build.

    application: a name below apps/, or the path of a RIOT application.
    input:       image, push or pull.
    max_ram:     bytes for the arena; where neither bound is given the board's default counts.
    root:        where all builds go.
    """

    board: Board
    model: Path
    application: str = APPLICATION
    input: str = "image"
    max_ram: int | None = None
    max_macs: float | None = None
    root: Path = Path("build")

    @property
    def name(self) -> str:
        """The model's name in C."""
        return c_name(self.model.stem)

    @property
    def directory(self) -> Path:
        """Where everything made for this request goes."""
        other = "" if self.application == APPLICATION else f"-{Path(self.application).name}"
        return self.root.absolute() / self.board.name / f"{self.name}{other}"

    @property
    def ram_bound(self) -> int | None:
        """The limit for the arena in bytes."""
        return self.options.max_ram

    @property
    def options(self) -> Options:
        """The same for the code generator."""
        asked = Options(max_ram=self.max_ram, max_macs=self.max_macs, input=self.input)
        return self.board.options(asked)


@dataclass(frozen=True)
class Built:
    """A program. `planned`: what the code costs; `tally`: None if it cannot be read."""

    request: Request
    program: Path
    generated: Generated
    planned: CodeReport
    tally: Tally | None


@dataclass(frozen=True)
class BuildOutcome:
    """One of many builds: `built`, or the `error` that kept it from being built."""

    request: Request
    built: Built | None = None
    error: MsfcnnError | None = None


def build(request: Request, jobs: int | None = None) -> Built:
    """Plan, generate, compile, measure. Raises the error of whatever fails first.

    jobs: of make; None for one a core. A program that takes more than its board has raises
    BoardError, also if the linker let it pass.
    A build that would write into the same directory is waited for.
    """
    with alone_in(request.directory):
        return _build(request, jobs)


def _build(request: Request, jobs: int | None) -> Built:
    """Plans, generates and builds, for this computer or by RIOT's make; measures what was built."""
    command = f"msfcnn build {request.model} --board {request.board.name}"
    generated = generate(load_model(request.model), request.name, request.options, command)
    generated.write(request.directory / "gen")
    planned = code_report(generated)
    if request.board.runner == "host":
        program, size = build_host(generated, request.name, request.directory)
        return Built(
            request=request, program=program, generated=generated, planned=planned, tally=size
        )
    made = firmware(request)
    _check_application(request, made)
    program = riot.build(made, jobs or os.cpu_count() or 1)
    image = callers_bytes(generated.model, request.input)
    size = tally(program, request.board.flash, request.board.ram, image)
    if problems := tuple(size.problems(request.board.name)):
        raise BoardError(*problems)
    return Built(request=request, program=program, generated=generated, planned=planned, tally=size)


def callers_bytes(model: Model, way_in: str) -> int:
    """Bytes that the caller keeps: of the image all, a pushed row, or nothing; all other inputs."""
    image = model.tensors[model.input.tensor]
    kept = {"image": image.size, "pull": 0}.get(way_in, image.width * image.channels)
    return kept + model.input_bytes - image.size


def build_many(
    requests: Sequence[Request],
    tell: Callable[[BuildOutcome], None] | None = None,
    parallel: int = 2,
) -> tuple[BuildOutcome, ...]:
    """All of them, some at a time; one that fails does not stop the others, Ctrl-C does.

    tell: called with each outcome as it comes, from more than one thread, before another build
          can begin in its directory.
    """
    jobs = max(1, (os.cpu_count() or 1) // parallel)

    def attempt(request: Request) -> BuildOutcome:
        """Builds one board while nobody else does in its directory; its error does not stop
        the others.
        """
        with alone_in(request.directory):
            try:
                outcome = BuildOutcome(request, built=build(request, jobs))
            except MsfcnnError as error:
                outcome = BuildOutcome(request, error=error)
            if tell:
                tell(outcome)
        return outcome

    return run_parallel(requests, attempt, parallel)


def firmware(request: Request) -> riot.Firmware:
    """The request for RIOT's make: paths as make can take them, and all variables of the build.

    Raises BoardError if there is no such application, AbsentError without RIOT, UsageError for
    directories that make cannot work in.
    """
    link = request.directory / "input" / f"{request.name}{request.model.suffix}"
    variables = {
        "MSFCNN_MODEL": str(for_make(request.model, link)),
        "MSFCNN_INPUT": request.input,
        "MSFCNN_ISA": request.board.isa,
        "MSFCNN_CORE": request.board.core or "",
    }
    bounds = {"MSFCNN_MAX_RAM": request.ram_bound, "MSFCNN_MAX_MACS": request.max_macs}
    for name, bound in bounds.items():  # empty: so the application's own default does not count
        variables[name] = "" if bound is None else str(bound)
    images = test_images(request.model)  # the host's program takes the same; none: random ones
    if images is not None:
        images = for_make(images, request.directory / "input" / f"{request.name}.npz")
    variables["STORED_IMAGES"] = "" if images is None else str(images)
    application = riot.application_directory(request.application)
    check_directories(
        {
            "the builds (--root)": request.root,
            "the application": application,
            "RIOT": riot.riot_base(),
            "msfcnn": ROOT,
        }
    )
    return riot.Firmware(
        board=request.board,
        application=application,
        directory=request.directory,
        packages=request.root.absolute() / "riot",
        variables=variables,
    )


def _check_application(request: Request, made: riot.Firmware) -> None:
    """An application that brings its own model is not built for another one."""
    (model,) = riot.ask(made, ["MSFCNN_MODEL"])
    own = (made.application / model).resolve()
    if own != request.model.resolve():
        what = f"the application has a model of its own, {own.name}"
        hint = f"leave model= out (or give {own}), or use app={APPLICATION}"
        raise UsageError(Problem(f"app={request.application}", what, hint))
