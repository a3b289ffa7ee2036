"""The coarse search: a picture correlated with every plane of a volume, turn by turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..grey_image import GreyImage
from ..transform import AffineTransform

_BATCH_VOXELS = 1_000_000  # of all grids that are transformed together
_EACH = 24  # places looked at in one turn; one only where there are many turns
_MANY_TURNS = 1000
_POOL = 6000  # best places among which distinct ones are told apart
_LOCAL = 4.0  # voxels: grey values are compared with those around them


@dataclass(frozen=True, eq=False)
class Places:
    """Where the picture may lie, best first.

    Attributes
    ----------
    scores : ndarray, shape (n,)
        Correlation with the volume, its sign dropped: contrast may be inverted.
    matrices : ndarray, shape (n, 3, 3)
        From the picture's axes to the volume's.
    centres_um : ndarray, shape (n, 3)
        Where the middle of the picture lies in the volume [um].
    """

    scores: np.ndarray
    matrices: np.ndarray
    centres_um: np.ndarray

    def corners(self, arms_um: np.ndarray) -> np.ndarray:
        """Where the picture's corners go, given about its middle: (n, 4, 3) [um]."""
        return self.centres_um[:, None] + np.einsum("nij,kj->nki", self.matrices, arms_um)

    def transform(self, index: int, *, like: AffineTransform) -> AffineTransform:
        """One of them as a map of the picture into the volume."""
        return AffineTransform(
            model=like.model,
            matrix=self.matrices[index],
            centre_um=like.centre_um,
            offset_um=self.centres_um[index],
            ndim_moving=2,
            ndim_fixed=3,
        )


