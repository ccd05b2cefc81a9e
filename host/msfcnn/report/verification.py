"""How generated code, reference and onnxruntime compare, as plain figures."""

from __future__ import annotations

from dataclasses import dataclass

ORACLE_TOLERANCE = 1  # LSB per op: onnxruntime rounds ties to even, we round them up


@dataclass(frozen=True)
class OpCheck:
    """How one op came out, over all images.

    c_differs:      values in which the C code differs from the reference; must be 0.
    oracle_lsb:     largest difference of the reference from onnxruntime on equal inputs, in LSB;
                    None where onnxruntime has no such value. At most ORACLE_TOLERANCE.
    oracle_differs: share of values that differ from onnxruntime, 0 to 1.
    """

    node: str
    op: str
    tensor: str
    c_differs: int
    oracle_lsb: int | None
    oracle_differs: float

    @property
    def agrees(self) -> bool:
        """Whether C code, reference and onnxruntime agree on this op."""
        return self.c_differs == 0 and (self.oracle_lsb or 0) <= ORACLE_TOLERANCE


@dataclass(frozen=True)
class Verification:
    """Outcome of `verify`.

    outputs_lsb:     largest difference of a network output from onnxruntime running the whole
                     network on its own, in LSB; roundings of many ops add up, so it is only told.
    arena_untouched: bytes of the arena that the inference never writes.
    accuracy:        share of labelled images classified right by the C code; None without labels.
    """

    images: int
    peak_ram: int
    arena_untouched: int
    ops: tuple[OpCheck, ...]
    outputs_lsb: int
    accuracy: float | None

    @property
    def first_mismatch(self) -> OpCheck | None:
        """The first op that does not agree."""
        return next((op for op in self.ops if not op.agrees), None)
