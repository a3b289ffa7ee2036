"""Two images as spectra, summed in shells: what they share, and what each holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..threads import thread_count
from .frequency_shells import FrequencyShells


@dataclass(frozen=True)
class HalfSpectra:
    """Sums over the shells of two spectra, each of shape (shells,).

    Attributes
    ----------
    shared : ndarray
        Real part of the product of one with the conjugate of the other.
    first, second : ndarray
        Squares of their sizes.
    """

    shared: NDArray[np.float64]
    first: NDArray[np.float64]
    second: NDArray[np.float64]

    @property
    def correlation(self) -> NDArray[np.float64]:
        """Of each shell, -1 to 1; 0 where a half is empty."""
        size = np.sqrt(self.first * self.second)
        return np.asarray(np.divide(self.shared, size, out=np.zeros_like(size), where=size > 0))

    @property
    def signal_to_noise(self) -> float:
        """Variance of what the halves share over that of what they don't, in one half.

        References
        ----------
        Frank & Al-Ali 1975, doi:10.1038/256376a0: r / (1 - r).
        """
        size = float(np.sqrt(self.first[1:].sum() * self.second[1:].sum()))
        alike = float(self.shared[1:].sum()) / size
        return max(0.0, alike) / (1 - alike) if alike < 1 else float("inf")


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
    sums = np.zeros((3, len(shells.frequency_per_um)))
    for plane in range(shells.shape[0]):
        index = shells.index(plane)
        a, b = first[plane], second[plane]
        product = a.real.astype(float) * b.real + a.imag.astype(float) * b.imag
        for row, values in enumerate((product, _square(a), _square(b))):
            sums[row] += shells.sums(values, plane, index)
    return HalfSpectra(*sums)


def _square(values: NDArray[np.complex64]) -> NDArray[np.float64]:
    return np.asarray(values.real.astype(float) ** 2 + values.imag.astype(float) ** 2)


def shift_between(
    first: NDArray[np.complex64], second: NDArray[np.complex64], shape: tuple[int, ...]
) -> tuple[int, ...]:
    """Return by how many voxels the second lies beside the first: the peak of their correlation."""
    from scipy.fft import irfftn

    peaks = irfftn(np.conj(first) * second, s=shape, workers=thread_count())
    place = np.unravel_index(int(np.argmax(peaks)), shape)
    return tuple(int((p + n // 2) % n - n // 2) for p, n in zip(place, shape, strict=True))


def randomised_phases(
    volume: NDArray[np.float32],
    shells: FrequencyShells,
    *,
    beyond: int,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Return a volume whose phases are random from a shell on, with the sizes that it had.

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
        found[plane][chosen] = np.abs(found[plane][chosen]) * (phase / size)
    return np.asarray(irfftn(found, s=volume.shape, workers=workers), np.float32)
