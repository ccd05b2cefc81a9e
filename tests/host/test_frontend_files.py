"""Files that cannot be models: each is refused with one clear message, never a traceback."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_builder import Net, Scale
from test_frontend_oracle import agree

from msfcnn.errors import ModelError, MsfcnnError, Problem, UsageError
from msfcnn.frontend.onnx import load_model
from msfcnn.frontend.onnx.outside import fingerprint
from msfcnn.reference import execute
from msfcnn.verifier import random_images
from msfcnn.verifier.oracle import Oracle

ZERO = numpy_helper.from_array(np.zeros(1, np.int64), "zero")


def refused(path: Path, error: type[MsfcnnError] = ModelError) -> tuple[Problem, ...]:
    with pytest.raises(MsfcnnError) as caught:
        load_model(path)
    assert type(caught.value) is error
    return caught.value.problems


def refused_once(path: Path, error: type[MsfcnnError] = ModelError) -> Problem:
    problems = refused(path, error)
    assert len(problems) == 1
    assert problems[0].hint
    return problems[0]


def small_net(shape: tuple[int | str | None, ...] = (1, 3, 8, 8), **options: int) -> Net:
    net = Net(shape, **options)
    return net.output(net.conv(net.input, (4, 3, 3, 3)), shape=(1, 4, 6, 6))


def written(model: onnx.ModelProto, tmp_path: Path) -> Path:
    path = tmp_path / "net.onnx"
    path.write_bytes(model.SerializeToString())
    return path


# --- the file -----------------------------------------------------------------------------------


def test_a_good_file(tmp_path: Path) -> None:
    assert len(load_model(small_net().save(tmp_path / "good.onnx")).ops) == 1


def test_missing_file_and_directory(tmp_path: Path) -> None:
    problem = refused_once(tmp_path / "none.onnx", UsageError)
    assert (problem.where, problem.what) == (str(tmp_path / "none.onnx"), "no such file")
    assert refused_once(tmp_path, UsageError).what == "is a directory"
    assert UsageError.exit_code == 2
    assert ModelError.exit_code == 1


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 8,
        b"hello\n",
        b"\x08\x08",
        b"PK\x03\x04",
    ],
    ids=["jpeg", "text", "no graph", "zip"],
)
def test_something_else_than_onnx(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "photo.onnx"
    path.write_bytes(data)
    assert "not a complete ONNX file" in refused_once(path).what


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.onnx"
    path.touch()
    assert refused_once(path).what == "the file is empty"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_truncated_file(tmp_path: Path, share: float) -> None:
    data = small_net().model().SerializeToString()
    path = tmp_path / "net.onnx"
    path.write_bytes(data[: int(len(data) * share)])
    assert "ONNX file" in refused_once(path).what


def outside(tmp_path: Path) -> Path:
    """A model whose constants are in weights.bin."""
    path = tmp_path / "net.onnx"
    options = {"save_as_external_data": True, "location": "weights.bin", "size_threshold": 0}
    onnx.save(small_net().model(), path, **options)
    return path


def test_external_data(tmp_path: Path) -> None:
    (tmp_path / "in one file").mkdir()
    whole = load_model(small_net().save(tmp_path / "in one file" / "net.onnx"))
    split = load_model(outside(tmp_path))
    images = random_images(whole, 2, seed=1)
    for ours, theirs in zip(execute(split, images), execute(whole, images), strict=True):
        assert np.array_equal(ours, theirs)


def test_external_data_is_part_of_what_tells_models_apart(tmp_path: Path) -> None:
    path, data = outside(tmp_path), tmp_path / "weights.bin"
    before = load_model(path).sha256
    assert fingerprint(path.read_bytes(), path) == before
    data.write_bytes(data.read_bytes()[::-1])
    assert fingerprint(path.read_bytes(), path) != before


@pytest.mark.parametrize("kept", [None, 7])
def test_external_data_that_is_missing_or_cut_off(tmp_path: Path, kept: int | None) -> None:
    path, data = outside(tmp_path), tmp_path / "weights.bin"
    if kept is None:
        data.unlink()
        problem = refused_once(path)
        assert problem.where == "net.onnx"
        assert "external data" in problem.what
        assert "weights.bin" in problem.what
    else:
        data.write_bytes(data.read_bytes()[:kept])
        with pytest.raises(ModelError):
            load_model(path)


def test_sparse_initializers(tmp_path: Path) -> None:
    model = small_net().model()
    values = numpy_helper.from_array(np.float32([1]), "sparse")
    indices = numpy_helper.from_array(np.array([0]), "indices")
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [4]))
    assert refused_once(written(model, tmp_path)).where == "sparse"


@pytest.mark.parametrize("opset", [7, 12])
def test_old_opset(tmp_path: Path, opset: int) -> None:
    """No QuantizeLinear at all in 7, none per axis in 12, which this net has."""
    model = small_net().model()
    model.opset_import[0].version = opset
    problem = refused_once(written(model, tmp_path))
    assert f"opset {opset}" in problem.what
    assert "newer opset" in problem.hint


@pytest.mark.parametrize("opset", [10, 12])
def test_an_old_opset_is_converted(tmp_path: Path, opset: int) -> None:
    """With the forms that became others in 13: axes as attributes, Softmax over the rest."""
    net = Net((1, 4, 5, 5))
    net.opset = opset
    x = net.node("GlobalAveragePool", net.input)
    x = net.qdq(net.node("Squeeze", net.qdq(x), axes=[2, 3]))
    net.output(net.qdq(net.node("Softmax", x), Scale(1 / 256, -128)))
    agree(net, tmp_path)


def test_amounts_of_a_pad_that_the_graph_computes(tmp_path: Path) -> None:
    """As PyTorch's older exporter writes them where nobody folds constants."""
    net = Net((1, 3, 5, 6))
    zeros = net.node("ConstantOfShape", net.const(np.array([4])), value=ZERO)
    listed = net.node("Concat", net.const(np.array([1, 2, 0, 1])), zeros, axis=0)
    rows = net.node("Reshape", listed, net.const(np.array([-1, 2])))
    steps = [net.const(np.array([n])) for n in (-1, -(2**63) + 1, 0, -1)]
    turned = net.node("Transpose", net.node("Slice", rows, *steps), perm=[1, 0])
    pads = net.node("Reshape", turned, net.const(np.array([-1])))
    net.output(net.qdq(net.node("Pad", net.input, net.node("Cast", pads, to=7))))
    assert agree(net, tmp_path).tensors[-1].shape == (6, 9, 3)


