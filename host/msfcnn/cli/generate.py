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
    """The options that decide what is generated from a model."""
    add_bounds(parser)
    parser.add_argument(
        "--isa", choices=("generic",), default="generic", help="instruction set (default: generic)"
    )
    parser.add_argument(
        "--input",
        choices=("image", "push"),
        default="image",
        help="the caller owns the whole image, or pushes it row by row (default: image)",
    )


def add_bounds(parser: argparse.ArgumentParser) -> None:
    """The options that bound a plan: one of RAM and MACs."""
    bound = parser.add_mutually_exclusive_group()
    bound.add_argument(
        "--max-ram",
        metavar="SIZE",
        type=partial(parse_size, where="--max-ram"),
        help="fewest MACs within this much RAM, such as 16K",
    )
    bound.add_argument(
        "--max-macs",
        metavar="F",
        type=partial(parse_factor, where="--max-macs"),
        help="least RAM with at most F times the MACs, such as 1.2",
    )


def request_of(args: argparse.Namespace, command: str) -> GenerateRequest:
    """What `add_plan_options` (and --name, where a verb has it) asks for."""
    from msfcnn.emit.names import c_name
    from msfcnn.model import InputMode
    from msfcnn.pipeline import GenerateRequest

    return GenerateRequest(
        model=args.model,
        name=getattr(args, "name", None) or c_name(args.model.stem),
        command=command,
        isa=args.isa,
        input_mode=InputMode(args.input),
        max_ram=args.max_ram,
        max_macs=args.max_macs,
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
    from msfcnn.verify.toolchain import config_flags

    flags = config_flags(*engine_limits(generated.model, generated.schedule))
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
    for option in ("name", "max_ram", "max_macs", "isa", "input"):
        value = getattr(args, option)
        if value is not None:
            words += [f"--{option.replace('_', '-')}", str(value)]
    return shlex.join(words)
