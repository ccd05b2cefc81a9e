"""Classifiers of images: plain, with branches, with gates, with pre- and postprocessing."""

from __future__ import annotations

import torch
from blocks import Branches, Gate, Residual, Shuffle, classifier, conv_bn, separable
from torch import Tensor, nn


def lenet() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Flatten(), nn.Linear(400, 40), nn.Tanh(), nn.Linear(40, 10)),
    )


def vgg() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()),
        *(nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Dropout(0.5), nn.Linear(1024, 16), nn.ReLU(), nn.Linear(16, 10)),
    )


def resnet() -> nn.Module:
    def block(cin: int, cout: int, stride: int) -> nn.Module:
        body = nn.Sequential(
            conv_bn(cin, cout, 3, stride), conv_bn(cout, cout, 3, act=nn.Identity())
        )
        short = None if cin == cout else conv_bn(cin, cout, 1, stride, act=nn.Identity())
        return Residual(body, short, nn.ReLU())

    return nn.Sequential(
        conv_bn(3, 8), block(8, 8, 1), block(8, 12, 2), block(12, 16, 2), classifier(16, 10)
    )


def mobilenet_v1() -> nn.Module:
    return nn.Sequential(
        conv_bn(3, 8, 3, 2),
        separable(8, 12),
        separable(12, 16, 2),
        separable(16, 24, 2),
        classifier(24, 2),
    )


def mobilenet_v2() -> nn.Module:
    def block(cin: int, cout: int, expand: int, stride: int) -> nn.Module:
        mid = cin * expand
        body = nn.Sequential(
            conv_bn(cin, mid, 1, act=nn.ReLU6()),
            conv_bn(mid, mid, 3, stride, mid, nn.ReLU6()),
            conv_bn(mid, cout, 1, act=nn.Identity()),
        )
        return Residual(body) if stride == 1 and cin == cout else body

    return nn.Sequential(
        conv_bn(3, 8, 3, 2, act=nn.ReLU6()),
        *(block(8, 8, 2, 1), block(8, 12, 2, 2), block(12, 12, 2, 1)),
        *(conv_bn(12, 32, 1, act=nn.ReLU6()), classifier(32, 10)),
    )


def mobilenet_v3() -> nn.Module:
    def block(c: int, act: nn.Module, gate: bool) -> nn.Module:
        body = [conv_bn(c, 2 * c, 1, act=act), conv_bn(2 * c, 2 * c, 5, 1, 2 * c, act)]
        body += [Gate(2 * c, 4, nn.Hardsigmoid())] if gate else []
        return Residual(nn.Sequential(*body, conv_bn(2 * c, c, 1, act=nn.Identity())))

    return nn.Sequential(
        conv_bn(3, 8, 3, 2, act=nn.Hardswish()),
        *(
            block(8, nn.ReLU(), True),
            block(8, nn.Hardswish(), False),
            block(8, nn.Hardswish(), True),
        ),
        *(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(8, 24),
            nn.Hardswish(),
            nn.Linear(24, 10),
        ),
    )


def efficientnet() -> nn.Module:
    def block(c: int) -> nn.Module:
        return Residual(
            nn.Sequential(
                conv_bn(c, 2 * c, 1, act=nn.SiLU()),
                conv_bn(2 * c, 2 * c, 3, 1, 2 * c, nn.SiLU()),
                Gate(2 * c, 4, nn.Sigmoid()),
                conv_bn(2 * c, c, 1, act=nn.Identity()),
            )
        )

    return nn.Sequential(conv_bn(3, 8, 3, 2, act=nn.SiLU()), block(8), block(8), classifier(8, 5))


def densenet() -> nn.Module:
    class Dense(nn.Module):
        def __init__(self, cin: int):
            super().__init__()
            self.bn, self.conv = nn.BatchNorm2d(cin), nn.Conv2d(cin, 6, 3, padding=1, bias=False)

        def forward(self, x: Tensor) -> Tensor:
            return torch.cat([x, self.conv(torch.relu(self.bn(x)))], dim=1)

    return nn.Sequential(
        *(nn.Conv2d(3, 8, 3, 2, 1), Dense(8), Dense(14), conv_bn(20, 10, 1), nn.AvgPool2d(2)),
        *(Dense(10), nn.BatchNorm2d(16), nn.ReLU(), classifier(16, 10)),
    )


def squeezenet() -> nn.Module:
    def fire(cin: int, squeeze: int, out: int) -> nn.Module:
        return nn.Sequential(
            *(nn.Conv2d(cin, squeeze, 1), nn.ReLU()),
            Branches(
                nn.Sequential(nn.Conv2d(squeeze, out, 1), nn.ReLU()),
                nn.Sequential(nn.Conv2d(squeeze, out, 3, padding=1), nn.ReLU()),
            ),
        )

    return nn.Sequential(
        *(nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True), fire(8, 4, 8)),
        *(fire(16, 4, 8), nn.Dropout(), nn.Conv2d(16, 10, 1), nn.ReLU()),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
    )


