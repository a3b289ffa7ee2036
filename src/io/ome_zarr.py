"""OME-Zarr 0.4 and 0.5: opened lazily where it lies, in the caller's own process.

Metadata are checked by `zarr_metadata` before zarr sees the array.
"""

from __future__ import annotations

import os
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ReadError, ReadLimit
from .answers import Answers
from .arrange import shape_of
from .describing import understand
from .lengths import micrometres_in
from .reading import Lengths, Reading, inspect_lengths
from .references import refuse_leading_out
from .slabs import Slabs
from .zarr_metadata import inspect_array, read_json

_COPIES = 3  # of a box that is read: unpacked, cut, put in order


def is_ome_zarr(path: str) -> bool:
    """Say whether a folder holds Zarr metadata."""
    names = ("zarr.json", ".zattrs", ".zgroup", ".zarray")
    return os.path.isdir(path) and any(os.path.isfile(os.path.join(path, n)) for n in names)


class ZarrPixels:
    """One level of a pyramid."""

    sequential = False

    def __init__(self, array: Any) -> None:
        self.array = array
        self.shape = tuple(int(n) for n in array.shape)
        self.dtype = np.dtype(array.dtype)

    def read(self, selection: tuple[slice, ...]) -> np.ndarray:
        """Read one box."""
        try:
            return np.asarray(self.array[selection])
        except ReadError:
            raise
        except Exception as error:  # zarr lets its codecs' own exceptions through
            raise ReadError(
                f"{self.array.store_path} has a damaged or missing chunk ({error}): "
                "copy the folder again"
            ) from error

    def close(self) -> None:
        """Nothing is held open."""


class OmeZarrSource(Slabs):
    """One image of an OME-Zarr folder.

    Attributes
    ----------
    description : ImageDescription
    levels : tuple of zarr.Array
        The pyramid, finest first, in stored axis order, opened and not read.
    """

    sequential = False

    def __init__(self, path: str, *, answers: Answers, memory_mb: int) -> None:
        folder = Path(path) / (answers.entry or "")
        if not folder.resolve().is_relative_to(Path(path).resolve()):
            raise ReadError(f"expected an entry inside {path}, got {answers.entry!r}")
        multiscale, attributes, version = read_multiscale(folder)
        names = [str(d["path"]) for d in listed(multiscale, "datasets", folder)]
        self.levels = tuple(_open_array(folder, name, memory_mb) for name in names)
        reading = reading_of(self.levels[0], multiscale, attributes, version, folder)
        shown = path if answers.entry is None else f"{path}::{answers.entry}"
        image = understand(reading, answers, path=shown, file_bytes=_folder_bytes(folder))
        self.description, self._pixels = image.description, image.pixels
        self._memory_mb = memory_mb

    def read(self, selection: tuple[slice, ...] | None = None) -> np.ndarray:
        """Read one box of the finest level; everything if left out."""
        chosen = tuple(slice(0, n) for n in self.shape) if selection is None else selection
        shape = shape_of(chosen, self.shape)
        need_mb = _COPIES * prod(shape) * self._pixels.dtype.itemsize / 2**20
        if need_mb > self._memory_mb:
            raise ReadLimit(
                f"{self.description.path}: a box of {shape} needs about {need_mb:.0f} MB, allowed "
                f"are {self._memory_mb} MB: read smaller boxes, or give a larger memory_mb"
            )
        return self._pixels.read(chosen)

    def close(self) -> None:
        """Nothing is held open."""


