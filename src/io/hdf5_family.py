"""Which program wrote an HDF5 file: some say where their images are and how large a pixel is."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..errors import ReadError
from .answers import Answers
from .hdf5 import follow, open_hdf5, refuse_other_files
from .reading import Reading

_MAGIC = b"\x89HDF\r\n\x1a\n"
# A dialect has ``claims(file)``, ``images(file)`` (dataset path by entry) and
# ``read(dataset, entry, path)``.
_DIALECTS = (".velox", ".oxford_h5oina", ".svi_hdf5", ".topostats", ".nexus")


def recognises(path: str, head: bytes) -> bool:
    """Say whether the first bytes are an HDF5's."""
    return head.startswith(_MAGIC)


def open_any_hdf5(path: str, answers: Answers) -> Reading:
    """Open an image of a known program, else the dataset that the entry names.

    Raises
    ------
    ReadError
    """
    import h5py

    try:
        file = h5py.File(path, "r")
        dialect = _dialect(file)
        if dialect is None:
            file.close()
            return open_hdf5(path, answers)
        if hasattr(dialect, "open_outside"):
            file.close()
            return dialect.open_outside(path, answers)  # type: ignore[no-any-return]
        return _of_dialect(dialect, file, path, answers)
    except ReadError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, IndexError) as error:
        raise ReadError(
            f"{path} is an HDF5 file that cannot be read ({error}): it is damaged or "
            "cut short, copy it again"
        ) from error


def _dialect(file: Any) -> Any:
    for name in _DIALECTS:
        module = import_module(name, __package__)
        if module.claims(file):
            return module
    return None


def _of_dialect(dialect: Any, file: Any, path: str, answers: Answers) -> Reading:
    from dataclasses import replace

    images: dict[str, str] = dialect.images(file)
    by_place = {place: entry for entry, place in images.items()}
    wanted = answers.entry
    entry = next(iter(images), None) if wanted is None else by_place.get(_rooted(wanted), wanted)
    if entry not in images:
        file.close()
        return open_hdf5(path, answers)  # any other dataset, or the words that list them
    dataset = follow(file, images[entry], path, 0)
    refuse_other_files(dataset, f"{path}::{entry}")
    reading: Reading = dialect.read(dataset, entry, path)
    return with_entries(replace(reading, entries=tuple(images)), entry, path)


def _rooted(entry: str) -> str:
    return "/" + entry.strip("/")


def with_entries(reading: Reading, entry: str, path: str) -> Reading:
    """Add to a reading which image of the file it is; of a file of one, nothing."""
    from dataclasses import replace

    if len(reading.entries) < 2:
        return replace(reading, entries=())
    others = ", ".join(name for name in reading.entries if name != entry)[:300]
    note = f"the file holds {len(reading.entries)} images: this is {entry}, others are path::name: "
    return replace(reading, warnings=(*reading.warnings, note + others))
