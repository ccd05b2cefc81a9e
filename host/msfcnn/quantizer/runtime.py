"""onnxruntime: found when it is needed, quiet, and asked for exact results.

An optional dependency (extra `quantize`), so it is imported inside of functions only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msfcnn.errors import Problem, UsageError

LONGEST_REASON = 200  # characters
# a file that was loaded, and places in onnxruntime's own source: path, line, signature
_NOISE = re.compile(r"Load model from .*? failed:|/onnxruntime_src/\S+:\d+ .*?\)(?=\s|$)")


def onnxruntime() -> Any:
    """The package. Raises UsageError if it is not installed."""
    try:
        import onnxruntime
    except ImportError:
        hint = "pip install 'msfcnn[quantize]'"
        raise UsageError(Problem("onnxruntime", "is not installed", hint)) from None
    return onnxruntime


def session(
    model: Path | bytes,
    simplified: Path | None = None,
    disabled: Sequence[str] = (),
    optimize: bool = False,
) -> Any:
    """A session that computes what the file says, on the CPU.

    model: a path, or a serialized model of less than 2 GB (protobuf's limit).
    simplified: where to write the graph after onnxruntime's basic optimizations, which are off
    otherwise. disabled: names of optimizations to leave out of them. optimize: with all of them, as
    onnxruntime does by default.
    """
    ort = onnxruntime()
    options = ort.SessionOptions()
    options.log_severity_level = 4
    levels = ort.GraphOptimizationLevel
    level = levels.ORT_ENABLE_BASIC if simplified else levels.ORT_DISABLE_ALL
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimize else level
    if simplified:
        options.optimized_model_filepath = str(simplified)
    # without it, x86 processors that lack VNNI saturate pairs of products at 16 bits
    options.add_session_config_entry("session.x64quantprecision", "1")
    return ort.InferenceSession(
        str(model) if isinstance(model, Path) else model,
        options,
        providers=["CPUExecutionProvider"],
        disabled_optimizers=list(disabled),
    )


def reason_of(error: Exception) -> str:
    """The first line of what onnxruntime says, without its own prefixes and places in its code."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    text = _NOISE.sub("", lines[0].split(" : ")[-1]).strip() or lines[0]
    return text[:LONGEST_REASON]
