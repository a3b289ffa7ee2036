"""Pore networks: what pores and throats conduct, beside what the voxels do."""

from __future__ import annotations

import contextlib
import io
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import MissingPackage
from ..quantification.volume import checked_phase
from ..spacing import checked_spacing
from .effective import EffectiveConductivity
from .lead_axis import lead_axis
from .permeability import Permeability

if TYPE_CHECKING:
    import pandas as pd

_SHAPES = "pyramids_and_cuboids"
_CUBIC = 1e-6  # sides of a voxel that count as equal


@dataclass(frozen=True, eq=False)
class PoreNetwork:
    """A network of pores and throats, and what it conducts along one axis.

    Attributes
    ----------
    axis : str
    pores, throats : DataFrame
        One row a pore: `pore`, `x_um`, `y_um`, `z_um`, `diameter_um`, `volume_um3`,
        `throats`; one a throat: `throat`, `pore_1`, `pore_2`, `diameter_um`, `length_um`.
    permeability_um2 : float
        0 where no path leads through [µm²].
    diffusivity : float
        D_eff / D_0.
    convention : str
        How it was partitioned, and the shapes of pores and throats.
    """

    axis: str
    pores: pd.DataFrame
    throats: pd.DataFrame
    permeability_um2: float
    diffusivity: float
    convention: str

    def beside(
        self,
        *,
        permeability: Permeability | None = None,
        diffusivity: EffectiveConductivity | None = None,
    ) -> pd.DataFrame:
        """Return the network's answers beside those of the voxels.

        A network has no shape but that of its pyramids and cuboids: differences of tens of per
        cent are usual, and no error bar tells them.

        Returns
        -------
        DataFrame
            `quantity`, `unit`, `network`, `voxels`, `network_over_voxels`.
        """
        import pandas as pd

        rows = []
        for name, unit, own, other in (
            ("permeability", "µm²", self.permeability_um2,
             None if permeability is None else permeability.value_um2),
            ("D_eff / D_0", "1", self.diffusivity,
             None if diffusivity is None else diffusivity.value),
        ):  # fmt: skip
            if other is not None:
                ratio = own / other if other else math.nan
                rows.append({
                    "quantity": name, "unit": unit, "network": own, "voxels": other,
                    "network_over_voxels": ratio,
                })  # fmt: skip
        return pd.DataFrame(rows)


