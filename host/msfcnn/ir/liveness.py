"""Who writes and who reads each tensor, and which tensors exist while an op runs."""

from __future__ import annotations

from msfcnn.ir.model import Model


def producers(model: Model) -> tuple[int, ...]:
    """For each tensor the index of the op that writes it; -1 for the input."""
    writer = [-1] * len(model.tensors)
    for index, op in enumerate(model.ops):
        writer[op.output] = index
    return tuple(writer)


def last_readers(model: Model) -> tuple[int, ...]:
    """For each tensor the index of the last op that reads it.

    A network output is read after the last op; what nobody reads ends where it is written.
    """
    reader = list(producers(model))
    for index, op in enumerate(model.ops):
        for tensor in op.inputs:
            reader[tensor] = index
    for port in model.outputs:
        reader[port.tensor] = len(model.ops)
    return tuple(reader)


def live_during(model: Model) -> tuple[tuple[int, ...], ...]:
    """For each op the tensors that exist while it runs: written so far, and read now or later."""
    first, last = producers(model), last_readers(model)
    return tuple(
        tuple(t for t in range(len(model.tensors)) if first[t] <= index <= last[t])
        for index in range(len(model.ops))
    )


def live_bytes(model: Model) -> tuple[int, ...]:
    """For each op the bytes of all tensors that exist while it runs; a view adds none."""
    owner = owners(model)
    return tuple(
        sum(model.tensors[t].size for t in {owner[t] for t in live}) for live in live_during(model)
    )


def owners(model: Model) -> tuple[int, ...]:
    """For each tensor the one whose bytes it shows: itself, unless it is a view of another."""
    owner = list(range(len(model.tensors)))
    for op in model.ops:
        if op.view:
            owner[op.output] = owner[op.inputs[0]]
    return tuple(owner)
