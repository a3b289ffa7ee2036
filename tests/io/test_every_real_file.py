"""Every file of the real data: it opens with what its makers state, or is refused in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from scalebridge.errors import ReadError

from ..conftest import lacking
from .looking import look

WORDS_AND_TABLES = {".md", ".txt", ".json", ".csv", ".pts", ".xml", ""}


@dataclass(frozen=True)
class Opens:
    """What a file is known to hold; ``um`` is the voxel size [µm], None where nobody states one."""

    axes: str
    shape: tuple[int, ...]
    um: tuple[float | None, ...] | None = None
    format: str = ""
    entry: str | None = None
    stage: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Refused:
    """Words that have to stand in the refusal."""

    words: str


FEI_STAGE = {"x_um": 25.76, "y_um": -194.177, "z_um": 7965.0}
NAVCAM = Opens("yx", (551, 768), format="FEI SEM TIFF", stage={"x_um": 69919.7, "y_um": 811.186})
PLATYNEREIS = (1.0, 1.0, 1.0)
EBSD = Opens("cyx", (10, 243, 359), (0.12, 0.12), "EBSD CRC")
CHIP = Opens(
    "yx", (512, 512), (0.07789474,) * 2, "Xradia", stage={"x_um": 715.36, "y_um": -3761.98926}
)
CLEM = (0.10032, 0.10032)

TABLE: dict[str, Opens | Refused] = {
    "afm_instrument_files/sample_0.jpk": Opens("yx", (256, 256), (1.2770176e-3,) * 2, "JPK"),
    "afm_instrument_files/sample_0.jpk-qi-image": Opens("yx", (100, 100), (5e-3,) * 2, "JPK"),
    "afm_instrument_files/sample_0.top": Opens("yx", (512, 512), (0.9765625e-3,) * 2, "WSxM"),
    "afm_instrument_files/sample_0_1.topostats": Opens(
        "yx", (64, 64), (1.97601171875e-3,) * 2, "TopoStats"
    ),
    "afm_instrument_files/sample_1_um_scale.stp": Opens(
        "yx", (512, 512), (3.90625e-3,) * 2, "WSxM"
    ),
    "afm_instrument_files/test.gwy": Opens("yx", (128, 128), format="Gwyddion"),
    "battery_cell_xct/cell_vol.tif": Opens("zyx", (100, 728, 728)),
    "battery_cell_xct/*.tif": Opens("yx", (576, 576)),
    "bentheimer_microct/bentheimer.npz": Opens("zyx", (500, 500, 500)),
    "birl_histology_landmarks/lesions_/Izd2-29-041-w35_HE.jpg": Opens("cyx", (3, 733, 890)),
    "birl_histology_landmarks/lesions_/Izd2-29-041-w35_proSPC.jpg": Opens("cyx", (3, 735, 891)),
    "birl_histology_landmarks/rat-kidney_/Rat-Kidney_HE.jpg": Opens("cyx", (3, 787, 1164)),
    "birl_histology_landmarks/rat-kidney_/*Cytokeratin.jpg": Opens("cyx", (3, 724, 1123)),
    "celegans_em_series/*.tif": Opens("yx", (256, 256), format="ImageJ TIFF"),
    "colloidoscope_confocal/abraham.tiff": Opens("zyx", (46, 128, 128)),
    "colloidoscope_confocal/katherine.tiff": Opens("zyx", (64, 128, 128)),
    "defdap_ebsd_hrdic/*ebsd_grain_boundaries_*.npz": Refused("'points_x', 'points_y'"),
    "defdap_ebsd_hrdic/*hrdic_grain_boundaries_5deg.npz": Opens("yx", (3329, 2)),
    "defdap_ebsd_hrdic/*hrdic_grains_warp.npz": Opens("yx", (200, 300)),
    "defdap_ebsd_hrdic/*hrdic_grains_floodfill_*.npz": Opens("yx", (200, 300)),
    "defdap_ebsd_hrdic/*ebsd_grains_warped_*.npz": Opens("yx", (200, 300)),
    "defdap_ebsd_hrdic/*.npz": Opens("yx", (243, 359)),
    "defdap_ebsd_hrdic/testDataEBSD.cpr": EBSD,
    "defdap_ebsd_hrdic/testDataEBSD.crc": EBSD,
    "defdap_ebsd_hrdic/testDataPat.bmp": Opens("yx", (200, 300)),
    "embl_clem_2d/fluo_red_green.tif": Opens("cyx", (2, 1003, 941), CLEM),
    "embl_clem_2d/*.tif": Opens("yx", (1003, 941), CLEM, "ImageJ TIFF"),
    "instrument_files/EELS_SI.dm4": Opens("cyx", (2048, 2, 2), (1.99207361e-3,) * 2, "Gatan DM4"),
    "instrument_files/HAADFscan.mrc": Opens("yx", (16, 16), (0.0056791, 0.0056791), "MRC"),
    "instrument_files/multi_signal.dm3": Opens("yx", (512, 512), (1.77515782e-5,) * 2, "Gatan DM3"),
    "instrument_files/nexus_dls_example.nxs": Opens("cyx", (15, 10, 10), format="NeXus"),
    "instrument_files/olympus_SIS.tif": Opens("cyx", (3, 101, 112)),
    "instrument_files/optical_Zeiss_AxioVision_BW.tif": Opens("yx", (10, 13)),
    "instrument_files/test_dm_image_um_unit.dm3": Opens(
        "yx", (68, 68), (0.16867469,) * 2, "Gatan DM3"
    ),
    "instrument_files/test_surface.sur": Opens("yx", (128, 128), (0.08252198,) * 2, "Digital Surf"),
    "instrument_files/tiff_FEI_Helios/FEI-Helios-Ebeam-*bits.tif": Opens(
        "yx", (471, 512), (3.3724, 3.3724), "FEI SEM TIFF", stage=FEI_STAGE
    ),
    "instrument_files/tiff_FEI_Helios/FEI-Helios-navcam*.tif": NAVCAM,
    "instrument_files/tiff_Zeiss_SEM/ZEISS_SEM_multipage.tif": Opens(
        "zyx", (2, 1536, 2048), (None, 0.01233, 0.01233), "ZEISS SEM TIFF"
    ),
    "instrument_files/tiff_Zeiss_SEM/test_tiff_Zeiss_SEM_1k.tif": Opens(
        "yx", (768, 1024), (2.615, 2.615), "ZEISS SEM TIFF"
    ),
    "instrument_files/tiff_Zeiss_SEM/test_tiff_Zeiss_SEM_512pix.tif": Opens(
        "yx", (384, 512), (5.965 / 512,) * 2, "ZEISS SEM TIFF"
    ),
    "instrument_files/velox_EELS_EDS/example_velox_EELS_EDS.emd": Opens(
        "yx", (128, 128), (0.15865804,) * 2, "Velox EMD"
    ),
    "instrument_files/velox_emd_version11/*.emd": Opens(
        "yx", (16, 16), (3.59924926e-3,) * 2, "Velox EMD"
    ),
    "instrument_files_bio/xyz__multiple_images.czi": Opens(
        "zyx", (2, 251, 251), (0.3, 0.195644, 0.195644), "CZI"
    ),
    "ketton_imperial/ketton_256.tif": Opens("zyx", (256, 256, 256)),
    "leopard_microct/image_Leopard_slice100.npy": Opens("zyx", (100, 100, 100)),
    "odemis_align_drift/Slice69_stretched.tif": Opens("yx", (1000, 1500)),
    "odemis_align_drift/navcam-calib2.h5": Opens("cyx", (3, 912, 912), (13.267544,) * 2),
    "odemis_align_drift/sem_hole.h5": Opens("yx", (486, 700), format="Odemis HDF5"),
    "odemis_align_drift/*.h5": Opens("yx", (520, 696), format="Odemis HDF5"),
    "platynereis_xray_sbem/sbem-mask*.ome.tif": Opens("zyx", (286, 259, 275), PLATYNEREIS),
    "platynereis_xray_sbem/sbem-segmented-neuropil.ome.tif": Opens(
        "zyx", (285, 259, 275), (1.0007017, 1.0, 1.0), "OME-TIFF"
    ),
    "platynereis_xray_sbem/xray-segmented-neuropil.ome.tif": Opens(
        "zyx", (161, 281, 421), PLATYNEREIS, "OME-TIFF"
    ),
    "puma_fiberform/100_fiberform.tif": Opens("zyx", (100, 100, 100)),
    "raman_wdf_whitelight/renishaw_test_linescan.wdf": Opens(
        "cyx", (3, 480, 752), (0.8572917, 0.8639814)
    ),
    "raman_wdf_whitelight/renishaw_test_map.wdf": Opens(
        "cyx", (47, 3, 3), (100.0, 100.0), "Renishaw WDF"
    ),
    "raman_wdf_whitelight/renishaw_test_map2.wdf": Opens(
        "cyx", (1015, 20, 20), (1.0, 1.0), "Renishaw WDF"
    ),
    "raman_wdf_whitelight/renishaw_test_zscan.wdf": Refused("no image of an area"),
    "sem_cl_delmic_h5/sparc-hyperspectral-data-survey.npy": Opens("yx", (512, 512)),
    "sem_cl_delmic_h5/sparc-hyperspectral-data.npy": Opens("zyx", (3, 2, 128)),
    "sem_cl_delmic_h5/sparc-intensity-data-survey.npy": Opens("yx", (256, 256)),
    "sem_cl_delmic_h5/*.h5": Opens("yx", (512, 512), (0.02734375,) * 2),
    "sem_cl_delmic_h5/sparc-intensity-drift.h5": Opens("yx", (128, 128), (3.515625e-3,) * 2),
    "sem_cl_delmic_h5/sparc-intensity.h5": Opens("yx", (256, 256), (1.7578125e-3,) * 2),
    "sem_cl_delmic_h5/test_hyperspectral.h5": Opens("yx", (512, 512), (0.952908737,) * 2),
    "sem_eds_bruker_bcf/30x30_instructively_packed_16bit_compressed.bcf": Opens(
        "yx", (30, 30), (1.66740911,) * 2, stage={"x_um": 66940.81, "y_um": 54233.16}
    ),
    "sem_eds_bruker_bcf/Hitachi_TM3030Plus.bcf": Opens("yx", (240, 320), format="Bruker BCF"),
    "sem_eds_bruker_bcf/P45_the_default_job.bcf": Opens("yx", (75, 100), (8.73678506,) * 2),
    "sem_eds_bruker_bcf/bcf-edx-ebsd.bcf": Opens("yx", (87, 100), (0.4168975, 0.4145152)),
    "sem_eds_bruker_bcf/bcf_v2_50x50px.bcf": Opens("yx", (50, 50), (0.01180808, 0.01273059)),
    "sem_eds_bruker_bcf/test_TEM.bcf": Opens("yx", (64, 64), (0.771004754e-3,) * 2),
    "sem_vendor_tiffs_odemis/jeol_example_sem.tif": Opens("yx", (960, 1280)),
    "sem_vendor_tiffs_odemis/tescan_example_sem1.tif": Opens(
        "yx", (888, 1024), (2.5012,) * 2, "TESCAN SEM TIFF", stage={"x_um": 5157.2, "y_um": 6093.8}
    ),
    "sem_vendor_tiffs_odemis/tfs_example.tif": Opens(
        "yx", (1092, 1536), (0.269792,) * 2, stage={"x_um": 133.417, "y_um": -717.625}
    ),
    "sem_vendor_tiffs_odemis/zeiss_example_sem.tif": Opens(
        "yx", (768, 1024), (0.5933,) * 2, stage={"x_um": 48509.0, "y_um": 48671.5}
    ),
    "spam_snow_microct/snow.tif": Opens("zyx", (100, 100, 100)),
    "tomopy_tooth_projections/tooth.h5": Refused("choose one"),
    "trackpy_foam_series/*.tif": Opens("yx", (768, 768)),
    "xradia_xrm_txrm/test_chip*.xrm": CHIP,
    "xradia_xrm_txrm/txrm_test_chip_tomo.txrm": Opens(
        "tyx", (7, 256, 256), (0.15578948,) * 2, "Xradia"
    ),
}


@cache
def images_of(data: Path) -> list[Path]:
    files = sorted(file for file in data.rglob("*") if file.is_file())
    return [
        f
        for f in files
        if f.suffix.lower() not in WORDS_AND_TABLES and not f.name.startswith("LICENSE")
    ]


@cache
def rows_for(name: str) -> list[str]:
    """Every row that fits; an exact name comes before the first pattern."""
    fitting = [pattern for pattern in TABLE if fnmatch(name, pattern)]
    return sorted(fitting, key=lambda pattern: pattern != name)


def test_every_file_of_the_data_has_its_row(data):
    names = [str(file.relative_to(data)) for file in images_of(data)]
    assert [name for name in names if not rows_for(name)] == []
    assert [row for row in TABLE if not any(rows_for(n)[0] == row for n in names)] == []


def needed_by(row: str) -> str | None:
    """Name the package without which the files of a row are refused."""
    if row.endswith((".bcf", ".wdf", ".sur", ".dm3", ".dm4")):
        return "rsciio"
    return "pylibCZIrw" if row.endswith(".czi") else None


@pytest.mark.parametrize("row", TABLE)
def test_a_real_file_holds_what_is_stated_or_is_refused_in_words(data, row):
    wanted, package = TABLE[row], needed_by(row)
    if package is not None and find_spec(package) is None:
        lacking("formats", f"{package} is not installed")
    files = [f for f in images_of(data) if rows_for(str(f.relative_to(data)))[0] == row]
    for file in files:
        if isinstance(wanted, Refused):
            with pytest.raises(ReadError) as refused:
                look(file)
            assert wanted.words in str(refused.value)
            assert str(refused.value).count(" ") > 8
        else:
            check(look(f"{file}::{wanted.entry}" if wanted.entry else file), wanted)


def check(found, wanted: Opens) -> None:
    assert (found.axes, found.shape) == (wanted.axes, wanted.shape)
    if wanted.format:
        assert found.format == wanted.format
    if wanted.um is None:
        assert not any(found.partial_spacing_um)
        assert found.spacing_source.startswith("uncalibrated: ")
    else:
        for got, stated in zip(found.partial_spacing_um, wanted.um, strict=True):
            if stated is None:
                assert got is None
            else:
                np.testing.assert_allclose(got, stated, rtol=1e-4)
    for name, value in wanted.stage.items():
        assert found.stage[name] == pytest.approx(value)
