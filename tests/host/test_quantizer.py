"""Float networks become int8 ones that the importer takes and that still work."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import onnx
import pytest
from float_models import check_quantized, float_model, node, normal
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from msfcnn.errors import ModelError, UsageError
from msfcnn.frontend.onnx import load_model
from msfcnn.quantizer import QuantizeOptions, Samples, quantize
from msfcnn.quantizer.methods import METHODS
from msfcnn.reference import execute
from msfcnn.verifier.check import accuracy


def float_network(path: Path, height: object = 8) -> Path:
    """Conv, Relu, Conv on [1, 2, 8, 8]."""
    rng = np.random.default_rng(0)
    constants = [
        numpy_helper.from_array(rng.normal(0, 0.3, shape).astype(np.float32), name)
        for name, shape in (("w1", (6, 2, 3, 3)), ("b1", (6,)), ("w2", (3, 6, 1, 1)))
    ]
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["c1"], name="first", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c1"], ["r1"], name="relu"),
        helper.make_node("Conv", ["r1", "w2"], ["y"], name="second"),
    ]
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, height, 8])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3, height, 8])
    graph = helper.make_graph(nodes, "float", [image], [result], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return path


def images() -> NDArray[np.float32]:
    return np.random.default_rng(1).normal(0, 1, (8, 2, 8, 8)).astype(np.float32)


def test_quantized_network_is_close(tmp_path: Path) -> None:
    import onnxruntime

    source = float_network(tmp_path / "float.onnx")
    target = tmp_path / "int8.onnx"
    target.write_bytes(quantize(source, images()).model.SerializeToString())
    model = load_model(target)
    session = onnxruntime.InferenceSession(str(source), providers=["CPUExecutionProvider"])
    scale = model.tensors[model.input.tensor].quantization
    for image in images():
        expected = session.run(None, {"x": image[None]})[0]
        stored = np.clip(np.rint(image / scale.scale) + scale.zero_point, -128, 127)
        given = model.tensors[model.input.tensor].from_onnx(stored.astype(np.int8))
        view = model.outputs[0].view(model)
        ours = view.to_onnx(execute(model, given[None])[model.outputs[0].tensor][0])
        real = (ours.astype(np.float32) - view.quantization.zero_point) * view.quantization.scale
        assert np.abs(real - expected).max() < 6 * view.quantization.scale


@pytest.mark.long
def test_real_network_keeps_its_accuracy(shared_models: Path, tmp_path: Path) -> None:
    with np.load(shared_models / "digits_cnn.npz") as archive:
        stored = dict(archive)
    real = stored["x_q"].astype(np.float32) * np.float32(0.007843137718737125)
    target = tmp_path / "int8.onnx"
    network = quantize(shared_models / "digits_cnn_fp32.onnx", real[:64])
    target.write_bytes(network.model.SerializeToString())
    model = load_model(target)
    q = model.tensors[model.input.tensor].quantization
    given = np.clip(np.rint(real / q.scale) + q.zero_point, -128, 127).astype(np.int8)
    view = model.input.view(model)
    scores = execute(model, np.stack([view.from_onnx(x) for x in given]))
    share = accuracy(scores[model.outputs[0].tensor], stored["labels"].astype(np.int64))
    assert share is not None
    assert share >= 0.985


@pytest.mark.parametrize("shape", [(4, 3, 8, 8), (4, 2, 9, 8), (4, 8, 8, 2), (0, 3, 8, 8)])
def test_images_of_another_shape(shape: tuple[int, ...], tmp_path: Path) -> None:
    source = float_network(tmp_path / "float.onnx")
    with pytest.raises(UsageError, match="the network wants 2x8x8"):
        quantize(source, np.zeros(shape, dtype=np.float32))


def test_no_images(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there are none"):
        quantize(float_network(tmp_path / "float.onnx"), images()[:0])


def test_float64_images_are_images(tmp_path: Path) -> None:
    source = float_network(tmp_path / "float.onnx")
    wide = quantize(source, images().astype(np.float64)).model  # type: ignore[arg-type]
    assert wide.SerializeToString() == quantize(source, images()).model.SerializeToString()


def test_quantized_network_is_not_quantized_again(tmp_path: Path) -> None:
    once = tmp_path / "int8.onnx"
    once.write_bytes(
        quantize(float_network(tmp_path / "f.onnx"), images()).model.SerializeToString()
    )
    with pytest.raises(ModelError, match="quantized already"):
        quantize(once, images())


def test_network_with_external_data(tmp_path: Path) -> None:
    model = onnx.load(float_network(tmp_path / "float.onnx"))
    split = tmp_path / "split.onnx"
    onnx.save(model, split, save_as_external_data=True, location="split.bin", size_threshold=0)
    assert quantize(split, images()).model.graph.node


def test_shape_that_is_an_initializer(tmp_path: Path) -> None:
    """As torch's default exporter writes it, with all weights in a second file."""
    model = onnx.load(float_network(tmp_path / "float.onnx"))
    model.graph.node.append(helper.make_node("Reshape", ["y", "shape"], ["z"]))
    model.graph.initializer.append(numpy_helper.from_array(np.array([1, -1]), "shape"))
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, 192]))
    split = tmp_path / "split.onnx"
    onnx.save(model, split, save_as_external_data=True, location="split.bin", size_threshold=0)
    assert quantize(split, images()).model.graph.node


