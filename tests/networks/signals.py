"""Networks for signals: audio, accelerometers, vectors of features, autoencoders."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from blocks import Residual, conv_bn, separable
from torch import Tensor, nn


def keyword() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 12, (10, 4), (2, 2), (5, 1)), nn.BatchNorm2d(12), nn.ReLU()),
        *(
            separable(12, 12),
            separable(12, 12),
            nn.AvgPool2d((25, 5)),
            nn.Flatten(),
            nn.Linear(12, 12),
        ),
    )


class Causal(nn.Module):
    """One causal, dilated convolution of a TCN: pads on the left, cuts nothing on the right."""

    def __init__(self, cin: int, cout: int, dilation: int):
        super().__init__()
        self.pad, self.conv = 2 * dilation, nn.Conv1d(cin, cout, 3, dilation=dilation)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.conv(F.pad(x, (self.pad, 0))))


class Chomped(nn.Module):
    """The same, as the TCN paper has it: pads both sides and slices the right one off."""

    def __init__(self, channels: int, dilation: int):
        super().__init__()
        self.cut = 2 * dilation
        self.conv = nn.Conv1d(channels, channels, 3, padding=self.cut, dilation=dilation)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.conv(x)[:, :, : -self.cut]) + x


def causal_tcn() -> nn.Module:
    return nn.Sequential(
        *(Causal(4, 8, 1), Residual(Causal(8, 8, 2)), Residual(Causal(8, 8, 4))),
        *(nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, 5)),
    )


def chomped_tcn() -> nn.Module:
    return nn.Sequential(nn.Conv1d(3, 8, 1), Chomped(8, 1), Chomped(8, 2), nn.Conv1d(8, 2, 1))


def raw_audio() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv1d(1, 8, 80, 16), nn.BatchNorm1d(8), nn.ReLU(), nn.MaxPool1d(4)),
        *(nn.Conv1d(8, 12, 3, padding=1), nn.BatchNorm1d(12), nn.ReLU(), nn.MaxPool1d(2)),
        *(nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(12, 6)),
    )


class Gated(nn.Module):
    """A WaveNet block: tanh times sigmoid, residual and skip."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(2, 8, 1)
        self.filter, self.gate = nn.Conv1d(8, 8, 3, padding=1), nn.Conv1d(8, 8, 3, padding=1)
        self.skip, self.head = nn.Conv1d(8, 8, 1), nn.Conv1d(8, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        inner = torch.tanh(self.filter(x)) * torch.sigmoid(self.gate(x))
        return self.head(F.relu(x + self.skip(inner)))


def separable_audio() -> nn.Module:
    def block(cin: int, cout: int) -> nn.Module:
        return nn.Sequential(
            nn.Conv1d(cin, cin, 11, padding=5, groups=cin),
            nn.Conv1d(cin, cout, 1, bias=False),
            *(nn.BatchNorm1d(cout), nn.ReLU(), nn.Dropout(0.1)),
        )

    return nn.Sequential(
        block(16, 16), block(16, 24), nn.Conv1d(24, 8, 1), nn.AdaptiveAvgPool1d(1), nn.Flatten()
    )


def accelerometer() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv1d(3, 8, 5), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(8, 12, 5), nn.ReLU()),
        *(nn.MaxPool1d(2), nn.Flatten(), nn.Linear(348, 16), nn.ReLU(), nn.Linear(16, 6)),
        nn.Softmax(dim=1),
    )


class Strongest(nn.Module):
    """Gestures: the maximum over time of each channel."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(6, 12, 7, 2), nn.ReLU(), nn.Conv1d(12, 12, 5, 2), nn.ReLU()
        )
        self.head = nn.Linear(12, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x).amax(dim=2))


class TimeMajor(nn.Module):
    """Samples come as [1, time, axes]; the network transposes them."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(6, 8, 5, padding=2), nn.ReLU(), nn.Conv1d(8, 8, 5, 2), nn.ReLU()
        )
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x.transpose(1, 2)).mean(dim=2))


def anomaly_autoencoder() -> nn.Module:
    def layer(a: int, b: int) -> list[nn.Module]:
        return [nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU()]

    return nn.Sequential(
        *layer(160, 24), *layer(24, 24), *layer(24, 6), *layer(6, 24), nn.Linear(24, 160)
    )


def conv_autoencoder() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 4, 3, 2, 1), nn.ReLU()),
        *(nn.ConvTranspose2d(4, 8, 3, 2, 1, output_padding=1), nn.ReLU()),
        *(nn.ConvTranspose2d(8, 1, 3, 2, 1, output_padding=1), nn.Sigmoid()),
    )


class Denoiser(nn.Module):
    """Subtracts the noise it finds."""

    def __init__(self) -> None:
        super().__init__()
        self.noise = nn.Sequential(conv_bn(1, 8), conv_bn(8, 8), nn.Conv2d(8, 1, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        return x - self.noise(x)


class Recurrent(nn.Module):
    """A recurrent layer behind a convolution; `kind` is GRU or LSTM."""

    def __init__(self, kind: type[nn.RNNBase]):
        super().__init__()
        self.conv, self.rnn, self.head = (
            nn.Conv1d(3, 8, 3),
            kind(8, 8, batch_first=True),
            nn.Linear(8, 4),
        )

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.rnn(F.relu(self.conv(x)).transpose(1, 2))
        return self.head(states[:, -1])


class Attention(nn.Module):
    """One block of a vision transformer."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 8, 8)
        self.norm, self.attend = nn.LayerNorm(16), nn.MultiheadAttention(16, 2, batch_first=True)
        self.head = nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patch(x).flatten(2).transpose(1, 2)
        normed = self.norm(tokens)
        return self.head((tokens + self.attend(normed, normed, normed)[0]).mean(dim=1))
