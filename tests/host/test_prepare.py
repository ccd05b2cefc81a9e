"""Float models of every form are prepared for quantization without a change of their values."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import float_models
import numpy as np
import onnx
import pytest
from float_models import batch_norm_constants, float_model, node, normal, run, run_whole
from onnx import TensorProto, helper, numpy_helper

from msfcnn.errors import ModelError, UsageError
from msfcnn.frontend import load_model
from msfcnn.quantizer import quantize
from msfcnn.quantizer.prepare import Prepared, prepare
from msfcnn.quantizer.prepare.opset import current_opset

BATCH_NORM = "gamma beta mean var"


def prepared(
    model: onnx.ModelProto, tmp_path: Path, image: tuple[int, ...] | None = None
) -> Prepared:
    path = tmp_path / "given.onnx"
    onnx.save(model, path)
    return prepare(path, tmp_path, images=image)


def kinds(model: onnx.ModelProto) -> Counter[str]:
    return Counter(n.op_type for n in model.graph.node)


def assert_same(model: onnx.ModelProto, ready: onnx.ModelProto, *shape: int) -> None:
    float_models.assert_same(model, ready, normal(4, *shape, seed=9, scale=1.0))


def conv_before(layer: onnx.NodeProto, weights: tuple[int, ...], channels: int) -> onnx.ModelProto:
    nodes = [layer, node("BatchNormalization", f"c {BATCH_NORM}", "y")]
    return float_model(
        nodes, [1, 4, 6, 6], {"w": normal(*weights), **batch_norm_constants(channels)}
    )


@pytest.mark.parametrize(
    "model",
    [
        conv_before(node("Conv", "x w", "c", pads=[1, 1, 1, 1]), (6, 4, 3, 3), 6),
        conv_before(node("Conv", "x w", "c", group=2), (6, 2, 3, 3), 6),
        conv_before(node("ConvTranspose", "x w", "c", strides=[2, 2]), (4, 6, 2, 2), 6),
        conv_before(node("ConvTranspose", "x w", "c", group=2), (4, 3, 2, 2), 6),
    ],
    ids=["conv", "grouped", "transposed", "transposed grouped"],
)
def test_batch_norm_goes_into_the_layer_before(model: onnx.ModelProto, tmp_path: Path) -> None:
    ready = prepared(model, tmp_path).model
    assert "BatchNormalization" not in kinds(ready)
    assert len(ready.graph.node) == 1
    assert_same(model, ready, 4, 6, 6)


@pytest.mark.parametrize("transposed", [0, 1])
def test_batch_norm_behind_gemm(transposed: int, tmp_path: Path) -> None:
    weights = normal(5, 8) if transposed else normal(8, 5)
    nodes = [
        node("Gemm", "x w b", "g", transB=transposed, alpha=0.5, beta=2.0),
        node("BatchNormalization", f"g {BATCH_NORM}", "y"),
    ]
    constants = {"w": weights, "b": normal(5), **batch_norm_constants(5)}
    model = float_model(nodes, [1, 8], constants)
    ready = prepared(model, tmp_path).model
    assert kinds(ready) == {"Gemm": 1}
    assert_same(model, ready, 8)


@pytest.mark.parametrize("groups", [1, 2])
def test_batch_norm_goes_into_an_unpadded_layer_behind(groups: int, tmp_path: Path) -> None:
    nodes = [
        node("BatchNormalization", f"x {BATCH_NORM}", "b"),
        node("Conv", "b w", "y", group=groups),
    ]
    constants = {"w": normal(6, 4 // groups, 3, 3), **batch_norm_constants(4)}
    model = float_model(nodes, [1, 4, 6, 6], constants)
    ready = prepared(model, tmp_path).model
    assert kinds(ready) == {"Conv": 1}
    assert_same(model, ready, 4, 6, 6)


@pytest.mark.parametrize("shape", [[1, 4, 6, 6], [1, 4, 9], [1, 4]])
def test_lonely_batch_norm_becomes_a_depthwise_conv(shape: list[int], tmp_path: Path) -> None:
    nodes = [node("BatchNormalization", f"x {BATCH_NORM}", "b"), node("Relu", "b", "y")]
    model = float_model(nodes, shape, batch_norm_constants(4))
    ready = prepared(model, tmp_path)
    assert kinds(ready.model)["Conv"] == 1
    assert "BatchNormalization" not in kinds(ready.model)
    assert any("depthwise" in note for note in ready.notes)
    assert_same(model, ready.model, *shape[1:])


def test_padded_conv_sees_zeros_of_the_normalized_image(tmp_path: Path) -> None:
    """(x - mean) / std in front of a padded Conv: folding it in would change the border."""
    nodes = [
        node("Sub", "x mean", "centered"),
        node("Div", "centered std", "scaled"),
        node("Conv", "scaled w", "y", pads=[1, 1, 1, 1]),
    ]
    constants = {
        "mean": normal(1, 3, 1, 1, scale=2) + 5,
        "std": np.abs(normal(3, 1, 1)) + 1,
        "w": normal(4, 3, 3, 3),
    }
    model = float_model(nodes, [1, 3, 6, 6], constants)
    ready = prepared(model, tmp_path).model
    assert kinds(ready) == {"Conv": 2}
    assert_same(model, ready, 3, 6, 6)


@pytest.mark.parametrize("kind", ["Add", "Sub", "Mul", "Div"])
@pytest.mark.parametrize("side", [0, 1])
def test_scalars_on_either_side(kind: str, side: int, tmp_path: Path) -> None:
    order = "x s" if side else "s x"
    nodes = [node(kind, order, "a"), node("Conv", "a w", "y")]
    constants = {"s": np.array(2.5, np.float32), "w": normal(4, 3, 3, 3)}
    model = float_model(nodes, [1, 3, 6, 6], constants)
    ready = prepared(model, tmp_path).model
    assert kinds(ready) == ({"Div": 1, "Conv": 1} if (kind, side) == ("Div", 0) else {"Conv": 1})
    assert_same(model, ready, 3, 6, 6)


def test_keras_normalizes_before_it_transposes(tmp_path: Path) -> None:
    nodes = [
        node("Mul", "x scale", "m"),
        node("Add", "m shift", "a"),
        node("Transpose", "a", "t", perm=[0, 3, 1, 2]),
        node("Conv", "t w", "c", pads=[0, 0, 1, 1]),
        node("Transpose", "c", "y", perm=[0, 2, 3, 1]),
    ]
    constants = {"scale": normal(3), "shift": normal(1, 1, 1, 3), "w": normal(4, 3, 3, 3)}
    model = float_model(nodes, [1, 6, 6, 3], constants)
    ready = prepared(model, tmp_path).model
    assert kinds(ready) == {"Conv": 2, "Transpose": 2}
    assert_same(model, ready, 6, 6, 3)


def test_shared_layer_is_not_folded(tmp_path: Path) -> None:
    """The convolution's own result leaves the model, too."""
    nodes = [node("Conv", "x w", "c"), node("BatchNormalization", f"c {BATCH_NORM}", "y")]
    constants = {"w": normal(6, 4, 3, 3), **batch_norm_constants(6)}
    model = float_model(nodes, [1, 4, 6, 6], constants, outputs=("c", "y"))
    ready = prepared(model, tmp_path).model
    assert kinds(ready) == {"Conv": 2}
    assert_same(model, ready, 4, 6, 6)