def test_onnxruntime_is_silent(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    level = logging.getLogger().level
    model = onnx.load(float_network(tmp_path / "float.onnx"))
    model.graph.node[0].op_type = "Nonsense"
    onnx.save(model, tmp_path / "float.onnx")
    with pytest.raises(ModelError):
        quantize(tmp_path / "float.onnx", images())
    assert caplog.records == []
    assert "Traceback" not in "".join(capfd.readouterr())
    assert logging.getLogger().level == level
    assert logging.root.manager.disable == logging.NOTSET


def test_model_that_contradicts_itself(tmp_path: Path) -> None:
    model = onnx.load(float_network(tmp_path / "float.onnx"))
    wrong = numpy_helper.from_array(np.ones((6, 3, 3, 3), np.float32), "w1")
    next(t for t in model.graph.initializer if t.name == "w1").CopyFrom(wrong)
    onnx.save(model, tmp_path / "float.onnx")
    with pytest.raises(ModelError, match="onnxruntime"):
        quantize(tmp_path / "float.onnx", images())


def test_images_tell_an_open_dimension(tmp_path: Path) -> None:
    done = quantize(float_network(tmp_path / "float.onnx", "height"), images())
    assert any("'height'" in note and "8" in note for note in done.notes)
    dims = done.model.graph.input[0].type.tensor_type.shape.dim
    assert [d.dim_value for d in dims] == [1, 2, 8, 8]


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff\xe0 a photo", b"\x08\x08garbage"])
def test_not_a_network(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "photo.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError):
        quantize(path, images())


def test_missing_network(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        quantize(tmp_path / "missing.onnx", images())


def outputs(model: onnx.ModelProto | Path, batch: NDArray[np.float32]) -> NDArray[np.float32]:
    import onnxruntime

    source = str(model) if isinstance(model, Path) else model.SerializeToString()
    session = onnxruntime.InferenceSession(source, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.stack([session.run(None, {name: image[None]})[0][0] for image in batch])


def with_dead_relu(path: Path) -> Path:
    """Conv whose result is below zero on all images, Relu, Conv."""
    model = onnx.load(float_network(path))
    bias = next(t for t in model.graph.initializer if t.name == "b1")
    bias.CopyFrom(numpy_helper.from_array(np.full(6, -50, np.float32), "b1"))
    onnx.save(model, path)
    return path


def test_dead_relu_is_named_and_stays_a_relu(tmp_path: Path) -> None:
    source = with_dead_relu(tmp_path / "float.onnx")
    done = quantize(source, images())
    assert "r1" in done.degenerate
    result = done.model
    np.testing.assert_allclose(outputs(result, images()), outputs(source, images()), atol=1e-6)


def test_bias_named_like_the_quantizers_own_constants(tmp_path: Path) -> None:
    model = onnx.load(float_network(tmp_path / "float.onnx"))
    for old, new in (("b1", "first_bias_int"), ("w2", "y_scale"), ("w1", "x_int8")):
        for tensor in model.graph.initializer:
            tensor.name = new if tensor.name == old else tensor.name
        for each in model.graph.node:
            each.input[:] = [new if name == old else name for name in each.input]
    source = tmp_path / "named.onnx"
    onnx.save(model, source)
    done = quantize(source, images())
    assert done.unsupported == ()
    assert done.comparison.outputs[0].cosine > 0.99


def test_worst_layers_and_outputs_are_compared(tmp_path: Path) -> None:
    source = float_network(tmp_path / "float.onnx")
    done = quantize(source, images())
    theirs, ours = outputs(source, images()), outputs(done.model, images())
    expected = float(np.sqrt(np.square(theirs - ours).mean() / np.square(theirs).mean()))
    (output,) = done.comparison.outputs
    assert output.name == "y"
    assert output.error == pytest.approx(expected, rel=1e-4)
    assert {layer.node for layer in done.comparison.worst} == {"relu", "second"}
    assert done.comparison.images == len(images())


def test_labels_give_accuracy(tmp_path: Path) -> None:
    model = onnx.load(float_network(tmp_path / "float.onnx"))
    model.graph.node.append(helper.make_node("GlobalAveragePool", ["y"], ["z"]))
    shape = [1, 3, 1, 1]
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("z", TensorProto.FLOAT, shape))
    source = tmp_path / "scores.onnx"
    onnx.save(model, source)
    classes = outputs(source, images()).reshape(8, 3).argmax(axis=1)
    classes[0] = (classes[0] + 1) % 3  # one label that the float network gets wrong
    classes[1] = -1
    (output,) = quantize(source, Samples(images(), classes)).comparison.outputs
    assert output.accuracy_float == pytest.approx(6 / 7)
    assert output.agreement is not None


def test_outliers_are_clipped_by_methods_that_clip(tmp_path: Path) -> None:
    source = float_network(tmp_path / "float.onnx")
    many = np.random.default_rng(5).normal(0, 1, (400, 2, 8, 8)).astype(np.float32)
    many[3, 0, 0, 0] = 500  # one of 51,200 values
    scales = {m: quantize(source, many, QuantizeOptions(method=m)).scale for m in METHODS}
    assert scales["minmax"] == pytest.approx(500 / 255, rel=0.05)
    assert scales["percentile"] < scales["minmax"] / 10


def test_best_is_no_worse_than_any_method_on_the_images_it_judges_by(tmp_path: Path) -> None:
    source = float_network(tmp_path / "float.onnx")
    many = np.random.default_rng(5).normal(0, 1, (40, 2, 8, 8)).astype(np.float32)
    many[::7, 0, 0, 0] = 60
    kept = np.arange(40) % 5 == 4
    best = quantize(source, many, QuantizeOptions(method="best"))
    assert best.comparison.held_out
    for method in METHODS:
        other = quantize(
            source, many[~kept], QuantizeOptions(method=method), dataset=Samples(many[kept])
        )
        assert best.comparison.error <= other.comparison.error + 1e-9


def test_corrected_biases_remove_the_mean_error(tmp_path: Path) -> None:
    """A pointwise layer with inputs of a large mean: rounding its weights shifts the outputs."""
    rng = np.random.default_rng(3)
    weights = rng.normal(0, 1, (4, 16, 1, 1)).astype(np.float32)
    weights[:, 0] = 20  # leaves few steps to the others
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"], name="layer")]
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 16, 4, 4])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4, 4, 4])
    graph = helper.make_graph(
        nodes, "mean", [image], [result], [numpy_helper.from_array(weights, "w")]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    source = tmp_path / "mean.onnx"
    onnx.save(model, source)
    batch = rng.normal(3, 0.3, (16, 16, 4, 4)).astype(np.float32)

    def shift(corrected: bool) -> float:
        done = quantize(source, batch, QuantizeOptions(correct_biases=corrected))
        error = outputs(done.model, batch) - outputs(source, batch)
        return float(np.abs(error.mean(axis=(0, 2, 3))).max())

    assert shift(True) < shift(False) / 3


@pytest.mark.parametrize(
    ("name", "calibration"),
    [
        ("float_reshape_init", "calib_1x3x8x8"),
        ("float_pad_init", "calib_1x3x8x8"),
        ("float_dead_relu", "calib_1x3x8x8"),
        ("float_bias_name_b0", "calib_1x3x8x8"),
        ("float_opset11", "calib_1x3x8x8"),
        ("float_gemm_bias_1", "calib_1x3x8x8"),
        ("q1_dynamo_reshape", "q1_calib"),
        ("q2_opset12_float", "q1_calib"),
        ("q3_gemm_batchnorm_float", "q3_calib"),
    ],
)
def test_files_that_other_tools_fail_on(name: str, calibration: str, shared_models: Path) -> None:
    cases = shared_models.parent / "cases"
    if not cases.is_dir():
        pytest.skip("small inputs that fail elsewhere not found: ../shared/cases")
    with np.load(cases / f"{calibration}.npz") as stored:
        batch = stored["x"]
    source = cases / f"{name}.onnx"
    done = quantize(source, batch)
    assert done.unsupported == ()
    theirs, ours = outputs(source, batch), outputs(done.model, batch)
    reach = float(theirs.max() - theirs.min())
    assert np.abs(theirs - ours).max() < 0.04 * reach


@pytest.mark.long
@pytest.mark.parametrize(("name", "right"), [("mcunet_vww_5fps", 24), ("vww_96", 23)])
def test_real_networks_keep_their_labels(name: str, right: int, shared_models: Path) -> None:
    """vww_96: within one image of the int8 file that comes with it (24 of 25)."""
    with np.load(shared_models / f"{name}.npz") as archive:
        stored, labels = archive["x_q"], archive["labels"]
    shipped = load_model(shared_models / f"{name}.onnx")
    view = shipped.input.view(shipped).quantization
    real = ((stored.astype(np.float32) - view.zero_point) * view.scale).astype(np.float32)
    done = quantize(shared_models / f"{name}_fp32.onnx", real)
    known = labels >= 0
    guesses = outputs(done.model, real[known]).reshape(int(known.sum()), -1).argmax(axis=1)
    assert int((guesses == labels[known]).sum()) >= right


def test_network_that_only_rearranges(tmp_path: Path) -> None:
    """Nothing inside it is quantized, and nothing can be compared layer by layer."""
    graph = helper.make_graph(
        [helper.make_node("Flatten", ["x"], ["y"], "flat")],
        "views",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 128])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "views.onnx")
    done = quantize(tmp_path / "views.onnx", images())
    assert done.comparison.worst == ()
    assert done.comparison.outputs[0].cosine > 0.99


