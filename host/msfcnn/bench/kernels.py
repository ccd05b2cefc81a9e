"""Layers to measure kernels with: networks of one stage, built like those of the zoo.

Kernels of a layer are chosen by its place. A depthwise layer stands where it does in most networks,
behind a pointwise one in a stage, and so does a sum, of the image and that; the others are alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path

from msfcnn.bench.measure import Bench, Measurement
from msfcnn.emit import EmitOptions
from msfcnn.errors import Problem, UsageError
from msfcnn.files import write_all
from msfcnn.frontend import load_model
from msfcnn.fusion import Edge, Network, Option, Scheme, Step, network
from msfcnn.ir import InputMode
from msfcnn.pipeline import Generated, generate_plan
from msfcnn.planner import Plan, PlannedStage
from msfcnn.verifier import random_images
from msfcnn.zoo import Activation, Drawing, Shape, condition, write

NONE, RELU6 = Activation.NONE, Activation.RELU6
NARROW = 8  # channels of the image that the layer before a depthwise one widens
AMPLE = 2 << 20  # bytes of RAM: enough for the longest runs of any layer


@dataclass(frozen=True)
class SingleLayer:
    """The last layer of a drawing.

    name:  what `--kernels` is matched with. label: for people. image: height, width, channels.
    draw:  adds layers to a drawing that has the image; the one to be measured comes last.
    per: what its cost is divided by, "MAC" or "element" (of its input).
    """

    name: str
    label: str
    image: Shape
    draw: Callable[[Drawing], object]
    per: str = "MAC"


def _pointwise(height: int, inputs: int, outputs: int, activation: Activation) -> SingleLayer:
    """A convolution 1x1 of a square image."""
    return SingleLayer(
        name=f"pointwise_{inputs}_{outputs}",
        label=f"pointwise {height}x{height}, {inputs} -> {outputs}",
        image=(height, height, inputs),
        draw=lambda net: net.conv("layer", outputs, 1, 1, activation),
    )


def _depthwise(height: int, channels: int, kernel: int, stride: int) -> SingleLayer:
    """A depthwise layer behind a pointwise one, which writes the planar lines it reads."""

    def draw(net: Drawing) -> None:
        net.conv("before", channels, 1, 1, RELU6)
        net.depthwise("layer", kernel, stride, RELU6)

    return SingleLayer(
        name=f"depthwise_{kernel}x{kernel}_s{stride}",
        label=f"depthwise {kernel}x{kernel} s{stride}, {height}x{height}x{channels}",
        image=(height, height, NARROW),
        draw=draw,
    )


def _draw_add(net: Drawing) -> None:
    """A sum as in a residual block: of the image and of a pointwise layer behind it."""
    net.conv("before", net.image[2], 1, 1, NONE)
    net.add("layer", 0, net.value, NONE)


# shapes of MobileNetV2 at width 0.35 and resolution 144, and of MCUNet for its larger kernels
KERNELS = (
    SingleLayer(
        name="conv_3x3_s2",
        label="conv 3x3 s2, 144x144x3 -> 72x72x16",
        image=(144, 144, 3),
        draw=lambda net: net.conv("layer", 16, 3, 2, RELU6),
    ),
    _depthwise(72, 16, 3, 1),
    _depthwise(72, 48, 3, 2),
    _depthwise(10, 240, 5, 1),
    _depthwise(40, 48, 7, 2),
    _pointwise(72, 8, 48, RELU6),
    _pointwise(72, 16, 8, NONE),
    _pointwise(36, 48, 8, NONE),
    _pointwise(9, 192, 32, NONE),
    _pointwise(5, 112, 1280, RELU6),
    SingleLayer(
        name="dense_1280_1000",
        label="dense 1280 -> 1000",
        image=(1, 1, 1280),
        draw=lambda net: net.dense("layer", 1000),
    ),
    SingleLayer(
        name="add_36x36x8",
        label="add 36x36x8",
        image=(36, 36, 8),
        draw=_draw_add,
        per="element",
    ),
    SingleLayer(
        name="average_5x5x1280",
        label="global average 5x5x1280",
        image=(5, 5, 1280),
        draw=lambda net: net.pool("layer"),
        per="element",
    ),
)


@dataclass(frozen=True, eq=False)
class KernelCost:
    """What a layer takes: its kernel alone, and the whole of its stage but other kernels.

    Costs are of one inference, in the machine's unit: instructions, cycles or ns.
    """

    kernel: SingleLayer
    measurement: Measurement

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the layer."""
        return self._step.macs

    @property
    def alone(self) -> int:
        """Cost of the kernel, without the engine."""
        return self.measurement.kernels[-1].cost

    @property
    def whole(self) -> int:
        """Cost with the engine's share, which includes bringing the layer its input."""
        return self.measurement.cost - sum(k.cost for k in self.measurement.kernels[:-1])

    @property
    def alone_each(self) -> float:
        """Cost of the kernel per MAC or element."""
        return self.alone / self._units

    @property
    def whole_each(self) -> float:
        """Whole cost per MAC or element."""
        return self.whole / self._units

    @property
    def _units(self) -> int:
        return self.macs if self.kernel.per == "MAC" else prod(self._step.source)

    @property
    def _step(self) -> Step:
        return self.measurement.generated.schedule.network.steps[-1]


def choose(pattern: str) -> tuple[SingleLayer, ...]:
    """The kernels whose names contain `pattern`, "" for all. Raises UsageError if there are none.

    Example: choose("depthwise_3x3") gives those of stride 1 and 2.
    """
    chosen = tuple(kernel for kernel in KERNELS if pattern in kernel.name)
    if not chosen:
        names = ", ".join(kernel.name for kernel in KERNELS)
        raise UsageError(Problem("--kernels", f"none contains '{pattern}'", f"there are {names}"))
    return chosen


def measure_kernel(bench: Bench, kernel: SingleLayer, directory: Path) -> KernelCost:
    """Measures one kernel; its network is kept in `directory`.

    Raises BoardError without compiler or emulator, MismatchError where the outputs are wrong.
    """
    generated = generate_kernel(kernel, bench.isa, bench.machine.core, directory)
    images = random_images(generated.model, 1, seed=1)
    return KernelCost(kernel, bench.measure(generated, kernel.name, images))


def generate_kernel(kernel: SingleLayer, isa: str, core: str, directory: Path) -> Generated:
    """The code of the network around one kernel, whose model is kept in `directory`."""
    net = Drawing(kernel.image)
    kernel.draw(net)
    content = write(kernel.name, net, condition(net, seed=0)).SerializeToString()
    write_all(directory / "kernels", {f"{kernel.name}.onnx": content})
    path = directory / "kernels" / f"{kernel.name}.onnx"
    model = load_model(path)
    steps = network(model, InputMode.IMAGE, isa, core)
    options = EmitOptions(kernel.name, "msfcnn bench --kernels")
    return generate_plan(model, _one_stage(steps), options, room=AMPLE)


def _one_stage(net: Network) -> Plan:
    """The plan that runs all steps in one stage: a row sweep, or the layer if there is only one.

    Not what the planner would choose: the layer has to be where networks have it, whatever the
    cheapest plan of this small network would be.
    """
    edge = Edge(net, 0, len(net.steps))
    scheme = Scheme.LAYER if len(edge.steps) == 1 else Scheme.LINE
    return Plan(net, (PlannedStage(edge, Option(scheme=scheme, band=edge.shape[1])),))
