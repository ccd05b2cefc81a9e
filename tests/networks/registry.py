"""All networks by name, and how one is made into an ONNX file.

Run it with torch, onnx and onnxscript to make the files anew; --small for those in the repository:

    python tests/networks/registry.py DIRECTORY
    python tests/networks/registry.py tests/networks/small --small
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import classify
import dense_outputs
import onnx
import signals
import torch
from torch import Tensor, nn

EXPORTERS = ("dynamo", "torchscript")
LARGEST_SMALL = 13_000  # bytes of a file in the repository
OPSET = 18  # what the old exporter is asked for; the new one takes its default


@dataclass(frozen=True)
class Network:
    """build: the untrained module. shape: of its input, batch included. pixels: 0 to 255."""

    build: Callable[[], nn.Module]
    shape: tuple[int, ...]
    pixels: bool = False


_RGB, _GRAY = (1, 3, 32, 32), (1, 1, 32, 32)

NETWORKS: Mapping[str, Network] = {
    "lenet": Network(classify.lenet, (1, 1, 28, 28)),
    "vgg": Network(classify.vgg, _RGB),
    "resnet": Network(classify.resnet, _RGB),
    "mobilenet_v1": Network(classify.mobilenet_v1, _RGB),
    "mobilenet_v2": Network(classify.mobilenet_v2, _RGB),
    "mobilenet_v3": Network(classify.mobilenet_v3, _RGB),
    "efficientnet": Network(classify.efficientnet, _RGB),
    "densenet": Network(classify.densenet, _RGB),
    "squeezenet": Network(classify.squeezenet, _RGB),
    "shufflenet": Network(classify.shufflenet, _RGB),
    "inception": Network(classify.inception, _RGB),
    "ghostnet": Network(classify.ghostnet, _RGB),
    "leaky": Network(classify.leaky, _RGB),
    "prelu": Network(classify.prelu, _GRAY),
    "elu": Network(classify.elu, _RGB),
    "gelu": Network(classify.gelu, _RGB),
    "normalizing": Network(classify.Normalizing, _RGB, pixels=True),
    "log_probabilities": Network(classify.LogProbabilities, _GRAY, pixels=True),
    "deciding": Network(classify.Deciding, _GRAY),
    "embedding": Network(classify.FeaturePyramid, _RGB),
    "lonely_norms": Network(classify.LonelyNorms, _RGB),
    "single_shot": Network(dense_outputs.SingleShot, _RGB),
    "yolo": Network(dense_outputs.Yolo, _RGB),
    "blazeface": Network(dense_outputs.BlazeFace, _RGB),
    "top_down": Network(dense_outputs.TopDown, _RGB),
    "centernet": Network(dense_outputs.CenterNet, _GRAY),
    "transposed_unet": Network(dense_outputs.TransposedUNet, _RGB),
    "bilinear_unet": Network(dense_outputs.BilinearUNet, _GRAY),
    "lite_segmenter": Network(dense_outputs.LiteSegmenter, _RGB),
    "super_resolution": Network(dense_outputs.super_resolution, (1, 1, 16, 16)),
    "keypoints": Network(dense_outputs.keypoints, _RGB),
    "dilated": Network(dense_outputs.dilated, _RGB),
    "keyword": Network(signals.keyword, (1, 1, 49, 10)),
    "causal_tcn": Network(signals.causal_tcn, (1, 4, 40)),
    "chomped_tcn": Network(signals.chomped_tcn, (1, 3, 48)),
    "raw_audio": Network(signals.raw_audio, (1, 1, 1600)),
    "gated": Network(signals.Gated, (1, 2, 40)),
    "separable_audio": Network(signals.separable_audio, (1, 16, 50)),
    "accelerometer": Network(signals.accelerometer, (1, 3, 128)),
    "strongest": Network(signals.Strongest, (1, 6, 64)),
    "time_major": Network(signals.TimeMajor, (1, 64, 6)),
    "anomaly_autoencoder": Network(signals.anomaly_autoencoder, (1, 160)),
    "conv_autoencoder": Network(signals.conv_autoencoder, (1, 1, 28, 28)),
    "denoiser": Network(signals.Denoiser, _GRAY),
    "reflecting": Network(dense_outputs.Reflecting, _RGB),
    "gru": Network(lambda: signals.Recurrent(nn.GRU), (1, 3, 30)),
    "lstm": Network(lambda: signals.Recurrent(nn.LSTM), (1, 3, 30)),
    "attention": Network(signals.Attention, _RGB),
}


def samples(network: Network, count: int, seed: int = 1) -> Tensor:
    """Smooth random inputs [count, ...]: pixels 0 to 255, or about -2 to 2."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn((count, *network.shape[1:]), generator=generator)
    drift = torch.cumsum(torch.randn(noise.shape, generator=generator), dim=-1) / 4
    signal = noise / 2 + drift - drift.mean(dim=-1, keepdim=True)
    return (signal * 40 + 128).clamp(0, 255).round() if network.pixels else signal


def built(network: Network) -> nn.Module:
    """The module for inference; its batch normalizations have seen some inputs."""
    torch.manual_seed(0)
    module = network.build().train()
    with torch.no_grad():
        for step in range(20):
            module(samples(network, 8, 100 + step))
    return module.eval()


def export(network: Network, exporter: str, path: Path) -> None:
    """Writes the ONNX file as `torch.onnx.export` does by default (dynamo) or did (torchscript)."""
    module, example = built(network), samples(network, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if exporter == "dynamo":
            torch.onnx.export(module, (example,), path, verbose=False)
        else:
            torch.onnx.export(module, (example,), path, dynamo=False, opset_version=OPSET)


def main(directory: Path, small: bool) -> None:
    """Writes NAME.EXPORTER.onnx for every network, or those that go into the repository."""
    directory.mkdir(parents=True, exist_ok=True)
    for index, (name, network) in enumerate(NETWORKS.items()):
        for turn, exporter in enumerate(EXPORTERS):
            path = directory / f"{name}.{exporter}.onnx"
            if small and (index + turn) % len(EXPORTERS):
                continue  # one exporter each, in turn
            export(network, exporter, path)
            if small:
                _shorten(path)


def _shorten(path: Path) -> None:
    """In one file, without the exporter's traces; nothing at all if it is large."""
    model = onnx.load(path)
    path.with_name(path.name + ".data").unlink(missing_ok=True)
    graph = model.graph
    del model.functions[:], graph.value_info[:]
    for described in (model, graph, *graph.node, *graph.input, *graph.output, *graph.initializer):
        described.doc_string = ""
        del described.metadata_props[:]
    path.unlink()
    if model.ByteSize() <= LARGEST_SMALL:
        onnx.save(model, path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), "--small" in sys.argv[2:])
