"""Each op, and each small network, on the processors that are emulated: alone and in stages."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from outcomes import LACKING, REFUSED, samples

from msfcnn.bench import MACHINES, Bench
from msfcnn.emit import EmitOptions
from msfcnn.frontend import load_model
from msfcnn.fusion import network
from msfcnn.ir import InputMode, Model, Op
from msfcnn.ops import OPS, Sketch, draw_conv
from msfcnn.options import Options
from msfcnn.pipeline import Generated, generate, generate_plan
from msfcnn.planner import plan_layer_by_layer
from msfcnn.quantizer import Samples, input_shapes, quantize
from msfcnn.toolchain.machines import missing
from msfcnn.verifier.images import random_images

pytestmark = pytest.mark.long

EMULATED = ("qemu-cortex-m4", "qemu-rv32")
SMALL = sorted(
    path
    for path in (Path(__file__).parents[1] / "networks" / "small").glob("*.onnx")
    if path.name.split(".")[0] not in (*REFUSED, *LACKING)
)


@pytest.fixture(scope="module", params=EMULATED)
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return bench_on(request.param, tmp_path_factory.mktemp("bench"))


def bench_on(name: str, directory: Path) -> Bench:
    """Of a machine by its name; skips, and says why, without its compiler or emulator."""
    machine = next(m for m in MACHINES if m.name == name)
    problems = missing(machine)
    if problems:
        pytest.skip(f"{problems[0].what}: {problems[0].hint}")
    return Bench(machine, directory)


def ways(model: Model, bench: Bench) -> Iterator[Generated]:
    """Layer by layer, in row sweeps, and with the least RAM."""
    steps = network(model, InputMode.IMAGE, bench.isa, bench.core)
    yield generate_plan(model, plan_layer_by_layer(steps), EmitOptions("net", "test"))
    for factor in (1.0, math.inf):
        options = Options(max_macs=factor, isa=bench.isa, core=bench.core)
        yield generate(model, "net", options, "test")


def check(bench: Bench, model: Model) -> None:
    """The bytes are those of the reference. Raises MismatchError."""
    images = random_images(model, 2)
    for generated in ways(model, bench):
        bench.measure(generated, "net", images)


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.__name__)
def test_an_op_gives_the_bytes_of_its_reference(op: type[Op], bench: Bench) -> None:
    net = Sketch((9, 12, 3))
    draw_conv(net, 8, 3)
    op.sample(net)
    draw_conv(net, 6, 1)
    check(bench, net.model("sample"))


@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.name.removesuffix(".onnx"))
def test_a_network_gives_the_bytes_of_its_reference(
    path: Path, bench: Bench, tmp_path: Path
) -> None:
    name = path.name.split(".")[0]
    done = quantize(path, Samples(samples(name, input_shapes(path, {}), 4)))
    int8 = tmp_path / "int8.onnx"
    int8.write_bytes(done.model.SerializeToString())
    check(bench, load_model(int8))
