"""ResNets: sums with what was before, and shortcuts with a convolution where shapes differ."""

from __future__ import annotations

from msfcnn.zoo.drawing import Drawing
from msfcnn.zoo.networks.variant import NONE, RELU, Variant, divisible


def resnet8(request: Variant) -> Drawing:
    """ResNet-8 for CIFAR-10, as in MLPerf Tiny's image classification."""
    net = Drawing(request.image, same_padding=True)
    _cifar(net, request, blocks=1)
    net.classify(request.classes, softmax=True)
    return net


def resnet20(request: Variant) -> Drawing:
    """ResNet-20 for CIFAR-10; He et al., CVPR 2016."""
    net = Drawing(request.image)
    _cifar(net, request, blocks=3)
    net.classify(request.classes, softmax=False)
    return net


def resnet18(request: Variant) -> Drawing:
    """ResNet-18 for ImageNet; He et al., CVPR 2016."""
    net = Drawing(request.image)
    channels = [divisible(c * request.width) for c in (64, 128, 256, 512)]
    net.conv("stem/conv", channels[0], 7, 2, RELU)
    net.window_pool("stem/pool", 3, 2)
    for stage, outputs in enumerate(channels, start=1):
        for block in (1, 2):
            stride = 2 if block == 1 and stage > 1 else 1
            _basic_block(net, f"stage{stage}/block{block}", outputs, stride)
    net.classify(request.classes, softmax=False)
    return net


def _cifar(net: Drawing, request: Variant, blocks: int) -> None:
    """Three stacks of so many blocks each."""
    channels = [divisible(c * request.width) for c in (16, 32, 64)]
    net.conv("stem/conv", channels[0], 3, 1, RELU)
    for stack, outputs in enumerate(channels, start=1):
        for block in range(1, blocks + 1):
            name = f"stack{stack}" if blocks == 1 else f"stack{stack}/block{block}"
            _basic_block(net, name, outputs, 2 if block == 1 and stack > 1 else 1)


def _basic_block(net: Drawing, name: str, outputs: int, stride: int) -> None:
    """Two convolutions beside a shortcut, which has one where the shape changes."""
    source, changes = net.value, stride > 1 or net.channels != outputs
    net.conv(f"{name}/conv1", outputs, 3, stride, RELU)
    branch = net.conv(f"{name}/conv2", outputs, 3)
    if changes:
        source = net.conv(f"{name}/shortcut", outputs, 1, stride, NONE, source)
    net.add(f"{name}/add", source, branch, RELU)
