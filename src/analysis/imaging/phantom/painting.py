"""Painting solids on a grid finer than the voxel, then letting the point spread gather it.

A solid touches only its own box of the grid, so the cost follows the solids, not the volume.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .ellipsoids import Ellipsoids

Floats = NDArray[np.floating]
Image = NDArray[np.float32]

_SLAB = 32  # fine layers painted at a time: a slab stays in the processor's cache


@dataclass(frozen=True)
class Grid:
    """A fine grid in an image's nominal frame; each layer may be displaced sideways.

    Attributes
    ----------
    z_um : array, shape (nz,)
        Positions of the layers, ascending [um].
    start_um, step_um : tuples of 2 floats
        First sample and step along y and x [um].
    shape : tuple of 2 ints
        Samples along y and x.
    shift_um : array, shape (nz, 2)
        Added to every sample position (y, x) of a layer [um].
    """

    z_um: Floats
    start_um: tuple[float, float]
    step_um: tuple[float, float]
    shape: tuple[int, int]
    shift_um: Floats

    @classmethod
    def finer(
        cls,
        shape: tuple[int, int, int],
        spacing_um: tuple[float, float, float],
        *,
        factors: tuple[int, int, int],
    ) -> Grid:
        """Cut every voxel of a regular grid into ``factors`` samples along z, y, x."""
        starts = [(0.5 / f - 0.5) * d for d, f in zip(spacing_um, factors, strict=True)]
        steps = [d / f for d, f in zip(spacing_um, factors, strict=True)]
        z: Floats = starts[0] + np.arange(shape[0] * factors[0], dtype=float) * steps[0]
        plane = (shape[1] * factors[1], shape[2] * factors[2])
        return cls(z, (starts[1], starts[2]), (steps[1], steps[2]), plane, np.zeros((len(z), 2)))

    def slabs(self) -> Iterator[tuple[slice, Grid]]:
        """Go through the grid a few layers at a time."""
        for first in range(0, len(self.z_um), _SLAB):
            part = slice(first, first + _SLAB)
            yield (
                part,
                Grid(self.z_um[part], self.start_um, self.step_um, self.shape, self.shift_um[part]),
            )

    def axes(self) -> tuple[Floats, Floats, Floats]:
        """Sample positions as arrays that broadcast to (nz, ny, nx) [um]."""
        y, x = (
            start + np.arange(count) * step + shift[:, None]
            for start, count, step, shift in zip(
                self.start_um, self.shape, self.step_um, self.shift_um.T, strict=True
            )
        )
        return self.z_um[:, None, None], y[:, :, None], x[:, None, :]

    def window(self, low: Floats, high: Floats) -> tuple[slice, slice, slice]:
        """Return the part of the grid that can touch the box between two corners."""
        layers = slice(*np.searchsorted(self.z_um, [low[0], high[0]]))
        if layers.start == layers.stop:
            return layers, slice(0, 0), slice(0, 0)
        shift = self.shift_um[layers]
        sides = []
        for axis in (0, 1):
            least = low[axis + 1] - shift[:, axis].max() - self.start_um[axis]
            most = high[axis + 1] - shift[:, axis].min() - self.start_um[axis]
            first = int(np.floor(least / self.step_um[axis]))
            last = int(np.ceil(most / self.step_um[axis])) + 1
            sides.append(slice(max(first, 0), min(max(last, 0), self.shape[axis])))
        return layers, sides[0], sides[1]


def paint(
    image: Image, grid: Grid, solids: Ellipsoids, value: float, *, softness_um: float
) -> None:
    """Paint ellipsoids (in the grid's own coordinates) into a (nz, ny, nx) image, in place.

    An edge is a ramp ``softness_um`` wide [um] about the true surface: what a sample of that
    size would hold of the solid. As outer halves of ramps are larger than inner ones, the surface
    is drawn a little smaller, so that the solid keeps its volume.
    """
    radii = np.cbrt(solids.volumes_um3 * 0.75 / np.pi)
    drawn = radii - softness_um**2 / (12 * np.maximum(radii, softness_um))
    forms = np.swapaxes(solids.shapes, 1, 2) @ solids.shapes
    reach = np.sqrt(np.diagonal(np.linalg.inv(forms), axis1=1, axis2=2))
    reach = reach * (1 + softness_um / np.maximum(radii, softness_um))[:, None]
    z, y, x = grid.axes()
    each = zip(solids.centres_um, forms, radii, drawn, reach, strict=True)
    for centre, form, radius, surface, extent in each:
        box = grid.window(centre - extent, centre + extent)
        if any(part.start >= part.stop for part in box):
            continue
        share = _form_at(form, z[box[0]], y[box[0], box[1]], x[box[0], :, box[2]], centre)
        np.sqrt(share, out=share)
        share *= -radius / softness_um
        share += surface / softness_um + 0.5
        np.clip(share, 0, 1, out=share)
        target = image[box]
        target += share * (np.float32(value) - target)


def paint_outside(
    image: Image,
    grid: Grid,
    normals: Floats,
    limits_um: Floats,
    value: float,
    *,
    softness_um: float,
) -> None:
    """Paint everything beyond the planes ``normals @ p <= limits`` (k, 3), (k,), in place."""
    z, y, x = (axis.astype(np.float32) for axis in grid.axes())
    for normal, limit in zip(normals.astype(np.float32), limits_um, strict=True):
        edge = normal[0] * z + normal[1] * y
        edge = (np.float32(limit) - edge) / np.float32(softness_um) + np.float32(0.5)
        along = normal[2] / np.float32(softness_um) * x
        lowest = edge.min() - along.max()
        if lowest >= 1:
            continue
        share = edge - along
        np.clip(share, 0, 1, out=share)
        image -= np.float32(value)
        image *= share
        image += np.float32(value)


def gather(fine: Image, axis: int, factor: int, sigma_um: float, step_um: float) -> Image:
    """Blur with a Gaussian point spread and sum onto pixels ``factor`` samples wide.

    The specimen is taken to continue beyond the border as its last sample.
    """
    sigma = sigma_um / step_um
    half = int(np.ceil(3.5 * sigma))
    offsets = np.arange(-half, half + 1)
    spread = np.exp(-0.5 * (offsets / sigma) ** 2) if sigma > 0 else np.ones(1)
    kernel = np.convolve(spread / spread.sum(), np.full(factor, 1 / factor))
    pad = [(0, 0)] * fine.ndim
    pad[axis] = (half, half)
    padded = np.pad(fine, pad, mode="edge")
    count = fine.shape[axis] // factor
    pick = [slice(None)] * fine.ndim
    result = np.zeros([count if k == axis else n for k, n in enumerate(fine.shape)], np.float32)
    for tap, weight in enumerate(kernel.astype(np.float32)):
        pick[axis] = slice(tap, tap + (count - 1) * factor + 1, factor)
        result += weight * padded[tuple(pick)]
    return result


def _form_at(form: Floats, z: Floats, y: Floats, x: Floats, centre: Floats) -> Image:
    """Evaluate the quadratic form of p - centre on broadcastable axes, cheaply."""
    z, y, x = z - centre[0], y - centre[1], x - centre[2]
    plane = form[0, 0] * z**2 + form[1, 1] * y**2 + 2 * form[0, 1] * z * y
    slope = 2 * (form[0, 2] * z + form[1, 2] * y)
    across = form[2, 2] * x**2
    value = slope.astype(np.float32) * x.astype(np.float32)
    value += plane.astype(np.float32)
    value += across.astype(np.float32)
    return np.maximum(value, 0, out=value)
