"""Thermo Fisher Velox ``.emd``: frames and element maps in HDF5, spectrum images by RosettaSciIO.

An image states its pixel size and which part of the scanned field it covers: that part is its
place, for the written offset is zero in frames of the detectors. Maps without a pixel size (EELS)
are left without one.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import ReadError
from .answers import Answers
from .hdf5 import inside, open_hdf5, refuse_other_files
from .hdf5_family import with_entries
from .hdf5_pixels import SqueezedPixels
from .lengths import micrometres_in
from .reading import Lengths, Reading, inspect_lengths

FRAME = "scan"
_SPECTRA = {"EelsSpectrumImage": "EELS", "SpectrumImage": "EDS"}
_LARGEST_TEXT = 2**20


def claims(file: Any) -> bool:
    """Say whether Velox wrote the file."""
    version = inside(file, "Version")
    return version is not None and version.size == 1 and b"Velox" in _bytes(version)


def open_outside(path: str, answers: Answers) -> Reading:
    """Open a frame, a map, or a spectrum image."""
    import h5py

    file = h5py.File(path, "r")
    images, cubes = _images(file), _cubes(file)
    names = (*images, *cubes)
    entry = next(iter(names), None) if answers.entry is None else answers.entry
    if entry in images:
        refuse_other_files(images[entry], f"{path}::{entry}")
        reading = _image(images[entry], entry)
    elif entry in cubes:
        part = _part(_settings(cubes[str(entry)]))
        file.close()
        reading = _cube(path, str(entry), list(cubes).index(str(entry)), part)
    else:
        file.close()
        return open_hdf5(path, answers)
    return with_entries(replace(reading, entries=names), str(entry), path)


def _images(file: Any) -> dict[str, Any]:
    """Datasets by their displayed names."""
    found: dict[str, Any] = {}
    titles = _titles(file)
    group = inside(file, "Data/Image")
    for number, key in enumerate(group or ()):
        data = inside(group, f"{key}/Data")
        if data is None or data.ndim != 3 or data.dtype.kind not in "iuf":
            continue
        name = titles.get(key) or str(_settings(data).get("BinaryResult", {}).get("Detector") or "")
        name = name or f"image {number}"
        count = sum(1 for n in found if n == name or n.rpartition(" ")[0] == name)
        found[name if not count else f"{name} {count + 1}"] = data
    return dict(sorted(found.items(), key=lambda pair: -pair[1].shape[0] * pair[1].shape[1]))


def _titles(file: Any) -> dict[str, str]:
    """The name under which Velox shows an image, by the image's key."""
    found: dict[str, str] = {}
    displays = inside(file, "Displays/ImageDisplay")
    for key in displays or ():
        shown = _json(inside(displays, key))
        series = _json(inside(file, str(shown.get("data", "-"))))
        target = str(series.get("dataPath", "")).rstrip("/").rpartition("/")[2]
        if target and isinstance(shown.get("id"), str):
            found[target] = shown["id"]
    return found


def _cubes(file: Any) -> dict[str, Any]:
    """Spectrum images by name, each with a dataset beside its settings."""
    found: dict[str, Any] = {}
    for group, name in _SPECTRA.items():
        for number, key in enumerate(inside(file, f"Data/{group}") or ()):
            data = inside(file, f"Data/{group}/{key}/Data")
            if data is not None:
                found[f"{name} spectra" + (f" {number + 1}" if number else "")] = data
    return found


def _part(settings: dict[str, Any]) -> tuple[int, int] | None:
    """Rows and columns of the part of the scan that was measured."""
    scan = settings.get("Scan", {})
    area, size = scan.get("ScanArea", {}), scan.get("ScanSize", {})
    ends = [_number(area.get(name)) for name in ("top", "bottom", "left", "right")]
    full = [_number(size.get(name)) for name in ("height", "width")]
    if None in ends or None in full:
        return None
    top, bottom, left, right = (float(v or 0) for v in ends)
    height, width = (float(v or 0) for v in full)
    return round((bottom - top) * height), round((right - left) * width)


def _image(dataset: Any, entry: str) -> Reading:
    settings = _settings(dataset)
    rows, columns, frames = (int(n) for n in dataset.shape)
    pixels = SqueezedPixels(dataset, (0, 1, 2) if frames > 1 else (0, 1))
    lengths, source = _lengths(settings)
    origin, note = _origin(settings, lengths, rows, columns)
    return Reading(
        format="Velox EMD",
        pixels=pixels,
        axes="yxt" if frames > 1 else "yx",
        spacing_um=lengths.um,
        spacing_source=source,
        faults=lengths.faults,
        origin_um=origin,
        frame=FRAME if origin else "",
        stage=_stage(settings),
        channel_names=(entry,),
        modality="STEM",
        instrument=_instrument(settings),
        metadata={"Velox": settings},
        warnings=note,
    )


