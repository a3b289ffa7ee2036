"""Which files can be read, what is missing for the rest, and which were tried on real ones."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

UNTRIED = "by specification, not tried on an instrument file"
_EXTRA = "pip install 'scalebridge[formats]'"


@dataclass(frozen=True)
class Format:
    """One kind of file.

    Attributes
    ----------
    name : str
    endings : tuple of str
    states : str
        What is taken from the file beside its pixels.
    tried : str
        On whose files it was tried; empty if on none.
    packages : tuple of str
        Modules that have to be installed beside the core.
    install : str
        How to get them.
    reader : str
        Name of the reader in the registry.
    """

    name: str
    endings: tuple[str, ...]
    states: str
    reader: str
    tried: str = ""
    packages: tuple[str, ...] = ()
    install: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """Modules that are not installed here."""
        return tuple(name for name in self.packages if find_spec(name) is None)


_SIZE = "pixel size"
FORMATS = (
    Format("TIFF", (".tif", ".tiff", ".btf", ".tf8"), "size in pixels per cm", "TIFF", "published"),
    Format("OME-TIFF", (".ome.tif", ".ome.tiff"), "voxel size, channels", "TIFF", "Platynereis"),
    Format("ImageJ TIFF", (".tif",), "voxel size with a unit", "TIFF", "EMBL, NASA PuMA"),
    Format("ZEISS SEM", (".tif",), f"{_SIZE}, stage, tilt, time", "TIFF", "Crossbeam 550, Auriga"),
    Format("Thermo Fisher SEM", (".tif",), f"{_SIZE}, stage, data bar", "TIFF", "Scios, Helios"),
    Format("TESCAN SEM", (".tif", ".hdr"), f"{_SIZE}, stage, tilt", "TIFF", "MIRA3 (tag)"),
    Format("JEOL SEM", (".tif", ".txt"), f"{_SIZE} of the scale bar", "TIFF"),
    Format("JPK AFM", (".jpk", ".jpk-qi-image"), f"{_SIZE}, channels", "TIFF", "AFMReader's files"),
    Format("OME-Zarr", (".zarr", ".ome.zarr"), "voxel size, origin", "OME-Zarr", "public buckets"),
    Format("HDF5", (".h5", ".hdf5"), "voxel size attributes", "HDF5", "TomoPy's tooth"),
    Format("NeXus", (".nxs",), "axes of NXdata", "HDF5", "Diamond (without lengths)"),
    Format("Odemis HDF5", (".h5",), f"{_SIZE}, place on the stage", "HDF5", "Delmic SPARC"),
    Format("Oxford H5OINA", (".h5oina",), "steps, stage; EBSD, EDS, images", "HDF5"),
    Format("TopoStats", (".topostats",), _SIZE, "HDF5", "AFMReader's file"),
    Format("Velox EMD", (".emd",), f"{_SIZE}, place in the scan, stage", "HDF5", "Spectra, Themis"),
    Format("Velox EMD spectra", (".emd",), "energy axis, place in the scan", "HDF5", "Spectra",
           ("rsciio", "sparse"), _EXTRA),
    Format("NRRD", (".nrrd", ".nhdr"), "voxel size, origin, directions", "NRRD", "ITK's own"),
    Format("MetaImage", (".mha", ".mhd"), "voxel size, origin, directions", "MetaImage",
           "ITK's own"),
    Format("NIfTI", (".nii", ".nii.gz"), "voxel size, origin, directions", "NIfTI", "ITK's own"),
    Format("NumPy", (".npy", ".npz"), "nothing", "NPY", "PoreSpy"),
    Format("picture", (".png", ".jpg", ".jpeg", ".bmp"), "nothing", "PNG, JPEG or BMP", "BIRL"),
    Format("MRC", (".mrc", ".mrcs", ".map", ".rec", ".st"), "voxel size, origin", "MRC",
           "a STEM scan"),
    Format("Xradia", (".txrm", ".txm", ".xrm"), f"{_SIZE}, angles, stage, distances", "Xradia",
           "a chip; no reconstruction", ("olefile",), "pip install olefile"),
    Format("EBSD text", (".ctf", ".ang"), "steps", "EBSD text"),
    Format("EBSD CRC", (".cpr", ".crc"), "steps", "EBSD CRC", "Oxford AZtec"),
    Format("WSxM AFM", (".stp", ".top"), _SIZE, "WSxM", "AFMReader's files"),
    Format("Gwyddion", (".gwy",), f"{_SIZE}, offset", "Gwyddion", "a toy field"),
    Format("Igor wave", (".ibw",), f"{_SIZE}, offset", "Igor wave"),
    Format("Bruker BCF", (".bcf",), "size of the map's pixels, stage", "RosettaSciIO",
           "six files", ("rsciio",), _EXTRA),
    Format("Renishaw WDF", (".wdf",), f"{_SIZE}, place on the stage", "RosettaSciIO",
           "maps with white light", ("rsciio",), _EXTRA),
    Format("Gatan", (".dm3", ".dm4"), _SIZE, "RosettaSciIO", "three files", ("rsciio",), _EXTRA),
    Format("Digital Surf", (".sur", ".pro"), _SIZE, "RosettaSciIO", "a surface",
           ("rsciio",), _EXTRA),
    Format("ZEISS CZI", (".czi",), "voxel size, scenes, channels", "CZI", "a confocal",
           ("pylibCZIrw",), _EXTRA),
    Format("VGI", (".vgi", ".vol"), "voxel size", "VGI"),
    Format("DICOM", (".dcm", ".ima"), "voxel size, positions", "DICOM"),
    Format("slices", ("folder",), "voxel size of the slices", "folder of slices", "C. elegans"),
    Format("SkyScan slices", ("folder", ".log"), "voxel size of the log", "folder of slices"),
    Format("Nikon CT", ("folder", ".xtekct"), "voxel size of the log", "folder of slices"),
    Format("raw", (".raw", ".bin", ".dat", ".vol", ".img"), "what a .json beside it says", "raw",
           "made"),
    Format("other formats", ("plugin",), "voxel size with a unit, scenes", "bioio", "a made film",
           ("bioio",), "pip install bioio and the plugin for the format"),
)  # fmt: skip


def formats() -> pd.DataFrame:
    """List the formats, and what of them can be read with what is installed here.

    Returns
    -------
    DataFrame
        ``format``, ``endings``, ``states`` (what is taken beside the pixels), ``read_here``,
        ``install`` (how to get what is missing) and ``tried`` (on whose files).

    Examples
    --------
    >>> from scalebridge.io import formats
    >>> table = formats().set_index("format")
    >>> table.loc["JEOL SEM", "tried"]
    'by specification, not tried on an instrument file'
    """
    import pandas as pd

    rows = [
        {
            "format": one.name,
            "endings": " ".join(one.endings),
            "states": one.states,
            "read_here": not one.missing,
            "install": one.install if one.missing else "",
            "tried": one.tried or UNTRIED,
        }
        for one in FORMATS
    ]
    return pd.DataFrame(rows)


def formats_in_words() -> str:
    """Say in lines what can be read here, and what is missing for the rest.

    Examples
    --------
    >>> print(formats_in_words().splitlines()[0])
    can be read here:
    """
    readable = [one for one in FORMATS if not one.missing]
    wanting = [one for one in FORMATS if one.missing]
    lines = ["can be read here:", *map(_line, readable)]
    if wanting:
        lines += ["", "can be read with what is missing:"]
        lines += [f"{_line(one)}; {one.install} ({', '.join(one.missing)})" for one in wanting]
    return "\n".join(lines)


def _line(one: Format) -> str:
    tried = f"tried on: {one.tried}" if one.tried else UNTRIED
    return f"  {one.name:<18} {' '.join(one.endings)}: {one.states}; {tried}"


def formats_page() -> str:
    """Write the table of ``docs/formats.md``."""
    lines = [
        "| format | endings | taken from the file | needs | tried on |",
        "|---|---|---|---|---|",
    ]
    for one in FORMATS:
        needs = ", ".join(one.packages) or "nothing more"
        endings = " ".join(f"`{ending}`" for ending in one.endings)
        lines.append(
            f"| {one.name} | {endings} | {one.states} | {needs} | {one.tried or UNTRIED} |"
        )
    return "\n".join(lines) + "\n"
