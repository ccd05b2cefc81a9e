"""A network drawn by hand, layer by layer: samples of ops for tests and for the cost model.

`sample` of an op adds some layers of it to a sketch. Tests run these samples through every pass,
and tools/fit_costs.py counts instructions of chains of them, so a new op takes part in both by
itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from msfcnn.ir import Clamp, Geometry, Model, Op, Order, Port, Quantization, Shape, Tensor

RELU = Clamp(low=-100)
_SCALE, _ZERO = 0.05, -3


@dataclass
class Sketch:
    """A network under construction; tensor 0 is the image.

    Samples read `newest` and whatever fits it, so that they can be chained in any order. All is
    seeded: the same calls give the same weights. Scales are alike but for those that `add` is told.
    """

    image: Shape
    ops: list[Op] = field(default_factory=list)
    tensors: list[Tensor] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._tensor(self.image, Quantization(_SCALE, _ZERO))
        self.rng = np.random.default_rng(0)

    @property
    def newest(self) -> Tensor:
        """What the last layer writes."""
        return self.tensors[-1]

    @property
    def top(self) -> int:
        """Index of the newest tensor."""
        return len(self.tensors) - 1

    def twin(self, tensor: int) -> int:
        """The youngest tensor of the same shape that is older; itself if there is none."""
        shape = self.tensors[tensor].shape
        alike = (t for t in range(tensor - 1, -1, -1) if self.tensors[t].shape == shape)
        return next(alike, tensor)

    def add(
        self,
        make: Callable[[str, int, int], Op],
        shape: Shape,
        quantization: Quantization | None = None,
    ) -> None:
        """A layer behind the newest tensor: make(node, that tensor, the new one).

        shape: (height, width, channels) of what it writes; nothing checks it here, so a wrong one
        shows only when the model is computed.
        """
        source = self.top
        self._tensor(shape, quantization or Quantization(_SCALE, _ZERO))
        self.ops.append(make(f"op{len(self.ops)}", source, self.top))

    def same(self, kernel: int, width: int, stride: int) -> Geometry:
        """A sliding kernel padded so that a stride of 1 keeps height and width.

        kernel, width: rows and columns of it. An even one has one more row of padding at the top
        than at the bottom, so that samples have asymmetric padding, too.
        """
        down, right = kernel // 2, width // 2
        return Geometry(
            kernel_h=kernel,
            kernel_w=width,
            stride_h=stride,
            stride_w=stride,
            pad_top=down,
            pad_left=right,
            pad_bottom=kernel - 1 - down,
            pad_right=width - 1 - right,
        )

    def slid(self, g: Geometry) -> tuple[int, int]:
        """Height and width behind such a kernel."""
        return (
            (self.newest.height - 1) // g.stride_h + 1,
            (self.newest.width - 1) // g.stride_w + 1,
        )

    def some_clamp(self) -> Clamp:
        """A Relu for two layers, none for the next two: samples show kernels with both."""
        return (RELU, Clamp())[len(self.ops) // 2 % 2]

    def model(self, name: str) -> Model:
        """The network."""
        first, last = (
            Port(name=t.name, tensor=i, onnx_shape=t.onnx_shape, onnx_order=Order.CHW, dtype="int8")
            for i, t in ((0, self.tensors[0]), (self.top, self.newest))
        )
        return Model(
            name=name,
            sha256="",
            tensors=tuple(self.tensors),
            ops=tuple(self.ops),
            input=first,
            outputs=(last,),
        )

    def _tensor(self, shape: Shape, quantization: Quantization) -> None:
        """A new tensor, of the usual scale unless told otherwise."""
        height, width, channels = shape
        self.tensors.append(
            Tensor(
                name=f"t{len(self.tensors)}",
                height=height,
                width=width,
                channels=channels,
                quantization=quantization,
                onnx_shape=(1, channels, height, width),
            )
        )
