"""Formats that no reader of ours knows, through bioio and those of its plugins that are installed.

Every scene is an image. A pixel size counts where the plugin says its unit: bioio itself promises
none, and its plugins differ.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np

from ..errors import ReadError
from .answers import Answers
from .flat_pixels import refuse_empty
from .hdf5_family import with_entries
from .lengths import micrometres_in
from .reading import Lengths, Reading, inspect_lengths, supported_dtype

_SPATIAL = "zyx"


def recognises(path: str, head: bytes) -> bool:
    """Say whether a plugin takes a file by its name, and none of our readers does."""
    if not head or find_spec("bioio") is None or _known(path):
        return False
    from bioio import BioImage
    from bioio_base.exceptions import UnsupportedFileFormatError

    try:
        BioImage.determine_plugin(path)
    except UnsupportedFileFormatError:
        return False
    except Exception as error:  # a plugin that took the name and failed
        raise ReadError(f"{path} is damaged for bioio ({error}): export it again") from error
    return True


def _known(path: str) -> bool:
    """A damaged file of ours is not for a library that believes its name."""
    from .registry import READERS

    return any(path.lower().endswith(reader.suffixes) for reader in READERS if reader.suffixes)


class BioioPixels:
    """A scene of the library, unpacked when it is wanted.

    Parameters
    ----------
    data : dask.array.Array
    """

    sequential = False

    def __init__(self, data: Any, *, path: str) -> None:
        refuse_empty(tuple(data.shape), path)
        self._data = data
        self.shape = tuple(int(n) for n in data.shape)
        self.dtype = supported_dtype(data.dtype, path=path)
        self.segment_bytes = int(np.prod(data.chunksize)) * self.dtype.itemsize

    def read(self, selection: tuple[slice, ...]) -> np.ndarray:
        """Read one box."""
        return np.asarray(self._data[selection].compute(scheduler="synchronous"))

    def close(self) -> None:
        """The library holds nothing open."""


def open_bioio(path: str, answers: Answers) -> Reading:
    """Open one scene.

    Raises
    ------
    ReadError
        The file is damaged, or there is no such scene.
    """
    from bioio import BioImage

    try:
        return _reading(BioImage(path), path, answers.entry)
    except (ReadError, MemoryError):
        raise
    except Exception as error:  # plugins have no common root for their exceptions
        raise ReadError(
            f"{path} could not be read by bioio ({type(error).__name__}: {error}): copy or export "
            "it again"
        ) from error


def _reading(image: Any, path: str, entry: str | None) -> Reading:
    scenes = [str(name) for name in image.scenes]
    wanted = scenes[0] if entry is None else entry
    if wanted not in scenes:
        raise ReadError(f"{path} holds {scenes}, got {entry!r}: choose one of them")
    image.set_scene(wanted)
    order = str(image.dims.order)
    sizes = dict(zip(order, image.dask_data.shape, strict=True))
    kept = [letter for letter in order if letter in "YXS" or sizes[letter] > 1]
    cut = tuple(slice(None) if letter in kept else 0 for letter in order)
    axes = "".join(kept).lower()
    lengths, bare, source = _sizes(image, [axis for axis in axes if axis in _SPATIAL])
    reading = Reading(
        format=f"bioio ({type(image.reader).__module__.partition('.')[0]})",
        pixels=BioioPixels(image.dask_data[cut], path=path),
        axes=axes,
        spacing_um=lengths.um,
        spacing_source=source,
        faults=lengths.faults,
        bare_spacing=bare,
        channel_names=tuple(map(str, image.channel_names or ())) if "c" in axes else (),
        entries=tuple(scenes),
    )
    return with_entries(reading, wanted, path)


def _sizes(image: Any, axes: list[str]) -> tuple[Lengths, dict[str, float], str]:
    """Pixel sizes with a unit [µm], those without one, and where they come from."""
    found = {axis: getattr(image.physical_pixel_sizes, axis.upper()) for axis in axes}
    told = {axis: float(size) for axis, size in found.items() if size is not None}
    units = {axis: getattr(image.dimension_properties, axis.upper()).unit for axis in told}
    factors = {axis: micrometres_in(None if u is None else str(u)) for axis, u in units.items()}
    um = {axis: size * (factors[axis] or 0) for axis, size in told.items() if factors[axis]}
    bare = {axis: size for axis, size in told.items() if not units[axis]}
    faults = tuple(
        f"bioio's size along {axis} is in {unit}, which is not a length"
        for axis, unit in units.items()
        if unit and not factors[axis]
    )
    lengths = inspect_lengths(um, source="bioio's size")
    return Lengths(lengths.um, (*faults, *lengths.faults)), bare, "bioio"
