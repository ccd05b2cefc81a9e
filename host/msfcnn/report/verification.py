"""How generated code, reference and onnxruntime compare, as plain figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TOLERANCE = 1  # LSB per op: onnxruntime rounds ties to even, TFLite twice, we up


@dataclass(frozen=True)
class OpCheck:
    """How one op came out, over all images.

    c_differs:      values in which the C code differs from the reference; must be 0.
    oracle_lsb:     largest difference of the reference from onnxruntime on equal inputs, in LSB;
                    None where onnxruntime has no such value. At most TOLERANCE.
    oracle_differs: share of values that differ from onnxruntime, 0 to 1.
    tflite_lsb:     the same for TFLite's runtime, on the inputs that it computes itself; None
                    where it has no such value, and for ONNX files.
    tflite_differs: share of values that differ from TFLite's runtime, 0 to 1.
    tflite_allowed: what its own roundings explain, in LSB.
    """

    node: str
    op: str
    tensor: str
    c_differs: int
    oracle_lsb: int | None
    oracle_differs: float
    tflite_lsb: int | None = None
    tflite_differs: float = 0.0
    tflite_allowed: int = TOLERANCE

    @property
    def agrees(self) -> bool:
        """Whether C code, reference, onnxruntime and TFLite agree on this op."""
        near = (self.oracle_lsb or 0) <= TOLERANCE
        return self.c_differs == 0 and near and (self.tflite_lsb or 0) <= self.tflite_allowed


@dataclass(frozen=True)
class TfliteCheck:
    """How the model compares with TFLite's runtime.

    runtime:     its name; empty if nothing was compared.
    reason:      why nothing was compared.
    worst:       per tensor the largest difference of the op that writes it, in LSB.
    differing:   per tensor the share of its values that differ, 0 to 1.
    outputs_lsb: largest difference of an output, the whole network run on its own.
    allowed:     per tensor what TFLite's own roundings explain, where that is more than TOLERANCE.
    """

    runtime: str = ""
    reason: str = ""
    worst: Mapping[int, int] = field(default_factory=dict)
    differing: Mapping[int, float] = field(default_factory=dict)
    outputs_lsb: int = 0
    allowed: Mapping[int, int] = field(default_factory=dict)

    @property
    def agrees(self) -> bool:
        """Whether the runtime was there and every op is as near to it as its roundings explain."""
        near = all(lsb <= self.allowed.get(t, TOLERANCE) for t, lsb in self.worst.items())
        return bool(self.runtime) and near


@dataclass(frozen=True)
class Verification:
    """Outcome of `verify`.

    outputs_lsb:     largest difference of a network output from onnxruntime running the whole
                     network on its own, in LSB; roundings of many ops add up, so it is only told.
    arena_untouched: bytes of the arena that the inference never writes.
    tflite:          the comparison with TFLite's runtime; None for ONNX files.
    accuracy:        share of labelled images classified right by the C code; None without labels.
    """

    images: int
    peak_ram: int
    arena_untouched: int
    ops: tuple[OpCheck, ...]
    outputs_lsb: int
    accuracy: float | None
    tflite: TfliteCheck | None = None

    @property
    def first_mismatch(self) -> OpCheck | None:
        """The first op that does not agree."""
        return next((op for op in self.ops if not op.agrees), None)
