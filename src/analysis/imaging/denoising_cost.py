"""What denoising costs in resolution, measured by two independent halves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...quantities import format_length
from ..segmentation.smoothing import as_volume
from .denoising import Denoised, Method, denoise
from .frequency_shells import FrequencyShells, frequency_shells
from .half_spectra import compared, spectrum
from .shell_correlation import ShellCorrelation, shell_correlation
from .soft_windows import soft_edges

if TYPE_CHECKING:
    import pandas as pd

_SOFT = 0.125
_HALF = 0.5
_PLAIN = 0.7  # correlation above which a few voxels tell enough


@dataclass(frozen=True)
class DenoisingCost:
    """Resolution, edges and faint detail before and after denoising.

    Attributes
    ----------
    denoised : Denoised
        The first half.
    before, after : ShellCorrelation
        Of the two halves, and of the two denoised halves. The second is no resolution: what a
        filter makes of both halves alike counts as structure.
    kept : DataFrame
        `frequency_per_um`, `period_um`, `kept`: the share of the amplitude of true structure that
        is left, told by the other half, which was not denoised; NaN where the halves share too
        little to tell.
    half_kept_um : float
        Period below which less than half of the amplitude is left [µm]; NaN where that is not
        reached.
    warnings : tuple of str
        In numbers.
    """

    denoised: Denoised
    before: ShellCorrelation
    after: ShellCorrelation
    kept: pd.DataFrame
    half_kept_um: float
    warnings: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Return one row a figure, before and after."""
        import pandas as pd

        edges = self.denoised
        rows = [
            ("half-bit resolution [µm]", self.before.half_bit.resolution_um,
             self.after.half_bit.resolution_um, "not to be used after denoising"),
            ("one-bit resolution [µm]", self.before.one_bit.resolution_um,
             self.after.one_bit.resolution_um, "not to be used after denoising"),
            ("edge width, 10-90 % [px]", edges.before["edge_width_px"],
             edges.after["edge_width_px"], "of strong edges"),
            ("noise [grey value]", edges.before["noise"], edges.after["noise"], "white part"),
            ("half of the amplitude is lost below [µm]", float("nan"), self.half_kept_um,
             "of all structure, told by the other half"),
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=["quantity", "before", "after", "remark"])


def denoising_cost(
    first: NDArray,
    second: NDArray,
    *,
    method: Method,
    spacing_um: Sequence[float],
    noise: float | None = None,
) -> DenoisingCost:
    """Denoise two independent halves and tell what that does to resolution.

    Structure is what both halves share. The correlation of a denoised half with the *other, raw*
    half, over that of the raw halves, is the share of its amplitude that denoising has left, at
    each frequency: the noise of the other half cannot take part in it.

    Parameters
    ----------
    first, second : ndarray, (z, y, x) or (y, x)
        As for `shell_correlation`.
    method : {"median", "non-local means", "total variation"}
        Of `denoise`.
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    noise : float, optional
        Of one half [grey value].

    Returns
    -------
    DenoisingCost

    Raises
    ------
    ValueError
        As `shell_correlation` and `denoise`.

    Examples
    --------
    >>> from scipy.ndimage import gaussian_filter
    >>> rng = np.random.default_rng(0)
    >>> truth = 10 * gaussian_filter(rng.normal(size=(96, 96)), 1, mode="wrap")
    >>> halves = [truth + rng.normal(0, 1, truth.shape) for _ in range(2)]
    >>> cost = denoising_cost(*halves, method="median", spacing_um=(1, 1))
    >>> 2 < cost.half_kept_um < 6
    True
    """
    before = shell_correlation(first, second, spacing_um=spacing_um)
    one = denoise(first, method=method, noise=noise)
    other = denoise(second, method=method, noise=noise)
    after = shell_correlation(one.image, other.image, spacing_um=spacing_um)
    kept, half = _kept(first, second, one.image, before, frequency_shells(first.shape, spacing_um))
    return DenoisingCost(one, before, after, kept, half, _warnings(one, before, after, half))


def _kept(
    first: NDArray,
    second: NDArray,
    denoised: NDArray,
    before: ShellCorrelation,
    shells: FrequencyShells,
) -> tuple[pd.DataFrame, float]:
    window = soft_edges(as_volume(np.asarray(first)).shape, _SOFT)
    raw, other, smooth = (
        spectrum(np.ascontiguousarray(as_volume(np.asarray(half)), np.float32), window)
        for half in (first, second, denoised)
    )
    shared = compared(raw, other, shells).shared[1:]
    left = compared(smooth, other, shells).shared[1:]
    curve = before.curve[["frequency_per_um", "period_um"]].copy()
    least = np.minimum(before.curve["three_sigma"], _PLAIN)
    told = (before.curve["correlation"] > least).to_numpy() & (shared > 0)
    curve["kept"] = np.where(told, left / np.where(told, shared, 1.0), np.nan)
    known = curve.dropna()
    low = np.flatnonzero((known["kept"] < _HALF).to_numpy())
    half = float(known["period_um"].iloc[int(low[0])]) if len(low) else float("nan")
    return curve, half


def _warnings(
    denoised: Denoised, before: ShellCorrelation, after: ShellCorrelation, half: float
) -> tuple[str, ...]:
    notes = list(denoised.warnings)
    notes.append(
        f"half-bit of the halves: {_brief(before)} before, {_brief(after)} after, which is no "
        "resolution: denoised halves share what the filter makes of noise"
    )
    if np.isfinite(half):
        notes.append(
            f"structure finer than {format_length(half)} has lost more than half of its amplitude"
        )
    else:
        notes.append("no structure that the halves share has lost half of its amplitude")
    return tuple(notes)


def _brief(found: ShellCorrelation) -> str:
    period = found.half_bit.resolution_um
    return format_length(period) if np.isfinite(period) else found.half_bit.said.split(":")[0]
