"""Macros that turn pixels of a camera into the network's input, without float.

Mean, standard deviation, scale and zero point of the preprocessing become a multiplication, a sum
and a shift for each channel, so firmware has nothing to know but the macros.
"""

from __future__ import annotations

from msfcnn.emit.text import comment, define
from msfcnn.ir import SHIFT, Model, Pixels


def pixel_lines(model: Model, upper: str) -> list[str]:
    """Lines of NAME.h; none where nothing is known about pixels.

    upper: the model's name in capitals, the begin of all macros. `ir.Pixels.steps` has factor and
    offset, in fixed point.
    """
    pixels = model.pixels
    if pixels is None:
        return []
    quantization = model.tensors[model.input.tensor].quantization
    steps = pixels.steps(quantization.scale, quantization.zero_point)
    lines = [
        "/*",
        f" * a pixel from 0 to 255, channels {comment(pixels.color)}:",
        f" * real = (pixel * {pixels.white} / 255.0 - mean) / std, which is for channel c",
        f" * q = (pixel * factor[c] + offset[c]) >> {SHIFT}, saturated to -128 .. 127",
        " */",
        define(f"{upper}_INPUT_PIXEL_SHIFT", SHIFT),
        define(f"{upper}_INPUT_PIXEL_FACTOR", _list([str(factor) for factor, _ in steps])),
        define(f"{upper}_INPUT_PIXEL_OFFSET", _list([str(offset) for _, offset in steps])),
        define(f"{upper}_INPUT_MEAN", _list([_real(v) for v in pixels.mean])),
        define(f"{upper}_INPUT_STD", _list([_real(v) for v in pixels.std])),
        "",
    ]
    return lines + _labels(pixels, upper)


def normalization_lines(model: Model, upper: str) -> list[str]:
    """Lines of NAME.h about the normalization that the model's file does before it quantizes.

    None where it does none, and where the lines about pixels say it all.
    """
    port = model.input
    if not port.mean or model.pixels is not None:
        return []
    return [
        "/* of an input x as the model's file takes it, for channel c: real = (x - mean) / std */",
        define(f"{upper}_INPUT_MEAN", _list([_real(v) for v in port.mean])),
        define(f"{upper}_INPUT_STD", _list([_real(v) for v in port.std])),
        "",
    ]


def _labels(pixels: Pixels, upper: str) -> list[str]:
    """Names of the classes, where the preprocessing has them."""
    if not pixels.labels:
        return []
    names = ", ".join(f'"{_escaped(name)}"' for name in pixels.labels)
    return [
        "/* names of the classes, in the order of the scores */",
        define(f"{upper}_LABELS", f"{{ {names} }}"),
        "",
    ]


def _list(items: list[str]) -> str:
    """A C initializer."""
    return "{ " + ", ".join(items) + " }"


def _real(value: float) -> str:
    """A float of C, exactly."""
    text = f"{value:.9g}"
    return f"{text}f" if any(c in text for c in ".e") else f"{text}.0f"


def _escaped(name: str) -> str:
    """The bytes of a name in a C string: printable ASCII as it is, the rest in octal.

    Octal has three digits at most; hexadecimal would swallow digits of the text behind it. A
    question mark is written so, too, for two of them begin a trigraph.
    """
    plain = set(range(32, 127)) - set(b'"\\?')
    return "".join(chr(b) if b in plain else f"\\{b:03o}" for b in name.encode())
