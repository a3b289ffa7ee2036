"""Diffusion and flow through one phase of a block, along each axis, with their checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..analysis.quantification import surface
from ..analysis.quantification.measurement import Check, Measurement
from ..analysis.transport import (
    effective_diffusivity,
    johnson_koplik_dashen_um2,
    kozeny_carman_um2,
    lambda_um,
    permeability,
)

# voxels along each axis below which no coarser grid can be solved for comparison
_COARSE, _COARSE_FLOW = 16, 8
_ORDER = 10.0  # Kozeny and Carman tell no more than the order of magnitude
_FACTOR = 3.0  # the field's estimate knows the throats, not how a fluid sticks to their walls
_ROUGH = 1e-2

Ask = Callable[..., None]


@dataclass(frozen=True)
class Porous:
    """One phase as what carries.

    Attributes
    ----------
    title : str
        Name of the phase.
    inside : ndarray of bool, (z, y, x) or (y, x)
    spacing : tuple of float
        Voxel size along each axis [µm].
    threads : int or None
        All processors unless told.
    """

    title: str
    inside: NDArray[np.bool_]
    spacing: tuple[float, ...]
    threads: int | None = None


def diffusion(
    phase: Porous, axis: str, *, ask: Ask | None = None, rough: bool = False
) -> tuple[Measurement, ...]:
    """Solve for D_eff / D_0 and the tortuosity factor along an axis.

    Where no path leads through, D_eff is 0 and the tortuosity factor infinite. Where the block is
    too thin for coarser grids, the error of the voxels isn't known, and so the half-width is not.

    Parameters
    ----------
    phase : Porous
    axis : {"z", "y", "x"}
    ask : callable, optional
        Called by the solver; raise from it to stop.
    rough : bool
        Solve to 1 %, and leave the error of the voxels.
    """
    fine = not rough and min(phase.inside.shape) >= _COARSE
    found = effective_diffusivity(
        phase.inside,
        spacing_um=phase.spacing,
        axis=axis,
        extrapolate=fine,
        relative_error=_ROUGH if rough else 1e-3,
        threads=phase.threads,
        progress=ask,
    )
    return tuple(
        replace(m, name=f"{phase.title}: {_lower(m.name)} along {axis}")
        for m in found.measurements(phase.title)
    )


def flow(
    phase: Porous, axis: str, *, ask: Ask | None = None, rough: bool = False
) -> tuple[Measurement, ...]:
    """Solve for the Stokes permeability along an axis; volumes only.

    The error of the voxels is known where voxels of twice the size can be solved beside them, from
    8 voxels along each axis on.

    Raises
    ------
    ValueError
        The phase is of a 2D image.
    """
    if phase.inside.ndim != 3:
        raise ValueError("flow needs a volume: an image would be slits that go on for ever")
    fine = not rough and min(phase.inside.shape) >= _COARSE_FLOW
    found = permeability(
        phase.inside,
        spacing_um=phase.spacing,
        axis=axis,
        discretisation=fine,
        relative_error=5 * _ROUGH if rough else _ROUGH,
        threads=phase.threads,
        progress=ask,
    )
    m = replace(
        found.measurement(phase.title),
        name=f"{phase.title}: permeability along {axis}",
        checks=(*found.checks, *(() if rough else _flags(phase, axis, found.value_um2))),
    )
    return (m,)


def _flags(phase: Porous, axis: str, value_um2: float) -> Sequence[Check]:
    return (*_kozeny_carman(phase, value_um2), *_johnson_koplik_dashen(phase, axis, value_um2))


def _kozeny_carman(phase: Porous, value_um2: float) -> Sequence[Check]:
    """Flag a permeability of another order than that of a packing with the same surface."""
    area = surface(phase.inside, spacing_um=phase.spacing).specific_um2_per_um3
    if not (area > 0 and value_um2 > 0):
        return ()
    packing = kozeny_carman_um2(float(phase.inside.mean()), area)
    ratio = value_um2 / packing
    like = 1 / _ORDER <= ratio <= _ORDER
    said = f"{ratio:.2g} of what a packing of this surface has, {packing:.3g} µm²"
    advice = "" if like else ": narrow throats, dead ends or a direction, or too few voxels"
    return (Check("order of Kozeny and Carman", True if like else None, said + advice),)


def _johnson_koplik_dashen(phase: Porous, axis: str, value_um2: float) -> Sequence[Check]:
    """Flag a permeability far from that of tubes which carry the same current."""
    if value_um2 <= 0:
        return ()
    conducted = effective_diffusivity(
        phase.inside, spacing_um=phase.spacing, axis=axis, threads=phase.threads
    ).value
    size = lambda_um(phase.inside, spacing_um=phase.spacing, axis=axis, threads=phase.threads)
    if not (conducted > 0 and np.isfinite(size)):
        return ()
    ratio = value_um2 / johnson_koplik_dashen_um2(size, 1 / conducted)
    like = 1 / _FACTOR <= ratio <= _FACTOR
    said = f"{ratio:.2g} of what tubes of {size:.3g} µm would have that carry the same current"
    advice = "" if like else ": rough walls and throats of a few voxels tell only its order"
    return (Check("estimate of Johnson, Koplik and Dashen", True if like else None, said + advice),)


def _lower(name: str) -> str:
    return name if name.startswith("D_") else name[0].lower() + name[1:]
