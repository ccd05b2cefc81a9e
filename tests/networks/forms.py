"""Networks whose layers have unusual forms: pads, strides, kernels, orders, several inputs."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from blocks import Branches, Residual, classifier, conv_bn
from torch import Tensor, nn


def odd_kernels() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(3, 8, (1, 7), (1, 2), (0, 3)), nn.ReLU()),
        *(nn.Conv2d(8, 8, (7, 1), (3, 1), (2, 0), groups=2), nn.ReLU6()),
        *(nn.Conv2d(8, 12, 3, padding=(2, 4), dilation=(2, 4), groups=4), nn.LeakyReLU(0.1)),
        *(nn.Conv2d(12, 12, 3, 5), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten()),
        nn.Linear(12, 5),
    )


def large_kernels() -> nn.Module:
    """Kernels larger than what they slide over."""
    return nn.Sequential(
        *(conv_bn(1, 6, 3, 4), nn.Conv2d(6, 6, 9, padding=4, groups=6), nn.ReLU()),
        *(nn.MaxPool2d(7, 2, 3), nn.Conv2d(6, 8, 5, padding=2), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(128, 4)),
    )


def multiplied() -> nn.Module:
    """Depthwise with two outputs for each input."""
    return nn.Sequential(
        *(nn.Conv2d(4, 8, 3, 2, 1, groups=4), nn.BatchNorm2d(8), nn.ReLU()),
        *(nn.Conv2d(8, 24, 3, padding=1, groups=8), nn.ReLU(), classifier(24, 4)),
    )


def average_borders() -> nn.Module:
    return nn.Sequential(
        *(conv_bn(3, 8), nn.AvgPool2d(3, 2, 1, count_include_pad=False)),
        *(conv_bn(8, 8), nn.AvgPool2d(3, 2, ceil_mode=True), conv_bn(8, 8)),
        *(nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=True), nn.AvgPool2d((1, 2))),
        *(nn.Flatten(), nn.LazyLinear(4)),
    )


class Padded(nn.Module):
    """Zeros on some sides only, as converters from TensorFlow write them; negative pads crop."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 8, 3, 2), nn.Conv2d(8, 8, 3, 2, groups=8)
        self.head = classifier(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.one(F.pad(x, (0, 1, 0, 1))))
        x = F.relu6(self.two(F.pad(x, (1, 2, 0, 3))))
        return self.head(F.max_pool2d(F.pad(x, (0, -1, -1, 0)), 2))


class Focus(nn.Module):
    """Every second pixel becomes a channel, as the first detectors of YOLOv5 begin."""

    def __init__(self, unshuffle: bool):
        super().__init__()
        self.unshuffle = unshuffle
        self.body = nn.Sequential(conv_bn(12, 8), conv_bn(8, 12, 3, 2), classifier(12, 4))

    def forward(self, x: Tensor) -> Tensor:
        if self.unshuffle:
            return self.body(F.pixel_unshuffle(x, 2))
        parts = [x[..., i::2, j::2] for j in (0, 1) for i in (0, 1)]
        return self.body(torch.cat(parts, dim=1))


