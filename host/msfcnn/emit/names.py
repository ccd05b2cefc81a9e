"""Names of what is generated, and the limits of the table format."""

from __future__ import annotations

import re

from msfcnn.errors import ModelError, Problem, UsageError
from msfcnn.ir import AveragePool, Conv, MaxPool, Model

# C11 keywords; a model called one of these cannot lend its name to a variable
_KEYWORD = re.compile(
    "auto|break|case|char|const|continue|default|do|double|else|enum|extern|float|for|goto|if|"
    "inline|int|long|main|register|restrict|return|short|signed|sizeof|static|struct|switch|"
    "typedef|union|unsigned|void|volatile|while"
)


def c_name(stem: str) -> str:
    """A file stem as a C identifier: other characters become underscores."""
    name = re.sub(r"\W", "_", stem, flags=re.ASCII)
    return f"m{name}" if not name or name[0].isdigit() or _KEYWORD.fullmatch(name) else name


def check_name(name: str) -> None:
    """Raises UsageError if `name` is not a C identifier."""
    if c_name(name) != name or name.startswith("_"):
        raise UsageError(
            Problem(
                "--name",
                f"'{name}' is not a C identifier",
                f"use letters, digits and underscores, such as --name {c_name(name).strip('_')}",
            )
        )


def check_limits(model: Model) -> None:
    """Raises ModelError, with every problem, for what the 8 and 16 bit table fields cannot hold."""
    problems = []
    for tensor in model.tensors:
        if max(tensor.shape) > 0xFFFF:
            shape = "x".join(map(str, tensor.shape))
            problems.append(
                Problem(
                    tensor.name,
                    f"a tensor of {shape} (height x width x channels) is too large",
                    "no extent may exceed 65535; pool or stride before this layer",
                )
            )
    for op in model.ops:
        if not isinstance(op, Conv | MaxPool | AveragePool):
            continue
        g, source = op.geometry, model.tensors[op.input]
        # a window has as many lines as a kernel reaches over
        lines = (min(g.extent_h, source.height), min(g.extent_w, source.width))
        extents = (g.kernel_h, g.kernel_w, g.stride_h, g.stride_w, g.dilation_h, g.dilation_w)
        if max(*lines, *extents, g.pad_top, g.pad_left) > 0xFF:
            problems.append(
                Problem(
                    op.node,
                    "its kernel, what that reaches over, its stride, dilation or padding "
                    "exceeds 255",
                    "such a layer is usually an export mistake; check it in Netron",
                    type(op).__name__,
                )
            )
    if problems:
        raise ModelError(*problems)
