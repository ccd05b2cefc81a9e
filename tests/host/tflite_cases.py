"""One small TFLite file per operator and form, int8 and float."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from tflite_builder import RELU, RELU6, RELU_N1_TO_1, SAME, VALID, TfliteNet

Case = Callable[["Maker"], None]
CASES: dict[str, Case] = {}


class Maker:
    """A network of one or few operators; the same cases are built in int8, uint8 and float."""

    def __init__(self, dtype: str, seed: int = 0) -> None:
        self.net = TfliteNet()
        self.dtype = dtype
        self.rng = np.random.default_rng(seed)
        self.shape: Sequence[int] = ()

    @property
    def quantized(self) -> bool:
        return self.dtype != "float32"

    def params(self, scale: float, zero: int) -> dict[str, Any]:
        if not self.quantized:
            return {}
        return {"scale": scale, "zero": zero + (128 if self.dtype == "uint8" else 0)}

    def input(self, *shape: int, scale: float = 0.04, zero: int = 3) -> int:
        name = f"x{len(self.net.inputs)}"
        return self.net.input(shape, self.dtype, name=name, **self.params(scale, zero))

    def out(self, *shape: int, scale: float = 0.05, zero: int = -7) -> int:
        return self.net.tensor(shape, self.dtype, **self.params(scale, zero))

    def open(self, signature: Sequence[int], *shape: int, scale: float, zero: int) -> int:
        """A tensor of which the file leaves the shape open."""
        return self.net.tensor(shape, self.dtype, signature=signature, **self.params(scale, zero))

    def same(self, *shape: int) -> int:
        """An output in the quantization of `input`."""
        return self.out(*shape, scale=0.04, zero=3)

    def values(self, *shape: int, scale: float = 0.03, zero: int = -4) -> int:
        """A constant activation."""
        if not self.quantized:
            return self.net.constant(self.rng.normal(size=shape).astype(np.float32))
        low, high = np.iinfo(self.dtype).min, np.iinfo(self.dtype).max
        stored = self.rng.integers(low, high + 1, shape).astype(self.dtype)
        return self.net.constant(stored, **self.params(scale, zero))

    def weights(self, *shape: int, axis: int | None = None) -> int:
        """axis: of the output channels, for a scale for each of them."""
        if not self.quantized:
            return self.net.constant(self.rng.normal(0, 0.3, shape).astype(np.float32))
        if self.dtype == "uint8":
            stored = self.rng.integers(0, 256, shape).astype(np.uint8)
            return self.net.constant(stored, scale=0.01, zero=117)
        stored = self.rng.integers(-127, 128, shape).astype(np.int8)
        if axis is None:
            return self.net.constant(stored, scale=0.01, zero=0)
        scale = self.rng.uniform(0.002, 0.02, shape[axis])
        return self.net.constant(stored, scale=list(scale), zero=0, axis=axis)

    def bias(self, weights: int, source: int, count: int) -> int:
        if not self.quantized:
            return self.net.constant(self.rng.normal(size=count).astype(np.float32))
        tensors = self.net.tensors
        scale = [s * tensors[source].scale[0] for s in tensors[weights].scale]
        values = self.rng.integers(-4000, 4000, count).astype(np.int32)
        return self.net.constant(values, scale=scale, zero=0)


def case(function: Case) -> Case:
    CASES[function.__name__] = function
    return function


def _conv(
    m: Maker,
    size: Sequence[int],
    taps: Sequence[int],
    out: Sequence[int],
    **fields: int,
) -> None:
    x = m.input(1, *size)
    w = m.weights(*taps, size[2], axis=0)
    inputs = [x, w, m.bias(w, x, taps[0])]
    fields = {"StrideH": 1, "StrideW": 1, **fields}
    m.net.op("CONV_2D", inputs, m.out(1, *out), "Conv2DOptions", **fields)


@case
def conv_same(m: Maker) -> None:
    _conv(m, (9, 7, 3), (5, 3, 3), (5, 4, 5), StrideH=2, StrideW=2, Padding=SAME)


@case
def conv_even_kernel(m: Maker) -> None:
    _conv(m, (8, 9, 2), (4, 4, 2), (4, 5, 4), StrideH=2, StrideW=2, Padding=SAME)


@case
def conv_valid_relu6(m: Maker) -> None:
    _conv(m, (8, 8, 3), (4, 3, 2), (6, 7, 4), Padding=VALID, FusedActivationFunction=RELU6)


@case
def conv_dilated_relu(m: Maker) -> None:
    fields = {"DilationHFactor": 2, "DilationWFactor": 3, "FusedActivationFunction": RELU}
    _conv(m, (9, 10, 3), (4, 3, 3), (9, 10, 4), Padding=SAME, **fields)


@case
def conv_pointwise(m: Maker) -> None:
    _conv(m, (5, 5, 6), (8, 1, 1), (5, 5, 8), Padding=SAME)


@case
def conv_relu_n1_to_1(m: Maker) -> None:
    fields = {"FusedActivationFunction": RELU_N1_TO_1}
    _conv(m, (5, 5, 6), (8, 1, 1), (5, 5, 8), Padding=SAME, **fields)


def _interleaved(m: Maker, padding: int, pads: Any, crops: Any, inside: int, out: int) -> None:
    """A convolution dilated by 2, in the batches of SPACE_TO_BATCH_ND."""
    net, w = m.net, m.weights(4, 3, 3, 2, axis=0)
    x, block = m.input(1, 7, 7, 2), net.ints(2, 2)
    size = (7 + sum(pads)) // 2

    def sides(values: Any) -> int:
        return net.constant(np.array([values, values], np.int32))

    apart = net.op("SPACE_TO_BATCH_ND", [x, block, sides(pads)], m.same(4, size, size, 2))
    y = net.op(
        "CONV_2D",
        [apart, w, m.bias(w, x, 4)],
        m.out(4, inside, inside, 4),
        "Conv2DOptions",
        **{"StrideH": 1, "StrideW": 1, "Padding": padding},
    )
    net.op("BATCH_TO_SPACE_ND", [y, block, sides(crops)], m.out(1, out, out, 4))


@case
def conv_dilated_by_batches(m: Maker) -> None:
    _interleaved(m, VALID, (2, 3), (0, 1), 4, 7)


@case
def conv_dilated_by_batches_same(m: Maker) -> None:
    _interleaved(m, SAME, (0, 1), (0, 1), 4, 7)


@case
def signal_dilated_by_batches(m: Maker) -> None:
    """Keras' Conv1D with a dilation of 3: an axis of one row around the convolution only."""
    net, w = m.net, m.weights(4, 1, 3, 2, axis=0)
    x, block, axis = m.input(1, 15, 2), net.ints(3), net.ints(1)
    pads, crops = (net.constant(np.array([sides], np.int32)) for sides in ((6, 0), (0, 0)))
    apart = net.op("SPACE_TO_BATCH_ND", [x, block, pads], m.same(3, 7, 2))
    rows = net.op("EXPAND_DIMS", [apart, axis], m.same(3, 1, 7, 2))
    fields = {"StrideH": 1, "StrideW": 1, "Padding": VALID}
    inputs = [rows, w, m.bias(w, x, 4)]
    y = net.op("CONV_2D", inputs, m.out(3, 1, 5, 4), "Conv2DOptions", **fields)
    parts = m.open([-1, 5, 4], 3, 5, 4, scale=0.05, zero=-7)
    net.op("RESHAPE", [y, net.ints(-1, 5, 4)], parts, "ReshapeOptions")
    whole = m.open([-1, 15, 4], 1, 15, 4, scale=0.05, zero=-7)
    net.op("BATCH_TO_SPACE_ND", [parts, block, crops], whole)


