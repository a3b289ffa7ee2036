"""The pyramid of an OME-Zarr image that stays where it is: understood once, opened when seen.

The metadata are judged by the rules of local files. Levels stand where their own scale and
translation put them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from zarr.core.sync import sync

from ..errors import ReadError, ReadLimit, Unreachable
from .answers import Answers
from .describing import understand
from .description import ImageDescription
from .linked_store import LinkedStore, refuse_changed
from .ome_zarr import listed, multiscale_of, placement, reading_of
from .zarr_metadata import LARGEST_METADATA, inspect_metadata, parse_json


@dataclass(frozen=True)
class LevelGrid:
    """One level as its metadata place it.

    Attributes
    ----------
    path : str
        Inside the image.
    shape : tuple of int
        All axes.
    factors : tuple of float
        Voxel size over that of level 0, per spatial axis.
    shift_px : tuple of float
        From the centre of level 0's first voxel to that of this one, per spatial axis, in voxels
        of level 0.
    """

    path: str
    shape: tuple[int, ...]
    factors: tuple[float, ...]
    shift_px: tuple[float, ...]


@dataclass(frozen=True)
class LinkedPyramid:
    """What the metadata of a linked image say.

    Attributes
    ----------
    description : ImageDescription
    levels : tuple of LevelGrid
        Finest first.
    arrays : tuple of zarr.Array
        Opened and not read.
    sums : dict of str to str
        SHA-256 of each metadata document.
    warnings : tuple of str
    """

    description: ImageDescription
    levels: tuple[LevelGrid, ...]
    arrays: tuple[Any, ...]
    sums: dict[str, str]
    warnings: tuple[str, ...]


def read_pyramid(store: LinkedStore, *, answers: Answers, memory_mb: int = 1024) -> LinkedPyramid:
    """Fetch and judge the metadata of an image.

    Raises
    ------
    Unreachable
        If a document is not there or cannot be fetched.
    ReadError, ReadLimit
        If it is no OME-Zarr that can be shown without a copy.
    """
    group, old = _group(store)
    multiscale, attributes, version = group
    place = store.address.text
    names = [_inside(d.get("path"), place) for d in listed(multiscale, "datasets", place)]
    arrays = tuple(_array(store, name, old=old, memory_mb=memory_mb) for name in names)
    reading = reading_of(arrays[0], multiscale, attributes, version, place)
    found = understand(reading, answers, path=place, file_bytes=0).description
    stored = answers.axes or reading.axes.replace("s", "c")
    if stored != found.axes:
        raise ReadError(
            f"expected axes in the order t, c, z, y, x to show {place} where it lies, got "
            f"{stored!r}: import it, which puts them in order"
        )
    levels = _levels(multiscale, names, arrays, found, place)
    return LinkedPyramid(found, levels, arrays, store.sums(), _notes(levels, store))


def open_levels(
    store: LinkedStore, *, paths: list[str], recorded: Mapping[str, str], memory_mb: int = 1024
) -> tuple[Any, ...]:
    """Open the levels of an image whose metadata are known; others are refused.

    Parameters
    ----------
    store : LinkedStore
    paths : list of str
        Of the levels.
    recorded : mapping of str to str
        SHA-256 of each metadata document.

    Raises
    ------
    Unreachable, ChangedImage
    """
    found = {key: _fetched(store, key) for key in recorded}
    refuse_changed(store.address, found, recorded)
    store.documents = {key: data for key, data in found.items() if data is not None}
    old = ".zattrs" in recorded
    return tuple(_array(store, path, old=old, memory_mb=memory_mb) for path in paths)


def _fetched(store: LinkedStore, key: str) -> bytes | None:
    found = sync(store.fetch(key))
    if found is None:
        return None
    if len(found) > LARGEST_METADATA:
        raise ReadError(f"expected metadata under 64 MB, {store.address.text}/{key} is larger")
    return found.to_bytes()


def _document(store: LinkedStore, key: str) -> dict[str, Any]:
    if key not in store.documents:
        data = _fetched(store, key)
        if data is None:
            refuse_changed(store.address, {key: None}, {})
        else:
            store.documents[key] = data
    return parse_json(store.documents[key], f"{store.address.text}/{key}")


def _group(store: LinkedStore) -> tuple[tuple[dict[str, Any], dict[str, Any], str], bool]:
    for key, old in (("zarr.json", False), (".zattrs", True)):
        data = _fetched(store, key)
        if data is not None:
            store.documents[key] = data
            found = multiscale_of(_document(store, key), old=old)
            if found is None:
                raise ReadError(
                    f"expected OME-Zarr multiscales in {store.address.text}/{key}, there are "
                    f"none: name the image inside, {store.address.text}/0 for example"
                )
            return found, old
    raise Unreachable(
        f"expected an OME-Zarr image at {store.address.text}, there is neither a zarr.json nor a "
        ".zattrs (404): look whether the address is that of the image itself"
    )


def _inside(name: Any, place: str) -> str:
    path = PurePosixPath(str(name))
    outside = path.is_absolute() or ".." in path.parts or not path.parts
    if outside or any(sign in str(name) for sign in "\\?#:%"):
        raise ReadError(f"{place} refers to the level {name!r} outside of itself: not followed")
    return str(path)


def _array(store: LinkedStore, path: str, *, old: bool, memory_mb: int) -> Any:
    import zarr

    place = f"{store.address.text}/{path}"
    metadata = _document(store, f"{path}/{'.zarray' if old else 'zarr.json'}")
    chunk_bytes = inspect_metadata(metadata, place)
    if 3 * chunk_bytes > memory_mb * 2**20:
        raise ReadLimit(
            f"a chunk of {place} unpacks to {chunk_bytes / 2**20:.0f} MB, allowed are "
            f"{memory_mb} MB for three of them: have it written in smaller chunks, or import it"
        )
    store.may_miss[path] = metadata.get("fill_value") is not None
    try:
        return zarr.open_array(store, path=path, mode="r", zarr_format=2 if old else 3)
    except Exception as error:  # zarr has no common root for its exceptions
        raise ReadError(f"{place} cannot be opened as a Zarr array ({error})") from error


def _levels(
    multiscale: dict[str, Any],
    names: list[str],
    arrays: tuple[Any, ...],
    found: ImageDescription,
    place: str,
) -> tuple[LevelGrid, ...]:
    dims = sum(axis in "zyx" for axis in found.axes)
    shape = np.asarray(arrays[0].shape)
    first = [np.asarray(v)[-dims:] for v in placement(multiscale, len(shape), place)]
    grids = []
    for index, (name, array) in enumerate(zip(names, arrays, strict=True)):
        if array.ndim != len(shape) or tuple(array.shape[:-dims]) != tuple(shape[:-dims]):
            raise ReadError(
                f"expected level {name} of {place} to have the axes of the first, "
                f"{tuple(shape)}, got {tuple(array.shape)}: import the image instead"
            )
        scale, shift = (
            np.asarray(v)[-dims:] for v in placement(multiscale, len(shape), place, level=index)
        )
        with np.errstate(all="ignore"):
            factors, moved = scale / first[0], (shift - first[1]) / first[0]
        _refuse_misfit(factors, moved, np.asarray(array.shape[-dims:]), shape[-dims:], name, place)
        grids.append(
            LevelGrid(name, tuple(array.shape), tuple(factors.tolist()), tuple(moved.tolist()))
        )
    return tuple(grids)


def _refuse_misfit(
    factors: np.ndarray,
    moved: np.ndarray,
    shape: np.ndarray,
    finest: np.ndarray,
    name: str,
    place: str,
) -> None:
    """A level whose scale does not cover the image would be drawn in the wrong place."""
    fine = np.isfinite(factors).all() and np.isfinite(moved).all() and (factors > 0).all()
    if fine and (np.abs(shape * factors - finest) < 1.01 * np.maximum(factors, 1)).all():
        return
    raise ReadError(
        f"expected the scale of level {name} of {place} to spread its {tuple(shape.tolist())} "
        f"voxels over the {tuple(finest.tolist())} of the first, got {tuple(factors.tolist())} "
        "times the first one's: have its metadata corrected"
    )


def _notes(levels: tuple[LevelGrid, ...], store: LinkedStore) -> tuple[str, ...]:
    notes = []
    if len(levels) > 1 and not any(any(level.shift_px) for level in levels):
        notes.append(
            "its levels state no translation and all begin at the same voxel centre: if they are "
            "means, each stands half a voxel's difference off"
        )
    if len(levels) == 1:
        notes.append("it has one level only: a view from afar fetches all of it")
    if store.address.text.startswith("http://"):
        notes.append("http:// can be read and changed on its way: https:// cannot")
    return tuple(notes)
