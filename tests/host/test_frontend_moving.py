"""Elements moved, repeated and joined in any way, and operators over any axis: as onnxruntime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx_builder import Net, Scale
from test_frontend_oracle import agree

from msfcnn.errors import ModelError
from msfcnn.frontend.onnx import load_model

Maker = Callable[[Net, str], str]
FINE, COARSE = Scale(1 / 40, 4), Scale(1 / 6, -11)


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def conv(net: Net, x: str, channels: int, kernel: int = 1) -> str:
    return net.conv(x, (3, channels, kernel, kernel), scale=FINE)


def mean(net: Net, x: str) -> str:
    return net.qdq(net.node("GlobalAveragePool", x), FINE)


# what becomes of an input [1, 4, 6, 6]
CASES: dict[str, Maker] = {
    "height and width exchanged": lambda n, x: conv(
        n, n.node("Transpose", x, perm=[0, 1, 3, 2]), 4, 3
    ),
    "channels and height exchanged": lambda n, x: conv(
        n, n.node("Transpose", x, perm=[0, 2, 1, 3]), 6
    ),
    "reshaped across channels": lambda n, x: conv(
        n, n.node("Reshape", x, n.const(ints(1, 6, 4, 6))), 6
    ),
    "blocks of pixels as channels": lambda n, x: conv(
        n, n.qdq(n.node("SpaceToDepth", x, blocksize=2), like=x), 16
    ),
    "pixel unshuffle": lambda n, x: conv(
        n,
        n.node(
            "Reshape",
            n.node(
                "Transpose",
                n.node("Reshape", x, n.const(ints(1, 4, 3, 2, 3, 2))),
                perm=[0, 1, 3, 5, 2, 4],
            ),
            n.const(ints(1, 16, 3, 3)),
        ),
        16,
    ),
    "a vector as a map": lambda n, x: conv(
        n, n.node("Reshape", n.gemm(n.node("Flatten", x), 144, 24), n.const(ints(1, 2, 3, 4))), 2, 2
    ),
    "softmax over width": lambda n, x: n.qdq(n.node("Softmax", x, axis=3), Scale(1 / 256, -128)),
    "a mean for every pixel": lambda n, x: n.add(x, mean(n, x), COARSE),
    "minus a row": lambda n, x: n.qdq(
        n.node("Sub", n.qdq(n.node("ReduceMean", x, axes=[2], keepdims=1), FINE), x),
        COARSE,
    ),
    "one channel for all": lambda n, x: n.qdq(
        n.node("Mul", x, n.conv(x, (1, 4, 1, 1), scale=FINE)), COARSE
    ),
    "a row times a column": lambda n, x: n.qdq(
        n.node(
            "Mul",
            n.qdq(n.node("ReduceMean", x, axes=[2], keepdims=1), FINE),
            n.qdq(n.node("ReduceMean", x, axes=[3], keepdims=1), FINE),
        ),
        Scale(1 / 4, 3),
    ),
    "expanded": lambda n, x: n.add(
        x, n.qdq(n.node("Expand", mean(n, x), n.const(ints(1, 4, 6, 6))), FINE), COARSE
    ),
    "tiled": lambda n, x: n.qdq(n.node("Tile", x, n.const(ints(1, 2, 1, 2))), like=x),
    "mean over channels": lambda n, x: n.qdq(n.node("ReduceMean", x, axes=[1], keepdims=1), FINE),
    "mean of everything": lambda n, x: n.qdq(n.node("ReduceMean", x, keepdims=0), Scale(1 / 90, 1)),
    "mean over channels and rows": lambda n, x: n.qdq(
        n.node("ReduceMean", x, axes=[1, 2], keepdims=0), Scale(1 / 90, 1)
    ),
    "sum over channels": lambda n, x: n.qdq(
        n.node("ReduceSum", x, n.const(ints(1)), keepdims=0), COARSE
    ),
    "sum over pixels": lambda n, x: n.qdq(n.node("ReduceSum", x, n.const(ints(2, 3))), Scale(0.5)),
    "sum over columns": lambda n, x: n.qdq(n.node("ReduceSum", x, n.const(ints(-1))), Scale(0.2)),
    "maximum over channels": lambda n, x: conv(
        n, n.qdq(n.node("ReduceMax", x, axes=[1], keepdims=1), like=x), 1, 3
    ),
    "minimum over channels": lambda n, x: n.qdq(n.node("ReduceMin", x, axes=[1]), like=x),
    "maximum of everything": lambda n, x: n.qdq(n.node("ReduceMax", x, keepdims=0), like=x),
    "minimum of everything": lambda n, x: n.qdq(n.node("ReduceMin", x, axes=[1, 2, 3]), FINE),
    "minimum over pixels": lambda n, x: n.qdq(n.node("ReduceMin", x, axes=[2, 3]), FINE),
    "the larger of two": lambda n, x: n.qdq(
        n.node("Max", x, n.qdq(conv_same(n, x), like=x)), like=x
    ),
    "the smaller of two": lambda n, x: n.qdq(
        n.node("Min", x, n.qdq(conv_same(n, x), like=x)), FINE
    ),
    "joined by rows": lambda n, x: conv(n, n.qdq(n.node("Concat", x, x, axis=2), like=x), 4, 3),
    "joined by columns of other width": lambda n, x: n.qdq(
        n.node("Concat", x, n.qdq(n.node("MaxPool", x, kernel_shape=[1, 2]), like=x), axis=3),
        like=x,
    ),
    "joined by columns of NHWC": lambda n, x: n.qdq(
        n.node("Concat", *[n.node("Transpose", x, perm=[0, 2, 3, 1])] * 2, axis=2), like=x
    ),
    "maps of one channel joined, and added": lambda n, x: n.qdq(
        n.node("Add", one_channel_twice(n, x), n.conv(x, (2, 4, 1, 1), scale=FINE)), FINE
    ),
    "joined with coordinates": lambda n, x: n.qdq(
        n.node("Concat", x, n.const(np.linspace(-1, 1, 72).reshape(1, 2, 6, 6)), axis=1), FINE
    ),
    "joined with rows and with columns": lambda n, x: n.qdq(
        n.node(
            "Concat",
            x,
            n.const(np.linspace(-1, 1, 36).reshape(1, 1, 6, 6)),
            n.const(np.linspace(-1, 1, 36).reshape(1, 1, 6, 6).transpose(0, 1, 3, 2)),
            axis=1,
        ),
        FINE,
    ),
    "a constant for every pixel": lambda n, x: n.qdq(
        n.node("Add", x, n.const(np.linspace(-2, 3, 36).reshape(6, 6))), COARSE
    ),
    "a mask": lambda n, x: n.qdq(
        n.node("Mul", x, n.const(np.linspace(0, 1, 144).reshape(1, 4, 6, 6))), COARSE
    ),
    "from a constant for every pixel": lambda n, x: n.qdq(
        n.node("Sub", n.const(np.linspace(-2, 3, 36).reshape(6, 6)), x), COARSE
    ),
    "a constant for every pixel, finer": lambda n, x: n.qdq(
        n.node("Add", x, n.const(np.linspace(-0.1, 0.2, 36).reshape(6, 6))), FINE
    ),
    "a constant for every channel, finer": lambda n, x: n.qdq(
        n.node("Sub", n.const(np.array([0.1, -0.3, 0.02, 0]).reshape(4, 1, 1)), x), FINE
    ),
    "a mean repeated by a constant": lambda n, x: n.qdq(
        n.node("Add", mean(n, x), n.const(np.linspace(-2, 3, 36).reshape(1, 1, 6, 6))), COARSE
    ),
    "a mask, a constant and a clip": lambda n, x: n.qdq(
        n.node(
            "Relu",
            n.node(
                "Add",
                n.node("Mul", x, n.const(np.linspace(0, 1, 36).reshape(6, 6))),
                n.const(np.linspace(-2, 3, 144).reshape(1, 4, 6, 6)),
            ),
        ),
        COARSE,
    ),
    "a mask and a constant for every channel": lambda n, x: n.qdq(
        n.node(
            "Add",
            n.node("Mul", x, n.const(np.linspace(0.5, 1, 36).reshape(6, 6))),
            n.const(np.linspace(-2, 3, 4).reshape(4, 1, 1)),
        ),
        COARSE,
    ),
    "the largest of three and a map of constants": lambda n, x: n.qdq(
        n.node(
            "Max",
            x,
            n.qdq(conv_same(n, x), FINE),
            mean(n, x),
            n.const(np.linspace(-1, 1, 36).reshape(6, 6)),
        ),
        COARSE,
    ),
    "the smaller of two, turned and clipped": lambda n, x: n.qdq(
        n.node(
            "Transpose",
            n.node("Relu", n.node("Min", x, n.qdq(conv_same(n, x), FINE))),
            perm=[0, 2, 3, 1],
        ),
        COARSE,
    ),
    "bounded for every channel": lambda n, x: n.qdq(
        n.node(
            "Min",
            n.node("Max", x, n.const(np.array([-1.0, 0, 1, -2]).reshape(1, 4, 1, 1))),
            n.const(np.array([1, 0.5, 2, 0]).reshape(1, 4, 1, 1)),
        ),
        COARSE,
    ),
    "joined with a constant, behind a clip": lambda n, x: n.qdq(
        n.node(
            "Relu",
            n.node("Concat", n.const(np.linspace(-1, 1, 72).reshape(1, 2, 6, 6)), x, axis=1),
        ),
        FINE,
    ),
    "tanhshrink spelled out": lambda n, x: n.qdq(n.node("Sub", x, n.node("Tanh", x)), COARSE),
    "softsign spelled out": lambda n, x: n.qdq(
        n.node("Div", x, n.node("Add", n.node("Abs", x), n.const(np.float32(1)))), Scale(1 / 127, 0)
    ),
    "cropped by negative pads": lambda n, x: conv(
        n, n.node("Pad", x, n.const(ints(0, 0, -1, 2, 0, 0, 1, -2))), 4, 3
    ),
    "every third column, backwards": lambda n, x: n.qdq(
        n.node("Slice", x, *(n.const(ints(v)) for v in (5, -7, 3, -2))), like=x
    ),
    "a padded vector of a map": lambda n, x: n.qdq(
        n.node("Pad", n.node("Flatten", x), n.const(ints(0, 1, 0, 2))), like=x
    ),
    "the larger of a larger one": lambda n, x: n.qdq(
        n.node("Max", x, n.qdq(n.node("Max", n.qdq(conv_same(n, x), FINE), x), COARSE)), COARSE
    ),
    "minus its transpose": lambda n, x: n.qdq(
        n.node("Sub", x, n.node("Transpose", x, perm=[0, 1, 3, 2])), COARSE
    ),
    "plus a function of its transpose": lambda n, x: n.qdq(
        n.node(
            "Add",
            x,
            n.qdq(n.node("Sigmoid", n.node("Transpose", x, perm=[0, 1, 3, 2])), Scale(1 / 256)),
        ),
        COARSE,
    ),
    "a gate whose channels are shuffled": lambda n, x: n.qdq(
        n.node("Mul", x, shuffled(n, n.qdq(n.node("GlobalAveragePool", x), FINE), 1)), FINE
    ),
    "a gate of shuffled channels": lambda n, x: n.qdq(
        n.node("Mul", shuffled(n, x, 6), n.qdq(n.node("GlobalAveragePool", x), FINE)), FINE
    ),
    "a gate repeated for groups": lambda n, x: n.qdq(
        n.node("Mul", x, n.node("Reshape", repeated_gate(n, x), n.const(ints(1, 4, 1, 1)))), FINE
    ),
    "a product with what lies across channels": lambda n, x: n.qdq(
        n.node("Mul", n.node("Reshape", x, n.const(ints(1, 9, 16))), mean_of_rows(n, x)), FINE
    ),
    "pieces that begin alike": lambda n, x: n.qdq(
        n.node("Concat", *(mean(n, n.qdq(columns(n, x, e), like=x)) for e in (2, 4, 5)), axis=1),
        FINE,
    ),
    "some rows": lambda n, x: n.qdq(n.node("Gather", x, n.const(ints(4, 0, 1)), axis=2), like=x),
}


def one_channel_twice(net: Net, x: str) -> str:
    maps = [net.conv(x, (1, 4, 1, 1), scale=FINE) for _ in range(2)]
    return net.qdq(net.node("Concat", *maps, axis=1), FINE)


def shuffled(net: Net, x: str, size: int) -> str:
    """Channels 0, 2, 1, 3 of a map with as many rows and columns."""
    apart = net.node("Reshape", x, net.const(ints(1, 2, 2, size, size)))
    turned = net.node("Transpose", apart, perm=[0, 2, 1, 3, 4])
    return net.node("Reshape", turned, net.const(ints(1, 4, size, size)))


def repeated_gate(net: Net, x: str) -> str:
    """The means of two channels, each of them twice."""
    two = net.qdq(net.node("Slice", mean(net, x), *(net.const(ints(v)) for v in (0, 2, 1))), FINE)
    return net.qdq(net.node("Tile", two, net.const(ints(1, 1, 2, 1))), FINE)


def mean_of_rows(net: Net, x: str) -> str:
    """[1, 9, 1]: means over 16 elements in ONNX's order."""
    rows = net.node("Reshape", x, net.const(ints(1, 9, 16)))
    return net.qdq(net.node("ReduceMean", rows, axes=[2], keepdims=1), FINE)


