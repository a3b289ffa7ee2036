"""The pore network of an image as SNOW2 finds it: taken once, used along every axis."""

from __future__ import annotations

import contextlib
import inspect
import io
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import MissingPackage
from ..quantification.volume import checked_mask, checked_phase
from ..spacing import checked_spacing
from ..threads import Workers
from .lead_axis import lead_axis, led_first
from .regions import own_share, spanning_mask

if TYPE_CHECKING:
    import pandas as pd

_SHAPES = "pyramids_and_cuboids"
_CUBIC = 1e-6  # sides of a voxel that count as equal
_LEAST = 0.01  # of the way between two pores, that either has for its own at least
_IN_PARTS = {"parallel_kw", "parallelization"}  # what porespy calls it
_OUTSIDE = 3  # voxels that are added beyond each face, for the pores that stand for the outside


@dataclass(frozen=True, eq=False)
class ExtractedNetwork:
    """Pores and throats of a volume, before anything flows.

    Attributes
    ----------
    shape : tuple of int, (z, y, x)
        Of the volume [voxels].
    spacing_um : float
        Side of a voxel [µm].
    snow : mapping of str to ndarray
        What porespy returned; its x, y, z are the axes of the array in their order.
    convention : str
        How it was partitioned, and the shapes of pores and throats.
    mask : ndarray of bool or None
        What is specimen; None where all is.
    cut : ndarray of bool or None
        Which pores touch the side of the mask; None without one.
    """

    shape: tuple[int, ...]
    spacing_um: float
    snow: Mapping[str, NDArray]
    convention: str
    mask: NDArray[np.bool_] | None = None
    cut: NDArray[np.bool_] | None = None

    @cached_property
    def outside(self) -> NDArray[np.bool_]:
        """Which pores stand for what lies beyond a face."""
        sides = [self._beyond(axis, last) for axis in range(3) for last in (False, True)]
        return np.logical_or.reduce(sides)

    def _beyond(self, axis: int, last: bool) -> NDArray[np.bool_]:
        """By their places: porespy's labels go to whatever pore comes next where there is none."""
        place = self._places[:, axis]
        return place > self.shape[axis] - 0.5 if last else place < -0.5

    @property
    def _places(self) -> NDArray[np.float64]:
        """Middle of each pore, index on the grid of the volume."""
        return np.asarray(self.snow["pore.coords"], float) / self.spacing_um - _OUTSIDE

    @property
    def pores(self) -> pd.DataFrame:
        """One row a pore: place, size, throats, and whether the border cuts it.

        `pore`, `x_um`, `y_um`, `z_um`, `diameter_um` (of the largest ball inside),
        `volume_um3`, `throats` (to other pores of the volume) and `at_border`.
        """
        import pandas as pd

        own = ~self.outside
        ends = np.asarray(self.snow["throat.conns"])
        inner = ends[own[ends].all(axis=1)]
        leads_out = np.zeros(len(own), bool)
        leads_out[ends[~own[ends].all(axis=1)]] = True
        if self.cut is not None:
            leads_out |= self.cut
        places = self._places[own] * self.spacing_um
        return pd.DataFrame({
            "pore": np.flatnonzero(own),
            "x_um": places[:, 2], "y_um": places[:, 1], "z_um": places[:, 0],
            "diameter_um": np.asarray(self.snow["pore.inscribed_diameter"], float)[own],
            "volume_um3": np.asarray(self.snow["pore.region_volume"], float)[own],
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

        ends = np.asarray(self.snow["throat.conns"])
        inner = (~self.outside)[ends].all(axis=1)
        return pd.DataFrame({
            "throat": np.flatnonzero(inner), "pore_1": ends[inner, 0], "pore_2": ends[inner, 1],
            "diameter_um": np.asarray(self.snow["throat.inscribed_diameter"], float)[inner],
            "length_um": np.asarray(self.snow["throat.total_length"], float)[inner],
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
        _, openpnm = packages()
        front = lead_axis(axis, 3)
        first, last = self._beyond(front, False), self._beyond(front, True)
        with quiet():
            network = openpnm.io.network_from_porespy(dict(self.snow))
            network["pore.first"], network["pore.last"] = first, last
            network["pore.capacity"] = np.where(
                self.outside, 0.0, np.asarray(self.snow["pore.region_volume"], float)
            )
            sides = np.flatnonzero(self.outside & ~first & ~last)
            if len(sides):
                openpnm.topotools.trim(network=network, pores=sides)
            if network.Nt:
                _shaped(openpnm, network)
        return network


def extract_network(
    pore: NDArray, *, spacing_um: Sequence[float], mask: NDArray | None = None
) -> ExtractedNetwork:
    """Part a pore space into pores and throats by SNOW2.

    Needs the extra ``pores`` (porespy and openpnm).

    Parameters
    ----------
    pore : ndarray of bool, (z, y, x)
    spacing_um : sequence of float
        Voxel size [µm]; cubes only.
    mask : ndarray of bool, optional
        What lies outside is no specimen, and closes pores as a wall does; pores at the side of the
        mask count as cut by the border.

    Returns
    -------
    ExtractedNetwork

    Raises
    ------
    MissingPackage
        porespy or openpnm are not installed.
    ValueError
        Voxels are no cubes, or there is no pore.

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
    porespy, openpnm = packages()
    snow2 = porespy.networks.snow2
    # in parts it cuts layers off that don't fill one, and takes longer
    whole = {name: None for name in _IN_PARTS & inspect.signature(snow2).parameters.keys()}
    with quiet():
        found = snow2(pore, voxel_size=spacing[0], boundary_width=_OUTSIDE, **whole)
    made_by = (
        f"SNOW2 of porespy {porespy.__version__}, {_SHAPES.replace('_', ' ')} of openpnm "
        f"{openpnm.__version__}"
    )
    network = dict(found.network)
    cut = None if inside is None else _at_side(found.regions, inside, network)
    return ExtractedNetwork(pore.shape, spacing[0], network, made_by, inside, cut)


def _at_side(
    regions: NDArray, inside: NDArray[np.bool_], network: Mapping[str, NDArray]
) -> NDArray[np.bool_]:
    """Return which pores touch the side of a mask."""
    from scipy.ndimage import binary_dilation

    core = regions[(slice(_OUTSIDE, -_OUTSIDE),) * 3]
    touching = np.unique(core[binary_dilation(~inside) & inside])
    return np.isin(np.asarray(network["pore.region_label"]), touching[touching > 0])


def packages() -> tuple[Any, Any]:
    """Return porespy and openpnm, or say what installs them."""
    try:
        with quiet():
            import openpnm
            import porespy
    except ImportError as error:
        raise MissingPackage(
            error.name or "porespy", extra="pores", purpose="a pore network"
        ) from error
    return porespy, openpnm


@contextlib.contextmanager
def quiet() -> Any:
    """Keep the packages' bars and notes out of a notebook."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(before)


def _shaped(openpnm: Any, network: Any) -> None:
    """Give pores and throats their sizes and shapes, and keep what the first end reaches.

    Where one of two overlapping balls holds most of the other, openpnm's half of a conduit has a
    negative length, and conductances of any size and sign come out: it is kept positive.
    """
    network["pore.diameter"] = network["pore.equivalent_diameter"]
    network["throat.diameter"] = network["throat.inscribed_diameter"]
    network["throat.spacing"] = network["throat.total_length"]
    geometry = openpnm.models.geometry
    lengths = getattr(geometry.conduit_lengths, _SHAPES)(network)
    least = _LEAST * np.asarray(network["throat.spacing"])
    whole = lengths.sum(axis=1)
    positive = np.clip(lengths, [1, 0, 1] * least[:, None], (whole - least)[:, None])
    ratio = np.ones_like(lengths)
    ratio[:, ::2] = lengths[:, ::2] / positive[:, ::2]
    for kind in ("hydraulic", "diffusive"):
        factors = getattr(getattr(geometry, f"{kind}_size_factors"), _SHAPES)(network)
        network[f"throat.{kind}_size_factors"] = factors * ratio
    parts = openpnm.models.network.cluster_number(network)
    led = np.isin(parts, np.unique(parts[network["pore.first"]]))
    if led.any() and not led.all():
        openpnm.topotools.trim(network=network, pores=np.flatnonzero(~led))
