"""Operators that move values: shapes, pads, slices, joins and resizes.

Pads, slices, splits and joins translate the axes that they name into the layout in which their
input is there (`Arrangement.axis`). Resizes and blocks want NCHW, the rest the layout of the file.
"""

from __future__ import annotations

from msfcnn.frontend.arrangement import Arrangement
from msfcnn.frontend.tflite.problems import DAMAGED, Untranslatable
from msfcnn.frontend.tflite.slices import cuts
from msfcnn.frontend.tflite.step import Conversion, resolved
from msfcnn.frontend.tflite.writer import MAP_AXES

CONSTANT, REFLECT = "constant", "reflect"


def reshape(step: Conversion) -> None:
    """RESHAPE, SQUEEZE and EXPAND_DIMS: the file says what shape comes out."""
    step.check_copies()
    step.check_size(step.shape(0), step.result.shape)
    step.write(step.reshape(step.read(0), step.result.shape))


def tile(step: Conversion) -> None:
    """TILE, as UpSampling2D of Keras repeats rows and columns."""
    step.check_copies()
    times = step.integers(1, "list of repeats")
    if len(times) != len(step.shape(0)) or min(times, default=1) < 1:
        raise Untranslatable(f"its repeats {list(times)} do not fit the input", DAMAGED)
    step.write(step.emit("Tile", [step.read(0), step.list(times, "repeats")]))


def transpose(step: Conversion) -> None:
    """TRANSPOSE."""
    step.check_copies()
    perm = step.integers(1, "permutation")
    rank = len(step.shape(0))
    if sorted(perm) != list(range(rank)):
        raise Untranslatable(f"its permutation {list(perm)} does not fit {rank} axes", DAMAGED)
    step.write(step.emit("Transpose", [step.read(0)], perm=perm))


def pad(step: Conversion) -> None:
    """PAD with zeros, PADV2 with a constant."""
    step.check_copies()
    inputs = [CONSTANT]
    if step.has(2) and step.operator.kind == "PADV2":
        step.constant(2, "value")
        inputs.append(step.read(2))
    _pad(step, *inputs)


def mirror_pad(step: Conversion) -> None:
    """MIRROR_PAD, without its border only."""
    step.check_copies()
    if step.operator.integer("Mode"):
        raise Untranslatable("pads in mode SYMMETRIC", "pad with zeros")
    _pad(step, REFLECT)


def _pad(step: Conversion, mode: str, *value: str) -> None:
    """A Pad of any axis; TFLite lists (before, after) by axis, ONNX all before, then all after."""
    rank = len(step.shape(0))
    sizes = step.integers(1, "list of pads")
    if len(sizes) != 2 * rank or min(sizes) < 0:
        raise Untranslatable(f"its pads {list(sizes)} do not fit {rank} axes", DAMAGED)
    layout = step.layout()
    sides = [*layout.arranged(sizes[::2]), *layout.arranged(sizes[1::2])]
    inputs = [step.read(0, layout), step.list(sides, "pads"), *value]
    step.write(step.emit("Pad", inputs, mode=mode), layout)


def concatenation(step: Conversion) -> None:
    """CONCATENATION along any axis; each part may have its own scale."""
    count, rank = len(step.operator.inputs), len(step.result.shape)
    (axis,) = resolved([step.operator.integer("Axis")], rank)
    layouts = {step.layout(i) for i in range(count)}
    layout = Arrangement.NCHW if Arrangement.NCHW in layouts else Arrangement.FILE
    parts = [step.read(i, layout) for i in range(count)]
    step.write_activated(step.emit("Concat", parts, axis=layout.axis(axis)), layout)


def pack(step: Conversion) -> None:
    """PACK: a new axis along which the inputs lie."""
    rank = len(step.result.shape)
    (axis,) = resolved([step.operator.integer("Axis")], rank)
    parts = []
    for i in range(len(step.operator.inputs)):
        shape = step.shape(i)
        parts.append(step.reshape(step.read(i), (*shape[:axis], 1, *shape[axis:])))
    step.write(step.emit("Concat", parts, axis=axis))


