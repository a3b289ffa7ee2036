"""Pore networks: what pores and throats conduct, beside what the voxels do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from .conduits import conduit_words, flow_package, quiet
from .effective import EffectiveConductivity
from .extraction import ExtractedNetwork, extract_network
from .lead_axis import lead_axis
from .permeability import Permeability

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class PoreNetwork:
    """A network of pores and throats, and what it conducts along one axis.

    Attributes
    ----------
    axis : str
    pores, throats : DataFrame
        As `ExtractedNetwork` lists them.
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


def pore_network(
    pore: NDArray,
    *,
    spacing_um: Sequence[float],
    axis: str = "z",
    mask: NDArray | None = None,
    extracted: ExtractedNetwork | None = None,
) -> PoreNetwork:
    """Extract the pore network by SNOW2 and solve flow and diffusion on it.

    Needs the extra ``pores`` (openpnm). It is an estimate: compare it with
    `permeability` and `effective_diffusivity` by `PoreNetwork.beside`.

    Parameters
    ----------
    pore : ndarray of bool, (z, y, x)
    spacing_um : sequence of float
        Voxel size [µm]; cubes only.
    axis : {"z", "y", "x"}
    mask : ndarray of bool, optional
        As of `effective_diffusivity`; where a network is given, it has its own.
    extracted : ExtractedNetwork, optional
        Of the same pore by `extract_network`, to be used along every axis; extracted here unless
        given.

    Returns
    -------
    PoreNetwork

    Raises
    ------
    MissingPackage
        openpnm is not installed.
    ValueError
        Voxels are no cubes, there is no pore, or the network is of another volume.

    References
    ----------
    Gostick 2017, doi:10.1103/PhysRevE.96.023307 (SNOW); Khan et al. 2019,
    doi:10.1016/j.compchemeng.2018.12.025 (SNOW2).
    """
    lead_axis(axis, 3)
    found = network_of(pore, spacing_um, extracted, mask)
    body = found.area_over_length_um(axis)
    openpnm = flow_package()
    network = found.along(axis)
    flow = diffusion = 0.0
    if leads_through(network):
        phase = unit_phase(openpnm, network)
        flow = flow_rate(openpnm, network, phase)
        diffusion = flow_rate(
            openpnm, network, phase, algorithm=openpnm.algorithms.FickianDiffusion
        )
    return PoreNetwork(
        axis, found.pores, found.throats, flow / body, diffusion / body,
        f"{found.convention}, {conduit_words()}, unit pressure and concentration across the image",
    )  # fmt: skip


def network_of(
    pore: NDArray,
    spacing_um: Sequence[float],
    extracted: ExtractedNetwork | None,
    mask: NDArray | None = None,
) -> ExtractedNetwork:
    """Return the network that is given, if it is of this volume, or extract it.

    Raises
    ------
    MissingPackage, ValueError
        As `pore_network`.
    """
    if extracted is None:
        return extract_network(pore, spacing_um=spacing_um, mask=mask)
    if tuple(pore.shape) != extracted.shape:
        raise ValueError(
            f"extracted needs the network of a pore of {pore.shape}, got one of {extracted.shape}: "
            "extract it from this pore"
        )
    return extracted


def leads_through(network: Any) -> bool:
    """Say whether anything can flow from the first end to the last."""
    return bool(network.Nt and network["pore.first"].any() and network["pore.last"].any())


def unit_phase(openpnm: Any, network: Any) -> Any:
    """Return a fluid of unit viscosity and diffusivity in all of the network."""
    with quiet():
        phase = openpnm.phase.Phase(network=network)
        phase["pore.viscosity"], phase["pore.diffusivity"] = 1.0, 1.0
        phase.add_model_collection(openpnm.models.collections.physics.basic)
        phase.regenerate_models()
    return phase


def flow_rate(openpnm: Any, network: Any, phase: Any, *, algorithm: Any = None) -> float:
    """Return what flows from the first end to the last under a unit difference."""
    first, last = network.pores("first"), network.pores("last")
    solver = (algorithm or openpnm.algorithms.StokesFlow)(network=network, phase=phase)
    solver.set_value_BC(pores=first, values=1.0)
    solver.set_value_BC(pores=last, values=0.0)
    with quiet():
        solver.run()
    return abs(float(solver.rate(pores=first, mode="group")[0]))
