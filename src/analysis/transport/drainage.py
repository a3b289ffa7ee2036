"""Drainage of a pore space by balls from one end: capillary pressure, with and without trapping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..quantification.porosimetry import porosimetry
from ..quantification.volume import checked_phase
from ..spacing import checked_spacing
from .invasion import Invasion, invade
from .lead_axis import lead_axis
from .regions import spanning_mask

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Drainage:
    """How a non-wetting fluid drives out a wetting one, from the first layer along an axis.

    Attributes
    ----------
    axis : str
    free : Invasion
        All of the wetting fluid can leave, as through films in corners.
    kept : Invasion
        What is cut off from the far end stays.
    unreached : float
        Share of the pore space without a way to the first layer; saturations leave it out.
    """

    axis: str
    free: Invasion
    kept: Invasion
    unreached: float

    @property
    def trapped(self) -> float:
        """Share of the pore space that is reached, and stays wet when what is cut off is kept."""
        reached = np.count_nonzero(self.free.step >= 0)
        return float(np.count_nonzero(self.kept.trapped) / reached)

    def curves(self, *, tension_n_per_m: float, contact_angle_deg: float = 0.0) -> pd.DataFrame:
        """Return saturation of the wetting fluid against capillary pressure.

        Returns
        -------
        DataFrame
            `trapping`, `pressure_kpa` (rising) and `wetting_saturation`.
        """
        import pandas as pd

        tables = []
        for trapping, run in ((False, self.free), (True, self.kept)):
            table = run.curve(tension_n_per_m=tension_n_per_m, contact_angle_deg=contact_angle_deg)
            table.insert(0, "trapping", trapping)
            tables.append(table)
        return pd.concat(tables, ignore_index=True)


def drain(
    pore: NDArray,
    *,
    spacing_um: Sequence[float],
    axis: str = "z",
    mask: NDArray | None = None,
    threads: int | None = None,
) -> Drainage:
    """Drain a pore space by balls that come in from its first layer.

    At each pressure the non-wetting fluid holds every ball of the radius of Young and Laplace
    whose centre it can reach. Corners that no ball enters stay wet until a smaller one does: of a
    square tube the real meniscus enters at 94 % of this pressure. The border of the image is no
    wall: a pore that it cuts is as wide as what is seen of it allows. A contact angle changes the
    pressure only, not the shapes; do not use it above 60 degrees or so.

    Parameters
    ----------
    pore : ndarray of bool, (z, y, x) or (y, x)
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    axis : {"z", "y", "x"}
        The non-wetting fluid enters at index 0, the wetting one leaves at the last.
    mask : ndarray of bool, optional
        What lies outside is neither pore nor wall; it needs to lead from the first layer to the
        last.
    threads : int, optional
        All processors unless told; the result does not depend on it.

    Returns
    -------
    Drainage

    Raises
    ------
    ValueError
        There is no pore, none in the first layer, or no wall.

    References
    ----------
    Hilpert & Miller 2001, doi:10.1016/S0309-1708(00)00056-7; Wilkinson & Willemsen 1983,
    doi:10.1088/0305-4470/16/14/028 (trapping).

    Examples
    --------
    A wide slit that ends in a narrow one: what is wide drains first.

    >>> import numpy as np
    >>> bottle = np.zeros((8, 7), bool); bottle[:4, 1:6] = True; bottle[4:, 3] = True
    >>> found = drain(bottle, spacing_um=(1, 1), axis="y")
    >>> found.curves(tension_n_per_m=0.05)["pressure_kpa"].iloc[[0, -1]].round(1).tolist()
    [33.3, 100.0]
    """
    pore = checked_phase(pore)
    spacing = checked_spacing(spacing_um, pore.ndim)
    front = lead_axis(axis, pore.ndim)
    inside = spanning_mask(mask, pore.shape, front, axis)
    pore = pore if inside is None else pore & inside
    if not pore.take(0, front).any():
        raise ValueError(
            f"pore needs to reach the first layer along {axis}, got none there: choose another axis"
        )
    balls = porosimetry(pore, spacing_um=spacing, faces=(f"{axis}-",), mask=inside, threads=threads)
    radius = np.where(pore, balls.diameter_um / 2, 0.0).astype(np.float64)
    free = invade(
        pore, spacing_um=spacing, axis=axis, radius_um=radius, trapping=False, mask=inside
    )
    reached = free.step >= 0  # over faces; balls also pass where voxels touch at corners
    radius[~reached] = 0.0
    kept = invade(pore, spacing_um=spacing, axis=axis, radius_um=radius, trapping=True, mask=inside)
    unreached = 1 - np.count_nonzero(reached) / np.count_nonzero(pore)
    return Drainage(axis, free, kept, float(unreached))
