"""The network as the engine runs it: steps, each a kernel that reads one or two tensors.

A step is a call of an op's kernel; a view of the same bytes has none. A pushed or pulled image is
brought by a step of its own, the load.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from msfcnn.costmodel import Coefficients, coefficients_of
from msfcnn.fusion.price import Currency, InstructionPrice, MacPrice, Price
from msfcnn.fusion.step import LOAD_OP, Step
from msfcnn.ir import Call, Clamp, InputMode, Model, Op, Reads, owners
from msfcnn.isa import GENERIC, ISAS, Choice, Kernel, choose


@dataclass(frozen=True)
class Network:
    """Steps in execution order and what is known of their tensors.

    sizes:   bytes of each tensor, by index.
    born:    step that writes a tensor first; -1 for an image that stays with the caller.
    dies:    last step that reads it; the number of steps for a network output.
    measured: what instructions are estimated with.
    """

    steps: tuple[Step, ...]
    mode: InputMode
    image: int
    outputs: tuple[int, ...]
    sizes: dict[int, int]
    born: dict[int, int]
    dies: dict[int, int]
    measured: Coefficients

    @cached_property
    def instructions(self) -> InstructionPrice:
        """Prices in estimated instructions."""
        return InstructionPrice(self.measured)

    def price(self, currency: Currency) -> Price:
        """Prices in a currency."""
        return MacPrice() if currency is Currency.MACS else self.instructions

    def live(self, cut: int) -> tuple[int, ...]:
        """Tensors in the arena before step `cut` that are still needed, in order of birth."""
        return tuple(
            sorted(
                (t for t, b in self.born.items() if 0 <= b < cut <= self.dies[t]),
                key=lambda t: self.born[t],
            )
        )

    @property
    def macs(self) -> int:
        """Multiply-accumulates when nothing is computed twice."""
        return sum(step.macs for step in self.steps)


def network(
    model: Model,
    mode: InputMode = InputMode.IMAGE,
    isa: str = GENERIC,
    core: str | None = None,
) -> Network:
    """The steps of a model; with a load in front if the image is pushed or pulled.

    core: whose instructions are estimated; one that suits the isa by default.
    """
    root = owners(model)
    image = model.input.tensor
    steps = [] if mode is InputMode.IMAGE else [_load(model, image)]
    for index, op in enumerate(model.ops):
        steps += _steps(model, root, index, op, isa)
    outputs = tuple(root[port.tensor] for port in model.outputs)
    born: dict[int, int] = {image: -1} if mode is InputMode.IMAGE else {}
    dies: dict[int, int] = {}
    steps = _oriented(steps, image)
    for i, step in enumerate(steps):
        born.setdefault(step.z, i)
        dies[step.z] = max(dies.get(step.z, i), i)
        for tensor in step.inputs():
            if not step.loads:
                dies[tensor] = i
    for tensor in outputs:
        dies[tensor] = len(steps)
    sizes = {t: model.tensors[t].size for t in born}
    default = ISAS[isa].core
    measured = coefficients_of(isa, core or default, default)
    return Network(
        steps=tuple(steps),
        mode=mode,
        image=image,
        outputs=outputs,
        sizes=sizes,
        born=born,
        dies=dies,
        measured=measured,
    )


def _oriented(steps: list[Step], image: int) -> list[Step]:
    """With the younger operand of every sum as its main input: a chain ends there."""
    born = {image: -1}
    found = []
    for i, step in enumerate(steps):
        if step.y is not None and not step.call.broadcast and born[step.y] > born[step.x]:
            step = _turned(step)
        found.append(step)
        born.setdefault(step.z, i)
    return found


def _turned(step: Step) -> Step:
    """With its operands the other way round."""
    assert step.y is not None
    call = replace(step.call, inputs=step.call.inputs[::-1])
    return replace(step, call=call, x=step.y, y=step.x)


def _load(model: Model, image: int) -> Step:
    shape = model.tensors[image].shape
    return Step(
        op=LOAD_OP,
        call=Call(family="load", inputs=(image,), source=shape, target=shape, reads=Reads.LOAD),
        x=image,
        y=None,
        z=image,
        z_channels=shape[2],
        kernels=Choice(Kernel("NULL"), Kernel("NULL")),
    )


def _steps(model: Model, root: tuple[int, ...], index: int, op: Op, isa: str) -> list[Step]:
    return [
        Step(
            op=index,
            call=call,
            x=root[call.inputs[0]],
            y=root[call.inputs[1]] if len(call.inputs) > 1 else None,
            z=root[op.output],
            z_channels=model.tensors[op.output].channels,
            kernels=choose(model, op, call, isa),
            clamps=op.clamping != Clamp(),
        )
        for call in op.calls(model)
    ]