@case
def signals_dilated_by_the_same_batches(m: Maker) -> None:
    """WaveNet's two convolutions of one signal share what takes it apart."""
    net, x = m.net, m.input(1, 12, 2)
    block, none = net.ints(2), net.constant(np.array([[0, 0]], np.int32))
    pads = net.constant(np.array([[2, 0]], np.int32))
    apart = net.op("SPACE_TO_BATCH_ND", [x, block, pads], m.same(2, 7, 2))
    rows = net.op("EXPAND_DIMS", [apart, net.ints(1)], m.same(2, 1, 7, 2))
    fields, both = {"StrideH": 1, "StrideW": 1, "Padding": VALID}, []
    for _ in range(2):
        w = m.weights(3, 1, 2, 2, axis=0)
        inputs = [rows, w, m.bias(w, x, 3)]
        y = net.op("CONV_2D", inputs, m.out(2, 1, 6, 3), "Conv2DOptions", **fields)
        y = net.op("RESHAPE", [y, net.ints(2, 6, 3)], m.out(2, 6, 3), "ReshapeOptions")
        both.append(net.op("BATCH_TO_SPACE_ND", [y, block, none], m.out(1, 12, 3)))
    net.op("ADD", both, m.out(1, 12, 3, scale=0.1, zero=0), "AddOptions")


@case
def depthwise(m: Maker) -> None:
    x = m.input(1, 7, 9, 4)
    w = m.weights(1, 3, 3, 4, axis=3)
    fields = {"StrideH": 2, "StrideW": 2, "DepthMultiplier": 1, "Padding": SAME}
    inputs = [x, w, m.bias(w, x, 4)]
    m.net.op("DEPTHWISE_CONV_2D", inputs, m.out(1, 4, 5, 4), "DepthwiseConv2DOptions", **fields)


