"""Networks of the zoo: the published shapes, well conditioned, reproducible."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from msfcnn import zoo
from msfcnn.errors import UsageError
from msfcnn.frontend.onnx import load_model
from msfcnn.ir import Model
from msfcnn.ops import Conv
from msfcnn.reference import execute
from msfcnn.zoo.weights import calibration_images

# kept small, where the architecture allows
SMALL: dict[str, dict[str, float]] = {
    "densenet": {"resolution": 16},
    "fomo": {"resolution": 48},
    "inception": {"resolution": 32},
    "mbv2": {"width": 0.35, "resolution": 96},
    "mobilenetv1": {"resolution": 96},
    "mobilenetv3-small": {"width": 0.35, "resolution": 64},
    "pan": {"resolution": 48},
    "resnet18": {"width": 0.25, "resolution": 64},
    "resnet20": {"width": 0.5, "resolution": 16},
    "shufflenetv2": {"resolution": 64},
    "squeezenet": {"width": 0.25, "resolution": 64},
    "ssd-mobilenet": {"resolution": 64},
    "unet": {"width": 0.0625, "resolution": 32},
}
# largest distance of an output, where it is more than 8: heads on maps of one pixel, behind 30
# layers, multiply single steps of the first ones; no op differs by more than one from onnxruntime's
FARTHEST = {"ssd-mobilenet": 16}
# the shared network of the same architecture
TWINS = {
    "mbv2_w035_r144": ("mbv2", {"width": 0.35, "resolution": 144}),
    "mcunet_vww_5fps": ("mcunetv2-vww-5fps", {}),
    "mcunet_320kb_in_r176": ("mcunet-320kb-imagenet", {}),
    "vww_96": ("mobilenetv1", {}),
    "kws_dscnn": ("ds-cnn", {}),
}


def build(directory: Path, name: str, **options: object) -> Model:
    path = directory / f"{name}.onnx"
    path.write_bytes(zoo.build(name, **options).SerializeToString())
    return load_model(path)


@pytest.mark.parametrize("name", zoo.NAMES)
def test_is_valid_and_well_conditioned(name: str, tmp_path: Path) -> None:
    onnx.checker.check_model(zoo.build(name, **SMALL.get(name, {})), full_check=True)
    model = build(tmp_path, name, **SMALL.get(name, {}))
    images = calibration_images(model.tensors[model.input.tensor].shape, np.random.default_rng(77))
    values = execute(model, np.clip(np.rint(images * 127), -128, 127).astype(np.int8))
    for op in model.ops:
        value = values[op.output]
        if value.size > 1000:  # the few values behind the pool say little
            assert np.isin(value, (-128, 127)).mean() < 0.6, op.node
            assert np.unique(value).size > 60, op.node
    scores = values[model.outputs[0].tensor].reshape(len(images), -1)
    # two classes behind a softmax have few values: some images may share them
    assert len({row.tobytes() for row in scores}) > len(images) // 2


@pytest.mark.parametrize("twin", TWINS)
def test_has_the_published_shapes(twin: str, shared_models: Path, tmp_path: Path) -> None:
    name, options = TWINS[twin]
    assert _shapes(build(tmp_path, name, **options)) == _shapes(
        load_model(shared_models / f"{twin}.onnx")
    )


def _shapes(model: Model) -> list[tuple[object, ...]]:
    """Weights, strides and output of every convolution; all that costs RAM and MACs."""
    return [
        (
            op.weights.shape,
            op.groups,
            (op.geometry.stride_h, op.geometry.stride_w),
            model.tensors[op.output].shape,
        )
        for op in model.ops
        if isinstance(op, Conv)
    ]


@pytest.mark.parametrize("name", zoo.NAMES)
def test_reference_agrees_with_onnxruntime(name: str, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime", reason="pip install 'msfcnn[verify]'")
    model = build(tmp_path, name, **SMALL.get(name, {}))
    images = calibration_images(model.tensors[model.input.tensor].shape, np.random.default_rng(77))
    stored = np.clip(np.rint(images * 127), -128, 127).astype(np.int8)
    values = execute(model, stored)
    options = onnxruntime.SessionOptions()  # exact sums on processors without VNNI too
    options.add_session_config_entry("session.x64quantprecision", "1")
    session = onnxruntime.InferenceSession(tmp_path / f"{name}.onnx", options)
    source = model.tensors[model.input.tensor].quantization
    distances = []
    for i, image in enumerate(stored.transpose(0, 3, 1, 2)):
        given = (image[None] - np.float32(source.zero_point)) * np.float32(source.scale)
        real = session.run(None, {"image": given})
        for port, theirs in zip(model.outputs, real, strict=True):
            target = model.tensors[port.tensor].quantization
            steps = np.rint(theirs / target.scale) + target.zero_point
            ours = port.view(model).to_onnx(values[port.tensor][i])
            distances.append(np.abs(steps - ours).ravel())
    assert np.concatenate(distances).max() <= FARTHEST.get(name, 8)


def test_same_bytes_on_every_processor() -> None:
    """OpenBLAS sums in another order with other kernels; elsewhere the variable has no effect."""
    code = "from msfcnn import zoo; print(hash(zoo.build('resnet8').SerializeToString()))"
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    results = {
        subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
        ).stdout
        for env in (environment, {**environment, "OPENBLAS_CORETYPE": "Prescott"})
    }
    assert len(results) == 1


def test_person_detection_size(tmp_path: Path) -> None:
    """MobileNet v1 0.25 at 96x96x1, the size of TFLM's person detection."""
    model = build(tmp_path, "mobilenetv1", width=0.25, resolution=96, channels=1)
    assert model.tensors[model.input.tensor].shape == (96, 96, 1)
    weights = sum(op.weights.size for op in model.ops if isinstance(op, Conv))
    assert weights == pytest.approx(208_000, rel=0.02)


def test_same_arguments_same_bytes() -> None:
    first, second = (zoo.build("resnet8", seed=3).SerializeToString() for _ in range(2))
    assert first == second
    assert zoo.build("resnet8", seed=4).SerializeToString() != first


def test_names_are_told() -> None:
    with pytest.raises(UsageError) as caught:
        zoo.build("mbv3")
    (problem,) = caught.value.problems
    assert problem.where == "mbv3"
    assert all(name in problem.hint for name in zoo.NAMES)


def test_impossible_sizes_are_told_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        zoo.build("mbv2", width=9.0, resolution=3, classes=1, channels=0, seed=-1)
    assert {p.where for p in caught.value.problems} == {
        *("--width", "--resolution", "--classes", "--channels", "--seed")
    }
    with pytest.raises(UsageError) as caught:
        zoo.build("ds-cnn", classes=10**11, channels=10**8)
    assert {p.where for p in caught.value.problems} == {"--classes", "--channels"}
    with pytest.raises(UsageError):
        zoo.build("ds-cnn", resolution=64)
    with pytest.raises(UsageError):
        zoo.build("mcunetv2-vww-5fps", width=0.5)
