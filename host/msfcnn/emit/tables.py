"""NAME.c: ops and stages of the plan."""

from __future__ import annotations

from collections.abc import Iterator

from msfcnn.emit.constants import op_constants
from msfcnn.emit.text import comment
from msfcnn.graph import Chain, Kind, Step, Track, track
from msfcnn.layout import Layout, StagePlaces
from msfcnn.model import Clamp, InputMode, MaxPool, Model
from msfcnn.schedule import Schedule, ScheduledStage

_INPUTS = {
    InputMode.IMAGE: "MSFCNN_INPUT_IMAGE",
    InputMode.PUSH: "MSFCNN_INPUT_PUSH",
    InputMode.PULL: "MSFCNN_INPUT_PULL",
}
_IMAGE = "MSFCNN_IMAGE"
_NO_SECOND = "MSFCNN_NO_SECOND"


def tables_source(model: Model, schedule: Schedule, layout: Layout, name: str, abi: int) -> str:
    """Text of NAME.c below its banner."""
    stages = list(zip(schedule.stages, layout.stages, strict=True))
    parts = [
        f'#include "{name}.h"\n#include "msfcnn/kernels.h"\n',
        _guards(*engine_limits(schedule), abi),
        *_constants(model, schedule, name),
        f"static const msfcnn_op_t _ops[{sum(len(s.chain.steps) for s, _ in stages)}] = {{",
        *_ops(model, stages, name),
        "};\n",
        _moves(stages),
        f"static const msfcnn_stage_t _stages[{len(stages)}] = {{",
        *_stages(stages),
        "};\n",
        _model(model, schedule, layout, name),
    ]
    return "\n".join(part for part in parts if part)


def _constants(model: Model, schedule: Schedule, name: str) -> Iterator[str]:
    index = 0
    for stage in schedule.stages:
        for i, step in enumerate(stage.chain.steps):
            yield op_constants(model, step, stage.kernel(i).packed, name, index)
            index += 1


def engine_limits(schedule: Schedule) -> tuple[int, int]:
    """CONFIG_MSFCNN_STAGE_OPS and CONFIG_MSFCNN_KERNEL_LINES the engine must be compiled with."""
    lines = max(
        axis.kernel
        for stage in schedule.stages
        for axis in track(stage.chain, stage.option.columns).across
    )
    return max(len(stage.chain.steps) for stage in schedule.stages), lines


def _guards(stage_ops: int, kernel_lines: int, abi: int) -> str:
    return f"""\
#if MSFCNN_ABI != {abi}
#  error "generated for another version of the msfcnn engine: run 'msfcnn generate' again"
#endif
#if CONFIG_MSFCNN_STAGE_OPS < {stage_ops}
#  error "this model needs -DCONFIG_MSFCNN_STAGE_OPS={stage_ops} for engine and model"
#endif
#if CONFIG_MSFCNN_KERNEL_LINES < {kernel_lines}
#  error "this model needs -DCONFIG_MSFCNN_KERNEL_LINES={kernel_lines} for engine and model"
#endif
"""


def _ops(
    model: Model, stages: list[tuple[ScheduledStage, StagePlaces]], name: str
) -> Iterator[str]:
    index = 0
    for number, (stage, places) in enumerate(stages):
        seen = track(stage.chain, stage.option.columns, stage.option.split)
        for i, step in enumerate(stage.chain.steps):
            yield _op(model, _Place(stage, places, seen, i), step, f"{number}.{i}", name, index)
            index += 1


class _Place:
    """Where an op stands in its stage, and what the table says of its buffers."""

    def __init__(self, stage: ScheduledStage, places: StagePlaces, seen: Track, i: int) -> None:
        self.stage, self.places, self.seen, self.i = stage, places, seen, i
        self.window = stage.cost.windows.get(i)

    @property
    def halo(self) -> tuple[int, int]:
        """Offset and pixels of the kept halo of its input."""
        halo = self.stage.cost.halos.get(self.i)
        return (self.places.halos[self.i], halo.pixels) if halo else (0, 0)

    @property
    def second(self) -> tuple[str, int]:
        """Offset of the second input (or of sums), and how many pixels wait in a ring."""
        if self.i in self.places.sums:
            return str(self.places.sums[self.i]), 0
        tensor = self.stage.chain.steps[self.i].y
        if tensor is None:
            return _NO_SECOND, 0
        for ring in self.stage.cost.rings:
            if ring.skip.add == self.i:
                return str(self.places.rings[self.i]), ring.pixels
        return str(self.places.whole.get(tensor, _IMAGE)), 0

    @property
    def feeds(self) -> int:
        """The sum whose ring its output fills."""
        skips = self.stage.chain.skips
        return next((s.add for s in skips if s.source == self.i + 1), 0)


