"""Trains the digits network that is bundled with msfcnn, quantizes it, keeps its test images.

    pip install 'msfcnn[train,verify]'      # in a checkout: ./dev pip install -e '.[train]'
    python apps/digits/train.py

A small MobileNetV2-like network (depthwise 3x3 and 5x5, three residuals) on the handwritten
digits of scikit-learn, upscaled to 32x32. The seed is fixed; the same versions of PyTorch and
onnxruntime on the same processor give the same network.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn

from msfcnn.quantizer import quantize

HERE = Path(__file__).parent
RESOLUTION = 32
TEST_IMAGES = 450
CALIBRATION_IMAGES = 256


@dataclass(frozen=True)
class Data:
    """Images float32 [n, 1, 32, 32] in [-1, 1], labels int64 [n]."""

    train: Tensor
    train_labels: Tensor
    test: Tensor
    test_labels: Tensor


def load_data() -> Data:
    """The 1797 digits, 450 of them for the test, all classes in equal shares."""
    digits = load_digits()
    images = torch.tensor(digits.images / 8 - 1, dtype=torch.float32)[:, None]
    images = nn.functional.interpolate(
        images, size=(RESOLUTION, RESOLUTION), mode="bilinear", align_corners=False
    )
    labels = torch.tensor(digits.target)
    train, test = train_test_split(
        np.arange(len(labels)), test_size=TEST_IMAGES, random_state=0, stratify=digits.target
    )
    return Data(images[train], labels[train], images[test], labels[test])


def conv(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Convolution and batch normalization."""
    layer = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs))


class Block(nn.Module):
    """Inverted residual: expand, depthwise, project; plus the input if the shape allows."""

    def __init__(self, inputs: int, wide: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.expand = conv(inputs, wide, 1)
        self.depthwise = conv(wide, wide, kernel, stride, groups=wide)
        self.project = conv(wide, outputs, 1)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """[n, inputs, H, W] to [n, outputs, H / stride, W / stride]."""
        y = self.depthwise(self.expand(x).clamp(0, 6)).clamp(0, 6)
        y = self.project(y)
        return x + y if self.residual else y


class Digits(nn.Module):
    """32x32x1 to 10 scores."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv(1, 16, 3, 2)
        self.blocks = nn.Sequential(
            Block(16, 48, 16, kernel=3, stride=1),
            Block(16, 64, 24, kernel=5, stride=2),
            Block(24, 72, 24, kernel=3, stride=1),
            Block(24, 96, 32, kernel=5, stride=2),
            Block(32, 128, 32, kernel=3, stride=1),
        )
        self.head = conv(32, 96, 1)
        self.classify = nn.Linear(96, 10)

    def forward(self, x: Tensor) -> Tensor:
        """[n, 1, 32, 32] to [n, 10]."""
        y = self.blocks(self.stem(x).clamp(0, 6))
        y = self.head(y).clamp(0, 6)
        return self.classify(nn.functional.adaptive_avg_pool2d(y, 1).flatten(1))


def jitter(images: Tensor) -> Tensor:
    """Random shifts of up to 2 pixels, gain and noise."""
    padded = nn.functional.pad(images, (2, 2, 2, 2), value=-1)
    dy, dx = (int(torch.randint(0, 5, ())) for _ in range(2))
    shifted = padded[:, :, dy : dy + RESOLUTION, dx : dx + RESOLUTION]
    gain = 1 + 0.1 * torch.randn(len(images), 1, 1, 1)
    return (gain * shifted + 0.05 * torch.randn_like(shifted)).clamp(-1, 1)


def train(net: nn.Module, data: Data, epochs: int) -> None:
    """AdamW with one cycle of the learning rate."""
    batch = 64
    steps = epochs * (len(data.train) // batch)
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=5e-3, total_steps=steps)
    loss = nn.CrossEntropyLoss(label_smoothing=0.05)
    net.train()
    for _ in range(epochs):
        order = torch.randperm(len(data.train))
        for i in range(0, len(order) - batch + 1, batch):
            chosen = order[i : i + batch]
            optimizer.zero_grad()
            loss(net(jitter(data.train[chosen])), data.train_labels[chosen]).backward()
            optimizer.step()
            schedule.step()
    net.eval()


def accuracy(net: nn.Module, data: Data) -> float:
    """Share of the test images that the float network gets right."""
    with torch.no_grad():
        right = net(data.test).argmax(dim=1) == data.test_labels
    return float(right.float().mean())


def to_int8(net: nn.Module, data: Data) -> onnx.ModelProto:
    """Exports the network and quantizes it with training images."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "digits_float.onnx")
        torch.onnx.export(
            net,
            (data.test[:1],),
            path,
            input_names=["image"],
            output_names=["logits"],
            opset_version=17,
            dynamo=False,
        )
        return quantize(path, data.train[:CALIBRATION_IMAGES].numpy())


def stored(model: onnx.ModelProto, images: Tensor) -> NDArray[np.int8]:
    """Images quantized like the network's first node does it."""
    first = next(n for n in model.graph.node if n.input[0] == model.graph.input[0].name)
    constants = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
    scale, zero = (constants[name] for name in first.input[1:3])
    return np.clip(np.rint(images.numpy() / scale) + zero, -128, 127).astype(np.int8)


def main() -> None:
    """Trains, quantizes and writes digits.onnx and digits_test.npz."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=HERE, help="directory (default: %(default)s)")
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    data, net = load_data(), Digits()
    train(net, data, args.epochs)
    print(f"float accuracy on {TEST_IMAGES} test images: {accuracy(net, data):.4f}")
    model = to_int8(net, data)
    onnx.save(model, args.out / "digits.onnx")
    labels = data.test_labels.numpy().astype(np.int8)
    np.savez_compressed(args.out / "digits_test.npz", x_q=stored(model, data.test), labels=labels)


if __name__ == "__main__":
    main()
