"""The pore network of an image as SNOW2 finds it: taken once, used along every axis."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..quantification.volume import checked_mask, checked_phase
from ..spacing import checked_spacing
from ..threads import Workers
from .conduits import conduits
from .lead_axis import lead_axis, led_first
from .partition import NARROW, PartedPores, part_pores
from .region_sizes import sizes_of
from .regions import own_share, spanning_mask

if TYPE_CHECKING:
    import pandas as pd

_CUBIC = 1e-6  # sides of a voxel that count as equal


@dataclass(frozen=True, eq=False)
class ExtractedNetwork:
    """Pores and throats of a volume, before anything flows.

    Attributes
    ----------
    shape : tuple of int, (z, y, x)
        Of the volume [voxels].
    spacing_um : float
        Side of a voxel [µm].
    sizes : mapping of str to ndarray
        Of pores and throats, as `sizes_of` names them; µm, along the axes of the array.
    convention : str
        How it was parted, and which share of the pore is of no pore.
    mask : ndarray of bool or None
        What is specimen; None where all is.
    cut : ndarray of bool or None
        Which pores touch the side of the mask; None without one.
    """

    shape: tuple[int, ...]
    spacing_um: float
    sizes: Mapping[str, NDArray[Any]]
    convention: str
    mask: NDArray[np.bool_] | None = None
    cut: NDArray[np.bool_] | None = None

    @cached_property
    def outside(self) -> NDArray[np.bool_]:
        """Which pores stand for what lies beyond a face."""
        sides = [self._beyond(axis, last) for axis in range(3) for last in (False, True)]
        return np.logical_or.reduce(sides)

    def _beyond(self, axis: int, last: bool) -> NDArray[np.bool_]:
        """By their places."""
        place = self.sizes["pore.coords"][:, axis] / self.spacing_um
        return np.asarray(place > self.shape[axis] - 0.5 if last else place < -0.5)

    @property
    def pores(self) -> pd.DataFrame:
        """One row a pore: place, size, throats, and whether the border cuts it.

        `pore`, `x_um`, `y_um`, `z_um`, `diameter_um` (of the largest ball inside),
        `volume_um3`, `throats` (to other pores of the volume) and `at_border`.
        """
        import pandas as pd

        own = ~self.outside
        ends = self.sizes["throat.conns"]
        inner = ends[own[ends].all(axis=1)]
        leads_out = np.zeros(len(own), bool)
        leads_out[ends[~own[ends].all(axis=1)]] = True
        if self.cut is not None:
            leads_out |= self.cut
        places = self.sizes["pore.coords"][own]
        return pd.DataFrame({
            "pore": np.flatnonzero(own),
            "x_um": places[:, 2], "y_um": places[:, 1], "z_um": places[:, 0],
            "diameter_um": self.sizes["pore.inscribed_diameter"][own],
            "volume_um3": self.sizes["pore.region_volume"][own],
            "throats": np.bincount(inner.ravel(), minlength=len(own))[own],
            "at_border": leads_out[own],
        })  # fmt: skip

    @property
    def throats(self) -> pd.DataFrame:
        """One row a throat between two pores of the volume.

        `throat`, `pore_1`, `pore_2`, `diameter_um` (of the largest ball that fits) and
        `length_um` (from the middle of a pore to that of the other).
        """
        import pandas as pd

        ends = self.sizes["throat.conns"]
        inner = (~self.outside)[ends].all(axis=1)
        return pd.DataFrame({
            "throat": np.flatnonzero(inner), "pore_1": ends[inner, 0], "pore_2": ends[inner, 1],
            "diameter_um": self.sizes["throat.inscribed_diameter"][inner],
            "length_um": self.sizes["throat.total_length"][inner],
        })  # fmt: skip

    def area_over_length_um(self, axis: str) -> float:
        """Return what a homogeneous body of this shape conducts: its cross-section over its length.

        Raises
        ------
        ValueError
            The mask doesn't lead from the first to the last layer.
        """
        front = lead_axis(axis, 3)
        box = math.prod(self.shape) / self.shape[front] ** 2 * self.spacing_um
        inside = spanning_mask(self.mask, self.shape, front, axis)
        if inside is None:
            return box
        led, steps = led_first(inside, (self.spacing_um,) * 3, front)
        return box * own_share(led, steps, Workers(None))

    def along(self, axis: str) -> Any:
        """Return openpnm's network that is open at both ends of an axis and sealed at its sides.

        Its pores ``first`` and ``last`` stand for the outside and have no volume. What is not
        connected to the first end is left out.
        """
        front = lead_axis(axis, 3)
        first, last = self._beyond(front, False), self._beyond(front, True)
        return conduits(self.sizes, first, last, self.outside)


def extract_network(
    pore: NDArray,
    *,
    spacing_um: Sequence[float],
    mask: NDArray | None = None,
    threads: int | None = None,
) -> ExtractedNetwork:
    """Part a pore space into pores and throats by SNOW2.

    Pores are cut at constrictions, and each has the voxels that are its own; sizes are those that
    porespy defines. A closed piece in which SNOW finds no peak and no ball of 3 voxels fits is of
    no pore. Where a pore lies in a face, a pore outside stands for what follows, if more than the
    pore's edge is there: three voxels of width. What the network conducts needs the extra
    ``pores``; this does not.

    Parameters
    ----------
    pore : ndarray of bool, (z, y, x)
    spacing_um : sequence of float
        Voxel size [µm]; cubes only.
    mask : ndarray of bool, optional
        What lies outside is no specimen, and closes pores as a wall does; pores at the side of the
        mask count as cut by the border.
    threads : int, optional
        All cores unless told; the result is the same to the bit for any number.

    Returns
    -------
    ExtractedNetwork

    Raises
    ------
    ValueError
        Voxels are no cubes, or there is no pore wide enough.

    References
    ----------
    Gostick 2017, doi:10.1103/PhysRevE.96.023307 (SNOW); Khan et al. 2019,
    doi:10.1016/j.compchemeng.2018.12.025 (SNOW2).
    """
    pore = checked_phase(pore)
    spacing = checked_spacing(spacing_um, pore.ndim)
    if pore.ndim != 3:
        raise ValueError(f"pore needs 3 axes (z, y, x), got shape {pore.shape}: use a volume")
    if max(spacing) - min(spacing) > _CUBIC * max(spacing):
        raise ValueError(
            f"spacing_um needs equal sides for a pore network, got {spacing}: resample to cubes"
        )
    inside = None if mask is None else checked_mask(mask, pore.shape)
    inside = None if inside is None or inside.all() else inside
    pore = pore if inside is None else pore & inside
    if not pore.any():
        raise ValueError("pore needs at least one voxel, got none: nothing to extract")
    parted = part_pores(pore, threads=threads)
    if not parted.count:
        raise ValueError(
            f"pore needs room for a ball of radius {NARROW} voxels, or to reach a face, got "
            "neither: image finer"
        )
    cut = None if inside is None else _at_side(parted, inside)
    sizes = sizes_of(parted, spacing[0], threads=threads)
    said = _words(parted.closed, int(np.count_nonzero(pore)))
    return ExtractedNetwork(pore.shape, spacing[0], sizes, said, inside, cut)


def _words(closed: int, voxels: int) -> str:
    """Say how it was parted, and what is of no pore.

    Examples
    --------
    >>> _words(0, 10)
    'SNOW2'
    >>> _words(1, 8)
    'SNOW2 without 12.5 % of the pore, closed and narrower than 6 voxels'
    """
    if not closed:
        return "SNOW2"
    share = 100 * closed / voxels
    return f"SNOW2 without {share:.3g} % of the pore, closed and narrower than {2 * NARROW} voxels"


def _at_side(parted: PartedPores, inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which pores touch the side of a mask."""
    from scipy.ndimage import binary_dilation

    touching = np.zeros(parted.count + 1, bool)
    touching[parted.inner[binary_dilation(~inside) & inside]] = True
    return touching[1:]
