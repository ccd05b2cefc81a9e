"""Networks with several inputs: import, plans of every mode, generated code, arrays for each."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from engine_build import compile_c
from onnx_builder import Net, Scale

import msfcnn
from msfcnn.cli import main
from msfcnn.files import write_all
from msfcnn.quantizer import input_shapes, quantize
from msfcnn.verifier import load_images, random_images

USE = """\
#include <stdio.h>
#include <string.h>
#include "two.h"

static MSFCNN_ALIGNED uint8_t arena[TWO_ARENA_SIZE];
static two_inputs_t given;
static msfcnn_t nn;

#define ROW (TWO_INPUT_WIDTH * TWO_INPUT_CHANNELS)

int main(void)
{
    const int8_t *image = given.x;
    int8_t whole[TWO_OUTPUT_SIZE];
    int res = 0;

    memset(given.x, 40, sizeof(given.x));
    memset(given.numbers, -30, sizeof(given.numbers));
    if (msfcnn_init(&nn, &two_model, arena, sizeof(arena)) != 0 ||
        msfcnn_push_row(&nn, image) != -22 || msfcnn_set_inputs(&nn, NULL) != -22 ||
        msfcnn_run(&nn, (const int8_t *)&given) != 0) {
        return 1;
    }
    memcpy(whole, msfcnn_output(&nn, 0, NULL), sizeof(whole));
    if (msfcnn_begin(&nn) != 0 || msfcnn_push_row(&nn, image) != -22 ||
        msfcnn_set_inputs(&nn, given.numbers) != 0) {
        return 2;
    }
    for (unsigned y = 0; res == 0; y++) {
        res = msfcnn_push_row(&nn, &image[y * ROW]);
    }
    return (res == 1) ? memcmp(whole, msfcnn_output(&nn, 0, NULL), sizeof(whole)) : 3;
}
"""


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A picture and a vector, which gates the picture's features and is joined with their mean."""
    net = Net((1, 2, 9, 9))
    numbers = net.another_input("numbers", (1, 4))
    x = net.conv(net.input, (4, 2, 3, 3), pads=[1, 1, 1, 1])
    column = net.node("Reshape", numbers, net.const(np.array([1, 4, 1, 1])))
    gated = net.qdq(net.node("Mul", x, column), Scale(1 / 24, 2))
    mean = net.qdq(net.node("GlobalAveragePool", gated), Scale(1 / 60, 0))
    same = Scale(1 / 50, 1)
    parts = [net.qdq(net.node("Flatten", mean), same), net.qdq(numbers, same)]
    joined = net.qdq(net.node("Concat", *parts, axis=1), same)
    return net.output(net.gemm(joined, 8, 3)).save(tmp_path / "two.onnx")


@pytest.mark.parametrize("mode", ["image", "push", "pull"])
def test_code_reference_and_onnxruntime_agree(two: Path, mode: str) -> None:
    pytest.importorskip("onnxruntime", reason="pip install 'msfcnn[verify]'")
    found = msfcnn.verify(two, msfcnn.Options(input=mode))
    assert found.first_mismatch is None
    assert found.outputs_lsb <= 1


def test_header_has_every_input_and_a_type_of_all(two: Path, tmp_path: Path) -> None:
    made = msfcnn.generate(two, msfcnn.Options(input="push"))
    write_all(tmp_path, {**made.sources, "main.c": USE})
    assert "TWO_INPUT1_ZERO_POINT" in made.sources["two.h"]
    program = compile_c(tmp_path, sorted(tmp_path.glob("*.c")), tmp_path / "use")
    assert subprocess.run([program]).returncode == 0


def test_plan_says_what_the_caller_keeps(two: Path) -> None:
    plan = msfcnn.plan(two)
    assert (plan.image_bytes, plan.beside_bytes) == (9 * 9 * 2, 4)
    report = msfcnn.inspect(two)
    assert [port.name for port in (report.model.input, *report.model.beside)] == ["x", "numbers"]


