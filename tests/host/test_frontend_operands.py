"""Operands that contradict each other or ask for tensors beyond all bounds: the node is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_builder import Net, Scale

from msfcnn.errors import ModelError
from msfcnn.frontend import load_model

Maker = Callable[[Net, str], str]
SHAPE = (1, 4, 8, 8)
MILLION = 10**6


def ints(net: Net, *values: int) -> str:
    return net.const(np.array(values, np.int64))


def floats(net: Net, *values: float) -> str:
    return net.const(np.array(values, np.float32))


def normalized(net: Net, x: str, beta: int = 4, variance: float = 1.0, training: int = 0) -> str:
    ones, offsets = floats(net, *[1.0] * 4), floats(net, *[1.0] * beta)
    inputs = (x, ones, offsets, ones, floats(net, *[variance] * 4))
    return net.node("BatchNormalization", *inputs, training_mode=training)


def transposed(net: Net, x: str, **attributes: Any) -> str:
    return net.node("ConvTranspose", x, net.weight((4, 8, 2, 2), 1), **attributes)


CASES: dict[str, Maker] = {
    "step 0": lambda n, x: n.node("Slice", x, *(ints(n, v) for v in (0, 4, 2, 0))),
    "fewer ends than starts": lambda n, x: n.node("Slice", x, ints(n, 0, 1), ints(n, 4)),
    "more starts than axes": lambda n, x: n.node("Slice", x, ints(n, *range(5)), ints(n, *[9] * 5)),
    "parameters of two lengths": lambda n, x: normalized(n, x, beta=3),
    "statistics of the batch": lambda n, x: normalized(n, x, training=1),
    "a negative variance": lambda n, x: normalized(n, x, variance=-1.0),
    "no group": lambda n, x: transposed(n, x, group=0),
    "groups that do not divide": lambda n, x: transposed(n, x, group=3),
    "stride 0": lambda n, x: transposed(n, x, strides=[0, 1]),
    "dilation 0": lambda n, x: transposed(n, x, dilations=[1, 0]),
    "a huge tile": lambda n, x: n.node("Tile", x, ints(n, 1, MILLION, MILLION, 1)),
    "a huge pad": lambda n, x: n.node("Pad", x, ints(n, 0, 0, MILLION, MILLION, 0, 0, 0, MILLION)),
    "fractions as indices": lambda n, x: n.node("Gather", x, floats(n, 1.5), axis=1),
    "taps far apart": lambda n, x: transposed(n, x, dilations=[70_000, 1]),
    "a huge gather": lambda n, x: n.node("Gather", x, ints(n, *[0] * 2**19), axis=1),
    "a huge expansion": lambda n, x: n.node(
        "Expand", n.qdq(n.node("GlobalAveragePool", x)), ints(n, 1, 4, MILLION, MILLION)
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_node_is_named(case: str, tmp_path: Path) -> None:
    net = Net(SHAPE)
    y = CASES[case](net, net.input)
    node = net.nodes[-1]
    net.output(net.qdq(y, Scale(1 / 6, -11)))
    path = tmp_path / "net.onnx"
    model = net.model()
    for border in model.graph.output:  # what inference gives up on has a shape in the file
        if not border.type.tensor_type.HasField("shape"):
            border.type.tensor_type.shape.dim.add().dim_value = 1
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match=node.name) as caught:
        load_model(path)
    assert caught.value.problems[0].kind == node.op_type
