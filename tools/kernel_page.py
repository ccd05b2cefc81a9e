"""Measures networks, layers and sizes on all emulated boards: the tables of docs/kernels.md.

    python tools/kernel_page.py docs/kernels.md

The networks are those of $MSFCNN_MODELS or ../shared/models, else the zoo's. Takes many minutes;
needs the cross compilers and QEMU.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msfcnn
from msfcnn.bench import MACHINES, Bench, find_machine
from msfcnn.bench.kernels import KERNELS, KernelCost, measure_kernel
from msfcnn.bench.measure import Measurement
from msfcnn.errors import MsfcnnError, Problem, UsageError
from msfcnn.files import write_all, write_atomically
from msfcnn.isa import Machine
from msfcnn.options import Options
from msfcnn.render import error_text
from msfcnn.sizes import format_size
from msfcnn.verifier.images import random_images
from msfcnn.zoo import NAMES, build

ROOT = Path(__file__).resolve().parents[1]
BEGIN = "<!-- begin: tools/kernel_page.py -->"
END = "<!-- end: tools/kernel_page.py -->"
AMPLE = 2 << 20  # bytes of RAM: more than the fastest plan of any of the networks needs
_FLOAT = "_fp32"

Row = Sequence[str]


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", type=Path, help="the Markdown file whose tables are replaced")
    parser.add_argument("--build", type=Path, default=Path("build/bench"), help="for objects")
    args = parser.parse_args()
    try:
        text = args.page.read_text(encoding="utf-8")
        replace_tables(args.page, text, "")  # whether it has a place for them
        write_atomically(args.page, replace_tables(args.page, text, measured_tables(args.build)))
    except MsfcnnError as error:
        sys.stderr.write(error_text(error.problems))
        return error.exit_code
    return 0


def measured_tables(place: Path) -> str:
    """All networks, layers and sizes on every emulated board; objects are kept in `place`."""
    machines = [
        find_machine(machine.name) for machine in MACHINES if machine.unit == "instructions"
    ]
    benches = [Bench(machine, place, "-O3", None) for machine in machines]
    paths = networks(place / "networks")
    found = {path.stem: [_measure(bench, path) for bench in benches] for path in paths}
    kernels = [[measure_kernel(bench, k, place) for bench in benches] for k in KERNELS]
    small = [Bench(machine, place, "-Os", None) for machine in machines]
    sizes = size_table([_measure(bench, paths[0]) for bench in (*benches, *small)])
    fast = {path.stem: _measure(benches[0], path, AMPLE) for path in paths}
    estimates = estimate_table(found, fast)
    return "\n".join((network_table(found), estimates, kernel_table(kernels), sizes))


def _measure(bench: Bench, path: Path, max_ram: int | None = None) -> Measurement:
    options = Options(max_ram=max_ram, isa=bench.isa, core=bench.core)
    generated = msfcnn.generate(path, options, command="tools/kernel_page.py")
    return bench.measure(generated, generated.name, random_images(generated.model, 1))


def networks(directory: Path) -> tuple[Path, ...]:
    """Int8 models, smallest file first; those of the zoo are built in `directory`."""
    shared = Path(os.environ.get("MSFCNN_MODELS", ROOT.parent / "shared" / "models"))
    found = [path for path in shared.glob("*.onnx") if not path.stem.endswith(_FLOAT)]
    if not found:
        write_all(directory, {f"{name}.onnx": build(name).SerializeToString() for name in NAMES})
        found = [directory / f"{name}.onnx" for name in NAMES]
    return tuple(sorted(found, key=lambda path: (path.stat().st_size, path.name)))


def replace_tables(
    path: Path, text: str, tables: str, begin_mark: str = BEGIN, end_mark: str = END
) -> str:
    """The text of `path` with what stands between the marks replaced. Raises UsageError."""
    before, begin, rest = text.partition(begin_mark)
    _, end, after = rest.partition(end_mark)
    if not begin or not end:
        what = "has no place for the tables"
        raise UsageError(Problem(str(path), what, f"add the lines '{begin_mark}' and '{end_mark}'"))
    return f"{before}{begin_mark}\n\n{tables}\n{end_mark}{after}"


def network_table(found: Mapping[str, Sequence[Measurement]]) -> str:
    """A row for each network: arena, recompute factor, and for each machine what it takes."""
    boards = [m.machine for m in next(iter(found.values()))]
    rows = [["network", "MACs", "arena", "F", *map(_title, boards)]]
    for name, measurements in found.items():
        generated = measurements[0].generated
        rows.append(
            [
                name,
                _millions(generated.model.macs),
                format_size(generated.layout.peak_ram),
                f"{generated.recompute_factor:.2f}",
                *map(_cost, measurements),
            ]
        )
    return markdown(rows, text_columns=1)


def estimate_table(
    found: Mapping[str, Sequence[Measurement]], fast: Mapping[str, Measurement]
) -> str:
    """A row for each network: errors of the estimates, and the engine's share.

    found: plans of least RAM, on each machine; fast: with more RAM than needed, on the first one.
    """
    boards = [m.machine for m in next(iter(found.values()))]
    first = _title(boards[0])
    titles = [f"error on {_title(board)}" for board in boards]
    shares = [f"engine on {first}", f"fastest on {first}", "its arena", "error", "engine"]
    rows = [["network", *titles, *shares]]
    for name, measurements in found.items():
        quick = fast[name]
        rows.append(
            [
                name,
                *(_signed(m.estimate_error) for m in measurements),
                _share(measurements[0].overhead),
                _cost(quick),
                format_size(quick.generated.layout.peak_ram),
                _signed(quick.estimate_error),
                _share(quick.overhead),
            ]
        )
    return markdown(rows, text_columns=1)


def _signed(share: float) -> str:
    return f"{100 * share:+.1f} %"


def _share(share: float) -> str:
    return f"{100 * share:.1f} %"


def kernel_table(found: Sequence[Sequence[KernelCost]]) -> str:
    """A row for each layer: per MAC or element its kernel and, in brackets, the whole."""
    boards = [cost.measurement.machine for cost in found[0]]
    rows = [["layer", "per", *map(_title, boards)]]
    for costs in found:
        kernel = costs[0].kernel
        rows.append([kernel.label, kernel.per, *map(_each, costs)])
    return markdown(rows, text_columns=2)


def _each(cost: KernelCost) -> str:
    return f"{cost.alone_each:.2f} ({cost.whole_each:.2f})"


def size_table(found: Sequence[Measurement]) -> str:
    """A row for each measurement: the engine's code by file, context, stack."""
    files = list(dict.fromkeys(f for m in found for f in {**m.code.kernels, **m.code.rest}))
    rows = [["board", "kernels", "flags", "all", *files, "context", "stack"]]
    for m in found:
        sizes = {**m.code.kernels, **m.code.rest}
        stack = "-" if m.run.stack is None else format_size(m.run.stack)
        by_file = [format_size(sizes[f]) if f in sizes else "-" for f in files]
        total, context = format_size(m.code.total), format_size(m.run.context)
        rows.append([_title(m.machine), m.isa, m.optimize, total, *by_file, context, stack])
    return markdown(rows, text_columns=3)


def _title(machine: Machine) -> str:
    return machine.name.removeprefix("qemu-")


def _cost(m: Measurement) -> str:
    per_mac = f" ({m.per_mac:.2f})" if m.per_mac is not None else ""
    return f"{_millions(m.cost)}{per_mac}"


def _millions(count: int) -> str:
    return f"{count / 1e6:.2f} M"


def markdown(rows: Sequence[Row], text_columns: int) -> str:
    """The first row is the heading; columns behind the first `text_columns` hold numbers."""
    head, *body = rows
    rule = ["---"] * text_columns + ["---:"] * (len(head) - text_columns)
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, rule, *body))


if __name__ == "__main__":
    sys.exit(main())
