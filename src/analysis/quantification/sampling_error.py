"""How much another field of view would differ: variance between blocks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..distributions import student
from ..spacing import checked_spacing
from .surface import surface
from .volume import checked_phase


def sampling_uncertainty(
    phase: NDArray,
    *,
    spacing_um: Sequence[float],
    mask: NDArray | None = None,
    blocks_an_axis: int = 2,
) -> dict[str, float]:
    """Estimate the 95 % half-width for the material from the scatter between blocks.

    The scatter of a quantity between non-overlapping blocks, divided by the root of their
    number, with Student's t. It holds for a material without trend or long-range order; blocks must
    be larger than its features.

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x) or (y, x)
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    mask : ndarray of bool, optional
        Blocks with less than half inside it are left out.
    blocks_an_axis : int
        Blocks along each axis.

    Returns
    -------
    dict of str to float
        ``"volume_fraction"`` [1] and ``"specific_surface"`` [1/µm]; empty when fewer than four
        blocks of at least 8 voxels an axis are left.

    References
    ----------
    Kanit et al. 2003, doi:10.1016/S0020-7683(03)00143-4.

    Examples
    --------
    >>> found = sampling_uncertainty(np.ones((32, 32, 32), bool), spacing_um=(1, 1, 1))
    >>> float(found["volume_fraction"])
    0.0
    """
    phase = checked_phase(phase)
    spacing = checked_spacing(spacing_um, phase.ndim)
    if min(phase.shape) < 8 * blocks_an_axis:
        return {}
    edges = [np.linspace(0, size, blocks_an_axis + 1).astype(int) for size in phase.shape]
    fractions, surfaces = [], []
    for index in product(range(blocks_an_axis), repeat=phase.ndim):
        block = tuple(slice(e[i], e[i + 1]) for e, i in zip(edges, index, strict=True))
        inside = None if mask is None else mask[block]
        if inside is not None and inside.mean() < 0.5:
            continue
        part = phase[block]
        fractions.append(part.mean() if inside is None else part[inside].mean())
        surfaces.append(surface(part, spacing_um=spacing, mask=inside).specific_um2_per_um3)
    if len(fractions) < 4:
        return {}
    factor = float(student.ppf(0.975, len(fractions) - 1)) / np.sqrt(len(fractions))
    return {
        "volume_fraction": factor * float(np.std(fractions, ddof=1)),
        "specific_surface": factor * float(np.std(surfaces, ddof=1)),
    }
