"""A bend near one place, taken as straight: a linear map whose error holds for a volume there."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ...errors import CovarianceUnavailable
from .spline_fit import SplineMap
from .transform import AffineTransform

_STEPS = np.stack(np.meshgrid(*[(0, -1, 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
_POINT_UM = 1e-3  # half the size of a volume that is none


def lattice(centre_um: ArrayLike, half_um: ArrayLike) -> np.ndarray:
    """Middle, corners, edges and faces of a box, the middle first: (27, 3) [um]."""
    half = np.maximum(np.asarray(half_um, float), _POINT_UM)
    return np.asarray(np.asarray(centre_um, float) + half * _STEPS)


def local_map(bend: SplineMap, places_um: np.ndarray) -> AffineTransform:
    """Take a thin-plate map as straight over some places, with the joint error that it has there.

    The map goes through the bend at the first place. Its covariance is that of the same linear map
    of bends drawn from the bootstrap, in closed form: all places of one draw move together. What
    the bend and its draws do beyond a linear map, at the place where that is most, is added to the
    error of the shift.

    Parameters
    ----------
    bend : SplineMap
        From 3-D to 3-D.
    places_um : ndarray, shape (n, 3)
        In the moving frame, the first in the middle [um]; they span a volume.

    Returns
    -------
    AffineTransform
        With covariance and ``nu`` of the bend.

    Raises
    ------
    CovarianceUnavailable
        The bend is of flat images, or tells no error.

    Notes
    -----
    Not for volumes that reach over several landmarks: there the bend is no linear map, and the
    error becomes as large as what is left.
    """
    if (bend.ndim_moving, bend.ndim_fixed) != (3, 3):
        raise CovarianceUnavailable(
            "a volume needs a bend from 3-D to 3-D, got one of flat images: take a straight map"
        )
    places = np.asarray(places_um, float)
    arms = places - places[0]
    # One row a number of the linear map (shift, then its three columns), one column a place.
    slopes = np.linalg.pinv(arms[1:])
    fit = np.vstack([np.eye(1, len(places)), np.hstack([-slopes.sum(axis=1)[:, None], slopes])])
    mapped = bend.apply(places)
    found = fit @ mapped
    design = np.column_stack([np.ones(len(places)), arms])
    beyond = np.linalg.norm(mapped - design @ found, axis=1).max()
    joint = bend.joint_variance(places)
    own = fit @ joint @ fit.T
    left = np.eye(len(places)) - design @ fit
    own[0, 0] += beyond**2 + float(np.diag(left @ joint @ left.T).max())
    covariance = np.zeros((12, 12))
    for axis in range(3):
        rows = [axis, *(3 + 3 * axis + np.arange(3))]
        covariance[np.ix_(rows, rows)] = own
    nu = None if np.isinf(bend.nu) else float(bend.nu)
    straight = AffineTransform("affine", found[1:].T, places[0], found[0], 3, 3)
    return straight.with_covariance(covariance, nu=nu, sigma_source="stated and residuals")
