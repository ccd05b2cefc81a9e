"""TFLite files as users have them: twins of ONNX files, mixed types, damaged and unsupported."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tflite_builder import SAME, TfliteNet
from tflite_cases import CASES, Maker

from msfcnn.errors import ModelError, Problem, UsageError
from msfcnn.frontend import load_model, load_proto
from msfcnn.frontend.onnx import load_model as load_onnx
from msfcnn.ir import Model
from msfcnn.ops import Conv, Reshape
from msfcnn.quantizer import quantize
from msfcnn.reference import execute

TWINS = ("vww_96", "kws_dscnn", "person_detect", "mcunet_vww_5fps")


def problems(path: Path) -> tuple[Problem, ...]:
    with pytest.raises(ModelError) as caught:
        load_model(path)
    return caught.value.problems


def whole_net() -> bytes:
    maker = Maker("int8")
    CASES["conv_pool_reshape_dense"](maker)
    return maker.net.content()


def output(model: Model, images: np.ndarray) -> np.ndarray:
    return execute(model, images)[model.outputs[0].tensor]


@pytest.fixture
def shared_tflite(shared_models: Path) -> Path:
    path = shared_models.parent / "tflite"
    if not path.is_dir():
        pytest.skip("TFLite test networks not found beside the ONNX ones")
    return path


@pytest.mark.parametrize("name", TWINS)
def test_a_file_gives_the_bytes_of_its_onnx_twin(
    name: str, shared_models: Path, shared_tflite: Path
) -> None:
    ours = load_model(shared_tflite / f"{name}.tflite")
    twin = load_onnx(shared_models / f"{name}.onnx")
    stored = np.load(shared_models / f"{name}.npz")
    images = np.ascontiguousarray(stored["x_q"].transpose(0, 2, 3, 1))
    values = output(ours, images).reshape(len(images), -1)
    assert np.array_equal(values, output(twin, images).reshape(values.shape))
    assert np.array_equal(values, stored["y_exact"])


def test_names_shapes_and_types_are_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "net.tflite"
    path.write_bytes(whole_net())
    model = load_model(path)
    assert (model.name, model.input.name, model.input.dtype) == ("net", "x0", "int8")
    assert model.input.onnx_shape == (1, 6, 6, 2)
    assert [op.node for op in model.ops] == [
        *("CONV_2D_0", "MAX_POOL_2D_1", "ADD_2", "RESHAPE_3", "FULLY_CONNECTED_4"),
    ]


def test_content_decides_not_the_name(tmp_path: Path) -> None:
    path = tmp_path / "net.bin"
    path.write_bytes(whole_net())
    assert load_model(path).input.name == "x0"


def test_a_bias_counts_in_units_of_the_accumulator_whatever_its_scale(tmp_path: Path) -> None:
    """person_detect's biases carry a quantized dimension that they do not have."""
    net = TfliteNet()
    x = net.input([1, 3, 3, 2], "int8", scale=0.5, zero=1)
    w = net.constant(np.ones((2, 1, 1, 2), np.int8), scale=[0.25, 0.125], zero=0)
    b = net.constant(np.array([7, -9], np.int32), scale=[3.0, 4.0], zero=0, axis=3)
    y = net.tensor([1, 3, 3, 2], "int8", scale=1.0, zero=0)
    net.op("CONV_2D", [x, w, b], y, "Conv2DOptions", StrideH=1, StrideW=1, Padding=SAME)
    (conv,) = load_model(net.save(tmp_path / "n.tflite")).ops
    assert isinstance(conv, Conv)
    assert conv.bias.tolist() == [7, -9]


def test_a_mean_of_a_mean_is_one_mean(tmp_path: Path) -> None:
    maker = Maker("int8")
    net = maker.net
    columns = net.op(
        "MEAN",
        [maker.input(1, 5, 6, 4), net.ints(2)],
        maker.same(1, 5, 4),
        "ReducerOptions",
        KeepDims=False,
    )
    net.op("MEAN", [columns, net.ints(1)], maker.out(1, 4), "ReducerOptions", KeepDims=False)
    model = load_model(net.save(tmp_path / "n.tflite"))
    assert [type(op).__name__ for op in model.ops] == ["GlobalAveragePool"]
    images = np.random.default_rng(0).integers(-128, 128, (3, 5, 6, 4)).astype(np.int8)
    real = (images.astype(float).mean(axis=(1, 2)) - 3) * np.float32(0.04) / np.float32(0.05) - 7
    assert np.abs(output(model, images).reshape(3, 4) - real).max() <= 0.5 + 1e-3


