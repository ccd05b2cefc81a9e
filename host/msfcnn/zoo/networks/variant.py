"""What to draw: the choices that an architecture leaves."""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.zoo.layers import Activation, Shape

RELU, RELU6, NONE = Activation.RELU, Activation.RELU6, Activation.NONE


@dataclass(frozen=True)
class Variant:
    """What to draw.

    image: height, width, channels. width: factor on the channels of layers. classes: of a score.
    """

    image: Shape
    width: float
    classes: int


def divisible(channels: float, divisor: int = 8) -> int:
    """Channels rounded to a multiple, never by more than 10 % down, as MobileNets do."""
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * channels else rounded
