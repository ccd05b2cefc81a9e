"""onnxruntime as the oracle: whole networks, and single ops on values that we force."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx_builder import Net, Scale, run

from msfcnn.errors import ModelError, UsageError
from msfcnn.frontend.onnx import load_model
from msfcnn.ir import Model, Order
from msfcnn.ops import Conv
from msfcnn.reference import execute, run_op
from msfcnn.verifier.oracle import Oracle

Values = NDArray[np.int8]

needs_onnxruntime = pytest.mark.usefixtures("_onnxruntime")


@pytest.fixture
def _onnxruntime() -> None:
    pytest.importorskip("onnxruntime", reason="pip install 'msfcnn[verify]'")


def image_of(model: Model, seed: int = 0) -> Values:
    shape = model.tensors[model.input.tensor].shape
    return np.random.default_rng(seed).integers(-128, 128, shape, dtype=np.int8)


def reference(model: Model, image: Values) -> list[Values]:
    return [values[0] for values in execute(model, image[None])]


def real_of(model: Model, stored: Values, tensor: int = 0) -> NDArray[np.float32]:
    """The real numbers that the values of a tensor stand for, [H, W, C]."""
    q = model.tensors[tensor].quantization
    return (stored.astype(np.float32) - q.zero_point) * np.float32(q.scale)


def distance(left: Values, right: Values) -> int:
    assert left.shape == right.shape
    return int(np.abs(left.astype(np.int16) - right).max())


# networks of every shape

FINE = Scale(1 / 20, 10)


def residual(net: Net) -> Net:
    """Two readers of one tensor, and a second scale."""
    x = net.conv(net.input, (4, 3, 3, 3), pads=[1, 1, 1, 1])
    y = net.conv(x, (4, 4, 3, 3), scale=FINE, pads=[1, 1, 1, 1])
    return net.output(net.add(x, y, Scale(1 / 16, -20)))


def views(net: Net) -> Net:
    """Flatten with its own QDQ, which shows the Conv's values under another name."""
    x = net.conv(net.input, (4, 3, 3, 3), strides=[2, 2])
    x = net.qdq(net.node("Flatten", x), like=x)
    return net.output(net.gemm(x, 4 * 3 * 3, 10))


def implicit(net: Net) -> Net:
    """A pool that nothing quantizes before the next Conv reads it."""
    x = net.node("MaxPool", net.conv(net.input, (4, 3, 3, 3)), kernel_shape=[2, 2])
    return net.output(net.conv(x, (5, 4, 3, 3), scale=FINE))


def pooled(net: Net) -> Net:
    """A pool that is quantized only when it has been flattened."""
    x = net.node("MaxPool", net.conv(net.input, (4, 3, 3, 3)), kernel_shape=[2, 2], strides=[2, 2])
    x = net.qdq(net.node("Flatten", x), like=x)
    return net.output(net.gemm(x, 4 * 3 * 3, 10))


def branches(net: Net) -> Net:
    """A concatenation and two outputs of which one is read further."""
    left = net.conv(net.input, (3, 3, 1, 1), scale=FINE)
    right = net.conv(net.input, (2, 3, 3, 3), pads=[1, 1, 1, 1])
    joined = net.qdq(net.node("Concat", left, right, axis=1), Scale(1 / 25, 3))
    mean = net.qdq(net.node("GlobalAveragePool", joined), Scale(1 / 100, 0))
    return net.output(joined).output(mean)


def classifier(net: Net) -> Net:
    """A last Softmax that nothing quantizes."""
    x = net.qdq(net.node("GlobalAveragePool", net.conv(net.input, (6, 3, 3, 3), scale=FINE)))
    x = net.gemm(net.node("Flatten", x), 6, 5, scale=Scale(1 / 40, 0))
    return net.output(net.node("Softmax", x, axis=-1))


# each with the kinds of ops that are judged
NETS = {
    "residual": (residual, ["Conv", "Conv", "Add"]),
    "views": (views, ["Conv", "Conv"]),
    "implicit": (implicit, ["Conv", "Conv"]),
    "pooled": (pooled, ["Conv", "MaxPool", "Conv"]),
    "branches": (branches, ["Conv", "Conv", "Concat", "GlobalAveragePool"]),
    "classifier": (classifier, ["Conv", "GlobalAveragePool", "Conv"]),
}


