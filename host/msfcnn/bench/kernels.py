"""Layers to measure kernels with: networks of one op, built like those of the zoo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from msfcnn.bench.measure import Bench, Measurement
from msfcnn.errors import Problem, UsageError
from msfcnn.files import write_all
from msfcnn.pipeline import GenerateRequest, generate
from msfcnn.verify.images import random_images
from msfcnn.zoo.layers import Activation, Drawing, Shape
from msfcnn.zoo.qdq import write
from msfcnn.zoo.weights import condition

NONE, RELU6 = Activation.NONE, Activation.RELU6


@dataclass(frozen=True)
class Kernel:
    """A layer. `per`: what its cost is divided by, "MAC" or "element" (of its input)."""

    name: str
    label: str
    image: Shape
    draw: Callable[[Drawing], object]
    per: str = "MAC"


def _pointwise(height: int, inputs: int, outputs: int, activation: Activation) -> Kernel:
    return Kernel(
        f"pointwise_{inputs}_{outputs}",
        f"pointwise {height}x{height}, {inputs} -> {outputs}",
        (height, height, inputs),
        lambda net: net.conv("layer", outputs, 1, 1, activation),
    )


def _depthwise(height: int, channels: int, kernel: int, stride: int) -> Kernel:
    return Kernel(
        f"depthwise_{kernel}x{kernel}_s{stride}",
        f"depthwise {kernel}x{kernel} s{stride}, {height}x{height}x{channels}",
        (height, height, channels),
        lambda net: net.depthwise("layer", kernel, stride, RELU6),
    )


KERNELS = (
    Kernel(
        "conv_3x3_s2",
        "conv 3x3 s2, 144x144x3 -> 72x72x16",
        (144, 144, 3),
        lambda net: net.conv("layer", 16, 3, 2, RELU6),
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
    Kernel(
        "dense_1280_1000", "dense 1280 -> 1000", (1, 1, 1280), lambda net: net.dense("layer", 1000)
    ),
    Kernel(
        "add_36x36x8",
        "add 36x36x8",
        (36, 36, 8),
        lambda net: net.add("layer", 0, 0, NONE),
        "element",
    ),
    Kernel(
        "average_5x5x1280",
        "global average 5x5x1280",
        (5, 5, 1280),
        lambda net: net.pool("layer"),
        "element",
    ),
)


@dataclass(frozen=True, eq=False)
class KernelCost:
    """A kernel's cost through the whole engine, in total and per MAC or element."""

    kernel: Kernel
    measurement: Measurement

    @property
    def each(self) -> float:
        """Cost per MAC or element."""
        model = self.measurement.generated.model
        height, width, channels = self.kernel.image
        units = model.macs if self.kernel.per == "MAC" else height * width * channels
        return self.measurement.cost / units


def choose(pattern: str) -> tuple[Kernel, ...]:
    """The kernels whose names contain `pattern`. Raises UsageError if there are none."""
    chosen = tuple(kernel for kernel in KERNELS if pattern in kernel.name)
    if not chosen:
        names = ", ".join(kernel.name for kernel in KERNELS)
        raise UsageError(Problem("--kernels", f"none contains '{pattern}'", f"there are {names}"))
    return chosen


def measure_kernel(bench: Bench, kernel: Kernel, directory: Path) -> KernelCost:
    """Measures one kernel; its network is kept in `directory`."""
    net = Drawing(kernel.image)
    kernel.draw(net)
    content = write(kernel.name, net, condition(net, seed=0)).SerializeToString()
    write_all(directory / "kernels", {f"{kernel.name}.onnx": content})
    path = directory / "kernels" / f"{kernel.name}.onnx"
    request = GenerateRequest(path, kernel.name, "msfcnn bench --kernels", bench.isa)
    generated = generate(request)
    images = random_images(generated.model, 1, seed=1)
    return KernelCost(kernel, bench.measure(generated, kernel.name, images))