@case
def depthwise_multiplier(m: Maker) -> None:
    x = m.input(1, 6, 6, 3)
    w = m.weights(1, 3, 3, 6, axis=3)
    fields = {"StrideH": 1, "StrideW": 1, "DepthMultiplier": 2, "Padding": VALID}
    fields["FusedActivationFunction"] = RELU6
    inputs = [x, w, m.bias(w, x, 6)]
    m.net.op("DEPTHWISE_CONV_2D", inputs, m.out(1, 4, 4, 6), "DepthwiseConv2DOptions", **fields)


@case
def transpose_conv_same(m: Maker) -> None:
    x, w = m.input(1, 4, 5, 3), m.weights(6, 3, 3, 3, axis=0)
    fields = {"StrideH": 2, "StrideW": 2, "Padding": SAME}
    inputs = [m.net.ints(1, 8, 10, 6), w, x, m.bias(w, x, 6)]
    m.net.op("TRANSPOSE_CONV", inputs, m.out(1, 8, 10, 6), "TransposeConvOptions", **fields)


@case
def transpose_conv_valid(m: Maker) -> None:
    x, w = m.input(1, 4, 4, 3), m.weights(2, 2, 2, 3, axis=0)
    fields = {"StrideH": 2, "StrideW": 2, "Padding": VALID}
    inputs = [m.net.ints(1, 8, 8, 2), w, x]
    m.net.op("TRANSPOSE_CONV", inputs, m.out(1, 8, 8, 2), "TransposeConvOptions", **fields)


@case
def dense(m: Maker) -> None:
    x, w = m.input(1, 12), m.weights(5, 12)
    fields = {"FusedActivationFunction": RELU}
    inputs = [x, w, m.bias(w, x, 5)]
    m.net.op("FULLY_CONNECTED", inputs, m.out(1, 5), "FullyConnectedOptions", **fields)


@case
def dense_on_a_map(m: Maker) -> None:
    x, w = m.input(1, 3, 2, 4), m.weights(5, 24)
    m.net.op("FULLY_CONNECTED", [x, w], m.out(1, 5), "FullyConnectedOptions")


@case
def dense_on_each_pixel(m: Maker) -> None:
    x, w = m.input(1, 3, 2, 4), m.weights(5, 4)
    fields = {"KeepNumDims": True}
    inputs = [x, w, m.bias(w, x, 5)]
    m.net.op("FULLY_CONNECTED", inputs, m.out(1, 3, 2, 5), "FullyConnectedOptions", **fields)


def _pool(m: Maker, kind: str, out: Sequence[int], **fields: int) -> None:
    fields = {"StrideH": 2, "StrideW": 2, "FilterHeight": 3, "FilterWidth": 3, **fields}
    m.net.op(kind, [m.input(1, 7, 8, 3)], m.same(1, *out), "Pool2DOptions", **fields)


@case
def max_pool_same(m: Maker) -> None:
    _pool(m, "MAX_POOL_2D", (4, 4, 3), Padding=SAME)


@case
def average_pool_same(m: Maker) -> None:
    _pool(m, "AVERAGE_POOL_2D", (4, 4, 3), Padding=SAME)


@case
def average_pool_whole(m: Maker) -> None:
    fields = {"StrideH": 7, "StrideW": 8, "FilterHeight": 7, "FilterWidth": 8, "Padding": VALID}
    _pool(m, "AVERAGE_POOL_2D", (1, 1, 3), **fields)


def _mean(m: Maker, axes: Sequence[int], out: Sequence[int], keep: bool) -> None:
    inputs = [m.input(1, 5, 6, 4), m.net.ints(*axes)]
    m.net.op("MEAN", inputs, m.out(*out), "ReducerOptions", KeepDims=keep)


@case
def mean_kept(m: Maker) -> None:
    _mean(m, (1, 2), (1, 1, 1, 4), True)


@case
def mean(m: Maker) -> None:
    _mean(m, (2, 1), (1, 4), False)


@case
def mean_of_rows(m: Maker) -> None:
    _mean(m, (2,), (1, 5, 4), False)


@case
def mean_of_columns_kept(m: Maker) -> None:
    _mean(m, (-3,), (1, 1, 6, 4), True)


def _binary(m: Maker, kind: str, options: str, other: int, **fields: int) -> None:
    m.net.op(kind, [m.net.inputs[0], other], m.out(1, 4, 5, 6), options, **fields)


