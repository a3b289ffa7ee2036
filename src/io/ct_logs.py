"""Logs of CT scanners beside a folder of slices or projections: SkyScan and Nikon.

A log is believed only where the images have the size that it states. By Bruker's (SkyScan) and
Nikon's (``.xtekct``) text files; not tried on an instrument's file.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from ..errors import ReadError
from .text_headers import Sections, number_in, read_text, sections_of

_TOO_MANY = 20
_AGREES = 0.01


@dataclass(frozen=True)
class CtLog:
    """What a log says of the images beside it.

    Attributes
    ----------
    axis : str
        ``"z"`` for slices, ``"t"`` for projections, which are no slices.
    sizes_um : dict
        Voxel size [µm] by axis letter.
    source : str
    faults, notes : tuple of str
    settings : dict
    """

    axis: str
    sizes_um: dict[str, float] = field(default_factory=dict)
    source: str = ""
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)


def log_of_folder(folder: str, files: list[str], *, rows: int, columns: int) -> CtLog | None:
    """Find the log that belongs to the images of a folder.

    Parameters
    ----------
    folder : str
    files : list of str
        The images.
    rows, columns : int
        Of each image.

    Returns
    -------
    CtLog or None
        None if there is no log of a scanner.
    """
    found: list[CtLog] = []
    for name in _logs(folder, files[0]):
        try:
            sections = sections_of(read_text(os.path.join(folder, name)))
        except (OSError, ReadError):
            continue
        if "xtekct" in sections:
            found.append(_nikon(name, sections["xtekct"], len(files), rows, columns))
        elif "reconstruction" in sections and "acquisition" in sections:
            found.append(_skyscan_slices(name, sections, rows, columns))
        elif "acquisition" in sections and "system" in sections:
            found.append(_skyscan_projections(name, sections, rows, columns))
    if len(found) < 2:
        return found[0] if found else None
    fitting = [log for log in found if not log.faults]
    if len(fitting) == 1:
        return fitting[0]
    return CtLog("z", faults=(f"{len(found)} logs stand beside the images, which one is theirs?",))


def _logs(folder: str, first: str) -> list[str]:
    names = sorted(n for n in os.listdir(folder) if n.lower().endswith((".log", ".xtekct")))
    stem = os.path.basename(first).lower()
    named_alike = [n for n in names if stem.startswith(os.path.splitext(n)[0].lower())]
    longest = max((len(n) for n in named_alike), default=0)
    return [n for n in named_alike if len(n) == longest] or names[:_TOO_MANY]


def _skyscan_slices(name: str, sections: Sections, rows: int, columns: int) -> CtLog:
    made = sections["reconstruction"]
    size = number_in(made, "Pixel Size (um)")
    step = number_in(made, "Section to Section Step") or 1.0
    source = f"{name}: [Reconstruction] Pixel Size (um)"
    stated = [number_in(made, f"Result Image {side} (pixels)") for side in ("Height", "Width")]
    faults = _faults(name, size, stated, (rows, columns))
    sizes = {} if faults or size is None else {"z": size * step, "y": size, "x": size}
    return CtLog("z", sizes, source, faults, (), {"SkyScan": sections})


def _skyscan_projections(name: str, sections: Sections, rows: int, columns: int) -> CtLog:
    made = sections["acquisition"]
    size = number_in(made, "Image Pixel Size (um)")
    source = f"{name}: [Acquisition] Image Pixel Size (um)"
    stated = [number_in(made, f"Number of {side}") for side in ("Rows", "Columns")]
    faults = _faults(name, size, stated, (rows, columns))
    sizes = {} if faults or size is None else {"y": size, "x": size}
    settings = {"SkyScan": sections, "step_deg": number_in(made, "Rotation Step (deg)")}
    return CtLog("t", sizes, source, faults, (_projections(),), settings)


def _nikon(name: str, made: dict[str, str], count: int, rows: int, columns: int) -> CtLog:
    settings: dict[str, Any] = {"Nikon": made}
    volume = [number_in(made, f"Voxels{axis}") for axis in "ZYX"]
    if volume == [count, rows, columns]:
        sizes = {axis: (number_in(made, f"VoxelSize{axis.upper()}") or 0.0) * 1e3 for axis in "zyx"}
        return CtLog("z", sizes, f"{name}: VoxelSize (mm)", (), (), settings)
    detector = [number_in(made, f"DetectorPixels{axis}") for axis in "YX"]
    if detector != [rows, columns]:
        said = f"volume {volume}, detector {detector}"
        fault = f"{name} states {said} pixels, the images have {count} x {rows} x {columns}"
        return CtLog("z", {}, name, (fault,), (), settings)
    near, far = number_in(made, "SrcToObject"), number_in(made, "SrcToDetector")
    if not near or not far or near <= 0 or far < near:
        fault = f"{name} states {near} and {far} mm from source to object and detector"
        return CtLog("t", {}, name, (fault,), (_projections(),), settings)
    pixels = {axis: number_in(made, f"DetectorPixelSize{axis.upper()}") or 0.0 for axis in "yx"}
    sizes = {axis: size * 1e3 * near / far for axis, size in pixels.items()}
    source = f"{name}: DetectorPixelSize (mm) at the object, {far / near:.4g} times magnified"
    settings |= {"step_deg": number_in(made, "AngularStep")}
    return CtLog("t", sizes, source, (), (_projections(),), settings)


def _faults(
    name: str, size: float | None, stated: list[float | None], have: tuple[int, int]
) -> tuple[str, ...]:
    if size is None:
        return (f"{name} holds no pixel size",)
    if None in stated:
        return (f"{name} does not state the size of its images, so its pixel size is unchecked",)
    if tuple(stated) != have:
        return (f"{name} is of images of {stated[0]:g} x {stated[1]:g} pixels, these have "
                f"{have[0]} x {have[1]}: they were cut or resized",)  # fmt: skip
    return ()


def _projections() -> str:
    return "t counts projections, one each angle: reconstruct them before you look for z"
