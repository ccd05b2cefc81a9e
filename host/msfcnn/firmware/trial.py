"""Builds a program, runs it and judges: bytes, RAM, whether it came to its end.

`building` makes the program, `terminal` or this computer runs it, `results` reads what it says.
Judged is against the plan (arena), the reference (outputs) and the board (RAM, stack), never
against an earlier run: that is `nightly.compare`.
"""

from __future__ import annotations

import json
import statistics
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msfcnn.boards import find_board
from msfcnn.errors import BoardError, Problem
from msfcnn.firmware.building import Built, Request, build, firmware
from msfcnn.firmware.exclusive import alone_in
from msfcnn.firmware.process import Finished, run_bounded
from msfcnn.firmware.results import Output, Results, parse_results
from msfcnn.firmware.tally import Tally
from msfcnn.reference import execute_some
from msfcnn.verifier import load_images, random_images, test_images

IMAGES = 4  # as many as the application bench stores
_TIMED, _TIMED_SECONDS = 9, 2.0  # runs on this computer for a time to rely on, at most
_SHOWN = 3  # last lines of a program that failed


@dataclass(frozen=True)
class Check:
    """Something that must hold. `what`: what was found, in words."""

    name: str
    holds: bool
    what: str


@dataclass(frozen=True)
class Trial:
    """A program that was run, and the verdict on it."""

    built: Built
    results: Results
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether all checks hold."""
        return all(check.holds for check in self.checks)

    def data(self) -> Mapping[str, Any]:
        """The results and the verdict as plain data."""
        results = self.results
        return {
            "passed": self.passed,
            "checks": [asdict(check) for check in self.checks],
            "outputs": [f"{output.crc:08x}" for output in results.outputs],
            "stack_used": results.stack,
            "heap": results.heap,
            "median_us": results.median_us,
            "latency": results.latency,
        }


def try_out(request: Request, against_host: bool = False) -> Trial:
    """Build, run, judge. `against_host`: compare with what the host's program computes, too.

    Raises the error of whatever does not build or run; wrong results are in the checks.
    """
    with alone_in(request.directory):  # what runs is what was built
        built = build(request)
        results = run_program(built)
    checks = list(judge(built, results))
    if against_host and request.board.runner != "host":
        checks.append(_host_check(request, results))
    return Trial(built, results, tuple(checks))


def run_program(built: Built) -> Results:
    """Runs a program where it belongs. Raises BoardError if it says nothing or does not end."""
    board = built.request.board
    if board.runner == "host":
        return _run_host(built)
    from msfcnn.firmware.terminal import run_on_board

    done = run_on_board(firmware(built.request))
    results = parse_results(done.output).scaled(board.time_scale)
    if not results.ended:
        last = " / ".join(done.output.strip().splitlines()[-_SHOWN:]) or "nothing"
        how = f"did not end within {board.timeout.run:g} s" if done.code is None else "broke off"
        hint = "raise timeout: run: of the board if it only is slow"
        raise BoardError(Problem(board.name, f"the program {how}; its last lines: {last}", hint))
    return results


def judge(built: Built, results: Results) -> Iterator[Check]:
    """The verdict on the results of a program: a check for everything that it tells.

    A program that tells no outputs has failed; what it does not tell otherwise is not checked.
    """
    wrong = [o for o in results.outputs if not o.right]
    what = f"{len(results.outputs)} equal the reference"
    if wrong:
        what = (
            f"{len(wrong)} of {len(results.outputs)} differ, first that of image {wrong[0].image}"
        )
    yield Check("outputs", bool(results.outputs) and not wrong, what)
    planned = built.generated.layout.peak_ram
    yield Check("arena", results.arena == planned, f"{results.arena}, planned {planned}")
    if results.stack is not None and results.stack_size is not None:
        what = f"{results.stack} used of {results.stack_size}"
        yield Check("stack", results.stack < results.stack_size, what)
    if results.heap is not None:
        yield Check("heap", results.heap == 0, f"{results.heap} used")
    if built.tally and built.tally.free is not None:
        yield Check("RAM", built.tally.free >= 0, _free(built.tally))
    others = [kind for kind in results.failures if kind not in ("output", "ram")]
    if others:
        yield Check("program", False, f"reports a failure of: {', '.join(others)}")


def _free(size: Tally) -> str:
    """What RAM is left, also if the image were there: the stored ones are in flash."""
    left = size.free_with_image
    if not size.image or size.image_in_ram or left is None:
        return f"{size.free} free"
    rest = f"{left} with" if left >= 0 else f"{-left} too few for"
    return f"{size.free} free, {rest} an image there"


def _host_check(request: Request, results: Results) -> Check:
    """Whether a board's bytes are those of the same network compiled for this computer."""
    here = Request(
        board=find_board("host"), model=request.model, input=request.input, root=request.root
    )
    with alone_in(here.directory):
        outputs = _run_host(build(here)).outputs
    theirs = {(o.image, o.index): o.crc for o in outputs}
    differ = [o for o in results.outputs if theirs.get((o.image, o.index)) != o.crc]
    what = f"{len(differ)} outputs differ" if differ else f"{len(theirs)} equal the host's"
    return Check("host", not differ, what)


def _run_host(built: Built) -> Results:
    """Runs the stored or random images on this computer; the results have the form of a board's."""
    request, model = built.request, built.generated.model
    file = test_images(request.model)
    images = load_images(model, file)[0][:IMAGES] if file else random_images(model, IMAGES)
    source, target = request.directory / "images.bin", request.directory / "outputs.bin"
    source.write_bytes(np.ascontiguousarray(images).tobytes())
    seconds = request.board.timeout.run
    words = [str(built.program), str(source), str(target)]
    done = run_bounded(words, seconds)
    if done.code != 0:
        how = f"did not end within {seconds:g} s" if done.code is None else "failed"
        last = " / ".join(done.output.strip().splitlines()[-_SHOWN:])
        raise BoardError(Problem(request.board.name, f"the program {how}: {last}"))
    told = _told(done)
    times = [float(told["seconds"])]
    while len(times) < _TIMED and sum(times) < _TIMED_SECONDS:
        times.append(float(_told(run_bounded(words, seconds)).get("seconds", times[0])))
    return Results(
        outputs=tuple(_host_outputs(built, images, target)),
        ended=True,
        arena=int(told["arena"]),
        state=built.tally.state if built.tally else None,
        median_us=1e6 * statistics.median(times) / len(images),
    )


def _told(done: Finished) -> Mapping[str, Any]:
    """The JSON object in the runner's last line; empty if it did not come to that."""
    found: Mapping[str, Any] = {}
    if done.code == 0:
        found = json.loads(done.output.strip().splitlines()[-1])
    return found


def _host_outputs(built: Built, images: NDArray[np.int8], path: Path) -> Iterator[Output]:
    """Checksums of the outputs of each image beside those of the reference."""
    model = built.generated.model
    ports = [port.tensor for port in model.outputs]
    expected = execute_some(model, images, ports)
    sizes: Sequence[int] = [model.tensors[port].size for port in ports]
    rest = path.read_bytes()
    for image in range(len(images)):
        for index, (port, size) in enumerate(zip(ports, sizes, strict=True)):
            values, rest = rest[:size], rest[size:]
            right = zlib.crc32(expected[port][image].tobytes())
            yield Output(image, index, zlib.crc32(values), right)
