"""The NumPy executor of a model: slow, short, and the specification of the C engine."""

from msfcnn.reference.execute import execute, execute_some, run_op

__all__ = [
    "execute",
    "execute_some",
    "run_op",
]