def test_functions_behind_each_other_are_one_table(tmp_path: Path) -> None:
    """log(sigmoid(x)) would be infinite if the sigmoid were rounded to 0 between."""
    nodes = [
        node("Conv", "x w", "a"),
        node("Sigmoid", "a", "b"),
        node("Log", "b", "c"),
        node("Mul", "c two", "y"),
    ]
    constants = {"w": normal(4, 3, 1, 1, scale=2), "two": np.array(-2, np.float32)}
    source = tmp_path / "float.onnx"
    onnx.save(float_model(nodes, [1, 3, 8, 8], constants), source)
    done = quantize(source, normal(8, 3, 8, 8))
    assert done.unsupported == ()
    assert done.comparison.outputs[0].cosine > 0.999
    (tmp_path / "int8.onnx").write_bytes(done.model.SerializeToString())
    model = load_model(tmp_path / "int8.onnx")
    assert [type(op).__name__ for op in model.ops] == ["Conv", "Lookup"]


def test_the_cosine_of_a_number_is_that_of_all_images(tmp_path: Path) -> None:
    """A value near 0 may change its sign, which says nothing of the others."""
    path = tmp_path / "number.onnx"
    nodes = [node("Conv", "x w", "c"), node("GlobalAveragePool", "c", "y")]
    onnx.save(float_model(nodes, [1, 2, 4, 4], {"w": normal(1, 2, 1, 1)}), path)
    batch = normal(8, 2, 4, 4, scale=1.0)
    batch[0] -= batch[0].mean((1, 2), keepdims=True)
    assert quantize(path, batch).comparison.outputs[0].cosine > 0.99