def test_future_opset(tmp_path: Path) -> None:
    model = small_net().model()
    model.opset_import[0].version = 9999
    assert "update the onnx package" in refused_once(written(model, tmp_path)).hint


# --- float models -------------------------------------------------------------------------------


def test_float_model(tmp_path: Path) -> None:
    net = Net((1, 3, 8, 8))
    net.nodes.clear()
    y = net.node("Conv", "x", net.const(np.ones((2, 3, 3, 3), np.float32)))
    net.output(net.node("Cosh", net.node("Tan", y)))
    problem = refused_once(net.save(tmp_path / "float.onnx"))
    assert "is a float model" in problem.what
    assert "`msfcnn quantize float.onnx --calib PICTURES -o float_int8.onnx`" in problem.hint


def test_model_with_only_its_weights_quantized(tmp_path: Path) -> None:
    net = Net((1, 3, 8, 8))
    net.nodes.clear()
    net.output(net.node("Conv", "x", net.weight((2, 3, 3, 3), fold=False)))
    assert "only its weights" in refused_once(net.save(tmp_path / "half.onnx")).what


def test_model_in_operator_format(tmp_path: Path) -> None:
    net = Net((1, 3, 8, 8))
    net.nodes.clear()
    net.nodes.append(helper.make_node("Cast", ["x"], ["q"], to=2))
    net.output(net.node("ConvInteger", "q", net.const(np.ones((2, 3, 3, 3), np.uint8))), "int32")
    assert "operator format" in refused_once(net.save(tmp_path / "integer.onnx")).what


