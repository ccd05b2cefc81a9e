"""Static quantization: a thin layer over onnxruntime, which does the work."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from msfcnn.errors import ModelError, Problem, UsageError
from msfcnn.frontend import load_proto


def quantize(path: Path, calibration: NDArray[np.float32]) -> onnx.ModelProto:
    """The int8 QDQ form of a float network: weights per channel, activations per tensor.

    calibration: float32 [n, ...], images in the shape of the network's input (batch 1).
    Raises ModelError if the network cannot be read or quantized, UsageError if the images do not
    fit or onnxruntime is not installed.
    """
    tools = _tools()
    model = _load(path)
    name, shape = _input_of(model, path)
    images = _fitting(calibration, shape)
    with tempfile.TemporaryDirectory(prefix="msfcnn-") as directory, _silence():
        whole, prepared, target = (Path(directory, f"{n}.onnx") for n in ("float", "pre", "int8"))
        try:
            # a file, not a loaded model: onnxruntime leaves its weights in other files by halves
            onnx.save(model, whole)
            tools.shape_inference.quant_pre_process(whole, prepared, skip_symbolic_shape=True)
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
                Problem(
                    path.name,
                    f"onnxruntime cannot quantize it: {reason[0]}",
                    "check that it runs in onnxruntime as it is",
                )
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
    return tools


@contextmanager
def _silence() -> Iterator[None]:
    """No log records: onnxruntime advises on the root logger and logs tracebacks of its own."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _load(path: Path) -> onnx.ModelProto:
    """The float network in a file, with external data if it has some."""
    try:
        model = load_proto(path)
    except ModelError:
        raise
    except FileNotFoundError as error:
        raise UsageError(Problem(str(error.filename or path), "no such file")) from None
    except Exception:
        hint = "give a float .onnx or .tflite file; if it is one it is damaged: export it again"
        raise ModelError(Problem(path.name, "it is not an ONNX file", hint)) from None
    if any(n.op_type == "QuantizeLinear" for n in model.graph.node):
        hint = "use it as it is, or give the float network it was made from"
        raise ModelError(Problem(path.name, "it is quantized already", hint))
    return model


def _input_of(model: onnx.ModelProto, path: Path) -> tuple[str, tuple[int, ...]]:
    """Name and shape of the only input; its first dimension may be open."""
    graph = model.graph
    stored = {i.name for i in graph.initializer}
    inputs = [i for i in graph.input if i.name not in stored]
    if len(inputs) != 1:
        raise ModelError(Problem(path.name, f"it has {len(inputs)} inputs, not one"))
    dims = [d.dim_value for d in inputs[0].type.tensor_type.shape.dim]
    if any(d < 1 for d in dims[1:]):
        hint = "fix the shape: python -m onnxruntime.tools.make_dynamic_shape_fixed"
        raise ModelError(Problem(inputs[0].name, "its shape is not fixed", hint))
    if not dims or dims[0] > 1:
        what = f"takes {dims[0]} images at once" if dims else "has no shape"
        raise ModelError(Problem(inputs[0].name, what, "export it for one image at a time"))
    return inputs[0].name, (1, *dims[1:])


def _fitting(images: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """[n, *shape] from [n, *shape] or without the 1 of the batch."""
    if images.shape[1:] not in (shape, shape[1:]):
        given, wanted = ("x".join(map(str, s)) for s in (images.shape[1:], shape[1:]))
        what = f"are {given} each, the network wants {wanted}"
        hint = "transpose or resize them" if images[:1].size else "give at least one"
        raise UsageError(Problem("calibration images", what, hint))
    if not len(images):
        raise UsageError(Problem("calibration images", "there are none", "give at least one"))
    return images.reshape(len(images), *shape).astype(np.float32)
