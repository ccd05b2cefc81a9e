"""How far every layer of an int8 network is from the float network it was made from.

Our reference runs the int8 side, onnxruntime the float side. Layers are paired by the names of
their values: a quantizer keeps those of the float graph, with an ending at most.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msfcnn.frontend import load_proto
from msfcnn.ir import Model
from msfcnn.quantizer import watching
from msfcnn.reference import execute_some
from msfcnn.report import LayerError
from msfcnn.verifier.float_network import FloatNetwork

IMAGES = 16  # all values of that many images are compared
_OURS = ("_float", "_QuantizeLinear_Input")  # what quantizers put behind a name of the float graph


def layer_errors(
    model: Model,
    real_names: Mapping[int, str],
    float_model: Path,
    inputs: Mapping[str, NDArray[np.float32]],
    stored: NDArray[np.int8],
) -> tuple[LayerError, ...]:
    """The error of each op whose output the float network has, too, in the order of the ops.

    real_names: by tensor of the model the name of the real value that it holds, as the file says.
    inputs, stored: the same for the float network (each [n, ...], by name) and for the model, int8
    [n, *sample_shape].
    """
    proto = load_proto(float_model)
    known = {name for node in proto.graph.node for name in node.output}
    names = {t: found for t, name in real_names.items() if (found := _float_name(name, known))}
    ops = [op for op in model.ops if op.output in names]
    if not ops:
        return ()
    count = min(IMAGES, len(stored))
    ours = execute_some(model, stored[:count], {op.output for op in ops})
    wanted = list(dict.fromkeys(names[op.output] for op in ops))
    whole = FloatNetwork(watching(proto, wanted).SerializeToString(), float_model.name)
    lost, power = dict.fromkeys(wanted, 0.0), dict.fromkeys(wanted, 0.0)
    for index in range(count):
        image = {name: values[index] for name, values in inputs.items()}
        theirs = dict(zip(wanted, whole.run(image, wanted), strict=True))
        for op in ops:
            name = names[op.output]
            tally = _compared(model, op.output, ours[op.output][index], theirs[name])
            lost[name] += tally[0]
            power[name] += tally[1]
    return tuple(
        LayerError(op.node, name, float(np.sqrt(lost[name] / power[name])))
        for op in ops
        for name in (names[op.output],)
        if power[name] > 0
    )


def _float_name(name: str, known: set[str]) -> str | None:
    """The name of a value of the float graph, without what a quantizer has put behind it."""
    tried = (name, *(name.removesuffix(end) for end in _OURS))
    return next((each for each in tried if each in known), None)


def _compared(
    model: Model, tensor: int, ours: NDArray[np.int8], theirs: Any
) -> tuple[float, float]:
    """Squares of the differences and of the float values; 0 where shapes do not go together."""
    view = model.tensors[tensor]
    real = np.asarray(theirs, np.float64)
    if real.size != ours.size:
        return 0.0, 0.0
    found = view.to_real(ours).ravel()
    return float(np.square(real.ravel() - found).sum()), float(np.square(real).sum())
