"""The files that are damaged: of instruments where there are any, else by specification."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...io.answers import Answers
from . import instrument_headers as instrument
from . import makers, tiff_headers, volume_headers
from .stated import Stated


@dataclass(frozen=True)
class Original:
    """One kind of file.

    Attributes
    ----------
    format : str
        Of the table of formats.
    name : str
        Of the file or folder that is opened.
    stated : callable, optional
        Another parser of the header; None where there is none.
    made : callable, optional
        Writes it; without it the file is copied.
    source : str
        The file of an instrument, in the folder of real data.
    damaged : str
        The file that is damaged, where it is another one or lies in the folder.
    also : tuple of str
        Files that belong beside it.
    """

    format: str
    name: str
    stated: Callable[[Path], Stated] | None = None
    made: Callable[[Path], None] | None = None
    source: str = ""
    damaged: str = ""
    also: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """A name of its own, for files."""
        return f"{self.format} {self.name} {self.damaged}".strip().replace("/", "-")

    def put(self, folder: Path, data: Path | None) -> tuple[Path, Path]:
        """Make it in an empty folder; returns what is opened and what is damaged."""
        place = folder / self.name
        if self.made is not None:
            self.made(place)
        else:
            assert data is not None
            for source, name in (
                (self.source, self.name),
                *((one, Path(one).name) for one in self.also),
            ):
                shutil.copyfile(data / source, folder / name)
        return place, folder / self.damaged if self.damaged else place

    @property
    def answers(self) -> Answers:
        """What a person would say: ITK's files name no unit."""
        asked = self.format in ("NRRD", "MetaImage", "NIfTI")
        return Answers(unit="um") if asked else Answers()


