"""How planning time grows: the tables of docs/plan.md.

    python tools/planning_page.py docs/plan.md

CPU seconds for networks of inverted residuals as in MobileNetV2 (expansion 6, 3x3, every stride-1
block with its sum), 8 to 40 channels, four halvings of the resolution spread over the depth. A
minute or two on an idle machine.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

import kernel_page
from msfcnn.errors import MsfcnnError
from msfcnn.files import write_atomically
from msfcnn.fusion import Network, network
from msfcnn.ir import Geometry, Model, Op, Order, Port, Quantization, Tensor
from msfcnn.ops import Add, Conv
from msfcnn.planner import Goal, NoPlanError, pareto, plan
from msfcnn.render import error_text
from msfcnn.schedule import schedule

BEGIN = "<!-- begin: tools/planning_page.py -->"
END = "<!-- end: tools/planning_page.py -->"
RESOLUTIONS = (48, 96, 144, 192, 224, 320)
BLOCKS = (4, 8, 16, 32, 52)
SIZE, DEPTH = 144, 16  # resolution and blocks of the networks that differ in the other of the two
ONCE = Geometry(1, 1)
FACTOR = 1.2
TOO_LITTLE = 1000  # bytes that no plan fits in
QUESTIONS = (
    *(f"least RAM for F <= {FACTOR}", "fastest in that RAM", "fastest in twice that"),
    *("whole front", "refusal"),
)


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
        """Square, padded so that only the stride makes the map smaller."""
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
        """The sum of the newest tensor and an older one."""
        last = len(self.tensors) - 1
        self.ops.append(Add(f"op{last}", skip, last, last + 1))
        self._tensor(self.tensors[-1].height, self.tensors[-1].channels)

    def model(self) -> Model:
        """All of it."""
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


def measured(size: int, blocks: int) -> tuple[int, list[float]]:
    """Ops of a network, and CPU seconds of each of QUESTIONS."""
    model = inverted_residuals(size, blocks)
    peak = schedule(plan(network(model), Goal(max_macs=FACTOR))).peak_ram
    goals = (Goal(max_macs=FACTOR), Goal(max_ram=peak), Goal(max_ram=2 * peak))
    asked: list[Callable[[Network], object]] = [partial(answer, goal=goal) for goal in goals]
    asked += [partial(pareto, goal=Goal()), partial(answer, goal=Goal(max_ram=TOO_LITTLE))]
    return len(model.ops), [seconds(question, network(model)) for question in asked]


def answer(steps: Network, goal: Goal) -> None:
    """A plan, or why there is none."""
    with contextlib.suppress(NoPlanError):
        plan(steps, goal)


def seconds(question: Callable[[Network], object], steps: Network) -> float:
    """Of CPU; nothing is known of the network yet."""
    start = time.process_time()
    question(steps)
    return time.process_time() - start


def page_table(head: Sequence[str], columns: Sequence[tuple[int, list[float]]]) -> str:
    """A column for each network."""
    rows = [[*head], ["ops", *(str(ops) for ops, _ in columns)]]
    for i, title in enumerate(QUESTIONS):
        rows.append([title, *(f"{times[i]:.1f}" for _, times in columns)])
    return kernel_page.markdown(rows, text_columns=1)


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", type=Path, help="the Markdown file whose tables are replaced")
    page = parser.parse_args().page
    try:
        text = page.read_text(encoding="utf-8")
        kernel_page.replace_tables(page, text, "", BEGIN, END)  # whether there is a place
        by_size = [measured(size, DEPTH) for size in RESOLUTIONS]
        by_depth = [measured(SIZE, blocks) for blocks in BLOCKS]
        heads = (
            [f"resolution, {DEPTH} blocks", *map(str, RESOLUTIONS)],
            [f"blocks, resolution {SIZE}", *map(str, BLOCKS)],
        )
        tables = "\n".join(
            page_table(*pair) for pair in zip(heads, (by_size, by_depth), strict=True)
        )
        write_atomically(page, kernel_page.replace_tables(page, text, tables, BEGIN, END))
    except MsfcnnError as error:
        sys.stderr.write(error_text(error.problems))
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
