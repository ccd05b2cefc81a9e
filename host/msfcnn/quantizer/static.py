"""Static quantization: a thin layer over onnxruntime, which does the work."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from msfcnn.errors import ModelError, Problem, UsageError


def quantize(path: Path, calibration: NDArray[np.float32]) -> onnx.ModelProto:
    """The int8 QDQ form of a float network: weights per channel, activations per tensor.

    calibration: float32 [n, ...], images in the shape of the network's input (batch 1).
    Raises ModelError if the network cannot be read or quantized, UsageError if the images do not
    fit or onnxruntime is not installed.
    """
    tools = _tools()
    name, shape = _input_of(path)
    images = _fitting(calibration, shape)
    with tempfile.TemporaryDirectory(prefix="msfcnn-") as directory:
        prepared, target = Path(directory, "prepared.onnx"), Path(directory, "int8.onnx")
        try:
            tools.shape_inference.quant_pre_process(path, prepared, skip_symbolic_shape=True)
            tools.quantize_static(
                prepared,
                target,
                _Reader(name, images),
                quant_format=tools.QuantFormat.QDQ,
                per_channel=True,
                activation_type=tools.QuantType.QInt8,
                weight_type=tools.QuantType.QInt8,
                calibrate_method=tools.CalibrationMethod.MinMax,
            )
        except Exception as error:
            # whatever onnxruntime raises, the cause is a model it cannot handle
            reason = str(error).strip().splitlines() or [type(error).__name__]
            raise ModelError(
                Problem(path.name, f"onnxruntime cannot quantize it: {reason[0]}")
            ) from error
        return onnx.load(target)


class _Reader:
    """Hands the images to onnxruntime one by one."""

    def __init__(self, name: str, images: NDArray[np.float32]) -> None:
        self._feeds: Iterator[dict[str, NDArray[np.float32]]] = iter(
            {name: image} for image in images
        )

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next image as a feed, None after the last."""
        return next(self._feeds, None)


def _tools() -> Any:
    try:
        import onnxruntime.quantization as tools
        from onnxruntime.quantization import shape_inference  # noqa: F401  (found through tools)
    except ImportError:
        hint = "pip install 'msfcnn[verify]'"
        raise UsageError(Problem("onnxruntime", "is not installed", hint)) from None
    logging.getLogger().setLevel(logging.ERROR)  # it advises on the root logger
    return tools


def _input_of(path: Path) -> tuple[str, tuple[int, ...]]:
    """Name and shape of the only input; its first dimension may be open."""
    try:
        graph = onnx.load(path).graph
    except FileNotFoundError:
        raise UsageError(Problem(str(path), "no such file")) from None
    except Exception:
        raise ModelError(Problem(path.name, "it is not an ONNX file")) from None
    stored = {i.name for i in graph.initializer}
    inputs = [i for i in graph.input if i.name not in stored]
    if len(inputs) != 1:
        raise ModelError(Problem(path.name, f"it has {len(inputs)} inputs, not one"))
    dims = [d.dim_value for d in inputs[0].type.tensor_type.shape.dim]
    if any(d < 1 for d in dims[1:]):
        hint = "fix the shape: python -m onnxruntime.tools.make_dynamic_shape_fixed"
        raise ModelError(Problem(inputs[0].name, "its shape is not fixed", hint))
    return inputs[0].name, (1, *dims[1:])


def _fitting(images: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """[n, *shape] from [n, ...] of the right size."""
    if images[0].size != int(np.prod(shape)):
        given, wanted = ("x".join(map(str, s)) for s in (images.shape[1:], shape[1:]))
        raise UsageError(
            Problem("calibration images", f"are {given} each, the network wants {wanted}")
        )
    return images.reshape(len(images), *shape)
