"""The model under construction: tensors, ops, and what is known about each ONNX value."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from msfcnn.ir import Clamp, Model, Op, Order, Port, Quantization, Tensor
from msfcnn.nodes.ahead import find_ahead
from msfcnn.nodes.extents import check_size
from msfcnn.nodes.node import Graph, Node
from msfcnn.nodes.problems import Log, UnknowableError, Unsupported
from msfcnn.nodes.values import (
    UNSET,
    Bounds,
    Constant,
    Draft,
    Known,
    Padding,
    Poison,
    Source,
    Value,
)
from msfcnn.nodes.views import HWC, View

SAME_SCALE = 1e-6  # relative; scales closer than this give the same int8 values
UnaryOp = Callable[[str, int, int], Op]  # node, input, output
Finished = tuple[str, Bounds, Quantization, bool]


@dataclass(frozen=True)
class Input:
    """An input tensor, once the first QuantizeLinear or DequantizeLinear has defined it.

    mean, std: as of Source.
    """

    tensor: int
    quantization: Quantization
    unsigned: bool
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()


@dataclass(frozen=True)
class Moves:
    """Ops that stand for no node of their own.

    requantize: another quantization of a tensor. reshape: another shape of its bytes.
    rearrange: a value with its channels where a node needs them; None if that cannot be done.
    pad: a value with the zeros of a Pad node that the node behind does not take over.
    channels: a tensor with some of its channels, in any order and as often as asked for.
    """

    requantize: UnaryOp
    reshape: UnaryOp
    rearrange: Callable[[Builder, Known, int, Node], Known | None]
    pad: Callable[[Builder, Known, Padding], Known]
    channels: Callable[[Builder, int, tuple[int, ...], Node], int]


class Builder:
    """Collects what the converters make. The only mutable state of an import.

    sources: the view of each graph input, by name.
    moves:   makes the ops that stand for no node of their own.
    """

    def __init__(self, graph: Graph, sources: Mapping[str, View], moves: Moves) -> None:
        self.graph = graph
        self.log = Log(graph.nodes)
        self.tensors: list[Tensor] = []
        self.ops: list[Op] = []
        self.sources = sources
        self._moves = moves
        self.inputs: dict[str, Input] = {}
        self.values: dict[str, Value] = {n: Constant(a) for n, a in graph.initializers.items()}
        for border in graph.inputs:
            source = sources[border.name]
            self.values[border.name] = Source(view=source, dtype=border.dtype, border=border.name)
        self._finished: dict[Finished, int] = {}
        self._reshaped: dict[tuple[int, HWC], int] = {}

    def so_far(self) -> Model:
        """The tensors and ops that exist already, for ops to compute with."""
        nowhere = Port(name="", tensor=0, onnx_shape=(), onnx_order=Order.HWC, dtype="int8")
        return Model(
            name="",
            sha256="",
            tensors=tuple(self.tensors),
            ops=tuple(self.ops),
            input=nowhere,
            outputs=(),
        )

    def value(self, node: Node, index: int) -> Value:
        """What is known about an input of a node."""
        name = node.input(index)
        if not name:
            raise Unsupported(f"its input {index} is missing")
        return self.values.get(name, Poison())

    def constant(self, node: Node, index: int, role: str) -> Constant | None:
        """A constant input of a node, None if it is left out."""
        if not node.input(index):
            return None
        value = self.value(node, index)
        if isinstance(value, Poison):
            raise UnknowableError
        if not isinstance(value, Constant):
            hint = "export the model with constant parameters (fold constants)"
            raise Unsupported(f"its {role} is computed at run time", hint)
        if value.stored.dtype.kind not in "iufb":
            hint = "quantize activations and weights to 8 bits, and export the rest in float32"
            raise Unsupported(f"its {role} is of type {value.stored.dtype}", hint)
        return value

    def integers(self, node: Node, index: int, role: str) -> tuple[int, ...] | None:
        """A constant input that lists integers, None if it is left out."""
        constant = self.constant(node, index, role)
        if constant is None:
            return None
        if constant.stored.dtype.kind not in "iu":
            what = f"its {role} is of type {constant.stored.dtype}, not an integer"
            raise Unsupported(what, "the file is damaged; export it again")
        return tuple(int(n) for n in constant.stored.ravel())

    def axes(self, node: Node, index: int, rank: int) -> tuple[int, ...] | None:
        """A constant input that lists axes, counted from 0; None if it is left out."""
        axes = self.integers(node, index, "list of axes")
        return None if axes is None else resolved_axes(axes, rank)

    def activation(self, node: Node, index: int, padding: bool = False) -> Known:
        """A quantized activation a node reads; reports why if it is none.

        padding: the caller takes over the zeros of a Pad node in front.
        """
        value = self.value(node, index)
        match value:
            case Poison():
                raise UnknowableError
            case Constant():
                what = "has a constant where msfcnn expects an activation"
                raise Unsupported(what, "fold constants before quantizing the model")
            case Source() if (moved := self._defined_ahead(value, node.input(index))) is not None:
                value = moved
            case Source():
                what = f"its input '{node.input(index)}' is not quantized"
                hint = (
                    "quantize its inputs, too; what `msfcnn quantize` makes of the float model has"
                )
                raise Unsupported(what, f"{hint} normalization folded into its layers")
            case Draft():
                value = self.finish_inherited(value, node.input(index), node)
        if not value.real:
            what = "works on integers that did not go through a DequantizeLinear"
            raise Unsupported(what, "export the model in QDQ format")
        return self.with_zeros(value) if value.padding and not padding else value

    def quantization_ahead(self, node: Node) -> Quantization | None:
        """What a node's output will be quantized to, see `find_ahead`."""
        found = find_ahead(self.graph, self.values, node.outputs[0])
        return None if found is None else found.quantization

    def _defined_ahead(self, source: Source, name: str) -> Known | None:
        """A graph input that is moved before it is quantized; None if that is not one way only."""
        ahead = find_ahead(self.graph, self.values, name)
        if ahead is None or not ahead.only or source.dtype != "float32":
            return None
        stored = (f"{source.border}:stored", ahead.quantization, ahead.unsigned)
        return replace(self.define_input(source, *stored), real=True)

    def define_input(
        self, source: Source, name: str, quantization: Quantization, unsigned: bool
    ) -> Known:
        """A graph input as a quantized tensor."""
        defined = self.inputs.get(source.border)
        if defined is None:
            whole = self.sources[source.border]
            tensor = self._add_tensor(source.view, name, quantization, unsigned, whole)
            self.inputs[source.border] = defined = Input(
                tensor=tensor,
                quantization=quantization,
                unsigned=unsigned,
                mean=source.mean,
                std=source.std,
            )
        elif not (
            same_quantization(quantization, defined.quantization)
            and unsigned == defined.unsigned
            and (source.mean, source.std) == (defined.mean, defined.std)
        ):
            raise Unsupported(
                "quantizes the graph input a second time, in another way",
                "quantize the input once and use that value everywhere",
            )
        return Known(defined.tensor, source.view, real=False)

    def finish(self, draft: Draft, name: str, quantization: Quantization, unsigned: bool) -> Known:
        """Emits the op of a draft with this output quantization, once per quantization."""
        if draft.spread is not None:
            own = replace(draft, view=draft.spread.view, origin=f"{draft.origin}:own", spread=None)
            known = self.finish(own, f"{name}:own", quantization, unsigned)
            op = draft.spread.op.rewired({UNSET: known.tensor})
            moved = Draft(
                op=op,
                node=draft.node,
                view=draft.view,
                origin=draft.origin,
                inherited=quantization,
                unsigned=unsigned,
            )
            return self.finish(moved, name, quantization, unsigned)
        key = (draft.origin, draft.bounds, quantization, unsigned)
        if key not in self._finished:
            clamp = _clamp(draft, quantization)
            canonical = replace(draft.view, shape=(1, *_chw(draft.view.hwc)), flat=Order.CHW)
            tensor = self._add_tensor(draft.view, name, quantization, unsigned, canonical)
            self.ops.append(draft.op.writing(tensor, clamp))
            self._finished[key] = tensor
        return Known(self._finished[key], draft.view, real=False)

    def finish_inherited(self, draft: Draft, name: str, reader: Node | None) -> Known:
        """Emits the op of a draft that nothing quantizes, if its values are exact all the same."""
        quantization = draft.inherited
        if quantization is None or not _exact(draft.bounds, quantization):
            where = f"goes into {reader.kind} '{reader.name}'" if reader else "leaves the model"
            what = f"its result {where} without being quantized"
            hint = "give the float network to `msfcnn quantize`, or put a QuantizeLinear and a "
            hint += "DequantizeLinear behind every layer"
            raise Unsupported(what, hint, draft.node)
        return replace(self.finish(draft, name, quantization, draft.unsigned), real=True)

    def requantized(
        self, known: Known, node: Node, name: str, quantization: Quantization, unsigned: bool
    ) -> Known:
        """The values of a tensor in another quantization; nothing to do if it is the same."""
        tensor = self.tensors[known.tensor]
        if same_quantization(tensor.quantization, quantization) and tensor.unsigned == unsigned:
            return replace(known, real=False)
        # the tensor has no padding, the ONNX value has: their names must differ
        label = f"{name}:unpadded" if known.padding else name
        op = self._moves.requantize(node.name, known.tensor, UNSET)
        draft = Draft(op=op, node=node, view=known.view, origin=f"{tensor.name}:requantized")
        return replace(self.finish(draft, label, quantization, unsigned), padding=known.padding)

    def assume(self, view: View, name: str, quantization: Quantization, unsigned: bool) -> Known:
        """A tensor that no op writes, behind a reported node; such a model is never returned."""
        tensor = self._add_tensor(view, name, quantization, unsigned, view)
        return Known(tensor, view, real=False)

    def as_map(self, known: Known, channel_axis: int, node: Node) -> tuple[int, HWC]:
        """The tensor whose bytes are this value with channels innermost, and its shape."""
        hwc = known.view.as_map(channel_axis)
        if hwc is None:
            moved = self._moves.rearrange(self, known, channel_axis, node)
            if moved is None or (hwc := moved.view.as_map(channel_axis)) is None:
                raise self.misplaced(known.view, node)
            known = moved
        return self.with_shape(known.tensor, hwc, known.view.by or node), hwc

    def settled(self, known: Known, node: Node) -> Known:
        """The value with its elements in the order of NCHW or NHWC, moved if need be."""
        settled = isinstance(known.view.flat, Order)
        return known if settled else self._moves.rearrange(self, known, 1, node) or known

    def alike(self, known: Known, other: Known, node: Node) -> Known:
        """The value with its elements in the order of another of its shape, moved if need be."""
        if known.view.same_elements(other.view):
            return known
        axis = len(other.shape) - 1 if other.view.flat is Order.HWC else 1
        moved = self._moves.rearrange(self, known, axis, node)
        if moved is not None and moved.view.same_elements(other.view):
            return moved
        line = replace(known, view=known.view.in_order_of(other.view))
        moved = self._moves.rearrange(self, line, 1, node)
        if moved is None:
            raise self.misplaced(known.view if known.view.by else other.view, node)
        there = self.with_shape(moved.tensor, other.view.hwc, node)
        return replace(moved, tensor=there, view=other.view)

    def with_zeros(self, known: Known) -> Known:
        """The value with the zeros that a Pad node puts around it."""
        return self._moves.pad(self, known, known.padding) if known.padding else known

    def with_channels(self, tensor: int, channels: tuple[int, ...], node: Node) -> int:
        """A tensor with these channels of another; nothing to do if they are all of it."""
        whole = channels == tuple(range(self.tensors[tensor].channels))
        return tensor if whole else self._moves.channels(self, tensor, channels, node)

    def as_vector(self, known: Known, node: Node) -> int:
        """The tensor as 1 x 1 x all elements, in the order of its bytes."""
        return self.with_shape(known.tensor, (1, 1, known.view.size), known.view.by or node)

    def misplaced(self, view: View, node: Node) -> Exception:
        """The error for a value whose elements do not lie where a node needs them."""
        if view.assumed:
            return UnknowableError()
        if not view.shape or view.shape[0] != 1 or not 2 <= len(view.shape) <= 4:
            return Unsupported(
                f"its input of shape {list(view.shape)} is no image, line or vector with batch 1",
                "use [1, C, H, W], [1, C, W] or [1, N]",
            )
        what = f"{node.kind} '{node.name}' needs the elements in another order than in memory"
        return Unsupported(
            what if view.by else "needs its input in another order than it lies in memory",
            "only small tensors are reordered at run time; keep to NCHW and NHWC",
            view.by,
        )

    def with_shape(self, source: int, hwc: HWC, node: Node) -> int:
        """The bytes of a tensor as another height x width x channels."""
        tensor = self.tensors[source]
        if tensor.shape == hwc:
            return source
        if (source, hwc) not in self._reshaped:
            # not an ONNX name: ONNX may show these bytes in another order under its own names
            name = f"{tensor.name}:{'x'.join(str(n) for n in hwc)}"
            shape = (1, *_chw(hwc))
            self._append(name, hwc, tensor.quantization, shape, Order.CHW, tensor.unsigned)
            self.ops.append(self._moves.reshape(node.name, source, len(self.tensors) - 1))
            self._reshaped[source, hwc] = len(self.tensors) - 1
        return self._reshaped[source, hwc]

    def _add_tensor(
        self, view: View, name: str, quantization: Quantization, unsigned: bool, fallback: View
    ) -> int:
        """fallback: how to show the tensor where its order is neither CHW nor HWC."""
        check_size("a tensor behind it", view.shape)
        shown = view
        if not isinstance(view.flat, Order):
            # nobody must compare it with the ONNX value of that name element by element
            shown, name = fallback, f"{name}:reordered"
        order = shown.flat if isinstance(shown.flat, Order) else Order.CHW
        self._append(name, view.hwc, quantization, shown.shape, order, unsigned)
        return len(self.tensors) - 1

    def _append(
        self,
        name: str,
        hwc: HWC,
        quantization: Quantization,
        shape: tuple[int, ...],
        order: Order,
        unsigned: bool,
    ) -> None:
        height, width, channels = hwc
        self.tensors.append(
            Tensor(
                name=name,
                height=height,
                width=width,
                channels=channels,
                quantization=quantization,
                onnx_shape=shape,
                onnx_order=order,
                unsigned=unsigned,
            )
        )