@pytest.mark.parametrize("name", ["digits_cnn_fp32", "mcunet_vww_5fps_fp32", "vww_96_fp32"])
def test_shared_float_networks(shared_models: Path, name: str) -> None:
    path = shared_models / f"{name}.onnx"
    if not path.is_file():
        pytest.skip(f"{name}.onnx: shared models not found, set MSFCNN_MODELS")
    assert "is a float model" in refused_once(path).what


# --- input --------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", ["N", None, -1])
def test_an_open_batch_is_one(batch: str | int | None, tmp_path: Path) -> None:
    path = small_net((batch, 3, 8, 8)).save(tmp_path / "net.onnx")
    model = load_model(path)
    assert model.input.onnx_shape == (1, 3, 8, 8)
    fixed = load_model(small_net((1, 3, 8, 8)).save(tmp_path / "fixed.onnx"))
    assert [type(op) for op in model.ops] == [type(op) for op in fixed.ops]
    image = random_images(model, 1)
    oracle = Oracle(path, model)
    for port, theirs in zip(model.outputs, oracle.run(image[0]), strict=True):
        ours = execute(model, image)[port.tensor][0]
        assert np.abs(ours.astype(int) - theirs).max() <= 1


def test_dynamic_height_and_width(tmp_path: Path) -> None:
    problems = refused(small_net((1, 3, "H", "W")).save(tmp_path / "net.onnx"))
    assert [p.where for p in problems] == ["input 'x'"] * 2
    assert problems[0].what == "dimension 2 ('H') of height is not fixed"
    assert problems[1].what == "dimension 3 ('W') of width is not fixed"


def test_dynamic_shape_and_unknown_operators_at_once(tmp_path: Path) -> None:
    net = Net((1, 3, "H", 8))
    net.output(net.qdq(net.node("Tan", net.input)), shape=(1, 3, "H", 8))
    problems = refused(net.save(tmp_path / "net.onnx"))
    assert [(p.where, p.kind) for p in problems] == [
        ("input 'x'", ""),
        ("Tan_0", "Tan"),
    ]


def test_larger_batch(tmp_path: Path) -> None:
    net = Net((2, 3, 8, 8))
    net.output(net.conv(net.input, (4, 3, 3, 3)))
    assert "batch is 2" in refused_once(net.save(tmp_path / "net.onnx")).what


@pytest.mark.parametrize("shape", [(1, 3, 0, 8), (1, 3, 2**30, 2**30)])
def test_absurd_sizes(tmp_path: Path, shape: tuple[int, ...]) -> None:
    model = small_net().model()
    for dim, size in zip(model.graph.input[0].type.tensor_type.shape.dim, shape, strict=True):
        dim.dim_value = size
    assert [p.where for p in refused(written(model, tmp_path))] == ["input 'x'"]


def test_several_inputs_and_none(tmp_path: Path) -> None:
    net = small_net()
    net.inputs.append(helper.make_tensor_value_info("mask", TensorProto.FLOAT, (1, 3)))
    assert refused_once(net.save(tmp_path / "two.onnx")).where == "input 'mask'"
    net.inputs = []
    net.const(np.zeros((1, 3, 8, 8), np.float32), "x")
    refused(net.save(tmp_path / "none.onnx"))


def test_initializers_that_are_listed_as_inputs(tmp_path: Path) -> None:
    """As files of IR version 3 do."""
    model = small_net().model()
    for t in model.graph.initializer:
        model.graph.input.append(helper.make_tensor_value_info(t.name, t.data_type, list(t.dims)))
    assert load_model(written(model, tmp_path)).input.name == "x"


