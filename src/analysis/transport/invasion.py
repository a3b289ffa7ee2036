"""Invasion percolation: a fluid enters where it is easiest, and may trap what it surrounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..quantification.volume import checked_phase
from ..spacing import checked_spacing
from .capillarity import young_laplace_kpa
from .lead_axis import lead_axis
from .regions import spanning_mask

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Invasion:
    """How a fluid invaded a pore space from one end.

    Attributes
    ----------
    step : ndarray of int32, (z, y, x) or (y, x)
        When each voxel was invaded, from 0; -1 where it never was.
    trapped : ndarray of bool
        Pore that was surrounded before it was reached.
    radius_um : ndarray of float
        Entry radius of each voxel [µm], as it was used.
    breakthrough : int
        Step at which the other end was reached; -1 if never.
    threshold_um : float
        Smallest entry radius that had to be passed on the way through [µm]; NaN if never.
    """

    step: NDArray[np.int32]
    trapped: NDArray[np.bool_]
    radius_um: NDArray[np.float64]
    breakthrough: int
    threshold_um: float

    def curve(self, *, tension_n_per_m: float, contact_angle_deg: float = 0.0) -> pd.DataFrame:
        """Return saturation of the fluid that is driven out against capillary pressure.

        Returns
        -------
        DataFrame
            `pressure_kpa`, increasing, and `wetting_saturation`.
        """
        import pandas as pd

        order = np.argsort(self.step[self.step >= 0])
        radii = self.radius_um[self.step >= 0][order]
        needed = np.minimum.accumulate(radii)
        unit = young_laplace_kpa(
            1.0, tension_n_per_m=tension_n_per_m, contact_angle_deg=contact_angle_deg
        )
        last = np.append(np.flatnonzero(np.diff(needed)), len(needed) - 1)
        pore = np.count_nonzero(self.step >= 0) + np.count_nonzero(self.trapped)
        return pd.DataFrame({
            "pressure_kpa": unit / needed[last],
            "wetting_saturation": 1 - (last + 1) / pore,
        })  # fmt: skip


def invade(
    pore: NDArray,
    *,
    spacing_um: Sequence[float],
    axis: str = "z",
    radius_um: NDArray | None = None,
    trapping: bool = True,
    mask: NDArray | None = None,
) -> Invasion:
    """Let a non-wetting fluid invade from the first layer, the widest neighbour first.

    Parameters
    ----------
    pore : ndarray of bool, (z, y, x) or (y, x)
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    axis : {"z", "y", "x"}
        It enters at index 0 and may leave, as does what it displaces, at the last.
    radius_um : ndarray of float, optional
        Entry radius of each voxel [µm], such as a map of local or of throat-controlled size;
        the distance to the wall unless told, which takes the corners of pores for throats.
    trapping : bool
        Whether what is cut off from the far end stays.
    mask : ndarray of bool, optional
        What lies outside is neither pore nor wall: nothing enters, and no width is measured from
        it. It needs to lead from the first layer to the last.

    Returns
    -------
    Invasion

    References
    ----------
    Wilkinson & Willemsen 1983, doi:10.1088/0305-4470/16/14/028; Masson 2016,
    doi:10.1016/j.cageo.2016.02.003 (trapping after the fact).

    Examples
    --------
    The wide channel fills first; what was in the narrow one has no way out then, and stays.

    >>> import numpy as np
    >>> pore = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], bool)
    >>> radius = np.array([[3., 3., 3.], [3., 0., 1.], [3., 3., 3.]])
    >>> found = invade(pore, spacing_um=(1, 1), axis="y", radius_um=radius)
    >>> found.threshold_um, int(found.trapped.sum())
    (3.0, 1)
    """
    from .invasion_loops import order_of_invasion, trap

    pore = checked_phase(pore)
    spacing = checked_spacing(spacing_um, pore.ndim)
    front = lead_axis(axis, pore.ndim)
    inside = spanning_mask(mask, pore.shape, front, axis)
    if inside is not None:
        pore = pore & inside
    radius = _radius(pore, spacing, inside) if radius_um is None else np.asarray(radius_um, float)
    if radius.shape != pore.shape or not np.isfinite(radius[pore]).all():
        raise ValueError(
            f"radius_um needs finite values on the grid of the pore {pore.shape}, got "
            f"{radius.shape}: measure both on one image"
        )
    turned = np.moveaxis(np.where(pore, radius, 0.0), front, 0)
    volume = np.ascontiguousarray(turned if pore.ndim == 3 else turned[:, None])
    step = order_of_invasion(volume)
    trapped = np.zeros(volume.shape, bool)
    if trapping:
        trap(step, volume > 0, trapped)
        step = _renumbered(step, trapped)
    ends = step[-1][step[-1] >= 0]
    breakthrough = int(ends.min()) if ends.size else -1
    passed = volume[(step >= 0) & (step <= breakthrough)]
    threshold = float(passed.min()) if breakthrough >= 0 else float("nan")

    def back(array: NDArray) -> NDArray:
        return np.moveaxis(array if pore.ndim == 3 else array[:, 0], 0, front)

    return Invasion(back(step), back(trapped), radius, breakthrough, threshold)


def _radius(
    pore: NDArray[np.bool_], spacing: tuple[float, ...], inside: NDArray[np.bool_] | None
) -> NDArray[np.float64]:
    from scipy.ndimage import distance_transform_edt

    open_ = pore if inside is None else pore | ~inside
    if open_.all():
        raise ValueError("pore needs a wall to measure its width from, got none: give radius_um")
    return distance_transform_edt(open_, sampling=spacing)


def _renumbered(step: NDArray[np.int32], trapped: NDArray[np.bool_]) -> NDArray[np.int32]:
    kept = (step >= 0) & ~trapped
    new = np.full(step.shape, -1, np.int32)
    new[kept] = np.argsort(np.argsort(step[kept])).astype(np.int32)
    return new
