"""Shortcuts that run along with the main path, before what they read is overwritten.

A reader that only a join asks for reads late, and its input waits for it. Where it has the same
grid of outputs as another reader, which looks at all that it looks at, it can keep pace with that
one instead: then its output waits, which often is smaller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from msfcnn.fusion.step import Step
from msfcnn.fusion.steps import Network
from msfcnn.ir import Axis, Reads


def with_shortcuts(network: Network) -> Network | None:
    """The network with every shortcut early that can be; None if there is none."""
    early = shortcuts(network)
    return replace(network, early=early) if early else None


def shortcuts(network: Network) -> Mapping[int, int]:
    """By step: the later one that it can keep pace with; one shortcut each.

    Only a later reader that slides a kernel can lead, and only one shortcut at a time.
    """
    found: dict[int, int] = {}
    for readers in network.readers.values():
        for at, i in enumerate(readers):
            if not _can_be_early(network, i):
                continue
            leads = (
                k
                for k in readers[at + 1 :]
                if k not in found.values()
                and network.steps[k].reads is Reads.WINDOW
                and _keeps_pace(network.steps[i], network.steps[k])
            )
            lead = next(leads, None)
            if lead is not None:
                found[i] = lead
    return found


def _can_be_early(network: Network, i: int) -> bool:
    """Whether what step i writes can wait in a window: one writer, one reader, no output."""
    step = network.steps[i]
    return (
        step.reads in (Reads.RUN, Reads.WINDOW)
        and step.y is None
        and network.writers[step.z] == (i,)
        and len(network.readers[step.z]) == 1
        and step.z not in network.outputs
    )


def _keeps_pace(step: Step, lead: Step) -> bool:
    """Whether a step reads nothing that the one before which it runs does not read."""
    return step.target[:2] == lead.target[:2] and all(
        _within(*axes) for axes in ((step.rows, lead.rows), (step.columns, lead.columns))
    )


def _within(axis: Axis, other: Axis) -> bool:
    """Whether every output of an axis reads within what the other one reads for the same output.

    With equal strides that is so for all outputs if it is for the first.
    """
    return (
        axis.up == other.up == 1
        and axis.stride == other.stride
        and axis.first(0) >= other.first(0)
        and axis.end(1) <= other.end(1)
    )
