"""MobileNets and what is made of their layers: depthwise and pointwise convolutions in turn."""

from __future__ import annotations

from msfcnn.zoo.drawing import Drawing
from msfcnn.zoo.layers import Activation, Function
from msfcnn.zoo.networks.variant import NONE, RELU, RELU6, Variant, divisible

# (kernel, expanded channels, output channels, stride) of inverted residuals
InvertedResidual = tuple[int, int, int, int]

# (expansion, channels, repeats, stride); Sandler et al., CVPR 2018
MBV2 = (
    *((6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2)),
    *((6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)),
)
# (channels, stride) of separable convolutions; Howard et al., 2017
MBV1 = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5)
# (kernel, expanded, channels, gated, HardSwish, stride); Howard et al., ICCV 2019
MBV3_SMALL = (
    *((3, 16, 16, True, False, 2), (3, 72, 24, False, False, 2), (3, 88, 24, False, False, 1)),
    *((5, 96, 40, True, True, 2), (5, 240, 40, True, True, 1), (5, 240, 40, True, True, 1)),
    *((5, 120, 48, True, True, 1), (5, 144, 48, True, True, 1)),
    *((5, 288, 96, True, True, 2), (5, 576, 96, True, True, 1), (5, 576, 96, True, True, 1)),
)
SQUEEZE = 4  # times fewer channels inside a gate


def mobilenet_v2(request: Variant) -> Drawing:
    """MobileNetV2 with ReLU6."""
    net = Drawing(request.image)
    stem(net, divisible(32 * request.width), divisible(16 * request.width))
    block = 1
    for expansion, channels, repeats, stride in MBV2:
        for repeat in range(repeats):
            wide = expansion * net.shapes[net.value][2]
            outputs = divisible(channels * request.width)
            first_stride = stride if repeat == 0 else 1
            inverted_residual(net, f"block{block}", (3, wide, outputs, first_stride))
            block += 1
    net.conv("head/conv", divisible(1280 * max(1.0, request.width)), 1, 1, RELU6)
    net.classify(request.classes, softmax=False)
    return net


def mobilenet_v1(request: Variant) -> Drawing:
    """MobileNet v1 with ReLU6, as in TFLM's person detection (MLPerf Tiny's twin has ReLU)."""
    net = Drawing(request.image, same_padding=True)
    net.conv("stem/conv", divisible(32 * request.width), 3, 2, RELU6)
    for index, (channels, stride) in enumerate((*MBV1, (1024, 2), (1024, 1)), start=1):
        separable(net, f"block{index}", divisible(channels * request.width), stride)
    net.classify(request.classes, softmax=True)
    return net


def mobilenet_v3_small(request: Variant) -> Drawing:
    """MobileNetV3-Small: HardSwish, and gates by squeeze-and-excite."""
    net = Drawing(request.image)
    net.conv("stem/conv", divisible(16 * request.width), 3, 2, Function.HARD_SWISH)
    for index, (kernel, wide, channels, gated, swish, stride) in enumerate(MBV3_SMALL, start=1):
        inner, outputs = (divisible(c * request.width) for c in (wide, channels))
        activation = Function.HARD_SWISH if swish else RELU
        block = (kernel, inner, outputs, stride)
        inverted_residual(net, f"block{index}", block, activation, gated)
    net.conv("head/conv", divisible(576 * request.width), 1, 1, Function.HARD_SWISH)
    net.pool("head/pool")
    net.conv("head/wide", divisible(1024 * request.width), 1, 1, Function.HARD_SWISH)
    net.dense("head/classify", request.classes)
    return net


def ds_cnn(request: Variant) -> Drawing:
    """DS-CNN for keyword spotting; Zhang et al., 2017, as in MLPerf Tiny."""
    net = Drawing(request.image, same_padding=True)
    channels = divisible(64 * request.width)
    net.conv("stem/conv", channels, (10, 4), 2, RELU)
    for index in range(1, 5):
        separable(net, f"block{index}", channels, 1, RELU)
    net.classify(request.classes, softmax=True)
    return net


def stem(net: Drawing, wide: int, outputs: int) -> None:
    """The first convolution, and the block without expansion behind it."""
    net.conv("stem/conv", wide, 3, 2, RELU6)
    net.depthwise("stem/depthwise", 3, 1, RELU6)
    net.conv("stem/project", outputs)


def separable(
    net: Drawing, name: str, outputs: int, stride: int, activation: Activation = RELU6
) -> None:
    """A depthwise convolution and a pointwise one."""
    net.depthwise(f"{name}/depthwise", 3, stride, activation)
    net.conv(f"{name}/pointwise", outputs, 1, 1, activation)


def inverted_residual(
    net: Drawing,
    name: str,
    block: InvertedResidual,
    activation: Activation | Function = RELU6,
    gated: bool = False,
) -> None:
    """Expanded, filtered, projected; added to what it was made of, if that has the same shape."""
    kernel, wide, outputs, stride = block
    source = net.value
    if wide != net.channels:
        net.conv(f"{name}/expand", wide, 1, 1, activation)
    net.depthwise(f"{name}/depthwise", kernel, stride, activation)
    if gated:
        _squeeze_and_excite(net, f"{name}/gate")
    project = net.conv(f"{name}/project", outputs)
    if stride == 1 and net.shapes[source][2] == outputs:
        net.add(f"{name}/add", source, project, NONE)


def _squeeze_and_excite(net: Drawing, name: str) -> None:
    """Each channel of the newest value times a factor that the whole map decides."""
    source, channels = net.value, net.channels
    net.pool(f"{name}/pool")
    net.conv(f"{name}/squeeze", divisible(channels / SQUEEZE), 1, 1, RELU)
    factors = net.conv(f"{name}/excite", channels, 1, 1, Function.HARD_SIGMOID)
    net.gate(name, source, factors)
