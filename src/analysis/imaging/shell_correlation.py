"""Resolution from two independent halves: Fourier shell correlation, in 2D ring correlation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..segmentation.smoothing import as_volume
from ..spacing import checked_image_ndim, checked_spacing
from .frequency_shells import FrequencyShells, frequency_shells
from .half_spectra import HalfSpectra, compared, shift_between, spectrum
from .information_thresholds import bit_threshold, sigma_threshold
from .mask_correlation import correlation_by_mask
from .shell_crossing import Resolution, resolution_at
from .shell_notes import shell_notes
from .soft_windows import independent_share, smear, soft_edges

if TYPE_CHECKING:
    import pandas as pd

_FEWEST = 16  # voxels along every axis


@dataclass(frozen=True)
class ShellCorrelation:
    """The correlation of two halves in each shell of frequency, and the resolution that follows.

    Attributes
    ----------
    curve : DataFrame
        A row a shell: `frequency_per_um`, `period_um`, `correlation`, its standard deviation
        `scatter`, `voxels` and `independent_voxels` in it, `full` (sampled in every direction),
        `half_bit`, `one_bit` and `three_sigma`. With a mask also `masked`, the correlation before
        what the mask makes was taken off, and `by_mask`, what it makes.
    half_bit, one_bit : Resolution
        For the sum of both halves.
    signal_to_noise : float
        Variance of what the halves share over that of the rest, of one half, all frequencies.
    nyquist_um : float
        Finest period that the coarsest axis holds: two voxels [µm].
    notes : tuple of str
        What makes the figures doubtful; empty where nothing was found.
    """

    curve: pd.DataFrame
    half_bit: Resolution
    one_bit: Resolution
    signal_to_noise: float
    nyquist_um: float
    notes: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Return one row a criterion; resolutions are full periods [µm]."""
        import pandas as pd

        return pd.DataFrame([asdict(self.half_bit), asdict(self.one_bit)])


def shell_correlation(
    first: NDArray,
    second: NDArray,
    *,
    spacing_um: Sequence[float],
    second_spacing_um: Sequence[float] | None = None,
    mask: NDArray | None = None,
    soft_edge: float = 0.125,
    seed: int = 0,
) -> ShellCorrelation:
    """Correlate two independent images of one thing, shell by shell of spatial frequency.

    The correlation is Re Σ F1 F2* / sqrt(Σ |F1|² Σ |F2|²); it expects S / (1 + S), where S is the
    signal-to-noise ratio of one half at that frequency. The resolution, of the sum of both halves,
    is the period at which it falls below the half-bit (one-bit) curve.

    Parameters
    ----------
    first, second : ndarray, (z, y, x) or (y, x)
        Two scans in one frame, or reconstructions of odd and even projections
        (`projection_halves`). Of the same shape, 16 voxels or more along every axis.
    spacing_um : sequence of float
        Voxel size along each axis [µm]; shells are spheres in µm, whatever the shape of a voxel.
    second_spacing_um : sequence of float, optional
        Of the second half where it has its own: it must be the same.
    mask : ndarray, optional
        What counts, 0 to 1, as `soft_mask` makes it. The correlation that the mask itself makes is
        measured with random phases, and taken off.
    soft_edge : float
        Share of each axis over which the image fades to its borders; 0 for periodic images.
    seed : int
        Of the random phases.

    Returns
    -------
    ShellCorrelation

    Raises
    ------
    ValueError
        The halves differ in shape or voxel size, one is constant or has values that are no
        numbers, or both are the same but for a filter: then they are not independent.

    Notes
    -----
    Not for two halves that were made from one reconstruction, denoised, deconvolved or aligned by
    their noise: what they share beyond the signal counts as resolution. Rings, and flat fields that
    both halves used, are shared too.

    References
    ----------
    Harauz & van Heel 1986, Optik 73, 146; van Heel & Schatz 2005, doi:10.1016/j.jsb.2005.05.009;
    random phases: Chen et al. 2013, doi:10.1016/j.ultramic.2013.06.004.

    Examples
    --------
    >>> from scipy.ndimage import gaussian_filter
    >>> rng = np.random.default_rng(1)
    >>> truth = gaussian_filter(rng.normal(size=(128, 128)), 2, mode="wrap")
    >>> halves = [truth + rng.normal(0, 0.1, truth.shape) for _ in range(2)]
    >>> found = shell_correlation(*halves, spacing_um=(0.5, 0.5))
    >>> found.half_bit.said
    '2.57 µm'
    """
    a, b, spacing = _checked(first, second, spacing_um, second_spacing_um)
    shells = frequency_shells(np.shape(first), spacing)
    bare = window = soft_edges(a.shape, soft_edge)
    if mask is not None:
        window = bare * as_volume(_checked_mask(mask, np.shape(first)))
    spectra = (spectrum(a, window), spectrum(b, window))
    found = compared(*spectra, shells)
    if found.copies:
        raise ValueError(
            "first and second need independent noise, got the same phases in every shell: they are "
            "one image, copied or filtered; split the projections or scan again"
        )
    shift = shift_between(*spectra, a.shape)[3 - np.ndim(first) :]
    del spectra
    chance = None
    if mask is not None:
        whole = compared(spectrum(a, bare), spectrum(b, bare), shells).correlation
        least = np.minimum(whole, found.correlation)
        chance = correlation_by_mask((a, b), (bare, window), least, shells, seed)
    return _result(shells, found, window, chance, shift)


