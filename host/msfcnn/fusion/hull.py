"""What the readers of a tensor ask of it together, band by band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from msfcnn.fusion.items import Array
from msfcnn.fusion.state import Demand, Sweep
from msfcnn.ir import Reads

_FAR = 1 << 40  # pixels


def hull(sweep: Sweep, readers: Sequence[int], asked: Mapping[int, Demand]) -> Demand:
    """The hull of what the steps that read a tensor need of it.

    asked: what is asked of the output of each step.
    """
    steps = sweep.network.steps
    lines, pixels = sweep.extents(steps[readers[0]].source)
    least: Array | None = None
    high: Array = np.zeros(1, np.int64)
    ends: list[tuple[int, Array]] = []  # of each reader: lines, pixels of each band
    idle = False
    for reader in readers:
        step, its = steps[reader], asked[reader]
        if step.reads is Reads.GLOBAL:
            low, end, used = np.zeros_like(its.low), np.full_like(its.high, pixels), lines
        else:
            across, along = step.axes(sweep.columns)
            low = np.maximum(0, along.first(its.low))
            end = np.minimum(pixels, along.end(its.high))
            used = min(lines, across.end(its.used))
        ends.append((used, end))
        computes = its.low < its.high
        if not computes.all():
            low, idle = np.where(computes, low, _FAR), True
        least = low if least is None else np.minimum(least, low)
        high = np.maximum(high, end)
    assert least is not None, "an open tensor has readers"
    if idle:
        done = np.concatenate([[0], high[:-1]])
        least = np.where(least == _FAR, done[None, :], least)
    used = max(lines for lines, _ in ends)
    last = np.maximum.reduce([end for lines, end in ends if lines == used])
    return Demand(low=least, high=high, used=used, whole=bool((last >= high).all()))
