"""Strain from displacements of windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from .displacement import Displacements

if TYPE_CHECKING:
    import pandas as pd

_LEVELLED = 1e-9  # of the spread of places: windows on a line tell no gradient across it


@dataclass(frozen=True, eq=False)
class Strain:
    """Strain at the middles of the windows.

    Attributes
    ----------
    position_um : ndarray, shape (n, d)
        In the reference, z, y, x or y, x [um].
    tensor : ndarray, shape (n, d, d)
        Symmetric, no unit; NaN where too few neighbours were followed.
    sigma : ndarray, shape (n, d, d)
        Standard uncertainty of each component.
    dilatation, dilatation_sigma : ndarray, shape (n,)
        Change of volume (in 2-D, of area) as a share of what it was.
    measure : str
        "green-lagrange" or "small".
    gauge_um : ndarray, shape (d,)
        Length over which a gradient was taken [um].
    """

    position_um: np.ndarray
    tensor: np.ndarray
    sigma: np.ndarray
    dilatation: np.ndarray
    dilatation_sigma: np.ndarray
    measure: str
    gauge_um: np.ndarray

    def table(self) -> pd.DataFrame:
        """One row a window: place, components with their errors, dilatation."""
        import pandas as pd

        d = self.position_um.shape[1]
        names = "zyx"[-d:]
        columns = {f"{n}_um": self.position_um[:, k] for k, n in enumerate(names)}
        for i in range(d):
            for k in range(i, d):
                columns[f"e_{names[i]}{names[k]}"] = self.tensor[:, i, k]
                columns[f"sigma_{names[i]}{names[k]}"] = self.sigma[:, i, k]
        columns |= {"dilatation": self.dilatation, "sigma_dilatation": self.dilatation_sigma}
        return pd.DataFrame(columns)


def strain_of(
    displacements: Displacements,
    *,
    gauge: int = 3,
    measure: Literal["green-lagrange", "small"] = "green-lagrange",
) -> Strain:
    """Fit a plane to the displacements of neighbouring windows, and take the strain from it.

    Parameters
    ----------
    displacements : Displacements
    gauge : int
        Odd; windows along each axis that a gradient is fitted to.
    measure : {"green-lagrange", "small"}
        The first does not see rotations, whatever their size.

    Returns
    -------
    Strain

    Raises
    ------
    ValueError
        `gauge` is even or below 3.

    Notes
    -----
    Windows that overlap share voxels and so their errors; the stated uncertainty counts that. It
    counts noise, not what a gauge wider than a strain gradient smears.

    Examples
    --------
    >>> from scipy.ndimage import affine_transform, gaussian_filter
    >>> from scalebridge.analysis.registration.correlation import displacement_field
    >>> grains = gaussian_filter(np.random.default_rng(0).normal(size=(120, 120)), 2)
    >>> longer = affine_transform(grains, np.diag([1, 1 / 1.01]), order=5)  # x stretched by 1 %
    >>> found = displacement_field(grains, longer, spacing_um=[1, 1], zero_strain=False)
    >>> strain = strain_of(found, measure="small")
    >>> round(float(np.nanmean(strain.tensor[:, 1, 1])), 3)
    0.01
    """
    if gauge < 3 or gauge % 2 == 0:
        raise ValueError(f"gauge needs an odd number of windows, 3 or more, got {gauge}")
    n, d = displacements.u_um.shape
    gradient = np.full((n, d, d), np.nan)
    variance = np.full((n, d, d, d), np.nan)
    index = np.stack(np.unravel_index(np.arange(n), displacements.grid), axis=1)
    for k in range(n):
        near = np.abs(index - index[k]).max(axis=1) <= gauge // 2
        near &= displacements.converged
        fitted = _plane(displacements, np.flatnonzero(near), displacements.position_um[k])
        if fitted is not None:
            gradient[k], variance[k] = fitted
    tensor, slopes = _measured(gradient, measure)
    # rows of the gradient are independent: components of u err on their own
    sigma = np.sqrt(np.einsum("nijkl,nklm,nijkm->nij", slopes, variance, slopes))
    deformed = np.eye(d) + gradient
    with np.errstate(invalid="ignore"):  # of windows without a gradient
        volume = np.linalg.det(deformed)
    slope = volume[:, None, None] * np.linalg.inv(deformed).transpose(0, 2, 1)
    spread = np.einsum("nkl,nklm,nkm->n", slope, variance, slope)
    return Strain(
        position_um=displacements.position_um,
        tensor=tensor,
        sigma=sigma,
        dilatation=volume - 1,
        dilatation_sigma=np.sqrt(spread),
        measure=measure,
        gauge_um=displacements.step_um * (gauge - 1),
    )


def shared(displacements: Displacements, chosen: np.ndarray) -> np.ndarray:
    """Share of voxels that two windows have in common, (m, m)."""
    places = displacements.position_um[chosen]
    apart = np.abs(places[:, None] - places[None, :]) / displacements.window_um
    return np.asarray(np.prod(np.clip(1 - apart, 0, None), axis=2))


def _plane(
    displacements: Displacements, chosen: np.ndarray, middle: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Gradient of u (d, d) and the covariance of each of its rows (d, d, d)."""
    arms = displacements.position_um[chosen] - middle
    d = arms.shape[1]
    if len(chosen) < d + 2:
        return None
    design = np.hstack([np.ones((len(chosen), 1)), arms])
    bends = np.linalg.svd(arms - arms.mean(axis=0), compute_uv=False)
    if bends[-1] <= _LEVELLED * bends[0]:
        return None
    back = np.linalg.pinv(design)[1:]
    u, sigma = displacements.u_um[chosen], displacements.sigma_um[chosen]
    together = shared(displacements, chosen)
    rows = [back @ (together * np.outer(s, s)) @ back.T for s in sigma.T]
    return (back @ u).T, np.array(rows)


def _measured(gradient: np.ndarray, measure: str) -> tuple[np.ndarray, np.ndarray]:
    """Strain, and how it changes with each component of the gradient, (n, d, d, d, d)."""
    d = gradient.shape[1]
    unit = np.einsum("ik,jl->ijkl", np.eye(d), np.eye(d))
    if measure == "small":
        slope = (unit + unit.transpose(1, 0, 2, 3)) / 2
        return (gradient + gradient.transpose(0, 2, 1)) / 2, np.broadcast_to(
            slope, (len(gradient), *slope.shape)
        )
    if measure != "green-lagrange":
        raise ValueError(f"measure needs green-lagrange or small, got {measure!r}")
    deformed = np.eye(d) + gradient
    tensor = (deformed.transpose(0, 2, 1) @ deformed - np.eye(d)) / 2
    # d(F_ki F_kj)/2 by F_kl = (delta_il F_kj + F_ki delta_jl) / 2
    slopes = np.einsum("il,nkj->nijkl", np.eye(d), deformed)
    slopes = (slopes + np.einsum("jl,nki->nijkl", np.eye(d), deformed)) / 2
    return tensor, slopes
