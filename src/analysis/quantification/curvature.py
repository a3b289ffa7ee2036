"""Mean and Gaussian curvature of a phase's surface, by counting and from grey values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_image_ndim, checked_spacing
from .euler import euler_density
from .surface import surface
from .volume import checked_phase


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
    """

    mean_per_um: float
    gaussian_per_um2: float
    integral_mean_um_per_um3: float
    integral_gaussian_per_um3: float


def curvature(phase: NDArray, *, spacing_um: Sequence[float]) -> Curvature:
    """Measure the mean and Gaussian curvature of a surface by Crofton's and Gauss's theorems.

    The integral of the mean curvature is 2 pi times the Euler number per area of sections, here of
    those along the axes; that of the Gaussian curvature 4 pi times the Euler number per volume.
    Neither needs a mesh. Both neighbourhoods (26 and 6) are averaged, so that the curvature of
    what is outside is the negative.

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x)
    spacing_um : sequence of float
        Voxel size along each axis [µm].

    Returns
    -------
    Curvature
        NaN averages where there is no surface.

    Notes
    -----
    Sections along the axes only: for strongly textured media the mean curvature depends on how
    they lie on the grid; a cylinder along an axis shows 2/3 of its own. Noise of
    single voxels changes the Gaussian curvature most.

    References
    ----------
    Ohser & Mücklich 2000, Statistical Analysis of Microstructures in Materials Science.

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
    share = np.array([(n - 1) / n for n in phase.shape])
    if not _border_is_uniform(phase):
        share[:] = 1.0  # what is cut by the border stands for the rest of the material
    sections = [
        _section_euler(phase, spacing, axis) * np.prod(np.delete(share, axis)) for axis in range(3)
    ]
    volumes = [euler_density(phase, spacing_um=spacing, connectivity=c) for c in (26, 6)]
    mean = 2 * pi * float(np.mean(sections))
    gaussian = 4 * pi * float(np.mean(volumes) * np.prod(share))
    area = surface(phase, spacing_um=spacing).specific_um2_per_um3
    if area == 0:
        return Curvature(float("nan"), float("nan"), mean, gaussian)
    return Curvature(mean / area, gaussian / area, mean, gaussian)


def _border_is_uniform(phase: NDArray[np.bool_]) -> bool:
    """Whether all bodies lie wholly inside the image, so that totals need no correction."""
    shares = {float(phase.take(end, axis).mean()) for axis in range(3) for end in (0, -1)}
    return shares in ({0.0}, {1.0})


def _section_euler(phase: NDArray[np.bool_], spacing: tuple[float, ...], axis: int) -> float:
    """Euler number per area of the sections across an axis, mean of both neighbourhoods [1/µm²]."""
    moved = np.moveaxis(phase, axis, 0)
    a, b, c, d = moved[:, :-1, :-1], moved[:, :-1, 1:], moved[:, 1:, :-1], moved[:, 1:, 1:]
    count = np.count_nonzero
    near = count(a) - count(a & b) - count(a & c) + count(a & b & c & d)
    # the same of what is outside: its Euler number per area is the negative
    far = count(~a) - count(~(a | b)) - count(~(a | c)) + count(~(a | b | c | d))
    pixel = float(np.prod(spacing)) / spacing[axis]
    return (near - far) / 2 / (a.size * pixel)


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