def test_one_dimension_as_keras_writes_it(tmp_path: Path) -> None:
    """Conv1D is EXPAND_DIMS, CONV_2D, SQUEEZE; GlobalAveragePooling1D a MEAN over three axes."""
    maker = Maker("int8")
    net = maker.net
    x = maker.input(1, 20, 3)
    image = net.op("EXPAND_DIMS", [x, net.ints(1)], maker.same(1, 1, 20, 3))
    w = maker.weights(4, 1, 5, 3, axis=0)
    y = net.op(
        "CONV_2D",
        [image, w, maker.bias(w, x, 4)],
        maker.out(1, 1, 10, 4),
        "Conv2DOptions",
        **{"StrideH": 1, "StrideW": 2, "Padding": SAME},
    )
    line = net.op("SQUEEZE", [y], maker.out(1, 10, 4), "SqueezeOptions", SqueezeDims=[1])
    net.op("MEAN", [line, net.ints(1)], maker.out(1, 4), "ReducerOptions", KeepDims=False)
    model = load_model(net.save(tmp_path / "n.tflite"))
    names = [type(op).__name__ for op in model.ops if not isinstance(op, Reshape)]
    assert names == ["Conv", "GlobalAveragePool"]
    assert model.input.onnx_shape == (1, 20, 3)


def test_uint8_at_the_border_of_an_int8_network(tmp_path: Path) -> None:
    """inference_input_type=tf.uint8 puts a QUANTIZE at either end."""
    net = TfliteNet()
    x = net.input([1, 4, 4, 2], "uint8", scale=0.5, zero=120)
    inner = net.op("QUANTIZE", [x], net.tensor([1, 4, 4, 2], "int8", scale=0.5, zero=-8))
    w = net.constant(np.array([[[[1, 2]]], [[[3, -4]]]], np.int8), scale=0.5, zero=0)
    b = net.constant(np.array([5, 6], np.int32), scale=0.25, zero=0)
    y = net.tensor([1, 4, 4, 2], "int8", scale=1.0, zero=0)
    net.op("CONV_2D", [inner, w, b], y, "Conv2DOptions", StrideH=1, StrideW=1, Padding=SAME)
    net.op("QUANTIZE", [y], net.tensor([1, 4, 4, 2], "uint8", scale=1.0, zero=128))
    model = load_model(net.save(tmp_path / "n.tflite"))
    assert (model.input.dtype, model.outputs[0].dtype) == ("uint8", "uint8")
    assert [type(op).__name__ for op in model.ops] == ["Conv"]
    given = np.random.default_rng(0).integers(0, 256, (4, 4, 2)).astype(np.uint8)
    result = output(model, model.input.view(model).from_onnx(given)[None])
    stored = model.outputs[0].view(model).to_onnx(result[0])
    real = (given.astype(float) - 120) * 0.5
    exact = real @ (np.array([[1, 2], [3, -4]]).T * 0.5) + np.array([5, 6]) * 0.25
    assert np.abs(np.clip(exact + 128, 0, 255) - stored[0].astype(float)).max() <= 0.5


def test_a_network_with_state_is_refused_by_name(tmp_path: Path) -> None:
    net = TfliteNet()
    x = net.input([1, 4], "int8", scale=0.1)
    net.op("CALL_ONCE", [], [])
    handle = net.op("VAR_HANDLE", [], net.tensor([], "int32"))
    before = net.op("READ_VARIABLE", [handle], net.tensor([1, 4], "int8", scale=0.1))
    y = net.op("ADD", [x, before], net.tensor([1, 4], "int8", scale=0.1), "AddOptions")
    net.op("ASSIGN_VARIABLE", [handle, y], [])
    found = problems(net.save(tmp_path / "n.tflite", y))
    kinds = ["CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE"]
    assert [p.kind for p in found] == kinds
    assert all("without state" in p.hint for p in found)


def hybrid_net(path: Path) -> Path:
    """Dynamic range quantization: int8 weights, float activations."""
    net = TfliteNet()
    x = net.input([1, 6, 6, 2], signature=[-1, 6, 6, 2])
    rng = np.random.default_rng(0)
    weights = rng.integers(-127, 128, (4, 3, 3, 2)).astype(np.int8)
    w = net.constant(weights, scale=[0.01, 0.02, 0.01, 0.03], zero=0)
    b = net.constant(rng.normal(size=4).astype(np.float32))
    y = net.tensor([1, 6, 6, 4], name="y")
    net.op("CONV_2D", [x, w, b], y, "Conv2DOptions", StrideH=1, StrideW=1, Padding=SAME)
    return net.save(path)


def test_float_and_hybrid_files_are_told_to_be_quantized(tmp_path: Path) -> None:
    (problem,) = problems(hybrid_net(tmp_path / "net.tflite"))
    assert "float" in problem.what
    assert "msfcnn quantize net.tflite" in problem.hint


def test_a_hybrid_file_can_be_quantized(tmp_path: Path) -> None:
    path = hybrid_net(tmp_path / "net.tflite")
    images = np.random.default_rng(1).normal(size=(8, 6, 6, 2)).astype(np.float32)
    target = tmp_path / "int8.onnx"
    target.write_bytes(quantize(path, images).model.SerializeToString())
    model = load_model(target)
    assert [type(op).__name__ for op in model.ops] == ["Conv"]
    assert model.input.onnx_shape == (1, 6, 6, 2)


def test_a_quantized_file_is_not_quantized_again(tmp_path: Path) -> None:
    path = tmp_path / "net.tflite"
    path.write_bytes(whole_net())
    with pytest.raises(ModelError, match="quantized already"):
        quantize(path, np.zeros((1, 6, 6, 2), np.float32))


