"""How far TFLite's own rounding is from ours: the table of docs/tflite.md.

    ./dev python tools/tflite_rounding.py NET.tflite=IMAGES.npz [...]

Needs tflite-micro or ai-edge-litert: pip install 'msfcnn[tflite]'.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from msfcnn.frontend import load_model
from msfcnn.reference import execute
from msfcnn.verifier.images import load_images
from msfcnn.verifier.tflite import compare


def main(pairs: list[str]) -> None:
    """Prints a line for each network, then the shares by op."""
    print("| network | runtime | images | op by op | differing | whole network |")
    print("|---|---|---|---|---|---|")
    per_op: dict[str, list[float]] = defaultdict(list)
    for pair in pairs:
        file, _, stored = pair.partition("=")
        path = Path(file)
        model = load_model(path)
        images, _ = load_images(model, Path(stored))
        ours = execute(model, images)
        found = compare(path, model, images, dict(enumerate(ours)))
        if found is None or not found.runtime:
            sys.exit(f"{file}: {found.reason if found else 'is no TFLite file'}")
        for op in model.ops:
            if op.output in found.differing:
                per_op[type(op).__name__].append(found.differing[op.output])
        sizes = {t: model.tensors[t].size for t in found.differing}
        share = sum(found.differing[t] * n for t, n in sizes.items()) / sum(sizes.values())
        print(
            f"| {path.stem} | {found.runtime} | {len(images)} | {max(found.worst.values())} LSB "
            f"| {share:.2%} | {found.outputs_lsb} LSB |"
        )
    print()
    for name, shares in sorted(per_op.items()):
        print(f"{name}: {np.mean(shares):.2%} of values on average, {max(shares):.2%} at most")


if __name__ == "__main__":
    main(sys.argv[1:])
