"""`msfcnn bench`: what generated code costs on emulated processors.

Instructions are counted by the emulator, cycles by a cycle model; msfcnn.bench measures, this file
shows. `scons bench` ends here, too (`bench_words`).
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msfcnn
from msfcnn.cli.generate import add_plan_options, options_of
from msfcnn.cli.parser import Outcome, Subparsers, new_verb
from msfcnn.errors import Problem, UsageError
from msfcnn.files import existing_file
from msfcnn.render import Block, Column, Facts, Table
from msfcnn.sizes import format_size

if TYPE_CHECKING:
    from msfcnn.bench import Bench, KernelCost, Measurement

NAME = "bench"
DEFAULT_BOARD = "qemu-cortex-m4"
DEFAULT_MODEL = "apps/digits/digits.onnx"  # of `scons bench`
LEVELS = ("0", "1", "2", "3", "s")


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb to the command line."""
    parser = new_verb(
        subparsers,
        NAME,
        run,
        "count the instructions or cycles of an inference on an emulated processor",
        "msfcnn bench model.onnx --board qemu-cortex-m4\n"
        "msfcnn bench model.onnx --board model-cortex-m4     # cycles, by a model\n"
        "msfcnn bench --kernels pointwise --board qemu-rv32",
        "Exit code 4 means that an output is not the reference's.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("model", metavar="MODEL", nargs="?", type=existing_file, help="QDQ ONNX file")
    what.add_argument(
        "--kernels",
        metavar="PART",
        nargs="?",
        const="",
        help="measure single layers instead, all or those with PART in their name",
    )
    parser.add_argument("--board", default=DEFAULT_BOARD, help=f"default: {DEFAULT_BOARD}")
    add_plan_options(parser)
    parser.set_defaults(isa=None)
    parser.add_argument(
        "-O",
        dest="optimize",
        metavar="LEVEL",
        choices=LEVELS,
        default="3",
        help="optimization of the engine, such as -Os (default: -O3)",
    )
    parser.add_argument(
        "--images", metavar="FILE.npz", type=existing_file, help="default: a random image"
    )
    parser.add_argument(
        "--count", metavar="N", type=int, default=1, help="images to run (default: 1)"
    )
    parser.add_argument(
        "--build",
        metavar="DIR",
        type=Path,
        default=Path("build/bench"),
        help="where objects are kept for the next time (default: build/bench)",
    )


def bench_words(variables: Mapping[str, str]) -> list[str]:
    """What `scons bench NAME=VALUE ...` asks for, as words of this verb. Raises UsageError."""
    options = {"board": "--board", "ram": "--max-ram", "macs": "--max-macs", "input": "--input"}
    unknown = [name for name in variables if name not in (*options, "model")]
    if unknown:
        hint = f"there are {', '.join((*options, 'model'))}"
        raise UsageError(
            *(Problem(f"{n}=", "scons bench has no such variable", hint) for n in unknown)
        )
    words = [NAME, variables.get("model", DEFAULT_MODEL)]
    for name, option in options.items():
        if name in variables:
            words += [option, variables[name]]
    return words


def run(args: argparse.Namespace) -> Outcome:
    """Measure a model or kernels."""
    _check(args)
    from msfcnn.bench import Bench, find_machine

    bench = Bench(find_machine(args.board), args.build, f"-O{args.optimize}", args.isa)
    return _kernels(args, bench) if args.model is None else _model(args, bench)


def _check(args: argparse.Namespace) -> None:
    """Refuses options that do not go together, all at once."""
    problems = []
    if args.count < 1:
        problems.append(Problem("--count", f"{args.count} is too few", "run at least one image"))
    if args.images and args.model is None:
        problems.append(Problem("--images", "goes with one MODEL only", "leave it out"))
    if problems:
        raise UsageError(*problems)


def _model(args: argparse.Namespace, bench: Bench) -> Outcome:
    """One inference of a whole network, stage by stage."""
    found = _measure(args, bench, args.model)
    return Outcome(found.data(), _blocks(found))


def _measure(args: argparse.Namespace, bench: Bench, path: Path) -> Measurement:
    """Generates for the machine's instruction set and counts on the emulator.

    --isa is not an option here: the kernels are those of the board's processor. Raises
    MismatchError where an output is not the reference's.
    """
    from msfcnn.verifier import load_images, random_images

    options = replace(options_of(args), isa=bench.isa, core=bench.core)
    generated = msfcnn.generate(path, options, command=f"msfcnn bench {path.name}")
    if args.images:
        images = load_images(generated.model, args.images)[0][: args.count]
    else:
        images = random_images(generated.model, args.count)
    return bench.measure(generated, generated.name, images)


def _blocks(found: Measurement) -> tuple[Block, ...]:
    """A row a stage, then the facts of the whole network."""
    unit = found.machine.unit
    rows = tuple(
        (
            stage.name,
            format_size(stage.cost),
            format_size(stage.macs),
            f"{stage.cost / stage.macs:.2f}" if stage.macs else "-",
        )
        for stage in found.stages
    )
    columns = (
        Column("stage", wraps=True),
        Column(unit, right=True),
        Column("MACs", right=True),
        Column("per MAC", right=True),
    )
    return (Table(columns, rows), Facts(tuple(_facts(found))))


def _facts(found: Measurement) -> list[tuple[str, str]]:
    """What holds for the network as a whole; what an emulator cannot tell is left out."""
    generated, code = found.generated, found.code
    each = f", {found.per_mac:.2f} per MAC" if found.per_mac is not None else ""
    facts = [
        ("board", f"{found.machine.name} ({found.machine.description})"),
        ("kernels", f"{found.isa}, compiled with {found.optimize}"),
        (found.machine.unit, f"{format_size(found.cost)} per inference{each}"),
    ]
    facts.append(("engine overhead", f"{100 * found.overhead:.1f} % beyond the kernels"))
    if len(set(found.run.inferences)) > 1:
        low, high = min(found.run.inferences), max(found.run.inferences)
        facts.append(("other images", f"{format_size(low)} to {format_size(high)}"))
    facts += [
        ("estimate", _estimate(found)),
        ("arena", f"{format_size(generated.layout.peak_ram)} bytes"),
        ("recompute factor", f"{generated.recompute_factor:.3f}"),
        ("context", f"{format_size(found.run.context)} bytes"),
    ]
    if found.run.stack is not None:
        facts.append(("stack", f"{format_size(found.run.stack)} bytes below msfcnn_run()"))
    kernels, rest = sum(code.kernels.values()), sum(code.rest.values())
    facts += [
        (
            "engine",
            f"{format_size(code.total)} bytes: {format_size(kernels)} of kernels, "
            f"{format_size(rest)} of the rest",
        ),
        ("outputs", f"equal to the reference ({len(found.run.inferences)} images)"),
    ]
    return facts


def _estimate(found: Measurement) -> str:
    """What the cost model says; where the machine counts cycles, with its error in percent."""
    if found.machine.ticks is None:
        return f"{format_size(found.estimate)} instructions"
    error = f", {100 * found.estimate_error:+.1f} %"
    return f"{format_size(found.estimate)} {found.machine.unit}{error}"


def _kernels(args: argparse.Namespace, bench: Bench) -> Outcome:
    """Single layers, each measured alone and with the engine around it."""
    from msfcnn.bench import choose, measure_kernel

    costs = [measure_kernel(bench, kernel, args.build) for kernel in choose(args.kernels)]
    unit = bench.machine.unit
    data = {
        "board": bench.machine.name,
        "isa": bench.isa,
        "optimize": f"-O{args.optimize}",
        "unit": unit,
        "kernels": [_kernel_data(cost) for cost in costs],
    }
    titles = (f"kernel {unit}", "each", "with engine", "each")
    columns = (Column("layer"), *(Column(title, right=True) for title in titles), Column("per"))
    rows = tuple(
        (
            cost.kernel.label,
            *(format_size(cost.alone), f"{cost.alone_each:.2f}"),
            *(format_size(cost.whole), f"{cost.whole_each:.2f}"),
            cost.kernel.per,
        )
        for cost in costs
    )
    code = costs[0].measurement.code
    facts = Facts(
        (
            ("board", f"{bench.machine.name} ({bench.machine.description})"),
            ("kernels", f"{bench.isa}, compiled with -O{args.optimize}"),
            ("code", ", ".join(f"{k} {v}" for k, v in {**code.kernels, **code.rest}.items())),
        )
    )
    return Outcome(data, (Table(columns, rows), facts))


def _kernel_data(cost: KernelCost) -> dict[str, object]:
    """A layer as JSON; kernel_*: of the kernel alone, else with the engine around it."""
    return {
        "name": cost.kernel.name,
        "layer": cost.kernel.label,
        "kernel": cost.measurement.kernels[-1].kernel,
        "kernel_cost": cost.alone,
        "kernel_each": cost.alone_each,
        "cost": cost.whole,
        "each": cost.whole_each,
        "per": cost.kernel.per,
        "macs": cost.macs,
    }
