"""What is not supported: every node of it is named, with its kind and a hint, all at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx_builder import Net, Scale

from msfcnn.errors import ModelError, Problem
from msfcnn.frontend.onnx import load_model
from msfcnn.frontend.onnx.support import FALLBACK, HINTS

FINE = Scale(1 / 64, 5)


def problems_of(net: Net, tmp_path: Path) -> tuple[Problem, ...]:
    with pytest.raises(ModelError) as caught:
        load_model(net.save(tmp_path / "net.onnx"))
    assert caught.value.exit_code == 1
    return caught.value.problems


def places(problems: tuple[Problem, ...]) -> list[tuple[str, str]]:
    return [(p.where, p.kind) for p in problems]


# --- all at once --------------------------------------------------------------------------------


def test_every_unknown_operator_is_named(tmp_path: Path) -> None:
    net = Net((1, 3, 8, 8))
    x = net.conv(net.input, (4, 3, 3, 3), pads=[1, 1, 1, 1])
    x = net.qdq(net.node("Tan", x))
    x = net.conv(x, (4, 4, 3, 3))
    net.output(net.node("Cosh", net.gemm(net.node("Flatten", x), 144, 5), name=""))
    found = problems_of(net, tmp_path)
    assert places(found) == [("Tan_0", "Tan"), ("Cosh_0_out", "Cosh")]
    assert found[0].hint == FALLBACK
    assert all(p.what == "this operator is not supported" for p in found)


def test_nothing_is_said_about_what_only_depends_on_a_reported_node(tmp_path: Path) -> None:
    net = Net((1, 3, 8, 8))
    x = net.node("BatchNormalization", net.input, *[net.const(np.ones(3, np.float32))] * 4)
    x = net.node("Conv", x, net.weight((4, 3, 3, 3)))
    net.output(net.qdq(net.node("Relu", x)))
    assert places(problems_of(net, tmp_path)) == [("BatchNormalization_0", "BatchNormalization")]


def test_nodes_behind_a_reported_one_are_checked_too(tmp_path: Path) -> None:
    net = Net((1, 3, 8, 8))
    x = net.qdq(net.node("Tan", net.input))
    x = net.conv(x, (4, 3, 3, 3), weight={"axis": 1}, bias=None)
    x = net.conv(x, (4, 4, 1, 1))
    net.output(net.qdq(net.node("Mod", x, x), FINE))
    found = places(problems_of(net, tmp_path))
    assert found == [("Tan_0", "Tan"), ("Conv_0", "Conv"), ("Mod_0", "Mod")]


def test_a_guessed_layout_is_not_held_against_the_nodes_behind(tmp_path: Path) -> None:
    """Behind an unsupported NHWC op we cannot know where the channels are."""
    net = Net((1, 8, 8, 3))
    x = net.qdq(net.node("Tan", net.input))
    x = net.node("Transpose", x, perm=[0, 3, 1, 2])
    net.output(net.conv(x, (4, 3, 3, 3)))
    assert places(problems_of(net, tmp_path)) == [("Tan_0", "Tan")]


def test_an_unsupported_branch_that_reaches_no_output_does_not_matter(tmp_path: Path) -> None:
    net = Net((1, 3, 8, 8))
    net.node("Tan", net.input)
    path = net.output(net.conv(net.input, (4, 3, 3, 3))).save(tmp_path / "net.onnx")
    assert len(load_model(path).ops) == 1


def test_operators_of_other_domains_carry_their_name(tmp_path: Path) -> None:
    net = Net((1, 3, 8, 8))
    y = net.node("Attention", net.input, domain="com.microsoft")
    net.output(net.qdq(y), shape=(1, 3, 8, 8))
    found = problems_of(net, tmp_path)
    assert places(found) == [("Attention_0", "com.microsoft::Attention")]
    assert found[0].hint == HINTS["Attention"]


def test_two_nodes_of_one_name_are_two_problems(tmp_path: Path) -> None:
    net = Net((1, 3, 8, 8))
    x = net.node("Tan", net.input, name="act")
    net.nodes.append(helper.make_node("Cosh", [x], ["y"], name="act"))
    net.output(net.qdq("y"))
    assert places(problems_of(net, tmp_path)) == [("act", "Tan"), ("act", "Cosh")]


@pytest.mark.parametrize("kind", sorted(HINTS))
def test_hints_say_something(kind: str) -> None:
    assert len(HINTS[kind]) > 5
    assert not HINTS[kind].endswith(".")


# --- one per reason -----------------------------------------------------------------------------

Maker = Callable[[Net], str]


def matrix(net: Net) -> str:
    return net.node("Flatten", net.input)


CASES: dict[str, tuple[Maker, str, str]] = {
    # what the net computes from a [1, 3, 6, 6] input, the node to name, a part of the reason
    "float weights": (
        lambda n: n.qdq(n.node("Conv", n.input, n.const(np.ones((2, 3, 3, 3))))),
        "Conv_0",
        "its weights are not quantized",
    ),
    "weights per input channel": (
        lambda n: n.conv(n.input, (4, 3, 3, 3), weight={"axis": 1}, bias=None),
        "Conv_0",
        "differ within an output channel",
    ),
    "weights from an activation": (
        lambda n: n.qdq(n.node("MatMul", matrix(n), n.node("Transpose", matrix(n), perm=[1, 0]))),
        "MatMul_0",
        "multiplies two activations",
    ),
    "wrong channels": (
        lambda n: n.conv(n.input, (4, 2, 3, 3)),
        "Conv_0",
        "do not fit 3 channels",
    ),
    "wrong bias": (
        lambda n: n.qdq(
            n.node("Conv", n.input, n.weight((4, 3, 3, 3)), n.const(np.ones(3, np.float32)))
        ),
        "Conv_0",
        "there are 4 outputs",
    ),
    "bias too large": (
        lambda n: n.qdq(
            n.node("Conv", n.input, n.weight((1, 3, 3, 3)), n.const(np.float32([1e30])))
        ),
        "Conv_0",
        "out of all proportion",
    ),
    "kernel too large for the input": (
        lambda n: n.conv(n.input, (4, 3, 7, 7)),
        "Conv_0",
        "covers 7 pixels, but the padded input has only 6",
    ),
    "padding too wide": (
        lambda n: n.conv(n.input, (4, 3, 3, 3), pads=[40_000, 0, 0, 0]),
        "Conv_0",
        "padding of 40000 is out of range",
    ),
    "negative alpha": (
        lambda n: n.gemm(matrix(n), 108, 4, alpha=-1.0, bias=None),
        "Gemm_0",
        "alpha is -1",
    ),
    "matrix of the wrong length": (
        lambda n: n.gemm(matrix(n), 107, 4),
        "Gemm_0",
        "take 107 values, but its input has 108",
    ),
    "constant times activation": (
        lambda n: n.qdq(n.node("MatMul", n.weight((4, 6), None), n.input)),
        "MatMul_0",
        "constant is on the left",
    ),
    "add of a constant that is larger": (
        lambda n: n.add(n.input, n.const(np.arange(4.0).reshape(2, 1, 1, 1, 2))),
        "Add_0",
        "constant of shape [2, 1, 1, 1, 2]",
    ),
    "concat of different sizes": (
        lambda n: n.qdq(n.node("Concat", n.input, n.conv(n.input, (2, 3, 3, 3)), axis=1)),
        "Concat_0",
        "differ in height or width",
    ),
    "softmax in the middle": (
        lambda n: n.conv(n.node("Softmax", n.input, axis=1), (2, 3, 1, 1), bias=None),
        "Softmax_0",
        "goes into Conv 'Conv_0' without being quantized",
    ),
    "padding of the batch": (
        lambda n: n.conv(
            n.node("Pad", n.input, n.const(np.array([1, 0, 0, 0, 0, 0, 0, 0]))), (2, 3, 3, 3)
        ),
        "Pad_0",
        "pads the batch",
    ),
    "indices of a max pool": (
        lambda n: max_pool_indices(n),
        "pool",
        "second output",
    ),
    "pool that sees only padding": (
        lambda n: n.qdq(
            n.node("AveragePool", n.input, kernel_shape=[2, 2], pads=[0, 2, 0, 0], strides=[1, 1])
        ),
        "AveragePool_0",
        "nothing but padding",
    ),
    "bounds at run time": (
        lambda n: n.qdq(n.node("Clip", n.input, n.node("Squeeze", n.input))),
        "Clip_0",
        "computed at run time",
    ),
    "clip that is no multiple of the scale": (
        lambda n: n.conv(
            n.node("Clip", n.conv(n.input, (2, 3, 1, 1)), n.const(np.float32(0.3))),
            (2, 2, 1, 1),
            bias=None,
        ),
        "Clip_0",
        "without being quantized",
    ),
    "cosine": (lambda n: n.qdq(n.node("Tan", n.input)), "Tan_0", "not supported"),
    "conv without QDQ behind": (
        lambda n: n.conv(n.conv(n.input, (2, 3, 1, 1), quantized=False), (2, 2, 1, 1), bias=None),
        "Conv_0",
        "goes into Conv 'Conv_1' without being quantized",
    ),
    "conv as the float output": (
        lambda n: n.conv(n.input, (2, 3, 1, 1), quantized=False),
        "Conv_0",
        "leaves the model without being quantized",
    ),
    "conv on the float input": (
        lambda n: n.add(n.qdq(n.node("Relu", "x")), n.input),
        "Relu_0",
        "input 'x' is not quantized",
    ),
    "two scales of the input": (
        lambda n: n.add(n.input, n.qdq("x", FINE)),
        "QuantizeLinear_1",
        "a second time",
    ),
    "two scales of one value": (
        lambda n: n.dequantize(
            n.quantize(n.conv(n.input, (2, 3, 1, 1), quantized=False), FINE), Scale(1 / 8, 0)
        ),
        "DequantizeLinear_3",
        "another scale or zero point than it was written with",
    ),
    "activations per channel": (
        lambda n: per_channel(n),
        "QuantizeLinear_1",
        "quantized per channel",
    ),
    "16-bit activations": (
        lambda n: sixteen_bits(n),
        "QuantizeLinear_1",
        "its zero point is int16",
    ),
    "scale of zero": (
        lambda n: n.qdq(n.node("Relu", n.input), Scale(0.0, 0)),
        "QuantizeLinear_1",
        "a scale is 0",
    ),
    "scale that is no number": (
        lambda n: n.qdq(n.node("Relu", n.input), Scale(float("nan"), 0)),
        "QuantizeLinear_1",
        "a scale is nan",
    ),
    "batch behind a reshape": (
        lambda n: n.conv(
            n.node("Reshape", n.conv(n.input, (4, 3, 1, 1)), n.const(np.array([4, 1, 6, 6]))),
            (2, 1, 1, 1),
        ),
        "Conv_1",
        "no image, line or vector with batch 1",
    ),
    "wrong reshape": (
        lambda n: n.conv(
            n.node("Reshape", n.input, n.const(np.array([1, 3, 5, -1]))), (2, 3, 1, 1)
        ),
        "Reshape_0",
        "cannot turn the shape [1, 3, 6, 6] into",
    ),
    "reflected padding": (
        lambda n: n.conv(
            n.node("Pad", n.input, n.const(np.array([0, 0, 1, 1, 0, 0, 1, 1])), mode="reflect"),
            (2, 3, 3, 3),
        ),
        "Pad_0",
        "mode reflect",
    ),
    "padding with ones": (
        lambda n: n.conv(
            n.node(
                "Pad", n.input, n.const(np.array([0, 0, 1, 1, 0, 0, 1, 1])), n.const(np.float32(1))
            ),
            (2, 3, 3, 3),
        ),
        "Pad_0",
        "pads with 1",
    ),
    "accumulator overflow": (
        lambda n: overflowing(n),
        "Conv_0",
        "accumulator of output channel 0 can overflow",
    ),
    "training": (
        lambda n: n.conv(
            n.node("Dropout", n.input, n.const(np.float32(0.5)), n.const(np.array(True))),
            (2, 3, 1, 1),
        ),
        "Dropout_0",
        "training mode",
    ),
}


def max_pool_indices(net: Net) -> str:
    node = helper.make_node("MaxPool", [net.input], ["y", "i"], name="pool", kernel_shape=[2, 2])
    net.nodes.append(node)
    net.outputs.append(helper.make_tensor_value_info("i", TensorProto.INT64, (1, 3, 5, 5)))
    return net.qdq("y")


def integers(net: Net) -> str:
    return net.quantize(net.conv(net.input, (2, 3, 1, 1), quantized=False), FINE)


def per_channel(net: Net) -> str:
    parameters = net.const(np.float32([0.1, 0.2, 0.3])), net.const(np.zeros(3, np.int8))
    q = net.node("QuantizeLinear", net.node("Relu", net.input), *parameters, axis=1)
    return net.node("DequantizeLinear", q, *parameters, axis=1)


def sixteen_bits(net: Net) -> str:
    net.opset = 21
    parameters = net.const(np.float32(0.001)), net.const(np.int16(0))
    q = net.node("QuantizeLinear", net.node("Relu", net.input), *parameters)
    return net.node("DequantizeLinear", q, *parameters)


def overflowing(net: Net) -> str:
    weight = net.weight((2, 3, 3, 3), None)
    unit = net.const(np.float32(net.scales[net.input].scale * net._weight_scales[0]))
    bias = net.node(
        "DequantizeLinear",
        net.const(np.array([2**31 - 1, 0], np.int32)),
        unit,
        net.const(np.int32(0)),
    )
    return net.qdq(net.node("Conv", net.input, weight, bias))


@pytest.mark.parametrize("case", CASES)
def test_unsupported(tmp_path: Path, case: str) -> None:
    make, where, what = CASES[case]
    net = Net((1, 3, 6, 6))
    result = make(net)
    net.output(result, shape=None)
    if not net.model().graph.output[-1].type.tensor_type.HasField("shape"):
        net.outputs[-1] = helper.make_tensor_value_info(result, 1, ["a", "b", "c", "d"])
    found = problems_of(net, tmp_path)
    assert [p.where for p in found] == [where], found
    assert what in found[0].what
    assert found[0].hint
    assert found[0].kind == next(n.op_type for n in net.nodes if n.name == where)
    assert not found[0].what.endswith(".")


def test_a_shape_that_contradicts_the_file(tmp_path: Path) -> None:
    net = Net((1, 3, 8, 8))
    y = net.conv(net.input, (4, 3, 3, 3), quantized=False)
    net.output(net.qdq(y))
    model = net.model()
    model.graph.value_info.append(helper.make_tensor_value_info(y, 1, (1, 4, 7, 7)))
    path = tmp_path / "net.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError) as caught:
        load_model(path)
    assert caught.value.problems[0].where in ("Conv_0", str(path))
    assert "shape" in caught.value.problems[0].what


def test_each_of_several_wrong_layers_is_named(tmp_path: Path) -> None:
    net = Net((1, 3, 6, 6))
    x: Any = net.input
    for _ in range(3):
        x = net.conv(x, (3, 3, 1, 1), weight={"axis": 1})
    net.output(x)
    assert places(problems_of(net, tmp_path)) == [(f"Conv_{i}", "Conv") for i in range(3)]
