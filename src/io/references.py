"""Names that a header gives of other files, and links: only those beside it are followed."""

from __future__ import annotations

import os
from pathlib import Path, PureWindowsPath

from ..errors import ReadError


def beside(header: str, name: str) -> str:
    """Find the file that a header names, in the header's own folder or below.

    Parameters
    ----------
    header : str
        Path of the file in which the name stands.
    name : str
        The name as written.

    Raises
    ------
    ReadError
        If it leads out of the folder, also by a link, or is not there.
    """
    folder = Path(header).resolve().parent
    windows = PureWindowsPath(name)
    if Path(name).is_absolute() or windows.is_absolute() or windows.drive:
        raise _outside(header, name)
    target = (folder / name).resolve()
    if not target.is_relative_to(folder):
        raise _outside(header, name)
    if not target.is_file():
        raise ReadError(
            f"{header} says that its pixels are in {name!r}, which is not beside it: "
            "copy both files together"
        )
    return str(target)


def refuse_leading_out(folder: Path, file: Path) -> None:
    """Refuse a file that is elsewhere than in a folder, because a link leads there.

    Raises
    ------
    ReadError
    """
    real = Path(os.path.realpath(file))
    if not real.is_relative_to(os.path.realpath(folder)):
        raise ReadError(
            f"{file} is a link to {real}, outside of its folder: it is not followed, put the file "
            "itself there"
        )


def _outside(header: str, name: str) -> ReadError:
    return ReadError(
        f"{header} refers to {name!r}; expected a file in the same folder: references out of it "
        "are not followed, copy both into one folder and correct the name"
    )