def test_a_clamp_between_functions_is_part_of_their_table(tmp_path: Path) -> None:
    """log(max(|x|, 0.001)), as audio begins: what is clamped must not be rounded to 0."""
    nodes = [
        node("Abs", "x", "a"),
        node("Clip", "a low", "b"),
        node("Log", "b", "c"),
        node("Conv", "c w", "y"),
    ]
    constants = {"w": normal(4, 3, 1, 1), "low": np.array(1e-3, np.float32)}
    source = tmp_path / "float.onnx"
    onnx.save(float_model(nodes, [1, 3, 8, 8], constants), source)
    done = quantize(source, normal(8, 3, 8, 8))
    assert done.unsupported == ()
    assert done.comparison.outputs[0].cosine > 0.99
    (tmp_path / "int8.onnx").write_bytes(done.model.SerializeToString())
    assert [type(op).__name__ for op in load_model(tmp_path / "int8.onnx").ops] == [
        "Lookup",
        "Conv",
    ]


@pytest.mark.parametrize("function", ["Sigmoid", "Tanh"])
def test_a_bias_of_one_number_is_no_function(function: str, tmp_path: Path) -> None:
    """Keras' last layer for two classes: one output, whose bias and sigmoid follow as nodes."""
    nodes = [
        node("GlobalAveragePool", "x", "p"),
        node("Flatten", "p", "f"),
        node("MatMul", "f w", "m"),
        node("Add", "m b", "a"),
        node(function, "a", "y"),
    ]
    source = tmp_path / "float.onnx"
    constants = {"w": normal(3, 1, scale=4), "b": normal(1)}
    onnx.save(float_model(nodes, [1, 3, 8, 8], constants), source)
    done = quantize(source, normal(8, 3, 8, 8))
    assert done.unsupported == ()
    assert done.comparison.outputs[0].cosine > 0.99
    (tmp_path / "int8.onnx").write_bytes(done.model.SerializeToString())
    kinds = [type(op).__name__ for op in load_model(tmp_path / "int8.onnx").ops]
    assert kinds == ["GlobalAveragePool", "Conv", "Lookup"]


