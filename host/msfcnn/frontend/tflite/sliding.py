"""Strides, dilations and padding of sliding kernels, as ONNX counts them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msfcnn.frontend.tflite.graph import Operator
from msfcnn.frontend.tflite.problems import DAMAGED, Untranslatable

SAME, VALID = 0, 1
PADS = "Pads"  # a field of our own: explicit pads, which no file has


def attributes(
    operator: Operator, size: Sequence[int], kernel: Sequence[int], dilated: bool = True
) -> dict[str, Any]:
    """The ONNX attributes of a kernel that slides over a map of this height and width.

    dilated: whether the operator has dilations (pools have none). Raises Untranslatable for sizes
    below 1.
    """
    strides = (operator.integer("StrideH"), operator.integer("StrideW"))
    factors = ("DilationHFactor", "DilationWFactor")
    dilations = [operator.integer(name, 1) if dilated else 1 for name in factors]
    if min(*strides, *dilations, *kernel) < 1:
        what = f"its kernel is {list(kernel)}, its strides {list(strides)}"
        raise Untranslatable(f"{what}, its dilations {list(dilations)}", DAMAGED)
    extents = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    pads = _pads(operator, size, extents, strides)
    found: dict[str, Any] = {"kernel_shape": list(kernel), "strides": strides, "pads": pads}
    return found | ({"dilations": dilations} if dilated else {})


def same_padding(size: int, extent: int, stride: int) -> tuple[int, int]:
    """Zeros before and after: the output has ceil(size / stride) pixels, the odd zero is last.

    extent: of the kernel, dilation included. Example: 96 pixels, extent 3, stride 2: (0, 1).
    """
    total = max(0, (-(-size // stride) - 1) * stride + extent - size)
    return total // 2, total - total // 2


def _pads(
    operator: Operator, size: Sequence[int], extents: Sequence[int], strides: Sequence[int]
) -> list[int]:
    """Pads in the order of ONNX: (top, left, bottom, right)."""
    if PADS in operator.attributes:
        return list(operator.attributes[PADS])
    padding = operator.integer("Padding")
    if padding == VALID:
        return [0, 0, 0, 0]
    if padding != SAME:
        raise Untranslatable(f"its padding is {padding}, neither SAME nor VALID", DAMAGED)
    sides = [same_padding(*axis) for axis in zip(size, extents, strides, strict=True)]
    return [sides[0][0], sides[1][0], sides[0][1], sides[1][1]]
