"""A chunk that is cut free around a volume of interest and lifted out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...quantities import format_length
from ..registration import AffineTransform
from .trench import ramped_trench

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Chunk:
    """A wedge that holds a volume of interest, with what has to be milled to free it.

    Its front stands upright, its back slopes under it, and both meet in an edge at the bottom.
    Depths run down from the surface; the second axis runs from the front into the specimen, the
    third along the front.

    Attributes
    ----------
    size_um : ndarray of float, (3,)
        Depth of the edge, thickness at the surface, width [µm].
    volume_um3 : float
        Of the chunk [µm³].
    removed_um3 : float
        Front trench, undercut and side cuts [µm³].
    corners_um : ndarray of float, (6, 3)
        In the frame of the specimen, (z, y, x) [µm].
    axes : ndarray of float, (3, 3)
        Down, into the specimen, along the front: one a row, (z, y, x).
    parts : DataFrame
        `part`, `volume_um3`.
    statement : str
        In words.
    """

    size_um: NDArray[np.float64]
    volume_um3: float
    removed_um3: float
    corners_um: NDArray[np.float64]
    axes: NDArray[np.float64]
    parts: pd.DataFrame
    statement: str

    @property
    def corner_um(self) -> NDArray[np.float64]:
        """The upper left corner of the front: where the chunk's own frame begins [µm]."""
        return self.corners_um[0]

    def to_chunk(self) -> AffineTransform:
        """Map the specimen's frame to the chunk's own, (depth, into, along): exact.

        It is a definition of axes. How the chunk sits on its new holder is another matter: that
        pose has to be registered again.
        """
        return AffineTransform.exact(self.axes, centre_um=self.corner_um)


def lift_out_chunk(
    centre_um: Sequence[float],
    half_size_um: Sequence[float],
    *,
    surface_z_um: float,
    margin_um: float,
    undercut_deg: float,
    angle_deg: float,
    cut_um: float,
    into: Sequence[float] = (0.0, 1.0, 0.0),
) -> Chunk:
    """Plan the wedge that holds a volume of interest with a margin on every side.

    Parameters
    ----------
    centre_um, half_size_um : sequence of float, (3,)
        Volume of interest, (z, y, x), z down [µm].
    surface_z_um : float
        Where the surface lies above it [µm].
    margin_um : float
        Between volume and cut: of the position and of the process together [µm].
    undercut_deg : float
        Between the undercut and the surface's normal, from the stage's tilt [degree].
    angle_deg : float
        Between ion and electron beam, for the ramp of the front trench [degree].
    cut_um : float
        Thickness of undercut and side cuts [µm].
    into : sequence of float, (3,)
        Horizontal direction from the front into the specimen, (z, y, x), along y or x.

    Returns
    -------
    Chunk

    Raises
    ------
    ValueError
        The volume with its margin reaches above the surface, or an angle is impossible.

    Notes
    -----
    At depth z the chunk is ``thickness − z · tan(undercut)`` thick; the thickness at the surface is
    what leaves the volume its margin at its lowest edge. A bridge that holds the chunk until it is
    attached is part of a side cut.

    Examples
    --------
    >>> chunk = lift_out_chunk((20, 50, 50), (5, 5, 5), surface_z_um=0, margin_um=1,
    ...     undercut_deg=45, angle_deg=52, cut_um=2)
    >>> chunk.size_um.round(3), round(chunk.volume_um3, 3)
    (array([38., 38., 12.]), 8664.0)
    """
    import pandas as pd

    centre, half = _checked(centre_um, half_size_um, margin_um, cut_um, undercut_deg)
    axes = _axes(into)
    _, thick, width = np.abs(axes) @ (2 * (half + margin_um))
    top = centre[0] - half[0] - surface_z_um
    if top < 0:
        raise ValueError(
            f"surface_z_um needs to lie above the volume of interest, got {surface_z_um!r} for a "
            f"volume from {centre[0] - half[0]:g}: it sticks out by {format_length(-top)}"
        )
    bottom = top + 2 * half[0] + margin_um
    slope = np.tan(np.radians(undercut_deg))
    at_surface = thick + bottom * slope
    depth = at_surface / slope
    size = np.array([depth, at_surface, width])
    front = np.array([surface_z_um, centre[1], centre[2]])
    front = front - axes[1] * (np.abs(axes[1]) @ half + margin_um) - axes[2] * width / 2
    outline = [(0.0, 0.0), (depth, 0.0), (0.0, at_surface)]
    own = np.array([(z, y, x) for x in (0.0, width) for z, y in outline])
    trench = ramped_trench(width + 2 * cut_um, depth, angle_deg=angle_deg)
    undercut = cut_um * np.hypot(depth, at_surface) * (width + 2 * cut_um)
    sides = 2 * cut_um * depth * at_surface / 2
    parts = pd.DataFrame(
        {
            "part": ["front trench", "undercut", "side cuts"],
            "volume_um3": [trench.volume_um3, undercut, sides],
        }
    )
    volume = float(depth * at_surface * width / 2)
    removed = float(parts["volume_um3"].sum())
    words = (
        f"a wedge {format_length(width)} wide, {format_length(at_surface)} thick at the surface "
        f"and {format_length(depth)} deep; {removed:.3g} µm³ are removed to free it"
    )
    return Chunk(size, volume, removed, front + own @ axes, axes, parts, words)


def _checked(
    centre_um: ArrayLike, half_um: ArrayLike, margin: float, cut: float, undercut_deg: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    centre, half = np.asarray(centre_um, float), np.asarray(half_um, float)
    for name, value in (("centre_um", centre), ("half_size_um", half)):
        if value.shape != (3,) or not np.isfinite(value).all():
            raise ValueError(f"{name} needs 3 finite values (z, y, x), got {value.tolist()}")
    if (half <= 0).any() or not margin >= 0 or not cut > 0:
        raise ValueError(
            "half_size_um and cut_um need values above 0 and margin_um 0 or more [µm], "
            f"got {half.tolist()}, {cut!r} and {margin!r}"
        )
    if not 0 < undercut_deg < 90:
        raise ValueError(f"undercut_deg needs a value between 0 and 90, got {undercut_deg!r}")
    return centre, half


def _axes(into: Sequence[float]) -> NDArray[np.float64]:
    way = np.asarray(into, dtype=float)
    if way.shape != (3,) or way[0] != 0 or np.count_nonzero(way) != 1:
        raise ValueError(
            f"into needs a horizontal direction (z, y, x) along y or x, got {into!r}: "
            "turn the volume of interest with the specimen first"
        )
    way = way / np.linalg.norm(way)
    down = np.array([1.0, 0.0, 0.0])
    return np.stack([down, way, np.cross(down, way)])
