"""`msfcnn generate`: C tables and weights for a model."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msfcnn.cli.parser import Outcome, Subparsers, add_model, new_verb
from msfcnn.files import write_all
from msfcnn.render import Facts
from msfcnn.sizes import format_size, parse_factor, parse_size

if TYPE_CHECKING:
    from msfcnn.pipeline import Generated, GenerateRequest

NAME = "generate"
_DEFAULTS = {"schemes": "all", "run_pixels": 2, "isa": "generic", "input_mode": "image"}
_FLAGS = {"input_mode": "input", "run_pixels": "run", "max_time": "max-time-factor"}
_NETWORK_OPTIONS = ("schemes", "run_pixels", "isa", "input_mode")
DEFAULT_RUN = 2  # of graph.options, which is not imported just for --help


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


def add_plan_options(parser: argparse.ArgumentParser, input_option: str = "--input") -> None:
    """The options that decide what is generated from a model."""
    add_bounds(parser)
    parser.add_argument(
        "--isa",
        choices=("generic", "armv7e-m"),
        default="generic",
        help="instruction set (default: generic)",
    )
    parser.add_argument(
        input_option,
        dest="input_mode",
        choices=("image", "push", "pull"),
        default="image",
        help="the caller owns the whole image, pushes it row by row, or has a function that "
        "fetches what is needed (default: image)",
    )
    parser.add_argument(
        "--keep-dead-channels",
        action="store_true",
        help="compute channels that are constant, too",
    )


def add_bounds(parser: argparse.ArgumentParser) -> None:
    """The options that decide a plan: bounds of RAM and MACs, and the plan space."""
    parser.add_argument(
        "--max-ram",
        metavar="SIZE",
        type=partial(parse_size, where="--max-ram"),
        help="the fastest within this much RAM, such as 16K: fewest estimated instructions",
    )
    fast = parser.add_mutually_exclusive_group()
    fast.add_argument(
        "--max-time-factor",
        dest="max_time",
        metavar="T",
        type=partial(parse_factor, where="--max-time-factor"),
        help="least RAM with at most T times the estimated instructions of the fastest plan; "
        "together with --max-ram: fewest instructions, but not more",
    )
    fast.add_argument(
        "--max-macs",
        metavar="F",
        type=partial(parse_factor, where="--max-macs"),
        help="least RAM with at most F times the MACs, such as 1.2 (default: 1.0); together with "
        "--max-ram: fewest MACs, but not more",
    )
    parser.add_argument(
        "--schemes",
        choices=("all", "paper"),
        default="all",
        help="plan space: ours, or that of the msf-CNN paper, whose bounds then hold for what "
        "the paper counts (default: all)",
    )
    parser.add_argument(
        "--without-io",
        action="store_true",
        help="--max-ram and the least RAM mean what the paper counts: without the network's output",
    )
    parser.add_argument(
        "--run",
        dest="run_pixels",
        metavar="PIXELS",
        type=int,
        choices=range(1, 17),
        default=DEFAULT_RUN,
        help=f"pixels that a kernel computes at a time at least (default: {DEFAULT_RUN})",
    )


def request_of(args: argparse.Namespace, command: str) -> GenerateRequest:
    """What `add_plan_options` (and --name, where a verb has it) asks for."""
    from msfcnn.emit.names import c_name
    from msfcnn.fusion.graph import Schemes
    from msfcnn.ir import InputMode
    from msfcnn.pipeline import GenerateRequest

    return GenerateRequest(
        model=args.model,
        name=getattr(args, "name", None) or c_name(args.model.stem),
        command=command,
        isa=args.isa,
        input_mode=InputMode(args.input_mode),
        max_ram=args.max_ram,
        max_macs=args.max_macs,
        schemes=Schemes(args.schemes),
        run=args.run_pixels,
        keep_dead=args.keep_dead_channels,
        without_io=args.without_io,
        max_time=args.max_time,
    )


def run(args: argparse.Namespace) -> Outcome:
    """Run the passes and write their sources, with the flags the engine must be compiled with."""
    from msfcnn.pipeline import generate, summary

    request = request_of(args, _command(args))
    generated = generate(request)
    files = {**generated.sources, f"{request.name}.cflags": _compiler_flags(generated)}
    write_all(args.out, files)
    data = {"name": request.name, "directory": str(args.out), "files": list(files)}
    facts = _facts(generated, [args.out / file for file in files])
    return Outcome({**data, **summary(generated)}, (facts,))


def _compiler_flags(generated: Generated) -> str:
    """A response file (`cc @NAME.cflags`); empty where the engine's defaults are enough."""
    from msfcnn.emit.tables import engine_limits
    from msfcnn.toolchain.native import config_flags

    flags = config_flags(*engine_limits(generated.schedule))
    return "".join(f"{flag}\n" for flag in flags)


def _facts(generated: Generated, files: Sequence[Path]) -> Facts:
    return Facts(
        (
            ("files", " ".join(map(str, files))),
            ("peak RAM", f"{format_size(generated.layout.peak_ram)} bytes"),
            ("MACs", format_size(generated.schedule.macs)),
            ("recompute factor", f"{generated.recompute_factor:.3f}"),
        )
    )


def _command(args: argparse.Namespace) -> str:
    """The command that repeats this run, for the headers of the sources."""
    words = ["msfcnn", NAME, str(args.model), "--out", str(args.out)]
    for option in ("name", "max_ram", "max_macs", "max_time", *_NETWORK_OPTIONS):
        value = getattr(args, option)
        if value is not None and value != _DEFAULTS.get(option):
            flag = _FLAGS.get(option, option).replace("_", "-")
            words += [f"--{flag}", str(value)]
    flags = ("keep_dead_channels", "without_io")
    words += [f"--{flag.replace('_', '-')}" for flag in flags if getattr(args, flag)]
    return shlex.join(words)
