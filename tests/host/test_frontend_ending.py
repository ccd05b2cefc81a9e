"""What only the application can do at the end of a quantized file is left out, and said."""

from __future__ import annotations

from pathlib import Path

import pytest
from onnx import helper
from onnx_builder import Net, Scale

from msfcnn.cli import main
from msfcnn.errors import ModelError, ModelNote
from msfcnn.frontend import load_model

SCORES = Scale(1 / 16, 3)


def classifier(tmp_path: Path, *ends: str, inside: bool = False) -> Path:
    """Conv, the mean of its map, and the index of its largest channel."""
    net = Net((1, 3, 6, 6))
    scores = net.qdq(net.node("GlobalAveragePool", net.conv(net.input, (5, 3, 3, 3))), SCORES)
    index = net.node("ArgMax", scores, axis=1, keepdims=0)
    if "Cast" in ends:
        index = net.node("Cast", index, to=1)
    if inside:
        net.output(net.qdq(net.node("Relu", index), SCORES))
    else:
        net.output(index, "float32" if "Cast" in ends else "int64")
    if "scores" in ends:
        net.output(scores)
    return net.save(tmp_path / "classifier.onnx")


@pytest.mark.parametrize("ends", [(), ("Cast",), ("scores",), ("Cast", "scores")])
def test_an_index_at_the_end_is_cut_off(ends: tuple[str, ...], tmp_path: Path) -> None:
    path = classifier(tmp_path, *ends)
    with pytest.warns(ModelNote, match="ArgMax"):
        model = load_model(path)
    (port,) = model.outputs
    assert port.onnx_shape == (1, 5, 1, 1)


def test_an_index_inside_of_the_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        load_model(classifier(tmp_path, "Cast", inside=True))
    assert caught.value.problems[0].kind == "ArgMax"


def test_every_verb_says_so_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(classifier(tmp_path))
    verbs = (["inspect"], ["plan"], ["generate", "--out", str(tmp_path / "code")], ["import-check"])
    for verb, *more in verbs:
        assert main([verb, path, *more]) == 0
        shown = capsys.readouterr()
        told = shown.err if verb != "import-check" else shown.out
        assert told.count("cut off the end") == 1, verb


def test_the_code_of_the_rest_agrees(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(classifier(tmp_path))]) == 0
    assert "agrees" in capsys.readouterr().out


def test_a_file_of_nothing_else_is_refused(tmp_path: Path) -> None:
    net = Net((1, 3, 6, 6))
    net.nodes.append(helper.make_node("ArgMax", [net.input], ["i"], "index", axis=1))
    net.output("i", "int64")
    with pytest.raises(ModelError, match="input itself"), pytest.warns(ModelNote):
        load_model(net.save(tmp_path / "net.onnx"))
