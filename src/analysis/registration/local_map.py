"""A bend near one place, taken as straight: a linear map whose error holds for a volume there."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .displacement import DisplacementField
from .spline_fit import SplineMap
from .tangent import columns, with_normal
from .transform import AffineTransform

#: Maps that bend and may tell an error.
Bend = SplineMap | DisplacementField
_STEPS = np.stack(np.meshgrid(*[(0, -1, 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
_POINT_UM = 1e-3  # half the size of a volume that is none


def lattice(centre_um: ArrayLike, half_um: ArrayLike) -> np.ndarray:
    """Middle, corners, edges and faces of a box, the middle first: (27, 3) [um]."""
    half = np.maximum(np.asarray(half_um, float), _POINT_UM)
    return np.asarray(np.asarray(centre_um, float) + half * _STEPS)


def local_map(bend: Bend, places_um: np.ndarray) -> AffineTransform:
    """Take a bend as straight over some places, with the joint error that it has there.

    The map goes through the bend at the first place. Its covariance is that of the same linear map
    of bends drawn from the bend's error, in closed form: all places of one draw move together. What
    the bend and its draws do beyond a linear map, at the place where that is most, is added to the
    error of the shift. So is nearly all of the error of a field that does not say how far its
    errors are alike: each place may then be off by itself.

    Parameters
    ----------
    bend : SplineMap or DisplacementField
    places_um : ndarray, shape (n, 3)
        In the moving frame, the first in the middle [um]; they span a volume. Of flat images z is
        left out.

    Returns
    -------
    AffineTransform
        With covariance and ``nu`` of the bend.

    Raises
    ------
    CovarianceUnavailable
        The bend tells no error.
    ValueError
        A place lies where a displacement field is not known.

    Notes
    -----
    Not for volumes that reach over several landmarks or knots: there the bend is no linear map, and
    the error becomes as large as what is left.

    Examples
    --------
    >>> field = DisplacementField(
    ...     np.full((2, 2, 2, 3), 0.5), spacing_um=[4, 4, 4], sigma_um=0.1, correlation_um=100.0
    ... )
    >>> straight = local_map(field, lattice([2, 2, 2], [1, 1, 1]))
    >>> straight.apply([[2, 2, 2]]).tolist()
    [[2.5, 2.5, 2.5]]
    >>> np.sqrt(np.diag(straight.covariance_at([[2, 2, 2]])[0])).round(3).tolist()
    [0.1, 0.1, 0.1]
    """
    places = np.asarray(places_um, float)
    if bend.ndim_moving == 2:
        places = places * [0.0, 1.0, 1.0]
    arms = places - places[0]
    # One row a number of the linear map (shift, then its three columns), one column a place.
    slopes = np.linalg.pinv(arms[1:])
    fit = np.vstack([np.eye(1, len(places)), np.hstack([-slopes.sum(axis=1)[:, None], slopes])])
    mapped = bend.apply(places)
    found = fit @ mapped
    design = np.column_stack([np.ones(len(places)), arms])
    beyond = np.linalg.norm(mapped - design @ found, axis=1).max()
    joint = bend.joint_covariance(places)
    own = np.einsum("ki,iajb,lj->kalb", fit, joint, fit)
    left = np.eye(len(places)) - design @ fit
    strays = np.einsum("pi,iaja,pj->pa", left, joint, left).max(axis=0)
    own[0, :, 0, :] += np.diag(beyond**2 + np.maximum(strays, 0.0))
    # Shift by axis, then the matrix row by row: the order of an affine map's parameters.
    order = [(0, axis) for axis in range(3)] + [(1 + m, a) for a in range(3) for m in range(3)]
    chosen = [order[k] for k in columns("affine", bend.ndim_moving, bend.ndim_fixed)]
    covariance = np.array([[own[k, a, m, b] for m, b in chosen] for k, a in chosen])
    matrix = found[1:].T
    if bend.ndim_moving == 2:
        matrix = with_normal(matrix)
    nu = None if bend.nu is None or np.isinf(bend.nu) else float(bend.nu)
    dims = bend.ndim_moving, bend.ndim_fixed
    straight = AffineTransform("affine", matrix, places[0], found[0], *dims)
    return straight.with_covariance(covariance, nu=nu, sigma_source="stated and residuals")
