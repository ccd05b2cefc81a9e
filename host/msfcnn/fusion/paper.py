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
from math import prod

from msfcnn.fusion.chains import Chain, all_chains
from msfcnn.fusion.cost import is_final
from msfcnn.fusion.graph import FusionGraph
from msfcnn.fusion.options import Option, Scheme
from msfcnn.fusion.search import Found, alone
from msfcnn.fusion.step import Step
from msfcnn.fusion.steps import Network
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
    chains = all_chains(network)
    for ends, edge in chains.items():
        if len(edge.steps) == 1 or (_fits(edge) and not (edge.loads and pushed)):
            edges[ends] = [_priced(edge)]
    return FusionGraph(network, chains, 1, edges)


def paper_cost(chain: Chain) -> PaperCost:
    """What the paper counts for a chain; for a single layer its input and output."""
    source, target = chain.input_bytes, chain.output_bytes
    if len(chain.steps) == 1:
        return PaperCost(0, source, target, chain.other_bytes, chain.steps[0].macs)
    rows = _tile_rows(chain)
    steps = list(zip(chain.steps, rows, strict=False))
    caches = sum(_columns(s) * high * s.source[2] for s, high in steps if not s.loads)
    return PaperCost(caches, source, target, chain.other_bytes, _macs(chain, rows))


def paper_without_io(chain: Chain, found: PaperCost) -> int:
    """Bytes without the network's output; a whole image with the caller is not counted anyway."""
    return found.total - (found.output if is_final(chain) else 0)


def _priced(edge: Chain) -> Found:
    found = paper_cost(edge)
    return alone(paper_option(edge), found.total, paper_without_io(edge, found), found.macs)


def paper_option(chain: Chain) -> Option:
    """How the engine runs what the paper plans."""
    if len(chain.steps) == 1:
        return Option(Scheme.LAYER, chain.shapes[-1][1], run=1)
    return Option(Scheme.H_CACHE, 1, run=1, tight=False)


def _fits(chain: Chain) -> bool:
    """The paper's tiles are square and lie within the block's input."""
    high = _tile_rows(chain)[0]
    return high <= chain.shapes[0][0] and high <= chain.shapes[0][1]


def _columns(step: Step) -> int:
    return 1 if step.reads is Reads.GLOBAL else step.columns.extent


def _tile_rows(chain: Chain) -> list[int]:
    """Rows of each tensor that one output row needs, padding counted."""
    rows = [1]
    for step in reversed(chain.steps):
        whole = step.reads is Reads.GLOBAL
        high = (rows[-1] - 1) * step.rows.stride + step.rows.extent
        rows.append(step.source[0] if whole else high)
    return rows[::-1]


def _macs(chain: Chain, rows: list[int]) -> int:
    """Bands x rows of a band x columns; a layer's bands are those its own padding has room for."""
    stride = prod(step.rows.stride for step in chain.steps)
    total = 0
    for step, high, out in zip(chain.steps, rows, rows[1:], strict=False):
        padded = step.source[0] + _padding(step.rows, step)
        bands = max(0, padded - high) // stride + 1
        total += bands * out * step.target[1] * step.macs_per_pixel
        stride //= step.rows.stride
    return total


def _padding(axis: Axis, step: Step) -> int:
    """Padded rows, above and below."""
    return axis.pad + max(0, axis.end(step.target[0]) - step.source[0])