def test_an_input_that_is_clamped_first(tmp_path: Path) -> None:
    nodes = [node("Clip", "x low", "a"), node("Sqrt", "a", "y")]
    source = tmp_path / "float.onnx"
    low = {"low": np.array(1e-3, np.float32)}
    onnx.save(float_model(nodes, [1, 3, 8, 8], low), source)
    done = quantize(source, normal(8, 3, 8, 8))
    assert done.unsupported == ()
    assert done.comparison.outputs[0].cosine > 0.99


def test_a_pool_that_is_there_for_its_indices(tmp_path: Path) -> None:
    """Its maximum, which nobody reads, gets no scale; the indices are refused by name."""
    nodes = [
        node("Conv", "x w", "a"),
        helper.make_node("MaxPool", ["a"], ["m", "i"], name="pool", kernel_shape=[2, 2]),
        node("Cast", "i", "f", to=TensorProto.FLOAT),
        node("Mul", "f half", "y"),
    ]
    constants = {"w": normal(4, 3, 1, 1), "half": np.array(0.5, np.float32)}
    source = tmp_path / "float.onnx"
    onnx.save(float_model(nodes, [1, 3, 8, 8], constants), source)
    assert "MaxPool 'pool'" in " ".join(quantize(source, normal(8, 3, 8, 8)).notes)


