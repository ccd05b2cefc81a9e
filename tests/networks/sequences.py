"""More networks for signals: audio, vibration, movement, as sequences of many shapes."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from blocks import Residual
from torch import Tensor, nn


class SeparableCausal(nn.Module):
    """A depthwise, dilated, causal convolution and a pointwise one."""

    def __init__(self, channels: int, dilation: int):
        super().__init__()
        self.pad = 2 * dilation
        self.along = nn.Conv1d(channels, channels, 3, dilation=dilation, groups=channels)
        self.across, self.norm = nn.Conv1d(channels, channels, 1), nn.BatchNorm1d(channels)
        self.act = nn.PReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.norm(self.across(self.along(F.pad(x, (self.pad, 0))))))


def separable_tcn() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv1d(6, 12, 1), *(Residual(SeparableCausal(12, d)) for d in (1, 2, 4, 8))),
        nn.Conv1d(12, 4, 1),
    )


def waveform() -> nn.Module:
    def block(cin: int, cout: int) -> list[nn.Module]:
        return [nn.Conv1d(cin, cout, 9, 4, 4), nn.BatchNorm1d(cout), nn.LeakyReLU(0.1)]

    return nn.Sequential(
        *(nn.Conv1d(1, 8, 64, 8, bias=False), nn.BatchNorm1d(8), nn.ReLU()),
        *(*block(8, 12), *block(12, 16), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(16, 4)),
    )


class ManyScales(nn.Module):
    """InceptionTime: kernels of several lengths beside a pooled branch."""

    def __init__(self) -> None:
        super().__init__()
        self.squeeze = nn.Conv1d(6, 4, 1, bias=False)
        self.convs = nn.ModuleList(
            nn.Conv1d(4, 4, k, padding=k // 2, bias=False) for k in (3, 9, 19)
        )
        self.pooled = nn.Sequential(nn.MaxPool1d(3, 1, 1), nn.Conv1d(6, 4, 1, bias=False))
        self.norm, self.head = nn.BatchNorm1d(16), nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        small = self.squeeze(x)
        found = torch.cat([*(conv(small) for conv in self.convs), self.pooled(x)], dim=1)
        return self.head(F.relu(self.norm(found)).mean(dim=-1))


class MelBands(nn.Module):
    """Mel bands are the channels, time is the line; residuals as in TC-ResNet."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv1d(40, 16, 3, padding=1, bias=False)
        self.body = nn.Sequential(
            *(nn.Conv1d(16, 24, 9, 2, 4, bias=False), nn.BatchNorm1d(24), nn.ReLU()),
            *(nn.Conv1d(24, 24, 9, 1, 4, bias=False), nn.BatchNorm1d(24)),
        )
        self.short = nn.Sequential(
            nn.Conv1d(16, 24, 1, 2, bias=False), nn.BatchNorm1d(24), nn.ReLU()
        )
        self.head = nn.Sequential(nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(24, 12))

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x.squeeze(1))
        return self.head(F.relu(self.body(x) + self.short(x)))


class Broadcasting(nn.Module):
    """BC-ResNet: a mean over frequencies goes through a convolution and is added to them all."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 8, 5, (2, 1), 2), nn.BatchNorm2d(8), nn.ReLU())
        self.bands = nn.Conv2d(8, 8, (3, 1), padding=(1, 0), groups=8)
        self.times = nn.Sequential(nn.Conv2d(8, 8, (1, 3), padding=(0, 1), groups=8), nn.SiLU())
        self.head = nn.Conv2d(8, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        bands = self.bands(self.stem(x))
        x = F.relu(bands + self.times(bands.mean(dim=2, keepdim=True)))
        return self.head(x).mean(dim=(2, 3))


class Frames(nn.Module):
    """Dense layers on each frame of [1, time, features], then the mean over time."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 8), nn.ReLU())
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x).mean(dim=1))


class Recognizer(nn.Module):
    """Scores of each frame: pictures of text become [time, classes]."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(8, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d((8, 2))),
        )
        self.head = nn.Linear(12, 6)

    def forward(self, x: Tensor) -> Tensor:
        frames = self.body(x).squeeze(2).permute(0, 2, 1)
        return torch.softmax(self.head(frames), dim=-1)


class Statistics(nn.Module):
    """An x-vector: mean and standard deviation over time."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv1d(12, 16, 5), nn.ReLU(), nn.Conv1d(16, 8, 3, dilation=2))
        self.head = nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.body(x)
        mean = x.mean(dim=2)
        spread = torch.sqrt(((x - mean.unsqueeze(2)) ** 2).mean(dim=2) + 1e-3)
        return self.head(torch.cat([mean, spread], dim=1))


class Windows(nn.Module):
    """Samples [1, time, axes] become a picture of one channel, then of many."""

    def __init__(self) -> None:
        super().__init__()
        self.along = nn.Sequential(nn.Conv2d(1, 8, (5, 1), (2, 1)), nn.ReLU())
        self.across = nn.Sequential(nn.Conv2d(8, 12, (5, 6)), nn.ReLU())
        self.head = nn.Linear(12, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.across(self.along(x.unsqueeze(1))).amax(dim=(2, 3)))


class UpAgain(nn.Module):
    """A U-Net in one dimension."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Sequential(nn.Conv1d(2, 8, 5, 2, 2), nn.ReLU())
        self.deep = nn.Sequential(nn.Conv1d(8, 8, 5, 2, 2), nn.ReLU())
        self.up = nn.ConvTranspose1d(8, 8, 4, 2, 1)
        self.head = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv1d(16, 1, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        high = self.down(x)
        return torch.sigmoid(self.head(torch.cat([high, F.relu(self.up(self.deep(high)))], dim=1)))


def vibration() -> nn.Module:
    """Features of a bearing through dense layers; normalized first, bounded at the end."""
    return nn.Sequential(
        *(nn.BatchNorm1d(24), nn.Linear(24, 32), nn.SiLU(), nn.BatchNorm1d(32)),
        *(nn.Linear(32, 16), nn.ELU(), nn.Linear(16, 3), nn.Softplus()),
    )
