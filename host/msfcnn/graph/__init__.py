"""The fusion graph: where a network may be cut, and what may run between two cuts."""

from msfcnn.graph.fusion import (
    CutPoint,
    EdgeOption,
    FusionEdge,
    FusionGraph,
    Scheme,
    fusion_graph,
)

__all__ = [
    "CutPoint",
    "EdgeOption",
    "FusionEdge",
    "FusionGraph",
    "Scheme",
    "fusion_graph",
]
