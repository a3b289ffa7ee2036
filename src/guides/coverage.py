"""What is here, at which scale, and what covers what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..errors import NoPath, Uncalibrated
from ..workspace import Workspace

_GRID = 15


@dataclass(frozen=True)
class Coverage:
    """Every image's field of view in one frame.

    Attributes
    ----------
    reference : str
        The frame of the map.
    corners_um : dict of str to ndarray (8, 3)
        Corners of the field of view of each image that the map reaches, z, y, x [µm].
    nesting : DataFrame
        ``image``, ``covers``, ``share_inside``: how much of the second's field of view lies in the
        first's (pairs with nothing in common are left out).
    apart : dict of str to str
        Images that cannot be drawn on the map, and why.
    """

    reference: str
    corners_um: dict[str, np.ndarray]
    nesting: pd.DataFrame
    apart: dict[str, str]

    def matrix(self) -> pd.DataFrame:
        """Percent of the field of view of the image in the column that lies in that of the row."""
        names = list(self.corners_um)
        wide = self.nesting.pivot(index="image", columns="covers", values="share_inside")
        wide = (100 * wide.reindex(index=names, columns=names)).round(1).add_suffix(" [%]")
        table: pd.DataFrame = wide.rename_axis(index="lies in", columns=None).reset_index()
        return table


def coverage(ws: Workspace, *, reference: str) -> Coverage:
    """Place every image's field of view on one map.

    Parameters
    ----------
    ws : Workspace
    reference : str
        Name of the frame that serves as the map.

    Returns
    -------
    Coverage

    Raises
    ------
    Uncalibrated
        Not one image has a place on it, with what the first of them lacks.
    """
    corners: dict[str, np.ndarray] = {}
    apart: dict[str, str] = {}
    for image in ws.images:
        try:
            corners[image.name] = (
                ws.graph().locate(field_points(image, grid=2), image.frame, reference).points_um
            )
        except (NoPath, Uncalibrated) as error:
            apart[image.name] = str(error)
    if not corners:
        raise Uncalibrated(f"no image can be placed on the map {reference}: {_first(apart)}")
    rows = [
        {"image": outer, "covers": inner, "share_inside": share}
        for outer in corners
        for inner in corners
        if outer != inner and (share := share_inside(ws, inner, outer)) > 0
    ]
    nesting = pd.DataFrame(rows, columns=["image", "covers", "share_inside"])
    return Coverage(reference, corners, nesting, apart)


def _first(apart: dict[str, str]) -> str:
    return next(iter(apart.values()), "the workspace has no images")


def field_points(image: Any, *, grid: int, edges: bool = True) -> np.ndarray:
    """Spread points over an image's field of view.

    Parameters
    ----------
    image : Image
    grid : int
        Points along each axis; 2 gives the corners. A 2-D image has one layer.
    edges : bool
        Whether the outermost points lie on the edges of the field, else half a step inside.

    Returns
    -------
    ndarray of shape (n, 3)
        z, y, x in the image's frame [µm].
    """
    shape = dict(zip(image.axes, image.shape, strict=True))
    share = np.linspace(0, 1, grid) if edges else (np.arange(grid) + 0.5) / grid
    steps = [share * shape[axis] - 0.5 if axis in shape else np.zeros(1) for axis in "zyx"]
    indices = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 3)
    return indices @ image.voxel_to_frame[:3, :3].T + image.voxel_to_frame[:3, 3]


def share_inside(ws: Workspace, inner: str, outer: str) -> float:
    """Tell how much of one image's field of view lies in another's.

    Only two-dimensional overlap is asked of a 2-D outer image: depth is not in it.
    """
    inner_image, outer_image = ws.images[inner], ws.images[outer]
    try:
        points = (
            ws.graph()
            .locate(
                field_points(inner_image, grid=_GRID, edges=False),
                inner_image.frame,
                outer_image.frame,
            )
            .points_um
        )
    except NoPath:
        return 0.0
    box = field_points(outer_image, grid=2)
    flat = outer_image.ndim == 2
    low, high = box.min(axis=0)[flat:], box.max(axis=0)[flat:]
    inside = np.all((points[:, flat:] >= low) & (points[:, flat:] <= high), axis=1)
    return float(inside.mean())