class Subpixel(nn.Module):
    """A pixel shuffle in the middle."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = conv_bn(3, 16, 3, 2), nn.Conv2d(4, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.last(F.pixel_shuffle(self.first(x), 2)))


class Decoder(nn.Module):
    """From a vector to a picture."""

    def __init__(self) -> None:
        super().__init__()
        self.grow = nn.Linear(12, 8 * 4 * 4)
        self.body = nn.Sequential(
            *(nn.ConvTranspose2d(8, 6, 4, 2, 1), nn.BatchNorm2d(6), nn.LeakyReLU(0.2)),
            *(nn.ConvTranspose2d(6, 3, 2, 2), nn.Tanh()),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.body(F.relu(self.grow(x)).view(-1, 8, 4, 4))


class Segmenter(nn.Module):
    """Bilinear enlargement, a class for each pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Sequential(conv_bn(3, 8, 3, 2), conv_bn(8, 12, 3, 2))
        self.up, self.head = conv_bn(12, 8, 1), nn.Conv2d(8, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        small = self.up(self.down(x))
        large = F.interpolate(small, scale_factor=2, mode="bilinear", align_corners=False)
        return torch.softmax(self.head(large), dim=1)


class WeightedPyramid(nn.Module):
    """BiFPN: levels are enlarged, weighted with learned numbers and added."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.three = (
            conv_bn(3, 8, 3, 2),
            conv_bn(8, 8, 3, 2),
            conv_bn(8, 8, 3, 2),
        )
        self.weights = nn.Parameter(torch.tensor([0.7, 0.4, 0.9]))
        self.out = nn.ModuleList([nn.Conv2d(8, 4, 1), nn.Conv2d(8, 4, 1)])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        one = self.one(x)
        two = self.two(one)
        three = self.three(two)
        w = F.relu(self.weights)
        w = w / (w.sum() + 1e-4)
        middle = w[0] * two + w[1] * F.interpolate(three, scale_factor=2)
        fine = w[2] * one + w[0] * F.interpolate(middle, scale_factor=2)
        return self.out[0](fine), self.out[1](F.max_pool2d(fine, 2) + middle)


class DualHeads(nn.Module):
    """What it is, and where: two outputs of different kinds."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv_bn(3, 8, 3, 2), conv_bn(8, 12, 3, 2), nn.AdaptiveAvgPool2d(1)
        )
        self.what, self.where = nn.Linear(12, 5), nn.Linear(12, 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        found = torch.flatten(self.body(x), 1)
        return torch.softmax(self.what(found), dim=-1), torch.sigmoid(self.where(found))


class YoloNano(nn.Module):
    """Boxes and scores of a cell, each with its own function, joined again."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv_bn(3, 8, 3, 2, act=nn.LeakyReLU(0.1)), conv_bn(8, 12, 3, 2, act=nn.SiLU())
        )
        self.head = nn.Conv2d(12, 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        found = self.head(self.body(x))
        where = torch.sigmoid(found[:, :2]) * 2 - 0.5
        size = (torch.sigmoid(found[:, 2:4]) * 2) ** 2
        scores = torch.sigmoid(found[:, 4:])
        joined = torch.cat([where, size, scores], dim=1)
        return joined.permute(0, 2, 3, 1).reshape(1, -1, 8)


class Bounded(nn.Module):
    """Clamps of every kind, and what else bends a line."""

    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            [nn.Conv2d(3 if i == 0 else 8, 8, 3, padding=1) for i in range(8)]
        )
        self.head = classifier(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        bends = (
            F.hardtanh,
            lambda v: v.clamp(min=-0.4),
            lambda v: v.clamp(max=0.6),
            lambda v: torch.minimum(v, torch.tensor(0.5)),
            lambda v: torch.where(v > 0.1, v, 0.2 * v),
            lambda v: F.threshold(v, 0.0, 0.0),
            F.softsign,
            F.mish,
        )
        for conv, bend in zip(self.convs, bends, strict=True):
            x = bend(conv(x))
        return self.head(F.max_pool2d(x, 2) * 0.5 + 0.125)


class Siamese(nn.Module):
    """Are two pictures alike? One body sees both."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(conv_bn(1, 8, 3, 2), conv_bn(8, 8, 3, 2), classifier(8, 12))
        self.head = nn.Linear(12, 1)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return torch.sigmoid(self.head((self.body(left) - self.body(right)).abs()))


class WithNumbers(nn.Module):
    """A picture, and some numbers about it."""

    def __init__(self) -> None:
        super().__init__()
        self.see = nn.Sequential(conv_bn(3, 8, 3, 2), conv_bn(8, 8, 3, 2), classifier(8, 8))
        self.read = nn.Sequential(nn.Linear(5, 8), nn.ReLU())
        self.head = nn.Linear(16, 3)

    def forward(self, picture: Tensor, numbers: Tensor) -> Tensor:
        return self.head(torch.cat([F.relu(self.see(picture)), self.read(numbers)], dim=1))


class Stereo(nn.Module):
    """Two pictures, each with layers of its own, added and joined in the middle."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = conv_bn(3, 8, 3, 2), conv_bn(1, 8, 3, 2)
        self.body = nn.Sequential(conv_bn(16, 8, 3, 2), classifier(8, 4))

    def forward(self, color: Tensor, depth: Tensor) -> Tensor:
        one, two = self.one(color), self.two(depth)
        return self.body(torch.cat([one + two, two], dim=1))


class Centered(nn.Module):
    """Subtracts the mean of each channel from its map."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.head = conv_bn(3, 8, 3, 2), classifier(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        x = x - x.mean(dim=(2, 3), keepdim=True)
        both = [F.relu(x), F.relu(-x)]
        return self.head(torch.cat(both, dim=1))


class BothPools(nn.Module):
    """Mean and maximum of each channel, in quarters."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = conv_bn(3, 8, 3, 2), nn.Linear(64, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.body(x)
        mean, most = F.adaptive_avg_pool2d(x, 2), F.adaptive_max_pool2d(x, (2, 2))
        return self.head(torch.cat([mean, most], dim=1).flatten(1))


def bottlenecks() -> nn.Module:
    """ResNet-D: the shortcut is pooled before its convolution."""
    body = nn.Sequential(
        conv_bn(8, 4, 1), conv_bn(4, 4, 3, 2), conv_bn(4, 16, 1, act=nn.Identity())
    )
    short = nn.Sequential(nn.AvgPool2d(2, 2, ceil_mode=True), conv_bn(8, 16, 1, act=nn.Identity()))
    return nn.Sequential(
        *(conv_bn(3, 8, 3, 2), Residual(body, short, nn.ReLU()), classifier(16, 4)),
        nn.LogSoftmax(dim=1),
    )


def factorized() -> nn.Module:
    """Inception v3: long thin kernels beside each other."""
    return nn.Sequential(
        conv_bn(3, 8, 3, 2),
        Branches(
            nn.Sequential(
                nn.Conv2d(8, 6, (1, 5), padding=(0, 2)), nn.Conv2d(6, 6, (5, 1), padding=(2, 0))
            ),
            nn.Sequential(nn.AvgPool2d(3, 1, 1), nn.Conv2d(8, 6, 1)),
            nn.Conv2d(8, 4, 1),
        ),
        *(nn.SELU(), nn.Dropout2d(0.2), classifier(16, 4), nn.Softmax(dim=-1)),
    )
