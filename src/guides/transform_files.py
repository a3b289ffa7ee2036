"""Transforms of other programs, on their way into the workspace and out of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..analysis.registration import (
    AffineTransform,
    DisplacementField,
    SplineMap,
    refuse_unsound,
    transform_from_dict,
)
from ..io import (
    read_bigwarp_transform,
    read_itk,
    read_ngff_transform,
    read_slicer_transform,
    write_bigwarp_transform,
    write_itk,
    write_ngff_transform,
    write_slicer_transform,
)
from ..workspace import Workspace
from .bent_files import both_ways, grid_around, sampled_bend

Kind = Literal["itk", "slicer", "ngff", "bigwarp"]
_REACH_UM = 1000.0
KINDS = ("itk", "slicer", "ngff", "bigwarp")


def import_transform(
    ws: Workspace,
    path: str | os.PathLike[str],
    *,
    moving: str,
    fixed: str,
    kind: Kind,
    sigma_um: float | None = None,
    unit: Literal["mm", "um", "nm"] = "mm",
    name: str | None = None,
) -> Any:
    """Write a transform of another program as one that is proposed, not accepted.

    A map that bends is sampled over the images of the moving frame.

    Parameters
    ----------
    ws : Workspace
    path : path
    moving, fixed : str
        Frames.
    kind : {"itk", "slicer", "ngff", "bigwarp"}
        BigWarp's landmarks are fitted as affine; their residuals give the error.
    sigma_um : float, optional
        Standard uncertainty of the shift along each axis [um]; of a bend, of each mapped place.
        Needed for all kinds but BigWarp's, whose files alone tell it; turn and scale are taken as
        exact.
    unit : {"mm", "um", "nm"}
        Of ITK's lengths.
    name : str, optional
        By default ``<moving>_to_<fixed>``.

    Returns
    -------
    Record

    Raises
    ------
    ValueError
        The kind is unknown, `sigma_um` is missing, or there is no image over which a bend could be
        sampled.
    ReadError, Degenerate
        It cannot be read, mirrors the specimen, or folds it.
    """
    transform = _read(path, kind, unit)
    fields: dict[str, Any] = {
        "name": name or f"{moving}_to_{fixed}",
        "from_frame": moving,
        "to_frame": fixed,
        "status": "proposed",
        "method": f"file of {kind}: {Path(path).name}",
    }
    if not isinstance(transform, AffineTransform):
        bend = sampled_bend(ws, transform, moving=moving, sigma_um=sigma_um)
        note = "a bend, sampled over the image; its error as stated"
        return ws.transforms.add(**fields, transform=bend.to_dict(), note=note)
    if transform.covariance is None or transform.sigma_source == "exact":
        transform = _with_error(transform, sigma_um)
    refuse_unsound(AffineTransform.from_dict({**transform.to_dict(), "allow_mirror": False}))
    return ws.transforms.add(
        **fields,
        transform={**transform.to_dict(), "allow_mirror": False},
        note="turn and scale taken as exact" if transform.sigma_source == "stated" else "",
    )


def export_transform(
    ws: Workspace,
    name: str,
    path: str | os.PathLike[str],
    *,
    kind: Kind,
    unit: Literal["mm", "um", "nm"] = "mm",
) -> None:
    """Write a transform record for another program; its errors stay behind.

    Parameters
    ----------
    ws : Workspace
    name : str
        Of the record.
    path : path
    kind : {"itk", "slicer", "ngff", "bigwarp"}
    unit : {"mm", "um", "nm"}
        Of ITK's lengths.

    Raises
    ------
    ValueError
        The kind is unknown, or cannot hold this map.
    """
    fields = ws.transforms[name].fields
    transform = transform_from_dict(fields["transform"])
    grid = None
    if kind in ("itk", "slicer") and not isinstance(transform, AffineTransform):
        grid = grid_around(ws, transform, moving=fields["from_frame"])
        transform = both_ways(transform)
    if kind == "itk":
        write_itk(transform, path, unit=unit, grid=grid)
    elif kind == "slicer":
        write_slicer_transform(transform, path, grid=grid)
    elif kind == "bigwarp":
        if isinstance(transform, DisplacementField):
            raise ValueError(
                f"kind bigwarp takes landmarks, {name} is a displacement field: use itk"
            )
        if isinstance(transform, SplineMap):
            transform = transform.forward
        size_um = _size_um(ws, fields["from_frame"])[3 - transform.ndim_moving :]
        write_bigwarp_transform(transform, path, size_um=size_um)
    elif kind == "ngff":
        if not isinstance(transform, AffineTransform):
            raise ValueError(f"kind ngff takes linear maps, {name} is a spline: use bigwarp")
        write_ngff_transform(transform, path, moving=fields["from_frame"], fixed=fields["to_frame"])
    else:
        raise ValueError(f"kind needs one of {', '.join(KINDS)}, got {kind!r}")


def _size_um(ws: Workspace, frame: str) -> np.ndarray:
    """Reach of the images of a frame, z, y, x [um]; a millimetre where there are none."""
    reach = np.zeros(3)
    for image in ws.images:
        if image.frame == frame and image.calibrated:
            sides = [n for axis, n in zip(image.axes, image.shape, strict=True) if axis in "zyx"]
            last = [*(1,) * (3 - image.ndim), *sides, 1]
            reach = np.maximum(reach, np.abs(image.voxel_to_frame @ last)[:3])
    return np.where(reach > 0, reach, _REACH_UM)


def _read(path: str | os.PathLike[str], kind: str, unit: Any) -> Any:
    if kind == "itk":
        return read_itk(path, unit=unit)
    if kind == "slicer":
        return read_slicer_transform(path)
    if kind == "ngff":
        return read_ngff_transform(path)
    if kind == "bigwarp":
        return read_bigwarp_transform(path, model="affine")
    raise ValueError(f"kind needs one of {', '.join(KINDS)}, got {kind!r}")


def _with_error(transform: AffineTransform, sigma_um: float | None) -> AffineTransform:
    """State the error of the shift, about the frame's origin."""
    if sigma_um is None or not np.isfinite(sigma_um) or sigma_um <= 0:
        raise ValueError(
            f"sigma_um needs a length above 0, got {sigma_um}: the file does not say how well the "
            "transform is known"
        )
    variances = np.zeros(transform.parameter_count)
    variances[: transform.ndim_fixed] = sigma_um**2
    return transform.with_covariance(
        np.diag(variances), sigma_um=float(sigma_um), sigma_source="stated"
    )
