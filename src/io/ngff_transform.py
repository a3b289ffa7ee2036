"""Linear transforms as OME-Zarr 0.6 writes them (`coordinateTransformations`).

A transformation lies alone in a Zarr group: no image, one entry, and the two coordinate systems
it joins. Axes are in the order of the arrays (z, y, x), matrices have no centre, a sequence
applies its first entry first, and the map runs from `input` to `output`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from ..analysis.registration import AffineTransform
from ..errors import ReadError
from .itk_transform import exact_affine
from .lengths import micrometres_in

VERSION = "0.6"
_LARGEST = 16 * 2**20
_AXES = ("z", "y", "x")


def ngff_of(transform: AffineTransform, *, moving: str, fixed: str) -> dict[str, Any]:
    """Write a linear transform as the metadata of an OME-Zarr 0.6 transformation.

    Parameters
    ----------
    transform : AffineTransform
        2-D to 2-D or 3-D to 3-D; errors cannot be written.
    moving, fixed : str
        Names of the two coordinate systems.

    Returns
    -------
    dict
        ``version``, ``coordinateSystems``, ``coordinateTransformations``.

    Raises
    ------
    ValueError
        It is no linear map between equal dimensions, or both names are the same.

    Examples
    --------
    >>> move = AffineTransform.exact(offset_um=[0, 0, 5])
    >>> document = ngff_of(move, moving="survey", fixed="zoom")
    >>> document["coordinateTransformations"][0]["affine"][2]
    [0.0, 0.0, 1.0, 5.0]
    """
    if not isinstance(transform, AffineTransform) or transform.ndim_moving != transform.ndim_fixed:
        raise ValueError(
            "OME-Zarr takes linear transforms from 2-D to 2-D or from 3-D to 3-D here, got "
            f"{type(transform).__name__} from {transform.ndim_moving}-D to "
            f"{transform.ndim_fixed}-D: export the landmarks, or a field for ITK"
        )
    if moving == fixed or not moving or not fixed:
        raise ValueError(f"moving and fixed need two names, got {moving!r} and {fixed!r}")
    d = transform.ndim_moving
    axes = [{"name": n, "type": "space", "unit": "micrometer"} for n in _AXES[3 - d :]]
    return {
        "version": VERSION,
        "coordinateSystems": [{"name": name, "axes": axes} for name in (moving, fixed)],
        "coordinateTransformations": [
            {
                "type": "affine",
                "name": f"{moving} to {fixed}",
                "input": {"name": moving},
                "output": {"name": fixed},
                "affine": transform.homogeneous[3 - d : 3, 3 - d :].tolist(),
            }
        ],
    }


def write_ngff_transform(
    transform: AffineTransform, path: str | os.PathLike[str], *, moving: str, fixed: str
) -> None:
    """Write a linear transform as a Zarr group of its own.

    Parameters
    ----------
    transform, moving, fixed
        As for `ngff_of`.
    path : str or path
        Folder, made if it is new; a group that stands there is not written over.

    Raises
    ------
    ValueError
        As for `ngff_of`, or something stands at the path.
    """
    folder = Path(path)
    group = folder / "zarr.json"
    document = ngff_of(transform, moving=moving, fixed=fixed)
    if group.exists():
        raise ValueError(f"path needs to be new, got {folder}, which is a Zarr group already")
    folder.mkdir(parents=True, exist_ok=True)
    whole = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": document}}
    group.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


def read_ngff_transform(path: str | os.PathLike[str]) -> AffineTransform:
    """Read the one linear transform that a Zarr group holds.

    Parameters
    ----------
    path : str or path
        Folder of the group, or its ``zarr.json``.

    Returns
    -------
    AffineTransform
        From `input` to `output`, taken as exact.

    Raises
    ------
    ReadError
        There is no such group, it holds none or several, one of another kind, or axes without a
        length.
    """
    file = Path(path)
    file = file / "zarr.json" if file.is_dir() else file
    if not file.is_file() or file.stat().st_size > _LARGEST:
        raise ReadError(f"expected a Zarr group with a transformation, there is none at {file}")
    try:
        ome = json.loads(file.read_text(encoding="utf-8"))["attributes"]["ome"]
        (entry,) = ome["coordinateTransformations"]
    except (ValueError, KeyError, TypeError) as error:
        raise ReadError(
            f"expected one entry in ome.coordinateTransformations of {file}, found {error}"
        ) from None
    return transform_of_ngff(entry, ome.get("coordinateSystems", []), name=str(file))


def transform_of_ngff(
    entry: dict[str, Any], systems: list[dict[str, Any]], *, name: str = "the metadata"
) -> AffineTransform:
    """Read one entry of ``coordinateTransformations``, with the coordinate systems it names.

    Raises
    ------
    ReadError
        It is not linear (identity, scale, translation, rotation, affine, mapAxis or a sequence of
        them), or its axes are not lengths along z, y, x.
    """
    inside, outside = (_units(entry, systems, end, name) for end in ("input", "output"))
    d = len(inside[0])
    whole = _matrix(entry, d, name)
    order = [np.array([axes.index(a) for a in _AXES[3 - d :]]) for axes, _ in (inside, outside)]
    units = [np.append(unit, 1.0) for _, unit in (inside, outside)]
    whole = np.diag(units[1]) @ whole @ np.diag(1 / units[0])
    matrix, offset = np.eye(3), np.zeros(3)
    matrix[3 - d :, 3 - d :] = whole[np.ix_(order[1], order[0])]
    offset[3 - d :] = whole[order[1], d]
    if abs(np.linalg.det(matrix)) < 1e-300:
        raise ReadError(f"expected a transformation with an inverse in {name}, got {matrix}")
    return exact_affine(matrix, offset, ndim=d)


def _units(
    entry: dict[str, Any], systems: list[dict[str, Any]], end: str, name: str
) -> tuple[list[str], np.ndarray]:
    """Names of the axes of one end, and how many um their unit has."""
    wanted = entry.get(end)
    wanted = wanted.get("name") if isinstance(wanted, dict) else wanted
    for system in systems:
        if isinstance(system, dict) and system.get("name") == wanted:
            axes = system.get("axes", [])
            names = [str(axis.get("name")) for axis in axes]
            units = [micrometres_in(axis.get("unit")) for axis in axes]
            if sorted(names) not in (["x", "y"], ["x", "y", "z"]) or None in units:
                raise ReadError(
                    f"expected axes x, y or x, y, z with a length as unit in {name}, got "
                    f"{list(zip(names, [a.get('unit') for a in axes], strict=True))}"
                )
            return names, np.array(units, float)
    raise ReadError(f"expected a coordinate system called {wanted!r} in {name}: the {end} of the "
                    "transformation, for its axes and units")  # fmt: skip


def _matrix(entry: dict[str, Any], d: int, name: str) -> np.ndarray:
    """One entry as a (d + 1, d + 1) matrix on its own axes."""
    kind = entry.get("type")
    out = np.eye(d + 1)
    try:
        if kind == "affine":
            out[:d] = np.asarray(entry["affine"], float).reshape(d, d + 1)
        elif kind == "rotation":
            out[:d, :d] = np.asarray(entry["rotation"], float).reshape(d, d)
        elif kind == "scale":
            out[:d, :d] = np.diag(np.asarray(entry["scale"], float).reshape(d))
        elif kind == "translation":
            out[:d, d] = np.asarray(entry["translation"], float).reshape(d)
        elif kind == "mapAxis":
            out[:d, :d] = np.eye(d)[list(entry["mapAxis"])]
        elif kind == "sequence":
            for step in entry["transformations"]:
                out = _matrix(step, d, name) @ out
        elif kind != "identity":
            raise ReadError(
                f"expected a linear transformation in {name}, got type {kind!r}: fields are not "
                "read here"
            )
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise ReadError(
            f"expected a {kind} for {d} axes in {name}, got {entry} ({error})"
        ) from None
    if not np.isfinite(out).all():
        raise ReadError(f"expected finite numbers in {name}, got {out.tolist()}")
    return out
