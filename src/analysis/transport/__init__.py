"""What flows through the phases: diffusion, conduction, Stokes flow, capillarity, networks."""

from __future__ import annotations

from .bounds import hashin_shtrikman_bounds, wiener_bounds
from .effective import EffectiveConductivity, effective_conductivity, effective_diffusivity
from .fields import FluxField, diffusive_flux
from .tensor import EffectiveTensor, effective_tensor

__all__ = [
    "EffectiveConductivity",
    "EffectiveTensor",
    "FluxField",
    "diffusive_flux",
    "effective_conductivity",
    "effective_diffusivity",
    "effective_tensor",
    "hashin_shtrikman_bounds",
    "wiener_bounds",
]
