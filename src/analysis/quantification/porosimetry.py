"""Porosimetry: by which diameter a non-wetting fluid reaches each voxel from the outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .distance import WalledPhase, squared_distance
from .objects import AXIS_NAMES
from .thickness import painted_balls
from .widest_path import flooded, levels_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Porosimetry:
    """Throat-controlled (MIP-equivalent) sizes of a pore space.

    Attributes
    ----------
    diameter_um : ndarray of float32
        Largest ball that comes in from the faces and holds the voxel [µm]; 0 where none does.
    table : DataFrame
        `diameter_um`, falling; `share_by_volume` of the pore space that opens at it,
        `intruded` down to it.
    accessible_fraction : float
        Share of the pore space that is reached at all.
    faces : tuple of str
        Where the fluid comes from.
    """

    diameter_um: NDArray[np.float32]
    table: pd.DataFrame
    accessible_fraction: float
    faces: tuple[str, ...]


def porosimetry(
    phase: NDArray,
    *,
    spacing_um: Sequence[float],
    faces: Sequence[str] | None = None,
    mask: NDArray | None = None,
    threads: int | None = None,
) -> Porosimetry:
    """Intrude a pore space by balls that come in from faces of the image.

    A pore behind a throat opens at the size of the throat, as in mercury porosimetry; it is
    smaller than the local thickness and says so. Exact on the voxel grid and at every size that
    occurs, without a list of sizes.

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x) or (y, x)
        The pore space.
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    faces : sequence of str, optional
        Such as ``("z-", "z+")``, the first and last plane along z; all of them unless told.
    mask : ndarray of bool, optional
        What lies outside it is neither pore nor wall.
    threads : int, optional
        All cores unless told; the result is the same to the bit for any number.

    Returns
    -------
    Porosimetry

    Notes
    -----
    Balls cannot enter corners: a square duct of side a drains at 2 / a times the tension, the
    real meniscus at 1.89 / a. The volume of films in corners is that of the wetting fluid.

    References
    ----------
    Hilpert & Miller 2001, doi:10.1016/S0309-1708(00)00056-7.

    Examples
    --------
    >>> import numpy as np
    >>> bottle = np.zeros((7, 10), bool); bottle[3, :3] = True; bottle[1:6, 3:9] = True
    >>> porosimetry(bottle, spacing_um=(1, 1), faces=("x-",)).diameter_um[3, [0, 5]]
    array([2., 2.], dtype=float32)
    """
    room = WalledPhase.checked(phase, spacing_um=spacing_um, mask=mask)
    chosen = _checked_faces(faces, room.ndim)
    squared = squared_distance(room, threads=threads)
    if squared.min() > 0:
        raise ValueError(
            "phase needs voxels outside it, got none: there are no pores where there is no wall"
        )
    levels, values = levels_of(squared)
    starts = np.zeros(room.shape, bool)
    for face in chosen:
        axis = AXIS_NAMES[room.ndim].index(face[0])
        starts[(slice(None),) * axis + (0 if face[1] == "-" else -1,)] = True
    reached, _ = flooded(levels, starts, connectivity=26 if room.ndim == 3 else 8)
    if levels is not squared:
        reached = values[reached]
    own = room.own.reshape(room.volume)
    found = painted_balls(reached.reshape(room.volume), own, room.metric, threads)
    diameter = found.reshape(room.shape)
    table = intrusion_table(diameter, room.own)
    accessible = float(table["share_by_volume"].sum()) if len(table) else 0.0
    return Porosimetry(diameter, table, accessible, chosen)


def intrusion_table(diameter: NDArray[np.float32], own: NDArray[np.bool_]) -> pd.DataFrame:
    """Return the share of a phase at each diameter that occurs, from large to small."""
    import pandas as pd

    values, counts = np.unique(diameter[own], return_counts=True)
    whole = max(1, int(counts.sum()))
    known = values > 0
    share = counts[known][::-1] / whole
    return pd.DataFrame(
        {
            "diameter_um": values[known][::-1].astype(float),
            "share_by_volume": share,
            "intruded": np.cumsum(share),
        }
    )


def _checked_faces(faces: Sequence[str] | None, ndim: int) -> tuple[str, ...]:
    every = tuple(name + side for name in reversed(AXIS_NAMES[ndim]) for side in "-+")
    chosen = every if faces is None else tuple(faces)
    if not chosen or not set(chosen) <= set(every):
        raise ValueError(f"faces needs some of {every}, got {chosen}: '-' is the first plane")
    return chosen
