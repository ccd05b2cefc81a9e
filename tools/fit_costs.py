"""Fits the cost model: what plans estimate instructions with, from counts on emulated processors.

    python tools/fit_costs.py                          # everything, some minutes
    python tools/fit_costs.py --only msfcnn_mul        # one kernel, wherever it exists
    python tools/fit_costs.py --isa rv32               # one instruction set

Writes host/msfcnn/costmodel/measured/ISA.CORE.json with compiler, emulator, commit and date.
Needs a checkout, the cross compilers, QEMU, and scipy (pip install 'msfcnn[tools]').
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from cost_fitting import fit, fit_kernel
from msfcnn.bench import Bench, find_machine
from msfcnn.costmodel import Coefficients, coefficients_of, from_data, measured, to_data
from msfcnn.files import write_atomically
from msfcnn.isa import GENERIC, ISAS, MACHINES, Machine

ROOT = Path(__file__).resolve().parents[1]
MEASURED = ROOT / "host" / "msfcnn" / "costmodel" / "measured"


def targets() -> Iterator[tuple[str, Machine]]:
    """Own kernels on the core that stands for their family, and portable ones on all such cores."""
    for machine in MACHINES:
        isa = ISAS[machine.isa]
        if machine.unit == "instructions" and machine.core == isa.core:
            yield GENERIC, machine
            if isa.kernels:
                yield isa.name, machine


def provenance(machine: Machine) -> Mapping[str, str]:
    """With what it was measured."""
    return {
        "compiler": _line(machine.compiler[0], "--version"),
        "emulator": _line(machine.emulator[0], "--version"),
        "commit": _line("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"),
        "date": date.today().isoformat(),
    }


def _line(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]


def main() -> None:
    """Measure, fit and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--isa", help="one instruction set only")
    parser.add_argument("--only", metavar="KERNEL", help="one kernel only, such as msfcnn_mul")
    parser.add_argument("--build", type=Path, default=Path("build/bench"), help="where objects go")
    args = parser.parse_args()
    for isa, machine in targets():
        if args.isa not in (None, isa, machine.isa):
            continue
        bench = Bench(find_machine(machine.name), args.build, isa=isa)
        path = MEASURED / f"{isa}.{machine.core}.json"
        found = _one(bench, path, args.only) if args.only else fit(bench)
        if found is not None:
            text = json.dumps(to_data(found, provenance(machine)), indent=1)
            write_atomically(path, text + "\n")
            for known in (measured, coefficients_of):  # the next one may be of the same core
                known.cache_clear()
            print(path)


def _one(bench: Bench, path: Path, kernel: str) -> Coefficients | None:
    """What was measured before, with one kernel anew."""
    before: dict[str, Any] = json.loads(path.read_text())
    known = from_data(before)
    kernels = fit_kernel(bench, kernel)
    return replace(known, kernels={**known.kernels, **kernels}) if kernels else None


if __name__ == "__main__":
    main()
