"""The package's build rules, on an application made outside of this repository as users do it."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from onnx_builder import Net
from riot_build import REPO_ROOT, App, msfcnn
from tflite_cases import CASES, Maker

MakeApp = Callable[..., App]
DIGITS = REPO_ROOT / "apps" / "digits" / "digits.onnx"

MAKEFILE = """\
APPLICATION = fresh

EXTERNAL_PKG_DIRS += {package}
USEPKG += msfcnn
{settings}

include $(RIOTBASE)/Makefile.include
"""

MAIN = """\
#include <stdio.h>
#include "{name}.h"
#include "periph/pm.h"

static MSFCNN_ALIGNED uint8_t arena[{upper}_ARENA_SIZE];
static const int8_t image[{upper}_INPUT_SIZE];
static msfcnn_t nn;

int main(void)
{{
    int res = msfcnn_init(&nn, &{name}_model, arena, sizeof(arena));
    printf("results %d %d\\n", res, msfcnn_run(&nn, image));
    pm_off();
    return 0;
}}
"""

WORKS = "results 0 0"


@pytest.fixture
def fresh(tmp_path: Path, make_app: MakeApp) -> Callable[..., App]:
    """A function: a new application with these lines in its Makefile."""

    def make(*settings: str, name: str = "digits", **variables: str) -> App:
        directory = tmp_path / "fresh"
        directory.mkdir(exist_ok=True)
        shutil.copy(DIGITS, directory)
        write_makefile(directory, *settings)
        (directory / "main.c").write_text(MAIN.format(name=name, upper=name.upper()))
        return make_app(directory, **variables)

    return make


def write_makefile(directory: Path, *settings: str) -> None:
    package = REPO_ROOT / "riot_pkg"
    text = MAKEFILE.format(package=package, settings="\n".join(settings))
    (directory / "Makefile").write_text(text)


def runs(app: App) -> bool:
    return app.run_until("results", timeout=20)[-1] == WORKS


def times(paths: Iterable[Path]) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in paths}


def generated(app: App, name: str = "digits") -> dict[str, int]:
    """Files that were generated, and when."""
    found = times((app.bin / "msfcnn-models" / name).glob("*.[ch]"))
    assert set(found) == {f"{name}.h", f"{name}.c", f"{name}_weights.c"}
    return found


def objects(app: App, module: str) -> dict[str, int]:
    found = times((app.bin / module).glob("*.o"))
    assert found
    return found


def test_a_new_application_works_at_the_first_try(fresh: Callable[..., App]) -> None:
    app = fresh("MSFCNN_MODEL = digits.onnx", "MSFCNN_MAX_RAM = 32K")
    app.build()
    assert runs(app)


def test_the_application_of_the_readme(fresh: Callable[..., App]) -> None:
    app = fresh()
    text = (REPO_ROOT / "README.md").read_text()
    (makefile,) = re.findall(r"^```make\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert "$(HOME)/msfcnn" in makefile
    text = makefile.replace("$(HOME)/msfcnn", str(REPO_ROOT))
    (app.directory / "Makefile").write_text(text)
    app.build()
    assert runs(app)
    emulated = dataclasses.replace(app, settings={"BOARD": "qemu-mps2-an386"})
    found = emulated.make("info-debug-variable-BOARDDIR").stdout.split()[-1]
    assert Path(found) == REPO_ROOT / "riot_pkg/boards/qemu-mps2-an386"


@pytest.mark.parametrize("name", ["event", "random", "board", "string", "stdint", "msfcnn"])
def test_a_model_called_like_a_header_is_refused(name: str, fresh: Callable[..., App]) -> None:
    app = fresh(f"MSFCNN_MODEL = {name}.onnx", name=name)
    shutil.copy(DIGITS, app.directory / f"{name}.onnx")
    done = app.make("all")
    assert done.returncode != 0
    assert f"{name}.onnx: {name}.h would hide a header of RIOT or the C library" in done.stdout
    assert f"rename the file to something like {name}_net.onnx" in done.stdout


def test_a_model_called_main_works(fresh: Callable[..., App]) -> None:
    app = fresh("MSFCNN_MODEL = main.onnx", name="main")
    shutil.copy(DIGITS, app.directory / "main.onnx")
    app.build()
    assert runs(app)


def test_unknown_variables_are_named(
    fresh: Callable[..., App], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [n for n in os.environ if n.startswith("MSFCNN_")]:  # those of these tests
        monkeypatch.delenv(name)
    settings = ("MSFCNN_MODEL = digits.onnx", "MSFCNN_INPUT_digits = push")
    app = fresh(*settings, "MSFCNN_MAXRAM = 3K", "MSFCNN_MAX_RAM_mbv2 = 3K")
    (warning,) = (x for x in app.make("info-build").stdout.splitlines() if "no such variable" in x)
    assert "MSFCNN_MAXRAM MSFCNN_MAX_RAM_mbv2. There are MSFCNN_MODEL MSFCNN_MAX_RAM " in warning
    app = fresh(*settings, "MSFCNN_MAX_RAM_digits = 9K", MSFCNN_DEBUG="1")
    assert "no such variable" not in app.make("info-build").stdout


def test_a_model_in_a_path_with_spaces_is_told(fresh: Callable[..., App]) -> None:
    app = fresh("MSFCNN_MODEL = my net.onnx")
    text = app.make("all").stdout
    assert "MSFCNN_MODEL: no such file: 'my'" in text
    assert "takes no spaces in paths" in text


@pytest.mark.long
def test_what_is_unchanged_stays(fresh: Callable[..., App]) -> None:
    app = fresh("MSFCNN_MODEL = digits.onnx")
    app.build()
    before = generated(app), objects(app, "msfcnn"), objects(app, "msfcnn_model_digits")
    (app.directory / "main.c").touch()
    app.build()
    after = generated(app), objects(app, "msfcnn"), objects(app, "msfcnn_model_digits")
    assert after == before


@pytest.mark.long
def test_another_option_generates_anew(fresh: Callable[..., App]) -> None:
    app = fresh("MSFCNN_MODEL = digits.onnx", "MSFCNN_MAX_RAM = 32K")
    app.build()
    before, engine = generated(app), objects(app, "msfcnn")
    write_makefile(app.directory, "MSFCNN_MODEL = digits.onnx", "MSFCNN_MAX_RAM = 40K")
    app.build()
    after = generated(app)
    assert all(after[name] > before[name] for name in before)
    assert objects(app, "msfcnn") == engine
    assert runs(app)


@pytest.mark.long
def test_another_model_generates_anew(fresh: Callable[..., App]) -> None:
    app = fresh("MSFCNN_MODEL = digits.onnx")
    app.build()
    before = (app.bin / "msfcnn-models/digits/digits.c").read_text()
    msfcnn("zoo", "resnet8", "-o", app.directory / "digits.onnx")
    app.build()
    assert (app.bin / "msfcnn-models/digits/digits.c").read_text() != before
    assert runs(app)


@pytest.mark.long
def test_a_tflite_model(fresh: Callable[..., App]) -> None:
    app = fresh("MSFCNN_MODEL = net.tflite", name="net")
    maker = Maker("int8")
    CASES["conv_pool_reshape_dense"](maker)
    maker.net.save(app.directory / "net.tflite")
    app.build()
    assert runs(app)


@pytest.mark.long
def test_a_model_that_the_application_makes(fresh: Callable[..., App]) -> None:
    app = fresh("MSFCNN_MODEL = made.onnx", name="made")
    with (app.directory / "Makefile").open("a") as makefile:
        makefile.write("\nmade.onnx: digits.onnx\n\tcp $< $@\n")
    app.build()
    assert runs(app)
    before = generated(app, "made")
    (app.directory / "digits.onnx").touch()
    app.build()
    assert generated(app, "made") != before


@pytest.mark.long
def test_a_second_model_leaves_the_first(fresh: Callable[..., App]) -> None:
    app = fresh("MSFCNN_MODEL = digits.onnx")
    app.build()
    before = generated(app)
    shutil.copy(DIGITS, app.directory / "other-1.onnx")
    write_makefile(
        app.directory,
        "MSFCNN_MODEL = digits.onnx other-1.onnx",
        "MSFCNN_INPUT_other_1 = push",
    )
    app.build()
    assert generated(app) == before
    assert "msfcnn_model_other_1/" in link_map(app)
    assert "msfcnn_push_row" in (app.bin / "msfcnn-models/other_1/other_1.h").read_text()
    write_makefile(app.directory, "MSFCNN_MODEL = digits.onnx")
    app.build()
    assert "msfcnn_model_other_1/" not in link_map(app)


def link_map(app: App) -> str:
    """Names, among others, all object files that went into the program."""
    return next(app.bin.glob("*.map")).read_text()


@pytest.mark.long
def test_clean_and_all_at_once(fresh: Callable[..., App]) -> None:
    app = fresh("MSFCNN_MODEL = digits.onnx")
    for _ in range(2):
        done = app.make("clean", "all", jobs=8)
        assert done.returncode == 0, done.stdout
    assert runs(app)
    app.make("clean")
    assert not app.bin.exists()


def large_kernel(path: Path) -> None:
    """A network whose code needs more of the engine than it has by default."""
    net = Net((1, 1, 24, 24))
    net.output(net.conv(net.input, (2, 1, 21, 21))).save(path)


@pytest.mark.long
def test_the_engine_is_what_the_largest_model_needs(
    fresh: Callable[..., App], tmp_path: Path
) -> None:
    app = fresh("MSFCNN_MODEL = large.onnx digits.onnx", name="large")
    large_kernel(app.directory / "large.onnx")
    app.build()
    limits = app.bin / "msfcnn-models" / "limits.h"
    assert "CONFIG_MSFCNN_" in limits.read_text()
    assert runs(app)
    before = objects(app, "msfcnn")
    write_makefile(app.directory, "MSFCNN_MODEL = digits.onnx")
    (app.directory / "main.c").write_text(MAIN.format(name="digits", upper="DIGITS"))
    app.build()
    assert limits.read_text() == ""
    after = objects(app, "msfcnn")
    assert all(after[name] > before[name] for name in before), "engine of other limits"
    assert runs(app)


def fails(app: App, *words: str) -> None:
    """The build stops with one message of ours, before anything is compiled."""
    done = app.make("all", jobs=8)
    lines = done.stdout.splitlines()
    ours = [line for line in lines if line.startswith(("msfcnn: ", "error: "))]
    assert done.returncode != 0
    assert ours, done.stdout
    assert all(any(word in line for line in lines) for word in words), done.stdout
    kinds = {line.split(":")[0] for line in ours}
    assert len(kinds) == 1
    assert "Traceback" not in done.stdout
    assert not list(app.bin.rglob("*.elf"))
    assert not list(app.bin.rglob("*.o"))


@pytest.mark.parametrize("name", ["digit.onnx", "digit.tflite"])
def test_wrong_path(name: str, fresh: Callable[..., App]) -> None:
    app = fresh(f"MSFCNN_MODEL = {name}")
    fails(app, "no such file", name)


def test_infeasible_limit(fresh: Callable[..., App]) -> None:
    app = fresh("MSFCNN_MODEL = digits.onnx", "MSFCNN_MAX_RAM = 64")
    fails(app, "--max-ram", "64 bytes")


def test_wrong_option(fresh: Callable[..., App]) -> None:
    app = fresh("MSFCNN_MODEL = digits.onnx", "MSFCNN_INPUT = camera")
    fails(app, "invalid choice: 'camera'")


def without(directory: Path, prefix: str) -> str:
    """A PATH that has all programs but those."""
    directory.mkdir()
    for place in reversed(os.environ["PATH"].split(os.pathsep)):
        for program in Path(place).glob("*"):
            link = directory / program.name
            if not program.name.startswith(prefix):
                link.unlink(missing_ok=True)
                link.symlink_to(program)
    return str(directory)


def test_missing_python(fresh: Callable[..., App], tmp_path: Path) -> None:
    path = without(tmp_path / "path", "python")
    app = fresh("MSFCNN_MODEL = digits.onnx", PATH=path)
    fails(app, "python3 not found", "MSFCNN_GENERATED")


def test_missing_msfcnn(fresh: Callable[..., App], tmp_path: Path) -> None:
    """As where the package was copied out of the checkout, and nothing is installed."""
    shutil.copytree(REPO_ROOT / "riot_pkg", tmp_path / "copy")
    path = without(tmp_path / "path", "msfcnn")
    app = fresh("MSFCNN_MODEL = digits.onnx", PATH=path)
    makefile = app.directory / "Makefile"
    text = makefile.read_text().replace(str(REPO_ROOT / "riot_pkg"), str(tmp_path / "copy"))
    makefile.write_text(text)
    fails(app, "msfcnn not found", "MSFCNN_GENERATED")


def test_generated_elsewhere_needs_no_generator(fresh: Callable[..., App]) -> None:
    app = fresh("MSFCNN_GENERATED = code", MSFCNN="no-generator-here")
    done = app.make("all")
    assert done.returncode != 0
    assert "no generated code in" in done.stdout
    msfcnn("generate", DIGITS, "--out", app.directory / "code")
    app.build()
    assert runs(app)
