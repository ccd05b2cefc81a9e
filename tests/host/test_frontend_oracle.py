"""What an imported model computes, against onnxruntime: every tensor, within 1 LSB per op.

The shared networks come with exact results (y_exact): those must match bit by bit.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx_builder import Net, Scale, run

from msfcnn.frontend.onnx import load_model
from msfcnn.ir import TO_EVEN, Clamp, Model
from msfcnn.ops import Conv
from msfcnn.reference import execute
from msfcnn.verifier import random_images
from msfcnn.verifier.oracle import Oracle

Int8 = NDArray[np.int8]
KEPT_FORMS = "MSFCNN_KEPT_FORMS"


def evaluate(model: Model, image: NDArray[Any]) -> list[Int8]:
    """All tensors of a model for stored input values in HWC."""
    return [values[0] for values in execute(model, image[None])]


def agree(net: Net | Path, tmp_path: Path, seed: int = 1, slack: int = 1) -> Model:
    """Imports a model and compares all its tensors and outputs with onnxruntime's.

    slack: LSB of difference allowed for the outputs of a model with several ops.
    """
    path = net if isinstance(net, Path) else net.save(tmp_path / "net.onnx")
    model = load_model(path)
    _keep(path)
    port = model.input
    rng = np.random.default_rng(seed)
    view = port.view(model)
    stored = rng.integers(-128, 128, view.shape).astype(np.int8)
    onnx_stored = view.to_onnx(stored)
    q = view.quantization
    real = (stored.astype(np.float32) - q.zero_point) * np.float32(q.scale)
    feed = _to_onnx(real, model) if port.dtype == "float32" else onnx_stored
    assert str(feed.dtype) == port.dtype
    ports = {p.name for p in model.outputs}
    named = {o for n in onnx.load(path).graph.node for o in n.output}
    integers = [t.name for t in model.tensors if t.name in named and t.name not in ports]
    theirs = run(path, feed, integers)
    ours = evaluate(model, stored)
    _compare_tensors(model, ours, theirs, ports, slack)
    _compare_outputs(model, ours, theirs, slack)
    return model


def _keep(path: Path) -> None:
    """A copy for tests/engine/test_forms.py, which runs these models as C code."""
    if directory := os.environ.get(KEPT_FORMS):
        content = path.read_bytes()
        words = os.environ["PYTEST_CURRENT_TEST"].split("::")[-1].split(" (")[0]
        name = re.sub(r"\W+", "_", words).strip("_")
        (Path(directory) / f"{name}_{zlib.crc32(content):08x}.onnx").write_bytes(content)


def _to_onnx(real: NDArray[np.float32], model: Model) -> NDArray[np.float32]:
    port = model.input
    ordered = real if port.onnx_order.value == "HWC" else real.transpose(2, 0, 1)
    return np.ascontiguousarray(ordered).reshape(port.onnx_shape)


def _compare_tensors(
    model: Model, ours: list[Int8], theirs: dict[str, Any], ports: set[str], slack: int
) -> None:
    for tensor, values in zip(model.tensors, ours, strict=True):
        if tensor.name in theirs and tensor.name not in ports:
            expected = theirs[tensor.name]
            if expected.dtype == np.float32:  # a MaxPool or Relu that nothing quantizes
                steps = expected / np.float32(tensor.quantization.scale)
                expected = np.rint(steps) + tensor.quantization.zero_point
                expected = (expected + 128 * tensor.unsigned).astype(np.int16)
            assert expected.shape == tensor.onnx_shape, tensor.name
            shown = tensor.to_onnx(values).astype(int)
            assert np.abs(shown - expected.astype(int)).max() <= slack, tensor.name


def _compare_outputs(model: Model, ours: list[Int8], theirs: dict[str, Any], slack: int) -> None:
    for port in model.outputs:
        view = port.view(model)
        expected = theirs[port.name]
        assert expected.shape == port.onnx_shape
        assert str(expected.dtype) == port.dtype
        stored = view.to_onnx(ours[port.tensor]).astype(np.float64)
        if port.dtype == "float32":
            q = view.quantization
            stored = (stored - q.zero_point - 128 * view.unsigned) * q.scale
            slack_here = slack * q.scale * 1.001
        else:
            slack_here = slack
        assert np.abs(stored - expected.astype(np.float64)).max() <= slack_here
        assert len(np.unique(expected)) > 2 or expected.size <= 4, "a constant proves nothing"


def largest(net: Net, x: str, zero: int) -> str:
    """The largest of 3 x 3 pixels, in the scale of the input: no function of the pixel alone."""
    return net.qdq(
        net.node("MaxPool", x, kernel_shape=[3, 3], pads=[1, 1, 1, 1]), Scale(1 / 16, zero)
    )


def resized(net: Net, x: str, mode: str, factor: float = 2) -> str:
    """A map made higher and wider."""
    scales = net.const(np.array([1, 1, factor, factor], np.float32))
    return net.node("Resize", x, "", scales, mode=mode)


def column(net: Net, *values: float) -> str:
    """A number for each channel."""
    return net.const(np.array(values, np.float32).reshape(-1, 1, 1))


HALVES: dict[str, Callable[[Net, str, str], str]] = {
    "requantized": lambda n, x, y: n.qdq(x, Scale(1 / 8, 1)),
    "requantized and clamped": lambda n, x, y: n.qdq(n.node("Relu", x), Scale(1 / 8, -2)),
    "joined": lambda n, x, y: n.qdq(n.node("Concat", x, y, axis=1), Scale(1 / 8, -3)),
    "multiplied": lambda n, x, y: n.qdq(n.node("Mul", x, y), Scale(1 / 2, 5)),
    "a mean of pixels": lambda n, x, y: n.qdq(
        n.node("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2]), Scale(1 / 16, 3)
    ),
    "a mean with a border": lambda n, x, y: n.qdq(
        n.node("AveragePool", x, kernel_shape=[2, 2], pads=[1, 1, 0, 0]), Scale(1 / 16, 2)
    ),
    "a mean of nine pixels": lambda n, x, y: n.qdq(
        n.node("AveragePool", x, kernel_shape=[3, 3], pads=[1, 1, 1, 1]), Scale(1 / 8, 3)
    ),
    "a mean of a map": lambda n, x, y: n.qdq(n.node("GlobalAveragePool", x), Scale(1 / 16, 1)),
    "a mean of channels": lambda n, x, y: n.qdq(
        n.node("ReduceMean", x, axes=[1], keepdims=1), Scale(1 / 16, 0)
    ),
    "a mean of three channels": lambda n, x, y: n.qdq(
        n.node(
            "ReduceMean",
            n.node("Slice", x, *(n.const(np.array([v])) for v in (0, 3, 1))),
            axes=[1],
            keepdims=1,
        ),
        Scale(1 / 8, 3),
    ),
    "slopes": lambda n, x, y: n.qdq(
        n.node("PRelu", x, column(n, 0.25, 1.5, -0.75, 1 / 8)), Scale(1 / 8, -7)
    ),
    "added": lambda n, x, y: n.qdq(n.node("Add", x, largest(n, x, -2)), Scale(1 / 8, 4)),
    "added to an odd zero": lambda n, x, y: n.qdq(
        n.node("Add", x, largest(n, x, 7)), Scale(1 / 8, -3)
    ),
    "added and clamped": lambda n, x, y: n.qdq(
        n.node("Relu", n.node("Add", x, largest(n, x, 5))), Scale(1 / 8, -128)
    ),
    "subtracted": lambda n, x, y: n.qdq(n.node("Sub", largest(n, x, 5), x), Scale(1 / 4, 5)),
    "added twice": lambda n, x, y: n.qdq(n.node("Add", x, x), Scale(1 / 2, 1)),
    "a vector added": lambda n, x, y: n.qdq(
        n.node("Add", x, n.qdq(n.node("GlobalAveragePool", y), Scale(1 / 16, 1))), Scale(1 / 8, 3)
    ),
    "channels multiplied": lambda n, x, y: n.qdq(
        n.node("Mul", x, column(n, 0.5, 1.5, -0.25, 2)), Scale(1 / 8, 5)
    ),
    "channels normalized": lambda n, x, y: n.qdq(
        n.node("Add", n.node("Mul", x, column(n, 1, 2, -1, 3)), column(n, 0.5, 1, 0, 0.3125)),
        Scale(1 / 8, -1),
    ),
    "the larger": lambda n, x, y: n.qdq(n.node("Max", x, y), Scale(1 / 8, 4)),
    "the largest pixel": lambda n, x, y: n.qdq(
        n.node("MaxPool", x, kernel_shape=[3, 3], pads=[1, 1, 1, 1]), Scale(1 / 8, 4)
    ),
    "the largest pixel, clamped": lambda n, x, y: n.qdq(
        n.node("Relu", n.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])), Scale(1 / 8, -3)
    ),
    "some channels": lambda n, x, y: n.qdq(
        n.node("Slice", x, *(n.const(np.array([v])) for v in (1, 3, 1))), Scale(1 / 8, 1)
    ),
    "channels of zeros": lambda n, x, y: n.qdq(
        n.node("Pad", x, n.const(np.array([0, 2, 0, 0, 0, 1, 0, 0]))), Scale(1 / 8, 1)
    ),
    "between pixels": lambda n, x, y: n.qdq(resized(n, x, "linear"), Scale(1 / 16, 3)),
    "between pixels, in larger steps": lambda n, x, y: n.qdq(
        n.node("Relu", resized(n, x, "linear", 4)), Scale(1 / 8, -128)
    ),
    "larger": lambda n, x, y: n.qdq(resized(n, x, "nearest"), Scale(1 / 8, -5)),
    "larger and clamped": lambda n, x, y: n.qdq(
        n.node("Clip", resized(n, x, "nearest"), n.const(np.float32(-2.5)), n.const(np.float32(3))),
        Scale(1 / 8, 2),
    ),
    "pixels of channels": lambda n, x, y: n.qdq(
        n.node("DepthToSpace", x, blocksize=2), Scale(1 / 4, 0)
    ),
}


@pytest.mark.parametrize("case", HALVES)
def test_halves_are_rounded_to_even(case: str, tmp_path: Path) -> None:
    """Scales are powers of two, so float32 is exact, and many values are halves."""
    net = Net([1, 4, 8, 8], first=Scale(1 / 16, 3))
    other = net.qdq(net.node("Tanh", net.input), Scale(1 / 128, -9))
    net.output(HALVES[case](net, net.input, other))
    path = net.save(tmp_path / "net.onnx")
    model = load_model(path)
    _keep(path)
    oracle = Oracle(path, model)
    for image in random_images(model, 8, seed=3):
        ours = [values[0] for values in execute(model, image[None])]
        for port, theirs in zip(model.outputs, oracle.run(image), strict=True):
            assert np.array_equal(ours[port.tensor], theirs)


@pytest.mark.parametrize("groups", [1, 3])
def test_ties_are_rounded_to_even(groups: int, tmp_path: Path) -> None:
    """Powers of two among the scales: one accumulator in 512 lies between two outputs."""
    net = Net([1, 3, 20, 20], first=Scale(1 / 32, 0))
    stored = net.rng.integers(-127, 128, (9, 3 // groups, 3, 3)).astype(np.int8)
    weights = (net.const(stored), net.const(np.float32(1 / 64)), net.const(np.int8(0)))
    y = net.node("Conv", net.input, net.node("DequantizeLinear", *weights), group=groups)
    net.output(net.qdq(y, Scale(1 / 4, 0)))
    model = agree(net, tmp_path, slack=0)
    conv = model.ops[0]
    assert isinstance(conv, Conv)
    assert (conv.constants(model).scaling.shift & TO_EVEN).all()


SHARED = [
    "digits_cnn",
    "kws_dscnn",
    "mcunet_vww_5fps",
    "person_detect",
    "vww_96",
    "chain_mn2_vww5_r80",
    "mbv2_w035_r144",
    "mbv2_w035_r144_msf",
    "chain_mbv2_w035_r144",
    "chain_mn2_320k_r176",
    "mcunet_320kb_in_r176",
    "mobilenet_v2_224",
]
FAST = SHARED[:6]


def shared(directory: Path, name: str) -> Path:
    path = directory / f"{name}.onnx"
    if not path.is_file():
        pytest.skip(f"{name}.onnx: shared models not found, set MSFCNN_MODELS")
    return path


@pytest.mark.parametrize("name", FAST)
def test_shared_networks_match_their_exact_results(shared_models: Path, name: str) -> None:
    path = shared(shared_models, name)
    model = load_model(path)
    data = np.load(path.with_suffix(".npz"))
    for i in range(2):
        view = model.input.view(model)
        ours = evaluate(model, view.from_onnx(data["x_q"][i]))
        port = model.outputs[0]
        got = port.view(model).to_onnx(ours[port.tensor])
        assert np.array_equal(got.ravel(), data["y_exact"][i].ravel())


@pytest.mark.parametrize("name", ["digits_cnn", "kws_dscnn", "mcunet_vww_5fps", "vww_96"])
def test_every_tensor_of_a_shared_network_has_the_name_and_values_of_onnx(
    shared_models: Path, name: str
) -> None:
    path = shared(shared_models, name)
    model = load_model(path)
    layers = np.load(path.with_name(f"{name}_layers.npz"))
    exact = any(key.endswith("@exact") for key in layers)
    image = np.load(path.with_suffix(".npz"))["x_q"][0]
    ours = evaluate(model, model.tensors[0].from_onnx(image))
    compared = 0
    for tensor, values in zip(model.tensors, ours, strict=True):
        key = f"{tensor.name}@exact" if exact else tensor.name
        if key in layers:
            assert layers[key].shape == tensor.onnx_shape
            worst = np.abs(tensor.to_onnx(values).astype(int) - layers[key].astype(int)).max()
            assert worst <= (0 if exact else 2), tensor.name
            compared += 1
    assert compared >= len(model.tensors) - 1


def test_the_evaluation_notices_a_wrong_weight(tmp_path: Path) -> None:
    net = Net((1, 3, 6, 6))
    net.output(net.conv(net.input, (4, 3, 3, 3)))
    path = net.save(tmp_path / "net.onnx")
    model = load_model(path)
    conv = model.ops[0]
    assert isinstance(conv, Conv)
    image = np.random.default_rng(0).integers(-128, 128, (6, 6, 3)).astype(np.int8)
    before = evaluate(model, image)[-1]
    conv.weights[0, 0, 0, 0] ^= 64
    assert (evaluate(model, image)[-1] != before).any()
    assert conv.clamp == Clamp()
