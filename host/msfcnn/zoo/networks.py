"""The published architectures."""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.zoo.layers import Activation, Drawing, Shape

RELU, RELU6, NONE = Activation.RELU, Activation.RELU6, Activation.NONE

# (kernel, expanded channels, output channels, stride) of inverted residuals
InvertedResidual = tuple[int, int, int, int]

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
# (expansion, channels, repeats, stride); Sandler et al., CVPR 2018
MBV2 = (
    *((6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2)),
    *((6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)),
)
# (channels, stride) of separable convolutions; Howard et al., 2017
MBV1 = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5)


@dataclass(frozen=True)
class Variant:
    """What to draw."""

    image: Shape
    width: float
    classes: int


def divisible(channels: float, divisor: int = 8) -> int:
    """Channels rounded to a multiple, never by more than 10 % down, as MobileNets do."""
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * channels else rounded


def mobilenet_v2(request: Variant) -> Drawing:
    """MobileNetV2 with ReLU6."""
    net = Drawing(request.image)
    _stem(net, divisible(32 * request.width), divisible(16 * request.width))
    block = 1
    for expansion, channels, repeats, stride in MBV2:
        for repeat in range(repeats):
            wide = expansion * net.shapes[net.value][2]
            outputs = divisible(channels * request.width)
            first_stride = stride if repeat == 0 else 1
            _inverted_residual(net, f"block{block}", (3, wide, outputs, first_stride))
            block += 1
    net.conv("head/conv", divisible(1280 * max(1.0, request.width)), 1, 1, RELU6)
    net.classify(request.classes, softmax=False)
    return net


def mcunet_vww(request: Variant) -> Drawing:
    """MCUNetV2-VWW-5fps."""
    return _mcunet(request, MCUNET_VWW)


def mcunet_320kb(request: Variant) -> Drawing:
    """MCUNet-320KB-ImageNet."""
    return _mcunet(request, MCUNET_320KB)


def mobilenet_v1(request: Variant) -> Drawing:
    """MobileNet v1 with ReLU6, as in TFLM's person detection (MLPerf Tiny's twin has ReLU)."""
    net = Drawing(request.image, same_padding=True)
    net.conv("stem/conv", divisible(32 * request.width), 3, 2, RELU6)
    for index, (channels, stride) in enumerate((*MBV1, (1024, 2), (1024, 1)), start=1):
        net.depthwise(f"block{index}/depthwise", 3, stride, RELU6)
        net.conv(f"block{index}/pointwise", divisible(channels * request.width), 1, 1, RELU6)
    net.classify(request.classes, softmax=True)
    return net


def ds_cnn(request: Variant) -> Drawing:
    """DS-CNN for keyword spotting; Zhang et al., 2017, as in MLPerf Tiny."""
    net = Drawing(request.image, same_padding=True)
    channels = divisible(64 * request.width)
    net.conv("stem/conv", channels, (10, 4), 2, RELU)
    for index in range(1, 5):
        net.depthwise(f"block{index}/depthwise", 3, 1, RELU)
        net.conv(f"block{index}/pointwise", channels, 1, 1, RELU)
    net.classify(request.classes, softmax=True)
    return net


def resnet8(request: Variant) -> Drawing:
    """ResNet-8 for CIFAR-10, as in MLPerf Tiny's image classification."""
    net = Drawing(request.image, same_padding=True)
    channels = [divisible(c * request.width) for c in (16, 32, 64)]
    source = net.conv("stem/conv", channels[0], 3, 1, RELU)
    for index, outputs in enumerate(channels, start=1):
        name, stride = f"stack{index}", 1 if index == 1 else 2
        net.conv(f"{name}/conv1", outputs, 3, stride, RELU)
        branch = net.conv(f"{name}/conv2", outputs, 3)
        if index > 1:
            source = net.conv(f"{name}/shortcut", outputs, 1, stride, NONE, source)
        source = net.add(f"{name}/add", source, branch, RELU)
    net.classify(request.classes, softmax=True)
    return net


def _mcunet(request: Variant, blocks: tuple[InvertedResidual, ...]) -> Drawing:
    net = Drawing(request.image)
    _stem(net, 16, 8)
    for index, block in enumerate(blocks, start=1):
        _inverted_residual(net, f"block{index}", block)
    net.classify(request.classes, softmax=False)
    return net


def _stem(net: Drawing, wide: int, outputs: int) -> None:
    """First convolution, and the block without expansion behind it."""
    net.conv("stem/conv", wide, 3, 2, RELU6)
    net.depthwise("stem/depthwise", 3, 1, RELU6)
    net.conv("stem/project", outputs)


def _inverted_residual(net: Drawing, name: str, block: InvertedResidual) -> None:
    """Expand, depthwise, project; added to its input where shapes agree (MobileNetV2)."""
    kernel, wide, outputs, stride = block
    source = net.value
    net.conv(f"{name}/expand", wide, 1, 1, RELU6)
    net.depthwise(f"{name}/depthwise", kernel, stride, RELU6)
    project = net.conv(f"{name}/project", outputs)
    if stride == 1 and net.shapes[source][2] == outputs:
        net.add(f"{name}/add", source, project, NONE)
