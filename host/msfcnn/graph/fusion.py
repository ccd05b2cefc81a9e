"""Cut points and fusion edges.

A cut point stands before an op: there the network may be cut, and the tensors that later ops
need are whole in RAM. An edge is a contiguous run of ops between two cut points, executed as
one stage; a path of edges from the first to the last cut point is a plan. So far every edge is
a single op under the `layer` scheme.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from msfcnn.model import Model
from msfcnn.model.liveness import live_during
from msfcnn.model.network import op_macs


class Scheme(Enum):
    """How a stage runs."""

    LAYER = "layer"
    LINE = "line"
    H_CACHE = "h_cache"


@dataclass(frozen=True)
class CutPoint:
    """The place before op `position`; `live` are the tensors that are whole in RAM there."""

    position: int
    live: tuple[int, ...]


@dataclass(frozen=True)
class EdgeOption:
    """One way to run an edge: bytes of tensors it holds in RAM, and MACs it executes."""

    scheme: Scheme
    band_rows: int
    ram: int
    macs: int


@dataclass(frozen=True)
class FusionEdge:
    """Ops first .. last - 1 as one stage, with the ways to run it."""

    first: int
    last: int
    options: tuple[EdgeOption, ...]


@dataclass(frozen=True)
class FusionGraph:
    """Cut points in order, and the edges between them."""

    cut_points: tuple[CutPoint, ...]
    edges: tuple[FusionEdge, ...]


def fusion_graph(model: Model) -> FusionGraph:
    """The fusion graph of a model whose edges are single ops."""
    live = live_during(model)
    cuts = [CutPoint(0, (model.input.tensor,))]
    edges = []
    for index, op in enumerate(model.ops):
        later = live[index + 1] if index + 1 < len(live) else _outputs(model)
        cuts.append(CutPoint(index + 1, tuple(t for t in later if t in live[index])))
        ram = sum(model.tensors[t].size for t in live[index] if t != model.input.tensor)
        height = model.tensors[op.output].height
        option = EdgeOption(Scheme.LAYER, height, ram, op_macs(model, op))
        edges.append(FusionEdge(index, index + 1, (option,)))
    return FusionGraph(tuple(cuts), tuple(edges))


def _outputs(model: Model) -> tuple[int, ...]:
    return tuple(port.tensor for port in model.outputs)
