"""QuantizeLinear and DequantizeLinear put around the ops of a prepared float model.

The form is that of onnxruntime's own quantizer in QDQ format: ops stay float, every value that is
stored goes through a pair of nodes, weights and biases are stored as integers behind a
DequantizeLinear. `ranges` says which values, this file only where.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from msfcnn.quantizer.graph import EditedGraph, kind_of
from msfcnn.quantizer.kinds import VIEWS, WEIGHTED
from msfcnn.quantizer.methods import RealRange
from msfcnn.quantizer.weights import mean_error, quantize_bias, quantize_weights

Means = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Placed:
    """A QDQ model. real: for each value of the float model the name of its dequantized form."""

    model: onnx.ModelProto
    real: Mapping[str, str]


def place(
    model: onnx.ModelProto, ranges: Mapping[str, RealRange], means: Means | None = None
) -> Placed:
    """The QDQ form of a prepared model.

    ranges: of every value to quantize, by name. means: per channel of every value; given, biases
    make up for what rounding the weights shifts the mean of each channel by.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    edited = EditedGraph(copy)
    scales = {name: given.parameters() for name, given in ranges.items()}
    layers = [n for n in edited.nodes if kind_of(n) in WEIGHTED]
    inputs = {n.name: _scale_of(edited, n.input[0], scales) for n in layers}
    for node in layers:
        scale = inputs[node.name]
        if scale is not None:
            _quantize_layer(edited, node, scale, (means or {}).get(node.input[0]))
    real = {name: _quantize_value(edited, name, *scales[name]) for name in scales}
    edited.drop_unused()
    del copy.graph.value_info[:]
    copy.producer_name = "msfcnn"
    return Placed(copy, real)


def _scale_of(
    edited: EditedGraph, name: str, scales: Mapping[str, tuple[np.float32, int]]
) -> np.float32 | None:
    """The scale of a value, also behind views; None if it stays float.

    A view has none of its own: it is the same bytes under another shape.
    """
    while name not in scales:
        producer = edited.producer(name)
        if producer is None or kind_of(producer) not in VIEWS:
            return None
        name = producer.input[0]
    return scales[name][0]


def _quantize_layer(
    edited: EditedGraph,
    node: onnx.NodeProto,
    input_scale: np.float32,
    means: NDArray[np.float64] | None,
) -> None:
    """Weights per channel, and the bias in the scale of the sums; `means` corrects the bias
    by the mean error that rounded weights make.
    """
    weights = quantize_weights(edited, node, float(input_scale))
    if weights is None:
        return
    if kind_of(node) != "MatMul":
        bias = edited.constant(node, 2)
        shift = mean_error(edited, node, weights, means) if means is not None else None
        if shift is not None:
            bias = shift if bias is None else bias.astype(np.float64).ravel() + shift
        if bias is not None:
            stored, unit = quantize_bias(bias, float(input_scale), weights)
            name = _dequantized(edited, node, f"{node.name}_bias", stored, unit, 0)
            if len(node.input) > 2:
                node.input[2] = name
            else:
                node.input.append(name)
    node.input[1] = _dequantized(
        edited, node, f"{node.name}_weight", weights.stored, weights.scale, weights.axis
    )


def _dequantized(
    edited: EditedGraph,
    node: onnx.NodeProto,
    hint: str,
    stored: NDArray[np.generic],
    scale: NDArray[np.float32],
    axis: int,
) -> str:
    """A stored constant and its DequantizeLinear in front of a node; returns the real value.

    scale: one or, along `axis` of `stored`, one a channel. Zero points are 0, as for all weights.
    """
    result = edited.new_name(f"{hint}_real")
    # never shared between layers: onnxruntime 1.2x fails on int8 weights that two layers read
    inputs = [
        edited.add_constant(f"{hint}_int", stored),
        edited.add_constant(f"{hint}_scale", scale),
        edited.add_constant(f"{hint}_zero", np.zeros(scale.shape, stored.dtype)),
    ]
    edited.insert_before(
        node, helper.make_node("DequantizeLinear", inputs, [result], result, axis=axis)
    )
    return result


def _quantize_value(edited: EditedGraph, name: str, scale: np.float32, zero: int) -> str:
    """Everybody who reads a value reads it from int8 from now on; returns the name they read.

    A graph output keeps its name, which applications know: then the pair writes it, and what the
    producer writes is renamed. Pairs of inputs go to the begin of the graph.
    """
    stored, real = edited.new_name(f"{name}_int8"), edited.new_name(f"{name}_real")
    parameters = [
        edited.add_constant(f"{name}_scale", np.array(scale, np.float32)),
        edited.add_constant(f"{name}_zero", np.array(zero, np.int8)),
    ]
    readers = edited.readers(name)
    producer = edited.producer(name)
    for reader in readers:
        for index, read in enumerate(reader.input):
            if read == name:
                reader.input[index] = real
    source = name
    if name in edited.outputs and producer is not None:
        source = edited.new_name(f"{name}_float")
        producer.output[list(producer.output).index(name)] = source
        edited.redirect(real, name)
        real = name
    pair = [
        helper.make_node("QuantizeLinear", [source, *parameters], [stored], f"{stored}_quantize"),
        helper.make_node("DequantizeLinear", [stored, *parameters], [real], f"{real}_dequantize"),
    ]
    if producer is not None:
        edited.insert_after(producer, *pair)
    else:
        for node in reversed(pair):
            edited.graph.node.insert(0, node)
    return real
