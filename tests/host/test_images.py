"""Images in .npz and .npy files for `verify`, `bench` and `test`, and arrays for several inputs."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from random_models import random_model

from msfcnn.dataset import classes_of, load_arrays
from msfcnn.dataset.arrays import read_arrays, read_inputs
from msfcnn.errors import Problem, UsageError
from msfcnn.ir import Model, Order, Quantization
from msfcnn.verifier import load_images, random_images


def network(order: Order = Order.CHW) -> Model:
    """A network whose image is 5 x 4 with 3 channels, in an order of ONNX."""
    model = random_model(0)
    shape = (1, 3, 5, 4) if order is Order.CHW else (1, 5, 4, 3)
    image = replace(
        model.tensors[model.input.tensor],
        height=5,
        width=4,
        channels=3,
        quantization=Quantization(0.25, -7),
        onnx_shape=shape,
        onnx_order=order,
        unsigned=False,
    )
    tensors = list(model.tensors)
    tensors[model.input.tensor] = image
    port = replace(model.input, onnx_shape=shape, onnx_order=order)
    return replace(model, tensors=tuple(tensors), input=port)


def stored_images(count: int = 3) -> np.ndarray:
    return np.random.default_rng(1).integers(-128, 128, (count, 5, 4, 3), dtype=np.int8)


def problem_of(path: Path, model: Model | None = None) -> Problem:
    with pytest.raises(UsageError) as caught:
        load_images(model or network(), path)
    (found,) = caught.value.problems
    assert found.where == str(path)
    return found


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("given", Order)
def test_images_in_either_order_are_the_same(order: Order, given: Order, tmp_path: Path) -> None:
    stored = stored_images()
    shown = stored.transpose(0, 3, 1, 2) if given is Order.CHW else stored
    np.savez(tmp_path / "x.npz", x_q=shown)
    images, labels = load_images(network(order), tmp_path / "x.npz")
    assert np.array_equal(images, stored)
    assert labels is None


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_real_images_are_quantized_as_the_network_does(kind: type, tmp_path: Path) -> None:
    stored = stored_images()
    real = (stored.astype(kind) + 7) * kind(0.25)
    np.savez(tmp_path / "x.npz", x=real.transpose(0, 3, 1, 2))
    assert np.array_equal(load_images(network(), tmp_path / "x.npz")[0], stored)


def test_what_lies_outside_is_saturated(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.full((1, 3, 5, 4), 1e9))
    assert (load_images(network(), tmp_path / "x.npz")[0] == 127).all()
    np.savez(tmp_path / "x.npz", x=np.full((1, 3, 5, 4), -1e9))
    assert (load_images(network(), tmp_path / "x.npz")[0] == -128).all()


def test_stored_values_go_before_real_ones(tmp_path: Path) -> None:
    stored = stored_images()
    np.savez(tmp_path / "x.npz", x=np.zeros((3, 3, 5, 4)), x_q=stored.transpose(0, 3, 1, 2))
    assert np.array_equal(load_images(network(), tmp_path / "x.npz")[0], stored)


def test_stored_bytes_of_another_sign_are_the_same_values(tmp_path: Path) -> None:
    stored = stored_images()
    unsigned = (stored.astype(np.int16) + 128).astype(np.uint8)
    np.savez(tmp_path / "x.npz", x_q=unsigned.transpose(0, 3, 1, 2))
    assert np.array_equal(load_images(network(), tmp_path / "x.npz")[0], stored)


def test_a_file_of_one_array_is_real_images(tmp_path: Path) -> None:
    stored = stored_images()
    np.save(tmp_path / "x.npy", ((stored + 7.0) * 0.25).transpose(0, 3, 1, 2))
    assert np.array_equal(load_images(network(), tmp_path / "x.npy")[0], stored)


@pytest.mark.parametrize("key", ["labels", "y"])
@pytest.mark.parametrize("scores", [False, True])
def test_classes_are_numbers_or_scores(key: str, scores: bool, tmp_path: Path) -> None:
    classes = np.array([2, 0, 1])
    given = np.eye(4)[classes] if scores else classes
    np.savez(tmp_path / "x.npz", x=np.zeros((3, 3, 5, 4)), **{key: given})
    labels = load_images(network(), tmp_path / "x.npz")[1]
    assert labels is not None
    assert labels.tolist() == classes.tolist()


@pytest.mark.parametrize(
    ("arrays", "what"),
    [
        ({}, "it has neither 'x_q' nor 'x', only nothing"),
        ({"images": np.zeros(3)}, "it has neither 'x_q' nor 'x', only images"),
        ({"x": np.zeros((2, 5, 5, 5))}, "its images are 2x5x5x5, the network wants nx3x5x4"),
        ({"x": np.zeros((0, 3, 5, 4))}, "its images are 0x3x5x4, the network wants nx3x5x4"),
        ({"x": np.zeros(60)}, "its images are 60, the network wants nx3x5x4"),
        ({"x": np.full((1, 3, 5, 4), "a")}, "'x' holds <U1, not numbers"),
        ({"x": np.zeros((1, 3, 5, 4), complex)}, "'x' holds complex128, not numbers"),
        ({"x_q": np.zeros((1, 3, 5, 4))}, "'x_q' holds float64, not int8"),
        ({"x": np.full((1, 3, 5, 4), np.nan)}, "some values of 'x' are infinite or not a number"),
        ({"x": np.full((1, 3, 5, 4), np.inf)}, "some values of 'x' are infinite or not a number"),
        (
            {"x": np.zeros((2, 3, 5, 4)), "y": np.zeros(3, int)},
            "it has 3 values in 'y' for 2 images",
        ),
        (
            {"x": np.zeros((2, 3, 5, 4)), "labels": np.array([0.5, 1])},
            "'labels' holds float64, not the numbers of classes",
        ),
    ],
)
def test_what_is_no_image_is_said(arrays: dict[str, np.ndarray], what: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", **arrays)
    found = problem_of(tmp_path / "x.npz")
    assert found.what == what
    assert "numpy.savez" in found.hint


def test_files_that_are_not_there_are_said(tmp_path: Path) -> None:
    assert problem_of(tmp_path / "none.npz").what == "no such file"


@pytest.mark.parametrize("damage", ["text", "empty", "cut", "bits", "pickle"])
def test_damaged_files_are_said(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez_compressed(path, x=np.random.default_rng(0).normal(0, 1, (4, 3, 5, 4)))
    data = bytearray(path.read_bytes())
    if damage == "bits":  # within the compressed array, whose directory stays whole
        middle = len(data) // 3
        data[middle : middle + 8] = bytes(255 - byte for byte in data[middle : middle + 8])
    if damage == "pickle":
        np.save(tmp_path / "p.npy", np.array([{}], dtype=object), allow_pickle=True)
    content = {
        "text": b"not an archive",
        "empty": b"",
        "cut": bytes(data[: len(data) // 2]),
        "bits": bytes(data),
        "pickle": b"" if damage != "pickle" else (tmp_path / "p.npy").read_bytes(),
    }
    path.write_bytes(content[damage])
    assert problem_of(path).what == "it is neither an .npz nor an .npy file of numbers"


def test_an_archive_of_other_files_holds_no_images(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "neither 'x_q' nor 'x'" in problem_of(path).what


def test_random_images_are_the_same_for_everybody() -> None:
    model = network()
    one, other = random_images(model, 5), random_images(model, 5)
    assert np.array_equal(one, other)
    assert one.shape == (5, *model.sample_shape)
    assert not np.array_equal(one, random_images(model, 5, seed=1))
    assert one.min() < -100
    assert one.max() > 100


# --- arrays as calibration takes them ---


def test_real_images_go_before_stored_ones_unless_asked(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.zeros((2, 3)), x_q=np.ones((2, 3), np.int8))
    assert not read_arrays(tmp_path / "x.npz").quantized
    assert read_arrays(tmp_path / "x.npz", prefer_stored=True).quantized


def test_a_single_array_of_any_name_is_the_images(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", pictures=np.zeros((2, 3)), labels=np.array([1, 0]))
    found = read_arrays(tmp_path / "x.npz")
    assert found.images.shape == (2, 3)
    assert found.labels is not None
    assert not found.notes


def test_arrays_that_nobody_reads_are_said(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.zeros((2, 3)), target=np.zeros(2), names=np.array(["a"]))
    (note,) = read_arrays(tmp_path / "x.npz").notes
    assert note == "x.npz: not used: target (known are x, x_q, labels, y)"


@pytest.mark.parametrize(
    ("values", "what"),
    [(np.zeros(3), "holds no images"), (np.zeros((0, 3)), "no images"),
     (np.array([["a"]]), "not numbers")],
)  # fmt: skip
def test_arrays_that_are_no_images(values: np.ndarray, what: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=values)
    with pytest.raises(UsageError, match=what):
        read_arrays(tmp_path / "x.npz")


def test_an_array_for_each_input(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, image=np.zeros((4, 3, 2, 2)), age=np.ones((4, 1)), y=np.arange(4), more=[1])
    found = read_inputs(path, ("image", "age"))
    assert {name: values.shape for name, values in found.inputs.items()} == {
        "image": (4, 3, 2, 2),
        "age": (4, 1),
    }
    assert found.labels is not None
    assert found.labels.tolist() == [0, 1, 2, 3]
    assert found.notes == ("x.npz: not used: more (known are image, age, labels, y)",)


def test_an_input_called_y_is_no_class(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.zeros((2, 3)), y=np.zeros((2, 3)))
    assert read_inputs(tmp_path / "x.npz", ("x", "y")).labels is None


@pytest.mark.parametrize(
    ("arrays", "what"),
    [
        ({"x": np.zeros((2, 3))}, "has no array 'age', only x"),
        ({"x": np.zeros((2, 3)), "age": np.zeros((3, 1))}, "its inputs have 2 and 3 samples"),
        ({"x": np.zeros((2, 3)), "age": np.zeros(2)}, "'age' holds float64 [2], not numbers"),
        ({"x": np.zeros((2, 3)), "age": np.full((2, 1), np.nan)}, "some values of 'age' are"),
        ({"x": np.zeros((2, 3)), "age": np.array([["a"], ["b"]])}, "'age' holds <U1 [2, 1], not"),
    ],
)
def test_what_is_wrong_with_an_input_is_said(
    arrays: dict[str, np.ndarray], what: str, tmp_path: Path
) -> None:
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(UsageError) as caught:
        read_inputs(tmp_path / "x.npz", ("x", "age"))
    (found,) = caught.value.problems
    assert found.what.startswith(what)


def test_pictures_are_not_enough_for_several_inputs(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds pictures, the network has 2 inputs") as caught:
        read_inputs(tmp_path, ("x", "age"))
    assert "x, age" in caught.value.problems[0].hint


def test_arrays_by_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", a=np.zeros(2), b=np.ones(3))
    assert list(load_arrays(tmp_path / "x.npz")) == ["a", "b"]
    np.save(tmp_path / "x.npy", np.zeros(2))
    assert list(load_arrays(tmp_path / "x.npy")) == ["x"]


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (np.array([1, 0], np.uint8), [1, 0]),
        (np.array([[1], [0]]), [1, 0]),
        (np.array([True, False]), [1, 0]),
        (np.array([[0.1, 0.9], [0.7, 0.3]]), [1, 0]),
    ],
)
def test_classes(values: np.ndarray, classes: list[int], tmp_path: Path) -> None:
    assert classes_of(tmp_path, "y", values, 2).tolist() == classes
