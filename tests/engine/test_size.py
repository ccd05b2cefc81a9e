"""What the engine takes of flash and stack on the boards, counted in what compilers make of it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import msfcnn
from msfcnn import Options
from msfcnn.bench import MACHINES, Bench, Machine
from msfcnn.emit import EmitOptions
from msfcnn.fusion import network
from msfcnn.ir import Call, InputMode, Model, Op
from msfcnn.isa import ISAS
from msfcnn.ops import OPS, Sketch, draw_conv, draw_depthwise
from msfcnn.pipeline import Generated, generate, generate_plan
from msfcnn.planner import plan_layer_by_layer
from msfcnn.report.code import code_report
from msfcnn.toolchain.compiling import ProgramCompiler
from msfcnn.toolchain.kernels import kernels_of, listed_kernels
from msfcnn.toolchain.native import engine_directory
from msfcnn.verifier.images import random_images
from msfcnn.zoo import NAMES
from msfcnn.zoo import build as build_network

ISA = "armv7e-m"
MVE = "armv8.1-m.mve"
KIB = 1024
LARGEST_LAYER, LARGEST_OF_GRAPHS = 112, 128  # bytes of tables; joins have more tensors
LARGEST_STACK = 512
SMALL = ("ds-cnn", "resnet8")  # quick to plan

# name and size of what is in flash
SECTION = re.compile(r"^(\.(?:text|s?rodata|s?data)\S*)\s+(\d+)", flags=re.M)
# functions of the compiler and the C library are somebody else's, and left out
LINK = ("-nostdlib", "-Wl,--unresolved-symbols=ignore-all", "-Wl,--gc-sections")


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("size")


@pytest.fixture
def find(require_tool: Callable[[str], str]) -> Callable[[str], Machine]:
    """A function: the machine of that name, or a skip."""

    def find(name: str) -> Machine:
        machine = next(m for m in MACHINES if m.name == name)
        require_tool(machine.compiler[0])
        return machine

    return find


@pytest.fixture
def cortex_m4(find: Callable[[str], Machine]) -> Machine:
    return find("qemu-cortex-m4")


def declared(header: str) -> set[str]:
    text = (engine_directory() / "include" / header).read_text()
    return set(re.findall(r"^(?!typedef)\w[^()\n]*\b(msfcnn_\w+)\(", text, flags=re.M))


def flash(machine: Machine, path: Path, but: str = r"$.") -> int:
    """Bytes of code and constants, without sections whose name ends like the pattern `but`."""
    found = SECTION.findall(said([f"{machine.binutils}size", "-A", str(path)]))
    return sum(int(size) for name, size in found if not re.search(f"{but}$", name))


def said(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def linked(machine: Machine, isa: str, build: Path) -> Path:
    """The engine with all that an application or tables for an instruction set can name."""
    roots = sorted({*declared("msfcnn.h"), *kernels_of(isa)})
    objects = ProgramCompiler(machine, isa, "-Os", build).engine().values()
    program = build / f"{machine.name}-{isa}"
    wanted = [f"-Wl,-u,{root}" for root in roots]
    options = [*LINK, f"-Wl,-e,{roots[0]}", *wanted, "-o", str(program)]
    subprocess.run([*machine.compiler, *map(str, objects), *options], check=True)
    symbols = said([f"{machine.binutils}nm", "--defined-only", str(program)])
    assert set(roots) <= {line.split()[-1] for line in symbols.splitlines()}
    return program


@pytest.mark.parametrize(
    ("name", "isa", "largest"),
    [
        ("qemu-cortex-m4", ISA, 16 * KIB),
        ("qemu-cortex-m4", "generic", 10 * KIB),
        ("qemu-cortex-m55", MVE, 15 * KIB),
        ("qemu-cortex-m0", "generic", 10 * KIB),
        ("qemu-rv32", "generic", 11 * KIB),
        ("qemu-xtensa", "generic", 12 * KIB),
        ("qemu-xtensa-mac16", "xtensa.mac16", 13 * KIB),
    ],
)
def test_the_engine_is_small(
    name: str, isa: str, largest: int, find: Callable[[str], Machine], build: Path
) -> None:
    machine = find(name)
    assert flash(machine, linked(machine, isa, build)) <= largest


SIZES = {  # columns of the README's table
    "Cortex-M4": ("qemu-cortex-m4", ISA),
    "Cortex-M4, portable kernels": ("qemu-cortex-m4", "generic"),
    "Cortex-M55": ("qemu-cortex-m55", MVE),
    "Cortex-M3": ("qemu-cortex-m3", "generic"),
    "Cortex-M0+": ("qemu-cortex-m0", "generic"),
    "RV32IMAC": ("qemu-rv32", "generic"),
    "Xtensa (LX106)": ("qemu-xtensa", "generic"),
}


@pytest.mark.parametrize("column", SIZES)
def test_the_readme_tells_the_size_of_the_engine(
    column: str, find: Callable[[str], Machine], build: Path, repo_root: Path
) -> None:
    """Compilers vary by some percent; a kernel more does not go unsaid."""
    text = (repo_root / "README.md").read_text()
    (table,) = re.findall(r"^(\| Cortex-M4 \|.*)\n\|[-|]+\n(.*)$", text, re.MULTILINE)
    names, sizes = ([cell.strip() for cell in row.strip("|").split("|")] for row in table)
    assert names == list(SIZES)
    machine, isa = SIZES[column]
    told = int(sizes[names.index(column)].replace(",", ""))
    assert flash(find(machine), linked(find(machine), isa, build)) == pytest.approx(told, rel=0.05)


def test_the_list_has_a_family_for_every_kernel_that_is_chosen() -> None:
    families = {call.family for op in OPS for call in sample_calls(op)}
    portable = {k.family for k in listed_kernels() if k.isa == "generic"}
    assert families == portable
    for isa in ISAS.values():
        listed = {k.family for k in listed_kernels() if k.isa == isa.name != "generic"}
        assert set(isa.kernels) == listed


def layers() -> Model:
    """Every op, behind a pointwise layer each."""
    net = Sketch((4, 22, 3))
    for op in OPS:
        draw_conv(net, 12, 1)
        op.sample(net)
    return net.model("layers")


def sample_calls(op: type[Op]) -> list[Call]:
    net = Sketch((6, 8, 4))
    op.sample(net)
    model = net.model("sample")
    return [call for o in model.ops for call in o.calls(model)]


@pytest.fixture(scope="module")
def digits(repo_root: Path) -> Generated:
    path = repo_root / "apps" / "digits" / "digits.onnx"
    return msfcnn.generate(path, Options(isa=ISA), name="net")


def table_bytes(machine: Machine, generated: Generated, build: Path) -> int:
    """Bytes of NAME.c and NAME_weights.c, without the arrays that kernels do arithmetic with."""
    objects = ProgramCompiler(machine, ISA, "-Os", build).model(generated, "net")
    arrays = r"\.(_constants|net_op)\d+_(weights|bias|multiplier|shift|words|exp|index|table)"
    return sum(flash(machine, path, but=arrays) for path in objects)


@pytest.mark.parametrize(
    "name",
    [
        "digits",
        *(n if n in SMALL else pytest.param(n, marks=pytest.mark.long) for n in NAMES),
    ],
)
def test_tables_are_small(name: str, cortex_m4: Machine, digits: Generated, build: Path) -> None:
    generated = digits
    if name != "digits":
        path = build / f"{name}.onnx"
        path.write_bytes(build_network(name).SerializeToString())
        generated = msfcnn.generate(path, Options(isa=ISA), name="net")
    steps = generated.schedule.network.steps
    count = sum(not step.loads for step in steps)
    branches = any(len(readers) > 1 for readers in generated.schedule.network.readers.values())
    most = LARGEST_OF_GRAPHS if branches else LARGEST_LAYER
    assert 0 < table_bytes(cortex_m4, generated, build) <= most * count


@pytest.mark.parametrize(
    ("name", "isa"),
    [
        *(("qemu-cortex-m4", ISA), ("qemu-cortex-m4", "generic"), ("qemu-rv32", "generic")),
        pytest.param("qemu-cortex-m55", MVE, marks=pytest.mark.long),
        pytest.param("qemu-xtensa-mac16", "xtensa.mac16", marks=pytest.mark.long),
        pytest.param("qemu-cortex-m0", "armv6-m", marks=pytest.mark.long),
        pytest.param("qemu-xtensa", "generic", marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize("network", ["digits", "layers", "mobilenetv1"])
def test_reported_weights_are_what_the_object_file_holds(
    name: str, isa: str, network: str, find: Callable[[str], Machine], build: Path, repo_root: Path
) -> None:
    machine = find(name)
    generated = weights_of(network, isa, build, repo_root)
    _, weights = ProgramCompiler(machine, isa, "-Os", build).model(generated, "net")
    assert weights.stem.startswith("net_weights")
    assert code_report(generated).weight_bytes == flash(machine, weights)


def weights_of(network_name: str, isa: str, build: Path, repo_root: Path) -> Generated:
    options = Options(isa=isa)
    if network_name == "layers":
        return generate(layers(), "net", options, "test")
    path = repo_root / "apps" / "digits" / "digits.onnx"
    if network_name != "digits":
        path = build / f"{network_name}.onnx"
        path.write_bytes(build_network(network_name).SerializeToString())
    return msfcnn.generate(path, options, name="net")


def depthwise() -> Model:
    """Depthwise layers only."""
    net = Sketch((12, 13, 8))
    for kernel, stride in ((3, 1), (5, 1), (7, 1), (3, 2), (2, 1)):
        draw_depthwise(net, kernel, stride)
    return net.model("depthwise")


def layer_by_layer(model: Model) -> Generated:
    """Every layer the first of its stage: depthwise kernels for interleaved channels."""
    planned = plan_layer_by_layer(network(model, InputMode.IMAGE, ISA))
    return generate_plan(model, planned, EmitOptions("net", "test"))


@pytest.mark.parametrize("level", ["-Os", "-O3"])
@pytest.mark.parametrize("name", ["digits", "depthwise", "layers"])
def test_the_stack_is_small(
    name: str,
    level: str,
    cortex_m4: Machine,
    digits: Generated,
    build: Path,
    require_tool: Callable[[str], str],
) -> None:
    require_tool(cortex_m4.emulator[0])
    made = {"depthwise": depthwise, "layers": layers}
    generated = layer_by_layer(made[name]()) if name in made else digits
    images = random_images(generated.model, 1)
    stack = Bench(cortex_m4, build, level, ISA).measure(generated, "net", images).run.stack
    assert stack is not None
    assert 0 < stack <= LARGEST_STACK


@pytest.mark.parametrize(
    "name",
    [
        machine.name
        if machine.name == "qemu-rv32"
        else pytest.param(machine.name, marks=pytest.mark.long)
        for machine in MACHINES
        if machine.unit == "instructions"
    ],
)
@pytest.mark.parametrize("level", [pytest.param("-Os", marks=pytest.mark.long), "-O3"])
def test_the_stack_is_what_threads_are_told(
    name: str,
    level: str,
    find: Callable[[str], Machine],
    build: Path,
    require_tool: Callable[[str], str],
    repo_root: Path,
) -> None:
    """Every op, once in stages and once layer by layer, on every processor."""
    machine = find(name)
    require_tool(machine.emulator[0])
    text = (repo_root / "docs" / "application.md").read_text()
    (most,) = re.findall(r"`msfcnn_run\(\)` needs less than (\d+) bytes of stack", text)
    model = layers()
    bench = Bench(machine, build, level)
    planned = plan_layer_by_layer(network(model, InputMode.IMAGE, bench.isa, bench.core))
    options = Options(isa=bench.isa, core=bench.core)
    for generated in (
        generate(model, "net", options, "test"),
        generate_plan(model, planned, EmitOptions("net", "test")),
    ):
        images = random_images(model, 1)
        stack = bench.measure(generated, "net", images).run.stack
        assert stack is not None
        assert 0 < stack < int(most)
