"""Transforms as ITK writes them: `.tfm`, `.txt` and `.h5`.

ITK counts x, y, z, writes lengths without a unit (millimetres by habit), and stores the map by
which an image is resampled: from the points of the fixed image to those of the moving one, which
is the inverse of ours. Both are said at every call, because no file says them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from ..analysis.registration import AffineTransform, PointMap
from ..errors import ReadError

Stored = Literal["fixed to moving", "moving to fixed"]
UNITS_UM = {"mm": 1e3, "um": 1.0, "nm": 1e-3}
_ENDINGS = (".tfm", ".txt", ".h5", ".hdf5", ".mat")
_LARGEST = 2 * 2**30


@dataclass(frozen=True)
class Grid:
    """Where a map without a formula is sampled: a box of nodes in the frame it starts from.

    Attributes
    ----------
    origin_um, spacing_um : tuple of float
        First node and distance of two, z, y, x or y, x [um].
    shape : tuple of int
        Nodes along each axis.
    """

    origin_um: tuple[float, ...]
    spacing_um: tuple[float, ...]
    shape: tuple[int, ...]


def read_itk(
    path: str | os.PathLike[str],
    *,
    unit: Literal["mm", "um", "nm"] = "mm",
    stored: Stored = "fixed to moving",
) -> AffineTransform | PointMap:
    """Read a transform of ITK, SimpleITK, elastix or ANTs as one from moving to fixed.

    Parameters
    ----------
    path : str or path
    unit : {"mm", "um", "nm"}
        Of the file's lengths.
    stored : {"fixed to moving", "moving to fixed"}
        Which points the file's map takes where; ITK resamples by the first.

    Returns
    -------
    AffineTransform or PointMap
        The first for every linear transform, taken as exact: the file holds no errors. Otherwise a
        map that is inverted by Newton's method.

    Raises
    ------
    ReadError
        The file is missing, too large, no transform, or neither 2-D nor 3-D.

    Examples
    --------
    >>> import tempfile
    >>> move = AffineTransform.exact(offset_um=[0, 0, 5])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_itk(move, folder + "/move.tfm", unit="um")
    ...     read_itk(folder + "/move.tfm", unit="um").apply([[1, 2, 3]]).tolist()
    [[1.0, 2.0, 8.0]]
    """
    file, factor = Path(path), _factor(unit, stored)
    if not file.is_file() or file.stat().st_size > _LARGEST:
        raise ReadError(f"expected a transform of ITK under 2 GB, there is none at {file}")
    import SimpleITK as sitk

    try:
        transform = sitk.ReadTransform(str(file))
    except RuntimeError as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        raise ReadError(
            f"expected a transform of ITK in {file} ({', '.join(_ENDINGS)}), ITK could not read "
            f"it: {lines[-1] if lines else error}"
        ) from None
    if transform.GetDimension() not in (2, 3):
        raise ReadError(f"expected 2 or 3 dimensions in {file}, got {transform.GetDimension()}")
    return _ours(transform, factor, stored, file.name)


def write_itk(
    transform: Any,
    path: str | os.PathLike[str],
    *,
    unit: Literal["mm", "um", "nm"] = "mm",
    stored: Stored = "fixed to moving",
    grid: Grid | None = None,
) -> None:
    """Write a transform so that ITK, SimpleITK and `read_itk` read it.

    Parameters
    ----------
    transform : AffineTransform, ThinPlateSpline, SplineMap or PointMap
    path : str or path
        ``.tfm`` or ``.h5``.
    unit, stored
        As for `read_itk`.
    grid : Grid, optional
        Needed for a map without a formula: it is sampled there, in the frame that the stored map
        starts from, and is linear between the nodes.

    Raises
    ------
    ValueError
        The name has another ending, the map joins 2-D and 3-D, or a grid is needed.
    """
    factor, file = _factor(unit, stored), Path(path)
    if file.suffix.lower() not in _ENDINGS:
        raise ValueError(f"path needs one of {', '.join(_ENDINGS)} at its end, got {file.name!r}")
    if transform.ndim_moving != transform.ndim_fixed:
        raise ValueError(
            "ITK's files hold maps from 2-D to 2-D or from 3-D to 3-D, got one from "
            f"{transform.ndim_moving}-D to {transform.ndim_fixed}-D: export the landmarks instead"
        )
    import SimpleITK as sitk

    if isinstance(transform, AffineTransform):
        out = _linear(transform, factor, stored)
    else:
        out = _sampled(transform, factor, stored, grid)
    sitk.WriteTransform(out, str(file))


def _factor(unit: str, stored: str) -> float:
    if unit not in UNITS_UM:
        raise ValueError(f"unit needs one of {', '.join(UNITS_UM)}, got {unit!r}")
    if stored not in ("fixed to moving", "moving to fixed"):
        raise ValueError(f"stored needs 'fixed to moving' or 'moving to fixed', got {stored!r}")
    return UNITS_UM[unit]


def _ours(transform: Any, factor: float, stored: str, name: str) -> AffineTransform | PointMap:
    d = transform.GetDimension()

    def through(points_um: np.ndarray) -> np.ndarray:
        out = points_um.copy()
        places = points_um[:, ::-1][:, :d]
        moved = [transform.TransformPoint((row / factor).tolist()) for row in places]
        out[:, 3 - d :] = np.array(moved).reshape(-1, d)[:, ::-1] * factor
        return out

    if not transform.IsLinear():
        return PointMap(
            f"{transform.GetName()} of {name}",
            forward=through if stored == "moving to fixed" else None,
            backward=through if stored == "fixed to moving" else None,
            ndim_moving=d,
            ndim_fixed=d,
        )
    origin = through(np.zeros((1, 3)))[0]
    arms = np.eye(3) * factor  # not a micrometre among kilometres
    matrix = (through(arms) - origin).T / factor
    return exact_affine(matrix, origin, ndim=d, invert=stored == "fixed to moving")


def exact_affine(
    matrix: np.ndarray, offset_um: np.ndarray, *, ndim: int, invert: bool = False
) -> AffineTransform:
    """A linear map from a file, in 2-D or 3-D, as one that is known exactly."""
    if invert:
        matrix = np.linalg.inv(matrix)
        offset_um = -matrix @ offset_um
    size = 12 if ndim == 3 else 6
    return AffineTransform(
        model="affine",
        matrix=matrix,
        centre_um=np.zeros(3),
        offset_um=offset_um,
        ndim_moving=ndim,
        ndim_fixed=ndim,
        covariance=np.zeros((size, size)),
        sigma_um=0.0,
        sigma_source="exact",
        allow_mirror=bool(np.linalg.det(matrix) < 0),
    )


def _linear(transform: AffineTransform, factor: float, stored: str) -> Any:
    import SimpleITK as sitk

    d = transform.ndim_moving
    whole = transform.homogeneous
    if stored == "fixed to moving":
        whole = np.linalg.inv(whole)
    out = sitk.AffineTransform(d)
    out.SetMatrix(whole[3 - d : 3, 3 - d : 3][::-1, ::-1].ravel().tolist())
    out.SetTranslation((whole[3 - d : 3, 3][::-1] / factor).tolist())
    return out


def _sampled(transform: Any, factor: float, stored: str, grid: Grid | None) -> Any:
    """Displacements on a grid, which is how ITK holds any map."""
    import SimpleITK as sitk

    d = transform.ndim_moving
    if grid is None or {len(grid.origin_um), len(grid.spacing_um), len(grid.shape)} != {d}:
        raise ValueError(
            f"a map without a formula needs grid=Grid(origin_um, spacing_um, shape) with {d} "
            f"values each, got {grid}"
        )
    lines = [
        o + s * np.arange(n)
        for o, s, n in zip(grid.origin_um, grid.spacing_um, grid.shape, strict=True)
    ]
    nodes = np.zeros((*grid.shape, 3))
    nodes[..., 3 - d :] = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1)
    mapping = transform.inverse_apply if stored == "fixed to moving" else transform.apply
    moved = mapping(nodes.reshape(-1, 3)).reshape(nodes.shape)
    field = (moved - nodes)[..., 3 - d :][..., ::-1] / factor
    image = sitk.GetImageFromArray(np.ascontiguousarray(field, np.float64), isVector=True)
    image.SetOrigin(_xyz(grid.origin_um, factor))
    image.SetSpacing(_xyz(grid.spacing_um, factor))
    return sitk.DisplacementFieldTransform(image)


def _xyz(values: ArrayLike, factor: float) -> list[float]:
    return [float(v) for v in (np.asarray(values, float)[::-1] / factor)]
