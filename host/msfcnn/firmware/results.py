"""What a program has found: lines of JSON in the format of RIOT's test_utils_result_output.

apps/bench prints them, one record a line among whatever else a terminal shows: an array whose first
element says which result it is, and whose last may hold an exit status.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Output:
    """CRC-32 of a network output for an image, and what the reference makes of that image.

    Outputs are not sent whole: at 115200 baud a map of 100 KB would take ten seconds.
    """

    image: int
    index: int
    crc: int
    expected: int

    @property
    def right(self) -> bool:
        """Whether the bytes are those of the reference."""
        return self.crc == self.expected


@dataclass(frozen=True)
class Results:
    """Everything a run has told. Bytes, microseconds; None and empty: not told.

    arena, state, stack, stack_size, heap: RAM in bytes; stack is what was used of stack_size.
    latency:    the whole record of that name: times by keys that end in _us.
    ended:      whether the program came to its end.
    failures:   results that the program itself judged as failed, by their kind.
    """

    outputs: tuple[Output, ...]
    ended: bool
    failures: tuple[str, ...] = ()
    arena: int | None = None
    state: int | None = None
    stack: int | None = None
    stack_size: int | None = None
    heap: int | None = None
    median_us: float | None = None
    latency: Mapping[str, Any] | None = None

    def scaled(self, factor: float) -> Results:
        """With all times multiplied: emulated timers run at another rate (Board.time_scale)."""
        if factor == 1:
            return self
        latency = {k: _scaled(k, v, factor) for k, v in (self.latency or {}).items()}
        median = None if self.median_us is None else self.median_us * factor
        return replace(self, median_us=median, latency=latency if self.latency else None)


def is_end(line: str) -> bool:
    """Whether a line is the last one of a program."""
    found = _record(line)
    return found is not None and found[0].get("result") == "end"


def parse_results(text: str) -> Results:
    """The results among all that a terminal has shown."""
    records = [record for line in text.splitlines() if (record := _record(line))]
    by_kind: dict[str, dict[str, Any]] = {str(r.get("result")): r for r, _ in records}
    ram, latency = by_kind.get("ram", {}), by_kind.get("latency")
    return Results(
        outputs=tuple(_outputs(records)),
        ended="end" in by_kind,
        failures=tuple(
            dict.fromkeys(str(r["result"]) for r, s in records if s and r["result"] != "end")
        ),
        arena=ram.get("arena"),
        state=ram.get("engine"),
        stack=ram.get("stack"),
        stack_size=ram.get("stack_size"),
        heap=ram.get("heap"),
        median_us=latency.get("median_us") if latency else None,
        latency=latency,
    )


def _scaled(key: str, value: Any, factor: float) -> Any:
    """A time, or several of them."""
    if not key.endswith("_us"):
        return value
    return [v * factor for v in value] if isinstance(value, list) else value * factor


def _record(line: str) -> tuple[dict[str, Any], int] | None:
    """The record of a line and its exit status; other lines, and broken ones, hold none."""
    begin = line.find("[{")
    if begin < 0:
        return None
    try:
        record, *end = json.loads(line[begin:])
    except ValueError:
        return None
    if not isinstance(record, dict) or "result" not in record:
        return None
    status = end[-1].get("exit_status", 0) if end and isinstance(end[-1], dict) else 0
    return record, int(status)


def _outputs(records: list[tuple[dict[str, Any], int]]) -> Iterator[Output]:
    for record, _ in records:
        if record["result"] == "output":
            keys = ("image", "output", "crc", "expected")
            yield Output(*(int(record.get(key, -1)) for key in keys))
