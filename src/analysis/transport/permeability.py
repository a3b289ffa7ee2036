"""Permeability by Stokes flow through the voxels, and the estimates it is compared with."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..quantification.measurement import Check, Measurement, measurement_from_parts
from ..quantification.volume import checked_phase
from ..spacing import checked_spacing
from ..threads import Workers
from .coarser import coarser
from .lead_axis import lead_axis, led_first
from .multigrid import rim
from .paths import crossing_part, winding_part
from .regions import as_boxes, box_of, own_share, spanning_mask, words
from .stokes import Flow, Stokes

DARCY_UM2 = 0.9869233
M2_PER_UM2 = 1e-12
BOUNDARIES = {
    "walls": "pressure fixed beyond both ends, whose pattern goes on there; walls at the sides",
    "periodic": "periodic in every axis",
}
_MOST = 600
# Of how far voxels of twice the size are off, what those of the size itself are at most: 95 % of
# lattices and random packings of spheres of 2 to 24 voxels radius (tests/analysis/transport)
_OF_COARSER = 0.35
_LEAST = 0.01  # of the permeability: walls that lie along the grid do not change with it


@dataclass(frozen=True)
class Permeability:
    """Permeability along one axis.

    Attributes
    ----------
    value_um2 : float
        Permeability [µm²]; 0 where nothing leads through.
    algebraic_error_um2 : float
        Estimate of what the unsolved rest of the equations still changes [µm²].
    axis : str
    boundary : {"walls", "periodic"}
    porosity, connected_porosity : float
        Share of all voxels that are pore, and that lead from end to end. The rest was removed.
    iterations : int
    converged : bool
    discretisation_error_um2 : float or None
        95 % half-width from the size of the voxels [µm²], where it was asked.
    region : str
        In words, where it is of a mask and not of the whole image; the porosities are of it.
    """

    value_um2: float
    algebraic_error_um2: float
    axis: str
    boundary: str
    porosity: float
    connected_porosity: float
    iterations: int
    converged: bool
    discretisation_error_um2: float | None = None
    region: str = ""

    @property
    def value_m2(self) -> float:
        """Permeability [m²]."""
        return self.value_um2 * M2_PER_UM2

    @property
    def value_darcy(self) -> float:
        """Permeability [darcy]."""
        return self.value_um2 / DARCY_UM2

    @property
    def checks(self) -> tuple[Check, ...]:
        """Convergence, and how much of the pore led nowhere and was removed."""
        removed = self.porosity - self.connected_porosity
        return (
            Check(
                "equations solved",
                self.converged,
                f"{self.value_um2:.6g} ± {self.algebraic_error_um2:.2g} µm² after "
                f"{self.iterations} steps; {removed:.6g} of {self.porosity:.6g} leads nowhere "
                f"along {self.axis} and was removed",
            ),
        )

    def measurement(self, phase: str = "pore") -> Measurement:
        """Return the permeability [µm²] with its parts of uncertainty.

        Where the error of the voxels was not asked for, or nothing leads through, the whole isn't
        known: NaN.
        """
        parts: dict[str, float] = {}
        if self.value_um2 > 0:
            parts["equations"] = self.algebraic_error_um2
            if self.discretisation_error_um2 is not None:
                parts["discretisation"] = self.discretisation_error_um2
        found = measurement_from_parts(
            key=f"{phase}.permeability_{self.axis}", name="Permeability", value=self.value_um2,
            unit="µm²",
            convention="; ".join(
                filter(None, (f"Stokes along {self.axis}", BOUNDARIES[self.boundary], self.region))
            ),
            parts=parts, checks=self.checks, bounds=(0.0, math.inf),
        )  # fmt: skip
        return found if "discretisation" in parts else found.without_interval()


def permeability(
    pore: NDArray,
    *,
    spacing_um: Sequence[float],
    axis: str = "z",
    boundary: str = "walls",
    relative_error: float = 1e-2,
    discretisation: bool = False,
    mask: NDArray | None = None,
    threads: int | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> Permeability:
    """Solve for the permeability of a pore space along one axis.

    A slit is exact but for rounding (0.1 %), a tube of 15 voxels radius 1 % high; a lattice of
    spheres of 10 voxels radius is 0.6 % high (its voxels' own porosity taken, 1.2 % low). In
    passages of two or three voxels no more than the order of magnitude is known.

    Parameters
    ----------
    pore : ndarray of bool, (z, y, x) or (y, x)
        An image is taken as a section through slits that go on for ever.
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    axis : {"z", "y", "x"}
    boundary : {"walls", "periodic"}
        Pressure at both ends and walls at the sides, or periodic on all sides.
    relative_error : float
        Of the solution of the equations, estimated.
    discretisation : bool
        Also solve with voxels of twice the size, pores once a little too wide and once too narrow,
        for the error of the voxels: a quarter more time. Half-width: 0.35 of the larger difference,
        1 % at least. The value is not extrapolated: voxels are too rough and pores too small by
        amounts that cancel in part.
    mask : ndarray of bool, optional
        What lies outside is no specimen: its side is a wall, as the sides of an image are. The
        value is that of a homogeneous body of the mask's shape that lets through as much: for a
        core plug, of its own cross-section and length. The mask needs to lead from the first layer
        to the last; with periodic sides it needs to be a box (`largest_box_inside`).
    threads : int, optional
        All processors unless told. The result does not depend on it.
    progress : callable, optional
        Gets the step and the estimated relative error; raise from it to stop.

    Returns
    -------
    Permeability

    Examples
    --------
    >>> import numpy as np
    >>> slit = np.zeros((4, 10), bool); slit[:, 1:9] = True
    >>> found = permeability(slit, spacing_um=(1, 1), axis="y")
    >>> round(found.value_um2 / (0.8 * 8**2 / 12), 3)
    0.999
    """
    pore = checked_phase(pore)
    spacing = checked_spacing(spacing_um, pore.ndim)
    front = lead_axis(axis, pore.ndim)
    if boundary not in BOUNDARIES:
        raise ValueError(f"boundary needs one of {tuple(BOUNDARIES)}, got {boundary!r}")
    if not 1e-6 <= relative_error < 1:
        raise ValueError(f"relative_error needs 1e-6 to 1, got {relative_error}")
    if boundary == "periodic":
        pore, inside = np.ascontiguousarray(pore[as_boxes(mask, pore.shape)]), None
    else:
        inside = spanning_mask(mask, pore.shape, front, axis)
    if inside is not None:
        box = box_of(inside, pore.ndim)
        inside = inside[box]
        pore = pore[box] & inside
    turned, steps = led_first(pore, spacing, front)
    region = None if inside is None or inside.all() else led_first(inside, spacing, front)[0]
    workers = Workers(threads)
    found = _solve(turned, steps, axis, boundary, relative_error, workers, progress)
    if region is not None:
        found = _of_region(found, region, steps, workers)
    if not discretisation or found.value_um2 == 0:
        return found
    apart = 0.0
    for wide in (True, False):
        twice = coarser(turned, wide=wide)
        longer = tuple(h * (1 if n == 1 else 2) for h, n in zip(steps, turned.shape, strict=True))
        other = _solve(twice, longer, axis, boundary, relative_error, workers, progress)
        if region is not None and other.value_um2 > 0:
            other = _of_region(other, coarser(region, wide=wide), longer, workers)
        apart = max(apart, abs(other.value_um2 - found.value_um2))
    half_width = math.hypot(_OF_COARSER * apart, _LEAST * found.value_um2)
    return replace(found, discretisation_error_um2=half_width)


def permeability_tensor(
    pore: NDArray,
    *,
    spacing_um: Sequence[float],
    relative_error: float = 1e-2,
    mask: NDArray | None = None,
    threads: int | None = None,
) -> NDArray[np.float64]:
    """Solve for the permeability tensor of a periodic pore space.

    Only a box can be periodic: a `mask` needs to be one, and `largest_box_inside` finds one in any.

    Returns
    -------
    ndarray, (3, 3)
        Rows and columns z, y, x [µm²]: flow along the row under a pressure gradient along the
        column. Its asymmetry tells the error of the equations.

    Examples
    --------
    >>> import numpy as np
    >>> slits = np.zeros((4, 10, 4), bool); slits[:, 1:9] = True
    >>> permeability_tensor(slits, spacing_um=(1, 1, 1)).round(1)
    array([[4.3, 0. , 0. ],
           [0. , 0. , 0. ],
           [0. , 0. , 4.3]])
    """
    pore = checked_phase(pore)
    if pore.ndim != 3:
        raise ValueError(f"pore needs 3 axes (z, y, x), got shape {pore.shape}: use a volume")
    spacing = checked_spacing(spacing_um, 3)
    pore = np.ascontiguousarray(pore[as_boxes(mask, pore.shape)])
    tensor = np.zeros((3, 3))
    workers = Workers(threads)
    stokes = _periodic(pore, spacing, (0, 1, 2), workers)
    if stokes is None:
        return tensor
    for column in range(3):
        flow = stokes.solve(column, relative_error=relative_error, most=_MOST)
        for row in range(3):
            inner = flow.y[row, 1:-1, 1:-1, 1:-1]
            mean = flow.mean if row == column else float(inner.sum(dtype=np.float64))
            tensor[row, column] = mean / pore.size * spacing[0] ** 2
    return tensor


def kozeny_carman_um2(porosity: float, specific_surface_per_um: float) -> float:
    """Return the order of magnitude of a packing's permeability [µm²], phi^3 / (5 S_V^2).

    Only a flag: it knows no direction and no throat.

    Parameters
    ----------
    porosity : float
    specific_surface_per_um : float
        Surface per volume of the whole [1/µm].

    Examples
    --------
    >>> round(kozeny_carman_um2(0.4, 0.1), 6)
    1.28
    """
    return porosity**3 / (5 * specific_surface_per_um**2)


def johnson_koplik_dashen_um2(lambda_um: float, formation_factor: float) -> float:
    """Return the estimate Lambda^2 / (8 F) of a permeability [µm²].

    Only a flag. `lambda_um` is twice the pore volume over the surface where both are weighted by
    the squared electric field; the plain ratio is larger or smaller.

    References
    ----------
    Johnson, Koplik & Schwartz 1986, doi:10.1103/PhysRevLett.57.2564.

    Examples
    --------
    A tube of radius 2 µm that fills a quarter of the cross-section: phi R² / 8.

    >>> johnson_koplik_dashen_um2(2.0, 4.0)
    0.125
    """
    return lambda_um**2 / (8 * formation_factor)


def _solve(
    pore: NDArray[np.bool_],
    spacing: tuple[float, ...],
    axis: str,
    boundary: str,
    relative_error: float,
    workers: Workers,
    progress: Callable[[int, float], None] | None = None,
) -> Permeability:
    porosity = float(np.count_nonzero(pore) / pore.size)
    nothing = Permeability(0.0, 0.0, axis, boundary, porosity, 0.0, 0, True)
    if boundary == "periodic":
        stokes = _periodic(pore, spacing, (0,), workers)
    else:
        stokes = _with_ends(pore, spacing, workers)
    if stokes is None:
        return nothing
    flow: Flow = stokes.solve(0, relative_error=relative_error, most=_MOST, progress=progress)
    scale = spacing[0] ** 2 / (stokes.inner[0] * pore[0].size)
    connected = int(np.count_nonzero(stokes.fluid[1:-1, 1:-1, 1:-1] == 1))
    return replace(
        nothing,
        value_um2=flow.mean * scale, algebraic_error_um2=flow.error * scale,
        connected_porosity=connected / pore.size, iterations=flow.iterations,
        converged=flow.converged,
    )  # fmt: skip


def _of_region(
    found: Permeability,
    region: NDArray[np.bool_],
    spacing: tuple[float, ...],
    workers: Workers,
) -> Permeability:
    """Put what was found for the box around a region beside what the region's shape conducts."""
    own, share = own_share(region, spacing, workers), float(region.mean())
    return replace(
        found,
        value_um2=found.value_um2 / own, algebraic_error_um2=found.algebraic_error_um2 / own,
        porosity=found.porosity / share, connected_porosity=found.connected_porosity / share,
        region=words(region),
    )  # fmt: skip


def _periodic(
    pore: NDArray[np.bool_], spacing: tuple[float, ...], axes: tuple[int, ...], workers: Workers
) -> Stokes | None:
    w0, w1, w2 = (n > 1 or i == 0 for i, n in enumerate(pore.shape))
    part = winding_part(pore, wrap=(w0, w1, w2), axes=axes)
    if not part.any():
        return None
    fluid = np.zeros(tuple(n + 2 for n in pore.shape), np.uint8)
    fluid[1:-1, 1:-1, 1:-1] = part
    wrap = (True, True, True)  # a single layer goes on for ever
    rim(fluid, wrap)
    return Stokes(fluid, _weights(spacing), wrap, workers)


def _with_ends(
    pore: NDArray[np.bool_], spacing: tuple[float, ...], workers: Workers
) -> Stokes | None:
    part = crossing_part(pore)
    if not part.any():
        return None
    layers, *sides = pore.shape
    fluid = np.zeros((layers + 3, *(n + 2 for n in sides)), np.uint8)
    fluid[1 : layers + 1, 1:-1, 1:-1] = part
    fluid[0, 1:-1, 1:-1] = 2 * part[0]
    fluid[layers + 1, 1:-1, 1:-1] = 2 * part[-1]
    wrap = (False, False, False)
    if sides[0] == 1:
        wrap = (False, True, False)
    rim(fluid, wrap)
    return Stokes(fluid, _weights(spacing), wrap, workers)


def _weights(spacing: tuple[float, ...]) -> NDArray[np.float64]:
    return np.array([(spacing[0] / h) ** 2 for h in spacing])