def test_input_of_another_type(tmp_path: Path) -> None:
    net = small_net()
    net.inputs = [helper.make_tensor_value_info("x", TensorProto.DOUBLE, (1, 3, 8, 8))]
    assert "float64" in refused_once(net.save(tmp_path / "net.onnx")).what


# --- damage -------------------------------------------------------------------------------------


def test_initializer_that_is_too_short(tmp_path: Path) -> None:
    model = small_net().model()
    weights = next(t for t in model.graph.initializer if len(t.dims) == 4)
    weights.raw_data = weights.raw_data[:-5]
    problem = refused_once(written(model, tmp_path))
    assert problem.where == weights.name
    assert "does not fit its shape" in problem.what


def test_reference_to_nothing(tmp_path: Path) -> None:
    model = small_net().model()
    conv = next(n for n in model.graph.node if n.op_type == "Conv")
    conv.input[1] = "ghost"
    problem = refused_once(written(model, tmp_path))
    assert (problem.where, problem.kind) == ("Conv_0", "Conv")
    assert "'ghost', which nothing produces" in problem.what


def test_graph_that_is_not_sorted(tmp_path: Path) -> None:
    model = small_net().model()
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(reversed(nodes))
    problems = refused(written(model, tmp_path))
    assert all("cyclic or not sorted" in p.what for p in problems)
    assert "Conv_0" in {p.where for p in problems}


def test_cyclic_graph(tmp_path: Path) -> None:
    model = small_net().model()
    model.graph.node[0].input[0] = model.graph.node[-1].output[0]
    assert "cyclic" in refused_once(written(model, tmp_path)).what


def test_missing_output(tmp_path: Path) -> None:
    model = small_net().model()
    model.graph.output[0].name = "ghost"
    assert refused_once(written(model, tmp_path)).where == "ghost"


def test_what_the_checker_of_onnx_finds(tmp_path: Path) -> None:
    model = small_net().model()
    conv = next(n for n in model.graph.node if n.op_type == "Conv")
    conv.attribute.append(helper.make_attribute("flavour", 3))
    assert "checker rejects it" in refused_once(written(model, tmp_path)).what


def test_output_that_does_not_depend_on_the_input(tmp_path: Path) -> None:
    net = Net((1, 3, 8, 8))
    net.output(net.dequantize(net.const(np.zeros((1, 4), np.int8)), net.scales[net.input]))
    assert "constant" in refused_once(net.save(tmp_path / "net.onnx")).what


def test_output_that_is_the_input(tmp_path: Path) -> None:
    net = Net((1, 3, 8, 8))
    assert "the input itself" in refused_once(net.output(net.input).save(tmp_path / "n.onnx")).what


def test_a_graph_without_nodes_says_so(tmp_path: Path) -> None:
    border = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 3])
    path = tmp_path / "net.onnx"
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([], "g", [border], [border])), path)
    assert "without nodes" in refused_once(path).what


def test_dynamic_quantization_says_so(tmp_path: Path) -> None:
    net = Net((1, 3))
    net.nodes.clear()
    net.nodes.append(
        onnx.helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"], name="quantize")
    )
    problem = refused_once(net.output("q", "uint8", (1, 3)).save(tmp_path / "net.onnx"))
    assert "dynamically" in problem.what
    assert "msfcnn quantize" in problem.hint


def test_weights_of_four_bits_say_what_to_do(tmp_path: Path) -> None:
    net = Net((1, 4), opset=21)
    four = onnx.helper.make_tensor("w", onnx.TensorProto.INT4, [4, 2], [1] * 8)
    net.initializers.append(four)
    zero = onnx.helper.make_tensor("z", onnx.TensorProto.INT4, [], [0])
    net.initializers.append(zero)
    w = net.node("DequantizeLinear", "w", net.const(np.float32(0.1)), "z")
    net.output(net.qdq(net.node("MatMul", net.input, w)))
    assert "8 bits" in refused_once(net.save(tmp_path / "net.onnx")).hint
