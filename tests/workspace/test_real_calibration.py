"""Two real volumes whose files do not know their voxel size."""

from __future__ import annotations

import pytest

from scalebridge.errors import Uncalibrated
from scalebridge.guides import image_survey, phase_results, segmentations_to_measure

FIBERFORM = "puma_fiberform/100_fiberform.tif"
CELL = "battery_cell_xct/cell_vol.tif"


def test_fiberform_in_inches_measures_nothing_until_its_voxel_size_is_given(ws, data):
    ws.import_file(data / FIBERFORM, name="fiberform")
    (settings,) = segmentations_to_measure(
        ws, image="fiberform", thresholds=(89.5,), phases=("pore", "fibre")
    )
    with pytest.raises(Uncalibrated, match=r"'inch'.*ws\.calibrate\('fiberform'"):
        phase_results(ws, settings)
    assert "'inch'" in image_survey(ws).problems[0]
    ws.calibrate("fiberform", spacing_um=(1.3, 1.3, 1.3), source="the authors' page")
    found = phase_results(ws, settings, measured=("fibre",), correct=False)
    fraction = next(m for m in found.measurements if m.key.endswith("volume_fraction"))
    assert fraction.as_segmented == pytest.approx(0.16714, abs=1e-9)
    assert ws.images["fiberform"].nominal_spacing_um is None


def test_the_battery_cell_takes_its_anisotropic_voxel_and_forgets_nothing(ws, data):
    running = ws.begin_import(data / CELL, name="cell")
    image = running.result(timeout_s=120)
    assert (image.shape, image.calibrated) == ((100, 728, 728), False)
    with pytest.raises(Uncalibrated, match="'cell' has no voxel size"):
        _ = image.levels[1].spacing_um
    image = ws.calibrate("cell", spacing_um=(150.0, 25.0, 25.0), source="ruler", uncertainty=0.02)
    assert image.spacing_um == (150.0, 25.0, 25.0)
    assert image.levels[1].spacing_um == tuple(
        f * s for f, s in zip(image.levels[1].factors, image.spacing_um, strict=True)
    )
    assert image.spacing_uncertainty == 0.02
    (done,) = [row for row in ws.history("cell").to_dict("records") if row["action"] == "edit"]
    assert done["who"] == "tester"
