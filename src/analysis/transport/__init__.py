"""What flows through the phases: diffusion, conduction, Stokes flow, capillarity, networks."""

from __future__ import annotations

from .bounds import hashin_shtrikman_bounds, wiener_bounds
from .effective import EffectiveConductivity, effective_conductivity, effective_diffusivity
from .fields import FluxField, diffusive_flux
from .permeability import (
    Permeability,
    johnson_koplik_dashen_um2,
    kozeny_carman_um2,
    permeability,
    permeability_tensor,
)
from .tensor import EffectiveTensor, effective_tensor

__all__ = [
    "EffectiveConductivity",
    "EffectiveTensor",
    "FluxField",
    "Permeability",
    "diffusive_flux",
    "effective_conductivity",
    "effective_diffusivity",
    "effective_tensor",
    "hashin_shtrikman_bounds",
    "johnson_koplik_dashen_um2",
    "kozeny_carman_um2",
    "permeability",
    "permeability_tensor",
    "wiener_bounds",
]
