"""From a TIFF to a number with a unit: the practice volume, and a file of one's own."""

from __future__ import annotations

from pathlib import Path

import nbformat
import numpy as np
import pytest
import tifffile

from scalebridge import Workspace
from scalebridge.guides import practice_truth
from scalebridge.reports import run_template

from .conftest import NOTEBOOKS, Walk, Walker, walked

NAME = "01_your_own_data"


@pytest.fixture(scope="module")
def practice(walk: Walker) -> Walk:
    return walk(NAME)


def test_it_takes_ten_cells() -> None:
    cells = nbformat.read(NOTEBOOKS / f"{NAME}.ipynb", as_version=4).cells
    assert sum(cell.cell_type == "code" for cell in cells) == 10


def test_the_practice_file_is_uncalibrated_until_somebody_calibrates_it(practice: Walk) -> None:
    assert "has no voxel size" in practice.said("finding")
    image = practice.ws.images["practice"]
    assert image.nominal_spacing_um is None
    assert image.spacing_um == (0.8, 0.8, 0.8)
    assert image.spacing_source == "the operator's notebook"


def test_the_pores_of_the_practice_volume_are_measured_as_they_were_made(practice: Walk) -> None:
    rows = practice_truth(practice.ws.measurements.all())
    start = "quantification.practice.pore"
    assert practice.measured(f"{start}.volume_fraction").unit == "1"
    assert practice.measured(f"{start}.specific_surface").unit == "1/µm"
    assert len(rows) == 3  # fraction, surface and mean diameter
    assert (np.abs(rows["value"] - rows["truth"]) <= rows["uncertainty"]).all()


@pytest.mark.full
def test_a_file_of_ones_own_with_a_voxel_size_needs_no_answers(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    grey = rng.normal(60, 4, (24, 40, 40))
    grey[:, :, 20:] += 100
    file = tmp_path / "mine.ome.tif"
    tifffile.imwrite(
        file,
        grey.astype(np.uint8),
        ome=True,
        metadata={
            "axes": "ZYX",
            **{f"PhysicalSize{axis}": 2.0 for axis in "XYZ"},
            **{f"PhysicalSize{axis}Unit": "µm" for axis in "XYZ"},
        },
    )
    walk = walked(NAME, tmp_path, tiff=str(file))
    assert walk.ws.images["mine"].spacing_um == (2.0, 2.0, 2.0)
    fraction = walk.measured("quantification.mine.pore.volume_fraction")
    assert fraction.value == pytest.approx(0.5, abs=0.01)
    walk.ws.close()


def test_a_file_of_ones_own_without_a_voxel_size_stops_in_words(tmp_path: Path) -> None:
    halves = np.repeat(np.uint8([[[60], [160]]]), 24, axis=2).repeat(8, axis=0).repeat(12, axis=1)
    tifffile.imwrite(tmp_path / "mine.tif", halves)
    Workspace.create(tmp_path / "specimen").close()
    run = run_template(
        NOTEBOOKS / f"{NAME}.ipynb",
        tmp_path / "specimen",
        output=tmp_path / "report",
        parameters={"tiff": str(tmp_path / "mine.tif")},
    )
    assert run.exit_code == 2  # somebody has to say it
    assert run.failure is not None
    assert "ws.calibrate('mine', spacing_um=" in run.failure.message
