"""Each supported operator: what it becomes, and that it computes what onnxruntime does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_builder import Net, Scale
from test_frontend_oracle import agree

from msfcnn.frontend.onnx.support import HINTS, SUPPORTED
from msfcnn.ir import Clamp, Geometry, Model, Order
from msfcnn.ops import (
    Add,
    AveragePool,
    Concat,
    Conv,
    GlobalAveragePool,
    MaxPool,
    Requantize,
    Reshape,
    Softmax,
)

FINE = Scale(1 / 64, 5)


def kinds(model: Model) -> list[str]:
    return [type(op).__name__ for op in model.ops]


def only(model: Model, kind: type[Any]) -> Any:
    found = [op for op in model.ops if isinstance(op, kind)]
    assert len(found) == 1
    return found[0]


# --- Conv ---------------------------------------------------------------------------------------

CONVS: dict[str, tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = {
    "pointwise": ((1, 3, 6, 6), (5, 3, 1, 1), {}),
    "padded": ((1, 3, 7, 6), (4, 3, 3, 3), {"pads": [1, 1, 1, 1]}),
    "strided": ((1, 3, 9, 8), (4, 3, 3, 3), {"strides": [2, 3], "pads": [1, 1, 1, 1]}),
    "asymmetric pads": ((1, 2, 7, 7), (4, 2, 3, 3), {"pads": [0, 2, 1, 0]}),
    "wide kernel": ((1, 2, 4, 20), (3, 2, 2, 15), {"pads": [0, 7, 1, 7]}),
    "same upper": ((1, 3, 7, 8), (4, 3, 4, 3), {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    "same lower": ((1, 3, 7, 8), (4, 3, 4, 4), {"auto_pad": "SAME_LOWER", "strides": [2, 1]}),
    "valid": ((1, 3, 7, 8), (4, 3, 3, 3), {"auto_pad": "VALID"}),
    "dilated": ((1, 2, 9, 9), (3, 2, 3, 3), {"dilations": [2, 3], "pads": [2, 3, 2, 3]}),
    "grouped": ((1, 6, 5, 5), (8, 3, 3, 3), {"group": 2, "pads": [1, 1, 1, 1]}),
    "depthwise": ((1, 6, 5, 5), (6, 1, 3, 3), {"group": 6, "pads": [1, 1, 1, 1]}),
    "multiplier": ((1, 3, 5, 5), (9, 1, 3, 3), {"group": 3}),
    "one channel": ((1, 1, 6, 6), (4, 1, 3, 3), {"pads": [1, 1, 1, 1]}),
}


@pytest.mark.parametrize("case", CONVS)
def test_conv(tmp_path: Path, case: str) -> None:
    shape, weights, attributes = CONVS[case]
    net = Net(shape)
    net.output(net.conv(net.input, weights, **attributes))
    model = agree(net, tmp_path)
    conv = only(model, Conv)
    assert conv.node == "Conv_0"
    assert conv.weights.shape == (weights[0], *weights[2:], weights[1])
    assert conv.groups == attributes.get("group", 1)


def test_conv_geometry_is_that_of_the_attributes(tmp_path: Path) -> None:
    net = Net((1, 2, 9, 12))
    attributes = {"pads": [1, 2, 2, 3], "strides": [2, 3], "dilations": [1, 2]}
    net.output(net.conv(net.input, (4, 2, 4, 3), **attributes))
    conv = only(agree(net, tmp_path), Conv)
    assert conv.geometry == Geometry(4, 3, 2, 3, 1, 2, 1, 2, 2, 3)


def test_padding_that_nothing_reads_is_dropped(tmp_path: Path) -> None:
    net = Net((1, 2, 8, 8))
    net.output(net.conv(net.input, (2, 2, 3, 3), pads=[1, 1, 1, 1], strides=[2, 2]))
    conv = only(agree(net, tmp_path), Conv)
    assert conv.geometry == Geometry(3, 3, 2, 2, 1, 1, 1, 1, 0, 0)


# shapes of input and weights, attributes: all with something of more than 255
LONG_CONVS: dict[str, tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = {
    "filter": ((1, 1, 700), (3, 1, 301), {"strides": [3], "pads": [150, 150]}),
    "upright": ((1, 2, 600, 1), (3, 2, 280, 1), {"pads": [40, 0, 0, 0]}),
    "depthwise": ((1, 3, 620), (3, 1, 310), {"group": 3}),
    "stride": ((1, 2, 900), (3, 2, 5), {"strides": [260]}),
    "causal": ((1, 3, 500), (4, 3, 3), {"dilations": [128], "pads": [256, 0]}),
    "dilated": ((1, 2, 900), (3, 2, 3), {"dilations": [300], "pads": [300, 300]}),
}


@pytest.mark.parametrize("case", LONG_CONVS)
def test_a_kernel_of_more_than_a_byte(tmp_path: Path, case: str) -> None:
    """The second layer reads as wide a window again, and so does the sum."""
    shape, weights, attributes = LONG_CONVS[case]
    net = Net(shape)
    x = net.conv(net.input, weights, **attributes)
    kernel = [3, 1] if len(shape) == 4 else [3]
    pads = [1, 0, 1, 0] if len(shape) == 4 else [1, 1]
    y = net.conv(x, (weights[0], weights[0], *kernel), pads=pads)
    net.output(net.add(x, y))
    agree(net, tmp_path)


def test_a_window_of_more_than_a_byte_that_two_layers_read(tmp_path: Path) -> None:
    net = Net((1, 2, 900))
    x = net.conv(net.input, (3, 2, 3), pads=[1, 1])
    far = net.conv(x, (3, 3, 3), dilations=[300], pads=[300, 300])
    near = net.conv(x, (3, 3, 3), pads=[1, 1])
    net.output(net.add(far, near))
    agree(net, tmp_path)


@pytest.mark.parametrize("kind", ["MaxPool", "AveragePool"])
def test_a_pool_of_more_than_a_byte(tmp_path: Path, kind: str) -> None:
    net = Net((1, 2, 900))
    x = net.conv(net.input, (3, 2, 3), scale=Scale(1 / 8), pads=[1, 1])
    y = net.node(kind, x, kernel_shape=[300], strides=[280], pads=[20, 10])
    net.output(net.qdq(y, like=x))
    agree(net, tmp_path)


def test_a_maximum_over_more_than_a_byte(tmp_path: Path) -> None:
    net = Net((1, 2, 700))
    x = net.conv(net.input, (3, 2, 3))
    net.output(net.node("GlobalMaxPool", x))
    assert kinds(agree(net, tmp_path)) == ["Conv", "MaxPool"]


def test_conv_in_one_dimension_is_a_map_of_one_row(tmp_path: Path) -> None:
    net = Net((1, 4, 20))
    x = net.conv(net.input, (6, 4, 5), pads=[2, 1], strides=[2])
    x = net.qdq(net.node("MaxPool", x, kernel_shape=[2], strides=[2]), like=x)
    x = net.qdq(net.node("AveragePool", x, kernel_shape=[3], strides=[1]))
    net.output(net.qdq(net.node("GlobalAveragePool", x)))
    model = agree(net, tmp_path)
    assert kinds(model) == ["Conv", "MaxPool", "AveragePool", "GlobalAveragePool"]
    assert model.tensors[0].shape == (1, 20, 4)
    assert model.tensors[1].shape == (1, 10, 6)
    assert model.outputs[0].onnx_shape == (1, 6, 1)
    conv = only(model, Conv)
    assert conv.geometry == Geometry(1, 5, 1, 2, 1, 1, 0, 2, 0, 1)


def test_conv_weights_are_in_cout_kernel_cin_order(tmp_path: Path) -> None:
    net = Net((1, 2, 3, 3))
    stored = np.arange(16, dtype=np.int8).reshape(2, 2, 2, 2)
    scale, zero = net.const(np.float32(0.01)), net.const(np.int8(0))
    w = net.node("DequantizeLinear", net.const(stored), scale, zero)
    net.output(net.qdq(net.node("Conv", net.input, w)))
    conv = only(agree(net, tmp_path), Conv)
    assert np.array_equal(conv.weights, stored.transpose(0, 2, 3, 1))
    assert np.array_equal(conv.weight_scale, np.float32([0.01, 0.01]).astype(np.float64))
    assert np.array_equal(conv.bias, [0, 0])


# --- dense --------------------------------------------------------------------------------------


@pytest.mark.parametrize("trans_b", [True, False])
@pytest.mark.parametrize("axis", [None, "outputs"])
def test_gemm(tmp_path: Path, trans_b: bool, axis: str | None) -> None:
    net = Net((1, 12))
    channel_axis = None if axis is None else (0 if trans_b else 1)
    net.output(net.gemm(net.input, 12, 5, trans_b, weight={"axis": channel_axis}))
    conv = only(agree(net, tmp_path), Conv)
    assert conv.pointwise
    assert conv.weights.shape == (5, 1, 1, 12)
    assert (len(set(conv.weight_scale)) > 1) == (axis is not None)


def test_gemm_alpha_and_beta_are_folded(tmp_path: Path) -> None:
    net = Net((1, 12))
    net.output(net.gemm(net.input, 12, 5, alpha=0.5, beta=2.0))
    plain = Net((1, 12))
    plain.output(plain.gemm(plain.input, 12, 5))
    with_factors, without = (only(agree(n, tmp_path), Conv) for n in (net, plain))
    assert np.allclose(with_factors.weight_scale, without.weight_scale / 2)
    assert np.array_equal(with_factors.bias, without.bias * 4)


@pytest.mark.parametrize("bias", [None, "float", "int32"])
def test_gemm_bias_forms(tmp_path: Path, bias: str | None) -> None:
    net = Net((1, 12))
    net.output(net.gemm(net.input, 12, 5, bias=bias))
    conv = only(agree(net, tmp_path), Conv)
    assert conv.bias.any() == (bias is not None)


@pytest.mark.parametrize("shape", [(5,), (1, 5), (1,), (1, 1), ()])
def test_gemm_bias_is_broadcast(tmp_path: Path, shape: tuple[int, ...]) -> None:
    net = Net((1, 12))
    bias = net.const(np.linspace(-1, 1, int(np.prod(shape))).reshape(shape).astype(np.float32))
    net.output(net.qdq(net.node("Gemm", net.input, net.weight((12, 5), None), bias)))
    agree(net, tmp_path)


@pytest.mark.parametrize("order", ["matmul first", "bias first"])
@pytest.mark.parametrize("axis", [None, 1])
def test_matmul_with_its_bias(tmp_path: Path, order: str, axis: int | None) -> None:
    net = Net((1, 12))
    x = net.matmul(net.input, 12, 5, axis, quantized=False)
    bias = net.const(np.linspace(-1, 1, 5).astype(np.float32))
    net.output(net.add(x, bias) if order == "matmul first" else net.add(bias, x))
    model = agree(net, tmp_path)
    assert kinds(model) == ["Conv"]
    assert only(model, Conv).bias.any()
    assert only(model, Conv).node == "MatMul_0"


def test_matmul_with_an_integer_bias(tmp_path: Path) -> None:
    net = Net((1, 12))
    x = net.matmul(net.input, 12, 5, quantized=False)
    net.output(net.add(x, net.bias(net.input, 5)))
    assert kinds(agree(net, tmp_path)) == ["Conv"]


def test_matmul_on_the_pixels_of_an_nhwc_map(tmp_path: Path) -> None:
    net = Net((1, 6, 4, 3))
    x = net.conv(net.input, (8, 6, 1, 1))
    x = net.node("Transpose", x, perm=[0, 2, 3, 1])
    x = net.matmul(x, 8, 5)
    net.output(x)
    model = agree(net, tmp_path)
    assert kinds(model) == ["Conv", "Conv"]
    assert model.tensors[2].onnx_shape == (1, 4, 3, 5)
    assert model.tensors[2].onnx_order is Order.HWC


def test_matmul_on_the_steps_of_a_sequence(tmp_path: Path) -> None:
    net = Net((1, 6, 10))
    x = net.node("Transpose", net.conv(net.input, (8, 6, 3)), perm=[0, 2, 1])
    net.output(net.matmul(x, 8, 5))
    assert agree(net, tmp_path).outputs[0].onnx_shape == (1, 8, 5)


def test_weights_behind_a_transpose(tmp_path: Path) -> None:
    net = Net((1, 12))
    w = net.node("Transpose", net.weight((5, 12), 0), perm=[1, 0])
    net.output(net.qdq(net.node("MatMul", net.input, w)))
    conv = only(agree(net, tmp_path), Conv)
    assert len(set(conv.weight_scale)) == 5


# --- flattening ---------------------------------------------------------------------------------


def flat(net: Net, x: str, how: str) -> str:
    if how == "Flatten":
        return net.node("Flatten", x)
    if how == "Reshape":
        return net.node("Reshape", x, net.const(np.array([0, -1])))
    if how == "Transpose":
        return net.node("Flatten", net.node("Transpose", x, perm=[0, 2, 3, 1]))
    axes = net.const(np.array([0]))
    return net.node("Unsqueeze", net.node("Reshape", x, net.const(np.array([-1]))), axes)


@pytest.mark.parametrize("quantized", [False, True])
@pytest.mark.parametrize("how", ["Flatten", "Reshape", "Transpose", "Unsqueeze"])
def test_dense_on_a_map_permutes_its_columns(tmp_path: Path, how: str, quantized: bool) -> None:
    net = Net((1, 3, 4, 5))
    x = net.conv(net.input, (6, 3, 3, 3), pads=[1, 1, 1, 1])
    y = flat(net, x, how)
    if quantized:
        y = net.qdq(y, like=x)
    net.output(net.gemm(y, 120, 7))
    model = agree(net, tmp_path)
    assert kinds(model) == ["Conv", "Reshape", "Conv"]
    assert model.tensors[2].shape == (1, 1, 120)


def test_dense_on_one_pixel_needs_no_reshape(tmp_path: Path) -> None:
    net = Net((1, 3, 4, 5))
    x = net.qdq(net.node("GlobalAveragePool", net.conv(net.input, (6, 3, 1, 1))), FINE)
    net.output(net.gemm(net.node("Flatten", x), 6, 4))
    assert kinds(agree(net, tmp_path)) == ["Conv", "GlobalAveragePool", "Conv"]


def test_two_dense_layers_on_one_map_share_the_reshape(tmp_path: Path) -> None:
    net = Net((1, 3, 4, 4))
    x = net.node("Flatten", net.conv(net.input, (2, 3, 1, 1)))
    net.output(net.gemm(x, 32, 3)).output(net.gemm(x, 32, 4))
    model = agree(net, tmp_path)
    assert kinds(model) == ["Conv", "Reshape", "Conv", "Conv"]
    assert [p.onnx_shape for p in model.outputs] == [(1, 3), (1, 4)]


def test_a_map_from_a_vector(tmp_path: Path) -> None:
    net = Net((1, 6))
    x = net.gemm(net.input, 6, 48)
    x = net.node("Reshape", x, net.const(np.array([1, 4, 3, 4])))
    net.output(net.conv(net.node("Transpose", x, perm=[0, 3, 1, 2]), (5, 4, 2, 2)))
    model = agree(net, tmp_path)
    assert kinds(model) == ["Conv", "Reshape", "Conv"]
    assert model.tensors[2].shape == (4, 3, 4)


# --- pools --------------------------------------------------------------------------------------

POOLS: dict[str, tuple[tuple[int, ...], dict[str, Any]]] = {
    "plain": ((1, 3, 6, 6), {"kernel_shape": [2, 2], "strides": [2, 2]}),
    "odd": ((1, 3, 7, 9), {"kernel_shape": [3, 5], "strides": [2, 1]}),
    "padded": ((1, 3, 6, 7), {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
    "uneven": ((1, 3, 6, 7), {"kernel_shape": [3, 3], "strides": [1, 2], "pads": [0, 2, 1, 0]}),
    "same upper": (
        (1, 3, 7, 6),
        {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER"},
    ),
    "same lower": (
        (1, 3, 7, 6),
        {"kernel_shape": [2, 2], "strides": [1, 1], "auto_pad": "SAME_LOWER"},
    ),
    "ceil": ((1, 3, 7, 6), {"kernel_shape": [2, 3], "strides": [2, 2], "ceil_mode": 1}),
    "ceil padded": (
        (1, 3, 6, 6),
        {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1], "ceil_mode": 1},
    ),
}


@pytest.mark.parametrize("kind", ["MaxPool", "AveragePool"])
@pytest.mark.parametrize("case", POOLS)
def test_pool(tmp_path: Path, kind: str, case: str) -> None:
    shape, attributes = POOLS[case]
    net = Net(shape)
    net.output(net.qdq(net.node(kind, net.input, **attributes), Scale(1 / 24, 5)))
    model = agree(net, tmp_path)
    assert kinds(model) == [kind]


CEILINGS: dict[str, tuple[tuple[int, ...], dict[str, Any]]] = {
    "both axes": ((1, 3, 8, 6), {"kernel_shape": [1, 1], "strides": [2, 3]}),
    "one axis, the other partial": ((1, 3, 8, 8), {"kernel_shape": [1, 3], "strides": [2, 2]}),
    "behind padding": (
        (1, 3, 6, 8),
        {"kernel_shape": [2, 2], "strides": [4, 4], "pads": [0, 0, 1, 1]},
    ),
    "a line": ((1, 3, 8), {"kernel_shape": [2], "strides": [4], "pads": [0, 1]}),
}


@pytest.mark.parametrize("opset", [13, 22])
@pytest.mark.parametrize("kind", ["MaxPool", "AveragePool", "counted"])
@pytest.mark.parametrize("case", CEILINGS)
def test_a_position_of_ceil_mode_behind_the_map_is_left_out(
    tmp_path: Path, kind: str, case: str, opset: int
) -> None:
    """As onnxruntime does in every opset, and shape inference since 22."""
    shape, attributes = CEILINGS[case]
    counted = {} if kind == "MaxPool" else {"count_include_pad": int(kind == "counted")}
    net = Net(shape, opset=opset)
    op = "MaxPool" if kind == "MaxPool" else "AveragePool"
    x = net.node(op, net.input, ceil_mode=1, **attributes, **counted)
    x = net.qdq(x, Scale(1 / 24, 5))
    net.output(net.qdq(net.node("GlobalMaxPool", x), Scale(1 / 24, 5)))
    agree(net, tmp_path)


def test_counted_padding_beside_a_position_behind_the_map(tmp_path: Path) -> None:
    net = Net((1, 3, 8, 8))
    attributes = {"kernel_shape": [1, 3], "strides": [2, 2], "pads": [0, 0, 0, 1]}
    x = net.node("AveragePool", net.input, ceil_mode=1, count_include_pad=1, **attributes)
    net.output(net.qdq(x, FINE))
    agree(net, tmp_path)


@pytest.mark.parametrize("kind", ["MaxPool", "AveragePool"])
def test_zeros_around_a_map_that_a_kernel_sees_alone(tmp_path: Path, kind: str) -> None:
    net = Net((1, 3, 6, 7))
    pads = net.const(np.array([0, 0, 2, 0, 0, 0, 2, 1]))
    counted = {"count_include_pad": 1} if kind == "AveragePool" else {}
    x = net.node("Pad", net.input, pads)
    x = net.node(kind, x, kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2], **counted)
    net.output(net.qdq(x, FINE))
    agree(net, tmp_path)


def test_max_pool_with_dilation(tmp_path: Path) -> None:
    net = Net((1, 3, 9, 9))
    y = net.node("MaxPool", net.input, kernel_shape=[3, 2], dilations=[2, 3], strides=[1, 2])
    net.output(net.qdq(y))
    assert only(agree(net, tmp_path), MaxPool).geometry.dilation_w == 3


@pytest.mark.parametrize("counted", [0, 1])
def test_average_pool_counts_padding_as_told(tmp_path: Path, counted: int) -> None:
    net = Net((1, 3, 6, 6))
    attributes = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "count_include_pad": counted}
    net.output(net.qdq(net.node("AveragePool", net.input, **attributes), FINE))
    assert only(agree(net, tmp_path), AveragePool).count_include_pad == bool(counted)


@pytest.mark.parametrize("strides", [[1, 1], [4, 5]])
def test_average_pool_over_the_whole_map_is_global(tmp_path: Path, strides: list[int]) -> None:
    net = Net((1, 3, 4, 5))
    y = net.node("AveragePool", net.input, kernel_shape=[4, 5], strides=strides)
    net.output(net.qdq(y, FINE))
    assert kinds(agree(net, tmp_path)) == ["GlobalAveragePool"]


REDUCTIONS: list[tuple[tuple[int, ...], list[int], int]] = [
    ((1, 6, 4, 5), [2, 3], 1),
    ((1, 6, 4, 5), [-1, -2], 0),
    ((1, 6, 7), [2], 0),
    ((1, 6, 7, 1), [2], 1),
]


@pytest.mark.parametrize("opset", [13, 18])
@pytest.mark.parametrize(("shape", "axes", "keepdims"), REDUCTIONS)
def test_reduce_mean(
    tmp_path: Path, shape: tuple[int, ...], axes: list[int], keepdims: int, opset: int
) -> None:
    net = Net(shape, opset=opset)
    if opset < 18:
        y = net.node("ReduceMean", net.input, axes=axes, keepdims=keepdims)
    else:
        y = net.node("ReduceMean", net.input, net.const(np.array(axes)), keepdims=keepdims)
    net.output(net.qdq(y, FINE))
    model = agree(net, tmp_path)
    assert kinds(model) == ["GlobalAveragePool"]
    assert model.tensors[1].shape == (1, 1, 6)


def test_reduce_mean_of_an_nhwc_map(tmp_path: Path) -> None:
    net = Net((1, 3, 4, 5))
    x = net.node("Transpose", net.conv(net.input, (6, 3, 1, 1)), perm=[0, 2, 3, 1])
    y = net.node("ReduceMean", x, axes=[1, 2], keepdims=0)
    net.output(net.gemm(net.qdq(y, FINE), 6, 4))
    assert kinds(agree(net, tmp_path)) == ["Conv", "GlobalAveragePool", "Conv"]


# --- sums, bounds, joins ------------------------------------------------------------------------


def test_add_of_two_activations(tmp_path: Path) -> None:
    net = Net((1, 3, 5, 5))
    y = net.conv(net.input, (3, 3, 3, 3), pads=[1, 1, 1, 1], scale=FINE)
    net.output(net.add(net.input, y))
    model = agree(net, tmp_path)
    assert only(model, Add).inputs == (0, 1)


def test_add_of_a_value_to_itself(tmp_path: Path) -> None:
    net = Net((1, 3, 5, 5))
    net.output(net.add(net.input, net.input, Scale(1 / 16, 0)))
    assert only(agree(net, tmp_path), Add).inputs == (0, 0)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1, 1, 1)])
def test_add_of_a_number_is_a_table(tmp_path: Path, shape: tuple[int, ...]) -> None:
    net = Net((1, 6, 4, 4))
    net.output(net.add(net.input, net.const(np.full(shape, 0.7, np.float32))))
    assert kinds(agree(net, tmp_path)) == ["Lookup"]


@pytest.mark.parametrize("shape", [(6, 1, 1), (1, 6, 1, 1)])
@pytest.mark.parametrize("left", [False, True])
def test_add_of_a_constant(tmp_path: Path, shape: tuple[int, ...], left: bool) -> None:
    net = Net((1, 6, 4, 4))
    values = np.linspace(-1.5, 1, int(np.prod(shape))).reshape(shape).astype(np.float32)
    sides = (net.const(values), net.input) if left else (net.input, net.const(values))
    net.output(net.add(*sides))
    conv = only(agree(net, tmp_path), Conv)
    assert conv.depthwise
    assert conv.weights.shape == (6, 1, 1, 1)
    assert conv.weights.ravel() * conv.weight_scale == pytest.approx(1)


def test_add_of_a_quantized_constant_to_a_vector(tmp_path: Path) -> None:
    net = Net((1, 8))
    stored = net.const(np.arange(-40, 40, 10, dtype=np.int8))
    constant = net.dequantize(stored, Scale(0.02, 7))
    net.output(net.add(net.gemm(net.input, 8, 8), constant))
    assert kinds(agree(net, tmp_path)) == ["Conv", "Conv"]


def test_add_of_a_constant_per_channel_of_an_nhwc_map(tmp_path: Path) -> None:
    net = Net((1, 3, 4, 4))
    x = net.node("Transpose", net.conv(net.input, (6, 3, 1, 1)), perm=[0, 2, 3, 1])
    net.output(net.add(x, net.const(np.linspace(-1, 1, 6).astype(np.float32))))
    assert agree(net, tmp_path).outputs[0].onnx_order is Order.HWC


def test_add_of_a_constant_to_a_flattened_map(tmp_path: Path) -> None:
    net = Net((1, 3, 2, 2))
    x = net.node("Flatten", net.conv(net.input, (3, 3, 1, 1)))
    x = net.add(x, net.const(np.linspace(-1, 1, 12).astype(np.float32)))
    net.output(net.gemm(x, 12, 5))
    assert kinds(agree(net, tmp_path)) == ["Conv", "Reshape", "Conv", "Conv"]


def test_concat_requantizes_its_parts(tmp_path: Path) -> None:
    net = Net((1, 3, 5, 5))
    y = net.conv(net.input, (4, 3, 1, 1), scale=FINE)
    net.output(net.qdq(net.node("Concat", net.input, y, net.input, axis=1), Scale(1 / 28, -9)))
    model = agree(net, tmp_path)
    assert only(model, Concat).inputs == (0, 1, 0)
    assert model.tensors[-1].shape == (5, 5, 10)


def test_concat_of_nhwc_maps(tmp_path: Path) -> None:
    net = Net((1, 3, 5, 4))
    maps = [
        net.node("Transpose", net.conv(net.input, (n, 3, 1, 1)), perm=[0, 2, 3, 1]) for n in (2, 5)
    ]
    net.output(net.qdq(net.node("Concat", *maps, axis=-1)))
    model = agree(net, tmp_path)
    assert model.tensors[-1].shape == (5, 4, 7)
    assert model.outputs[0].onnx_order is Order.HWC


def test_concat_of_vectors(tmp_path: Path) -> None:
    net = Net((1, 6))
    parts = [net.gemm(net.input, 6, n) for n in (3, 4)]
    net.output(net.gemm(net.qdq(net.node("Concat", *parts, axis=1)), 7, 5))
    assert kinds(agree(net, tmp_path)) == ["Conv", "Conv", "Concat", "Conv"]


def test_concat_of_equal_scales_needs_no_qdq(tmp_path: Path) -> None:
    net = Net((1, 3, 5, 5))
    parts = [net.conv(net.input, (4, 3, 1, 1)) for _ in range(2)]
    net.output(net.conv(net.node("Concat", *parts, axis=1), (2, 8, 3, 3)))
    model = agree(net, tmp_path)
    assert kinds(model) == ["Conv", "Conv", "Concat", "Conv"]
    assert model.tensors[3].name == "Concat_0_out"


@pytest.mark.parametrize(
    ("shape", "axis"),
    [((1, 10), 1), ((1, 10), -1), ((1, 5, 3, 4), 1), ((1, 5, 1, 1), 1), ((1, 5, 8), 1)],
)
def test_softmax(tmp_path: Path, shape: tuple[int, ...], axis: int) -> None:
    net = Net(shape)
    net.output(net.qdq(net.node("Softmax", net.input, axis=axis), Scale(1 / 256, -128)))
    assert kinds(agree(net, tmp_path)) == ["Softmax"]


def test_softmax_over_a_flattened_map(tmp_path: Path) -> None:
    net = Net((1, 3, 2, 2))
    x = net.node("Flatten", net.conv(net.input, (3, 3, 1, 1)))
    y = net.qdq(net.node("Softmax", x, axis=1), Scale(1 / 256, -128))
    net.output(net.gemm(y, 12, 5, scale=Scale(1 / 256, 0)))
    assert kinds(agree(net, tmp_path)) == ["Conv", "Reshape", "Softmax", "Conv"]


def test_softmax_over_the_channels_of_nhwc(tmp_path: Path) -> None:
    net = Net((1, 3, 4, 2))
    x = net.node("Transpose", net.conv(net.input, (5, 3, 1, 1)), perm=[0, 2, 3, 1])
    net.output(net.qdq(net.node("Softmax", x), Scale(1 / 256, -128)))
    assert only(agree(net, tmp_path), Softmax).node == "Softmax_0"


def test_softmax_without_qdq_at_the_end(tmp_path: Path) -> None:
    net = Net((1, 10))
    net.output(net.node("Softmax", net.input))
    model = agree(net, tmp_path)
    assert model.outputs[0].dtype == "float32"
    assert (model.tensors[1].quantization.scale, model.tensors[1].quantization.zero_point) == (
        1 / 256,
        -128,
    )


# --- layout -------------------------------------------------------------------------------------


def test_nhwc_input(tmp_path: Path) -> None:
    net = Net((1, 6, 5, 3))
    x = net.node("Transpose", net.input, perm=[0, 3, 1, 2])
    net.output(net.conv(x, (4, 3, 3, 3)))
    model = agree(net, tmp_path)
    assert kinds(model) == ["Conv"]
    assert model.tensors[0].shape == (6, 5, 3)
    assert (model.input.onnx_shape, model.input.onnx_order) == ((1, 6, 5, 3), Order.HWC)
    assert (model.tensors[0].onnx_shape, model.tensors[0].onnx_order) == ((1, 6, 5, 3), Order.HWC)


def test_nhwc_from_end_to_end(tmp_path: Path) -> None:
    """As tf2onnx leaves it: Transposes at both borders, and a Relu between."""
    net = Net((1, 6, 5, 3))
    net.nodes.clear()
    x = net.node("Transpose", "x", perm=[0, 3, 1, 2])
    x = net.conv(net.qdq(x), (4, 3, 3, 3), pads=[1, 1, 1, 1])
    x = net.node("Transpose", x, perm=[0, 2, 3, 1])
    x = net.qdq(net.node("Relu", x), like=None)
    x = net.node("Transpose", x, perm=[0, 3, 1, 2])
    x = net.conv(x, (2, 4, 1, 1))
    net.output(net.node("Transpose", x, perm=[0, 2, 3, 1]))
    model = agree(net, tmp_path)
    assert kinds(model) == ["Conv", "Conv"]
    assert model.input.onnx_order is Order.HWC
    assert model.tensors[0].onnx_order is Order.CHW
    assert model.outputs[0].onnx_order is Order.HWC
    assert model.outputs[0].onnx_shape == (1, 6, 5, 2)


def test_a_vector_input_that_is_an_image(tmp_path: Path) -> None:
    net = Net((1, 490))
    x = net.node("Reshape", net.input, net.const(np.array([-1, 1, 49, 10])))
    net.output(net.conv(x, (4, 1, 10, 4), strides=[2, 2]))
    model = agree(net, tmp_path)
    assert kinds(model) == ["Conv"]
    assert model.tensors[0].shape == (49, 10, 1)
    assert model.input.onnx_shape == (1, 490)


def test_an_image_without_a_channel_axis(tmp_path: Path) -> None:
    net = Net((1, 6, 7))
    x = net.node("Unsqueeze", net.input, net.const(np.array([1])))
    net.output(net.conv(x, (4, 1, 3, 3)))
    assert agree(net, tmp_path).tensors[0].shape == (6, 7, 1)


def test_squeeze_and_unsqueeze(tmp_path: Path) -> None:
    net = Net((1, 3, 4, 4))
    x = net.qdq(net.node("GlobalAveragePool", net.input), FINE)
    x = net.node("Squeeze", x, net.const(np.array([2, -1])))
    x = net.gemm(x, 3, 8)
    x = net.node("Unsqueeze", x, net.const(np.array([2, 3])))
    net.output(net.conv(x, (5, 8, 1, 1)))
    assert kinds(agree(net, tmp_path)) == ["GlobalAveragePool", "Conv", "Conv"]


def test_squeeze_of_all_axes_of_one(tmp_path: Path) -> None:
    net = Net((1, 3, 4, 4))
    x = net.node("Squeeze", net.qdq(net.node("GlobalAveragePool", net.input), FINE))
    x = net.node("Reshape", x, net.const(np.array([1, -1])))
    net.output(net.gemm(x, 3, 8))
    assert kinds(agree(net, tmp_path)) == ["GlobalAveragePool", "Conv"]


def test_identity_dropout_and_constants(tmp_path: Path) -> None:
    net = Net((1, 3, 4, 4))
    x = net.node("Dropout", net.node("Identity", net.input))
    low = net.node("Constant", value_float=-0.5)
    x = net.node("Clip", net.conv(x, (4, 3, 1, 1), quantized=False), low)
    shape = net.node("Constant", value_ints=[1, 64])
    net.output(net.gemm(net.node("Reshape", net.qdq(x), shape), 64, 3))
    model = agree(net, tmp_path)
    assert kinds(model) == ["Conv", "Reshape", "Conv"]
    conv = model.ops[0]
    assert isinstance(conv, Conv)
    assert conv.clamp == Clamp(-21, 127)  # -0.5 * 32 - 5


def test_a_reshape_to_a_computed_shape(tmp_path: Path) -> None:
    """As PyTorch writes x.view(x.shape[0], -1): the nodes that compute it need no support."""
    net = Net((1, 3, 4, 4))
    x = net.conv(net.input, (2, 3, 1, 1))
    batch = net.node("Gather", net.node("Shape", x), net.const(np.array([0])))
    shape = net.node("Concat", batch, net.const(np.array([-1])), axis=0)
    net.output(net.gemm(net.node("Reshape", x, shape), 32, 3))
    assert kinds(agree(net, tmp_path)) == ["Conv", "Reshape", "Conv"]


# --- Pad ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("opset", [13, 18])
def test_pad_before_a_conv(tmp_path: Path, opset: int) -> None:
    net = Net((1, 3, 6, 6), opset=opset)
    if opset < 18:
        y = net.node("Pad", net.input, net.const(np.array([0, 0, 0, 1, 0, 0, 1, 2])))
    else:
        sizes, axes = net.const(np.array([0, 1, 1, 2])), net.const(np.array([2, -1]))
        y = net.node("Pad", net.input, sizes, net.const(np.float32(0)), axes)
    net.output(net.conv(y, (4, 3, 3, 3), pads=[1, 0, 0, 0]))
    conv = only(agree(net, tmp_path), Conv)
    assert conv.geometry == Geometry(3, 3, pad_top=1, pad_left=1, pad_bottom=1, pad_right=2)


def test_pad_with_its_own_qdq_in_nhwc(tmp_path: Path) -> None:
    net = Net((1, 6, 6, 3))
    y = net.node("Pad", net.input, net.const(np.array([0, 0, 1, 0, 0, 1, 0, 0])))
    y = net.node("Transpose", net.qdq(y, like=net.input), perm=[0, 3, 1, 2])
    net.output(net.conv(y, (4, 3, 3, 3), strides=[2, 2]))
    conv = only(agree(net, tmp_path), Conv)
    assert (conv.geometry.pad_bottom, conv.geometry.pad_left) == (1, 1)


def test_pad_that_changes_the_scale(tmp_path: Path) -> None:
    net = Net((1, 3, 6, 6))
    y = net.qdq(net.node("Pad", net.input, net.const(np.array([0, 0, 1, 1, 0, 0, 1, 1]))), FINE)
    net.output(net.conv(y, (4, 3, 3, 3)))
    assert kinds(agree(net, tmp_path)) == ["Requantize", "Conv"]


def test_pad_before_an_average_pool_counts(tmp_path: Path) -> None:
    net = Net((1, 3, 6, 6))
    y = net.node("Pad", net.input, net.const(np.array([0, 0, 1, 1, 0, 0, 1, 1])))
    net.output(net.qdq(net.node("AveragePool", y, kernel_shape=[3, 3]), FINE))
    assert only(agree(net, tmp_path), AveragePool).count_include_pad


def test_pad_before_a_max_pool_of_values_above_zero(tmp_path: Path) -> None:
    net = Net((1, 3, 6, 6), first=Scale(1 / 32, -128))
    y = net.node("Pad", net.input, net.const(np.array([0, 0, 0, 0, 0, 0, 1, 1])))
    net.output(net.qdq(net.node("MaxPool", y, kernel_shape=[3, 3], strides=[2, 2]), like=net.input))
    assert kinds(agree(net, tmp_path)) == ["MaxPool"]


# --- tables -------------------------------------------------------------------------------------


def test_the_table_names_what_is_handled() -> None:
    assert list(SUPPORTED) == sorted(SUPPORTED)
    assert all(entry.becomes for entry in SUPPORTED.values())
    assert not set(HINTS) & set(SUPPORTED)


def test_tensors_are_in_execution_order(tmp_path: Path) -> None:
    net = Net((1, 3, 5, 5))
    y = net.conv(net.input, (3, 3, 1, 1))
    net.conv(y, (2, 3, 1, 1))  # reaches no output
    net.output(net.add(net.input, net.conv(y, (3, 3, 1, 1))))
    model = agree(net, tmp_path)
    assert [op.output for op in model.ops] == [1, 2, 3]
    assert len(model.tensors) == 4
    assert model.name == "net"
    assert len(model.sha256) == 64
    assert not any(isinstance(op, Requantize | Reshape | GlobalAveragePool) for op in model.ops)
