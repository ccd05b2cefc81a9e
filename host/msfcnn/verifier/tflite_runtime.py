"""Runs a TFLite file in tflite-micro or LiteRT and keeps its tensors; a process of its own.

    python -m msfcnn.verifier.tflite_runtime LIBRARY MODEL.tflite IMAGES.npz TENSORS.npz

These libraries write to the terminal, and end the process over files that they do not like.
IMAGES.npz holds `input0` [n, ...], `input1` and so on, and `tensors`, which tensors to keep;
TENSORS.npz gets `I/T`, the values of tensor T for image I. Ends in the reason, on stderr, if the
library does not run the file.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.generic]
Tensors = dict[int, Values]
ARENA = 64 * 2**20  # bytes for tflite-micro, which keeps every tensor
FAST = "LiteRT's fast kernels"  # its reference ones are fewer, and SUM in int8 is wrong in them
# in the order of preference
PACKAGES = {"tflite-micro": "tflite_micro", "LiteRT": "ai_edge_litert", FAST: "ai_edge_litert"}


def main(library: str, model: str, images: str, target: str) -> None:
    """Runs the images in a library."""
    run = RUNS[library]
    with np.load(images) as archive:
        count = len(archive.files) - 1
        inputs = [archive[f"input{i}"] for i in range(count)]
        wanted = archive["tensors"].tolist()
    try:
        found = dict(_named(run(Path(model).read_bytes(), inputs, wanted)))
    except (RuntimeError, ValueError) as error:
        sys.exit(" ".join(str(error).split()))
    np.savez(target, allow_pickle=False, **found)


def _named(runs: Iterator[Tensors]) -> Iterator[tuple[str, Values]]:
    """The tensors of all images by their names in TENSORS.npz."""
    for image, tensors in enumerate(runs):
        for tensor, values in tensors.items():
            yield f"{image}/{tensor}", values


def _micro(content: bytes, inputs: Sequence[Values], wanted: Sequence[int]) -> Iterator[Tensors]:
    """Values of tensors in tflite-micro, image by image."""
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(
        content,
        arena_size=ARENA,
        intrepreter_config=runtime.InterpreterConfig.kPreserveAllTensors,
    )
    for image in zip(*inputs, strict=True):
        for number, values in enumerate(image):
            interpreter.set_input(values, number)
        interpreter.invoke()
        yield _read(wanted, lambda index: interpreter.GetTensor(index, 0)["tensor_data"])


def _litert(
    content: bytes, inputs: Sequence[Values], wanted: Sequence[int], fast: bool = False
) -> Iterator[Tensors]:
    """Values of tensors in LiteRT, by its reference kernels or its fast ones."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    kinds = OpResolverType
    kind = kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES if fast else kinds.BUILTIN_REF
    interpreter = Interpreter(
        model_content=content,
        experimental_op_resolver_type=kind,
        experimental_preserve_all_tensors=True,
    )
    interpreter.allocate_tensors()
    places = [detail["index"] for detail in interpreter.get_input_details()]
    for image in zip(*inputs, strict=True):
        for place, values in zip(places, image, strict=True):
            interpreter.set_tensor(place, values)
        interpreter.invoke()
        yield _read(wanted, interpreter.get_tensor)


def _read(wanted: Sequence[int], get: Callable[[int], Any]) -> Tensors:
    """The tensors that have values; both libraries refuse those that they have optimized away."""
    tensors: Tensors = {}
    for index in wanted:
        try:
            values = get(index)
        except (RuntimeError, ValueError):
            continue
        if isinstance(values, np.ndarray):
            tensors[index] = values.copy()
    return tensors


RUNS: Mapping[str, Callable[[bytes, Sequence[Values], Sequence[int]], Iterator[Tensors]]] = {
    "tflite-micro": _micro,
    "LiteRT": _litert,
    FAST: partial(_litert, fast=True),
}


def installed() -> tuple[str, ...]:
    """The libraries that are there to compare with."""
    return tuple(name for name, package in PACKAGES.items() if find_spec(package) is not None)


if __name__ == "__main__":
    main(*sys.argv[1:5])
