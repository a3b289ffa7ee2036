"""A plane's pixels as nine numbers: the same points, and the same values, as written down."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from scalebridge.widgets.lattice import Lattice, Scattered, grid_of, rectangle
from scalebridge.widgets.placement import Placement
from scalebridge.widgets.plane import Plane, axes_through, axis_plane
from scalebridge.widgets.sampling import sample

sys.path.insert(0, str(Path(__file__).parent))
from pyramids import ArrayLevel

LOW, HIGH = (1.0, -1.0, 2.0), (13.0, 20.0, 18.0)


def tilted(width: float = 20.0) -> Plane:
    across, down = axes_through((8, 8, 8), (9, 10, 12), (12, 3, 8))
    return Plane(
        centre_um=(8.0, 9.0, 10.0), across=across, down=down, width_um=width, height_um=0.8 * width
    )


def planes() -> dict[str, Plane]:
    made = {
        name: axis_plane(name, centre_um=(7.3, 8.1, 9.2), width_um=12, height_um=9)
        for name in ("xy", "xz", "yz")
    }
    diagonal = Plane(
        centre_um=(8, 9, 10), across=(0, 0, 1), down=(0.6, 0.8, 0), width_um=14, height_um=10
    )
    return made | {"tilted": tilted(), "diagonal": diagonal, "beyond": tilted(90.0)}


@pytest.mark.parametrize("name", planes())
def test_a_lattice_holds_the_points_of_its_plane(name: str) -> None:
    plane = planes()[name]
    lattice, points = plane.lattice(31, 22), plane.points(31, 22)
    right = ((np.arange(31) + 0.5) / 31 - 0.5) * plane.width_um
    below = ((np.arange(22) + 0.5) / 22 - 0.5) * plane.height_um
    expected = (
        np.array(plane.centre_um)
        + right[None, :, None] * np.array(plane.across)
        + below[:, None, None] * np.array(plane.down)
    )
    np.testing.assert_allclose(points, expected, atol=1e-9)
    tile = (slice(3, 9), slice(5, 30))
    np.testing.assert_allclose(lattice.tile(tile).points(), points[tile], atol=1e-9)
    np.testing.assert_allclose(
        lattice.moved((1, 2, 3)).points(), points + np.array([1, 2, 3]), atol=1e-9
    )
    everywhere = np.ones(lattice.shape, bool)
    for got, wanted in zip(
        lattice.bounds(everywhere), Scattered.of(points).bounds(everywhere), strict=True
    ):
        np.testing.assert_allclose(got, wanted, atol=1e-9)
    for axis in range(3):
        got = np.broadcast_to(lattice.within(axis, LOW[axis], HIGH[axis]), lattice.shape)
        along = points[..., axis]
        np.testing.assert_array_equal(got, (along >= LOW[axis]) & (along <= HIGH[axis]))


@pytest.mark.parametrize("nearest", [False, True])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("name", planes())
def test_a_lattice_reads_what_its_points_read(name: str, turned: bool, nearest: bool) -> None:
    values = np.random.default_rng(4).integers(0, 250, (16, 18, 20)).astype(np.uint16)
    level = ArrayLevel(values, (1, 1, 1), (0.9, 1.1, 1.0), (0.5, 0.2, 0.4))
    turn = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))[0] if turned else np.eye(3)
    offset = np.array([8.0, 9.0, 10.0]) - turn @ np.array([8.0, 9.0, 10.0])
    way = Placement(locate=lambda p: p @ turn.T + offset, matrix=turn, offset_um=offset)
    plane = planes()[name]
    carried = way.carry(plane.lattice(40, 33))
    assert isinstance(carried, Lattice)
    quick = sample([level], carried, nearest=nearest)
    plain = sample([level], way.apply(plane.points(40, 33)), nearest=nearest)
    np.testing.assert_array_equal(quick.inside, plain.inside)
    assert plain.inside.any()
    np.testing.assert_allclose(quick.values, plain.values, atol=1e-3)
    assert quick.values.dtype == plain.values.dtype


def test_large_labels_are_read_to_the_last_bit() -> None:
    labels = np.full((8, 8, 8), 2**53 + 1, np.uint64)
    level = ArrayLevel(labels, (1, 1, 1), (1, 1, 1), (0, 0, 0))
    for plane in (axis_plane("xy", centre_um=(3, 3, 3), width_um=4, height_um=4), tilted(4.0)):
        lattice = plane.lattice(9, 9).moved(np.array((3.0, 3, 3)) - plane.centre_um)
        seen = sample([level], lattice, nearest=True)
        assert (seen.values[seen.inside] == 2**53 + 1).all()


def test_a_way_that_bends_leaves_no_lattice() -> None:
    bent = Placement(locate=lambda p: p + 0.01 * p**2)
    plane = tilted()
    carried = bent.carry(plane.lattice(6, 5))
    points = plane.points(6, 5)
    assert isinstance(carried, Scattered)
    np.testing.assert_allclose(carried.axes, np.moveaxis(points + 0.01 * points**2, -1, 0))
    again = bent.carry(grid_of(points))
    np.testing.assert_allclose(again.axes, carried.axes)


def test_steps_below_a_voxel_s_millionth_are_none() -> None:
    nearly = Lattice(np.zeros(3), np.array([1e-12, 1, 0]), np.array([0, 1e-11, 1]), (600, 600))
    index = nearly.indexed((1, 1, 1), (0, 0, 0))
    assert (index.down.tolist(), index.right.tolist()) == ([0, 1, 0], [0, 0, 1])


def test_the_rectangle_holds_what_counts() -> None:
    inside = np.zeros((5, 6), bool)
    assert rectangle(inside) is None
    inside[1, 4] = inside[3, 2] = True
    assert rectangle(inside) == (slice(1, 4), slice(2, 5))
