"""What becomes of each file in a directory of models, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from msfcnn.errors import Problem
from msfcnn.report.quantization import LayerError

FAR = 0.25  # of an output: an error beyond it changes what a network says
RUNS, REFUSED, DEFECT = "runs", "refused", "DEFECT"


@dataclass(frozen=True)
class ImportVerdict:
    """One model file.

    form:     int8, float, or empty where the file cannot even be read.
    verdict:  runs (after quantizing, if it was float and that was asked for), refused with
              problems, or DEFECT: something that msfcnn did not foresee.
    problems: what is said about it, in the order of the graph.
    notes:    what quantizing changed.
    error:    int8 against float on random images, the largest of the outputs; None if it was not
              quantized.
    worst:    the layer with the largest error; None as above.
    peak_ram: bytes of arena of the best plan; None without a plan.
    agrees:   whether generated code, reference and onnxruntime agree; None if that was not tried.
    seconds:  what looking at it took.
    """

    file: str
    form: str
    verdict: str
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    error: float | None = None
    worst: LayerError | None = None
    peak_ram: int | None = None
    agrees: bool | None = None
    seconds: float = 0.0

    @property
    def inaccurate(self) -> bool:
        """Whether it runs, but computes something else than the float network, for want of bits."""
        return self.verdict == RUNS and self.error is not None and self.error > FAR
