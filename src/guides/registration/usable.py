"""Grey values of an image for registration, and which of its voxels count."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...analysis.registration import GreyImage

MOST_VOXELS = 256**3
_RIM = 0.002  # of the image: a smaller patch of one extreme value at the border is content
_LUMINANCE = (0.299, 0.587, 0.114)


def grey_image(
    image: Any, *, time: int = 0, channel: int | None = None, most_voxels: int = MOST_VOXELS
) -> GreyImage:
    """Read an image at the finest level that is not too large, without what it does not show.

    Parameters
    ----------
    image : Image
        Of a workspace; calibrated.
    time : int
        Time point of a series.
    channel : int, optional
        By default the luminance of three channels, else the mean of all.
    most_voxels : int
        A finer level than has so many is not read.

    Returns
    -------
    GreyImage
        In the image's frame.
    """
    level = next(
        (one for one in image.levels if np.prod(one.shape[-image.ndim :]) <= most_voxels),
        image.levels[-1],
    )
    values = _one_channel(np.asarray(level.array[...]), str(image.axes), time, channel)
    bar = int((image.metadata or {}).get("data_bar_rows") or 0)
    known = usable(values, data_bar_rows=-(-bar // level.factors[-2]))
    if known is not None:
        values = np.where(known, values, 0)
    return GreyImage(values, level.spacing_um, level.origin_um, known)


def _one_channel(values: np.ndarray, axes: str, time: int, channel: int | None) -> np.ndarray:
    if "t" in axes:
        values = np.take(values, time, axis=axes.index("t"))
        axes = axes.replace("t", "")
    if "c" not in axes:
        return values
    place = axes.index("c")
    if channel is not None:
        return np.take(values, channel, axis=place)
    count = values.shape[place]
    weights = _LUMINANCE if count == 3 else np.full(count, 1 / count)
    return np.tensordot(values.astype(np.float32), np.asarray(weights, np.float32), (place, 0))


def usable(values: np.ndarray, *, data_bar_rows: int = 0) -> np.ndarray | None:
    """Find the voxels that show the specimen.

    Left out are values that are no numbers, the data bar, and what hangs together with the border
    and has the image's lowest or highest value throughout: the rim of a rotated or stitched image.

    Parameters
    ----------
    values : ndarray, shape (z, y, x) or (y, x)
    data_bar_rows : int
        Rows at the bottom that carry writing.

    Returns
    -------
    ndarray of bool, or None
        None where all count.

    Examples
    --------
    >>> tilted = np.triu([[2, 3, 2, 3], [3, 9, 3, 2], [2, 3, 2, 3], [3, 2, 3, 2]])
    >>> int((~usable(tilted)).sum())
    6
    """
    known = np.isfinite(values)
    if data_bar_rows > 0:
        known[..., -data_bar_rows:, :] = False
    seen = values[known]
    if len(seen):
        for extreme in (seen.min(), seen.max()):
            rim = _at_border(values == extreme)
            if rim.sum() > _RIM * rim.size:
                known &= ~rim
    return None if known.all() else known


def _at_border(same: np.ndarray) -> np.ndarray:
    """Keep the patches that touch the border."""
    from scipy import ndimage

    labels, _ = ndimage.label(same)
    at_border = set()
    for axis in range(same.ndim):
        for end in (0, -1):
            at_border |= set(np.unique(np.take(labels, end, axis=axis)).tolist())
    return np.isin(labels, sorted(at_border - {0}))
