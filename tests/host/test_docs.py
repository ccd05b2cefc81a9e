"""The documentation: its commands run, its samples are what they print, its links lead on."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from test_quantizer import float_network, images

from msfcnn.cli import main
from msfcnn.cli.app import VERBS, build_parser

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "apps/**/*.md", "riot_pkg/**/*.md")
    for path in ROOT.glob(pattern)
    if "build" not in path.parts
)
COMMAND = re.compile(r"^(?: {4}|\| `|\$ )+(?:\./dev )?(msfcnn [a-z][^`]*?)(?:  +#.*)?(?:` \|.*)?$")
QUICK = ("zoo", "inspect", "ops", "plan", "generate", "boards")
# what is not run here, and why; each is checked to be a command all the same
ELSEWHERE = {
    "nightly": "tests/host/test_nightly.py runs it",
    "nucleo-f767zi,": "its packages come from the network",
    "photos/": "tests/host/test_cli_quantize.py has directories of pictures",
    "net_int8.onnx": "tests/riot/test_from_pictures.py runs all five",
    ".tflite": "tests/host/test_tflite_files.py has such files",
    "--kernels": "tests/engine/test_bench.py measures layers",
}


def commands() -> Iterator[tuple[str, str]]:
    """Page and words of each command that is shown; placeholders in capitals are no commands."""
    for page in PAGES:
        text = page.read_text().replace(" \\\n", " ")
        for line in text.splitlines():
            found = COMMAND.match(line)
            if found and not re.search(r" [A-Z]{2,}( |$)|\[|\.\.\.", found[1]):
                yield page.name, re.sub(r" +", " ", found[1]).split(" | ")[0].split(" > ")[0]


EVERY = sorted(set(commands()))


def reason(command: str) -> str | None:
    return next((why for part, why in ELSEWHERE.items() if part in command), None)


def verb(command: str) -> str:
    return command.split()[1]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the files that the commands name."""
    place = tmp_path_factory.mktemp("docs")
    (place / "apps").symlink_to(ROOT / "apps")
    (place / "docs").mkdir()
    (place / "photos").mkdir()
    (place / "models").mkdir()
    words = "zoo mbv2 --width 0.35 --resolution 144 -o"
    assert main([*words.split(), str(place / "mbv2.onnx")]) == 0
    assert main(["zoo", "ds-cnn", "-o", str(place / "model.onnx")]) == 0
    float_network(place / "float.onnx")
    float_network(place / "models" / "float.onnx")
    np.savez(place / "images.npz", x=images())
    return place


def test_there_are_commands() -> None:
    assert len(EVERY) > 20
    assert {verb(command) for _, command in EVERY} <= {module.NAME for module in VERBS}
    unused = [part for part in ELSEWHERE if not any(part in command for _, command in EVERY)]
    assert unused == [], "a reason for commands that are not shown any more"


@pytest.mark.parametrize(("page", "command"), EVERY)
def test_commands_are_valid(
    page: str, command: str, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workplace)
    words = shlex.split(command)[1:]
    for word in words:  # files that only other machines have
        if re.search(r"\.(onnx|tflite|npz|yaml|json|md)$", word) and not Path(word).exists():
            Path(word).parent.mkdir(parents=True, exist_ok=True)
            Path(word).touch()
    try:
        assert build_parser().parse_args(words).verb == words[0]
    finally:
        for path in workplace.rglob("*"):
            if path.is_file() and path.stat().st_size == 0:
                path.unlink()


@pytest.mark.parametrize(
    ("page", "command"),
    [
        pytest.param(
            page, command, marks=() if verb(command) in QUICK else pytest.mark.long, id=command
        )
        for page, command in EVERY
        if reason(command) is None
    ],
)
def test_commands_run(
    page: str,
    command: str,
    workplace: Path,
    monkeypatch: pytest.MonkeyPatch,
    require_tool: Callable[[str], str],
) -> None:
    if "qemu-cortex-m4" in command:
        require_tool("arm-none-eabi-gcc")
        require_tool("qemu-system-arm")
    monkeypatch.chdir(workplace)
    assert main(shlex.split(command)[1:]) == 0


SAMPLE = re.compile(r"^    \$ (?:\./dev )?(msfcnn .*)\n((?:    .*\n)+)", re.MULTILINE)


def samples() -> list[tuple[str, str]]:
    text = (ROOT / "README.md").read_text()
    return [(m[1], m[2]) for m in SAMPLE.finditer(text)]


@pytest.mark.long
@pytest.mark.parametrize(("command", "shown"), samples())
def test_samples_are_what_is_printed(
    command: str,
    shown: str,
    workplace: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(workplace)
    assert main(shlex.split(command)[1:]) == 0
    printed = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert [line for line in lines if line != "..." and line not in printed] == []


@pytest.mark.long
def test_the_sample_of_a_board_has_the_figures_of_its_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bytes of flash vary with the compiler; labels, arena, MACs and limits do not."""
    named = os.environ.get("RIOTBASE")
    if not ((Path(named) if named else Path.home() / "RIOT") / "Makefile.include").is_file():
        pytest.skip("RIOT not found at $RIOTBASE or ~/RIOT")
    text = (ROOT / "docs" / "riot.md").read_text()
    shown = re.search(r"\$ \./dev scons board=hifive1b\n((?:    .*\n)+)", text)
    assert shown
    model = ROOT / "apps" / "digits" / "digits.onnx"
    build = ["build", str(model), "--board", "hifive1b", "--root", str(tmp_path)]
    assert main(build) == 0
    printed = capsys.readouterr().out

    def figures(table: str) -> tuple[list[str], dict[str, str]]:
        rows = [re.split(r"  +", line.strip()) for line in table.splitlines()]
        found = {row[-2]: row[-1] for row in rows if len(row) > 1}
        kept = ("arena", "MACs", "recompute factor")
        return list(found), {name: found[name] for name in kept}

    assert figures(printed) == figures(shown[1])


LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    broken = []
    for match in LINK.finditer(text):
        target, _, anchor = (match[1] or match[2]).partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        path = (page.parent / target) if target else page
        if not path.exists():
            broken.append(target)
        elif anchor and anchor not in anchors(path):
            broken.append(f"{target}#{anchor}")
    assert broken == []


def anchors(page: Path) -> set[str]:
    """The names that headings get on the forges."""
    heads = re.findall(r"^#+ (.*)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text()
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "index.md" or f"({page.name})" in index, page.name


def test_the_architecture_names_every_package() -> None:
    table = (ROOT / "docs" / "architecture.md").read_text()
    named = re.findall(r"^\| `(\w+)[`.]", table, flags=re.MULTILINE)
    there = {path.stem for path in (ROOT / "host" / "msfcnn").glob("*") if path.name[0] not in "_."}
    assert set(named) == there - {"py"}


def test_terms_of_plan_are_in_the_glossary() -> None:
    """What tables and messages call things, a reader finds there."""
    glossary = (ROOT / "docs" / "glossary.md").read_text().lower()
    terms = [
        *("arena", "band", "halo", "line buffer", "window", "skip", "overlap", "ring buffer"),
        *("recompute factor", "pareto front", "im2col", "latency", "engine overhead"),
        *("unused arena", "largest stage", "dead channel", "qdq", "h_cache", "scratch"),
    ]
    for term in terms:
        assert re.search(rf"[*`]{re.escape(term)}s?[*`]", glossary), term
