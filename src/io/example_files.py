"""How each instrument of the example writes its file, as the real ones do.

Nothing here depends on the clock or on chance, so that one seed gives one set of files.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import numpy as np

from ..analysis.imaging.phantom import EDS_LINES, Layout, Picture
from ..analysis.imaging.phantom.poses import eds_slice

_SOFTWARE = "Scalebridge example"
_FEI_TAG = 34682
_DATES = {
    "light_mosaic": "2024-03-04T09:12:00",
    "xrm_survey_t0": "2024-03-05T08:30:00",
    "xrm_survey_t1": "2024-03-07T08:41:00",
    "xrm_survey_t2": "2024-03-11T08:25:00",
    "xrm_zoom": "2024-03-12T17:05:00",
    "sem_view": "2024-03-18T10:20:00",
    "fibsem": "2024-03-19T07:55:00",
    "eds_map": "2024-03-19T15:40:00",
}


def write_picture(picture: Picture, layout: Layout, folder: Path) -> Path:
    """Write one picture in its instrument's format and return the file or folder."""
    return _WRITERS[picture.name](picture, layout, folder)


def _write_light(picture: Picture, layout: Layout, folder: Path) -> Path:
    info = f"Stitched reflected-light mosaic\nAcquired = {_DATES[picture.name]}\n"
    return _write_imagej(folder / "light_mosaic.tif", picture.pixels, layout.light_um, info, {})


def _write_survey(picture: Picture, layout: Layout, folder: Path) -> Path:
    """An OME-TIFF that states the nominal voxel size."""
    import tifffile

    path = folder / f"{picture.name}.ome.tif"
    size = layout.survey_nominal_um
    metadata: dict[str, Any] = {"axes": "ZYX", "Name": picture.name}
    metadata |= {f"PhysicalSize{axis}": size for axis in "XYZ"}
    metadata |= {f"PhysicalSize{axis}Unit": "µm" for axis in "XYZ"}
    metadata["AcquisitionDate"] = _DATES[picture.name]
    metadata["UUID"] = f"urn:uuid:{uuid5(NAMESPACE_URL, picture.name)}"
    tifffile.imwrite(
        path,
        picture.pixels,
        ome=True,
        software=_SOFTWARE,
        compression="zlib",
        compressionargs={"level": 4},
        metadata=metadata,
    )
    return path


def _write_zoom(picture: Picture, layout: Layout, folder: Path) -> Path:
    """A NRRD with raw pixels after its header."""
    path = folder / "xrm_zoom.nrrd"
    header = (
        "NRRD0004",
        "type: uint16",
        "dimension: 3",
        "sizes: " + " ".join(str(n) for n in picture.pixels.shape[::-1]),
        "spacings: " + " ".join([repr(float(layout.zoom_um))] * 3),
        'units: "um" "um" "um"',
        "encoding: raw",
        "endian: little",
        f"acquired:={_DATES[picture.name]}",
        "source:=X-ray microscope, region of interest scan",
    )
    with path.open("wb") as file:
        file.write(("\n".join(header) + "\n\n").encode("ascii"))
        file.write(picture.pixels.astype("<u2").tobytes())
    return path


def _write_sem(picture: Picture, layout: Layout, folder: Path) -> Path:
    """A Thermo Fisher (FEI) TIFF: lengths in metres, angles in radians, no data bar."""
    import tifffile

    path = folder / "sem_view.tif"
    text = _fei_text(picture.pixels.shape, layout)
    tifffile.imwrite(
        path,
        picture.pixels,
        software=_SOFTWARE,
        metadata=None,
        extratags=[(_FEI_TAG, "s", 0, text, True)],
    )
    return path


