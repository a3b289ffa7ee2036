"""Where a shell correlation falls below a criterion: the resolution, with how well it is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...quantities import format_length

_SHARE, _LEAST = 0.15, 4  # of the shells, on both sides of a crossing, that its place is fitted to
_ROUNDS = 8
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
        Standard uncertainty from the scatter of the correlation [µm].
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
    excess: NDArray,
    scatter: NDArray,
    *,
    criterion: str,
    nyquist_per_um: tuple[float, ...],
) -> Resolution:
    """Find the first frequency at which a correlation stays below a criterion.

    One shell below is taken for scatter, two in a row are not. The place is then that of a
    parabola through the shells around, weighted by their scatter.

    Parameters
    ----------
    frequency_per_um, excess, scatter : ndarray, shape (shells,)
        Without the shell of frequency 0; correlation less criterion, and its standard deviation.
    criterion : str
    nyquist_per_um : tuple of float
        Of the axes [1/µm].

    Returns
    -------
    Resolution
    """
    above = excess > 0
    coarse, fine = min(nyquist_per_um), max(nyquist_per_um)
    if not above[:-1].any():
        return _without(criterion, "none: the halves share no structure above the criterion")
    first = int(np.argmax(above))
    below = ~above
    twice = below & np.append(below[1:], True)
    later = np.flatnonzero(twice[first:])
    if not len(later):
        return _without(
            criterion,
            "better than Nyquist: the correlation stays above the criterion up to "
            f"{format_length(1 / fine)}, the finest period that the voxels can hold",
        )
    place, error = _crossing(frequency_per_um, excess, scatter, first + int(later[0]))
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


def _crossing(x: NDArray, y: NDArray, scatter: NDArray, index: int) -> tuple[float, float]:
    """Place of a crossing and its standard deviation, from a parabola through what is around."""
    step = x[1] - x[0]
    before = max(index - 1, 0)
    fall = y[before] - y[index]
    place = x[before] + step * y[before] / fall if fall > 0 else x[index]
    error = step
    for _ in range(_ROUNDS):
        middle = round(float(place - x[0]) / step)
        reach = max(_LEAST, round(_SHARE * middle))
        near = slice(max(0, middle - reach), min(len(x), middle + reach + 1))
        t, weight = (x[near] - place) / step, 1 / np.maximum(scatter[near], 1e-9)
        basis = np.stack([np.ones_like(t), t, t**2], axis=1)
        root, error_px = _root(basis, y[near], weight, reach)
        if np.isnan(root):
            break
        place, error = place + root * step, error_px * step
        if abs(root) < 0.01:
            break
    return float(place), float(error)


def _root(basis: NDArray, y: NDArray, weight: NDArray, reach: int) -> tuple[float, float]:
    """Falling root of a weighted parabola that is nearest to 0, and its standard deviation."""
    columns = 3 if len(y) > 5 else 2
    scaled = basis[:, :columns] * weight[:, None]
    covariance = np.linalg.pinv(scaled.T @ scaled)
    found = covariance @ (scaled.T @ (y * weight))
    roots = np.roots(found[::-1]) if columns == 3 else np.array([-found[0] / found[1]])
    real = roots[np.isreal(roots)].real
    powers = np.arange(1, columns)
    slopes = np.array([np.sum(powers * found[1:] * r ** (powers - 1)) for r in real])
    falling = (slopes < 0) & (np.abs(real) <= reach)
    if not falling.any():
        return float("nan"), float("nan")
    best = int(np.argmin(np.where(falling, np.abs(real), np.inf)))
    row = real[best] ** np.arange(columns)
    return float(real[best]), float(np.sqrt(row @ covariance @ row) / -slopes[best])
