"""The specimen's surface as a plane with covariance, and depths below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..distributions import norm, student

_FEWEST = 3


@dataclass(frozen=True)
class SurfacePlane:
    """A plane fitted to points of the surface.

    Attributes
    ----------
    point_um : ndarray of float, (3,)
        Centroid of the points, (z, y, x) [µm].
    normal : ndarray of float, (3,)
        Unit vector that points out of the specimen, (z, y, x).
    tangents : ndarray of float, (2, 3)
        Unit vectors in the plane.
    covariance : ndarray of float, (3, 3)
        Of the height at the centroid [µm²] and the two slopes along the tangents [1].
    rms_um : float
        Root mean square distance of the points from the plane [µm].
    nu : float
        Degrees of freedom behind the covariance; inf when the points' error was given.
    along_um : ndarray of float, (n, 2)
        Where the points lie along the tangents, from the centroid [µm].
    """

    point_um: NDArray[np.float64]
    normal: NDArray[np.float64]
    tangents: NDArray[np.float64]
    covariance: NDArray[np.float64]
    rms_um: float
    nu: float
    along_um: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)), repr=False)

    def surrounds(self, position_um: ArrayLike) -> bool:
        """Whether the points lie around a place, seen across the plane; else it is extrapolated.

        Parameters
        ----------
        position_um : array_like of float, (3,)
            (z, y, x) [µm].

        Examples
        --------
        >>> top = [(0, 0, 0), (0, 100, 0), (0, 0, 100), (0, 100, 100)]
        >>> plane = fit_surface(top, inside_um=(50, 50, 50), sigma_um=1)
        >>> plane.surrounds((30, 20, 90)), plane.surrounds((30, 20, 110))
        (True, False)
        """
        place = (np.asarray(position_um, dtype=float) - self.point_um) @ self.tangents.T
        away = self.along_um - place
        turns = np.sort(np.arctan2(away[:, 0], away[:, 1]))
        if len(turns) < _FEWEST:
            return False
        gaps = np.diff(turns, append=turns[0] + 2 * np.pi)
        return bool(gaps.max() < np.pi)


@dataclass(frozen=True)
class Depth:
    """A depth below the surface.

    Attributes
    ----------
    depth_um : float
        Along the inward normal; negative outside the specimen [µm].
    sigma_um : float
        Standard uncertainty from the plane and the target together [µm].
    interval95_um : tuple of float
        95 % interval [µm]; NaN when there are too few degrees of freedom.
    statement : str
        In words.
    """

    depth_um: float
    sigma_um: float
    interval95_um: tuple[float, float]
    statement: str


def fit_surface(
    points_um: ArrayLike, *, inside_um: Sequence[float], sigma_um: float | None = None
) -> SurfacePlane:
    """Fit a plane to points of the specimen's surface.

    Total least squares. The covariance comes from the scatter about the plane, or from `sigma_um`.

    Parameters
    ----------
    points_um : array_like of float, (n, 3)
        Points on the surface, (z, y, x) [µm].
    inside_um : sequence of float
        Any point inside the specimen: it says which side is down [µm].
    sigma_um : float, optional
        Standard uncertainty of each point across the surface [µm]; needed for three points.

    Returns
    -------
    SurfacePlane

    Raises
    ------
    ValueError
        Fewer than three points, points on a line, or three without `sigma_um`.

    Notes
    -----
    A plane only: for a curved surface use points close to the target.

    Examples
    --------
    >>> top = [(0, 0, 0), (0, 100, 0), (0, 0, 100), (0, 100, 100)]
    >>> fit_surface(top, inside_um=(50, 50, 50), sigma_um=1).normal
    array([-1.,  0.,  0.])
    """
    points = np.asarray(points_um, dtype=float)
    if points.ndim != 2 or points.shape[1] != 3 or not np.all(np.isfinite(points)):
        raise ValueError(f"points_um needs finite points (n, 3), got shape {points.shape}")
    if len(points) < _FEWEST:
        raise ValueError(f"points_um needs at least 3 points, got {len(points)}: add some")
    if len(points) == _FEWEST and sigma_um is None:
        raise ValueError(
            "sigma_um needs a value when there are 3 points, got None: "
            "three points leave no scatter to estimate it from"
        )
    middle = points.mean(axis=0)
    _, spread, axes = np.linalg.svd(points - middle)
    if spread[1] < 1e-3 * spread[0]:
        raise ValueError(
            "points_um needs points off one line, got points on a line: add one beside it"
        )
    normal, tangents = axes[2], axes[:2]
    side = float(np.dot(np.asarray(inside_um, dtype=float) - middle, normal))
    if abs(side) < 1e-9 * spread[0]:
        raise ValueError(
            f"inside_um needs a point off the surface, got {tuple(inside_um)}: give one well inside"
        )
    normal = -np.sign(side) * normal
    heights = (points - middle) @ normal
    nu = len(points) - 3
    variance = float(heights @ heights / nu) if sigma_um is None else sigma_um**2
    along = (points - middle) @ tangents.T
    design = np.column_stack([np.ones(len(points)), along])
    return SurfacePlane(
        point_um=middle,
        normal=normal + 0.0,
        tangents=tangents,
        covariance=variance * np.linalg.inv(design.T @ design),
        rms_um=float(np.sqrt(np.mean(heights**2))),
        nu=float(nu) if sigma_um is None else float("inf"),
        along_um=along,
    )


def depth_below(
    surface: SurfacePlane,
    position_um: ArrayLike,
    covariance_um2: ArrayLike,
    *,
    nu: float | None = None,
) -> Depth:
    """Compute the depth of a target below the surface, with its 95 % interval.

    The variance is that of the target across the surface plus that of the plane where the
    target's foot lies; far beside the points the slopes dominate. The degrees of freedom of the sum
    are Welch and Satterthwaite's.

    Parameters
    ----------
    surface : SurfacePlane
    position_um : sequence of float, (3,)
        Target, (z, y, x), in the frame of the surface [µm].
    covariance_um2 : array_like of float, (3, 3)
        Of the target's position [µm²].
    nu : float, optional
        Degrees of freedom behind that covariance; None when it is known.

    Returns
    -------
    Depth

    Examples
    --------
    >>> top = [(0, 0, 0), (0, 100, 0), (0, 0, 100), (0, 100, 100)]
    >>> plane = fit_surface(top, inside_um=(50, 50, 50), sigma_um=2)
    >>> depth = depth_below(plane, (30, 50, 50), np.zeros((3, 3)))
    >>> round(depth.depth_um, 9), round(depth.sigma_um, 9)
    (30.0, 1.0)
    """
    offset = np.asarray(position_um, dtype=float) - surface.point_um
    depth = -float(offset @ surface.normal)
    along = np.concatenate([[1.0], surface.tangents @ offset])
    from_plane = float(along @ surface.covariance @ along)
    from_target = float(surface.normal @ np.asarray(covariance_um2, dtype=float) @ surface.normal)
    variance = from_plane + from_target
    effective = combined_nu((from_plane, surface.nu), (from_target, np.inf if nu is None else nu))
    sigma = float(np.sqrt(variance))
    if not np.isfinite(variance) or effective < 3:
        nan = float("nan")
        few = f"{effective:.3g} degrees of freedom" if np.isfinite(variance) else "no covariance"
        return Depth(depth, sigma, (nan, nan), f"depth {depth:.4g} µm; too few to say ({few})")
    factor = norm.ppf(0.975) if np.isinf(effective) else student.ppf(0.975, effective)
    half = float(factor * sigma)
    words = f"depth {depth:.4g} ± {half:.2g} µm (95 %), from the surface and the target together"
    return Depth(depth, sigma, (depth - half, depth + half), words)


def combined_nu(*terms: tuple[float, float]) -> float:
    """Degrees of freedom of a sum of variances, each with its own (Welch and Satterthwaite)."""
    total = sum(variance for variance, _ in terms)
    below = sum(variance**2 / nu for variance, nu in terms if nu > 0 and np.isfinite(nu))
    if any(nu <= 0 and variance > 0 for variance, nu in terms):
        return 0.0
    return float(total**2 / below) if below > 0 else float("inf")
