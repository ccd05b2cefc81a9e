"""Tensors: int8, one image, height x width x channels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Quantization:
    """Per-tensor quantization: real = scale * (q - zero_point), q in [-128, 127]."""

    scale: float
    zero_point: int

    def quantize(self, real: float) -> int:
        """Nearest int8 of a real number, saturated; ties to even as QuantizeLinear does."""
        return int(min(127, max(-128, np.rint(np.float64(real) / self.scale) + self.zero_point)))


class Order(Enum):
    """Order in which ONNX counts the elements of a tensor that we keep as HWC."""

    CHW = "CHW"
    HWC = "HWC"


@dataclass(frozen=True)
class Tensor:
    """An activation tensor.

    name:       the ONNX name of its int8 (or uint8) values.
    onnx_shape: its shape in ONNX, batch included.
    onnx_order: element order in ONNX; ours is always HWC.
    unsigned:   ONNX stores uint8; ours is that value - 128, the zero point likewise.
    """

    name: str
    height: int
    width: int
    channels: int
    quantization: Quantization
    onnx_shape: tuple[int, ...]
    onnx_order: Order = Order.CHW
    unsigned: bool = False

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        return (self.height, self.width, self.channels)

    @property
    def size(self) -> int:
        """Bytes of the whole tensor."""
        return self.height * self.width * self.channels

    def from_onnx(self, values: NDArray[np.generic]) -> NDArray[np.int8]:
        """Stored ONNX values (int8 or uint8, any shape of the right size) as int8 HWC."""
        signed = values.astype(np.int16) - (128 if values.dtype == np.uint8 else 0)
        if self.onnx_order is Order.HWC:
            return signed.astype(np.int8).reshape(self.shape)
        planar = signed.astype(np.int8).reshape(self.channels, self.height, self.width)
        return np.ascontiguousarray(planar.transpose(1, 2, 0))

    def to_onnx(self, values: NDArray[np.int8]) -> NDArray[np.generic]:
        """int8 HWC values in ONNX order, shape and type."""
        stored = values.reshape(self.shape)
        if self.onnx_order is Order.CHW:
            stored = stored.transpose(2, 0, 1)
        if self.unsigned:
            return (stored.astype(np.int16) + 128).astype(np.uint8).reshape(self.onnx_shape)
        return np.ascontiguousarray(stored).reshape(self.onnx_shape)

    def to_real(self, values: NDArray[np.int8]) -> NDArray[np.float64]:
        """int8 HWC values as real numbers in ONNX order and shape."""
        steps = replace(self, unsigned=False).to_onnx(values).astype(np.float64)
        return (steps - self.quantization.zero_point) * self.quantization.scale
