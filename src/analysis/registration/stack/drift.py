"""Jumps and drift of the image between the slices of a stack."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

_SMALLEST_PX = 15
_TILES = 4  # along the shorter side of a slice, each followed on its own
_FEWEST = 4


@dataclass(frozen=True, eq=False)
class StackDrift:
    """How far the picture of every slice is displaced.

    Attributes
    ----------
    shift_um : ndarray, shape (n, 2)
        What is to be taken off, y, x [um].
    sigma_um : ndarray, shape (n, 2)
        Standard uncertainty of that part [um].
    slow_um : ndarray, shape (n, 2)
        What neighbours add up to beyond that and was left in: true slopes of the specimen, slow
        drift, and the errors of the sum, which nothing in the stack tells apart [um].
    step_sigma_um : ndarray, shape (2,)
        Standard uncertainty that every step from slice to slice adds [um].
    spacing_um : ndarray, shape (2,)
        Pixel size, y, x [um].
    anchored : bool
        Whether places known from elsewhere told slow drift from slopes.
    """

    shift_um: np.ndarray
    sigma_um: np.ndarray
    slow_um: np.ndarray
    step_sigma_um: np.ndarray
    spacing_um: np.ndarray
    anchored: bool

    @property
    def statement(self) -> str:
        """What was taken off, and what was not."""
        size = np.sqrt(np.mean(self.shift_um**2, axis=0))
        if not size.any():
            return (
                "Nothing is taken off: jumps do not stand out from how the structures change "
                f"({self.step_sigma_um.max():.2g} µm from slice to slice)."
            )
        words = (
            f"Shifts of {size[0]:.2g} (y) and {size[1]:.2g} µm (x) RMS are taken off, known to "
            f"{self.sigma_um.max():.2g} µm or better."
        )
        if self.anchored:
            return words + " Slow drift is told from slopes by places known from elsewhere."
        left = np.ptp(self.slow_um, axis=0)
        return words + (
            f" What changes slowly is left in ({left[0]:.2g} µm in y, {left[1]:.2g} µm in x over "
            "the stack): drift and true slopes look alike; marks or slices found in a survey tell "
            "them apart."
        )

    def corrected(self, stack: ArrayLike) -> np.ndarray:
        """Move every slice back, by cubic splines; what comes from outside is the nearest pixel."""
        from scipy.ndimage import shift

        slices = np.asarray(stack, float)
        moves = -self.shift_um / self.spacing_um
        return np.stack(
            [shift(s, m, order=3, mode="nearest") for s, m in zip(slices, moves, strict=True)]
        )


def remove_drift(
    stack: ArrayLike,
    *,
    spacing_um: ArrayLike,
    geometry_um: ArrayLike = (0.0, 0.0),
    longest: float = 12.0,
    reach_px: int = 6,
    anchors: ArrayLike | None = None,
) -> StackDrift:
    """Tell by how much the picture jumps from slice to slice, and leave true slopes alone.

    Neighbouring slices are correlated; the shift that the geometry of a tilted face makes is taken
    off, the rest added up. Only what varies within `longest` slices is called drift: a structure
    that runs obliquely through the stack shifts its picture as well, evenly, and a straight line
    passes this filter unchanged (Whittaker 1923, doi:10.1017/S0013091500077853).

    Parameters
    ----------
    stack : array, shape (n, y, x)
        Slices in the order of cutting.
    spacing_um : array, shape (2,)
        Pixel size, y, x [um].
    geometry_um : array, shape (2,)
        Shift from one slice to the next by geometry alone, y, x: thickness times cos(angle) of a
        face seen at an angle, 0 once the stack is upright [um].
    longest : float
        Wavelength of which half is taken off [slices].
    reach_px : int
        A slice jumps no further than this from where the geometry puts it.
    anchors : array, shape (m, 4), optional
        Slice number, drift y, x there [um], its standard uncertainty [um]: slow drift then follows
        them.

    Returns
    -------
    StackDrift

    Raises
    ------
    ValueError
        Fewer than four slices, grey values that are not finite, or wrong shapes.

    Notes
    -----
    Tiles of a slice are followed on their own, their median is the shift, and their scatter its
    error, which adds up along the stack. Shifts are shrunk by the share of their variance that
    such errors explain: where structures change faster than the picture jumps, nothing is taken
    off.

    Examples
    --------
    >>> from scipy.ndimage import gaussian_filter
    >>> grains = gaussian_filter(np.random.default_rng(0).normal(size=(64, 64)), 2)
    >>> jumps = [0, 0, 3, 0, 0, 0, -2, 0]
    >>> stack = [np.roll(grains, jump, axis=1) for jump in jumps]
    >>> drift = remove_drift(stack, spacing_um=[1, 1], longest=100)
    >>> (drift.shift_um + drift.slow_um)[[2, 6], 1].round(1).tolist()
    [3.0, -2.0]
    """
    slices = np.asarray(stack, float)
    spacing, geometry = np.asarray(spacing_um, float), np.asarray(geometry_um, float)
    if slices.ndim != 3 or len(slices) < _FEWEST or not np.isfinite(slices).all():
        raise ValueError(
            f"stack needs {_FEWEST} or more finite slices (n, y, x), got shape {slices.shape}"
        )
    if spacing.shape != (2,) or not (spacing > 0).all() or geometry.shape != (2,):
        raise ValueError(
            "spacing_um and geometry_um need 2 values (y, x), got "
            f"{spacing.tolist()} and {geometry.tolist()}"
        )
    if not 1 <= reach_px <= min(slices.shape[1:]) // 4:
        raise ValueError(
            f"reach_px needs 1 to a quarter of the picture, {min(slices.shape[1:]) // 4}, got "
            f"{reach_px}"
        )
    if not longest > 2:
        raise ValueError(f"longest needs more than 2 slices, got {longest}")
    steps, own = _shifts(slices, spacing, geometry / spacing, reach_px)
    added = np.vstack([np.zeros(2), np.cumsum(steps - geometry, axis=0)])
    count = len(slices)
    walk = np.tril(np.ones((count, count)), -1)[:, :-1]  # how errors of steps add up
    errors = [(walk * s**2) @ walk.T for s in own.T]
    typical = np.median(own, axis=0)
    if anchors is None:
        fast = np.eye(count) - _smoother(count, longest)
        error = np.sqrt(np.stack([np.diag(fast @ e @ fast.T) for e in errors], axis=1))
        jumps = fast @ added
        jumps *= _believed(jumps, error)
        return StackDrift(jumps, error, added - jumps, typical, spacing, False)
    shift, error = _anchored(added, errors, np.asarray(anchors, float))
    return StackDrift(shift, error, added - shift, typical, spacing, True)


def _believed(jumps: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Share of the variance of what was seen that errors do not explain, by axis (Wiener)."""
    seen = np.mean(jumps**2, axis=0)
    return np.clip(1 - np.mean(error**2, axis=0) / np.where(seen > 0, seen, 1.0), 0.0, 1.0)


