"""A stage that has grown complete: what is whole beside its windows, and how far that overlaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from msfcnn.fusion.edge import Edge
from msfcnn.fusion.growth import Growth
from msfcnn.fusion.items import Array
from msfcnn.fusion.overlap import overhang, single_overhang, unfilled, walk
from msfcnn.fusion.price import Place, kernel_at
from msfcnn.fusion.scratch import Scratch


@dataclass(frozen=True)
class FinishedStages:
    """Complete stages of an edge.

    total, bare, price: by item: bytes, bytes as the paper counts, price.
    region: [states, variants] bytes of the dying input and the output, or of all ends.
    others: bytes of other whole tensors. scratch: of the kernels.
    tail:   the tensor in whose window the dying input may begin.
    shared: by item: bytes of scratch and runs together.
    """

    edge: Edge
    total: Array
    bare: Array
    price: Array
    region: Array
    others: int
    tail: int | None
    scratch: Scratch
    shared: Array


def finish(growth: Growth, first: int) -> FinishedStages | None:
    """The items of a growth as stages that begin with step `first`; None if none exists."""
    if any(k < 0 for k in growth.asked):
        return None
    steps, items = growth.network.steps, growth.items
    price, scratch = items.price, growth.scratch
    for tensor, readers in growth.open.items():
        for k in (k for k in readers if steps[k].x == tensor):
            price = price + growth.price(k, Place(columns=growth.sweep.columns))[items.at]
            kernel = kernel_at(steps[k], inner=False, planar=False)
            scratch = scratch.with_kernel([kernel], k)
    edge = Edge(growth.network, first, growth.sweep.end)
    region, others, tail = _whole(growth, edge)
    shared = scratch.shared(items.runs, items.variant, growth.sums)
    windows = items.bytes + shared + growth.sums
    total = windows + region[items.at] + others
    # without the network's output, whatever it overlaps: input and skips stay
    bare = np.minimum(total, windows + edge.live_bytes) if edge.is_final else total
    return FinishedStages(
        edge=edge,
        total=total,
        bare=bare,
        price=price,
        region=region,
        others=others,
        tail=tail,
        scratch=scratch,
        shared=shared,
    )


def _whole(growth: Growth, edge: Edge) -> tuple[Array, int, int | None]:
    """Bytes of whole tensors: [states, variants] of the two that overlap, and of the others.

    And the tensor in whose window the dying input may begin.
    """
    none = np.zeros((growth.states, len(growth.run)), np.int64)
    tensor = edge.dying
    if tensor is None or growth.sweep.split:
        return none + edge.born_bytes, edge.live_bytes, None
    source, target = growth.network.sizes[tensor], edge.born_bytes
    others = edge.live_bytes - source
    if growth.sweep.columns:
        return none + _band_region(growth, edge, source, target)[:, None], others, None
    if len(edge.steps) == 1:
        return none + _single_region(growth, edge, source), others, None
    region, tail = _row_region(growth, tensor, source)
    return none + region, others, tail


def _band_region(growth: Growth, edge: Edge, source: int, target: int) -> Array:
    """Column sweep: band by band, [states].

    While a band runs, its output rows are written and its input rows needed, all of both, because
    each column of the sweep goes from the first to the last of them.
    """
    last, asked = edge.steps[-1], growth.demand(edge.live[-1])
    reader = growth.network.steps[growth.open[edge.live[-1]][0]]
    row_in = growth.sweep.extents(reader.source)[0] * reader.source[2]
    row_out = growth.sweep.extents(last.target)[0] * last.target[2]
    high = np.minimum(
        (np.arange(asked.low.shape[1]) + 1) * growth.sweep.band,
        growth.sweep.extents(last.target)[1],
    )
    # a band of which only padding is left to read needs nothing of the input
    needed = np.minimum(asked.low * row_in, source)
    ahead = (high[None, :] * row_out - needed).max(axis=1)
    region: Array = np.maximum(max(source, target), source + ahead)
    return region


def _single_region(growth: Growth, edge: Edge, source: int) -> Array:
    """A single step, run by run: [variants]."""
    step = edge.steps[0]
    its = walk(step, False, step.target[0])
    ahead = [single_overhang(step, run, its, step.target[1]) for run in growth.terms.run]
    return np.maximum(source, source + np.array(ahead, np.int64))


def _row_region(growth: Growth, tensor: int, source: int) -> tuple[Array, int | None]:
    """Row sweep of several steps, pixel by pixel: [variants]."""
    readers = growth.open[tensor]
    steps = growth.network.steps
    walks = {k: walk(steps[k], False, growth.asked[k].used) for k in readers}
    needed = [growth.positions[k].needed(walks[k]) for k in readers]
    ahead = overhang(growth.written, needed)
    window = growth.first_windows[readers[0]] if len(readers) == 1 else None
    late = np.zeros(len(growth.run), np.int64)
    if window is not None:
        pairs = list(zip(window.slots.tolist(), window.save.tolist(), strict=True))
        its = walks[readers[0]]
        found = {(n, save): unfilled(n, window.line, save, its) for n, save in set(pairs)}
        late = np.array([found[pair] for pair in pairs], np.int64)
    region: Array = source + np.maximum(-late, ahead)
    return region, window.tensor if window is not None else None