def _checked(
    first: NDArray,
    second: NDArray,
    spacing_um: Sequence[float],
    second_spacing_um: Sequence[float] | None,
) -> tuple[NDArray[np.float32], NDArray[np.float32], tuple[float, ...]]:
    first, second = np.asarray(first), np.asarray(second)
    ndim = checked_image_ndim(first.shape)
    if first.shape != second.shape:
        raise ValueError(
            f"first and second need one shape, got {first.shape} and {second.shape}: cut both to "
            "what they share"
        )
    if min(first.shape) < _FEWEST:
        raise ValueError(
            f"first needs {_FEWEST} voxels or more along every axis, got {first.shape}: correlate "
            "single planes as pictures"
        )
    spacing = checked_spacing(spacing_um, ndim)
    if second_spacing_um is not None:
        other = checked_spacing(second_spacing_um, ndim)
        if not np.allclose(spacing, other, rtol=1e-6, atol=0):
            raise ValueError(
                f"first and second need one voxel size, got {spacing} and {other} µm: resample "
                "neither, scan or reconstruct both alike"
            )
    halves = []
    for name, half in (("first", first), ("second", second)):
        grey = np.ascontiguousarray(as_volume(half), np.float32)
        if not np.isfinite(grey).all():
            raise ValueError(f"{name} needs numbers, got NaN or inf: fill them, and leave them out "
                             "by the mask")  # fmt: skip
        if grey.min() == grey.max():
            raise ValueError(f"{name} needs structure, got {grey.flat[0]} everywhere")
        halves.append(grey)
    return halves[0], halves[1], spacing


def _checked_mask(mask: NDArray, shape: tuple[int, ...]) -> NDArray[np.float32]:
    weights = np.asarray(mask, np.float32)
    if weights.shape != shape:
        raise ValueError(f"mask needs the halves' shape {shape}, got {weights.shape}")
    if not (weights.min() >= 0 and 0 < weights.max() <= 1):
        raise ValueError(
            f"mask needs weights of 0 to 1, got {weights.min()} to {weights.max()}: make it with "
            "soft_mask"
        )
    return weights


def _curve(
    shells: FrequencyShells,
    found: HalfSpectra,
    window: NDArray,
    chance: tuple[int, NDArray[np.float64]] | None,
) -> pd.DataFrame:
    """One row a shell, without that of frequency 0."""
    import pandas as pd

    frequency = shells.frequency_per_um
    independent = np.maximum(1.0, shells.voxels * independent_share(window))
    correlation = found.correlation
    scatter = (1 - correlation**2) / np.sqrt(independent)
    columns = {}
    if chance is not None:
        beyond, made = chance
        columns = {"masked": correlation, "by_mask": made}
        later = np.arange(len(made)) > beyond + 1  # the mask smears the edge of what is random
        rest = np.where(later, np.maximum(1 - made, 1e-3), 1.0)
        taken_off = np.where(later, made, 0.0)
        correlation = np.clip((correlation - taken_off) / rest, -1, 1)
        scatter = scatter / rest
    table = pd.DataFrame(
        {
            "frequency_per_um": frequency,
            "period_um": 1 / np.maximum(frequency, shells.width_per_um / 2),
            "correlation": correlation,
            "scatter": scatter,
            "voxels": shells.voxels.astype(int),
            "independent_voxels": independent,
            "full": shells.full,
            "half_bit": bit_threshold(independent, bits=0.5),
            "one_bit": bit_threshold(independent, bits=1.0),
            "three_sigma": sigma_threshold(independent),
            **columns,
        }
    )
    return table.iloc[1:].reset_index(drop=True)


def _result(
    shells: FrequencyShells,
    found: HalfSpectra,
    window: NDArray,
    chance: tuple[int, NDArray[np.float64]] | None,
    shift: tuple[int, ...],
) -> ShellCorrelation:
    curve = _curve(shells, found, window, chance)
    resolutions = [
        resolution_at(
            curve["frequency_per_um"].to_numpy(),
            curve["correlation"].to_numpy(),
            curve[name].to_numpy(),
            curve["independent_voxels"].to_numpy(),
            criterion=name.replace("_", "-"),
            nyquist_per_um=shells.nyquist_per_um,
            smear=smear(window),
        )
        for name in ("half_bit", "one_bit")
    ]
    return ShellCorrelation(
        curve=curve,
        half_bit=resolutions[0],
        one_bit=resolutions[1],
        signal_to_noise=found.signal_to_noise,
        nyquist_um=1 / min(shells.nyquist_per_um),
        notes=shell_notes(curve, resolutions[0], shift),
    )