def test_a_mask_of_a_dropout_is_refused_by_name(tmp_path: Path) -> None:
    nodes = [
        node("Conv", "x w", "a"),
        helper.make_node("Dropout", ["a"], ["d", "mask"], name="dropout"),
        node("Cast", "mask", "f", to=TensorProto.FLOAT),
        node("Mul", "d f", "y"),
    ]
    source = tmp_path / "float.onnx"
    onnx.save(float_model(nodes, [1, 3, 8, 8], {"w": normal(4, 3, 1, 1)}), source)
    assert "Dropout 'dropout'" in " ".join(quantize(source, normal(8, 3, 8, 8)).notes)


def test_weights_of_any_size_give_ranges_that_are_used(tmp_path: Path) -> None:
    """A layer that makes huge values small again is no dead one."""
    nodes = [node("Conv", "x w", "a"), node("Conv", "a v", "y")]
    constants = {"w": normal(4, 3, 3, 3) * 1e30, "v": normal(2, 4, 3, 3) * np.float32(1e-28)}
    source = tmp_path / "float.onnx"
    onnx.save(float_model(nodes, [1, 3, 8, 8], constants), source)
    done = quantize(source, normal(8, 3, 8, 8))
    assert done.degenerate == {}
    assert done.comparison.outputs[0].error < 0.05


def test_larger_and_smaller_share_a_scale_with_what_they_choose_from(tmp_path: Path) -> None:
    nodes = [node("Conv", "x w", "a"), node("Conv", "x v", "b"), node("Max", "a b", "y")]
    constants = {"w": normal(4, 3, 1, 1), "v": normal(4, 3, 1, 1, seed=5, scale=2)}
    source = tmp_path / "float.onnx"
    onnx.save(float_model(nodes, [1, 3, 8, 8], constants), source)
    done = quantize(source, normal(8, 3, 8, 8))
    assert done.unsupported == ()
    (tmp_path / "int8.onnx").write_bytes(done.model.SerializeToString())
    tensors = load_model(tmp_path / "int8.onnx").tensors
    assert len({t.quantization for t in tensors[1:]}) == 1


@pytest.mark.parametrize("inside", [True, False])
def test_a_softmax_over_many_positions_gets_fine_steps(inside: bool, tmp_path: Path) -> None:
    """Inside of a network; as its output it keeps the steps of 1/256 that firmware expects."""
    nodes = [node("Conv", "x w", "c"), node("Softmax", "c", "s", axis=2)]
    constants = {"w": normal(3, 3, 1), "v": normal(400, 2)}
    if inside:
        nodes.append(node("MatMul", "s v", "y"))
    model = float_model(nodes, [1, 3, 400], constants, outputs=["y" if inside else "s"])
    onnx.save(model, tmp_path / "net.onnx")
    done = quantize(tmp_path / "net.onnx", normal(4, 3, 400, seed=9))
    stored = {t.name: numpy_helper.to_array(t) for t in done.model.graph.initializer}
    written = next(n for n in done.model.graph.node if n.op_type == "Softmax").output[0]
    pair = next(n for n in done.model.graph.node if written in n.input)
    scale = float(stored[pair.input[1]])
    assert scale == (1 / 256 / 32 if inside else 1 / 256)
    if inside:
        assert done.comparison.outputs[0].error < 0.02


@pytest.mark.parametrize("shape", [(1, 6, 5), (6, 1), (1, 6, 1), (5,), (1, 1, 1)])
def test_what_is_added_to_a_product_may_be_of_positions(
    shape: tuple[int, ...], tmp_path: Path
) -> None:
    """Embeddings of positions, behind a dense layer without a bias."""
    nodes = [node("MatMul", "x v", "m"), node("Add", "m p", "a"), node("Relu", "a", "y")]
    model = float_model(nodes, [1, 6, 4], {"v": normal(4, 5), "p": normal(*shape, seed=3)})
    check_quantized(model, normal(4, 6, 4, seed=9), tmp_path)
