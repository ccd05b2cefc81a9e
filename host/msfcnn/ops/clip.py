"""Requantize: another scale, zero point or clamp; Relu and Clip, where no op before takes them.

Most activations cost nothing: a Relu or Clip between a layer and its QuantizeLinear is a lower or
upper bound of the layer's output. This op is left where a value is clamped that was quantized
before, or has two readers of which only one wants the clamp.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from msfcnn.ir import Call, Clamp, CStruct, Mask, Model, Quantization, Range, Values
from msfcnn.nodes import UNSET, Bounds, Builder, Draft, Importer, Node, Role, Unsupported, Value
from msfcnn.ops.base import Unary, register
from msfcnn.ops.channels import monotone_range, tie_all
from msfcnn.ops.sketch import RELU, Sketch
from msfcnn.ops.sums import SumConstants, sum_constants, sum_struct, weighted_sum


@register
@dataclass(frozen=True)
class Requantize(Unary):
    """Another scale, zero point or clamp for the same shape: a stand-alone Relu, Clip or Q."""

    clamp: Clamp = Clamp()
    rescales: ClassVar[bool] = True

    def constants(self, model: Model) -> SumConstants:
        """See Op; the identity is exact."""
        source, target = (model.tensors[t].quantization for t in (self.input, self.output))
        return sum_constants(self.node, (source,), target, self.clamp)

    def compute(self, model: Model, inputs: Sequence[Values]) -> Values:
        """See Op."""
        return weighted_sum(self.constants(model), inputs)

    def value_range(self, model: Model, inputs: Sequence[Range]) -> Range:
        """It rises with its input."""
        return monotone_range(model, self, inputs)

    def need(self, model: Model, found: Sequence[Range], kept: Sequence[Mask]) -> None:
        """See Op."""
        tie_all(self, kept)

    def calls(self, model: Model) -> tuple[Call, ...]:
        """See Op."""
        return (
            Call(
                family="rescale",
                inputs=self.inputs,
                source=model.tensors[self.input].shape,
                target=model.tensors[self.output].shape,
                channelwise=True,
                in_place=True,
            ),
        )

    def c_constants(self, model: Model, call: Call, columns: bool) -> CStruct:
        """See Op."""
        return sum_struct(self.constants(model))

    @classmethod
    def sample(cls, sketch: Sketch) -> None:
        """A stand-alone clamp."""
        sketch.add(lambda node, x, y: cls(node, x, y, RELU), sketch.newest.shape)


def rounds_otherwise(source: Quantization, target: Quantization) -> bool:
    """Whether a change of scale by sums rounds a value to another one than QuantizeLinear.

    Sums round ties up, QuantizeLinear to even: where one scale is twice the other, say, half of
    all values are ties.
    """
    stored = np.arange(-128, 128)
    ours = weighted_sum(sum_constants("", (source,), target, Clamp()), [stored.astype(np.int8)])
    reals = (stored - source.zero_point) * (source.scale / target.scale)
    theirs = np.clip(np.rint(reals) + target.zero_point, -128, 127)
    ties = reals - np.floor(reals) == 0.5
    return bool((ties & (ours != theirs)).any())


def relu(builder: Builder, node: Node) -> Value:
    """Relu: a lower bound of 0, in real numbers; `Builder.finish` makes it a stored value."""
    return _bounded(builder, node, 0.0, math.inf)


def clip(builder: Builder, node: Node) -> Value:
    """Clip: bounds that are constant inputs, both optional."""
    low = _bound(builder, node, 1, -math.inf)
    return _bounded(builder, node, low, _bound(builder, node, 2, math.inf))


def _bounded(builder: Builder, node: Node, low: float, high: float) -> Value:
    """A value within real bounds; low and high may be infinite.

    The Draft inherits the quantization of its input, in which a clamp is exact if its bounds are
    whole steps. Otherwise a QuantizeLinear must stand behind it (`Builder.finish_inherited`).
    """
    value = builder.value(node, 0)
    # not quantized yet: the layer before takes the bounds as its clamp
    if isinstance(value, Draft):
        return replace(value, bounds=value.bounds.then(low, high))
    known = builder.activation(node, 0)
    tensor = builder.tensors[known.tensor]
    return Draft(
        op=Requantize(node.name, known.tensor, UNSET),
        node=node,
        view=known.view,
        origin=node.outputs[0],
        inherited=tensor.quantization,
        unsigned=tensor.unsigned,
        bounds=Bounds(low, high),
    )


def _bound(builder: Builder, node: Node, index: int, default: float) -> float:
    """A constant input that is one number; `default` where it is left out.

    Raises Unsupported for lists and for NaN, which ONNX does not define.
    """
    constant = builder.constant(node, index, "bound")
    if constant is None:
        return default
    if constant.stored.size != 1 or math.isnan(bound := float(constant.real.ravel()[0])):
        raise Unsupported("its bounds are no numbers", "use one number each for min and max")
    return bound


Requantize.importers = (
    Importer(
        kind="Relu",
        convert=relu,
        becomes="clamp of the op before, or Requantize",
        role=Role.ELEMENTWISE,
    ),
    Importer(
        kind="Clip",
        convert=clip,
        becomes="clamp of the op before, or Requantize",
        constraints=("min and max constant",),
        role=Role.ELEMENTWISE,
    ),
)
