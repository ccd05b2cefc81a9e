"""Runs int8 CNNs in a fraction of the RAM: from an ONNX file to C code.

    import msfcnn

    model = msfcnn.load_model("net.onnx")
    found = msfcnn.plan(model, msfcnn.Options(max_ram=16 * 1024))
    msfcnn.generate(model, msfcnn.Options(max_ram=16 * 1024)).write("gen")

docs/api.md describes it, docs/architecture.md the packages in the order of the data flow.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from msfcnn.api import *  # noqa: F403

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """A name of the API, which is loaded when it is first asked for: `--help` goes without."""
    from importlib import import_module

    api = import_module("msfcnn.api")
    if name not in api.__all__:
        raise AttributeError(f"module 'msfcnn' has no attribute '{name}'")
    return getattr(api, name)


def __dir__() -> list[str]:
    from importlib import import_module

    return sorted({*globals(), *import_module("msfcnn.api").__all__})