@pytest.mark.parametrize("opset", [7, 9, 10, 11, 12])
def test_old_opsets_are_converted(opset: int, tmp_path: Path) -> None:
    nodes = [
        node("Conv", "x w", "c"),
        node("BatchNormalization", f"c {BATCH_NORM}", "b"),
        node("Relu", "b", "r"),
        node("MaxPool", "r", "p", kernel_shape=[2, 2]),
        node("Flatten", "p", "f"),
        node("Gemm", "f v g", "y", transB=1),
    ]
    constants = {"w": normal(6, 4, 3, 3), "v": normal(3, 54), "g": normal(3)}
    constants |= batch_norm_constants(6)
    model = float_model(nodes, [1, 4, 6, 6], constants, opset=opset)
    ready = prepared(model, tmp_path)
    assert f"converted from opset {opset} to 17" in ready.notes
    assert_same(model, ready.model, 4, 6, 6)


@pytest.mark.parametrize("opset", [21, 23, 24])
def test_new_opsets_are_quantized(opset: int, tmp_path: Path) -> None:
    """onnxruntime's optimizations fail on int8 views of these opsets."""
    nodes = [node("Conv", "x w", "c"), node("Sigmoid", "c", "s"), node("Mul", "c s", "m")]
    if opset >= 24:
        nodes[1:] = [node("Swish", "c", "m")]
    nodes += [node("Flatten", "m", "f"), node("Gemm", "f v", "y", transB=1)]
    constants = {"w": normal(6, 4, 3, 3), "v": normal(3, 96)}
    model = float_model(nodes, [1, 4, 6, 6], constants, opset=opset)
    path = tmp_path / "given.onnx"
    onnx.save(model, path)
    done = quantize(path, normal(4, 4, 6, 6))
    assert not done.unsupported
    assert done.comparison.outputs[0].cosine > 0.99


def test_operators_of_new_opsets_stay(tmp_path: Path) -> None:
    model = float_model(
        [node("Conv", "x w", "c"), node("CumProd", "c a", "y")],
        [1, 4, 6, 6],
        {"w": normal(6, 4, 3, 3), "a": np.array(1)},
        opset=26,
    )
    kept, _ = current_opset(model, "given.onnx")
    assert kept.opset_import[0].version == 26


