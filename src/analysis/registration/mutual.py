"""Mutual information of two images under a map, and how it changes with the map."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ..threads import each

_PIECES = 8  # samples are swept over in as many, so that sums are the same on any machine
_SMALL = 16_000  # samples that are not worth a thread
LEAST_OVERLAP = 0.25  # of the samples; few pairs of grey values are related by chance
_COUNTED = 50_000  # grey values, or a few times as many, that tell their range
_TAILS = 0.002  # of the grey values, at either end, share the outermost bin


@dataclass(frozen=True, eq=False)
class Samples:
    """Voxels of one image.

    Attributes
    ----------
    points_um : ndarray of float64, shape (n, 3)
        Where they lie, z, y, x [um].
    bins : ndarray of int32, shape (n,)
        Bin of their grey value.
    blocks : ndarray of int32, shape (n,)
        Block of the image that they lie in.
    """

    points_um: np.ndarray
    bins: np.ndarray
    blocks: np.ndarray


@dataclass(frozen=True, eq=False)
class Sweep:
    """Mutual information under one map.

    Attributes
    ----------
    information : float
        Mutual information [nat]; 0 where the images do not overlap.
    overlap : float
        Share of the samples that fall into the searched image.
    slopes : ndarray, shape (blocks, 12)
        Its change with the shift [1/um] and with the matrix about the centre, row by row, what each
        block adds to it.
    """

    information: float
    overlap: float
    slopes: np.ndarray


@dataclass(frozen=True, eq=False)
class SampleSweep:
    """Mutual information where every sample goes to a place of its own.

    Attributes
    ----------
    information, overlap : float
        As of a `Sweep`.
    slopes : ndarray, shape (n, 3)
        Its change as each sample moves, z, y, x of the searched image [nat/um].
    worth : ndarray, shape (n,)
        What each sample's pair of grey values adds to it, up to what the samples alone give [nat].
    """

    information: float
    overlap: float
    slopes: np.ndarray
    worth: np.ndarray


class MutualInformation:
    """Mutual information of sampled voxels with the image that they are mapped into.

    Grey values of the sampled image are counted in bins; those of the searched image are spread
    over four bins by a cubic B-spline, so that the histogram changes smoothly with the map.

    Parameters
    ----------
    samples : Samples
    searched : ndarray of float32, shape (z, y, x)
    spacing_um, origin_um : ndarray, shape (3,)
        Voxel size and centre of the first voxel [um].
    mask : ndarray of bool, optional
        Voxels of the searched image that count.
    bins : int
        Of each image.
    cubic : bool
        Cubic instead of linear interpolation: four times as slow, and without its bias under
        scaling.
    least_overlap : float
        Smaller shares of samples in the image count as no overlap.

    References
    ----------
    Mattes et al. 2003, doi:10.1109/TMI.2003.809072; Thevenaz & Unser 2000,
    doi:10.1109/83.887976.
    """

    def __init__(
        self,
        samples: Samples,
        searched: np.ndarray,
        *,
        spacing_um: np.ndarray,
        origin_um: np.ndarray,
        mask: np.ndarray | None = None,
        bins: int = 32,
        cubic: bool = False,
        least_overlap: float = LEAST_OVERLAP,
    ) -> None:
        self.searched = searched
        self.spacing_um = np.asarray(spacing_um, float)
        self.origin_um = np.asarray(origin_um, float)
        self.mask = np.zeros((0, 0, 0), bool) if mask is None else np.ascontiguousarray(mask)
        self.bins, self.least_overlap = bins, least_overlap
        from . import mutual_loops

        self._loops = mutual_loops
        self._read = mutual_loops.look_up_cubic if cubic else mutual_loops.look_up
        self.low, high = grey_range(searched, mask)
        self.per_bin = (bins - 4) / max(high - self.low, 1e-12)
        self._take(samples)

    def with_samples(self, samples: Samples) -> MutualInformation:
        """The same image searched for other samples."""
        other = copy(self)
        other._take(samples)
        return other

    def thinned(self, count: int) -> MutualInformation:
        """The same with every so many of its samples, at least a given number of them."""
        every, own = max(1, len(self.samples.bins) // count), self.samples
        if every == 1:
            return self
        return self.with_samples(
            Samples(
                np.ascontiguousarray(own.points_um[::every]),
                np.ascontiguousarray(own.bins[::every]),
                np.ascontiguousarray(own.blocks[::every]),
            )
        )

    def _take(self, samples: Samples) -> None:
        self.samples, count = samples, len(samples.bins)
        self._values = np.empty(count, np.float32)
        self._slopes = np.empty((count, 3), np.float32)
        self._fixed_bins = int(samples.bins.max()) + 1 if count else 1
        self._blocks = int(samples.blocks.max()) + 1 if count else 1
        ends = np.linspace(0, count, (_PIECES if count > _SMALL else 1) + 1).astype(int)
        self._pieces = [slice(a, b) for a, b in pairwise(ends)]

    @property
    def is_small(self) -> bool:
        """Whether whole climbs are compiled: few samples, read linearly."""
        return len(self._pieces) == 1 and self._read is self._loops.look_up

    @property
    def tables(self) -> tuple[Any, ...]:
        """What a compiled climb needs to know of samples and image."""
        return (
            self.samples.points_um,
            self.samples.bins,
            self.searched,
            self.mask,
            self.low,
            self.per_bin,
            np.array([self._fixed_bins, self.bins]),
            self.least_overlap,
            self.spacing_um,
            self.origin_um,
        )

    def __call__(self, matrix: np.ndarray, centre_um: np.ndarray, offset_um: np.ndarray) -> Sweep:
        """Sweep over all samples under the map ``matrix @ (x - centre) + offset``."""
        information, overlap = self._look(
            self.samples.points_um, matrix, offset_um - matrix @ centre_um
        )
        if overlap < self.least_overlap:
            return Sweep(0.0, overlap, np.zeros((self._blocks, 12)))
        sums = np.zeros((len(self._pieces), self._blocks, 12))
        self._each(lambda k, piece: self._add(piece, self._worth, sums[k]))
        slopes = sums.sum(axis=0) / self._counted
        per_um = 1 / self.spacing_um
        slopes[:, :3] *= per_um
        slopes[:, 3:] *= np.repeat(per_um, 3)
        slopes[:, 3:] -= (slopes[:, :3, None] * centre_um).reshape(-1, 9)  # about the centre
        return Sweep(information, overlap, slopes)

    def slopes_along(self, shapes: np.ndarray) -> np.ndarray:
        """How the last sweep would change if every sample moved by so much: (blocks, 3, 3).

        ``shapes`` (n, 3) are three ways of moving all samples; slopes are by the axis along which
        they move, z, y, x of the searched image [1/um], and by the shape.
        """
        sums = np.zeros((self._blocks, 12))
        self._loops.add_slopes(
            self._values,
            self._slopes,
            self.samples.bins,
            self.low,
            self.per_bin,
            self._worth,
            np.ascontiguousarray(shapes, float),
            self.samples.blocks,
            sums,
        )
        return sums[:, 3:].reshape(-1, 3, 3) / self._counted / self.spacing_um[:, None]

    def at(self, places_um: np.ndarray) -> SampleSweep:
        """Sweep over all samples where each one of them goes to a place of its own.

        Parameters
        ----------
        places_um : ndarray of float64, shape (n, 3)
            In the searched image [um].
        """
        information, overlap = self._look(places_um, np.eye(3), np.zeros(3))
        count = len(self._values)
        if overlap < self.least_overlap:
            return SampleSweep(0.0, overlap, np.zeros((count, 3)), np.zeros(count))
        slopes, worth = np.empty((count, 3)), np.empty(count)

        def judge(_: int, piece: slice) -> None:
            values, bins = self._values[piece], self.samples.bins[piece]
            table = (self.low, self.per_bin, self._worth)
            self._loops.forces(values, self._slopes[piece], bins, *table, slopes[piece])
            self._loops.worths(values, bins, *table, worth[piece])

        self._each(judge)
        return SampleSweep(
            information, overlap, slopes / self._counted / self.spacing_um, worth / self._counted
        )

    def _look(
        self, points_um: np.ndarray, matrix: np.ndarray, offset_um: np.ndarray
    ) -> tuple[float, float]:
        """Read the searched image at all samples and count pairs: information and overlap."""
        to_voxels = np.ascontiguousarray(matrix / self.spacing_um[:, None])
        start = (offset_um - self.origin_um) / self.spacing_um
        joint = np.zeros((len(self._pieces), self._fixed_bins, self.bins))

        def count(k: int, piece: slice) -> int:
            points, values = points_um[piece], self._values[piece]
            slopes = self._slopes[piece]
            seen = self._read(points, to_voxels, start, self.searched, self.mask, values, slopes)
            self._loops.count_pairs(
                values, self.samples.bins[piece], self.low, self.per_bin, joint[k]
            )
            return int(seen)

        self._counted = sum(self._each(count))
        overlap = self._counted / max(1, len(self._values))
        if overlap < self.least_overlap:
            return 0.0, overlap
        self._worth = joint.sum(axis=0)
        return float(self._loops.inform(self._worth)), overlap

    def _add(self, piece: slice, worth: np.ndarray, sums: np.ndarray) -> None:
        self._loops.add_slopes(
            self._values[piece],
            self._slopes[piece],
            self.samples.bins[piece],
            self.low,
            self.per_bin,
            worth,
            self.samples.points_um[piece],
            self.samples.blocks[piece],
            sums,
        )

    def _each(self, work: Callable[[int, slice], Any]) -> list[Any]:
        if len(self._pieces) == 1:
            return [work(0, self._pieces[0])]
        return each(work, range(len(self._pieces)), self._pieces)


def grey_range(values: np.ndarray, mask: np.ndarray | None = None) -> tuple[float, float]:
    """Grey values between which nearly all lie; few outliers share the outermost bins.

    Of a large image, voxels on a regular grid are looked at.
    """
    wide = sum(size > 3 for size in values.shape)
    step = max(1, int((values.size / _COUNTED) ** (1 / max(wide, 1))))
    every = tuple(slice(None, None, step if size > 3 else 1) for size in values.shape)
    counted = values[every]
    if mask is not None and mask[every].any():
        counted = counted[mask[every]]
    low, high = np.quantile(counted, (_TAILS, 1 - _TAILS))
    return (float(low), float(high)) if high > low else (float(low), float(low) + 1.0)


def binned(values: np.ndarray, low: float, high: float, bins: int) -> np.ndarray:
    """Number of the bin of each grey value: int32."""
    places = (values - low) * (bins / (high - low))
    return np.clip(places, 0, bins - 1).astype(np.int32)
