"""The engine on an Xtensa processor, the family of the ESP32: right bytes under QEMU."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from kernel_cases import random_cases
from kernel_programs import PORT, run_cases
from numpy.typing import NDArray

import msfcnn
from msfcnn import Options
from msfcnn.bench import MACHINES, Bench, Machine
from msfcnn.frontend.onnx import load_model
from msfcnn.reference import execute
from msfcnn.toolchain.native import engine_directory, engine_flags, engine_sources
from msfcnn.verifier.images import load_images

SUPPORT = Path(__file__).with_name("xtensa")
WARNINGS = ("-std=c11", "-Wall", "-Wextra", "-Werror")
IMAGES = 3
MAC16 = "xtensa.mac16"
# functions of its assembly, by file
ASSEMBLY = {
    "expand_mac16": "msfcnn_mac16_expand",
    "outputs_mac16": "msfcnn_mac16_outputs",
    "depthwise_mac16": "msfcnn_depthwise_3x3_asm",
}


def images_header(images: NDArray[np.int8]) -> str:
    """images.h: one initializer per image."""
    rows = ["{" + ",".join(map(str, image.ravel())) + "}" for image in images]
    size = images[0].size
    return f"static const int8_t images[{len(images)}][{size}] = {{{', '.join(rows)}}};\n"


def test_digits_on_lx106(
    repo_root: Path, require_tool: Callable[[str], str], tmp_path: Path
) -> None:
    compiler, emulator = map(require_tool, ("xtensa-lx106-elf-gcc", "qemu-system-xtensa"))
    onnx = repo_root / "apps" / "digits" / "digits.onnx"
    model = load_model(onnx)
    images = load_images(model, onnx.with_name("digits_test.npz"))[0][:IMAGES]
    generate = [sys.executable, "-m", "msfcnn", "generate", onnx, "--out", tmp_path]
    subprocess.run(generate, check=True, capture_output=True)
    (tmp_path / "images.h").write_text(images_header(images))

    program = tmp_path / "digits.elf"
    flags = [*WARNINGS, "-O2", "-ffreestanding", "-mtext-section-literals", "-nostdlib"]
    flags += ["-fno-tree-loop-distribute-patterns"]  # memset() would call itself
    flags += [f"@{tmp_path / 'digits.cflags'}", f"-T{SUPPORT / 'link.ld'}"]
    flags += [f"-I{path}" for path in (SUPPORT, engine_directory() / "include", tmp_path)]
    sources = [SUPPORT / "runner.c", *tmp_path.glob("*.c"), *engine_sources()]
    command = [compiler, *flags, *sources, "-lgcc", "-o", program]
    compiled = subprocess.run(command, capture_output=True, text=True)
    assert compiled.returncode == 0, compiled.stderr

    machine = ["-M", "sim", "-cpu", "lx106", "-nographic", "-monitor", "none", "-semihosting"]
    command = [emulator, *machine, "-kernel", program]
    done = subprocess.run(command, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    expected = execute(model, images)[model.outputs[0].tensor]
    assert done.stdout == np.ascontiguousarray(expected).tobytes()
    assert len(set(map(bytes, expected))) > 1


@pytest.fixture
def mac16(require_tool: Callable[[str], str]) -> Machine:
    machine = next(m for m in MACHINES if m.name == "qemu-xtensa-mac16")
    for program in machine.programs:
        require_tool(program)
    return machine


def test_digits_with_mac16(repo_root: Path, mac16: Machine, tmp_path: Path) -> None:
    """Bench compares all bytes. The portable kernels on the same core take twice as many."""
    onnx = repo_root / "apps" / "digits" / "digits.onnx"
    images = load_images(load_model(onnx), onnx.with_name("digits_test.npz"))[0][:1]
    counts = []
    for isa in (MAC16, "generic"):
        generated = msfcnn.generate(onnx, Options(isa=isa), name="net")
        run = Bench(mac16, tmp_path, "-O2", isa).measure(generated, "net", images).run
        counts.append(run.inferences[0])
    assert counts[0] < 0.55 * counts[1]


@pytest.mark.parametrize("family", ["pointwise_mac16", "conv_mac16", "depthwise_3x3"])
def test_mac16_with_register_windows(family: str, mac16: Machine, tmp_path: Path) -> None:
    """As an ESP32 calls the assembly; all else has plain calls, for want of a compiler."""
    linked = [str(SUPPORT / "windowed.S")]
    for file, function in ASSEMBLY.items():
        source = engine_directory() / "src" / MAC16 / f"{file}.S"
        compiled = tmp_path / f"{file}.o"
        command = [*mac16.compiler, "-mabi=windowed", f"-I{PORT}"]
        command += [f"-D{function}=windowed_{function}", "-c", str(source), "-o", str(compiled)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        linked += [str(compiled), f"-Wl,--wrap={function}"]
    rng = np.random.default_rng(len(family))
    cases = random_cases(family, rng, 60)
    flags = ["-O2", *engine_flags(MAC16)]
    assert run_cases(mac16, cases, rng, tmp_path, flags, linked).complaints == []
