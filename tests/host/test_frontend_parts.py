"""Parts of tensors, channels in another order, padding, reductions: against onnxruntime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx_builder import Net, Scale
from test_frontend_oracle import agree, evaluate

from msfcnn.errors import ModelError
from msfcnn.frontend import load_model
from msfcnn.ir import Model
from msfcnn.verifier import random_images
from msfcnn.verifier.oracle import Oracle

AROUND = Scale(1 / 20, 7)


def kinds(model: Model) -> list[str]:
    return [type(op).__name__ for op in model.ops]


def ints(net: Net, *values: int) -> str:
    return net.const(np.array(values, np.int64))


def test_a_channel_shuffle(tmp_path: Path) -> None:
    net = Net((1, 4, 5, 6))
    x = net.conv(net.input, (6, 4, 1, 1))
    y = net.node("Reshape", x, ints(net, 1, 2, 3, 5, 6))
    y = net.node("Reshape", net.node("Transpose", y, perm=[0, 2, 1, 3, 4]), ints(net, 1, 6, 5, 6))
    net.output(net.conv(y, (4, 6, 3, 3)))
    model = agree(net, tmp_path)
    assert kinds(model) == ["Conv", "Select", "Conv"]
    assert model.ops[1].index == (0, 3, 1, 4, 2, 5)


@pytest.mark.parametrize(
    ("starts", "ends", "axes", "steps", "expected"),
    [
        ((1,), (4,), (1,), (1,), ["Conv", "Select"]),
        ((-2,), (1000,), (1,), (1,), ["Conv", "Select"]),
        ((4,), (-1000,), (1,), (-2,), ["Conv", "Select"]),
        ((1, 2), (4, 6), (2, 3), (1, 1), ["Conv", "Conv"]),
        ((0, 1), (6, 8), (2, 3), (2, 2), ["Conv", "Conv"]),
        ((0, 1), (5, 3), (3, 1), (3, 1), ["Conv", "Conv", "Select"]),
    ],
)
def test_slices(
    starts: tuple[int, ...],
    ends: tuple[int, ...],
    axes: tuple[int, ...],
    steps: tuple[int, ...],
    expected: list[str],
    tmp_path: Path,
) -> None:
    net = Net((1, 3, 6, 8))
    x = net.conv(net.input, (5, 3, 1, 1))
    y = net.node("Slice", x, *(ints(net, *v) for v in (starts, ends, axes, steps)))
    net.output(net.qdq(y, like=x))
    assert kinds(agree(net, tmp_path)) == expected


def test_a_split_and_its_parts_joined_again(tmp_path: Path) -> None:
    net = Net((1, 3, 6, 8))
    x = net.conv(net.input, (6, 3, 1, 1))
    net.nodes.append(onnx.helper.make_node("Split", [x], ["a", "b"], axis=1, name="split"))
    left, right = (net.qdq(name, like=x) for name in ("a", "b"))
    y = net.qdq(net.node("Concat", right, left, axis=1), like=x)
    net.output(net.conv(y, (4, 6, 3, 3)))
    assert kinds(agree(net, tmp_path)) == ["Conv", "Select", "Select", "Concat", "Conv"]


@pytest.mark.parametrize("indices", [[3, 0], 2])
def test_gathered_channels(indices: object, tmp_path: Path) -> None:
    net = Net((1, 3, 6, 8))
    x = net.conv(net.input, (5, 3, 1, 1))
    y = net.node("Gather", x, net.const(np.array(indices, np.int64)), axis=1)
    net.output(net.qdq(y, like=x))
    assert kinds(agree(net, tmp_path)) == ["Conv", "Select"]


@pytest.mark.parametrize("axis", [1, 2, 3])
def test_gathered_elements(axis: int, tmp_path: Path) -> None:
    """One index for each element of the output; the same along the other axes here."""
    net = Net((1, 3, 6, 8))
    x = net.conv(net.input, (5, 3, 1, 1))
    order = np.random.default_rng(axis).permutation((5, 6, 8)[axis - 1])[:4]
    shape = [1, 5, 6, 8]
    shape[axis] = len(order)
    indices = order.reshape([-1 if i == axis else 1 for i in range(4)])
    spread = net.const(np.broadcast_to(indices, shape).astype(np.int64))
    net.output(net.qdq(net.node("GatherElements", x, spread, axis=axis), like=x))
    assert "Conv" in kinds(agree(net, tmp_path))


def test_gathered_places(tmp_path: Path) -> None:
    """Rows with their axis first, as PyTorch's exporter writes an index of rows."""
    net = Net((1, 3, 6, 8))
    x = net.conv(net.input, (5, 3, 1, 1))
    turned = net.node("Transpose", x, perm=[2, 0, 1, 3])
    y = net.node("GatherND", turned, net.const(np.int64([[3], [0], [-1]])))
    net.output(net.qdq(net.node("Transpose", y, perm=[1, 2, 0, 3]), like=x))
    agree(net, tmp_path)


