"""The published architectures, as functions from a Variant to a Drawing.

The tables in front of them are those of the papers that are named beside them. A new one is a
function here and an entry in zoo/entries.py; tests build, plan and verify every entry.
"""

from msfcnn.zoo.networks.branches import densenet, inception, shufflenet_v2, squeezenet
from msfcnn.zoo.networks.maps import fomo, pan, ssd_mobilenet, unet
from msfcnn.zoo.networks.mcunet import mcunet_320kb, mcunet_vww
from msfcnn.zoo.networks.mobilenet import ds_cnn, mobilenet_v1, mobilenet_v2, mobilenet_v3_small
from msfcnn.zoo.networks.residual import resnet8, resnet18, resnet20
from msfcnn.zoo.networks.variant import Variant

__all__ = [
    "Variant",
    "densenet",
    "ds_cnn",
    "fomo",
    "inception",
    "mcunet_320kb",
    "mcunet_vww",
    "mobilenet_v1",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "pan",
    "resnet8",
    "resnet18",
    "resnet20",
    "shufflenet_v2",
    "squeezenet",
    "ssd_mobilenet",
    "unet",
]
