"""Pore size weighted by the electric field (Lambda of Johnson, Koplik and Schwartz)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..quantification.surface import surface
from ..quantification.volume import checked_mask, checked_phase
from ..spacing import checked_spacing
from .effective import effective_diffusivity

_LEVELS = (
    0.25,
    0.5,
    0.75,
)  # of the mask after a Gaussian of one voxel: walls half a voxel out and in


def lambda_um(
    pore: NDArray,
    *,
    spacing_um: Sequence[float],
    axis: str = "z",
    boundary: str = "fixed",
    relative_error: float = 1e-4,
    mask: NDArray | None = None,
    threads: int | None = None,
) -> float:
    """Return twice the pore volume over its surface, both weighted by the squared field.

    Dead ends and wide bodies carry little current and count little; it is the radius of a tube, the
    opening of a slit. `johnson_koplik_dashen_um2` makes a permeability of it. Moving all walls by d
    changes the conductivity by 2 d / Lambda of itself, and so it is found: from two solutions with
    smoothed walls, about half a voxel out and in. The field beside a wall of voxels isn't used: on
    a sphere it is a fifth too small.

    Parameters
    ----------
    pore : ndarray of bool, (z, y, x) or (y, x)
        An image is a section through slits that go on for ever.
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    axis : {"z", "y", "x"}
    boundary : {"fixed", "periodic"}
        As of `effective_diffusivity`.
    relative_error : float
        Of each conductivity.
    mask : ndarray of bool, optional
        As of `effective_diffusivity`; its side is no wall of a pore.
    threads : int, optional

    Returns
    -------
    float
        [µm]; NaN where no path leads through, or only one that is a voxel wide. Right to 3 % for
        tubes of 5 voxels radius and more and for thin spheres, a tenth off at 3 voxels; 4 % high
        between flat walls along the voxels, as their surface by Crofton is low.

    References
    ----------
    Johnson, Koplik & Schwartz 1986, doi:10.1103/PhysRevLett.57.2564.

    Examples
    --------
    >>> import numpy as np
    >>> slit = np.zeros((4, 30), bool); slit[:, 5:25] = True
    >>> round(lambda_um(slit, spacing_um=(0.5, 0.5), axis="y"))
    10
    """
    pore = checked_phase(pore)
    spacing = checked_spacing(spacing_um, pore.ndim)
    inside = None if mask is None else checked_mask(mask, pore.shape)
    if inside is not None and inside.all():
        inside = None
    wider, middle, narrower = _moved_walls(pore, spacing, boundary == "periodic", inside)
    conductivities = [
        effective_diffusivity(
            phase, spacing_um=spacing, axis=axis, boundary=boundary,
            relative_error=relative_error, mask=inside, threads=threads,
        ).value
        for phase in (wider, narrower)
    ]  # fmt: skip
    if min(conductivities) == 0:  # the narrower one is closed: from the pore as it is
        narrower = pore
        conductivities[1] = effective_diffusivity(
            pore, spacing_um=spacing, axis=axis, boundary=boundary,
            relative_error=relative_error, mask=inside, threads=threads,
        ).value  # fmt: skip
    if min(conductivities) == 0:
        return math.nan
    gained = (np.count_nonzero(wider) - np.count_nonzero(narrower)) / (
        pore.size if inside is None else np.count_nonzero(inside)
    )
    walls = middle if middle.any() else pore
    area = surface(walls, spacing_um=spacing, mask=inside).specific_um2_per_um3
    change = math.log(conductivities[0] / conductivities[1])
    return float(2 * gained / area / change) if change > 0 else math.nan


def _moved_walls(
    pore: NDArray[np.bool_],
    spacing: tuple[float, ...],
    periodic: bool,
    inside: NDArray[np.bool_] | None,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    from scipy.ndimage import gaussian_filter

    sigma = [min(spacing) / step for step in spacing]
    mode = "wrap" if periodic else "nearest"
    soft = gaussian_filter(_within(pore, inside).astype(np.float32), sigma, mode=mode)
    if inside is not None:  # the mean of what is inside
        share = gaussian_filter(inside.astype(np.float32), sigma, mode=mode)
        soft = np.divide(soft, share, out=np.zeros_like(soft), where=inside)
    low, middle, high = (_within(soft > np.float32(level), inside) for level in _LEVELS)
    return low, middle, high


def _within(phase: NDArray[np.bool_], inside: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    return phase if inside is None else phase & inside
