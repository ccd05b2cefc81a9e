"""From the bytes of a TFLite file to its graph; the only module that knows the schema.

The schema package does not verify what it reads: offsets of a damaged file lead anywhere. So
everything is read here, once, and nothing behind meets an index or a size that does not fit.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tflite
from numpy.typing import NDArray

from msfcnn.errors import ModelError, Problem
from msfcnn.frontend.formats import TFLITE_MAGIC
from msfcnn.frontend.tflite.graph import OMITTED, Operator, TfliteGraph, TfliteScale, TfliteTensor

SCHEMA_VERSION = 3
LARGEST_TENSOR = 2**26  # elements; keeps a damaged file from asking for terabytes
MOST_AXES = 8
MOST_OPERANDS = 4096
DAMAGED = "give a .tflite file; if it is one it is truncated or damaged: copy or convert it again"
CONVERT = "convert it again with a current TensorFlow or LiteRT"


class _DamagedError(Exception):
    """What the file says contradicts itself; `read_graph` makes a ModelError of it."""


def read_graph(data: bytes, path: Path) -> TfliteGraph:
    """The main graph of a file. Raises ModelError if the file is damaged or of another version."""
    if data[4:8] != TFLITE_MAGIC:
        what = "is not a TFLite file" if data else "the file is empty"
        raise ModelError(Problem(str(path), what, DAMAGED))
    try:
        model = tflite.Model.GetRootAs(data, 0)
        version = model.Version()
        graph = _graph(model, data) if version == SCHEMA_VERSION else None
    except _DamagedError as error:
        raise ModelError(Problem(str(path), f"is damaged: {error}", DAMAGED)) from None
    except Exception:  # following a wrong offset fails as whatever struct or NumPy trips over
        raise ModelError(Problem(str(path), "is not a complete TFLite file", DAMAGED)) from None
    if graph is None:
        what = f"has version {version} of the TFLite schema; msfcnn reads {SCHEMA_VERSION}"
        raise ModelError(Problem(str(path), what, CONVERT))
    return graph


def _graph(model: Any, data: bytes) -> TfliteGraph:
    """The first graph of the file, which is the network; others are bodies of loops."""
    if not model.SubgraphsLength():
        raise _DamagedError("it has no graph")
    main = model.Subgraphs(0)
    tensors = _tensors(model, main, data)
    operators = tuple(
        _operator(model, main.Operators(i), i, len(tensors)) for i in range(main.OperatorsLength())
    )
    inputs = _indices(main, "Inputs", len(tensors))
    outputs = _indices(main, "Outputs", len(tensors))
    if not operators or not inputs or not outputs:
        raise _DamagedError("it has no operators, no inputs or no outputs")
    if OMITTED in (*inputs, *outputs):
        raise _DamagedError("an input or output of the graph is missing")
    _check_order(tensors, operators, inputs, outputs)
    return TfliteGraph(tensors, operators, inputs, outputs)


def _check_order(
    tensors: tuple[TfliteTensor, ...],
    operators: tuple[Operator, ...],
    inputs: tuple[int, ...],
    outputs: tuple[int, ...],
) -> None:
    """Every tensor is written once, and before it is read."""
    known = {i for i, t in enumerate(tensors) if t.data is not None or t.odd} | set(inputs)
    for operator in operators:
        for tensor in operator.inputs:
            if tensor not in known and tensor != OMITTED:
                what = f"{operator.name} reads '{tensors[tensor].name}' before it is written"
                raise _DamagedError(what)
        for tensor in operator.outputs:
            if tensor in known or tensor == OMITTED:
                raise _DamagedError(f"{operator.name} writes a tensor that has a value already")
            known.add(tensor)
    if any(tensor not in known for tensor in outputs):
        raise _DamagedError("nothing computes an output of the graph")


def _tensors(model: Any, main: Any, data: bytes) -> tuple[TfliteTensor, ...]:
    """All tensors; one that an operator writes has no stored values, whatever its buffer says."""
    written = {
        output
        for i in range(main.OperatorsLength())
        for output in _indices(main.Operators(i), "Outputs", main.TensorsLength())
    } | set(_indices(main, "Inputs", main.TensorsLength()))
    names = _unique(_names(main))
    return tuple(
        _tensor(model, main.Tensors(i), next(names), i in written, data)
        for i in range(main.TensorsLength())
    )


def _names(main: Any) -> Iterator[str]:
    """Names of the tensors in their order; one without a name gets its number."""
    for i in range(main.TensorsLength()):
        raw = main.Tensors(i).Name()
        yield (raw or b"").decode("utf-8", "replace") or f"tensor_{i}"


def _unique(names: Iterator[str]) -> Iterator[str]:
    """The names in order; one that occurs again gets a number."""
    seen: Counter[str] = Counter()
    for name in names:
        fresh = name
        while seen[fresh]:
            fresh = f"{name}_{seen[name]}"
            seen[name] += 1
        seen[fresh] += 1
        yield fresh


def _tensor(model: Any, raw: Any, name: str, written: bool, data: bytes) -> TfliteTensor:
    """A tensor with its values if they are stored densely. Raises for shapes that are absurd.

    written: an operator or the caller gives its values. What cannot be read (sparse, a type that
    NumPy lacks) is only noted in `odd`: it is an error where an operator reads the tensor.
    """
    dtype = _dtype(raw.Type())
    shape = _ints(raw, "Shape")
    signature = _ints(raw, "ShapeSignature")
    open_axes = tuple(i for i, size in enumerate(signature or shape) if size < 0)
    if len(shape) > MOST_AXES or any(size < -1 for size in shape):
        raise _DamagedError(f"'{name}' has the shape {list(shape)}")
    if math.prod(shape) > LARGEST_TENSOR:
        raise _DamagedError(f"'{name}' has the shape {list(shape)}, too large for any board")
    affine = _affine(raw.Quantization(), shape, name)
    if raw.Sparsity() is not None:
        return TfliteTensor(
            name=name,
            dtype=dtype,
            shape=shape,
            open=open_axes,
            data=None,
            affine=affine,
            odd="is sparse",
        )
    stored = None if written else _stored(model, raw, data)
    values = None if stored is None else _values(stored, dtype, shape, name)
    empty = not written and stored is None and 0 in shape and dtype in _ITEMS
    if empty:
        values = np.zeros(shape, dtype)
    odd = f"is of the type {dtype}" if stored is not None and values is None else ""
    return TfliteTensor(
        name=name, dtype=dtype, shape=shape, open=open_axes, data=values, affine=affine, odd=odd
    )


_ITEMS = frozenset(
    "float16 float32 float64 int8 uint8 int16 uint16 int32 uint32 int64 uint64 bool".split()
)


def _dtype(code: int) -> str:
    """The schema's name of a type in small letters, which is NumPy's where NumPy has it."""
    for name, value in vars(tflite.TensorType).items():
        if value == code and name.isupper():
            return str(name).lower()
    return f"type {code}"


def _stored(model: Any, raw: Any, data: bytes) -> bytes | None:
    """The bytes of a constant, None if the tensor has none.

    Files beyond 2 GB keep them behind the flatbuffer, at an offset from the start of the file.
    """
    index = raw.Buffer()
    if index >= model.BuffersLength():
        raise _DamagedError(f"a tensor has its values in buffer {index}, which does not exist")
    buffer = model.Buffers(index)
    if buffer.DataLength():
        return bytes(buffer.DataAsNumpy())
    offset, size = buffer.Offset(), buffer.Size()
    if offset <= 1:  # 0 and 1 mean that there are none
        return None
    if offset + size > len(data):
        raise _DamagedError("the values of a tensor lie behind the end of the file")
    return data[offset : offset + size]


def _values(stored: bytes, dtype: str, shape: tuple[int, ...], name: str) -> NDArray[Any] | None:
    """Stored values; None for types that are not understood, which is told where they are read."""
    if dtype not in _ITEMS:
        return None
    kind = np.dtype(dtype).newbyteorder("<")
    if min(shape, default=1) < 0 or math.prod(shape) * kind.itemsize != len(stored):
        what = f"'{name}' has the shape {list(shape)} and {len(stored)} bytes of {dtype}"
        raise _DamagedError(what)
    values: NDArray[Any] = np.frombuffer(stored, kind).reshape(shape).astype(dtype)
    return values


def _affine(raw: Any, shape: tuple[int, ...], name: str) -> TfliteScale | None:
    """Scales and zero points, one or one a channel; None for a float tensor.

    Files may leave out zero points (all 0), or give one for all scales.
    """
    if raw is None or not raw.ScaleLength():
        return None
    scale = np.array(raw.ScaleAsNumpy(), np.float32)
    if not raw.ZeroPointLength():
        zero = np.zeros(len(scale), np.int64)
    else:
        zero = np.array(raw.ZeroPointAsNumpy(), np.int64)
    if len(zero) == 1:
        zero = np.repeat(zero, len(scale))
    axis = raw.QuantizedDimension()
    if len(zero) != len(scale):
        raise _DamagedError(f"'{name}' has {len(scale)} scales and {len(zero)} zero points")
    if len(scale) > 1 and len(scale) not in shape:
        raise _DamagedError(f"'{name}' has {len(scale)} scales and the shape {list(shape)}")
    return TfliteScale(scale, zero, axis)


def _operator(model: Any, raw: Any, index: int, tensors: int) -> Operator:
    """An operator with the name of its kind; old files have it in the deprecated field.

    tensors: how many there are. The larger of the two fields counts, as TFLite's schema says: the
    old one is a byte and ends at 127, which stands for "see the new one".
    """
    if raw.OpcodeIndex() >= model.OperatorCodesLength():
        raise _DamagedError(f"operator {index} is of a kind that the file does not list")
    code = model.OperatorCodes(raw.OpcodeIndex())
    builtin = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    custom = builtin == tflite.BuiltinOperator.CUSTOM
    if custom:
        kind = (code.CustomCode() or b"custom").decode("utf-8", "replace")
    else:
        kind = _constant_name(tflite.BuiltinOperator, builtin) or f"operator {builtin}"
    inputs = _indices(raw, "Inputs", tensors)
    outputs = _indices(raw, "Outputs", tensors)
    return Operator(
        index=index,
        kind=kind,
        custom=custom,
        inputs=inputs,
        outputs=outputs,
        attributes=_options(raw),
    )


def _options(raw: Any) -> dict[str, Any]:
    """The fields of the options table. What a field is called and means: TFLite's schema.fbs.

    Found by the names of the generated accessors, as each field has one called like it: so a new
    operator needs no code here. Example: {"StrideH": 2, "Padding": 0, ...} of a CONV_2D.
    """
    table = raw.BuiltinOptions()
    name = _constant_name(tflite.BuiltinOptions, raw.BuiltinOptionsType())
    if table is None or name in (None, "NONE"):
        return {}
    options = getattr(tflite, str(name))()
    options.Init(table.Bytes, table.Pos)
    found: dict[str, Any] = {}
    for field in dir(type(options)):
        if not field[0].isupper() or field == "Init" or "GetRoot" in field or "Buffer" in field:
            continue
        if field.endswith("AsNumpy"):
            found[field.removesuffix("AsNumpy")] = _ints(options, field.removesuffix("AsNumpy"))
        elif not hasattr(options, f"{field}AsNumpy") and not field.endswith(("Length", "IsNone")):
            found[field] = getattr(options, field)()
    return found


def _constant_name(namespace: Any, code: int) -> str | None:
    """The name of a number in an enumeration of the schema, None for a number it lacks."""
    return next((n for n, v in vars(namespace).items() if v == code and n[0] != "_"), None)


def _indices(raw: Any, field: str, tensors: int) -> tuple[int, ...]:
    """A list of tensors; OMITTED may be among them. Raises for others that do not exist."""
    indices = _ints(raw, field)
    if any(not OMITTED <= i < tensors for i in indices):
        raise _DamagedError("an operator or the graph names a tensor that does not exist")
    return indices


def _ints(raw: Any, field: str) -> tuple[int, ...]:
    """A list of integers. Raises where a damaged file claims more than any network has."""
    if getattr(raw, f"{field}Length")() > MOST_OPERANDS:
        raise _DamagedError(f"a list of {field.lower()} is far too long")
    if not getattr(raw, f"{field}Length")():
        return ()
    return tuple(int(value) for value in getattr(raw, f"{field}AsNumpy")())
