"""Profiles: how much of a phase there is along an axis, or at a depth below a surface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_spacing
from .distance import distance_transform
from .volume import checked_mask, checked_phase
from .widest_path import checked_axis

if TYPE_CHECKING:
    import pandas as pd


def axis_profile(
    phase: NDArray, *, axis: str, spacing_um: Sequence[float], mask: NDArray | None = None
) -> pd.DataFrame:
    """Measure the fraction of a phase in each plane across an axis.

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x) or (y, x)
    axis : {"x", "y", "z"}
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    mask : ndarray of bool, optional
        Count only here.

    Returns
    -------
    DataFrame
        `position_um` (centre of the plane; 0 is that of the first), `fraction` (NaN where the mask
        is empty), `voxels`.

    Examples
    --------
    >>> import numpy as np
    >>> axis_profile(np.array([[True, False], [True, True]]), axis="x", spacing_um=(1, 0.5))
       position_um  fraction  voxels
    0          0.0       1.0       2
    1          0.5       0.5       2
    """
    import pandas as pd

    phase = checked_phase(phase)
    spacing = checked_spacing(spacing_um, phase.ndim)
    at = checked_axis(axis, phase.ndim)
    others = tuple(a for a in range(phase.ndim) if a != at)
    if mask is None:
        voxels = np.full(phase.shape[at], phase.size // phase.shape[at])
        own = np.count_nonzero(phase, axis=others)
    else:
        inside = checked_mask(mask, phase.shape)
        voxels = np.count_nonzero(inside, axis=others)
        own = np.count_nonzero(phase & inside, axis=others)
    with np.errstate(invalid="ignore", divide="ignore"):
        fraction = own / voxels
    return pd.DataFrame(
        {
            "position_um": np.arange(len(voxels)) * spacing[at],
            "fraction": fraction,
            "voxels": voxels,
        }
    )


def depth_profile(
    phase: NDArray, *, body: NDArray, spacing_um: Sequence[float], step_um: float
) -> pd.DataFrame:
    """Measure the fraction of a phase at each depth below the surface of a body.

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x) or (y, x)
    body : ndarray of bool
        Depth is the distance to the nearest voxel outside it, less half a voxel; the border of the
        image is no surface.
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    step_um : float
        Width of the classes of depth [µm].

    Returns
    -------
    DataFrame
        `depth_um` (middle of the class), `fraction`, `voxels`; classes without voxels are left out.

    Examples
    --------
    >>> import numpy as np
    >>> body = np.ones((1, 5), bool); body[0, 0] = False
    >>> depth_profile(body, body=body, spacing_um=(1, 1), step_um=2)["voxels"].tolist()
    [2, 2]
    """
    import pandas as pd

    phase = checked_phase(phase)
    spacing = checked_spacing(spacing_um, phase.ndim)
    inside = checked_mask(body, phase.shape)
    if not step_um > 0:
        raise ValueError(f"step_um needs a length above 0 [µm], got {step_um}")
    if inside.all():
        raise ValueError("body needs voxels outside it, got none: there is no surface to start at")
    depth = distance_transform(inside, spacing_um=spacing)[inside] - min(spacing) / 2
    number = np.floor(depth / step_um).astype(np.int64)
    voxels = np.bincount(number)
    own = np.bincount(number, phase[inside], len(voxels))
    known = np.flatnonzero(voxels)
    return pd.DataFrame(
        {
            "depth_um": (known + 0.5) * step_um,
            "fraction": own[known] / voxels[known],
            "voxels": voxels[known],
        }
    )
