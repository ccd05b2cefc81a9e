"""NAME.c: ops and stages of the plan."""

from __future__ import annotations

from collections.abc import Sequence

from msfcnn.emit.constants import constants_of, op_constants
from msfcnn.emit.place import Place, places
from msfcnn.emit.text import comment
from msfcnn.fusion import Chain, Step, node_of, track
from msfcnn.ir import Clamp, InputMode, Model
from msfcnn.layout import Layout, Move, StagePlaces
from msfcnn.schedule import Schedule, ScheduledStage

_INPUTS = {
    InputMode.IMAGE: "MSFCNN_INPUT_IMAGE",
    InputMode.PUSH: "MSFCNN_INPUT_PUSH",
    InputMode.PULL: "MSFCNN_INPUT_PULL",
}
_IMAGE = "MSFCNN_IMAGE"


def tables_source(model: Model, schedule: Schedule, layout: Layout, name: str, abi: int) -> str:
    """Text of NAME.c below its banner."""
    stages = [
        _stage(number, stage, where)
        for number, (stage, where) in enumerate(zip(schedule.stages, layout.stages, strict=True))
    ]
    ops = list(places(schedule, layout))
    shapes = list(dict.fromkeys(_shape(place) for place in ops))
    moves = [_move(move) for where in layout.stages for move in where.moves]
    parts = [
        f'#include "{name}.h"\n#include "msfcnn/kernels.h"\n',
        _guards(*engine_limits(schedule), abi),
        *(op_constants(model, place, name) for place in ops),
        _array("msfcnn_shape_t", "_shapes", shapes),
        _array("msfcnn_op_t", "_ops", [_op(model, place, name, shapes) for place in ops]),
        _array("msfcnn_move_t", "_moves", moves),
        _array("msfcnn_stage_t", "_stages", stages),
        _model(model, schedule, layout, name),
    ]
    return "\n".join(part for part in parts if part)


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


def _array(ctype: str, name: str, entries: Sequence[str]) -> str:
    """Nothing if there are no entries: C has no empty arrays."""
    if not entries:
        return ""
    head = f"static const {ctype} {name}[{len(entries)}] = {{"
    return "\n".join([head, *entries, "};\n"])


def _shape(place: Place) -> str:
    u, v = place.seen.across[place.i], place.seen.along[place.i]
    return f"""\
    {{ .kernel_u = {u.kernel}, .kernel_v = {v.kernel}, .stride_u = {u.stride}, \
.stride_v = {v.stride},
      .dilation_u = {u.dilation}, .dilation_v = {v.dilation}, .pad_u = {u.pad}, \
.pad_v = {v.pad} }},"""


def _op(model: Model, place: Place, name: str, shapes: Sequence[str]) -> str:
    seen, i, step = place.seen, place.i, place.step
    kernel, window = place.kernel, place.window
    op = None if step.loads else model.ops[step.op]
    clamp = op.clamping if op else Clamp()
    pad, zero = (op.pad_value(model), op.output_zero(model)) if op else (0, 0)
    return f"""\
    {{ /* {place.number}.{i}: {comment(node_of(model, step))} */
        .kernel = {kernel.name}, .constants = {constants_of(place, name)},
        .shape = &_shapes[{shapes.index(_shape(place))}], \
.window = {place.places.windows.get(i, 0)},
        .halo = {place.places.halos.get(i, 0)}, .beside = {place.beside}, .delay = {place.delay},
        .lines = {seen.lines[i]}, .pixels = {seen.pixels[i]}, .in_channels = {seen.channels[i]}, \
.out_channels = {step.target[2]},
        .length = {window.length}, .save = {window.save}, .halo_pixels = {place.halo_pixels}, \
.words = {kernel.words},
        .slots = {window.slots}, .reads = {_reads(step)}, .planar = {int(window.planar)}, \
.feeds = {place.feeds},
        .pad_value = {pad}, .out_zero = {zero}, .clamp_low = {clamp.low}, \
.clamp_high = {clamp.high},
    }},"""


def _reads(step: Step) -> str:
    if step.call.broadcast:
        return "MSFCNN_GATE"
    return "MSFCNN_PAIR" if step.y is not None else f"MSFCNN_{step.reads.name}"


def _move(move: Move) -> str:
    return f"    {{ .to = {move.to}, .from = {move.start}, .size = {move.size} }},"


def _stage(number: int, stage: ScheduledStage, places: StagePlaces) -> str:
    chain, option = stage.chain, stage.option
    seen = track(chain, option.columns)
    last = chain.steps[-1]
    split = option.split if option.split < last.target[2] else 0
    return f"""\
    {{ /* {number}: {option.scheme.value}, {stage.cost.total} bytes */
        .input = {_input(chain, places)}, .output = {places.whole[last.z]},
        .out_lines = {seen.lines[-1]}, .out_pixels = {seen.pixels[-1]}, \
.out_channels = {last.z_channels}, .out_channel = {last.channel},
        .band = {option.band}, .split = {split}, .n_ops = {len(chain.steps)}, \
.n_moves = {len(places.moves)},
        .run = {option.run}, .columns = {int(option.columns)},
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
    moves = "_moves" if any(places.moves for places in layout.stages) else "NULL"
    return f"""\
static const msfcnn_output_t _outputs[{len(layout.outputs)}] = {{ {outputs} }};

const msfcnn_model_t {name}_model = {{
    .abi = MSFCNN_ABI, .arena_size = {upper}_ARENA_SIZE,
    .ops = _ops, .stages = _stages, .moves = {moves}, .outputs = _outputs,
    .n_stages = {len(schedule.stages)}, .n_outputs = {len(layout.outputs)},
    .height = {height}, .width = {width}, .channels = {channels},
    .stage_ops = {stage_ops}, .kernel_lines = {kernel_lines}, \
.input = {_INPUTS[schedule.network.mode]},
}};
"""
