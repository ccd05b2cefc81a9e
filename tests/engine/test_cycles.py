"""Cycles by a model: QEMU's plugin adds them up in the order of execution."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

import msfcnn
from msfcnn import Options
from msfcnn.bench import Bench
from msfcnn.costmodel import known_cycles
from msfcnn.isa import MACHINES, Machine
from msfcnn.toolchain.compiling import BARE
from msfcnn.toolchain.counting import counting
from msfcnn.toolchain.machines import missing
from msfcnn.verifier.images import random_images

LARGEST_ERROR = 0.15  # of an estimate

# what each piece of code takes beside an empty one; r0 points to a word, r1 to an odd address
PIECES = {
    "": 0,
    "ldr r2, [r0]": 2,
    "ldr r2, [r0]\n ldr r3, [r0]": 3,
    "ldr r2, [r1]": 4,
    "ldrh r2, [r1]": 3,
    "ldrb r2, [r1]": 2,
    "smlad r2, r2, r2, r2\n smlad r2, r2, r2, r2": 2,
    "push {r2, r3}\n pop {r2, r3}": 6,
    "b 1f\n .balign 4\n 1: nop": 3,
    # three turns of three cycles, of which the last one does not jump
    "movs r2, #3\n nop\n 1: subs r2, #1\n bne 1b": 10,
}

PROGRAM = """
#include "port.h"
extern void (*const pieces[])(uint32_t *aligned, char *odd);
int main(void)
{
    static uint32_t words[2];
    int file = port_open("results", PORT_WRITE);
    for (size_t i = 0; i < PIECES; i++) {
        uint64_t begin = port_clock();
        pieces[i](words, (char *)words + 1);
        uint64_t cycles = port_clock() - begin;
        port_write(file, &cycles, sizeof(cycles));
    }
    port_exit(0);
}
"""


def _assembly() -> str:
    functions = "".join(
        f".balign 4\n .thumb_func\n piece_{n}:\n nop\n nop\n {code}\n nop\n bx lr\n"
        for n, code in enumerate(PIECES)
    )
    table = "".join(f".word piece_{n}\n" for n in range(len(PIECES)))
    head = ".syntax unified\n .thumb\n .text\n"
    return f"{head}{functions}.balign 4\n .global pieces\n pieces:\n{table}"


def available(name: str) -> Machine:
    found = next(m for m in MACHINES if m.name == name)
    problems = missing(found)
    if problems:
        pytest.skip(f"{problems[0].what}: {problems[0].hint}")
    return found


def test_the_plugin_adds_up_what_the_manual_says(tmp_path: Path) -> None:
    machine = available("model-cortex-m4")
    (tmp_path / "main.c").write_text(PROGRAM)
    (tmp_path / "pieces.s").write_text(_assembly())
    sources = ["main.c", "pieces.s", *(str(BARE / file) for file in machine.sources)]
    options = ["-std=gnu11", "-O1", f"-DPIECES={len(PIECES)}", f"-I{BARE}", f"-L{BARE}"]
    command = [*machine.compiler, *options, *sources, *machine.link, "-o", "program"]
    subprocess.run(command, cwd=tmp_path, check=True)
    (tmp_path / "results").write_bytes(b"")
    plugin = counting(machine, tmp_path / "program", tmp_path)
    command = [*machine.emulator, *plugin, "-display", "none", "-monitor", "none"]
    subprocess.run([*command, "-kernel", "program"], cwd=tmp_path, check=True, timeout=60)
    counts = np.fromfile(tmp_path / "results", dtype="<u8").tolist()
    beside = [count - counts[0] for count in counts]
    assert dict(zip(PIECES, beside, strict=True)) == PIECES


@pytest.mark.parametrize("name", [m.name for m in MACHINES if m.model])
def test_a_network_is_counted_in_cycles(name: str, repo_root: Path, tmp_path: Path) -> None:
    machine = available(name)
    options = Options(isa=machine.isa, core=machine.core)
    digits = msfcnn.generate(repo_root / "apps" / "digits" / "digits.onnx", options, name="digits")
    found = Bench(machine, tmp_path).measure(digits, "digits", random_images(digits.model, 1))
    assert found.data()["unit"] == "cycles"
    assert sum(stage.cost for stage in found.stages) == found.cost
    # at least one cycle an instruction, at most those of a product
    assert 1 < found.cost / digits.schedule.instructions < 5
    assert sum(kernel.cost for kernel in found.kernels) < found.cost
    if machine.processor in known_cycles():
        assert abs(found.estimate_error) < LARGEST_ERROR
