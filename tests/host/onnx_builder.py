"""Builds tiny int8 QDQ ONNX models for tests, node by node.

    net = Net((1, 3, 8, 8))                      # float32 input behind QuantizeLinear
    x = net.conv(net.input, (8, 3, 3, 3), pads=[1, 1, 1, 1])
    x = net.qdq(net.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2]), like=x)
    x = net.gemm(net.node("Flatten", x), 8 * 4 * 4, 10)
    path = net.output(x).save(tmp_path / "tiny.onnx")
    outputs = run(path, images)                  # onnxruntime without optimizations

Values are names (str) of real numbers. `node` adds any node and returns its first output;
`qdq` puts QuantizeLinear and DequantizeLinear behind a value. `conv`, `gemm`, `matmul` and
`add` make their own constants (seeded) and end in QDQ; with `quantized=False` they end before it.
Nodes are called by their kind and a number ("Conv_0"), or as `name=` says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT
STORED = {"int8": TensorProto.INT8, "uint8": TensorProto.UINT8, "float32": FLOAT}
STORED |= {"int32": TensorProto.INT32, "int64": TensorProto.INT64}
# results that are exact in the quantization of the first input
PASSING = {"Concat", "Dropout", "Flatten", "Identity", "MaxPool", "Pad", "Relu", "Reshape"}
PASSING |= {"Squeeze", "Transpose", "Unsqueeze"}


@dataclass(frozen=True)
class Scale:
    """Quantization of an activation; dtype int8 or uint8."""

    scale: float = 1 / 32
    zero: int = -5
    dtype: str = "int8"


class Net:
    """A model under construction.

    shape:  of the graph input.
    border: dtype of the graph input; int8 and uint8 leave the QuantizeLinear out.
    first:  quantization of the input.
    before: what becomes of a float32 input before it is quantized.
    """

    def __init__(
        self,
        shape: Sequence[int | str | None],
        border: str = "float32",
        first: Scale | None = None,
        opset: int = 17,
        seed: int = 0,
        before: Callable[[Net, str], str] | None = None,
    ) -> None:
        self.rng = np.random.default_rng(seed)
        self.opset = opset
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.inputs = [helper.make_tensor_value_info("x", STORED[border], shape)]
        self.outputs: list[onnx.ValueInfoProto] = []
        self.scales: dict[str, Scale] = {}
        self._counts: Counter[str] = Counter()
        first = first or Scale(1 / 32, 3, border if border != "float32" else "int8")
        if border == "float32":
            self.input = self.qdq(before(self, "x") if before else "x", first)
        else:
            self.input = self.dequantize("x", first)

    def another_input(self, name: str, shape: Sequence[int], scale: Scale | None = None) -> str:
        """One more graph input, float32; the name of its real numbers behind QDQ."""
        self.inputs.append(helper.make_tensor_value_info(name, FLOAT, shape))
        return self.qdq(name, scale or Scale(1 / 64, -9))

    def const(self, values: Any, name: str | None = None) -> str:
        """An initializer."""
        array = np.asarray(values)
        if array.dtype == np.float64:
            array = array.astype(np.float32)
        name = name or self._next("const")
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(
        self, kind: str, *inputs: str, name: str | None = None, domain: str = "", **attributes: Any
    ) -> str:
        """Any node; returns the name of its only output."""
        name = self._next(kind) if name is None else name
        output = f"{name or self._next(kind)}_out"
        made = helper.make_node(
            kind, list(inputs), [output], name=name, domain=domain, **attributes
        )
        self.nodes.append(made)
        if kind in PASSING and inputs[0] in self.scales:
            self.scales[output] = self.scales[inputs[0]]
        return output

    def quantize(self, x: str, scale: Scale) -> str:
        """QuantizeLinear; the name of the integers."""
        q = self.node("QuantizeLinear", x, *self._parameters(scale))
        self.scales[q] = scale
        return q

    def dequantize(self, q: str, scale: Scale) -> str:
        """DequantizeLinear; the name of the real numbers."""
        x = self.node("DequantizeLinear", q, *self._parameters(scale))
        self.scales[x] = scale
        return x

    def qdq(self, x: str, scale: Scale | None = None, like: str | None = None) -> str:
        """QuantizeLinear and DequantizeLinear; like: a value whose quantization to repeat."""
        scale = scale or (self.scales[like] if like else Scale())
        return self.dequantize(self.quantize(x, scale), scale)

    def weight(
        self,
        shape: Sequence[int],
        axis: int | None = 0,
        dtype: str = "int8",
        zero: int | None = None,
        fold: bool = True,
        gain: float = 1.0,
    ) -> str:
        """Random weights behind DequantizeLinear.

        axis: of the per-channel scales, None for per tensor. zero: 0 for int8, 128 for uint8.
        fold: False leaves float weights in front of a QuantizeLinear.
        """
        fan_in = int(np.prod(shape)) / max(1, shape[axis or 0])
        real = self.rng.uniform(-1.7, 1.7, shape) * gain / np.sqrt(fan_in)
        count = 1 if axis is None else shape[axis]
        scales = (self.rng.uniform(1.0, 2.0, count) * np.abs(real).max() / 127).astype(np.float32)
        column = [1] * len(shape)
        if axis is not None:
            column[axis] = -1
        center = {"int8": 0, "uint8": 128}[dtype] if zero is None else zero
        stored = np.rint(real / scales.reshape(column)) + center
        integers = stored.clip(*((-127, 127) if dtype == "int8" else (1, 255))).astype(dtype)
        vector = axis is not None
        s = self.const(scales if vector else scales[0])
        z = self.const(np.full(count, center, dtype) if vector else np.array(center, dtype))
        attributes = {} if axis is None else {"axis": axis}
        if fold:
            w = self.const(integers)
        else:
            w = self.node("QuantizeLinear", self.const(real), s, z, **attributes)
        self._weight_scales = scales.astype(np.float64)
        return self.node("DequantizeLinear", w, s, z, **attributes)

    def bias(self, x: str, count: int, form: str = "int32", factor: float = 1.0) -> str:
        """A bias for the weights made last, of a layer that reads x.

        form: "int32" behind DequantizeLinear, or "float". factor: error in the int32 scale.
        """
        real = self.rng.uniform(-1.0, 1.0, count)
        if form == "float":
            return self.const(real)
        unit = self.scales[x].scale * self._weight_scales * factor
        integers = np.rint(real / unit).astype(np.int32)
        scales = np.broadcast_to(unit, count) if len(unit) > 1 else unit[0]
        zeros = np.zeros_like(scales, dtype=np.int32)
        attributes = {"axis": 0} if np.ndim(scales) else {}
        return self.node(
            "DequantizeLinear",
            self.const(integers),
            self.const(np.asarray(scales)),
            self.const(zeros),
            **attributes,
        )

    def conv(
        self,
        x: str,
        shape: Sequence[int],
        bias: str | None = "int32",
        scale: Scale | None = None,
        quantized: bool = True,
        weight: Mapping[str, Any] | None = None,
        **attributes: Any,
    ) -> str:
        """Conv with weights of this shape [cout, cin / groups, kh, kw]."""
        w = self.weight(shape, **(weight or {}))
        parts = [x, w] + ([self.bias(x, shape[0], bias)] if bias else [])
        y = self.node("Conv", *parts, **attributes)
        return self.qdq(y, scale) if quantized else y

    def gemm(
        self,
        x: str,
        inputs: int,
        outputs: int,
        trans_b: bool = True,
        bias: str | None = "int32",
        scale: Scale | None = None,
        quantized: bool = True,
        weight: Mapping[str, Any] | None = None,
        **attributes: Any,
    ) -> str:
        """Gemm on a vector [1, inputs]; per-tensor weights unless `weight` says otherwise."""
        shape = (outputs, inputs) if trans_b else (inputs, outputs)
        w = self.weight(shape, **{"axis": None, **(weight or {})})
        parts = [x, w] + ([self.bias(x, outputs, bias)] if bias else [])
        y = self.node("Gemm", *parts, transB=int(trans_b), **attributes)
        return self.qdq(y, scale) if quantized else y

    def matmul(
        self, x: str, inputs: int, outputs: int, axis: int | None = None, quantized: bool = True
    ) -> str:
        """MatMul with a constant matrix; axis: of the per-channel scales (1 or None)."""
        y = self.node("MatMul", x, self.weight((inputs, outputs), axis))
        return self.qdq(y) if quantized else y

    def add(self, x: str, y: str, scale: Scale | None = None, quantized: bool = True) -> str:
        """Add of two values."""
        z = self.node("Add", x, y)
        return self.qdq(z, scale) if quantized else z

    def output(
        self, name: str, dtype: str = "float32", shape: Sequence[int | str] | None = None
    ) -> Net:
        """Makes a value a graph output (its shape is inferred if not given); returns the net."""
        self.outputs.append(helper.make_tensor_value_info(name, STORED[dtype], shape))
        return self

    def model(self) -> onnx.ModelProto:
        """The model; unchecked, so that it may be as wrong as a test wants."""
        graph = helper.make_graph(
            self.nodes, "net", self.inputs, self.outputs, initializer=self.initializers
        )
        opsets = [helper.make_opsetid("", self.opset)]
        if any(n.domain == "com.microsoft" for n in self.nodes):
            opsets.append(helper.make_opsetid("com.microsoft", 1))
        ir_version = max(8, helper.find_min_ir_version_for(opsets, ignore_unknown=True))
        model = helper.make_model(graph, opset_imports=opsets, ir_version=ir_version)
        inferred = onnx.shape_inference.infer_shapes(model, data_prop=True)
        for ours, theirs in zip(model.graph.output, inferred.graph.output, strict=True):
            ours.CopyFrom(theirs)
        return model

    def save(self, path: Path) -> Path:
        """Writes the model to a file."""
        path.write_bytes(self.model().SerializeToString())
        return path

    def _parameters(self, scale: Scale) -> tuple[str, str]:
        return self.const(np.float32(scale.scale)), self.const(np.array(scale.zero, scale.dtype))

    def _next(self, kind: str) -> str:
        self._counts[kind] += 1
        return f"{kind}_{self._counts[kind] - 1}"


def run(
    path: Path, image: NDArray[Any], extra_outputs: Sequence[str] = ()
) -> dict[str, NDArray[Any]]:
    """Outputs of onnxruntime without optimizations, by name; skips if it is not installed."""
    import pytest

    onnxruntime = pytest.importorskip("onnxruntime", reason="pip install 'msfcnn[verify]'")
    model = onnx.load(path)
    known = {o.name for o in model.graph.output}
    for name in extra_outputs:
        if name not in known:
            model.graph.output.append(onnx.ValueInfoProto(name=name))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [o.name for o in session.get_outputs()]
    feeds = {session.get_inputs()[0].name: image}
    return dict(zip(names, session.run(names, feeds), strict=True))
