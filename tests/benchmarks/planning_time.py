"""How planning time grows: `./dev python tests/benchmarks/planning_time.py` prints CPU seconds.

Inverted residuals as in MobileNetV2 (expansion 6, 3x3, every stride-1 block with its sum), 8 to 40
channels, four halvings of the resolution spread over the depth.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from msfcnn.fusion import cost, network
from msfcnn.fusion.graph import Schemes
from msfcnn.ir import Geometry, Model, Op, Order, Port, Quantization, Tensor
from msfcnn.ops import Add, Conv
from msfcnn.planner import Goal, pareto, plan
from msfcnn.planner.space import Space

RESOLUTIONS = (48, 96, 144, 192, 224, 320)
BLOCKS = (4, 8, 16, 24, 32)
ONCE = Geometry(1, 1)


class Builder:
    """Ops one after the other; weights are ones, planning does not look at them."""

    def __init__(self, size: int) -> None:
        self.tensors: list[Tensor] = []
        self.ops: list[Op] = []
        self._tensor(size, 3)

    def _tensor(self, size: int, channels: int) -> None:
        name, onnx_shape = f"t{len(self.tensors)}", (1, channels, size, size)
        tensor = Tensor(name, size, size, channels, Quantization(0.1, 0), onnx_shape)
        self.tensors.append(tensor)

    def conv(self, channels: int, kernel: int, stride: int, depthwise: bool = False) -> None:
        source = self.tensors[-1]
        size = (source.height - 1) // stride + 1
        groups = source.channels if depthwise else 1
        pad = kernel // 2
        geometry = Geometry(
            kernel,
            kernel,
            stride_h=stride,
            stride_w=stride,
            pad_top=pad,
            pad_left=pad,
            pad_bottom=pad,
            pad_right=pad,
        )
        weights = np.ones((channels, kernel, kernel, source.channels // groups), np.int8)
        ones = np.ones(channels)
        last = len(self.tensors) - 1
        bias = ones.astype(np.int64)
        self.ops.append(Conv(f"op{last}", last, last + 1, geometry, groups, weights, ones, bias))
        self._tensor(size, channels)

    def add(self, skip: int) -> None:
        last = len(self.tensors) - 1
        self.ops.append(Add(f"op{last}", skip, last, last + 1))
        self._tensor(self.tensors[-1].height, self.tensors[-1].channels)

    def model(self) -> Model:
        last = len(self.tensors) - 1
        ports = [
            Port(t.name, i, t.onnx_shape, Order.CHW, "int8")
            for i, t in ((0, self.tensors[0]), (last, self.tensors[last]))
        ]
        tensors, ops = tuple(self.tensors), tuple(self.ops)
        return Model("benchmark", "0" * 64, tensors, ops, ports[0], (ports[1],))


def inverted_residuals(size: int, blocks: int) -> Model:
    """A stem and that many blocks."""
    net = Builder(size)
    net.conv(16, 3, 2)
    halvings = {blocks * i // 4 for i in range(4)}
    for block in range(blocks):
        skip, before = len(net.tensors) - 1, net.tensors[-1].channels
        channels = 8 * (1 + 4 * block // blocks)
        stride = 2 if block in halvings and net.tensors[-1].height > 4 else 1
        net.conv(6 * before, 1, 1)
        net.conv(6 * before, 3, stride, depthwise=True)
        net.conv(channels, 1, 1)
        if stride == 1 and channels == before:
            net.add(skip)
    return net.model()


@dataclass(frozen=True)
class Seconds:
    """CPU seconds of planning a network of `ops` ops; its front has `points` points."""

    ops: int
    compute_bound: float
    ram_bound: float
    front: float
    points: int

    def row(self, of: int) -> str:
        """A line of the table."""
        times = (self.compute_bound, self.ram_bound, self.front)
        return (
            f"{of:10} {self.ops:4} {times[0]:13.2f} {times[1]:9.2f} {times[2]:9.2f} {self.points:7}"
        )


def measured(size: int, blocks: int) -> Seconds:
    """The least RAM for F <= 1.2, the fastest plan within as much, and the whole front."""
    steps = network(inverted_residuals(size, blocks))
    start = time.process_time()
    found = plan(steps, Goal(max_macs=1.2))
    bounded = time.process_time()
    peak = max(cost(stage.edge, stage.option).total for stage in found.stages)
    fits = time.process_time()
    plan(steps, Goal(max_ram=peak))
    fitted = time.process_time()
    points = pareto(steps, Goal(), Space(network=steps, schemes=Schemes.ALL, run=Goal().run))
    end = time.process_time()
    return Seconds(len(steps.steps), bounded - start, fitted - fits, end - fitted, len(points))


def main() -> None:
    """One table for the resolution, one for the depth."""
    titles = " ops  F <= 1.2, s  in RAM, s  front, s  points"
    print(f"resolution {titles}")
    for size in RESOLUTIONS:
        print(measured(size, 16).row(size), flush=True)
    print(f"blocks     {titles}")
    for blocks in BLOCKS:
        print(measured(144, blocks).row(blocks), flush=True)


if __name__ == "__main__":
    main()
