"""Tilted planes, gathered from the chunks that they cut."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import numpy as np
import pytest
import zarr
from scipy import ndimage

from scalebridge.widgets import tilted
from scalebridge.widgets.decoded import Chunks
from scalebridge.widgets.lattice import Lattice
from scalebridge.widgets.sampling import sample
from scalebridge.widgets.tilted import LOOPS, Loops, tilted_values

SHAPE, CHUNK = (50, 70, 90), (16, 16, 32)
TYPES = ("u1", "i2", "f4", "f8")


class Counted:
    """A zarr array that tells which chunks were read of it."""

    def __init__(self, values: Any, chunks: Any = CHUNK) -> None:
        self.array = zarr.array(values, chunks=chunks)
        self.shape, self.dtype, self.chunks = self.array.shape, self.array.dtype, chunks
        self.read: list[Any] = []

    def __getitem__(self, selection: Any) -> Any:
        self.read.append(selection)
        return self.array[selection]


class Level:
    """One level of 1 µm voxels."""

    def __init__(self, array: Any) -> None:
        self.array = array
        self.spacing_um, self.origin_um = (1.0,) * 3, (0.0,) * 3


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> Chunks:
    chunks = Chunks()
    monkeypatch.setattr(tilted, "CHUNKS", chunks)
    return chunks


def volume(dtype: str, shape: tuple[int, ...] = SHAPE) -> Any:
    values = np.random.default_rng(0).normal(size=shape) * 1000
    return np.abs(values).astype(dtype) if dtype[0] == "u" else values.astype(dtype)


def planes(count: int, rows: int = 40, columns: int = 60) -> Any:
    """Through the middle and beyond the faces, as dense as voxels and denser."""
    rng = np.random.default_rng(1)
    for _ in range(count):
        turned, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        down, right = rng.uniform(0.3, 1.5) * turned[:2]
        middle = np.asarray(SHAPE) * rng.uniform(0.2, 0.8, 3)
        start = middle - (rows - 1) / 2 * down - (columns - 1) / 2 * right
        yield Lattice(start, down, right, (rows, columns))


def reached(plane: Lattice) -> Any:
    points = plane.points()
    return np.all((points >= -0.5) & (points <= np.asarray(SHAPE) - 0.5), axis=-1)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("nearest", [False, True])
def test_a_tilted_plane_has_the_values_that_scipy_gives(dtype: str, nearest: bool) -> None:
    values = volume(dtype)
    answer = np.dtype(dtype if nearest else "f8" if dtype in ("u4", "f8") else "f4")
    assert LOOPS.ready(values.dtype, answer, wait=True) is not None
    for plane, chunk in zip(planes(12), cycle([CHUNK, (1, 16, 32), SHAPE]), strict=False):
        inside = reached(plane)
        found = tilted_values(
            Counted(values, chunk), plane, inside, select=(), nearest=nearest, dtype=answer
        )
        points = np.moveaxis(plane.points(), -1, 0)
        if nearest:
            last = np.asarray(SHAPE)[:, None, None] - 1
            whole = np.clip(np.floor(points + 0.5).astype(int), 0, last)
            expected = values[tuple(whole)]
        else:
            expected = ndimage.map_coordinates(
                values, points, order=1, mode="nearest", output=answer
            )
        assert found is not None
        assert found.dtype == answer
        np.testing.assert_allclose(
            found[inside], expected[inside], rtol=1e-5, atol=1e-3 if answer == "f4" else 1e-9
        )


def test_it_reads_the_chunks_that_it_cuts_and_no_other(
    kept: Chunks, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, several = [], kept.several

    def told(array: Any, places: Any) -> Any:
        asked.extend(places)
        return several(array, places)

    monkeypatch.setattr(kept, "several", told)
    values = volume("i2")
    LOOPS.ready(values.dtype, np.dtype("f4"), wait=True)
    array, (plane,) = Counted(values), planes(1)
    inside = reached(plane)
    tilted_values(array, plane, inside, select=(), nearest=False, dtype=np.dtype("f4"))
    low = np.floor(np.clip(plane.points()[inside], 0, np.asarray(SHAPE) - 1)).astype(int)
    corners = [low + c for c in np.ndindex(2, 2, 2)]
    needed = np.minimum(np.concatenate(corners), np.asarray(SHAPE) - 1) // np.asarray(CHUNK)
    assert sorted(asked) == sorted({tuple(place) for place in needed.tolist()})
    assert len(asked) < np.prod([-(-n // side) for n, side in zip(SHAPE, CHUNK, strict=True)])
    array.read.clear()
    tilted_values(array, plane, inside, select=(), nearest=False, dtype=np.dtype("f4"))
    assert array.read == []


def test_a_time_point_is_chosen_before_the_plane() -> None:
    series = volume("u1", (3, *SHAPE))
    LOOPS.ready(series.dtype, np.dtype("f4"), wait=True)
    (plane,) = planes(1)
    inside, how = reached(plane), {"nearest": False, "dtype": np.dtype("f4")}
    at_two = tilted_values(Counted(series, (1, *CHUNK)), plane, inside, select=(2,), **how)
    alone = tilted_values(Counted(series[2]), plane, inside, select=(), **how)
    np.testing.assert_array_equal(at_two, alone)


@pytest.mark.parametrize("dtype", ["f2", ">u2"])
def test_what_is_stored_in_another_way_is_left_to_boxes(dtype: str) -> None:
    array, (plane,) = Counted(volume("f4").astype(dtype)), planes(1)
    how = {"select": (), "nearest": False, "dtype": np.dtype("f4")}
    assert tilted_values(array, plane, reached(plane), **how) is None


def test_while_the_loops_are_compiled_boxes_give_the_same_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values, (plane,) = volume("i2"), planes(1, rows=90, columns=200)
    LOOPS.ready(values.dtype, np.dtype("f4"), wait=True)
    gathered = sample([Level(Counted(values))], plane)
    asked = []
    monkeypatch.setattr(Loops, "ready", lambda *args: asked.append(args))
    boxed = sample([Level(Counted(values))], plane)
    assert asked
    np.testing.assert_allclose(gathered.values, boxed.values, rtol=1e-5, atol=1e-3)
    np.testing.assert_array_equal(gathered.inside, boxed.inside)
    assert gathered.inside.any()
    assert not gathered.inside.all()