def unpack(step: Conversion) -> None:
    """UNPACK: each index of an axis is an output."""
    shape = step.shape(0)
    (axis,) = resolved([step.operator.integer("Axis")], len(shape))
    if shape[axis] != len(step.operator.outputs):
        raise Untranslatable(f"has {len(step.operator.outputs)} outputs for {shape[axis]}", DAMAGED)
    rest = shape[:axis] + shape[axis + 1 :]
    for i in range(shape[axis]):
        step.check_copies(output=i)
        value = _slice(step, step.read(0), [(axis, i, 1, 1)])
        step.write(step.reshape(value, rest), output=i)


def slice_(step: Conversion) -> None:
    """SLICE: a start and a size per axis; size -1 takes the rest."""
    step.check_copies()
    shape = step.shape(0)
    begin, size = step.integers(1, "begin"), step.integers(2, "size")
    if len(begin) != len(shape) or len(size) != len(shape):
        raise Untranslatable(f"its bounds do not fit {len(shape)} axes", DAMAGED)
    layout, taken = step.layout(), []
    for axis, (start, count) in enumerate(zip(begin, size, strict=True)):
        length = shape[axis] - start if count == -1 else count
        if start < 0 or length < 1 or start + length > shape[axis]:
            raise Untranslatable(
                f"takes {length} from {start} of an axis of {shape[axis]}", DAMAGED
            )
        if length < shape[axis]:
            taken.append((layout.axis(axis), start, length, 1))
    step.write(_slice(step, step.read(0, layout), taken), layout)


def strided_slice(step: Conversion) -> None:
    """STRIDED_SLICE with constant bounds; begin, end and shrink masks."""
    step.check_copies()
    shape = step.shape(0)
    begin, end, steps = (step.constant(i, "bounds") for i in (1, 2, 3))
    found = cuts(step.operator, shape, begin, end, steps)
    if any(cut.count < 1 for cut in found):
        raise Untranslatable("takes nothing", DAMAGED)
    layout = Arrangement.FILE if any(cut.alone for cut in found) else step.layout()
    taken = [
        (layout.axis(axis), cut.start, cut.count, cut.step)
        for axis, cut in enumerate(found)
        if (cut.count, cut.step) != (shape[axis], 1)
    ]
    value = _slice(step, step.read(0, layout), taken)
    if any(cut.alone for cut in found):
        value = step.reshape(value, [cut.count for cut in found if not cut.alone])
    step.write(value, layout)


