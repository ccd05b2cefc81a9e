"""Armv7E-M (Cortex-M4, M7, M33): kernels with the DSP extension, in src/armv7e-m.

SMLAD multiplies two pairs of 16 bits and adds both products. Weights are therefore packed in the
order in which the kernels unpack inputs, four output channels together (pointwise and ordinary
convolutions), or as planes of taps (depthwise). Packing can fail where a bias or factor does not
fit the packed form; then the call keeps the portable kernel, so that every network runs.
"""

from __future__ import annotations

from msfcnn.ir import Model
from msfcnn.isa import armv7em_packing as packing
from msfcnn.isa.family import FALLBACK, Chooser, Isa, cortex_m, modelled
from msfcnn.isa.kernel import Choice, Kernel, Words, aligned, both, packer
from msfcnn.isa.portable import gathering, without_ties
from msfcnn.ops import Conv, oriented

NAME = "armv7e-m"


def _named(name: str) -> Chooser:
    return lambda model, op, portable: both(Kernel(name=f"msfcnn_{name}_v7em"))


def _conv(model: Model, op: Conv, portable: Kernel) -> Choice:
    """Pointwise and ordinary convolutions, dense layers; two pixels at a time where it pays."""
    if op.groups > 1:
        return gathering(op)
    output, constants = model.tensors[op.output], op.constants(model)
    # a dense layer has one pixel: nothing shares the loads of its weights
    pairs = output.height * output.width > 1
    # of one tap; lines that are left out, the engine skips
    single = op.weights.shape[1:3] == (1, 1) and not op.geometry.padded
    blocks = packing.pack_conv(op.weights, constants, not single)
    if blocks is None:
        return gathering(op)

    # a stage that is swept column by column reads kernel columns as lines
    def pack(columns: bool) -> Words | None:
        """Words for lines along rows, or along columns with the kernel turned."""
        if not columns:
            return blocks.words
        turned = packing.pack_conv(oriented(op, columns), constants, not single)
        return turned.words if turned else None

    _, height, width, depth = op.weights.shape

    def scratch(pairs: bool) -> int:
        if single:
            return packing.pointwise_scratch(blocks, op.taps, pairs)
        # lines may be rows or columns
        return max(packing.conv_scratch(blocks, n * depth, pairs) for n in (height, width))

    return both(
        Kernel(
            name="msfcnn_pointwise_v7em" if single else "msfcnn_conv_v7em",
            scratch=aligned(scratch(pairs)),
            least=aligned(scratch(False)) if pairs and blocks.taps > packing.PAIR_TAPS else None,
            words=blocks.taps,
            pairs=pairs,
            whole_columns=0 if single else packing.whole_columns(op.geometry),
            pack=packer(pack),
        )
    )


def _depthwise(model: Model, op: Conv, portable: Kernel) -> Choice:
    """Square kernels of 3, 5 and 7: planar lines inside a stage, interleaved at its beginning."""
    g = op.geometry
    square = (g.kernel_h, g.stride_h, g.dilation_h) == (g.kernel_w, g.stride_w, g.dilation_w)
    if not square or len(op.weights) != op.groups:
        return both(portable)
    constants = op.constants(model)
    planes = packing.pack_depthwise(op.weights, constants, g.stride_w, g.dilation_w)
    if planes is None:
        return both(portable)

    def pack(columns: bool) -> Words | None:
        """Words for lines along rows, or along columns with the kernel turned."""
        if not columns:
            return planes.words
        turned = oriented(op, columns)
        found = packing.pack_depthwise(turned, constants, g.stride_w, g.dilation_w)
        return found.words if found else None

    def kernel(name: str, planar: bool) -> Kernel:
        scratch = packing.depthwise_scratch(g.kernel_h, g.kernel_w, g.stride_w, planar)
        return Kernel(
            name=name,
            scratch=aligned(scratch),
            words=planes.words_per_channel,
            pairs=op.taps <= packing.PAIR_TAPS,
            pack=packed,
        )

    packed = packer(pack)
    return Choice(
        kernel("msfcnn_depthwise_v7em", planar=True),
        kernel("msfcnn_depthwise_interleaved_v7em", planar=False),
    )


_CORTEX_M4 = cortex_m(
    "qemu-cortex-m4",
    "Cortex-M4F",
    "mps2-an386",
    NAME,
    "cortex-m4",
    ("-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
)

ISA = Isa(
    name=NAME,
    core="cortex-m4",
    kernels={
        "conv": _conv,
        "pointwise": _conv,
        "depthwise": _depthwise,
        "add": without_ties("msfcnn_add_v7em"),
        "max_pool": _named("max_pool"),
        "average_pool": _named("average_pool"),
        "global_average": _named("global_average"),
    },
    replaced=frozenset({"pointwise", "max_pool", "average_pool", "global_average"}),
    flags=FALLBACK,
    machines=(
        _CORTEX_M4,
        cortex_m(
            "qemu-cortex-m7",
            "Cortex-M7F",
            "mps2-an500",
            NAME,
            "cortex-m7",
            ("-mcpu=cortex-m7", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"),
        ),
        cortex_m(
            "qemu-cortex-m33",
            "Cortex-M33F",
            "mps2-an505",
            NAME,
            "cortex-m33",
            ("-mcpu=cortex-m33", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"),
            memory="iotkit",
        ),
        modelled(_CORTEX_M4, "model-cortex-m4", "cortex-m4", turn=3),
    ),
)
