"""Two images as spectra, summed in shells: what they share, and what each holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..threads import thread_count
from .frequency_shells import FrequencyShells, conjugates

_COPIES = 0.998  # of phases that agree, in every shell
_SURE = 7.0  # standard deviations of a peak that is no chance
_SHARP = 0.9  # of the peak, at no shift: such a shift does no harm


@dataclass(frozen=True)
class HalfSpectra:
    """Sums over the shells of two spectra, each of shape (shells,).

    Attributes
    ----------
    shared : ndarray
        Real part of the product of one with the conjugate of the other.
    first, second : ndarray
        Squares of their sizes.
    both : ndarray
        Product of their sizes.
    signal_to_noise : float
        Variance of what the halves share over that of what they don't, in one half, at all
        frequencies: r / (1 - r) (Frank & Al-Ali 1975, doi:10.1038/256376a0).
    """

    shared: NDArray[np.float64]
    first: NDArray[np.float64]
    second: NDArray[np.float64]
    both: NDArray[np.float64]
    signal_to_noise: float

    @property
    def correlation(self) -> NDArray[np.float64]:
        """Of each shell, -1 to 1; 0 where a half is empty."""
        size = np.sqrt(self.first * self.second)
        return np.asarray(np.divide(self.shared, size, out=np.zeros_like(size), where=size > 0))

    @property
    def copies(self) -> bool:
        """Whether all phases agree, whatever the sizes: one image, copied or filtered."""
        alike = np.divide(self.shared, self.both, out=np.ones_like(self.both), where=self.both > 0)
        return bool(np.all(np.abs(alike[1:]) > _COPIES))


def spectrum(volume: NDArray, window: NDArray[np.float32]) -> NDArray[np.complex64]:
    """Transform a volume under a window, its mean under the window taken off."""
    from scipy.fft import rfftn

    mean = float(np.sum(volume * window, dtype=np.float64) / np.sum(window, dtype=np.float64))
    found = rfftn((volume - np.float32(mean)) * window, workers=thread_count())
    return np.asarray(found, np.complex64)


def compared(
    first: NDArray[np.complex64], second: NDArray[np.complex64], shells: FrequencyShells
) -> HalfSpectra:
    """Sum two spectra and their product in shells, plane by plane."""
    sums, whole = np.zeros((4, len(shells.frequency_per_um))), np.zeros(3)
    weight = conjugates(shells.shape[2])
    for plane in range(shells.shape[0]):
        index = shells.index(plane)
        a, b = first[plane], second[plane]
        product = a.real.astype(float) * b.real + a.imag.astype(float) * b.imag
        rows = product, _square(a), _square(b)
        whole += [float(np.sum(values * weight)) for values in rows]
        for row, values in enumerate((*rows, np.sqrt(rows[1] * rows[2]))):
            sums[row] += shells.sums(values, plane, index)
    whole -= sums[:3, 0]
    alike = whole[0] / np.sqrt(whole[1] * whole[2])
    ratio = max(0.0, alike) / (1 - alike) if alike < 1 else float("inf")
    return HalfSpectra(sums[0], sums[1], sums[2], sums[3], float(ratio))


def _square(values: NDArray[np.complex64]) -> NDArray[np.float64]:
    return np.asarray(values.real.astype(float) ** 2 + values.imag.astype(float) ** 2)


def shift_between(
    first: NDArray[np.complex64], second: NDArray[np.complex64], shape: tuple[int, ...]
) -> tuple[int, ...]:
    """Return by how many voxels the second lies beside the first: the peak of their correlation.

    0 where the peak is no higher than chance makes one, or hardly higher than without a shift.
    """
    from scipy.fft import irfftn

    peaks = irfftn(np.conj(first) * second, s=shape, workers=thread_count())
    place = np.unravel_index(int(np.argmax(peaks)), shape)
    if peaks[place] < _SURE * peaks.std() or peaks.flat[0] > _SHARP * peaks[place]:
        return (0,) * len(shape)
    return tuple(int((p + n // 2) % n - n // 2) for p, n in zip(place, shape, strict=True))


def randomised_phases(
    volume: NDArray[np.float32],
    shells: FrequencyShells,
    *,
    beyond: int,
    gain: float = 1.0,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Return a volume whose phases are random from a shell on, its sizes there times a gain.

    References
    ----------
    Chen et al. 2013, doi:10.1016/j.ultramic.2013.06.004.
    """
    from scipy.fft import irfftn, rfftn

    workers = thread_count()
    found = rfftn(volume, workers=workers)
    noise = rfftn(rng.standard_normal(volume.shape, dtype=np.float32), workers=workers)
    for plane in range(shells.shape[0]):
        chosen = shells.index(plane) >= beyond
        phase = noise[plane][chosen]
        size = np.maximum(np.abs(phase), np.finfo(np.float32).tiny)
        found[plane][chosen] = np.abs(found[plane][chosen]) * (gain * phase / size)
    return np.asarray(irfftn(found, s=volume.shape, workers=workers), np.float32)