@case
def add(m: Maker) -> None:
    m.input(1, 4, 5, 6)
    fields = {"FusedActivationFunction": RELU}
    _binary(m, "ADD", "AddOptions", m.input(1, 4, 5, 6, scale=0.02, zero=-30), **fields)


@case
def add_per_channel(m: Maker) -> None:
    m.input(1, 4, 5, 6)
    _binary(m, "ADD", "AddOptions", m.values(6))


@case
def sub(m: Maker) -> None:
    m.input(1, 4, 5, 6)
    _binary(m, "SUB", "SubOptions", m.input(1, 4, 5, 6, scale=0.02, zero=-30))


@case
def mul(m: Maker) -> None:
    m.input(1, 4, 5, 6)
    _binary(m, "MUL", "MulOptions", m.input(1, 4, 5, 6, scale=0.02, zero=-30))


@case
def mul_gate(m: Maker) -> None:
    m.input(1, 4, 5, 6)
    gate = m.input(1, 1, 1, 6, scale=1 / 256, zero=-128)
    _binary(m, "MUL", "MulOptions", gate)


@case
def mul_constant(m: Maker) -> None:
    m.input(1, 4, 5, 6)
    _binary(m, "MUL", "MulOptions", m.values(1, 1, 1, 6))


@case
def squared_difference(m: Maker) -> None:
    x = m.input(1, 4, 5, 6)  # of two int8 activations it is refused
    y = m.input(1, 4, 5, 6) if m.dtype == "float32" else m.values(1, 4, 5, 6)
    m.net.op("SQUARED_DIFFERENCE", [x, y], m.out(1, 4, 5, 6, scale=0.4, zero=-128))


@case
def maximum(m: Maker) -> None:
    x, y = m.input(1, 4, 5, 6), m.input(1, 4, 5, 6)
    m.net.op("MAXIMUM", [x, y], m.same(1, 4, 5, 6), "MaximumMinimumOptions")


def _unary(m: Maker, kind: str, options: str = "", out: Any = None, **fields: Any) -> None:
    x = m.input(1, 4, 5, 6)
    target = m.out(1, 4, 5, 6, **(out or {}))
    m.net.op(kind, [x], target, options, **fields)


@case
def relu(m: Maker) -> None:
    _unary(m, "RELU")


@case
def relu6(m: Maker) -> None:
    _unary(m, "RELU6")


@case
def relu_n1_to_1(m: Maker) -> None:
    _unary(m, "RELU_N1_TO_1")


@case
def logistic(m: Maker) -> None:
    _unary(m, "LOGISTIC", out={"scale": 1 / 256, "zero": -128})


@case
def tanh(m: Maker) -> None:
    _unary(m, "TANH", out={"scale": 1 / 128, "zero": 0})


@case
def hard_swish(m: Maker) -> None:
    _unary(m, "HARD_SWISH", "HardSwishOptions", out={"scale": 0.03, "zero": -100})


@case
def leaky_relu(m: Maker) -> None:
    _unary(m, "LEAKY_RELU", "LeakyReluOptions", Alpha=0.1)


@case
def elu(m: Maker) -> None:
    _unary(m, "ELU")


@case
def gelu(m: Maker) -> None:
    _unary(m, "GELU", "GeluOptions")


@case
def gelu_tanh(m: Maker) -> None:
    _unary(m, "GELU", "GeluOptions", Approximate=True)


@case
def prelu(m: Maker) -> None:
    m.net.op("PRELU", [m.input(1, 4, 5, 6), m.values(1, 1, 6)], m.out(1, 4, 5, 6))


@case
def softmax(m: Maker) -> None:
    out = m.out(1, 10, scale=1 / 256, zero=-128)
    m.net.op("SOFTMAX", [m.input(1, 10)], out, "SoftmaxOptions", Beta=1.0)


@case
def softmax_of_pixels_with_beta(m: Maker) -> None:
    out = m.out(1, 2, 3, 4, scale=1 / 256, zero=-128)
    m.net.op("SOFTMAX", [m.input(1, 2, 3, 4)], out, "SoftmaxOptions", Beta=0.5)


@case
def log_softmax(m: Maker) -> None:
    out = m.out(1, 10, scale=16 / 256, zero=127)
    m.net.op("LOG_SOFTMAX", [m.input(1, 10)], out, "LogSoftmaxOptions")


@case
def concatenation(m: Maker) -> None:
    parts = [m.input(1, 3, 4, 2), m.input(1, 3, 4, 3)]
    m.net.op("CONCATENATION", parts, m.same(1, 3, 4, 5), "ConcatenationOptions", Axis=-1)


@case
def concatenation_of_rows(m: Maker) -> None:
    parts = [m.input(1, 3, 4, 2), m.input(1, 2, 4, 2)]
    m.net.op("CONCATENATION", parts, m.same(1, 5, 4, 2), "ConcatenationOptions", Axis=1)


