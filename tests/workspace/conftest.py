from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from scalebridge.workspace import Image, Workspace

#: Tests of records run on SQLite and on PostgreSQL; those of pixels need no database twice.
ON_BOTH = (
    "test_locating",
    "test_naming",
    "test_opening",
    "test_preparations",
    "test_records",
    "test_refusals",
    "test_staleness",
    "test_taking_back",
    "test_values",
)
POINT = {"z_um": 1.0, "y_um": 2.0, "x_um": 3.0}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "specimen"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let what is said of records be said of both databases."""
    if metafunc.module.__name__.rpartition(".")[2] not in ON_BOTH:
        return
    own = metafunc.definition.get_closest_marker("sqlite")
    if own is None and "database" in metafunc.fixturenames:
        metafunc.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str | None:
    """Address of the database for the records of `ws`; None for the file in its folder."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return None
    address: str = request.getfixturevalue("postgres").address
    monkeypatch.setenv("SCALEBRIDGE_RECORDS", address)
    return address


@pytest.fixture
def ws(folder: Path, database: str | None) -> Iterator[Workspace]:
    with Workspace.create(folder, records=database) as workspace:
        yield workspace


@pytest.fixture
def frames(ws: Workspace) -> None:
    """Frames for positions to stand in, made as one state."""
    with ws.transaction():
        for name in ("sem", "survey", "zoom"):
            ws.frames.add(name=name)


@pytest.fixture
def add_image(ws: Workspace) -> Callable[..., Image]:
    """Write an array as an image, in slabs of a few planes."""

    def add(name: str, array: np.ndarray, *, axes: str = "zyx", planes: int = 7, **more) -> Image:
        spatial = sum(axis in "zyx" for axis in axes)
        first = array.ndim - spatial
        more = {"spacing_um": (1.0,) * spatial, "spacing_source": "made", **more}
        return ws.images.write(
            name,
            shape=array.shape,
            dtype=array.dtype,
            axes=axes,
            blocks=slabs(array, axis=first, planes=planes),
            **more,
        )

    return add


def slabs(array: np.ndarray, *, axis: int, planes: int) -> Iterator[tuple]:
    for start in range(0, array.shape[axis], planes):
        where = [slice(0, n) for n in array.shape]
        where[axis] = slice(start, min(start + planes, array.shape[axis]))
        yield tuple(where), array[tuple(where)]
