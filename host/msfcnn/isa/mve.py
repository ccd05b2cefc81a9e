"""Armv8.1-M with Helium (Cortex-M55, M85): kernels with vectors of 16 bytes."""

from __future__ import annotations

from msfcnn.ir import Model
from msfcnn.isa import mve_packing as packing
from msfcnn.isa.family import FALLBACK, Chooser, Isa, cortex_m
from msfcnn.isa.kernel import Choice, Kernel, Words, aligned, both, packer
from msfcnn.isa.portable import gathering, without_ties
from msfcnn.ops import Conv, oriented

NAME = "armv8.1-m.mve"


def _conv(model: Model, op: Conv, portable: Kernel) -> Choice:
    """Pointwise and ordinary convolutions, dense layers."""
    if op.groups > 1:
        return gathering(op)
    constants = op.constants(model)
    blocks = packing.pack_conv(op.weights, constants)
    if blocks is None:
        return gathering(op) if op.pointwise else both(portable)

    def pack(columns: bool) -> Words | None:
        turned = packing.pack_conv(oriented(op, columns), constants)
        return turned.words if turned else None

    name, scratch = "msfcnn_conv_mve", packing.conv_scratch(blocks)
    if op.pointwise:
        name, scratch = "msfcnn_pointwise_mve", 0
    return both(Kernel(name=name, scratch=aligned(scratch), words=blocks.taps, pack=packer(pack)))


def _depthwise(model: Model, op: Conv, portable: Kernel) -> Choice:
    """One output per channel, from interleaved lines everywhere."""
    if len(op.weights) != op.groups:
        return both(portable)
    constants = op.constants(model)

    def pack(columns: bool) -> Words | None:
        return packing.pack_depthwise(oriented(op, columns), constants)

    # lines may be rows or columns
    if pack(False) is None or pack(True) is None:
        return both(portable)
    kernel = Kernel(
        name="msfcnn_depthwise_mve",
        scratch=aligned(packing.depthwise_scratch(op.taps)),
        words=op.taps,
        pairs=False,
        pack=packer(pack),
    )
    return Choice(kernel, kernel, interleaved=True)


def _named(name: str) -> Chooser:
    return lambda model, op, portable: both(Kernel(name=f"msfcnn_{name}_mve"))


ISA = Isa(
    name=NAME,
    core="cortex-m55",
    kernels={
        "conv": _conv,
        "pointwise": _conv,
        "depthwise": _depthwise,
        "add": without_ties("msfcnn_add_mve"),
        "max_pool": _named("max_pool"),
        "average_pool": _named("average_pool"),
        "global_average": _named("global_average"),
    },
    replaced=frozenset({"pointwise", "max_pool", "average_pool", "global_average"}),
    flags=FALLBACK,
    machines=(
        cortex_m(
            "qemu-cortex-m55",
            "Cortex-M55",
            "mps3-an547",
            NAME,
            "cortex-m55",
            ("-mcpu=cortex-m55", "-mfloat-abi=hard"),
        ),
    ),
)
