"""The tensors of the stages as the engine sees them: what is resident, and where.

An entry is a msfcnn_tensor_t of tables.h. Steps between lines, pixels and channels are in bytes, so
that the engine addresses rows and columns, interleaved and planar lines in one way.
"""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.fusion import Edge, Resident
from msfcnn.ir import Reads
from msfcnn.layout import StagePlaces
from msfcnn.schedule import ScheduledStage

_IMAGE = "MSFCNN_IMAGE"
_BESIDE = "MSFCNN_BESIDE"
_NONE = "MSFCNN_NONE"


@dataclass(frozen=True)
class TensorTable:
    """Entries of a C array; `index` by tensor, `copies` of the rings beside, by tensor."""

    entries: tuple[str, ...]
    index: dict[int, int]
    copies: dict[int, int]


def tensor_table(stage: ScheduledStage, places: StagePlaces, begin: int) -> TensorTable:
    """All tensors of a stage; its first entry is number `begin` of the array."""
    entries: list[str] = []
    index: dict[int, int] = {}
    copies: dict[int, int] = {}
    for tensor in _tensors(stage.edge):
        index[tensor] = begin + len(entries)
        window = tensor in stage.cost.windows
        entries.append((_window if window else _whole)(stage, places, tensor))
        if tensor in stage.cost.copies:
            copies[tensor] = begin + len(entries)
            entries.append(_copy(stage, places, tensor))
    return TensorTable(tuple(entries), index, copies)


def _tensors(edge: Edge) -> list[int]:
    """Tensors of a stage, in the order in which they first occur."""
    found: dict[int, None] = {}
    for step in edge.steps:
        found.update(dict.fromkeys(step.inputs()))
        found[step.z] = None
    return list(found)


def _callers(edge: Edge, tensor: int) -> str:
    """Where a tensor lies that is not in the arena: one of the caller's inputs."""
    network = edge.network
    if tensor == network.image:
        return _IMAGE
    before = network.beside[: network.beside.index(tensor)]
    return f"{_BESIDE} + {sum(network.sizes[t] for t in before)}"


def _writer(edge: Edge, tensor: int) -> str:
    """The first op of the stage that writes a tensor; none if it was there before."""
    return next((str(i) for i, s in enumerate(edge.steps) if s.z == tensor), _NONE)


def _whole(stage: ScheduledStage, places: StagePlaces, tensor: int) -> str:
    """The entry of a tensor that has all its lines, in the arena or with the caller.

    It lies row by row, HWC, whatever the sweep; a column sweep only steps through it otherwise.
    """
    shapes = [s.result for s in stage.edge.steps if s.z == tensor]
    shapes += [s.shape_of(tensor) for s in stage.edge.steps if tensor in s.inputs()]
    height, width, channels = shapes[0]
    columns = stage.option.columns
    across, along = (channels, width * channels) if columns else (width * channels, channels)
    return _entry(
        kind="MSFCNN_WHOLE",
        place=places.whole[tensor] if tensor in places.whole else _callers(stage.edge, tensor),
        line_step=across,
        pixel_step=along,
        channels=channels,
        channel_step=1,
        slots=width if columns else height,
        length=height if columns else width,
        writer=_writer(stage.edge, tensor),
        n_writers=_writers(stage.edge, tensor),
        owner=_NONE,
    )


def _window(stage: ScheduledStage, places: StagePlaces, tensor: int) -> str:
    """The entry of a tensor of which a stage keeps some lines."""
    window, halo = stage.cost.windows[tensor], stage.cost.halos.get(tensor)
    lines = window.resident is Resident.LINES
    writer = _writer(stage.edge, tensor)
    readers = [i for i, s in enumerate(stage.edge.steps) if tensor in s.inputs()]
    shared = lines and window.save > 0 and len(readers) > 1
    kind = "SHARED" if shared else window.resident.name
    return _entry(
        kind=f"MSFCNN_{kind}",
        place=places.windows[tensor],
        halo=places.halos[tensor] + halo.size - halo.size // halo.lines if halo else 0,
        line_step=window.length * window.channels if lines else 0,
        pixel_step=1 if window.planar else window.channels,
        channels=window.channels,
        channel_step=window.length if window.planar else 1,
        slots=window.slots,
        length=stage.runs.get(tensor, window.length),
        save=window.save,
        halo_pixels=halo.pixels if halo else 0,
        writer=writer,
        n_writers=_writers(stage.edge, tensor),
        owner=_sliding(stage.edge, readers) if shared else writer,
    )


def _sliding(edge: Edge, readers: list[int]) -> int:
    """The first of some ops that slides a kernel: it knows what is saved for all."""
    return next(i for i in readers if edge.steps[i].reads is Reads.WINDOW)


def _copy(stage: ScheduledStage, places: StagePlaces, tensor: int) -> str:
    """The entry of a ring that keeps a second reader's pixels until it asks for them."""
    ring = stage.cost.copies[tensor]
    return _entry(
        kind="MSFCNN_COPY",
        place=places.rings[tensor],
        pixel_step=ring.channels,
        channels=ring.channels,
        channel_step=1,
        length=ring.pixels,
        writer=_writer(stage.edge, tensor),
        n_writers=_writers(stage.edge, tensor),
        owner=ring.reader,
    )


def _writers(edge: Edge, tensor: int) -> int:
    """How many ops write it: more than one for a concatenation."""
    return sum(step.z == tensor for step in edge.steps)


def _entry(**fields: int | str) -> str:
    """Fields that are 0 are left out; three lines at most."""
    texts = [f".{name} = {value}" for name, value in fields.items() if value != 0]
    rows = [", ".join(texts[at : at + 4]) for at in range(0, len(texts), 4)]
    return "    { " + ",\n      ".join(rows) + " },"
