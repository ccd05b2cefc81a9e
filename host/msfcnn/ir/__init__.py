"""The quantized network as immutable data: tensors in NHWC order and the ops between them."""

from msfcnn.ir.geometry import Axis, Clamp, Geometry, Shape
from msfcnn.ir.liveness import last_readers, live_bytes, live_during, owners, producers
from msfcnn.ir.model import (
    FACTS,
    Call,
    CStruct,
    InputMode,
    Model,
    Op,
    Port,
    Reads,
    without_constants,
)
from msfcnn.ir.numerics import (
    INT32_MAX,
    LARGEST_MULTIPLIER,
    SMALLEST_MULTIPLIER,
    TO_EVEN,
    Scaling,
    Values,
    absurd_scale,
    clamped,
    quantize_factor,
    quantize_factors,
    requantize,
    scaling_of,
    to_even,
)
from msfcnn.ir.pixels import Pixels
from msfcnn.ir.ranges import Mask, Range, anything
from msfcnn.ir.tensor import Order, Quantization, Tensor

__all__ = [
    "FACTS",
    "INT32_MAX",
    "LARGEST_MULTIPLIER",
    "SMALLEST_MULTIPLIER",
    "TO_EVEN",
    "Axis",
    "CStruct",
    "Call",
    "Clamp",
    "Geometry",
    "InputMode",
    "Mask",
    "Model",
    "Op",
    "Order",
    "Pixels",
    "Port",
    "Quantization",
    "Range",
    "Reads",
    "Scaling",
    "Shape",
    "Tensor",
    "Values",
    "absurd_scale",
    "anything",
    "clamped",
    "last_readers",
    "live_bytes",
    "live_during",
    "owners",
    "producers",
    "quantize_factor",
    "quantize_factors",
    "requantize",
    "scaling_of",
    "to_even",
    "without_constants",
]
