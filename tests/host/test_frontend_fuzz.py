"""Damaged models of all kinds: an error that says what is wrong, or a model; nothing else."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx_builder import Net

from msfcnn.errors import ModelError
from msfcnn.frontend.onnx import load_model

ROUNDS = 60
NUMBERS = [-(2**63), -3, -2, -1, 0, 1, 2, 3, 4, 7, 255, 256, 2**31, 2**62]


def varied_net() -> onnx.ModelProto:
    """Every operator once, in an NHWC network."""
    net = Net((1, 6, 6, 3))
    x = net.node("Transpose", net.input, perm=[0, 3, 1, 2])
    x = net.node("Pad", x, net.const(np.array([0, 0, 1, 1, 0, 0, 1, 1])))
    x = net.conv(x, (4, 3, 3, 3), strides=[1, 2])
    x = net.add(x, net.conv(x, (4, 1, 3, 3), group=4, pads=[1, 1, 1, 1]))
    low, high = net.const(np.float32(0)), net.const(np.float32(1))
    x = net.qdq(net.node("Clip", x, low, high), like=x)
    x = net.node("MaxPool", x, kernel_shape=[2, 2], ceil_mode=1, strides=[2, 2])
    y = net.qdq(net.node("AveragePool", x, kernel_shape=[2, 1], pads=[0, 0, 1, 0]))
    y = net.qdq(net.node("Concat", net.node("Relu", x), y, axis=1))
    z = net.qdq(net.node("ReduceMean", y, axes=[2, 3], keepdims=0))
    y = net.gemm(net.node("Reshape", y, net.const(np.array([1, -1]))), 48, 8)
    z = net.add(net.matmul(z, 8, 8, 1, quantized=False), net.const(np.ones(8, np.float32)))
    y = net.node("Unsqueeze", net.add(y, z), net.const(np.array([2])))
    y = net.node("Squeeze", y, net.node("Constant", value_ints=[2]))
    return net.output(net.node("Softmax", net.node("Dropout", y))).model()


def outcome(data: bytes, tmp_path: Path) -> bool:
    """Whether the file is refused. Anything but a model or a ModelError fails the test."""
    path = tmp_path / "damaged.onnx"
    path.write_bytes(data)
    try:
        load_model(path)
    except ModelError as error:
        return all(p.where and p.what for p in error.problems) and len(error.problems) > 0
    return False


@pytest.fixture(scope="module")
def healthy() -> bytes:
    data: bytes = varied_net().SerializeToString()
    return data


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(request.node.name)


def test_the_healthy_model_is_imported(healthy: bytes, tmp_path: Path) -> None:
    assert not outcome(healthy, tmp_path)


def test_truncated_files_are_refused(healthy: bytes, tmp_path: Path, rng: random.Random) -> None:
    for _ in range(ROUNDS):
        assert outcome(healthy[: rng.randrange(len(healthy))], tmp_path)


def test_flipped_bytes(healthy: bytes, tmp_path: Path, rng: random.Random) -> None:
    for _ in range(ROUNDS):
        data = bytearray(healthy)
        for _ in range(rng.choice((1, 1, 4))):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        outcome(bytes(data), tmp_path)


def test_every_node_is_missed(healthy: bytes, tmp_path: Path) -> None:
    count = len(onnx.load_model_from_string(healthy).graph.node)
    for i in range(count):
        model = onnx.load_model_from_string(healthy)
        del model.graph.node[i]
        assert outcome(model.SerializeToString(), tmp_path)


def test_missing_and_misshapen_initializers(
    healthy: bytes, tmp_path: Path, rng: random.Random
) -> None:
    for _ in range(ROUNDS):
        model = onnx.load_model_from_string(healthy)
        tensor = rng.choice(model.graph.initializer)
        match rng.randrange(4):
            case 0:
                model.graph.initializer.remove(tensor)
                assert outcome(model.SerializeToString(), tmp_path)
                continue
            case 1:
                tensor.dims.append(rng.choice((-1, 0, 1, 2, 2**40)))
            case 2:
                tensor.data_type = rng.randrange(30)
            case 3:
                tensor.raw_data = rng.randbytes(len(tensor.raw_data))
        outcome(model.SerializeToString(), tmp_path)


def test_absurd_attributes(healthy: bytes, tmp_path: Path, rng: random.Random) -> None:
    for _ in range(ROUNDS):
        model = onnx.load_model_from_string(healthy)
        attributes = [a for node in model.graph.node for a in node.attribute]
        attribute = rng.choice(attributes)
        if attribute.ints:
            attribute.ints[rng.randrange(len(attribute.ints))] = rng.choice(NUMBERS)
        else:
            attribute.i = rng.choice(NUMBERS)
        outcome(model.SerializeToString(), tmp_path)


def test_swapped_inputs(healthy: bytes, tmp_path: Path, rng: random.Random) -> None:
    for _ in range(ROUNDS):
        model = onnx.load_model_from_string(healthy)
        names = [t.name for t in model.graph.initializer] + ["x", ""]
        names += [o for node in model.graph.node for o in node.output]
        node = rng.choice([n for n in model.graph.node if n.input])
        node.input[rng.randrange(len(node.input))] = rng.choice(names)
        outcome(model.SerializeToString(), tmp_path)


@pytest.mark.parametrize("size", [-1, 0, 2, 100, 2**20, 2**40])
def test_other_input_shapes(healthy: bytes, tmp_path: Path, size: int) -> None:
    for axis in range(4):
        model = onnx.load_model_from_string(healthy)
        model.graph.input[0].type.tensor_type.shape.dim[axis].dim_value = size
        open_batch = axis == 0 and size == -1  # one image at a time is what we run anyway
        assert outcome(model.SerializeToString(), tmp_path) is not open_batch
