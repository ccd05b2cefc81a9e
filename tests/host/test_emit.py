"""Generated text: deterministic, safe whatever the model is called, in step with the engine."""

from __future__ import annotations

import dataclasses
import re
import subprocess
from pathlib import Path

import pytest
from engine_build import compile_c, generate
from random_models import random_model

from msfcnn.emit import DEFAULT_KERNEL_LINES, DEFAULT_STAGE_OPS
from msfcnn.emit.names import c_name, check_limits, check_name
from msfcnn.emit.sources import ABI
from msfcnn.emit.text import comment
from msfcnn.errors import ModelError, UsageError
from msfcnn.files import write_all
from msfcnn.ir import Geometry, Model
from msfcnn.ops import Reshape
from msfcnn.toolchain.native import engine_directory

INCLUDE = engine_directory() / "include" / "msfcnn"


def defined(header: str, name: str) -> int:
    """Value of a #define in a header of the engine."""
    text = (INCLUDE / header).read_text()
    found = re.search(rf"define {name}\s+(\d+)", text)
    assert found
    return int(found[1])


def test_generator_and_engine_agree_on_numbers() -> None:
    assert defined("tables.h", "MSFCNN_ABI") == ABI
    assert defined("config.h", "CONFIG_MSFCNN_KERNEL_LINES") == DEFAULT_KERNEL_LINES
    assert defined("config.h", "CONFIG_MSFCNN_STAGE_OPS") == DEFAULT_STAGE_OPS


def test_same_model_same_bytes() -> None:
    assert generate(random_model(5), "net") == generate(random_model(5), "net")
    assert generate(random_model(5), "net") != generate(random_model(6), "net")


def test_says_where_it_comes_from() -> None:
    model = dataclasses.replace(random_model(5), sha256="ab" * 32)
    for text in generate(model, "net").values():
        assert "ab" * 32 in text
        assert "msfcnn 0." in text
        assert "command: test" in text
    for op in model.ops:
        if not isinstance(op, Reshape):
            assert f": {op.node} */" in generate(model, "net")["net.c"]


def test_names_cannot_break_the_code(tmp_path: Path) -> None:
    model = random_model(5)
    evil = '*/ #error "/* \\\n#error ??/ \u00e4\u4e2d'
    model = dataclasses.replace(
        model,
        name=evil,
        ops=tuple(dataclasses.replace(op, node=f"{evil}{i}") for i, op in enumerate(model.ops)),
        tensors=tuple(dataclasses.replace(t, name=evil) for t in model.tensors),
        outputs=tuple(dataclasses.replace(p, name=evil) for p in model.outputs),
    )
    for file, text in generate(model, "net").items():
        (tmp_path / file).write_text(text)
    for source in ("net.c", "net_weights.c"):
        compile_c(tmp_path, [tmp_path / source], tmp_path / f"{source}.o", ["-c"])


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        *(("mbv2", "mbv2"), ("mbv2-0.35", "mbv2_0_35"), ("5fps", "m5fps"), ("int", "int")),
        *(("", "m"), ("a b", "a_b")),
    ],
)
def test_stems_become_identifiers(stem: str, name: str) -> None:
    assert c_name(stem) == name
    check_name(name)


@pytest.mark.parametrize("name", ["", "9x", "a-b", "_x", "a b", "ä", "__"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is no name for C code") as caught:
        check_name(name)
    offered = re.search(r"--name (\w+)", caught.value.problems[0].hint)
    assert offered
    check_name(offered[1])


@pytest.mark.parametrize("name", ["stdint", "String", "errno", "math", "msfcnn", "stored"])
def test_names_that_would_hide_a_header_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"would hide a header of .*, {name.lower()}.h") as caught:
        check_name(name)
    offered = re.search(r"--name (\w+)", caught.value.problems[0].hint)
    assert offered
    check_name(offered[1])


LONG = pytest.mark.long


@pytest.mark.parametrize(
    "name",
    [
        "main",
        "int",
        "unix",
        *(pytest.param(n, marks=LONG) for n in ("struct", "event", "board", "NULL", "x")),
    ],
)
def test_a_program_for_any_other_name_compiles(name: str, tmp_path: Path) -> None:
    """As an application does it: the directory is searched before the system's."""
    write_all(tmp_path, generate(random_model(3), name))
    (tmp_path / "application.c").write_text(
        f'#include "{name}.h"\n'
        f"static MSFCNN_ALIGNED uint8_t arena[{name.upper()}_ARENA_SIZE];\n"
        f"static int8_t image[{name.upper()}_INPUT_SIZE];\nstatic msfcnn_t nn;\n"
        f"int main(void)\n{{\n    return msfcnn_init(&nn, &{name}_model, arena, sizeof(arena))"
        " | msfcnn_run(&nn, image);\n}\n"
    )
    program = compile_c(tmp_path, [*tmp_path.glob("*.c")], tmp_path / "application")
    assert subprocess.run([program], check=False).returncode == 0


def test_every_header_that_standard_headers_include_is_known(tmp_path: Path) -> None:
    """Where <stdio.h> includes <features.h>, a model's features.h would break <stdio.h>."""
    standard = ("errno", "limits", "math", "stdbool", "stddef", "stdint", "stdio", "stdlib")
    source = tmp_path / "all.c"
    source.write_text("".join(f"#include <{name}.h>\n" for name in (*standard, "string", "time")))
    command = ["gcc", "-M", str(source)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    headers = {Path(word) for word in said.split() if word.endswith(".h")}
    plain = {h.stem for h in headers if h.parent.name == "include" and h.stem.isidentifier()}
    assert {*standard, "features"} <= plain
    for name in plain:
        with pytest.raises(UsageError):
            check_name(name)


def test_what_the_tables_cannot_hold_is_told_at_once() -> None:
    model = random_model(5)
    wide = dataclasses.replace(model.tensors[-1], channels=70000)
    huge = _with_geometry(model, Geometry(1, 1, 70_000, 1))
    model = dataclasses.replace(huge, tensors=(*model.tensors[:-1], wide))
    with pytest.raises(ModelError) as caught:
        check_limits(model)
    assert len(caught.value.problems) == 2
    assert any("70000" in p.what for p in caught.value.problems)


def _with_geometry(model: Model, geometry: Geometry) -> Model:
    for index, op in enumerate(model.ops):
        if hasattr(op, "geometry"):
            changed = dataclasses.replace(op, geometry=geometry)
            return dataclasses.replace(
                model, ops=(*model.ops[:index], changed, *model.ops[index + 1 :])
            )
    raise AssertionError("no op with a kernel")


def test_comments_show_no_control_or_bidirectional_characters() -> None:
    assert comment("a\x1b[31m\u202eb\0c") == "a [31m b c"
