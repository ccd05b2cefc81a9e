"""The promises of msfcnn.h, kept by the compiled engine under sanitizers."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from engine_build import compile_c, generate, passes
from random_models import random_model

from msfcnn.files import write_all
from msfcnn.frontend.onnx import load_model
from msfcnn.fusion import Scheme, network
from msfcnn.ir import InputMode
from msfcnn.planner import Goal, plan
from msfcnn.toolchain.native import engine_directory

CHECKOUT = Path(__file__).parents[2]
README = CHECKOUT / "README.md"
API_TEST = Path(__file__).with_name("api_test.c")


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One network, generated for whole images, pushed rows and fetched pieces."""
    directory = tmp_path_factory.mktemp("api")
    model = random_model(10)
    for mode in InputMode:
        write_all(directory, generate(model, mode.value, mode))
    graph = network(model, InputMode.PULL)
    bands = plan(graph, Goal(max_macs=float("inf")))
    assert bands.stages[0].option.scheme is Scheme.H_CACHE, "the model has another plan than before"
    write_all(directory, passes(model, "bands", bands).sources)
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


@pytest.mark.parametrize("limit", ["STAGE_OPS", "KERNEL_LINES"])
def test_too_small_a_configuration_does_not_compile(
    limit: str, generated: Path, tmp_path: Path
) -> None:
    flags = ["-c", f"-DCONFIG_MSFCNN_{limit}=0"]
    with pytest.raises(AssertionError, match=f"this model needs -DCONFIG_MSFCNN_{limit}="):
        compile_c(generated, [generated / "image.c"], tmp_path / "x.o", flags)


COMPILERS = {
    "c": ["gcc", "-std=c11", "-pedantic"],
    "c by clang": ["clang", "-std=c11", "-pedantic"],
    "c++": ["g++", "-std=c++11"],
    "c++ by clang": ["clang++", "-std=c++11"],
}


@pytest.mark.parametrize("language", COMPILERS)
def test_sample_of_the_readme_compiles(language: str, tmp_path: Path) -> None:
    compiler, *flags = COMPILERS[language]
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} not found: apt install {compiler.replace('clang++', 'clang')}")
    sources = generate(load_model(CHECKOUT / "apps/digits/digits.onnx"), "digits")
    write_all(tmp_path, {name: text for name, text in sources.items() if name.endswith(".h")})
    (sample,) = re.findall(r"^```c\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
    source = tmp_path / ("sample.cpp" if "++" in language else "sample.c")
    source.write_text(sample)
    command = [compiler, *flags, "-Wall", "-Wextra", "-Werror", "-fsyntax-only", str(source)]
    command += [f"-I{engine_directory() / 'include'}", f"-I{tmp_path}"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
