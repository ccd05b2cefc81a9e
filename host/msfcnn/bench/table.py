"""The tables of docs/kernels.md, as Markdown between two marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msfcnn.bench.kernels import KernelCost
from msfcnn.bench.measure import Measurement
from msfcnn.errors import Problem, UsageError
from msfcnn.sizes import format_size
from msfcnn.toolchain.machines import Machine

BEGIN = "<!-- begin: msfcnn bench --table -->"
END = "<!-- end: msfcnn bench --table -->"

Row = Sequence[str]


def replace_tables(path: Path, text: str, tables: str) -> str:
    """The text of `path` with what stands between the marks replaced. Raises UsageError."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        what = "has no place for the tables"
        raise UsageError(Problem(str(path), what, f"add the lines '{BEGIN}' and '{END}'"))
    return f"{before}{BEGIN}\n\n{tables}\n{END}{after}"


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
    return _markdown(rows, text_columns=1)


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
    return _markdown(rows, text_columns=1)


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
    return _markdown(rows, text_columns=2)


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
    return _markdown(rows, text_columns=3)


def _title(machine: Machine) -> str:
    return machine.name.removeprefix("qemu-")


def _cost(m: Measurement) -> str:
    per_mac = f" ({m.per_mac:.2f})" if m.per_mac is not None else ""
    return f"{_millions(m.cost)}{per_mac}"


def _millions(count: int) -> str:
    return f"{count / 1e6:.2f} M"


def _markdown(rows: Sequence[Row], text_columns: int) -> str:
    """The first row is the heading; columns behind the first `text_columns` hold numbers."""
    head, *body = rows
    rule = ["---"] * text_columns + ["---:"] * (len(head) - text_columns)
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, rule, *body))
