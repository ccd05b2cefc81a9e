"""C text: the header, the tables and the weights of a model with its plan."""

from msfcnn.emit.sources import EmitOptions, Sources, emit

__all__ = ["EmitOptions", "Sources", "emit"]