def test_arrays_are_called_as_the_inputs(two: Path, tmp_path: Path) -> None:
    model = msfcnn.load_model(two)
    rng = np.random.default_rng(3)
    numbers = rng.integers(-128, 128, (5, 4)).astype(np.int8)
    x = rng.normal(0, 1, (5, 2, 9, 9))
    np.savez(tmp_path / "x.npz", x=x, numbers=numbers, labels=np.arange(5))
    images, labels = load_images(model, tmp_path / "x.npz")
    assert images.shape == (5, *model.sample_shape)
    parts = model.taken_apart(images)
    np.testing.assert_array_equal(parts[model.beside[0].tensor].reshape(5, 4), numbers)
    assert labels is not None
    assert labels.tolist() == [0, 1, 2, 3, 4]
    np.savez(tmp_path / "y.npz", x=x)
    with pytest.raises(msfcnn.UsageError, match="no 'numbers'") as caught:
        load_images(model, tmp_path / "y.npz")
    assert "x, numbers" in caught.value.problems[0].hint
    np.savez(tmp_path / "z.npz", x=x, numbers=numbers[:3])
    with pytest.raises(msfcnn.UsageError, match="3 and 5 samples"):
        load_images(model, tmp_path / "z.npz")


def test_an_input_that_nothing_reads_is_named(tmp_path: Path) -> None:
    net = Net((1, 2, 5, 5))
    net.another_input("idle", (1, 4))
    path = net.output(net.conv(net.input, (3, 2, 1, 1))).save(tmp_path / "idle.onnx")
    with pytest.raises(msfcnn.ModelError, match="no output depends on it") as caught:
        msfcnn.load_model(path)
    assert caught.value.problems[0].where == "input 'idle'"


def test_quantized_from_float(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("onnxruntime", reason="pip install 'msfcnn[quantize]'")
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(1)
    weights = {
        "w": rng.normal(0, 0.3, (4, 3, 3, 3)),
        "v": rng.normal(0, 0.3, (2, 8)),
    }
    nodes = [
        helper.make_node("Conv", ["picture", "w"], ["a"], name="see"),
        helper.make_node("GlobalAveragePool", ["a"], ["b"]),
        helper.make_node("Flatten", ["b"], ["c"]),
        helper.make_node("Concat", ["numbers", "c"], ["d"], axis=1),
        helper.make_node("Gemm", ["d", "v"], ["scores"], transB=1),
    ]
    inputs = [
        helper.make_tensor_value_info("numbers", TensorProto.FLOAT, ["n", 4]),
        helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["n", 3, 8, 8]),
    ]
    stored = [numpy_helper.from_array(w.astype(np.float32), k) for k, w in weights.items()]
    output = [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 2])]
    graph = helper.make_graph(nodes, "net", inputs, output, initializer=stored)
    source = tmp_path / "float.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), source)
    assert input_shapes(source, {}) == {"numbers": (1, 4), "picture": (1, 3, 8, 8)}
    arrays = {
        "picture": rng.normal(0, 1, (12, 3, 8, 8)).astype(np.float32),
        "numbers": rng.normal(0, 3, (12, 4)).astype(np.float32),
    }
    assert quantize(source, arrays).comparison.outputs[0].cosine > 0.99
    with pytest.raises(msfcnn.UsageError, match="missing for the input numbers"):
        quantize(source, {"picture": arrays["picture"]})

    np.savez(tmp_path / "some.npz", **arrays, labels=np.arange(12) % 2, more=np.zeros(3))
    words = ["--calib", str(tmp_path / "some.npz"), "-o", str(tmp_path / "int8.onnx")]
    assert main(["quantize", str(source), *words]) == 0
    assert "not used: more" in " ".join(capsys.readouterr().out.split())
    model = msfcnn.load_model(tmp_path / "int8.onnx")
    assert model.input.name == "picture"
    assert random_images(model, 2).shape == (2, 1, 1, 3 * 8 * 8 + 4)
    found = msfcnn.evaluate(tmp_path / "int8.onnx", tmp_path / "some.npz", float_model=source)
    assert (found.images, found.labelled) == (12, 12)
    assert {way.name: way.as_c for way in found.ways}["onnxruntime"] == 1
    assert main(["quantize", str(source), "--calib", str(tmp_path), "-o", "x.onnx"]) == 2
    assert "an array [n, ...] for each of numbers, picture" in capsys.readouterr().err
