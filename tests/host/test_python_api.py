"""`import msfcnn`: the blocks of docs/api.md run, and nothing is loaded before it is needed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from test_quantizer import float_network, images

import msfcnn
from msfcnn import Options

DIGITS = Path(__file__).resolve().parents[2] / "apps" / "digits" / "digits.onnx"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEAVY = {"onnx", "onnxruntime", "rich", "yaml", "pydantic", "jinja2", "PIL"}


def test_the_documented_examples_run(
    repo_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime", reason="pip install 'msfcnn[verify]'")
    for name in ("digits.onnx", "digits_test.npz"):
        shutil.copy(DIGITS.with_name(name), tmp_path)
    float_network(tmp_path / "float.onnx")
    np.savez(tmp_path / "images.npz", x=images())
    monkeypatch.chdir(tmp_path)
    text = (repo_root / "docs" / "api.md").read_text()
    blocks = [(m.start(), m[1]) for m in BLOCK.finditer(text)]
    assert len(blocks) > 5
    names: dict[str, object] = {}
    for start, code in blocks:
        line = text.count("\n", 0, start) + 1
        exec(compile("\n" * line + code, "docs/api.md", "exec"), names)
    assert (tmp_path / "gen" / "digits.cflags").exists()


def test_the_documented_options_are_all_there_are(repo_root: Path) -> None:
    table = (repo_root / "docs" / "api.md").read_text().split("| option | meaning |")[1]
    rows = [row.split("|")[1] for row in table.split("\n\n")[0].splitlines() if "`" in row]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named == set(Options.__dataclass_fields__)


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        ("msfcnn.__version__", set()),
        ("msfcnn.Options(max_ram=4096)", set()),
        ("msfcnn.ModelError", set()),
        (f"msfcnn.plan({str(DIGITS)!r})", {"onnx"}),
        (f"msfcnn.generate({str(DIGITS)!r})", {"onnx"}),
    ],
)
def test_nothing_is_loaded_before_it_is_needed(code: str, allowed: set[str]) -> None:
    check = f"import sys, msfcnn; {code}; print(*sorted({HEAVY} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == allowed


def test_every_name_is_there() -> None:
    from msfcnn import api

    assert sorted(api.__all__) == api.__all__
    assert all(getattr(msfcnn, name) is getattr(api, name) for name in api.__all__)
    assert set(api.__all__) <= set(dir(msfcnn))
    with pytest.raises(AttributeError, match="has no attribute 'plam'"):
        msfcnn.plam  # noqa: B018


def test_paths_may_be_text_and_models_are_values() -> None:
    model = msfcnn.load_model(str(DIGITS))
    assert msfcnn.plan(model) == msfcnn.plan(str(DIGITS)) == msfcnn.plan(DIGITS)
    with pytest.raises(msfcnn.UsageError, match="neither a path nor a model"):
        msfcnn.plan(7)  # type: ignore[arg-type]
    with pytest.raises(msfcnn.UsageError, match=r"no\.onnx"):
        msfcnn.load_model("no.onnx")


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_ram": 0},
        {"max_macs": 0.9},
        {"max_macs": float("nan")},
        {"max_time_factor": 0.0},
        {"max_macs": 1.0, "max_time_factor": 1.0},
        {"run": 0},
        {"run": 17},
        {"input": "pushed"},
        {"schemes": "papers"},
    ],
    ids=str,
)
def test_wrong_options_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(msfcnn.UsageError):
        Options(**wrong)  # type: ignore[arg-type]


def test_a_board_limits_ram_only_where_nothing_is_bounded() -> None:
    from msfcnn.boards import find_board

    board = find_board("hifive1b")
    limit = board.default_max_ram
    assert limit is not None
    assert board.options(Options()).max_ram == limit
    assert board.options(Options(max_ram=limit * 2)).max_ram == limit * 2
    assert board.options(Options(max_macs=1.1)).max_ram is None
    assert board.options(Options()).isa == board.isa
    assert msfcnn.plan(DIGITS, board="hifive1b").peak_ram <= limit
    with pytest.raises(msfcnn.BoardError, match="hifive1"):
        msfcnn.plan(DIGITS, board="hifive1")
