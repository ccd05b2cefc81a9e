"""The command `msfcnn`: one file per verb; the only place that prints.

A verb is `add_parser` (its options) and `run` (from options to an Outcome). What it does is done by
the Python API (msfcnn/api.py) or a package behind it; files called *_text.py turn results into
tables. app.py chooses the verb, prints the outcome and makes exit codes of errors.
"""

from msfcnn.cli.app import main

__all__ = ["main"]
