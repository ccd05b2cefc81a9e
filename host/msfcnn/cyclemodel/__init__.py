"""Cycle models: what instructions take by the documented timings of a processor.

A model goes from the instructions of a program to a `Timing` for each; an emulator that runs the
program adds them up in the order of execution. Such cycles are modelled, not measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msfcnn.cyclemodel import cortex_m0, cortex_m4, cv32e40p, fe310
from msfcnn.cyclemodel.instruction import Instruction, disassembled
from msfcnn.cyclemodel.timing import Timing, encoded

Model = Callable[[Sequence[Instruction]], tuple[Timing, ...]]

MODELS: Mapping[str, Model] = {
    **{module.NAME: module.timings for module in (cortex_m4, cv32e40p, fe310)},
    **cortex_m0.MODELS,
}

__all__ = ["MODELS", "Instruction", "Model", "Timing", "disassembled", "encoded"]
