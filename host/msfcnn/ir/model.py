"""The network: tensors, ops in execution order, and what an op is to everything around it.

Passes never ask which class an op has. They ask for its facts, all of which are here; a class that
lacks one is refused when msfcnn.ops is imported (see FACTS).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from msfcnn.errors import ModelError, Problem
from msfcnn.ir.geometry import Axis, Clamp, Geometry, Shape
from msfcnn.ir.numerics import Values
from msfcnn.ir.pixels import Pixels
from msfcnn.ir.ranges import Mask, Range
from msfcnn.ir.tensor import Order, Quantization, Tensor

UNIT = Axis()


class Reads(Enum):
    """What a kernel call looks at: its own pixels, a window of its input, or all of it."""

    LOAD = "load"
    RUN = "run"
    WINDOW = "window"
    GLOBAL = "global"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One kernel over whole tensors; most ops are one, a concatenation is one per input.

    family:      kernel family, such as "pointwise": its functions are called msfcnn_<family>*.
    inputs:      tensors read, one or two. Of two the kernel reads the same pixel, unless the
                 second one is broadcast.
    source:      (height, width, channels) of the first one.
    target:      likewise of what is written.
    reads:       what it looks at.
    rows, columns: the kernel along both axes.
    channel:     first channel written of the output.
    part:        number of the call in its op.
    depth:       input channels under one output channel.
    multiplier:  output channels of a group.
    macs:        multiply-accumulates of an output pixel, padding counted.
    channelwise: each output channel depends on the same input channel only.
    in_place:    each byte is read before it is written: the output may lie on the input.
    planar:      the kernel is fastest on channel-planar lines.
    broadcast:   the second input is one pixel, read for every pixel of the first.
    weighty:     its constants hold weights: they go into the file of weights.
    """

    family: str
    inputs: tuple[int, ...]
    source: Shape
    target: Shape
    reads: Reads = Reads.RUN
    rows: Axis = UNIT
    columns: Axis = UNIT
    channel: int = 0
    part: int = 0
    depth: int = 1
    multiplier: int = 1
    macs: int = 0
    channelwise: bool = False
    in_place: bool = False
    planar: bool = False
    broadcast: bool = False
    weighty: bool = False


@dataclass(frozen=True)
class CStruct:
    """Constants of a kernel as the engine declares them: a C type and its fields in order.

    Fields are integers, tuples of integers, or arrays, which become C arrays of their own.
    """

    ctype: str
    fields: Mapping[str, int | tuple[int, ...] | NDArray[Any]]