@pytest.mark.parametrize("batch", ["batch", -1, 0])
def test_open_batch_is_one(batch: str | int, tmp_path: Path) -> None:
    model = float_model([node("Conv", "x w", "y")], ["N", 4, 6, 6], {"w": normal(6, 4, 3, 3)})
    dim = model.graph.input[0].type.tensor_type.shape.dim[0]
    if isinstance(batch, str):
        dim.dim_param = batch
    else:
        dim.dim_value = batch
    ready = prepared(model, tmp_path)
    assert ready.model.graph.input[0].type.tensor_type.shape.dim[0].dim_value == 1
    assert any("batch" in note for note in ready.notes)


def test_every_open_dimension_is_named(tmp_path: Path) -> None:
    model = float_model([node("Relu", "x", "y")], ["n", 4, "high", "wide"], {})
    with pytest.raises(ModelError) as caught:
        prepared(model, tmp_path)
    assert ["high" in p.what or "wide" in p.what for p in caught.value.problems] == [True, True]
    assert "--dim high=SIZE" in caught.value.problems[0].hint
    path = tmp_path / "given.onnx"
    sized = prepare(path, tmp_path, {"high": 5, "3": 7}).model
    dims = sized.graph.input[0].type.tensor_type.shape.dim
    assert [d.dim_value for d in dims] == [1, 4, 5, 7]


def test_batch_of_several_becomes_one(tmp_path: Path) -> None:
    nodes = [node("Conv", "x w", "c"), node("Reshape", "c target", "f"), node("Gemm", "f v", "y")]
    constants = {"w": normal(6, 4, 3, 3), "target": np.array([8, 96]), "v": normal(96, 3)}
    model = float_model(nodes, [8, 4, 6, 6], constants)
    ready = prepared(model, tmp_path)
    assert "batch of 8 made 1" in ready.notes
    images = normal(8, 4, 6, 6, seed=9, scale=1.0)
    (together,) = run_whole(model, images)
    (alone,) = run(ready.model, images)
    np.testing.assert_allclose(alone.reshape(8, 3), together, rtol=1e-3, atol=1e-4)


def test_input_of_integers(tmp_path: Path) -> None:
    nodes = [node("Gather", "table x", "y")]
    model = float_model(nodes, [1, 4], {"table": normal(9, 3)}, dtype=TensorProto.INT64)
    with pytest.raises(ModelError, match="int64"):
        prepared(model, tmp_path)


@pytest.mark.parametrize("kind", ["Min", "Max"])
@pytest.mark.parametrize("order", ["c bound", "bound c"])
def test_bounds_are_clips(kind: str, order: str, tmp_path: Path) -> None:
    nodes = [node("Conv", "x w", "c"), node(kind, order, "y")]
    constants = {"w": normal(6, 4, 3, 3), "bound": np.array([0.3], np.float32)}
    model = float_model(nodes, [1, 4, 6, 6], constants)
    ready = prepared(model, tmp_path).model
    assert kinds(ready) == {"Conv": 1, "Clip": 1}
    assert_same(model, ready, 4, 6, 6)


def test_sum_is_a_chain_of_adds(tmp_path: Path) -> None:
    nodes = [node("Conv", "x w", "a"), node("Relu", "a", "r"), node("Conv", "x v", "b")]
    nodes.append(node("Sum", "r b x", "y"))
    constants = {"w": normal(4, 4, 1, 1), "v": normal(4, 4, 1, 1, seed=5)}
    model = float_model(nodes, [1, 4, 6, 6], constants)
    ready = prepared(model, tmp_path).model
    assert kinds(ready) == {"Conv": 2, "Relu": 1, "Add": 2}
    assert_same(model, ready, 4, 6, 6)


def test_half_precision(tmp_path: Path) -> None:
    nodes = [
        node("Cast", "x", "h", to=TensorProto.FLOAT16),
        node("Conv", "h w", "c"),
        node("Cast", "c", "y", to=TensorProto.FLOAT),
    ]
    weights = normal(6, 4, 3, 3).astype(np.float16)
    model = float_model(nodes, [1, 4, 6, 6], {"w": weights})
    ready = prepared(model, tmp_path)
    assert kinds(ready.model) == {"Conv": 1}
    assert "float16 converted to float32" in ready.notes
    single = float_model(
        [node("Conv", "x w", "y")], [1, 4, 6, 6], {"w": weights.astype(np.float32)}
    )
    assert_same(single, ready.model, 4, 6, 6)


def test_pixels_that_are_cast(tmp_path: Path) -> None:
    nodes = [node("Cast", "x", "f", to=TensorProto.FLOAT), node("Conv", "f w", "y")]
    model = float_model(nodes, [1, 4, 6, 6], {"w": normal(6, 4, 3, 3)}, dtype=TensorProto.UINT8)
    ready = prepared(model, tmp_path)
    assert ready.model.graph.input[0].type.tensor_type.elem_type == TensorProto.FLOAT
    assert kinds(ready.model) == {"Conv": 1}
    assert any("uint8" in note for note in ready.notes)


