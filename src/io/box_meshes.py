"""Boxes as surfaces for other programs: STL and VTK."""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

_FACES = ((0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5))
_UNITS = {"um": 1.0, "mm": 1e-3, "m": 1e-6}


def write_boxes(
    corners_um: Mapping[str, ArrayLike], path: str | os.PathLike[str], *, unit: str = "um"
) -> Path:
    """Write boxes as closed surfaces.

    Parameters
    ----------
    corners_um : mapping of str to (8, 3) array
        Corners z, y, x of each box [um], in the order of
        `scalebridge.analysis.registration.MillingVolume.corners_um`: x changes fastest.
    path : str or path
        ``*.stl`` (binary), ``*.vtk`` or ``*.vtp``; x, y, z in the file.
    unit : {"um", "mm", "m"}
        Of the numbers in the file. An STL has no field for it: it stands in the header.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        No box, corners that are not known or not in that order, another ending or unit.

    Examples
    --------
    >>> import tempfile
    >>> from scalebridge.analysis.registration.milling_volume import MillingVolume
    >>> box = MillingVolume([0, 0, 0], [1, 2, 3])
    >>> file = write_boxes({"cut": box.corners_um}, tempfile.mkdtemp() + "/boxes.stl")
    >>> file.read_bytes()[:31]
    b'scalebridge boxes, unit um: cut'
    """
    file = Path(path)
    if unit not in _UNITS:
        raise ValueError(f"unit needs one of {', '.join(_UNITS)}, got {unit!r}")
    if file.suffix not in (".stl", ".vtk", ".vtp"):
        raise ValueError(f"boxes are written as .stl, .vtk or .vtp, got {file.name}")
    if not corners_um:
        raise ValueError("write_boxes needs at least one box, got none")
    boxes = {name: _checked(name, corners) * _UNITS[unit] for name, corners in corners_um.items()}
    if file.suffix == ".stl":
        file.write_bytes(_stl(boxes, unit))
    else:
        _write_vtk(boxes, file, unit)
    return file


def _checked(name: str, corners_um: ArrayLike) -> np.ndarray:
    corners = np.asarray(corners_um, dtype=float)
    if corners.shape != (8, 3) or not np.isfinite(corners).all():
        raise ValueError(
            f"the box {name} needs eight known corners (8, 3), got shape {corners.shape}"
            + (" with unknown numbers" if corners.shape == (8, 3) else "")
        )
    edges = corners[[4, 2, 1]] - corners[0]
    built = (
        corners[0] + np.array([[z, y, x] for z in (0, 1) for y in (0, 1) for x in (0, 1)]) @ edges
    )
    if not np.allclose(built, corners, atol=1e-6 * np.abs(edges).max()):
        raise ValueError(
            f"the box {name} needs corners in the order of MillingVolume.corners_um (z slowest, x "
            "fastest), got another order or no box"
        )
    out = corners[:, ::-1]
    if np.linalg.det(edges[:, ::-1]) > 0:  # z, y, x edges seen in x, y, z: turn the faces out
        return out[[1, 0, 3, 2, 5, 4, 7, 6]]
    return out


def _stl(boxes: Mapping[str, np.ndarray], unit: str) -> bytes:
    said = f"scalebridge boxes, unit {unit}: {', '.join(boxes)}".encode("ascii", "replace")
    parts = [said[:80].ljust(80, b"\0"), struct.pack("<I", 12 * len(boxes))]
    for corners in boxes.values():
        for a, b, c, d in _FACES:
            for face in ((a, b, c), (a, c, d)):
                triangle = corners[list(face)]
                normal = np.cross(triangle[1] - triangle[0], triangle[2] - triangle[0])
                normal = normal / np.linalg.norm(normal)
                parts.append(np.vstack([normal, triangle]).astype("<f4").tobytes() + b"\0\0")
    return b"".join(parts)


def _write_vtk(boxes: Mapping[str, np.ndarray], file: Path, unit: str) -> None:
    import pyvista as pv

    points = np.vstack(list(boxes.values()))
    faces = [[4, *(8 * k + i for i in face)] for k in range(len(boxes)) for face in _FACES]
    mesh = pv.PolyData(points, np.ravel(faces))
    mesh.cell_data["box"] = np.repeat(np.arange(len(boxes)), len(_FACES))
    mesh.field_data["names"] = list(boxes)
    mesh.field_data["unit"] = [unit]
    mesh.save(str(file))
