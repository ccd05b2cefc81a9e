"""Views against NumPy: Transpose and Reshape of ONNX values that move no byte."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from msfcnn.ir import Order
from msfcnn.nodes import View
from msfcnn.nodes.views import map_view, named_order, offsets, view_with_channels

HWCS = st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4))


def onnx_value(hwc: tuple[int, int, int]) -> NDArray[np.int64]:
    """A map [1, C, H, W] each of whose elements is the offset of its byte."""
    return np.arange(math.prod(hwc)).reshape(hwc).transpose(2, 0, 1)[None]


@st.composite
def moved(draw: st.DrawFn) -> tuple[View, NDArray[np.int64]]:
    """A map after some Transposes and Reshapes, as a view and as NumPy has it."""
    hwc = draw(HWCS)
    view, value = map_view(hwc, 4), onnx_value(hwc)
    for _ in range(draw(st.integers(0, 4))):
        if draw(st.booleans()):
            perm = tuple(draw(st.permutations(range(value.ndim))))
            view, value = view.transposed(perm, None), value.transpose(perm)
        else:
            shape = draw(st.sampled_from(shapes(value.size)))
            view, value = view.reshaped(shape, None), value.reshape(shape)
    return view, value


def shapes(size: int) -> list[tuple[int, ...]]:
    """Shapes of one to four axes with this many elements."""
    factors = [n for n in range(1, size + 1) if size % n == 0]
    found: list[tuple[int, ...]] = [(size,), (1, size)]
    found += [(1, n, size // n) for n in factors]
    found += [(1, n, m, size // n // m) for n in factors for m in factors if size % (n * m) == 0]
    return found


@given(moved())
def test_each_element_stays_at_its_byte(pair: tuple[View, NDArray[np.int64]]) -> None:
    view, value = pair
    assert view.shape == value.shape
    assert np.array_equal(view.positions(), value)


@given(moved(), st.integers(0, 3))
def test_a_view_that_reads_as_a_map_is_that_map(
    pair: tuple[View, NDArray[np.int64]], axis: int
) -> None:
    view, value = pair
    hwc = view.as_map(axis)
    if hwc is None:
        return
    channels_last = np.moveaxis(value, axis, -1)
    assert channels_last.size == math.prod(hwc)
    assert np.array_equal(channels_last.ravel(), np.arange(value.size))


@given(moved(), st.integers(1, 3))
def test_a_map_is_found_wherever_there_is_one(
    pair: tuple[View, NDArray[np.int64]], axis: int
) -> None:
    view, value = pair
    if value.ndim not in (2, 3, 4) or value.shape[0] != 1 or axis >= value.ndim:
        assert view.as_map(axis) is None
        return
    there_is = np.array_equal(np.moveaxis(value, axis, -1).ravel(), np.arange(value.size))
    assert (view.as_map(axis) is not None) == there_is


@given(HWCS)
def test_a_transpose_and_its_inverse_change_nothing(hwc: tuple[int, int, int]) -> None:
    view = map_view(hwc, 4)
    there = view.transposed((0, 2, 3, 1), None)
    back = there.transposed((0, 3, 1, 2), None)
    assert back.same_elements(view)
    assert back.flat is Order.CHW


@given(moved())
def test_orders_that_have_a_name_are_kept_by_it(pair: tuple[View, NDArray[np.int64]]) -> None:
    """The offsets of a large map would take four bytes for each of its elements."""
    view, value = pair
    named = named_order(view.hwc, value.ravel().astype(np.int32))
    if isinstance(named, Order):
        assert np.array_equal(offsets(view.hwc, named), value.ravel())
    else:
        for order in Order:
            assert not np.array_equal(offsets(view.hwc, order), value.ravel())


@given(moved(), moved())
def test_same_elements_are_equal_values(
    one: tuple[View, NDArray[np.int64]], other: tuple[View, NDArray[np.int64]]
) -> None:
    equal = np.array_equal(one[1], other[1])
    assert one[0].same_elements(other[0]) == equal
    assert one[0].same_elements(one[0])


@given(moved(), st.data())
def test_another_reading_of_the_same_bytes(
    pair: tuple[View, NDArray[np.int64]], data: st.DataObject
) -> None:
    view, value = pair
    size = value.size
    factors = [(a, b, size // a // b) for a in range(1, size + 1) if size % a == 0
               for b in range(1, size // a + 1) if size // a % b == 0]  # fmt: skip
    other = view.read_as(data.draw(st.sampled_from(factors)))
    assert np.array_equal(other.positions(), value)


@pytest.mark.parametrize("rank", [2, 3, 4])
def test_channels_can_be_at_any_axis(rank: int) -> None:
    hwc = {2: (1, 1, 6), 3: (1, 4, 6), 4: (3, 4, 6)}[rank]
    for axis in range(1, rank):
        view = view_with_channels(hwc, rank, axis)
        assert view.shape[axis] == 6
        assert view.as_map(axis) == hwc


def test_a_node_that_changes_nothing_is_not_to_blame() -> None:
    view = map_view((2, 3, 4), 4)
    assert view.reshaped((1, 4, 2, 3), by="reshape").by is None  # type: ignore[arg-type]
    assert view.reshaped((1, 24), by="flatten").by == "flatten"  # type: ignore[arg-type]