def test_pixels_that_are_moved_before_they_are_cast(tmp_path: Path) -> None:
    nodes = [
        node("Transpose", "x", "t", perm=[0, 3, 1, 2]),
        node("Cast", "t", "f", to=TensorProto.FLOAT),
        node("Conv", "f w", "y"),
    ]
    model = float_model(nodes, [1, 6, 6, 3], {"w": normal(4, 3, 3, 3)}, dtype=TensorProto.UINT8)
    ready = prepared(model, tmp_path)
    pixels = np.random.default_rng(0).integers(0, 256, (1, 6, 6, 3))
    theirs = run_whole(model, pixels.astype(np.uint8))
    ours = run_whole(ready.model, pixels.astype(np.float32))
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-4, atol=1e-3)


def test_pixels_that_are_read_otherwise_are_refused(tmp_path: Path) -> None:
    nodes = [node("Transpose", "x", "t"), node("QLinearSigmoid", "t", "y")]
    model = float_model(nodes, [1, 6, 6, 3], {}, dtype=TensorProto.UINT8)
    model.graph.node[1].op_type = "BitShift"
    with pytest.raises(ModelError, match="takes uint8"):
        prepared(model, tmp_path)


def test_an_input_that_nothing_reads_is_taken_off(tmp_path: Path) -> None:
    model = float_model([node("Conv", "x w", "y")], [1, 3, 6, 6], {"w": normal(4, 3, 3, 3)})
    model.graph.input.append(helper.make_tensor_value_info("mask", TensorProto.FLOAT, [1, 4]))
    ready = prepared(model, tmp_path)
    assert [border.name for border in ready.model.graph.input] == ["x"]
    assert ready.notes == ("input 'mask' taken off: nothing reads it",)


@pytest.mark.parametrize(
    ("word", "attributes", "pads"),
    [
        ("SAME_UPPER", {"dilations": [2, 2]}, [2, 2, 2, 2]),
        ("SAME_UPPER", {"dilations": [1, 3]}, [1, 3, 1, 3]),
        ("SAME_UPPER", {"dilations": [2, 1], "strides": [2, 2]}, [1, 1, 2, 1]),
        ("SAME_LOWER", {"dilations": [2, 1], "strides": [2, 2]}, [2, 1, 1, 1]),
    ],
)
def test_same_padding_of_dilated_kernels(
    word: str, attributes: dict[str, list[int]], pads: list[int], tmp_path: Path
) -> None:
    """PyTorch's padding="same"; onnxruntime does not run the word with a dilation."""
    layer = node("Conv", "x w", "y", auto_pad=word, **attributes)
    ready = prepared(float_model([layer], [1, 4, 6, 7], {"w": normal(5, 4, 3, 3)}), tmp_path)
    expected = node("Conv", "x w", "y", pads=pads, **attributes)
    plain = float_model([expected], [1, 4, 6, 7], {"w": normal(5, 4, 3, 3)})
    assert_same(plain, ready.model, 4, 6, 7)


@pytest.mark.parametrize("value", [-np.inf, np.finfo(np.float32).min])
def test_lowest_padding_before_a_pool(value: float, tmp_path: Path) -> None:
    """NASNet's; the pool has padding of its own, too."""
    constants = {"pads": np.array([0, 0, 0, 1, 0, 0, 1, 1]), "low": np.float32(value)}
    nodes = [
        node("Conv", "x w", "c"),
        node("Pad", "c pads low", "p"),
        node("MaxPool", "p", "y", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 0, 0, 1]),
    ]
    constants["w"] = normal(4, 4, 1, 1)
    model = float_model(nodes, [1, 4, 9, 8], constants)
    ready = prepared(model, tmp_path).model
    assert "Pad" not in kinds(ready)
    assert_same(model, ready, 4, 9, 8)


@pytest.mark.parametrize("kind", ["ReduceMean", "ReduceMax", "ReduceMin", "ReduceSum"])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_a_stack_that_is_reduced(kind: str, axis: int, tmp_path: Path) -> None:
    """torch.stack of three branches, along a new axis that is gone again behind it."""
    nodes = [node("Unsqueeze", f"{name} axes", f"{name}_wide") for name in ("c", "d", "x")]
    nodes += [node("Concat", "c_wide d_wide x_wide", "s", axis=axis)]
    listed = {} if kind == "ReduceSum" else {"axes": [axis]}
    reduced = node(kind, "s axes" if kind == "ReduceSum" else "s", "y", keepdims=0, **listed)
    layers = [node("Conv", "x w", "c"), node("Conv", "c v", "d")]
    constants = {"w": normal(4, 4, 1, 1), "v": normal(4, 4, 1, 1, seed=1)}
    constants["axes"] = np.array([axis])
    model = float_model([*layers, *nodes, reduced], [1, 4, 6, 6], constants)
    ready = prepared(model, tmp_path).model
    assert not {"Concat", "Unsqueeze", kind} & set(kinds(ready))
    assert_same(model, ready, 4, 6, 6)


