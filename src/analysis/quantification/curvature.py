"""Mean and Gaussian curvature of a phase's surface, by counting and from grey values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import pi

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_image_ndim, checked_spacing
from .directions import line_directions
from .euler import cells_inside, euler_density
from .plane_sections import balanced_weights, grid_planes, residual, section_euler, unseen_share
from .surface import crossings_apart
from .volume import checked_mask, checked_phase

# Shares of what tells of an error that make its 95 % half-width, found on shapes of known curvature
# (tests/analysis/quantification/test_voxel_errors.py)
_BY_CHANGE, _BY_SCATTER, _BY_RADIUS = 1.0, 0.8, 0.09
_SURFACE_BY_CHANGE, _SURFACE_BY_SCATTER, _SURFACE_BY_RADIUS = 0.5, 1.4, 0.19


@dataclass(frozen=True)
class Curvature:
    """Curvature of a surface, averaged over it; positive where the phase is convex.

    Attributes
    ----------
    mean_per_um : float
        Average of (k1 + k2) / 2 [1/µm]; 1/R for a sphere.
    gaussian_per_um2 : float
        Average of k1 k2 [1/µm²]; 1/R² for a sphere.
    integral_mean_um_per_um3 : float
        Integral of the mean curvature per volume [µm/µm³].
    integral_gaussian_per_um3 : float
        Integral of the Gaussian curvature per volume, 4 pi times the Euler number [1/µm³].
    mean_error_per_um, gaussian_error_per_um2 : float
        95 % half-widths of what voxels do to the averages [1/µm], [1/µm²].
    """

    mean_per_um: float
    gaussian_per_um2: float
    integral_mean_um_per_um3: float
    integral_gaussian_per_um3: float
    mean_error_per_um: float
    gaussian_error_per_um2: float


def curvature(
    phase: NDArray, *, spacing_um: Sequence[float], mask: NDArray | None = None
) -> Curvature:
    """Measure the mean and Gaussian curvature of a surface by Crofton's and Gauss's theorems.

    The integral of the mean curvature is 2 pi times the Euler number per area of sections, here of
    13 directions; that of the Gaussian curvature 4 pi times the Euler number per volume. Neither
    needs a mesh. Both neighbourhoods are averaged, so that the curvature of what is outside is the
    negative.

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x)
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    mask : ndarray of bool, optional
        What lies outside has no surface: what its side cuts stands for the rest of the material.

    Returns
    -------
    Curvature
        NaN averages where there is no surface.

    Notes
    -----
    Sections are planes through the voxels: a cylinder in one direction shows its mean curvature
    within 7 % in cubic voxels, within 15 % in voxels of 2:1:1. Noise of single voxels changes the
    Gaussian curvature most.

    The errors are made of how the figures change with cells of twice the size, of the scatter
    between directions and of the surface's radius in voxels. Balls, ellipsoids, capsules, tori and
    periodic minimal surfaces of 4 to 20 voxels radius, anywhere on the grid and turned, voxels of
    1:1:1 and 2:1:1, lie within them 19 times of 20.

    References
    ----------
    Ohser, Nagel & Schladitz 2009, doi:10.5566/ias.v28.p77-92.

    Examples
    --------
    >>> import numpy as np
    >>> slab = np.zeros((6, 6, 6), bool); slab[:3] = True
    >>> curvature(slab, spacing_um=(1, 1, 1)).mean_per_um
    0.0
    """
    phase = checked_phase(phase)
    spacing = checked_spacing(spacing_um, phase.ndim)
    if phase.ndim != 3 or min(phase.shape) < 2:
        raise ValueError(
            f"phase needs 3 axes of 2 voxels and more, got shape {phase.shape}: use a volume"
        )
    inside = None if mask is None else checked_mask(mask, phase.shape)
    shares = _shares_of_cells(phase, inside)
    planes = grid_planes(spacing)
    sections, coarse = (
        2 * pi * share * section_euler(phase, planes, apart=k, mask=inside)
        for k, share in zip((1, 2), shares, strict=True)
    )
    volumes = [
        euler_density(phase, spacing_um=spacing, connectivity=c, mask=inside) for c in (26, 6)
    ]
    mean = float(planes.weights @ sections)
    gaussian = 4 * pi * float(np.mean(volumes)) * shares[0]
    area, relative = _area(phase, spacing, inside)
    if area == 0:
        nan = float("nan")
        return Curvature(nan, nan, mean, gaussian, nan, nan)
    size = float(np.prod(spacing)) ** (1 / 3)
    fraction = float(phase.mean() if inside is None else phase[inside].mean())
    radius_px = 3 * min(fraction, 1 - fraction) / area / size
    scatter = planes.unseen * float(residual(sections, planes.normals, planes.weights))
    changed = float(planes.weights @ coarse) - mean
    errors = (
        _BY_CHANGE * changed / area, _BY_SCATTER * scatter / area, _BY_RADIUS / radius_px**2 / size,
    )  # fmt: skip
    rest = math.hypot(relative, _SURFACE_BY_RADIUS / radius_px**1.5)
    return Curvature(
        mean / area,
        gaussian / area,
        mean,
        gaussian,
        math.hypot(*errors),
        abs(gaussian / area) * rest,
    )


def _area(
    phase: NDArray[np.bool_], spacing: tuple[float, ...], inside: NDArray[np.bool_] | None
) -> tuple[float, float]:
    """Surface per volume [1/µm] by Crofton, and what its lines leave open, relative.

    That is how it changes with steps of twice the length, and the scatter between directions.
    """
    lines = line_directions(spacing)
    units = np.array(lines.steps) * np.array(spacing) / np.array(lines.lengths_um)[:, None]
    weights, unseen = _line_weights(spacing)
    single, twice = (crossings_apart(phase, spacing, inside, apart) for apart in (1, 2))
    area = 2 * float(weights @ single)
    if area == 0:
        return 0.0, 0.0
    changed = float(weights @ twice) * 2 / area - 1 if np.isfinite(twice).all() else 1.0
    scatter = 2 * unseen * float(residual(single, units, weights)) / area
    return area, math.hypot(_SURFACE_BY_CHANGE * changed, _SURFACE_BY_SCATTER * scatter)


@lru_cache(maxsize=64)
def _line_weights(spacing: tuple[float, ...]) -> tuple[NDArray[np.float64], float]:
    lines = line_directions(spacing)
    units = np.array(lines.steps) * np.array(spacing) / np.array(lines.lengths_um)[:, None]
    weights = balanced_weights(units)
    return weights, unseen_share(units, weights)


def _shares_of_cells(
    phase: NDArray[np.bool_], inside: NDArray[np.bool_] | None
) -> tuple[float, float]:
    """Cells over voxels, for cells of one and of two voxels, where all bodies lie wholly inside.

    Totals need no correction then; what the border cuts stands for the rest of the material.
    """
    own = np.ones(phase.shape, bool) if inside is None else inside
    core = cells_inside(phase.shape, inside, apart=2)
    rim = own.copy()
    rim[1:-1, 1:-1, 1:-1] &= ~core
    values = phase[rim]
    if values.size and values.any() != values.all():
        return 1.0, 1.0
    voxels = np.count_nonzero(own)
    near = np.count_nonzero(cells_inside(phase.shape, inside)) / voxels
    return near, np.count_nonzero(core) / voxels


@dataclass(frozen=True)
class SurfaceCurvature:
    """Curvature at each vertex of a level set.

    Attributes
    ----------
    points_um : ndarray of float, (n, 3)
        z, y, x [µm]; voxel 0 is at 0.
    mean_per_um, gaussian_per_um2 : ndarray of float, (n,)
        Positive where what is brighter is convex.
    weights_um2 : ndarray of float, (n,)
        Share of the surface that each vertex stands for.
    """

    points_um: NDArray[np.float64]
    mean_per_um: NDArray[np.float64]
    gaussian_per_um2: NDArray[np.float64]
    weights_um2: NDArray[np.float64]


def curvature_of_grey(
    image: NDArray, *, level: float, spacing_um: Sequence[float], smoothing_um: float
) -> SurfaceCurvature:
    """Measure the curvature of an iso-surface from the derivatives of grey values.

    Parameters
    ----------
    image : ndarray, (z, y, x)
        Grey values, or a mask (level 0.5).
    level : float
        Where the surface is [grey value].
    smoothing_um : float
        Standard deviation of the Gaussian that the derivatives are taken of [µm]; 1.5 voxels and
        more on grey values, 2 to 3 on masks. It flattens: a sphere of radius R by about
        1 + (smoothing / R)².

    Returns
    -------
    SurfaceCurvature

    Examples
    --------
    >>> import numpy as np
    >>> z, y, x = np.ogrid[-12:13, -12:13, -12:13]
    >>> ball = 10.0 - np.sqrt(z**2 + y**2 + x**2)
    >>> found = curvature_of_grey(ball, level=0.0, spacing_um=(1, 1, 1), smoothing_um=1.0)
    >>> round(float(np.average(found.mean_per_um, weights=found.weights_um2)), 2)
    0.1
    """
    from scipy.ndimage import gaussian_filter, map_coordinates
    from skimage.measure import marching_cubes

    if checked_image_ndim(np.shape(image)) != 3:
        raise ValueError(f"image needs 3 axes (z, y, x), got shape {np.shape(image)}: use a volume")
    spacing = np.array(checked_spacing(spacing_um, 3))
    if not smoothing_um > 0:
        raise ValueError(f"smoothing_um needs a length above 0 [µm], got {smoothing_um}")
    grey = np.asarray(image, dtype=np.float32)
    smooth = gaussian_filter(grey, smoothing_um / spacing, mode="nearest")
    if not float(smooth.min()) < level < float(smooth.max()):
        raise ValueError(f"level needs a value inside the image's range, got {level}: none there")
    vertices, faces, *_ = marching_cubes(smooth, level)
    first = np.gradient(smooth.astype(float), *spacing)
    places = vertices.T
    g = np.stack([map_coordinates(f, places, order=1, mode="nearest") for f in first], axis=1)
    h = np.empty((len(vertices), 3, 3))
    for a in range(3):
        for b, second in enumerate(np.gradient(first[a], *spacing)):
            h[:, a, b] = map_coordinates(second, places, order=1, mode="nearest")
    steep = np.linalg.norm(g, axis=1)
    trace = np.trace(h, axis1=1, axis2=2)
    mean = (np.einsum("na,nab,nb->n", g, h, g) - steep**2 * trace) / (2 * steep**3)
    gaussian = np.einsum("na,nab,nb->n", g, _adjugate(h), g) / steep**4
    corners = vertices[faces] * spacing
    area = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    weights = np.asarray(
        np.bincount(faces.ravel(), np.repeat(area / 6, 3), len(vertices)), dtype=np.float64
    )
    return SurfaceCurvature(vertices * spacing, mean, gaussian, weights)


def _adjugate(h: NDArray) -> NDArray:
    rows = [np.cross(h[:, (k + 1) % 3], h[:, (k + 2) % 3]) for k in range(3)]
    return np.stack(rows, axis=1)
