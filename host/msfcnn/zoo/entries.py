"""The networks of the zoo by name, with the sizes they are published or commonly run with.

Where a network is too large for a microcontroller as published, the default width and image are
those of a small variant; the papers stand at the tables of zoo/networks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from msfcnn.zoo import networks
from msfcnn.zoo.drawing import Drawing
from msfcnn.zoo.networks import Variant


@dataclass(frozen=True)
class Entry:
    """A network with its defaults.

    description: one line for people.
    draw:     the function of zoo/networks that draws it.
    image:    (height, width, channels). A resolution replaces height and width of square ones.
    width:    default width multiplier.
    classes:  default number of classes.
    scalable: whether a width multiplier is part of the architecture.
    multiple: what height and width must be a multiple of, so that maps which are halved and doubled
              again meet in size.
    """

    name: str
    description: str
    draw: Callable[[Variant], Drawing]
    image: tuple[int, int, int]
    width: float
    classes: int
    scalable: bool
    multiple: int = 1


ENTRIES = (
    Entry(
        name="densenet",
        description="DenseNet-22, growth 12, image classification",
        draw=networks.densenet,
        image=(32, 32, 3),
        width=1.0,
        classes=10,
        scalable=True,
        multiple=4,
    ),
    Entry(
        name="ds-cnn",
        description="DS-CNN, keyword spotting (MLPerf Tiny)",
        draw=networks.ds_cnn,
        image=(49, 10, 1),
        width=1.0,
        classes=12,
        scalable=True,
    ),
    Entry(
        name="fomo",
        description="FOMO, objects as a class for each place, behind MobileNetV2",
        draw=networks.fomo,
        image=(96, 96, 3),
        width=0.35,
        classes=2,
        scalable=True,
    ),
    Entry(
        name="inception",
        description="GoogLeNet's modules at a quarter of their width",
        draw=networks.inception,
        image=(64, 64, 3),
        width=0.25,
        classes=10,
        scalable=True,
    ),
    Entry(
        name="mbv2",
        description="MobileNetV2",
        draw=networks.mobilenet_v2,
        image=(224, 224, 3),
        width=1.0,
        classes=1000,
        scalable=True,
    ),
    Entry(
        name="mcunet-320kb-imagenet",
        description="MCUNet-320KB-ImageNet",
        draw=networks.mcunet_320kb,
        image=(176, 176, 3),
        width=1.0,
        classes=1000,
        scalable=False,
    ),
    Entry(
        name="mcunetv2-vww-5fps",
        description="MCUNetV2-VWW-5fps",
        draw=networks.mcunet_vww,
        image=(80, 80, 3),
        width=1.0,
        classes=2,
        scalable=False,
    ),
    Entry(
        name="mobilenetv1",
        description="MobileNet v1, visual wake words (MLPerf Tiny)",
        draw=networks.mobilenet_v1,
        image=(96, 96, 3),
        width=0.25,
        classes=2,
        scalable=True,
    ),
    Entry(
        name="mobilenetv3-small",
        description="MobileNetV3-Small, with squeeze-and-excite and HardSwish",
        draw=networks.mobilenet_v3_small,
        image=(224, 224, 3),
        width=1.0,
        classes=1000,
        scalable=True,
    ),
    Entry(
        name="pan",
        description="path aggregation pyramid of a small detector, as in NanoDet",
        draw=networks.pan,
        image=(96, 96, 3),
        width=1.0,
        classes=2,
        scalable=True,
        multiple=16,
    ),
    Entry(
        name="resnet8",
        description="ResNet-8, image classification (MLPerf Tiny)",
        draw=networks.resnet8,
        image=(32, 32, 3),
        width=1.0,
        classes=10,
        scalable=True,
    ),
    Entry(
        name="resnet18",
        description="ResNet-18",
        draw=networks.resnet18,
        image=(224, 224, 3),
        width=1.0,
        classes=1000,
        scalable=True,
    ),
    Entry(
        name="resnet20",
        description="ResNet-20, image classification",
        draw=networks.resnet20,
        image=(32, 32, 3),
        width=1.0,
        classes=10,
        scalable=True,
    ),
    Entry(
        name="shufflenetv2",
        description="ShuffleNetV2",
        draw=networks.shufflenet_v2,
        image=(96, 96, 3),
        width=0.5,
        classes=10,
        scalable=True,
    ),
    Entry(
        name="squeezenet",
        description="SqueezeNet 1.1",
        draw=networks.squeezenet,
        image=(96, 96, 3),
        width=0.5,
        classes=10,
        scalable=True,
    ),
    Entry(
        name="ssd-mobilenet",
        description="SSD, objects as boxes on four levels, behind MobileNet v1",
        draw=networks.ssd_mobilenet,
        image=(160, 160, 3),
        width=0.25,
        classes=2,
        scalable=True,
    ),
    Entry(
        name="unet",
        description="U-Net, segmentation",
        draw=networks.unet,
        image=(96, 96, 3),
        width=0.125,
        classes=2,
        scalable=True,
        multiple=8,
    ),
)
NAMES = tuple(entry.name for entry in ENTRIES)