@pytest.mark.parametrize("kind", ["ReduceMean", "ReduceMax", "ReduceSum"])
def test_a_weighted_stack_that_is_summed(kind: str, tmp_path: Path) -> None:
    """Selective kernels: the stack of branches is read twice, and each branch has its gate."""
    listed = {} if kind == "ReduceSum" else {"axes": [1]}
    nodes = [
        node("Conv", "x w", "c"),
        node("Reshape", "c shape", "s"),
        node("Mul", "s gates", "m"),
        node(kind, "m one" if kind == "ReduceSum" else "m", "y", keepdims=0, **listed),
    ]
    constants = {"w": normal(8, 4, 1, 1), "gates": normal(1, 2, 4, 1, 1), "one": np.array([1])}
    constants["shape"] = np.array([1, 2, 4, 6, 6])
    model = float_model(nodes, [1, 4, 6, 6], constants)
    ready = prepared(model, tmp_path).model
    assert kind not in kinds(ready)
    assert_same(model, ready, 4, 6, 6)


def test_a_stack_behind_the_channels_is_a_shuffle(tmp_path: Path) -> None:
    """torch.stack((a, b), 2).flatten(1, 2)."""
    nodes = [
        node("Conv", "x w", "c"),
        node("Unsqueeze", "c two", "a"),
        node("Unsqueeze", "x two", "b"),
        node("Concat", "a b", "s", axis=2),
        node("Reshape", "s shape", "y"),
    ]
    constants = {"w": normal(4, 4, 1, 1), "two": np.array([2]), "shape": np.array([1, 8, 6, 6])}
    model = float_model(nodes, [1, 4, 6, 6], constants)
    ready = prepared(model, tmp_path).model
    assert "Unsqueeze" not in kinds(ready)
    assert_same(model, ready, 4, 6, 6)


def test_an_image_without_a_batch_is_named(tmp_path: Path) -> None:
    nodes = [node("Unsqueeze", "x zero", "u"), node("Conv", "u w", "y")]
    constants = {"w": normal(6, 4, 3, 3), "zero": np.array([0])}
    model = float_model(nodes, [4, 6, 6], constants)
    with pytest.raises(ModelError) as caught:
        prepared(model, tmp_path)
    assert "batch of 4" in caught.value.problems[0].what


def test_a_comparison_that_is_cast_is_a_choice(tmp_path: Path) -> None:
    nodes = [
        node("Conv", "x w", "c"),
        node("Greater", "c limit", "g"),
        node("Cast", "g", "f", to=TensorProto.FLOAT),
        node("Mul", "c f", "y"),
    ]
    constants = {"w": normal(5, 4, 1, 1), "limit": np.array(0.25, np.float32)}
    model = float_model(nodes, [1, 4, 6, 6], constants)
    ready = prepared(model, tmp_path).model
    assert kinds(ready) == {"Conv": 1, "Greater": 1, "Where": 1, "Mul": 1}
    assert_same(model, ready, 4, 6, 6)


def test_a_model_in_training_mode_says_so(tmp_path: Path) -> None:
    layer = node("BatchNormalization", f"c {BATCH_NORM}", "y", training_mode=1)
    layer.output.extend(["new_mean", "new_var"])
    constants = {"w": normal(8, 4, 3, 3), **batch_norm_constants(8)}
    model = float_model([node("Conv", "x w", "c"), layer], [1, 4, 6, 6], constants)
    with pytest.raises(ModelError, match="training mode") as caught:
        prepared(model, tmp_path)
    assert "eval()" in caught.value.problems[0].hint


@pytest.mark.parametrize("opset", [11, 13])
def test_training_mode_before_it_was_an_attribute(opset: int, tmp_path: Path) -> None:
    nodes = [node("Conv", "x w", "c"), node("BatchNormalization", f"c {BATCH_NORM}", "y")]
    nodes[1].output.extend(["new_mean", "new_var", "saved_mean", "saved_var"])
    constants = {"w": normal(6, 4, 3, 3), **batch_norm_constants(6)}
    with pytest.raises(ModelError, match="training mode"):
        prepared(float_model(nodes, [1, 4, 6, 6], constants, opset=opset), tmp_path)


@pytest.mark.parametrize(("opset", "further"), [(11, 4), (13, 4), (15, 2), (17, 0)])
def test_standardized_weights_are_computed(opset: int, further: int, tmp_path: Path) -> None:
    """As PyTorch's older exporter writes NFNet: batch normalization of the weights."""
    training = {"training_mode": 1} if opset > 13 else {}
    norm = node("BatchNormalization", "r gain zero zero one", "n", epsilon=1e-3, **training)
    norm.output.extend(f"further{i}" for i in range(further))
    nodes = [
        node("Reshape", "w flat", "r"),
        node("Identity", "scale", "gain"),
        norm,
        node("Reshape", "n whole", "v"),
        node("Conv", "x v", "y"),
    ]
    w, scale = normal(6, 4, 3, 3), normal(6, seed=1) + 1
    zero, one = np.zeros(6, np.float32), np.ones(6, np.float32)
    constants = {"w": w, "scale": scale, "zero": zero, "one": one}
    shapes = {"flat": np.array([1, 6, -1]), "whole": np.array([6, 4, 3, 3])}
    model = float_model(nodes, [1, 4, 6, 6], {**constants, **shapes}, opset=opset)
    spread = np.sqrt(w.var((1, 2, 3), keepdims=True) + 1e-3)
    centered = (w - w.mean((1, 2, 3), keepdims=True)) / spread
    expected = {"w": (centered * scale.reshape(6, 1, 1, 1)).astype(np.float32)}
    plain = float_model([node("Conv", "x w", "y")], [1, 4, 6, 6], expected)
    assert_same(plain, prepared(model, tmp_path).model, 4, 6, 6)


