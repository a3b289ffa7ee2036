"""Picks on a rendered surface: known pixels give known places, and the pose that they tell."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ipywidgets as ipw
import numpy as np
import pytest
from scipy import stats
from traitlets import TraitError

from scalebridge import SurfacePicker, Workspace
from scalebridge.analysis.registration.surface import SurfaceView
from scalebridge.errors import Conflict, DecisionNeeded, UnusableRecord
from scalebridge.widgets.landmark_picture import landmark_page
from scalebridge.widgets.picker_fields import shown_field, why_no_field
from scalebridge.widgets.surface_explorer import SurfacePanel
from scalebridge.widgets.surface_fit import SurfaceFit, pose_by_marks

sys.path.insert(0, str(Path(__file__).parent))
from specimens import write

NAMES = ("z_um", "y_um", "x_um")
TOP_UM, RADIUS_UM, VOXEL_UM, PIXEL_UM = 40.0, 14.0, 2.0, 1.0
TILT, TURN = 52.0, 8.0  # as the stage says; the mount adds its own
BALLS_UM = np.array(
    [(TOP_UM, y, x) for y, x in ((50, 60), (60, 150), (100, 95), (110, 190), (150, 50), (165, 140))]
)
SHAPE = (40, 110, 130)


def named(point: Any) -> dict[str, float]:
    return dict(zip(NAMES, map(float, point), strict=True))


def placed(record: Any) -> list[float]:
    return [record.fixed[name] for name in NAMES]


def survey() -> np.ndarray:
    """A block with balls half above its surface, as a scan without noise sees it."""
    z, y, x = (np.arange(n) * VOXEL_UM for n in SHAPE)
    grey = np.clip((z - TOP_UM)[:, None, None] / VOXEL_UM + 0.5, 0, 1) * np.ones(SHAPE)
    for cz, cy, cx in BALLS_UM:
        away = np.sqrt((z - cz)[:, None, None] ** 2 + (y - cy)[:, None] ** 2 + (x - cx) ** 2)
        grey = np.maximum(grey, np.clip((RADIUS_UM - away) / VOXEL_UM + 0.5, 0, 1))
    return np.rint(200 * grey + 20).astype(np.uint8)


def first_hit(origins: np.ndarray, beam: np.ndarray) -> np.ndarray:
    """Where parallel rays first meet a ball or the plane, by their equations."""
    far = (TOP_UM - origins[:, 0]) / beam[0]
    for ball in BALLS_UM:
        arm = origins - ball
        half = arm @ beam
        root = half**2 - (np.sum(arm**2, axis=1) - RADIUS_UM**2)
        near = -half - np.sqrt(np.where(root >= 0, root, np.nan))
        far = np.fmin(far, near)
    return origins + far[:, None] * beam


def true_pose() -> Any:
    view = sem_view(tilt=TILT - 1.3, turn=TURN + 1.7)
    return view.nominal_pose([TOP_UM, 108.0, 128.0])


def sem_view(tilt: float = TILT, turn: float = TURN) -> SurfaceView:
    shape = (180, 260)
    return SurfaceView(tilt_deg=tilt, rotation_deg=turn, spacing_um=(PIXEL_UM,) * 2, shape=shape)


def sem_picture() -> np.ndarray:
    """The same block as a microscope shows it: bright where the surface is steep."""
    pose, view = true_pose(), sem_view()
    beam = pose.matrix[:, 0]
    places = first_hit(pose.apply(view.pixels_um().reshape(-1, 3)), beam)
    away = np.linalg.norm(places[:, None] - BALLS_UM, axis=-1)
    near = BALLS_UM[away.argmin(axis=1)]
    on_ball = away.min(axis=1) < RADIUS_UM + 1e-6
    normal = np.where(on_ball[:, None], (near - places) / RADIUS_UM, [1.0, 0.0, 0.0])
    bright = 60 / np.clip(normal @ beam, 0.3, 1)
    return np.rint(bright).astype(np.uint8).reshape(view.shape)


def marks_um() -> np.ndarray:
    """Two spots on every ball that the beam sees."""
    toward = -true_pose().matrix
    arms = toward[:, 0] + np.array([0.45, -0.45])[:, None] * toward[:, 2]
    arms /= np.linalg.norm(arms, axis=1)[:, None]
    return (BALLS_UM[:, None] + RADIUS_UM * arms).reshape(-1, 3)


def fill(ws: Any, volume: np.ndarray, picture: np.ndarray) -> None:
    """Write survey, picture and the threshold of the surface."""
    write(ws, "survey", volume, spacing_um=(VOXEL_UM,) * 3, modality="XRM")
    write(ws, "sem", picture, spacing_um=(PIXEL_UM,) * 2, modality="SEM")
    phases = [{"name": "air"}, {"name": "metal"}]
    ws.segmentations.add(
        name="skin", image="survey", thresholds=[120.0], phases=phases, tags=["surface"]
    )


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "balls"
    with Workspace.create(folder) as ws:
        fill(ws, survey(), sem_picture())
    return folder


@pytest.fixture
def ws(tmp_path: Path, filled: Path) -> Iterator[Any]:
    shutil.copytree(filled, tmp_path / "balls")
    with Workspace.open(tmp_path / "balls") as ws:
        yield ws


@pytest.fixture
def picker(ws: Any) -> SurfacePicker:
    return SurfacePicker(ws, sem="sem", tilt_deg=TILT, rotation_deg=TURN)


def clicked(picker: SurfacePicker, seen_um: np.ndarray) -> dict[str, float]:
    """Point at the fixed side where a place of the survey appears, anywhere along the beam."""
    picker.fixed_view.cursor_um = named(seen_um - 30 * picker.rendered.pose.matrix[:, 0])
    return picker.crosshair_of("fixed")


def pick_all(picker: SurfacePicker, *, error_um: float = 0.0, seed: int = 1) -> None:
    rng, pose = np.random.default_rng(seed), true_pose()
    for mark in marks_um():
        seen = pose.inverse_apply(mark)[0, 1:] + error_um * rng.standard_normal(2)
        picker.add_pair(moving={"y_um": seen[0], "x_um": seen[1]}, fixed=clicked(picker, mark))


def test_a_click_at_a_pixel_is_the_place_that_the_beam_meets_there(picker: SurfacePicker) -> None:
    rendered = picker.rendered
    rows, columns = (np.arange(40, n - 40, 9) for n in rendered.view.shape)
    pixels = np.array([(r, c) for r in rows for c in columns], float)
    step = np.asarray(rendered.view.spacing_um)
    starts = rendered.pose.apply(np.column_stack([np.zeros(len(pixels)), pixels * step]))
    known = first_hit(starts, rendered.pose.matrix[:, 0])
    inside = np.all((known[:, 1:] > 6) & (known[:, 1:] < [210, 250]), axis=1)
    off = [
        np.linalg.norm(np.array(list(picker.surface_at(*pixel).values())) - place)
        for pixel, place in zip(pixels[inside], known[inside], strict=True)
    ]
    assert len(off) > 100
    assert np.median(off) < 0.1 * VOXEL_UM
    assert np.quantile(off, 0.9) < 0.5 * VOXEL_UM  # the rest lies at edges, where depth jumps
    pixel, place = pixels[inside][60], known[inside][60]
    np.testing.assert_allclose(
        list(clicked(picker, place).values()), list(picker.surface_at(*pixel).values()), atol=1e-6
    )


def test_the_pose_of_noisy_picks_lies_in_its_stated_region(picker: SurfacePicker) -> None:
    pose, rendered = true_pose(), picker.rendered
    beside = [(80, 40), (90, 150), (140, 100), (60, 200), (180, 90), (190, 190)]
    marks = np.vstack([marks_um()[::2], [(TOP_UM, y, x) for y, x in beside]])  # of two heights
    unseen = first_hit(pose.apply([[0, 60, 70], [0, 95, 200], [0, 130, 110]]), pose.matrix[:, 0])
    inside = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        errors = 0.8 * rng.standard_normal((2, len(marks), 2))
        seen = pose.inverse_apply(marks)[:, 1:] + errors[0]
        clicks = rendered.position_at(rendered.pose.inverse_apply(marks)[:, 1:] + errors[1])
        records = [_record(a, named(b)) for a, b in zip(seen, clicks, strict=True)]
        found = pose_by_marks(records, picker.images["moving"], sem_view())
        off = found.seen_at(unseen) - pose.inverse_apply(unseen)[:, 1:]
        spread = np.linalg.inv(found.seen_covariance_at(unseen))
        square = np.einsum("ni,nij,nj->n", off, spread, off)
        inside += list(square < 2 * stats.f.ppf(0.95, 2, found.transform.nu))
    assert abs(np.mean(inside) - 0.95) < 3.3 * np.sqrt(0.95 * 0.05 / 100)


def test_marks_on_one_plane_leave_the_choice_of_the_tilt_to_the_stage(picker: Any) -> None:
    pose, marks, beam = true_pose(), marks_um(), picker.rendered.pose.matrix
    better = 0  # tilted the other way, by how well the marks fit
    for seed in (1017, 1067, 1115, 1203):
        rng = np.random.default_rng(seed)
        seen = pose.inverse_apply(marks)[:, 1:] + 0.8 * rng.standard_normal((len(marks), 2))
        aimed = marks + 0.8 * rng.standard_normal((len(marks), 2)) @ beam[:, 1:].T
        clicks = [clicked(picker, place) for place in aimed]
        found = pose_by_marks(
            [_record(a, b) for a, b in zip(seen, clicks, strict=True)],
            picker.images["moving"],
            sem_view(),
        )
        assert found.view.angles(found.transform).tilt_deg == pytest.approx(TILT - 1.3, abs=2.5)
        assert found.other is not None
        assert found.view.angles(found.other).tilt_deg < -TILT / 2
        assert abs(found.margin) < 10
        assert not found.ambiguous
        places = np.array([list(click.values()) for click in clicks])
        left = np.sum((seen - found.other.inverse_apply(places)[:, 1:]) ** 2)
        better += left < np.sum(found.residuals_um**2)
    assert better > 2


def test_a_pose_from_which_marks_could_not_be_seen_speaks_against_itself(picker: Any) -> None:
    scene, marks = picker.scene, marks_um()[::3]
    behind = BALLS_UM[:3] + np.array([0.0, RADIUS_UM + 4.0, 0.0])
    one, two = (scene.view(tilt, TURN).nominal_pose(marks.mean(axis=0)) for tilt in (TILT, -TILT))
    hid = [scene.hides(pose, behind) for pose in (one, two)]
    assert hid[0].all() != hid[1].all()
    assert not hid[0].any() or not hid[1].any()
    assert not scene.hides(true_pose(), marks).any()


def _record(seen: Any, place: dict[str, float]) -> SimpleNamespace:
    given = {"moving": named((0, *seen)), "fixed": place}
    return SimpleNamespace(fields={**given, "moving_sigma_um": None, "fixed_sigma_um": None})


def test_pairs_are_ordinary_records_and_the_pose_is_what_is_accepted(picker: Any, ws: Any) -> None:
    picker.fixed_sigma_um, picker.moving_sigma_um = 1.0, 0.5
    pick_all(picker, error_um=0.5)
    assert len(ws.landmarks) == 12
    assert picker.pair("L3").fixed_sigma_um == 1.0
    fit = picker.fit()
    assert fit.pose.view.angles(fit.pose.transform).tilt_deg == pytest.approx(TILT - 1.3, abs=1.5)
    record = picker.accept(note="as it looks")
    assert (record.status, record.method) == ("accepted", "surface pose, landmarks")
    assert len(record.landmarks) == 12
    plane = [(TOP_UM, 90.0, 120.0)]
    seen = ws.graph().positions(plane, "survey", "sem")
    np.testing.assert_allclose(seen[0, 1:], true_pose().inverse_apply(plane)[0, 1:], atol=1.5)
    assert picker.undo() == "accepted sem_to_survey"
    picker.undo()
    assert len(picker.records()) == 11
    other = picker.records()[0]
    picker.exclude(other.name)
    changed = picker.pair(other.name)
    ws.landmarks.edit(changed.id, version=changed.version, note="looked at by another")
    with pytest.raises(Conflict, match="look at it before"):
        picker.undo()


def test_leaving_a_mark_out_is_foretold_and_a_wrong_one_stands_out(picker: Any) -> None:
    pick_all(picker, error_um=0.5)
    told = picker.table().set_index("name")
    assert told["leverage"].mean() == pytest.approx(6 / 24, abs=0.02)
    assert told["surprise_p"].min() > 0.01
    for name in ("L2", "L7"):
        picker.exclude(name)
        assert picker.table().set_index("name").loc[name, "loo_um"] == pytest.approx(
            told.loc[name, "loo_um"], rel=0.05
        )
        picker.include(name)
    moved = picker.pair("L7").moving
    picker.move_pair("L7", moving={**moved, "x_um": moved["x_um"] + 8})
    assert picker.table().set_index("name")["surprise_p"].idxmin() == "L7"
    assert picker.table()["surprise_p"].min() < 1e-3


def test_the_ghost_follows_the_beam_to_the_surface_and_back(picker: Any) -> None:
    pick_all(picker)
    mark = marks_um()[5]
    seen = true_pose().inverse_apply(mark)[0]
    found = picker.predict(moving=named((0, *seen[1:])))
    np.testing.assert_allclose(list(found.position.values()), mark, atol=0.7 * VOXEL_UM)
    back = picker.predict(fixed=named(mark))
    np.testing.assert_allclose(list(back.position.values())[1:], seen[1:], atol=0.3)
    assert found.frame == "survey"
    assert back.region.radii_um.max() < 2


def test_turning_renders_anew_and_what_the_surface_hides_is_faded(picker: Any) -> None:
    before, beside = picker.rendered, BALLS_UM[2]
    front = beside - np.array([RADIUS_UM, 0, 0])
    behind = named((TOP_UM, beside[1] - RADIUS_UM - 3, beside[2]))  # above the ball in the picture
    picker.add_pair(moving={"y_um": 1, "x_um": 1}, fixed=named(front))
    picker.add_pair(moving={"y_um": 2, "x_um": 2}, fixed=behind)
    points = np.array([placed(record) for record in picker.records()])
    plane = picker.fixed_view.plane()
    assert picker.faded("fixed", points, plane).tolist() == [False, True]
    fitted = picker.state()
    picker.tilt_deg = 0.0
    assert picker.rendered is not before
    assert picker.state() is fitted  # a look from elsewhere tells nothing new
    picker.fixed_view.cursor_um = behind
    picker.tilt_deg = TILT
    with pytest.raises(ValueError, match="the surface hides the crosshair"):
        picker.crosshair_of("fixed")
    picker.tilt_deg = 0.0
    assert picker.faded("fixed", points, picker.fixed_view.plane()).tolist() == [False, False]
    np.testing.assert_allclose(picker.fixed_view.plane().normal, [1, 0, 0], atol=0.02)
    assert picker.snapshot(width_px=500).width == 500


def test_the_controls_turn_the_surface_and_refuse_what_lies_beside_it(picker: Any) -> None:
    pick_all(picker)
    view = picker.view()
    sliders = [w for w in _walk(view) if isinstance(w, ipw.FloatSlider)]
    sliders[0].value = 30.0
    assert picker.tilt_deg == 30.0
    panel = next(w for w in _walk(view) if isinstance(w, SurfacePanel))
    key = panel.layers[0]["volume"]
    sliders[1].value = -20.0
    assert panel.layers[0]["volume"] != key
    corner = picker.rendered.pose.apply([[0.0, -50.0, -50.0]])[0]
    picker.fixed_view.cursor_um = named(corner)
    _button(view, "add pair").click()
    assert "no surface is seen there" in _said(view)
    assert len(picker.records()) == 12
    _button(view, "as fitted").click()
    assert picker.tilt_deg == pytest.approx(TILT - 1.3, abs=0.5)
    dropped = marks_um()[3] + 25 * picker.rendered.pose.matrix[:, 0]
    message = {"kind": "handle", "key": "L1", "at_um": list(dropped), "done": True}
    panel._handle_custom_msg(message, [])
    np.testing.assert_allclose(placed(picker.pair("L1")), marks_um()[3], atol=1.0)


def test_what_cannot_be_is_refused_in_words(ws: Any, picker: Any) -> None:
    with pytest.raises(DecisionNeeded, match="the tilt at which sem was taken is not decided"):
        SurfacePicker(ws, sem="sem")
    with pytest.raises(ValueError, match="sem needs a picture, got 'survey'"):
        SurfacePicker(ws, sem="survey", tilt_deg=0)
    with pytest.raises(ValueError, match="survey needs 'survey', of which 'skin' is, got 'sem'"):
        SurfacePicker(ws, sem="sem", survey="sem", tilt_deg=0)
    with pytest.raises(TraitError, match="tilt_deg needs -80 to 80 degrees, got 88"):
        picker.tilt_deg = 88
    assert "needs 4 landmark pairs, you have 0" in picker.reason
    record = ws.segmentations.get("skin")
    ws.segmentations.edit(record.id, version=record.version, method="watershed")
    with pytest.raises(UnusableRecord, match="by plain thresholds, got 'skin' by watershed"):
        SurfacePicker(ws, sem="sem", tilt_deg=0)
    ws.segmentations.tag("skin", drop=["surface"])
    with pytest.raises(DecisionNeeded, match="tagged are none"):
        SurfacePicker(ws, sem="sem", tilt_deg=0)


def test_the_fit_states_its_errors_as_the_pairs_do(picker: Any) -> None:
    pick_all(picker, error_um=0.5)
    fit = SurfaceFit.of(
        picker.state().records, picker.images["moving"], sem_view(), picker.scene.plane
    )
    assert fit.transform.sigma_source == "residuals"
    assert fit.nu == 24 - 6
    first = picker.records()[0]
    picker.ws.landmarks.edit(first.id, version=first.version, fixed_sigma_um=0.5)
    assert "only some pairs state their localisation error" in " ".join(picker.warnings)
    assert picker.fit().transform.sigma_source == "residuals"
    assert fit.fre_um == pytest.approx(0.6, abs=0.25)
    assert np.isfinite(fit.tre_at([[0.0, 90.0, 120.0]])).all()


def deep_target(ws: Any) -> None:
    ws.targets.add(name="T1", frame="survey", position=named((70.0, 110.0, 130.0)))


def of_surface(picker: SurfacePicker, field: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A field on the rendering, the places shown there, and which pixels show the surface."""
    plane, size = picker.fixed_view.plane(), (160, 120)
    step = np.asarray(picker.rendered.view.spacing_um)
    seen = picker.rendered.pose.inverse_apply(plane.points(*size).reshape(-1, 3))[:, 1:]
    index = np.rint(seen / step).astype(int)
    hit = np.zeros(len(index), bool)
    inside = np.all((index >= 0) & (index < picker.rendered.hit.shape), axis=1)
    hit[inside] = picker.rendered.hit[tuple(index[inside].T)]
    places = np.full((len(seen), 3), np.nan)
    places[hit] = picker.rendered.position_um[tuple(index[hit].T)]
    return field.on(plane, *size), places.reshape(120, 160, 3), hit.reshape(120, 160)


