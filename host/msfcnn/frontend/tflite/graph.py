"""The graph of a TFLite file as plain immutable data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

OMITTED = -1  # the index of an optional input that is left out


@dataclass(frozen=True, eq=False)
class TfliteScale:
    """real = (stored - zero) * scale; several scales go along an axis of the tensor.

    scale: float32 [n], zero: int64 [n], n = 1 or the size of the axis.
    """

    scale: NDArray[np.float32]
    zero: NDArray[np.int64]
    axis: int

    def same(self, other: TfliteScale) -> bool:
        """Whether both give every stored value the same meaning."""
        return np.array_equal(self.scale, other.scale) and np.array_equal(self.zero, other.zero)


@dataclass(frozen=True, eq=False)
class TfliteTensor:
    """A tensor of the file.

    name:    as in the file, made unique.
    dtype:   NumPy's name of its type; a name of our own for types that NumPy lacks.
    shape:   as the converter stored it; an open batch is 1.
    open:    axes whose size the file leaves open.
    data:    the values of a constant.
    affine:  its quantization, None for a tensor of plain numbers.
    odd:     why its values cannot be read (sparse, kept outside of the file), usually empty.
    inside:  within a dilated convolution: the file has its values in another order.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    open: tuple[int, ...]
    data: NDArray[Any] | None
    affine: TfliteScale | None
    odd: str = ""
    inside: bool = False

    @property
    def quantized(self) -> bool:
        """Whether it holds integers that stand for real numbers."""
        return self.affine is not None and self.dtype in ("int8", "uint8", "int16", "int4")


@dataclass(frozen=True, eq=False)
class Operator:
    """An operator of the file.

    index:      its place in the file, which Netron calls location.
    kind:       its name in TFLite's schema, or the name that a custom operator carries.
    custom:     it is no operator of TFLite.
    inputs:     tensors, OMITTED where an optional one is left out.
    attributes: fields of its options table; absent where the file has the default.
    """

    index: int
    kind: str
    custom: bool
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    attributes: Mapping[str, Any]

    @property
    def name(self) -> str:
        """How errors and generated code call it."""
        return f"{self.kind}_{self.index}"

    def integer(self, name: str, default: int = 0) -> int:
        """A whole number or truth value of its options."""
        return int(self.attributes.get(name, default))

    def real(self, name: str, default: float = 0.0) -> float:
        """A real number of its options."""
        return float(self.attributes.get(name, default))


@dataclass(frozen=True, eq=False)
class TfliteGraph:
    """The main graph of a file, operators in execution order."""

    tensors: tuple[TfliteTensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
