"""How operators treat the quantization of what they read; by kind, the rest computes anew.

These sets decide where scales are shared and where nothing is quantized (`ranges`), so that each
operator becomes one op of msfcnn without a requantization that float does not have.
"""

from __future__ import annotations

from collections.abc import Mapping

from msfcnn.nodes import PARTS
from msfcnn.quantizer.methods import RealRange

# another name or order for the same values: nothing is quantized behind them
VIEWS = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Identity"})

# values of the first input, chosen, copied or interpolated: scale and zero point stay the same
KEEPING = PARTS | frozenset("MaxPool GlobalMaxPool ReduceMax ReduceMin Resize Upsample".split())

# values of any input: all in one scale, so that they are only chosen
JOINING = frozenset({"Concat", "Max", "Min"})

# bounds of the op before, as long as nobody else reads that
CLAMPS = frozenset({"Relu", "Clip"})

# what a function can give at all: the same scale for every model, a power of two, as TFLite's
# quantization specification demands of Softmax, Sigmoid (1/256) and Tanh (1/128)
FIXED: Mapping[str, RealRange] = {
    "Softmax": RealRange(0.0, 255 / 256),
    "Sigmoid": RealRange(0.0, 255 / 256),
    "HardSigmoid": RealRange(0.0, 255 / 256),
    "Tanh": RealRange(-1.0, 127 / 128),
}

# of one value alone: several behind each other are one table, with nothing rounded between
FUNCTIONS = frozenset(
    "Abs Atan Ceil Celu Cos Elu Erf Exp Floor Gelu HardSigmoid HardSwish LeakyRelu Log Mish Neg "
    "Reciprocal Round Selu Shrink Sigmoid Sign Sin Softplus Softsign Sqrt Tanh "
    "ThresholdedRelu".split()
)
WITH_NUMBER = frozenset({"Add", "Sub", "Mul", "Div", "Pow"})  # so are these, with one number

WEIGHTED = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
