"""The network as the engine runs it: steps, each a kernel that reads one or two tensors.

A step is an op, or one part of a concatenation; a reshape has none, it is another view of the
same bytes. A pushed or pulled image is brought by a step of its own, the load.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from msfcnn.costmodel.costs import coefficients_of
from msfcnn.costmodel.instructions import Coefficients
from msfcnn.fusion.price import Currency, InstructionPrice, MacPrice, Price
from msfcnn.ir import (
    Add,
    AveragePool,
    Clamp,
    Concat,
    Conv,
    GlobalAveragePool,
    InputMode,
    MaxPool,
    Model,
    Op,
    Requantize,
    Reshape,
    Softmax,
)
from msfcnn.isa.choice import GENERIC, Choice, Kernel, choose, is_pointwise

LOAD_OP = -1  # the op of a load: there is none in the model

Shape = tuple[int, int, int]
Position = TypeVar("Position", int, NDArray[np.int64])


class Kind(Enum):
    """The kernel of a step."""

    LOAD = "load"
    POINTWISE = "pointwise"
    CONV = "conv"
    DEPTHWISE = "depthwise"
    MAX_POOL = "max_pool"
    AVERAGE_POOL = "average_pool"
    GLOBAL_AVERAGE = "global_average"
    RESCALE = "rescale"
    ADD = "add"
    SOFTMAX = "softmax"


class Reads(Enum):
    """What a step looks at: its own pixels, a window of its input, or all of it."""

    LOAD = "load"
    RUN = "run"
    WINDOW = "window"
    GLOBAL = "global"


# each output channel depends on the same input channel only
CHANNELWISE = frozenset(
    {Kind.DEPTHWISE, Kind.MAX_POOL, Kind.AVERAGE_POOL, Kind.GLOBAL_AVERAGE, Kind.RESCALE}
)
# reads each byte before it writes it: the output may lie on the input
IN_PLACE = frozenset({Kind.RESCALE, Kind.ADD, Kind.SOFTMAX})


@dataclass(frozen=True)
class Axis:
    """A kernel along one axis; extents in lines or pixels."""

    kernel: int = 1
    stride: int = 1
    dilation: int = 1
    pad: int = 0

    @property
    def extent(self) -> int:
        """Input positions from the first to the last tap."""
        return (self.kernel - 1) * self.dilation + 1

    def first(self, position: Position) -> Position:
        """Input position of the first tap; negative: padding."""
        return position * self.stride - self.pad

    def end(self, end: Position) -> Position:
        """End of the input positions that the outputs below `end` read; may exceed the input."""
        return (end - 1) * self.stride - self.pad + self.extent


@dataclass(frozen=True)
class Step:
    """A kernel call on whole tensors.

    op, part:   index into `Model.ops` (LOAD_OP for a load), and which input of a concatenation.
    x, y, z:    tensors read and written; reshapes share an index. A sum also reads y, the older
                of its operands.
    source:     (height, width, channels) of x as this step sees it.
    target:     likewise of what it writes.
    channel:    first channel written of z; `z_channels` is how many a pixel of z has.
    depth:      input channels under one output channel.
    multiplier: output channels of a group.
    kernels:    C functions for it.
    clamps:     to less than int8.
    swapped:    x and y are the second and the first operand of the sum.
    """

    op: int
    part: int
    kind: Kind
    x: int
    y: int | None
    z: int
    source: Shape
    target: Shape
    rows: Axis
    columns: Axis
    channel: int
    z_channels: int
    depth: int
    multiplier: int
    kernels: Choice
    swapped: bool = False
    clamps: bool = False

    @cached_property
    def reads(self) -> Reads:
        """What the step looks at."""
        if self.kind is Kind.LOAD:
            return Reads.LOAD
        if self.kind is Kind.GLOBAL_AVERAGE:
            return Reads.GLOBAL
        return Reads.RUN if self.rows == self.columns == Axis() else Reads.WINDOW

    @property
    def macs_per_pixel(self) -> int:
        """Multiply-accumulates of an output pixel, padding counted."""
        if self.kind not in (Kind.POINTWISE, Kind.CONV, Kind.DEPTHWISE):
            return 0
        return self.rows.kernel * self.columns.kernel * self.depth * self.target[2]

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the whole output."""
        return self.target[0] * self.target[1] * self.macs_per_pixel

    @property
    def partial(self) -> bool:
        """Whether it writes some channels of a concatenation only."""
        return self.target[2] != self.z_channels

    def inputs(self) -> tuple[int, ...]:
        """Tensors read."""
        return (self.x,) if self.y is None else (self.x, self.y)


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
    root = _roots(model)
    image = model.input.tensor
    steps = [] if mode is InputMode.IMAGE else [_load(model, image)]
    for index, op in enumerate(model.ops):
        if not isinstance(op, Reshape):
            steps += _steps(model, root, index, op, choose(model, op, isa))
    outputs = tuple(root[port.tensor] for port in model.outputs)
    born: dict[int, int] = {image: -1} if mode is InputMode.IMAGE else {}
    dies: dict[int, int] = {}
    steps = _oriented(steps, image)
    for i, step in enumerate(steps):
        born.setdefault(step.z, i)
        dies[step.z] = max(dies.get(step.z, i), i)
        for tensor in step.inputs():
            if step.kind is not Kind.LOAD:
                dies[tensor] = i
    for tensor in outputs:
        dies[tensor] = len(steps)
    sizes = {t: model.tensors[t].size for t in born}
    measured = coefficients_of(isa, core)
    return Network(tuple(steps), mode, image, outputs, sizes, born, dies, measured)