def test_shapes_that_are_computed_are_folded(tmp_path: Path) -> None:
    nodes = [
        node("Shape", "x", "s"),
        node("Gather", "s zero", "n"),
        node("Unsqueeze", "n axes", "n1"),
        node("Concat", "n1 rest", "target", axis=0),
        node("Reshape", "x target", "f"),
        node("Gemm", "f w", "y"),
    ]
    constants = {
        "zero": np.array(0),
        "axes": np.array([0]),
        "rest": np.array([-1]),
        "w": normal(144, 3),
    }
    model = float_model(nodes, ["batch", 4, 6, 6], constants)
    ready = prepared(model, tmp_path).model
    assert kinds(ready) == {"Reshape": 1, "Gemm": 1}
    assert_same(model, ready, 4, 6, 6)


def test_nodes_without_effect_and_without_names(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Identity", ["x"], ["i"]),
        helper.make_node("Conv", ["i", "w"], ["c"]),
        helper.make_node("Dropout", ["c"], ["d"]),
        helper.make_node("Relu", ["d"], ["r"]),
        helper.make_node("Identity", ["r"], ["y"]),
    ]
    model = float_model(nodes, [1, 4, 6, 6], {"w": normal(6, 4, 3, 3)})
    ready = prepared(model, tmp_path).model
    assert kinds(ready) == {"Conv": 1, "Relu": 1}
    assert len({n.name for n in ready.graph.node} - {""}) == 2
    assert ready.graph.output[0].name == "y"
    assert_same(model, ready, 4, 6, 6)


def test_initializers_that_are_inputs_and_constant_nodes(tmp_path: Path) -> None:
    weights = numpy_helper.from_array(normal(6, 4, 3, 3), "")
    nodes = [
        helper.make_node("Constant", [], ["w"], value=weights),
        node("Conv", "x w b", "c"),
        node("Add", "c half", "y"),
        helper.make_node("Constant", [], ["half"], value_float=0.5),
    ]
    nodes = [nodes[0], nodes[3], nodes[1], nodes[2]]
    model = float_model(nodes, [1, 4, 6, 6], {"b": normal(6)})
    model.graph.input.append(helper.make_tensor_value_info("b", TensorProto.FLOAT, [6]))
    ready = prepared(model, tmp_path).model
    assert kinds(ready) == {"Conv": 1}
    assert_same(model, ready, 4, 6, 6)


def test_parts_of_activations_become_one(tmp_path: Path) -> None:
    nodes = [
        node("Conv", "x w", "c"),
        node("Add", "c three", "a"),
        node("Clip", "a zero six", "k"),
        node("Div", "k six", "h"),
        node("Mul", "c h", "y"),
    ]
    numbers = {n: np.array(v, np.float32) for n, v in (("three", 3), ("zero", 0), ("six", 6))}
    model = float_model(nodes, [1, 4, 6, 6], {"w": normal(6, 4, 3, 3), **numbers})
    ready = prepared(model, tmp_path).model
    assert kinds(ready) == {"Conv": 1, "HardSwish": 1}
    assert_same(model, ready, 4, 6, 6)


@pytest.mark.parametrize("order", ["half last", "half first"])
def test_gelu_spelled_out(order: str, tmp_path: Path) -> None:
    ends = [node("Mul", "c plus", "p"), node("Mul", "p half", "y")]
    if order == "half first":
        ends = [node("Mul", "c half", "p"), node("Mul", "p plus", "y")]
    nodes = [
        node("Conv", "x w", "c"),
        node("Div", "c root", "d"),
        node("Erf", "d", "e"),
        node("Add", "e one", "plus"),
        *ends,
    ]
    numbers = {"root": 2**0.5, "one": 1.0, "half": 0.5}
    constants = {n: np.array(v, np.float32) for n, v in numbers.items()}
    model = float_model(nodes, [1, 4, 6, 6], {"w": normal(6, 4, 3, 3), **constants})
    ready = prepared(model, tmp_path).model
    assert kinds(ready) == {"Conv": 1, "Gelu": 1}
    assert_same(model, ready, 4, 6, 6)