def split(step: Conversion) -> None:
    """SPLIT into equal parts; inputs: axis, activation."""
    shape = step.shape(1)
    (axis,) = resolved(step.integers(0, "axis"), len(shape))
    parts = len(step.operator.outputs)
    if shape[axis] % parts:
        raise Untranslatable(f"splits {shape[axis]} into {parts} parts", DAMAGED)
    _split(step, 1, axis, [shape[axis] // parts] * parts)


def split_v(step: Conversion) -> None:
    """SPLIT_V into given parts; inputs: activation, sizes, axis."""
    shape = step.shape(0)
    (axis,) = resolved(step.integers(2, "axis"), len(shape))
    sizes = list(step.integers(1, "sizes"))
    if sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = shape[axis] - sum(sizes) - 1
    if len(sizes) != len(step.operator.outputs) or sum(sizes) != shape[axis] or min(sizes) < 1:
        raise Untranslatable(f"its sizes {sizes} do not make {shape[axis]}", DAMAGED)
    _split(step, 0, axis, sizes)


def _split(step: Conversion, position: int, axis: int, sizes: list[int]) -> None:
    """One Slice an output, in the order of the axis."""
    layout = step.layout(position)
    value, start = step.read(position, layout), 0
    for output, size in enumerate(sizes):
        step.check_copies(position, output)
        part = _slice(step, value, [(layout.axis(axis), start, size, 1)])
        step.write(part, layout, output)
        start += size


def gather(step: Conversion) -> None:
    """GATHER of constant indices along one axis."""
    step.check_copies()
    if step.operator.integer("BatchDims"):
        raise Untranslatable("gathers with batch_dims", "gather along one axis")
    (axis,) = resolved([step.operator.integer("Axis")], len(step.shape(0)))
    indices = step.constant(1, "list of indices")
    if ((indices < 0) | (indices >= step.shape(0)[axis])).any():
        raise Untranslatable("gathers an index that does not exist", DAMAGED)
    name = step.writer.add_constant(step.tensor(1).name, indices.astype("int64"))
    step.write(step.emit("Gather", [step.read(0), name], axis=axis))


def resize_bilinear(step: Conversion) -> None:
    """RESIZE_BILINEAR, to any size."""
    _resize(step, mode="linear")


def resize_nearest_neighbor(step: Conversion) -> None:
    """RESIZE_NEAREST_NEIGHBOR; exact positions between two pixels round up."""
    plain = not (step.operator.integer("AlignCorners") or step.operator.integer("HalfPixelCenters"))
    _resize(step, mode="nearest", nearest_mode="floor" if plain else "round_prefer_ceil")


def _resize(step: Conversion, **attributes: str) -> None:
    """A Resize to the sizes that are stored; the flags name where the centers of pixels are."""
    if step.operator.integer("AlignCorners"):
        positions = "align_corners"
    elif step.operator.integer("HalfPixelCenters"):
        positions = "half_pixel"
    else:
        positions = "asymmetric"
    batch, _, _, channels = step.shape(0, MAP_AXES)
    height, width = _two(step.integers(1, "size"))
    sizes = step.list((batch, channels, height, width), "sizes")
    inputs = [step.read(0, Arrangement.NCHW), "", "", sizes]
    attributes["coordinate_transformation_mode"] = positions
    step.write(step.emit("Resize", inputs, **attributes), Arrangement.NCHW)


def _two(values: tuple[int, ...]) -> tuple[int, int]:
    """The height and width to resize to. Raises Untranslatable for anything else."""
    if len(values) != 2 or min(values) < 1:
        raise Untranslatable(f"resizes to {list(values)}", DAMAGED)
    return values[0], values[1]


def depth_to_space(step: Conversion) -> None:
    """DEPTH_TO_SPACE."""
    _blocks(step, "DepthToSpace")


def space_to_depth(step: Conversion) -> None:
    """SPACE_TO_DEPTH."""
    _blocks(step, "SpaceToDepth")


def _blocks(step: Conversion, kind: str) -> None:
    """Space to depth or back: both formats order the channels alike."""
    step.check_copies()
    step.shape(0, MAP_AXES)
    block = step.operator.integer("BlockSize")
    if block < 1:
        raise Untranslatable(f"its block size is {block}", DAMAGED)
    value = step.emit(kind, [step.read(0, Arrangement.NCHW)], blocksize=block)
    step.write(value, Arrangement.NCHW)


def _slice(step: Conversion, value: str, taken: list[tuple[int, int, int, int]]) -> str:
    """A part of a value. taken: axis, start, count and step of each axis that is cut."""
    if not taken:
        return value
    ends = [start + count * by for _, start, count, by in taken]
    # a slice that walks down to the first element ends before it, which is not -1
    ends = [end if end >= 0 else -(2**31) for end in ends]
    lists = ([t[1] for t in taken], ends, [t[0] for t in taken], [t[3] for t in taken])
    names = ("starts", "ends", "axes", "steps")
    inputs = [step.list(v, n) for v, n in zip(lists, names, strict=True)]
    return step.emit("Slice", [value, *inputs])