@case
def pad(m: Maker) -> None:
    pads = m.net.constant(np.array([[0, 0], [1, 2], [0, 3], [0, 0]], np.int32))
    m.net.op("PAD", [m.input(1, 4, 5, 2), pads], m.same(1, 7, 8, 2), "PadOptions")


@case
def pad_channels_with_a_value(m: Maker) -> None:
    pads = m.net.constant(np.array([[0, 0], [0, 0], [0, 0], [0, 2]], np.int32))
    value = m.values(1, scale=0.04, zero=3)
    m.net.op("PADV2", [m.input(1, 4, 5, 2), pads, value], m.same(1, 4, 5, 4), "PadV2Options")


@case
def mirror_pad(m: Maker) -> None:
    pads = m.net.constant(np.array([[0, 0], [1, 1], [2, 1], [0, 0]], np.int32))
    inputs = [m.input(1, 4, 5, 2), pads]
    m.net.op("MIRROR_PAD", inputs, m.same(1, 6, 8, 2), "MirrorPadOptions", Mode=0)


@case
def reshape(m: Maker) -> None:
    m.net.op("RESHAPE", [m.input(1, 4, 5, 2), m.net.ints(1, -1)], m.same(1, 40), "ReshapeOptions")


@case
def squeeze(m: Maker) -> None:
    fields = {"SqueezeDims": [1, 2]}
    m.net.op("SQUEEZE", [m.input(1, 1, 1, 8)], m.same(1, 8), "SqueezeOptions", **fields)


@case
def expand_dims(m: Maker) -> None:
    m.net.op("EXPAND_DIMS", [m.input(1, 5, 8), m.net.ints(1)], m.same(1, 1, 5, 8))


@case
def tile(m: Maker) -> None:
    """Each row twice, as UpSampling2D of Keras has it."""
    net = m.net
    x = net.op("EXPAND_DIMS", [m.input(1, 4, 5, 2), net.ints(2)], m.same(1, 4, 1, 5, 2))
    y = net.op("TILE", [x, net.ints(1, 1, 2, 1, 1)], m.same(1, 4, 2, 5, 2))
    net.op("RESHAPE", [y, net.ints(1, 8, 5, 2)], m.same(1, 8, 5, 2), "ReshapeOptions")


@case
def transpose(m: Maker) -> None:
    inputs = [m.input(1, 4, 5, 2), m.net.ints(0, 3, 1, 2)]
    m.net.op("TRANSPOSE", inputs, m.same(1, 2, 4, 5), "TransposeOptions")


def _resize(m: Maker, kind: str, size: Sequence[int], **fields: bool) -> None:
    inputs = [m.input(1, 4, 5, 2), m.net.ints(*size)]
    m.net.op(kind, inputs, m.same(1, *size, 2), f"{OPTIONS[kind]}Options", **fields)


OPTIONS = {
    "RESIZE_BILINEAR": "ResizeBilinear",
    "RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighbor",
}


@case
def resize_nearest(m: Maker) -> None:
    _resize(m, "RESIZE_NEAREST_NEIGHBOR", (8, 10))


@case
def resize_nearest_half_pixel(m: Maker) -> None:
    _resize(m, "RESIZE_NEAREST_NEIGHBOR", (8, 7), HalfPixelCenters=True)


@case
def resize_nearest_aligned(m: Maker) -> None:
    _resize(m, "RESIZE_NEAREST_NEIGHBOR", (7, 9), AlignCorners=True)


@case
def resize_bilinear(m: Maker) -> None:
    _resize(m, "RESIZE_BILINEAR", (8, 10))


@case
def resize_bilinear_half_pixel(m: Maker) -> None:
    _resize(m, "RESIZE_BILINEAR", (8, 10), HalfPixelCenters=True)


@case
def resize_bilinear_aligned(m: Maker) -> None:
    _resize(m, "RESIZE_BILINEAR", (7, 9), AlignCorners=True)


@case
def strided_slice(m: Maker) -> None:
    bounds = [m.net.ints(0, 1, 0, 0), m.net.ints(1, 4, 5, 2), m.net.ints(1, 1, 2, 1)]
    fields = {"BeginMask": 1, "EndMask": 8}
    inputs = [m.input(1, 4, 5, 2), *bounds]
    m.net.op("STRIDED_SLICE", inputs, m.same(1, 3, 3, 2), "StridedSliceOptions", **fields)


