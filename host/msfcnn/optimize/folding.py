"""What `fold_dead_channels` did, as data."""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.ir import Model

Channels = tuple[int, ...]


@dataclass(frozen=True)
class FoldedLayer:
    """An op that became smaller: output channels, MACs and weight bytes before and after."""

    node: str
    op: str
    channels: tuple[int, int]
    macs: tuple[int, int]
    weight_bytes: tuple[int, int]


@dataclass(frozen=True)
class Folding:
    """How a folded model came from the one before.

    kept:   for each tensor the channels that survive; the bytes of channel i of the folded tensor
            are those of channel kept[i] of the tensor with the same index in the model before.
    layers: the ops that became smaller, in the order they run.
    macs, weight_bytes: of the whole network, before and after.
    """

    kept: tuple[Channels, ...]
    layers: tuple[FoldedLayer, ...]
    macs: tuple[int, int]
    weight_bytes: tuple[int, int]

    @property
    def changed(self) -> bool:
        """Whether anything was folded."""
        return bool(self.layers)


def compare(before: Model, after: Model, kept: tuple[Channels, ...]) -> Folding:
    """The folding that turned one model into the other; their ops correspond one to one."""
    layers = [
        FoldedLayer(
            node=old.node,
            op=type(old).__name__,
            channels=(before.tensors[old.output].channels, after.tensors[new.output].channels),
            macs=(old.macs(before), new.macs(after)),
            weight_bytes=(old.weight_bytes, new.weight_bytes),
        )
        for old, new in zip(before.ops, after.ops, strict=True)
    ]
    return Folding(
        kept,
        tuple(layer for layer in layers if _smaller(layer)),
        (before.macs, after.macs),
        (sum(op.weight_bytes for op in before.ops), sum(op.weight_bytes for op in after.ops)),
    )


def _smaller(layer: FoldedLayer) -> bool:
    return any(a != b for a, b in (layer.channels, layer.macs, layer.weight_bytes))
