"""Who takes how much of a board's flash and RAM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath

from msfcnn.firmware.elf import Image, read_image

ENGINE = "msfcnn"  # RIOT module of the engine
MODEL = "msfcnn_model_"  # start of the name of a model's module
ARENA = ("arena", "_arena")  # the applications' variables
STATE = ("nn", "_nn")
STACK = "stack"  # end of the names of stacks: main_stack, idle_stack, isr_stack, ...


@dataclass(frozen=True)
class Tally:
    """Bytes. The parts add up to the whole; `flash_limit`, `ram_limit`: what the board has."""

    engine: int
    tables: int
    weights: int
    flash_rest: int
    arena: int
    state: int
    stack: int
    static_rest: int
    flash_limit: int | None = None
    ram_limit: int | None = None

    @property
    def flash(self) -> int:
        """Flash of the whole program."""
        return self.engine + self.tables + self.weights + self.flash_rest

    @property
    def ram(self) -> int:
        """RAM of the whole program, stacks included."""
        return self.arena + self.state + self.stack + self.static_rest

    @property
    def free(self) -> int | None:
        """RAM that is left; None where the board's is unknown."""
        return None if self.ram_limit is None else self.ram_limit - self.ram

    def data(self) -> Mapping[str, int | None]:
        """As plain data, with the sums."""
        return {**asdict(self), "flash": self.flash, "ram": self.ram, "free": self.free}


def tally(elf: Path, flash_limit: int | None, ram_limit: int | None) -> Tally:
    """The tally of a program that RIOT's make has built. Raises BoardError."""
    return tally_image(read_image(elf), flash_limit, ram_limit)


def tally_image(image: Image, flash_limit: int | None, ram_limit: int | None) -> Tally:
    """The tally of a linked program."""
    engine = tables = weights = 0
    for path, size in image.stored.items():
        module, name = PurePath(path).parent.name, PurePath(path).stem
        # kernels of an instruction set are in a directory of their own
        if ENGINE in (module, PurePath(path).parent.parent.name):
            engine += size
        elif module.startswith(MODEL) and name.endswith("_weights"):
            weights += size
        elif module.startswith(MODEL):
            tables += size
    arena = sum(image.symbols.get(name, 0) for name in ARENA)
    state = sum(image.symbols.get(name, 0) for name in STATE)
    stack = sum(size for name, size in image.symbols.items() if name.endswith(STACK))
    reserved = sum(s.size for s in image.sections if s.name == ".stack")
    if image.symbols.get("isr_stack", 0) == 0:
        stack += reserved  # a section of its own, without a variable
    return Tally(
        engine,
        tables,
        weights,
        image.flash - engine - tables - weights,
        arena,
        state,
        stack,
        image.ram - arena - state - stack,
        flash_limit,
        ram_limit,
    )