@case
def strided_slice_one_row_backwards(m: Maker) -> None:
    bounds = [m.net.ints(0, -1, 0, 0), m.net.ints(1, 0, 0, 2), m.net.ints(1, 1, -1, 1)]
    fields = {"BeginMask": 4, "EndMask": 4, "ShrinkAxisMask": 2}
    inputs = [m.input(1, 4, 5, 2), *bounds]
    m.net.op("STRIDED_SLICE", inputs, m.same(1, 5, 2), "StridedSliceOptions", **fields)


@case
def slice_(m: Maker) -> None:
    inputs = [m.input(1, 4, 5, 3), m.net.ints(0, 1, 0, 1), m.net.ints(1, -1, 5, 2)]
    m.net.op("SLICE", inputs, m.same(1, 3, 5, 2), "SliceOptions")


@case
def split(m: Maker) -> None:
    inputs = [m.net.ints(3), m.input(1, 2, 3, 6)]
    parts = [m.same(1, 2, 3, 2) for _ in range(3)]
    m.net.op("SPLIT", inputs, parts, "SplitOptions", NumSplits=3)


@case
def split_v(m: Maker) -> None:
    inputs = [m.input(1, 5, 3, 2), m.net.ints(2, -1), m.net.ints(1)]
    parts = [m.same(1, 2, 3, 2), m.same(1, 3, 3, 2)]
    m.net.op("SPLIT_V", inputs, parts, "SplitVOptions", NumSplits=2)


@case
def pack(m: Maker) -> None:
    parts = [m.input(1, 3, 2), m.input(1, 3, 2)]
    fields = {"ValuesCount": 2, "Axis": 2}
    m.net.op("PACK", parts, m.same(1, 3, 2, 2), "PackOptions", **fields)


@case
def unpack(m: Maker) -> None:
    parts = [m.same(1, 3, 4), m.same(1, 3, 4)]
    m.net.op("UNPACK", [m.input(1, 2, 3, 4)], parts, "UnpackOptions", Num=2, Axis=1)


@case
def gather(m: Maker) -> None:
    inputs = [m.input(1, 2, 3, 4), m.net.ints(3, 0, 3)]
    m.net.op("GATHER", inputs, m.same(1, 2, 3, 3), "GatherOptions", Axis=3)


@case
def depth_to_space(m: Maker) -> None:
    inputs = [m.input(1, 2, 3, 8)]
    m.net.op("DEPTH_TO_SPACE", inputs, m.same(1, 4, 6, 2), "DepthToSpaceOptions", BlockSize=2)


@case
def space_to_depth(m: Maker) -> None:
    inputs = [m.input(1, 4, 6, 2)]
    m.net.op("SPACE_TO_DEPTH", inputs, m.same(1, 2, 3, 8), "SpaceToDepthOptions", BlockSize=2)


def _where(m: Maker, *comparisons: str, select: str) -> None:
    """The input where it compares with a number, else its negative slope."""
    net, x, held = m.net, m.input(1, 4, 5, 3), []
    for kind in comparisons:
        number = m.values(1, 1, 1, 1, scale=0.04, zero=3)
        held.append(net.op(kind, [x, number], net.tensor((1, 4, 5, 3), "bool")))
    if len(held) > 1:
        held = [
            net.op(kind, held[:2], net.tensor((1, 4, 5, 3), "bool"))
            for kind in ("LOGICAL_OR", "LOGICAL_AND")
        ]
        held = [net.op("LOGICAL_OR", held, net.tensor((1, 4, 5, 3), "bool"))]
    other = net.op("LEAKY_RELU", [x], m.same(1, 4, 5, 3), "LeakyReluOptions", Alpha=0.1)
    net.op(select, [held[0], x, other], m.same(1, 4, 5, 3))


@case
def greater(m: Maker) -> None:
    _where(m, "GREATER", select="SELECT_V2")


@case
def less_or_greater_equal(m: Maker) -> None:
    _where(m, "LESS", "GREATER_EQUAL", select="SELECT")


@case
def less_equal_or_equal(m: Maker) -> None:
    _where(m, "LESS_EQUAL", "EQUAL", select="SELECT_V2")


@case
def reduce_max(m: Maker) -> None:
    inputs = [m.input(1, 4, 6, 2), m.net.ints(1, 2)]
    m.net.op("REDUCE_MAX", inputs, m.same(1, 2), "ReducerOptions", KeepDims=False)


@case
def shape_chain(m: Maker) -> None:
    """tf.reshape(x, [tf.shape(x)[0], -1]) as the converter writes it."""
    x, net = m.input(1, 4, 5, 2), m.net
    shape = net.op("SHAPE", [x], net.tensor([4], "int32"), "ShapeOptions", OutType=2)
    bounds = [net.ints(0), net.ints(1), net.ints(1)]
    batch = net.op(
        "STRIDED_SLICE",
        [shape, *bounds],
        net.tensor([], "int32"),
        "StridedSliceOptions",
        ShrinkAxisMask=1,
    )
    rest = net.constant(np.array(40, np.int32))
    target = net.op(
        "PACK", [batch, rest], net.tensor([2], "int32"), "PackOptions", ValuesCount=2, Axis=0
    )
    net.op("RESHAPE", [x, target], m.same(1, 40), "ReshapeOptions")


