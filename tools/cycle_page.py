"""Cycles of networks and layers: the tables of docs/kernels.md that tools/kernel_page.py has not.

    python tools/cycle_page.py docs/kernels.md

By the cycle models, and on the RTL of CV32E40P; some minutes. Needs Verilator and that RTL beside
the cross compilers and QEMU. The networks are those of $MSFCNN_MODELS or ../shared/models, and of
the zoo.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import kernel_page
import msfcnn
from msfcnn.bench import Bench, KernelCost, Measurement, find_machine, measure_kernel
from msfcnn.bench.kernels import KERNELS
from msfcnn.errors import MsfcnnError
from msfcnn.files import write_all, write_atomically
from msfcnn.options import Options
from msfcnn.render import error_text
from msfcnn.sizes import format_size
from msfcnn.verifier import random_images
from msfcnn.zoo import build

ROOT = Path(__file__).resolve().parents[1]
BEGIN = "<!-- begin: tools/cycle_page.py -->"
END = "<!-- end: tools/cycle_page.py -->"
AMPLE = 2 << 20  # bytes of RAM: more than the fastest plan needs

# what counts cycles, what counts instructions of the same code, the title of the column
NETWORKS = (
    ("model-cortex-m4", "qemu-cortex-m4", "Cortex-M4, model"),
    ("rtl-cv32e40p", "qemu-rv32", "CV32E40P, RTL"),
    ("model-fe310", "qemu-rv32", "FE310, model"),
)
# of single layers: the model of CV32E40P agrees with its RTL within 1 %, and is much faster
LAYERS = (
    ("model-cortex-m4", "Cortex-M4, model"),
    ("model-cortex-m0plus", "Cortex-M0+, model"),
    ("model-cv32e40p", "CV32E40P, model"),
    ("model-fe310", "FE310, model"),
)
SHARED = ("digits_cnn", "kws_dscnn", "vww_96")
ZOO = ("resnet8",)


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", type=Path, help="the Markdown file whose tables are replaced")
    parser.add_argument("--build", type=Path, default=Path("build/bench"), help="for objects")
    args = parser.parse_args()
    try:
        text = args.page.read_text(encoding="utf-8")
        kernel_page.replace_tables(args.page, text, "", BEGIN, END)  # whether there is a place
        tables = f"{network_table(args.build)}\n{layer_table(args.build)}"
        text = kernel_page.replace_tables(args.page, text, tables, BEGIN, END)
        write_atomically(args.page, text)
    except MsfcnnError as error:
        sys.stderr.write(error_text(error.problems))
        return error.exit_code
    return 0


def network_table(place: Path) -> str:
    """A row for each network: its fastest plan, and cycles on each processor."""
    benches = _benches(place, [name for pair in NETWORKS for name in pair[:2]])
    head = ["network", "arena", *(title for _, _, title in NETWORKS)]
    return kernel_page.markdown(
        [head, *(_network_row(path, benches) for path in _networks(place))], text_columns=1
    )


def layer_table(place: Path) -> str:
    """A row for each layer: cycles of its kernel per MAC or element, and with the engine."""
    benches = _benches(place, [name for name, _ in LAYERS])
    rows = [["layer", "per", *(title for _, title in LAYERS)]]
    for kernel in KERNELS:
        costs = [measure_kernel(benches[name], kernel, place) for name, _ in LAYERS]
        rows.append([kernel.label, kernel.per, *map(_each, costs)])
    return kernel_page.markdown(rows, text_columns=2)


def _benches(place: Path, names: Sequence[str]) -> Mapping[str, Bench]:
    return {name: Bench(find_machine(name), place) for name in dict.fromkeys(names)}


def _networks(place: Path) -> Sequence[Path]:
    shared = Path(os.environ.get("MSFCNN_MODELS", ROOT.parent / "shared" / "models"))
    directory = place / "networks"
    write_all(directory, {f"{name}.onnx": build(name).SerializeToString() for name in ZOO})
    found = [shared / f"{name}.onnx" for name in SHARED]
    return (*(path for path in found if path.is_file()), *(directory / f"{n}.onnx" for n in ZOO))


def _network_row(path: Path, benches: Mapping[str, Bench]) -> list[str]:
    cells, first = [], None
    for cycles, instructions, _ in NETWORKS:
        found, counted = (_measure(benches[name], path) for name in (cycles, instructions))
        first = first or found
        ratio = found.cost / counted.cost
        cells.append(f"{found.cost / 1e6:.2f} M ({ratio:.2f} an instruction)")
    assert first is not None
    return [path.stem, format_size(first.generated.layout.peak_ram), *cells]


def _measure(bench: Bench, path: Path) -> Measurement:
    options = Options(max_ram=AMPLE, isa=bench.isa, core=bench.core)
    generated = msfcnn.generate(path, options, name="net", command="tools/cycle_page.py")
    return bench.measure(generated, "net", random_images(generated.model, 1))


def _each(cost: KernelCost) -> str:
    return f"{cost.alone_each:.2f} ({cost.whole_each:.2f})"


if __name__ == "__main__":
    sys.exit(main())
