"""One model on one machine: compile, run, compare, count.

Code comes from `pipeline`, the program that counts from `toolchain`. A count is given only where
the outputs are those of the reference: how fast wrong bytes are computed interests nobody.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from msfcnn.costmodel import cores, known_cycles
from msfcnn.errors import MismatchError, Problem
from msfcnn.fusion import node_of
from msfcnn.ir import Model
from msfcnn.isa import Machine
from msfcnn.pipeline import Generated
from msfcnn.reference import execute_some
from msfcnn.report import code_report, to_data
from msfcnn.schedule import estimated_cycles
from msfcnn.toolchain import CodeSize, ProgramCompiler, ProgramRun, run

DEFAULT_OPTIMIZE = "-O3"


@dataclass(frozen=True)
class StageCost:
    """What a stage takes in one inference, in the machine's unit, kernels and engine together.

    nodes: of its steps in order. macs: those it executes, recomputed ones included.
    """

    nodes: tuple[str, ...]
    cost: int
    macs: int

    @property
    def name(self) -> str:
        """Its op, or its first and last one."""
        return self.nodes[0] if len(self.nodes) == 1 else f"{self.nodes[0]} .. {self.nodes[-1]}"


@dataclass(frozen=True)
class KernelCount:
    """What the kernel of a step takes in one inference, without the engine around it."""

    node: str
    kernel: str
    calls: int
    cost: int


@dataclass(frozen=True, eq=False)
class Measurement:
    """A model on a machine. Costs are in the machine's unit, sizes in bytes.

    isa:      whose kernels the code calls; the machine may be able to do more.
    optimize: the compiler's flag, such as -O3.
    """

    machine: Machine
    isa: str
    optimize: str
    generated: Generated
    run: ProgramRun
    stages: tuple[StageCost, ...]
    kernels: tuple[KernelCount, ...]
    code: CodeSize

    @property
    def cost(self) -> int:
        """Of one inference, in the machine's unit; the first image's."""
        return self.run.inferences[0]

    @property
    def per_mac(self) -> float | None:
        """Cost per MAC of the network, recomputation not counted; None without any."""
        macs = self.generated.model.macs
        return self.cost / macs if macs else None

    @property
    def estimate_error(self) -> float:
        """By which share what is estimated is too much: 0.1 is ten percent, negative too little."""
        return self.estimate / self.cost - 1

    @property
    def estimate(self) -> int:
        """Estimated cycles where the machine counts them, else instructions."""
        schedule = self.generated.schedule
        cycles = known_cycles().get(self.machine.processor or "")
        return schedule.instructions if cycles is None else estimated_cycles(schedule, cycles)

    @property
    def overhead(self) -> float:
        """Share of the engine: of windows, runs and stage control, beyond the kernels."""
        return 1 - sum(kernel.cost for kernel in self.kernels) / self.cost

    def data(self) -> Mapping[str, object]:
        """Everything as plain data."""
        return {
            **to_data(code_report(self.generated)),
            "board": self.machine.name,
            "isa": self.isa,
            "optimize": self.optimize,
            "unit": self.machine.unit,
            "cost": self.cost,
            "cost_per_mac": self.per_mac,
            "overhead": self.overhead,
            "costs": list(self.run.inferences),
            "stack_bytes": self.run.stack,
            "context_bytes": self.run.context,
            "code": {
                "total": self.code.total,
                "kernels": self.code.kernels,
                "rest": self.code.rest,
            },
            "clock_check": self.run.loop,
            "costs_by_stage": [
                {"nodes": list(s.nodes), "cost": s.cost, "macs": s.macs} for s in self.stages
            ],
            "kernels": [dataclasses.asdict(kernel) for kernel in self.kernels],
        }


class Bench:
    """Measures models on one machine; keeps what it compiles in `directory`.

    isa: of the kernels; None for the machine's own. Objects of the engine are kept and used again
    for the next model with the same flags.
    """

    def __init__(
        self,
        machine: Machine,
        directory: Path,
        optimize: str = DEFAULT_OPTIMIZE,
        isa: str | None = None,
    ) -> None:
        self.machine = machine
        self.isa = isa or machine.isa
        self._optimize = optimize
        self._builder = ProgramCompiler(machine, self.isa, optimize, directory)

    @property
    def core(self) -> str | None:
        """Whose instructions are estimated: None, the usual one of the isa, if it is not known."""
        return self.machine.core if self.machine.core in cores() else None

    def measure(self, generated: Generated, name: str, images: NDArray[np.int8]) -> Measurement:
        """Measures a generated model on images [n, H, W, C].

        Raises BoardError, or MismatchError where the outputs are not those of the reference.
        """
        program = self._builder.program(generated, name)
        with tempfile.TemporaryDirectory(prefix="msfcnn-") as directory:
            stages = len(generated.schedule.stages)
            ops = len(generated.schedule.network.steps)
            done = run(self.machine, program.path, images, stages, ops, Path(directory))
        _compare(self.machine, generated.source, images, done.outputs)
        return Measurement(
            machine=self.machine,
            isa=self.isa,
            optimize=self._optimize,
            generated=generated,
            run=done,
            stages=_stages(generated, done),
            kernels=_kernels(generated, done),
            code=program.size,
        )


def _stages(generated: Generated, done: ProgramRun) -> tuple[StageCost, ...]:
    """What each stage costs, with the nodes that run in it."""
    return tuple(
        StageCost(
            tuple(node_of(generated.model, step) for step in stage.edge.steps),
            cost,
            stage.cost.macs,
        )
        for stage, cost in zip(generated.schedule.stages, done.stages, strict=True)
    )


def _kernels(generated: Generated, done: ProgramRun) -> tuple[KernelCount, ...]:
    """What each kernel costs, with its node: the engine counts by step, in the plan's order."""
    steps = [
        (step, stage.kernel(i))
        for stage in generated.schedule.stages
        for i, step in enumerate(stage.edge.steps)
    ]
    return tuple(
        KernelCount(node_of(generated.model, step), kernel.name, *count)
        for (step, kernel), count in zip(steps, done.kernels, strict=True)
    )


def _compare(
    machine: Machine, model: Model, images: NDArray[np.int8], outputs: NDArray[np.int8]
) -> None:
    """Raises MismatchError where outputs on the machine are not those of the reference."""
    expected = execute_some(model, images, [port.tensor for port in model.outputs])
    problems, begin = [], 0
    for port in model.outputs:
        theirs = expected[port.tensor].reshape(len(images), -1)
        ours = outputs[:, begin : begin + theirs.shape[1]]
        begin += theirs.shape[1]
        differing = int((ours != theirs).sum())
        if differing:
            what = f"{differing} of {theirs.size} bytes differ from the reference on {machine.name}"
            hint = "'msfcnn verify' finds the op if it is wrong on this computer too"
            problems.append(Problem(port.name, what, hint))
    if problems:
        raise MismatchError(*problems)