def _shifts(
    slices: np.ndarray, spacing: np.ndarray, expected: np.ndarray, reach: int
) -> tuple[np.ndarray, np.ndarray]:
    """Shift of every slice against the one before, and its standard uncertainty [um]."""
    found = [_shift(a, b, expected, reach) for a, b in pairwise(slices)]
    shift, sigma = (np.array(rows) * spacing for rows in zip(*found, strict=True))
    return shift, sigma


def _shift(
    one: np.ndarray, other: np.ndarray, expected: np.ndarray, reach: int
) -> tuple[np.ndarray, np.ndarray]:
    """By how many pixels the second picture is displaced, y, x, and its standard uncertainty."""
    from ..correlation import displacement_field

    start = _whole_pixels(one, other, expected, reach)
    room = int(np.abs(start).max()) + 3
    side = min(one.shape) - 2 * room
    if side < _SMALLEST_PX:
        raise ValueError(
            f"slices of {one.shape} pixels that lie {start.tolist()} pixels apart have too little "
            "in common: crop less, or make the stack upright by its geometry first"
        )
    tile = max(_odd(side // _TILES), _SMALLEST_PX if side > _SMALLEST_PX else _odd(side))
    window = displacement_field(
        one, other, spacing_um=(1, 1), window_px=tile, step_px=tile, model="translation",
        start_um=start, zero_strain=False,
    )  # fmt: skip
    found = window.u_um[window.converged]
    found = found[np.abs(found - start).max(axis=1) <= reach]
    if len(found) < _FEWEST:
        return start, np.full(2, float(reach))
    middle = np.median(found, axis=0)
    # a jump moves all tiles; a structure that changes moves its own only
    apart = 1.4826 * np.median(np.abs(found - middle), axis=0)
    return middle, 1.2533 * apart / np.sqrt(len(found))


def _whole_pixels(
    one: np.ndarray, other: np.ndarray, expected: np.ndarray, reach: int
) -> np.ndarray:
    """Best whole-pixel shift near the expected one, by plain correlation."""
    from scipy.fft import irfft2, rfft2

    a, b = rfft2(_faded(one)), rfft2(_faded(other))
    peaks = irfft2(np.conj(a) * b, s=one.shape)
    middle = np.round(expected).astype(int)
    lines = [m + np.arange(-reach, reach + 1) for m in middle]
    near = peaks[np.ix_(lines[0] % one.shape[0], lines[1] % one.shape[1])]
    at = np.unravel_index(int(np.argmax(near)), near.shape)
    return np.array([lines[0][at[0]], lines[1][at[1]]], float)


def _odd(size: int) -> int:
    return size if size % 2 else size - 1


def _faded(picture: np.ndarray) -> np.ndarray:
    """Without its mean, and without edges that correlate with each other."""
    window = np.outer(*(np.hanning(n + 2)[1:-1] for n in picture.shape))
    mean = np.sum(window * picture) / np.sum(window)
    return np.asarray((picture - mean) * window)


def _smoother(count: int, longest: float) -> np.ndarray:
    """Whittaker's smoother, which keeps straight lines and half of one wavelength: (n, n)."""
    second = np.diff(np.eye(count), 2, axis=0)
    weight = (2 * np.sin(np.pi / longest)) ** -4
    return np.asarray(np.linalg.inv(np.eye(count) + weight * second.T @ second))


def _anchored(
    added: np.ndarray, errors: list[np.ndarray], anchors: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Bend the sum of shifts to places that are known: a bridge between anchors."""
    count = len(added)
    numbers = anchors[:, 0].astype(int) if anchors.ndim == 2 else np.zeros(0, int)
    if anchors.ndim != 2 or anchors.shape[1:] != (4,) or not len(anchors):
        raise ValueError(f"anchors need shape (m, 4): slice, y, x, sigma, got {anchors.shape}")
    if (numbers < 0).any() or (numbers >= count).any() or not (anchors[:, 3] > 0).all():
        raise ValueError(
            f"anchors need slices from 0 to {count - 1} and sigmas above 0, got {anchors.tolist()}"
        )
    shift, error = np.empty_like(added), np.empty_like(added)
    for axis in range(2):
        covariance = errors[axis]
        inside = np.linalg.inv(covariance[np.ix_(numbers, numbers)] + np.diag(anchors[:, 3] ** 2))
        across = covariance[:, numbers] @ inside
        misses = anchors[:, 1 + axis] - added[numbers, axis]
        # where the first slice lay is not known either: a constant, by generalised least squares
        one = np.ones(len(numbers))
        weight = 1 / (one @ inside @ one)
        level = weight * one @ inside @ misses
        rest = 1 - across @ one
        shift[:, axis] = added[:, axis] + level + across @ (misses - level)
        own = np.diag(covariance) - np.einsum("ij,ij->i", across, covariance[:, numbers])
        error[:, axis] = np.sqrt(np.maximum(own, 0) + rest**2 * weight)
    return shift, error
