"""Dead channels: what is the same for every image, or what nobody reads, is not computed.

A channel is constant if its weights are zero, its multiplier is, its clamp leaves one value, or
all that it reads is constant in turn. An ordinary convolution that reads it takes its share into
the bias, exactly; pools, clamps, depthwise convolutions and concatenations hand it on. Padding is
the zero point, so only a constant that equals it may meet padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from msfcnn.ir import Mask, Model, Order, Range, Tensor
from msfcnn.optimize.demand import needed_channels
from msfcnn.optimize.folding import Folding, compare
from msfcnn.optimize.ranges import ranges


def fold_dead_channels(model: Model, multiple: int = 1) -> tuple[Model, Folding]:
    """The same network without its dead channels, and what has become of them.

    Tensors and ops keep their indices, the network's input and outputs their shapes, and every
    channel that survives its bytes for every image.

    multiple: a tensor that loses channels keeps a multiple of this many, dead ones if need be;
              for kernels that work on several channels at a time.
    """
    folded = model
    kept = [np.arange(tensor.channels) for tensor in model.tensors]
    while True:
        found = ranges(folded)
        masks = needed_channels(folded, found, multiple)
        if all(mask.all() for mask in masks):
            break
        folded = _without(folded, masks, found)
        kept = [channels[mask] for channels, mask in zip(kept, masks, strict=True)]
    return folded, compare(model, folded, tuple(tuple(map(int, c)) for c in kept))


def _without(model: Model, masks: Sequence[Mask], found: Sequence[Range]) -> Model:
    """The model without the channels that the masks leave out."""
    return replace(
        model,
        tensors=tuple(map(_smaller_tensor, model.tensors, masks)),
        ops=tuple(op.without(model, masks, found) for op in model.ops),
    )


def _smaller_tensor(tensor: Tensor, mask: Mask) -> Tensor:
    """The tensor with fewer channels; then it has no shape in ONNX but that of a plain map."""
    if mask.all():
        return tensor
    (height, width), channels = tensor.shape[:2], int(mask.sum())
    planar = tensor.onnx_order is Order.CHW
    shape = (1, channels, height, width) if planar else (1, height, width, channels)
    return replace(tensor, channels=channels, onnx_shape=shape)
