"""The rules that an entry of boards.yaml keeps; each complaint says what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from msfcnn.boards.board import REMOTES, RUNNERS, Entry, factor_of, hertz_of, size_of, usb_id_of
from msfcnn.costmodel.costs import CORES
from msfcnn.errors import Problem, UsageError
from msfcnn.isa import ISAS
from msfcnn.suggest import did_you_mean

_REQUIRED = ("description", "runner", "isa")
_SIZES = ("ram", "flash", "default_max_ram")
_EMULATED = ("emulator", "time_scale")
_OPTIONAL = ("riot", *_SIZES, "clock", "core", *_EMULATED, "usb", "remote", "timeout")
_KEYS = _REQUIRED + _OPTIONAL
_USB_KEYS = ("vendor", "product", "serial")
_TIMEOUT_KEYS = ("build", "flash", "run")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_WHAT_TO_WRITE = {
    "description": "one line for people",
    "runner": " or ".join(RUNNERS),
    "isa": " or ".join(ISAS),
    "core": " or ".join(CORES),
    "riot": "the board's name in RIOT, a directory of its boards/",
    "emulator": "a command line such as qemu-system-arm -M mps2-an386 -nographic -kernel",
}


def board_problems(where: str, name: object, entry: object) -> Iterator[Problem]:
    """Every rule that an entry of boards.yaml breaks; `where` says where it stands."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        hint = "use lower-case letters, digits, - and _, such as nucleo-f767zi"
        yield Problem(where, f"{name!r} is not a board name", hint)
    if not isinstance(entry, dict):
        hint = f"write {', '.join(_REQUIRED)} below the name, indented, each as 'key: value'"
        yield Problem(where, "has no keys", hint)
        return
    yield from _key_problems(where, entry, _KEYS)
    for key in _REQUIRED:
        if key not in entry:
            yield Problem(where, f"the key '{key}' is missing", _hint(key))
    yield from _choice_problems(where, entry)
    yield from _text_problems(where, entry)
    yield from _size_problems(where, entry)
    yield from _runner_problems(where, entry)
    yield from _usb_problems(where, entry.get("usb"))
    yield from _remote_problems(where, entry)
    yield from _timeout_problems(where, entry.get("timeout"))


def _key_problems(where: str, entry: Entry, keys: Sequence[str]) -> Iterator[Problem]:
    for key in entry:
        if key not in keys:
            hint = did_you_mean(key, keys, f"the keys are {', '.join(keys)}")
            yield Problem(where, f"unknown key '{key}'", hint)


def _choice_problems(where: str, entry: Entry) -> Iterator[Problem]:
    for key, choices in (("runner", RUNNERS), ("isa", ISAS), ("core", CORES)):
        if key in entry and entry[key] not in choices:
            yield Problem(where, f"{key}: unknown {key} {entry[key]!r}", _hint(key))


def _text_problems(where: str, entry: Entry) -> Iterator[Problem]:
    for key in ("description", "riot", "emulator"):
        text = entry.get(key, "-")
        if not isinstance(text, str) or not text.strip() or "\n" in text.strip():
            yield Problem(where, f"{key}: is not a line of text", _hint(key))


def _size_problems(where: str, entry: Entry) -> Iterator[Problem]:
    sizes = {}
    for key in _SIZES:
        try:
            sizes[key] = size_of(entry.get(key))
        except UsageError:
            hint = "write bytes, or K or M, such as 20480 or 16K, or leave it out"
            yield Problem(where, f"{key}: {entry[key]!r} is not a size", hint)
    ram, limit = sizes.get("ram"), sizes.get("default_max_ram")
    if ram is not None and limit is not None and limit >= ram:
        hint = "lower default_max_ram: the application needs some RAM of its own"
        yield Problem(where, f"default_max_ram ({limit}) leaves nothing of ram ({ram})", hint)
    try:
        hertz_of(entry.get("clock"))
    except UsageError:
        hint = "write Hz, or k or M, such as 216M, or leave it out"
        yield Problem(where, f"clock: {entry['clock']!r} is not a clock rate", hint)
    if _fails(factor_of, entry.get("time_scale", 1)):
        hint = (
            "write the rate that RIOT takes the emulated timer for / its real one, or leave it out"
        )
        yield Problem(where, f"time_scale: {entry['time_scale']!r} is not a factor", hint)


