"""BigWarp's transform: its landmarks, and the map through them.

BigWarp keeps no file of its thin-plate spline: the landmark table is the transform. It draws the
moving image on the fixed one, for which it needs the spline from fixed to moving points; its
inverse is not the spline fitted the other way, though both pass through all landmarks.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..analysis.registration import AffineTransform, Model, PointMap, ThinPlateSpline, fit_landmarks
from ..errors import ReadError
from .bigwarp import COLUMNS, read_bigwarp, write_bigwarp
from .itk_transform import Stored


def read_bigwarp_transform(
    path: str | os.PathLike[str],
    *,
    model: Literal["thin-plate", "rigid", "similarity", "affine"] = "thin-plate",
    fitted: Stored = "fixed to moving",
) -> AffineTransform | PointMap:
    """Read a landmark table as the map that BigWarp makes of it, from moving to fixed.

    Parameters
    ----------
    path : str or path
        Landmarks in um; inactive ones are left out.
    model : {"thin-plate", "rigid", "similarity", "affine"}
        As chosen in BigWarp's transform options (rotation is rigid).
    fitted : {"fixed to moving", "moving to fixed"}
        Which way the spline runs in closed form; the other way is found by Newton's method. The
        first draws the moving image on the fixed one, as BigWarp does.

    Returns
    -------
    AffineTransform or PointMap
        The first with its errors, as `fit_landmarks` gives them.

    Raises
    ------
    ReadError
        It is no table of BigWarp.
    Degenerate
        The landmarks do not determine the model.

    Notes
    -----
    The kernel is r² log r in two and in three dimensions. ITK's and VTK's 3-D kernel is r:
    Slicer's thin-plate spline through the same landmarks is another map.

    Examples
    --------
    >>> import tempfile
    >>> move = AffineTransform.exact(2 * np.eye(3))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_bigwarp_transform(move, folder + "/pairs.csv", size_um=[10, 10, 10])
    ...     read_bigwarp_transform(folder + "/pairs.csv").apply([[1, 2, 3]]).round(9).tolist()
    [[2.0, 4.0, 6.0]]
    """
    table = read_bigwarp(path)
    moving, fixed = _pairs(table, Path(path))
    if model != "thin-plate":
        chosen: Model = model
        return fit_landmarks(moving, fixed, model=chosen).transform
    ndim = moving.shape[1]
    name = f"the thin-plate spline of {Path(path).name}"
    if fitted == "moving to fixed":
        spline = ThinPlateSpline(moving, fixed, allow_mirror=True)
        return PointMap(name, forward=spline.apply, ndim_moving=ndim, ndim_fixed=ndim)
    if fitted != "fixed to moving":
        raise ValueError(f"fitted needs 'fixed to moving' or 'moving to fixed', got {fitted!r}")
    spline = ThinPlateSpline(fixed, moving, allow_mirror=True)
    return PointMap(name, backward=spline.apply, ndim_moving=ndim, ndim_fixed=ndim)


def write_bigwarp_transform(
    transform: AffineTransform | ThinPlateSpline,
    path: str | os.PathLike[str],
    *,
    size_um: ArrayLike | None = None,
) -> None:
    """Write the landmarks from which BigWarp makes the same map.

    Parameters
    ----------
    transform : AffineTransform or ThinPlateSpline
        A spline is written by its own landmarks; a linear map by the corners of a box from 0 to
        `size_um`, which BigWarp's affine and thin-plate models follow to rounding.
    path : str or path
    size_um : (d,) array, optional
        Needed for a linear map: extent of the moving image, z, y, x or y, x [um].

    Raises
    ------
    ValueError
        It joins 2-D and 3-D, or the size is missing.
    """
    if isinstance(transform, ThinPlateSpline):
        moving, fixed = transform.moving_um, transform.fixed_um
    else:
        moving = _corners(transform, size_um)
        fixed = transform.apply(moving)
    rows = np.hstack([_placed(moving), _placed(fixed)])
    table = pd.DataFrame(rows, columns=list(COLUMNS[2:]))
    table.insert(0, "name", [f"Pt-{k}" for k in range(len(table))])
    write_bigwarp(table, path)


def _pairs(table: pd.DataFrame, file: Path) -> tuple[np.ndarray, np.ndarray]:
    rows = table.loc[table["active"], list(COLUMNS[2:])].to_numpy(float)
    if not len(rows):
        raise ReadError(f"expected active landmarks in {file}, got none: switch some on")
    flat = not rows[:, [2, 5]].any()
    moving, fixed = rows[:, 2::-1], rows[:, :2:-1]
    return (moving[:, 1:], fixed[:, 1:]) if flat else (moving, fixed)


def _corners(transform: AffineTransform, size_um: ArrayLike | None) -> np.ndarray:
    d = transform.ndim_moving
    size = None if size_um is None else np.asarray(size_um, float)
    if transform.ndim_fixed != d:
        raise ValueError(f"BigWarp maps 2-D to 2-D or 3-D to 3-D, got {d}-D to 3-D")
    if size is None or size.shape != (d,) or not (size > 0).all():
        raise ValueError(f"size_um needs {d} lengths above 0 of the moving image, got {size}")
    grid = np.stack(np.meshgrid(*[(0.0, s) for s in size], indexing="ij"), axis=-1).reshape(-1, d)
    middle = size / 2
    return np.vstack([grid, middle * 0.9])


def _placed(points: np.ndarray) -> np.ndarray:
    out = np.zeros((len(points), 3))
    out[:, : points.shape[1]] = points[:, ::-1]
    return out
