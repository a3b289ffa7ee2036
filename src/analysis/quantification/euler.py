"""Euler number: bodies minus tunnels plus cavities."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_spacing
from .volume import checked_phase

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


def euler_density(phase: NDArray, *, spacing_um: Sequence[float], connectivity: int) -> float:
    """Estimate the Euler number per volume of the material, free of the border's effect.

    What the border of the image cuts would count as extra bodies. The estimate is the Euler number
    in the window minus that on three of its faces, which is unbiased for a stationary medium.

    Parameters
    ----------
    spacing_um : sequence of float
        Voxel size along each axis [µm].

    Returns
    -------
    float
        Per volume [1/µm³], per area [1/µm²] in 2D.

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
    if min(phase.shape) < 2:
        raise ValueError(
            f"phase needs at least 2 voxels an axis, got shape {phase.shape}: use a larger window"
        )
    window = float(np.prod([(n - 1) * s for n, s in zip(phase.shape, spacing, strict=True)]))
    closed = connectivity in (26, 8)
    faces = 0
    for count in range(1, phase.ndim + 1):  # union of three faces, by inclusion and exclusion
        for axes in combinations(range(phase.ndim), count):
            index = tuple(-1 if axis in axes else slice(None) for axis in range(phase.ndim))
            faces += (-1) ** (count + 1) * _euler_any(phase[index], closed)
    return (_euler_any(phase, closed) - faces) / window


def _euler_any(phase: NDArray[np.bool_], closed: bool) -> int:
    if phase.ndim == 0:
        return int(phase)
    if phase.ndim == 1:
        return int(phase[0]) + int(np.count_nonzero(phase[1:] & ~phase[:-1]))
    return euler_number(
        phase, connectivity=(26 if closed else 6) if phase.ndim == 3 else (8 if closed else 4)
    )


def checked_connectivity(connectivity: int, ndim: int) -> int:
    """Return scikit-image's rank for a connectivity, or refuse it."""
    allowed = _SKIMAGE[ndim]
    if connectivity not in allowed:
        raise ValueError(
            f"connectivity needs one of {tuple(allowed)} in {ndim}D, got {connectivity}: "
            "say whether voxels touching at a corner belong together"
        )
    return allowed[connectivity]
