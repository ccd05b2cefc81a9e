"""Open dimensions of inputs fixed: one image at a time, sizes from the options or the images.

The engine knows every size when code is generated, so nothing may stay open; and a batch on a
microcontroller is one image.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import numpy_helper

from msfcnn.errors import ModelError, Problem
from msfcnn.quantizer.prepare.precision import casts_behind
from msfcnn.quantizer.runtime import session

FLOATS = (
    onnx.TensorProto.FLOAT,
    onnx.TensorProto.FLOAT16,
    onnx.TensorProto.BFLOAT16,
    onnx.TensorProto.DOUBLE,
)
FIX_HINT = "give its size with --dim {name}=SIZE, or calibration images of the right size"


def fix_dimensions(
    model: onnx.ModelProto,
    where: str,
    sizes: Mapping[str, int],
    images: Mapping[str, tuple[int, ...]],
) -> list[str]:
    """Give every input a fixed shape, in place; returns what was done.

    sizes: by dimension name (or `AXIS` as a number). images: shape of a calibration image of each
    input, with or without its batch. Raises ModelError if something stays open.
    """
    if not model.graph.input:
        what = "it has no input: it computes the same every time"
        raise ModelError(Problem(where, what, "export it with its input"))
    notes: list[str] = []
    for border in model.graph.input:
        notes += _fix_border(model, border, sizes, images.get(border.name))
    batches = {border.type.tensor_type.shape.dim[0].dim_value for border in model.graph.input} - {1}
    for border in model.graph.input:
        border.type.tensor_type.shape.dim[0].dim_value = 1
    for batch in sorted(batches):
        _one_image(model, batch)
        notes.append(f"batch of {batch} made 1")
    if notes:
        _forget_shapes(model)
    return notes


def batches_of(model: onnx.ModelProto) -> frozenset[int]:
    """Batches other than 1 that inputs are made for."""
    shapes = [border.type.tensor_type.shape.dim for border in model.graph.input]
    return frozenset(dims[0].dim_value for dims in shapes if len(dims) and dims[0].dim_value > 1)


def check_one_image(model: onnx.ModelProto | None, where: str, batches: frozenset[int]) -> None:
    """Raises ModelError if a batch that was made 1 is still part of what the model computes.

    model: None if it cannot be computed at all.
    """
    if not batches:
        return
    made_for = f"is made for a batch of {', '.join(map(str, sorted(batches)))}"
    given = None if model is None else _batches_given(model)
    if given is None:
        what = f"{made_for} (the first axis of its input) and does not run with one image"
        hint = "export it for one image at a time, with an axis for the batch: [1, ...]"
        raise ModelError(Problem(where, what, hint))
    if any(n in batches for n in given):
        hint = "export it for one image at a time"
        raise ModelError(Problem(where, f"{made_for}: its constants are", hint))


def _batches_given(model: onnx.ModelProto) -> list[int] | None:
    """How many results each output has for one image; None if it does not run."""
    feeds = {
        border.name: np.zeros([d.dim_value for d in border.type.tensor_type.shape.dim], np.float32)
        for border in model.graph.input
    }
    try:
        results = session(model.SerializeToString()).run(None, feeds)
    except Exception:  # of onnxruntime, without a common base
        return None
    return [values.shape[0] for values in results if isinstance(values, np.ndarray) and values.ndim]


def _fix_border(
    model: onnx.ModelProto,
    border: onnx.ValueInfoProto,
    sizes: Mapping[str, int],
    image: tuple[int, ...] | None,
) -> list[str]:
    """Fixes one input; a batch that is fixed already stays.

    Returns a note for each dimension; raises ModelError with all that stay open.
    """
    kind = border.type.tensor_type
    if len(kind.shape.dim) < 2:
        what = "has no batch dimension" if kind.shape.dim else "has no shape"
        hint = "export it for one image at a time: [1, ...]"
        if kind.HasField("shape") and not kind.shape.dim:
            what = "is a single number, not an image or a list of numbers"
            hint = "export the model with this number fixed"
        raise ModelError(Problem(border.name, what, hint))
    if kind.elem_type not in FLOATS and casts_behind(model, border.name) is None:
        what = f"takes {onnx.TensorProto.DataType.Name(kind.elem_type).lower()}, not real numbers"
        raise ModelError(Problem(border.name, what, "export it with a float32 input"))
    given = _by_axis(image, len(kind.shape.dim))
    notes, problems = [], []
    for axis, dim in enumerate(kind.shape.dim):
        if dim.HasField("dim_value") and dim.dim_value > 0:
            continue
        name = dim.dim_param or str(axis)
        size = sizes.get(name, sizes.get(str(axis), 1 if axis == 0 else given.get(axis)))
        if size is None:
            hint = FIX_HINT.format(name=name)
            problems.append(Problem(border.name, f"its dimension '{name}' is not fixed", hint))
            continue
        dim.dim_value = size  # clears the name
        what = "batch" if axis == 0 else f"dimension {axis}"
        notes.append(f"{what} ('{name}') fixed to {size}")
    if problems:
        raise ModelError(*problems)
    return notes


def _one_image(model: onnx.ModelProto, batch: int) -> None:
    """Reshapes that spell out the batch spell out 1 instead.

    Only targets of several numbers that begin with it: a lone number, or one further behind, may
    mean something else. What is missed so shows in `check_one_image`.
    """
    targets = {n.input[1] for n in model.graph.node if n.op_type == "Reshape"}
    for tensor in model.graph.initializer:
        if tensor.name not in targets:
            continue
        values = numpy_helper.to_array(tensor).copy()
        if values.ndim == 1 and values.size > 1 and values[0] == batch:
            values[0] = 1
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


def _by_axis(image: tuple[int, ...] | None, rank: int) -> dict[int, int]:
    """Sizes by axis that the calibration images tell."""
    if image is None or len(image) not in (rank, rank - 1):
        return {}
    first = rank - len(image)
    return {axis + first: size for axis, size in enumerate(image)}


def _forget_shapes(model: onnx.ModelProto) -> None:
    """What the file says about other shapes holds for the open dimension only."""
    del model.graph.value_info[:]
    for output in model.graph.output:
        if output.type.HasField("tensor_type"):
            output.type.tensor_type.ClearField("shape")
