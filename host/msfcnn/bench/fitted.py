"""The module that holds fitted coefficients, as text."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import msfcnn.costmodel
from msfcnn.costmodel.instructions import Coefficients, Features

WIDTH = 80  # of a line of numbers
MODULE = Path(msfcnn.costmodel.__file__).with_name("measured.py")

_HEAD = '''"""Instructions of kernels and engine. Written by `msfcnn bench --fit`: do not edit."""

from msfcnn.costmodel.instructions import Coefficients

# fmt: off
MEASURED: tuple[Coefficients, ...] = (
'''


def module_text(fits: Sequence[Coefficients]) -> str:
    """The text of `MODULE`."""
    return _HEAD + "".join(map(_coefficients, fits)) + ")\n"


def _coefficients(c: Coefficients) -> str:
    kernels = "".join(
        f'            "{key}": (\n{_numbers(values)}),\n' for key, values in c.kernels.items()
    )
    engine = "".join(f'            "{key}": {value:g},\n' for key, value in c.engine.items())
    return (
        f'    Coefficients(\n        "{c.isa}",\n        "{c.core}",\n'
        f"        {{\n{kernels}        }},\n        {{\n{engine}        }},\n    ),\n"
    )


def _numbers(values: Features) -> str:
    text = ", ".join(f"{value:g}" for value in values)
    return textwrap.indent(textwrap.fill(text, WIDTH), " " * 16)
