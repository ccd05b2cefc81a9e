"""A board: an entry of boards.yaml, and the rules that it keeps.

The dataclasses are the schema of the file: `yamlfile.parse` fills them and turns every ValueError
of a rule below into a Problem with the rule's `write` as its hint. Rules of one key stand at the
field, those between keys in `Board.contradictions`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Annotated

from msfcnn.costmodel import cores, known_cycles
from msfcnn.errors import UsageError
from msfcnn.isa import ISAS
from msfcnn.options import Options
from msfcnn.sizes import parse_size
from msfcnn.yamlfile import STRICT, Rule

# what runs a program: this computer without RIOT, RIOT's native port, an emulator, a board that is
# reached by a serial port
RUNNERS = ("host", "native", "qemu", "serial")
REMOTES = ("iotlab", "labgrid")  # through what a board at another machine is reached
# what a flash command may leave open, and RIOT's variable that fills it
FLASH_HOLES = {"place": "", "elf": "$(ELFFILE)", "file": "$(FLASHFILE)"}

_HERTZ = re.compile(r"([0-9]+(?:\.[0-9]+)?)([kM]?)")
_HERTZ_UNITS = {"": 1, "k": 1_000, "M": 1_000_000}
_LENGTHS = {"ram": "RAM_LEN", "flash": "ROM_LEN"}  # RIOT's names of them
# keys that only one runner reads; a board with one of them and another runner is a mistake
_OWNERS = {"emulator": "qemu", "time_scale": "qemu", "usb": "serial", "remote": "serial"}
_REMOTE_KEYS = {"iotlab": (), "labgrid": ("flash",)}  # what may stand beside a place
_HOLES = re.compile(r"\{(\w*)\}")  # what a flash command leaves open


def _line(text: object) -> str:
    """A validator: text of one line, which goes into tables and command lines."""
    if not isinstance(text, str) or not text.strip() or "\n" in text.strip():
        raise ValueError("is not a line of text")
    return text


def _one_of(key: str, known: tuple[str, ...]) -> Callable[[object], object]:
    """A validator: one of the known words."""

    def read(name: object) -> object:
        if name not in known:
            raise ValueError(f"unknown {key} {name!r}")
        return name

    return read


def _size(text: object) -> int | None:
    """Bytes from text such as 16K; None stays None. Raises ValueError."""
    try:
        if text is None or (isinstance(text, (int, str)) and not isinstance(text, bool)):
            return None if text is None else parse_size(str(text))
    except UsageError:
        pass
    raise ValueError(f"{text!r} is not a size")


def _hertz(text: object) -> int | None:
    """A clock rate in Hz from text such as 64M; None stays None. Raises ValueError."""
    match = None if isinstance(text, bool) else _HERTZ.fullmatch(str(text))
    rate = float(match[1]) * _HERTZ_UNITS[match[2]] if match else 0.0
    if text is not None and not 1 <= rate < math.inf:
        raise ValueError(f"{text!r} is not a clock rate")
    return None if text is None else int(rate)


def _positive(what: str) -> Callable[[object], float]:
    """A validator: a positive finite number; `what` says what another one is not."""

    def read(number: object) -> float:
        if type(number) in (int, float) and 0 < float(str(number)) < math.inf:
            return float(str(number))
        raise ValueError(f"{number!r} {what}")

    return read


def _count(number: object) -> int | None:
    """A validator: cycles, 0 to 99; no flash of a microcontroller waits longer."""
    if number is None or (type(number) is int and 0 <= number <= 99):
        return number
    raise ValueError(f"{number!r} is not a number of cycles")


def _usb_id(text: object) -> int:
    """A vendor's or product's id. In quotes only: YAML reads 0403 as the octal number 259."""
    if not isinstance(text, str) or not re.fullmatch(r"[0-9a-fA-F]{4}", text):
        raise ValueError(f"{text!r} is not a USB id")
    return int(text, 16)


def _serial(text: object) -> str:
    """A serial number. In quotes only: YAML takes digits alone for a number, decimal or octal."""
    if not isinstance(text, str) or not text:
        raise ValueError(f"{text!r} is not a serial number")
    return text


def _some(what: str) -> Callable[[object], object]:
    """A mapping that is not empty."""

    def read(entry: object) -> object:
        if not isinstance(entry, dict) or not entry:
            raise ValueError(what)
        return entry

    return read


def _remote(entry: object) -> Remote | None:
    """Where a board elsewhere is reached: one kind and its place."""
    if entry is None:
        return None
    if isinstance(entry, dict):
        kind = next((kind for kind in REMOTES if kind in entry), "")
        place, flash = entry.get(kind), entry.get("flash")
        known = {kind, *_REMOTE_KEYS.get(kind, ())}
        if kind and isinstance(place, str) and entry.keys() <= known:
            return Remote(kind, place, None if flash is None else _flash_command(flash))
    raise ValueError("is not one place")


def _flash_command(text: object) -> str:
    """A command with no braces but those of `FLASH_HOLES`. Raises ValueError."""
    holes = set(_HOLES.findall(text)) if isinstance(text, str) else {""}
    if not isinstance(text, str) or not text.strip() or not holes <= FLASH_HOLES.keys():
        names = ", ".join(f"{{{name}}}" for name in FLASH_HOLES)
        raise ValueError(f"flash: {text!r} is not a command with only {names} in it")
    return text


Size = Annotated[
    "int | None", Rule(_size, write="bytes, or K or M, such as 20480 or 16K, or leave it out")
]
Seconds = Annotated[float, Rule(_positive("are no seconds"), write="seconds, such as 60")]
UsbId = Annotated[
    "int | None", Rule(_usb_id, write='four hexadecimal digits in quotes, such as "0483"')
]


@dataclass(frozen=True)
class Usb:
    """How to find a board's serial port: what of its USB bridge must match; None: anything."""

    __pydantic_config__ = STRICT

    vendor: UsbId = None
    product: UsbId = None
    serial: Annotated[
        str | None,
        Rule(
            _serial,
            write='"TEXT", in quotes: what `python -m serial.tools.list_ports -v` shows as SER=',
        ),
    ] = None


