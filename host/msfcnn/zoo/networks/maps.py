"""Networks whose outputs are maps: segmentation and detectors."""

from __future__ import annotations

from msfcnn.zoo.drawing import Drawing
from msfcnn.zoo.networks.mobilenet import (
    MBV1,
    MBV2,
    inverted_residual,
    separable,
    stem,
)
from msfcnn.zoo.networks.variant import NONE, RELU, RELU6, Variant, divisible

UNET = (64, 128, 256, 512)  # channels by level; Ronneberger et al., 2015, one level less
# channels of the layers behind the backbone, and anchors by level; Liu et al., ECCV 2016
SSD_EXTRA, SSD_ANCHORS, BOX = ((256, 512), (128, 256)), (3, 6, 6, 6), 4
FOMO_BLOCKS, FOMO_HEAD = 5, 32
PAN_LEVELS, PAN_CHANNELS = (24, 32, 48), 24  # Liu et al., CVPR 2018


def unet(request: Variant) -> Drawing:
    """U-Net: down through four levels and up again, with what was before beside it."""
    net = Drawing(request.image)
    channels = [divisible(c * request.width) for c in UNET]
    skips = []
    for level, outputs in enumerate(channels):
        if level > 0:
            net.window_pool(f"down{level}/pool", 2, 2)
        _twice(net, f"down{level}", outputs)
        skips.append(net.value)
    for level in reversed(range(len(channels) - 1)):
        net.enlarge(f"up{level}/enlarge")
        wide = net.conv(f"up{level}/conv", channels[level], 1, 1, RELU)
        net.concat(f"up{level}/concat", (skips[level], wide))
        _twice(net, f"up{level}", channels[level])
    net.conv("head/classify", request.classes)
    return net


def ssd_mobilenet(request: Variant) -> Drawing:
    """SSD behind MobileNet v1: classes and boxes for the anchors of four levels.

    Eight outputs, two for each level: [1, anchors * classes or * 4, rows, columns]. What makes
    boxes of them (priors, non-maximum suppression) is left to the application.
    """
    net = Drawing(request.image, same_padding=True)
    net.conv("stem/conv", divisible(32 * request.width), 3, 2, RELU6)
    levels = []
    for index, (channels, stride) in enumerate((*MBV1, (1024, 2), (1024, 1)), start=1):
        if index == len(MBV1) + 1:
            levels.append(net.value)
        separable(net, f"block{index}", divisible(channels * request.width), stride)
    levels.append(net.value)
    for number, (inner, outputs) in enumerate(SSD_EXTRA, start=1):
        net.conv(f"extra{number}/reduce", divisible(inner * request.width), 1, 1, RELU6)
        net.conv(f"extra{number}/conv", divisible(outputs * request.width), 3, 2, RELU6)
        levels.append(net.value)
    for number, (source, anchors) in enumerate(zip(levels, SSD_ANCHORS, strict=True)):
        for name, each in (("classes", request.classes), ("boxes", BOX)):
            net.outputs.append(net.conv(f"{name}{number}", anchors * each, 1, 1, NONE, source))
    return net


def fomo(request: Variant) -> Drawing:
    """FOMO: MobileNetV2 up to an eighth of the resolution, and a class for each place."""
    net = Drawing(request.image)
    stem(net, divisible(32 * request.width), divisible(16 * request.width))
    shapes = [
        (expansion, channels, stride if repeat == 0 else 1)
        for expansion, channels, repeats, stride in MBV2
        for repeat in range(repeats)
    ]
    for number, (expansion, channels, stride) in enumerate(shapes[:FOMO_BLOCKS], start=1):
        block = (3, expansion * net.channels, divisible(channels * request.width), stride)
        inverted_residual(net, f"block{number}", block)
    net.conv("cut/expand", MBV2[2][0] * net.channels, 1, 1, RELU6)
    net.conv("head/conv", FOMO_HEAD, 1, 1, RELU)
    net.conv("head/classify", request.classes)
    net.softmax("head/softmax")
    return net


def pan(request: Variant) -> Drawing:
    """A path aggregation pyramid with NanoDet's light layers: three levels down, up, down again."""
    net = Drawing(request.image)
    net.conv("stem/conv", divisible(16 * request.width), 3, 2, RELU6)
    levels = []
    for number, channels in enumerate(PAN_LEVELS):
        outputs = divisible(channels * request.width)
        levels.append(net.conv(f"level{number}/conv", outputs, 3, 2, RELU6))
    wide = divisible(PAN_CHANNELS * request.width)
    levels = [
        net.conv(f"level{number}/lateral", wide, 1, 1, RELU6, source)
        for number, source in enumerate(levels)
    ]
    merged = [levels[-1]]
    for number in (1, 0):
        net.enlarge(f"up{number}/enlarge")
        net.add(f"up{number}/add", levels[number], net.value, NONE)
        separable(net, f"up{number}", wide, 1)
        merged.insert(0, net.value)
    for number in (1, 2):
        down = net.depthwise(f"down{number}/shrink", 3, 2, NONE, merged[number - 1])
        net.add(f"down{number}/add", merged[number], down, NONE)
        separable(net, f"down{number}", wide, 1)
        merged[number] = net.value
    for number, source in enumerate(merged):
        outputs = request.classes + BOX
        net.outputs.append(net.conv(f"boxes{number}", outputs, 1, 1, NONE, source))
    return net


def _twice(net: Drawing, name: str, outputs: int) -> None:
    """U-Net's two 3x3 convolutions, padded, so that maps of a level have one size."""
    for number in (1, 2):
        net.conv(f"{name}/conv{number}", outputs, 3, 1, RELU)
