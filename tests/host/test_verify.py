"""`msfcnn verify` from end to end: it agrees with good code, and names what is wrong with bad."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from onnx_builder import Net, Scale

from msfcnn.cli import main
from msfcnn.pipeline import Generated
from msfcnn.verifier import check
from msfcnn.verifier.execute import Execution

pytest.importorskip("onnxruntime", reason="pip install 'msfcnn[verify]'")

Change = Callable[[Mapping[str, str]], Mapping[str, str]]


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """Three convolutions and a residual."""
    net = Net((1, 3, 8, 8))
    x = net.conv(net.input, (4, 3, 3, 3), pads=[1, 1, 1, 1])
    y = net.conv(x, (4, 4, 3, 3), scale=Scale(1 / 20, 10), pads=[1, 1, 1, 1])
    z = net.conv(net.add(x, y, Scale(1 / 16, -20)), (5, 4, 1, 1), scale=Scale(1 / 20, 0))
    return net.output(z).save(tmp_path / "net.onnx")


@pytest.fixture
def spoil(monkeypatch: pytest.MonkeyPatch) -> Callable[[Change], None]:
    """Lets the generator write something else than it should, of the plan and layer by layer."""

    def spoiled(honest: Callable[..., Generated], change: Change) -> Callable[..., Generated]:
        def generate(*arguments: object) -> Generated:
            generated = honest(*arguments)
            return dataclasses.replace(generated, sources=change(generated.sources))

        return generate

    def change_sources(change: Change) -> None:
        for name in ("generate", "generate_layers"):
            monkeypatch.setattr(check, name, spoiled(getattr(check, name), change))

    return change_sources


def verify(network: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict]:  # type: ignore[type-arg]
    code = main(["verify", str(network), "--json", *words])
    return code, json.loads(capsys.readouterr().out)


def test_good_code_agrees(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = verify(network, capsys)
    assert (code, found["agrees"], found["first_mismatch"]) == (0, True, None)
    assert [layer["op"] for layer in found["layers"]] == ["Conv", "Conv", "Add", "Conv"]
    assert all(layer["c_differs"] == 0 for layer in found["layers"])
    assert found["arena_untouched"] == 0


def test_stored_images_and_labels_are_used(
    network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = np.random.default_rng(1).integers(-128, 128, (7, 3, 8, 8), dtype=np.int8)
    np.savez(tmp_path / "images.npz", x_q=images, labels=np.full(7, -1))
    code, found = verify(network, capsys, "--images", str(tmp_path / "images.npz"))
    assert (code, found["images"], found["accuracy"]) == (0, 7, None)


def test_the_first_op_that_differs_is_named(
    network: Path, spoil: Callable[[Change], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """One bias of the second convolution is wrong: the ops behind it differ too."""

    def wrong_bias(sources: Mapping[str, str]) -> Mapping[str, str]:
        pattern = r"(op1_bias\[[^{]*\{\s*)-?\d+"
        changed = {file: re.sub(pattern, r"\g<1>99999", text) for file, text in sources.items()}
        assert changed != sources
        return changed

    spoil(wrong_bias)
    code, found = verify(network, capsys)
    assert (code, found["agrees"], found["first_mismatch"]) == (4, False, "Conv_1")
    assert [layer["c_differs"] > 0 for layer in found["layers"]] == [False, True, True, True]
    assert main(["verify", str(network)]) == 4
    assert "Conv_1" in capsys.readouterr().out


def test_a_plan_that_is_wrong_alone_is_caught(
    network: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Layer by layer everything is right; the fused stages write one wrong byte."""
    honest = check.execute_c

    def spoiled(generated: Generated, *arguments: object, **options: object) -> Execution:
        done = honest(generated, *arguments, **options)  # type: ignore[arg-type]
        if len(generated.schedule.stages) < len(generated.model.ops):
            done.outputs[0].flat[3] ^= 1
        return done

    monkeypatch.setattr(check, "execute_c", spoiled)
    code, found = verify(network, capsys)
    assert (code, found["first_mismatch"]) == (4, "Conv_2")
    assert [layer["c_differs"] for layer in found["layers"]] == [0, 0, 0, 1]


def test_a_disagreement_with_onnxruntime_is_a_mismatch(
    network: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """C code and reference agree, but not on what the file says."""
    honest = check.Oracle.judge

    def shifted(self: check.Oracle, values: list[np.ndarray]) -> dict[int, np.ndarray]:  # type: ignore[type-arg]
        judged = dict(honest(self, values))
        last = max(judged)
        return {**judged, last: judged[last] // 2}

    monkeypatch.setattr(check.Oracle, "judge", shifted)
    code, found = verify(network, capsys)
    assert (code, found["first_mismatch"]) == (4, "Conv_2")
    assert all(layer["c_differs"] == 0 for layer in found["layers"])


def test_a_header_that_announces_too_little_is_caught(
    network: Path, spoil: Callable[[Change], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """The model's tables want more bytes than its header announces."""

    def larger(sources: Mapping[str, str]) -> Mapping[str, str]:
        size = ".arena_size = NET_ARENA_SIZE"
        changed = {file: text.replace(size, f"{size} + 64") for file, text in sources.items()}
        assert changed != sources
        return changed

    spoil(larger)
    assert main(["verify", str(network)]) == 4
    assert "does not run cleanly" in capsys.readouterr().err


def test_code_that_leaves_its_arena_is_caught(
    network: Path, spoil: Callable[[Change], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Header and table announce the same, and it is not enough."""

    def smaller(sources: Mapping[str, str]) -> Mapping[str, str]:
        def less(found: re.Match[str]) -> str:
            return f"{found[1]}{int(found[2]) - 1}"

        pattern = r"(define NET_ARENA_SIZE\s+)(\d+)"
        changed = {file: re.sub(pattern, less, text) for file, text in sources.items()}
        assert changed != sources
        return changed

    spoil(smaller)
    assert main(["verify", str(network)]) == 4
    assert "does not run cleanly" in capsys.readouterr().err


def padded(tmp_path: Path, right: int) -> Path:
    """Zeros below and at the right only: the last pixels read nothing of the input."""
    net = Net((1, 4, 6, 6))
    x = net.qdq(net.node("Relu", net.input), Scale(1 / 30, -5))
    sizes = np.array([0, 0, 0, 0, 0, 2, 2, right], np.int64)
    return net.output(net.qdq(net.node("Pad", x, net.const(sizes)), like=x)).save(
        tmp_path / "n.onnx"
    )


@pytest.mark.long
@pytest.mark.parametrize("right", [0, 3])
@pytest.mark.parametrize("macs", ["1.0", "1.6"])
def test_padding_that_only_the_end_shows(
    right: int, macs: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = verify(padded(tmp_path, right), capsys, "--max-macs", macs)
    assert (code, found["agrees"]) == (0, True)