class Op(ABC):
    """An op of the network: reads tensors by index into `Model.tensors`, writes exactly one.

    node:   the name of the ONNX node as Netron shows it (its first output if it has no name).
    output: the tensor written.

    takes_clamp:    whether a Relu or Clip behind it can become its clamp.
    rescales:       whether it changes nothing but scale, zero point and clamp.
    chooses:        whether its values are some of its input's, or 0, in another scale.
    view:           whether it is another view of its input's bytes: no kernel, no bytes.
    importers:      the ONNX operators it is imported from (see msfcnn.nodes.Importer).
    """

    node: str
    output: int

    takes_clamp: ClassVar[bool] = True
    rescales: ClassVar[bool] = False
    chooses: ClassVar[bool] = False
    view: ClassVar[bool] = False
    importers: ClassVar[tuple[Any, ...]]

    # ------------------------------------------------------------------------------------ wiring
    @property
    @abstractmethod
    def inputs(self) -> tuple[int, ...]:
        """Indices of the tensors read."""

    @abstractmethod
    def rewired(self, new: Mapping[int, int]) -> Op:
        """The op on tensors with other indices."""

    def writing(self, tensor: int, clamp: Clamp) -> Op:
        """The op with its output, and with a clamp if it takes one."""
        changes: dict[str, Any] = {"output": tensor}
        if self.takes_clamp:
            changes["clamp"] = clamp
        changed: Op = replace(self, **changes)  # type: ignore[type-var]
        return changed

    @property
    def clamping(self) -> Clamp:
        """Its clamp; one that clamps nothing if it takes none."""
        found = getattr(self, "clamp", Clamp())
        return found if isinstance(found, Clamp) else Clamp()

    # ------------------------------------------------------------------------------------- facts
    @abstractmethod
    def constants(self, model: Model) -> Any:
        """The integer constants it computes with. Raises ModelError where there are none."""

    @abstractmethod
    def compute(self, model: Model, inputs: Sequence[Values]) -> Values:
        """The reference: int8 [n, h, w, c] for inputs int8 [n, H, W, C]."""

    @abstractmethod
    def value_range(self, model: Model, inputs: Sequence[Range]) -> Range:
        """Bounds of its output for bounds of its inputs."""

    @abstractmethod
    def need(self, model: Model, found: Sequence[Range], kept: Sequence[Mask]) -> None:
        """Adds to the masks (per tensor, bool [channels]) what it needs for what is there."""

    @abstractmethod
    def calls(self, model: Model) -> tuple[Call, ...]:
        """How it reads its inputs and writes its output; nothing if it is a view."""

    @abstractmethod
    def c_constants(self, model: Model, call: Call, columns: bool) -> CStruct:
        """The constants of a portable kernel; columns: lines are columns."""

    @classmethod
    @abstractmethod
    def sample(cls, sketch: Any) -> None:
        """Draws some layers of it (see msfcnn.ops.Sketch), for tests and to fit the cost model."""

    # -------------------------------------------------------------- facts with a usual value
    @property
    def default_output(self) -> Quantization | None:
        """The quantization of its output where the model gives none."""
        return None

    def without(self, model: Model, masks: Sequence[Mask], found: Sequence[Range]) -> Op:
        """The op on tensors that lost the channels which are False in their masks."""
        del model, masks, found
        return self

    def scratch(self, model: Model) -> int:
        """Bytes of scratch RAM its portable kernels want."""
        del model
        return 0

    @property
    def pixel_scratch(self) -> int:
        """What they can do with for a single pixel of a run; 0: they always want all."""
        return 0

    def macs(self, model: Model) -> int:
        """Multiply-accumulates of one inference, padding counted."""
        return sum(c.macs * c.target[0] * c.target[1] for c in self.calls(model))

    @property
    def weight_bytes(self) -> int:
        """Bytes of its int8 weights, without bias and multipliers."""
        return 0

    @property
    def sliding(self) -> Geometry | None:
        """The geometry of its kernel, if it has one that slides."""
        return None

    def pad_value(self, model: Model) -> int:
        """What padded taps read."""
        del model
        return 0

    def output_zero(self, model: Model) -> int:
        """The output's zero point, for kernels whose constants do not hold it."""
        del model
        return 0


# What each op has to say for itself: the attribute, and what it is for.
FACTS: Mapping[str, str] = {
    "inputs": "the tensors it reads",
    "rewired": "the same op on tensors with other indices",
    "constants": "its integer constants",
    "compute": "its NumPy reference",
    "value_range": "bounds of its output, which tell dead channels",
    "need": "which channels of its inputs its outputs need",
    "calls": "how it reads its inputs: own pixels, window, all; in place or not; MACs",
    "c_constants": "what its kernels read in C",
    "importers": "the ONNX operators it is imported from",
    "sample": "a layer of it, for tests and for fitting the cost model",
}


class InputMode(Enum):
    """How the image reaches the network.

    IMAGE: whole, owned by the caller. PUSH: row by row, as a camera delivers it. PULL: a function
    of the caller fetches the rectangles that are needed.
    """

    IMAGE = "image"
    PUSH = "push"
    PULL = "pull"


