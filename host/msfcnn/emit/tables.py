"""NAME.c: tensors, ops and stages of the plan."""

from __future__ import annotations

import numpy as np

from msfcnn.emit.text import comment, int8_array, int_array
from msfcnn.emit.weights import constants_name
from msfcnn.layout import Layout
from msfcnn.model import (
    Add,
    AveragePool,
    Clamp,
    Concat,
    Conv,
    GlobalAveragePool,
    InputMode,
    MaxPool,
    Model,
    Op,
    Requantize,
    Softmax,
)
from msfcnn.numerics import (
    PoolConstants,
    SumConstants,
    add_constants,
    concat_constants,
    pool_constants,
    reads_padding,
    requantize_constants,
    softmax_constants,
)
from msfcnn.schedule import Schedule, Step
from msfcnn.schedule.sweep import geometry_of, scratch_bytes, step_inputs

_KINDS = {
    MaxPool: "MSFCNN_MAX_POOL",
    AveragePool: "MSFCNN_AVERAGE_POOL",
    GlobalAveragePool: "MSFCNN_GLOBAL_AVERAGE",
    Requantize: "MSFCNN_SUM",
    Add: "MSFCNN_SUM",
    Concat: "MSFCNN_SUM",
    Softmax: "MSFCNN_SOFTMAX",
}


def tables_source(model: Model, schedule: Schedule, layout: Layout, name: str, abi: int) -> str:
    """Text of NAME.c below its banner."""
    steps = [step for stage in schedule.stages for step in stage.steps]
    scratch = _scratch(model, schedule, layout)
    pads = _PadPixels(model)
    parts = [
        f'#include "{name}.h"\n',
        _guards(*engine_limits(model, schedule), abi),
        *(_constants(model, name, i, step, scratch.get(step)) for i, step in enumerate(steps)),
        pads.text(),
        _tensors(model, layout),
        _ops(model, steps, name, pads),
        _stages(schedule),
        _model(model, schedule, layout, name),
    ]
    return "\n".join(part for part in parts if part)


def _scratch(model: Model, schedule: Schedule, layout: Layout) -> dict[Step, int]:
    """Arena offsets of the sums of global averages."""
    offsets: dict[Step, int] = {}
    for stage, offset in zip(schedule.stages, layout.scratch, strict=True):
        for step in stage.steps:
            size = scratch_bytes(model, step)
            if size and offset is not None:
                offsets[step] = offset
                offset += size
    return offsets


def engine_limits(model: Model, schedule: Schedule) -> tuple[int, int]:
    """CONFIG_MSFCNN_TAPS and CONFIG_MSFCNN_STAGE_OPS that the engine must be compiled with."""
    geometries = [geometry_of(model.ops[s.op]) for stage in schedule.stages for s in stage.steps]
    taps = max(g.kernel_h * g.kernel_w for g in geometries)
    return taps, max(len(stage.steps) for stage in schedule.stages)


def _guards(taps: int, stage_ops: int, abi: int) -> str:
    return f"""\
#if MSFCNN_ABI != {abi}
#  error "generated for another version of the msfcnn engine: run 'msfcnn generate' again"
#endif
#if CONFIG_MSFCNN_TAPS < {taps}
#  error "this model needs -DCONFIG_MSFCNN_TAPS={taps} for engine and model"
#endif
#if CONFIG_MSFCNN_STAGE_OPS < {stage_ops}
#  error "this model needs -DCONFIG_MSFCNN_STAGE_OPS={stage_ops} for engine and model"
#endif
"""


class _PadPixels:
    """Pixels filled with a zero point (or -128 for maxima) that padded taps read."""

    def __init__(self, model: Model) -> None:
        size: dict[int, int] = {}
        value_of: dict[int, int] = {}
        for op in model.ops:
            if isinstance(op, Conv | MaxPool | AveragePool) and reads_padding(model, op):
                source = model.tensors[op.input]
                value = -128 if isinstance(op, MaxPool) else source.quantization.zero_point
                size[value] = max(size.get(value, 0), source.channels)
                value_of[op.output] = value
        self._pixels = [np.full(size[v], v, dtype=np.int8) for v in sorted(size)]
        self._index = {t: sorted(size).index(v) for t, v in value_of.items()}

    def index(self, op: Op) -> int:
        """Where the pad pixel of an op stands in the table; 0 if the op needs none."""
        return self._index.get(op.output, 0)

    def text(self) -> str:
        """The pixels and the table of them."""
        names = [f"_pad{i}" for i in range(len(self._pixels))]
        arrays = [int8_array(n, pixel) for n, pixel in zip(names, self._pixels, strict=True)]
        entries = ", ".join(names) or "NULL"
        table = f"static const int8_t *const _pad_pixels[{len(names) or 1}] = {{ {entries} }};\n"
        return "\n".join([*arrays, table])


def _constants(model: Model, name: str, index: int, step: Step, scratch: int | None) -> str:
    """What an op's `constants` points to, where it is not in NAME_weights.c."""
    op = model.ops[step.op]
    label = f"_constants{index}"
    if isinstance(op, Conv):
        return f"extern const msfcnn_conv_t {constants_name(name, step.op)};"
    if isinstance(op, Add):
        return _sum(label, add_constants(model, op))
    if isinstance(op, Requantize | MaxPool):
        return _sum(label, requantize_constants(model, op))
    if isinstance(op, Concat):
        return _sum(label, concat_constants(model, op, step.part))
    if isinstance(op, AveragePool | GlobalAveragePool):
        return _pool(label, pool_constants(model, op), scratch or 0)
    if isinstance(op, Softmax):
        k = softmax_constants(model, op)
        return (
            int_array("uint32_t", f"{label}_exp", k.exp_table)
            + f"static const msfcnn_softmax_t {label} = {{ {label}_exp, {k.inverse_scale} }};\n"
        )
    return ""


