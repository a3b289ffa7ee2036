"""A tilted picture of the phantom's surface is placed in its survey, and proposed."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge import Workspace
from scalebridge.analysis.imaging.phantom import Session
from scalebridge.analysis.imaging.phantom.whereabouts import transform_truth
from scalebridge.errors import DecisionNeeded, UnusableRecord
from scalebridge.guides import register_surface, search_transform
from scalebridge.reports import Finding

from ..test_templates import run_cells
from .coupons import write

TILT, PICK_UM = 52.0, 0.4
SEM, SURVEY = "sem_view", "xrm_survey_t2"
STRETCH = np.cos(np.radians(TILT))


@pytest.fixture(scope="module")
def session():
    return Session.begin(seed=1, scale="small")


@pytest.fixture(scope="module")
def pictures(session):
    return session.take(SEM), session.take(SURVEY)


@pytest.fixture
def specimen(tmp_path, session, pictures):
    """Survey, tilt-corrected picture, beads picked in both, and the surface's threshold."""
    sem, survey = pictures
    with Workspace.create(tmp_path / "specimen") as ws:
        write(ws, SURVEY, survey.pixels, 5.0, modality="XRM")
        ws.images.write(
            SEM,
            shape=sem.pixels.shape,
            dtype=sem.pixels.dtype,
            axes="yx",
            blocks=[(tuple(slice(0, n) for n in sem.pixels.shape), sem.pixels)],
            spacing_um=(1.25 / STRETCH, 1.25),
            spacing_source="made for a test",
            modality="SEM",
            source=lambda: {"answers": {"tilt_correction": TILT}},
        )
        ws.segmentations.add(
            name="surface",
            image=SURVEY,
            thresholds=[3450.0],
            phases=[{"name": "air"}, {"name": "metal"}],
            tags=["surface"],
        )
        yield ws


def pick(ws, session, *, most=None):
    rng = np.random.default_rng(5)
    beads = session.specimen.beads.centres_um[:most]
    seen = session.views[SEM].to_nominal(beads) / [1, STRETCH, 1]
    known = session.views[SURVEY].to_nominal(beads)
    frames = {"moving_frame": ws.images[SEM].frame, "fixed_frame": ws.images[SURVEY].frame}
    for k, (a, b) in enumerate(zip(seen, known, strict=True)):
        a, b = a + PICK_UM * rng.standard_normal(3), b + PICK_UM * rng.standard_normal(3)
        ws.landmarks.add(
            name=f"B{k}",
            moving={"z_um": 0.0, "y_um": a[1], "x_um": a[2]},
            fixed={"z_um": b[0], "y_um": b[1], "x_um": b[2]},
            moving_sigma_um=PICK_UM,
            fixed_sigma_um=PICK_UM,
            **frames,
        )


def off_truth(transform, session):
    """Errors on the top surface, over the picture as its image states it."""
    known = transform_truth(session)[f"registration.{SEM}.tilt_corrected.top_surface_to_{SURVEY}"]
    matrix = np.array(known["value"])
    y, x = np.meshgrid(np.linspace(220, 620, 5), np.linspace(100, 560, 5), indexing="ij")
    places = np.column_stack([np.zeros(25), y.ravel(), x.ravel()])
    return transform.apply(places) - (places @ matrix[:3, :3].T + matrix[:3, 3])


def test_picked_marks_put_the_picture_on_the_surface_and_the_transform_is_proposed(
    specimen, session
):
    pick(specimen, session)
    result = register_surface(specimen, SEM)
    off = off_truth(result.transform, session)
    assert np.sqrt((off**2).sum(axis=1).mean()) < 2.0
    record = specimen.transforms[f"{specimen.images[SEM].frame}_to_{specimen.images[SURVEY].frame}"]
    assert (record.status, record.method) == ("proposed", "surface pose, landmarks")
    assert len(record.landmarks) == len(session.specimen.beads.centres_um)
    assert "does not tell depth along the beam" in record.note
    again = register_surface(specimen, SEM)
    assert again.record.id == record.id
    assert again.record.version == record.version + 1
    np.testing.assert_array_equal(again.transform.matrix, result.transform.matrix)


def test_the_template_places_the_picture_and_accepts_it_by_parameter(specimen, session, tmp_path):
    pick(specimen, session)
    specimen.close()
    given = {"scratch": tmp_path, "method": "surface", "moving": SEM}
    with pytest.raises(DecisionNeeded, match=f"nobody has accepted {SEM}_to_{SURVEY}"):
        run_cells("20_registration", specimen.path, **given)
    shown = run_cells("20_registration", specimen.path, accept=True, **given)
    (said,) = (i.text for i in shown if isinstance(i, Finding))
    assert said.startswith(f"{SEM} in {SURVEY}: ")
    with Workspace.open(specimen.path) as ws:
        (record,) = ws.transforms
        found = register_surface(ws, SEM)
        assert (found.record.id, found.record.version) == (record.id, record.version)
    assert (record.status, record.method) == ("accepted", "surface pose, landmarks")
    assert off_truth(found.transform, session).std() < 2.0


def test_a_surface_is_asked_for_what_it_lacks(specimen):
    with pytest.raises(DecisionNeeded, match="give the parameter moving, the picture"):
        search_transform(specimen, method="surface", moving=None)
    with pytest.raises(ValueError, match="placed by its pose, got model 'rigid'"):
        search_transform(specimen, method="surface", moving=SEM, model="rigid")


def test_without_marks_the_picture_is_compared_with_renderings(specimen, session):
    result = register_surface(specimen, SEM, reach_deg=0.0, rotation_deg=0.0, write=False)
    assert result.record is None
    off = off_truth(result.transform, session)
    assert np.sqrt((off**2).sum(axis=1).mean()) < 10.0
    assert "mutual information" in result.found.statement


def test_what_is_missing_is_said(specimen, session):
    pick(specimen, session, most=2)
    with pytest.raises(DecisionNeeded, match="needs 4 landmarks or more, got 2"):
        register_surface(specimen, SEM, by="landmarks")
    specimen.segmentations.add(name="other", image=SURVEY, method="forest", thresholds=[1.0])
    with pytest.raises(UnusableRecord, match="by plain thresholds, got 'other' by forest"):
        register_surface(specimen, SEM, segmentation="other")


def test_a_picture_without_a_tilt_asks_for_it(specimen, pictures):
    write(specimen, "plain", pictures[0].pixels, 1.25, modality="SEM")
    with pytest.raises(DecisionNeeded, match="the tilt at which plain was taken is not decided"):
        register_surface(specimen, "plain")
