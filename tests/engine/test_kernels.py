"""Every kernel writes, byte by byte, what the Python reference says."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest
from kernel_cases import CASES, MAC16_CASES, MVE_CASES, V6M_CASES, V7EM_CASES, random_cases
from kernel_programs import run_cases

from msfcnn.isa import MACHINES, Machine
from msfcnn.toolchain.kernels import listed_kernels
from msfcnn.toolchain.machines import missing
from msfcnn.toolchain.native import SANITIZERS, engine_flags

PORTABLE = [*CASES, "global_average"]
V7EM = [*V7EM_CASES, "global_average_v7em"]
MAC16_PORTABLE = ("depthwise", "depthwise_3x3")  # with an inner loop for it
MVE = [*MVE_CASES, "global_average_mve"]
EMULATED = [
    *("qemu-cortex-m4", "qemu-cortex-m7", "qemu-cortex-m55", "qemu-cortex-m0"),
    *("qemu-rv32", "qemu-xtensa"),
    *(
        pytest.param(name, marks=pytest.mark.long)
        for name in ("qemu-cortex-m33", "qemu-cortex-m3", "qemu-rv32-zbb")
    ),
]


def _machine(name: str) -> Machine:
    machine = next(m for m in MACHINES if m.name == name)
    problems = missing(machine)
    if problems:
        pytest.skip(f"{problems[0].what}: {problems[0].hint}")
    return machine


def _generator(*words: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(" ".join(words).encode()))


def test_every_kernel_of_the_list_is_tried() -> None:
    assert {f"msfcnn_{name}" for name in (*PORTABLE, *V7EM, *MVE, *MAC16_CASES)} == {
        k.name for k in listed_kernels()
    }


@pytest.mark.parametrize("family", PORTABLE)
def test_portable_kernels_under_sanitizers(family: str, tmp_path: Path) -> None:
    rng = _generator(family)
    cases = random_cases(family, rng, 60)
    assert run_cases(_machine("host"), cases, rng, tmp_path, SANITIZERS).complaints == []


def test_portable_kernels_as_fallback(tmp_path: Path) -> None:
    rng = _generator("fallback")
    families = ("conv", "pointwise", "depthwise")
    cases = [case for family in families for case in random_cases(family, rng, 60)]
    flags = [*engine_flags("armv7e-m"), *SANITIZERS]
    assert run_cases(_machine("host"), cases, rng, tmp_path, flags).complaints == []


@pytest.mark.parametrize("machine", EMULATED)
@pytest.mark.parametrize("optimize", [pytest.param("-O3", marks=pytest.mark.long), "-Os"])
def test_portable_kernels_on_emulated_processors(
    machine: str, optimize: str, tmp_path: Path
) -> None:
    rng = _generator(machine, optimize)
    cases = [case for family in PORTABLE for case in random_cases(family, rng, 15)]
    assert run_cases(_machine(machine), cases, rng, tmp_path, [optimize]).complaints == []


@pytest.mark.parametrize("family", V6M_CASES)
def test_assembly_for_cortex_m0(family: str, tmp_path: Path) -> None:
    rng = _generator("v6m", family)
    cases = random_cases(family, rng, 120)
    assert run_cases(_machine("qemu-cortex-m0"), cases, rng, tmp_path, ["-Os"]).complaints == []


@pytest.mark.parametrize("family", ["pointwise", "conv"])
def test_assembly_with_zbb(family: str, tmp_path: Path) -> None:
    rng = _generator("zbb", family)
    cases = random_cases(family, rng, 60)
    assert run_cases(_machine("qemu-rv32-zbb"), cases, rng, tmp_path, ["-O2"]).complaints == []


@pytest.mark.parametrize(
    "machine",
    [
        "qemu-cortex-m4",
        pytest.param("qemu-cortex-m7", marks=pytest.mark.long),
        pytest.param("qemu-cortex-m33", marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize("family", V7EM)
@pytest.mark.parametrize("optimize", ["-O3", pytest.param("-Os", marks=pytest.mark.long)])
def test_packed_kernels(machine: str, family: str, optimize: str, tmp_path: Path) -> None:
    rng = _generator(machine, family)
    cases = random_cases(family, rng, 120)
    flags = [optimize, *engine_flags("armv7e-m")]
    assert run_cases(_machine(machine), cases, rng, tmp_path, flags).complaints == []


@pytest.mark.parametrize("family", MVE)
def test_helium_kernels(family: str, tmp_path: Path) -> None:
    rng = _generator("mve", family)
    cases = random_cases(family, rng, 120)
    flags = ["-O3", *engine_flags("armv8.1-m.mve")]
    assert run_cases(_machine("qemu-cortex-m55"), cases, rng, tmp_path, flags).complaints == []


@pytest.mark.parametrize("family", [*MAC16_CASES, *MAC16_PORTABLE])
def test_kernels_for_mac16(family: str, tmp_path: Path) -> None:
    rng = _generator("mac16", family)
    cases = random_cases(family, rng, 120)
    flags = ["-O3", *engine_flags("xtensa.mac16")]
    assert run_cases(_machine("qemu-xtensa-mac16"), cases, rng, tmp_path, flags).complaints == []
