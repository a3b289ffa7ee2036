"""Where to begin when a specimen was mounted anew: by the outline of the whole of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from ...errors import Degenerate
from .grey_image import GreyImage
from .levels import levels_of
from .transform import AffineTransform

_ROUND = 0.02  # relative difference of two spreads below which their axes say nothing


def starts_by_moments(
    fixed: GreyImage, moving: GreyImage, *, levels: Sequence[float] | None = None
) -> tuple[AffineTransform, ...]:
    """Lay one specimen on the other by middle and principal axes, however it was turned.

    Axes have no direction, so several turns are possible: two of pictures, four of volumes. They
    come in the order of mutual information on a coarse level; `register` takes one as its start.

    Parameters
    ----------
    fixed, moving : GreyImage
        Both flat or both in space, each with all of the specimen in its field.
    levels : sequence of float, optional
        Grey values above which there is specimen, of the fixed and of the moving image; by Otsu's
        method unless told.

    Returns
    -------
    tuple of AffineTransform
        Rigid, from the moving to the fixed frame, without covariance.

    Raises
    ------
    Degenerate
        An image shows no specimen, or it is as wide along two of its axes.

    References
    ----------
    Otsu 1979, doi:10.1109/TSMC.1979.4310076. Not for parts of a specimen: pair fiducials with
    `match_constellation`, or look for a section with `find_slice`.

    Examples
    --------
    >>> grey = np.zeros((40, 60)); grey[10:14, 10:50] = 1; grey[10:30, 10:14] = 1
    >>> first, _ = starts_by_moments(GreyImage(grey, [1, 1]), GreyImage(grey.T[::-1] * 3, [1, 1]))
    >>> first.apply([[0.0, 49.0, 11.0]]).round(6).tolist()
    [[0.0, 11.0, 10.0]]
    """
    if fixed.ndim != moving.ndim:
        raise ValueError(
            f"moments need images of like dimensions, got {moving.ndim}-D in {fixed.ndim}-D"
        )
    d = fixed.ndim
    own, other = levels or (None, None)
    (end, to_axes), (begin, from_axes) = _moments(fixed, own), _moments(moving, other)
    found = []
    for signs in product((1.0, -1.0), repeat=d):
        turn = to_axes @ np.diag(signs) @ from_axes.T
        if np.linalg.det(turn) > 0:
            whole = np.eye(3)
            whole[3 - d :, 3 - d :] = turn
            found.append(AffineTransform("rigid", whole, _lifted(begin), _lifted(end), d, d))
    metric = levels_of(moving, fixed)[0].metric(seed=0)

    def information(one: AffineTransform) -> float:
        return metric(one.matrix, one.centre_um, one.offset_um).information

    return tuple(sorted(found, key=information, reverse=True))


def _lifted(place: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros(3 - len(place)), place])


def _moments(image: GreyImage, level: float | None) -> tuple[np.ndarray, np.ndarray]:
    """Middle of the specimen [um], and its principal axes as columns, the shortest first."""
    from skimage.filters import threshold_otsu

    values, d = image.values, image.ndim
    above = float(threshold_otsu(values)) if level is None else float(level)
    inside = values > above
    if image.mask is not None:
        inside = inside & image.mask
    index = np.argwhere(inside)[:, 3 - d :]
    if len(index) <= d:
        raise Degenerate(
            f"no specimen is seen above a grey value of {above:.4g}: give levels, or a start"
        )
    axes = slice(3 - d, None)
    places = np.asarray(image.origin_um)[axes] + np.asarray(image.spacing_um)[axes] * index
    middle = places.mean(axis=0)
    spread, turns = np.linalg.eigh(np.cov((places - middle).T))
    if (np.diff(spread) < _ROUND * spread[1:]).any():
        raise Degenerate(
            "the specimen is as wide along two of its axes, which then tell no turn: give a start, "
            "or pair fiducials by match_constellation"
        )
    return middle, turns
