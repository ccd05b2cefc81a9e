"""`msfcnn zoo`: published networks with seeded weights, to try things on."""

from __future__ import annotations

import argparse
from pathlib import Path

from msfcnn.cli.parser import Outcome, Subparsers, new_verb
from msfcnn.files import write_atomically
from msfcnn.render import Facts
from msfcnn.sizes import format_size

NAME = "zoo"


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb to the command line."""
    parser = new_verb(
        subparsers,
        NAME,
        run,
        "build a published network with seeded weights",
        "msfcnn zoo mbv2 --width 0.35 --resolution 144 -o mbv2.onnx",
        "The weights are random: good for RAM, MACs and bit-exactness, not for accuracy.",
    )
    parser.add_argument("name", metavar="NAME", help="a network; a wrong name lists them all")
    parser.add_argument("--width", metavar="W", type=float, help="factor on the channels")
    parser.add_argument("--resolution", metavar="R", type=int, help="image height and width")
    parser.add_argument("--channels", metavar="N", type=int, help="channels of the image")
    parser.add_argument("--classes", metavar="N", type=int, help="outputs of the network")
    parser.add_argument("--seed", metavar="S", type=int, default=0, help="default: 0")
    parser.add_argument(
        "-o", "--out", metavar="FILE", type=Path, required=True, help="the ONNX file to write"
    )


def run(args: argparse.Namespace) -> Outcome:
    """Build the network and write it; options that are left out are the published ones.

    Raises UsageError for a name or a size that there is not, before anything is written.
    """
    from msfcnn import zoo

    names = ("width", "resolution", "channels", "classes", "seed")
    given = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    model = zoo.build(args.name, **given)
    content = model.SerializeToString()
    write_atomically(args.out, content)
    return Outcome(
        {"name": args.name, "file": str(args.out), "bytes": len(content)},
        (Facts((("file", str(args.out)), ("size", f"{format_size(len(content))} bytes"))),),
    )
