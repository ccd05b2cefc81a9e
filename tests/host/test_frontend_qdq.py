"""Where quantizers put QuantizeLinear and DequantizeLinear, and in which forms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_builder import Net, Scale
from test_frontend_ops import kinds, only
from test_frontend_oracle import agree

from msfcnn.frontend.onnx import load_model
from msfcnn.ir import Clamp, Quantization
from msfcnn.ops import Conv, GlobalAveragePool, MaxPool, Requantize

FINE = Scale(1 / 64, 5)


def conv_net() -> tuple[Net, str]:
    """A net and the result of its Conv, not quantized yet."""
    net = Net((1, 3, 5, 5))
    return net, net.conv(net.input, (4, 3, 3, 3), quantized=False)


# --- Relu and Clip ------------------------------------------------------------------------------


@pytest.mark.parametrize("zero", [-128, -20, 30])
def test_relu_behind_conv_is_its_clamp(tmp_path: Path, zero: int) -> None:
    net, y = conv_net()
    net.output(net.qdq(net.node("Relu", y), Scale(1 / 32, zero)))
    assert only(agree(net, tmp_path), Conv).clamp == Clamp(zero, 127)


@pytest.mark.parametrize(
    ("low", "high", "clamp"),
    [
        (0.0, 1.0, Clamp(-5, 27)),
        (-0.5, 6.0, Clamp(-21, 127)),
        (None, 0.5, Clamp(-128, 11)),
        (0.25, None, Clamp(3, 127)),
        (None, None, Clamp()),
        (0.5, 0.25, Clamp(3, 3)),  # min above max: all values are max
    ],
)
def test_clip_behind_conv_is_its_clamp(
    tmp_path: Path, low: float | None, high: float | None, clamp: Clamp
) -> None:
    net, y = conv_net()
    bounds = ["" if b is None else net.const(np.float32(b)) for b in (low, high)]
    z = net.qdq(net.node("Clip", y, *bounds))
    net.output(net.gemm(net.node("Flatten", z), 36, 6))
    assert agree(net, tmp_path).ops[0].clamp == clamp  # type: ignore[union-attr]


def test_bounds_behind_each_other(tmp_path: Path) -> None:
    net, y = conv_net()
    y = net.node("Clip", net.node("Relu", y), net.const(np.float32(-1)), net.const(np.float32(1)))
    net.output(net.qdq(y))
    assert only(agree(net, tmp_path), Conv).clamp == Clamp(-5, 27)


def test_relu_with_its_own_qdq_folds_into_the_conv(tmp_path: Path) -> None:
    net, y = conv_net()
    y = net.qdq(net.node("Relu", net.qdq(y)))
    net.output(net.gemm(net.node("Flatten", y), 36, 6))
    model = agree(net, tmp_path)
    assert kinds(model) == ["Conv", "Reshape", "Conv"]
    assert model.ops[0].clamp == Clamp(-5, 127)  # type: ignore[union-attr]
    assert model.tensors[1].name == "QuantizeLinear_2_out"


def test_relu_with_another_scale_is_a_requantize(tmp_path: Path) -> None:
    net, y = conv_net()
    net.output(net.qdq(net.node("Relu", net.qdq(y)), Scale(1 / 40, -128)))
    model = agree(net, tmp_path)
    assert kinds(model) == ["Conv", "Requantize"]
    assert only(model, Requantize).clamp == Clamp(-128, 127)


def test_a_value_and_its_relu_are_one_function(tmp_path: Path) -> None:
    net = Net((1, 3, 5, 5))
    x = net.conv(net.input, (3, 3, 1, 1))
    y = net.qdq(net.node("Relu", x), like=x)
    net.output(net.add(x, y, Scale(1 / 16, -5)))
    model = agree(net, tmp_path)
    assert kinds(model) == ["Conv", "Lookup"], "x + relu(x) is a function of x"


def test_relu_of_a_value_that_is_also_an_output_is_a_requantize(tmp_path: Path) -> None:
    net, y = conv_net()
    x = net.qdq(y)
    net.output(x).output(net.qdq(net.node("Relu", x), like=x))
    assert kinds(agree(net, tmp_path)) == ["Conv", "Requantize"]


def test_relu_of_the_input_is_a_requantize(tmp_path: Path) -> None:
    net = Net((1, 3, 5, 5))
    net.output(net.conv(net.qdq(net.node("Relu", net.input), like=net.input), (2, 3, 1, 1)))
    assert kinds(agree(net, tmp_path)) == ["Requantize", "Conv"]


def test_relu_without_qdq_keeps_the_scale(tmp_path: Path) -> None:
    net = Net((1, 3, 5, 5))
    x = net.node("Relu", net.conv(net.input, (3, 3, 1, 1)))
    net.output(net.conv(x, (2, 3, 1, 1)))
    model = agree(net, tmp_path)
    assert kinds(model) == ["Conv", "Conv"]
    assert model.tensors[1].name == "Relu_0_out"
    assert model.ops[0].clamp == Clamp(-5, 127)  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", ["Add", "MaxPool", "AveragePool", "GlobalAveragePool", "Gemm"])
def test_relu_fuses_into_other_ops(tmp_path: Path, kind: str) -> None:
    net = Net((1, 3, 4, 4))
    kernel = {"kernel_shape": [2, 2]} if kind in ("MaxPool", "AveragePool") else {}
    if kind == "Gemm":
        y = net.gemm(net.node("Flatten", net.input), 48, 8, quantized=False)
    else:
        y = net.node(kind, *[net.input] * (2 if kind == "Add" else 1), **kernel)
    y = net.qdq(net.node("Relu", y), Scale(1 / 100, 11))
    net.output(net.add(y, y, Scale(1 / 64, -30)))
    model = agree(net, tmp_path)
    assert model.ops[-2].clamp == Clamp(11, 127)  # type: ignore[union-attr]
    assert len(model.ops) == (3 if kind == "Gemm" else 2)


# --- views of one tensor ------------------------------------------------------------------------


def test_flatten_with_the_same_scale_is_a_view(tmp_path: Path) -> None:
    net = Net((1, 3, 5, 5))
    x = net.qdq(net.node("GlobalAveragePool", net.conv(net.input, (8, 3, 1, 1))), FINE)
    y = net.qdq(net.node("Flatten", x), like=x)
    net.output(net.gemm(y, 8, 4))
    model = agree(net, tmp_path)
    assert kinds(model) == ["Conv", "GlobalAveragePool", "Conv"]
    assert model.tensors[2].onnx_shape == (1, 8, 1, 1)


def test_flatten_with_another_scale_is_a_requantize(tmp_path: Path) -> None:
    net = Net((1, 3, 5, 5))
    x = net.qdq(net.node("GlobalAveragePool", net.conv(net.input, (8, 3, 1, 1))), FINE)
    net.output(net.gemm(net.qdq(net.node("Flatten", x), Scale(1 / 50, 2)), 8, 4))
    model = agree(net, tmp_path)
    assert kinds(model) == ["Conv", "GlobalAveragePool", "Requantize", "Conv"]
    assert model.tensors[3].onnx_shape == (1, 8)


def test_the_quantizer_may_stand_behind_the_flatten_only(tmp_path: Path) -> None:
    net = Net((1, 3, 5, 5))
    y = net.node("Flatten", net.node("GlobalAveragePool", net.conv(net.input, (8, 3, 1, 1))))
    net.output(net.gemm(net.qdq(y, FINE), 8, 4))
    model = agree(net, tmp_path)
    assert only(model, GlobalAveragePool).node == "GlobalAveragePool_0"
    assert model.tensors[2].onnx_shape == (1, 8)


def test_max_pool_without_qdq(tmp_path: Path) -> None:
    net = Net((1, 3, 6, 6))
    y = net.node("MaxPool", net.conv(net.input, (4, 3, 1, 1)), kernel_shape=[2, 2], strides=[2, 2])
    net.output(net.conv(y, (2, 4, 1, 1)))
    model = agree(net, tmp_path)
    assert kinds(model) == ["Conv", "MaxPool", "Conv"]
    assert model.tensors[2].name == "MaxPool_0_out"
    assert model.tensors[2].quantization == model.tensors[1].quantization


def test_max_pool_with_its_own_scale(tmp_path: Path) -> None:
    net = Net((1, 3, 6, 6))
    net.output(net.qdq(net.node("MaxPool", net.input, kernel_shape=[2, 2]), Scale(1 / 20, 7)))
    model = agree(net, tmp_path)
    assert only(model, MaxPool).clamp == Clamp()
    assert model.tensors[1].quantization.zero_point == 7


def test_max_pool_as_the_float_output(tmp_path: Path) -> None:
    net = Net((1, 3, 6, 6))
    net.output(net.node("MaxPool", net.conv(net.input, (4, 3, 1, 1)), kernel_shape=[3, 3]))
    assert agree(net, tmp_path).outputs[0].dtype == "float32"


def test_integers_may_be_rearranged_before_they_are_dequantized(tmp_path: Path) -> None:
    net = Net((1, 3, 4, 4))
    q = net.quantize(net.conv(net.input, (2, 3, 1, 1), quantized=False), FINE)
    x = net.dequantize(net.node("Reshape", q, net.const(np.array([1, 32]))), FINE)
    net.output(net.gemm(x, 32, 4))
    assert kinds(agree(net, tmp_path)) == ["Conv", "Reshape", "Conv"]


def test_two_quantizers_of_one_result(tmp_path: Path) -> None:
    """The same parameters make one tensor, others a second one."""
    net, y = conv_net()
    parts = [net.qdq(y), net.qdq(y), net.qdq(y, FINE)]
    net.output(net.qdq(net.node("Concat", *parts, axis=1), Scale(1 / 30, -5)))
    model = agree(net, tmp_path)
    assert kinds(model) == ["Conv", "Conv", "Concat"]
    assert model.ops[2].inputs == (1, 1, 2)


def test_a_second_qdq_with_another_scale_is_a_requantize(tmp_path: Path) -> None:
    net, y = conv_net()
    net.output(net.qdq(net.qdq(y), Scale(1 / 24, 3)))
    assert kinds(agree(net, tmp_path)) == ["Conv", "Requantize"]


# --- borders ------------------------------------------------------------------------------------


@pytest.mark.parametrize("border", ["int8", "uint8"])
def test_integer_input_and_output(tmp_path: Path, border: str) -> None:
    zero = 3 if border == "int8" else 131
    scale = Scale(1 / 32, zero, border)
    net = Net((1, 3, 5, 5), border=border, first=scale)
    y = net.quantize(net.conv(net.input, (4, 3, 3, 3), quantized=False), scale)
    net.output(y, border)
    model = agree(net, tmp_path)
    assert (model.input.name, model.input.dtype) == ("x", border)
    assert (model.outputs[0].name, model.outputs[0].dtype) == (y, border)
    assert [t.unsigned for t in model.tensors] == [border == "uint8"] * 2
    assert [t.quantization for t in model.tensors] == [Quantization(1 / 32, 3)] * 2
    assert model.tensors[0].name == "x"


def test_uint8_activations_inside(tmp_path: Path) -> None:
    unsigned = Scale(1 / 32, 100, "uint8")
    net = Net((1, 3, 6, 6), first=unsigned)
    x = net.conv(net.input, (4, 3, 3, 3), pads=[1, 1, 1, 1], scale=unsigned)
    y = net.conv(x, (4, 4, 1, 1), scale=unsigned)
    y = net.qdq(net.node("Relu", net.node("Add", x, y)), Scale(1 / 20, 0, "uint8"))
    net.output(net.node("MaxPool", y, kernel_shape=[2, 2]))
    model = agree(net, tmp_path)
    assert all(t.unsigned for t in model.tensors)
    assert [t.quantization.zero_point for t in model.tensors] == [-28, -28, -28, -128, -128]


def test_signed_and_unsigned_of_the_same_numbers_are_two_tensors(tmp_path: Path) -> None:
    net, y = conv_net()
    x = net.qdq(y, Scale(1 / 32, -5))
    net.output(net.quantize(x, Scale(1 / 32, 123, "uint8")), "uint8")
    model = agree(net, tmp_path)
    assert model.tensors[-1].unsigned
    assert model.outputs[0].dtype == "uint8"


def test_several_outputs(tmp_path: Path) -> None:
    net = Net((1, 3, 6, 6))
    x = net.conv(net.input, (4, 3, 3, 3))
    net.output(x).output(net.gemm(net.node("Flatten", x), 64, 5))
    model = agree(net, tmp_path)
    assert [p.tensor for p in model.outputs] == [1, 3]


def test_an_absent_zero_point_is_an_unsigned_zero(tmp_path: Path) -> None:
    net, y = conv_net()
    scale = net.const(np.float32(1 / 32))
    q = net.node("QuantizeLinear", y, scale)
    net.output(net.node("DequantizeLinear", q, scale))
    tensor = agree(net, tmp_path).tensors[1]
    assert tensor.unsigned
    assert tensor.quantization == Quantization(1 / 32, -128)


def test_an_absent_zero_point_with_an_output_type(tmp_path: Path) -> None:
    net = Net((1, 3, 5, 5), opset=21)
    y = net.conv(net.input, (4, 3, 3, 3), quantized=False)
    scale = net.const(np.float32(1 / 32))
    q = net.node("QuantizeLinear", y, scale, output_dtype=3)
    net.output(net.node("DequantizeLinear", q, scale))
    tensor = agree(net, tmp_path).tensors[1]
    assert not tensor.unsigned
    assert tensor.quantization.zero_point == 0


def test_scales_of_shape_one(tmp_path: Path) -> None:
    net, y = conv_net()
    parameters = net.const(np.float32([1 / 32])), net.const(np.int8([4]))
    q = net.node("QuantizeLinear", y, *parameters)
    net.output(net.node("DequantizeLinear", q, *parameters))
    assert agree(net, tmp_path).tensors[1].quantization == Quantization(1 / 32, 4)


def test_quantizers_of_onnxruntime_s_own_domain(tmp_path: Path) -> None:
    net = Net((1, 3, 5, 5))
    y = net.conv(net.input, (4, 3, 3, 3), quantized=False)
    parameters = net.const(np.float32(1 / 32)), net.const(np.int8(4))
    q = net.node("QuantizeLinear", y, *parameters, domain="com.microsoft")
    x = net.node("DequantizeLinear", q, *parameters, domain="com.microsoft")
    net.scales[x] = Scale(1 / 32, 4)
    net.output(net.conv(x, (2, 4, 1, 1)), shape=(1, 2, 3, 3))
    assert kinds(agree(net, tmp_path)) == ["Conv", "Conv"]


def test_a_size_that_is_computed_behind_quantizers_of_that_domain(tmp_path: Path) -> None:
    """As chunk() and view(x.shape) are exported: half of the channels, by their number."""
    net = Net((1, 6, 5, 5))
    parameters = net.const(np.float32(1 / 32)), net.const(np.int8(4))
    y = net.conv(net.input, (6, 6, 1, 1), quantized=False)
    q = net.node("QuantizeLinear", y, *parameters, domain="com.microsoft")
    x = net.node("DequantizeLinear", q, *parameters, domain="com.microsoft")
    net.scales[x] = Scale(1 / 32, 4)
    one, two = net.const(np.array([1])), net.const(np.array([2]))
    half = net.node("Div", net.node("Gather", net.node("Shape", x), one, axis=0), two)
    part = net.node("Slice", x, net.const(np.array([0])), half, one)
    net.output(net.conv(net.qdq(part, Scale(1 / 32, 4)), (2, 3, 1, 1)), shape=(1, 2, 5, 5))
    assert kinds(agree(net, tmp_path)) == ["Conv", "Select", "Conv"]


# --- weights and biases -------------------------------------------------------------------------

WEIGHTS: dict[str, dict[str, Any]] = {
    "per channel": {"axis": 0},
    "per tensor": {"axis": None},
    "uint8": {"axis": 0, "dtype": "uint8"},
    "unfolded": {"axis": 0, "fold": False},
    "unfolded per tensor": {"axis": None, "fold": False},
}


@pytest.mark.parametrize("case", WEIGHTS)
def test_weight_forms(tmp_path: Path, case: str) -> None:
    net = Net((1, 3, 5, 5))
    net.output(net.conv(net.input, (4, 3, 3, 3), weight=WEIGHTS[case]))
    conv = only(agree(net, tmp_path), Conv)
    assert (len(set(conv.weight_scale)) > 1) == (WEIGHTS[case]["axis"] is not None)
    assert np.abs(conv.weights.astype(int)).max() > 40


def test_a_negative_axis_of_per_channel_weights(tmp_path: Path) -> None:
    net = Net((1, 12))
    s, z = net.const(np.float32([0.01, 0.02, 0.03])), net.const(np.zeros(3, np.int8))
    stored = net.const(np.arange(-18, 18, dtype=np.int8).reshape(12, 3))
    w = net.node("DequantizeLinear", stored, s, z, axis=-1)
    net.output(net.qdq(net.node("Gemm", net.input, w)))
    scales = only(agree(net, tmp_path), Conv).weight_scale
    assert np.allclose(scales, [0.01, 0.02, 0.03])


def test_constants_are_quantized_with_ties_to_even() -> None:
    from msfcnn.frontend.onnx.qdq import Parameters, _quantize_constant
    from msfcnn.nodes import Constant

    real = np.float32([0.5, 1.5, 2.5, -0.5, -1.5, 300, -300])
    parameters = Parameters(np.float32([1.0]), np.array([1]), "int8", 0)
    folded = _quantize_constant(Constant(real), parameters, "int8")
    assert folded.stored.tolist() == [1, 3, 3, 1, -1, 127, -128]


def test_a_bias_in_the_right_scale_keeps_its_integers(tmp_path: Path) -> None:
    net = Net((1, 12))
    w = net.weight((5, 12), None)
    stored = np.array([2**30 + 1, -(2**30) - 3, 7, 0, -1], np.int32)
    unit = np.float32(np.float32(net.scales[net.input].scale) * np.float32(net._weight_scales[0]))
    b = net.node("DequantizeLinear", net.const(stored), net.const(unit), net.const(np.int32(0)))
    net.output(net.qdq(net.node("Gemm", net.input, w, b, transB=1), Scale(2.0**20, 0)))
    assert only(load_model(net.save(tmp_path / "n.onnx")), Conv).bias.tolist() == stored.tolist()


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_a_bias_in_another_scale_is_converted(tmp_path: Path, factor: float) -> None:
    right, wrong = Net((1, 3, 5, 5)), Net((1, 3, 5, 5))
    biases = []
    for net, error in ((right, 1.0), (wrong, factor)):
        w = net.weight((4, 3, 3, 3))
        b = net.bias(net.input, 4, factor=error)
        net.output(net.qdq(net.node("Conv", net.input, w, b)))
        biases.append(only(agree(net, tmp_path), Conv).bias)
    assert np.abs(biases[0] - biases[1]).max() <= 2
    assert biases[0].any()


def test_float_and_missing_biases(tmp_path: Path) -> None:
    net = Net((1, 3, 5, 5))
    x = net.conv(net.input, (4, 3, 3, 3), bias="float")
    net.output(net.conv(x, (2, 4, 1, 1), bias=None))
    model = agree(net, tmp_path)
    first, second = model.ops
    assert isinstance(first, Conv)
    assert isinstance(second, Conv)
    assert first.bias.any()
    assert not second.bias.any()