def build(case: str, directory: Path) -> tuple[Path, Model]:
    path = NETS[case][0](Net((1, 3, 8, 8))).save(directory / "net.onnx")
    return path, load_model(path)


@needs_onnxruntime
@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize("case", NETS)
def test_each_op_is_judged_on_our_values(case: str, optimize: bool, tmp_path: Path) -> None:
    path, model = build(case, tmp_path)
    oracle = Oracle(path, model, optimize)
    for seed in range(3):
        values = reference(model, image_of(model, seed))
        judged = oracle.judge(values)
        assert judged, "nothing is judged"
        for tensor, theirs in judged.items():
            assert theirs.dtype == np.int8
            assert distance(theirs, values[tensor]) <= 1, model.tensors[tensor].name
            assert len(np.unique(theirs)) > 2, "a constant proves nothing"


@needs_onnxruntime
@pytest.mark.parametrize("case", NETS)
def test_what_onnx_quantizes_is_judged(case: str, tmp_path: Path) -> None:
    path, model = build(case, tmp_path)
    judged = Oracle(path, model).judge(reference(model, image_of(model)))
    kinds = [type(op).__name__ for op in model.ops if op.output in judged]
    assert kinds == NETS[case][1]
    assert model.input.tensor not in judged


@needs_onnxruntime
@pytest.mark.parametrize("optimize", [False, True])
def test_readers_get_the_forced_values(optimize: bool, tmp_path: Path) -> None:
    """Values that no op would write decide what their readers give, and nothing else."""
    path, model = build("residual", tmp_path)
    values = reference(model, image_of(model))
    honest = Oracle(path, model, optimize).judge(values)
    first, second, add = model.ops
    forced = list(values)
    forced[first.output] = image_of(model, 5)[..., :1].repeat(4, axis=2)
    judged = Oracle(path, model, optimize).judge(forced)
    np.testing.assert_array_equal(judged[first.output], honest[first.output])
    for op in (second, add):
        expected = run_op(model, op, [forced[t][None] for t in op.inputs])[0]
        assert distance(judged[op.output], expected) <= 1
        assert distance(judged[op.output], honest[op.output]) > 20


def with_pairs_of_their_own(path: Path) -> None:
    """Every reader of a DequantizeLinear gets a pair of its own, as onnxruntime's quantizer can."""
    model = onnx.load(path)
    nodes = list(model.graph.node)
    del model.graph.node[:]
    quantize = {n.output[0]: n for n in nodes if n.op_type == "QuantizeLinear"}
    restore = {n.output[0]: n for n in nodes if n.op_type == "DequantizeLinear"}
    seen: set[str] = set()
    for node in nodes:
        for index, name in enumerate(node.input):
            if name in seen and restore[name].input[0] in quantize:
                second = quantize[restore[name].input[0]], restore[name]
                for pair, source in zip(second, (None, f"{name}_q2"), strict=True):
                    copy = model.graph.node.add()
                    copy.CopyFrom(pair)
                    copy.name, copy.output[0] = f"{pair.name}_2", f"{name}_q2"
                    if source:
                        copy.input[0], copy.output[0] = source, f"{name}_2"
                node.input[index] = f"{name}_2"
            elif name in restore:
                seen.add(name)
        model.graph.node.append(node)
    onnx.save(model, path)


@needs_onnxruntime
def test_all_pairs_of_a_value_get_the_forced_values(tmp_path: Path) -> None:
    path, model = build("residual", tmp_path)
    values = reference(model, image_of(model))
    forced = list(values)
    forced[model.ops[0].output] = image_of(model, 5)[..., :1].repeat(4, axis=2)
    once = Oracle(path, model).judge(forced)
    with_pairs_of_their_own(path)
    twice = load_model(path)
    assert len(twice.ops) == len(model.ops)
    for tensor, judged in Oracle(path, twice).judge(forced).items():
        np.testing.assert_array_equal(judged, once[tensor])


