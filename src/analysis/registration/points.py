"""Points and localisation errors as they come in, checked once at the door."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


def lift(points_um: ArrayLike, *, name: str = "points_um") -> np.ndarray:
    """Return points as (n, 3) in z, y, x; points of a 2-D image get z = 0.

    Parameters
    ----------
    points_um : (n, 3) or (n, 2) array, or one point
        Positions in z, y, x or y, x [um].
    name : str
        How the argument is called in error messages.

    Returns
    -------
    (n, 3) array
        Positions [um].

    Raises
    ------
    ValueError
        For another shape, or for NaN and infinite coordinates.

    Examples
    --------
    >>> lift([[1.0, 2.0]])
    array([[0., 1., 2.]])
    """
    points = np.atleast_2d(np.asarray(points_um, dtype=float))
    if points.ndim != 2 or points.shape[1] not in (2, 3):
        raise ValueError(
            f"{name} needs shape (n, 3) in z, y, x or (n, 2) in y, x, got {np.shape(points_um)}: "
            "give one row a point"
        )
    if not np.isfinite(points).all():
        rows = np.flatnonzero(~np.isfinite(points).all(axis=1)).tolist()
        raise ValueError(f"{name} needs finite coordinates, got NaN or infinity in rows {rows}")
    if points.shape[1] == 2:
        points = np.column_stack([np.zeros(len(points)), points])
    return points


@dataclass(frozen=True, eq=False)
class Pairs:
    """Landmark pairs, lifted to three dimensions.

    Attributes
    ----------
    moving_um, fixed_um : (n, 3) array
        Positions in z, y, x [um].
    ndim_moving, ndim_fixed : int
        Dimensions of the images, 2 or 3.
    moving_covariance_um2, fixed_covariance_um2 : (n, 3, 3) array or None
        Stated localisation errors [um2]; None where nothing was stated.
    unstated : (n,) bool array or None
        Pairs whose error was not stated though that of others was; their own share is then in
        ``fixed_covariance_um2`` as the residuals tell it.
    """

    moving_um: np.ndarray
    fixed_um: np.ndarray
    ndim_moving: int
    ndim_fixed: int
    moving_covariance_um2: np.ndarray | None = None
    fixed_covariance_um2: np.ndarray | None = None
    unstated: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.moving_um)

    @property
    def stated(self) -> bool:
        """Whether a localisation error was stated."""
        return self.moving_covariance_um2 is not None or self.fixed_covariance_um2 is not None

    @property
    def axes(self) -> slice:
        """The axes of the fixed image that carry residuals."""
        return slice(3 - self.ndim_fixed, 3)

    def without(self, index: int) -> Pairs:
        """Leave one pair out."""
        return self.kept(np.arange(len(self)) != index)

    def kept(self, rows: np.ndarray) -> Pairs:
        """Keep some pairs: (n,) bool or rows."""
        return Pairs(
            self.moving_um[rows],
            self.fixed_um[rows],
            self.ndim_moving,
            self.ndim_fixed,
            None if self.moving_covariance_um2 is None else self.moving_covariance_um2[rows],
            None if self.fixed_covariance_um2 is None else self.fixed_covariance_um2[rows],
            None if self.unstated is None else self.unstated[rows],
        )

    def localisation_um2(self, matrix: np.ndarray) -> np.ndarray:
        """Add both localisation errors in the fixed frame: (n, d, d) [um2]."""
        total = np.zeros((len(self), 3, 3))
        if self.moving_covariance_um2 is not None:
            total = total + matrix @ self.moving_covariance_um2 @ matrix.T
        if self.fixed_covariance_um2 is not None:
            total = total + self.fixed_covariance_um2
        return total[:, self.axes, self.axes]


def pair_up(
    moving_um: ArrayLike,
    fixed_um: ArrayLike,
    *,
    ndim_moving: int | None = None,
    ndim_fixed: int | None = None,
    sigma_um: ArrayLike | None = None,
    sigma_moving_um: ArrayLike | None = None,
    sigma_fixed_um: ArrayLike | None = None,
) -> Pairs:
    """Check landmark pairs and their localisation errors."""
    ndim_moving = _dimensions(moving_um, ndim_moving, "moving")
    ndim_fixed = _dimensions(fixed_um, ndim_fixed, "fixed")
    if (ndim_moving, ndim_fixed) == (3, 2):
        raise ValueError(
            "a 3-D image cannot be fitted into a 2-D one, got moving 3-D and fixed 2-D: swap them "
            "(fit the 2-D image into the 3-D one) and use the inverse"
        )
    moving, fixed = lift(moving_um, name="moving_um"), lift(fixed_um, name="fixed_um")
    if len(moving) != len(fixed):
        raise ValueError(
            f"moving_um and fixed_um need one row a pair, got {len(moving)} and {len(fixed)} rows"
        )
    if sigma_um is not None and sigma_fixed_um is not None:
        raise ValueError(
            "sigma_um (of a pair, in the fixed frame) and sigma_fixed_um were both given: "
            "give one of them"
        )
    fixed_sigma = sigma_um if sigma_fixed_um is None else sigma_fixed_um
    name = "sigma_um" if sigma_fixed_um is None else "sigma_fixed_um"
    at_moving = _covariances(sigma_moving_um, len(moving), ndim_moving, "sigma_moving_um")
    at_fixed = _covariances(fixed_sigma, len(moving), ndim_fixed, name)
    unstated = _unstated(len(moving), at_moving, at_fixed)
    known = [
        None if c is None or unstated.all() else np.nan_to_num(c) for c in (at_moving, at_fixed)
    ]
    return Pairs(
        _flat(moving, ndim_moving),
        _flat(fixed, ndim_fixed),
        ndim_moving,
        ndim_fixed,
        known[0],
        known[1],
        unstated if unstated.any() and not unstated.all() else None,
    )


def _unstated(n: int, *covariances: np.ndarray | None) -> np.ndarray:
    """Find the pairs for which neither image states an error: (n,)."""
    given = [np.isfinite(c).all(axis=(1, 2)) for c in covariances if c is not None]
    return ~np.any(given, axis=0) if given else np.ones(n, dtype=bool)


def _dimensions(points: ArrayLike, wanted: int | None, name: str) -> int:
    if wanted is None:
        return int(np.shape(np.atleast_2d(np.asarray(points, dtype=float)))[1])
    if wanted not in (2, 3):
        raise ValueError(f"ndim_{name} needs 2 or 3, got {wanted!r}")
    return wanted


def _flat(points: np.ndarray, ndim: int) -> np.ndarray:
    return points * [0.0, 1.0, 1.0] if ndim == 2 else points


def _covariances(sigma: ArrayLike | None, n: int, ndim: int, name: str) -> np.ndarray | None:
    if sigma is None:
        return None
    values = np.asarray(sigma, dtype=float)
    if values.ndim == 3:
        return _full_covariances(values, n, ndim, name)
    if values.shape not in {(), (n,), (n, 2), (n, 3)} or values.shape[1:] not in {
        (),
        (ndim,),
        (3,),
    }:
        raise ValueError(
            f"{name} needs one value, ({n},) one a landmark, ({n}, {ndim}) one a landmark and "
            f"axis, or ({n}, {ndim}, {ndim}) covariances [um2], got shape {values.shape}"
        )
    missing = np.isnan(values) if values.ndim else np.array(False)
    if not (np.isfinite(values) | missing).all() or (values < 0).any():
        raise ValueError(
            f"{name} needs finite values of 0 or more [um] (NaN where not stated), got {sigma!r}"
        )
    if values.ndim < 2:
        values = np.broadcast_to(np.reshape(values, (-1, 1)), (n, ndim))
    variances = np.zeros((n, 3))
    variances[:, 3 - ndim :] = values[:, -ndim:] ** 2
    out = np.zeros((n, 3, 3))
    out[:, range(3), range(3)] = variances
    return out


def _full_covariances(values: np.ndarray, n: int, ndim: int, name: str) -> np.ndarray:
    if values.shape not in {(n, ndim, ndim), (n, 3, 3)}:
        raise ValueError(
            f"{name} needs ({n}, {ndim}, {ndim}) covariances [um2], got shape {values.shape}"
        )
    own = values[:, -ndim:, -ndim:]
    stated = own[np.isfinite(own).all(axis=(1, 2))]
    size = np.abs(stated).max(axis=(1, 2), initial=0.0)[:, None, None]
    uneven = (np.abs(stated - stated.transpose(0, 2, 1)) > 1e-9 * size).any()
    if uneven or (np.linalg.eigvalsh(stated) < -1e-9 * size[..., 0]).any():
        raise ValueError(
            f"{name} needs symmetric covariances without negative variances [um2], got "
            f"{stated[0].tolist()} first: give standard deviations as ({n}, {ndim}) instead"
        )
    out = np.zeros((n, 3, 3))
    out[:, 3 - ndim :, 3 - ndim :] = own
    return out
