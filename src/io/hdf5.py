"""HDF5 by path: ``file.h5::/group/dataset``. Links into other files are refused."""

from __future__ import annotations

import json
from math import prod
from typing import Any

import numpy as np

from ..errors import ReadError
from .answers import Answers
from .flat_pixels import refuse_empty
from .lengths import micrometres_in
from .npy import guess_axes
from .reading import Lengths, Reading, inspect_lengths, supported_dtype

_SIZES = (
    "element_size_um",
    "spacing_um",
    "voxel_size_um",
    "spacing",
    "voxel_size",
    "voxelsize",
    "pixel_size",
    "resolution",
)
_UNITS = ("unit", "units", "spacing_unit", "spacing_units", "voxel_size_unit")
_DEEPEST_LINK = 32


class Hdf5Pixels:
    """One dataset of an open file."""

    sequential = False

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset
        self.shape = tuple(int(n) for n in dataset.shape)
        self.dtype = np.dtype(dataset.dtype)

    @property
    def segment_bytes(self) -> int:
        """One chunk, the smallest piece that is unpacked [byte]."""
        return prod(self._dataset.chunks or (0,)) * self.dtype.itemsize

    def read(self, selection: tuple[slice, ...]) -> np.ndarray:
        """Read one box."""
        return np.asarray(self._dataset[selection], dtype=self.dtype.newbyteorder("="))

    def close(self) -> None:
        """Let go of the file."""
        self._dataset.file.close()


def open_hdf5(path: str, answers: Answers) -> Reading:
    """Open one dataset.

    Raises
    ------
    ReadError
        If the path is not given and there are several, or if it leads into another file.
    """
    import h5py

    try:
        file = h5py.File(path, "r")
        dataset = find_dataset(file, answers.entry, path=path)
        return _reading(dataset, path)
    except ReadError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise ReadError(
            f"{path} is an HDF5 file that cannot be read ({error}): it is damaged or "
            "cut short, copy it again"
        ) from error


def find_dataset(file: Any, entry: str | None, *, path: str) -> Any:
    """Follow a path of groups to a dataset of this very file."""
    import h5py

    if entry is None:
        return _only_dataset(file, path)
    found = follow(file, entry, path, 0)
    if not isinstance(found, h5py.Dataset):
        raise ReadError(
            f"expected a dataset at {path}::{entry}, got a group that holds "
            f"{sorted(found)[:20]}: name one of them"
        )
    refuse_other_files(found, f"{path}::{entry}")
    return found


def follow(file: Any, entry: str, path: str, depth: int) -> Any:
    """Follow a path link by link; links into other files are refused."""
    import h5py

    here = file
    for part in (part for part in entry.split("/") if part):
        link = here.get(part, getlink=True) if isinstance(here, h5py.Group) else None
        if isinstance(link, h5py.ExternalLink):
            raise ReadError(
                f"{path}::{entry} leads into another file, {link.filename!r}: links "
                "out of a file are not followed, open that file instead"
            )
        if link is None or depth > _DEEPEST_LINK:
            raise ReadError(f"{path} has no {entry!r}; it holds {_names(file)}: name one of them")
        if isinstance(link, h5py.SoftLink):
            target = link.path if link.path.startswith("/") else f"{here.name}/{link.path}"
            here = follow(file, target, path, depth + 1)
        else:
            here = here[part]
    return here


def inside(group: Any, path: str) -> Any:
    """Item of a group along links that cannot leave the file; None where there is none."""
    import h5py

    here = group
    for part in path.strip("/").split("/"):
        link = here.get(part, getlink=True) if isinstance(here, h5py.Group) else None
        if not isinstance(link, h5py.HardLink):
            return None
        here = here[part]
    return here


def refuse_other_files(dataset: Any, name: str) -> None:
    """Refuse a dataset whose pixels lie in other files."""
    if dataset.external:
        raise ReadError(
            f"{name} keeps its pixels in {dataset.external[0][0]!r}: files outside "
            "are not followed, export it into one file"
        )
    sources = dataset.virtual_sources() if dataset.is_virtual else []
    if others := sorted({source.file_name for source in sources} - {"."}):
        raise ReadError(
            f"{name} is put together from other files, {others[0]!r} and so on: they are not "
            "followed, export it into one file"
        )


