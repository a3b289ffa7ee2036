"""The doors: what does this file hold, and give me its pixels."""

from __future__ import annotations

import os

from .answers import Answers
from .description import ImageDescription
from .ome_zarr import OmeZarrSource, is_ome_zarr
from .source import MEMORY_MB, SECONDS, Source, resolved


def open_source(
    path: str | os.PathLike[str],
    *,
    answers: Answers | None = None,
    memory_mb: int = MEMORY_MB,
    seconds: float = SECONDS,
) -> Source | OmeZarrSource:
    """Open one image of a file, in a child process with limits.

    OME-Zarr alone is opened in the caller, lazily.

    Parameters
    ----------
    path : str or path
        A file, a folder of slices, or ``file::entry`` for one image of several.
    answers : Answers, optional
        What the file does not say.
    memory_mb : int
        Memory the child may take [MiB].
    seconds : float
        The longest wait for one answer [s].

    Returns
    -------
    Source or OmeZarrSource
        To be used with ``with``.

    Raises
    ------
    ReadError
        If the file cannot be understood or is refused.
    ReadLimit
        If that would take more memory or time than allowed.
    """
    absolute, given = resolved(path, answers)
    if is_ome_zarr(absolute):
        return OmeZarrSource(absolute, answers=given, memory_mb=memory_mb)
    return Source(absolute, answers=given, memory_mb=memory_mb, seconds=seconds)


def describe(
    path: str | os.PathLike[str],
    *,
    answers: Answers | None = None,
    memory_mb: int = MEMORY_MB,
    seconds: float = SECONDS,
) -> ImageDescription:
    """Say what a file holds without reading its pixels; parameters as `open_source`."""
    with open_source(path, answers=answers, memory_mb=memory_mb, seconds=seconds) as source:
        return source.description