def _oriented(steps: list[Step], image: int) -> list[Step]:
    """With the younger operand of every sum as its main input: a chain ends there."""
    born = {image: -1}
    found = []
    for i, step in enumerate(steps):
        if step.y is not None and born[step.y] > born[step.x]:
            step = replace(step, x=step.y, y=step.x, swapped=True)
        found.append(step)
        born.setdefault(step.z, i)
    return found


def _roots(model: Model) -> list[int]:
    root = list(range(len(model.tensors)))
    for op in model.ops:
        if isinstance(op, Reshape):
            root[op.output] = root[op.input]
    return root


def _load(model: Model, image: int) -> Step:
    shape = model.tensors[image].shape
    place = (image, None, image, shape, shape, Axis(), Axis(), 0, shape[2])
    return Step(LOAD_OP, 0, Kind.LOAD, *place, 1, 1, Choice(Kernel("NULL"), Kernel("NULL")))


def _steps(model: Model, root: list[int], index: int, op: Op, kernels: Choice) -> list[Step]:
    if isinstance(op, Concat):
        return [_part(model, root, index, op, part, kernels) for part in range(len(op.inputs))]
    source = model.tensors[op.inputs[0]].shape
    target = model.tensors[op.output].shape
    kind = _kind(op)
    rows, columns = (Axis(), Axis()) if kind is Kind.GLOBAL_AVERAGE else _axes(op)
    x, y = root[op.inputs[0]], root[op.inputs[1]] if isinstance(op, Add) else None
    if x == y:  # the sum of a tensor with itself is that tensor with other factors
        kind, y = Kind.RESCALE, None
        kernels = Choice(Kernel("msfcnn_rescale"), Kernel("msfcnn_rescale"))
    depth, multiplier = 1, 1
    if isinstance(op, Conv):
        depth = op.weights.shape[3]
        multiplier = len(op.weights) // op.groups
    place = (root[op.output], source, target, rows, columns, 0, target[2])
    clamps = getattr(op, "clamp", Clamp()) != Clamp()
    return [Step(index, 0, kind, x, y, *place, depth, multiplier, kernels, clamps=clamps)]


def _part(
    model: Model, root: list[int], index: int, op: Concat, part: int, kernels: Choice
) -> Step:
    source = model.tensors[op.inputs[part]].shape
    channel = sum(model.tensors[t].channels for t in op.inputs[:part])
    x, z = root[op.inputs[part]], root[op.output]
    place = (x, None, z, source, source, Axis(), Axis(), channel, model.tensors[op.output].channels)
    return Step(index, part, Kind.RESCALE, *place, 1, 1, kernels)


def _kind(op: Op) -> Kind:
    match op:
        case Conv():
            if op.depthwise:
                return Kind.DEPTHWISE
            return Kind.POINTWISE if is_pointwise(op) else Kind.CONV
        case MaxPool():
            return Kind.MAX_POOL
        case AveragePool():
            return Kind.AVERAGE_POOL
        case GlobalAveragePool():
            return Kind.GLOBAL_AVERAGE
        case Requantize():
            return Kind.RESCALE
        case Add():
            return Kind.ADD
        case Softmax():
            return Kind.SOFTMAX
    raise AssertionError(op)


def _axes(op: Op) -> tuple[Axis, Axis]:
    if not isinstance(op, Conv | MaxPool | AveragePool):
        return Axis(), Axis()
    g = op.geometry
    # a dilation between taps that do not exist is none
    rows = Axis(g.kernel_h, g.stride_h, g.dilation_h if g.kernel_h > 1 else 1, g.pad_top)
    columns = Axis(g.kernel_w, g.stride_w, g.dilation_w if g.kernel_w > 1 else 1, g.pad_left)
    return rows, columns


def node_of(model: Model, step: Step) -> str:
    """The ONNX node of a step, as Netron shows it."""
    return "load" if step.kind is Kind.LOAD else model.ops[step.op].node
