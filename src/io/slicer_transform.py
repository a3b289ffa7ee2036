"""Transforms of 3D Slicer, saved from its Transforms module.

Slicer shows the matrix that takes the points of the transformed (moving) node to its parent (the
fixed world), in millimetres and right-anterior-superior. Its files are ITK's: millimetres,
left-posterior-superior, and *from* the parent, so the inverse. A frame's x, y, z are L, P, S, as
for Slicer's point lists.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ..analysis.registration import AffineTransform, PointMap
from .itk_transform import Grid, read_itk, write_itk


def read_slicer_transform(path: str | os.PathLike[str]) -> AffineTransform | PointMap:
    """Read a saved transform node as a map from the node's points (moving) to its parent (fixed).

    Parameters
    ----------
    path : str or path
        ``.tfm`` or ``.h5``.

    Raises
    ------
    ReadError
        It is no transform.

    Examples
    --------
    >>> import tempfile
    >>> move = AffineTransform.exact(offset_um=[0, 0, 5])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_slicer_transform(move, folder + "/move.tfm")
    ...     read_slicer_transform(folder + "/move.tfm").apply([[1, 2, 3]]).tolist()
    [[1.0, 2.0, 8.0]]
    """
    return read_itk(path, unit="mm", stored="fixed to moving")


def write_slicer_transform(
    transform: Any, path: str | os.PathLike[str], *, grid: Grid | None = None
) -> None:
    """Write a transform for Slicer: drag the moving image under the node, and it lies on the fixed.

    Parameters
    ----------
    transform : AffineTransform, ThinPlateSpline, SplineMap or PointMap
        3-D to 3-D.
    path : str or path
    grid : Grid, optional
        In the fixed frame, for a map without a formula.

    Raises
    ------
    ValueError
        It is not 3-D, or a grid is needed.
    """
    if (transform.ndim_moving, transform.ndim_fixed) != (3, 3):
        raise ValueError(
            f"Slicer's transforms are 3-D, got {transform.ndim_moving}-D to "
            f"{transform.ndim_fixed}-D"
        )
    write_itk(transform, path, unit="mm", stored="fixed to moving", grid=grid)


def matrix_in_slicer(transform: AffineTransform) -> np.ndarray:
    """The 4 x 4 matrix that Slicer's Transforms module shows for it [mm, RAS, to parent]."""
    swap = np.eye(4)[[2, 1, 0, 3]]
    lps = swap @ transform.homogeneous @ swap
    lps[:3, 3] /= 1e3
    turn = np.diag([-1.0, -1.0, 1.0, 1.0])
    return turn @ lps @ turn