def same_quantization(left: Quantization, right: Quantization) -> bool:
    """Whether two quantizations map every int8 value to the same number."""
    same_scale = math.isclose(left.scale, right.scale, rel_tol=SAME_SCALE)
    return same_scale and left.zero_point == right.zero_point


def resolved_axes(axes: tuple[int, ...], rank: int) -> tuple[int, ...]:
    """Axes counted from 0 where ONNX also counts from the end."""
    resolved = tuple(a + rank if a < 0 else a for a in axes)
    if any(not 0 <= a < rank for a in resolved) or len(set(resolved)) < len(resolved):
        what = f"its axes {list(axes)} are not those of {rank} dimensions"
        raise Unsupported(what, "the file is damaged; export it again")
    return resolved


def _clamp(draft: Draft, quantization: Quantization) -> Clamp:
    """The bounds of a Relu or Clip behind an op, in the output's quantization."""
    bounds = draft.bounds
    if not draft.op.takes_clamp:
        if bounds.low <= 0 and bounds.high >= 1:  # those of a probability
            return Clamp()
        what = f"a Relu or Clip behind {draft.node.kind} is not supported"
        raise Unsupported(what, "remove it", draft.node)
    return Clamp(quantization.quantize(bounds.low), quantization.quantize(bounds.high))


def _exact(bounds: Bounds, quantization: Quantization) -> bool:
    """Whether bounded values of a tensor are still multiples of its scale."""
    for bound in (bounds.low, bounds.high):
        steps = bound / quantization.scale + quantization.zero_point
        if -128 < steps < 127 and abs(steps - round(steps)) > SAME_SCALE * 128:
            return False
    return True


def _chw(hwc: HWC) -> HWC:
    return (hwc[2], hwc[0], hwc[1])
