"""`msfcnn generate`: C tables and weights for a model.

The options of the plan are defined here for all verbs that plan; `options_of` turns them into the
Options of the Python API, field by field.
"""

from __future__ import annotations

import argparse
import dataclasses
import shlex
from functools import partial
from pathlib import Path

import msfcnn
from msfcnn.cli.parser import Outcome, Subparsers, add_model, new_verb
from msfcnn.options import DEFAULT_RUN, INPUTS, MOST_RUN, SCHEMES, Options
from msfcnn.render import Facts
from msfcnn.report import to_data
from msfcnn.sizes import format_size, parse_factor, parse_size

NAME = "generate"
_FLAGS = {field.name: "--" + field.name.replace("_", "-") for field in dataclasses.fields(Options)}


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb to the command line."""
    parser = new_verb(
        subparsers,
        NAME,
        run,
        "write the C code of a model",
        "msfcnn generate apps/digits/digits.onnx --name digits --out gen --max-ram 16K",
    )
    add_model(parser)
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="where to write")
    parser.add_argument(
        "--name",
        help="the model's name in C and of the files (default: the file's name)",
    )
    add_plan_options(parser)


def add_plan_options(parser: argparse.ArgumentParser) -> None:
    """The options that decide what is generated from a model: the fields of Options."""
    speed = add_bounds(parser)
    speed.add_argument(
        "--max-time-factor",
        metavar="T",
        type=partial(parse_factor, where="--max-time-factor"),
        help="least RAM with at most T times the estimated instructions of the fastest plan; "
        "together with --max-ram: fewest instructions, but not more",
    )
    add_plan_space(parser)
    target = parser.add_argument_group("what the code is for")
    target.add_argument("--isa", default="generic", help="instruction set (default: generic)")
    target.add_argument(
        "--core",
        help="processor whose instructions are estimated (default: the usual one of the isa)",
    )
    target.add_argument(
        "--input",
        choices=INPUTS,
        default="image",
        help="the caller owns the whole image, pushes it row by row, or has a function that "
        "fetches what is needed (default: image)",
    )
    target.add_argument(
        "--keep-dead-channels",
        action="store_true",
        help="compute channels that are constant, too",
    )


def add_bounds(parser: argparse.ArgumentParser) -> argparse._MutuallyExclusiveGroup:
    """The bounds of RAM and MACs; returns the group of what bounds speed."""
    bounds = parser.add_argument_group("bounds of the plan")
    bounds.add_argument(
        "--max-ram",
        metavar="SIZE",
        type=partial(parse_size, where="--max-ram"),
        help="the fastest plan (fewest estimated instructions) within this much RAM, such as 16K",
    )
    speed = bounds.add_mutually_exclusive_group()
    speed.add_argument(
        "--max-macs",
        metavar="F",
        type=partial(parse_factor, where="--max-macs"),
        help="least RAM with at most F times the MACs, such as 1.2 (default: 1.0); together with "
        "--max-ram: fewest MACs, but not more",
    )
    return speed


def add_plan_space(parser: argparse.ArgumentParser) -> None:
    """What plans are made of, and how their RAM is counted."""
    space = parser.add_argument_group("plan space")
    space.add_argument(
        "--schemes",
        choices=SCHEMES,
        default="all",
        help="paper: the plans of the msf-CNN paper; bounds then hold for what it counts "
        "(default: all)",
    )
    space.add_argument(
        "--without-io",
        action="store_true",
        help="count RAM as the paper does, without the network's output",
    )
    space.add_argument(
        "--run",
        dest="run_pixels",
        metavar="PIXELS",
        type=int,
        choices=range(1, MOST_RUN + 1),
        default=DEFAULT_RUN,
        help=f"least pixels that a kernel computes at a time (default: {DEFAULT_RUN})",
    )


def options_of(args: argparse.Namespace) -> Options:
    """What `add_plan_options` asks for."""
    return Options(
        max_ram=args.max_ram,
        max_macs=args.max_macs,
        max_time_factor=args.max_time_factor,
        isa=args.isa,
        core=args.core,
        input=args.input,
        schemes=args.schemes,
        run=args.run_pixels,
        keep_dead_channels=args.keep_dead_channels,
        without_io=args.without_io,
    )


def run(args: argparse.Namespace) -> Outcome:
    """Run the passes and write their sources, with the flags the engine must be compiled with."""
    from msfcnn.report import code_report

    options = options_of(args)
    generated = msfcnn.generate(
        args.model, options, name=args.name, command=_command(args, options)
    )
    files = generated.write(args.out)
    report = code_report(generated)
    data = {"name": generated.name, "directory": str(args.out), "files": [f.name for f in files]}
    facts = Facts(
        (
            ("files", " ".join(map(str, files))),
            ("peak RAM", f"{format_size(report.peak_ram)} bytes"),
            ("MACs", format_size(report.macs)),
            ("recompute factor", f"{report.recompute_factor:.3f}"),
        )
    )
    return Outcome({**data, **to_data(report)}, (facts,))


def _command(args: argparse.Namespace, options: Options) -> str:
    """The command that repeats this run, for the headers of the sources.

    Options with their usual value are left out, so that the text changes only with the plan.
    """
    words = ["msfcnn", NAME, str(args.model), "--out", str(args.out)]
    words += ["--name", args.name] if args.name else []
    defaults = Options()
    for name, flag in _FLAGS.items():
        value = getattr(options, name)
        if value != getattr(defaults, name):
            words += [flag] if value is True else [flag, str(value)]
    return shlex.join(words)
