"""Delmic Odemis ``.h5``: one group an image, with its pixel size and its place on the stage.

After SVI's HDF5 as `Odemis <https://github.com/delmic/odemis>`_ writes it: lengths in metres, the
offset is the centre of the image, y points up, and a state beside each number says whether it was
reported (114) or is a default. Here origins are given with y downwards, as rows are counted.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .hdf5 import inside
from .hdf5_pixels import SqueezedPixels
from .reading import Lengths, Reading, inspect_lengths

FRAME = "stage, y downwards"
_REPORTED = (114, 115)
_INCH_UM = 25400.0


def claims(file: Any) -> bool:
    """Say whether there are groups of SVI's kind."""
    return bool(images(file))


def images(file: Any) -> dict[str, str]:
    """List the acquisitions; the preview is a picture of them."""
    names = [name for name in file if name.startswith("Acquisition")]
    return {
        name: f"/{name}/ImageData/Image"
        for name in sorted(names, key=lambda n: (len(n), n))
        if inside(file, f"{name}/ImageData/Image") is not None
    }


def read(dataset: Any, entry: str, path: str) -> Reading:
    """Describe one acquisition."""
    folder = dataset.parent
    physical = inside(folder.parent, "PhysicalData")
    axes = _axes(dataset)
    kept = tuple(i for i, n in enumerate(dataset.shape) if n > 1 or axes[i] in "yx")
    pixels = SqueezedPixels(dataset, kept)
    axes = "".join(axes[i] for i in kept)
    lengths, source = _lengths(folder, physical, axes)
    title = _text(physical, "Title")
    wavelengths = _wavelengths(folder)
    return Reading(
        format="Odemis HDF5",
        pixels=pixels,
        axes=axes,
        spacing_um=lengths.um,
        spacing_source=source,
        faults=lengths.faults,
        origin_um=_origin(folder, axes, pixels.shape, lengths),
        frame=FRAME,
        channel_names=(title,) if title and "c" not in axes else (),
        modality=_modality(title),
        metadata={"path": dataset.name, "title": title, "wavelengths_m": wavelengths},
        warnings=_turn_notes(folder),
    )


def _axes(dataset: Any) -> str:
    labels = dataset.attrs.get("DIMENSION_LABELS", ())
    letters = [v.decode() if isinstance(v, bytes) else str(v) for v in np.ravel(labels)]
    axes = "".join(letter[:1].lower() for letter in letters)
    if len(axes) == len(dataset.shape) and not set(axes) - set("tczyx"):
        return axes
    return "ctzyx"[-len(dataset.shape) :]


def _lengths(folder: Any, physical: Any, axes: str) -> tuple[Lengths, str]:
    source = "Odemis DimensionScale"
    if any(inside(physical, name) is not None for name in ("PolePosition", "ARPolePosition")):
        fault = "an angle-resolved image: its pixels are directions, its scale is the camera's"
        return Lengths({}, (fault,)), source
    spatial = [axis for axis in axes if axis in "zyx"]
    sizes = {a: _reported(folder, f"DimensionScale{a.upper()}") for a in spatial}
    absent = [axis for axis, size in sizes.items() if size is None]
    if absent:
        fault = f"{source} of {', '.join(absent)} is absent, or a default that nobody measured"
        return Lengths({}, (fault,)), source
    known = {axis: float(size or 0) * 1e6 for axis, size in sizes.items()}
    for axis, size in known.items():
        per_inch = _INCH_UM / size if size > 0 else 0.0
        if 60 <= per_inch <= 1300 and math.isclose(per_inch, round(per_inch), rel_tol=1e-6):
            fault = f"{source} along {axis} is {round(per_inch)} dots per inch: a printer's default"
            return Lengths({}, (fault,)), source
    return inspect_lengths(known, source=source), f"{source} (m)"


def _reported(folder: Any, name: str) -> float | None:
    """Read a number in metres that the instrument reported."""
    found = inside(folder, name)
    if found is None or found.shape not in ((), (1,)):
        return None
    state, unit = found.attrs.get("State"), found.attrs.get("UNIT", "m")
    unit = unit.decode() if isinstance(unit, bytes) else str(unit)
    if state is None or int(np.ravel(state)[0]) not in _REPORTED or unit != "m":
        return None
    value = float(np.ravel(found[()])[0])
    return value if math.isfinite(value) else None


def _origin(folder: Any, axes: str, shape: tuple[int, ...], lengths: Lengths) -> dict[str, float]:
    """Centre of the first pixel [µm], rows counted downwards."""
    found: dict[str, float] = {}
    for axis, sign in (("y", -1.0), ("x", 1.0)):
        offset = _reported(folder, f"{axis.upper()}Offset")
        if offset is None or axis not in lengths.um or "z" in axes:
            return {}
        half = (shape[axes.index(axis)] - 1) / 2 * lengths.um[axis]
        found[axis] = sign * offset * 1e6 - half
    return found


def _turn_notes(folder: Any) -> tuple[str, ...]:
    found = inside(folder, "Rotation")
    turn = float(np.ravel(found[()])[-1]) if found is not None and found.size else 0.0
    if not math.isfinite(turn) or abs(turn) < 1e-9:
        return ()
    return (
        f"the file says that the image is turned by {math.degrees(turn):.4g}° about z: "
        "its origin is told without the turn",
    )


def _wavelengths(folder: Any) -> list[float]:
    found = inside(folder, "DimensionScaleC")
    return (
        [] if found is None or found.size > 10_000 else np.ravel(found[()]).astype(float).tolist()
    )


def _text(physical: Any, name: str) -> str:
    found = inside(physical, name)
    value = found[()] if found is not None and found.shape == () else ""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _modality(title: str) -> str | None:
    if "secondary electrons" in title.lower():
        return "SEM"
    return "CL" if title.lower().startswith(("cl ", "spectrum", "angle-resolved")) else None