def pore_network(pore: NDArray, *, spacing_um: Sequence[float], axis: str = "z") -> PoreNetwork:
    """Extract the pore network by SNOW2 and solve flow and diffusion on it.

    Needs the extra ``pores`` (porespy and openpnm). It is an estimate: compare it with
    `permeability` and `effective_diffusivity` by `PoreNetwork.beside`.

    Parameters
    ----------
    pore : ndarray of bool, (z, y, x)
    spacing_um : sequence of float
        Voxel size [µm]; cubes only.
    axis : {"z", "y", "x"}

    Returns
    -------
    PoreNetwork

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
    network, openpnm, made_by = extracted(pore, spacing_um=spacing_um, axis=axis)
    pore = np.asarray(pore)
    front, step = lead_axis(axis, 3), float(spacing_um[0])
    with quiet():
        flow, diffusion = _rates(openpnm, network)
    length, area = pore.shape[front] * step, pore.size / pore.shape[front] * step**2
    pores, throats = _tables(network, front)
    return PoreNetwork(
        axis, pores, throats, flow * length / area, diffusion * length / area,
        f"{made_by}, unit pressure and concentration across the image",
    )  # fmt: skip


def extracted(pore: NDArray, *, spacing_um: Sequence[float], axis: str) -> tuple[Any, Any, str]:
    """Return openpnm's network of an image, axis first, openpnm itself, and how it was made.

    Raises
    ------
    MissingPackage, ValueError
        As `pore_network`.
    """
    pore = checked_phase(pore)
    spacing = checked_spacing(spacing_um, pore.ndim)
    if pore.ndim != 3:
        raise ValueError(f"pore needs 3 axes (z, y, x), got shape {pore.shape}: use a volume")
    if max(spacing) - min(spacing) > _CUBIC * max(spacing):
        raise ValueError(
            f"spacing_um needs equal sides for a pore network, got {spacing}: resample to cubes"
        )
    if not pore.any():
        raise ValueError("pore needs at least one voxel, got none: nothing to extract")
    front = lead_axis(axis, 3)
    porespy, openpnm = _packages()
    turned = np.ascontiguousarray(np.moveaxis(pore, front, 0))
    with quiet():
        found = porespy.networks.snow2(turned, voxel_size=spacing[0], boundary_width=[3, 0, 0])
        network = _prepared(openpnm, found.network)
    made_by = (
        f"SNOW2 of porespy {porespy.__version__}, {_SHAPES.replace('_', ' ')} of openpnm "
        f"{openpnm.__version__}"
    )
    return network, openpnm, made_by


def _packages() -> tuple[Any, Any]:
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


def _prepared(openpnm: Any, dictionary: Any) -> Any:
    network = openpnm.io.network_from_porespy(dictionary)
    network["pore.diameter"] = network["pore.equivalent_diameter"]
    network["throat.diameter"] = network["throat.inscribed_diameter"]
    network["throat.spacing"] = network["throat.total_length"]
    for kind in ("hydraulic", "diffusive"):
        shapes = getattr(openpnm.models.geometry, f"{kind}_size_factors")
        network.add_model(propname=f"throat.{kind}_size_factors", model=getattr(shapes, _SHAPES))
    network.regenerate_models()
    health = openpnm.utils.check_network_health(network)
    if len(health["disconnected_pores"]) > 0:
        openpnm.topotools.trim(network=network, pores=health["disconnected_pores"])
    return network


def _rates(openpnm: Any, network: Any) -> tuple[float, float]:
    """Return flow and diffusion through the network under unit differences; 0 without a path."""
    phase = unit_phase(openpnm, network)
    algorithms = openpnm.algorithms
    return (
        flow_rate(openpnm, network, phase),
        flow_rate(openpnm, network, phase, algorithm=algorithms.FickianDiffusion),
    )


def unit_phase(openpnm: Any, network: Any) -> Any:
    """Return a fluid of unit viscosity and diffusivity in all of the network."""
    with quiet():
        phase = openpnm.phase.Phase(network=network)
        phase["pore.viscosity"], phase["pore.diffusivity"] = 1.0, 1.0
        phase.add_model_collection(openpnm.models.collections.physics.basic)
        phase.regenerate_models()
    return phase


def flow_rate(openpnm: Any, network: Any, phase: Any, *, algorithm: Any = None) -> float:
    """Return what flows from the first end to the last under a unit difference; 0 without ends."""
    labels = network.labels(element="pore")
    if "pore.xmin" not in labels or "pore.xmax" not in labels or not network.Nt:
        return 0.0
    first, last = network.pores("xmin"), network.pores("xmax")
    if not len(first) or not len(last):
        return 0.0
    solver = (algorithm or openpnm.algorithms.StokesFlow)(network=network, phase=phase)
    solver.set_value_BC(pores=first, values=1.0)
    solver.set_value_BC(pores=last, values=0.0)
    with quiet():
        solver.run()
    return abs(float(solver.rate(pores=first, mode="group")[0]))


def _tables(network: Any, front: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    import pandas as pd

    places = np.moveaxis(np.asarray(network["pore.coords"]), 1, 0)
    order = [front, *(axis for axis in range(3) if axis != front)]
    by_axis = dict(zip(order, places, strict=True))
    ends = np.asarray(network["throat.conns"])
    pores = pd.DataFrame({
        "pore": np.arange(network.Np), "x_um": by_axis[2], "y_um": by_axis[1], "z_um": by_axis[0],
        "diameter_um": np.asarray(network["pore.inscribed_diameter"]),
        "volume_um3": np.asarray(network["pore.region_volume"]),
        "throats": np.bincount(ends.ravel(), minlength=network.Np),
    })  # fmt: skip
    throats = pd.DataFrame({
        "throat": np.arange(network.Nt), "pore_1": ends[:, 0], "pore_2": ends[:, 1],
        "diameter_um": np.asarray(network["throat.inscribed_diameter"]),
        "length_um": np.asarray(network["throat.total_length"]),
    })  # fmt: skip
    return pores, throats
