"""Each op in generated code: alone and in stages, whole, pushed and pulled, under sanitizers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from plan_programs import check_bytes, run_plans
from random_models import random_images

from msfcnn.fusion import network
from msfcnn.ir import Geometry, InputMode, Model, Op, Quantization
from msfcnn.ops import OPS, Add, Conv, Sketch, draw_conv
from msfcnn.planner import Goal, plan, plan_layer_by_layer
from msfcnn.reference import execute
from msfcnn.schedule import schedule


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.__name__)
def test_an_op_gives_the_bytes_of_its_reference(op: type[Op], tmp_path: Path, engine: Path) -> None:
    net = Sketch((9, 12, 3))
    draw_conv(net, 8, 3)
    op.sample(net)
    draw_conv(net, 6, 1)
    check_plans(net.model("sample"), tmp_path, engine)


@pytest.mark.parametrize("op", [o for o in OPS if issubclass(o, Add)], ids=lambda op: op.__name__)
def test_ties_of_sums_in_generated_code(op: type[Op], tmp_path: Path, engine: Path) -> None:
    """One operand is in eighths, all else in quarters: many sums lie between two outputs."""
    net = Sketch((9, 12, 3))
    draw_conv(net, 8, 3)
    op.sample(net)
    draw_conv(net, 6, 1)
    model = net.model("ties")
    (index,) = (i for i, o in enumerate(model.ops) if type(o) is op)
    added = model.ops[index]
    tensors = tuple(
        replace(t, quantization=Quantization(1 / 8 if i == added.inputs[0] else 1 / 4, 3))
        for i, t in enumerate(model.tensors)
    )
    model = replace(model, tensors=tensors)
    values = execute(model, random_images(model, 2, seed=3)[:1])
    odd, summed = ((values[t].astype(int) - 3) % 2 for t in (added.inputs[0], added.output))
    assert odd.mean() > 0.2
    assert not summed.any()
    check_plans(model, tmp_path, engine)


@pytest.mark.parametrize("behind", [(0, 1), (2, 0), (1, 3)])
def test_a_kernel_of_one_pixel_reads_padding_behind_the_last(
    behind: tuple[int, int], tmp_path: Path, engine: Path
) -> None:
    net = Sketch((6, 7, 3))
    draw_conv(net, 4, 1)
    geometry = Geometry(kernel_h=1, kernel_w=1, pad_bottom=behind[0], pad_right=behind[1])
    net.add(
        lambda node, x, y: Conv(
            node=node,
            input=x,
            output=y,
            geometry=geometry,
            groups=4,
            weights=np.full((4, 1, 1, 1), 127, np.int8),
            weight_scale=np.full(4, 1 / 127),
            bias=np.zeros(4, np.int64),
        ),
        (6 + behind[0], 7 + behind[1], 4),
    )
    draw_conv(net, 6, 3)
    check_plans(net.model("padded"), tmp_path, engine)


def check_plans(model: Model, tmp_path: Path, engine: Path) -> None:
    """In every input mode layer by layer, in row sweeps, and with the least RAM."""
    schedules = []
    for mode in InputMode:
        steps = network(model, mode)
        schedules.append(schedule(plan_layer_by_layer(steps)))
        schedules += [schedule(plan(steps, Goal(max_macs=f))) for f in (1.0, float("inf"))]
    images = random_images(model, 2, seed=3)
    expected = execute(model, images)
    for run in run_plans(model, schedules, images, tmp_path, engine):
        check_bytes(model, run, expected)
        assert run.schedule.peak_ram == run.peak == run.announced
