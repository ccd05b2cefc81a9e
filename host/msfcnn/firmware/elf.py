"""What a program occupies, read from its ELF file and the linker's map beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msfcnn.errors import BoardError, Problem

_REGION = re.compile(r"^(\S+)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)", re.MULTILINE)
_INPUT = re.compile(r"^ \S+ +0x([0-9a-f]+) +0x([0-9a-f]+) (\S.*\.o\)?)$", re.MULTILINE)
_SHF_WRITE, _SHF_ALLOC = 1, 2


@dataclass(frozen=True)
class Section:
    """A section that is loaded or reserved. `stored`: it takes flash; `ram`: it takes RAM."""

    name: str
    address: int
    size: int
    stored: bool
    ram: bool

    def holds(self, address: int) -> bool:
        """Whether an address lies in it."""
        return self.address <= address < self.address + self.size


@dataclass(frozen=True)
class Image:
    """A linked program.

    stored:  flash bytes by object file (path as the linker was given it).
    symbols: RAM bytes by name of the variable; same names are added up.
    """

    sections: tuple[Section, ...]
    stored: Mapping[str, int]
    symbols: Mapping[str, int]

    @property
    def flash(self) -> int:
        """Bytes of flash."""
        return sum(s.size for s in self.sections if s.stored)

    @property
    def ram(self) -> int:
        """Bytes of RAM that the linker gives away."""
        return sum(s.size for s in self.sections if s.ram)


def read_image(elf: Path) -> Image:
    """Read NAME.elf and NAME.map. Raises BoardError."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        listing = elf.with_suffix(".map").read_text(errors="replace")
        with elf.open("rb") as file:
            parsed = ELFFile(file)
            sections = tuple(_sections(parsed, _regions(listing)))
            symbols = _symbols(parsed, sections)
    except (OSError, ELFError) as error:
        raise BoardError(Problem(str(elf), f"cannot be read: {error}", "build again")) from error
    return Image(sections, _stored(listing, sections), symbols)


def _regions(listing: str) -> tuple[tuple[int, int, bool], ...]:
    """(begin, end, is RAM) of the linker's memory regions; none for a hosted program."""
    text = listing.partition("Memory Configuration")[2].partition("Linker script")[0]
    return tuple(
        (int(origin, 16), int(origin, 16) + int(length, 16), _is_ram(name))
        for name, origin, length in _REGION.findall(text)
        if name != "*default*"
    )


def _is_ram(region: str) -> bool:
    name = region.lower()
    return "ram" in name and not name.startswith(("bkup", "backup"))


def _sections(elf: Any, regions: tuple[tuple[int, int, bool], ...]) -> Iterator[Section]:
    for section in elf.iter_sections():
        flags, address = section["sh_flags"], section["sh_addr"]
        if not flags & _SHF_ALLOC or not section["sh_size"]:
            continue
        stored = section["sh_type"] != "SHT_NOBITS"
        known = [ram for begin, end, ram in regions if begin <= address < end]
        ram = any(known) if known else bool(flags & _SHF_WRITE) and not regions
        if stored or ram:
            yield Section(section.name, address, section["sh_size"], stored, ram)


def _symbols(elf: Any, sections: tuple[Section, ...]) -> Mapping[str, int]:
    table = elf.get_section_by_name(".symtab")
    sizes: dict[str, int] = {}
    for symbol in table.iter_symbols() if table else ():
        kept = symbol["st_info"]["type"] == "STT_OBJECT" and symbol["st_size"]
        if kept and any(s.ram and s.holds(symbol["st_value"]) for s in sections):
            name = re.sub(r"\.\d+$", "", symbol.name)  # of a static variable in a function
            sizes[name] = sizes.get(name, 0) + symbol["st_size"]
    return sizes


def _stored(listing: str, sections: tuple[Section, ...]) -> Mapping[str, int]:
    """Flash bytes by object file."""
    text = listing.partition("Linker script and memory map")[2]
    text = re.sub(r"^( \S+)\n\s+0x", r"\1 0x", text, flags=re.MULTILINE)  # long names wrap
    kept = {s.name: s for s in sections if s.stored}
    sizes: dict[str, int] = {}
    for part in re.split(r"^(?=\.)", text, flags=re.MULTILINE):  # one output section each
        section = kept.get(part.split(maxsplit=1)[0]) if part.startswith(".") else None
        for address, size, path in _INPUT.findall(part) if section else ():
            if section and section.holds(int(address, 16)):
                sizes[path] = sizes.get(path, 0) + int(size, 16)
    return sizes
