"""The bench application's integer statistics against Python's."""

from __future__ import annotations

import ctypes
import random
import statistics
import subprocess
from collections.abc import Callable

import pytest
from riot_build import APPS

# quantiles of Student's distribution for 95 %, by the size of the sample
QUANTILES = {10: 2.262, 20: 2.093, 31: 2.042, 100: 1.984}


class Statistics(ctypes.Structure):
    """statistics_t of statistics.h."""

    _fields_ = [(name, ctypes.c_uint32) for name in ("mean", "median", "min", "max", "low", "high")]


@pytest.fixture(scope="module")
def library(
    tmp_path_factory: pytest.TempPathFactory, require_tool: Callable[[str], str]
) -> ctypes.CDLL:
    path = tmp_path_factory.mktemp("statistics") / "statistics.so"
    flags = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-shared", "-fPIC"]
    source = APPS / "bench" / "statistics.c"
    subprocess.run([require_tool("gcc"), *flags, str(source), "-o", str(path)], check=True)
    return ctypes.CDLL(str(path))


@pytest.mark.parametrize("spread", [0, 3, 1000, 5_000_000])
@pytest.mark.parametrize("count", QUANTILES)
def test_statistics(library: ctypes.CDLL, count: int, spread: int) -> None:
    rng = random.Random(count + spread)
    values = [rng.randint(500_000_000 - spread, 500_000_000 + spread) for _ in range(count)]
    got = Statistics()
    array = (ctypes.c_uint32 * count)(*values)
    library.statistics(ctypes.byref(got), array, ctypes.c_size_t(count))
    mean, deviation = statistics.mean(values), statistics.stdev(values)
    half = QUANTILES[count] * deviation / count**0.5
    assert abs(got.mean - mean) <= 0.5
    assert abs(got.median - statistics.median(values)) <= 0.5
    assert (got.min, got.max) == (min(values), max(values))
    for bound, expected in ((got.low, mean - half), (got.high, mean + half)):
        assert abs(bound - expected) <= 1.5 + 0.03 * half