@dataclass(frozen=True)
class Port:
    """A graph input or output: how the ONNX model shows a tensor to its caller.

    onnx_shape, onnx_order: may differ from the tensor's where only the layout changes between.
    dtype: "float32" where a QuantizeLinear or DequantizeLinear stands at the border,
           otherwise "int8" or "uint8".
    mean, std: what an input goes through before it is quantized, (x - mean) / std: one number for
           each channel of the tensor; empty where there is no such normalization in the model.
    """

    name: str
    tensor: int
    onnx_shape: tuple[int, ...]
    onnx_order: Order
    dtype: str
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def view(self, model: Model) -> Tensor:
        """The tensor with this port's shape and order, to convert values at the border."""
        tensor = model.tensors[self.tensor]
        return replace(tensor, onnx_shape=self.onnx_shape, onnx_order=self.onnx_order)

    def stored(self, model: Model, reals: NDArray[Any]) -> NDArray[np.int8]:
        """Real inputs [n, ...], as many as the tensor has each, as int8 of the same shape.

        Quantized as ONNX's QuantizeLinear does: halves to even, then saturated.
        """
        view = self.view(model)
        mean, std = self._normalization(view)
        given = reals.astype(np.float64).reshape(len(reals), *view.onnx_shape)
        steps = np.rint((given - mean) / std / view.quantization.scale)
        bounded = np.clip(steps + view.quantization.zero_point, -128, 127)
        values: NDArray[np.int8] = bounded.astype(np.int8).reshape(reals.shape)
        return values

    def real(self, model: Model, stored: NDArray[np.int8]) -> NDArray[np.float32]:
        """int8 [H, W, C] as the real input that is stored so, in ONNX's order and shape."""
        view = self.view(model)
        mean, std = self._normalization(view)
        return (view.to_real(stored) * std + mean).astype(np.float32)

    def _normalization(self, view: Tensor) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and std in the shape of the ONNX value, or in one that broadcasts to it."""
        if not self.mean:
            return np.zeros(1), np.ones(1)
        parts = [np.broadcast_to(np.array(v), view.shape) for v in (self.mean, self.std)]
        if view.onnx_order is Order.CHW:
            parts = [part.transpose(2, 0, 1) for part in parts]
        return parts[0].reshape(view.onnx_shape), parts[1].reshape(view.onnx_shape)


@dataclass(frozen=True)
class Model:
    """A quantized network with resolved shapes, one image per batch.

    Ops are in execution order: each reads tensors that are inputs or were written before.
    Every tensor but the inputs is written by exactly one op.

    input:  the image: the only input, or the largest.
    beside: the other inputs, which lie behind the image in the caller's memory.
    pixels: how pictures become its input; None where nobody told.
    """

    name: str
    sha256: str
    tensors: tuple[Tensor, ...]
    ops: tuple[Op, ...]
    input: Port
    outputs: tuple[Port, ...]
    pixels: Pixels | None = None
    beside: tuple[Port, ...] = ()

    @property
    def inputs(self) -> tuple[Port, ...]:
        """All inputs, the image first."""
        return (self.input, *self.beside)

    @property
    def input_bytes(self) -> int:
        """Bytes of all inputs."""
        return sum(self.tensors[port.tensor].size for port in self.inputs)

    @property
    def sample_shape(self) -> Shape:
        """Shape of what one inference takes: the image's, or that of all inputs as one row."""
        if not self.beside:
            return self.tensors[self.input.tensor].shape
        return (1, 1, self.input_bytes)

    def taken_apart(self, samples: Values) -> dict[int, Values]:
        """Samples int8 [n, *sample_shape] as values of the input tensors, int8 [n, H, W, C]."""
        if not self.beside:
            return {self.input.tensor: samples}
        sizes = [self.tensors[port.tensor].size for port in self.inputs]
        parts = np.split(samples.reshape(len(samples), -1), np.cumsum(sizes)[:-1], axis=1)
        return {
            port.tensor: part.reshape(-1, *self.tensors[port.tensor].shape)
            for port, part in zip(self.inputs, parts, strict=True)
        }

    def put_together(self, values: Mapping[int, Values]) -> Values:
        """The samples with these values of the input tensors."""
        if not self.beside:
            return values[self.input.tensor]
        parts = [values[port.tensor] for port in self.inputs]
        rows = np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)
        return rows.reshape(-1, *self.sample_shape)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference; convolutions and dense layers only."""
        return sum(op.macs(self) for op in self.ops)


def without_constants(model: Model) -> tuple[Problem, ...]:
    """Every op whose integer constants do not exist, each with its reason."""
    problems: list[Problem] = []
    for op in model.ops:
        try:
            op.constants(model)
        except ModelError as error:
            problems.extend(error.problems)
    return tuple(problems)
