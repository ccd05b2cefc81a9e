"""Values of options: sizes such as 16K and factors such as 1.2.

The same text is taken on the command line, in boards.yaml and in nightly.yaml.
"""

from __future__ import annotations

import math
import re

from msfcnn.errors import Problem, UsageError

_UNITS = {"": 1, "k": 1024, "m": 1024**2}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(|k|m|ki|mi)b?", re.IGNORECASE)


def parse_size(text: str, where: str = "size") -> int:
    """Bytes: "16K" (1024 each), "1.5M", "16KiB" or plain "20480"; `where` names the option.

    At least 1; a fraction of a byte is cut off. Raises UsageError.
    """
    match = _SIZE.fullmatch(text.strip())
    size = float(match[1]) * _UNITS[match[2][:1].lower()] if match else 0.0
    # hundreds of digits are infinity as a float
    if not match or not 1 <= size < math.inf or ("." in match[1] and not match[2]):
        hint = "write bytes, or K or M, such as 20480, 16K or 1M"
        raise UsageError(Problem(where, f"'{text}' is not a size", hint))
    return int(size)


def parse_factor(text: str, where: str = "factor") -> float:
    """A recompute factor: 1 or more, "inf" for no bound; `where` names the option.

    Raises UsageError, for "nan", too.
    """
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not factor >= 1.0:
        hint = "write a number from 1.0 (nothing is computed twice) on, such as 1.2"
        raise UsageError(Problem(where, f"'{text}' is not a recompute factor", hint))
    return factor


def format_size(size: int) -> str:
    """Bytes for people: digits in groups of three."""
    return f"{size:,}"
