"""Networks with gates, mixers, normalizations and other parts that weigh or mix their channels."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from blocks import classifier, conv_bn
from torch import Tensor, nn


class ChannelGate(nn.Module):
    """ECA: a small convolution across the means of the channels weighs them."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 1, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        means = F.adaptive_avg_pool2d(x, 1).squeeze(-1).transpose(-1, -2)
        weights = torch.sigmoid(self.conv(means)).transpose(-1, -2).unsqueeze(-1)
        return x * weights


def eca() -> nn.Module:
    return nn.Sequential(
        conv_bn(3, 8, 3, 2), ChannelGate(), conv_bn(8, 12), ChannelGate(), classifier(12, 5)
    )


class SpatialGate(nn.Module):
    """CBAM: means and maxima weigh first the channels, then the positions."""

    def __init__(self, channels: int):
        super().__init__()
        self.shared = nn.Sequential(nn.Conv2d(channels, 4, 1), nn.ReLU(), nn.Conv2d(4, channels, 1))
        self.spatial = nn.Conv2d(2, 1, 7, padding=3)

    def forward(self, x: Tensor) -> Tensor:
        means = self.shared(F.adaptive_avg_pool2d(x, 1))
        x = x * torch.sigmoid(means + self.shared(F.adaptive_max_pool2d(x, 1)))
        both = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], dim=1)
        return x * torch.sigmoid(self.spatial(both))


def cbam() -> nn.Module:
    return nn.Sequential(
        conv_bn(3, 8, 3, 2), SpatialGate(8), conv_bn(8, 12, 3, 2), classifier(12, 4)
    )


class RepVgg(nn.Module):
    """The form that is trained: 3x3, 1x1 and the identity, each with its normalization."""

    def __init__(self, channels: int):
        super().__init__()
        self.large, self.small = (conv_bn(channels, channels, k, act=nn.Identity()) for k in (3, 1))
        self.same = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.large(x) + self.small(x) + self.same(x))


def repvgg() -> nn.Module:
    return nn.Sequential(conv_bn(3, 8, 3, 2), RepVgg(8), RepVgg(8), classifier(8, 6))


class ConvNext(nn.Module):
    """A large depthwise kernel, an inverted bottleneck with GELU, a factor for each channel."""

    def __init__(self, channels: int, norm: nn.Module):
        super().__init__()
        self.wide = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm = norm
        self.grow, self.shrink = nn.Conv2d(channels, 24, 1), nn.Conv2d(24, channels, 1)
        self.gamma = nn.Parameter(torch.linspace(0.2, 0.9, channels).reshape(1, -1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.gamma * self.shrink(F.gelu(self.grow(self.norm(self.wide(x)))))


def convnext() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 4, 4),
        nn.BatchNorm2d(8),
        ConvNext(8, nn.BatchNorm2d(8)),
        ConvNext(8, nn.BatchNorm2d(8)),
        classifier(8, 5),
    )


def grouped_norm() -> nn.Module:
    """GroupNorm computes statistics of each image."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8), nn.ReLU(), nn.Conv2d(8, 8, 3), classifier(8, 4)
    )


def instance_norm() -> nn.Module:
    """So does InstanceNorm."""
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.InstanceNorm2d(8, affine=True), classifier(8, 4))


class Mixer(nn.Module):
    """An MLP mixer without normalization: dense layers along the patches, then the channels."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 12, 8, 8)
        self.along = nn.Sequential(nn.Linear(16, 8), nn.GELU(), nn.Linear(8, 16))
        self.across = nn.Sequential(nn.Linear(12, 24), nn.GELU(), nn.Linear(24, 12))
        self.head = nn.Linear(12, 4)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patch(x).flatten(2).transpose(1, 2)
        tokens = tokens + self.along(tokens.transpose(1, 2)).transpose(1, 2)
        tokens = tokens + self.across(tokens)
        return self.head(tokens.mean(dim=1))


class Coordinates(nn.Module):
    """CoordConv: two constant channels tell where a pixel is."""

    def __init__(self) -> None:
        super().__init__()
        line = torch.linspace(-1, 1, 32)
        grid = torch.stack(torch.meshgrid(line, line, indexing="ij"))
        self.register_buffer("grid", grid.unsqueeze(0))
        self.body = nn.Sequential(conv_bn(5, 8, 3, 2), conv_bn(8, 12, 3, 2), classifier(12, 2))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(torch.cat([x, self.grid.expand(len(x), -1, -1, -1)], dim=1))


class Csp(nn.Module):
    """Half of the channels go through bottlenecks, all of them are joined again."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.join = (
            conv_bn(3, 16, 3, 2, act=nn.SiLU()),
            conv_bn(24, 16, 1, act=nn.SiLU()),
        )
        self.body = nn.Sequential(conv_bn(8, 8, 1, act=nn.SiLU()), conv_bn(8, 8, 3, act=nn.SiLU()))
        self.head = classifier(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        left, right = self.stem(x).chunk(2, dim=1)
        return self.head(self.join(torch.cat([left, right, self.body(right) + right], dim=1)))


class Pyramid(nn.Module):
    """SPPF: the same pooling again and again, all results joined."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.join = conv_bn(3, 8, 3, 2), conv_bn(32, 12, 1)
        self.pool, self.head = nn.MaxPool2d(5, 1, 2), classifier(12, 4)

    def forward(self, x: Tensor) -> Tensor:
        found = [self.stem(x)]
        for _ in range(3):
            found.append(self.pool(found[-1]))
        return self.head(self.join(torch.cat(found, dim=1)))


class GatedLinear(nn.Module):
    """GLU: half of the channels gates the other half; a highway carries the rest past."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.both = conv_bn(3, 8, 3, 2), nn.Conv2d(8, 16, 3, padding=1)
        self.carry, self.head = nn.Conv2d(8, 8, 1), classifier(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        carry = torch.sigmoid(self.carry(x))
        return self.head(F.glu(self.both(x), dim=1) * carry + x * (1 - carry))


class Maxout(nn.Module):
    """The larger, and the smaller, of two branches."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv_bn(3, 8, 3, 2)
        self.one, self.two = conv_bn(8, 8, act=nn.Identity()), conv_bn(8, 8, 1, act=nn.Identity())
        self.head = classifier(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        one, two = self.one(x), self.two(x)
        return self.head(torch.cat([torch.maximum(one, two), torch.minimum(one, two)], dim=1))


class AttentionPool(nn.Module):
    """A weight for each position decides how much it counts; a softmax makes them one."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.score = (
            nn.Sequential(conv_bn(1, 8, 3, 2), conv_bn(8, 8, 3, 2)),
            nn.Conv2d(8, 1, 1),
        )
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.body(x)
        weights = torch.softmax(self.score(x).flatten(2), dim=2)
        return self.head((x.flatten(2) * weights).sum(dim=2))


class Embedding(nn.Module):
    """A face embedding: a vector of length one."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv_bn(3, 8, 3, 2, act=nn.PReLU(8)), conv_bn(8, 12, 3, 2), classifier(12, 16)
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.normalize(self.body(x), dim=1)
