"""What a program occupies, read from its ELF file and the linker's map beside it.

The ELF file has sections and variables, the map says which object file each piece of flash is from;
neither alone is enough for `tally`, which sorts the bytes by what they are for. `size` would add up
sections by name and not know which memory they are in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msfcnn.errors import BoardError, Problem

_REGION = re.compile(
    r"^(\S+)[ \t]+0x([0-9a-f]+)[ \t]+0x([0-9a-f]+)(?:[ \t]+(\S+))?[ \t]*$", re.MULTILINE
)
# memory that can be written and is not what an application's variables get: kept in deep sleep,
# behind a bus, or of another core
_OTHER_MEMORY = ("bkup", "backup", "rtc", "lp_", "ext")
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
    """Read NAME.elf and NAME.map, as the linker of RIOT writes both. Raises BoardError.

    ModuleNotFoundError without pyelftools, which is in the extra `riot`.
    """
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


@dataclass(frozen=True)
class _Region:
    """A memory region of the linker script. `ram`: variables go there."""

    begin: int
    end: int
    ram: bool


def _regions(listing: str) -> tuple[_Region, ...]:
    """The memory regions that a linker's map lists; none for a hosted program."""
    text = listing.partition("Memory Configuration")[2].partition("Linker script")[0]
    return tuple(
        _Region(int(origin, 16), int(origin, 16) + int(length, 16), _is_ram(name, attributes))
        for name, origin, length, attributes in _REGION.findall(text)
        if name != "*default*"
    )


def _is_ram(region: str, attributes: str) -> bool:
    """By what the linker script allows there: the name says nothing (iram0_2_seg is flash)."""
    name = region.lower()
    allowed = attributes.partition("!")[0]
    return ("w" in allowed if attributes else "ram" in name) and not name.startswith(_OTHER_MEMORY)


def _sections(elf: Any, regions: tuple[_Region, ...]) -> Iterator[Section]:
    """Sections that take memory: in flash, in RAM, or in both where values are copied at the
    start.
    """
    segments = [segment for segment in elf.iter_segments() if segment["p_type"] == "PT_LOAD"]
    for section in elf.iter_sections():
        flags, address, size = section["sh_flags"], section["sh_addr"], section["sh_size"]
        if not flags & _SHF_ALLOC or not size:
            continue
        # what the linker script calls NOLOAD is in no segment's part of the file
        stored = section["sh_type"] != "SHT_NOBITS" and any(
            segment["p_offset"] <= section["sh_offset"]
            and section["sh_offset"] + size <= segment["p_offset"] + segment["p_filesz"]
            for segment in segments
        )
        if regions:  # the write flag is no sign: read-only data of some boards has it
            ram = any(r.ram and r.begin <= address < r.end for r in regions)
        else:
            ram = bool(flags & _SHF_WRITE)
        if stored or ram:
            yield Section(name=section.name, address=address, size=size, stored=stored, ram=ram)


def _symbols(elf: Any, sections: tuple[Section, ...]) -> Mapping[str, int]:
    """Bytes of each variable in RAM; static ones of the same name are added up."""
    table = elf.get_section_by_name(".symtab")
    sizes: dict[str, int] = {}
    for symbol in table.iter_symbols() if table else ():
        kept = symbol["st_info"]["type"] == "STT_OBJECT" and symbol["st_size"]
        if kept and any(s.ram and s.holds(symbol["st_value"]) for s in sections):
            name = re.sub(r"\.\d+$", "", symbol.name)  # of a static variable in a function
            sizes[name] = sizes.get(name, 0) + symbol["st_size"]
    return sizes


def _stored(listing: str, sections: tuple[Section, ...]) -> Mapping[str, int]:
    """Flash bytes by object file: what the map lists within sections that take flash.

    Addresses are checked, because the map also lists what the linker has thrown away.
    """
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
