"""The applications, built with RIOT and run: right bytes in the RAM that was announced."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from riot_build import APPS, App, Board, bench_results, msfcnn

from msfcnn.boards import find_board
from msfcnn.frontend.onnx import load_model
from msfcnn.reference import execute
from msfcnn.verifier.images import load_images, random_images

MakeApp = Callable[..., App]
DIGITS = APPS / "digits" / "digits.onnx"
DIGITS_IMAGES = APPS / "digits" / "digits_test.npz"
ARENA = "32K"  # for boards that have enough
STACK_BOUND = 1024  # bytes of stack that riot_pkg/msfcnn/doc.md says are enough

pytestmark = pytest.mark.long


def planned(model: Path, board: Board, directory: Path, *options: str) -> tuple[str, int]:
    """A limit for the arena on that board, and the arena of the plan within it.

    Skips if no plan is that small, or the network too large for the board.
    """
    if board.model is not None and model.stat().st_size > board.model:
        pytest.skip(f"{board.name}: the weights of {model.name} do not fit its flash")
    limit = str(board.arena or ARENA)
    isa = find_board(board.name).isa  # of boards.yaml: the package must come to the same
    words = ("generate", model, "--out", directory / "plan", "--max-ram", limit, "--isa", isa)
    plan = msfcnn(*words, *options)
    if plan.get("error", {}).get("kind") == "infeasible":
        pytest.skip(f"{board.name}: no plan of {model.name} within {limit} bytes")
    return limit, int(plan["peak_ram"])


def test_digits(board: Board, make_app: MakeApp, tmp_path: Path) -> None:
    limit, peak = planned(DIGITS, board, tmp_path)
    app = make_app(APPS / "digits", board, MSFCNN_MAX_RAM=limit)
    app.build()
    lines = app.run_until(r"\d+ of \d+ right")
    found = [int(m[1]) for line in lines if (m := re.match(r"image \d+: a (\d)", line))]
    model = load_model(DIGITS)
    images, _ = load_images(model, DIGITS_IMAGES)
    scores = execute(model, images[: len(found)])[model.outputs[0].tensor]
    assert len(found) == 20
    assert found == scores.reshape(len(found), -1).argmax(axis=1).tolist()
    assert lines[-1].endswith(f"{peak} bytes of arena")


def test_stream(board: Board, make_app: MakeApp, tmp_path: Path) -> None:
    limit, peak = planned(DIGITS, board, tmp_path, "--input", "push")
    app = make_app(APPS / "stream", board, MSFCNN_MAX_RAM=limit)
    app.build()
    lines = app.run_until("result")
    assert sum("as computed on the host" in line for line in lines) == 2
    assert lines[-1] == f"result 0, {peak} bytes of arena, 32 of the row"


@pytest.fixture(scope="session")
def small_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A MobileNet that fits everywhere, even layer by layer."""
    path = tmp_path_factory.mktemp("models") / "small.onnx"
    msfcnn("zoo", "mobilenetv1", "--width", "0.125", "--resolution", "32", "-o", path)
    return path