@needs_onnxruntime
def test_the_image_is_forced_too(tmp_path: Path) -> None:
    path, model = build("residual", tmp_path)
    values = reference(model, image_of(model))
    honest = Oracle(path, model).judge(values)
    other = [image_of(model, 9), *values[1:]]
    judged = Oracle(path, model).judge(other)
    first = model.ops[0].output
    assert distance(judged[first], reference(model, other[0])[first]) <= 1
    assert distance(judged[first], honest[first]) > 20
    last = model.ops[-1].output
    np.testing.assert_array_equal(judged[last], honest[last])


@needs_onnxruntime
@pytest.mark.parametrize("case", ["views", "implicit", "pooled"])
def test_what_has_no_place_of_its_own_follows_the_forced_values(case: str, tmp_path: Path) -> None:
    """A view or a pool between two quantized tensors is computed from the forced first one."""
    path, model = build(case, tmp_path)
    values = reference(model, image_of(model))
    first = model.ops[0].output
    forced = {first: image_of(model, 7)[:6, :6, :1].repeat(4, axis=2)}
    forced[first] = forced[first][: values[first].shape[0], : values[first].shape[1]]
    for op in model.ops[1:]:
        forced[op.output] = run_op(model, op, [forced[t][None] for t in op.inputs])[0]
    judged = Oracle(path, model).judge([forced.get(t, v) for t, v in enumerate(values)])
    last = model.ops[-1].output
    assert distance(judged[last], forced[last]) <= 1
    assert distance(judged[last], values[last]) > 20


@needs_onnxruntime
def test_its_own_values_come_back(tmp_path: Path) -> None:
    """Forced to the values that onnxruntime has anyway, the graph gives the same again."""
    path, model = build("branches", tmp_path)
    image = image_of(model)
    names = [tensor.name for tensor in model.tensors[1:]]
    theirs = run(path, real_of(model, image).transpose(2, 0, 1)[None], names)
    own = [tensor.from_onnx(theirs[tensor.name]) for tensor in model.tensors[1:]]
    judged = Oracle(path, model).judge([image, *own])
    assert list(judged) == [1, 2, 3, 4]
    for ours, again in zip(own, judged.values(), strict=True):
        np.testing.assert_array_equal(again, ours)


# whole networks


@needs_onnxruntime
@pytest.mark.parametrize("case", NETS)
def test_a_whole_network_gives_what_onnxruntime_gives(case: str, tmp_path: Path) -> None:
    """Exactly what it has quantized; a bare Softmax is rounded to the nearest step."""
    path, model = build(case, tmp_path)
    image = image_of(model)
    theirs = run(path, real_of(model, image).transpose(2, 0, 1)[None])
    found = Oracle(path, model).run(image)
    assert len(found) == len(model.outputs)
    for port, values in zip(model.outputs, found, strict=True):
        assert values.dtype == np.int8
        assert values.shape == model.tensors[port.tensor].shape
        planar = real_of(model, values, port.tensor).transpose(2, 0, 1).reshape(port.onnx_shape)
        steps = 0.501 if case == "classifier" else 1e-4
        slack = steps * model.tensors[port.tensor].quantization.scale
        np.testing.assert_allclose(planar, theirs[port.name], rtol=0, atol=slack)
        assert distance(values, reference(model, image)[port.tensor]) <= 3
        assert len(np.unique(values)) > 2


@needs_onnxruntime
@pytest.mark.parametrize("border", ["int8", "uint8"])
def test_integers_at_the_border_are_passed_on(border: str, tmp_path: Path) -> None:
    net = Net((1, 3, 8, 8), border)
    x = net.conv(net.input, (4, 3, 3, 3), scale=Scale(1 / 32, 7, border))
    q = net.quantize(net.node("Relu", x), Scale(1 / 32, 7, border))
    path = net.output(q, border).save(tmp_path / "net.onnx")
    model = load_model(path)
    image = image_of(model)
    stored = model.input.view(model).to_onnx(image)
    assert stored.dtype == border
    (theirs,) = run(path, stored).values()
    (found,) = Oracle(path, model).run(image)
    port = model.outputs[0]
    np.testing.assert_array_equal(port.view(model).to_onnx(found), theirs)
    for tensor, values in Oracle(path, model).judge(reference(model, image)).items():
        assert distance(values, reference(model, image)[tensor]) <= 1


