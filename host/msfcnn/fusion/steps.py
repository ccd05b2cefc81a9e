"""The network as the engine runs it: steps, each a kernel that reads one or two tensors.

A step is a call of an op's kernel; a view of the same bytes has none. A pushed or pulled image is
brought by a step of its own, the load.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from msfcnn.costmodel import Coefficients, coefficients_of
from msfcnn.fusion.price import Currency, InstructionPrice, MacPrice, Price
from msfcnn.fusion.step import LOAD_OP, Step
from msfcnn.ir import Call, Clamp, InputMode, Model, Op, Reads, owners
from msfcnn.isa import GENERIC, ISAS, Choice, Kernel, choose


@dataclass
class SearchMemory:
    """What has been found out about a network, in whatever order its steps stand; see repeats.py.

    found:   by kind of search and the steps that it looked at: its limits and what it found.
    depths:  by kind of search: how many steps searches have looked at.
    numbers: of steps with all that is around them, and of runs of such steps.
    """

    found: dict[tuple[Hashable, int], list[tuple[Any, Any]]] = field(default_factory=dict)
    depths: dict[Hashable, set[int]] = field(default_factory=dict)
    numbers: dict[Hashable, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Network:
    """Steps in execution order and what is known of their tensors.

    sizes:   bytes of each tensor, by index.
    born:    step that writes a tensor first; -1 for an input that stays with the caller.
    dies:    last step that reads it; the number of steps for a network output.
    beside:  inputs beside the image, which stay with the caller.
    measured: what instructions are estimated with.
    early:   steps that run along with another one, see early.py.
    repeats: tensors that are computed a second time, and the tensors they repeat, see twice.py.
    memory:  of searches, the same for all orders of the steps.
    least:   by run and currency what no plan pays less for; made by graph.least_prices.
    chains:  by what no plan pays less for: numbers of runs of steps, see repeats.py.
    """

    steps: tuple[Step, ...]
    mode: InputMode
    image: int
    beside: tuple[int, ...]
    outputs: tuple[int, ...]
    sizes: dict[int, int]
    born: dict[int, int]
    dies: dict[int, int]
    measured: Coefficients
    early: Mapping[int, int] = field(default_factory=dict)
    repeats: Mapping[int, int] = field(default_factory=dict)
    memory: SearchMemory = field(default_factory=SearchMemory, compare=False, repr=False)
    least: dict[tuple[int, Currency], tuple[int, ...]] = field(
        init=False, default_factory=dict, compare=False, repr=False
    )
    chains: dict[tuple[int, ...], dict[int, list[int]]] = field(
        init=False, default_factory=dict, compare=False, repr=False
    )

    @cached_property
    def readers(self) -> dict[int, tuple[int, ...]]:
        """Steps that read each tensor, ascending."""
        found: dict[int, list[int]] = {t: [] for t in self.sizes}
        for i, step in enumerate(self.steps):
            for tensor in dict.fromkeys(step.inputs()):
                found[tensor].append(i)
        return {t: tuple(steps) for t, steps in found.items()}

    @cached_property
    def writers(self) -> dict[int, tuple[int, ...]]:
        """Steps that write each tensor, ascending: several for a concatenation."""
        found: dict[int, list[int]] = {t: [] for t in self.sizes}
        for i, step in enumerate(self.steps):
            found[step.z].append(i)
        return {t: tuple(steps) for t, steps in found.items()}

    @cached_property
    def instructions(self) -> InstructionPrice:
        """Prices in estimated instructions."""
        return InstructionPrice(self.measured)

    def price(self, currency: Currency) -> Price:
        """Prices in a currency."""
        return MacPrice() if currency is Currency.MACS else self.instructions

    def live(self, cut: int) -> tuple[int, ...]:
        """Tensors in the arena before step `cut` that are still needed, in order of birth."""
        return self._live[cut]

    @cached_property
    def _live(self) -> tuple[tuple[int, ...], ...]:
        """By cut point."""
        born = {step: tensor for tensor, step in self.born.items() if step >= 0}
        cuts: list[tuple[int, ...]] = [()]
        for cut in range(1, len(self.steps) + 1):
            alive = cuts[-1] if cut - 1 not in born else (*cuts[-1], born[cut - 1])
            cuts.append(tuple(t for t in alive if cut <= self.dies[t]))
        return tuple(cuts)

    @cached_property
    def live_bytes(self) -> tuple[int, ...]:
        """Of those tensors together, by cut point."""
        return tuple(sum(self.sizes[t] for t in alive) for alive in self._live)

    @property
    def macs(self) -> int:
        """Multiply-accumulates when nothing is computed twice."""
        return sum(step.macs for step in self.steps if step.z not in self.repeats)

    def original(self, tensor: int) -> int:
        """The tensor of the model: that which is repeated, if it is a repeat."""
        return self.repeats.get(tensor, tensor)


def network(
    model: Model,
    mode: InputMode = InputMode.IMAGE,
    isa: str = GENERIC,
    core: str | None = None,
) -> Network:
    """The steps of a model; with a load in front if the image is pushed or pulled.

    core: whose instructions are estimated; one that suits the isa by default.
    """
    # views share the bytes, and here the index, of the tensor that owns them
    root = owners(model)
    image = model.input.tensor
    steps = [] if mode is InputMode.IMAGE else [_load(model, image)]
    for index, op in enumerate(model.ops):
        steps += _steps(model, root, index, op, isa)
    outputs = tuple(root[port.tensor] for port in model.outputs)
    beside = tuple(port.tensor for port in model.beside)
    written = {image, *beside, *(step.z for step in steps)}
    sizes = {t: model.tensors[t].size for t in sorted(written)}
    default = ISAS[isa].core
    measured = coefficients_of(isa, core or default, default)
    return _network(steps, mode, (image, *beside), outputs, sizes, measured)


def arranged(network: Network, steps: Sequence[Step]) -> Network:
    """The network with its steps in another order, in which each reads what was written before."""
    return repeating(network, steps, network.repeats)


def repeating(network: Network, steps: Sequence[Step], repeats: Mapping[int, int]) -> Network:
    """The network with other steps, some of which write what others have computed before.

    repeats: the tensors that these write, and the tensors of the model that they repeat.
    """
    n = network
    sizes = {**n.sizes, **{new: n.sizes[old] for new, old in repeats.items()}}
    found = _network(steps, n.mode, (n.image, *n.beside), n.outputs, sizes, n.measured)
    return replace(found, repeats=dict(repeats), memory=n.memory)


def _network(
    steps: Sequence[Step],
    mode: InputMode,
    inputs: tuple[int, ...],
    outputs: tuple[int, ...],
    sizes: dict[int, int],
    measured: Coefficients,
) -> Network:
    """The steps with what follows from them: who writes and reads each tensor, and from when
    to when it is alive.
    """
    kept = inputs if mode is InputMode.IMAGE else inputs[1:]
    born: dict[int, int] = dict.fromkeys(kept, -1)
    dies: dict[int, int] = {}
    steps = _oriented(steps, inputs)
    for i, step in enumerate(steps):
        born.setdefault(step.z, i)
        dies[step.z] = max(dies.get(step.z, i), i)
        for tensor in step.inputs():
            dies[tensor] = i
    for tensor in outputs:
        dies[tensor] = len(steps)
    return Network(
        steps=tuple(steps),
        mode=mode,
        image=inputs[0],
        beside=inputs[1:],
        outputs=outputs,
        sizes=sizes,
        born=born,
        dies=dies,
        measured=measured,
    )


def _oriented(steps: Sequence[Step], inputs: Sequence[int]) -> list[Step]:
    """With the younger operand of every sum as its main input: a chain ends there."""
    born = dict.fromkeys(inputs, -1)
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
    """The step that copies the caller's image into the arena."""
    shape = model.tensors[image].shape
    return Step(
        op=LOAD_OP,
        call=Call(family="load", inputs=(image,), source=shape, target=shape, reads=Reads.LOAD),
        x=image,
        y=None,
        z=image,
        z_channels=shape[2],
        kernels=Choice(Kernel(name="NULL"), Kernel(name="NULL")),
    )


