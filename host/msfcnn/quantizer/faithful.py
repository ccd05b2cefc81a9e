"""The prepared network against the file: no pass of the preparation may change what it computes.

Everything behind compares int8 with the prepared network, so a defect of a pass would show nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from msfcnn.errors import ModelError, Problem
from msfcnn.frontend import is_tflite, load_proto
from msfcnn.quantizer.prepare.dynamic import is_dynamic
from msfcnn.quantizer.runtime import session

MOST = 0.05  # relative error; half precision and another order of sums make 0.001
RANDOM = ("Bernoulli", "Multinomial", "Random")  # beginnings of operators
TYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
    "tensor(int8)": np.int8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
}


def check_unchanged(
    path: Path, model: onnx.ModelProto, image: Mapping[str, NDArray[np.float32]]
) -> None:
    """Raises ModelError if a prepared network does not compute what its file says.

    image: [1, ...] by input. Files that onnxruntime does not run for one image are not compared.
    """
    found = _outputs_of_file(path, image)
    if found is None:
        return
    ours = session(model.SerializeToString()).run(None, dict(image))
    for border, theirs, values in zip(model.graph.output, found, ours, strict=False):
        error = _error(theirs, values)
        if error > MOST:
            what = f"output '{border.name}' is {error:.0%} off once the network is prepared"
            hint = "this is a defect of msfcnn: please report the operators; nothing was written"
            raise ModelError(Problem(path.name, what, hint))


def _outputs_of_file(
    path: Path, image: Mapping[str, NDArray[np.float32]]
) -> list[NDArray[Any]] | None:
    """What the file itself gives; None if that cannot be known."""
    try:
        proto = load_proto(path)
        random = any(node.op_type.startswith(RANDOM) for node in proto.graph.node)
        if random or is_dynamic(proto):
            return None
        translated = is_tflite(path.read_bytes()[:8], path)
        runner = session(proto.SerializeToString() if translated else path)
        feeds = {border.name: _fed(border, image) for border in runner.get_inputs()}
        return list(runner.run(None, feeds))
    except Exception:  # of onnx, onnxruntime or protobuf; `prepare` has said what matters
        return None


def _fed(border: Any, image: Mapping[str, NDArray[np.float32]]) -> NDArray[Any]:
    """An input in the type of the file; zeros where nothing reads it."""
    kind = TYPES[border.type]
    if border.name in image:
        return image[border.name].astype(kind)
    return np.zeros([n if isinstance(n, int) else 1 for n in border.shape], kind)


def _error(theirs: NDArray[Any], ours: NDArray[Any]) -> float:
    """Relative error; 0 for what cannot be compared: other shapes, indices, infinite values."""
    if np.shape(theirs) != np.shape(ours) or np.asarray(theirs).dtype.kind != "f":
        return 0.0
    a, b = np.asarray(theirs, np.float64), np.asarray(ours, np.float64)
    size = float(np.linalg.norm(a))
    return float(np.linalg.norm(a - b)) / size if size > 0 and np.isfinite(size) else 0.0
