"""Counts cycles and instructions of the same programs: what plans estimate times with.

    python tools/measure_cycles.py                  # every processor, some minutes
    python tools/measure_cycles.py cortex-m4        # one

Writes host/msfcnn/costmodel/processors/NAME.json. Needs a checkout, the cross compilers, QEMU and,
for cv32e40p and fe310, Verilator and the RTL of CV32E40P.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msfcnn
from fit_costs import provenance
from msfcnn.bench import Bench, Measurement, find_machine
from msfcnn.files import write_all, write_atomically
from msfcnn.options import Options
from msfcnn.verifier import random_images
from msfcnn.zoo import build

ROOT = Path(__file__).resolve().parents[1]
PROCESSORS = ROOT / "host" / "msfcnn" / "costmodel" / "processors"
FEW = ("digits", "ds-cnn")  # where the RTL is simulated
NETWORKS = (*FEW, "mobilenetv1", "resnet8")
AMPLE = 2 << 20  # bytes of RAM: more than the fastest plan needs
ENGINE = "engine"
DIGITS = 4  # behind the point of a ratio

Counts = Mapping[str, int]  # by kernel, and of the engine


@dataclass(frozen=True, kw_only=True)
class Processor:
    """Where its cycles come from: those of the first machine, with what two others differ by.

    counts: the machine whose instructions are counted.
    networks: what they are counted on.
    """

    name: str
    kind: str
    basis: str
    machine: str
    differs: tuple[str, str] | None = None
    counts: str
    networks: tuple[str, ...] = FEW


FOUND = (
    Processor(
        name="cortex-m4",
        kind="cycle model",
        basis="timings of the Cortex-M4 Technical Reference Manual, no wait states",
        machine="model-cortex-m4",
        counts="qemu-cortex-m4",
        networks=NETWORKS,
    ),
    Processor(
        name="cortex-m0plus",
        kind="cycle model",
        basis="timings of the Cortex-M0+ Technical Reference Manual, no wait states",
        machine="model-cortex-m0plus",
        counts="qemu-cortex-m0",
        networks=NETWORKS,
    ),
    Processor(
        name="cortex-m0",
        kind="cycle model",
        basis="timings of the Cortex-M0 Technical Reference Manual, no wait states",
        machine="model-cortex-m0",
        counts="qemu-cortex-m0",
        networks=NETWORKS,
    ),
    Processor(
        name="cv32e40p",
        kind="RTL",
        basis="RTL of CV32E40P, memory without wait states",
        machine="rtl-cv32e40p",
        counts="qemu-rv32",
    ),
    Processor(
        name="fe310",
        kind="RTL and cycle model",
        basis=(
            "RTL of CV32E40P and what FE310's manual says of products, loads and branches; "
            "without waits for its serial flash"
        ),
        machine="rtl-cv32e40p",
        differs=("model-fe310", "model-cv32e40p"),
        counts="qemu-rv32",
    ),
)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [processor.name for processor in FOUND]
    parser.add_argument("names", metavar="NAME", nargs="*", help=f"of {', '.join(names)}")
    parser.add_argument("--build", type=Path, default=Path("build/bench"), help="where objects go")
    args = parser.parse_args()
    if unknown := set(args.names) - set(names):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    known: dict[str, Counts] = {}
    for processor in FOUND:
        if not args.names or processor.name in args.names:
            data = measured(processor, args.build, known)
            text = json.dumps(data, indent=1) + "\n"
            write_atomically(PROCESSORS / f"{processor.name}.json", text)
            print(f"{processor.name}: {data['overall']} cycles an instruction")


def measured(processor: Processor, place: Path, known: dict[str, Counts]) -> Mapping[str, object]:
    """What the file of a processor holds; `known` keeps what machines have counted."""

    def counts(name: str) -> Counts:
        if name not in known:
            known[name] = _counts(name, processor.networks, place)
        return known[name]

    instructions, cycles = counts(processor.counts), dict(counts(processor.machine))
    if processor.differs:
        more, less = map(counts, processor.differs)
        cycles = {name: cycles[name] + more[name] - less[name] for name in cycles}
    ratios = {name: round(cycles[name] / instructions[name], DIGITS) for name in cycles}
    return {
        "name": processor.name,
        "kind": processor.kind,
        "basis": processor.basis,
        "provenance": provenance(find_machine(processor.machine)),
        "overall": round(sum(cycles.values()) / sum(instructions.values()), DIGITS),
        ENGINE: ratios.pop(ENGINE),
        "kernels": dict(sorted(ratios.items())),
    }


def _counts(name: str, networks: Sequence[str], place: Path) -> Counts:
    """Of the plans of least RAM and of the fastest ones, for all networks together."""
    bench = Bench(find_machine(name), place)
    found: Counter[str] = Counter()
    for path in _networks(networks, place / "networks"):
        for limit in (None, AMPLE):
            found.update(_by_kernel(_measure(bench, path, limit)))
    return found


def _networks(names: Sequence[str], directory: Path) -> Sequence[Path]:
    own = {"digits": ROOT / "apps" / "digits" / "digits.onnx"}
    paths = [own.get(name, directory / f"{name}.onnx") for name in names]
    built = {f"{n}.onnx": build(n).SerializeToString() for n in names if n not in own}
    write_all(directory, built)
    return paths


def _measure(bench: Bench, path: Path, limit: int | None) -> Measurement:
    options = Options(max_ram=limit, isa=bench.isa, core=bench.core)
    generated = msfcnn.generate(path, options, name="net", command="tools/measure_cycles.py")
    return bench.measure(generated, "net", random_images(generated.model, 1))


def _by_kernel(found: Measurement) -> Counts:
    counted: Counter[str] = Counter()
    for kernel in found.kernels:
        counted[kernel.kernel] += kernel.cost
    counted[ENGINE] = found.cost - sum(counted.values())
    return counted


if __name__ == "__main__":
    main()
