"""Objects of the engine are compiled once a computer, and never taken where they do not fit."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from msfcnn.toolchain import cache, native
from msfcnn.toolchain.cache import VARIABLE, cached

FLAGS = ("-O1",)


class Compiler:
    """Stands for compile_c; knows what it was asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.compiled: list[str] = []
        monkeypatch.setattr(native, "compile_c", self)

    def __call__(self, arguments: Sequence[str]) -> None:
        source, target = Path(arguments[-3]), Path(arguments[-1])
        self.compiled.append(source.name)
        target.write_text(f"{source.name} {' '.join(arguments[:-4])}")


@pytest.fixture
def compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Compiler:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    return Compiler(monkeypatch)


def test_a_second_build_compiles_nothing(compiler: Compiler, tmp_path: Path) -> None:
    first = native.build_engine(tmp_path / "a", FLAGS)
    once = list(compiler.compiled)
    second = native.build_engine(tmp_path / "b", FLAGS)
    assert sorted(once) == sorted(s.name for s in native.engine_sources())
    assert compiler.compiled == once
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]


def test_other_flags_are_other_objects(compiler: Compiler, tmp_path: Path) -> None:
    native.build_engine(tmp_path / "a", FLAGS)
    other = native.build_engine(tmp_path / "b", ("-O2",))
    assert all(p.read_text().endswith("-O2") for p in other)


def test_without_a_place_for_it_there_is_no_cache(
    compiler: Compiler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("no directory")
    for place in ("", str(file / "below")):
        monkeypatch.setenv(VARIABLE, place)
        compiler.compiled.clear()
        native.build_engine(tmp_path / f"a{place[-1:]}", FLAGS)
        assert len(compiler.compiled) == len(native.engine_sources())


@pytest.mark.parametrize("changed", ["source", "header", "compiler"])
def test_what_goes_into_an_object_is_in_its_name(
    changed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    parts = {name: tmp_path / name for name in ("source", "header", "compiler")}
    for path in parts.values():
        path.write_text("old")
        path.chmod(0o755)
    calls = []

    def compile_to(path: Path) -> None:
        calls.append(path)
        path.write_text(parts["source"].read_text())

    def build() -> None:
        command = [str(parts["compiler"])]
        cached(parts["source"], tmp_path / "x.o", command, [parts["header"]], compile_to)

    build()
    build()
    assert len(calls) == 1
    parts[changed].write_text("new")
    os.utime(parts[changed], (1, 1))
    build()
    assert len(calls) == 2


def test_the_oldest_objects_go(
    compiler: Compiler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "MOST_OBJECTS", 5)
    native.build_engine(tmp_path / "a", FLAGS)
    assert len(list((tmp_path / "cache").iterdir())) == 5