def shufflenet() -> nn.Module:
    class Unit(nn.Module):
        def __init__(self, c: int):
            super().__init__()
            self.body = nn.Sequential(
                conv_bn(c, c, 1), conv_bn(c, c, 3, 1, c, nn.Identity()), conv_bn(c, c, 1)
            )
            self.shuffle = Shuffle(2)

        def forward(self, x: Tensor) -> Tensor:
            kept, moved = x.chunk(2, dim=1)
            return self.shuffle(torch.cat([kept, self.body(moved)], dim=1))

    return nn.Sequential(
        conv_bn(3, 16, 3, 2), Unit(8), Unit(8), conv_bn(16, 24, 1), classifier(24, 10)
    )


def inception() -> nn.Module:
    def block(c: int) -> nn.Module:
        return Branches(
            conv_bn(c, 4, 1),
            nn.Sequential(conv_bn(c, 4, 1), conv_bn(4, 6, 3)),
            nn.Sequential(conv_bn(c, 2, 1), conv_bn(2, 4, 5)),
            nn.Sequential(nn.MaxPool2d(3, 1, 1), conv_bn(c, 4, 1)),
        )

    return nn.Sequential(
        conv_bn(3, 8, 3, 2), block(8), nn.MaxPool2d(3, 2, 1), block(18), classifier(18, 6)
    )


def ghostnet() -> nn.Module:
    class Ghost(nn.Module):
        def __init__(self, cin: int, cout: int):
            super().__init__()
            self.primary = conv_bn(cin, cout // 2, 1)
            self.cheap = conv_bn(cout // 2, cout // 2, 3, 1, cout // 2)

        def forward(self, x: Tensor) -> Tensor:
            first = self.primary(x)
            return torch.cat([first, self.cheap(first)], dim=1)

    return nn.Sequential(
        conv_bn(3, 8, 3, 2), Ghost(8, 16), Residual(Ghost(16, 16)), classifier(16, 4)
    )


def leaky() -> nn.Module:
    act = nn.LeakyReLU(0.1)
    return nn.Sequential(
        conv_bn(3, 8, 3, 2, act=act), conv_bn(8, 16, 3, 2, act=act), classifier(16, 3)
    )


def prelu() -> nn.Module:
    return nn.Sequential(
        conv_bn(1, 8, 3, 2, act=nn.PReLU(8)),
        conv_bn(8, 12, 3, 2, act=nn.PReLU()),
        classifier(12, 7),
    )


def elu() -> nn.Module:
    return nn.Sequential(
        conv_bn(3, 8, act=nn.ELU()), nn.MaxPool2d(4), conv_bn(8, 8, act=nn.ELU()), classifier(8, 5)
    )


def gelu() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 12, 4, 4),
        nn.GELU(),
        Residual(conv_bn(12, 12, 7, 1, 12, nn.GELU())),
        classifier(12, 5),
    )


class Normalizing(nn.Module):
    """Takes pixels 0 to 255, scales them per channel, gives probabilities."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor([123.7, 116.3, 103.5]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([58.4, 57.1, 57.4]).view(1, 3, 1, 1))
        self.body = nn.Sequential(conv_bn(3, 8, 3, 2), separable(8, 16, 2), classifier(16, 4))

    def forward(self, x: Tensor) -> Tensor:
        return torch.softmax(self.body((x - self.mean) / self.std), dim=1)


class LogProbabilities(nn.Module):
    """Scalar preprocessing, log_softmax at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 8, 3, 2), nn.ReLU(), classifier(8, 10))

    def forward(self, x: Tensor) -> Tensor:
        return torch.log_softmax(self.body(x / 255.0 * 2 - 1), dim=1)


class Deciding(nn.Module):
    """The class itself as output."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(conv_bn(1, 6, 3, 2), conv_bn(6, 8, 3, 2), classifier(8, 10))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x).argmax(dim=1)


class FeaturePyramid(nn.Module):
    """Means of maps by tensor methods, sum of two scales, two outputs (class and embedding)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.down = conv_bn(3, 8, 3, 2), conv_bn(8, 8, 3, 2)
        self.head = nn.Linear(8, 6)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        fine = self.stem(x)
        embedding = fine.mean(dim=(2, 3)) + self.down(fine).mean(dim=(2, 3))
        return self.head(embedding), embedding


class LonelyNorms(nn.Module):
    """Batch normalization that comes first, behind a pool and behind a dense layer."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *(nn.BatchNorm2d(3), nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.BatchNorm2d(8), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1)),
            *(nn.Flatten(), nn.BatchNorm1d(8), nn.Linear(8, 12), nn.BatchNorm1d(12), nn.ReLU()),
            nn.Linear(12, 4),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)
