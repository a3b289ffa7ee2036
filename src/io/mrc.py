"""MRC: cell size in Ångström, which many programs leave at zero.

The header is that of https://www.ccpem.ac.uk/mrc_format/mrc2014.php.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..errors import ReadError
from .answers import Answers
from .flat_pixels import FlatPixels
from .reading import Lengths, Reading, inspect_lengths

_ANGSTROM_UM = 1e-4
_HEADER_BYTES = 1024
_MODES = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2"}
_IMAGE_STACK, _VOLUME_STACK = 0, 401


def recognises(path: str, head: bytes) -> bool:
    """Say whether the MAP stamp of an MRC is where it belongs."""
    return head[208:211] == b"MAP"


def open_mrc(path: str, answers: Answers) -> Reading:
    """Open an MRC image, stack or volume."""
    header = _header(path)
    sizes = tuple(int(header[name]) for name in ("nz", "ny", "nx"))
    axes = _axes(header, sizes)
    shape = sizes if sizes[0] > 1 else sizes[1:]
    axes = axes if sizes[0] > 1 else axes[1:]
    lengths = _lengths(header, axes)
    return Reading(
        format="MRC",
        pixels=FlatPixels(
            path,
            offset=_HEADER_BYTES + int(header["nsymbt"]),
            shape=shape,
            dtype=_dtype(header, path),
        ),
        axes=axes,
        spacing_um=lengths.um,
        spacing_source="MRC cell size (Å)",
        faults=lengths.faults,
        origin_um=_origin(header, axes),
        metadata={"MRC": {name: header[name].tolist() for name in header.dtype.names or ()}},
        warnings=("MRC counts rows upwards: Answers(flip='y') shows it the way up of a photo",),
    )


def _header(path: str) -> Any:
    import mrcfile

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with mrcfile.open(path, "r", permissive=True, header_only=True) as file:
                header = file.header.copy()
    except (ValueError, OSError, EOFError) as error:
        raise ReadError(f"{path} has no usable MRC header ({error}): copy it again") from error
    if header is None:
        raise ReadError(f"{path} has no usable MRC header: copy it again")
    if any(int(header[name]) < 1 for name in ("nx", "ny", "nz")) or int(header["nsymbt"]) < 0:
        raise ReadError(
            f"expected positive sizes in the MRC header of {path}, got "
            f"{header['nx']}, {header['ny']}, {header['nz']}: it is damaged"
        )
    return header


def _dtype(header: Any, path: str) -> np.dtype[Any]:
    mode = int(header["mode"])
    if mode not in _MODES:
        raise ReadError(f"expected an MRC mode of {sorted(_MODES)}, {path} has {mode}: convert it")
    return np.dtype(_MODES[mode]).newbyteorder(header["nx"].dtype.byteorder)


def _axes(header: Any, sizes: tuple[int, ...]) -> str:
    """Letters of section, row, column; a stack of images has no third length."""
    order = [int(header[name]) for name in ("maps", "mapr", "mapc")]
    if sorted(order) != [1, 2, 3]:
        order = [3, 2, 1]
    axes = "".join(" xyz"[number] for number in order)
    is_stack = int(header["ispg"]) == _IMAGE_STACK and sizes[0] > 1
    return "?" + axes[1:] if is_stack and axes == "zyx" else axes


def _lengths(header: Any, axes: str) -> Lengths:
    sizes: dict[str, float] = {}
    for axis in "zyx":
        if axis not in axes.replace("?", "z"):
            continue
        cells = int(header[f"m{axis}"])
        cell = float(header["cella"][axis])
        sizes[axis] = cell / cells * _ANGSTROM_UM if cells > 0 else 0.0
    return inspect_lengths(sizes, source="MRC cell size")


def _origin(header: Any, axes: str) -> dict[str, float]:
    values = {axis: float(header["origin"][axis]) * _ANGSTROM_UM for axis in axes if axis in "zyx"}
    known = all(np.isfinite(v) for v in values.values()) and any(values.values())
    return values if known and "?" not in axes else {}