def _op(model: Model, place: _Place, step: Step, number: str, name: str, index: int) -> str:
    seen, i, window = place.seen, place.i, place.window
    u, v = seen.across[i], seen.along[i]
    source = model.tensors[step.x].quantization
    op = model.ops[step.op] if step.kind is not Kind.LOAD else None
    clamp = getattr(op, "clamp", Clamp())
    sums = step.kind in (Kind.RESCALE, Kind.ADD, Kind.MAX_POOL)
    # sums carry the zero point of their output in the offset
    zero = 0 if op is None or sums else model.tensors[op.output].quantization.zero_point
    pad_value = -128 if isinstance(op, MaxPool) else _input_zero(model, step, source.zero_point)
    constants = "NULL" if op is None else f"&{constants_of(step, name, index)}"
    halo, halo_pixels = place.halo
    second, delay = place.second
    kernel = place.stage.kernel(i)
    reads = f"MSFCNN_{step.reads.name}"
    node = "load" if op is None else op.node
    return f"""\
    {{ /* {number}: {comment(node)} */
        .kernel = {kernel.name}, .constants = {constants},
        .window = {place.places.windows.get(i, 0)}, .halo = {halo}, .second = {second},
        .lines = {seen.lines[i]}, .pixels = {seen.pixels[i]}, .in_channels = {seen.channels[i]}, \
.out_channels = {step.target[2]},
        .slots = {window.slots if window else 0}, .length = {window.length if window else 0}, \
.save = {window.save if window else 0}, .halo_pixels = {halo_pixels}, .delay = {delay},
        .reads = {reads}, .planar = {int(window is not None and window.planar)}, \
.feeds = {place.feeds},
        .kernel_u = {u.kernel}, .kernel_v = {v.kernel}, .stride_u = {u.stride}, \
.stride_v = {v.stride},
        .dilation_u = {u.dilation}, .dilation_v = {v.dilation}, .pad_u = {u.pad}, \
.pad_v = {v.pad},
        .pad_value = {pad_value}, .out_zero = {zero}, .clamp_low = {clamp.low}, \
.clamp_high = {clamp.high},
    }},"""


def _input_zero(model: Model, step: Step, fallback: int) -> int:
    """Zero point of what an op reads; through a reshape it is that of another tensor."""
    if step.kind is Kind.LOAD:
        return fallback
    return model.tensors[model.ops[step.op].inputs[step.part]].quantization.zero_point


def constants_of(step: Step, name: str, index: int) -> str:
    """The C name of the constants of a step."""
    if step.kind in (Kind.POINTWISE, Kind.CONV, Kind.DEPTHWISE):
        return f"{name}_op{step.op}"
    return f"_constants{index}"


def _moves(stages: list[tuple[ScheduledStage, StagePlaces]]) -> str:
    moves = [move for _, places in stages for move in places.moves]
    lines = [f"    {{ {m.to}, {m.start}, {m.size} }}," for m in moves] or ["    { 0, 0, 0 },"]
    return "\n".join(
        [f"static const msfcnn_move_t _moves[{len(lines)}] = {{ /* to, from, size */", *lines, "};\n"]
    )


def _stages(stages: list[tuple[ScheduledStage, StagePlaces]]) -> Iterator[str]:
    first_op = first_move = 0
    for number, (stage, places) in enumerate(stages):
        yield _stage(stage, places, number, first_op, first_move)
        first_op += len(stage.chain.steps)
        first_move += len(places.moves)


def _stage(
    stage: ScheduledStage, places: StagePlaces, number: int, first_op: int, first_move: int
) -> str:
    chain, option = stage.chain, stage.option
    seen = track(chain, option.columns)
    last = chain.steps[-1]
    split = option.split if option.split < last.target[2] else 0
    return f"""\
    {{ /* {number}: {option.scheme.value}, {stage.cost.total} bytes */
        .input = {_input(chain, places)}, .output = {places.whole[last.z]}, \
.scratch = {places.scratch},
        .first_op = {first_op}, .n_ops = {len(chain.steps)}, .first_move = {first_move}, \
.n_moves = {len(places.moves)},
        .out_lines = {seen.lines[-1]}, .out_pixels = {seen.pixels[-1]}, \
.out_channels = {last.z_channels}, .out_channel = {last.channel},
        .band = {option.band}, .split = {split}, .run = {option.run}, \
.columns = {int(option.columns)},
    }},"""


def _input(chain: Chain, places: StagePlaces) -> str:
    if chain.input is None:
        return "0"
    return str(places.whole.get(chain.input, _IMAGE))


def _model(model: Model, schedule: Schedule, layout: Layout, name: str) -> str:
    stage_ops, kernel_lines = engine_limits(schedule)
    height, width, channels = model.tensors[model.input.tensor].shape
    outputs = ", ".join(
        f"{{ {offset}, {schedule.network.sizes[t]} }}"
        for t, offset in zip(schedule.network.outputs, layout.outputs, strict=True)
    )
    upper = name.upper()
    return f"""\
static const msfcnn_output_t _outputs[{len(layout.outputs)}] = {{ {outputs} }};

const msfcnn_model_t {name}_model = {{
    .abi = MSFCNN_ABI, .arena_size = {upper}_ARENA_SIZE,
    .ops = _ops, .stages = _stages, .moves = _moves, .outputs = _outputs,
    .n_stages = {len(schedule.stages)}, .n_outputs = {len(layout.outputs)},
    .stage_ops = {stage_ops}, .kernel_lines = {kernel_lines},
    .height = {height}, .width = {width}, .channels = {channels},
    .input = {_INPUTS[schedule.network.mode]},
}};
"""
