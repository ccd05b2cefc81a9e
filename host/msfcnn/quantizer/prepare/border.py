"""What a float model takes, before anything is prepared: enough to read images for it.

Images are read before `prepare` runs, because `dimensions` takes open sizes from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import onnx

from msfcnn.errors import ModelError, Problem, UsageError
from msfcnn.quantizer.prepare.reading import drop_unread_inputs, read_float


def input_shapes(path: Path, sizes: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    """Shape of each input, batch 1 included; 0 where it stays open.

    sizes: of open dimensions, by name or axis ("2").
    Raises UsageError or ModelError if there is no such model.
    """
    model = read_float(path)
    drop_unread_inputs(model)
    graph = model.graph
    if not graph.input:
        what = "it has no input: it computes the same every time"
        raise ModelError(Problem(path.name, what, "export it with its input"))
    _check_sizes(graph.input, sizes)
    return {
        border.name: tuple(
            _size(axis, dim, sizes) for axis, dim in enumerate(border.type.tensor_type.shape.dim)
        )
        for border in graph.input
    }


def _check_sizes(borders: Sequence[onnx.ValueInfoProto], sizes: Mapping[str, int]) -> None:
    """Raises UsageError for sizes of dimensions that no input has, or that are fixed to others."""
    found: dict[str, set[int]] = {}
    for border in borders:
        for axis, dim in enumerate(border.type.tensor_type.shape.dim):
            size = int(dim.dim_value) if dim.HasField("dim_value") else 0
            for name in {str(axis), dim.dim_param} - {""}:
                found.setdefault(name, set()).add(max(size, 0))
    problems = []
    for name, size in sizes.items():
        free = [n for n, given in found.items() if 0 in given]
        named = [n for n in free if not n.isdecimal()] or free
        hint = f"open are {', '.join(named)}" if free else "leave it out: all sizes are fixed"
        if name not in found:
            problems.append(Problem(f"dimension '{name}'", "no input has it", hint))
        elif not found[name] & {0, size}:
            what = f"is fixed to {', '.join(map(str, sorted(found[name])))}, not {size}"
            problems.append(Problem(f"dimension '{name}'", what, hint))
    if problems:
        raise UsageError(*problems)


def input_shape(path: Path, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """Shape of the first input."""
    return next(iter(input_shapes(path, sizes).values()))


def _size(axis: int, dim: onnx.TensorShapeProto.Dimension, sizes: Mapping[str, int]) -> int:
    """A dimension of the input: fixed, or as the user says, or 1 for the batch; 0 is unknown."""
    if dim.HasField("dim_value") and dim.dim_value > 0:
        return int(dim.dim_value)
    named = sizes.get(dim.dim_param or str(axis), sizes.get(str(axis)))
    return named if named is not None else int(axis == 0)
