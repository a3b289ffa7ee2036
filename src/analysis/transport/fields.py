"""Flux and potential at every voxel, for pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_spacing
from ..threads import Workers
from .conduction import Conduction
from .effective import _checked
from .lead_axis import lead_axis, led_first
from .regions import OUTSIDE, labels_within, own_share

_MOST = 2000


@dataclass(frozen=True, eq=False)
class FluxField:
    """What flows where under a mean gradient of 1.

    Attributes
    ----------
    flux : ndarray of float32, (ndim, z, y, x)
        Components z, y, x at voxel centres, positive towards higher indices
        [conductivity times mean gradient].
    potential : ndarray of float32, (z, y, x)
        Falls from 1 at the first end to 0 at the last; NaN where nothing is connected.
    value : float
        Effective conductivity along the axis.
    """

    flux: NDArray[np.float32]
    potential: NDArray[np.float32]
    value: float

    @property
    def speed(self) -> NDArray[np.float32]:
        """Absolute flux at each voxel."""
        return np.sqrt((self.flux**2).sum(axis=0))


def diffusive_flux(
    labels: NDArray,
    conductivities: Sequence[float] | Mapping[int, float] = (0.0, 1.0),
    *,
    spacing_um: Sequence[float],
    axis: str = "z",
    relative_error: float = 1e-4,
    mask: NDArray | None = None,
    threads: int | None = None,
) -> FluxField:
    """Solve with fixed ends and return the flux at every voxel.

    Parameters
    ----------
    labels : ndarray of bool or integer, (z, y, x) or (y, x)
        A bool array is a phase that conducts.

    Other parameters are those of `effective_conductivity`. Outside a `mask` there is no flux and
    no potential; the value is of the mask.

    Returns
    -------
    FluxField

    Examples
    --------
    >>> import numpy as np
    >>> channel = np.zeros((4, 3), bool); channel[:, 1] = True
    >>> found = diffusive_flux(channel, spacing_um=(1, 1), axis="y")
    >>> found.flux[0, 2], found.potential[:, 1]
    (array([0., 1., 0.], dtype=float32), array([0.875, 0.625, 0.375, 0.125], dtype=float32))
    """
    labels, sigma = _checked(labels, conductivities)
    spacing = checked_spacing(spacing_um, labels.ndim)
    front = lead_axis(axis, labels.ndim)
    labels, sigma = labels_within(labels, sigma, mask, front, axis, crop=False)
    turned, steps = led_first(labels, spacing, front)
    workers = Workers(threads)
    problem = Conduction(
        turned, sigma, steps, periodic=False, axes=(0,), relative_error=relative_error,
        workers=workers,
    )  # fmt: skip
    if not problem.connected:
        nan = np.full(labels.shape, np.nan, np.float32)
        return FluxField(np.zeros((labels.ndim, *labels.shape), np.float32), nan, 0.0)
    field = problem.solve(0, most=_MOST)
    flux, potential = _at_centres(problem, field.x)
    if labels.ndim == 2:
        flux, potential = flux[[0, 2], :, 0], potential[:, 0]
    own = 1.0
    if len(sigma) > OUTSIDE:
        own = own_share(turned != OUTSIDE, steps, workers)
    others = [i for i in range(labels.ndim) if i != front]
    order = np.argsort([front, *others])
    return FluxField(
        np.moveaxis(flux, 1, front + 1)[order],
        np.moveaxis(potential, 0, front),
        field.upper / own,
    )


def _at_centres(problem: Conduction, x: NDArray) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Average the fluxes of the two faces of each voxel along each axis."""
    g, leaving = problem.face_conductances()
    inner = (slice(1, -1),) * 3
    flux = np.zeros((3, *problem.shape), np.float32)
    for axis in range(3):
        low = np.moveaxis(x, axis, 0)
        through = np.zeros_like(x)
        face = np.moveaxis(through, axis, 0)
        face[1:] = np.moveaxis(g[axis], axis, 0)[1:] * (low[1:] - low[:-1] + float(axis == 0))
        if axis == 0:
            share = 0.5 if problem.shape[0] == 1 else 1.0
            face[1] = share * leaving[1] * (x[1] + 0.5)
            face[-1] = share * leaving[-2] * (0.5 - x[-2])
        step = np.sqrt(problem.weights[axis])  # to equal lengths
        mean = (face[1:-1] + face[2:]) / 2 * (problem.unit / step)
        back = np.moveaxis(mean, 0, axis)
        cut = tuple(slice(None) if i == axis else slice(1, -1) for i in range(3))
        flux[axis] = back[cut]
    heights = np.arange(problem.shape[0], dtype=np.float32).reshape(-1, 1, 1) + 0.5
    potential = 1 - (x[inner] + heights) / problem.shape[0]
    inside = sum(g[axis][inner] for axis in range(3)) + leaving[inner]
    for axis in range(3):
        ahead = tuple(slice(2, None) if i == axis else slice(1, -1) for i in range(3))
        inside = inside + g[axis][ahead]
    potential[inside == 0] = np.nan
    return flux, potential.astype(np.float32)
