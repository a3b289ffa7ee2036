"""HDF5 of programs that say where an image lies: Odemis, NeXus, TopoStats."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from scalebridge.errors import ReadError

from .looking import look, pixels_of

DRIFT = "sem_cl_delmic_h5/sparc-intensity-drift.h5"


def test_every_acquisition_of_odemis_lies_where_the_stage_was(data):
    survey = look(data / DRIFT)
    assert survey.entries == tuple(f"Acquisition{i}" for i in range(4))
    light = look(f"{data / DRIFT}::Acquisition2")
    assert light.spacing_um == pytest.approx((7.126732e-3, 7.126732e-3))
    # rosettasciio's own: first pixel at (-143.2726, -3.0582) nm, y upwards
    assert light.origin_um == pytest.approx((3.0581642e-3, -143.2726e-3), rel=1e-5)
    assert survey.frame == light.frame == "stage, y downwards"
    assert (survey.modality, light.modality) == ("SEM", "CL")
    half = 127 / 2 * survey.spacing_um[0]
    assert survey.origin_um == pytest.approx((-half, -half))  # centred on the stage's zero


def test_the_pixels_of_a_hyperspectral_map_are_the_published_ones(data):
    folder = data / "sem_cl_delmic_h5"
    found = look(f"{folder / 'sparc-hyperspectral.h5'}::Acquisition2")
    assert (found.axes, found.shape) == ("cyx", (128, 3, 2))
    published = np.load(folder / "sparc-hyperspectral-data.npy")
    read = pixels_of(f"{folder / 'sparc-hyperspectral.h5'}::Acquisition2")
    np.testing.assert_array_equal(read.transpose(1, 2, 0), published)
    survey = np.load(folder / "sparc-hyperspectral-data-survey.npy")
    np.testing.assert_array_equal(pixels_of(folder / "sparc-hyperspectral.h5"), survey)


def test_an_angle_resolved_image_has_no_pixel_size_on_the_specimen(data):
    found = look(f"{data / 'sem_cl_delmic_h5/sparc-angle-resolved.h5'}::Acquisition2")
    assert found.spacing_um is None
    assert "directions" in found.spacing_source


def test_a_default_and_a_printers_resolution_are_no_pixel_size(data):
    folder = data / "odemis_align_drift"
    assert "default that nobody measured" in look(folder / "real_optical.h5").spacing_source
    assert "200 dots per inch" in look(folder / "sem_hole.h5").spacing_source
    assert look(folder / "navcam-calib2.h5").spacing_um == pytest.approx((13.267544,) * 2)


def write_nexus(file, *, unit="mm", step=0.002, bend=0.0, count=4):
    with h5py.File(file, "w") as out:
        entry = out.create_group("entry")
        entry.attrs["NX_class"] = "NXentry"
        for name in ("other", "scan"):
            group = entry.create_group(name)
            group.attrs.update({"NX_class": "NXdata", "signal": "counts", "axes": ["y", "x", "."]})
            group["counts"] = np.arange(3 * 4 * 2, dtype=np.uint16).reshape(3, 4, 2)
            for axis, n in (("y", 3), ("x", count)):
                group[axis] = 5 + step * np.arange(n) + bend * np.arange(n) ** 2
                group[axis].attrs["units"] = unit
        out.attrs["default"], entry.attrs["default"] = "entry", "scan"


def test_nexus_opens_its_default_signal_with_the_step_and_start_of_its_axes(tmp_path):
    write_nexus(tmp_path / "a.nxs")
    found = look(tmp_path / "a.nxs")
    assert found.entries == ("entry/scan", "entry/other")
    assert (found.axes, found.shape) == ("cyx", (2, 3, 4))
    assert found.spacing_um == pytest.approx((2.0, 2.0))
    assert found.origin_um == pytest.approx((5000, 5000))


@pytest.mark.parametrize(("change", "why"), [
    ({"unit": "deg"}, "no length"),
    ({"unit": ""}, "no length"),
    ({"bend": 1e-4}, "not evenly spaced"),
    ({"step": -0.002}, "runs backwards"),
    ({"count": 5}, "has 5 of 4 positions"),
])  # fmt: skip
def test_nexus_axes_that_are_no_even_lengths_are_asked_for(tmp_path, change, why):
    write_nexus(tmp_path / "a.nxs", **change)
    found = look(tmp_path / "a.nxs")
    assert found.spacing_um is None
    assert why in found.spacing_source


def test_nothing_is_taken_from_another_file_that_a_group_leads_into(tmp_path):
    write_nexus(tmp_path / "secret.nxs")
    with h5py.File(tmp_path / "a.nxs", "w") as out:
        entry = out.create_group("entry")
        entry.attrs["NX_class"] = "NXentry"
        entry["scan"] = h5py.ExternalLink("secret.nxs", "/entry/scan")
        out["Acquisition0"] = h5py.ExternalLink("secret.nxs", "/entry")
    with pytest.raises(ReadError):
        look(tmp_path / "a.nxs")
    with pytest.raises(ReadError, match="another file"):
        look(f"{tmp_path / 'a.nxs'}::/entry/scan/counts")


def test_a_link_in_place_of_a_signal_or_an_axis_is_not_followed(tmp_path):
    write_nexus(tmp_path / "a.nxs")
    write_nexus(tmp_path / "secret.nxs", step=0.5)
    with h5py.File(tmp_path / "a.nxs", "a") as out:
        del out["entry/scan/y"]
        out["entry/scan/y"] = h5py.ExternalLink("secret.nxs", "/entry/scan/y")
    assert look(tmp_path / "a.nxs").partial_spacing_um[0] is None


def test_topostats_gives_its_scale_in_nanometres(data):
    found = look(data / "afm_instrument_files" / "sample_0_1.topostats")
    assert found.spacing_um == pytest.approx((1.97601171875e-3,) * 2)