def test_scale_per_column_of_several_rows(tmp_path: Path) -> None:
    nodes = [node("Reshape", "x rows", "r"), node("Mul", "r s", "m"), node("Relu", "m", "y")]
    constants = {"s": normal(8), "rows": np.array([6, 8])}
    model = float_model(nodes, [1, 6, 8], constants)
    assert_same(model, prepared(model, tmp_path).model, 6, 8)


@pytest.mark.parametrize("bias", [(6, 6), (6, 1), (1, 6), (1, 1)])
def test_gemm_with_factors_and_a_bias_for_each_row(bias: tuple[int, int], tmp_path: Path) -> None:
    nodes = [node("Reshape", "x rows", "r"), node("Gemm", "r w b", "y", alpha=0.5, beta=2.0)]
    constants = {"w": normal(8, 6), "b": normal(*bias), "rows": np.array([6, 8])}
    model = float_model(nodes, [1, 6, 8], constants)
    assert_same(model, prepared(model, tmp_path).model, 6, 8)


def test_gemm_with_a_factor_of_a_computed_bias(tmp_path: Path) -> None:
    nodes = [
        node("Flatten", "x", "f"),
        node("MatMul", "f v", "b"),
        node("Gemm", "f w b", "y", beta=2.0),
    ]
    model = float_model(nodes, [1, 4, 2], {"w": normal(8, 6), "v": normal(8, 6)})
    assert_same(model, prepared(model, tmp_path).model, 4, 2)


@pytest.mark.parametrize(
    "ends",
    [
        "Mul plus plus y",
        "Mul c plus p; Mul p c q; Mul q half y",
        "Mul plus half p; Mul p half q; Mul q c y",
        "Mul c plus p; Div two p y",
        "Div plus c p; Mul p half y",
    ],
)
def test_what_only_looks_like_gelu(ends: str, tmp_path: Path) -> None:
    nodes = [
        node("Conv", "x w", "c"),
        node("Div", "c root", "d"),
        node("Erf", "d", "e"),
        node("Add", "e one", "plus"),
    ]
    for op, *inputs, output in (end.split() for end in ends.split("; ")):
        nodes.append(node(op, " ".join(inputs), output))
    numbers = {"root": 2**0.5, "one": 1.0, "half": 0.5, "two": 2.0}
    constants = {n: np.array(v, np.float32) for n, v in numbers.items() if n in f"root one {ends}"}
    model = float_model(nodes, [1, 4, 6, 6], {"w": normal(6, 4, 3, 3), **constants})
    ready = prepared(model, tmp_path).model
    assert "Gelu" not in kinds(ready)
    assert_same(model, ready, 4, 6, 6)


def test_hard_sigmoid_with_another_middle_is_no_hard_swish(tmp_path: Path) -> None:
    nodes = [
        node("Conv", "x w", "c"),
        node("HardSigmoid", "c", "gate", alpha=1 / 6, beta=0.25),
        node("Mul", "c gate", "y"),
    ]
    model = float_model(nodes, [1, 4, 6, 6], {"w": normal(6, 4, 3, 3)})
    ready = prepared(model, tmp_path).model
    assert kinds(ready) == {"Conv": 1, "HardSigmoid": 1, "Mul": 1}
    assert_same(model, ready, 4, 6, 6)


@pytest.mark.parametrize("scaled", ["Div root c d", "Div c nothing d"])
def test_no_gelu_of_a_reciprocal_or_of_nothing(scaled: str, tmp_path: Path) -> None:
    op, *inputs, output = scaled.split()
    nodes = [
        node("Conv", "x w", "c"),
        node(op, " ".join(inputs), output),
        node("Erf", "d", "e"),
        node("Add", "e one", "plus"),
        node("Mul", "c plus", "p"),
        node("Mul", "p half", "y"),
    ]
    numbers = {"root": 2**0.5, "one": 1.0, "half": 0.5, "nothing": 0.0}
    constants = {n: np.array(v, np.float32) for n, v in numbers.items()}
    model = float_model(nodes, [1, 4, 6, 6], {"w": normal(6, 4, 3, 3), **constants})
    assert "Gelu" not in kinds(prepared(model, tmp_path).model)


def test_all_that_is_refused_is_named_at_once(tmp_path: Path) -> None:
    nodes = [
        node("MeanVarianceNormalization", "x", "i"),
        node("LSTM", "i w r", "y", hidden_size=2),
    ]
    constants = {"w": normal(1, 8, 6), "r": normal(1, 8, 2)}
    model = float_model(nodes, [1, 4, 6, 6], constants)
    with pytest.raises(ModelError) as caught:
        prepared(model, tmp_path)
    found = {p.where: p.kind for p in caught.value.problems}
    assert found == {"n_i": "MeanVarianceNormalization", "n_y": "LSTM"}
    assert all(p.hint for p in caught.value.problems)


