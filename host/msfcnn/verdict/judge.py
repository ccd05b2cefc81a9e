"""Whether a network fits a board, how fast it is there and what that takes, as plain figures.

`verdict.boards` fills these dataclasses; `cli` and `page` show them, `report.to_data` makes JSON of
them. They are part of the Python API, so names and units stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from msfcnn.report import CodeReport, DatasetReport, Fronts, ModelReport, MovingStage, Timeline

FITS, NO_IMAGE, TOO_LARGE, NO_PLAN = "fits", "fits without image", "does not fit", "no plan"
VERDICTS = (FITS, NO_IMAGE, TOO_LARGE, NO_PLAN)

BUILD = "last build"
SURVEY = "survey"  # of programs that were built once: RIOT's share is known, not this program's
ARENA = "network only"


@dataclass(frozen=True, kw_only=True)
class Memory:
    """A board's flash or RAM.

    parts:  bytes by what takes them.
    limit:  what the board has; None where there is no limit, or none is known.
    source: whether the parts were read from the last build, estimated with a survey, or the
            network's alone.
    """

    parts: Mapping[str, int]
    limit: int | None
    source: str

    @property
    def used(self) -> int:
        """All parts together."""
        return sum(self.parts.values())

    @property
    def free(self) -> int | None:
        """What is left; negative: so much is missing."""
        return None if self.limit is None else self.limit - self.used

    def data(self) -> Mapping[str, object]:
        """As plain data, with the sums."""
        return {**asdict(self), "used": self.used, "free": self.free}


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Time of an inference.

    kind:         measured (on the board), counted (instructions that an emulator executed) or
                  estimated (instructions by the cost model).
    instructions: None where only a time was measured.
    cycles:       without wait states of memories; None for a measured time.
    cycles_kind:  what they rest on: "RTL", "cycle model", both, or "assumed".
    cycles_basis: the same in words.
    seconds:      None where no clock is known.
    """

    kind: str
    instructions: int | None
    cycles: int | None
    cycles_kind: str | None
    cycles_basis: str | None
    clock: int | None
    seconds: float | None


@dataclass(frozen=True, kw_only=True)
class BoardVerdict:
    """One board.

    verdict:   one of VERDICTS; `reasons` say why it is not the first one, and what to do.
    max_ram:   bytes that the arena may take: as given, or the board's default; None: no limit.
    peak_ram, recompute_factor, macs: of the plan; None where there is none.
    plan:      index into the report's plans.
    image:     bytes that the caller keeps of the image: all of it, or a row that is pushed.
    image_in_ram: whether the last build already counts it as RAM.
    energy_mj: millijoules of an inference, estimated; None where the supply is not known.
    """

    board: str
    description: str
    verdict: str
    reasons: tuple[str, ...]
    max_ram: int | None
    peak_ram: int | None = None
    recompute_factor: float | None = None
    macs: int | None = None
    plan: int | None = None
    image: int = 0
    image_in_ram: bool = False
    ram: Memory | None = None
    flash: Memory | None = None
    latency: Latency | None = None
    energy_mj: float | None = None

    @property
    def fits(self) -> bool:
        """Whether the program fits, at least with its image elsewhere."""
        return self.verdict in (FITS, NO_IMAGE)


@dataclass(frozen=True, kw_only=True)
class PlanView:
    """A plan that some boards share: what it costs and what is in the arena meanwhile.

    motions: its stages line by line; empty where no page was asked for.
    """

    boards: tuple[str, ...]
    isa: str
    core: str
    code: CodeReport
    timeline: Timeline
    motions: tuple[MovingStage, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BoardsReport:
    """A network on boards.

    file:     its path as given. version: of msfcnn.
    accuracy: float, onnxruntime and C on a data set; None without one.
    fronts:   for the first board's kernels; None where they were not asked for.
    """

    file: str
    version: str
    network: ModelReport
    input_mode: str
    verdicts: tuple[BoardVerdict, ...]
    plans: tuple[PlanView, ...]
    accuracy: DatasetReport | None
    fronts: Fronts | None


def judge(
    ram: Memory, flash: Memory, image: int, image_in_ram: bool
) -> tuple[str, tuple[str, ...]]:
    """The verdict and its reasons, by what flash and RAM are left.

    image: bytes that the caller keeps; they count beside the program's RAM unless `image_in_ram`.
    Without a limit nothing is too large.
    """
    reasons = [
        f"{name}: {-memory.free:,} bytes missing; {hint}"
        for name, memory, hint in (
            ("RAM", ram, "give a lower --max-ram"),
            ("flash", flash, "take a smaller model, or a larger board"),
        )
        if memory.free is not None and memory.free < 0
    ]
    if reasons:
        return TOO_LARGE, tuple(reasons)
    beside = 0 if image_in_ram else image
    if ram.free is not None and ram.free < beside:
        what = f"an image in RAM ({image:,} bytes) does not fit, {beside - ram.free:,} missing"
        return NO_IMAGE, (f"{what}: keep it in flash, or --input push or pull",)
    return FITS, ()
