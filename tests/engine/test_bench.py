"""The bench: its clock counts instructions, its outputs are the reference's, it repeats itself."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from _pytest.mark import ParameterSet
from numpy.typing import NDArray

import msfcnn
from kernel_page import BEGIN, END, replace_tables
from msfcnn import Options
from msfcnn.bench import MACHINES, Bench, Machine
from msfcnn.bench.kernels import KERNELS, SingleLayer, generate_kernel, measure_kernel
from msfcnn.cli import main
from msfcnn.cli.bench import bench_words
from msfcnn.emit import EmitOptions, emit
from msfcnn.errors import BoardError, MismatchError, UsageError
from msfcnn.ir import Reads
from msfcnn.isa import choose as choose_kernels
from msfcnn.layout import layout
from msfcnn.ops import Conv
from msfcnn.pipeline import Generated
from msfcnn.planner import plan_layer_by_layer
from msfcnn.schedule import schedule
from msfcnn.toolchain.compiling import BARE, ProgramCompiler
from msfcnn.toolchain.machines import missing
from msfcnn.toolchain.native import engine_directory, engine_sources
from msfcnn.toolchain.running import ProgramRun, run
from msfcnn.verifier.images import load_images, random_images
from msfcnn.zoo import build as build_network

EMULATED = [m for m in MACHINES if m.emulator and m.unit == "instructions"]
HOST = [machine for machine in MACHINES if not machine.emulator]
EXACT = [machine for machine in EMULATED if machine.ticks and machine.ticks >= 1]
IMAGES = 3
LOOP = 2  # instructions of a turn
LARGEST_ERROR = 0.15  # of an estimate
LARGEST_SHARE = 0.1  # of the engine, where there is RAM enough


def _parameters(machines: Sequence[Machine]) -> list[ParameterSet]:
    """Cortex-M33 runs the programs of Cortex-M4: not in the quick tests."""
    return [
        pytest.param(m, id=m.name, marks=[pytest.mark.long] if m.core == "cortex-m33" else [])
        for m in machines
    ]


@pytest.fixture(params=_parameters([*EMULATED, *HOST]))
def machine(request: pytest.FixtureRequest, require_tool: Callable[[str], str]) -> Machine:
    return available(request.param, require_tool)


@pytest.fixture(params=_parameters(EMULATED))
def emulated(request: pytest.FixtureRequest, require_tool: Callable[[str], str]) -> Machine:
    return available(request.param, require_tool)


@pytest.fixture
def cortex_m4(require_tool: Callable[[str], str]) -> Machine:
    return available(MACHINES[0], require_tool)


def available(machine: Machine, require_tool: Callable[[str], str]) -> Machine:
    for tool in (machine.compiler[0], *machine.emulator[:1]):
        require_tool(tool)
    return machine


@pytest.fixture(scope="module")
def digits(repo_root: Path) -> Generated:
    path = repo_root / "apps" / "digits" / "digits.onnx"
    return msfcnn.generate(path, name="digits")


@pytest.fixture(scope="module")
def images(repo_root: Path, digits: Generated) -> NDArray[np.int8]:
    path = repo_root / "apps" / "digits" / "digits_test.npz"
    return load_images(digits.model, path)[0][:IMAGES]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


def run_once(
    machine: Machine, digits: Generated, images: NDArray[np.int8], build: Path, **options: int
) -> ProgramRun:
    program = ProgramCompiler(machine, "generic", "-O3", build).program(digits, "digits")
    fresh = build / f"run{len(list(build.glob('run*')))}"
    fresh.mkdir()
    stages, ops = len(digits.schedule.stages), len(digits.schedule.network.steps)
    return run(machine, program.path, images, stages, ops, fresh, **options)


def test_the_clock_counts_a_loop_of_known_length(
    emulated: Machine, digits: Generated, images: NDArray[np.int8], build: Path
) -> None:
    for turns in (1_000, 123_457):
        loop = run_once(emulated, digits, images[:1], build, loop_turns=turns).loop
        tolerance = 0 if emulated in EXACT else 2
        assert abs(loop - turns * LOOP) <= tolerance


def test_a_clock_of_another_rate_is_refused(
    cortex_m4: Machine, digits: Generated, images: NDArray[np.int8], build: Path
) -> None:
    wrong = dataclasses.replace(cortex_m4, ticks=Fraction(3))
    with pytest.raises(BoardError, match="not one of instructions"):
        run_once(wrong, digits, images[:1], build)


@pytest.mark.long
def test_the_clock_outlasts_its_low_word(
    cortex_m4: Machine, digits: Generated, images: NDArray[np.int8], build: Path
) -> None:
    turns = 350_000_000  # twice that many turns are more ticks than 32 bits hold
    done = run_once(cortex_m4, digits, images[:1], build, loop_turns=turns)
    assert done.loop == turns * LOOP


def test_outputs_are_those_of_the_reference(
    machine: Machine, digits: Generated, images: NDArray[np.int8], build: Path
) -> None:
    found = Bench(machine, build).measure(digits, "digits", images)
    assert found.run.outputs.shape == (IMAGES, 10)
    assert len(found.run.inferences) == IMAGES
    assert sum(stage.cost for stage in found.stages) == found.cost
    assert [stage.nodes[-1] for stage in found.stages][-1] == digits.model.ops[-1].node
    assert found.code.kernels
    assert found.code.rest


UNALIGNED = """
#include "port.h"
int main(void)
{
    static uint32_t words[2];
    uintptr_t at = (uintptr_t)words + 1;
    __asm__ volatile ("ldr %0, [%0]" : "+l"(at));
    port_exit(0);
}
"""


@pytest.mark.parametrize(("name", "code"), [("qemu-cortex-m4", 0), ("qemu-cortex-m0", 70)])
def test_only_the_stand_in_for_m0_refuses_unaligned_access(
    name: str, code: int, require_tool: Callable[[str], str], tmp_path: Path
) -> None:
    machine = available(next(m for m in MACHINES if m.name == name), require_tool)
    (tmp_path / "main.c").write_text(UNALIGNED)
    sources = ["main.c", *(str(BARE / file) for file in machine.sources)]
    options = ["-std=gnu11", f"-I{BARE}", f"-L{BARE}", *sources, *machine.link, "-o", "program"]
    subprocess.run([*machine.compiler, *options], cwd=tmp_path, check=True)
    command = [*machine.emulator, "-display", "none", "-monitor", "none", "-kernel", "program"]
    assert subprocess.run(command, cwd=tmp_path, timeout=60).returncode == code


def test_a_wrong_output_is_named(
    cortex_m4: Machine, digits: Generated, images: NDArray[np.int8], build: Path
) -> None:
    last = digits.source.ops[-1]
    assert isinstance(last, Conv)
    moved = dataclasses.replace(last, bias=last.bias + 5000)
    other = dataclasses.replace(digits.source, ops=(*digits.source.ops[:-1], moved))
    wrong = dataclasses.replace(digits, source=other)
    with pytest.raises(MismatchError) as caught:
        Bench(cortex_m4, build).measure(wrong, "digits", images)
    assert [p.where for p in caught.value.problems] == [digits.model.outputs[0].name]
    assert caught.value.exit_code == 4


def test_two_runs_are_equal(
    emulated: Machine, digits: Generated, images: NDArray[np.int8], build: Path
) -> None:
    first, second = (run_once(emulated, digits, images, build) for _ in range(2))
    for field in ("inferences", "stages", "stack", "context", "loop"):
        assert getattr(first, field) == getattr(second, field)
    assert first.outputs.tobytes() == second.outputs.tobytes()


def test_more_work_costs_more(cortex_m4: Machine, build: Path) -> None:
    by_name = {kernel.name: kernel for kernel in KERNELS}
    bench = Bench(cortex_m4, build)
    small = measure_kernel(bench, by_name["add_36x36x8"], build)
    wide = dataclasses.replace(by_name["add_36x36x8"], name="add_wide", image=(36, 36, 16))
    large = measure_kernel(bench, wide, build)
    assert 1.5 < large.whole / small.whole < 2.5
    assert 0.75 < large.whole_each / small.whole_each < 1.25


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_a_layer_has_the_kernel_of_its_kind(kernel: SingleLayer, build: Path) -> None:
    kind = kernel.name.split("_")[0]
    kind = {"dense": "pointwise", "average": "global_average"}.get(kind, kind)
    made = generate_kernel(kernel, "armv7e-m", "cortex-m4", build)
    (stage,) = made.schedule.stages
    assert stage.kernel(len(stage.edge.steps) - 1).name == f"msfcnn_{kind}_v7em"


def test_a_layer_is_counted_apart_from_what_stands_before_it(
    cortex_m4: Machine, build: Path
) -> None:
    by_name = {kernel.name: kernel for kernel in KERNELS}
    found = measure_kernel(
        Bench(cortex_m4, build, isa="armv7e-m"), by_name["depthwise_5x5_s1"], build
    )
    model, kernels = found.measurement.generated.model, found.measurement.kernels
    layer = model.ops[-1]
    assert isinstance(layer, Conv)
    assert found.macs == 10 * 10 * layer.weights.size < model.macs
    assert len(found.measurement.stages) == 1
    inner = choose_kernels(model, layer, layer.calls(model)[0], "armv7e-m").inner.name
    assert [kernel.kernel for kernel in kernels] == ["msfcnn_pointwise_v7em", inner]
    assert found.alone == kernels[1].cost
    assert 0 < found.alone < found.whole < found.measurement.cost
    assert found.whole + kernels[0].cost == found.measurement.cost


def test_the_stack_is_what_the_compiler_says(
    cortex_m4: Machine, digits: Generated, images: NDArray[np.int8], build: Path, tmp_path: Path
) -> None:
    include = engine_directory() / "include"
    for source in engine_sources():
        command = [*cortex_m4.compiler, "-std=gnu11", "-O3", "-fstack-usage", f"-I{include}"]
        words = [*command, "-c", str(source), "-o", f"{source.stem}.o"]
        subprocess.run(words, cwd=tmp_path, check=True)
    usage = "".join(path.read_text() for path in tmp_path.glob("*.su"))
    frames = [int(line.split("\t")[1]) for line in usage.splitlines()]
    stack = run_once(cortex_m4, digits, images[:1], build).stack
    assert stack is not None
    assert max(frames) < stack <= sum(frames)


def test_nothing_is_compiled_twice(
    cortex_m4: Machine, digits: Generated, images: NDArray[np.int8], tmp_path: Path
) -> None:
    def made() -> dict[Path, int]:
        return {p: p.stat().st_mtime_ns for d in ("obj", "bin") for p in (tmp_path / d).iterdir()}

    Bench(cortex_m4, tmp_path).measure(digits, "digits", images[:1])
    first = made()
    Bench(cortex_m4, tmp_path).measure(digits, "digits", images[:1])
    assert made() == first
    Bench(cortex_m4, tmp_path, "-Os").measure(digits, "digits", images[:1])
    fresh = made().keys() - first.keys()
    engine = len(engine_sources(cortex_m4.isa))
    assert len(fresh) == engine + 1, "the engine's objects and the program"


def test_code_for_size_is_smaller(
    emulated: Machine, digits: Generated, images: NDArray[np.int8], build: Path
) -> None:
    fast, small = (
        Bench(emulated, build, level).measure(digits, "digits", images[:1])
        for level in ("-O3", "-Os")
    )
    assert small.code.total < fast.code.total


def test_the_command_counts(
    cortex_m4: Machine,
    repo_root: Path,
    digits: Generated,
    build: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = repo_root / "apps" / "digits" / "digits.onnx"
    words = ["--board", cortex_m4.name, "--build", str(build), "--json", "--isa", "generic"]
    assert main(["bench", str(model), "--count", "2", *words]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["unit"] == "instructions"
    assert data["peak_ram"] == digits.layout.peak_ram
    assert data["cost"] == data["costs"][0] == sum(s["cost"] for s in data["costs_by_stage"])
    assert data["cost_per_mac"] == pytest.approx(data["cost"] / digits.model.macs)
    assert main(["bench", "--kernels", "add", *words]) == 0
    kernels = json.loads(capsys.readouterr().out)["kernels"]
    assert [kernel["name"] for kernel in kernels] == ["add_36x36x8"]
    assert 0 < kernels[0]["kernel_cost"] < kernels[0]["cost"]


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        ([], 2, "one of the arguments MODEL --kernels is required"),
        ([__file__, "--count", "0"], 2, "--count: 0 is too few"),
        (["--kernels", "--images", __file__], 2, "--images: goes with one MODEL only"),
        ([__file__, "--board", "qemu-cortex-m5"], 5, "did you mean qemu-cortex-m"),
        (["--kernels", "winograd", "--board", "host"], 2, "none contains 'winograd'"),
    ],
)
def test_what_is_wrong_is_said(
    words: list[str], code: int, complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", *words]) == code
    assert complaint in capsys.readouterr().err


def test_missing_programs_are_named_with_their_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    for machine in MACHINES:
        problems = missing(machine)[: len(machine.programs)]
        assert [p.what.split()[0] for p in problems] == list(machine.programs)
        assert all(p.hint.startswith("apt install ") for p in problems)


def test_only_what_stands_between_the_marks_is_replaced() -> None:
    text = f"a\n{BEGIN}\nold\n{END}\nb\n"
    once = replace_tables(Path("x.md"), text, "new\n")
    assert once == f"a\n{BEGIN}\n\nnew\n\n{END}\nb\n"
    assert replace_tables(Path("x.md"), once, "new\n") == once


def test_scons_variables_become_options() -> None:
    words = bench_words({"board": "qemu-rv32", "model": "m.onnx", "macs": "1.2"})
    assert words == ["bench", "m.onnx", "--board", "qemu-rv32", "--max-macs", "1.2"]
    with pytest.raises(UsageError, match="no such variable"):
        bench_words({"bord": "x"})


def test_kernels_are_counted_without_the_engine(
    cortex_m4: Machine, digits: Generated, images: NDArray[np.int8], build: Path
) -> None:
    plan = plan_layer_by_layer(digits.plan.network)
    alone = schedule(plan, stretch=False)
    laid_out = layout(alone)
    sources = emit(digits.model, alone, laid_out, EmitOptions("alone", "test"))
    layers = dataclasses.replace(
        digits, plan=plan, schedule=alone, layout=laid_out, sources=sources
    )
    found = Bench(cortex_m4, build, isa="generic").measure(layers, "alone", images)
    for stage, count in zip(alone.stages, found.kernels, strict=True):
        height, width, _ = stage.edge.steps[0].target
        if stage.edge.steps[0].reads is not Reads.GLOBAL:
            assert count.calls == height * -(-width // stage.option.run)
    for stage, count in zip(found.stages, found.kernels, strict=True):
        assert 0 < count.cost < stage.cost
    assert 0 < found.overhead < 0.5


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "isa"), [("digits", "armv7e-m"), ("digits", "generic"), ("ds-cnn", "armv7e-m")]
)
def test_estimates_are_close(
    name: str, isa: str, cortex_m4: Machine, build: Path, repo_root: Path
) -> None:
    path = repo_root / "apps" / "digits" / "digits.onnx"
    if name != "digits":
        path = build / f"{name}.onnx"
        path.write_bytes(build_network(name).SerializeToString())
    for bound in (None, 1 << 20):
        options = Options(isa=isa, max_ram=bound, core=cortex_m4.core)
        generated = msfcnn.generate(path, options, name="net")
        images = random_images(generated.model, 1)
        found = Bench(cortex_m4, build, isa=isa).measure(generated, "net", images)
        assert abs(found.estimate_error) < LARGEST_ERROR
        if bound is not None:
            assert found.overhead < LARGEST_SHARE
