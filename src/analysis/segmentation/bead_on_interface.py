"""The centre of a bead that lies on a surface: above it one material, below it another.

A centroid is drawn towards the brighter of the two, by a tenth of a voxel or less, but always in
the same direction: a whole set of beads on a specimen's surface comes out too deep. Here bead and
surface are fitted together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_FITTED_RADII = 2.2  # how far the surroundings are fitted
_CLEAR = 0.12  # of the bead's contrast: a smaller step between the two sides moves no centroid
_NOISES = 5.0  # the same in standard errors
_RADII = (0.5, 1.7)  # of the expected radius, between which a fit is believed
_FARTHEST = 0.35  # of the radius, that a fit may move the centroid
_FEWEST, _MOST = 60, 1000  # voxels; of a larger bead an even sample is fitted


@dataclass(frozen=True)
class BeadFit:
    """A bead fitted together with the surface that it lies on.

    Attributes
    ----------
    shift_um : ndarray, shape (d,)
        From the centroid to the centre [µm].
    sigma_um : ndarray, shape (d,)
        Standard uncertainty along each axis, from what the fit leaves [µm].
    noise : float
        Root mean square of what the fit leaves [grey value].
    """

    shift_um: NDArray[np.float64]
    sigma_um: NDArray[np.float64]
    noise: float


def fit_bead_on_interface(
    part: NDArray, offsets: list[NDArray], *, radius_um: float, peak: float
) -> BeadFit | None:
    """Fit a blurred ball on a blurred flat step to the surroundings of a centroid.

    Parameters
    ----------
    part : ndarray, (z, y, x) or (y, x)
        Grey values around the bead, which is brighter than both sides.
    offsets : list of ndarray
        Position of each voxel along each axis, from the centroid [µm]; they broadcast.
    radius_um : float
        Expected radius [µm].
    peak : float
        Grey value inside the bead.

    Returns
    -------
    BeadFit or None
        None when the surroundings are of one grey value, or the fit is not to be believed.
    """
    from scipy.optimize import least_squares

    places = np.stack([np.broadcast_to(o, part.shape).ravel() for o in offsets]) / radius_um
    distance = np.linalg.norm(places, axis=0)
    step = _Step.across(places, part.ravel(), distance, peak)
    near = np.flatnonzero(distance <= _FITTED_RADII)
    if step is None or len(near) < _FEWEST:
        return None
    near = near[:: max(1, len(near) // _MOST)]
    places, grey = places[:, near], part.ravel()[near].astype(float)
    ndim = len(places)
    scale = peak - step.low
    start = np.concatenate(
        [
            np.zeros(ndim),
            step.normal,
            [1.0, 0.25, 1.0, 0.0, (step.high - step.low) / scale, 1.0, 0.0],
        ]
    )
    fit = least_squares(
        lambda p: _drawn(p, places)[0] - (grey - step.low) / scale,
        start,
        jac=lambda p: _drawn(p, places)[1],
        method="lm",
        max_nfev=150,
        ftol=1e-5,
        xtol=1e-4,
    )
    radius = fit.x[2 * ndim]
    far = np.linalg.norm(fit.x[:ndim])
    if fit.status <= 0 or far > _FARTHEST or not _RADII[0] < radius < _RADII[1]:
        return None
    left = np.sqrt(2 * fit.cost / max(1, len(grey) - len(start)))
    # the direction of the step has one coordinate too many, so the inverse is a pseudo-inverse
    covariance = np.linalg.pinv(fit.jac.T @ fit.jac, rcond=1e-12) * left**2
    sigma = np.sqrt(np.diag(covariance)[:ndim])
    return BeadFit(fit.x[:ndim] * radius_um, sigma * radius_um, float(left * scale))


@dataclass(frozen=True)
class _Step:
    """The two sides around a bead."""

    normal: NDArray[np.float64]
    low: float
    high: float

    @classmethod
    def across(cls, places: NDArray, grey: NDArray, distance: NDArray, peak: float) -> _Step | None:
        """Find the direction in which the surroundings get brighter; None when they do not."""
        ring = (distance > 1.6) & (distance <= _FITTED_RADII)
        if np.count_nonzero(ring) < _FEWEST:
            return None
        values, directions = grey[ring].astype(float), places[:, ring] / distance[ring]
        slope = directions @ (values - values.mean())
        size = np.linalg.norm(slope)
        if size == 0:
            return None
        along = slope / size @ directions
        # beyond a tangent plane lies what is further than one radius along its normal
        low, high = (values[side] for side in (along < 0.2, along > 0.7))
        if min(len(low), len(high)) < 5:
            return None
        step = float(np.median(high) - np.median(low))
        scatter = np.hypot(*(1.4826 * _spread(side) / np.sqrt(len(side)) for side in (low, high)))
        if step < max(_NOISES * scatter, _CLEAR * (peak - float(np.median(low)))):
            return None
        return cls(slope / size, float(np.median(low)), float(np.median(high)))


def _drawn(parameters: NDArray, places: NDArray) -> tuple[NDArray, NDArray]:
    """Draw bead and step, and the derivatives by all parameters, (n, parameters).

    Lengths in expected radii, grey values from low side 0 to bead 1.
    """
    from scipy.special import ndtr

    ndim = len(places)
    centre, direction = parameters[:ndim], parameters[ndim : 2 * ndim]
    radius, signed_width, bead, low, rise, depth, sunk = parameters[2 * ndim :]
    width = max(abs(signed_width), 1e-3)
    length = max(float(np.linalg.norm(direction)), 1e-9)
    normal = direction / length
    along = normal @ places
    from_centre = places - centre[:, None]
    distance = np.maximum(np.linalg.norm(from_centre, axis=0), 1e-9)
    above, within = (along - depth) / width, (radius - distance) / width
    beyond, inside = rise * ndtr(above), ndtr(within)
    # blurred, a bead that only touches the other side adds to it; one that is sunk in replaces it
    added = bead - low - sunk * beyond
    drawn = low + beyond + added * inside

    kept = 1 - sunk * inside
    by_step, by_rim = kept * rise * _density(above) / width, added * _density(within) / width
    by_width = np.sign(signed_width) * (abs(signed_width) > 1e-3)
    derivatives = [
        *(by_rim * from_centre / distance),
        *(by_step * (places - along * normal[:, None]) / length),
        by_rim,
        -by_width * (by_step * above + by_rim * within),
        inside,
        1 - inside,
        kept * ndtr(above),
        -by_step,
        -beyond * inside,
    ]
    return drawn, np.stack(derivatives, axis=1)


def _density(deviations: NDArray) -> NDArray:
    """Density of the standard normal distribution."""
    return np.exp(-(deviations**2) / 2) / np.sqrt(2 * np.pi)


def _spread(values: NDArray) -> float:
    return float(np.median(np.abs(values - np.median(values))))
