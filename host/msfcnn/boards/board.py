"""A board, made from an entry of boards.yaml that keeps the rules (see rules.py)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from msfcnn.errors import Problem, UsageError
from msfcnn.options import Options
from msfcnn.sizes import parse_size

RUNNERS = ("host", "native", "qemu", "serial")
REMOTES = ("iotlab", "labgrid")

_HERTZ = re.compile(r"([0-9]+(?:\.[0-9]+)?)([kM]?)")
_HERTZ_UNITS = {"": 1, "k": 1_000, "M": 1_000_000}

Entry = Mapping[object, object]


@dataclass(frozen=True)
class Usb:
    """How to find a board's serial port: what of its USB bridge must match; None: anything."""

    vendor: int | None = None
    product: int | None = None
    serial: str | None = None


@dataclass(frozen=True)
class Remote:
    """A board at another machine. `kind`: iotlab or labgrid; `place`: its name there."""

    kind: str
    place: str


@dataclass(frozen=True)
class Timeouts:
    """Seconds that building, flashing and one run of a program may take."""

    build: float = 900
    flash: float = 120
    run: float = 120


@dataclass(frozen=True)
class Board:
    """Something that runs a generated program; sizes in bytes, None where there is no limit.

    riot:      RIOT's name of the board; None where RIOT takes no part.
    clock:     Hz; None where it says nothing, as on an emulator.
    core:      whose instructions are estimated; None for the usual one of the isa.
    emulator:  the command that runs a program, up to where its file goes.
    time_scale: by which times that a program measures there are multiplied.
    """

    name: str
    description: str
    runner: str
    isa: str
    riot: str | None = None
    ram: int | None = None
    flash: int | None = None
    default_max_ram: int | None = None
    clock: int | None = None
    core: str | None = None
    emulator: str | None = None
    time_scale: float = 1.0
    usb: Usb | None = None
    remote: Remote | None = None
    timeout: Timeouts = field(default_factory=Timeouts)

    def options(self, asked: Options) -> Options:
        """What is asked, for this board: its kernels, and its limit where nothing is bounded."""
        limit = asked.max_ram if asked.bounded else self.default_max_ram
        return replace(asked, isa=self.isa, core=self.core, max_ram=limit)


def make_board(name: str, entry: Entry) -> Board:
    """The board of an entry that keeps the rules."""
    return Board(
        name=name,
        description=str(entry["description"]),
        runner=str(entry["runner"]),
        isa=str(entry["isa"]),
        riot=_text(entry.get("riot")),
        ram=size_of(entry.get("ram")),
        flash=size_of(entry.get("flash")),
        default_max_ram=size_of(entry.get("default_max_ram")),
        clock=hertz_of(entry.get("clock")),
        core=_text(entry.get("core")),
        emulator=_text(entry.get("emulator")),
        time_scale=factor_of(entry.get("time_scale", 1)),
        usb=_usb(entry.get("usb")),
        remote=_remote(entry.get("remote")),
        timeout=_timeouts(entry.get("timeout")),
    )


def size_of(value: object) -> int | None:
    """A size of boards.yaml in bytes: nothing, a number or a text like 16K."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise UsageError(Problem("size", f"{value!r} is not a size"))
    return parse_size(str(value))


def hertz_of(value: object) -> int | None:
    """A clock rate of boards.yaml in Hz: nothing, a number or a text like 216M."""
    if value is None:
        return None
    match = None if isinstance(value, bool) else _HERTZ.fullmatch(str(value))
    rate = float(match[1]) * _HERTZ_UNITS[match[2]] if match else 0.0
    if rate < 1:
        raise UsageError(Problem("clock", f"{value!r} is not a clock rate"))
    return int(rate)


def factor_of(value: object) -> float:
    """A positive factor of boards.yaml."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not 0 < float(str(value)) < float("inf"):
        raise UsageError(Problem("time_scale", f"{value!r} is not a factor"))
    return float(str(value))


def usb_id_of(value: object) -> int:
    """A vendor or product id of boards.yaml: four hexadecimal digits in quotes."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-fA-F]{4}", value):
        raise UsageError(Problem("usb", f"{value!r} is not a USB id"))
    return int(value, 16)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _usb(value: object) -> Usb | None:
    if not isinstance(value, dict):
        return None
    vendor, product = value.get("vendor"), value.get("product")
    return Usb(
        vendor=None if vendor is None else usb_id_of(vendor),
        product=None if product is None else usb_id_of(product),
        serial=_text(value.get("serial")),
    )


def _remote(value: object) -> Remote | None:
    if not isinstance(value, dict):
        return None
    ((kind, place),) = value.items()
    return Remote(str(kind), str(place))


def _timeouts(value: object) -> Timeouts:
    if not isinstance(value, dict):
        return Timeouts()
    return Timeouts(**{str(key): float(seconds) for key, seconds in value.items()})
