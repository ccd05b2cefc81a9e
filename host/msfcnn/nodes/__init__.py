"""An ONNX graph while it is converted: its nodes, what is known of its values, the builder."""

from msfcnn.nodes.ahead import PARTS
from msfcnn.nodes.builder import Builder, Moves, resolved_axes, same_quantization
from msfcnn.nodes.extents import LARGEST_TENSOR, check_size, fits
from msfcnn.nodes.importer import Handler, Importer, Role
from msfcnn.nodes.node import Border, Graph, Node, Shape
from msfcnn.nodes.problems import Log, UnknowableError, Unsupported
from msfcnn.nodes.sliding import Sliding, kernel_shape, slide, spatial_input
from msfcnn.nodes.values import (
    UNSET,
    Bounds,
    Constant,
    Draft,
    Known,
    Padding,
    Poison,
    Source,
    Spread,
    Value,
)
from msfcnn.nodes.views import HWC, View, map_view, named_order, offsets, view_with_channels
from msfcnn.nodes.weights import (
    bias_units,
    fits_channels,
    integer_weights,
    lone_number,
    per_channel,
)

__all__ = [
    "HWC",
    "LARGEST_TENSOR",
    "PARTS",
    "UNSET",
    "Border",
    "Bounds",
    "Builder",
    "Constant",
    "Draft",
    "Graph",
    "Handler",
    "Importer",
    "Known",
    "Log",
    "Moves",
    "Node",
    "Padding",
    "Poison",
    "Role",
    "Shape",
    "Sliding",
    "Source",
    "Spread",
    "UnknowableError",
    "Unsupported",
    "Value",
    "View",
    "bias_units",
    "check_size",
    "fits",
    "fits_channels",
    "integer_weights",
    "kernel_shape",
    "lone_number",
    "map_view",
    "named_order",
    "offsets",
    "per_channel",
    "resolved_axes",
    "same_quantization",
    "slide",
    "spatial_input",
    "view_with_channels",
]
