"""Every kernel writes, byte by byte, what the Python reference says."""

from __future__ import annotations

import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from kernel_cases import CASES, random_cases, source_of

from msfcnn.verify.toolchain import SANITIZERS, WARNINGS, engine_directory

DRIVER = Path(__file__).with_name("kernel_driver.c")
FAMILIES = [*CASES, "global_average"]
COUNT = 60


def kernel_sources() -> list[Path]:
    """The kernels without the engine around them."""
    files = sorted((engine_directory() / "src").glob("*.c"))
    return [f for f in files if f.stem not in ("engine", "sweep")]


@pytest.mark.parametrize("family", FAMILIES)
def test_portable_kernels_under_sanitizers(
    family: str, tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    rng = np.random.default_rng(zlib.crc32(family.encode()))
    source_of(random_cases(family, rng, COUNT), rng).write(tmp_path / "cases.inc")
    program = tmp_path / "driver"
    include = [f"-I{engine_directory() / 'include'}", f"-I{tmp_path}"]
    command = [require_tool("gcc"), *WARNINGS, *SANITIZERS, *include, str(DRIVER)]
    built = subprocess.run(
        [*command, *map(str, kernel_sources()), "-o", str(program)], capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr
    done = subprocess.run([str(program)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("passed")
