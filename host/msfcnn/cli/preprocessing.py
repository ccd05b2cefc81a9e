"""Options that say how pictures become the input of a network.

Shared by quantize, verify and report. What the options leave out comes from NAME.preprocess.yaml
beside the model, or from the shape of its input (msfcnn.dataset.Preprocessing).
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping

from msfcnn.cli.parser import Parser
from msfcnn.errors import Problem, UsageError

COLORS = ("rgb", "bgr", "gray")


def add_picture_options(parser: Parser) -> argparse._ArgumentGroup:
    """--mean, --std and the like; what is left out follows from the network."""
    group = parser.add_argument_group(
        "pictures", "value = (pixel - mean) / std; the choice is kept in NAME.preprocess.yaml"
    )
    group.add_argument(
        "--pixels",
        type=int,
        choices=(1, 255),
        help="what white is before mean and std (default: 1)",
    )
    group.add_argument("--mean", metavar="M[,M,M]", type=_numbers, help="(default: 0)")
    group.add_argument("--std", metavar="S[,S,S]", type=_numbers, help="(default: 1)")
    group.add_argument("--layout", choices=("NCHW", "NHWC"), help="(default: from the network)")
    group.add_argument("--color", choices=COLORS, help="(default: rgb, or gray for one channel)")
    group.add_argument(
        "--fit",
        choices=("stretch", "crop"),
        help="how pictures come to the size: both sides stretched (default), or the middle cut out",
    )
    return group


def add_preprocessing_options(parser: Parser) -> None:
    """The same, and --size and --dim for what the network leaves open."""
    group = add_picture_options(parser)
    group.add_argument(
        "--size", metavar="N|HxW", type=_size, help="where the network leaves it open"
    )
    group.add_argument(
        "--dim",
        metavar="NAME=SIZE",
        action="append",
        default=[],
        type=_dimension,
        help="fix an open dimension of the input, by name or number (the batch is 1)",
    )


def given_of(args: argparse.Namespace) -> Mapping[str, object]:
    """What the options say, by field of Preprocessing; what they leave out is missing."""
    names = ("size", "pixels", "mean", "std", "layout", "color", "fit")
    return {n: v for n in names if (v := getattr(args, n, None)) is not None}


def dimensions(args: argparse.Namespace) -> dict[str, int]:
    """Sizes of open dimensions by name or axis; --size tells height and width, too.

    Example: --size 96 --dim batch=1 gives {"2": 96, "3": 96, "batch": 1}; axes 1 and 2 with NHWC.
    """
    sizes: dict[str, int] = {}
    if args.size:
        first = 1 if args.layout == "NHWC" else 2
        sizes = {str(first + i): n for i, n in enumerate(args.size)}
    return sizes | dict(args.dim)


def _size(text: str) -> tuple[int, int]:
    """(height, width) of one number or two. Raises UsageError."""
    parts = text.lower().split("x")
    if not all(p.isdecimal() and int(p) > 0 for p in parts) or len(parts) > 2:
        raise UsageError(
            Problem(f"--size {text}", "is no size", "as in --size 96 or --size 96x128")
        )
    return (int(parts[0]), int(parts[-1]))


def _numbers(text: str) -> tuple[float, ...]:
    """One number, or one a channel. Raises UsageError."""
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if not values or not all(math.isfinite(v) for v in values):
        hint = "as in 0.5 or 0.485,0.456,0.406"
        raise UsageError(Problem(text, "is no number and no list of numbers", hint))
    return values


def _dimension(text: str) -> tuple[str, int]:
    """The name or index of a dimension, and its size. Raises UsageError."""
    name, equals, size = text.rpartition("=")
    if not equals or not size.isdecimal() or int(size) < 1:
        hint = "as in --dim batch=1 or --dim 2=96"
        raise UsageError(Problem(f"--dim {text}", "is no NAME=SIZE", hint))
    return (name, int(size))
