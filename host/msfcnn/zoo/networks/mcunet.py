"""MCUNet's networks, found by search for microcontrollers."""

from __future__ import annotations

from msfcnn.zoo.drawing import Drawing
from msfcnn.zoo.networks.mobilenet import InvertedResidual, inverted_residual, stem
from msfcnn.zoo.networks.variant import Variant

# MCUNetV2's network for visual wake words at 5 frames per second; Lin et al., NeurIPS 2021
MCUNET_VWW: tuple[InvertedResidual, ...] = (
    *((3, 48, 16, 2), (3, 48, 16, 1), (3, 48, 16, 1)),
    *((7, 48, 24, 2), (3, 144, 24, 1), (5, 120, 24, 1)),
    *((7, 144, 40, 2), (7, 240, 40, 1), (3, 240, 48, 1), (3, 192, 48, 1)),
    *((5, 240, 96, 2), (3, 480, 96, 1), (3, 384, 96, 1), (7, 288, 160, 1)),
)
# MCUNet for ImageNet in 320 KB; Lin et al., NeurIPS 2020
MCUNET_320KB: tuple[InvertedResidual, ...] = (
    *((7, 24, 16, 2), (3, 80, 16, 1), (7, 80, 16, 1), (5, 64, 16, 1)),
    *((5, 80, 24, 2), (5, 120, 24, 1), (5, 120, 24, 1)),
    *((3, 120, 40, 2), (7, 240, 40, 1), (5, 160, 40, 1)),
    *((5, 200, 48, 1), (7, 240, 48, 1), (3, 240, 48, 1)),
    *((3, 288, 96, 2), (7, 480, 96, 1), (3, 384, 96, 1), (7, 480, 160, 1)),
)


def mcunet_vww(request: Variant) -> Drawing:
    """MCUNetV2-VWW-5fps."""
    return _mcunet(request, MCUNET_VWW)


def mcunet_320kb(request: Variant) -> Drawing:
    """MCUNet-320KB-ImageNet."""
    return _mcunet(request, MCUNET_320KB)


def _mcunet(request: Variant, blocks: tuple[InvertedResidual, ...]) -> Drawing:
    """The stem and the blocks of a table; they were searched for one width, so it is ignored."""
    net = Drawing(request.image)
    stem(net, 16, 8)
    for index, block in enumerate(blocks, start=1):
        inverted_residual(net, f"block{index}", block)
    net.classify(request.classes, softmax=False)
    return net
