"""The command `msfcnn`: one file per verb; the only place that prints."""

from msfcnn.cli.app import main

__all__ = ["main"]
