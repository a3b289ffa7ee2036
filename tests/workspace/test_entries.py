"""Several images of one file stand to each other as the file says."""

from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

from scalebridge import Workspace
from scalebridge.cli import app
from scalebridge.errors import DecisionNeeded, ReadError
from scalebridge.io import describe

SPARC = "sem_cl_delmic_h5/sparc-intensity-drift.h5"


@pytest.fixture
def ws(tmp_path):
    with Workspace.create(tmp_path / "specimen") as ws:
        yield ws


def test_every_acquisition_comes_into_the_frame_of_the_stage(data, ws):
    found = ws.import_entries(data / SPARC)
    assert found.refused == {}
    assert len(found.images) == 4
    assert {image.frame for image in found.images} == {"sparc-intensity-drift stage, y downwards"}
    survey, light = found.images[0], found.images[2]
    half = 127 / 2 * survey.spacing_um[0]
    assert survey.origin_um == pytest.approx((-half, -half))
    assert light.origin_um == pytest.approx((3.0581642e-3, -143.2726e-3), rel=1e-5)
    first = {"y_um": light.origin_um[0], "x_um": light.origin_um[1], "z_um": 0.0}
    there = ws.locate(first, from_=light.frame, to=survey.frame).table()
    assert there[["x_um", "y_um"]].to_numpy()[0] == pytest.approx([first["x_um"], first["y_um"]])


def test_a_raman_map_stands_on_its_white_light_without_a_fit(data, ws):
    file = data / "raman_wdf_whitelight" / "renishaw_test_map2.wdf"
    found = ws.import_entries(file)
    raman, light = found.images[:2]
    assert raman.frame == light.frame == f"{file.stem} stage"
    inside = (np.array(raman.origin_um) - light.origin_um) / light.spacing_um
    assert np.all(inside > 0)
    assert np.all(inside < light.shape[-2:])


def test_some_entries_can_be_named_and_nothing_comes_in_where_a_name_is_taken(data, ws):
    with pytest.raises(ReadError, match="has no 'no such'"):
        ws.import_entries(data / SPARC, only=["no such"])
    assert len(ws.images.table()) == 0
    found = ws.import_entries(data / SPARC, only=["Acquisition1"])
    assert len(found.images) == 1
    state = ws.state
    with pytest.raises(ValueError, match=r"called .* already: nothing was imported"):
        ws.import_entries(data / SPARC)
    assert ws.state == state
    with pytest.raises(ValueError, match="takes a whole file"):
        ws.import_entries(f"{data / SPARC}::Acquisition0")


def test_a_file_with_one_image_is_that_image_in_a_frame_of_its_own(ws, tmp_path):
    np.save(tmp_path / "block.npy", np.zeros((3, 4, 5), np.uint8))
    (image,) = ws.import_entries(tmp_path / "block.npy").images
    assert image.frame == image.name == "block"
    (tmp_path / "bad.npy").write_bytes(b"no array")
    with pytest.raises(ReadError):
        ws.import_entries(tmp_path / "bad.npy")


def test_maps_and_detectors_of_one_scan_share_its_frame(data, ws):
    file = data / "instrument_files/velox_emd_version11/Test_SI_16x16_215_kx.emd"
    found = ws.import_entries(file, only=describe(file).entries[:5])
    assert {image.name for image in found.images} == {image.name for image in ws.images}
    placed = [image for image in found.images if image.frame.endswith("scan")]
    assert len(placed) >= 2


def test_the_command_line_says_what_came_in_and_where_it_stands(data, tmp_path):
    given = ["import", str(data / SPARC), "-w", str(tmp_path / "specimen"), "--all"]
    done = CliRunner().invoke(app, given)
    assert done.exit_code == 0, done.output
    assert done.output.count("in the frame sparc-intensity-drift stage, y downwards") == 4


def test_the_command_line_makes_nothing_before_every_file_is_understood(data, tmp_path):
    (tmp_path / "bad.npy").write_bytes(b"no array")
    folder = tmp_path / "specimen"
    given = ["import", str(data / SPARC), str(tmp_path / "bad.npy"), "-w", str(folder), "--all"]
    assert CliRunner().invoke(app, given).exit_code != 0
    assert not folder.exists()
    done = CliRunner().invoke(
        app, ["import", str(data / SPARC), "-w", str(folder), "--all", "--name", "x"]
    )
    assert isinstance(done.exception, DecisionNeeded)
    assert not folder.exists()


def test_an_entry_without_an_image_is_named_and_the_others_are_there(ws, tmp_path):
    import h5py

    with h5py.File(tmp_path / "two.h5", "w") as file:
        file["good"] = np.zeros((3, 4, 5), np.uint8)
        file["good"].attrs["element_size_um"] = (1.0, 1.0, 1.0)
        file.create_dataset("giant", (10**6, 10**6, 10**6), "u1", chunks=(2**10,) * 3)
    with pytest.raises(ReadError, match=r"/giant.*/good"):  # datasets that may be anything
        ws.import_entries(tmp_path / "two.h5")
    found = ws.import_entries(tmp_path / "two.h5", only=["/good", "/giant", "/none"])
    assert [image.shape for image in found.images] == [(3, 4, 5)]
    assert list(found.refused) == ["/giant", "/none"]
    assert "giant" in found.refused["/giant"]
    assert "/good" in found.refused["/none"]
    assert len(ws.images.table()) == 1
