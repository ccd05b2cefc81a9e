"""The NumPy executor of a model: slow, short, and the specification of the C engine."""

from msfcnn.reference.execute import execute

__all__ = ["execute"]
