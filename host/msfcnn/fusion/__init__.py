"""The fusion graph: where a network may be cut, and what may run between two cuts."""

from msfcnn.fusion.chains import Chain, chain, chains_from
from msfcnn.fusion.cost import Cost, cost, without_io
from msfcnn.fusion.options import Option, Scheme, Track, track
from msfcnn.fusion.step import Step, node_of
from msfcnn.fusion.steps import Network, network

__all__ = [
    "Chain",
    "Cost",
    "Network",
    "Option",
    "Scheme",
    "Step",
    "Track",
    "chain",
    "chains_from",
    "cost",
    "network",
    "node_of",
    "track",
    "without_io",
]
