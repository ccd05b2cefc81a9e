"""Larger maps: Resize, DepthToSpace, ConvTranspose against onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_builder import Net, Scale
from test_frontend_oracle import agree

from msfcnn.errors import ModelError
from msfcnn.frontend import load_model
from msfcnn.ir import Model

AROUND = Scale(1 / 16, 7)
NEAREST = {"mode": "nearest", "nearest_mode": "floor"}
ASYMMETRIC = {"coordinate_transformation_mode": "asymmetric"}


def kinds(model: Model) -> list[str]:
    return [type(op).__name__ for op in model.ops]


def resized(net: Net, x: str, scales: tuple[float, ...], **attributes: Any) -> str:
    return net.node("Resize", x, "", net.const(np.float32(scales)), **attributes)


@pytest.mark.parametrize("factors", [(2, 2), (4, 4), (3, 1)])
@pytest.mark.parametrize("attributes", [{**NEAREST, **ASYMMETRIC}, {"mode": "nearest"}])
def test_nearest(factors: tuple[int, int], attributes: dict[str, str], tmp_path: Path) -> None:
    net = Net((1, 3, 4, 5))
    x = net.conv(net.input, (6, 3, 1, 1))
    net.output(net.qdq(resized(net, x, (1, 1, *factors), **attributes), like=x))
    assert kinds(agree(net, tmp_path)) == ["Conv", "Upsample"]


@pytest.mark.parametrize("factors", [(2, 2), (4, 2), (3, 5)])
def test_bilinear(factors: tuple[int, int], tmp_path: Path) -> None:
    net = Net((1, 3, 4, 5))
    x = net.conv(net.input, (6, 3, 1, 1))
    y = resized(net, x, (1, 1, *factors), mode="linear")
    net.output(net.qdq(y, Scale(1 / 18, -3)))
    assert kinds(agree(net, tmp_path)) == ["Conv", "Bilinear"]


@pytest.mark.parametrize("sizes", [(9, 7), (12, 15), (25, 30), (4, 5), (5, 1), (1, 17), (64, 77)])
@pytest.mark.parametrize(
    "place", ["half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners"]
)
def test_bilinear_of_any_size(sizes: tuple[int, int], place: str, tmp_path: Path) -> None:
    net = Net((1, 3, 6, 8))
    x = net.conv(net.input, (6, 3, 1, 1))
    given = net.const(np.array([1, 6, *sizes], np.int64))
    way = {"mode": "linear", "coordinate_transformation_mode": place}
    net.output(net.qdq(net.node("Resize", x, "", "", given, **way), Scale(1 / 18, -3)))
    model = agree(net, tmp_path)
    assert "Bilinear" in kinds(model)


@pytest.mark.parametrize("factors", [(1.5, 1.25), (4 / 3, 0.75), (0.6, 2.5), (1.0, 1.7)])
@pytest.mark.parametrize(
    "place", ["half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners"]
)
def test_bilinear_by_fractions(factors: tuple[float, float], place: str, tmp_path: Path) -> None:
    """Of a map whose size leaves a rest, which counts for places between the first and the last."""
    net = Net((1, 3, 7, 11))
    way = {"mode": "linear", "coordinate_transformation_mode": place}
    net.output(net.qdq(resized(net, net.input, (1, 1, *factors), **way), Scale(1 / 23, -3)))
    assert kinds(agree(net, tmp_path)) == ["Bilinear"]


@pytest.mark.parametrize("factors", [(0.5, 0.5), (0.25, 0.5), (1 / 3, 1.0), (1.0, 0.2)])
@pytest.mark.parametrize("size", [(12, 20), (13, 21)])
def test_bilinear_smaller(
    factors: tuple[float, float], size: tuple[int, int], tmp_path: Path
) -> None:
    net = Net((1, 3, *size))
    y = resized(net, net.input, (1, 1, *factors), mode="linear")
    net.output(net.qdq(y, Scale(1 / 41, -3)))
    assert kinds(agree(net, tmp_path)) == ["Conv"]


@pytest.mark.parametrize("place", ["half_pixel", "asymmetric", "align_corners"])
def test_bilinear_of_one_pixel(place: str, tmp_path: Path) -> None:
    net = Net((1, 3, 4, 5))
    x = net.qdq(net.node("GlobalAveragePool", net.input), Scale(1 / 60, 2))
    way = {"mode": "linear", "coordinate_transformation_mode": place}
    net.output(net.add(net.qdq(resized(net, x, (1, 1, 4, 5), **way), like=x), net.input))
    assert "Upsample" in kinds(agree(net, tmp_path))


@pytest.mark.parametrize("sizes", [(2, 3), (4, 6), (7, 5), (9, 1)])
@pytest.mark.parametrize("rounding", ["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"])
@pytest.mark.parametrize(
    "place", ["half_pixel", "asymmetric", "align_corners", "tf_half_pixel_for_nn"]
)
def test_nearest_of_any_size(
    sizes: tuple[int, int], rounding: str, place: str, tmp_path: Path
) -> None:
    net = Net((1, 3, 6, 8))
    given = net.const(np.array([1, 3, *sizes], np.int64))
    way = {"nearest_mode": rounding, "coordinate_transformation_mode": place}
    y = net.node("Resize", net.input, "", "", given, mode="nearest", **way)
    net.output(net.conv(net.qdq(y, like=net.input), (4, 3, 1, 1)))
    agree(net, tmp_path)


@pytest.mark.parametrize("sizes", [(49, 31), (49, 32), (50, 31), (25, 31), (74, 47)])
def test_nearest_of_a_large_map_of_odd_size(sizes: tuple[int, int], tmp_path: Path) -> None:
    """As pyramids have them: all is repeated, and the last row comes less often."""
    net = Net((1, 16, 25, 16))
    given = net.const(np.array([1, 16, *sizes], np.int64))
    y = net.node("Resize", net.input, "", "", given, **NEAREST, **ASYMMETRIC)
    net.output(net.conv(net.qdq(y, like=net.input), (4, 16, 1, 1)))
    model = agree(net, tmp_path)
    assert "Select" not in kinds(model)


@pytest.mark.parametrize("attributes", [{**NEAREST, **ASYMMETRIC}, {"mode": "linear"}])
def test_one_channel_that_is_the_last(attributes: dict[str, str], tmp_path: Path) -> None:
    net = Net((1, 4, 5, 1))
    net.output(net.qdq(resized(net, net.input, (1, 2, 3, 1), **attributes), like=net.input))
    agree(net, tmp_path)


def test_a_line_and_sizes_instead_of_scales(tmp_path: Path) -> None:
    net = Net((1, 3, 8))
    sizes = net.const(np.array([1, 3, 16], np.int64))
    y = net.node("Resize", net.input, "", "", sizes, **NEAREST, **ASYMMETRIC)
    net.output(net.conv(net.qdq(y, like=net.input), (4, 3, 3)))
    assert kinds(agree(net, tmp_path)) == ["Upsample", "Conv"]


@pytest.mark.parametrize("sizes", [(8, 10), (12, 5)])
def test_sizes_of_listed_axes(sizes: tuple[int, int], tmp_path: Path) -> None:
    net = Net((1, 3, 4, 5))
    net.opset = 18
    given = net.const(np.array(sizes, np.int64))
    y = net.node("Resize", net.input, "", "", given, axes=[2, 3], **NEAREST, **ASYMMETRIC)
    net.output(net.qdq(y, like=net.input))
    assert kinds(agree(net, tmp_path)) == ["Upsample"]


def test_sizes_that_are_only_bounds_are_refused(tmp_path: Path) -> None:
    net = Net((1, 3, 4, 4))
    net.opset = 18
    given = net.const(np.array([8, 12], np.int64))
    way = {"keep_aspect_ratio_policy": "not_larger", **NEAREST, **ASYMMETRIC}
    y = net.node("Resize", net.input, "", "", given, axes=[2, 3], **way)
    net.output(net.qdq(y, like=net.input))
    with pytest.raises(ModelError, match="bounds only"):
        load_model(net.save(tmp_path / "net.onnx"))


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
def test_depth_to_space(mode: str, tmp_path: Path) -> None:
    net = Net((1, 3, 4, 5))
    x = net.conv(net.input, (12, 3, 1, 1))
    net.output(net.qdq(net.node("DepthToSpace", x, blocksize=2, mode=mode), like=x))
    assert kinds(agree(net, tmp_path)) == ["Conv", "Upsample"]


@pytest.mark.parametrize(
    ("kernel", "stride", "pads", "extra", "group"),
    [
        ((2, 2), (2, 2), (0, 0, 0, 0), (0, 0), 1),
        ((4, 4), (2, 2), (1, 1, 1, 1), (0, 0), 1),
        ((3, 3), (2, 2), (1, 1, 1, 1), (1, 1), 1),
        ((3, 3), (1, 1), (1, 1, 1, 1), (0, 0), 1),
        ((3, 2), (1, 2), (1, 0, 1, 0), (0, 0), 1),
        ((4, 4), (2, 2), (1, 1, 1, 1), (0, 0), 4),
        ((5, 5), (3, 3), (1, 1, 1, 1), (0, 0), 2),
        ((3, 3), (2, 2), (1, 1, 1, 1), (0, 0), 1),
        ((3, 3), (3, 2), (0, 1, 2, 0), (0, 0), 1),
        ((3, 3), (1, 1), (3, 2, 2, 3), (0, 0), 1),
        ((2, 2), (2, 2), (3, 1, 0, 2), (0, 0), 2),
    ],
)
def test_transposed(
    kernel: tuple[int, int],
    stride: tuple[int, int],
    pads: tuple[int, ...],
    extra: tuple[int, int],
    group: int,
    tmp_path: Path,
) -> None:
    net = Net((1, 4, 5, 6))
    w = net.weight((4, 8 // group, *kernel), 1)
    bias = net.const(np.linspace(-0.5, 0.5, 8).astype(np.float32))
    y = net.node(
        "ConvTranspose",
        net.input,
        w,
        bias,
        strides=stride,
        pads=pads,
        output_padding=extra,
        group=group,
    )
    net.output(net.qdq(net.node("Relu", y), AROUND))
    found = kinds(agree(net, tmp_path))
    assert found == (["Conv"] if stride == (1, 1) else ["Conv", "Upsample"])


NUMBERS = np.array([1.5, 0.5, 2], np.float32)
BEHIND_TRANSPOSED = {
    "a factor": lambda n, y: n.node("Mul", y, n.const(np.float32(2))),
    "a divisor behind a Relu": lambda n, y: n.node("Div", n.node("Relu", y), n.const(NUMBERS[1])),
    "a bias": lambda n, y: n.node("Add", y, n.const(NUMBERS.reshape(1, 3, 1, 1))),
    "a normalization": lambda n, y: n.node("BatchNormalization", y, *[n.const(NUMBERS)] * 4),
}


@pytest.mark.parametrize("case", BEHIND_TRANSPOSED)
def test_transposed_takes_what_follows(case: str, tmp_path: Path) -> None:
    net = Net((1, 4, 5, 6))
    y = net.node("ConvTranspose", net.input, net.weight((4, 3, 2, 2), 1), strides=[2, 2])
    net.output(net.qdq(BEHIND_TRANSPOSED[case](net, y), Scale(1 / 6, -11)))
    assert kinds(agree(net, tmp_path)) == ["Conv", "Upsample"]


@pytest.mark.parametrize(
    ("attributes", "scales"),
    [
        ({"mode": "cubic"}, (1, 1, 2, 2)),
        ({"mode": "linear"}, (1, 1, 1.50123, 1.5)),
        ({"mode": "linear"}, (1, 1, 263 / 4, 1)),
        ({"mode": "linear", "coordinate_transformation_mode": "align_corners"}, (1, 1, 65, 2)),
        (
            {"mode": "linear", "coordinate_transformation_mode": "half_pixel_symmetric"},
            (1, 1, 1.3, 2),
        ),
        ({"mode": "nearest"}, (1, 1, np.nan, 2)),
        ({"mode": "nearest"}, (1, 1, 2, np.inf)),
        ({"mode": "nearest"}, (1, 1, 2)),
        (
            {"mode": "nearest", "coordinate_transformation_mode": "tf_crop_and_resize"},
            (1, 1, 2, 2),
        ),
    ],
)
def test_other_ways_are_refused(
    attributes: dict[str, str], scales: tuple[float, ...], tmp_path: Path
) -> None:
    net = Net((1, 3, 4, 4))
    y = net.qdq(resized(net, net.input, scales, **attributes), like=net.input)
    net.output(y, shape=(1, 3, 8, 8))
    with pytest.raises(ModelError, match="Resize_0"):
        load_model(net.save(tmp_path / "net.onnx"))