def read_multiscale(folder: Path) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Read the first multiscale image of a folder: it, all OME attributes, and their version.

    Raises
    ------
    ReadError
        If the folder is Zarr but no OME-Zarr image.
    """
    for document in ("zarr.json", ".zattrs"):
        refuse_leading_out(folder, folder / document)
    if (folder / "zarr.json").is_file():
        found = multiscale_of(read_json(folder / "zarr.json"), old=False)
    elif (folder / ".zattrs").is_file():
        found = multiscale_of(read_json(folder / ".zattrs"), old=True)
    else:
        found = None
    if found is None:
        inside = sorted(e.name for e in os.scandir(folder) if e.is_dir())[:10]
        raise ReadError(
            f"expected OME-Zarr multiscales in {folder}, there are none; it holds "
            f"{inside}: choose the image, {folder}::{inside[0] if inside else '0'}"
        )
    return found


def multiscale_of(
    document: dict[str, Any], *, old: bool
) -> tuple[dict[str, Any], dict[str, Any], str] | None:
    """Find the first multiscale image in a group's document, as `read_multiscale` gives it.

    `old` says that it is a ``.zattrs`` of Zarr 2, and no ``zarr.json``.
    """
    everything = document if old else document.get("attributes", {})
    if not isinstance(everything, dict):
        return None
    attributes = everything if old else everything.get("ome", everything)
    images = attributes.get("multiscales") if isinstance(attributes, dict) else None
    if not isinstance(images, list) or not images or not isinstance(images[0], dict):
        return None
    default = "0.4" if old else "0.5"
    version = str(attributes.get("version") or images[0].get("version") or default)
    return images[0], attributes, version


def listed(item: dict[str, Any], name: str, folder: Path | str) -> list[dict[str, Any]]:
    """Take a list of objects out of OME-Zarr metadata, or refuse what stands there."""
    values = item.get(name)
    if not isinstance(values, list) or not values or not all(isinstance(v, dict) for v in values):
        raise ReadError(f"expected {name} in the OME-Zarr metadata of {folder}, got {values!r}")
    return values


def _open_array(folder: Path, name: str, memory_mb: int) -> Any:
    import zarr

    from .own_files import own_files

    place = (folder / name).resolve()
    if not place.is_relative_to(folder.resolve()):
        raise ReadError(f"{folder} refers to the level {name!r} outside of itself: not followed")
    for document in ("zarr.json", ".zarray"):
        refuse_leading_out(place, place / document)
    chunk_bytes = inspect_array(place)
    if 3 * chunk_bytes > memory_mb * 2**20:
        raise ReadLimit(
            f"a chunk of {place} unpacks to {chunk_bytes / 2**20:.0f} MB, allowed are "
            f"{memory_mb} MB for three of them: give a larger memory_mb"
        )
    try:
        return zarr.open_array(own_files(place), mode="r")
    except Exception as error:  # zarr has no common root for its exceptions
        raise ReadError(f"{place} cannot be opened as a Zarr array ({error})") from error


def reading_of(
    array: Any,
    multiscale: dict[str, Any],
    attributes: dict[str, Any],
    version: str,
    folder: Path | str,
) -> Reading:
    """Join the finest array with what the metadata say of it."""
    named = multiscale.get("axes")
    axes = named if isinstance(named, list) and named else ["t", "c", "z", "y", "x"][-array.ndim :]
    letters = "".join(str(a.get("name", "?") if isinstance(a, dict) else a)[:1] for a in axes)
    units = {
        letter: axis.get("unit") if isinstance(axis, dict) else None
        for letter, axis in zip(letters, axes, strict=True)
    }
    scale, shift = placement(multiscale, len(axes), folder)
    sizes = dict(zip(letters, scale, strict=True))
    lengths, bare, source = _lengths(sizes, units)
    scales = {a: micrometres_in(units[a]) for a in letters if a in "zyx"}
    origin = {a: s * scales[a] for a, s in zip(letters, shift, strict=True) if scales.get(a)}
    return Reading(
        format=f"OME-Zarr {version}",
        pixels=ZarrPixels(array),
        axes=letters,
        spacing_um=lengths.um,
        spacing_source=source,
        faults=lengths.faults,
        bare_spacing=bare,
        origin_um=origin if len(origin) == len(scales) else {},
        channel_names=_channels(attributes),
        metadata={"ome": attributes},
    )


def placement(
    multiscale: dict[str, Any], ndim: int, folder: Path | str, *, level: int = 0
) -> tuple[Any, Any]:
    """Scale and translation of a level, times those of the whole image."""
    scale, shift = np.ones(ndim), np.zeros(ndim)
    dataset = listed(multiscale, "datasets", folder)[level]
    steps = [dataset.get("coordinateTransformations"), multiscale.get("coordinateTransformations")]
    for transforms in steps:
        for step in transforms or []:
            values = step.get(step.get("type")) if isinstance(step, dict) else None
            if not isinstance(values, list) or len(values) != ndim:
                continue
            numbers = np.array([v if isinstance(v, (int, float)) else np.nan for v in values])
            if step["type"] == "scale":
                scale, shift = scale * numbers, shift * numbers
            else:
                shift = shift + numbers
    return scale.tolist(), shift.tolist()


def _lengths(
    sizes: dict[str, float], units: dict[str, Any]
) -> tuple[Lengths, dict[str, float], str]:
    source = "OME-Zarr scale"
    spatial = [axis for axis in sizes if axis in "zyx"]
    if not any(units[axis] for axis in spatial):
        return Lengths({}, ()), {axis: sizes[axis] for axis in spatial}, source
    good = {a: micrometres_in(units[a]) for a in spatial}
    faults = tuple(
        f"{source} along {a} is in {units[a]!r}, which is not a length"
        for a in spatial
        if not good[a]
    )
    lengths = inspect_lengths(
        {a: sizes[a] * (good[a] or 0) for a in spatial if good[a]}, source=source
    )
    return Lengths(lengths.um, (*faults, *lengths.faults)), {}, f"{source} ({units[spatial[-1]]})"


def _channels(attributes: dict[str, Any]) -> tuple[str, ...]:
    channels = (attributes.get("omero") or {}).get("channels") or []
    return tuple(
        str(c.get("label") or f"channel {i}") for i, c in enumerate(channels) if isinstance(c, dict)
    )


def _folder_bytes(folder: Path) -> int:
    return sum(
        os.path.getsize(os.path.join(here, name))
        for here, _, names in os.walk(folder)
        for name in names
    )
