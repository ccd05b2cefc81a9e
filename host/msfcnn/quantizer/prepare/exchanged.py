"""Height and width exchanged in the midst of a network: exchanged kernels instead.

Networks of sound turn a spectrogram (Transpose by 0, 1, 3, 2) to have time where their layers want
it. Moving every element of a map takes the whole map twice; a layer with its kernel turned computes
the same of the map as it lies. So the Transpose sinks, until a mean over the map, another Transpose
or the weights of a dense layer take it. Where one would be left over, nothing changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper

from msfcnn.quantizer.graph import EditedGraph, attribute, kind_of, set_attributes
from msfcnn.quantizer.shapes import shapes_of

EXCHANGE = [0, 1, 3, 2]  # of [1, C, H, W]
H, W = 2, 3
OTHER = {H: W, W: H}

ELEMENTWISE = frozenset(
    "Abs Add And Cast Ceil Celu Clip Div Dropout Elu Equal Erf Exp Floor Gelu Greater "
    "GreaterOrEqual HardSigmoid HardSwish Identity LeakyRelu Less LessOrEqual Log Max Mean Min "
    "Mish Mul Neg Not Or PRelu Pow Reciprocal Relu Round Selu Sigmoid Sign Softplus Softsign "
    "Sqrt Sub Sum Swish Tanh ThresholdedRelu Where".split()
)
SLIDING = frozenset({"Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool"})
BY_CHANNEL = frozenset({"BatchNormalization", "InstanceNormalization", "GroupNormalization"})
REDUCING = frozenset({"ReduceMean", "ReduceMax", "ReduceMin", "ReduceSum", "ReduceL2"})
GLOBAL = frozenset({"GlobalAveragePool", "GlobalMaxPool"})
DENSE = frozenset({"Gemm", "MatMul"})


def sink_exchanges(edited: EditedGraph) -> None:
    """Replaces all such Transposes in place, if none of them has to stay."""
    if not any(_is_exchange(node) for node in edited.nodes):
        return
    copy, shapes = onnx.ModelProto(), shapes_of(edited.model)
    copy.CopyFrom(edited.model)
    if not _Sinking(EditedGraph(copy), shapes).all_sink():
        return
    _Sinking(edited, shapes).all_sink()
    del edited.graph.value_info[:]  # of values that have other shapes now
    inferred = onnx.shape_inference.infer_shapes(edited.model, data_prop=True)
    edited.graph.value_info.extend(inferred.graph.value_info)


def _is_exchange(node: onnx.NodeProto) -> bool:
    return kind_of(node) == "Transpose" and attribute(node, "perm") == EXCHANGE


class _Sinking:
    """One walk from the inputs to the outputs.

    exchanged: values that now lie with height and width exchanged, under their old names.
    """

    def __init__(self, edited: EditedGraph, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self._edited = edited
        self._shapes = shapes
        self._exchanged: set[str] = set()
        self._rules: Mapping[str, Callable[[onnx.NodeProto], bool]] = {
            **dict.fromkeys(ELEMENTWISE, self._elementwise),
            **dict.fromkeys(SLIDING, self._sliding),
            **dict.fromkeys(BY_CHANNEL, self._all_outputs),
            **dict.fromkeys(REDUCING, self._reducing),
            **dict.fromkeys(GLOBAL, self._whole_map),
            **dict.fromkeys(("Concat", "Split"), self._along_axis),
            "Slice": self._slice,
            "Pad": self._pad,
            "Resize": self._resize,
        }

    def all_sink(self) -> bool:
        """Sinks all of them; False where one cannot, and the graph is of no use then."""
        for node in self._edited.nodes:
            if _is_exchange(node):
                if not self._transpose(node):
                    return False
            elif self._exchanged & set(node.input) and not self._sink(node):
                return False
        return not self._exchanged & set(self._edited.outputs)

    def _transpose(self, node: onnx.NodeProto) -> bool:
        """Readers read what it read: exchanged, or as it was before another Transpose."""
        if node.input[0] not in self._exchanged:
            self._exchanged.add(node.output[0])
        node.op_type = "Identity"
        del node.attribute[:]
        return True

    def _sink(self, node: onnx.NodeProto) -> bool:
        """Whether a node could be given a map that lies exchanged."""
        rule = self._rules.get(kind_of(node))
        return self._dense(node) if rule is None else rule(node)

    def _all_outputs(self, node: onnx.NodeProto) -> bool:
        self._exchanged.update(node.output)
        return True

    def _whole_map(self, _: onnx.NodeProto) -> bool:
        return True

    def _elementwise(self, node: onnx.NodeProto) -> bool:
        for index, name in enumerate(node.input):
            values = self._edited.constant(node, index)
            if values is not None and values.ndim > 0 and values.shape[-2:] not in ((1,), (1, 1)):
                turned = values.reshape((1,) * (4 - values.ndim) + values.shape)
                turned = turned.transpose(EXCHANGE)
                node.input[index] = self._edited.add_constant(f"{name}_exchanged", turned)
            elif values is None and name and not self._lies_right(name):
                return False
        return self._all_outputs(node)

    def _lies_right(self, name: str) -> bool:
        """Whether a value is exchanged, or the same either way."""
        return name in self._exchanged or self._shapes.get(name, (0,))[-2:] == (1, 1)

    def _sliding(self, node: onnx.NodeProto) -> bool:
        if any(node.output[1:]):
            return False
        for name in ("kernel_shape", "strides", "dilations", "output_padding", "output_shape"):
            self._turn(node, name, (1, 0))
        self._turn(node, "pads", (1, 0, 3, 2))
        if len(node.input) > 1:
            weights = self._edited.constant(node, 1)
            if weights is None or weights.ndim != len(EXCHANGE):
                return False
            turned = weights.transpose(EXCHANGE)
            node.input[1] = self._edited.add_constant(f"{node.input[1]}_exchanged", turned)
        return self._all_outputs(node)

    def _turn(self, node: onnx.NodeProto, name: str, order: Sequence[int]) -> None:
        """Gives a list of numbers another order."""
        values = attribute(node, name)
        if values is not None:
            set_attributes(node, {name: [values[i] for i in order]})

    def _reducing(self, node: onnx.NodeProto) -> bool:
        axes = self._axes(node)
        if axes is None:
            return False
        spatial = axes & {H, W}
        if spatial == {H, W}:
            return True
        if spatial:
            self._set_axes(node, [OTHER.get(axis, axis) for axis in sorted(axes)])
        if attribute(node, "keepdims", 1):
            return self._all_outputs(node)
        return bool(spatial)  # without one of them there is nothing to exchange

    def _axes(self, node: onnx.NodeProto) -> set[int] | None:
        given: Any = attribute(node, "axes")
        if given is None:
            listed = self._edited.constant(node, 1)
            given = None if listed is None else listed.ravel().tolist()
        return None if given is None else {int(axis) % 4 for axis in given}

    def _set_axes(self, node: onnx.NodeProto, axes: Sequence[int]) -> None:
        if attribute(node, "axes") is not None:
            set_attributes(node, {"axes": list(axes)})
        else:
            name = f"{node.input[1]}_exchanged"
            node.input[1] = self._edited.add_constant(name, np.array(axes, np.int64))

    def _along_axis(self, node: onnx.NodeProto) -> bool:
        """Concat of maps that all lie exchanged; Split."""
        maps = node.input if kind_of(node) == "Concat" else node.input[:1]
        if any(name not in self._exchanged for name in maps):
            return False
        axis = attribute(node, "axis", 0) % 4
        set_attributes(node, {"axis": OTHER.get(axis, axis)})
        return self._all_outputs(node)

    def _slice(self, node: onnx.NodeProto) -> bool:
        axes = self._edited.constant(node, 3)
        if axes is None:
            return False
        turned = [OTHER.get(int(axis) % 4, int(axis) % 4) for axis in axes.ravel()]
        name = f"{node.input[3]}_exchanged"
        node.input[3] = self._edited.add_constant(name, np.array(turned, np.int64))
        return self._all_outputs(node)

    def _pad(self, node: onnx.NodeProto) -> bool:
        pads = self._edited.constant(node, 1)
        if pads is None or pads.size != 2 * len(EXCHANGE) or len(node.input) > 3:
            return False
        turned = pads.reshape(2, -1)[:, EXCHANGE].ravel()
        node.input[1] = self._edited.add_constant(f"{node.input[1]}_exchanged", turned)
        return self._all_outputs(node)

    def _resize(self, node: onnx.NodeProto) -> bool:
        """By scales or to sizes of all four axes."""
        corners = self._edited.constant(node, 1)  # of the part that is read; none if it is empty
        whole = not any(node.input[1:2]) or (corners is not None and corners.size == 0)
        if not whole or attribute(node, "axes") is not None:
            return False
        for index in range(2, len(node.input)):
            values = self._edited.constant(node, index)
            if values is None and node.input[index]:
                return False
            if values is not None and values.size == len(EXCHANGE):
                name = f"{node.input[index]}_exchanged"
                node.input[index] = self._edited.add_constant(name, values[EXCHANGE])
        return self._all_outputs(node)

    def _dense(self, node: onnx.NodeProto) -> bool:
        """A list of all elements for dense layers, whose weights take them in any order."""
        source, result = node.input[0], node.output[0]
        readers = self._edited.readers(result)
        if kind_of(node) not in ("Flatten", "Reshape") or result in self._edited.outputs:
            return False
        listed = self._shapes.get(result, ())
        if len(listed) != 2 or listed[0] != 1 or {kind_of(n) for n in readers} - DENSE:
            return False
        turned = self._edited.new_name(f"{source}_exchanged")
        back = helper.make_node("Transpose", [source], [turned], f"{turned}_back", perm=EXCHANGE)
        self._edited.insert_before(node, back)
        node.input[0] = turned
        return True
