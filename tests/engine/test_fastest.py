"""The plan that is called fastest is: no plan of less RAM executes fewer instructions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import msfcnn
from msfcnn import Options
from msfcnn.bench import MACHINES, Bench
from msfcnn.errors import InfeasibleError
from msfcnn.pipeline import Generated
from msfcnn.verifier.images import random_images
from msfcnn.zoo import build as build_network

AMPLE = 2 << 20  # bytes of RAM: more than the fastest plan of any of the networks needs
SMALLER = (0.999, 0.9, 0.8, 0.65, 0.5, 0.35)  # of the fastest plan's arena
NETWORKS = (
    *("ds-cnn", "mobilenetv1", "mcunetv2-vww-5fps", "resnet8", "fomo", "squeezenet", "mbv2"),
    "mcunet-320kb-imagenet",
)


@pytest.mark.long
@pytest.mark.parametrize("name", NETWORKS)
def test_no_smaller_plan_executes_less(
    name: str, tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    machine = MACHINES[0]
    for tool in (machine.compiler[0], *machine.emulator[:1]):
        require_tool(tool)
    path = tmp_path / f"{name}.onnx"
    path.write_bytes(build_network(name).SerializeToString())
    bench = Bench(machine, tmp_path)

    def count(plan: Generated) -> int:
        return bench.measure(plan, "net", random_images(plan.model, 1)).cost

    fastest, *smaller = plans(path, Options(isa=machine.isa, core=machine.core, max_ram=AMPLE))
    assert smaller, "there are plans of less RAM"
    least = count(fastest)
    counted = {plan.layout.peak_ram: count(plan) for plan in smaller}
    assert min(counted.values()) >= least, (fastest.layout.peak_ram, least, counted)


def plans(path: Path, options: Options) -> Iterator[Generated]:
    """The fastest plan, and the fastest of less RAM, each once."""
    fastest = msfcnn.generate(path, options, name="net")
    yield fastest
    known = fastest.layout.peak_ram
    for share in SMALLER:
        limit = min(known - 1, int(fastest.layout.peak_ram * share))
        try:
            found = msfcnn.generate(path, replace(options, max_ram=limit), name="net")
        except InfeasibleError:
            return
        yield found
        known = found.layout.peak_ram