def test_single_pixels_of_a_channel(tmp_path: Path) -> None:
    net = Net((1, 3, 6, 8))
    x = net.conv(net.input, (5, 3, 1, 1))
    places = net.const(np.int64([[0, 1, 2, 3], [0, 4, 0, -1], [0, 0, -1, 0], [0, 2, 2, 2]]))
    y = net.node("Reshape", net.node("GatherND", x, places), net.const(np.int64([1, 4])))
    net.output(net.qdq(y, like=x))
    agree(net, tmp_path)


def test_dense_layer_of_a_column(tmp_path: Path) -> None:
    net = Net((1, 3, 2, 2))
    x = net.conv(net.input, (5, 3, 1, 1))
    y = net.node("Reshape", x, net.const(np.int64([20, 1])))
    y = net.qdq(net.node("Gemm", y, net.weight((20, 4), None), transA=1))
    net.output(y)
    agree(net, tmp_path)


@pytest.mark.parametrize("behind", [(0, 1), (2, 0), (1, 3)])
def test_pads_behind_the_last_pixel_only(behind: tuple[int, int], tmp_path: Path) -> None:
    """A kernel of one pixel that begins at the first one and reads beyond the last."""
    net = Net((1, 3, 6, 7))
    x = net.conv(net.input, (4, 3, 1, 1))
    large = net.qdq(net.node("Pad", x, ints(net, 0, 0, 0, 0, 0, 0, *behind)), like=x)
    net.output(net.qdq(net.node("Concat", large, large, axis=1), like=x))
    agree(net, tmp_path)


def test_pads_that_no_kernel_takes_over(tmp_path: Path) -> None:
    """Of channels, of a map that is added, in front of a MaxPool of negative values."""
    net = Net((1, 3, 6, 6))
    x = net.conv(net.input, (4, 3, 3, 3))
    wide = net.qdq(net.node("Pad", x, ints(net, 0, 1, 0, 0, 0, 2, 0, 0)), like=x)
    large = net.qdq(net.node("Pad", wide, ints(net, 0, 0, 1, 1, 0, 0, 1, 1)), like=x)
    y = net.qdq(net.node("Add", large, net.conv(net.input, (7, 3, 1, 1))), AROUND)
    y = net.node("Pad", y, ints(net, 0, 0, 1, 0, 0, 0, 0, 1))
    net.output(net.qdq(net.node("MaxPool", y, kernel_shape=[2, 2]), AROUND))
    found = kinds(agree(net, tmp_path))
    assert sorted(found) == ["Add", "Conv", "Conv", "Conv", "Conv", "MaxPool", "Select"]


def test_detector_heads_joined_along_positions(tmp_path: Path) -> None:
    net = Net((1, 3, 8, 8))
    parts = []
    for stride, anchors in ((2, 2), (4, 3)):
        x = net.conv(net.input, (4 * anchors, 3, 3, 3), strides=[stride, stride], scale=AROUND)
        x = net.node("Transpose", x, perm=[0, 2, 3, 1])
        parts.append(net.node("Reshape", x, ints(net, 1, -1, 4)))
    net.output(net.qdq(net.node("Concat", *parts, axis=1), AROUND))
    assert kinds(agree(net, tmp_path))[-1] == "Concat"


@pytest.mark.parametrize(
    ("kind", "axes", "keep", "expected"),
    [
        ("ReduceMean", (2, 3), 0, "GlobalAveragePool"),
        ("ReduceMean", (3,), 1, "AveragePool"),
        ("ReduceMean", (2,), 0, "AveragePool"),
        ("ReduceMax", (2, 3), 1, "MaxPool"),
        ("ReduceMax", (3,), 0, "MaxPool"),
    ],
)
def test_reductions(
    kind: str, axes: tuple[int, ...], keep: int, expected: str, tmp_path: Path
) -> None:
    net = Net((1, 3, 6, 7))
    x = net.conv(net.input, (5, 3, 1, 1), scale=Scale(1 / 4, 0))
    y = net.node(kind, x, axes=list(axes), keepdims=keep)
    net.output(net.qdq(y, like=x))
    assert kinds(agree(net, tmp_path)) == ["Conv", expected]


def test_a_global_maximum(tmp_path: Path) -> None:
    net = Net((1, 3, 6, 7))
    x = net.conv(net.input, (5, 3, 1, 1), scale=Scale(1 / 4, 0))
    net.output(net.qdq(net.node("GlobalMaxPool", x), like=x))
    assert kinds(agree(net, tmp_path)) == ["Conv", "MaxPool"]


def test_a_last_mean_needs_no_quantization(tmp_path: Path) -> None:
    net = Net((1, 3, 6, 7))
    x = net.conv(net.input, (5, 3, 1, 1))
    net.output(net.node("ReduceMean", x, axes=[2, 3], keepdims=0))
    assert kinds(agree(net, tmp_path)) == ["Conv", "GlobalAveragePool"]


def test_a_slope_per_channel(tmp_path: Path) -> None:
    net = Net((1, 3, 5, 6))
    slope = net.const(np.float32([0.3, -0.5, 1.5]).reshape(3, 1, 1))
    net.output(net.qdq(net.node("PRelu", net.input, slope), AROUND))
    assert kinds(agree(net, tmp_path)) == ["Prelu"]


