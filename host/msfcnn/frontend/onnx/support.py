"""Which ONNX operators are supported, what they become, and advice for those that are not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class OpSupport:
    """A supported operator: what it becomes in the model, and what it must look like."""

    op: str
    becomes: str
    constraints: tuple[str, ...]


_SWEEP = (
    "2-D [1, C, H, W] or 1-D [1, C, W]",
    "kernel, stride and dilation 1 to 255 per axis, padding 0 to 255 per side, also asymmetric",
    "auto_pad NOTSET, VALID, SAME_UPPER or SAME_LOWER",
)
_CONSTANT_TARGET = "shape known without running the model"

SUPPORTED: tuple[OpSupport, ...] = (
    OpSupport(
        "Add",
        "Add; with a constant: bias of the layer before, or a depthwise 1x1 Conv",
        (
            "two activations of one shape, or an activation and a constant",
            "constants: a scalar or one value per channel",
        ),
    ),
    OpSupport(
        "AveragePool",
        "AveragePool; GlobalAveragePool if it covers the whole map",
        (*_SWEEP, "ceil_mode only without count_include_pad"),
    ),
    OpSupport("Clip", "clamp of the op before, or Requantize", ("min and max constant",)),
    OpSupport(
        "Concat",
        "Concat",
        ("along channels: axis 1 of NCHW, or the last axis of NHWC", "activations only"),
    ),
    OpSupport("Constant", "constant", ("tensor, float(s) or int(s)",)),
    OpSupport(
        "Conv",
        "Conv (ordinary, pointwise, depthwise, grouped)",
        (
            *_SWEEP,
            "weights int8 symmetric (or uint8 with zero point 128), per tensor or per channel",
            "bias int32 or float, constant",
        ),
    ),
    OpSupport("DequantizeLinear", "scale of a tensor or constant", ("activations per tensor",)),
    OpSupport("Dropout", "nothing", ("inference, mask unused",)),
    OpSupport("Flatten", "nothing, or Reshape", ()),
    OpSupport(
        "Gemm",
        "pointwise Conv on 1x1 pixels",
        ("transA = 0, alpha > 0", "B constant, int8 symmetric; C constant"),
    ),
    OpSupport("GlobalAveragePool", "GlobalAveragePool", ("2-D or 1-D",)),
    OpSupport("Identity", "nothing", ()),
    OpSupport(
        "MatMul",
        "pointwise Conv; a constant Add behind it becomes its bias",
        ("right side a constant matrix, int8 symmetric", "vectors, or NHWC maps per pixel"),
    ),
    OpSupport(
        "MaxPool",
        "MaxPool",
        (*_SWEEP, "ceil_mode as padding", "indices output unused"),
    ),
    OpSupport(
        "Pad",
        "padding of the Conv or AveragePool behind it",
        (
            "mode constant with value 0, height and width only",
            "before MaxPool only if the zero point is -128",
        ),
    ),
    OpSupport(
        "QuantizeLinear",
        "tensor, or Requantize if the scale changes",
        ("int8 or uint8, per tensor for activations",),
    ),
    OpSupport("ReduceMean", "GlobalAveragePool", ("over height and width together",)),
    OpSupport("Relu", "clamp of the op before, or Requantize", ()),
    OpSupport("Reshape", "nothing, or Reshape", (_CONSTANT_TARGET,)),
    OpSupport(
        "Softmax",
        "Softmax",
        ("over channels; float output of the model or QuantizeLinear behind it",),
    ),
    OpSupport("Squeeze", "nothing, or Reshape", ("axes constant",)),
    OpSupport(
        "Transpose", "nothing", ("between NCHW and NHWC, or where the next op knows any order",)
    ),
    OpSupport("Unsqueeze", "nothing, or Reshape", ("axes constant",)),
)

_ACTIVATION = "train with Relu or Clip (ReLU6) instead"
_RECURRENT = "msfcnn runs convolutional networks; replace it by 1-D convolutions"
_RESIZE = "use a strided Conv or a pool to change the resolution, or do it outside the model"
_GATE = "remove gates (squeeze and excitation) from the network, or fold a constant into weights"
_CUT = "cut the model before it and do this step in the application"
_QDQ = "quantize the float model in QDQ format (quant_format=QuantFormat.QDQ)"
_FOLD = "fold it into the convolution before it: export in eval mode, or simplify the float model"
_STATIC = "export with fixed shapes and fold constants (onnxsim or onnxruntime's basic level)"

HINTS: Mapping[str, str] = {
    "ArgMax": _CUT,
    "Attention": _RECURRENT,
    "BatchNormalization": _FOLD,
    "Cast": _CUT,
    "ConvInteger": _QDQ,
    "ConvTranspose": _RESIZE,
    "DepthToSpace": _RESIZE,
    "Div": _GATE,
    "DynamicQuantizeLinear": _QDQ,
    "Elu": _ACTIVATION,
    "Expand": _STATIC,
    "GRU": _RECURRENT,
    "Gather": _STATIC,
    "Gelu": _ACTIVATION,
    "GlobalMaxPool": "use a MaxPool whose kernel is the whole map",
    "HardSigmoid": _GATE,
    "HardSwish": _ACTIVATION,
    "If": _STATIC,
    "InstanceNormalization": "train with BatchNormalization and fold it into the convolutions",
    "LSTM": _RECURRENT,
    "LayerNormalization": "train with BatchNormalization and fold it into the convolutions",
    "LeakyRelu": _ACTIVATION,
    "LogSoftmax": "use Softmax, or cut the model before it",
    "Loop": _STATIC,
    "MatMulInteger": _QDQ,
    "Mish": _ACTIVATION,
    "Mul": _GATE,
    "NonMaxSuppression": _CUT,
    "PRelu": _ACTIVATION,
    "QLinearConv": _QDQ,
    "QLinearMatMul": _QDQ,
    "RNN": _RECURRENT,
    "ReduceMax": "use a MaxPool whose kernel is the whole map",
    "ReduceSum": "use ReduceMean or GlobalAveragePool",
    "Resize": _RESIZE,
    "Selu": _ACTIVATION,
    "Shape": _STATIC,
    "Sigmoid": f"{_ACTIVATION}; as the last op: cut the model before it",
    "Slice": "export the branches as separate convolutions",
    "Softplus": _ACTIVATION,
    "SpaceToDepth": _RESIZE,
    "Split": "export the branches as separate convolutions",
    "Sub": "use Add with a negated constant",
    "Sum": "use Add",
    "Swish": _ACTIVATION,
    "Tanh": f"{_ACTIVATION}; as the last op: cut the model before it",
    "ThresholdedRelu": _ACTIVATION,
    "TopK": _CUT,
    "Upsample": _RESIZE,
}

FALLBACK = "`msfcnn ops` lists what is supported"


def hint(kind: str) -> str:
    """What a user can do about an operator that is not supported."""
    return HINTS.get(kind.rpartition("::")[2], FALLBACK)
