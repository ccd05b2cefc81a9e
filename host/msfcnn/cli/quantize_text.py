"""What `msfcnn quantize` says: figures of the comparison, and everything worth a warning.

Int8 is compared with float on the same images. An error is the root mean square of the difference,
relative to that of the float values; the cosine is the least of all images.
"""

from __future__ import annotations

from collections.abc import Sequence

from msfcnn.render import Block, Column, Facts, Table, Verbatim, error_text, grouped
from msfcnn.report import OutputError, QuantizationReport, to_data
from msfcnn.sizes import format_size

LOST = 0.5  # of an output: an error beyond it leaves little of what float computes
SHOWN = 8  # warnings of one kind; the rest is counted


def data(done: QuantizationReport) -> dict[str, object]:
    """Everything as JSON values."""
    compared = done.comparison
    return {
        "file": str(done.files[0]),
        "bytes": done.size,
        "preprocessing": str(done.files[1]) if done.files[1:] else None,
        "method": done.method,
        "biases_corrected": done.corrected,
        "notes": list(done.notes),
        "degenerate": [{"value": k, "what": v} for k, v in done.degenerate.items()],
        "unsupported": [to_data(problem) for problem in done.unsupported],
        "compared": {
            "images": compared.images,
            "held_out": compared.held_out,
            "outputs": [to_data(output) for output in compared.outputs],
            "worst_layers": [to_data(layer) for layer in compared.worst],
        },
    }


def blocks(done: QuantizationReport) -> tuple[Block, ...]:
    """Tables and facts for people."""
    compared = done.comparison
    method = done.method + (", biases corrected" if done.corrected else "")
    where = "images it was not calibrated with" if compared.held_out else "calibration images"
    facts = [("file", str(done.files[0])), ("size", f"{format_size(done.size)} bytes")]
    facts += [("pictures", str(file)) for file in done.files[1:]]
    facts += [("method", method), ("compared on", f"{compared.images} {where}")]
    facts += [("note", note) for note in done.notes]
    found: list[Block] = [Facts(tuple(facts)), _outputs(compared.outputs), _worst(done)]
    found += _warnings(done)
    return tuple(found)


def _outputs(outputs: Sequence[OutputError]) -> Table:
    columns = (
        Column("int8 against float: output", wraps=True),
        Column("error", right=True),
        Column("least cosine", right=True),
        Column("same class", right=True),
        Column("accuracy float", right=True),
        Column("int8", right=True),
    )
    return Table(
        columns,
        tuple(
            (
                o.name,
                f"{o.error:.1%}",
                f"{o.cosine:.4f}",
                _share(o.agreement),
                _share(o.accuracy_float),
                _share(o.accuracy_int8),
            )
            for o in outputs
        ),
    )


def _worst(done: QuantizationReport) -> Table:
    columns = (Column("worst layers", wraps=True), Column("error", right=True))
    return Table(columns, tuple((w.node, f"{w.error:.1%}") for w in done.comparison.worst))


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"


def _warnings(done: QuantizationReport) -> list[Block]:
    """Outputs that are lost, ranges that say nothing, what of the result msfcnn would not run."""
    lost = [output for output in done.comparison.outputs if not output.error < LOST]
    lines = [
        f"warning: int8 does not compute '{o.name}': it is {o.error:.0%} off; the worst layers are "
        "above: try --method best, and images as the network will see\n"
        for o in lost
    ]
    lines += [f"warning: '{name}' {what}\n" for name, what in done.degenerate.items()]
    if len(lines) > len(lost) + SHOWN:
        more = len(lines) - len(lost) - SHOWN
        lines[len(lost) + SHOWN :] = [f"warning: and {more} more values like these\n"]
    if done.unsupported:
        shown = error_text(grouped(done.unsupported)).removeprefix("error: ")
        lines.append(f"warning: msfcnn does not run this model: {shown}")
    return [Verbatim("".join(lines))] if lines else []
