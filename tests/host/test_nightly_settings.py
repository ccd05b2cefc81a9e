"""The rules of nightly.yaml: everything wrong is named, with what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest
from nightly_runs import settings_file

from msfcnn.errors import UsageError
from msfcnn.nightly.settings import read_settings


def complaint(tmp_path: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        read_settings(settings_file(tmp_path, text))
    (problem,) = caught.value.problems
    return f"{problem.where}: {problem.what}; {problem.hint}"


GOOD_MODEL = "models: {a: {zoo: mbv2}}\n"
GOOD_BOARDS = "boards: [host]\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", "says nothing to run; it holds 'models:'"),
        ("a: }", "nightly.yaml: line 1: expected"),
        (GOOD_BOARDS, "nightly.yaml: has no models; write models:"),
        (GOOD_MODEL, "nightly.yaml: boards: are not given; write boards: [host"),
        (GOOD_MODEL + "boards: [hots]", "there is no board 'hots'; did you mean host?"),
        (GOOD_MODEL + GOOD_BOARDS + "kep: x", "unknown key 'kep'; did you mean keep?"),
        (GOOD_MODEL + GOOD_BOARDS + "keep: 5", "keep: is not a directory"),
        (GOOD_MODEL + GOOD_BOARDS + "absent: no", "write absent: fail or skip"),
        (GOOD_MODEL + GOOD_BOARDS + "slower: {hots: 1}", "hots: 1; write slower: {default"),
        (GOOD_MODEL + GOOD_BOARDS + "slower: {host: x}", "host: 'x'; write slower"),
        (GOOD_MODEL + GOOD_BOARDS + "slower: 1", "slower: : 1; write slower"),
    ],
)
def test_rules(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in complaint(tmp_path, text)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{file: none.onnx}", "a: file: none.onnx: no such file; paths count from "),
        ("{}", "a: says neither or both of file and zoo"),
        ("{zoo: x, file: y}", "a: says neither or both of file and zoo"),
        ("{zoo: x, widht: 1}", "a: unknown key 'widht'; did you mean width?"),
        ("{zoo: x, width: wide}", "a: width: 'wide' is not a number"),
        ("{file: nightly.yaml, width: 1}", "a: width: means nothing to a file"),
        ("{zoo: x, ram: lots}", "a: ram: 'lots' is not a size"),
        ("{zoo: x, macs: 0.5}", "a: macs: '0.5' is not a recompute factor"),
        ("{zoo: x, ram: 1K, macs: 2}", "a: ram and macs are both given"),
        ("{zoo: x, input: camera}", "a: input: 'camera' is not known; write input: image or"),
        ("{zoo: x, boards: []}", "a: boards: are not given"),
        ("{zoo: x, dataset: none}", "a: dataset: none: no such file or directory; paths count"),
        ("{zoo: x, dataset: ., boards: [native64]}", "a: dataset: is classified on the host; add"),
    ],
)
def test_rules_of_models(tmp_path: Path, entry: str, expected: str) -> None:
    assert expected in complaint(tmp_path, f"models: {{a: {entry}}}\n" + GOOD_BOARDS)


def test_model_name(tmp_path: Path) -> None:
    text = complaint(tmp_path, "models: {a/b: {zoo: mbv2}}\n" + GOOD_BOARDS)
    assert "'a/b' is not a name" in text


def test_a_model_may_have_its_own_boards(tmp_path: Path) -> None:
    text = "models: {a: {zoo: mbv2, width: 0.35, boards: [rpi-pico]}, b: {zoo: ds-cnn}}\n"
    found = read_settings(settings_file(tmp_path, text + GOOD_BOARDS + "slower: {default: 0.2}\n"))
    assert [job.key for job in found.jobs] == ["a/rpi-pico", "b/host"]
    assert found.jobs[0].model.zoo_options == {"width": 0.35}
    assert found.jobs[0].slower == 0.2


def test_own_settings_are_valid(repo_root: Path) -> None:
    assert read_settings(repo_root / "nightly.yaml").jobs
