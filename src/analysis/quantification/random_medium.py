"""A medium that is like another one: level cuts of a random field, with known truth at any voxel.

Where a Gaussian random field exceeds a level is a random shape of any volume fraction. How steep
the field is gives its surface, and how far it reaches its correlation length, so three numbers of
the user's own material choose the field.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_spacing
from .surface import surface
from .volume import checked_phase

_STEPS = 2000  # of the tables of correlations
_WIDEST, _TIGHTEST = 400.0, -3.0  # shapes between which the correlation length is sought
_NODES = 24  # of the mean over directions
_TABLE = 4000  # frequencies
_KINDS = {2: 0.5, 3: 2 / math.pi}  # interface per slope of the field, exp(-level² / 2) taken off


@dataclass(frozen=True)
class Medium:
    """What a material looks like, in three numbers.

    Attributes
    ----------
    volume_fraction : float
        Of the phase [1].
    specific_surface : float
        Interface per volume [1/µm], in 2D length per area.
    correlation_length_um : float
        Where the covariance of the phase has fallen to 1/e of its value at 0 [µm].
    ndim : int

    Raises
    ------
    ValueError
        Where a number is not that of two phases with an interface.

    Examples
    --------
    >>> medium = Medium(0.4, 0.2, 4.0)
    >>> medium.mean_chord_um
    8.0
    """

    volume_fraction: float
    specific_surface: float
    correlation_length_um: float
    ndim: int = 3

    def __post_init__(self) -> None:
        if not 0 < self.volume_fraction < 1:
            raise ValueError(
                f"volume_fraction needs to lie between 0 and 1, got {self.volume_fraction}: a "
                "medium needs two phases"
            )
        for name in ("specific_surface", "correlation_length_um"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise ValueError(f"{name} needs to be positive, got {getattr(self, name)}")
        if self.ndim not in _KINDS:
            raise ValueError(f"ndim needs to be 2 or 3, got {self.ndim}")

    @classmethod
    def of(cls, phase: NDArray, *, spacing_um: Sequence[float]) -> Medium:
        """Measure the three numbers of a segmented phase.

        Parameters
        ----------
        phase : ndarray of bool, (z, y, x) or (y, x)
        spacing_um : sequence of float
            Voxel size along each axis [µm].

        Examples
        --------
        >>> noise = np.random.default_rng(0).random((64, 64)) < 0.3
        >>> round(Medium.of(noise, spacing_um=(1.0, 1.0)).volume_fraction, 1)
        0.3
        """
        phase = checked_phase(phase)
        spacing = checked_spacing(spacing_um, phase.ndim)
        return cls(
            float(phase.mean()),
            surface(phase, spacing_um=spacing).specific_um2_per_um3,
            correlation_length_um(phase, spacing_um=spacing),
            phase.ndim,
        )

    @property
    def mean_chord_um(self) -> float:
        """Mean chord through the phase [µm], from volume fraction and surface."""
        kind = 4 if self.ndim == 3 else math.pi
        return kind * self.volume_fraction / self.specific_surface

    @property
    def level(self) -> float:
        """Level that the field of unit variance exceeds in the phase."""
        from scipy.special import ndtri

        return float(ndtri(1 - self.volume_fraction))

    @property
    def steepness(self) -> float:
        """Variance of the field's slope along a line [1/µm²]; by Rice's formula."""
        slope = self.specific_surface / (_KINDS[self.ndim] * math.exp(-(self.level**2) / 2))
        return slope**2


@dataclass(frozen=True)
class FieldShape:
    """Correlation of a random field: how steep it is, and how wide for its steepness.

    Attributes
    ----------
    steepness : float
        Variance of its slope along a line [1/µm²].
    shape : float
        0 for a Gaussian correlation; above 0 a part of it reaches farther; below 0 it swings, as
        in a medium with a usual distance.
    """

    steepness: float
    shape: float

    def correlation(self, distance_um: NDArray) -> NDArray[np.float64]:
        """Correlation of the field over a distance.

        Examples
        --------
        >>> FieldShape(1.0, 0.0).correlation(np.array([0.0, 1.0])).round(4)
        array([1.    , 0.6065])
        """
        squared = np.square(np.asarray(distance_um, float))
        parts = [
            share * np.exp(-squared / (4 * width)) * np.sinc(swing * np.sqrt(squared) / np.pi)
            for share, width, swing in self._parts()
        ]
        return np.asarray(np.sum(parts, axis=0))

    def power(self, frequency_per_um: NDArray, ndim: int) -> NDArray[np.float64]:
        """Spectral density of the field, the Fourier transform of its correlation [µm^ndim].

        Parameters
        ----------
        frequency_per_um : ndarray of float
            2 pi over the wavelength [1/µm].
        ndim : int

        Examples
        --------
        >>> float(FieldShape(1.0, 0.0).power(np.array([0.0]), 2).round(4)[0])
        6.2832
        """
        q = np.asarray(frequency_per_um, float)
        found = np.zeros(q.shape)
        for share, width, swing in self._parts():
            # a swing is a mean over directions; 3D sees all of it, 2D a mean over its shadows
            angles, weights = np.polynomial.legendre.leggauss(_NODES if ndim == 2 else 1)
            across = np.sqrt(1 - angles**2) if ndim == 2 else np.ones(1)
            for along, weight in zip(across, weights / 2, strict=True):
                found += weight * share * _ring(q, width, swing * along, ndim)
        return found

    def _parts(self) -> list[tuple[float, float, float]]:
        """Share, squared width [µm²] and swing [1/µm] of each part of the correlation."""
        if self.shape < 0:
            width = (0.5 + self.shape**2 / 3) / self.steepness
            return [(1.0, width, -self.shape / math.sqrt(width))]
        wide = 1 + self.shape
        fine = 1 / (1 + wide)
        width = (fine + (1 - fine) / wide**2) / (2 * self.steepness)
        return [(fine, width, 0.0), (1 - fine, width * wide**2, 0.0)]


def _ring(q: NDArray, width: float, swing: float, ndim: int) -> NDArray[np.float64]:
    """Transform exp(-r² / 4 width) times the mean of a wave over directions, J0 or sinc."""
    from scipy.special import ive

    argument = 2 * q * swing * width
    if ndim == 2:
        spread = ive(0, argument)
    else:
        spread = np.where(
            argument > 1e-6, -np.expm1(-2 * argument) / (2 * np.maximum(argument, 1e-6)), 1.0
        )
    return np.asarray(
        (4 * np.pi * width) ** (ndim / 2) * np.exp(-width * (q - swing) ** 2) * spread
    )


def field_for(medium: Medium) -> FieldShape:
    """Find the random field whose level cut is like a medium.

    Volume fraction and surface are met exactly; the correlation length as nearly as such a medium
    can: a phase with much surface cannot be correlated over less than its surface allows.

    Examples
    --------
    >>> smooth = field_for(Medium(0.5, 0.2, 5.5))
    >>> round(length_of(smooth, level=0.0), 2)
    5.5
    """
    from scipy.optimize import brentq

    def misfit(shape: float) -> float:
        found = length_of(FieldShape(medium.steepness, shape), level=medium.level)
        return found - medium.correlation_length_um

    if misfit(_TIGHTEST) >= 0:
        return FieldShape(medium.steepness, _TIGHTEST)
    if misfit(_WIDEST) <= 0:
        return FieldShape(medium.steepness, _WIDEST)
    return FieldShape(medium.steepness, float(brentq(misfit, _TIGHTEST, _WIDEST, xtol=1e-4)))


def length_of(field: FieldShape, *, level: float) -> float:
    """Find where the covariance of a level cut has fallen to 1/e [µm].

    Examples
    --------
    >>> round(length_of(FieldShape(1.0, 0.0), level=0.0), 2)
    1.1
    """
    angles = np.linspace(-np.pi / 2 + 1e-6, np.pi / 2, 2 * _STEPS)
    rates = np.exp(-(level**2) / (1 + np.sin(angles)))
    steps = (rates[1:] + rates[:-1]) / 2 * np.diff(angles)
    covariance = np.concatenate([[0.0], np.cumsum(steps)])
    covariance -= np.interp(0.0, angles, covariance)
    distance = np.geomspace(1e-3, 1e3, _STEPS) / math.sqrt(field.steepness)
    phases = np.arcsin(np.clip(field.correlation(distance), -1, 1))
    return _falls_to(np.interp(phases, angles, covariance) / covariance[-1], distance)


def correlation_length_um(phase: NDArray, *, spacing_um: Sequence[float]) -> float:
    """Measure where the covariance of a phase has fallen to 1/e, mean of the axes [µm].

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x) or (y, x)
    spacing_um : sequence of float
        Voxel size along each axis [µm].

    Raises
    ------
    ValueError
        Where the image holds one phase only, or is as large as its features along every axis.

    Examples
    --------
    >>> squares = np.kron(np.random.default_rng(0).random((32, 32)) < 0.5, np.ones((8, 8))) > 0
    >>> round(correlation_length_um(squares, spacing_um=(0.5, 0.5)), 1)
    2.5
    """
    phase = checked_phase(phase)
    spacing = checked_spacing(spacing_um, phase.ndim)
    fraction = float(phase.mean())
    if not 0 < fraction < 1:
        raise ValueError(f"the image holds one phase only, volume fraction {fraction:g}")
    lengths = [
        _falls_to(_covariance_along(phase, axis, fraction), np.arange(phase.shape[axis]) * step)
        for axis, step in enumerate(spacing)
    ]
    known = [length for length in lengths if math.isfinite(length)]
    if not known:
        raise ValueError(
            "the covariance falls to 1/e along no axis: the image is as large as its features; "
            "give a larger one"
        )
    return float(np.mean(known))


def _covariance_along(phase: NDArray, axis: int, fraction: float) -> NDArray[np.float64]:
    """Covariance over whole voxels along one axis, relative to that at 0."""
    from scipy.fft import irfft, next_fast_len, rfft

    size = phase.shape[axis]
    padded = next_fast_len(2 * size)
    total = np.zeros(size)
    rows = np.moveaxis(phase, axis, -1).reshape(-1, size)
    for start in range(0, len(rows), 4096):
        spectrum = np.abs(rfft(rows[start : start + 4096] - np.float32(fraction), padded)) ** 2
        total += irfft(spectrum.sum(axis=0, dtype=np.float64), padded)[:size]
    covariance = total / np.arange(size, 0, -1)
    return np.asarray(covariance / covariance[0])


def _falls_to(covariance: NDArray, distance: NDArray, share: float = math.exp(-1)) -> float:
    """Interpolate where it first falls below a share; infinity where it never does."""
    below = np.flatnonzero(covariance < share)
    if len(below) == 0 or below[0] == 0:
        return math.inf if len(below) == 0 else float(distance[0])
    after = int(below[0])
    high, low = covariance[after - 1], covariance[after]
    along = (high - share) / (high - low)
    return float(distance[after - 1] + along * (distance[after] - distance[after - 1]))


def draw_field(
    field: FieldShape,
    *,
    shape: Sequence[int],
    spacing_um: Sequence[float],
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Draw a random field of unit variance; it goes on periodically.

    Parameters
    ----------
    field : FieldShape
    shape : sequence of int
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float32, in `shape`

    Examples
    --------
    >>> drawn = draw_field(FieldShape(0.02, 0.0), shape=(64, 64), spacing_um=(1.0, 1.0),
    ...                    rng=np.random.default_rng(0))
    >>> drawn.shape
    (64, 64)
    """
    from scipy.fft import fftfreq, irfftn, rfftfreq, rfftn

    steps = [2 * np.pi * fftfreq(n, step) for n, step in zip(shape, spacing_um, strict=True)]
    steps[-1] = 2 * np.pi * rfftfreq(shape[-1], spacing_um[-1])
    highest = math.sqrt(sum(float(np.max(np.abs(along))) ** 2 for along in steps))
    table = np.linspace(0, highest * (1 + 1e-9), _TABLE)
    amplitude = np.sqrt(field.power(table, len(steps)) / np.prod(spacing_um))
    squared = sum(
        np.square(along, dtype=np.float32).reshape(
            [-1 if axis == k else 1 for k in range(len(steps))]
        )
        for axis, along in enumerate(steps)
    )
    white = rng.standard_normal(shape, dtype=np.float32)
    spectrum = rfftn(white, workers=2)
    spectrum *= np.interp(np.sqrt(squared), table, amplitude).astype(np.float32)
    return np.asarray(irfftn(spectrum, tuple(shape), workers=2), np.float32)
