"""Files of an instrument on their way into the workspace.

The file is read by a child process and streamed; its own metadata, what a person answered and
the file's SHA-256 stand in the image's record. A missing voxel size makes an uncalibrated image.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DecisionNeeded
from .progress import OnProgress

if TYPE_CHECKING:
    from ..io import Answers, ImageDescription
    from .image import Image
    from .images import Images


#: ``.tif``, ``.ome.zarr``, ``.nii.gz``, but not the ``.5 um`` of a name.
_ENDING = re.compile(r"(?<=.)(\.ome|\.nii|\.tar)?\.[A-Za-z][A-Za-z0-9]{0,5}$", re.IGNORECASE)

_PART_BYTES = 4 * 2**20


def import_file(
    images: Images,
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    answers: Answers | None = None,
    frame: str | None = None,
    origin_um: Sequence[float] | None = None,
    progress: OnProgress | bool | None = None,
) -> Image:
    """Stream one file into a new image.

    Parameters
    ----------
    images : Images
    path : path
        A file, a folder of slices, or ``file::entry``.
    name : str, optional
        The file's name without its endings by default.
    answers : Answers, optional
        What the file does not say.
    frame : str, optional
        The image's own name by default.
    origin_um : sequence of float, optional
        Centre of the first pixel in the frame, per spatial axis [µm]; 0 by default.
    progress : callable or bool, optional

    Raises
    ------
    ReadError, ReadLimit
        When the file cannot be understood.
    DecisionNeeded
        When the image is mirrored and nobody said what to do about it.
    ValueError
        When the name is taken.
    DiskFull
        When it might not fit.
    """
    from ..io import open_source

    title, enough = name or name_of(path), threading.Event()
    with ThreadPoolExecutor(1) as pool, open_source(path, answers=answers) as source:
        said = source.description
        refuse_mirrored(said)
        digest = pool.submit(sha256_of, Path(os.fspath(path).partition("::")[0]), enough=enough)
        try:
            return images.write(
                title,
                shape=said.shape,
                dtype=said.dtype,
                axes=said.axes,
                blocks=source.blocks(),
                spacing_um=said.spacing_um,
                spacing_source=said.spacing_source,
                frame=frame,
                origin_um=origin_um,
                modality=said.modality,
                channel_names=said.channel_names,
                time=said.time,
                metadata=dict(said.metadata),
                source=lambda: {**_provenance(said, answers), "sha256": digest.result()},
                progress=progress,
            )
        finally:
            enough.set()  # after a failure nobody waits for the sum of a large file


def import_files(
    images: Images,
    paths: Iterable[str | os.PathLike[str]],
    *,
    answers: Answers | None = None,
    progress: OnProgress | bool | None = None,
) -> list[Image]:
    """Stream several files into images of their names, with the same answers."""
    return [import_file(images, path, answers=answers, progress=progress) for path in paths]


def name_of(path: str | os.PathLike[str]) -> str:
    """Name an image after its file.

    Examples
    --------
    >>> name_of("scans/left hip.ome.tif"), name_of("stack.h5::volumes/raw")
    ('left hip', 'stack volumes raw')
    """
    file, _, entry = os.fspath(path).partition("::")
    stem = _ENDING.sub("", Path(file).name)
    return " ".join([stem, *entry.replace("/", " ").split()])


def refuse_mirrored(said: ImageDescription) -> None:
    """Refuse a mirror image until somebody answers: nothing shows it later.

    Raises
    ------
    DecisionNeeded
        With the flip that would take it back.
    """
    from ..io import refusal

    if "flip" in said.missing:
        raise DecisionNeeded(str(refusal(said, only=("flip",))))


def sha256_of(path: Path, *, enough: threading.Event | None = None) -> str:
    """Compute the SHA-256 of a file; of a folder, that of its files' names and sums.

    Parameters
    ----------
    path : Path
    enough : threading.Event, optional
        Once it is set, nobody wants the sum any more; what is given then is none.
    """
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
        sums = [(sha256_of(file, enough=enough), file.relative_to(path)) for file in files]
        lines = [f"{total}  {file.as_posix()}\n" for total, file in sums]
        return hashlib.sha256("".join(lines).encode()).hexdigest()
    total = hashlib.sha256()
    with path.open("rb") as file:
        while (part := file.read(_PART_BYTES)) and not (enough and enough.is_set()):
            total.update(part)
    return total.hexdigest()


def _provenance(said: ImageDescription, answers: Answers | None) -> dict[str, Any]:
    return {
        "file": Path(said.path).name,
        "format": said.format,
        "bytes": said.file_bytes,
        "instrument": said.instrument,
        "stage": dict(said.stage),
        "file_origin_um": said.origin_um,
        "file_frame": said.frame,
        "warnings": list(said.warnings),
        "missing": list(said.missing),
        "partial_spacing_um": list(said.partial_spacing_um),
        "answers": answers.to_dict() if answers is not None else {},
    }
