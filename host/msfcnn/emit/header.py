"""NAME.h: what an application needs to know of a model.

Sizes as constants, so that the arena can be a static array; scale and zero point of input and
outputs; how pixels become the input. The model itself is one `extern const`: its tables stay in
flash.
"""

from __future__ import annotations

from msfcnn.emit.names import KEYWORDS, c_name
from msfcnn.emit.pixels import normalization_lines, pixel_lines
from msfcnn.emit.text import comment, define
from msfcnn.ir import InputMode, Model, Tensor
from msfcnn.layout import Layout
from msfcnn.schedule import Schedule


def header_source(model: Model, schedule: Schedule, layout: Layout, name: str) -> str:
    """Text of NAME.h below its banner."""
    upper = name.upper()
    source = model.tensors[model.input.tensor]
    lines = [
        "#pragma once\n",
        '#include "msfcnn.h"\n',
        "#ifdef __cplusplus",
        'extern "C" {',
        "#endif\n",
        "/*",
        " * RAM in bytes that msfcnn_init() wants, MSFCNN_ALIGNED;",
        f" * {_how(schedule)}",
        " */",
        define(f"{upper}_ARENA_SIZE", layout.peak_ram),
        "",
        "/* input: height x width x channels int8, real = scale * (q - zero point) */",
        *_tensor(f"{upper}_INPUT", source),
        "",
        *normalization_lines(model, upper),
        *pixel_lines(model, upper),
        *_beside(model, name),
    ]
    for index, port in enumerate(model.outputs):
        # the first output has no number: most networks have one
        suffix = str(index) if index else ""
        lines.append(f"/* output {index}: {comment(port.name)} */")
        lines += [*_tensor(f"{upper}_OUTPUT{suffix}", model.tensors[port.tensor]), ""]
    lines += [
        f"extern const msfcnn_model_t {name}_model;\n",
        "#ifdef __cplusplus",
        "}",
        "#endif\n",
    ]
    return "\n".join(lines)


def _beside(model: Model, name: str) -> list[str]:
    """The other inputs, and all of them as one type; nothing if the image is the only one."""
    if not model.beside:
        return []
    lines = []
    for index, port in enumerate(model.beside, 1):
        lines.append(f"/* input {index}: {comment(port.name)} */")
        lines += [*_tensor(f"{name.upper()}_INPUT{index}", model.tensors[port.tensor]), ""]
    members = [
        f"    int8_t {member}[{model.tensors[port.tensor].size}];"
        for member, port in zip(_members(model), model.inputs, strict=True)
    ]
    what = f"/* all inputs: {name}_inputs_t x; msfcnn_run(&nn, (const int8_t *)&x) */"
    return [*lines, what, "typedef struct {", *members, f"}} {name}_inputs_t;", ""]


def _members(model: Model) -> list[str]:
    """A name in C for each input: its own as far as C allows."""
    names = [c_name(port.name).strip("_") or "input" for port in model.inputs]
    unique = len({*names}) == len(names) and not {*names} & KEYWORDS
    return names if unique else [f"input{i}" for i in range(len(names))]


def _how(schedule: Schedule) -> str:
    """How the image reaches the engine; the arena's size depends on it."""
    if schedule.network.mode is InputMode.PUSH:
        return "rows are pushed with msfcnn_push_row()"
    if schedule.network.mode is InputMode.PULL:
        return "msfcnn_run_pull() fetches pieces of the image"
    return "the input stays with the caller of msfcnn_run()"


def _tensor(prefix: str, tensor: Tensor) -> list[str]:
    """Constants of an input or output."""
    # nine digits give every float back exactly; C wants a point or an exponent before the f
    scale = f"{tensor.quantization.scale:.9g}"
    scale += "" if any(c in scale for c in ".e") else ".0"
    return [
        define(f"{prefix}_SIZE", tensor.size),
        define(f"{prefix}_HEIGHT", tensor.height),
        define(f"{prefix}_WIDTH", tensor.width),
        define(f"{prefix}_CHANNELS", tensor.channels),
        define(f"{prefix}_SCALE", f"{scale}f"),
        define(f"{prefix}_ZERO_POINT", f"({tensor.quantization.zero_point})"),
    ]
