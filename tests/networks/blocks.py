"""Building blocks that several of the torch networks share."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def conv_bn(
    cin: int,
    cout: int,
    kernel: int = 3,
    stride: int = 1,
    groups: int = 1,
    act: nn.Module | None = None,
) -> nn.Sequential:
    """Convolution, batch normalization, activation (ReLU by default)."""
    return nn.Sequential(
        nn.Conv2d(cin, cout, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(cout),
        act if act is not None else nn.ReLU(),
    )


def separable(cin: int, cout: int, stride: int = 1, act: nn.Module | None = None) -> nn.Sequential:
    """Depthwise and pointwise convolution."""
    return nn.Sequential(conv_bn(cin, cin, 3, stride, cin, act), conv_bn(cin, cout, 1, 1, 1, act))


def classifier(channels: int, classes: int) -> nn.Sequential:
    """Global average and a dense layer."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


class Residual(nn.Module):
    """x + body(x), then an activation."""

    def __init__(
        self, body: nn.Module, shortcut: nn.Module | None = None, act: nn.Module | None = None
    ):
        super().__init__()
        self.body = body
        self.shortcut = shortcut if shortcut is not None else nn.Identity()
        self.act = act if act is not None else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.shortcut(x) + self.body(x))


class Branches(nn.Module):
    """Several bodies on one input, their channels joined."""

    def __init__(self, *bodies: nn.Module):
        super().__init__()
        self.bodies = nn.ModuleList(bodies)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([body(x) for body in self.bodies], dim=1)


class Gate(nn.Module):
    """Squeeze and excitation."""

    def __init__(self, channels: int, squeezed: int, gate: nn.Module):
        super().__init__()
        self.weigh = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, squeezed, 1),
            nn.ReLU(),
            nn.Conv2d(squeezed, channels, 1),
            gate,
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weigh(x)


class Shuffle(nn.Module):
    """Channel shuffle, as ShuffleNet writes it."""

    def __init__(self, groups: int):
        super().__init__()
        self.groups = groups

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        return x.view(n, self.groups, c // self.groups, h, w).transpose(1, 2).reshape(n, c, h, w)