@case
def dense_on_a_computed_shape(m: Maker) -> None:
    """A dense layer of Keras on [time, channels]: the file calls its results [1, ...]."""
    x, net, w = m.input(1, 6, 4), m.net, m.weights(3, 4)
    shape = net.op("SHAPE", [x], net.tensor([3], "int32"), "ShapeOptions", OutType=2)
    first = net.op("GATHER", [shape, net.ints(0, 1)], net.tensor([2], "int32"), "GatherOptions")
    count = net.op("REDUCE_PROD", [first, net.ints(0)], net.tensor([], "int32"), "ReducerOptions")
    last = net.constant(np.array(4, np.int32))
    pair = net.tensor([2], "int32")
    runs = net.op("PACK", [count, last], pair, "PackOptions", ValuesCount=2, Axis=0)
    apart = m.open([-1, -1], 1, 1, scale=0.04, zero=3)
    net.op("RESHAPE", [x, runs], apart, "ReshapeOptions")
    dense = m.open([-1, 3], 1, 3, scale=0.05, zero=-7)
    net.op("FULLY_CONNECTED", [apart, w, m.bias(w, x, 3)], dense, "FullyConnectedOptions")
    active = m.open([-1, 3], 1, 3, scale=0.05, zero=-7)
    net.op("RELU", [dense], active)
    whole = net.op(
        "CONCATENATION",
        [first, net.ints(3)],
        net.tensor([3], "int32"),
        "ConcatenationOptions",
        Axis=0,
    )
    net.op("RESHAPE", [active, whole], m.out(1, 6, 3), "ReshapeOptions")


@case
def conv_on_a_computed_shape(m: Maker) -> None:
    """Keras' UpSampling2D by unequal factors: what is behind its reshape is left open, too."""
    x, net, w = m.input(1, 4, 6, 2), m.net, m.weights(3, 1, 1, 2, axis=0)
    shape = net.op("SHAPE", [x], net.tensor([4], "int32"), "ShapeOptions", OutType=2)
    opened = m.open([-1, -1, 6, 2], 1, 1, 6, 2, scale=0.04, zero=3)
    net.op("RESHAPE", [x, shape], opened, "ReshapeOptions")
    conv = m.open([-1, -1, 6, 3], 1, 1, 6, 3, scale=0.05, zero=-7)
    strides = {"StrideH": 1, "StrideW": 1}
    net.op("CONV_2D", [opened, w, m.bias(w, x, 3)], conv, "Conv2DOptions", Padding=SAME, **strides)
    sizes = net.op("SHAPE", [conv], net.tensor([4], "int32"), "ShapeOptions", OutType=2)
    first = net.op("GATHER", [sizes, net.ints(0)], net.tensor([1], "int32"), "GatherOptions")
    parts, joined = [first, net.ints(24, 3)], net.tensor([3], "int32")
    net.op("CONCATENATION", parts, joined, "ConcatenationOptions", Axis=0)
    net.op("RESHAPE", [conv, joined], m.out(1, 24, 3), "ReshapeOptions")


@case
def conv_pool_reshape_dense(m: Maker) -> None:
    """Layouts: maps stay NCHW between spatial operators, a flattened map is NHWC."""
    _conv(m, (6, 6, 2), (3, 3, 3), (6, 6, 3), Padding=SAME)
    conv = m.net.operators[-1].outputs[0]
    fields = {"StrideH": 2, "StrideW": 2, "FilterHeight": 2, "FilterWidth": 2, "Padding": VALID}
    pool = m.net.op("MAX_POOL_2D", [conv], m.out(1, 3, 3, 3), "Pool2DOptions", **fields)
    added = m.net.op("ADD", [pool, m.values(3)], m.out(1, 3, 3, 3, scale=0.06), "AddOptions")
    flat = m.net.op("RESHAPE", [added, m.net.ints(1, 27)], m.out(1, 27, scale=0.06))
    w = m.weights(4, 27)
    m.net.op("FULLY_CONNECTED", [flat, w], m.out(1, 4, scale=0.1), "FullyConnectedOptions")


def _positive(kind: str, **out: Any) -> Case:
    """A function that is only defined above zero: its input is shifted there."""

    def build(m: Maker) -> None:
        x = m.input(1, 3, 4, 5, zero=-128)
        shifted = x
        if not m.quantized:
            low = m.net.constant(np.full(1, 0.5, np.float32))
            target = m.net.tensor([1, 3, 4, 5])
            shifted = m.net.op("MAXIMUM", [x, low], target, "MaximumMinimumOptions")
        m.net.op(kind, [shifted], m.out(1, 3, 4, 5, **out))

    return build


