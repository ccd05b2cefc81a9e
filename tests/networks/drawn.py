"""Networks drawn by chance from what PyTorch offers: nobody chose them so that they run.

Each seed gives another one, of two to seven blocks on maps or lines, and a head.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from blocks import Branches, Gate, Shuffle
from torch import Tensor, nn
from torch.nn import functional

MOST_CHANNELS, LEAST_PIXELS, MOST_PIXELS = 48, 4, 2400
Function = Callable[[Tensor], Tensor]

MAPS = ((32, 32), (24, 40), (33, 29), (49, 10), (17, 31))
LINES = (50, 64, 99, 128, 187)

ACTIVATIONS: tuple[Callable[[], nn.Module], ...] = (
    *(nn.ReLU, nn.ReLU, nn.ReLU6, nn.Hardswish, nn.SiLU, nn.LeakyReLU, nn.ELU, nn.GELU),
    *(nn.Sigmoid, nn.Tanh, nn.Hardsigmoid, nn.Mish, nn.Softplus, nn.SELU, nn.Softsign),
    *(nn.Hardtanh, nn.LogSigmoid, nn.PReLU, nn.Identity),
)


class Apply(nn.Module):
    """A function as a module; with a body, of the input and what the body makes of it."""

    def __init__(self, function: Callable[..., Tensor], body: nn.Module | None = None):
        super().__init__()
        self.function, self.body = function, body

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x) if self.body is None else self.function(x, self.body(x))


class Scale(nn.Module):
    """A learned factor and offset for each channel."""

    def __init__(self, shape: Sequence[int]):
        super().__init__()
        self.factor = nn.Parameter(torch.rand(*shape) + 0.5)
        self.offset = nn.Parameter(torch.randn(*shape) / 4)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor + self.offset


@dataclass
class Draw:
    """What is drawn next, for values [1, C, *size] of one or two axes."""

    rng: random.Random
    axes: int
    channels: int = 1
    size: Sequence[int] = field(default_factory=tuple)

    def module(self, name: str) -> type[nn.Module]:
        """nn.Conv2d for Conv, or nn.Conv1d."""
        return getattr(nn, f"{name}{self.axes}d")

    def each(self, *choices: int) -> tuple[int, ...]:
        """A number for every axis."""
        return tuple(self.rng.choice(choices) for _ in range(self.axes))

    def conv(self, wanted: int | None = None, same: bool = False) -> nn.Module:
        """Any geometry; with `same`, one that keeps the size."""
        kernel = self.each(1, 3, 5) if same else self.each(1, 2, 3, 3, 5, 7)
        stride = self.each(1) if same else self.each(1, 1, 2)
        dilation = self.rng.choice((1, 1, 2))
        outputs = wanted or self.rng.choice((self.channels, 8, 12))
        groups = self.rng.choice((1, 1, self.channels))
        groups = groups if outputs % groups == 0 else 1
        pads = tuple((k - 1) * dilation // 2 for k in kernel)
        mode = "zeros" if not any(pads) else self.rng.choice(("zeros", "zeros", "replicate"))
        return self.module("Conv")(
            self.channels, outputs, kernel, stride, pads, dilation, groups, padding_mode=mode
        )

    def norm(self, channels: int) -> nn.Module:
        """Of any kind, or none."""
        group = next(n for n in (4, 2, 1) if channels % n == 0)
        return self.rng.choice(
            (
                self.module("BatchNorm")(channels),
                nn.Identity(),
                nn.GroupNorm(group, channels),
                self.module("InstanceNorm")(channels, affine=True),
            )
        )

    def act(self) -> nn.Module:
        """An activation."""
        return self.rng.choice(ACTIVATIONS)()

    def layer(self) -> nn.Module:
        """Convolution, normalization, activation."""
        conv = self.conv()
        return nn.Sequential(conv, self.norm(conv.out_channels), self.act())

    def joined(self) -> nn.Module:
        """What two layers make of a value, joined with it in some way."""
        first = self.conv(same=True)
        last = self.module("Conv")(first.out_channels, self.channels, 1)
        ways = (
            torch.add,
            torch.sub,
            torch.mul,
            torch.maximum,
            lambda x, y: torch.cat([x, y], 1),
            lambda x, y: x * torch.sigmoid(y),
            lambda x, y: (x + y) / 2,
            lambda x, y: (x - y).abs(),
        )
        return Apply(self.rng.choice(ways), nn.Sequential(first, self.act(), last))

    def branches(self) -> nn.Module:
        """Two or three layers of one size, their channels joined."""
        return Branches(*[nn.Sequential(self.conv(8, same=True), self.act()) for _ in range(3)])

    def pool(self) -> nn.Module:
        """The largest or the mean."""
        kernel, up = self.rng.choice((2, 3)), self.rng.random() < 0.3
        kind = self.module(self.rng.choice(("MaxPool", "AvgPool")))
        return kind(kernel, self.rng.choice((1, 2)), kernel // 2, ceil_mode=up)

    def gate(self) -> nn.Module:
        """Squeeze and excitation; along a line the same by hand."""
        if self.axes == 2:
            return Gate(self.channels, max(2, self.channels // 4), nn.Sigmoid())
        inner = nn.Conv1d(self.channels, self.channels, 1)
        return Apply(lambda x, y: x * y.mean(-1, keepdim=True).sigmoid(), inner)

    def enlarged(self) -> nn.Module:
        """Nearest, linear or by a transposed convolution."""
        smooth = "bilinear" if self.axes == 2 else "linear"
        return self.rng.choice(
            (
                nn.Upsample(scale_factor=2),
                nn.Upsample(scale_factor=self.rng.choice((2, 4)), mode=smooth),
                nn.Upsample(scale_factor=2, mode=smooth, align_corners=True),
                self.module("ConvTranspose")(self.channels, 6, 4, 2, 1),
            )
        )

    def moved(self) -> nn.Module:
        """Elements cut out, padded, flipped or in another order."""
        ways: list[nn.Module] = [
            Apply(lambda x: x[..., 1:-1]),
            Apply(lambda x: x[..., 1::2]),
            Apply(lambda x: x.flip(1)),
            Apply(lambda x: functional.pad(x, (2, 1))),
            Apply(
                lambda x: functional.pad(x, (1, 2), mode="reflect" if x.dim() == 3 else "constant")
            ),
            Apply(lambda x: torch.cat([x, -x], 1)),
            Apply(lambda x: x.transpose(-1, -2) if x.dim() == 4 else x),
        ]
        if self.axes == 2:
            even = self.channels % 2 == 0
            unshuffled = all(n % 2 == 0 for n in self.size)
            ways += [Shuffle(2)] if even else []
            ways += [nn.PixelUnshuffle(2)] if unshuffled else []
        return self.rng.choice(ways)

    def arithmetic(self) -> nn.Module:
        """With constants, and with means of the value itself."""
        return self.rng.choice(
            (
                Scale((self.channels, *[1] * self.axes)),
                Apply(lambda x: x - x.mean(1, keepdim=True)),
                Apply(lambda x: x - x.mean(-1, keepdim=True)),
                Apply(lambda x: x**2),
                Apply(lambda x: torch.log(x.abs() + 1)),
                Apply(lambda x: x / (x.abs() + 1)),
                Apply(lambda x: torch.where(x > 0, x, x * 0.2)),
            )
        )

    def block(self) -> nn.Module:
        """One of all these, layers more often."""
        kinds = (
            *(self.layer, self.layer, self.layer, self.joined, self.joined, self.branches),
            *(self.pool, self.gate, self.enlarged, self.moved, self.arithmetic),
        )
        return self.rng.choice(kinds)()

    def head(self) -> nn.Module:
        """A decision, a vector, or a value for every pixel."""
        pixels, outputs = tuple(range(2, 2 + self.axes)), self.rng.choice((1, 3, 10))
        dense = nn.Linear(self.channels, outputs)
        both = nn.Linear(2 * self.channels, outputs)
        every = self.module("Conv")(self.channels, outputs, 1)
        return self.rng.choice(
            (
                nn.Sequential(Apply(lambda x: x.mean(pixels)), dense),
                nn.Sequential(Apply(lambda x: x.amax(pixels)), dense, nn.Sigmoid()),
                nn.Sequential(
                    Apply(lambda x: torch.cat([x.mean(pixels), x.amax(pixels)], 1)), both
                ),
                nn.Sequential(Apply(lambda x: x.mean(pixels)), dense, nn.Softmax(-1)),
                nn.Sequential(every, nn.Sigmoid()),
                every,
            )
        )


def drawn(seed: int, axes: int) -> tuple[nn.Module, tuple[int, ...]]:
    """A network on maps (2 axes) or lines (1), and the shape of its input, batch included."""
    rng = random.Random(seed)
    torch.manual_seed(seed)
    draw = Draw(rng, axes, rng.choice((1, 2, 3, 6)))
    draw.size = rng.choice(MAPS) if axes == 2 else (rng.choice(LINES),)
    shape = (1, draw.channels, *draw.size)
    x, modules = torch.randn(2, *shape[1:]), []
    for block in (draw.layer, *[draw.block] * rng.randint(2, 7)):
        module = block()
        y = _result(module, x)
        if y is not None:
            modules.append(module)
            x, draw.channels, draw.size = y, y.shape[1], y.shape[2:]
    return nn.Sequential(*modules, draw.head()), shape


def _result(module: nn.Module, x: Tensor) -> Tensor | None:
    """What a block makes of a value; None where it does not fit or grows without bound."""
    try:
        y = module.eval()(x).detach()
    except RuntimeError:  # a kernel larger than the map, say
        return None
    size = y.shape[2:]
    fits = y.shape[1] <= MOST_CHANNELS and min(size) >= LEAST_PIXELS and size.numel() <= MOST_PIXELS
    return y if fits and bool(y.isfinite().all()) and float(y.std()) < 50 else None
