"""What flows through the phases: diffusion, conduction, Stokes flow, capillarity, networks."""

from __future__ import annotations

from .bounds import hashin_shtrikman_bounds, wiener_bounds
from .capillarity import (
    MeniscusPressure,
    meniscus_pressure,
    square_tube_entry_kpa,
    young_laplace_kpa,
)
from .drainage import Drainage, drain
from .effective import EffectiveConductivity, effective_conductivity, effective_diffusivity
from .extraction import ExtractedNetwork, extract_network
from .fields import FluxField, diffusive_flux
from .invasion import Invasion, invade
from .meshes import SurfaceMesh, VolumeMesh, open_edges, surface_mesh, tetrahedra
from .network import PoreNetwork, pore_network
from .permeability import (
    Permeability,
    johnson_koplik_dashen_um2,
    kozeny_carman_um2,
    permeability,
    permeability_tensor,
)
from .retention import RetentionFit, fit_retention
from .tensor import EffectiveTensor, effective_tensor
from .two_phases import RelativePermeability, network_drainage, relative_permeability
from .weighted_size import lambda_um

__all__ = [
    "Drainage",
    "EffectiveConductivity",
    "EffectiveTensor",
    "ExtractedNetwork",
    "FluxField",
    "Invasion",
    "MeniscusPressure",
    "Permeability",
    "PoreNetwork",
    "RelativePermeability",
    "RetentionFit",
    "SurfaceMesh",
    "VolumeMesh",
    "diffusive_flux",
    "drain",
    "effective_conductivity",
    "effective_diffusivity",
    "effective_tensor",
    "extract_network",
    "fit_retention",
    "hashin_shtrikman_bounds",
    "invade",
    "johnson_koplik_dashen_um2",
    "kozeny_carman_um2",
    "lambda_um",
    "meniscus_pressure",
    "network_drainage",
    "open_edges",
    "permeability",
    "permeability_tensor",
    "pore_network",
    "relative_permeability",
    "square_tube_entry_kpa",
    "surface_mesh",
    "tetrahedra",
    "wiener_bounds",
    "young_laplace_kpa",
]