CASES["sqrt"] = _positive("SQRT", zero=-128)
CASES["rsqrt"] = _positive("RSQRT", zero=-128)
CASES["log"] = _positive("LOG", zero=0)


@case
def abs_(m: Maker) -> None:
    _unary(m, "ABS", "AbsOptions")


@case
def neg(m: Maker) -> None:
    _unary(m, "NEG", "NegOptions")


@case
def exp(m: Maker) -> None:
    _unary(m, "EXP", "ExpOptions", out={"scale": 0.5, "zero": -128})


@case
def square(m: Maker) -> None:
    _unary(m, "SQUARE", "SquareOptions")


@case
def floor(m: Maker) -> None:
    _unary(m, "FLOOR")


@case
def sin(m: Maker) -> None:
    _unary(m, "SIN")


@case
def cos(m: Maker) -> None:
    _unary(m, "COS", "CosOptions")


@case
def ceil(m: Maker) -> None:
    _unary(m, "CEIL")


@case
def round_(m: Maker) -> None:
    _unary(m, "ROUND")


@case
def relu_0_to_1(m: Maker) -> None:
    _unary(m, "RELU_0_TO_1")


@case
def l2_normalization(m: Maker) -> None:
    out = m.out(1, 10, scale=1 / 128, zero=0)
    m.net.op("L2_NORMALIZATION", [m.input(1, 10)], out, "L2NormOptions")


@case
def minimum(m: Maker) -> None:
    x, y = m.input(1, 4, 5, 6), m.input(1, 4, 5, 6)
    m.net.op("MINIMUM", [x, y], m.same(1, 4, 5, 6), "MaximumMinimumOptions")


@case
def div(m: Maker) -> None:
    m.input(1, 4, 5, 6)
    divisor = m.net.constant(np.array([0.5, 2, -4, 8, 3, 1], np.float32))
    _binary(m, "DIV", "DivOptions", divisor)


@case
def pow_(m: Maker) -> None:
    m.net.op("SQUARE", [m.input(1, 4, 5, 6)], square := m.out(1, 4, 5, 6), "SquareOptions")
    exponent = m.net.constant(np.array([1.5], np.float32))
    m.net.op("POW", [square, exponent], m.out(1, 4, 5, 6), "PowOptions")


@case
def add_n(m: Maker) -> None:
    m.net.op("ADD_N", [m.input(1, 4, 5) for _ in range(3)], m.out(1, 4, 5), "AddNOptions")


@case
def sum_(m: Maker) -> None:
    inputs = [m.input(1, 4, 6, 2), m.net.ints(1, 2)]
    m.net.op("SUM", inputs, m.out(1, 2, scale=1.0), "ReducerOptions", KeepDims=False)


@case
def reduce_min_kept(m: Maker) -> None:
    inputs = [m.input(1, 4, 6, 2), m.net.ints(2)]
    m.net.op("REDUCE_MIN", inputs, m.same(1, 4, 1, 2), "ReducerOptions", KeepDims=True)


@case
def arg_max(m: Maker) -> None:
    inputs = [m.input(1, 10), m.net.ints(1)]
    m.net.op("ARG_MAX", inputs, m.net.tensor([1], "int32"), "ArgMaxOptions", OutputType=2)


@case
def batch_matmul(m: Maker) -> None:
    inputs = [m.input(1, 3, 6), m.weights(6, 4)]
    m.net.op("BATCH_MATMUL", inputs, m.out(1, 3, 4), "BatchMatMulOptions")


@case
def relu_alone_then_transpose(m: Maker) -> None:
    x = m.input(1, 4, 5, 6)
    y = m.net.op("RELU", [x], m.same(1, 4, 5, 6))
    perm = m.net.ints(0, 2, 1, 3)
    m.net.op("TRANSPOSE", [y, perm], m.same(1, 5, 4, 6), "TransposeOptions")


@case
def quantize(m: Maker) -> None:
    """Another scale; a float network has no such operator."""
    if not m.quantized:
        _unary(m, "RELU")
        return
    x = m.input(1, 4, 5, 6)
    y = m.net.op("QUANTIZE", [x], m.out(1, 4, 5, 6), "QuantizeOptions")
    real = m.net.op("DEQUANTIZE", [y], m.net.tensor([1, 4, 5, 6]), "DequantizeOptions")
    m.net.op("QUANTIZE", [real], m.same(1, 4, 5, 6), "QuantizeOptions")
