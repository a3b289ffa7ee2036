"""Areas of level sets of grey values, by marching cubes and squares."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def level_set_area(image: NDArray, *, level: float, spacing_um: tuple[float, ...]) -> float:
    """Measure the area of a level set per volume of the image [1/µm], length per area in 2D.

    Marching cubes (squares) on grey values, continued over the outer half voxel: within 0.2 % for
    radii of 10 voxels and more.

    Examples
    --------
    >>> ramp = np.broadcast_to(np.arange(5.0)[:, None], (5, 5))
    >>> level_set_area(ramp, level=1.5, spacing_um=(1.0, 1.0))
    0.2
    """
    padded = np.pad(image, 1, mode="reflect", reflect_type="odd")
    whole = float(np.prod(image.shape) * np.prod(spacing_um))
    if not float(padded.min()) < level < float(padded.max()):
        return 0.0
    corners, sizes = _pieces(padded, level, np.array(spacing_um))
    # index 1 is the first voxel of the image: the image reaches from 0.5 to n + 0.5
    middle = corners.mean(axis=1) / spacing_um
    weight = np.mean(
        [_within(corners[:, k] / spacing_um, image.shape) for k in range(len(corners[0]))], 0
    )
    weight = np.where(
        _within(middle, image.shape), np.maximum(weight, 0.5), np.minimum(weight, 0.5)
    )
    return float(np.sum(sizes * weight)) / whole


def _pieces(grey: NDArray, level: float, spacing: NDArray) -> tuple[NDArray, NDArray]:
    """Return the corners of the triangles (lines in 2D) of a level set, and their sizes."""
    from skimage.measure import find_contours, marching_cubes

    if grey.ndim == 3:
        vertices, faces, *_ = marching_cubes(grey, level, spacing=tuple(spacing))
        corners = vertices[faces]
        cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        return corners, np.linalg.norm(cross, axis=1) / 2
    lines = [line * spacing for line in find_contours(grey, level)]
    corners = np.concatenate([np.stack([line[:-1], line[1:]], axis=1) for line in lines])
    return corners, np.linalg.norm(corners[:, 1] - corners[:, 0], axis=1)


def _within(points: NDArray, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    return np.all((points > 0.5) & (points < np.array(shape) + 0.5), axis=1)


def iso_area(grey: NDArray, level: float, spacing: tuple[float, ...]) -> float:
    """Measure the area of an iso-surface by marching cubes [µm²]; 0 where there is none."""
    from skimage.measure import marching_cubes, mesh_surface_area

    if not float(grey.min()) < level < float(grey.max()):
        return 0.0
    vertices, faces, *_ = marching_cubes(grey, level, spacing=spacing)
    return float(mesh_surface_area(vertices, faces))
