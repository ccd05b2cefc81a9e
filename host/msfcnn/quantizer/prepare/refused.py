"""Operators that no preparation can bring to int8 convolutions, named with what to do.

Other operators that msfcnn lacks are the importer's to name (`quantize.import_problems`): at the
end of a network they can be cut off.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import onnx

from msfcnn.errors import Problem
from msfcnn.quantizer.graph import EditedGraph, kind_of, label
from msfcnn.quantizer.kinds import WEIGHTED
from msfcnn.quantizer.prepare.standardized import is_training_norm

_RECURRENT = "msfcnn runs convolutional networks; replace it by 1-D convolutions (a TCN)"
_ATTENTION = "msfcnn runs convolutional networks; replace attention by convolutions"
_NORM = "its statistics depend on each image; train with BatchNormalization instead"
_WEIGHTS = "train with weights that are the same for every image (no CondConv, no dynamic filters)"
_LISTS = (
    "export the model without lists of tensors: torch.cat instead of torch.hstack or torch.vstack"
)
_TRAINING = (
    "call model.eval() before the export, without TrainingMode.TRAINING; train with "
    "track_running_stats=True"
)
_CONTROL = "export the model without loops and conditions (fixed shapes, one path)"

ALWAYS: Mapping[str, str] = {
    **dict.fromkeys(("LSTM", "GRU", "RNN", "DynamicQuantizeLSTM"), _RECURRENT),
    **dict.fromkeys(
        (
            *("SequenceAt", "SequenceConstruct", "SequenceEmpty", "SequenceErase"),
            *("SequenceInsert", "SequenceLength", "SplitToSequence", "ConcatFromSequence"),
        ),
        _LISTS,
    ),
    **dict.fromkeys(("Attention", "MultiHeadAttention", "GroupQueryAttention"), _ATTENTION),
    **dict.fromkeys(
        (
            *("MeanVarianceNormalization", "SimplifiedLayerNormalization"),
            "SkipLayerNormalization",
        ),
        _NORM,
    ),
}
# spelled out by statistics_layers.py where shapes and parameters are known
NORMALIZATIONS = frozenset(
    {
        *("InstanceNormalization", "GroupNormalization"),
        *("LayerNormalization", "RMSNormalization"),
    }
)
KNOWN_DOMAINS = ("ai.onnx", "com.microsoft", "com.ms.internal", "org.pytorch.aten")  # beginnings
CONTROL_FLOW = frozenset({"If", "Loop", "Scan"})


def refused_operators(nodes: Iterable[onnx.NodeProto]) -> list[Problem]:
    """One problem per node, of nested graphs too, whose operator has no int8 form here."""
    found = []
    for node in _with_nested(nodes):
        hint = ALWAYS.get(kind_of(node).rpartition("::")[2])
        if hint is not None:
            kind = kind_of(node)
            found.append(Problem(label(node), "cannot be quantized", hint, kind))
        elif is_training_norm(node):
            what = "is in training mode: its statistics are those of each batch"
            found.append(Problem(label(node), what, _TRAINING, kind_of(node)))
    return found


def _with_nested(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    """The nodes, and those of the graphs of conditions and loops."""
    for node in nodes:
        yield node
        for given in node.attribute:
            for inner in (*([given.g] if given.HasField("g") else []), *given.graphs):
                yield from _with_nested(inner.node)


def foreign_operators(model: onnx.ModelProto) -> list[Problem]:
    """One problem per node of a domain that is neither onnxruntime's nor defined in the file."""
    defined = {(f.domain, f.name) for f in model.functions}
    return [
        Problem(
            label(node),
            f"belongs to '{node.domain}', which onnxruntime does not know",
            "export the model with operators of ONNX only",
            kind_of(node),
        )
        for node in model.graph.node
        if node.domain
        and not node.domain.startswith(KNOWN_DOMAINS)
        and (node.domain, node.op_type) not in defined
    ]


def refused_forms(edited: EditedGraph) -> list[Problem]:
    """What simplification has left: control flow, products of activations, computed weights.

    To be asked after `simplify`: before it, many weights are still computed from constants.
    """
    what = "is a list of tensors or a map, not a tensor"
    found = [
        Problem(f"output '{value.name}'", what, "export the model with tensors as outputs")
        for value in edited.graph.output
        if value.type.WhichOneof("value") not in (None, "tensor_type")
    ]
    for node in edited.nodes:
        kind = kind_of(node)
        if kind in CONTROL_FLOW:
            found.append(Problem(label(node), f"{kind} is decided at run time", _CONTROL, kind))
        elif kind in NORMALIZATIONS:
            found.append(Problem(label(node), "cannot be quantized", _NORM, kind))
        elif kind == "BatchNormalization" and edited.constant(node, 3) is None:
            if not is_training_norm(node):  # which has been named
                what = "takes its statistics from each batch"
                found.append(Problem(label(node), what, _TRAINING, kind))
        elif kind == "Einsum" and sum(not edited.is_constant(n) for n in node.input) > 1:
            what = "multiplies two activations, as attention does"
            found.append(Problem(label(node), what, _ATTENTION, kind))
        elif kind in WEIGHTED and edited.constant(node, 1) is None:
            if kind == "MatMul" and edited.constant(node, 0) is not None:
                what = "its constant is on the left side"
                hint = "export the layer as activation x weights"
            elif kind in ("MatMul", "Gemm"):
                what, hint = "multiplies two activations, as attention does", _ATTENTION
            else:
                what, hint = "its weights are computed at run time", _WEIGHTS
            found.append(Problem(label(node), what, hint, kind))
        elif kind in WEIGHTED and not _finite(edited, node):
            what = "has weights that are no finite numbers (NaN or infinity)"
            hint = "export a state of the training before it diverged, or the file is damaged"
            found.append(Problem(label(node), what, hint, kind))
    return found


def _finite(edited: EditedGraph, node: onnx.NodeProto) -> bool:
    """Whether all weights and biases of a node are finite numbers."""
    constants = (edited.constant(node, i) for i in (1, 2))
    return all(values is None or bool(np.isfinite(values).all()) for values in constants)