def columns(net: Net, x: str, end: int) -> str:
    """The columns before one of them."""
    return net.node("Slice", x, *(net.const(ints(v)) for v in (0, end, 3)))


def conv_same(net: Net, x: str) -> str:
    return net.conv(x, (4, 4, 1, 1), quantized=False)


@pytest.mark.parametrize("case", CASES)
def test_form(case: str, tmp_path: Path) -> None:
    net = Net((1, 4, 6, 6))
    net.output(CASES[case](net, net.input))
    agree(net, tmp_path)


@pytest.mark.parametrize("ceil", [0, 1])
@pytest.mark.parametrize("pads", [[0, 0, 0, 0], [1, 1, 1, 1], [1, 0, 0, 1]])
@pytest.mark.parametrize("size", [(6, 6), (7, 6), (8, 9)])
def test_averages_with_counted_padding(
    size: tuple[int, int], pads: list[int], ceil: int, tmp_path: Path
) -> None:
    net = Net((1, 3, *size))
    shape = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": pads}
    x = net.node("AveragePool", net.input, ceil_mode=ceil, count_include_pad=1, **shape)
    net.output(net.qdq(x, FINE))
    agree(net, tmp_path)


@pytest.mark.parametrize("first", ["MatMul", "Transpose"])
def test_dense_layers_on_frames(first: str, tmp_path: Path) -> None:
    net = Net((1, 7, 5))
    x = net.input
    if first == "Transpose":
        x = net.node("Transpose", net.node("Transpose", x, perm=[0, 2, 1]), perm=[0, 2, 1])
    x = net.matmul(net.node("Relu", net.matmul(x, 5, 6)), 6, 4)
    net.output(net.qdq(net.node("ReduceMean", x, axes=[1], keepdims=0), FINE))
    model = agree(net, tmp_path)
    assert model.tensors[0].shape == (1, 7, 5)