@dataclass(frozen=True)
class Remote:
    """A board at another machine. `kind`: iotlab or labgrid; `place`: its name there.

    flash: the command that writes a program to it and starts it; None for the usual one.
    """

    kind: str
    place: str
    flash: str | None = None


@dataclass(frozen=True)
class Supply:
    """What a chip draws while it runs code from flash at the board's clock, by its data sheet."""

    __pydantic_config__ = STRICT

    volts: Annotated[float, Rule(_positive("is no voltage"), write="volts, such as 3.0")]
    milliamperes: Annotated[
        float, Rule(_positive("is no current"), write="milliamperes, such as 3.3")
    ]


@dataclass(frozen=True)
class Timeouts:
    """Seconds that building, flashing and one run of a program may take.

    place: what a board at a labgrid place is waited for while others use it.
    """

    __pydantic_config__ = STRICT

    build: Seconds = 900
    flash: Seconds = 120
    run: Seconds = 120
    place: Seconds = 600


@dataclass(frozen=True)
class Board:
    """Something that runs a generated program; sizes in bytes, None where there is no limit.

    runner:    one of RUNNERS. isa: one of isa.ISAS, whose kernels are chosen.
    riot:      RIOT's name of the board; None where RIOT takes no part.
    ram, flash: of the chip, for the whole program, not for the arena alone.
    default_max_ram: bound on the arena where the user gives none.
    clock:     Hz; None where it says nothing, as on an emulator.
    flash_wait_states: cycles that a word of flash takes longer than one, without a cache.
    supply:    voltage and current of running code; None where no data sheet says it.
    core:      whose instructions are estimated; None for the usual one of the isa.
    cycles:    whose cycles an inference takes, by a name of the cost model; None: they are assumed.
    emulator:  the command that runs a program, up to where its file goes.
    time_scale: by which times that a program measures there are multiplied.
    """

    __pydantic_config__ = STRICT

    name: str
    description: Annotated[str, Rule(_line, write="one line for people")]
    runner: Annotated[str, Rule(_one_of("runner", RUNNERS), write=" or ".join(RUNNERS))]
    isa: Annotated[str, Rule(_one_of("isa", ISAS), write=" or ".join(ISAS))]
    riot: Annotated[
        str | None, Rule(_line, write="the board's name in RIOT, a directory of its boards/")
    ] = None
    ram: Size = None
    flash: Size = None
    default_max_ram: Size = None
    clock: Annotated[
        int | None, Rule(_hertz, write="Hz, or k or M, such as 216M, or leave it out")
    ] = None
    flash_wait_states: Annotated[
        int | None, Rule(_count, write="cycles, such as 7, or leave it out")
    ] = None
    supply: Annotated[
        Supply | None,
        Rule(_some("says nothing"), write="{volts: 3.0, milliamperes: 3.3}, or leave it out"),
    ] = None
    core: Annotated[str | None, Rule(_one_of("core", cores()), write=" or ".join(cores()))] = None
    cycles: Annotated[
        str | None,
        Rule(_one_of("processor", tuple(known_cycles())), write=" or ".join(known_cycles())),
    ] = None
    emulator: Annotated[
        str | None,
        Rule(
            _line,
            write="a command line such as qemu-system-arm -M mps2-an386 -nographic -kernel",
        ),
    ] = None
    time_scale: Annotated[
        float,
        Rule(
            _positive("is not a factor"),
            write="the rate that RIOT takes the emulated timer for / its real one",
        ),
    ] = 1.0
    usb: Annotated[
        Usb | None,
        Rule(
            _some("says nothing to find a port by"),
            write='what its USB bridge reports, such as {vendor: "0483", product: "374b"}',
        ),
    ] = None
    remote: Annotated[
        Remote | None,
        Rule(
            _remote,
            write="{iotlab: NODE}, such as auto-ssh, or {labgrid: PLACE}, "
            'or {labgrid: PLACE, flash: "COMMAND {file}"}',
        ),
    ] = None
    timeout: Annotated[
        Timeouts, Rule(_some("has no keys"), write="seconds, such as {flash: 60, run: 300}")
    ] = field(default_factory=Timeouts)

    def options(self, asked: Options) -> Options:
        """What is asked, for this board: its kernels, and its limit where nothing is bounded.

        Any bound of the user's, on MACs or time, too, switches the board's own limit off: with both
        a plan for few MACs would fail on a bound that nobody has asked for.
        """
        limit = asked.max_ram if asked.bounded else self.default_max_ram
        return replace(asked, isa=self.isa, core=self.core, max_ram=limit)

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Keys that a runner needs, or that mean nothing to it: what is wrong, what to do."""
        runner = self.runner
        if runner != "host" and self.riot is None:
            yield f"runner {runner} needs the key 'riot'", "write riot: the board's name in RIOT"
        if runner == "host" and self.riot is not None:
            hint = "leave riot out, or write runner: native for a RIOT program on this computer"
            yield "runner host does without RIOT", hint
        if runner == "qemu" and self.emulator is None:
            hint = "write emulator: a command line, up to where the program's file goes"
            yield "runner qemu needs the key 'emulator'", hint
        for key, length in _LENGTHS.items():
            if runner == "serial" and getattr(self, key) is None:
                hint = f"write {key}: what RIOT's make info-debug-variable-{length} says"
                yield f"runner serial needs the key '{key}'", hint
        for key, owner in _OWNERS.items():
            # a board at another machine may be an emulator behind a serial port
            emulated_elsewhere = key == "time_scale" and self.remote is not None
            if getattr(self, key) not in (None, 1.0) and runner != owner and not emulated_elsewhere:
                hint = f"leave {key} out, or write runner: {owner}"
                yield f"{key}: means nothing to runner {runner}", hint
        if self.usb and self.remote:
            hint = "keep usb for a board at this computer, remote for another"
            yield "usb and remote are both given", hint
        ram, limit = self.ram, self.default_max_ram
        if ram is not None and limit is not None and limit >= ram:
            hint = "lower default_max_ram: the application needs some RAM of its own"
            yield f"default_max_ram ({limit}) leaves nothing of ram ({ram})", hint