def test_float16_weights_are_float(tmp_path: Path) -> None:
    net = TfliteNet()
    x = net.input([1, 4])
    half = net.constant(np.eye(3, 4, dtype=np.float16))
    w = net.op("DEQUANTIZE", [half], net.tensor([3, 4]))
    net.op("FULLY_CONNECTED", [x, w], net.tensor([1, 3]), "FullyConnectedOptions")
    proto = load_proto(net.save(tmp_path / "n.tflite"))
    assert [node.op_type for node in proto.graph.node] == ["Gemm"]
    assert proto.graph.initializer[0].data_type == 1


def test_every_kind_that_is_not_supported_is_named_once(tmp_path: Path) -> None:
    net = TfliteNet()
    x = net.input([1, 4], "int8", scale=0.1)

    def quantized() -> int:
        return net.tensor([1, 4], "int8", scale=0.1)

    first = net.op("SVDF", [x], quantized())
    second = net.op("SVDF", [x], quantized())
    net.op("ADD", [first, second], quantized(), "AddOptions")
    third = net.op("CUSTOM", [x], quantized(), custom="TFLite_Detection_PostProcess")
    fourth = net.op("CUSTOM", [x], quantized(), custom="FlexErf")
    found = problems(net.save(tmp_path / "n.tflite", third, fourth))
    assert [(p.where, p.kind) for p in found] == [
        ("SVDF_0 and 1 more", "SVDF"),
        ("TFLite_Detection_PostProcess_3", "TFLite_Detection_PostProcess"),
        ("FlexErf_4", "FlexErf"),
    ]
    assert "cut the model before it" in found[1].hint
    assert "SELECT_TF_OPS" in found[2].hint


def test_what_msfcnn_cannot_compute_in_is_said_once(tmp_path: Path) -> None:
    net = TfliteNet()
    x = net.input([1, 4], "int16", scale=0.1)
    y = net.op("RELU", [x], net.tensor([1, 4], "int16", scale=0.1))
    net.op("RELU", [y], net.tensor([1, 4], "int16", scale=0.1))
    (problem,) = problems(net.save(tmp_path / "n.tflite"))
    assert "16x8" in problem.what
    assert "INT8" in problem.hint


def test_int4_weights_are_named(tmp_path: Path) -> None:
    net = TfliteNet()
    x = net.input([1, 4], "int8", scale=0.1)
    w = net.tensor([2, 4], "int4", scale=0.1, data=bytes(4))
    net.op("FULLY_CONNECTED", [x, w], net.tensor([1, 2], "int8", scale=0.1))
    (problem,) = problems(net.save(tmp_path / "n.tflite"))
    assert "int4 weights" in problem.what


def test_an_open_size_is_named(tmp_path: Path) -> None:
    net = TfliteNet()
    x = net.input([1, 1, 1, 3], signature=[-1, -1, -1, 3])
    net.op("RELU", [x], net.tensor([1, 1, 1, 3]))
    (problem,) = problems(net.save(tmp_path / "n.tflite"))
    assert (problem.where, "axis 1" in problem.what) == ("input 'x'", True)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.tflite", b"", "empty"),
        ("text.tflite", b"this is some text", "not a TFLite file"),
        ("cut.tflite", b"\x1c\0\0\0TFL3", "not a complete TFLite file"),
        ("net.h5", b"\x89HDF\r\n\x1a\n", "Keras"),
        ("net.keras", b"PK\x03\x04", "Keras"),
        ("net.pt", b"PK\x03\x04", "PyTorch"),
    ],
)
def test_other_files_are_named_for_what_they_are(
    name: str, content: bytes, said: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    (problem,) = problems(path)
    assert said in problem.what
    assert problem.hint


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        load_model(tmp_path / "none.tflite")


def survives(content: bytes, path: Path) -> None:
    """Read, or refused; anything else is a defect of ours."""
    path.write_bytes(content)
    with suppress(ModelError):
        load_model(path)


@pytest.fixture(scope="module")
def healthy() -> bytes:
    return whole_net()


def test_a_file_cut_anywhere_is_refused(healthy: bytes, tmp_path: Path) -> None:
    path = tmp_path / "n.tflite"
    for length in range(0, len(healthy), 13):
        survives(healthy[:length], path)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_flipped_bytes_never_end_in_a_traceback(
    data: st.DataObject, healthy: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    damaged = bytearray(healthy)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place] = data.draw(st.integers(0, 255))
    survives(bytes(damaged), tmp_path_factory.getbasetemp() / "damaged.tflite")


@pytest.mark.long
@pytest.mark.parametrize("name", CASES)
def test_a_flipped_byte_in_any_operator_is_no_traceback(name: str, tmp_path: Path) -> None:
    maker = Maker("int8")
    CASES[name](maker)
    content = maker.net.content()
    rng = np.random.default_rng(0)
    for _ in range(400):
        damaged = bytearray(content)
        for place in rng.integers(0, len(content), 2):
            damaged[place] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.integers(256)])
        survives(bytes(damaged), tmp_path / "n.tflite")