def test_a_causal_layer_of_tensorflow_finds_its_frames_in_order(tmp_path: Path) -> None:
    """[1, time, channels] with zeros before it, a row of its own, then channels first."""
    net = Net((1, 12, 5))
    pads = net.const(ints(0, 2, 0, 0, 0, 0))
    padded = net.qdq(net.node("Pad", net.input, pads), like=net.input)
    row = net.node("Reshape", padded, net.const(ints(1, 1, 14, 5)))
    turned = net.node("Transpose", row, perm=[0, 3, 1, 2])
    net.output(net.conv(turned, (6, 5, 1, 3), scale=FINE))
    model = agree(net, tmp_path)
    assert model.tensors[0].shape == (1, 12, 5)
    assert "Select" not in {type(op).__name__ for op in model.ops}


@pytest.mark.parametrize("kind", ["Gemm", "MatMul"])
def test_frames_without_a_batch(kind: str, tmp_path: Path) -> None:
    """[1, T, C] as [T, C]: optimizers write a dense layer on frames so, as a Gemm has two axes."""
    net = Net((1, 7, 5))
    rows = net.node("Reshape", net.input, net.const(ints(7, 5)))
    x = net.gemm(rows, 5, 6) if kind == "Gemm" else net.matmul(rows, 5, 6)
    bias = net.const(np.linspace(-1, 1, 6))
    x = net.qdq(net.node("Relu", net.node("Add", x, bias)), FINE)
    net.output(net.conv(net.node("Reshape", x, net.const(ints(1, 7, 6))), (3, 7, 1)))
    agree(net, tmp_path)


@pytest.mark.parametrize("given", [False, True], ids=["left out", "given"])
def test_zeros_around_integers(given: bool, tmp_path: Path) -> None:
    """A Pad between QuantizeLinear and DequantizeLinear: the stored zero point is what is 0."""
    net = Net((1, 3, 6, 6), first=Scale(1 / 32, 3 if given else 0))
    pads = net.const(ints(0, 0, 1, 2, 0, 1, 0, 1))
    stored = net.nodes[-2].output[0]
    value = (net.const(np.int8(3)),) if given else ()
    padded = net.node("Pad", stored, pads, *value)
    net.output(net.conv(net.dequantize(padded, net.scales[net.input]), (4, 4, 3, 3)))
    agree(net, tmp_path)


def test_what_is_too_large_to_be_moved_is_named(tmp_path: Path) -> None:
    net = Net((1, 4, 80, 80))
    x = net.node("Transpose", net.conv(net.input, (4, 4, 1, 1)), perm=[0, 1, 3, 2])
    net.output(net.conv(x, (2, 4, 1, 1)))
    path = net.save(tmp_path / "net.onnx")
    with pytest.raises(ModelError, match="needs the elements in another order") as caught:
        load_model(path)
    assert caught.value.problems[0].where == "Transpose_0"
