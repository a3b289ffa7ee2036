"""Boxes out of a TIFF series without reading the rest of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np

from ..errors import ReadError


class TiffPixels:
    """The pixels of one series of a TIFF file.

    An uncompressed contiguous series is mapped; otherwise only the strips or tiles that a box
    touches are decoded, one at a time, so that a large page needs no large memory.

    Parameters
    ----------
    series : tifffile.TiffPageSeries
    path : str
        For messages.
    """

    sequential = False

    def __init__(self, series: Any, *, path: str) -> None:
        self._series, self._path = series, path
        self.shape = tuple(int(n) for n in series.shape)
        self.dtype = np.dtype(series.dtype)
        self._page_shape = tuple(int(n) for n in series.keyframe.shape)
        self._lead = self.shape[: len(self.shape) - len(self._page_shape)]
        self._mapped: np.ndarray | None = None
        if series.dataoffset is not None and self.dtype.kind in "iuf":
            self._mapped = self._map(int(series.dataoffset))
        else:
            self._refuse_strange_pages()

    def _map(self, offset: int) -> np.ndarray:
        stored = self.dtype.newbyteorder(self._series.parent.byteorder)
        need, have = offset + prod(self.shape) * stored.itemsize, self._file_size()
        if need > have:
            raise ReadError(
                f"{self._path} is cut short: shape {self.shape} {self.dtype} needs {need} bytes, "
                f"the file has {have}: copy it again"
            )
        return np.memmap(self._path, stored, "r", offset, self.shape)

    def _file_size(self) -> int:
        return int(self._series.parent.filehandle.size)

    def _refuse_strange_pages(self) -> None:
        if self.shape[len(self._lead) :] != self._page_shape:
            raise ReadError(
                f"{self._path} declares shape {self.shape}, its pages have {self._page_shape}: "
                "save it again as a plain TIFF stack"
            )
        if prod(self._lead) != len(self._series):
            raise ReadError(
                f"{self._path} declares {prod(self._lead)} pages (shape {self.shape}) and holds "
                f"{len(self._series)}: the writing was broken off, or save it again as a stack"
            )

    @property
    def segment_bytes(self) -> int:
        """What the largest strip or tile takes once decoded [byte]; 0 if nothing is decoded."""
        if self._mapped is not None:
            return 0
        return prod(_segment_shape(self._series.keyframe)) * self.dtype.itemsize

    def read(self, selection: tuple[slice, ...]) -> np.ndarray:
        """Read one box, in native byte order."""
        native = self.dtype.newbyteorder("=")
        if self._mapped is not None:
            return np.asarray(self._mapped[selection], dtype=native)
        depth = len(self._lead)
        picked = [range(n)[part] for n, part in zip(self._lead, selection[:depth], strict=True)]
        inside = selection[depth:]
        rows = [len(range(n)[p]) for n, p in zip(self._page_shape, inside, strict=True)]
        out = np.empty([*map(len, picked), *rows], native)
        for place in np.ndindex(*map(len, picked)):
            lead = [indices[i] for indices, i in zip(picked, place, strict=True)]
            out[place] = decode_box(self._page(lead), inside, path=self._path)
        return out

    def _page(self, lead: list[int]) -> Any:
        index = int(np.ravel_multi_index(lead, self._lead)) if lead else 0
        page = self._series[index]
        if page is None:
            raise ReadError(
                f"{self._path} does not hold page {index} of {len(self._series)}: "
                "export it again with all its planes"
            )
        return page

    def close(self) -> None:
        """Let go of the file."""
        self._mapped = None
        self._series.parent.close()


def _segment_shape(key: Any) -> tuple[int, int, int, int, int]:
    """Shape of a strip or tile as (separate sample, depth, length, width, sample)."""
    samples = int(key.shaped[4])
    if key.is_tiled:
        return 1, max(1, key.tiledepth), key.tilelength, key.tilewidth, samples
    return 1, 1, min(int(key.rowsperstrip), key.imagelength), key.imagewidth, samples


def decode_box(page: Any, inside: tuple[slice, ...], *, path: str) -> np.ndarray:
    """Decode the strips or tiles of a page that a box touches.

    Parameters
    ----------
    page : tifffile.TiffPage or TiffFrame
    inside : tuple of slice
        Along the axes of ``page.shape``.

    Returns
    -------
    ndarray
        The box, in native byte order.
    """
    key = page.keyframe
    spans = _spans(key, inside)
    extent = _segment_shape(key)
    steps = [-(-int(n) // size) for n, size in zip(key.shaped, extent, strict=True)]
    if len(page.dataoffsets) < prod(steps):
        raise ReadError(
            f"{path} needs {prod(steps)} strips or tiles a page, lists {len(page.dataoffsets)}: "
            "its directory is damaged, copy it again"
        )
    out = np.empty([len(span) for span in spans], key.dtype.newbyteorder("="))
    along = [
        _cuts(span, size, count) for span, size, count in zip(spans, extent, steps, strict=True)
    ]
    for cuts in product(*along):
        number = 0
        for cut, count in zip(cuts, steps, strict=True):
            number = number * count + cut.index
        segment = _decoded(page, number, path)[np.newaxis]
        out[tuple(cut.target for cut in cuts)] = segment[tuple(cut.source for cut in cuts)]
    return out.reshape([len(range(n)[p]) for n, p in zip(key.shape, inside, strict=True)])


def _spans(key: Any, inside: tuple[slice, ...]) -> list[range]:
    """Wanted indices along (separate sample, depth, length, width, sample)."""
    separate = int(key.shaped[0]) > 1
    places = {"S": 0 if separate else 4, "Z": 1, "Y": 2, "X": 3}
    spans = [range(int(n)) for n in key.shaped]
    for letter, part in zip(key.axes, inside, strict=True):
        spans[places[letter]] = spans[places[letter]][part]
    return spans


@dataclass(frozen=True)
class _Cut:
    """Along one axis: a segment, the part of it that is wanted, and where that goes."""

    index: int
    source: slice
    target: slice


def _cuts(span: range, size: int, count: int) -> list[_Cut]:
    cuts = []
    for index in range(span.start // size, min(count, -(-span.stop // size))):
        start = index * size
        first = max(0, -(-(start - span.start) // span.step))
        last = min(len(span), -(-(start + size - span.start) // span.step))
        if first < last:
            source = slice(span[first] - start, span[last - 1] - start + 1, span.step)
            cuts.append(_Cut(index, source, slice(first, last)))
    return cuts


def _decoded(page: Any, number: int, path: str) -> np.ndarray:
    offset, count = page.dataoffsets[number], page.databytecounts[number]
    handle = page.parent.filehandle
    handle.seek(offset)
    data = handle.read(count)
    if not count or len(data) < count:
        raise ReadError(
            f"{path} is cut short: strip {number} needs {count} bytes at {offset}, "
            f"got {len(data)}: copy it again"
        )
    segment = page.keyframe.decode(data, number, jpegtables=page.jpegtables)[0]
    if segment is None:
        raise ReadError(f"{path}: strip {number} could not be decoded: copy the file again")
    return np.asarray(segment)
