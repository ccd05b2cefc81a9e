"""Who takes how much of a board's flash and RAM.

Bytes are assigned by names: of RIOT's modules (directories of object files) for flash, of variables
for RAM. Applications that name their arena otherwise have it in `static_rest`; the sums stay right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath

from msfcnn.errors import Problem
from msfcnn.firmware.elf import Image, read_image

ENGINE = "msfcnn"  # RIOT module of the engine
MODEL = "msfcnn_model_"  # start of the name of a model's module
ARENA = ("arena", "_arena")  # the applications' variables
STATE = ("nn", "_nn")  # of type msfcnn_t
IMAGE = ("image", "_image", "frame", "_frame")  # where a caller keeps the image, or a row of it
STACK = "stack"  # end of the names of stacks: main_stack, idle_stack, isr_stack, ...


@dataclass(frozen=True)
class Tally:
    """Bytes. The parts add up to the whole; `flash_limit`, `ram_limit`: what the board has.

    engine, tables, weights, flash_rest: of flash; the rest is RIOT, drivers, C library and the
                  application with what it stores.
    arena, state, stack, static_rest: of RAM, reserved when the program is linked.
    image:        what the network's caller has to keep: the whole image, or a row of it that is
                  pushed; 0 where the network fetches what it needs.
    image_in_ram: whether the program keeps that in RAM, where it is in `static_rest`; else it is
                  in flash, as the stored images of apps/bench are.
    """

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
    image: int = 0
    image_in_ram: bool = False

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

    @property
    def ram_with_image(self) -> int:
        """RAM of the program if the image is there, as it is behind a camera."""
        return self.ram if self.image_in_ram else self.ram + self.image

    @property
    def free_with_image(self) -> int | None:
        """RAM that is then left; negative: so much is missing."""
        return None if self.ram_limit is None else self.ram_limit - self.ram_with_image

    def data(self) -> Mapping[str, int | None]:
        """As plain data, with the sums."""
        return {
            **asdict(self),
            "flash": self.flash,
            "ram": self.ram,
            "free": self.free,
            "ram_with_image": self.ram_with_image,
            "free_with_image": self.free_with_image,
        }

    def problems(self, board: str) -> Iterator[Problem]:
        """What the program needs more than the board has, and parts that are less than nothing."""
        for name in ("flash_rest", "static_rest"):
            if getattr(self, name) < 0:
                what = f"its sizes contradict each other: {name} would be {getattr(self, name)}"
                yield Problem(board, what, "build again after `scons clean`; else report a defect")
        for kind, used, limit, hint in (
            ("RAM", self.ram, self.ram_limit, "give a lower ram="),
            ("flash", self.flash, self.flash_limit, "take a smaller model, or a larger board"),
        ):
            if limit is not None and used > limit:
                what = f"the program takes {used:,} of {limit:,} bytes of {kind}"
                yield Problem(board, what, hint)


def tally(elf: Path, flash_limit: int | None, ram_limit: int | None, image: int = 0) -> Tally:
    """The tally of a program that RIOT's make has built; `image`: bytes its caller keeps.

    Raises BoardError.
    """
    return tally_image(read_image(elf), flash_limit, ram_limit, image)


def tally_image(
    image: Image, flash_limit: int | None, ram_limit: int | None, kept: int = 0
) -> Tally:
    """The tally of a linked program; `kept`: bytes of the image its caller keeps."""
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
        engine=engine,
        tables=tables,
        weights=weights,
        flash_rest=image.flash - engine - tables - weights,
        arena=arena,
        state=state,
        stack=stack,
        static_rest=image.ram - arena - state - stack,
        flash_limit=flash_limit,
        ram_limit=ram_limit,
        image=kept,
        image_in_ram=kept > 0 and any(image.symbols.get(name, 0) >= kept for name in IMAGE),
    )