@pytest.fixture(scope="session")
def person_detection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of the size of the usual person detection: 211 KB of weights."""
    path = tmp_path_factory.mktemp("models") / "person.onnx"
    words = ("--width", "0.25", "--resolution", "96", "--channels", "1")
    msfcnn("zoo", "mobilenetv1", *words, "-o", path)
    return path


@pytest.mark.parametrize("mode", ["image", "push", "pull"])
def test_bench(
    board: Board, mode: str, small_network: Path, make_app: MakeApp, tmp_path: Path
) -> None:
    bench(small_network, board, mode, make_app, tmp_path)


@pytest.mark.parametrize("mode", ["image", "pull"])
def test_person_detection(
    board: Board, mode: str, person_detection: Path, make_app: MakeApp, tmp_path: Path
) -> None:
    bench(person_detection, board, mode, make_app, tmp_path, STORED_COUNT="2", BENCH_RUNS="10")


def bench(
    path: Path, board: Board, mode: str, make_app: MakeApp, directory: Path, **settings: str
) -> None:
    """Builds the bench application for a network, runs it, checks all it says."""
    limit, peak = planned(path, board, directory, "--input", mode)
    app = make_app(
        APPS / "bench",
        board,
        MSFCNN_MODEL=str(path),
        MSFCNN_MAX_RAM=limit,
        MSFCNN_INPUT=mode,
        **settings,
    )
    app.build()
    results = bench_results(app.run_until(r'\[\{"result": "end"'))
    check_bytes(results, path)
    check_times(results)
    check_ram(results, app, peak)
    assert [r for r in results if r["exit_status"]] == []


def of_kind(results: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [result for result in results if result["result"] == kind]


def check_bytes(results: list[dict[str, Any]], path: Path) -> None:
    """The board's CRCs are those of the reference on the same images."""
    model = load_model(path)
    (about,) = of_kind(results, "model")
    images = random_images(model, about["images"])
    values = execute(model, images)[model.outputs[0].tensor]
    crcs = [zlib.crc32(np.ascontiguousarray(value).tobytes()) for value in values]
    assert [output["crc"] for output in of_kind(results, "output")] == crcs
    assert len(set(crcs)) > 1


def check_times(results: list[dict[str, Any]]) -> None:
    (about,), (time,) = of_kind(results, "model"), of_kind(results, "latency")
    assert time["min_us"] <= time["median_us"] <= time["max_us"]
    assert time["low95_us"] <= time["mean_us"] <= time["high95_us"]
    assert time["min_us"] > 0
    stages = of_kind(results, "stage")
    assert [stage["stage"] for stage in stages] == list(range(about["stages"]))
    if about["board"] not in ("native64", "native32"):  # there, other programs run too
        total = sum(stage["us"] for stage in stages)
        assert 0.9 * time["min_us"] < total < 1.1 * time["max_us"]


def check_ram(results: list[dict[str, Any]], app: App, peak: int) -> None:
    """What the program says of its RAM, what was planned and what the ELF file holds agree."""
    (ram,) = of_kind(results, "ram")
    variables = app.symbol_sizes()
    assert ram["arena"] == peak == variables["arena"]
    assert ram["engine"] == variables["nn"]
    assert ram["stack_size"] == variables["stack"]
    assert 0 < ram["stack"] < ram["stack_size"]
    assert ram["heap"] == 0
    if not app.board.native:  # signal handlers of the host run on native's stacks
        assert ram["stack_size"] == STACK_BOUND
    if app.board.ram is not None:
        sections = app.sections().values()
        static = sum(size for address, size in sections if address in app.board.ram)
        assert ram["arena"] + ram["engine"] + ram["stack_size"] < static <= len(app.board.ram)


def test_bench_notices_a_wrong_weight(make_app: MakeApp) -> None:
    app = make_app(APPS / "bench")
    app.build()
    (weights,) = app.bin.glob("msfcnn-models/*/*_weights.c")
    text = weights.read_text()
    weights.write_text(spoil(text))
    app.build()
    assert weights.read_text() != text, "it was generated anew"
    results = bench_results(app.run_until(r'\[\{"result": "end"'))
    assert any(output["exit_status"] for output in of_kind(results, "output"))
    assert results[-1]["failures"] > 0


def spoil(text: str) -> str:
    """Flips the lowest bit of every seventh weight byte that is written in octal."""
    count = 0

    def flip(match: re.Match[str]) -> str:
        nonlocal count
        count += 1
        digits = match[0]
        return digits if count % 7 else digits[:-1] + str(int(digits[-1]) ^ 1)

    spoiled = re.sub(r"\\[0-3][0-7][0-7]", flip, text)
    assert count > 1000
    return spoiled


def test_emulated_time_is_deterministic(make_app: MakeApp) -> None:
    app = make_app(APPS / "bench", "qemu-mps2-an386")
    app.build()
    first, second = (app.run_until(r'\[\{"result": "end"') for _ in range(2))
    assert bench_results(first) == bench_results(second)
    assert any(line.startswith("[{") for line in first)
