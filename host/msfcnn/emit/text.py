"""Pieces of C text.

Names of nodes come from the network's file, which may hold anything; they only ever stand in
comments, and `comment` makes them harmless.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

_OCTAL = [f"\\{byte:03o}" for byte in range(256)]
_BYTES_PER_LINE = 23
_LINE = 96


def comment(text: str) -> str:
    """Text that cannot end the comment it stands in, reach the next line or be a trigraph."""
    # control and bidirectional characters change what a reader or a compiler sees
    shown = "".join(c if c.isprintable() else " " for c in text)
    line = " ".join(shown.split()).replace("\\", "/").replace("??", "? ?")
    return line.replace("*/", "* /").replace("/*", "/ *")


def int8_array(name: str, values: NDArray[np.int8]) -> str:
    """Bytes as a string literal: compiles ten times faster than a list of numbers."""
    data = values.astype(np.int8).tobytes()
    lines = [
        '    "' + "".join(_OCTAL[b] for b in data[i : i + _BYTES_PER_LINE]) + '"'
        for i in range(0, len(data), _BYTES_PER_LINE)
    ]
    body = "\n".join(lines)
    return f"static const int8_t {name}[{len(data)}] MSFCNN_ALIGNED MSFCNN_BYTES =\n{body};\n"


def int_array(ctype: str, name: str, values: Iterable[int], static: bool = True) -> str:
    """Numbers as a C array, as many on a line as fit."""
    numbers = [_literal(int(v)) for v in values]
    storage = "static const" if static else "const"
    return f"{storage} {ctype} {name}[{len(numbers)}] = {{\n{wrapped(numbers)}\n}};\n"


def wrapped(items: Sequence[str], indent: str = "    ") -> str:
    """Comma-separated items on lines of limited length."""
    lines, line = [], indent
    for item in items:
        piece = item + ","
        if len(line) + 1 + len(piece) > _LINE and line.strip():
            lines.append(line.rstrip())
            line = indent
        line += piece + " "
    return "\n".join([*lines, line.rstrip()])


def define(name: str, value: object) -> str:
    """A preprocessor constant."""
    return f"#define {name:<40} {value}"


def _literal(value: int) -> str:
    """A number that C reads as int32."""
    # -2147483648 is not a literal in C but an expression of another type
    return "INT32_MIN" if value == -(2**31) else str(value)
