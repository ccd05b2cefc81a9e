"""Random calls of the kernels with what the Python reference says they write, as C tables.

A case is one run of output pixels somewhere in an op: the lines it reads (planar or interleaved,
with padding where they end), the constants, and every byte of the output buffer afterwards, the
untouched ones included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from msfcnn.ir import INT32_MAX, Clamp, Geometry, Quantization, quantize_factors, to_even
from msfcnn.isa import mac16_packing, mve_packing
from msfcnn.isa.armv7em_packing import (
    conv_scratch,
    depthwise_scratch,
    pack_conv,
    pack_depthwise,
    pointwise_scratch,
    whole_columns,
)
from msfcnn.ops import (
    AveragePool,
    Conv,
    ConvConstants,
    MaxPool,
    PoolConstants,
    SoftmaxConstants,
    SumConstants,
)
from msfcnn.ops.conv import conv as conv_reference
from msfcnn.ops.conv import gathered, marked, unfolded
from msfcnn.ops.mul import MulConstants, products
from msfcnn.ops.pool import average_pool, global_average, max_pool
from msfcnn.ops.softmax import softmax
from msfcnn.ops.sums import flagged, shifted, sum_struct, ties_to_even, weighted_sum
from msfcnn.ops.sums import sum_constants as summed

FILL = 0x5A  # what the output buffer holds before
PACKED_DEPTHWISE = [(5, 5), (7, 7), (5, 5), (7, 7), (1, 5), (3, 7)]  # kernels besides 3x3
Bytes = NDArray[np.int8]


@dataclass(frozen=True)
class KernelCase:
    """One call. `lines` holds the bytes from the first existing pixel on, None for padding."""

    kernel: str
    op: Mapping[str, int]
    shape: Mapping[str, int]
    declarations: str  # C text, with @ for a prefix that no other case has
    constants: str  # what `constants` of the op is, with @ likewise
    lines: Sequence[Bytes | None]
    run: Mapping[str, int]
    expected: Bytes | None = None  # the whole output buffer; None: not written yet
    scratch: int = 0
    second: Bytes | None = None
    in_place: int = 0  # 1: the output lies on line 0, 2: on the second input
    note: str = ""


@dataclass
class Source:
    """C text of many cases."""

    text: list[str] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)

    def add(self, case: KernelCase, skew: int) -> None:
        """Appends a case; its lines begin `skew` bytes behind an aligned address."""
        at = f"c{len(self.entries)}"
        names = []
        for i, line in enumerate(case.lines):
            names.append("NULL" if line is None else f"{at}_line{i} + {skew}")
            if line is not None:
                self.text.append(_array("int8_t", f"{at}_line{i}", _skewed(line, skew), 4))
        self.text.append(f"static const int8_t *const {at}_lines[] = {{ {', '.join(names)} }};")
        self.text.append(case.declarations.replace("@", at))
        second, expected, size = "NULL", "NULL", 0
        if case.second is not None:
            self.text.append(_array("int8_t", f"{at}_second", _skewed(case.second, skew), 4))
            second = f"{at}_second + {skew}"
        if case.expected is not None:
            self.text.append(_array("int8_t", f"{at}_expected", case.expected, 1))
            expected, size = f"{at}_expected", case.expected.size
        fields = ", ".join(f".{k} = {v}" for k, v in case.run.items())
        settings = ", ".join(f".{k} = {v}" for k, v in case.op.items())
        shape = ", ".join(f".{k} = {v}" for k, v in case.shape.items())
        self.text.append(f"static const msfcnn_shape_t {at}_shape = {{ {shape} }};")
        self.entries.append(
            f"    {{ {{ .kernel = msfcnn_{case.kernel}, "
            f".constants = {case.constants.replace('@', at)}, .shape = &{at}_shape, "
            f"{settings} }},\n"
            f"      {{ .line = {at}_lines, .second = {second}, {fields} }},\n"
            f"      {expected}, {size}, {case.scratch}, {case.in_place} }},"
        )

    def write(self, path: Path) -> None:
        """Writes the tables that kernel_driver.c includes."""
        table = ["static const kernel_case_t cases[] = {", *self.entries, "};\n"]
        path.write_text("\n".join([*self.text, *table]))


def source_of(cases: Sequence[KernelCase], rng: np.random.Generator) -> Source:
    """Tables of cases, their inputs at any alignment."""
    source = Source()
    for case in cases:
        source.add(case, int(rng.integers(4)))
    return source


def _skewed(data: Bytes, skew: int) -> Bytes:
    return np.concatenate([np.full(skew, 99, dtype=np.int8), data.ravel()])


def _array(kind: str, name: str, values: NDArray[np.integer], align: int) -> str:
    text = ",".join(str(int(v)) for v in values.ravel()) or "0"
    return f"static const _Alignas({align}) {kind} {name}[] = {{{text}}};"


# ---------------------------------------------------------------- what all ops with a kernel share


@dataclass(frozen=True)
class _Place:
    """Where in an op the run lies, and how its lines and its output are stored."""

    geometry: Geometry
    shape: tuple[int, int, int]  # of the input
    target: tuple[int, int, int]
    line: int
    pixel: int
    pixels: int
    channel: int
    channels: int
    planar_in: bool
    planar_out: bool
    columns: bool = False  # lines are columns of a whole tensor


def _some_geometry(rng: np.random.Generator, kernels: Sequence[tuple[int, int]]) -> Geometry:
    kh, kw = kernels[rng.integers(len(kernels))]
    dilation = [int(rng.choice([1, 1, 1, 2, 3])) for _ in range(2)]
    stride = [int(rng.choice([1, 1, 2, 2, 3])) for _ in range(2)]
    if rng.random() < 0.5:
        stride = [stride[0]] * 2
    pads = [int(rng.integers(0, k)) for k in (kh, kw, kh, kw)]
    return Geometry(kh, kw, *stride, *dilation, *pads)


def _some_place(
    rng: np.random.Generator,
    g: Geometry,
    inputs: int,
    outputs: int,
    planar_in: bool = False,
    longer: Sequence[int] = (),
) -> _Place:
    """A run in an op from `inputs` to `outputs` channels whose input is as small as it gets."""
    n = int(rng.choice([1, 1, 2, 3, 4, 5, 8, 11, 16, *longer]))
    height = g.extent_h + int(rng.integers(0, 5))
    width = max(1, (n - 1) * g.stride_w + g.extent_w - g.pad_left - g.pad_right)
    width += int(rng.integers(0, 2 * g.stride_w + 3))
    out_h = (height + g.pad_top + g.pad_bottom - g.extent_h) // g.stride_h + 1
    out_w = max(1, (width + g.pad_left + g.pad_right - g.extent_w) // g.stride_w + 1)
    n = min(n, out_w)
    pixel = int(rng.choice([0, out_w - n, rng.integers(0, out_w - n + 1)]))
    channel, channels = 0, outputs
    if outputs > 16 and rng.random() < 0.4:
        channel = int(rng.integers(0, (outputs - 1) // 16)) * 16
        channels = min(int(rng.choice([16, 32])), outputs - channel)
    return _Place(
        g,
        (height, width, inputs),
        (out_h, out_w, outputs),
        int(rng.integers(out_h)),
        pixel,
        n,
        channel,
        channels,
        planar_in,
        bool(rng.random() < 0.3),
    )


def _lines(
    rng: np.random.Generator, p: _Place, x: Bytes
) -> tuple[list[Bytes | None], dict[str, int]]:
    """The kernel lines of a run of image x [H, W, C], and the fields that say how they lie."""
    g, (height, width, _) = p.geometry, p.shape
    start = p.pixel * g.stride_w - g.pad_left
    first = max(0, start)
    need = start + (p.pixels - 1) * g.stride_w + g.extent_w
    inside = max(0, min(width, need + int(rng.integers(0, 3))) - first)
    steps = {"channel_step": 1, "first_step": 1, "pixel_step": x.shape[2]}
    if p.planar_in:
        steps = {
            "channel_step": inside + int(rng.integers(0, 4)),
            "first_step": inside + int(rng.integers(0, 4)),
            "pixel_step": 1,
        }
    if p.columns:
        # pixels lie a row of the tensor apart, lines next to each other
        steps["pixel_step"] = height * x.shape[2]
    lines: list[Bytes | None] = []
    for i in range(g.kernel_h):
        row = p.line * g.stride_h - g.pad_top + i * g.dilation_h
        if not 0 <= row < height:
            lines.append(None)
            continue
        there = x[row, first : first + inside]
        if p.columns:
            rows = x[:, first : first + inside].transpose(1, 0, 2)
            lines.append(rows.ravel()[row * x.shape[2] :])
        elif p.planar_in:
            step = steps["first_step" if i == 0 else "channel_step"]
            padded = np.full((x.shape[2], step), 77, dtype=np.int8)
            padded[:, :inside] = there.T
            # nothing behind the last pixel of the last channel
            lines.append(padded.ravel()[: (x.shape[2] - 1) * step + inside])
        else:
            lines.append(there.ravel())
    return lines, {**steps, "before": first - start, "inside": inside}


def _output(
    rng: np.random.Generator, p: _Place, y: Bytes, tight: bool = False
) -> tuple[Bytes, dict[str, int]]:
    """The output buffer after a run that wrote y [pixels, channels], and its steps."""
    n, channels = y.shape
    gap = 0 if tight else int(rng.choice([0, 0, 3, 16]))
    if p.planar_out:
        steps = {"out_pixel_step": 1, "out_channel_step": n + gap}
    else:
        steps = {"out_pixel_step": channels + gap, "out_channel_step": 1}
    pixel_step, channel_step = steps["out_pixel_step"], steps["out_channel_step"]
    size = (n - 1) * pixel_step + (channels - 1) * channel_step + 1
    buffer = np.full(size, FILL, dtype=np.int8)
    index = np.arange(n)[:, None] * pixel_step + np.arange(channels) * channel_step
    buffer[index] = y
    return buffer, steps


def _source_fields(p: _Place, pad_value: int) -> dict[str, int]:
    return {
        "lines": p.shape[0],
        "pixels": p.shape[1],
        "in_channels": p.shape[2],
        "out_channels": p.channels if p.channel == 0 else p.target[2],
        "pad_value": pad_value,
    }


def _shape_fields(g: Geometry) -> dict[str, int]:
    return {
        "kernel_u": g.kernel_h,
        "kernel_v": g.kernel_w,
        "stride_u": g.stride_h,
        "stride_v": g.stride_w,
        "dilation_u": g.dilation_h,
        "dilation_v": g.dilation_w,
        "pad_u": g.pad_top,
        "pad_v": g.pad_left,
    }


def _some_clamp(rng: np.random.Generator) -> Clamp:
    if rng.random() < 0.5:
        return Clamp()
    low, high = sorted(int(v) for v in rng.integers(-128, 128, 2))
    return Clamp(low, high)


def _clamp_fields(clamp: Clamp, zero: int) -> dict[str, int]:
    return {"out_zero": zero, "clamp_low": clamp.low, "clamp_high": clamp.high}


def _values(rng: np.random.Generator, shape: tuple[int, ...]) -> Bytes:
    """Inputs: of the whole range, sometimes at its ends only."""
    kind = rng.integers(5)
    if kind == 0:
        return rng.choice(np.array([-128, 127], dtype=np.int8), shape)
    if kind == 1:
        return np.full(shape, rng.choice([-128, 127]), dtype=np.int8)
    return rng.integers(-128, 128, shape, dtype=np.int8)


# ------------------------------------------------------------------------------------ convolutions


def _weights(rng: np.random.Generator, shape: tuple[int, ...], lowest: int) -> Bytes:
    kind = rng.integers(7)
    if kind == 0:
        return rng.choice(np.array([lowest, 127], dtype=np.int8), shape)
    if kind == 1:
        return np.full(shape, rng.choice([lowest, 127]), dtype=np.int8)
    if kind == 3:  # few and small: factors about 1, and outputs that still vary
        some = rng.random(shape) < 2 / np.prod(shape[1:])
        return (some * rng.choice([-1, 1], shape)).astype(np.int8)
    weights = rng.integers(lowest, 128, shape, dtype=np.int8)
    if kind == 2:
        weights[rng.random(shape[0]) < 0.5] = 0  # dead channels
    return weights


def conv_constants(rng: np.random.Generator, w: Bytes, wild: bool) -> ConvConstants:
    """Constants that make outputs vary; wild: any bias that is legal, factors 2^-31 to 8."""
    outputs = len(w)
    reach = 128 * np.abs(w.reshape(outputs, -1).astype(np.int64)).sum(axis=1)
    bias = rng.integers(-(reach // 4) - 1, reach // 4 + 2)
    factors = rng.uniform(50, 400, outputs) / np.maximum(reach, 400)
    if wild:
        some = rng.random(outputs) < 0.5
        largest = INT32_MAX - reach
        bias = np.where(some, rng.choice([-1, 1], outputs) * largest, bias)
        factors = np.where(some, 2.0 ** rng.uniform(-31.5, 3, outputs), factors)
    if rng.random() < 0.15:  # accumulators between two outputs
        factors = 2.0 ** np.rint(np.log2(factors))
    return ConvConstants(
        bias.astype(np.int32),
        to_even(quantize_factors(factors), np.abs(bias) + reach, factors),
        int(rng.integers(-128, 128)),
        int(rng.integers(-128, 128)),
        _some_clamp(rng),
    )


def _conv_text(
    w: Bytes, k: ConvConstants, group_inputs: int, group_outputs: int, depthwise: bool
) -> str:
    bias = unfolded(w, k) if depthwise else k.bias
    return "\n".join(
        [
            _array("int8_t", "@_weights", w, 1),
            _array("int32_t", "@_bias", bias, 4),
            _array("int32_t", "@_multiplier", k.scaling.multiplier, 4),
            _array("uint8_t", "@_shift", marked(w, k), 1),
            "static const msfcnn_conv_t @_k = { @_weights, @_bias, @_multiplier, @_shift, "
            f"{group_inputs}, {group_outputs} }};",
        ]
    )


@dataclass(frozen=True)
class _Packed:
    """Packed constants as C text, what the op says of them, and the scratch of the kernel."""

    text: str
    words: int
    scratch: int


# None if they do not exist
Pack = Callable[[Bytes, ConvConstants], _Packed | None]


def _conv_case(
    rng: np.random.Generator,
    kernel: str,
    p: _Place,
    groups: int,
    scratch: int,
    pack: Pack | None = None,
) -> KernelCase:
    """A case; with `pack` the packed form of the same constants, tamed until it exists."""
    g = p.geometry
    inputs = p.shape[2] // groups
    packed = None
    while True:
        w = _weights(rng, (p.target[2], g.kernel_h, g.kernel_w, inputs), rng.choice([-128, -127]))
        k = conv_constants(rng, w, wild=rng.random() < 0.4)
        packed = pack(w, k) if pack else None
        if packed or not pack:
            break
    op = Conv("n", 0, 1, g, groups, w, np.ones(len(w)), np.zeros(len(w), dtype=np.int64))
    x = _values(rng, p.shape)
    y = conv_reference(op, k, x[None], p.target)[0]
    last = p.channel + p.channels
    y = y[p.line, p.pixel : p.pixel + p.pixels, p.channel : last]
    if groups == p.shape[2] > 1:  # the lines of a pass hold the channels of the pass
        x = x[..., p.channel * groups // p.target[2] : -(-last * groups // p.target[2])]
    lines, steps = _lines(rng, p, x)
    expected, out_steps = _output(rng, p, y)
    run = {"pixels": p.pixels, "channel": p.channel, "channels": p.channels}
    fields = {**_source_fields(p, k.input_zero), **_clamp_fields(k.clamp, k.output_zero)}
    plain = _conv_text(w, k, inputs, p.target[2] // groups, kernel == "depthwise")
    return KernelCase(
        kernel,
        {**fields, "words": packed.words} if packed else fields,
        _shape_fields(g),
        packed.text if packed else plain,
        "@_words" if packed else "&@_k",
        lines,
        {**steps, **out_steps, **run},
        expected,
        packed.scratch if packed else scratch,
        note=_note(p),
    )


def _note(p: _Place) -> str:
    g = p.geometry
    return (
        f"{g.kernel_h}x{g.kernel_w} s{g.stride_h}{g.stride_w} d{g.dilation_h}{g.dilation_w} "
        f"{p.shape} -> {p.target} line {p.line} at {p.pixel}+{p.pixels} "
        f"channels {p.channel}+{p.channels}{' planar' if p.planar_in else ''}"
        f"{' columns' if p.columns else ''}"
    )


def _pointwise_place(rng: np.random.Generator) -> _Place:
    inputs = int(rng.choice([1, 2, 3, 4, 5, 8, 11, 16, 24, 48, 96, 130, 300]))
    outputs = int(rng.choice([1, 2, 3, 4, 5, 7, 8, 10, 16, 24, 40]))
    g = Geometry(1, 1, 1, int(rng.choice([1, 1, 1, 2])))
    return _some_place(rng, g, inputs, outputs)


def pointwise_case(rng: np.random.Generator) -> KernelCase:
    """A 1x1 convolution or a dense layer."""
    return _conv_case(rng, "pointwise", _pointwise_place(rng), 1, 0)


def _conv_place(rng: np.random.Generator, groups: int) -> _Place:
    kernels = [(3, 3), (3, 3), (3, 3), (5, 5), (1, 3), (3, 1), (2, 2), (1, 1), (4, 3), (7, 7)]
    inputs = groups * int(rng.choice([1, 2, 3, 3, 4, 8, 13]))
    if inputs == groups > 1:  # that would be a depthwise layer
        inputs *= 2
    outputs = groups * int(rng.choice([1, 2, 3, 4, 5, 8, 12, 20]))
    return _some_place(rng, _some_geometry(rng, kernels), inputs, outputs)


def conv_case(rng: np.random.Generator) -> KernelCase:
    """Any kernel, sometimes grouped."""
    groups = int(rng.choice([1, 1, 1, 2, 3]))
    p = _conv_place(rng, groups)
    taps = p.geometry.kernel_h * p.geometry.kernel_w * p.shape[2] // groups
    return _conv_case(rng, "conv", p, groups, gathered(taps))


def depthwise_case(rng: np.random.Generator) -> KernelCase:
    """Depthwise, sometimes with a depth multiplier; lines planar or not."""
    kernels = [(3, 3), (3, 3), (3, 3), (5, 5), (7, 7), (1, 3), (3, 1), (2, 2), (4, 6), (9, 9)]
    multiplier = int(rng.choice([1, 1, 1, 2, 4]))
    inputs = int(rng.choice([2, 3, 5, 8, 24]))
    g = _some_geometry(rng, kernels)
    p = _some_place(rng, g, inputs, multiplier * inputs, bool(rng.random() < 0.7))
    return _conv_case(rng, "depthwise", p, inputs, 0)


def depthwise_3x3_case(rng: np.random.Generator) -> KernelCase:
    """Depthwise as most networks have it, and sometimes with more padding than they have."""
    g = _some_geometry(rng, [(3, 3)])
    g = replace(g, stride_w=int(rng.integers(1, 3)), dilation_w=1)
    if rng.random() < 0.8:
        g = replace(g, pad_left=min(g.pad_left, 1), pad_right=min(g.pad_right, 1))
    channels = int(rng.choice([2, 3, 5, 24, 40]))
    p = _some_place(rng, g, channels, channels, bool(rng.random() < 0.7))
    return _conv_case(rng, "depthwise", p, channels, 0)


# --------------------------------------------------------------------------- packed for Armv7E-M


def pointwise_v7em_case(rng: np.random.Generator) -> KernelCase:
    """As pointwise_case."""
    p = _pointwise_place(rng)
    pack = _conv_packer(p, bool(rng.random() < 0.7), gathered=False)
    return _conv_case(rng, "pointwise_v7em", p, 1, 0, pack)


def conv_v7em_case(rng: np.random.Generator) -> KernelCase:
    """As conv_case, without groups."""
    p = _conv_place(rng, 1)
    p = replace(p, columns=whole_columns(p.geometry) > 0 and bool(rng.random() < 0.6))
    pack = _conv_packer(p, bool(rng.random() < 0.7), gathered=True)
    return _conv_case(rng, "conv_v7em", p, 1, 0, pack)


def depthwise_v7em_case(
    rng: np.random.Generator, kernel: str = "depthwise_v7em", planar: bool = True
) -> KernelCase:
    """Depthwise of the shapes that there are kernels for."""
    sizes = [(3, 3), (3, 3), (3, 3), *PACKED_DEPTHWISE]
    g = _some_geometry(rng, sizes)
    g = replace(g, stride_w=int(rng.integers(1, 3)), dilation_w=1)
    if rng.random() < 0.7:  # what networks have
        g = replace(g, pad_left=g.kernel_w // 2, pad_right=g.kernel_w // 2)
    channels = int(rng.choice([2, 3, 5, 24, 40]))
    p = _some_place(rng, g, channels, channels, planar, (20, 24, 33, 50))

    def pack(w: Bytes, k: ConvConstants) -> _Packed | None:
        packed = pack_depthwise(w, k, g.stride_w, 1)
        if packed is None:
            return None
        text = _array("uint32_t", "@_words", packed.words, 4)
        scratch = depthwise_scratch(g.kernel_h, g.kernel_w, g.stride_w, p.planar_in)
        return _Packed(text, packed.words_per_channel, scratch)

    return _conv_case(rng, kernel, p, channels, 0, pack)


def _conv_packer(p: _Place, pairs: bool, gathered: bool) -> Pack:
    g, inputs = p.geometry, p.shape[2]

    def pack(w: Bytes, k: ConvConstants) -> _Packed | None:
        # columns that are taken as rows: the kernel's pixels come first
        packed = pack_conv(w.transpose(0, 2, 1, 3) if p.columns else w, k, gathered)
        if packed is None:
            return None
        text = _array("uint32_t", "@_words", packed.words, 4)
        scratch = pointwise_scratch(packed, inputs, pairs)
        if gathered:
            scratch = conv_scratch(packed, g.kernel_w * inputs, pairs)
        words = packed.taps + (not pairs) + (whole_columns(g) if p.columns else 0)
        return _Packed(text, words, scratch)

    return pack


# ------------------------------------------------------------------------------ packed for Helium


def pointwise_mve_case(rng: np.random.Generator) -> KernelCase:
    """As pointwise_case."""
    return _conv_case(
        rng, "pointwise_mve", _pointwise_place(rng), 1, 0, _mve_packer(gathered=False)
    )


def conv_mve_case(rng: np.random.Generator) -> KernelCase:
    """As conv_case, without groups."""
    return _conv_case(rng, "conv_mve", _conv_place(rng, 1), 1, 0, _mve_packer(gathered=True))


def depthwise_mve_case(rng: np.random.Generator) -> KernelCase:
    """Depthwise of any kernel, channels in whole vectors and not."""
    kernels = [(3, 3), (3, 3), (3, 3), (5, 5), (7, 7), (1, 3), (3, 1), (2, 2), (4, 6), (1, 1)]
    channels = int(rng.choice([2, 3, 4, 8, 8, 15, 16, 17, 24, 32, 40]))
    p = _some_place(rng, _some_geometry(rng, kernels), channels, channels)
    g = p.geometry

    def pack(w: Bytes, k: ConvConstants) -> _Packed | None:
        words = mve_packing.pack_depthwise(w, k)
        if words is None:
            return None
        taps = g.kernel_h * g.kernel_w
        scratch = mve_packing.depthwise_scratch(taps)
        return _Packed(_array("uint32_t", "@_words", words, 4), taps, scratch)

    return _conv_case(rng, "depthwise_mve", p, channels, 0, pack)


def _mve_packer(gathered: bool) -> Pack:
    def pack(w: Bytes, k: ConvConstants) -> _Packed | None:
        packed = mve_packing.pack_conv(w, k)
        if packed is None:
            return None
        scratch = mve_packing.conv_scratch(packed) if gathered else 0
        return _Packed(_array("uint32_t", "@_words", packed.words, 4), packed.taps, scratch)

    return pack


def pointwise_mac16_case(rng: np.random.Generator) -> KernelCase:
    """As pointwise_case."""
    return _conv_case(rng, "pointwise_mac16", _pointwise_place(rng), 1, 0, _mac16_packer(True))


def conv_mac16_case(rng: np.random.Generator) -> KernelCase:
    """As conv_case, without groups."""
    return _conv_case(rng, "conv_mac16", _conv_place(rng, 1), 1, 0, _mac16_packer(False))


def _mac16_packer(pointwise: bool) -> Pack:
    def pack(w: Bytes, k: ConvConstants) -> _Packed | None:
        packed = mac16_packing.pack_conv(w, k)
        if packed is None:
            return None
        scratch = mac16_packing.conv_scratch(packed, w[0].size, pointwise)
        return _Packed(_array("uint32_t", "@_words", packed.words, 4), packed.taps, scratch)

    return pack


# ------------------------------------------------------------------------------------------- pools


def _pool_place(rng: np.random.Generator) -> _Place:
    kernels = [(2, 2), (3, 3), (3, 2), (1, 4), (5, 5), (7, 7)]
    channels = int(rng.choice([1, 2, 3, 4, 7, 8, 16, 19, 40]))
    return _some_place(rng, _some_geometry(rng, kernels), channels, channels)


def _channelwise(
    rng: np.random.Generator, kernel: str, p: _Place, x: Bytes, y: Bytes, case: KernelCase
) -> KernelCase:
    """Completes the case of an op whose input has the channels of the pass only."""
    of_pass = slice(p.channel, p.channel + p.channels)
    lines, steps = _lines(rng, p, x[..., of_pass])
    expected, out_steps = _output(rng, p, y[p.line, p.pixel : p.pixel + p.pixels, of_pass])
    run = {"pixels": p.pixels, "channel": p.channel, "channels": p.channels}
    return replace(
        case,
        kernel=kernel,
        lines=lines,
        run={**steps, **out_steps, **run},
        expected=expected,
        note=_note(p),
    )


def sum_constants(rng: np.random.Generator, inputs: int) -> SumConstants:
    """Constants of a sum at any shift that int32 allows."""
    shift = int(rng.integers(1, 31))
    room = INT32_MAX // 2 // (128 * inputs)
    top = min(room, int(2.0 ** (shift + rng.uniform(-3, 3))))
    factors = tuple(int(v) for v in rng.integers(0, top + 1, inputs))
    limit = INT32_MAX - 128 * sum(factors)
    offset = int(np.clip(int(rng.normal(0, 60)) * 2**shift, -limit, limit))
    return SumConstants(multipliers=factors, offset=offset, shift=shift, clamp=_some_clamp(rng))


def _round_sum(rng: np.random.Generator) -> SumConstants:
    """Of factors with ties in many sums, which go to even; the second may be negative."""
    scales = (1.0, float(rng.choice([0.5, 1.0, 2.0])), float(rng.choice([1.0, 2.0, 4.0])))
    left, right, output = (Quantization(s, int(rng.integers(-128, 128))) for s in scales)
    signs = (1, int(rng.choice([-1, 1])))
    k = summed("n", (left, right), output, _some_clamp(rng), signs)
    return ties_to_even(k, output)


def _sum_text(k: SumConstants) -> str:
    values = sum_struct(k).fields
    factors = ", ".join(map(str, k.multipliers))
    fields = f".multiplier = {{ {factors} }}, .offset = {k.offset}, .shift = {values['shift']}"
    return f"static const msfcnn_sum_t @_k = {{ {fields} }};"


def max_pool_case(rng: np.random.Generator, kernel: str = "max_pool") -> KernelCase:
    """The maximum of the taps that exist."""
    p = _pool_place(rng)
    k = sum_constants(rng, 1)
    x = _values(rng, p.shape)
    y = max_pool(MaxPool("n", 0, 1, p.geometry), k, x[None], p.target)[0]
    op = {**_source_fields(p, -128), **_clamp_fields(k.clamp, 0)}
    case = KernelCase("", op, _shape_fields(p.geometry), _sum_text(k), "&@_k", [], {})
    return _channelwise(rng, kernel, p, x, y, case)


def pool_constants(rng: np.random.Generator, counts: Sequence[int]) -> PoolConstants:
    """Factors for each number of pixels averaged; of round ones with ties, which go to even."""
    ratio = 2.0 ** (rng.uniform(-2, 1.5) if rng.random() < 0.6 else int(rng.integers(-3, 2)))
    pixels = np.array(counts)
    factors = ratio / pixels
    return PoolConstants(
        to_even(quantize_factors(factors), 255 * pixels, factors),
        int(rng.integers(-128, 128)),
        int(rng.integers(-128, 128)),
        _some_clamp(rng),
    )


def _pool_text(k: PoolConstants) -> str:
    return "\n".join(
        [
            _array("int32_t", "@_multiplier", k.scaling.multiplier, 4),
            _array("uint8_t", "@_shift", k.scaling.shift, 1),
            "static const msfcnn_pool_t @_k = { .multiplier = @_multiplier, .shift = @_shift, "
            f".n_factors = {len(k.scaling.multiplier)}, .input_zero = {k.input_zero} }};",
        ]
    )


def average_pool_case(rng: np.random.Generator, kernel: str = "average_pool") -> KernelCase:
    """The mean of the taps, padding counted or not."""
    p = _pool_place(rng)
    area = p.geometry.kernel_h * p.geometry.kernel_w
    k = pool_constants(rng, range(1, area + 1) if rng.random() < 0.6 else [area])
    x = _values(rng, p.shape)
    y = average_pool(AveragePool("n", 0, 1, p.geometry), k, x[None], p.target)[0]
    op = {**_source_fields(p, k.input_zero), **_clamp_fields(k.clamp, k.output_zero)}
    case = KernelCase("", op, _shape_fields(p.geometry), _pool_text(k), "&@_k", [], {})
    return _channelwise(rng, kernel, p, x, y, case)


def global_average_cases(
    rng: np.random.Generator, kernel: str = "global_average"
) -> list[KernelCase]:
    """The mean of all pixels of an input that comes in several runs."""
    height, width = (int(v) for v in rng.integers(1, 6, 2))
    channels = int(rng.choice([1, 3, 4, 10, 17]))
    x = _values(rng, (height, width, channels))
    k = pool_constants(rng, [height * width])
    y = global_average(k, x[None])[0].reshape(1, channels)
    p = _some_place(rng, Geometry(1, 1), channels, channels)
    expected, out_steps = _output(rng, p, y)
    size = {"lines": height, "pixels": width, "in_channels": channels, "out_channels": channels}
    op = {**size, **_clamp_fields(k.clamp, k.output_zero)}
    pixels = x.reshape(-1, channels)
    inner = sorted({int(c) for c in rng.integers(0, len(pixels), 2)} - {0})
    cuts = [0, *inner, len(pixels)]
    cases = []
    for begin, end in pairwise(cuts):
        run = {"pixels": end - begin, "channels": channels, "first": int(begin == 0)}
        run |= {"pixel_step": channels, "channel_step": 1, "first_step": 1, **out_steps}
        last = expected if end == len(pixels) else None
        cases.append(
            KernelCase(
                kernel,
                op,
                _shape_fields(p.geometry),
                _pool_text(k),
                "&@_k",
                [pixels[begin:end]],
                run,
                last,
                4 * channels,
                note=f"{x.shape} {begin}..{end}",
            )
        )
    return cases


# -------------------------------------------------------------------------------------------- sums


def _elementwise(
    rng: np.random.Generator, kernel: str, op: dict[str, int], text: str, x: Bytes, y: Bytes
) -> KernelCase:
    n, channels = x.shape
    p = _some_place(rng, Geometry(1, 1), channels, channels)
    expected, out_steps = _output(rng, p, y)
    size = {"in_channels": channels, "out_channels": channels}
    shape = _shape_fields(p.geometry)
    run = {"pixels": n, "channels": channels, "pixel_step": channels}
    run |= {"channel_step": 1, "first_step": 1, "inside": n, **out_steps}
    return KernelCase(
        kernel, {**op, **size}, shape, text, "&@_k", [x], run, expected, note=f"{n} x {channels}"
    )


def _in_place(case: KernelCase, which: int, y: Bytes) -> KernelCase:
    channels = y.shape[1]
    steps = {"out_pixel_step": channels, "out_channel_step": 1}
    return replace(case, in_place=which, expected=y.ravel(), run={**case.run, **steps})


def rescale_case(rng: np.random.Generator, kernel: str = "rescale") -> KernelCase:
    """Another scale, sometimes in place."""
    shape = (int(rng.integers(1, 12)), int(rng.choice([1, 2, 3, 4, 7, 16, 21])))
    k = sum_constants(rng, 1)
    x = _values(rng, shape)
    y = weighted_sum(k, [x])
    case = _elementwise(rng, kernel, _clamp_fields(k.clamp, 0), _sum_text(k), x, y)
    return _in_place(case, 1, y) if rng.random() < 0.4 else case


def add_case(rng: np.random.Generator, kernel: str = "add") -> KernelCase:
    """A residual, sometimes in place of one of its inputs."""
    shape = (int(rng.integers(1, 12)), int(rng.choice([1, 2, 3, 4, 7, 8, 16, 21])))
    k = sum_constants(rng, 2) if rng.random() < 0.6 else _round_sum(rng)
    x, second = _values(rng, shape), _values(rng, shape)
    y = weighted_sum(k, [x, second])
    case = _elementwise(rng, kernel, _clamp_fields(k.clamp, 0), _sum_text(k), x, y)
    case = replace(case, second=second, run={**case.run, "second_step": shape[1]})
    return _in_place(case, int(rng.integers(1, 3)), y) if rng.random() < 0.5 else case


def lookup_case(rng: np.random.Generator, kernel: str = "lookup") -> KernelCase:
    """Any table, sometimes in place."""
    shape = (int(rng.integers(1, 12)), int(rng.choice([1, 2, 3, 4, 7, 16, 21])))
    table = _values(rng, (256,))
    x = _values(rng, shape)
    y = table[x.astype(np.int16) + 128]
    text = (
        _array("int8_t", "@_table", np.roll(table, 128), 1)
        + "\nstatic const msfcnn_lookup_t @_k = { @_table };"
    )
    case = _elementwise(rng, kernel, {}, text, x, y)
    return _in_place(case, 1, y) if rng.random() < 0.4 else case


def mul_case(rng: np.random.Generator, kernel: str = "mul") -> KernelCase:
    """A product of maps, or with one pixel for all; sometimes in place of one of them."""
    n, channels = int(rng.integers(1, 12)), int(rng.choice([1, 2, 3, 4, 7, 8, 16, 21]))
    gate = bool(rng.random() < 0.4)
    k = MulConstants(
        scaling=quantize_factors(np.array([2.0 ** rng.uniform(-14, 0)])),
        left_zero=int(rng.integers(-128, 128)),
        right_zero=int(rng.integers(-128, 128)),
        output_zero=int(rng.integers(-128, 128)),
        clamp=_some_clamp(rng),
    )
    x, second = _values(rng, (n, channels)), _values(rng, (1 if gate else n, channels))
    y = products(k, x.astype(np.int64), second.astype(np.int64))
    fields = (
        f".multiplier = {k.scaling.multiplier[0]}, .shift = {k.scaling.shift[0]}, "
        f".zero = {{ {k.left_zero}, {k.right_zero} }}"
    )
    text = f"static const msfcnn_mul_t @_k = {{ {fields} }};"
    case = _elementwise(rng, kernel, _clamp_fields(k.clamp, k.output_zero), text, x, y)
    step = 0 if gate else channels
    case = replace(case, second=second, run={**case.run, "second_step": step})
    places = 2 if gate else 3
    return _in_place(case, int(rng.integers(1, places)), y) if rng.random() < 0.5 else case


def select_case(rng: np.random.Generator, kernel: str = "select") -> KernelCase:
    """Channels in any order, some twice, some zero."""
    n, inputs = int(rng.integers(1, 12)), int(rng.choice([1, 2, 3, 7, 16, 21]))
    outputs = int(rng.choice([1, 2, 5, 8, 30]))
    k = sum_constants(rng, 1)
    x, zero = _values(rng, (n, inputs)), int(rng.integers(-128, 128))
    index = rng.integers(-1, inputs, outputs)
    y = np.where(index < 0, np.int8(zero), weighted_sum(k, [x[:, np.maximum(index, 0)]]))
    text = (
        _array("uint16_t", "@_index", np.where(index < 0, 0xFFFF, index), 2)
        + f"\nstatic const msfcnn_select_t @_k = {{ @_index, {k.multipliers[0]}, {k.offset}, "
        f"{k.shift} }};"
    )
    p = _some_place(rng, Geometry(1, 1), outputs, outputs)
    expected, out_steps = _output(rng, p, y)
    run = {"pixels": n, "channels": outputs, "pixel_step": inputs}
    run |= {"channel_step": 1, "first_step": 1, "inside": n, **out_steps}
    op = {"in_channels": inputs, "out_channels": outputs, "pad_value": zero}
    fields = {**op, **_clamp_fields(k.clamp, 0)}
    shape, note = _shape_fields(p.geometry), f"{n} x {inputs} -> {outputs}"
    return KernelCase(kernel, fields, shape, text, "&@_k", [x], run, expected, note=note)


def prelu_case(rng: np.random.Generator, kernel: str = "prelu") -> KernelCase:
    """Slopes of either sign, sometimes in place."""
    shape = (int(rng.integers(1, 12)), int(rng.choice([1, 2, 3, 4, 7, 16, 21])))
    shift = int(rng.integers(1, 23))
    slopes = rng.integers(-(2**shift), 2**shift + 1, shape[1])
    factor, zero = int(rng.integers(0, 2**shift + 1)), int(rng.integers(-128, 128))
    output_zero, even = int(rng.integers(-128, 128)), bool(rng.random() < 0.4)
    odd = even and output_zero % 2 == 1
    if even:  # round slopes, with ties
        slopes, factor = (v >> shift - 1 << shift - 1 for v in (slopes, factor))
    offset = (output_zero << shift) + (1 << (shift - 1)) - even
    clamp, x = _some_clamp(rng), _values(rng, shape)
    wide = x.astype(np.int64) - zero
    acc = wide * np.where(wide < 0, slopes, factor) + offset
    y = np.clip(shifted(acc, shift, odd, even), clamp.low, clamp.high).astype(np.int8)
    text = (
        _array("int32_t", "@_slope", slopes, 4)
        + "\nstatic const msfcnn_prelu_t @_k = "
        + f"{{ @_slope, {factor}, {offset}, {flagged(shift, even, odd)}, {zero} }};"
    )
    case = _elementwise(rng, kernel, _clamp_fields(clamp, 0), text, x, y)
    return _in_place(case, 1, y) if rng.random() < 0.4 else case


def upsample_case(rng: np.random.Generator, kernel: str = "upsample") -> KernelCase:
    """Pixels of blocks, with channels of their own or not."""
    up_u, up_v = (int(v) for v in rng.integers(1, 5, 2))
    channels, spread = int(rng.choice([1, 2, 3, 8, 17])), bool(rng.random() < 0.5)
    n, phase_u, phase_v = int(rng.integers(1, 14)), int(rng.integers(up_u)), int(rng.integers(up_v))
    steps = (up_v * channels, channels, 1) if spread else (0, 0, 1)
    inside = (phase_v + n - 1) // up_v + 1
    inputs = channels * up_u * up_v if spread else channels
    k, x = sum_constants(rng, 1), _values(rng, (inside, inputs))
    places = phase_v + np.arange(n)
    index = phase_u * steps[0] + (places % up_v)[:, None] * steps[1] + np.arange(channels)
    y = weighted_sum(k, [x[(places // up_v)[:, None], index]])
    text = (
        f"static const msfcnn_upsample_t @_k = {{ {k.multipliers[0]}, {k.offset}, {k.shift}, "
        f"{steps[0]}, {steps[1]}, {steps[2]} }};"
    )
    p = _some_place(rng, Geometry(1, 1), channels, channels)
    shape = {**_shape_fields(Geometry(1, 1)), "up_u": up_u, "up_v": up_v}
    run = {"phase_u": phase_u, "phase_v": phase_v, "pixels": n, "inside": inside}
    return _larger(rng, kernel, p, (k.clamp, text, shape, run), [x], y)


def bilinear_case(rng: np.random.Generator, kernel: str = "bilinear") -> KernelCase:
    """Between two lines and two pixels, also beyond the first and the last of them."""
    up_u, up = (int(v) for v in rng.integers(1, rng.choice([8, 256]), 2))
    stride, pad = int(rng.integers(1, 2 * up + 2)), int(rng.integers(-up, up // 2 + 1))
    channels, total = int(rng.choice([1, 2, 3, 8, 17])), int(rng.integers(2, 9))
    clamp, shift, zero = _some_clamp(rng), int(rng.integers(15, 21)), int(rng.integers(-50, 50))
    unit = 1 << (2**23 // (up_u * up)).bit_length() - 1
    multiplier = int(rng.uniform(0.3, 1.5) * 2.0 ** (32 + shift) / (unit * up_u * up))
    if rng.random() < 0.5:  # round factors, with ties
        multiplier = 1 << multiplier.bit_length() - 1
    odd = zero % 2 == 1
    offset = (zero << shift) + (1 << (shift - 1)) - 2
    places = np.arange((total * up + pad - 1) // stride + 1)
    first = int(rng.integers(0, len(places)))
    n = int(rng.integers(1, len(places) - first + 1))
    parts = places[first : first + n] * stride - pad
    x0 = parts // up
    phase_u = int(rng.integers(0, up_u))
    begin, end = max(0, int(x0[0])), min(total, int(x0[-1]) + 2)
    lines: list[Bytes | None] = [_values(rng, (end - begin, channels)) for _ in range(2)]
    missing = int(rng.choice([-1, -1, 0, 1]))
    upper, lower = (lines[1 - missing] if missing == i else lines[i] for i in range(2))
    assert upper is not None
    assert lower is not None
    left, right = (np.clip(x0 + i, 0, total - 1) - begin for i in range(2))
    part = (parts % up)[:, None]

    def across(line: Bytes) -> NDArray[np.int64]:
        wide = line.astype(np.int64)
        return wide[left] * (up - part) + wide[right] * part

    acc = across(upper) * (up_u - phase_u) + across(lower) * phase_u
    acc = shifted((acc * unit * multiplier >> 32) + offset, shift, odd, 4)
    y = np.clip(acc, clamp.low, clamp.high).astype(np.int8)
    if missing >= 0:
        lines[missing] = None
    text = (
        f"static const msfcnn_sum_t @_k = {{ {{ {unit}, {multiplier} }}, {offset}, "
        f"{flagged(shift, True, odd)} }};"
    )
    p = _some_place(rng, Geometry(1, 1), channels, channels)
    shape = {**_shape_fields(Geometry(2, 2, 2, 2)), "stride_v": stride, "up_u": up_u, "up_v": up}
    run = {
        "phase_u": phase_u,
        "phase_v": int(parts[0] % up),
        "before": int(x0[0] < 0),
        "pixels": n,
        "inside": end - begin,
    }
    return _larger(rng, kernel, p, (clamp, text, shape, run), lines, y)


def _larger(
    rng: np.random.Generator,
    kernel: str,
    p: _Place,
    what: tuple[Clamp, str, dict[str, int], dict[str, int]],
    lines: Sequence[Bytes | None],
    y: Bytes,
) -> KernelCase:
    clamp, text, shape, run = what
    channels = y.shape[1]
    given = next(line for line in lines if line is not None)
    expected, out_steps = _output(rng, p, y)
    steps = {"channels": channels, "pixel_step": given.shape[1], "channel_step": 1, "first_step": 1}
    op = {"in_channels": given.shape[1], "out_channels": channels, **_clamp_fields(clamp, 0)}
    return KernelCase(
        kernel, op, shape, text, "&@_k", list(lines), {**steps, **run, **out_steps}, expected
    )


def softmax_case(rng: np.random.Generator, kernel: str = "softmax") -> KernelCase:
    """Softmax over a few channels."""
    shape = (int(rng.integers(1, 4)), int(rng.choice([1, 2, 10, 33])))
    scale = 2.0 ** rng.uniform(-8, 0)
    table = np.rint(np.exp(-np.arange(256) * scale) * 2**23).astype(np.uint32)
    k = SoftmaxConstants(table, int(2 ** rng.uniform(14, 20)), int(rng.integers(-128, 128)))
    x = _values(rng, shape)
    y = softmax(k, x[None, None])[0, 0]
    text = (
        _array("uint32_t", "@_exp", k.exp_table, 4)
        + f"\nstatic const msfcnn_softmax_t @_k = {{ @_exp, {k.inverse_scale} }};"
    )
    fields = _clamp_fields(Clamp(), k.output_zero)
    case = _elementwise(rng, kernel, fields, text, x, y)
    return _in_place(case, 1, y) if rng.random() < 0.4 else case


CASES: Mapping[str, Callable[[np.random.Generator], KernelCase]] = {
    "pointwise": pointwise_case,
    "conv": conv_case,
    "depthwise": depthwise_case,
    "max_pool": max_pool_case,
    "average_pool": average_pool_case,
    "rescale": rescale_case,
    "add": add_case,
    "mul": mul_case,
    "lookup": lookup_case,
    "select": select_case,
    "prelu": prelu_case,
    "upsample": upsample_case,
    "bilinear": bilinear_case,
    "softmax": softmax_case,
}
V6M_CASES: Mapping[str, Callable[[np.random.Generator], KernelCase]] = {
    "pointwise": pointwise_case,
    "conv": conv_case,
    "depthwise_3x3": depthwise_3x3_case,
}
V7EM_CASES: Mapping[str, Callable[[np.random.Generator], KernelCase]] = {
    "pointwise_v7em": pointwise_v7em_case,
    "conv_v7em": conv_v7em_case,
    "depthwise_v7em": depthwise_v7em_case,
    "depthwise_interleaved_v7em": lambda rng: depthwise_v7em_case(
        rng, "depthwise_interleaved_v7em", planar=False
    ),
    "max_pool_v7em": lambda rng: max_pool_case(rng, "max_pool_v7em"),
    "average_pool_v7em": lambda rng: average_pool_case(rng, "average_pool_v7em"),
    "add_v7em": lambda rng: add_case(rng, "add_v7em"),
}
MVE_CASES: Mapping[str, Callable[[np.random.Generator], KernelCase]] = {
    "pointwise_mve": pointwise_mve_case,
    "conv_mve": conv_mve_case,
    "depthwise_mve": depthwise_mve_case,
    "max_pool_mve": lambda rng: max_pool_case(rng, "max_pool_mve"),
    "average_pool_mve": lambda rng: average_pool_case(rng, "average_pool_mve"),
    "add_mve": lambda rng: add_case(rng, "add_mve"),
}

MAC16_CASES: Mapping[str, Callable[[np.random.Generator], KernelCase]] = {
    "pointwise_mac16": pointwise_mac16_case,
    "conv_mac16": conv_mac16_case,
}


def random_cases(family: str, rng: np.random.Generator, count: int) -> list[KernelCase]:
    """`count` cases of a family of kernels."""
    if family.startswith("global_average"):
        return [case for _ in range(count) for case in global_average_cases(rng, family)]
    case = {**CASES, **V6M_CASES, **V7EM_CASES, **MVE_CASES, **MAC16_CASES}[family]
    return [case(rng) for _ in range(count)]