def _runner_problems(where: str, entry: Entry) -> Iterator[Problem]:
    """Keys that a runner needs, or that mean nothing to it."""
    runner = entry.get("runner")
    if runner not in RUNNERS:
        return
    if runner != "host" and "riot" not in entry:
        yield Problem(where, f"runner {runner} needs the key 'riot'", _hint("riot"))
    if runner == "host" and "riot" in entry:
        hint = "leave riot out, or write runner: native for a RIOT program on this computer"
        yield Problem(where, "runner host does without RIOT", hint)
    if runner == "qemu" and "emulator" not in entry:
        yield Problem(where, "runner qemu needs the key 'emulator'", _hint("emulator"))
    if runner == "serial":
        for key in ("ram", "flash"):
            if entry.get(key) is None:
                hint = f"write {key}: what RIOT's make info-debug-variable-"
                hint += "RAM_LEN says" if key == "ram" else "ROM_LEN says"
                yield Problem(where, f"runner serial needs the key '{key}'", hint)
    owners = {**dict.fromkeys(_EMULATED, "qemu"), "usb": "serial", "remote": "serial"}
    for key, owner in owners.items():
        if key in entry and runner != owner:
            hint = f"leave {key} out, or write runner: {owner}"
            yield Problem(where, f"{key}: means nothing to runner {runner}", hint)


def _usb_problems(where: str, usb: object) -> Iterator[Problem]:
    if usb is None:
        return
    hint = 'write what its USB bridge reports, such as usb: {vendor: "0483", product: "374b"}'
    if not isinstance(usb, dict) or not usb:
        yield Problem(where, "usb: says nothing to find a port by", hint)
        return
    yield from _key_problems(f"{where}: usb", usb, _USB_KEYS)
    for key in ("vendor", "product"):
        if _fails(usb_id_of, usb.get(key, "0000")):
            quoted = 'write four hexadecimal digits in quotes, such as "0483"'
            yield Problem(f"{where}: usb", f"{key}: {usb[key]!r} is not a USB id", quoted)
    serial = usb.get("serial", "-")
    if not isinstance(serial, str) or not serial:
        quoted = "write it in quotes, as `python -m serial.tools.list_ports -v` shows it after SER="
        yield Problem(f"{where}: usb", f"serial: {serial!r} is not a serial number", quoted)


def _remote_problems(where: str, entry: Entry) -> Iterator[Problem]:
    given = entry.get("remote")
    if given is None:
        return
    places = given if isinstance(given, dict) else {}
    kind, place = next(iter(places.items()), ("", ""))
    if kind not in REMOTES or not isinstance(place, str) or len(places) > 1:
        hint = "write remote: {iotlab: NODE}, such as auto-ssh, or remote: {labgrid: PLACE}"
        yield Problem(where, "remote: is not one place", hint)
    elif entry.get("usb") is not None:
        what = "usb and remote are both given"
        yield Problem(where, what, "keep usb for a board at this computer, remote for another")


def _timeout_problems(where: str, timeout: object) -> Iterator[Problem]:
    if timeout is None:
        return
    hint = "write seconds, such as timeout: {flash: 60, run: 300}"
    if not isinstance(timeout, dict) or not timeout:
        yield Problem(where, "timeout: has no keys", hint)
        return
    yield from _key_problems(f"{where}: timeout", timeout, _TIMEOUT_KEYS)
    for key, seconds in timeout.items():
        number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
        if not number or not 0 < seconds < float("inf"):
            yield Problem(f"{where}: timeout", f"{key}: {seconds!r} are no seconds", hint)


def _fails(read: Callable[[object], object], value: object) -> bool:
    try:
        read(value)
    except UsageError:
        return True
    return False


def _hint(key: str) -> str:
    return f"write {key}: {_WHAT_TO_WRITE[key]}"