def _sum(label: str, k: SumConstants) -> str:
    factors = ", ".join(map(str, k.multipliers))
    return f"static const msfcnn_sum_t {label} = {{ {{ {factors} }}, {k.offset}, {k.shift} }};"


def _pool(label: str, k: PoolConstants, scratch: int) -> str:
    count = len(k.scaling.multiplier)
    return (
        int_array("int32_t", f"{label}_multiplier", k.scaling.multiplier)
        + int_array("uint8_t", f"{label}_shift", k.scaling.shift)
        + f"static const msfcnn_pool_t {label} = {{ {label}_multiplier, {label}_shift, {scratch}, "
        f"{count}, {k.input_zero} }};\n"
    )


def _tensors(model: Model, layout: Layout) -> str:
    lines = ["/* offset, height, width, channels, resident rows and columns */"]
    lines.append(f"static const msfcnn_tensor_t _tensors[{len(model.tensors)}] = {{")
    for index, tensor in enumerate(model.tensors):
        place = layout.placement_of(index)
        offset, rows, cols = (
            (place.offset, place.rows, place.cols) if place else (0, tensor.height, tensor.width)
        )
        extents = ", ".join(map(str, (*tensor.shape, rows, cols)))
        lines.append(f"    {{ {offset}, {extents} }}, /* {index}: {comment(tensor.name)} */")
    return "\n".join([*lines, "};\n"])


def _ops(model: Model, steps: list[Step], name: str, pads: _PadPixels) -> str:
    lines = [f"static const msfcnn_op_t _ops[{len(steps)}] = {{"]
    for index, step in enumerate(steps):
        lines.append(_op(model, step, index, name, pads))
    return "\n".join([*lines, "};\n"])


def _op(model: Model, step: Step, index: int, name: str, pads: _PadPixels) -> str:
    op = model.ops[step.op]
    inputs = step_inputs(model, step)
    source, target = model.tensors[inputs[0]], model.tensors[op.output]
    g = geometry_of(op)
    # a dilation between taps that do not exist would only confuse the engine
    dilation_h = g.dilation_h if g.kernel_h > 1 else 1
    dilation_w = g.dilation_w if g.kernel_w > 1 else 1
    clamp = Clamp() if isinstance(op, Softmax) else getattr(op, "clamp", Clamp())
    if isinstance(op, Conv):
        kind = "MSFCNN_DEPTHWISE" if op.depthwise else "MSFCNN_CONV"
        constants = constants_name(name, step.op)
    else:
        kind, constants = _KINDS[type(op)], f"_constants{index}"
    # sums carry the zero point of their output in the offset
    zero = 0 if kind == "MSFCNN_SUM" else target.quantization.zero_point
    channel = sum(model.tensors[t].channels for t in op.inputs[: step.part])
    channels = source.channels if isinstance(op, Concat) else target.channels
    return f"""\
    {{ /* {index}: {comment(op.node)} */
        .kind = {kind}, .n_inputs = {len(inputs)},
        .kernel_h = {g.kernel_h}, .kernel_w = {g.kernel_w}, .stride_h = {g.stride_h}, \
.stride_w = {g.stride_w},
        .dilation_h = {dilation_h}, .dilation_w = {dilation_w}, .pad_top = {g.pad_top}, \
.pad_left = {g.pad_left},
        .pad_pixel = {pads.index(op)}, .out_zero = {zero}, \
.clamp_low = {clamp.low}, .clamp_high = {clamp.high},
        .input = {{ {", ".join(map(str, inputs))} }}, .output = {op.output}, \
.channel = {channel}, .channels = {channels},
        .constants = &{constants},
    }},"""


def _stages(schedule: Schedule) -> str:
    lines = ["/* first op, number of ops */"]
    lines.append(f"static const msfcnn_stage_t _stages[{len(schedule.stages)}] = {{")
    first = 0
    for stage in schedule.stages:
        lines.append(f"    {{ {first}, {len(stage.steps)} }}, /* {stage.scheme.value} */")
        first += len(stage.steps)
    return "\n".join([*lines, "};\n"])


def _model(model: Model, schedule: Schedule, layout: Layout, name: str) -> str:
    outputs = ", ".join(str(port.tensor) for port in model.outputs)
    reading = [
        i
        for i, stage in enumerate(schedule.stages)
        if any(model.input.tensor in step_inputs(model, step) for step in stage.steps)
    ]
    taps, stage_ops = engine_limits(model, schedule)
    pushed = int(schedule.input_mode is InputMode.PUSH)
    return f"""\
static const uint16_t _outputs[{len(model.outputs)}] = {{ {outputs} }};

const msfcnn_model_t {name}_model = {{
    .abi = MSFCNN_ABI,
    .arena_size = {layout.peak_ram},
    .tensors = _tensors,
    .ops = _ops,
    .stages = _stages,
    .outputs = _outputs,
    .pad_pixels = _pad_pixels,
    .n_stages = {len(schedule.stages)},
    .n_outputs = {len(model.outputs)},
    .input = {model.input.tensor},
    .input_stage = {reading[-1]},
    .taps = {taps},
    .stage_ops = {stage_ops},
    .pushed = {pushed},
}};
"""
