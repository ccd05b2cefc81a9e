"""Pad: zeros that the op behind it takes over as its own padding."""

from __future__ import annotations

from dataclasses import replace

from msfcnn.frontend.onnx.builder import Builder
from msfcnn.frontend.onnx.graph import Node
from msfcnn.frontend.onnx.problems import Unsupported
from msfcnn.frontend.onnx.values import Padding, Value


def pad(builder: Builder, node: Node) -> Value:
    """Pad with zeros; whether the axes are height and width is for the next op to judge."""
    known = builder.activation(node, 0, padding=False)
    mode = node.text("mode", "constant")
    if mode != "constant":
        raise Unsupported(f"pads in mode {mode}", "use constant zeros")
    rank = len(known.shape)
    sizes = builder.integers(node, 1, "list of pads") or ()
    value = builder.constant(node, 2, "value")
    if value is not None and value.real.any():
        raise Unsupported(f"pads with {value.real.ravel()[0]:g}", "pad with 0")
    axes = builder.axes(node, 3, rank)
    axes = tuple(range(rank)) if axes is None else axes
    if len(sizes) != 2 * len(axes) or min(sizes, default=0) < 0:
        what = f"its pads {list(sizes)} do not fit {len(axes)} axes"
        raise Unsupported(what, "use sizes of 0 or more")
    before, after = [0] * rank, [0] * rank
    for i, axis in enumerate(axes):
        before[axis], after[axis] = sizes[i], sizes[len(axes) + i]
    if not any(sizes):
        return known
    return replace(known, padding=Padding(node, tuple(before), tuple(after)))
