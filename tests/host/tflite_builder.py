"""Builds small TFLite files field by field, as a converter would, without TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import tflite

SAME, VALID = 0, 1
RELU, RELU_N1_TO_1, RELU6 = 1, 2, 3
TYPES = {
    "float32": 0,
    "float16": 1,
    "int32": 2,
    "uint8": 3,
    "int64": 4,
    "bool": 6,
    "int16": 7,
    "int8": 9,
    "int4": 17,
}


@dataclass
class _Tensor:
    shape: Sequence[int]
    dtype: str
    name: str
    scale: Sequence[float]
    zero: Sequence[int]
    axis: int
    data: bytes
    signature: Sequence[int]


@dataclass
class _Operator:
    kind: str
    custom: str
    inputs: Sequence[int]
    outputs: Sequence[int]
    options: str
    fields: Mapping[str, Any]


@dataclass
class TfliteNet:
    """Tensors and operators in the order in which they are added; methods return tensor indices."""

    tensors: list[_Tensor] = field(default_factory=list)
    operators: list[_Operator] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)

    def tensor(
        self,
        shape: Sequence[int],
        dtype: str = "float32",
        scale: float | Sequence[float] = (),
        zero: int | Sequence[int] = 0,
        axis: int = 0,
        data: bytes = b"",
        name: str | None = None,
        signature: Sequence[int] = (),
    ) -> int:
        scales = [scale] if isinstance(scale, float) else list(scale)
        zeros = [zero] * len(scales) if isinstance(zero, int) else list(zero)
        label = f"t{len(self.tensors)}" if name is None else name
        self.tensors.append(_Tensor(shape, dtype, label, scales, zeros, axis, data, signature))
        return len(self.tensors) - 1

    def input(self, shape: Sequence[int], dtype: str = "float32", **more: Any) -> int:
        self.inputs.append(self.tensor(shape, dtype, **{"name": "x", **more}))
        return self.inputs[-1]

    def constant(self, values: np.ndarray, **more: Any) -> int:
        data = np.ascontiguousarray(values).tobytes()
        return self.tensor(values.shape, str(values.dtype), data=data, **more)

    def ints(self, *values: int) -> int:
        return self.constant(np.array(values, np.int32))

    def op(
        self,
        kind: str,
        inputs: Sequence[int],
        outputs: int | Sequence[int],
        options: str = "",
        custom: str = "",
        **fields: Any,
    ) -> int:
        written = [outputs] if isinstance(outputs, int) else list(outputs)
        self.operators.append(_Operator(kind, custom, list(inputs), written, options, fields))
        return written[0] if written else -1

    def save(self, path: Path, *outputs: int) -> Path:
        path.write_bytes(self.content(*outputs))
        return path

    def content(self, *outputs: int) -> bytes:
        builder = flatbuffers.Builder(1024)
        codes = list(dict.fromkeys((o.kind, o.custom) for o in self.operators))
        code_offsets = [self._code(builder, *code) for code in codes]
        buffers = [_buffer(builder, b"")]
        tensors = []
        for tensor in self.tensors:
            buffers += [_buffer(builder, tensor.data)] if tensor.data else []
            tensors.append(_tensor(builder, tensor, len(buffers) - 1 if tensor.data else 0))
        operators = [_operator(builder, o, codes.index((o.kind, o.custom))) for o in self.operators]
        lists = [
            _offsets(builder, tensors),
            _ints(builder, self.inputs),
            _ints(builder, outputs or self.operators[-1].outputs),
            _offsets(builder, operators),
        ]
        fields = ("Tensors", "Inputs", "Outputs", "Operators")
        graph = _table(builder, "SubGraph", dict(zip(fields, lists, strict=True)))
        graphs, all_codes = _offsets(builder, [graph]), _offsets(builder, code_offsets)
        all_buffers = _offsets(builder, buffers)
        parts = {
            "Version": 3,
            "OperatorCodes": all_codes,
            "Subgraphs": graphs,
            "Buffers": all_buffers,
        }
        builder.Finish(_table(builder, "Model", parts), b"TFL3")
        return bytes(builder.Output())

    @staticmethod
    def _code(builder: Any, kind: str, custom: str) -> int:
        number = getattr(tflite.BuiltinOperator, kind)
        parts = {"DeprecatedBuiltinCode": min(number, 127), "BuiltinCode": number, "Version": 1}
        if custom:
            parts["CustomCode"] = builder.CreateString(custom)
        return _table(builder, "OperatorCode", parts)


def _table(builder: Any, name: str, parts: Mapping[str, Any]) -> int:
    getattr(tflite, f"{name}Start")(builder)
    for part, value in parts.items():
        getattr(tflite, f"{name}Add{part}")(builder, value)
    return int(getattr(tflite, f"{name}End")(builder))


def _buffer(builder: Any, data: bytes) -> int:
    if not data:
        return _table(builder, "Buffer", {})
    builder.StartVector(1, len(data), 16)
    builder.head -= len(data)
    builder.Bytes[builder.head : builder.head + len(data)] = data
    return _table(builder, "Buffer", {"Data": builder.EndVector()})


def _tensor(builder: Any, tensor: _Tensor, buffer: int) -> int:
    parts: dict[str, Any] = {"Type": TYPES[tensor.dtype], "Buffer": buffer}
    parts["Shape"] = _ints(builder, tensor.shape)
    parts["Name"] = builder.CreateString(tensor.name)
    if tensor.signature:
        parts["ShapeSignature"] = _ints(builder, tensor.signature)
    if tensor.scale:
        quantization = {
            "Scale": builder.CreateNumpyVector(np.array(tensor.scale, np.float32)),
            "ZeroPoint": builder.CreateNumpyVector(np.array(tensor.zero, np.int64)),
            "QuantizedDimension": tensor.axis,
        }
        parts["Quantization"] = _table(builder, "QuantizationParameters", quantization)
    return _table(builder, "Tensor", parts)


def _operator(builder: Any, operator: _Operator, code: int) -> int:
    parts: dict[str, Any] = {
        "OpcodeIndex": code,
        "Inputs": _ints(builder, operator.inputs),
        "Outputs": _ints(builder, operator.outputs),
    }
    if operator.options:
        vectors = {
            name: _ints(builder, value) if isinstance(value, list | tuple) else value
            for name, value in operator.fields.items()
        }
        parts["BuiltinOptionsType"] = getattr(tflite.BuiltinOptions, operator.options)
        parts["BuiltinOptions"] = _table(builder, operator.options, vectors)
    return _table(builder, "Operator", parts)


def _ints(builder: Any, values: Sequence[int]) -> int:
    return int(builder.CreateNumpyVector(np.array(values, np.int32)))


def _offsets(builder: Any, offsets: Sequence[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())
