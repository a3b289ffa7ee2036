"""Small files by the specifications of their formats, to be damaged."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

VOLUME = np.random.default_rng(0).integers(0, 200, (4, 16, 18)).astype(np.uint8)
_TIFF: dict[str, Any] = {"photometric": "minisblack"}


def tiff(file: Path) -> None:
    """Planes with pixels per centimetre."""
    import tifffile

    tifffile.imwrite(file, VOLUME, resolution=(20000, 20000), resolutionunit=3, metadata=None,
                     **_TIFF)  # fmt: skip


def packed_tiff(file: Path) -> None:
    """Strips of deflate."""
    import tifffile

    tifffile.imwrite(file, VOLUME, compression="zlib", rowsperstrip=4, metadata=None, **_TIFF)


def imagej(file: Path) -> None:
    """ImageJ's description."""
    import tifffile

    metadata = {"unit": "um", "spacing": 2.0, "axes": "ZYX"}
    tifffile.imwrite(file, VOLUME, imagej=True, resolution=(2, 2), metadata=metadata)


def ome(file: Path) -> None:
    """OME's XML."""
    import tifffile

    sizes = {f"PhysicalSize{axis}": 0.5 for axis in "XYZ"}
    tifffile.imwrite(file, VOLUME, ome=True, metadata={"axes": "ZYX", **sizes}, **_TIFF)


def jeol(file: Path) -> None:
    """A plain TIFF with the text of a JEOL microscope beside it."""
    import tifffile

    tifffile.imwrite(file, VOLUME[0], metadata=None, **_TIFF)
    file.with_suffix(".txt").write_text(
        "$CM_FORMAT JEOL-SEM\n$CM_VERSION 1.0\n$CM_SIGNAL_NAME SEI\n$CM_INSTRUMENT 7600F\n"
        "$CM_FULL_SIZE 18 16\n$$SM_MICRON_BAR 146\n$$SM_MICRON_MARKER 1um\n"
    )


def tescan(file: Path) -> None:
    """A plain TIFF with the header of a TESCAN microscope beside it."""
    import tifffile

    tifffile.imwrite(file, VOLUME[0], metadata=None, **_TIFF)
    file.with_suffix(".hdr").write_text(
        "[MAIN]\nDevice=VEGA3\nSerialNumber=VG9999\nDate=2021-02-03\nTime=04:05:06\n"
        "PixelSizeX=5.25e-9\nPixelSizeY=5.25e-9\nImageStripSize=4\n\n[SEM]\nDetector=BSE\n"
        "StageX=1.5e-3\nStageY=-2e-3\nStageZ=10e-3\nStageRotation=12.5\nStageTilt=54.0\n"
    )


def itk(file: Path) -> None:
    """NRRD, MetaImage and NIfTI, written by SimpleITK."""
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(VOLUME)
    image.SetSpacing((1, 2, 3))
    sitk.WriteImage(image, str(file), useCompression=file.name.startswith("packed"))


def mrc(file: Path) -> None:
    """MRC with a cell."""
    import mrcfile

    with mrcfile.new(file) as out:
        out.set_data(VOLUME.astype(np.int16))
        out.voxel_size = 10.0


def hdf5(file: Path) -> None:
    """A packed dataset with sizes."""
    import h5py

    with h5py.File(file, "w") as out:
        made = out.create_dataset("raw", data=VOLUME, chunks=(2, 8, 9), compression="gzip")
        made.attrs["element_size_um"] = [1.5, 1.25, 1.25]


def nexus(file: Path) -> None:
    """NXdata with axes."""
    import h5py

    with h5py.File(file, "w") as out:
        entry = out.create_group("entry")
        entry.attrs["NX_class"] = "NXentry"
        group = entry.create_group("scan")
        group.attrs.update({"NX_class": "NXdata", "signal": "counts", "axes": ["y", "x"]})
        group["counts"] = np.arange(12, dtype=np.uint16).reshape(3, 4)
        for axis, count in (("y", 3), ("x", 4)):
            group[axis] = 5 + 0.002 * np.arange(count)
            group[axis].attrs["units"] = "mm"


