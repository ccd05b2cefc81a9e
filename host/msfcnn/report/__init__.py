"""What there is to show, as plain frozen dataclasses: terminal, JSON and pages render them.

Modules that compute are imported by those who need them, so that none loads before it is used.
"""

from msfcnn.report.data import from_data, to_data

__all__ = ["from_data", "to_data"]
