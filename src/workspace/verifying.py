"""Every file of an image against what was recorded when it was imported."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DamagedImage
from .chunk_table import chunk_counts, expected_chunks
from .group import FILE, group_problem
from .guard import Guard
from .record import Record

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["image", "part", "files", "damaged", "compared_with", "problem"]
_RECORDED = "the import"
_ITSELF = "its own checksum only: it was imported before tables of chunks were kept"


def verify_image(image: Record, folder: Path) -> pd.DataFrame:
    """Read all files of an image and say which are not as they were written.

    Parameters
    ----------
    image : Record
    folder : Path
        Its OME-Zarr folder.

    Returns
    -------
    DataFrame
        image, part, files, damaged, compared_with, problem.
    """
    import pandas as pd

    rows = [_group(image, folder)]
    for level in range(len(image.fields["factors"])):
        rows.append(_level(image, folder, str(level)))
    return pd.DataFrame([(image.name, *row) for row in rows], columns=COLUMNS)


_Row = tuple[str, int, int, str, str]


def _group(image: Record, folder: Path) -> _Row:
    problem = group_problem(folder, image)
    known = FILE in image.fields["fingerprints"]
    words = "the record" if known else "nothing: no fingerprint was kept"
    if problem:
        problem += f"; ws.images.publish_metadata({image.name!r}) writes it again"
    return "metadata", 1, int(bool(problem)), words, problem


def _level(image: Record, folder: Path, level: str) -> _Row:
    guard = Guard(folder, image=image.name or image.id, fingerprints=image.fields["fingerprints"])
    metadata = folder / level / "zarr.json"
    try:
        _check(guard, metadata)
        table = guard.table(level)
    except DamagedImage as error:
        return f"level {level}", 1, 1, _RECORDED, str(error)
    chunks = expected_chunks(folder / level, chunk_counts(metadata.read_bytes()))
    with ThreadPoolExecutor(8) as pool:
        problems = [problem for problem in pool.map(partial(_problem, guard), chunks) if problem]
    words = _ITSELF if table is None else _RECORDED
    return f"level {level}", len(chunks) + 1, len(problems), words, "".join(problems[:1])


def _check(guard: Guard, path: Path) -> None:
    key = path.relative_to(guard.folder).as_posix()
    guard.refuse_link(key)
    try:
        data = path.read_bytes() if path.is_file() else None
    except OSError as error:  # a failing disk is what is looked for: the other files count too
        raise guard.refusal(key, "bytes that can be read", str(error.strerror)) from error
    guard.check(key, data)


def _problem(guard: Guard, chunk: Path) -> str:
    try:
        _check(guard, chunk)
    except DamagedImage as error:
        return str(error)
    return ""
