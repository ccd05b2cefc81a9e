"""The plan space and the accounting of the msf-CNN paper, for comparison: arXiv 2505.11483.

Layer by layer, or fused in its H-cache scheme with one output row a band: every layer of a fused
block keeps as many columns of its input as its kernel is wide and as many rows as one output row
of the block needs, its first layer too; input and output do not overlap, nothing is kept from band
to band. The figures are what the paper counts, which is not what the engine needs: it counts a
block's own input twice (whole, and in the cache), neither clips rows at the borders nor counts all
bands of the layers whose padding adds up, and knows no kernel's scratch. docs/plan.md compares.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import prod

from msfcnn.fusion.edge import Edge, edges_from
from msfcnn.fusion.graph import FusionGraph
from msfcnn.fusion.options import Option, Scheme
from msfcnn.fusion.search import Found, alone
from msfcnn.fusion.step import Step
from msfcnn.fusion.steps import Network
from msfcnn.fusion.windows import delay
from msfcnn.ir import Axis, InputMode, Reads


@dataclass(frozen=True)
class PaperCost:
    """Bytes of a block's caches, its input and output, and the live skips; its MACs."""

    caches: int
    input: int
    output: int
    others: int
    macs: int

    @property
    def total(self) -> int:
        """Bytes while the block runs."""
        return self.caches + self.input + self.output + self.others


def paper_graph(network: Network) -> FusionGraph:
    """Edges of the paper's plan space, with its bytes and MACs."""
    pushed = network.mode is InputMode.PUSH  # bands read rows of the image twice
    edges = {}
    for first in range(len(network.steps)):
        for edge in edges_from(network, first):
            chain = _is_chain(edge) and _fits(edge) and not (edge.loads and pushed)
            if len(edge.steps) == 1 or chain:
                edges[edge.first, edge.last] = [_priced(edge)]
    return FusionGraph(network, 1, edges)


def _is_chain(edge: Edge) -> bool:
    """Whether each step reads what the one before it writes, a sum perhaps an older tensor, too."""
    steps = edge.steps
    if edge.ends != (edge.output,) or any(step.partial for step in steps[:-1]):
        return False
    skips = (step.y for step in steps if step.y in edge.inner)
    return all(b.x == a.z for a, b in pairwise(steps)) and all(
        delay(edge.network, tensor, False) is not None for tensor in skips if tensor is not None
    )


def _input_bytes(edge: Edge) -> int:
    """Of what the first step reads, if it is in the arena."""
    network, step = edge.network, edge.steps[0]
    if step.loads or network.born[step.x] < 0:
        return 0
    return network.sizes[step.x]


def paper_cost(edge: Edge) -> PaperCost:
    """What the paper counts for an edge; for a single layer its input and output."""
    source, target = _input_bytes(edge), edge.born_bytes
    others = edge.live_bytes - source
    if len(edge.steps) == 1:
        return PaperCost(
            caches=0, input=source, output=target, others=others, macs=edge.steps[0].macs
        )
    rows = _tile_rows(edge)
    steps = list(zip(edge.steps, rows, strict=False))
    caches = sum(_columns(s) * high * s.source[2] for s, high in steps if not s.loads)
    return PaperCost(
        caches=caches, input=source, output=target, others=others, macs=_macs(edge, rows)
    )


def paper_without_io(edge: Edge, found: PaperCost) -> int:
    """Bytes without the network's output; a whole image with the caller is not counted anyway."""
    return found.total - (found.output if edge.is_final else 0)


def _priced(edge: Edge) -> Found:
    found = paper_cost(edge)
    return alone(paper_option(edge), found.total, paper_without_io(edge, found), found.macs)


def paper_option(edge: Edge) -> Option:
    """How the engine runs what the paper plans."""
    if len(edge.steps) == 1:
        return Option(scheme=Scheme.LAYER, band=edge.shape[1], run=1)
    return Option(scheme=Scheme.H_CACHE, band=1, run=1, tight=False)


def _fits(edge: Edge) -> bool:
    """The paper's tiles are square and lie within the block's input."""
    high = _tile_rows(edge)[0]
    return high <= edge.steps[0].source[0] and high <= edge.steps[0].source[1]


def _columns(step: Step) -> int:
    """Columns that a cache of the paper keeps for a step."""
    return 1 if step.reads is Reads.GLOBAL else step.columns.extent


def _tile_rows(edge: Edge) -> list[int]:
    """Rows of each tensor that one output row needs, padding counted."""
    rows = [1]
    for step in reversed(edge.steps):
        whole = step.reads is Reads.GLOBAL
        high = (rows[-1] - 1) * step.rows.stride + step.rows.extent
        rows.append(step.source[0] if whole else high)
    return rows[::-1]


def _macs(edge: Edge, rows: list[int]) -> int:
    """Bands x rows of a band x columns; a layer's bands are those its own padding has room for."""
    stride = prod(step.rows.stride for step in edge.steps)
    total = 0
    for step, high, out in zip(edge.steps, rows, rows[1:], strict=False):
        padded = step.source[0] + _padding(step.rows, step)
        bands = max(0, padded - high) // stride + 1
        total += bands * out * step.target[1] * step.macs_per_pixel
        stride //= step.rows.stride
    return total


def _padding(axis: Axis, step: Step) -> int:
    """Padded rows, above and below."""
    return axis.pad + max(0, axis.end(step.target[0]) - step.source[0])
