"""Pictures and arrays become inputs of a network, or are refused by name."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from msfcnn.dataset import Preprocessing, load_samples, read_preprocessing
from msfcnn.errors import UsageError

COLOR = (1, 3, 6, 8)


def picture(path: Path, pixels: NDArray[np.uint8] | NDArray[np.float32]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def pixels(seed: int, height: int = 6, width: int = 8) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_subdirectories_are_classes(tmp_path: Path) -> None:
    for name, seed in (("cat/a.png", 0), ("cat/b.bmp", 1), ("dog/c.png", 2)):
        picture(tmp_path / name, pixels(seed))
    (tmp_path / "cat" / "notes.txt").write_text("no picture")
    loaded = load_samples(tmp_path, COLOR)
    assert loaded.labels is not None
    assert loaded.labels.tolist() == [0, 0, 1]
    assert loaded.preprocessing is not None
    assert loaded.preprocessing.labels == ("cat", "dog")
    expected = np.stack([pixels(s) for s in range(3)]).transpose(0, 3, 1, 2) / np.float32(255)
    np.testing.assert_allclose(loaded.images, expected, atol=1e-6)
    assert any("--mean" in note for note in loaded.notes)


def test_classes_keep_the_order_of_the_model(tmp_path: Path) -> None:
    picture(tmp_path / "cat" / "a.png", pixels(0))
    picture(tmp_path / "dog" / "b.png", pixels(1))
    loaded = load_samples(tmp_path, COLOR, {"labels": ("dog", "bird", "cat")})
    assert loaded.labels is not None
    assert loaded.labels.tolist() == [2, 0]
    with pytest.raises(UsageError, match="cat"):
        load_samples(tmp_path, COLOR, {"labels": ("dog", "bird")})


def test_numbers_as_directories_are_the_classes(tmp_path: Path) -> None:
    picture(tmp_path / "2" / "a.png", pixels(0))
    picture(tmp_path / "10" / "b.png", pixels(1))
    loaded = load_samples(tmp_path, COLOR)
    assert loaded.labels is not None
    assert sorted(loaded.labels.tolist()) == [2, 10]


def test_pictures_without_classes(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", pixels(0))
    assert load_samples(tmp_path, COLOR).labels is None


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("color", ["rgb", "bgr"])
def test_mean_std_color_and_layout(layout: str, color: str, tmp_path: Path) -> None:
    picture(tmp_path / "a.png", pixels(0))
    shape = COLOR if layout == "NCHW" else (1, 6, 8, 3)
    given = {"mean": (1.0, 2.0, 3.0), "std": (4.0, 5.0, 6.0), "pixels": 255, "color": color}
    image = load_samples(tmp_path, shape, given).images[0]
    ordered = pixels(0)[..., ::-1] if color == "bgr" else pixels(0)
    expected = (ordered.astype(np.float32) - [1, 2, 3]) / [4, 5, 6]
    expected = expected.transpose(2, 0, 1) if layout == "NCHW" else expected
    np.testing.assert_allclose(image, expected, rtol=1e-5)


def test_gray_network_from_color_pictures(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", np.full((6, 8, 3), 100, np.uint8))
    image = load_samples(tmp_path, (1, 1, 6, 8), {"pixels": 255}).images[0]
    np.testing.assert_array_equal(image, np.full((1, 6, 8), 100, np.float32))


@pytest.mark.parametrize("channels", [1, 3])
def test_gray_pictures_of_16_bits_keep_their_shades(channels: int, tmp_path: Path) -> None:
    shades = np.linspace(0, 65535, 48).round().astype(np.uint16).reshape(6, 8)
    Image.fromarray(shades).save(tmp_path / "a.png")
    image = load_samples(tmp_path, (1, channels, 6, 8), {"pixels": 255}).images[0]
    expected = np.broadcast_to(shades / 257, (channels, 6, 8))
    np.testing.assert_allclose(image, expected, atol=0.51)


def test_crop_keeps_the_middle_stretch_keeps_all(tmp_path: Path) -> None:
    wide = np.zeros((6, 24, 3), np.uint8)
    wide[:, 8:16] = 200
    picture(tmp_path / "a.png", wide)
    given = {"pixels": 255, "fit": "crop"}
    assert load_samples(tmp_path, (1, 3, 6, 8), given).images.min() > 190
    assert load_samples(tmp_path, (1, 3, 6, 8), {**given, "fit": "stretch"}).images.min() < 10


def test_limit_takes_evenly(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.arange(20, dtype=np.float32).reshape(10, 2), y=np.arange(10))
    loaded = load_samples(tmp_path / "x.npz", (1, 2), limit=4)
    assert loaded.labels is not None
    assert loaded.labels.tolist() == [0, 3, 6, 9]
    assert any("4 of 10" in note for note in loaded.notes)


def test_stored_pixels_go_the_way_of_pictures(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.stack([pixels(0), pixels(1)]))
    picture(tmp_path / "dir" / "a.png", pixels(0))
    given = {"mean": (0.5,), "std": (0.5,)}
    stored = load_samples(tmp_path / "x.npy", COLOR, given).images
    drawn = load_samples(tmp_path / "dir", COLOR, given).images
    np.testing.assert_array_equal(stored[0], drawn[0])


@pytest.mark.parametrize("key", ["labels", "y"])
@pytest.mark.parametrize("one_hot", [False, True])
def test_labels_of_arrays(key: str, one_hot: bool, tmp_path: Path) -> None:
    classes = np.array([2, 0, 1])
    given = np.eye(3, dtype=np.float32)[classes] if one_hot else classes
    np.savez(tmp_path / "x.npz", x=np.zeros((3, 4), np.float32), **{key: given})
    loaded = load_samples(tmp_path / "x.npz", (1, 4))
    assert loaded.labels is not None
    assert loaded.labels.tolist() == [2, 0, 1]


def test_key_that_is_not_understood_is_said(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.zeros((3, 4), np.float32), lables=np.zeros(3, np.int64))
    loaded = load_samples(tmp_path / "x.npz", (1, 4))
    assert loaded.labels is None
    assert any("lables" in note and "labels" in note for note in loaded.notes)


def test_array_files(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(0, 1, (3, 4)).astype(np.float32)
    np.savez(tmp_path / "x.npz", x=values, other=np.zeros(3))
    np.savez(tmp_path / "single.npz", anything=values)
    np.save(tmp_path / "plain.npy", values)
    for name in ("x.npz", "single.npz", "plain.npy"):
        np.testing.assert_array_equal(load_samples(tmp_path / name, (1, 4)).images, values)


def test_unusable_files(tmp_path: Path) -> None:
    values = np.zeros((2, 4), np.float32)
    np.savez(tmp_path / "two.npz", a=values, b=values)
    np.savez(tmp_path / "stored.npz", x=np.zeros((2, 4), np.int8))
    np.savez(tmp_path / "quantized.npz", x_q=np.zeros((2, 4), np.int8))
    np.savez(tmp_path / "nan.npz", x=np.full((2, 4), np.nan))
    np.savez(tmp_path / "empty.npz", x=np.zeros((0, 4)))
    np.savez(tmp_path / "huge.npz", x=np.full((2, 4), 1e300))
    np.savez(tmp_path / "labels.npz", x=values, labels=np.zeros(3, np.int64))
    np.savez(tmp_path / "halves.npz", x=values, labels=np.array([0.5, 1.5]))
    (tmp_path / "text.npz").write_text("no archive")
    with zipfile.ZipFile(tmp_path / "zip.npz", "w") as archive:
        archive.writestr("readme.txt", "no array")
    np.savez_compressed(tmp_path / "damaged.npz", x=np.random.default_rng(0).normal(0, 1, (9, 9)))
    content = bytearray((tmp_path / "damaged.npz").read_bytes())
    content[60] ^= 0xFF
    (tmp_path / "damaged.npz").write_bytes(content)
    names = (
        *("two", "stored", "quantized", "nan", "empty", "huge", "labels", "halves"),
        *("text", "zip", "damaged", "missing"),
    )
    for name in names:
        with pytest.raises(UsageError) as caught:
            load_samples(tmp_path / f"{name}.npz", (1, 4))
        assert name in caught.value.problems[0].where


@pytest.mark.parametrize("suffix", ["webp", "tif", "gif", "ppm", "TIFF"])
def test_formats_of_pictures(suffix: str, tmp_path: Path) -> None:
    shown = np.full((6, 8, 3), 80, np.uint8)
    picture(tmp_path / f"a.{suffix}", shown)
    loaded = load_samples(tmp_path, COLOR)
    np.testing.assert_allclose(loaded.images, 80 / 255, atol=0.01)


def test_an_animation_counts_as_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.fromarray(np.full((6, 8), shade, np.uint8)) for shade in (40, 200)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    loaded = load_samples(tmp_path, COLOR)
    np.testing.assert_allclose(loaded.images, 40 / 255, atol=0.01)


def test_files_that_are_no_pictures_are_named(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", pixels(0))
    for name in ("b.heic", "c.txt", ".DS_Store", "__MACOSX/._a.png", ".checkpoints/a.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"no picture")
    loaded = load_samples(tmp_path, COLOR)
    assert len(loaded.images) == 1
    note = next(n for n in loaded.notes if "skipped" in n)
    assert "b.heic" in note
    assert "c.txt" in note
    assert ".DS_Store" not in note


def test_a_class_without_pictures_counts(tmp_path: Path) -> None:
    for name in ("cat/a.png", "fish/b.png"):
        picture(tmp_path / name, pixels(0))
    (tmp_path / "dog").mkdir()
    loaded = load_samples(tmp_path, COLOR)
    assert loaded.labels is not None
    assert loaded.labels.tolist() == [0, 2]
    assert loaded.preprocessing is not None
    assert loaded.preprocessing.labels == ("cat", "dog", "fish")


def test_pictures_of_real_numbers_are_no_pixels(tmp_path: Path) -> None:
    picture(tmp_path / "a.tif", np.zeros((6, 8), np.float32))
    with pytest.raises(UsageError, match="real numbers"):
        load_samples(tmp_path, COLOR)


def test_unusable_pictures(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no pictures"):
        load_samples(tmp_path / "empty", COLOR)
    picture(tmp_path / "some" / "good.png", pixels(0))
    (tmp_path / "some" / "bad.png").write_bytes(b"no picture")
    with pytest.raises(UsageError, match=r"bad\.png"):
        load_samples(tmp_path / "some", COLOR)
    with pytest.raises(UsageError, match="not pictures"):
        load_samples(tmp_path / "some", (1, 40))


def test_everything_wrong_with_the_options_is_said_at_once(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", pixels(0))
    given = {"mean": (1.0, 2.0), "std": (0.0,), "color": "gray", "size": (9, 9)}
    with pytest.raises(UsageError) as caught:
        load_samples(tmp_path, COLOR, given)
    assert [p.where for p in caught.value.problems] == ["color", "size", "mean", "std"]


def test_preprocessing_file_says_what_it_was_written_from(tmp_path: Path) -> None:
    given = Preprocessing(
        size=(6, 8),
        color="bgr",
        layout="NHWC",
        pixels=255,
        mean=(1.5, 2.0, 3.0),
        std=(4.0,),
        fit="crop",
        labels=("cat", "dog"),
        scale=0.05,
        zero_point=-3,
    )
    path = tmp_path / "net.preprocess.yaml"
    path.write_text(given.to_yaml())
    assert read_preprocessing(path) == given


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("- 1\n", "size"),
        ("size: [6]\n", "size"),
        ("size: [6, 8]\nmeen: 3\n", "meen"),
        ("size: [6, 8]\nmean: abc\n", "mean"),
        ("size: [6, 8]\nmean: .nan\n", "not finite"),
        ("size: [6, 8]\nstd: [1, .inf, 1]\n", "not finite"),
        ("size: [6, 8]\ncolor: pink\n", "pink"),
        ("size: [6, 8\n", "cannot be read"),
    ],
)
def test_damaged_preprocessing_file(text: str, named: str, tmp_path: Path) -> None:
    path = tmp_path / "net.preprocess.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=named) as caught:
        read_preprocessing(path)
    assert str(path) in caught.value.problems[0].where