_MADE = (
    ("TIFF", "a.tif", tiff_headers.plain, makers.tiff, ""),
    ("TIFF", "packed.tif", tiff_headers.plain, makers.packed_tiff, ""),
    ("OME-TIFF", "a.ome.tif", tiff_headers.ome, makers.ome, ""),
    ("ImageJ TIFF", "a.tif", tiff_headers.imagej, makers.imagej, ""),
    ("TESCAN SEM", "a.tif", tiff_headers.tescan, makers.tescan, "a.hdr"),
    ("JEOL SEM", "a.tif", tiff_headers.jeol, makers.jeol, "a.txt"),
    ("OME-Zarr", "a.ome.zarr", volume_headers.ome_zarr, makers.ome_zarr, "a.ome.zarr/zarr.json"),
    ("OME-Zarr", "a.ome.zarr", volume_headers.ome_zarr, makers.ome_zarr, "a.ome.zarr/0/zarr.json"),
    ("HDF5", "a.h5", instrument.hdf5, makers.hdf5, ""),
    ("NeXus", "a.nxs", instrument.hdf5, makers.nexus, ""),
    ("Oxford H5OINA", "a.h5oina", instrument.hdf5, makers.h5oina, ""),
    ("NRRD", "a.nrrd", volume_headers.nrrd, makers.itk, ""),
    ("NRRD", "packed.nrrd", volume_headers.nrrd, makers.itk, ""),
    ("MetaImage", "a.mha", volume_headers.meta_image, makers.itk, ""),
    ("MetaImage", "packed.mha", volume_headers.meta_image, makers.itk, ""),
    ("NIfTI", "a.nii", volume_headers.nifti, makers.itk, ""),
    ("NIfTI", "a.nii.gz", volume_headers.nifti, makers.itk, ""),
    ("NumPy", "a.npy", volume_headers.npy, makers.npy, ""),
    ("NumPy", "a.npz", volume_headers.npy, makers.npz, ""),
    ("picture", "a.png", volume_headers.picture, makers.picture, ""),
    ("picture", "a.jpg", volume_headers.picture, makers.picture, ""),
    ("MRC", "a.mrc", volume_headers.mrc, makers.mrc, ""),
    ("EBSD text", "a.ctf", volume_headers.ctf, makers.ctf, ""),
    ("EBSD text", "a.ang", volume_headers.ang, makers.ang, ""),
    ("Gwyddion", "a.gwy", instrument.gwyddion, makers.gwyddion, ""),
    ("Igor wave", "a.ibw", instrument.igor, makers.igor, ""),
    ("VGI", "v.vgi", volume_headers.vgi, makers.vgi, ""),
    ("DICOM", "series", instrument.dicom, makers.dicom, "series/1.dcm"),
    ("slices", "slices", volume_headers.slices, makers.slices, "slices/s_rec0001.tif"),
    ("SkyScan slices", "slices", volume_headers.skyscan, makers.skyscan, "slices/s_rec.log"),
    ("Nikon CT", "slices", volume_headers.nikon, makers.nikon, "slices/s_rec.xtekct"),
    ("raw", "a.raw", volume_headers.raw, makers.raw, "a.raw.json"),
    ("other formats", "a.gif", volume_headers.picture, makers.picture, ""),
)
_AFM, _EM, _SEM = "afm_instrument_files/", "instrument_files/", "sem_vendor_tiffs_odemis/"
_EBSD, _VELOX = "defdap_ebsd_hrdic/testData", f"{_EM}velox_emd_version11/Test_SI_16x16_"
_REAL = (
    ("TIFF", tiff_headers.plain, f"{_EM}olympus_SIS.tif"),
    ("ZEISS SEM", tiff_headers.zeiss, f"{_EM}tiff_Zeiss_SEM/test_tiff_Zeiss_SEM_512pix.tif"),
    ("Thermo Fisher SEM", tiff_headers.fei, f"{_EM}tiff_FEI_Helios/FEI-Helios-Ebeam-8bits.tif"),
    ("TESCAN SEM", tiff_headers.tescan, f"{_SEM}tescan_example_sem1.tif"),
    ("JPK AFM", tiff_headers.jpk, f"{_AFM}sample_0.jpk-qi-image"),
    ("NeXus", instrument.hdf5, f"{_EM}nexus_dls_example.nxs"),
    ("Odemis HDF5", instrument.hdf5, "odemis_align_drift/sem_hole.h5"),
    ("TopoStats", instrument.hdf5, f"{_AFM}sample_0_1.topostats"),
    ("Velox EMD", instrument.hdf5, f"{_VELOX}ReducedData_215_kx.emd"),
    ("picture", volume_headers.picture, "defdap_ebsd_hrdic/testDataPat.bmp"),
    ("MRC", volume_headers.mrc, f"{_EM}HAADFscan.mrc"),
    ("Xradia", instrument.xradia, "xradia_xrm_txrm/test_chip00.xrm"),
    ("Xradia", instrument.xradia, "xradia_xrm_txrm/txrm_test_chip_tomo.txrm"),
    ("WSxM AFM", instrument.wsxm, f"{_AFM}sample_0.top"),
    ("Gwyddion", instrument.gwyddion, f"{_AFM}test.gwy"),
    ("Bruker BCF", None, "sem_eds_bruker_bcf/test_TEM.bcf"),
    ("Renishaw WDF", instrument.renishaw, "raman_wdf_whitelight/renishaw_test_map.wdf"),
    ("Gatan", instrument.gatan, f"{_EM}test_dm_image_um_unit.dm3"),
    ("Gatan", instrument.gatan, f"{_EM}EELS_SI.dm4"),
    ("Digital Surf", instrument.digital_surf, f"{_EM}test_surface.sur"),
    ("ZEISS CZI", instrument.czi, "instrument_files_bio/xyz__multiple_images.czi"),
)  # fmt: skip

ORIGINALS = (
    *(Original(form, name, said, made=made, damaged=bad) for form, name, said, made, bad in _MADE),
    *(Original(form, Path(source).name, said, source=source) for form, said, source in _REAL),
    Original("EBSD CRC", "testDataEBSD.cpr", volume_headers.cpr, source=f"{_EBSD}EBSD.cpr",
             also=(f"{_EBSD}EBSD.crc",)),
)  # fmt: skip
