"""The bundled network does what its README says."""

from __future__ import annotations

from pathlib import Path

from msfcnn.frontend.onnx import load_model
from msfcnn.reference import execute
from msfcnn.verifier.check import accuracy
from msfcnn.verifier.images import load_images


def test_bundled_network(repo_root: Path) -> None:
    model = load_model(repo_root / "apps" / "digits" / "digits.onnx")
    images, labels = load_images(model, repo_root / "apps" / "digits" / "digits_test.npz")
    assert len(images) == 450
    assert labels is not None
    share = accuracy(execute(model, images)[model.outputs[0].tensor], labels)
    assert share is not None
    assert share >= 0.985
    assert sum(type(op).__name__ == "Add" for op in model.ops) == 3