def h5oina(file: Path) -> None:
    """A slice of Oxford's HDF5 with EBSD."""
    import h5py

    with h5py.File(file, "w") as out:
        out["Format Version"], out["Manufacturer"] = b"5.0", b"Oxford Instruments"
        header = out.create_group("1/EBSD/Header")
        header["X Cells"], header["Y Cells"] = np.array([4], np.int32), np.array([3], np.int32)
        for axis in "XY":
            header[f"{axis} Step"] = np.array([0.25])
            header[f"{axis} Step"].attrs["Unit"] = "um"
        out["1/EBSD/Data/Band Contrast"] = np.arange(12, dtype=np.uint8)


def npy(file: Path) -> None:
    """NumPy's own."""
    np.save(file, VOLUME)


def npz(file: Path) -> None:
    """NumPy's archive."""
    np.savez_compressed(file, VOLUME)


def raw(file: Path) -> None:
    """Bytes with a header beside them."""
    VOLUME.tofile(file)
    header = {"shape": list(VOLUME.shape), "dtype": "uint8", "spacing_um": [3, 1.5, 1.5]}
    file.with_name(file.name + ".json").write_text(json.dumps(header))


def picture(file: Path) -> None:
    """A picture of the kind that the name says; three frames if it is a film."""
    from PIL import Image

    frames = [Image.fromarray(np.kron(plane, np.ones((4, 4), np.uint8))) for plane in VOLUME[:3]]
    more: dict[str, Any] = (
        {"save_all": True, "append_images": frames[1:]} if file.suffix == ".gif" else {}
    )
    frames[0].save(file, **more)


def ctf(file: Path) -> None:
    """Channel text."""
    head = ("Channel Text File\nPrj\tmade\nJobMode\tGrid\nXCells\t4\nYCells\t3\nXStep\t0.25\n"
            "YStep\t0.25\nPhases\t1\nPhase\tX\tY\tEuler1\tBC\n")  # fmt: skip
    rows = [
        f"1\t{x / 4}\t{y / 4}\t{10 * y + x}.5\t{4 * y + x}\n" for y in range(3) for x in range(4)
    ]
    file.write_text(head + "".join(rows))


def ang(file: Path) -> None:
    """TSL text."""
    head = ("# GRID: SqrGrid\n# XSTEP: 0.25\n# YSTEP: 0.25\n# NCOLS_ODD: 4\n# NCOLS_EVEN: 4\n"
            "# NROWS: 3\n")  # fmt: skip
    rows = [f" 0.1 0.2 0.3 {x / 4} {y / 4} {4 * y + x} 0.9 1 7 1.5\n"
            for y in range(3) for x in range(4)]  # fmt: skip
    file.write_text(head + "".join(rows))


def vgi(file: Path) -> None:
    """A volume and its text."""
    said = "{}ize = 18 16 4\n{} = unsigned integer\n{} = 8\n"
    first, second = (said.format(*names) for names in (
        ("s", "datatype", "bitsperelement"), ("S", "Datatype", "BitsPerElement")))  # fmt: skip
    file.write_text(
        f"{{volume1}}\n[representation]\n{first}[file1]\nSkipHeader = 0\nFileFormat = raw\n"
        f"{second}Name = v.vol\n{{volumeprimitive12}}\n[geometry]\n"
        "resolution = 0.1 0.2 0.4\nunit = mm\n"
    )
    VOLUME.tofile(file.with_suffix(".vol"))


def slices(folder: Path) -> None:
    """A folder of slices that have a size of their own."""
    _slices(folder, resolution=(20000, 20000), resolutionunit=3)


def _slices(folder: Path, **tags: Any) -> None:
    import tifffile

    folder.mkdir(exist_ok=True)
    for number in range(3):
        tifffile.imwrite(folder / f"s_rec{number:04}.tif", VOLUME[number], metadata=None, **tags)


def skyscan(folder: Path) -> None:
    """Slices with SkyScan's log."""
    _slices(folder)
    (folder / "s_rec.log").write_text(
        "[System]\nScanner=SkyScan1172\n[Acquisition]\nNumber of Rows=16\nNumber of Columns=18\n"
        "Image Pixel Size (um)=5.50\nRotation Step (deg)=0.400\n[Reconstruction]\n"
        "Result Image Width (pixels)=18\nResult Image Height (pixels)=16\n"
        "Pixel Size (um)=2.75\nSection to Section Step=2\n"
    )


