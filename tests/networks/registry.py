"""All networks by name, and how one is made into an ONNX file.

Run it with torch, onnx and onnxscript to make the files anew; --small for those in the repository:

    python tests/networks/registry.py DIRECTORY [NAME...]
    python tests/networks/registry.py tests/networks/small --small
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import attention
import classify
import dense_outputs
import drawn
import forms
import onnx
import sequences
import signals
import torch
from torch import Tensor, nn

EXPORTERS = ("dynamo", "torchscript")
LARGEST_SMALL = 13_000  # bytes of a file in the repository
OPSET = 18


@dataclass(frozen=True)
class Network:
    """An untrained module.

    shape: of its input, batch included. pixels: 0 to 255. others: shapes of further inputs.
    opset: what the old exporter is asked for; the new one takes its default.
    """

    build: Callable[[], nn.Module]
    shape: tuple[int, ...]
    pixels: bool = False
    others: tuple[tuple[int, ...], ...] = ()
    opset: int = OPSET


DRAWN = 20  # networks on maps, and as many on lines


def _by_chance(seed: int, axes: int) -> Network:
    return Network(lambda: drawn.drawn(seed, axes)[0], drawn.drawn(seed, axes)[1])


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
    "eca": Network(attention.eca, _RGB, opset=11),
    "cbam": Network(attention.cbam, _RGB, opset=13),
    "repvgg": Network(attention.repvgg, _RGB, opset=12),
    "convnext": Network(attention.convnext, _RGB, opset=14),
    "grouped_norm": Network(attention.grouped_norm, _RGB),
    "instance_norm": Network(attention.instance_norm, _RGB),
    "mixer": Network(attention.Mixer, _RGB, opset=17),
    "coordinates": Network(attention.Coordinates, _RGB, opset=11),
    "csp": Network(attention.Csp, _RGB, opset=13),
    "pyramid_pool": Network(attention.Pyramid, _RGB, opset=12),
    "gated_linear": Network(attention.GatedLinear, _RGB, opset=15),
    "maxout": Network(attention.Maxout, _RGB, opset=16),
    "attention_pool": Network(attention.AttentionPool, _GRAY, opset=14),
    "unit_length": Network(attention.Embedding, _RGB, opset=13),
    "odd_kernels": Network(forms.odd_kernels, _RGB, opset=11),
    "large_kernels": Network(forms.large_kernels, _GRAY, opset=12),
    "multiplied": Network(forms.multiplied, (1, 4, 20, 20), opset=16),
    "average_borders": Network(forms.average_borders, _RGB, opset=19),
    "padded": Network(forms.Padded, _RGB, opset=13),
    "focus_slices": Network(lambda: forms.Focus(False), _RGB, opset=12),
    "focus_unshuffle": Network(lambda: forms.Focus(True), _RGB, opset=17),
    "subpixel": Network(forms.Subpixel, (1, 3, 16, 16), opset=14),
    "decoder": Network(forms.Decoder, (1, 12), opset=11),
    "segmenter": Network(forms.Segmenter, _RGB, opset=13),
    "weighted_pyramid": Network(forms.WeightedPyramid, _RGB, opset=16),
    "dual_heads": Network(forms.DualHeads, _RGB, opset=20),
    "yolo_nano": Network(forms.YoloNano, _RGB, opset=14),
    "bounded": Network(forms.Bounded, (1, 3, 16, 16), opset=15),
    "siamese": Network(forms.Siamese, _GRAY, others=(_GRAY,), opset=13),
    "with_numbers": Network(forms.WithNumbers, _RGB, others=((1, 5),), opset=17),
    "stereo": Network(forms.Stereo, _RGB, others=(_GRAY,), opset=12),
    "centered": Network(forms.Centered, _RGB, opset=18),
    "both_pools": Network(forms.BothPools, _RGB, opset=11),
    "bottlenecks": Network(forms.bottlenecks, _RGB, opset=13),
    "factorized": Network(forms.factorized, _RGB, opset=12),
    "separable_tcn": Network(sequences.separable_tcn, (1, 6, 50), opset=16),
    "waveform": Network(sequences.waveform, (1, 1, 2000), opset=11),
    "many_scales": Network(sequences.ManyScales, (1, 6, 64), opset=13),
    "mel_bands": Network(sequences.MelBands, (1, 1, 40, 49), opset=12),
    "broadcasting": Network(sequences.Broadcasting, (1, 1, 40, 20), opset=17),
    "frames": Network(sequences.Frames, (1, 20, 10), opset=14),
    "recognizer": Network(sequences.Recognizer, (1, 1, 16, 64), opset=18),
    "time_statistics": Network(sequences.Statistics, (1, 12, 60), opset=13),
    "windows": Network(sequences.Windows, (1, 64, 6), opset=15),
    "up_again": Network(sequences.UpAgain, (1, 2, 64), opset=20),
    "vibration": Network(sequences.vibration, (1, 24), opset=11),
    "gru": Network(lambda: signals.Recurrent(nn.GRU), (1, 3, 30)),
    "lstm": Network(lambda: signals.Recurrent(nn.LSTM), (1, 3, 30)),
    "attention": Network(signals.Attention, _RGB),
    **{f"drawn_map_{seed}": _by_chance(seed, 2) for seed in range(DRAWN)},
    **{f"drawn_line_{seed}": _by_chance(seed, 1) for seed in range(DRAWN)},
}


def samples(network: Network, count: int, seed: int = 1) -> tuple[Tensor, ...]:
    """Smooth random values of each input [count, ...]: pixels 0 to 255, or about -2 to 2."""
    generator = torch.Generator().manual_seed(seed)

    def drawn(shape: tuple[int, ...]) -> Tensor:
        noise = torch.randn((count, *shape[1:]), generator=generator)
        drift = torch.cumsum(torch.randn(noise.shape, generator=generator), dim=-1) / 4
        signal = noise / 2 + drift - drift.mean(dim=-1, keepdim=True)
        return (signal * 40 + 128).clamp(0, 255).round() if network.pixels else signal

    return tuple(drawn(shape) for shape in (network.shape, *network.others))


def built(network: Network) -> nn.Module:
    """The module for inference; its batch normalizations have seen some inputs."""
    torch.manual_seed(0)
    module = network.build().train()
    with torch.no_grad():
        for step in range(20):
            module(*samples(network, 8, 100 + step))
    return module.eval()


def export(network: Network, exporter: str, path: Path) -> None:
    """Writes the ONNX file as `torch.onnx.export` does by default (dynamo) or did (torchscript)."""
    module, example = built(network), samples(network, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if exporter == "dynamo":
            torch.onnx.export(module, example, path, verbose=False)
        else:
            torch.onnx.export(module, example, path, dynamo=False, opset_version=network.opset)


def main(directory: Path, small: bool, names: Sequence[str] = ()) -> None:
    """Writes NAME.EXPORTER.onnx for every network, or those that go into the repository."""
    directory.mkdir(parents=True, exist_ok=True)
    for index, (name, network) in enumerate(NETWORKS.items()):
        if names and name not in names:
            continue
        for turn, exporter in enumerate(EXPORTERS):
            path = directory / f"{name}.{exporter}.onnx"
            if small and (name.startswith("drawn") or (index + turn) % len(EXPORTERS)):
                continue  # one exporter each, in turn; what is drawn is for the long test
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
    words = [word for word in sys.argv[2:] if word != "--small"]
    main(Path(sys.argv[1]), "--small" in sys.argv[2:], words)