def _steps(model: Model, root: tuple[int, ...], index: int, op: Op, isa: str) -> list[Step]:
    """An op's calls as steps: most have one, a concatenation one for each input."""
    chosen = [(call, choose(model, op, call, isa)) for call in op.calls(model)]
    return [
        Step(
            op=index,
            call=replace(call, planar=call.planar and not kernels.interleaved),
            x=root[call.inputs[0]],
            y=root[call.inputs[1]] if len(call.inputs) > 1 else None,
            z=root[op.output],
            z_channels=model.tensors[op.output].channels,
            kernels=kernels,
            clamps=op.clamping != Clamp(),
            copies=call.family == "rescale" and _copies(model, op, call),
        )
        for call, kernels in chosen
    ]


def _copies(model: Model, op: Op, call: Call) -> bool:
    """Whether a change of scale changes nothing: tried on all 256 values, with the op's constants.

    Then a concatenation may be written in place by the op before (order.joined_in_place).
    """
    k = op.c_constants(model, call, columns=False).fields
    values = np.arange(-128, 128, dtype=np.int64)
    multiplier, offset, shift = k["multiplier"], k["offset"], k["shift"]
    factor = int(np.atleast_1d(np.asarray(multiplier))[0])
    scaled = (values * factor + int(np.asarray(offset))) >> int(np.asarray(shift))
    return bool((np.clip(scaled, op.clamping.low, op.clamping.high) == values).all())