@needs_onnxruntime
def test_unsigned_tensors_inside(tmp_path: Path) -> None:
    first = Scale(1 / 32, 131, "uint8")
    net = Net((1, 3, 8, 8), first=first)
    x = net.conv(net.input, (4, 3, 3, 3), scale=Scale(1 / 32, 100, "uint8"))
    net.output(net.conv(x, (2, 4, 3, 3), scale=Scale(1 / 32, 90, "uint8")))
    path = net.save(tmp_path / "net.onnx")
    model = load_model(path)
    assert all(tensor.unsigned for tensor in model.tensors)
    values = reference(model, image_of(model))
    judged = Oracle(path, model).judge(values)
    assert len(judged) == 2
    assert max(distance(judged[t], values[t]) for t in judged) <= 1
    assert distance(Oracle(path, model).run(values[0])[0], values[-1]) <= 2


@needs_onnxruntime
def test_channels_last_at_the_border(tmp_path: Path) -> None:
    net = Net((1, 6, 5, 3))
    x = net.node("Transpose", net.input, perm=[0, 3, 1, 2])
    x = net.conv(x, (4, 3, 3, 3), pads=[1, 1, 1, 1])
    net.output(net.node("Transpose", x, perm=[0, 2, 3, 1]))
    path = net.save(tmp_path / "net.onnx")
    model = load_model(path)
    assert model.input.onnx_order is Order.HWC
    values = reference(model, image_of(model))
    assert distance(Oracle(path, model).run(values[0])[0], values[-1]) <= 1
    judged = Oracle(path, model).judge(values)
    assert max(distance(judged[t], values[t]) for t in judged) <= 1


@needs_onnxruntime
def test_an_op_that_errs_is_noticed(tmp_path: Path) -> None:
    """The judgement is of the ONNX file: a Model that says something else does not agree."""
    path, model = build("residual", tmp_path)
    conv = model.ops[0]
    assert isinstance(conv, Conv)
    conv.weights[0, 0, 0, 0] ^= 64
    values = reference(model, image_of(model))
    judged = Oracle(path, model).judge(values)
    wrong = [t for t in judged if distance(judged[t], values[t]) > 1]
    assert wrong == [conv.output]


@needs_onnxruntime
@pytest.mark.parametrize("optimize", [False, True])
def test_the_graph_is_optimized_only_when_asked(
    optimize: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both the whole network and the one cut into ops."""
    import onnxruntime

    path, model = build("residual", tmp_path)
    original, levels = onnxruntime.InferenceSession, []

    def watched(proto: bytes, options: Any, **others: Any) -> Any:
        levels.append(options.graph_optimization_level)
        return original(proto, options, **others)

    monkeypatch.setattr(onnxruntime, "InferenceSession", watched)
    Oracle(path, model, optimize).judge(reference(model, image_of(model)))
    level = onnxruntime.GraphOptimizationLevel
    assert levels == [level.ORT_ENABLE_ALL if optimize else level.ORT_DISABLE_ALL] * 2


# what can go wrong


def test_a_missing_onnxruntime_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, model = build("residual", tmp_path)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UsageError) as caught:
        Oracle(path, model)
    assert caught.value.problems[0].hint == "pip install 'msfcnn[verify]'"


@needs_onnxruntime
def test_a_file_that_onnxruntime_refuses_is_told_in_a_line(tmp_path: Path) -> None:
    path, model = build("residual", tmp_path)
    proto = onnx.load(path)
    proto.ir_version = 99
    path.write_bytes(proto.SerializeToString())
    with pytest.raises(ModelError, match=r"^onnxruntime: does not take the model: .*99") as caught:
        Oracle(path, model)
    assert "\n" not in str(caught.value)
    assert caught.value.problems[0].hint