def nikon(folder: Path) -> None:
    """Slices with Nikon's log."""
    _slices(folder)
    (folder / "s_rec.xtekct").write_text(
        "[XTekCT]\nName=s_rec\nVoxelsX=18\nVoxelsY=16\nVoxelsZ=3\nVoxelSizeX=0.02\n"
        "VoxelSizeY=0.02\nVoxelSizeZ=0.02\nDetectorPixelsX=99\nDetectorPixelsY=6\n"
        "DetectorPixelSizeX=0.2\nDetectorPixelSizeY=0.2\nSrcToObject=100\nSrcToDetector=1000\n"
        "AngularStep=0.5\n"
    )


def dicom(folder: Path) -> None:
    """Three slices of a series."""
    import SimpleITK as sitk

    folder.mkdir(exist_ok=True)
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    for number in range(3):
        image = sitk.GetImageFromArray(np.full((4, 6), 25 * number, np.uint16))
        tags = {"0008|0060": "CT", "0020|000e": "1.2.3", "0020|000d": "1.2", "0018|0050": "4",
                "0008|0018": f"1.2.3.{number}", "0020|0013": str(number),
                "0028|0030": r"0.5\0.25", "0020|0032": rf"1\2\{2.5 * number}",
                "0020|0037": r"1\0\0\0\1\0"}  # fmt: skip
        image.SetSpacing((0.25, 0.5))
        image.SetOrigin((1.0, 2.0))
        for key, value in tags.items():
            image.SetMetaData(key, value)
        writer.SetFileName(str(folder / f"{number}.dcm"))
        writer.Execute(image)


def ome_zarr(folder: Path) -> None:
    """Two levels of OME-Zarr 0.5."""
    import zarr

    group = zarr.open_group(str(folder), mode="w", zarr_format=3)
    for level, step in enumerate((1, 2)):
        data = VOLUME[:, ::step, ::step]
        group.create_array(str(level), shape=data.shape, chunks=(4, 8, 9), dtype="uint8")[...] = (
            data
        )
    axes = [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]
    scales = [[{"type": "scale", "scale": [0.5, 0.1 * f, 0.1 * f]}] for f in (1, 2)]
    levels: Any = [{"path": str(n), "coordinateTransformations": s} for n, s in enumerate(scales)]
    ome: Any = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": levels}]}
    group.attrs.update({"ome": ome})


def gwyddion(file: Path) -> None:
    """A container with a field in metres."""

    def word(text: str) -> bytes:
        return text.encode() + b"\0"

    def thing(name: str, parts: dict[str, bytes]) -> bytes:
        body = b"".join(word(key) + value for key, value in parts.items())
        return word(name) + struct.pack("<I", len(body)) + body

    field = thing("GwyDataField", {
        "xres": b"i" + struct.pack("<i", 18), "yres": b"i" + struct.pack("<i", 16),
        "xreal": b"d" + struct.pack("<d", 2e-6), "yreal": b"d" + struct.pack("<d", 3e-6),
        "si_unit_xy": b"o" + thing("GwySIUnit", {"unitstr": b"s" + word("m")}),
        "data": b"D" + struct.pack("<I", VOLUME[0].size) + VOLUME[0].astype("<f8").tobytes(),
    })  # fmt: skip
    file.write_bytes(b"GWYP" + thing("GwyContainer", {"/0/data": b"o" + field}))


def igor(file: Path) -> None:
    """A wave of version 5 with a scale in metres."""
    values = VOLUME[0].astype("<f4")
    head = struct.pack("<hh15i", 5, 0, 320 + values.nbytes, *[0] * 14)
    wave = bytearray(320)
    struct.pack_into("<i", wave, 12, values.size)
    struct.pack_into("<h", wave, 16, 2)
    struct.pack_into("<4i", wave, 68, 18, 16, 0, 0)
    struct.pack_into("<2d", wave, 84, 2e-9, 4e-9)
    wave[152:156] = wave[156:160] = b"m\0\0\0"
    total = sum(struct.unpack("<192h", head + bytes(wave)))
    head = head[:2] + struct.pack("<H", -total & 0xFFFF) + head[4:]
    file.write_bytes(head + bytes(wave) + values.tobytes())
