"""Where a shell correlation falls below a criterion: the resolution, with how well it is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...quantities import format_length

_SHARE, _LEAST = 0.25, 4  # of the shells, on both sides of a crossing, that its place is fitted to
_ROUNDS, _STEPS = 6, 12
_RIDGE = np.diag([0.0, 1e-6, 1e-3])  # keeps the bend small where the shells don't tell it
_CHANCE = 5.0  # standard deviations that the correlation up to a crossing stands above noise
_Z = 1.959964  # of a 95 % interval


@dataclass(frozen=True)
class Resolution:
    """The resolution by one criterion: a full period, or the reason why there is no number.

    Attributes
    ----------
    criterion : str
        ``"half-bit"`` or ``"one-bit"``.
    resolution_um : float
        Period of the frequency where the correlation falls below the criterion [µm]; NaN where it
        does not.
    error_um : float
        Standard uncertainty: the scatter of the correlation, and what the window smears [µm].
    lower_um, upper_um : float
        95 % interval [µm].
    said : str
        In words what holds, also where there is no number.
    """

    criterion: str
    resolution_um: float
    error_um: float
    lower_um: float
    upper_um: float
    said: str


def resolution_at(
    frequency_per_um: NDArray,
    correlation: NDArray,
    threshold: NDArray,
    independent: NDArray,
    *,
    criterion: str,
    nyquist_per_um: tuple[float, ...],
    smear: float = 0.0,
) -> Resolution:
    """Find the first frequency at which a correlation stays below a criterion.

    One shell below is taken for scatter, two in a row are not. The place is then that of a smooth
    curve through the shells around: S / (1 + S) with the logarithm of S a parabola, which it is
    exactly where the blur is a Gaussian.

    Parameters
    ----------
    frequency_per_um, correlation, threshold, independent : ndarray, shape (shells,)
        Without the shell of frequency 0; the last are independent voxels.
    criterion : str
    nyquist_per_um : tuple of float
        Of the axes [1/µm].
    smear : float
        Mean square width along an axis of what the window makes of one frequency [shells²].

    Returns
    -------
    Resolution
    """
    below = correlation <= threshold
    coarse, fine = min(nyquist_per_um), max(nyquist_per_um)
    nothing = "none: the halves share no structure above the criterion"
    if below.all():
        return _without(criterion, nothing)
    first = int(np.argmin(below))
    later = np.flatnonzero((below & np.append(below[1:], True))[first:])
    end = first + int(later[0]) if len(later) else len(below)
    weight = independent[:end]
    if np.sum(weight * correlation[:end]) < _CHANCE * np.sqrt(np.sum(weight)):
        return _without(criterion, nothing)
    if not len(later):
        return _without(
            criterion,
            "better than Nyquist: the correlation stays above the criterion up to "
            f"{format_length(1 / fine)}, the finest period that the voxels can hold",
        )
    shells = (correlation, threshold, independent)
    place, error = _crossing(frequency_per_um, *shells, end, smear, len(nyquist_per_um))
    said = format_length(1 / place)
    if place > coarse * (1 + 1e-9):
        said += ", only across the coarse axis: beyond its Nyquist frequency"
    elif place > 2 / 3 * coarse:
        said += (
            ", which lies beyond 2/3 of the Nyquist frequency: do not claim better than "
            f"{format_length(1.5 / coarse)} from these voxels"
        )
    steepest = place + _Z * error
    gentlest = place - _Z * error
    return Resolution(
        criterion=criterion,
        resolution_um=1 / place,
        error_um=error / place**2,
        lower_um=1 / steepest,
        upper_um=1 / gentlest if gentlest > 0 else float("inf"),
        said=said,
    )


def _without(criterion: str, said: str) -> Resolution:
    nan = float("nan")
    return Resolution(criterion, nan, nan, nan, nan, said)


def _crossing(
    frequency: NDArray,
    found: NDArray,
    threshold: NDArray,
    independent: NDArray,
    index: int,
    smear: float,
    axes: int,
) -> tuple[float, float]:
    """Place of a crossing and its standard deviation, from a curve through what is around."""
    step = frequency[1] - frequency[0]
    middle, place = float(index), float(index) - 0.5
    error = 1.0
    for _ in range(_ROUNDS):
        reach = max(_LEAST, _SHARE * middle)
        near = np.arange(max(0, round(middle - reach)), min(len(found), round(middle + reach) + 1))
        weight = np.sqrt(independent[near])
        bend = (axes - 1) / (middle + 1)
        fit = _fitted(near - middle, found[near], weight, threshold[near], smear, bend)
        if fit is None:
            break
        place, error = middle + fit[0], fit[1]
        if abs(fit[0]) < 0.25:
            break
        middle = place
    return float(frequency[0] + place * step), float(error * step)


def _fitted(
    t: NDArray, found: NDArray, weight: NDArray, threshold: NDArray, smear: float, bend: float
) -> tuple[float, float] | None:
    """Where S / (1 + S), with log S a parabola in t, falls through a threshold; its deviation."""
    if len(t) < 5:
        return None
    basis = np.stack([np.ones_like(t), t, t * t], axis=1)
    level = np.clip(found, 0.02, 0.98)
    start = np.linalg.lstsq(basis[:, :2], np.log(level / (1 - level)), rcond=None)[0]
    coefficients = np.append(start, 0.0)
    covariance = np.eye(3)
    for _ in range(_STEPS):
        curve = 1 / (1 + np.exp(-np.clip(basis @ coefficients, -30, 30)))
        slopes = (curve * (1 - curve) * weight)[:, None] * basis
        covariance = np.linalg.pinv(slopes.T @ slopes + _RIDGE)
        change = covariance @ (slopes.T @ ((found - curve) * weight))
        coefficients = coefficients + np.clip(change, -1, 1)
    fine = np.linspace(t[0], t[-1], 40 * len(t))
    rows = np.stack([np.ones_like(fine), fine, fine * fine], axis=1)
    curve = 1 / (1 + np.exp(-np.clip(rows @ coefficients, -30, 30)))
    level = np.interp(fine, t, threshold)
    above = curve - level
    falls = np.flatnonzero((above[:-1] > 0) & (above[1:] <= 0))
    if not len(falls):
        return None
    best = int(falls[np.argmin(np.abs(fine[falls]))])
    root = fine[best] + (fine[1] - fine[0]) * above[best] / (above[best] - above[best + 1])
    slope = (above[best + 1] - above[best]) / (fine[1] - fine[0])
    row = curve[best] * (1 - curve[best]) * rows[best]
    scatter = float(np.sqrt(max(row @ covariance @ row, 0.0))) * (1 - level[best] ** 2)
    # a window adds smear / 2 times the second derivatives of S, which falls steeply
    steep = coefficients[1] + 2 * coefficients[2] * root
    added = abs(smear / 2 * (steep**2 + 2 * coefficients[2] + bend * steep))
    bias = curve[best] * (1 - curve[best]) * min(added, 1.0)
    return float(root), float(np.hypot(scatter, bias) / -slope)
