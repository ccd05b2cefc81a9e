"""Constants of kernels as C text: structs and their arrays, or words packed for a processor.

Weights lie as the sweep of their stage reads them: kernel lines first, be they rows or columns. A
kernel of an instruction set may want them packed into words of its own; then `isa` gives the
words, and nothing here knows what they mean. Large arrays go into NAME_weights.c, which compiles
slowly and changes seldom; everything else stands beside the tables.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from msfcnn.emit.place import PlacedOp
from msfcnn.emit.text import comment, int8_array, int_array
from msfcnn.ir import CStruct, Model


def constants_of(model: Model, place: PlacedOp, name: str) -> str:
    """The C expression for what an op's `constants` is."""
    if place.step.loads:
        return "NULL"
    label = _label(model, place, name)
    # packed words are an array, which is a pointer already; a struct is not
    return label if place.kernel.packed else f"&{label}"


def op_constants(model: Model, place: PlacedOp, name: str) -> str:
    """C text that defines (or, for weights, declares) what an op's `constants` points to.

    Empty for a step that loads the image, which has no kernel, and where they are defined already.
    """
    if place.step.loads or _shared(model, place):
        return ""
    label = _label(model, place, name)
    if place.kernel.packed:
        return f"extern const uint32_t {label}[];"
    struct = _struct(model, place)
    # defined in NAME_weights.c
    if place.step.call.weighty:
        return f"extern const {struct.ctype} {label};"
    arrays, values = _fields(struct, label)
    return f"{arrays}static const {struct.ctype} {label} = {{ {', '.join(values)} }};\n"


def weights_source(model: Model, places: Iterable[PlacedOp], name: str) -> str:
    """Text of NAME_weights.c below its banner: what is packed, and structs with large arrays."""
    parts = ['#include "msfcnn/tables.h"\n']
    for place in places:
        known = place.step.loads or _shared(model, place)
        text = "" if known else _weights(model, place, name)
        if text:
            parts += [f"/* {comment(model.ops[place.step.op].node)} */", text]
    return "\n".join(parts)


def _weights(model: Model, place: PlacedOp, name: str) -> str:
    """Definitions for NAME_weights.c; nothing for an op whose constants stand in the tables."""
    label = _label(model, place, name)
    if place.kernel.pack is not None:
        words = place.kernel.pack(place.packed_columns)
        text = int_array("uint32_t", label, words, static=False)
        return f"extern const uint32_t {label}[];\n{text}"
    if not place.step.call.weighty:
        return ""
    struct = _struct(model, place)
    arrays, values = _fields(struct, label)
    named = [v for v in values if v.startswith(label)]
    numbers = [v for v in values if not v.startswith(label)]
    return "\n".join(
        [
            f"{arrays}extern const {struct.ctype} {label};",
            f"const {struct.ctype} {label} = {{",
            f"    {', '.join(named)},",
            f"    {', '.join(numbers)},",
            "};\n",
        ]
    )


def _label(model: Model, place: PlacedOp, name: str) -> str:
    """Constants of the weights' file are known outside of it, so the model's name is in theirs."""
    if place.twin is not None and _shared(model, place):
        return _label(model, place.twin, name)
    again = "" if place.twin is None else "_again"
    if place.kernel.packed:
        return f"{name}_op{place.step.op}{again}_words"
    weighty = place.step.call.weighty
    return f"{name}_op{place.step.op}{again}" if weighty else f"_constants{place.index}"


def _shared(model: Model, place: PlacedOp) -> bool:
    """Whether the constants are those of the op that runs the same step for the first time.

    They are not where the two sweep differently, and it makes a difference to their kernels.
    """
    twin = place.twin
    if twin is None or place.step.loads or place.kernel.packed != twin.kernel.packed:
        return False
    if place.kernel.pack is not None and twin.kernel.pack is not None:
        ours, its = place.kernel.pack(place.packed_columns), twin.kernel.pack(twin.packed_columns)
        return np.array_equal(ours, its)
    fields, others = _struct(model, place).fields, _struct(model, twin).fields
    return all(np.array_equal(fields[name], others[name]) for name in fields)


def _struct(model: Model, place: PlacedOp) -> CStruct:
    """What the portable kernel reads, with lines as the sweep has them: rows or columns."""
    step = place.step
    return model.ops[step.op].c_constants(model, step.call, place.stage.option.columns)


def _fields(struct: CStruct, label: str) -> tuple[str, list[str]]:
    """The arrays of a struct as C text, and its values in order.

    A tuple is an array within the struct, a NumPy array one of its own that the struct points to:
    `label`_`field`. Order is that of the C struct: values are not named in its initializer.
    """
    arrays, values = "", []
    for field, value in struct.fields.items():
        if isinstance(value, tuple):
            values.append(f"{{ {', '.join(map(str, value))} }}")
        elif isinstance(value, np.ndarray):
            array = f"{label}_{field}"
            values.append(array)
            # weights are by far the most text: string literals compile faster than numbers
            is_bytes = value.dtype == np.int8
            arrays += (
                int8_array(array, value)
                if is_bytes
                else int_array(f"{value.dtype}_t", array, value.ravel())
            ) + "\n"
        else:
            values.append(str(value))
    return arrays, values


def weight_bytes(model: Model, places: Iterable[PlacedOp]) -> int:
    """Bytes of NAME_weights.c in the flash of a 32-bit board: as the kernels want them."""
    return sum(
        _bytes(model, place) for place in places if not (place.step.loads or _shared(model, place))
    )


def _bytes(model: Model, place: PlacedOp) -> int:
    """Bytes of flash that the weights of one op take."""
    if place.kernel.pack is not None:
        return place.kernel.pack(place.packed_columns).nbytes
    if not place.step.call.weighty:
        return 0
    fields = _struct(model, place).fields.values()
    arrays = [value.nbytes for value in fields if isinstance(value, np.ndarray)]
    # the structure that names them: a pointer each, and numbers of 16 bits
    return sum(arrays) + 4 * len(arrays) + 2 * (len(fields) - len(arrays))
