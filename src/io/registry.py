"""Which reader opens a file: by its first bytes, then by its name."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from ..errors import ReadError
from .answers import Answers
from .reading import Reading

_HEAD_BYTES = 1024


@dataclass(frozen=True)
class Reader:
    """A format: its name, the module that reads it and the suffixes it goes by.

    The module has ``recognises(path, head)``; the named function opens a path with answers.
    """

    name: str
    module: str
    opens: str
    suffixes: tuple[str, ...]

    def recognises(self, path: str, head: bytes) -> bool:
        """Say whether the first bytes of a file are this format's."""
        return bool(import_module(self.module, __package__).recognises(path, head))

    def open(self, path: str, answers: Answers) -> Reading:
        """Open a file of this format."""
        function: Callable[[str, Answers], Reading]
        function = getattr(import_module(self.module, __package__), self.opens)
        return function(path, answers)


READERS = (
    Reader("TIFF", ".tiff_family", "open_tiff", (".tif", ".tiff", ".btf", ".tf8", ".jpk")),
    Reader("HDF5", ".hdf5_family", "open_any_hdf5", (".h5", ".hdf5", ".nxs", ".h5oina", ".emd")),
    Reader("NRRD", ".nrrd", "open_nrrd", (".nrrd", ".nhdr")),
    Reader("MetaImage", ".meta_image", "open_meta_image", (".mha", ".mhd")),
    Reader("NIfTI", ".nifti", "open_nifti", (".nii", ".nii.gz")),
    Reader("NPY", ".npy", "open_npy", (".npy", ".npz")),
    Reader("PNG, JPEG or BMP", ".picture", "open_picture", (".png", ".jpg", ".jpeg", ".bmp")),
    Reader("MRC", ".mrc", "open_mrc", (".mrc", ".mrcs", ".map", ".rec", ".st")),
    Reader("Xradia", ".xradia", "open_xradia", (".txrm", ".txm", ".xrm")),
    Reader("EBSD text", ".ebsd_text", "open_ebsd_text", (".ctf", ".ang")),
    Reader("EBSD CRC", ".ebsd_crc", "open_ebsd_crc", (".cpr", ".crc")),
    Reader("WSxM", ".wsxm", "open_wsxm", (".stp", ".top")),
    Reader("Gwyddion", ".gwyddion", "open_gwyddion", (".gwy",)),
    Reader("Igor wave", ".igor", "open_igor", (".ibw",)),
    Reader(
        "RosettaSciIO", ".rosetta", "open_rosetta", (".bcf", ".wdf", ".sur", ".pro", ".dm3", ".dm4")
    ),
    Reader("CZI", ".czi", "open_czi", (".czi",)),
    Reader("VGI", ".vgi", "open_vgi", (".vgi",)),
    Reader("DICOM", ".dicom", "open_dicom", (".dcm", ".ima")),
    Reader("folder of slices", ".stack", "open_stack", ()),
    Reader("raw", ".raw", "open_raw", (".raw", ".bin", ".dat", ".vol", ".img")),
    Reader("bioio", ".bioio_files", "open_bioio", ()),  # last: what no other knows
)


def open_reading(path: str, answers: Answers) -> Reading:
    """Find the reader for a path and open it.

    Raises
    ------
    ReadError
        If no reader knows the file, or the one that does cannot read it.
    """
    return reader_for(path).open(path, answers)


def reader_for(path: str) -> Reader:
    """Pick a reader by content, then by suffix.

    Raises
    ------
    ReadError
        If there is none; the message says what was tried.
    """
    head = _head(path)
    for reader in READERS:
        if reader.recognises(path, head):
            return reader
    suffix_of = [r for r in READERS if r.suffixes and path.lower().endswith(r.suffixes)]
    if suffix_of:
        names = " or ".join(r.name for r in suffix_of)
        raise ReadError(
            f"{path} is named like {names}, but begins with {head[:8]!r}: "
            "it is damaged or something else, copy it again"
        )
    tried = ", ".join(r.name for r in READERS)
    raise ReadError(
        f"no reader knows {path}, which begins with {head[:8]!r}; tried {tried}: export it as "
        "OME-TIFF, or write a header beside it if it is raw"
    )


def _head(path: str) -> bytes:
    if os.path.isdir(path):
        return b""
    try:
        with open(path, "rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError as error:
        raise ReadError(f"{path} cannot be opened: {error.strerror or error}") from error
