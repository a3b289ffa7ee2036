"""Which of the TIFF dialects a file speaks."""

from __future__ import annotations

import logging
from typing import Any

from ..errors import ReadError
from . import fei_sem, imagej, jeol_sem, jpk, ome_tiff, tescan_sem, zeiss_sem
from .answers import Answers
from .reading import Reading
from .tiff import read_tiff
from .tiff_chain import refuse_broken_chain

_MAGIC = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")


def recognises(path: str, head: bytes) -> bool:
    """Say whether the first bytes are a TIFF's."""
    return head[:4] in _MAGIC


def open_tiff(path: str, answers: Answers) -> Reading:
    """Open any TIFF and let the dialect that wrote it describe it.

    Raises
    ------
    ReadError
        If it is damaged, or its planes lie in other files.
    """
    import tifffile

    refuse_broken_chain(path)
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    try:
        tif = tifffile.TiffFile(path, mode="r", _multifile=False)
        if ome_tiff.claims(tif):
            ome_tiff.parse_ome(tif.ome_metadata, path=path)
        if jpk.claims(tif):
            return jpk.read_jpk(tif, answers, path=path)
        number = _series_number(tif, answers.entry, path)
        series = tif.series[number]
    except ReadError:
        raise
    except Exception as error:
        raise ReadError(
            f"{path} begins like a TIFF, but cannot be read ({error}): copy or export it again"
        ) from error
    return _describe(tif, series, number, path)


def _series_number(tif: Any, entry: str | None, path: str) -> int:
    count = len(tif.series)
    if entry is None and count:
        return 0
    if entry is None or not entry.isdecimal() or int(entry) >= count:
        raise ReadError(
            f"{path} holds {count} images, numbered from 0; got entry {entry!r}: "
            "choose one of them, path::0 for example"
        )
    return int(entry)


def _describe(tif: Any, series: Any, number: int, path: str) -> Reading:
    if ome_tiff.claims(tif):
        reading = ome_tiff.read_ome_tiff(tif, series, number=number, path=path)
    elif fei_sem.claims(tif):
        reading = fei_sem.read_fei_sem(tif, series, path=path)
    elif zeiss_sem.claims(tif):
        reading = zeiss_sem.read_zeiss_sem(tif, series, path=path)
    elif tescan_sem.claims(tif, path):
        reading = tescan_sem.read_tescan_sem(tif, series, path=path)
    elif jeol_sem.claims(path):
        reading = jeol_sem.read_jeol_sem(tif, series, path=path)
    elif imagej.claims(tif):
        reading = imagej.read_imagej(tif, series, path=path)
    else:
        reading = read_tiff(tif, series, path=path)
    return _with_series_note(reading, len(tif.series), number)


def _with_series_note(reading: Reading, count: int, number: int) -> Reading:
    from dataclasses import replace

    if count < 2:
        return reading
    note = f"the file holds {count} images: this is number {number}, the others are path::N"
    return replace(reading, warnings=(*reading.warnings, note))
