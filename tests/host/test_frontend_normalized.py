"""int8 files that normalize their input before they quantize it: the caller's part, not an op."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx_builder import Net, Scale, run
from test_frontend_oracle import agree, evaluate

from msfcnn.emit.pixels import normalization_lines
from msfcnn.errors import ModelError
from msfcnn.frontend import load_model
from msfcnn.ir import Pixels
from msfcnn.verifier import random_images
from msfcnn.verifier.oracle import Oracle

MEAN = np.float32([0.485, 0.456, 0.406]).reshape(1, 3, 1, 1)
STD = np.float32([0.229, 0.224, 0.225]).reshape(1, 3, 1, 1)
SHAPE = (1, 3, 8, 8)
CHAINS: dict[str, Callable[[Net, str], str]] = {
    "mean and std of channels": lambda n, x: n.node(
        "Div", n.node("Sub", x, n.const(MEAN)), n.const(STD)
    ),
    "to the middle, where everything is a tie": lambda n, x: n.node(
        "Mul", n.node("Sub", x, n.const(np.float32(127.5))), n.const(np.float32(1 / 127.5))
    ),
    "one minus": lambda n, x: n.node("Sub", n.const(np.float32(1)), x),
    "scaled, moved and turned round": lambda n, x: n.node(
        "Add", n.node("Mul", n.const(-STD), x), n.const(MEAN)
    ),
}


def normalizing(chain: Callable[[Net, str], str], path: Path, channels_last: bool = False) -> Path:
    shape = (1, 8, 8, 3) if channels_last else SHAPE

    def before(net: Net, x: str) -> str:
        return chain(net, net.node("Transpose", x, perm=[0, 3, 1, 2]) if channels_last else x)

    net = Net(shape, before=before)
    net.output(net.conv(net.input, (4, 3, 3, 3)))
    return net.save(path)


@pytest.mark.parametrize("channels_last", [False, True], ids=["NCHW", "NHWC"])
@pytest.mark.parametrize("chain", CHAINS)
def test_normalization_is_no_op(chain: str, channels_last: bool, tmp_path: Path) -> None:
    path = normalizing(CHAINS[chain], tmp_path / "net.onnx", channels_last)
    model = load_model(path)
    assert [type(op).__name__ for op in model.ops] == ["Conv"]
    oracle = Oracle(path, model)
    for image in random_images(model, 4, seed=1):
        ours = evaluate(model, image)[model.outputs[0].tensor]
        difference = ours.astype(int) - oracle.run(image)[0]
        assert np.abs(difference).max() <= 1
        assert (difference != 0).mean() < 0.02


@pytest.mark.parametrize("chain", CHAINS)
def test_real_inputs_are_stored_as_the_file_stores_them(chain: str, tmp_path: Path) -> None:
    path = normalizing(CHAINS[chain], tmp_path / "net.onnx")
    model = load_model(path)
    quantized = model.tensors[model.input.tensor]
    images = np.random.default_rng(3).uniform(0, 1, (5, *SHAPE[1:])).astype(np.float32)
    images *= 255 if "middle" in chain else 1
    for image, stored in zip(images, model.input.stored(model, images), strict=True):
        theirs = run(path, image[None], [quantized.name])[quantized.name]
        assert (theirs[0] != stored).mean() < 0.01  # ties in float32


def test_constants_of_pixels_are_refused(tmp_path: Path) -> None:
    path = normalizing(
        lambda n, x: n.node("Sub", x, n.const(np.linspace(0, 1, 64).reshape(8, 8))),
        tmp_path / "net.onnx",
    )
    with pytest.raises(ModelError, match="a constant of shape"):
        load_model(path)


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_an_input_may_be_moved_before_it_is_quantized(dtype: str, tmp_path: Path) -> None:
    """onnxruntime's quantizer leaves Slice and Concat of the input as they are."""

    def before(net: Net, x: str) -> str:
        starts, ends = (net.const(np.array(v)) for v in ([0, 1], [3, 8]))
        axes = net.const(np.array([1, 2]))
        part = net.node("Slice", x, starts, ends, axes)
        return net.node("Concat", part, net.node("Slice", x, starts, ends, axes), axis=1)

    net = Net(
        (1, 4, 8, 8), first=Scale(1 / 32, 100 if dtype == "uint8" else 3, dtype), before=before
    )
    net.output(net.conv(net.input, (4, 6, 3, 3)))
    agree(net, tmp_path)


def test_the_header_tells_the_normalization(tmp_path: Path) -> None:
    model = load_model(normalizing(CHAINS["mean and std of channels"], tmp_path / "net.onnx"))
    text = "\n".join(normalization_lines(model, "NET"))
    for name, values in (("MEAN", MEAN), ("STD", STD)):
        line = next(line for line in text.splitlines() if f"NET_INPUT_{name}" in line)
        found = [float(v.rstrip("f")) for v in line.split("{")[1].strip(" }").split(", ")]
        assert np.allclose(found, values.ravel())


def test_pixels_go_through_both_normalizations() -> None:
    pixels = Pixels(color="rgb", white=1, mean=(0.5,), std=(0.25,)).then((0.1, 0.2, 0.3), (2.0,))
    real = np.array([0.0, 0.4, 1.0])
    wanted = ((real - 0.5) / 0.25 - np.array([0.1, 0.2, 0.3])) / 2
    assert np.allclose((real - pixels.mean) / pixels.std, wanted)
