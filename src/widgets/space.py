"""What stands in a scene, as arrays z, y, x in micrometres: nothing here knows VTK."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Of the corners in the order of `box_corners_um`.
EDGES = ((0, 1), (0, 2), (0, 4), (1, 3), (1, 5), (2, 3), (2, 6), (3, 7), (4, 5), (4, 6), (5, 7), (6, 7))  # fmt: skip  # noqa: E501


@dataclass(frozen=True, kw_only=True, eq=False)
class Sheet:
    """A picture in space.

    Attributes
    ----------
    name : str
    pixels : ndarray of uint8, shape (height, width, 3)
    polygons : tuple of ndarray, shape (n, 3)
        What of it is covered by images, convex, z, y, x [µm].
    places : tuple of ndarray, shape (n, 2)
        The same corners in the picture, right and down, 0 to 1.
    """

    name: str
    pixels: NDArray[np.uint8]
    polygons: tuple[NDArray[np.float64], ...]
    places: tuple[NDArray[np.float64], ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Block:
    """A volume that light passes through.

    Attributes
    ----------
    name : str
    rgba : ndarray of uint8, shape (z, y, x, 4)
        Colour and opacity of every voxel; the outermost are clear and were added.
    spacing_um, origin_um : ndarray, shape (3,)
        Of the voxels, in the volume's own axes.
    matrix : ndarray, shape (3, 3)
    offset_um : ndarray, shape (3,)
        Own positions to those of the scene: ``matrix @ own + offset_um``.
    opaque_um : float
        Length on which opacity 1 stops the light.
    bends : bool
        Whether the way into the scene is only nearly affine.
    """

    name: str
    rgba: NDArray[np.uint8]
    spacing_um: NDArray[np.float64]
    origin_um: NDArray[np.float64]
    matrix: NDArray[np.float64]
    offset_um: NDArray[np.float64]
    opaque_um: float
    bends: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Surface:
    """A triangulated surface of one colour; vertices (n, 3) z, y, x [µm], faces (m, 3)."""

    name: str
    vertices_um: NDArray[np.float64]
    faces: NDArray[np.int64]
    color: str
    opacity: float = 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Box:
    """Edges of a box or, of a flat image, of a rectangle; corners (8, 3) z, y, x [µm]."""

    name: str
    corners_um: NDArray[np.float64]
    color: str
    width_px: float = 1.6


@dataclass(frozen=True, kw_only=True, eq=False)
class Spot:
    """A named place, z, y, x [µm], and what is said of it."""

    name: str
    position_um: NDArray[np.float64]
    color: str
    words: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Space:
    """All that stands in a scene."""

    sheets: tuple[Sheet, ...] = ()
    blocks: tuple[Block, ...] = ()
    surfaces: tuple[Surface, ...] = ()
    boxes: tuple[Box, ...] = ()
    spots: tuple[Spot, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Octant:
    """What is left out so that one can see into a specimen: all beyond a point, towards the eye.

    Attributes
    ----------
    apex_um : ndarray, shape (3,)
    signs : ndarray, shape (3,)
        +1 or -1 an axis z, y, x: the side on which the eye is.
    """

    apex_um: NDArray[np.float64]
    signs: NDArray[np.float64]

    def holds(self, points_um: ArrayLike) -> NDArray[np.bool_]:
        """Whether positions (..., 3) lie in it."""
        return np.all((np.asarray(points_um) - self.apex_um) * self.signs > 0, axis=-1)


def ellipsoid(
    centre_um: ArrayLike, radii_um: ArrayLike, axes: ArrayLike, *, count: int = 24
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Vertices (n, 3) and triangles (m, 3) of an ellipsoid.

    Parameters
    ----------
    centre_um : array_like, shape (3,)
    radii_um : array_like, shape (3,)
        Semi-axes [µm].
    axes : array_like, shape (3, 3)
        Their directions, one a row, z, y, x.
    count : int
        Meridians.

    Examples
    --------
    >>> vertices, faces = ellipsoid((0, 0, 0), (1, 2, 3), np.eye(3))
    >>> np.abs(vertices).max(axis=0).round(2).tolist()
    [1.0, 2.0, 3.0]
    """
    polar, turn = np.linspace(0, np.pi, count // 2 + 1), np.arange(count) * 2 * np.pi / count
    ring = np.sin(polar)[:, None]
    ball = np.stack(
        [
            np.broadcast_to(np.cos(polar)[:, None], (len(polar), count)),
            ring * np.cos(turn),
            ring * np.sin(turn),
        ],
        axis=-1,
    ).reshape(-1, 3)
    vertices = np.asarray(centre_um, float) + (ball * np.asarray(radii_um)) @ np.asarray(axes)
    row, column = np.indices((len(polar) - 1, count))
    here, beside = row * count + column, row * count + (column + 1) % count
    faces = np.stack([here, beside, here + count, beside, beside + count, here + count], axis=-1)
    return vertices, faces.reshape(-1, 3)
