"""Instrument files cut short or with flipped bits: refused in words, or an image that is one.

Each is opened in the reading child, as a person's file would be: some of the libraries behind
are not ours.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import numpy as np
import pytest

from scalebridge.errors import ReadError
from scalebridge.io import open_source
from scalebridge.io.answers import Answers

COUNT = int(os.environ.get("SCALEBRIDGE_MUTATIONS", "8"))  # 500 in full
SECONDS = 10.0
HEADER = 6000
FILES = (
    "afm_instrument_files/sample_0.jpk-qi-image",
    "afm_instrument_files/sample_0.top",
    "afm_instrument_files/sample_0_1.topostats",
    "afm_instrument_files/test.gwy",
    "defdap_ebsd_hrdic/testDataPat.bmp",
    "instrument_files/EELS_SI.dm4",
    "instrument_files/HAADFscan.mrc",
    "instrument_files/nexus_dls_example.nxs",
    "instrument_files/olympus_SIS.tif",
    "instrument_files/test_dm_image_um_unit.dm3",
    "instrument_files/test_surface.sur",
    "instrument_files/tiff_FEI_Helios/FEI-Helios-Ebeam-8bits.tif",
    "instrument_files/tiff_Zeiss_SEM/test_tiff_Zeiss_SEM_512pix.tif",
    "instrument_files/velox_emd_version11/Test_SI_16x16_ReducedData_215_kx.emd",
    "instrument_files_bio/xyz__multiple_images.czi",
    "odemis_align_drift/sem_hole.h5",
)


def damaged(data: bytes, count: int) -> Iterator[bytes]:
    """Half with flipped bits in what comes first, a quarter flipped anywhere, a quarter cut."""
    rng = np.random.default_rng(len(data))
    for number in range(count):
        if number % 4 == 3:
            yield data[: rng.integers(len(data))]
            continue
        changed = bytearray(data)
        reach, flips = (len(data), 40) if number % 4 == 2 else (min(HEADER, len(data)), 3)
        for place in rng.integers(0, reach, flips):
            changed[place] ^= 1 << rng.integers(8)
        yield bytes(changed)


def tried(file):
    """Open it and read its pixels; what it says of itself, or why it is refused."""
    try:
        with open_source(file, answers=Answers(), memory_mb=1024, seconds=SECONDS) as source:
            told = source.description
            if told.nbytes < 2**24:
                assert source.read().shape == told.shape
            return told
    except ReadError as refused:
        return refused


@pytest.mark.parametrize("name", FILES)
def test_it_is_refused_in_words_or_opens_as_an_image(tmp_path, data, name):
    file = tmp_path / name.rsplit("/", 1)[1]
    for number, changed in enumerate(damaged((data / name).read_bytes(), COUNT)):
        file.write_bytes(changed)
        began = time.monotonic()
        told = tried(file)
        assert time.monotonic() - began < 2 * SECONDS
        if isinstance(told, ReadError):
            assert len(str(told)) > 30, f"{name}, {number}: {told}"
            continue
        steps = [step for step in told.spacing_um or () if step is not None]
        assert all(1e-6 <= step <= 1e5 for step in steps), f"{name}, {number}: {steps}"