def correlated_places(
    picture: GreyImage,
    volume: GreyImage,
    matrices: np.ndarray,
    *,
    most: int,
    apart: float = 0.0,
    least_overlap: float = 0.0,
    box_um: tuple[np.ndarray, np.ndarray] | None = None,
    tell: Callable[[float], None] = lambda share: None,
) -> Places:
    """Correlate a picture, turned in each of the given ways, with all places in a volume.

    Both are first compared with their surroundings, so that bright parts count no more than dark
    ones. Correlations are taken in Fourier space, all places at once.

    Parameters
    ----------
    picture, volume : GreyImage
        Coarse, of about the same voxel.
    matrices : ndarray, shape (m, 3, 3)
        From the picture's axes to the volume's.
    most : int
        Distinct places kept.
    apart : float
        Distinct places are farther apart than this, in widths of the picture; than 1.5 voxels
        anyway.
    least_overlap : float
        Share of the picture that lies in the volume, at least.
    box_um : tuple of two (3,) arrays, optional
        Where the middle of the picture may lie [um]; anywhere in the volume by default.
    tell : callable
        Is told the share done.

    Returns
    -------
    Places
    """
    from scipy import fft

    from . import correlation_loops

    points, values = _template(picture)
    shape = [fft.next_fast_len(n, real=True) for n in volume.values.shape]
    searched = np.zeros(shape, np.float32)
    size = volume.values.shape
    searched[tuple(map(slice, size))] = _against_surroundings(volume)
    spectrum = fft.rfftn(searched)
    window, first = _window(volume, box_um)
    to_voxels = np.asarray(matrices) / volume.spacing_um[:, None]
    batch = max(1, _BATCH_VOXELS // int(np.prod(shape)))
    found: list[tuple[np.ndarray, ...]] = []
    for start in range(0, len(matrices), batch):
        some = np.ascontiguousarray(to_voxels[start : start + batch])
        grids = np.zeros((len(some), *shape), np.float32)
        correlation_loops.drop(points, values, some, grids)
        turned = fft.rfftn(grids, axes=(1, 2, 3), workers=2)
        np.conjugate(turned, out=turned)
        turned *= spectrum
        scores = np.abs(fft.irfftn(turned, s=shape, axes=(1, 2, 3), workers=2)[window])
        found.append(_best(scores, start, _EACH if len(matrices) < _MANY_TURNS else 1))
        tell(min(1.0, (start + batch) / len(matrices)))
    score, turn, place = (np.concatenate(part) for part in zip(*found, strict=True))
    best = np.argsort(-score, kind="stable")[:_POOL]
    score, turn, place = score[best], turn[best], place[best]
    centres = (place + first) * volume.spacing_um + volume.origin_um
    every = Places(score, np.asarray(matrices)[turn], centres)
    enough = _overlaps(every, points, volume) >= least_overlap
    every = Places(score[enough], every.matrices[enough], centres[enough])
    arms = picture.corners_um - picture.centre_um
    least = max(1.5 * volume.voxel_um, apart * float(np.ptp(arms, axis=0).max()))
    return distinct(every, arms, apart_um=least, most=most)


def distinct(places: Places, arms_um: np.ndarray, *, apart_um: float, most: int) -> Places:
    """Keep the best of places whose corners lie less than ``apart_um`` apart, root mean square."""
    order = np.argsort(-places.scores, kind="stable")
    corners = places.corners(arms_um)[order]
    left = np.ones(len(order), bool)
    kept: list[int] = []
    while left.any() and len(kept) < most:
        here = int(np.argmax(left))
        kept.append(int(order[here]))
        off = np.sqrt(np.mean(np.sum((corners - corners[here]) ** 2, axis=2), axis=1))
        left &= off >= apart_um
        left[here] = False
    return Places(places.scores[kept], places.matrices[kept], places.centres_um[kept])


def _overlaps(places: Places, points_um: np.ndarray, volume: GreyImage) -> np.ndarray:
    """Share of the picture's pixels, some forty of them, that lie in the volume."""
    seen = places.corners(points_um[:: max(1, len(points_um) // 40)])
    low = volume.origin_um - volume.spacing_um / 2
    high = low + volume.size_um
    return np.all((seen >= low) & (seen <= high), axis=2).mean(axis=1)


def _template(picture: GreyImage) -> tuple[np.ndarray, np.ndarray]:
    values = _against_surroundings(picture)[0]
    rows, columns = np.indices(values.shape)
    places = np.stack([np.zeros(values.size), rows.ravel(), columns.ravel()], axis=1)
    points = places * picture.spacing_um + picture.origin_um - picture.centre_um
    flat = values.ravel()
    counted = np.ones(flat.size, bool) if picture.mask is None else picture.mask.ravel()
    flat = np.where(counted, flat - flat[counted].mean(), 0).astype(np.float32)
    return points, flat / np.float32(max(float(np.linalg.norm(flat)), 1e-12))


def _against_surroundings(image: GreyImage) -> np.ndarray:
    """Grey values less their mean around, over their standard deviation around."""
    from scipy import ndimage

    values = image.values
    counted = np.ones(values.shape, np.float32) if image.mask is None else image.mask
    weight = counted.astype(np.float32)
    sigma = [_LOCAL if n > 1 else 0.0 for n in values.shape]

    def around(grey: np.ndarray) -> np.ndarray:
        return ndimage.gaussian_filter(grey, sigma, mode="constant")

    share = np.maximum(around(weight), 1e-3)
    whole = float(values[weight > 0].std()) if weight.any() else 1.0
    less = (values - around(values * weight) / share) * weight
    spread = np.sqrt(np.maximum(around(less**2) / share, (0.1 * whole) ** 2 + 1e-20))
    return np.asarray(less / spread, np.float32)


def _window(
    volume: GreyImage, box_um: tuple[np.ndarray, np.ndarray] | None
) -> tuple[tuple[slice, ...], np.ndarray]:
    """Voxels where the middle of the picture may lie, and the first of them."""
    size = np.array(volume.values.shape)
    if box_um is None:
        return (slice(None), *map(slice, size)), np.zeros(3)
    low, high = ((np.asarray(end) - volume.origin_um) / volume.spacing_um for end in box_um)
    first = np.clip(np.floor(low), 0, size - 1).astype(int)
    last = np.clip(np.ceil(high), first, size - 1).astype(int) + 1
    return (slice(None), *(slice(a, b) for a, b in zip(first, last, strict=True))), first


def _best(scores: np.ndarray, start: int, each: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    flat = scores.reshape(len(scores), -1)
    count = min(each, flat.shape[1])
    if count == 1:
        at = np.argmax(flat, axis=1)[:, None]
    elif count < flat.shape[1]:
        at = np.argpartition(-flat, count - 1, axis=1)[:, :count]
    else:
        at = np.tile(np.arange(count), (len(flat), 1))
    place = np.stack(np.unravel_index(at.ravel(), scores.shape[1:]), axis=1)
    turn = np.repeat(np.arange(len(flat)) + start, count)
    return np.take_along_axis(flat, at, axis=1).ravel(), turn, place