def test_the_error_map_lies_on_the_surface_and_is_that_of_the_pixel_that_shows_it(
    picker: Any,
) -> None:
    pick_all(picker, error_um=0.5)
    picker.show_error = True
    values, places, hit = of_surface(picker, shown_field(picker, "fixed"))
    np.testing.assert_array_equal(np.isfinite(values), hit)
    assert 0.1 < hit.mean() < 0.95
    fit = picker.fit()
    flat = hit & (np.abs(places[..., 0] - TOP_UM) < 1)
    seen = np.column_stack([np.zeros(flat.sum()), fit.pose.seen_at(places[flat])])
    np.testing.assert_allclose(values[flat], fit.tre_at(seen), rtol=0.05)
    assert values[flat].max() > 1.2 * values[flat].min()
    words = " ".join(landmark_page(picker, width_px=600).caption)
    assert "predicted RMS error of the mapped position" in words


def test_the_heat_map_tells_what_a_further_mark_on_the_surface_would_give(
    picker: Any, ws: Any
) -> None:
    deep_target(ws)
    picker.moving_sigma_um = picker.fixed_sigma_um = 0.7
    pick_all(picker, error_um=0.5)
    picker.target = "T1"
    picker.show_next = True
    assert not picker.show_error
    gain, places, _ = of_surface(picker, shown_field(picker, "fixed"))
    assert np.nanmax(gain) > 2 > np.nanmin(gain) > -1e-6
    fit, before = picker.fit(), picker.error_at_target()
    reached = np.isfinite(gain)
    seen = fit.pose.seen_at(places[reached])
    assert (seen > -1.5).all()
    assert (seen < np.array(sem_view().shape) + 0.5).all()
    flat = np.argwhere(reached & (np.abs(places[..., 0] - TOP_UM) < 0.3))
    row, column = flat[np.argmax(gain[tuple(flat.T)])]
    place = places[row, column]
    at = fit.pose.seen_at([place])[0]
    over = shown_field(picker, "moving")
    assert over.values(np.array([[0.0, *at]]))[0] == pytest.approx(gain[row, column], abs=0.3)
    picker.add_pair(moving={"y_um": at[0], "x_um": at[1]}, fixed=named(place))
    after = 100 * (1 - picker.error_at_target() / before)
    assert after == pytest.approx(gain[row, column], rel=0.1)
    mark = over.mark
    picker.tilt_deg = 20.0
    assert shown_field(picker, "moving").mark != mark  # asked for anew


def test_the_maps_are_offered_beside_the_target_and_say_what_is_missing(picker: Any) -> None:
    view = picker.view()
    boxes = {w.description: w for w in _walk(view) if isinstance(w, ipw.Checkbox)}
    pick_all(picker, error_um=0.5)
    boxes["show the predicted error"].value = True
    panels = [w for w in _walk(view) if isinstance(w, SurfacePanel)]
    assert [one["key"] for one in panels[0].layers][-1] == "error fixed"
    boxes["show where one more pair helps the target"].value = True
    assert "choose a target" in why_no_field(picker)
    assert [one["key"] for one in panels[0].layers][-1] != "next fixed"


def _walk(widget: Any) -> Iterator[Any]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _walk(child)


def _button(view: Any, text: str) -> Any:
    (found,) = (w for w in _walk(view) if isinstance(w, ipw.Button) and w.description == text)
    return found


def _said(view: Any) -> str:
    return " ".join(w.value for w in _walk(view) if isinstance(w, ipw.HTML))
