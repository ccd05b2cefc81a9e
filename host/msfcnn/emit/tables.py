"""NAME.c: ops and stages of the plan, as the tables that the engine walks through.

The format is riot_pkg/msfcnn/include/msfcnn/tables.h. Guards at the head stop the compiler where
the engine is of another version, or was compiled for smaller stages.
"""

from __future__ import annotations

from collections.abc import Sequence

from msfcnn.emit.constants import constants_of, op_constants
from msfcnn.emit.limits import engine_limits
from msfcnn.emit.place import PlacedOp, places
from msfcnn.emit.tensors import TensorTable, tensor_table
from msfcnn.emit.text import comment
from msfcnn.fusion import Step, node_of
from msfcnn.ir import Clamp, InputMode, Model
from msfcnn.layout import Layout, Move, StagePlaces
from msfcnn.schedule import Schedule, ScheduledStage

_INPUTS = {
    InputMode.IMAGE: "MSFCNN_INPUT_IMAGE",
    InputMode.PUSH: "MSFCNN_INPUT_PUSH",
    InputMode.PULL: "MSFCNN_INPUT_PULL",
}


def tables_source(model: Model, schedule: Schedule, layout: Layout, name: str, abi: int) -> str:
    """Text of NAME.c below its banner: constants, shapes, tensors, ops, moves, stages, the model.

    Everything stands before what points at it: C has no forward references of static tables.
    """
    ops = list(places(schedule, layout))
    shapes = list(dict.fromkeys(_shape(place) for place in ops))
    tensors = _tensor_tables(schedule, layout)
    moves = [_move(move) for where in layout.stages for move in where.moves]
    parts = [
        f'#include "{name}.h"\n#include "msfcnn/kernels.h"\n',
        _guards(*engine_limits(schedule), abi),
        *(op_constants(model, place, name) for place in ops),
        _array("msfcnn_shape_t", "_shapes", shapes),
        _array("msfcnn_tensor_t", "_tensors", [e for table in tensors for e in table.entries]),
        _array("msfcnn_op_t", "_ops", [_op(model, p, name, shapes, tensors) for p in ops]),
        _array("msfcnn_move_t", "_moves", moves),
        _array("msfcnn_stage_t", "_stages", _stages(schedule, layout)),
        _model(model, schedule, layout, name),
    ]
    return "\n".join(part for part in parts if part)


def _tensor_tables(schedule: Schedule, layout: Layout) -> list[TensorTable]:
    """One a stage; all entries are one C array, in which a table knows its own begin."""
    tables: list[TensorTable] = []
    for stage, where in zip(schedule.stages, layout.stages, strict=True):
        begin = sum(len(table.entries) for table in tables)
        tables.append(tensor_table(stage, where, begin))
    return tables


def _guards(stage_ops: int, kernel_lines: int, abi: int) -> str:
    """What stops the compiler instead of the device."""
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


def _shape(place: PlacedOp) -> str:
    """A kernel's extents along the sweep; ops of the same shape share an entry."""
    u, v = place.step.axes(place.columns)
    return f"""\
    {{ .kernel_u = {u.kernel}, .kernel_v = {v.kernel}, .stride_u = {u.stride}, \
.stride_v = {v.stride},
      .dilation_u = {u.dilation}, .dilation_v = {v.dilation}, .pad_u = {u.pad}, \
.pad_v = {v.pad},
      .up_u = {u.up}, .up_v = {v.up} }},"""


def _op(
    model: Model, place: PlacedOp, name: str, shapes: Sequence[str], tables: Sequence[TensorTable]
) -> str:
    """An entry of msfcnn_op_t. Lines and pixels are rows and columns, or the other way round."""
    step, kernel = place.step, place.kernel
    op = None if step.loads else model.ops[step.op]
    clamp = op.clamping if op else Clamp()
    pad, zero = (op.pad_value(model), op.output_zero(model)) if op else (0, 0)
    sweep = place.stage.sweep
    lines, pixels = sweep.extents(step.source)
    out_lines, out_pixels = sweep.extents(step.target)
    last = place.i + 1 == len(place.stage.edge.steps)
    band = (place.stage.option.band if last else out_pixels) if place.end else 0
    next_writer = "MSFCNN_NONE" if place.next_writer is None else place.next_writer
    before = place.stage.cost.early.get(place.i, "MSFCNN_NONE")
    in_channels = step.source[2] if step.loads else place.channels(step.x, step.source[2])
    return f"""\
    {{ /* {place.number}.{place.i}: {comment(node_of(model, step))} */
        .kernel = {kernel.name}, .constants = {constants_of(model, place, name)},
        .shape = &_shapes[{shapes.index(_shape(place))}], {_tensors(place, tables[place.number])},
        .sums = {place.sums}, .lines = {lines}, .pixels = {pixels}, .in_channels = {in_channels},
        .out_channels = {step.target[2]}, .out_channel = {step.channel}, \
.out_lines = {out_lines}, .out_pixels = {out_pixels},
        .band = {band}, .words = {_words(place)}, .reads = {_reads(step)}, \
.next_writer = {next_writer},
        .before = {before}, .pad_value = {pad}, .out_zero = {zero}, .clamp_low = {clamp.low}, \
.clamp_high = {clamp.high},
        .run = {place.stage.op_runs[place.i]},
    }},"""