def _names(file: Any) -> list[str]:
    import h5py

    found: list[str] = []

    def look(name: str, item: Any) -> None:
        if (
            isinstance(item, h5py.Dataset)
            and len(item.shape or ()) >= 2
            and item.dtype.kind in "biuf"
        ):
            found.append("/" + name)

    file.visititems(look)
    return found


def _only_dataset(file: Any, path: str) -> Any:
    names = _names(file)
    if len(names) != 1:
        raise ReadError(
            f"{path} holds {len(names)} images: {names[:20]}; choose one, "
            f"{path}::{names[0] if names else '/name'} for example"
        )
    dataset = file[names[0]]
    refuse_other_files(dataset, f"{path}::{names[0]}")
    return dataset


def _reading(dataset: Any, path: str) -> Reading:
    refuse_empty(tuple(dataset.shape or ()), path)
    supported_dtype(dataset.dtype, path=path)
    axes, notes = _axes(dataset)
    lengths, bare, source = _lengths(dataset, axes)
    return Reading(
        format="HDF5",
        pixels=Hdf5Pixels(dataset),
        axes=axes,
        spacing_um=lengths.um,
        spacing_source=source,
        faults=lengths.faults,
        bare_spacing=bare,
        channel_names=_words(dataset, "channel_names"),
        modality=next(iter(_words(dataset, "modality")), None),
        time=next(iter(_words(dataset, "acquired")), None),
        metadata={"path": dataset.name, "attributes": {k: dataset.attrs[k] for k in dataset.attrs}},
        warnings=notes,
    )


def _axes(dataset: Any) -> tuple[str, tuple[str, ...]]:
    ndim = len(dataset.shape)
    tags = dataset.attrs.get("axistags")
    letters = _axistags(tags) if isinstance(tags, str) else ""
    if len(letters) != ndim:
        letters = "".join((dim.label or "?")[0].lower() for dim in dataset.dims)
    if {"y", "x"} <= set(letters) and not set(letters) - set("tczyx"):
        return letters, ()
    return guess_axes(tuple(dataset.shape), dataset.dtype)


def _axistags(text: str) -> str:
    """Read ilastik's axes."""
    try:
        return "".join(str(axis["key"])[:1] for axis in json.loads(text)["axes"])
    except (ValueError, KeyError, TypeError):
        return ""


def _lengths(dataset: Any, axes: str) -> tuple[Lengths, dict[str, float], str]:
    spatial = [axis for axis in axes.replace("?", "z") if axis in "zyx"]
    name = next((name for name in _SIZES if name in dataset.attrs), None)
    if name is None:
        return Lengths({}, ("the dataset has no attribute with a voxel size",)), {}, "HDF5"
    values = np.ravel(dataset.attrs[name])
    source = f"HDF5 attribute {name}"
    if values.dtype.kind not in "iuf" or len(values) < len(spatial):
        fault = f"{source} is {values.tolist()}, expected {len(spatial)} numbers"
        return Lengths({}, (fault,)), {}, source
    sizes = dict(zip(spatial, (float(v) for v in values[-len(spatial) :]), strict=True))
    unit = "um" if name.endswith("_um") else _unit(dataset)
    if unit is None:
        return Lengths({}, ()), sizes, source
    scale = micrometres_in(unit)
    if scale is None:
        return Lengths({}, (f"{source} is in {unit!r}, which is not a length",)), {}, source
    scaled = {axis: value * scale for axis, value in sizes.items()}
    return inspect_lengths(scaled, source=source), {}, f"{source} ({unit})"


def _words(dataset: Any, name: str) -> tuple[str, ...]:
    """Read an attribute of one or several texts."""
    values = np.ravel(dataset.attrs.get(name, ()))
    return tuple(v.decode(errors="replace") if isinstance(v, bytes) else str(v) for v in values)


def _unit(dataset: Any) -> str | None:
    value = next((dataset.attrs[name] for name in _UNITS if name in dataset.attrs), None)
    if isinstance(value, np.ndarray) and value.size:
        value = value.ravel()[0]
    return value.decode(errors="replace") if isinstance(value, bytes) else value
