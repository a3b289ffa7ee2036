"""All turns within reach, each with all shifts at once: for images that share no middle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from .estimate import moved
from .grey_image import GreyImage
from .transform import AffineTransform

if TYPE_CHECKING:
    from .intensity import Search

_LONGEST = 20  # voxels of the larger image
_TURN = 1.5  # voxels that the corners move from one turn to the next
_LEAST_OVERLAP = 0.3  # of the smaller image
_KEPT = 16
_PEAKS = 2  # of each turn


@dataclass(frozen=True, eq=False)
class Features:
    """What is compared, on a grid of equal sides: grey values and how steep they are.

    Attributes
    ----------
    values : ndarray, shape (2, z, y, x)
        Without their means, 0 where nothing is known.
    known : ndarray, shape (z, y, x)
        1 or 0.
    origin_um : ndarray, shape (3,)
    """

    values: np.ndarray
    known: np.ndarray
    origin_um: np.ndarray


def poses_by_correlation(
    search: Search, start: AffineTransform, *, reach_um: float, reach_deg: float
) -> list[AffineTransform]:
    """Rank turns and shifts by normalised correlation of grey values and of their steepness.

    The larger of both counts, and its sign does not: contrast may be inverted.

    Returns
    -------
    list of AffineTransform
        Rigid changes of the start, the best first.
    """
    voxel = float(max(search.searched.size_um.max() / _LONGEST, search.levels[-1].voxel_um))
    searched = search.searched.coarser(voxel)
    sampled = search.sampled.coarser(voxel)
    there = _resampled(searched, None, *_box(searched.corners_um, voxel), voxel)
    radius = float(np.linalg.norm(sampled.size_um) / 2)
    turns = list(_turns(start, _TURN * voxel / radius, np.radians(reach_deg)))
    scale = float(np.abs(np.linalg.det(start.matrix)) ** (1 / 3))
    correlator = Correlator(there, int(2 * radius * scale / voxel) + 2, voxel)
    ranked: list[tuple[float, AffineTransform]] = []
    for number, turn in enumerate(turns):
        if number % 16 == 0:
            search.tell("looking through all turns", number / len(turns))
        turned = moved(replace(start, model="rigid"), turn)
        box = _box(turned.apply(sampled.corners_um), voxel)
        here = _resampled(sampled, turned, *box, voxel)
        for score, shift in correlator.best(here, reach_um):
            ranked.append((score, replace(turned, offset_um=turned.offset_um + shift)))
    ranked.sort(key=lambda one: -one[0])
    return [pose for _, pose in ranked[:_KEPT]]


def _turns(start: AffineTransform, step: float, reach: float) -> Iterator[np.ndarray]:
    """Changes of the parameters that turn by whole steps within reach."""
    flat = start.ndim_fixed == 2
    count = int(reach / step)
    ticks = np.arange(-count, count + 1) * step
    shifts, turns = (2, 1) if flat else (3, 3)
    for turn in np.stack(np.meshgrid(*[ticks] * turns, indexing="ij"), -1).reshape(-1, turns):
        if np.linalg.norm(turn) <= reach + 1e-9:
            yield np.concatenate([np.zeros(shifts), turn])


def _box(corners_um: np.ndarray, voxel_um: float) -> tuple[np.ndarray, tuple[int, ...]]:
    low, high = corners_um.min(axis=0), corners_um.max(axis=0)
    shape = np.floor((high - low) / voxel_um + 1e-6).astype(int) + 1
    return low, tuple(int(n) for n in shape)


def _resampled(
    image: GreyImage,
    to_frame: AffineTransform | None,
    low_um: np.ndarray,
    shape: tuple[int, ...],
    voxel_um: float,
) -> Features:
    """Read an image on a grid of equal sides in another frame."""
    from . import mutual_loops

    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1).reshape(-1, 3)
    points = grid * voxel_um + low_um
    if to_frame is not None:
        points = to_frame.inverse_apply(points)
    values = np.empty(len(points), np.float32)
    slopes = np.zeros((len(points), 3), np.float32)
    mask = np.zeros((0, 0, 0), bool) if image.mask is None else image.mask
    matrix = np.diag(1 / image.spacing_um)
    offset = -image.origin_um / image.spacing_um
    if image.ndim == 2:
        points = points * [0, 1, 1]
    mutual_loops.look_up(
        np.ascontiguousarray(points), matrix, offset, image.values, mask, values, slopes
    )
    known = ~np.isnan(values)
    steep = np.sqrt(np.sum((slopes / image.spacing_um) ** 2, axis=1))
    both = np.stack([values, steep]).astype(np.float32)
    if known.any():
        both -= both[:, known].mean(axis=1, keepdims=True)
    both[:, ~known] = 0
    return Features(both.reshape(2, *shape), known.reshape(shape).astype(np.float32), low_um)


class Correlator:
    """Correlates features with those of one image, at all shifts at once.

    Parameters
    ----------
    there : Features
    reach : int
        Voxels along the longest side of what comes.
    """

    def __init__(self, there: Features, reach: int, voxel_um: float) -> None:
        from scipy.fft import next_fast_len

        self.there, self.voxel_um = there, voxel_um
        self.shape = [next_fast_len(side + reach - 1, real=True) for side in there.known.shape]
        self.known = self._turned(there.known)
        self.values = [self._turned(values) for values in there.values]
        self.squares = [self._turned(values**2) for values in there.values]
        lags = [np.fft.fftfreq(n, 1 / n) * voxel_um for n in self.shape]
        self.lags = [
            lag.reshape([-1 if k == axis else 1 for k in range(3)]) for axis, lag in enumerate(lags)
        ]

    def _turned(self, values: np.ndarray) -> np.ndarray:
        from scipy.fft import rfftn

        return np.asarray(rfftn(values, self.shape))

    def _over(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        from scipy.fft import irfftn

        return np.asarray(irfftn(a * np.conj(b), self.shape))

    def best(self, here: Features, reach_um: float) -> list[tuple[float, np.ndarray]]:
        """Best correlations within reach, and the shifts that give them [um]."""
        ours = self._turned(here.known)
        count = self._over(self.known, ours)
        score = np.zeros(self.shape, np.float32)
        for theirs, squares, values in zip(self.values, self.squares, here.values, strict=True):
            own = self._over(squares, ours)
            other = self._over(self.known, self._turned(values**2))
            size = np.sqrt(np.maximum(own * other, 1e-12))
            score = np.maximum(score, np.abs(self._over(theirs, self._turned(values))) / size)
        score[count < _LEAST_OVERLAP * min(self.there.known.sum(), here.known.sum())] = 0
        by_origin = self.there.origin_um - here.origin_um
        shifts = [lag + by for lag, by in zip(self.lags, by_origin, strict=True)]
        score[_squared(shifts, np.zeros(3)) > reach_um**2] = 0
        found = []
        for _ in range(_PEAKS):
            best = np.unravel_index(int(np.argmax(score)), score.shape)
            if score[best] <= 0:
                break
            shift = np.array([one.ravel()[k] for one, k in zip(shifts, best, strict=True)])
            found.append((float(score[best]), shift))
            score[_squared(shifts, shift) < (3 * self.voxel_um) ** 2] = 0
        return found


def _squared(shifts: list[np.ndarray], middle: np.ndarray) -> np.ndarray:
    z, y, x = ((one - by) ** 2 for one, by in zip(shifts, middle, strict=True))
    return np.asarray(z + y + x)
