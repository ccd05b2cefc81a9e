"""Scratch RAM that the kernels of a step use beside their input and output."""

from __future__ import annotations

from msfcnn.graph.steps import Kind, Step

_ALIGN = 4
_PIXELS = 2  # a convolution gathers the taps of this many pixels


def scratch_bytes(step: Step, split: int) -> int:
    """Bytes, a multiple of 4; `split` is the number of output channels of a pass, or 0."""
    if step.kind is not Kind.CONV:
        return 0
    taps = step.rows.kernel * step.columns.kernel * step.depth
    return -(-_PIXELS * taps // _ALIGN) * _ALIGN
