"""Opening and closing with a ball that is round in micrometres."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_image_ndim, checked_spacing

_TOUCH = 1 + 1e-6  # a voxel centre on the ball's surface belongs to it, whatever the rounding


def opened(
    labels: NDArray[np.uint8], *, radius_um: float, spacing_um: Sequence[float]
) -> NDArray[np.uint8]:
    """Give what is too thin for a ball to the class below: bridges, whiskers, specks.

    Each set "this class or a higher one" is opened. What is cut by the border of the image is
    taken to go on outside.

    Parameters
    ----------
    labels : ndarray of bool or uint8, (z, y, x) or (y, x)
    radius_um : float
        Of the ball; voxel centres within it belong to it [µm].
    spacing_um : sequence of float
        Voxel size along each axis [µm]; 1 an axis to give the radius in voxels.

    Returns
    -------
    ndarray of uint8

    References
    ----------
    Serra 1982, Image Analysis and Mathematical Morphology, chapter 2.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((5, 7), np.uint8); image[1:4, :3] = 1; image[2] = 1
    >>> opened(image, radius_um=1, spacing_um=(1, 1))[2].tolist()
    [1, 1, 1, 1, 0, 0, 0]
    """
    return _each_set(labels, radius_um, spacing_um, (_eroded, _dilated))


def closed(
    labels: NDArray[np.uint8], *, radius_um: float, spacing_um: Sequence[float]
) -> NDArray[np.uint8]:
    """Give what is too thin for a ball to the class above: cracks, gaps, small pores.

    Parameters as `opened`.

    Examples
    --------
    >>> import numpy as np
    >>> closed(np.array([[1, 1, 0, 1, 1]], np.uint8), radius_um=1, spacing_um=(1, 1)).tolist()
    [[1, 1, 1, 1, 1]]
    """
    return _each_set(labels, radius_um, spacing_um, (_dilated, _eroded))


def ball_reach_px(radius_um: float, spacing_um: Sequence[float]) -> tuple[int, ...]:
    """Return how far a ball reaches along each axis [px].

    Examples
    --------
    >>> ball_reach_px(0.3, (0.2, 0.1, 0.1))
    (1, 3, 3)
    """
    return tuple(int(radius_um / size * _TOUCH) for size in spacing_um)


def _each_set(
    labels: NDArray, radius_um: float, spacing_um: Sequence[float], steps: tuple
) -> NDArray[np.uint8]:
    labels = np.asarray(labels)
    spacing = checked_spacing(spacing_um, checked_image_ndim(labels.shape, "labels"))
    if not (np.isfinite(radius_um) and radius_um >= 0):
        raise ValueError(f"radius_um needs 0 µm or more, got {radius_um}: use 0 for none")
    result = np.zeros(labels.shape, np.uint8)
    for level in range(1, int(labels.max(initial=0)) + 1):
        inside = labels >= level
        for step in steps:
            inside = step(inside, radius_um, spacing)
        result += inside.view(np.uint8)
    return result


def _eroded(inside: NDArray[np.bool_], radius: float, spacing: tuple[float, ...]) -> NDArray:
    return ~_dilated(~inside, radius, spacing)


def _dilated(inside: NDArray[np.bool_], radius: float, spacing: tuple[float, ...]) -> NDArray:
    """Take in every voxel within a distance of one that is inside.

    Strategy: the least squared distance, one axis after the other, over no more offsets than the
    ball has. Rounding is monotonic, so the least of the rounded sums is the same in any order,
    and the same bits come out wherever a block begins.
    """
    if not inside.any() or inside.all() or not any(ball_reach_px(radius, spacing)):
        return inside
    limit = radius**2 * _TOUCH**2
    far = np.where(inside, np.float32(0), np.float32(np.inf))
    for axis, (size, reach) in enumerate(zip(spacing, ball_reach_px(radius, spacing), strict=True)):
        near = far.copy()
        for step in range(1, min(reach, inside.shape[axis] - 1) + 1):
            more = np.float32((step * size) ** 2)
            ahead, behind = _shifted(axis, step, inside.ndim)
            np.minimum(near[ahead], far[behind] + more, out=near[ahead])
            np.minimum(near[behind], far[ahead] + more, out=near[behind])
        far = near
    return np.asarray(far <= np.float32(limit))


def _shifted(axis: int, step: int, ndim: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    ahead, behind = [slice(None)] * ndim, [slice(None)] * ndim
    ahead[axis], behind[axis] = slice(step, None), slice(None, -step)
    return tuple(ahead), tuple(behind)
