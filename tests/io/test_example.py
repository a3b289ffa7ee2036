"""The example on disk: files that the readers understand, and a truth that stays apart."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from scalebridge.analysis.imaging.phantom import IMAGE_NAMES, Session
from scalebridge.io import describe, open_source
from scalebridge.io.example import ExamplePaths, build_example


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> ExamplePaths:
    return build_example(tmp_path_factory.mktemp("example"), seed=4, scale="small")


def content(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_every_image_goes_through_our_readers(example: ExamplePaths) -> None:
    session = Session.begin(seed=4, scale="small")
    formats = {}
    for name in IMAGE_NAMES:
        found = describe(example.files[name], answers=example.answers[name])
        view = session.views[name]
        shape = view.shape[1:] if view.is_picture else view.shape
        assert found.shape[-len(shape) :] == shape
        assert found.calibrated, name
        assert found.missing == ()
        formats[name] = found.format
    assert formats["light_mosaic"] == "ImageJ TIFF"
    assert formats["xrm_survey_t1"] == "OME-TIFF"
    assert formats["xrm_zoom"] == "NRRD"
    assert formats["sem_view"] == "FEI SEM TIFF"
    assert formats["fibsem"] == "folder of ImageJ TIFF"
    assert formats["eds_map"] == "HDF5"


@pytest.mark.parametrize("name", ["xrm_survey_t2", "xrm_zoom", "sem_view", "eds_map"])
def test_pixels_survive_their_file(example: ExamplePaths, name: str) -> None:
    with open_source(example.files[name]) as source:
        assert np.array_equal(source.read(), Session.begin(seed=4, scale="small").take(name).pixels)


def test_the_file_states_the_nominal_voxel_and_an_uncorrected_tilt(example: ExamplePaths) -> None:
    assert describe(example.files["xrm_survey_t0"]).spacing_um == (5.0, 5.0, 5.0)
    sem = describe(example.files["sem_view"])
    assert sem.spacing_um == pytest.approx((1.25, 1.25))
    assert sem.stage["tilt_deg"] == pytest.approx(52)
    assert sem.metadata["tilt_correction"]["on"] is False
    slices = describe(example.files["fibsem"], answers=example.answers["fibsem"])
    assert slices.spacing_um == pytest.approx((0.3, 0.2 / np.sin(np.deg2rad(54)), 0.2))
    assert "Tilt correction = not applied" in json.dumps(dict(slices.metadata))


def test_truth_lies_apart_and_no_instrument_file_knows_it(example: ExamplePaths) -> None:
    truth = json.loads(example.truth.read_text(encoding="utf-8"))
    instruments = example.directory / "instruments"
    assert instruments not in example.truth.parents
    names = [path.name for path in instruments.rglob("*")]
    assert not [name for name in names if "truth" in name]
    secrets = [b"truth", b"5.05", b"fiducial", b"target"]
    secrets += [repr(value).encode() for value in truth["targeting.target.specimen"]["value"]]
    for path in (path for path in instruments.rglob("*") if path.is_file()):
        head = path.read_bytes()
        words = head if path.suffix == ".json" else _text_of(head)
        assert not [secret for secret in secrets if secret in words], path.name


def _text_of(raw: bytes) -> bytes:
    """Runs of printable characters, long enough that noise does not make them."""
    import re

    return b"\n".join(re.findall(rb"[\x20-\x7e]{10,}", raw))


def test_truth_has_a_value_and_a_unit_for_every_name(example: ExamplePaths) -> None:
    truth = json.loads(example.truth.read_text(encoding="utf-8"))
    assert all({"value", "unit"} <= set(entry) for entry in truth.values())
    for name in (
        "quantification.xrm_zoom.pore.volume_fraction",
        "quantification.fibsem.particle.specific_surface_per_um",
        "quantification.xrm_survey_t2.metal_loss_um3",
        "quantification.eds_map.particle.area_fraction",
        "targeting.target.depth_um",
        "targeting.target.fibsem",
        "registration.xrm_zoom_to_xrm_survey_t2",
        "fiducials.bead_0.sem_view",
    ):
        assert name in truth


def test_the_same_seed_gives_the_same_files(example: ExamplePaths, tmp_path: Path) -> None:
    seen: list[tuple[str, float]] = []
    again = build_example(
        tmp_path, seed=4, scale="small", progress=lambda name, part: seen.append((name, part))
    )
    assert content(again.directory) == content(example.directory)
    assert [name for name, _ in seen] == [*IMAGE_NAMES, "done"]
    assert seen[-1][1] == 1.0


def test_another_seed_gives_another_specimen(example: ExamplePaths) -> None:
    other = Session.begin(seed=5, scale="small").specimen
    truth = json.loads(example.truth.read_text(encoding="utf-8"))
    assert truth["targeting.target.specimen"]["value"] != other.target_um.tolist()


def test_a_small_example_stays_small(example: ExamplePaths) -> None:
    total = sum(path.stat().st_size for path in example.directory.rglob("*") if path.is_file())
    assert total < 20e6
