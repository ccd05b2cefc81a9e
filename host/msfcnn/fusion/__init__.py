"""The fusion graph: where a network may be cut, and what may run between two cuts.

The way through the package: `steps` makes steps of a model and `order` arranges them; `edge` says
which runs of them can be a stage; `edges` and `search` price the options of each edge by `growth`,
with the formulas of `windows`, `waiting`, `overlap`, `scratch` and `price`; `graph` collects them
for the planner. `cost` prices one option by the same code, which `schedule` and `layout` follow.
"""

from msfcnn.fusion.cost import SUM_BYTES, Cost, Window, cost, costs, kernel_of, place_of
from msfcnn.fusion.edge import LONGEST, Edge, edge, edges_from
from msfcnn.fusion.graph import (
    FusionGraph,
    Schemes,
    least_macs,
    least_prices,
    option_of,
    unfused_graph,
    with_bands,
)
from msfcnn.fusion.options import DEFAULT_RUN, Option, Scheme
from msfcnn.fusion.order import orders
from msfcnn.fusion.paper import paper_cost, paper_graph, paper_without_io
from msfcnn.fusion.price import Currency, Place
from msfcnn.fusion.search import Found, Limits
from msfcnn.fusion.state import Sweep
from msfcnn.fusion.step import LOAD_OP, Step, node_of
from msfcnn.fusion.steps import Network, network
from msfcnn.fusion.twice import Gate, gates, in_two_passes, two_passes
from msfcnn.fusion.windows import Resident

__all__ = [
    "DEFAULT_RUN",
    "LOAD_OP",
    "LONGEST",
    "SUM_BYTES",
    "Cost",
    "Currency",
    "Edge",
    "Found",
    "FusionGraph",
    "Gate",
    "Limits",
    "Network",
    "Option",
    "Place",
    "Resident",
    "Scheme",
    "Schemes",
    "Step",
    "Sweep",
    "Window",
    "cost",
    "costs",
    "edge",
    "edges_from",
    "gates",
    "in_two_passes",
    "kernel_of",
    "least_macs",
    "least_prices",
    "network",
    "node_of",
    "option_of",
    "orders",
    "paper_cost",
    "paper_graph",
    "paper_without_io",
    "place_of",
    "two_passes",
    "unfused_graph",
    "with_bands",
]
