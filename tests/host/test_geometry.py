"""Axes, geometries and clamps against loops over every tap."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from msfcnn.ir import Axis, Clamp, Geometry

AXES = st.builds(
    Axis,
    kernel=st.integers(1, 6),
    stride=st.integers(1, 4),
    dilation=st.integers(1, 3),
    pad=st.integers(0, 5),
)
INT8 = st.integers(-128, 127)
CLAMPS = st.tuples(INT8, INT8).map(lambda pair: Clamp(min(pair), max(pair)))


def taps(axis: Axis, position: int) -> list[int]:
    """The input positions that an output position reads, padding among them."""
    start = position * axis.stride - axis.pad
    return [start + tap * axis.dilation for tap in range(axis.kernel)]


@given(AXES, st.integers(0, 40))
def test_the_first_tap(axis: Axis, position: int) -> None:
    assert axis.first(position) == taps(axis, position)[0]


@given(AXES, st.integers(1, 40))
def test_the_end_of_what_some_outputs_read(axis: Axis, end: int) -> None:
    assert axis.end(end) == max(max(taps(axis, position)) for position in range(end)) + 1


@given(AXES, st.integers(0, 40))
def test_an_extent_is_from_the_first_to_the_last_tap(axis: Axis, position: int) -> None:
    read = taps(axis, position)
    assert axis.extent == read[-1] - read[0] + 1


@given(AXES, st.lists(st.integers(0, 60), min_size=1, max_size=8))
def test_many_positions_at_once_are_those_one_by_one(axis: Axis, positions: list[int]) -> None:
    """The planner asks for whole arrays of states, the engine for one at a time."""
    listed = np.array(positions, dtype=np.int64)
    assert axis.first(listed).tolist() == [axis.first(position) for position in positions]
    assert axis.end(listed).tolist() == [axis.end(position) for position in positions]


@given(st.integers(1, 4), st.integers(0, 40))
def test_outputs_of_an_upsampling_share_an_input(up: int, position: int) -> None:
    axis = Axis(up=up)
    assert axis.first(position) == position // up
    assert axis.end(position + 1) == position // up + 1


@given(AXES, st.integers(0, 40))
def test_what_is_read_moves_on_and_never_back(axis: Axis, position: int) -> None:
    assert axis.first(position + 1) - axis.first(position) == axis.stride
    assert axis.end(position + 2) - axis.end(position + 1) == axis.stride


GEOMETRIES = st.builds(
    Geometry,
    kernel_h=st.integers(1, 4),
    kernel_w=st.integers(1, 4),
    stride_h=st.integers(1, 3),
    stride_w=st.integers(1, 3),
    dilation_h=st.integers(1, 3),
    dilation_w=st.integers(1, 3),
    pad_top=st.integers(0, 2),
    pad_left=st.integers(0, 2),
    pad_bottom=st.integers(0, 2),
    pad_right=st.integers(0, 2),
)


def read_along(size: int, axis: Axis, positions: int) -> set[int]:
    return {tap for position in range(positions) for tap in taps(axis, position)}


@given(GEOMETRIES, st.integers(1, 12), st.integers(1, 12), st.integers(1, 4), st.integers(1, 4))
def test_padding_that_is_read_is_known(
    geometry: Geometry, height: int, width: int, rows: int, columns: int
) -> None:
    down, across = geometry.axes
    read = (read_along(height, down, rows), read_along(width, across, columns))
    outside = any(
        tap < 0 or tap >= size
        for size, positions in zip((height, width), read, strict=True)
        for tap in positions
    )
    claimed = geometry.reads_outside((height, width, 1), (rows, columns, 1))
    assert claimed or not outside  # it may be careful, never careless
    if not geometry.padded and geometry.dilation_h == geometry.dilation_w == 1:
        assert claimed == outside


@given(GEOMETRIES)
def test_a_single_tap_has_no_dilation(geometry: Geometry) -> None:
    for axis, kernel in zip(geometry.axes, (geometry.kernel_h, geometry.kernel_w), strict=True):
        assert axis.kernel == kernel
        assert kernel > 1 or axis.dilation == 1


@given(GEOMETRIES)
def test_both_axes_have_the_extents_of_the_geometry(geometry: Geometry) -> None:
    down, across = geometry.axes
    assert (down.extent, across.extent) == (geometry.extent_h, geometry.extent_w)


@given(CLAMPS, CLAMPS, INT8)
def test_one_clamp_after_another_is_one_clamp(first: Clamp, then: Clamp, value: int) -> None:
    def clamped(clamp: Clamp, number: int) -> int:
        return min(max(number, clamp.low), clamp.high)

    assert clamped(first.then(then), value) == clamped(then, clamped(first, value))


@given(CLAMPS)
def test_a_clamp_that_clamps_nothing_changes_nothing(clamp: Clamp) -> None:
    assert clamp.then(Clamp()) == clamp
    assert Clamp().then(clamp) == clamp


@given(CLAMPS, CLAMPS, CLAMPS)
def test_clamps_may_be_joined_in_any_grouping(a: Clamp, b: Clamp, c: Clamp) -> None:
    assert a.then(b).then(c) == a.then(b.then(c))


@given(CLAMPS, CLAMPS)
def test_a_clamp_of_clamps_is_not_empty(first: Clamp, then: Clamp) -> None:
    joined = first.then(then)
    assume(first != then)
    assert joined.low <= joined.high
