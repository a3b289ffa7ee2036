"""Sums over labels in one sweep: voxels, moments, boxes, surfaces and contacts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..threads import in_slabs, thread_count
from .directions import line_directions

_PARTS = 2**36  # of the area of a voxel face


@dataclass(frozen=True)
class LabelSums:
    """What one sweep over labels gives; index is the label, axes are those of the image.

    Attributes
    ----------
    voxels : ndarray of int64, (labels,)
    mean : ndarray of float, (labels, ndim)
        Centroid [voxels]; NaN for labels that don't occur.
    covariance : ndarray of float, (labels, ndim, ndim)
        Of the positions of voxel centres [voxels²].
    low, high : ndarray of int64, (labels, ndim)
        Box; the upper end is one beyond.
    surface_um2 : ndarray of float, (labels,)
        Crofton's, inside the image [µm²]; length in 2D [µm].
    pairs : ndarray of int64, (n, 2)
        Labels that touch, the smaller first.
    contact_um2 : ndarray of float, (n,)
        Surface that they share.
    """

    voxels: NDArray[np.int64]
    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    surface_um2: NDArray[Any]
    pairs: NDArray[np.int64]
    contact_um2: NDArray[Any]


def label_sums(
    labels: NDArray,
    *,
    spacing_um: tuple[float, ...],
    moments: bool = True,
    surface: bool = True,
    contacts: bool = False,
    with_zero: bool = False,
    threads: int | None = None,
) -> LabelSums:
    """Sum over the labels of an image, all in one sweep.

    Parameters
    ----------
    labels : ndarray of unsigned int, (z, y, x) or (y, x)
    moments, surface, contacts : bool
        What is needed; the rest is left at 0.
    with_zero : bool
        Whether label 0 has a surface and contacts too.

    Returns
    -------
    LabelSums

    Examples
    --------
    >>> found = label_sums(np.array([[1, 1, 2]], np.uint16), spacing_um=(1.0, 1.0), contacts=True)
    >>> found.voxels, found.pairs
    (array([0, 2, 1]), array([[1, 2]]))
    """
    from .object_loops import COLUMNS, HIGH, LOW, SURFACE, sum_cells, sum_runs

    ndim = labels.ndim
    if labels.dtype not in (np.uint16, np.uint32):
        labels = labels.astype(np.uint32)
    volume = np.ascontiguousarray(labels).reshape((1,) * (3 - ndim) + labels.shape)
    count = int(labels.max()) + 1
    table = cell_table(spacing_um)
    workers = thread_count(threads)

    def runs(z0: int, z1: int) -> NDArray[np.int64]:
        sums = np.zeros((count, COLUMNS), np.int64)
        sum_runs(volume, sums, z0, z1)
        return sums

    def cells(c0: int, c1: int) -> Any:
        sums = np.zeros((count, COLUMNS), np.int64)
        return sums, sum_cells(volume, sums, table, contacts, with_zero, c0, c1)

    sums = np.zeros((count, COLUMNS), np.int64)
    if moments:
        for part in in_slabs(runs, len(volume), threads=workers, slabs=workers):
            _merge(sums, part, slice(LOW, HIGH), slice(HIGH, SURFACE))
    tables = []
    if surface or contacts:
        for part, pairs in in_slabs(cells, len(volume) + 1, threads=workers, slabs=workers):
            sums[:, SURFACE] += part[:, SURFACE]
            tables.append(pairs)
    pairs, areas = _joined(tables)
    mean, covariance = _moments(sums)
    axes = slice(3 - ndim, 3)
    return LabelSums(
        voxels=sums[:, 0],
        mean=mean[:, axes],
        covariance=covariance[:, axes, axes],
        low=sums[:, LOW:HIGH][:, axes],
        high=sums[:, HIGH:SURFACE][:, axes],
        surface_um2=sums[:, SURFACE] * (_unit_um2(spacing_um) / _PARTS),
        pairs=pairs,
        contact_um2=areas * (_unit_um2(spacing_um) / 2 / _PARTS),
    )


def _merge(sums: NDArray, part: NDArray, low: slice, high: slice) -> None:
    here, there = sums[:, :1] > 0, part[:, :1] > 0
    lowest = np.where(here & there, np.minimum(sums[:, low], part[:, low]), 0)
    lowest = np.where(here & there, lowest, np.where(here, sums[:, low], part[:, low]))
    highest = np.maximum(sums[:, high], part[:, high])
    sums += part
    sums[:, low], sums[:, high] = lowest, highest


def _moments(sums: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = sums[:, 1:4] / sums[:, :1]
        second = sums[:, 4:10] / sums[:, :1]
    order = np.array([[0, 3, 4], [3, 1, 5], [4, 5, 2]])
    return mean, second[:, order] - mean[:, :, None] * mean[:, None, :]


def _joined(
    tables: list[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if not tables:
        return np.zeros((0, 2), np.int64), np.zeros(0, np.int64)
    keys = np.concatenate([k[k > 0] for k, _ in tables])
    areas = np.concatenate([a[k > 0] for k, a in tables])
    unique, index = np.unique(keys, return_inverse=True)
    total = np.zeros(len(unique), np.int64)
    np.add.at(total, index, areas)
    unique -= 1
    return np.stack([unique >> 32, unique & (2**32 - 1)], axis=1), total


def _unit_um2(spacing: tuple[float, ...]) -> float:
    """Surface that a whole 1 in the cell table stands for."""
    return float(np.prod(spacing)) / min(spacing)


@lru_cache(maxsize=16)
def cell_table(spacing_um: tuple[float, ...]) -> NDArray[np.int64]:
    """Return Crofton's surface for each of the 256 sets of corners of a cell, in whole parts.

    A pair along an axis belongs to four cells, along the diagonal of a face to two.

    Examples
    --------
    >>> int(cell_table((1.0, 1.0, 1.0))[0b00001111]) / 2**36 > 0.5
    True
    """
    ndim = len(spacing_um)
    lines = line_directions(spacing_um)
    factor = (2.0 if ndim == 3 else pi / 2) * min(spacing_um) * _PARTS
    corners = np.array([[i >> 2 & 1, i >> 1 & 1, i & 1] for i in range(8)])
    number = {tuple(c): i for i, c in enumerate(corners.tolist())}
    table = np.zeros(256)
    sets = (np.arange(256)[:, None] >> np.arange(8)) & 1
    for step, length, weight in zip(lines.steps, lines.lengths_um, lines.weights, strict=True):
        whole = (0,) * (3 - ndim) + step
        places = [(a, tuple(np.add(a, whole).tolist())) for a in number]
        pairs = [(number[a], number[b]) for a, b in places if b in number]
        for i, j in pairs:
            table += (sets[:, i] != sets[:, j]) * (factor * weight / length / len(pairs))
    # whole multiples of 8, so that halves, quarters and eighths at the border are exact
    return np.rint(table / 8).astype(np.int64) * 8
