"""All images of one file, standing to each other as the file says."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import DecisionNeeded, DiskFull, ReadError
from .importing import import_file, name_of
from .naming import plain_name
from .progress import OnProgress

if TYPE_CHECKING:
    from ..io import Answers, ImageDescription
    from .image import Image
    from .images import Images


@dataclass(frozen=True)
class ImportedEntries:
    """What became of the images of one file.

    Attributes
    ----------
    images : tuple of Image
    refused : dict of str to str
        By entry, why it is no image here.
    """

    images: tuple[Image, ...]
    refused: dict[str, str]


def import_entries(
    images: Images,
    path: str | os.PathLike[str],
    *,
    only: Sequence[str] | None = None,
    answers: Answers | None = None,
    progress: OnProgress | bool | None = None,
) -> ImportedEntries:
    """Bring in every image of a file; those with a stated place share a frame.

    Images whose file says where they lie (on a stage, in a scan) stand in one frame,
    ``<file> <frame of the file>``, with no error between them; all others get a frame of their own.

    Parameters
    ----------
    images : Images
    path : path
        A file with one image or several.
    only : sequence of str, optional
        Entries to bring in; all unless given. Needed for HDF5 whose datasets are no list of
        images: what `describe` says of such a file names them.
    answers : Answers, optional
        What the file does not say; it serves every entry.
    progress : callable or bool, optional

    Returns
    -------
    ImportedEntries
        What could not be read, or has no room, is named with the reason; the others are in the
        workspace.

    Raises
    ------
    ReadError
        The file, or none of its entries, can be read; nothing was imported.
    ValueError
        An entry is given in the path, none is asked for, or a name is taken; nothing was imported.
    """
    from ..io import describe

    file = os.fspath(path)
    if "::" in file:
        raise ValueError(f"import_entries takes a whole file, got {file}: name entries in only")
    wanted = (
        tuple(describe(file, answers=answers).entries or ("",)) if only is None else tuple(only)
    )
    if not wanted:
        raise ValueError("only needs the name of an entry, got none: leave it out for all of them")
    paths = {entry: f"{file}::{entry}" if entry else file for entry in wanted}
    taken = {image.name for image in images.all()}
    if clash := [name for one in paths.values() if (name := plain_name(name_of(one))) in taken]:
        raise ValueError(f"there is an image called {clash[0]!r} already: nothing was imported")
    found: list[Image] = []
    refused: dict[str, str] = {}
    for entry, one in paths.items():
        try:
            said = describe(one, answers=answers)
            frame, origin = _place(file, said)
            made = import_file(
                images, one, answers=answers, frame=frame, origin_um=origin, progress=progress
            )
        except (ReadError, DecisionNeeded, DiskFull) as error:
            refused[entry] = str(error)
        else:
            found.append(made)
    if not found:
        raise ReadError(f"no image of {file} could be read: {next(iter(refused.values()))}")
    return ImportedEntries(tuple(found), refused)


def _place(file: str, said: ImageDescription) -> tuple[str | None, tuple[float, ...] | None]:
    """The shared frame and the first pixel's place in it, where the file tells both."""
    known = said.spacing_um is not None and None not in said.spacing_um
    if not (known and said.frame and said.origin_um is not None):
        return None, None
    return f"{name_of(file)} {said.frame}", tuple(said.origin_um)
