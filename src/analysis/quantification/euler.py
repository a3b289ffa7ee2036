"""Euler number: bodies minus tunnels plus cavities."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_spacing
from .volume import checked_mask, checked_phase

_SKIMAGE = {3: {26: 3, 6: 1}, 2: {8: 2, 4: 1}}


def euler_number(phase: NDArray, *, connectivity: int) -> int:
    """Count bodies minus tunnels plus cavities of a phase.

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x) or (y, x)
        What lies outside the image counts as background.
    connectivity : {26, 6} for a volume, {8, 4} for an image
        Voxels of the phase that touch at a corner belong together (26, 8) or not (6, 4). The
        background has the other one: 26 goes with 6.

    Returns
    -------
    int

    References
    ----------
    Ohser, Nagel & Schladitz 2002, doi:10.1007/3-540-45782-8_12; counted by scikit-image.

    Examples
    --------
    >>> import numpy as np
    >>> corner = np.zeros((2, 2, 2), bool); corner[0, 0, 0] = corner[1, 1, 1] = True
    >>> euler_number(corner, connectivity=26), euler_number(corner, connectivity=6)
    (1, 2)
    """
    from skimage.measure import euler_number as count

    phase = checked_phase(phase)
    return int(count(phase, connectivity=checked_connectivity(connectivity, phase.ndim)))


def euler_density(
    phase: NDArray,
    *,
    spacing_um: Sequence[float],
    connectivity: int,
    mask: NDArray | None = None,
) -> float:
    """Estimate the Euler number per volume of the material, free of the border's effect.

    What the border of the image cuts would count as extra bodies. Each cell of 2 x 2 x 2 voxels
    (2 x 2) gives the corners, edges, faces and inside that begin at its first voxel, which is
    unbiased for a stationary medium.

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x) or (y, x)
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    connectivity : {26, 6} for a volume, {8, 4} for an image
        As of `euler_number`.
    mask : ndarray of bool, optional
        Only cells that lie inside it count.

    Returns
    -------
    float
        Per volume [1/µm³], per area [1/µm²] in 2D.

    Raises
    ------
    ValueError
        Bad spacing or connectivity, or no cell inside the image and the mask.

    References
    ----------
    Ohser & Mücklich 2000, Statistical Analysis of Microstructures in Materials Science.

    Examples
    --------
    >>> import numpy as np
    >>> euler_density(np.ones((5, 5, 5), bool), spacing_um=(1, 1, 1), connectivity=26)
    0.0
    """
    phase = checked_phase(phase)
    spacing = checked_spacing(spacing_um, phase.ndim)
    checked_connectivity(connectivity, phase.ndim)
    cells = cells_inside(phase.shape, mask)
    count = int(np.count_nonzero(cells))
    if not count:
        raise ValueError(
            f"phase needs 2 voxels an axis inside the mask, got shape {phase.shape} without such: "
            "use a larger window"
        )
    # what belongs together over corners leaves the rest its faces
    closed = connectivity in (26, 8)
    own = ~phase if closed else phase
    corners = list(product((0, 1), repeat=phase.ndim))
    found = 0
    for span in corners:
        filled = cells.copy()
        for corner in corners:
            if all(c <= s for c, s in zip(corner, span, strict=True)):
                filled &= _of_cells(own, corner)
        found += (-1) ** sum(span) * int(np.count_nonzero(filled))
    if closed and phase.ndim == 2:
        found = -found  # of the plane, the rest has the negative
    return found / (count * float(np.prod(spacing)))


def cells_inside(shape: tuple[int, ...], mask: NDArray | None, *, apart: int = 1) -> NDArray:
    """Say which cells have all their corners in the image and the mask, `apart` voxels wide."""
    cells = np.ones(tuple(max(0, n - apart) for n in shape), bool)
    if mask is not None and cells.size:
        inside = checked_mask(mask, shape)
        for corner in product((0, apart), repeat=len(shape)):
            cells &= _of_cells(inside, corner, apart)
    return cells


def _of_cells(voxels: NDArray[np.bool_], corner: tuple[int, ...], apart: int = 1) -> NDArray:
    """Return one corner of each cell."""
    part = (slice(c, n - apart + c) for c, n in zip(corner, voxels.shape, strict=True))
    return voxels[tuple(part)]


def checked_connectivity(connectivity: int, ndim: int) -> int:
    """Return scikit-image's rank for a connectivity, or refuse it."""
    allowed = _SKIMAGE[ndim]
    if connectivity not in allowed:
        raise ValueError(
            f"connectivity needs one of {tuple(allowed)} in {ndim}D, got {connectivity}: "
            "say whether voxels touching at a corner belong together"
        )
    return allowed[connectivity]
