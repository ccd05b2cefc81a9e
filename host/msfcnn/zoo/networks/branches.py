"""Classifiers whose branches are concatenated: SqueezeNet, Inception, DenseNet, ShuffleNet."""

from __future__ import annotations

from msfcnn.zoo.drawing import Drawing
from msfcnn.zoo.networks.variant import NONE, RELU, Variant, divisible

# channels of 1x1 convolutions before and in a fire module, from pool to pool; Iandola et al., 2016
SQUEEZENET = (
    ((16, 64), (16, 64)),
    ((32, 128), (32, 128)),
    ((48, 192), (48, 192), (64, 256), (64, 256)),
)
# 1x1; 1x1 and 3x3; 1x1 and 5x5; pooled 1x1; from pool to pool; Szegedy et al., CVPR 2015
Inception = tuple[int, int, int, int, int, int]
GOOGLENET: tuple[tuple[Inception, ...], ...] = (
    ((64, 96, 128, 16, 32, 32),),
    ((128, 128, 192, 32, 96, 64),),
    ((192, 96, 208, 16, 48, 64),),
)
# layers of the blocks, and channels that each layer adds; Huang et al., CVPR 2017
DENSENET, GROWTH = (6, 6, 6), 12
# channels of the three stages and of the last convolution; Ma et al., ECCV 2018
SHUFFLENET = {
    0.5: (48, 96, 192, 1024),
    1.0: (116, 232, 464, 1024),
    1.5: (176, 352, 704, 1024),
    2.0: (244, 488, 976, 2048),
}
SHUFFLENET_UNITS = (4, 8, 4)


def squeezenet(request: Variant) -> Drawing:
    """SqueezeNet 1.1."""
    net = Drawing(request.image)
    net.conv("stem/conv", divisible(64 * request.width), 3, 2, RELU)
    number = 2  # the paper counts the stem, too
    for modules in SQUEEZENET:
        net.window_pool(f"fire{number}/pool", 3, 2)
        for squeezed, expanded in modules:
            inner, outputs = (divisible(c * request.width) for c in (squeezed, expanded))
            _fire(net, f"fire{number}", inner, outputs)
            number += 1
    net.conv("head/conv", request.classes, 1, 1, RELU)
    net.pool("head/pool")
    return net


def inception(request: Variant) -> Drawing:
    """GoogLeNet's modules 3a, 3b and 4a behind a stem for small images."""
    net = Drawing(request.image)
    net.conv("stem/conv", divisible(128 * request.width), 3, 2, RELU)
    for level, modules in enumerate(GOOGLENET, start=1):
        if level > 1:
            net.window_pool(f"level{level}/pool", 3, 2)
        for number, module in enumerate(modules, start=1):
            _inception(net, f"level{level}/module{number}", module, request.width)
    net.classify(request.classes, softmax=False)
    return net


def densenet(request: Variant) -> Drawing:
    """DenseNet for CIFAR: 3 blocks of 6 layers, growth 12, transitions that halve the channels."""
    net = Drawing(request.image)
    growth = divisible(GROWTH * request.width, 4)
    net.conv("stem/conv", 2 * growth, 3, 1, RELU)
    for block, layers in enumerate(DENSENET, start=1):
        if block > 1:
            net.conv(f"transition{block}/conv", net.channels // 2, 1, 1, RELU)
            net.window_pool(f"transition{block}/pool", 2, 2, average=True)
        for number in range(1, layers + 1):
            name, source = f"block{block}/layer{number}", net.value
            added = net.conv(f"{name}/conv", growth, 3, 1, RELU)
            net.concat(f"{name}/concat", (source, added))
    net.classify(request.classes, softmax=False)
    return net


def shufflenet_v2(request: Variant) -> Drawing:
    """ShuffleNetV2; widths that the paper does not list scale those of 1.0, to even numbers."""
    *stages, last = SHUFFLENET.get(
        request.width, [2 * round(c * request.width / 2) for c in SHUFFLENET[1.0]]
    )
    net = Drawing(request.image)
    net.conv("stem/conv", 24, 3, 2, RELU)
    net.window_pool("stem/pool", 3, 2)
    for stage, (outputs, units) in enumerate(zip(stages, SHUFFLENET_UNITS, strict=True), start=2):
        for unit in range(1, units + 1):
            _shuffle_unit(net, f"stage{stage}/unit{unit}", outputs, 2 if unit == 1 else 1)
    net.conv("head/conv", last, 1, 1, RELU)
    net.classify(request.classes, softmax=False)
    return net


def _fire(net: Drawing, name: str, squeezed: int, expanded: int) -> None:
    """Few channels, and from them many, half of them by a 3x3 kernel."""
    source = net.conv(f"{name}/squeeze", squeezed, 1, 1, RELU)
    parts = [
        net.conv(f"{name}/expand{kernel}", expanded, kernel, 1, RELU, source) for kernel in (1, 3)
    ]
    net.concat(f"{name}/concat", parts)


def _inception(net: Drawing, name: str, module: Inception, width: float) -> None:
    """Four branches from one value: 1x1, 3x3 and 5x5 behind a 1x1, and a pool with a 1x1 behind."""
    source = net.value
    one, three_in, three, five_in, five, pooled = (divisible(c * width, 4) for c in module)
    parts = [net.conv(f"{name}/one", one, 1, 1, RELU, source)]
    for kernel, inner, outputs in ((3, three_in, three), (5, five_in, five)):
        net.conv(f"{name}/{kernel}x{kernel}/reduce", inner, 1, 1, RELU, source)
        parts.append(net.conv(f"{name}/{kernel}x{kernel}", outputs, kernel, 1, RELU))
    net.window_pool(f"{name}/pool", 3, 1, source=source)
    parts.append(net.conv(f"{name}/pooled", pooled, 1, 1, RELU))
    net.concat(f"{name}/concat", parts)


def _shuffle_unit(net: Drawing, name: str, outputs: int, stride: int) -> None:
    """Half of the channels pass by, or are halved in size, too; then they are mixed."""
    source, channels, half = net.value, net.channels, outputs // 2
    if stride == 1:
        passing = net.part(f"{name}/passing", source, 0, channels // 2)
        source = net.part(f"{name}/worked", source, channels // 2, channels)
    else:
        net.depthwise(f"{name}/side/depthwise", 3, stride, NONE, source)
        passing = net.conv(f"{name}/side/pointwise", half, 1, 1, RELU)
    net.conv(f"{name}/expand", half, 1, 1, RELU, source)
    net.depthwise(f"{name}/depthwise", 3, stride)
    worked = net.conv(f"{name}/pointwise", half, 1, 1, RELU)
    net.concat(f"{name}/concat", (passing, worked))
    net.shuffle(f"{name}/shuffle", 2)
