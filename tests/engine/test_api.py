"""The promises of msfcnn.h, kept by the compiled engine under sanitizers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from engine_build import compile_c, generate
from random_models import random_model

from msfcnn.model import InputMode
from msfcnn.verify.toolchain import engine_directory

API_TEST = Path(__file__).with_name("api_test.c")


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One network, generated for whole images and for pushed rows."""
    directory = tmp_path_factory.mktemp("api")
    model = random_model(1)
    for name, mode in (("image", InputMode.IMAGE), ("push", InputMode.PUSH)):
        for file, text in generate(model, name, mode).items():
            (directory / file).write_text(text)
    return directory


def test_api(generated: Path) -> None:
    program = compile_c(generated, [API_TEST, *generated.glob("*.c")], generated / "api_test")
    done = subprocess.run([program], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_other_abi_does_not_compile(generated: Path, tmp_path: Path) -> None:
    text = (generated / "image.c").read_text()
    assert "#if MSFCNN_ABI != " in text
    (tmp_path / "image.c").write_text(text.replace("MSFCNN_ABI != ", "MSFCNN_ABI != 1"))
    with pytest.raises(AssertionError, match="generated for another version"):
        compile_c(generated, [tmp_path / "image.c"], tmp_path / "image.o", ["-c"])


def test_too_few_taps_do_not_compile(generated: Path, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="needs -DCONFIG_MSFCNN_TAPS"):
        compile_c(
            generated, [generated / "image.c"], tmp_path / "x.o", ["-c", "-DCONFIG_MSFCNN_TAPS=0"]
        )


def test_header_is_cpp(generated: Path, tmp_path: Path) -> None:
    if not shutil.which("g++"):
        pytest.skip("g++ not found: apt install g++")
    source = tmp_path / "x.cpp"
    source.write_text('#include "image.h"\nint main() { return image_model.pushed; }\n')
    done = subprocess.run(
        ["g++", "-Wall", "-Werror", f"-I{engine_directory() / 'include'}", f"-I{generated}",
         "-fsyntax-only", str(source)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
