"""Cycles of simulated RTL: the outputs are right, and as many instructions retire as under QEMU."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

import msfcnn
from msfcnn import Options
from msfcnn.bench import Bench
from msfcnn.cli import main
from msfcnn.isa import MACHINES, Machine
from msfcnn.pipeline import Generated
from msfcnn.toolchain.machines import missing
from msfcnn.verifier.images import random_images


def available(name: str) -> Machine:
    found = next(m for m in MACHINES if m.name == name)
    problems = missing(found)
    if problems:
        pytest.skip(f"{problems[0].what}: {problems[0].hint}")
    return found


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rtl")


def generate(path: Path) -> Generated:
    machine = next(m for m in MACHINES if m.name == "rtl-cv32e40p")
    options = Options(isa=machine.isa, core=machine.core, max_ram=1 << 20)
    return msfcnn.generate(path, options, name="net")


@pytest.mark.long
@pytest.mark.parametrize("name", ["digits_cnn", "kws_dscnn", "vww_96"])
def test_networks_run_on_the_rtl(name: str, request: pytest.FixtureRequest, build: Path) -> None:
    rtl, emulated = available("rtl-cv32e40p"), available("qemu-rv32")
    directory: Path = request.getfixturevalue("shared_models")
    generated = generate(directory / f"{name}.onnx")
    images = random_images(generated.model, 1)
    cycles = Bench(rtl, build).measure(generated, "net", images)
    instructions = Bench(emulated, build).measure(generated, "net", images)
    # every branch taken takes three cycles, no other instruction of the kernels takes many
    assert 1 < cycles.cost / instructions.cost < 1.5
    assert sum(stage.cost for stage in cycles.stages) == cycles.cost
    for slow, fast in zip(cycles.kernels, instructions.kernels, strict=True):
        assert slow.calls == fast.calls
        assert slow.cost > fast.cost


@pytest.mark.long
def test_the_cycle_model_of_the_core_agrees_with_its_rtl(repo_root: Path, build: Path) -> None:
    rtl, model = available("rtl-cv32e40p"), available("model-cv32e40p")
    generated = generate(repo_root / "apps" / "digits" / "digits.onnx")
    images = random_images(generated.model, 1)
    counted, modelled = (Bench(m, build).measure(generated, "net", images) for m in (rtl, model))
    assert modelled.cost == pytest.approx(counted.cost, rel=0.01)
    for mine, its in zip(modelled.stages, counted.stages, strict=True):
        assert mine.cost == pytest.approx(its.cost, rel=0.05)


@pytest.mark.long
def test_the_rtl_retires_as_many_instructions_as_qemu(repo_root: Path, build: Path) -> None:
    rtl, emulated = available("rtl-cv32e40p"), available("qemu-rv32")
    sources = tuple(s.replace("mcycle", "minstret") for s in rtl.sources)
    retiring = dataclasses.replace(rtl, sources=sources, counts="instructions", turn=emulated.turn)
    generated = generate(repo_root / "apps" / "digits" / "digits.onnx")
    images = random_images(generated.model, 1)
    counted = [Bench(m, build).measure(generated, "net", images) for m in (retiring, emulated)]
    assert counted[0].cost == counted[1].cost
    assert counted[0].kernels == counted[1].kernels


def test_missing_rtl_is_a_line_that_says_how_to_get_it(
    repo_root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CV32E40P", str(tmp_path))
    digits = repo_root / "apps" / "digits" / "digits.onnx"
    assert main(["bench", str(digits), "--board", "rtl-cv32e40p", "--build", str(tmp_path)]) == 5
    said = capsys.readouterr().err
    assert f"$CV32E40P is {tmp_path}" in said
    assert "git clone https://github.com/openhwgroup/cv32e40p" in said
    assert not list(tmp_path.iterdir())
