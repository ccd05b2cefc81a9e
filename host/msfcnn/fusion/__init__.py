"""The fusion graph: where a network may be cut, and what may run between two cuts."""

from msfcnn.fusion.cost import Cost, cost
from msfcnn.fusion.edge import Edge, edge, edges_from
from msfcnn.fusion.options import Option, Scheme
from msfcnn.fusion.step import Step, node_of
from msfcnn.fusion.steps import Network, network

__all__ = [
    "Cost",
    "Edge",
    "Network",
    "Option",
    "Scheme",
    "Step",
    "cost",
    "edge",
    "edges_from",
    "network",
    "node_of",
]