def _write_fibsem(picture: Picture, layout: Layout, folder: Path) -> Path:
    """A folder of slices that state their pixel, and in words what the geometry was."""
    stack = folder / "fibsem"
    stack.mkdir(exist_ok=True)
    for old in stack.glob("slice_*.tif"):
        old.unlink()
    distance, pixel, _ = layout.fib_spacing_um
    info = (
        f"Acquired = {_DATES[picture.name]}\n"
        f"Nominal slice thickness [um] = {distance}\n"
        f"Angle between the beams [deg] = {layout.beam_angle_deg}\n"
        f"Tilt of the face against the image [deg] = {90 - layout.beam_angle_deg}\n"
        "Tilt correction = not applied\n"
        "Alignment = not applied\n"
    )
    for number, face in enumerate(picture.pixels):
        _write_imagej(
            stack / f"slice_{number:04d}.tif", face, pixel, info, {"spacing": float(distance)}
        )
    return stack


def _write_eds(picture: Picture, layout: Layout, folder: Path) -> Path:
    """An HDF5 file with the counts of every line and the map's own attributes."""
    import h5py

    path = folder / "eds_map.h5"
    with h5py.File(path, "w") as file:
        counts = file.create_dataset("counts", data=picture.pixels, compression="gzip")
        for dimension, letter in zip(counts.dims, "cyx", strict=True):
            dimension.label = letter
        counts.attrs["element_size_um"] = np.array([layout.eds_um] * 2)
        counts.attrs["channel_names"] = list(EDS_LINES)
        counts.attrs["modality"] = "EDS"
        counts.attrs["acquired"] = _DATES[picture.name]
        counts.attrs["beam_angle_deg"] = layout.beam_angle_deg
        counts.attrs["tilt_of_the_face_deg"] = 90 - layout.beam_angle_deg
        counts.attrs["tilt_correction"] = "not applied"
        counts.attrs["slice_of_the_face"] = eds_slice(layout)
    return path


def _write_imagej(
    path: Path, pixels: np.ndarray, pixel_um: float, info: str, more: dict[str, Any]
) -> Path:
    import tifffile

    tifffile.imwrite(
        path,
        pixels,
        imagej=True,
        software=_SOFTWARE,
        resolution=(1 / pixel_um, 1 / pixel_um),
        metadata={"unit": "um", "Info": info, **more},
    )
    return path


def _fei_text(shape: tuple[int, ...], layout: Layout) -> str:
    rows, columns = shape
    metres, tilt = layout.sem_um * 1e-6, float(np.deg2rad(layout.sem_tilt_deg))
    sections: dict[str, dict[str, object]] = {
        "User": {"Date": "03/18/2024", "Time": "10:20:00 AM", "User": "operator"},
        "System": {"Type": "DualBeam", "Dnumber": "9900", "SystemType": "Helios NanoLab"},
        "Beam": {"HV": 5000, "Beam": "EBeam", "Scan": "EScan", "Spot": 3.5},
        "EBeam": {"TiltCorrectionIsOn": "no", "TiltCorrectionAngle": 0, "HV": 5000},
        "EScan": {
            "PixelWidth": metres,
            "PixelHeight": metres,
            "HorFieldsize": columns * metres,
            "VerFieldsize": rows * metres,
            "Dwelltime": 3e-06,
        },
        "Stage": {
            "StageX": 1.204e-3,
            "StageY": -0.437e-3,
            "StageZ": 4.02e-3,
            "StageR": 0.0,
            "StageT": tilt,
        },
        "Image": {"ResolutionX": columns, "ResolutionY": rows, "DigitalContrast": 1},
        "Detectors": {"Number": 1, "Name": "ETD", "Mode": "SE"},
        "PrivateFei": {"DatabarHeight": 0, "TimeOfCreation": "18.03.2024 10:20:00"},
    }
    lines = []
    for section, values in sections.items():
        lines += [f"[{section}]", *(f"{key}={value}" for key, value in values.items()), ""]
    return "\r\n".join(lines)


_WRITERS: dict[str, Callable[[Picture, Layout, Path], Path]] = {
    "light_mosaic": _write_light,
    "xrm_survey_t0": _write_survey,
    "xrm_survey_t1": _write_survey,
    "xrm_survey_t2": _write_survey,
    "xrm_zoom": _write_zoom,
    "sem_view": _write_sem,
    "fibsem": _write_fibsem,
    "eds_map": _write_eds,
}