def test_a_recurrent_layer_under_a_condition_is_named(tmp_path: Path) -> None:
    cell = helper.make_node("LSTM", ["x", "w", "r"], ["h"], "cell", hidden_size=2)
    kept = helper.make_tensor_value_info("h", TensorProto.FLOAT, None)
    branch = helper.make_graph([cell], "branch", [], [kept])
    chosen = node("If", "yes", "y", then_branch=branch, else_branch=branch)
    constants = {"yes": np.array(True), "w": normal(1, 8, 4), "r": normal(1, 8, 2)}
    with pytest.raises(ModelError) as caught:
        prepared(float_model([chosen], [1, 1, 4], constants), tmp_path)
    assert {p.kind for p in caught.value.problems} == {"LSTM"}


def test_a_number_as_an_input_is_named(tmp_path: Path) -> None:
    model = float_model([node("Mul", "x rate", "y")], [1, 4], {})
    model.graph.input.append(helper.make_tensor_value_info("rate", TensorProto.FLOAT, []))
    with pytest.raises(ModelError, match="rate: is a single number"):
        prepared(model, tmp_path)


def test_an_operator_of_another_domain_is_named(tmp_path: Path) -> None:
    model = float_model([node("Relu", "x", "c"), node("Relu", "c", "y")], [1, 3, 6, 6], {})
    model.graph.node[1].domain = "my.operators"
    model.opset_import.append(helper.make_opsetid("my.operators", 1))
    with pytest.raises(ModelError, match=r"my\.operators") as caught:
        prepared(model, tmp_path)
    assert [p.where for p in caught.value.problems] == ["n_y"]


def test_product_of_activations_is_attention(tmp_path: Path) -> None:
    nodes = [node("Transpose", "x", "t", perm=[0, 2, 1]), node("MatMul", "x t", "y")]
    with pytest.raises(ModelError, match="two activations"):
        prepared(float_model(nodes, [1, 4, 6], {}), tmp_path)


def test_external_data_that_is_missing(tmp_path: Path) -> None:
    model = float_model([node("Conv", "x w", "y")], [1, 4, 6, 6], {"w": normal(6, 4, 3, 3)})
    path = tmp_path / "split.onnx"
    onnx.save(model, path, save_as_external_data=True, location="split.bin", size_threshold=0)
    (tmp_path / "split.bin").unlink()
    with pytest.raises((UsageError, ModelError)) as caught:
        prepare(path, tmp_path)
    assert "split" in str(caught.value)


def test_nodes_of_one_name(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["/a/b:0"], "/a/b"),
        helper.make_node("Relu", ["/a/b:0"], ["y"], "/a/b"),
    ]
    model = float_model(nodes, [1, 4, 6, 6], {"w": normal(6, 4, 3, 3)})
    ready = prepared(model, tmp_path).model
    assert [n.name for n in ready.graph.node] == ["/a/b", "/a/b_2"]


@pytest.mark.parametrize("opset", [11, 17])
def test_importer_sends_float_models_here_whatever_else_it_would_refuse(
    opset: int, tmp_path: Path
) -> None:
    """Old opsets and weights in other files are no hindrance to `msfcnn quantize`."""
    weights = {"w": normal(6, 4, 3, 3)}
    model = float_model([node("Conv", "x w", "y")], [1, 4, 6, 6], weights, opset=opset)
    path = tmp_path / "split.onnx"
    onnx.save(model, path, save_as_external_data=True, location="split.bin", size_threshold=0)
    with pytest.raises(ModelError, match="is a float model") as caught:
        load_model(path)
    assert "msfcnn quantize split.onnx" in caught.value.problems[0].hint


def test_all_that_is_refused_is_told_at_once(tmp_path: Path) -> None:
    """Who replaces one operator should know of the attention behind it."""
    nodes = [
        node("MeanVarianceNormalization", "x", "a", axes=[2]),
        node("Transpose", "a", "b", perm=[0, 2, 1]),
        node("MatMul", "a b", "y"),
    ]
    path = tmp_path / "net.onnx"
    onnx.save(float_model(nodes, [1, 4, 6], {}), path)
    with pytest.raises(ModelError) as caught:
        prepare(path, tmp_path)
    assert {p.where for p in caught.value.problems} == {"n_a", "n_y"}


def test_a_batch_normalization_of_computed_statistics_says_what_to_do(tmp_path: Path) -> None:
    """As PyTorch's default exporter writes one without running statistics."""
    nodes = [
        node("ReduceMean", "x", "m", axes=[0, 2, 3], keepdims=0),
        node("Mul", "x x", "q"),
        node("ReduceMean", "q", "v", axes=[0, 2, 3], keepdims=0),
        node("BatchNormalization", "x g b m v", "y"),
    ]
    model = float_model(nodes, [1, 4, 5, 5], {"g": normal(4), "b": normal(4)})
    onnx.save(model, tmp_path / "net.onnx")
    with pytest.raises(ModelError) as caught:
        prepare(tmp_path / "net.onnx", tmp_path)
    (problem,) = caught.value.problems
    assert problem.where == "n_y"
    assert "track_running_stats" in problem.hint
