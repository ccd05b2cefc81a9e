"""Xtensa with MAC16 (ESP32: LX6, ESP32-S3: LX7): kernels with 40-bit sums and loops at no cost.

They have run on an emulator but on no board yet, and are only taken where they are asked for: by
`isa: xtensa.mac16` in a file of boards, or MSFCNN_ISA. The ESP32-S2 has neither MAC16 nor loops.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from msfcnn.ir import Model
from msfcnn.isa import mac16_packing as packing
from msfcnn.isa import xtensa
from msfcnn.isa.family import CLOCK, Isa, linked
from msfcnn.isa.kernel import Choice, Kernel, Words, aligned, both, packer
from msfcnn.isa.portable import gathering
from msfcnn.ops import Conv, oriented

NAME = "xtensa.mac16"


def _conv(model: Model, op: Conv, portable: Kernel) -> Choice:
    """Pointwise and ordinary convolutions, dense layers."""
    if op.groups > 1:
        return gathering(op)
    constants = op.constants(model)
    packed = packing.pack_conv(op.weights, constants)
    if packed is None:
        return gathering(op)

    def pack(columns: bool) -> Words | None:
        turned = packing.pack_conv(oriented(op, columns), constants)
        return turned.words if turned else None

    return both(
        Kernel(
            name=f"msfcnn_{'pointwise' if op.pointwise else 'conv'}_mac16",
            scratch=aligned(packing.conv_scratch(packed, op.taps, op.pointwise)),
            words=packed.taps,
            pairs=False,
            pack=packer(pack),
        )
    )


(_LX106,) = xtensa.ISA.machines
# options of this core that the compiler for another one does not know of
_OPTIONS = ("MAC16", "LOOPS", "CLAMPS", "SEXT", "MUL32_HIGH")

ISA = Isa(
    name=NAME,
    core="xtensa-mac16",
    kernels={"conv": _conv, "pointwise": _conv},
    replaced=frozenset({"pointwise"}),
    flags=("-DMSFCNN_MAC16=1",),  # of portable kernels, depthwise 3x3 has an inner loop with it
    machines=(
        replace(
            _LX106,
            name="qemu-xtensa-mac16",
            description="Xtensa dc233c, which has MAC16 and loops; MULSH is emulated",
            compiler=(
                *_LX106.compiler,
                *("-include", "dc233c.h"),
                *(f"-D__XCHAL_HAVE_{option}=1" for option in _OPTIONS),
            ),
            link=linked("dc233c.ld", "-nostdlib", "-lgcc"),
            sources=("xtensa.c", "dc233c.c", "xtensa_rom.c"),
            emulator=(
                *("qemu-system-xtensa", "-M", "sim", "-cpu", "dc233c"),
                *("-icount", CLOCK.format(7), "-semihosting"),
            ),
            ticks=Fraction(1),
            isa=NAME,
            core="xtensa-mac16",
        ),
    ),
)
