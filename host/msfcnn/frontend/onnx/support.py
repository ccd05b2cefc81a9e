"""Which ONNX operators are supported, and advice for those that are not."""

from __future__ import annotations

from collections.abc import Mapping

from msfcnn.frontend.onnx.constant import CONSTANT
from msfcnn.frontend.onnx.qdq import QDQ
from msfcnn.nodes import Importer
from msfcnn.ops import IMPORTERS

SUPPORTED: Mapping[str, Importer] = {
    i.kind: i for i in sorted((*IMPORTERS, *QDQ, CONSTANT), key=lambda i: i.kind)
}

_RECURRENT = "msfcnn runs convolutional networks; replace it by 1-D convolutions"
_NORM = "quantize the float model with `msfcnn quantize`, which writes it as other operators"
_CUT = "cut the model before it and do this step in the application"
_QDQ = "quantize the float model in QDQ format (quant_format=QuantFormat.QDQ)"
_FOLD = "fold it into the convolution before it: export in eval mode, or simplify the float model"
_SAMPLING = "msfcnn does not read at computed places; use convolutions, pools and Resize"
_IN_PLACE = "values are written in place at run time; put parts together with torch.cat"
_LENGTH = "leave it out inside of the network; at the end `msfcnn quantize` cuts it off"
_RANDOM = "export the mean instead of a sample: without random numbers, in eval mode"
_STATIC = "export with fixed shapes and fold constants (onnxsim or onnxruntime's basic level)"

HINTS: Mapping[str, str] = {
    "ArgMax": _CUT,
    "Attention": _RECURRENT,
    "Bernoulli": _RANDOM,
    "Cast": _CUT,
    "ConvInteger": _QDQ,
    "DeformConv": _SAMPLING,
    "DynamicQuantizeLinear": _QDQ,
    "GRU": _RECURRENT,
    "GroupNormalization": _NORM,
    "GridSample": _SAMPLING,
    "If": _STATIC,
    "InstanceNormalization": _NORM,
    "LSTM": _RECURRENT,
    "LayerNormalization": _NORM,
    "LogSoftmax": "use Softmax, or cut the model before it",
    "Loop": _STATIC,
    "LpNormalization": _LENGTH,
    "MatMulInteger": _QDQ,
    "MaxUnpool": "msfcnn does not write at computed places; use Resize or ConvTranspose",
    "NonMaxSuppression": _CUT,
    "RMSNormalization": _NORM,
    "RNN": _RECURRENT,
    "RandomNormal": _RANDOM,
    "RandomNormalLike": _RANDOM,
    "RandomUniform": _RANDOM,
    "RandomUniformLike": _RANDOM,
    "ReduceL1": _LENGTH,
    "ReduceL2": _LENGTH,
    "ScatterElements": _IN_PLACE,
    "ScatterND": _IN_PLACE,
    "Shape": _STATIC,
    "Sum": "use Add",
    "TopK": _CUT,
}

FALLBACK = "`msfcnn ops` lists what is supported"


def hint(kind: str) -> str:
    """What a user can do about an operator that is not supported.

    kind: may carry a domain, as in com.microsoft::Attention, which is left out of the search.
    """
    return HINTS.get(kind.rpartition("::")[2], FALLBACK)