def _cube(path: str, entry: str, place: int, part: tuple[int, int] | None) -> Reading:
    from .rosetta import choose, images_in, load

    try:
        plain = load("emd", path, lazy=False)
    except ReadError as error:
        raise ReadError(f"{path}::{entry} is a spectrum image: {error}") from error
    cubes = [one for one in images_in(plain, path)[0] if "c" in one.axes]
    if place >= len(cubes):
        raise ReadError(f"{path} holds {len(cubes)} spectrum images that can be read, not {entry}")
    plain_one = dict(cubes[place].plain)
    plain_one["data"] = unfolded(np.asarray(plain_one["data"]), part, f"{path}::{entry}")
    one = replace(cubes[place], name=entry, plain=plain_one)
    return choose([one], entry, path=path, format="Velox EMD")


def unfolded(cube: np.ndarray, part: tuple[int, int] | None, name: str) -> np.ndarray:
    """Give a part of a scan its own rows.

    RosettaSciIO 0.15 counts the points of a part through the rows of the whole scan, so that its
    rows come out folded.

    Parameters
    ----------
    cube : ndarray, shape (rows, columns, bands)
    part : (int, int) or None
        Rows and columns that were measured.
    name : str
        For messages.

    Raises
    ------
    ReadError
        If the part does not fit the points that hold counts.

    Examples
    --------
    >>> import numpy as np
    >>> cube = np.array([[1, 2, 3], [4, 0, 0], [0, 0, 0]])[..., None]
    >>> unfolded(cube, (2, 2), "a")[..., 0]
    array([[1, 2],
           [3, 4]])
    """
    if part is None or part == cube.shape[:2]:
        return cube
    points, count = cube.reshape(-1, cube.shape[2]), part[0] * part[1]
    if min(part) < 1 or count > len(points) or points[count:].any():
        raise ReadError(
            f"{name} was measured on {part[0]} x {part[1]} points, what is stored fills "
            f"{cube.shape[0]} x {cube.shape[1]} otherwise: export it from Velox"
        )
    return points[:count].reshape(*part, -1)


def _lengths(settings: dict[str, Any]) -> tuple[Lengths, str]:
    result, source = settings.get("BinaryResult", {}), "Velox PixelSize"
    sizes = {}
    for axis, name in (("y", "height"), ("x", "width")):
        value = _number(result.get("PixelSize", {}).get(name))
        unit = result.get(f"PixelUnit{axis.upper()}")
        scale = micrometres_in(unit)
        if value is None or scale is None:
            return Lengths(
                {}, (f"{source} along {axis} is {value} in {unit!r}, no length",)
            ), source
        sizes[axis] = value * scale
    return inspect_lengths(sizes, source=source), f"{source} ({result.get('PixelUnitX')})"


def _origin(
    settings: dict[str, Any], lengths: Lengths, rows: int, columns: int
) -> tuple[dict[str, float], tuple[str, ...]]:
    """First pixel from the middle of the scanned field, if the part that was scanned fits."""
    scan = settings.get("Scan", {})
    area, size = scan.get("ScanArea", {}), scan.get("ScanSize", {})
    found = {}
    for axis, count, low, high, extent in (
        ("y", rows, "top", "bottom", "height"),
        ("x", columns, "left", "right", "width"),
    ):
        start, stop, full = (_number(v) for v in (area.get(low), area.get(high), size.get(extent)))
        if start is None or stop is None or full is None or axis not in lengths.um:
            return {}, ()
        if abs((stop - start) * full - count) > 0.5:
            words = f"{count} pixels along {axis}, {(stop - start) * full:g} of the scan"
            return {}, (f"the image has {words}: its place in the scan is left out",)
        found[axis] = (start - 0.5) * full * lengths.um[axis]
    return found, ()


def _stage(settings: dict[str, Any]) -> dict[str, float]:
    place = settings.get("Stage", {}).get("Position", {})
    found = {f"{axis}_um": _number(place.get(axis)) for axis in "xyz"}
    stage = {name: value * 1e6 for name, value in found.items() if value is not None}
    tilt = _number(settings.get("Stage", {}).get("AlphaTilt"))
    return stage if tilt is None else {**stage, "tilt_deg": float(np.degrees(tilt))}


def _instrument(settings: dict[str, Any]) -> str | None:
    said = settings.get("Instrument", {})
    words = [said.get("Manufacturer"), said.get("InstrumentModel"), said.get("InstrumentId")]
    return " ".join(str(word) for word in words if word) or None


def _settings(dataset: Any) -> dict[str, Any]:
    """The JSON of the first frame."""
    found = inside(dataset.parent, "Metadata")
    if found is None or found.ndim != 2 or found.shape[0] > _LARGEST_TEXT:
        return {}
    return _parsed(np.asarray(found[:, 0], np.uint8).tobytes().split(b"\0")[0])


def _json(item: Any) -> dict[str, Any]:
    return {} if item is None or getattr(item, "size", 0) != 1 else _parsed(_bytes(item))


def _bytes(dataset: Any) -> bytes:
    if getattr(dataset, "dtype", None) is None or dataset.dtype.kind not in "OS":
        return b""
    value = np.ravel(dataset[()])[0]
    return value if isinstance(value, bytes) else str(value).encode()


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None
