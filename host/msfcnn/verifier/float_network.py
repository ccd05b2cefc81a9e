"""The float network that an int8 one was made from, as its file says, on one image at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msfcnn.errors import ModelError, Problem
from msfcnn.quantizer import reason_of, session

# what onnxruntime calls the types of inputs; quantizing makes all of them float32
_DTYPES: Mapping[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
    "tensor(int8)": np.int8,
}


class FloatNetwork:
    """A float model in onnxruntime.

    Its inputs may be stored pixels, of half precision, for a batch, or read by nothing: what
    `quantize` makes one float32 image. Raises ModelError if onnxruntime does not take it.
    """

    def __init__(self, model: Path | bytes, name: str) -> None:
        self._name = name
        try:
            self._session = session(model)
        except Exception as error:  # onnxruntime's exceptions have no common base of their own
            what = f"onnxruntime does not take it: {reason_of(error)}"
            raise ModelError(Problem(name, what, "give the float ONNX file")) from error

    def run(
        self, image: Mapping[str, NDArray[np.float32]], wanted: Sequence[str] | None = None
    ) -> list[NDArray[Any]]:
        """All outputs, or those wanted, of one image: without batch, by the names of the inputs.

        Raises ModelError if the network does not take it.
        """
        try:
            feeds = _feeds(self._session.get_inputs(), image)
            results = self._session.run(wanted, feeds)
        except Exception as error:  # likewise
            what = f"onnxruntime cannot run it on these images: {reason_of(error)}"
            hint = "is it the network the model was made from?"
            raise ModelError(Problem(self._name, what, hint)) from error
        batch = max((len(values) for values in feeds.values()), default=1)
        return [_first(np.asarray(result), batch) for result in results]


def _feeds(borders: Sequence[Any], image: Mapping[str, NDArray[np.float32]]) -> dict[str, Any]:
    """By name where the names are the network's, else in its order; zeros where nothing is left."""
    names = {border.name for border in borders}
    given = dict(image) if names >= set(image) else {}
    if not given:
        given = {b.name: values for b, values in zip(borders, image.values(), strict=True)}
    return {border.name: _fed(border, given.get(border.name)) for border in borders}


def _fed(border: Any, values: NDArray[np.float32] | None) -> NDArray[Any]:
    """The values of an input in its type, as often as its batch asks for."""
    sizes = [size if isinstance(size, int) else 1 for size in border.shape]
    dtype = _DTYPES.get(border.type, np.float32)
    if values is None:
        return np.zeros(sizes, dtype)
    if dtype in (np.int8, np.uint8):
        low, high = (-128, 127) if dtype is np.int8 else (0, 255)
        values = np.clip(np.rint(values), low, high)
    batch = sizes[0] if sizes else 1
    return np.repeat(values[None].astype(dtype), batch, axis=0)


def _first(result: NDArray[Any], batch: int) -> NDArray[Any]:
    """What belongs to the first image of a batch."""
    return result[:1] if batch > 1 and result.ndim and len(result) == batch else result
