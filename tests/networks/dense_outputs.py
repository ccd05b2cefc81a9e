"""Networks whose output is a map: detectors, segmentation, keypoints, super-resolution."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from blocks import conv_bn, separable
from torch import Tensor, nn


class SingleShot(nn.Module):
    """Boxes and scores of two scales, flattened and joined over positions."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv_bn(3, 8, 3, 2), conv_bn(8, 12, 3, 2))
        self.down = conv_bn(12, 16, 3, 2)
        self.boxes = nn.ModuleList([nn.Conv2d(c, 8, 3, padding=1) for c in (12, 16)])
        self.scores = nn.ModuleList([nn.Conv2d(c, 6, 3, padding=1) for c in (12, 16)])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        fine = self.stem(x)
        maps = (fine, self.down(fine))
        return self._joined(self.boxes, maps, 4), self._joined(self.scores, maps, 3)

    def _joined(self, heads: nn.ModuleList, maps: tuple[Tensor, ...], last: int) -> Tensor:
        parts = [head(m).permute(0, 2, 3, 1) for head, m in zip(heads, maps, strict=True)]
        return torch.cat([part.reshape(1, -1, last) for part in parts], dim=1)


class Yolo(nn.Module):
    """Two raw heads; the fine one sees the coarse map enlarged."""

    def __init__(self) -> None:
        super().__init__()
        act = nn.LeakyReLU(0.1)
        self.stem = nn.Sequential(conv_bn(3, 8, 3, 2, act=act), conv_bn(8, 12, 3, 2, act=act))
        self.deep = conv_bn(12, 16, 3, 2, act=act)
        self.lateral = conv_bn(16, 8, 1, act=act)
        self.coarse, self.fine = nn.Conv2d(16, 18, 1), nn.Conv2d(20, 18, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        middle = self.stem(x)
        deep = self.deep(middle)
        up = F.interpolate(self.lateral(deep), scale_factor=2.0, mode="nearest")
        return self.coarse(deep), self.fine(torch.cat([up, middle], dim=1))


class BlazeFace(nn.Module):
    """Residuals whose shortcut pools and pads channels."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 5, 2, 2), nn.ReLU())
        self.body = nn.Conv2d(8, 8, 5, 2, 2, groups=8)
        self.point = nn.Conv2d(8, 12, 1)
        self.head = nn.Conv2d(12, 5, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        short = F.pad(F.max_pool2d(x, 2), (0, 0, 0, 0, 0, 4))
        return self.head(F.relu(short + self.point(self.body(x))))


class TopDown(nn.Module):
    """Feature pyramid with sums; three levels out, sigmoid scores."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList([conv_bn(a, b, 3, 2) for a, b in ((3, 8), (8, 12), (12, 16))])
        self.side = nn.ModuleList([nn.Conv2d(c, 8, 1) for c in (8, 12, 16)])
        self.head = nn.Conv2d(8, 2, 3, padding=1)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        maps = []
        for down in self.down:
            x = down(x)
            maps.append(x)
        top = self.side[2](maps[2])
        middle = self.side[1](maps[1]) + F.interpolate(top, scale_factor=2)
        low = self.side[0](maps[0]) + F.interpolate(middle, scale_factor=2)
        return tuple(torch.sigmoid(self.head(level)) for level in (low, middle, top))


class CenterNet(nn.Module):
    """A heat map with sigmoid, offsets without, from one decoder with a transposed convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *(conv_bn(1, 8, 3, 2), separable(8, 12, 2), nn.ConvTranspose2d(12, 8, 4, 2, 1)),
            *(nn.BatchNorm2d(8), nn.ReLU()),
        )
        self.heat, self.offset = nn.Conv2d(8, 1, 1), nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.body(x)
        return torch.sigmoid(self.heat(x)), self.offset(x)


class TransposedUNet(nn.Module):
    """U-Net with transposed convolutions of kernel 2."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = conv_bn(3, 8), conv_bn(8, 12)
        self.bottom = conv_bn(12, 16)
        self.up2, self.up1 = nn.ConvTranspose2d(16, 12, 2, 2), nn.ConvTranspose2d(12, 8, 2, 2)
        self.merge2, self.merge1 = conv_bn(24, 12), conv_bn(16, 8)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = self.first(x)
        b = self.second(F.max_pool2d(a, 2))
        c = self.bottom(F.max_pool2d(b, 2))
        b = self.merge2(torch.cat([self.up2(c), b], dim=1))
        return self.head(self.merge1(torch.cat([self.up1(b), a], dim=1)))


class BilinearUNet(nn.Module):
    """Segmentation that enlarges bilinearly; softmax over channels at every pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = conv_bn(1, 8, 3, 2), conv_bn(8, 12, 3, 2)
        self.merge = separable(20, 8)
        self.head = nn.Conv2d(8, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = self.first(x)
        b = F.interpolate(self.second(a), scale_factor=2, mode="bilinear", align_corners=False)
        return torch.softmax(self.head(self.merge(torch.cat([a, b], dim=1))), dim=1)


class LiteSegmenter(nn.Module):
    """LR-ASPP: a map times a gate of its own global average."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(conv_bn(3, 8, 3, 2, act=nn.Hardswish()), separable(8, 12, 2))
        self.local = conv_bn(12, 8, 1)
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(12, 8, 1), nn.Sigmoid())
        self.head = nn.Conv2d(8, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.body(x)
        return F.interpolate(
            self.head(self.local(x) * self.gate(x)), scale_factor=4, mode="nearest"
        )


def super_resolution() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 12, 5, padding=2), nn.ReLU(), nn.Conv2d(12, 8, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(8, 4, 3, padding=1), nn.PixelShuffle(2)),
    )


def keypoints() -> nn.Module:
    return nn.Sequential(
        *(conv_bn(3, 8, 3, 2), separable(8, 12, 2), nn.UpsamplingNearest2d(scale_factor=2)),
        *(conv_bn(12, 8), nn.Conv2d(8, 5, 1)),
    )


def dilated() -> nn.Module:
    def context(rate: int) -> nn.Module:
        return nn.Sequential(nn.Conv2d(8, 8, 3, padding=rate, dilation=rate), nn.ReLU())

    return nn.Sequential(
        conv_bn(3, 8, 3, 2), context(1), context(2), context(4), nn.Conv2d(8, 2, 1)
    )


class Reflecting(nn.Module):
    """Reflected borders, as style transfer networks have them."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 3, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.first(F.pad(x, (1, 1, 1, 1), mode="reflect")))
        return torch.tanh(self.last(F.pad(x, (1, 1, 1, 1), mode="reflect")))