def _words(place: PlacedOp) -> int:
    """Of packed constants; of those that are not, how many pixels' taps there is scratch for.

    In their two lowest bits packed constants say whether pixels are computed one by one, and
    whether lines are columns that are taken as rows.
    """
    lean = place.stage.option.lean and place.kernel.leans
    columns = place.kernel.whole_columns if place.whole_columns else 0
    return place.kernel.words + (1 if lean else 0) + columns


def _tensors(place: PlacedOp, table: TensorTable) -> str:
    """What the op reads and writes."""
    step = place.step
    fields = {"output": table.index[step.z]}
    if not step.loads:
        fields["input"] = table.index[step.x]
    if step.y is not None:
        # a sum that reads a tensor last may have a ring of its own for it
        own = table.copies.get(step.y) if place.reads_copy else None
        fields["second"] = table.index[step.y] if own is None else own
    if step.z in table.copies:
        fields["copy"] = table.copies[step.z]
    return ", ".join(f".{name} = &_tensors[{index}]" for name, index in fields.items())


def _reads(step: Step) -> str:
    """How the engine feeds the kernel: by what the call reads, and whether it has two operands."""
    if step.call.broadcast:
        return "MSFCNN_GATE"
    return "MSFCNN_PAIR" if step.y is not None else f"MSFCNN_{step.reads.name}"


def _move(move: Move) -> str:
    """A tensor that moves up over dead ones before a stage begins."""
    return f"    {{ .to = {move.to}, .from = {move.start}, .size = {move.size} }},"


def _stages(schedule: Schedule, layout: Layout) -> list[str]:
    """All stages; each names the first of its ops and moves."""
    found: list[str] = []
    ops = moves = 0
    for number, (stage, where) in enumerate(zip(schedule.stages, layout.stages, strict=True)):
        found.append(_stage(number, stage, where, ops, moves))
        ops += len(stage.edge.steps)
        moves += len(where.moves)
    return found


def _stage(
    number: int, stage: ScheduledStage, places: StagePlaces, first_op: int, first_move: int
) -> str:
    """An entry of msfcnn_stage_t."""
    option = stage.option
    ends = sum(step.z in stage.edge.ends for step in stage.edge.steps)
    split = option.split if option.split < stage.edge.steps[-1].target[2] else 0
    return f"""\
    {{ /* {number}: {option.scheme.value}, {stage.cost.total} bytes */
        .first_op = {first_op}, .first_move = {first_move}, .split = {split}, \
.n_ops = {len(stage.edge.steps)},
        .n_moves = {len(places.moves)}, .n_ends = {ends}, .run = {option.run}, \
.columns = {int(option.columns)},
    }},"""


def _model(model: Model, schedule: Schedule, layout: Layout, name: str) -> str:
    """What an application names: sizes, tables, and what the engine must be compiled for."""
    stage_ops, kernel_lines = engine_limits(schedule)
    height, width, channels = model.tensors[model.input.tensor].shape
    beside = model.input_bytes - height * width * channels
    outputs = ", ".join(
        f"{{ {offset}, {schedule.network.sizes[t]} }}"
        for t, offset in zip(schedule.network.outputs, layout.outputs, strict=True)
    )
    upper = name.upper()
    moves = "_moves" if any(places.moves for places in layout.stages) else "NULL"
    return f"""\
static const msfcnn_output_t _outputs[{len(layout.outputs)}] = {{ {outputs} }};

const msfcnn_model_t {name}_model = {{
    .abi = MSFCNN_ABI, .arena_size = {upper}_ARENA_SIZE, .beside = {beside},
    .ops = _ops, .stages = _stages, .moves = {moves}, .outputs = _outputs,
    .n_stages = {len(schedule.stages)}, .n_outputs = {len(layout.outputs)},
    .height = {height}, .width = {width}, .channels = {channels},
    .stage_ops = {stage_ops}, .kernel_lines = {kernel_lines}, \
.input = {_INPUTS[schedule.network.mode]},
}};
"""
