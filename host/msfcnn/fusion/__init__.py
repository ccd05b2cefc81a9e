"""The fusion graph: where a network may be cut, and what may run between two cuts."""

from msfcnn.fusion.chains import Chain, chain, chains_from
from msfcnn.fusion.cost import Cost, cost, without_io
from msfcnn.fusion.options import Option, Scheme, Track, track
from msfcnn.fusion.steps import Kind, Network, Reads, Step, network, node_of

__all__ = [
    "Chain",
    "Cost",
    "Kind",
    "Network",
    "Option",
    "Reads",
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
