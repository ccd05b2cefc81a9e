"""How converters report what they cannot do, and what to say about operators they do not know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msfcnn.errors import Problem
from msfcnn.frontend.tflite.graph import Operator

DAMAGED = "the file is damaged; convert it again"
_RECURRENT = "msfcnn runs convolutional networks; replace it by 1-D convolutions"
_CUT = "cut the model before it and do this step in the application"
_FLEX = "convert without SELECT_TF_OPS, so that only TFLite's own operators are used"
_STATE = "msfcnn runs networks without state; keep it in the application"
_STATIC = "convert with fixed shapes, so that the converter can remove it"
_DILATED = "convert with a current TensorFlow, which writes a dilated convolution instead"

HINTS: Mapping[str, str] = {
    "ASSIGN_VARIABLE": _STATE,
    "BATCH_TO_SPACE_ND": _DILATED,
    "BIDIRECTIONAL_SEQUENCE_LSTM": _RECURRENT,
    "BIDIRECTIONAL_SEQUENCE_RNN": _RECURRENT,
    "CALL_ONCE": _STATE,
    "CONV_3D": "use convolutions in one or two dimensions",
    "DENSIFY": "convert the model before it is pruned to sparse weights",
    "EMBEDDING_LOOKUP": _CUT,
    "IF": _STATIC,
    "LOCAL_RESPONSE_NORMALIZATION": "train with BatchNormalization instead",
    "LSTM": _RECURRENT,
    "NON_MAX_SUPPRESSION_V4": _CUT,
    "NON_MAX_SUPPRESSION_V5": _CUT,
    "READ_VARIABLE": _STATE,
    "RNN": _RECURRENT,
    "SPACE_TO_BATCH_ND": _DILATED,
    "SVDF": _RECURRENT,
    "TOPK_V2": _CUT,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _RECURRENT,
    "UNIDIRECTIONAL_SEQUENCE_RNN": _RECURRENT,
    "VAR_HANDLE": _STATE,
    "WHILE": _RECURRENT,
}


class Untranslatable(Exception):
    """An operator that cannot be translated; the translation goes on behind it.

    what: the defect, to stand behind the operator's name. hint: what a user can do about it.
    """

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class DependentError(Exception):
    """The operator depends on one that was reported already; saying more would only mislead."""


def unknown(operator: Operator) -> Untranslatable:
    """The error for an operator that there is no converter for."""
    if not operator.custom:
        hint = HINTS.get(operator.kind, "`msfcnn ops` and docs/tflite.md list what is supported")
        return Untranslatable("this operator is not supported", hint)
    if operator.kind.startswith("Flex"):
        return Untranslatable("is an operator of full TensorFlow (Flex)", _FLEX)
    return Untranslatable("is a custom operator", _CUT)


def grouped(found: Iterable[tuple[Operator, Untranslatable]]) -> tuple[Problem, ...]:
    """One problem for all operators of a kind that have the same defect.

    In the order in which they are found; the first operator is named, the others are counted.
    """
    groups: dict[tuple[str, str, str], list[Operator]] = {}
    for operator, error in found:
        groups.setdefault((operator.kind, error.what, error.hint), []).append(operator)
    return tuple(
        Problem(_named(operators), what, hint, kind)
        for (kind, what, hint), operators in groups.items()
    )


def _named(operators: list[Operator]) -> str:
    more = len(operators) - 1
    return operators[0].name + (f" and {more} more" if more else "")
