"""What the walk-throughs share: where the data lie, and a workspace that can be made anew."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from ..errors import DecisionNeeded
from ..workspace import Workspace
from ..workspace.importing import name_of

DATA = "SCALEBRIDGE_DATA"
#: Where a notebook that runs headless lies: its kernel works in the folder of the report.
NOTEBOOK_FOLDER = "SCALEBRIDGE_NOTEBOOK_FOLDER"


def data_folder(source: str, *, given: str | None = None) -> Path:
    """Find the folder of one source of real data.

    Parameters
    ----------
    source : str
        Name of the source's folder, e.g. ``"puma_fiberform"``.
    given : str, optional
        The notebook's parameter; by default the folder of that name in ``SCALEBRIDGE_DATA``.

    Raises
    ------
    DecisionNeeded
        There is no such folder.
    """
    root = os.environ.get(DATA)
    folder = Path(given) if given else Path(root or "", source)
    if (given or root) and folder.is_dir():
        return folder
    got = f"there is no folder {folder}" if given or root else f"{DATA} is not set"
    raise DecisionNeeded(
        f"expected the data of {source}, but {got}. To decide: give the parameter data the folder "
        f"that holds the files, or set {DATA} to the folder that holds {source}"
    )


def file_beside(name: str, *, given: str | None, parameter: str) -> Path:
    """Find a file that ships with a notebook, beside it.

    Parameters
    ----------
    name : str
        The file, seen from the notebook's folder.
    given : str or None
        The notebook's parameter: another file, which goes before.
    parameter : str
        Its name.

    Raises
    ------
    DecisionNeeded
        There is no such file.
    """
    folders = list(
        dict.fromkeys([Path.cwd(), Path(os.environ.get(NOTEBOOK_FOLDER) or ".").resolve()])
    )
    for folder in folders:
        if (folder / (given or name)).is_file():
            return folder / (given or name)
    looked = " and ".join(map(str, folders))
    raise DecisionNeeded(
        f"expected the file {given or name}, looked in {looked}, got none. To decide: give the "
        f"parameter {parameter} its full path (-p {parameter}=/path/to/{Path(name).name})"
    )


def begin(folder: str | None, *, name: str) -> Workspace:
    """Open the workspace of a walk-through, made if it is new.

    Parameters
    ----------
    folder : str or None
        None takes a temporary one.
    name : str
        Of a new workspace.
    """
    place = Path(folder or Path(tempfile.mkdtemp(prefix="scalebridge-"), "workspace"))
    if (place / "workspace.toml").exists():
        return Workspace.open(place)
    return Workspace.create(place, name=name)


def bring(
    ws: Workspace, file: str | os.PathLike[str], *, name: str | None = None, **options: Any
) -> Any:
    """Import a file once: an image of that name is returned as it stands.

    Parameters
    ----------
    ws : Workspace
    file : path
    name : str, optional
        Of the image; by default the file's without its endings.
    **options
        As in `Workspace.import_file`: ``answers``, ``frame``, ``progress``.

    Returns
    -------
    Image
    """
    title = name or name_of(file)
    if title in [image.name for image in ws.images]:
        return ws.images[title]
    return ws.import_file(file, name=title, **options)
