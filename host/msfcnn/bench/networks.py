"""The networks of the documentation's tables: those of a directory, or the zoo's."""

from __future__ import annotations

import os
from pathlib import Path

from msfcnn.files import write_all
from msfcnn.zoo import NAMES, build

_SHARED = Path(__file__).parents[4] / "shared" / "models"  # beside a checkout
_FLOAT = "_fp32"


def networks(directory: Path) -> tuple[Path, ...]:
    """Int8 models, smallest file first: of $MSFCNN_MODELS or ../shared/models, else of the zoo.

    Those of the zoo are built in `directory`.
    """
    shared = Path(os.environ.get("MSFCNN_MODELS", _SHARED))
    found = [path for path in shared.glob("*.onnx") if not path.stem.endswith(_FLOAT)]
    if not found:
        write_all(directory, {f"{name}.onnx": build(name).SerializeToString() for name in NAMES})
        found = [directory / f"{name}.onnx" for name in NAMES]
    return tuple(sorted(found, key=lambda path: (path.stat().st_size, path.name)))