@pytest.mark.parametrize("behind", [False, True])
def test_a_batch_normalization(behind: bool, tmp_path: Path) -> None:
    net = Net((1, 3, 5, 6))
    x = net.conv(net.input, (3, 3, 3, 3), quantized=not behind)
    vectors = ([0.5, 1.5, 1], [0.1, -0.2, 0], [0.3, 0, -0.3], [1, 0.5, 2])
    y = net.node("BatchNormalization", x, *(net.const(np.float32(v)) for v in vectors))
    net.output(net.qdq(y, AROUND))
    assert kinds(agree(net, tmp_path)) == (["Conv"] if behind else ["Conv", "Conv"])


def test_an_operator_on_integers_is_one_on_real_numbers(tmp_path: Path) -> None:
    """A small network as onnxruntime's QOperator format writes it."""
    from onnxruntime import quantization as ort

    net = Net((1, 3, 8, 8))
    net.nodes.clear()
    weights = net.rng.normal(0, 0.3, (6, 3, 3, 3)).astype(np.float32)
    x = net.node("Relu", net.node("Conv", "x", net.const(weights), net.const(np.ones(6) / 9)))
    x = net.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = net.node("GlobalAveragePool", x)
    x = net.node("Flatten", x)
    dense = net.const(net.rng.normal(0, 0.3, (6, 4)).astype(np.float32))
    net.output(net.node("Gemm", x, dense, net.const(np.zeros(4))))
    path, target = net.save(tmp_path / "float.onnx"), tmp_path / "qop.onnx"
    images = [{"x": net.rng.normal(0, 1, (1, 3, 8, 8)).astype(np.float32)} for _ in range(4)]

    class Reader(ort.CalibrationDataReader):  # type: ignore[misc]
        def get_next(self) -> dict[str, np.ndarray] | None:  # type: ignore[type-arg]
            return images.pop() if images else None

    ort.quantize_static(
        path,
        target,
        Reader(),
        quant_format=ort.QuantFormat.QOperator,
        per_channel=True,
        activation_type=ort.QuantType.QInt8,
        weight_type=ort.QuantType.QInt8,
    )
    assert "QLinearConv" in {n.op_type for n in onnx.load(target).graph.node}
    model = load_model(target)
    assert kinds(model) == ["Conv", "MaxPool", "GlobalAveragePool", "Conv"]
    agree(target, tmp_path)
    values = evaluate(model, random_images(model, 1)[0])
    judged = Oracle(target, model).judge(values)
    assert len(judged) == len(model.ops)  # each by itself, not only what a QuantizeLinear writes
    for tensor, expected in judged.items():
        assert np.abs(expected.astype(int) - values[tensor]).max() <= 1
    refused_without_an_input(target, tmp_path)


def refused_without_an_input(path: Path, tmp_path: Path) -> None:
    """A node that lacks an input is refused, whichever it is."""
    whole = onnx.load(path)
    for index, node in enumerate(whole.graph.node):
        for lost in range(len(node.input)):
            damaged = onnx.load(path)
            del damaged.graph.node[index].input[lost]
            onnx.save(damaged, tmp_path / "damaged.onnx")
            if node.op_type == "QLinearConv" and lost == len(node.input) - 1:
                continue  # a convolution without a bias is one, too
            with pytest.raises(ModelError):
                load_model(tmp_path / "damaged.onnx")


def test_a_channel_whose_factor_is_tiny_keeps_its_bias(tmp_path: Path) -> None:
    """Its weights count for nothing, its bias is the output."""
    for scale in (1e-13, 1e-11, 1e-9, 1e-7):
        net = Net((1, 3, 4, 4))
        weights = net.const(np.full((4, 3, 1, 1), 5, np.int8))
        scales = net.const(np.float32([0.01, scale, 0.02, 0.01]))
        zeros = net.const(np.zeros(4, np.int8))
        w = net.node("DequantizeLinear", weights, scales, zeros, axis=0)
        bias = net.const(np.float32([0.1, 0.9, -0.3, 0]))
        net.output(net.qdq(net.node("Conv", net.input, w, bias), Scale(1 / 32, -5)))
        model = agree(net, tmp_path)
        assert model.ops[0].constants(model).scaling.multiplier[1] > 0


def test_softmax_over_the_batch_is_refused(tmp_path: Path) -> None:
    net = Net((1, 3, 4, 4))
    net.output(net.qdq(net.node("Softmax", net.input, axis=0), Scale(1 / 256, -128)))
    with pytest.raises(ModelError, match="Softmax_0"):
        load_model(net.save(tmp_path / "net.onnx"))


def test_names_that_are_no_text_are_shown_all_the_same(tmp_path: Path) -> None:
    net = Net((1, 3, 4, 4))
    net.output(net.conv(net.input, (2, 3, 1, 1)))
    path = net.save(tmp_path / "net.onnx")
    path.write_bytes(path.read_bytes().replace(b"Conv_0", b"Co\xff\xfe_0"))
    assert [op.node for op in load_model(path).ops] == ["Co\ufffd\ufffd_0"]
