"""Colours over the images are the predicted error, in the still and in the browser alike."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from scalebridge import LandmarkPicker
from scalebridge.analysis.registration import fit_landmarks
from scalebridge.widgets.field_panel import FieldPanel
from scalebridge.widgets.fields import Box, Field
from scalebridge.widgets.looks import view_of
from scalebridge.widgets.picker_fields import error_field, next_field, shown_field
from scalebridge.widgets.plane import Plane, axes_through, axis_plane
from scalebridge.widgets.scene import draw
from scalebridge.widgets.views import Message

sys.path.insert(0, str(Path(__file__).parent))
from specimens import beads, fine_to_survey

NAMES = ("z_um", "y_um", "x_um")


def named(point: Any) -> dict[str, float]:
    return dict(zip(NAMES, map(float, point), strict=True))


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Any]:
    with beads(tmp_path) as ws:
        ws.targets.add(name="T1", frame="survey", position=named((7, 15, 17)))
        yield ws


def picked(ws: Any, count: int = 7, **traits: Any) -> LandmarkPicker:
    picker = LandmarkPicker(ws, moving="fine", fixed="survey", model="rigid", **traits)
    rng = np.random.default_rng(1)
    for moving in rng.uniform((-2.5, -5, -5), (2.5, 5, 5), (count, 3)):
        fixed = fine_to_survey().apply(moving)[0] + rng.normal(0, 0.1, 3)
        picker.add_pair(moving=named(moving), fixed=named(fixed))
    return picker


def oblique(centre: Any, width_um: float) -> Plane:
    across, down = axes_through((0.0, 0.0, 0.0), (1.0, 2.0, 5.0), (-1.0, 4.0, 1.0))
    return Plane(
        centre_um=tuple(centre),
        across=across,
        down=down,
        width_um=width_um,
        height_um=0.7 * width_um,
    )


def test_the_field_is_the_predicted_error_at_every_pixel_that_lies_in_the_image(ws: Any) -> None:
    picker = picked(ws)
    fit = picker.fit()
    wide = axis_plane("xy", centre_um=(7, 15, 18), width_um=40, height_um=40)
    for plane in (wide, oblique((7, 15, 18), 50.0)):
        values = error_field(picker, "fixed").on(plane, 120, 90)
        points = plane.points(120, 90)
        exact = fit.tre_at(fit.transform.inverse_apply(points.reshape(-1, 3))).reshape(90, 120)
        low = np.array([0.0, 0.0, 0.05])  # voxels of 0.9 µm, the first at 0.5
        high = np.array([14.0, 30.0, 36.05])
        inside = np.all((points >= low) & (points <= high), axis=-1)
        assert 0.2 < inside.mean() < 1
        np.testing.assert_array_equal(np.isfinite(values), inside)
        apart = np.abs(values - exact)[inside]
        assert apart.max() < 0.02 * exact[inside].max()
    plane = picker.moving_view.plane()
    values = error_field(picker, "moving").on(plane, 60, 60)
    exact = fit.tre_at(plane.points(60, 60).reshape(-1, 3)).reshape(60, 60)
    np.testing.assert_allclose(values[10:-10, 10:-10], exact[10:-10, 10:-10], rtol=0.02)


def test_a_box_covers_what_it_covers_on_any_plane() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        matrix, offset = rng.normal(size=(3, 3)), rng.normal(size=3)
        box = Box(matrix=matrix, offset_um=offset, low_um=np.full(3, -4.0), high_um=np.full(3, 3.0))
        for plane in (
            oblique(rng.normal(size=3), 12.0),
            axis_plane("xz", centre_um=(1, 0, 0), width_um=9, height_um=7),
        ):
            own = plane.points(50, 40) @ matrix.T + offset
            expected = np.all((own >= -4) & (own <= 3), axis=-1)
            np.testing.assert_array_equal(box.covers(plane, 50, 40), expected)


def test_the_heat_map_is_what_a_further_pair_there_would_give(ws: Any) -> None:
    picker = picked(ws, target="T1")
    fit, target = picker.fit(), picker.target_in_moving()
    plane = picker.moving_view.plane()
    gain = next_field(picker, "moving").on(plane, 40, 40)
    place = plane.points(40, 40)[30, 8]
    pairs = fit.pairs
    moving = np.vstack([pairs.moving_um, place])
    fixed = fit.transform.apply(moving)
    sigma = fit.transform.sigma_um
    now = fit_landmarks(moving[:-1], fixed[:-1], model="rigid", sigma_um=sigma).tre_at(target)[0]
    then = fit_landmarks(moving, fixed, model="rigid", sigma_um=sigma).tre_at(target)[0]
    assert gain[30, 8] == pytest.approx(100 * (1 - then / now), rel=0.03)
    assert then < now


def test_a_further_pair_is_offered_only_where_both_images_reach(ws: Any) -> None:
    picker = picked(ws, target="T1")
    plane = picker.fixed_view.plane()
    gain = next_field(picker, "fixed").on(plane, 80, 60)
    own = picker.fit().transform.inverse_apply(plane.points(80, 60).reshape(-1, 3))
    low, high = np.array([-3.1, -6.05, -6.05]), np.array([2.9, 5.95, 5.95])
    inside = np.all((own >= low) & (own <= high), axis=1).reshape(60, 80)
    assert 0.02 < inside.mean() < 0.5
    np.testing.assert_array_equal(np.isfinite(gain), inside)


def test_browser_and_still_show_the_same_colours(ws: Any) -> None:
    picker = picked(ws, show_error=True)
    field = shown_field(picker, "fixed")
    assert field is not None
    plane = oblique((7, 15, 18), 30.0)
    still = draw([field.placed("survey", plane, 90, 63)], plane, width_px=90, height_px=63)
    patch = np.frombuffer(field.colored(plane, 90, 63), np.uint8).reshape(63, 90, 4)
    from scalebridge.widgets.colors import table

    expected = 0.5 * table("cividis")[patch[..., 0]] + 0.5 * np.array([14, 14, 16])
    seen = patch[..., 3] > 0
    core = seen.copy()
    core[1:-1, 1:-1] &= seen[:-2, 1:-1] & seen[2:, 1:-1] & seen[1:-1, :-2] & seen[1:-1, 2:]
    assert core.mean() > 0.2
    assert np.abs(still.astype(float) - expected)[core].max() < 4


def test_the_live_panels_have_the_field_on_top_and_the_words_beside(ws: Any) -> None:
    picker = picked(ws, target="T1")
    view = picker.view()

    def walk(widget: Any) -> Iterator[Any]:
        yield widget
        for child in getattr(widget, "children", ()):
            yield from walk(child)

    panels = [one for one in walk(view) if isinstance(one, FieldPanel)]
    assert [len(panel.layers) for panel in panels] == [1, 1]
    picker.show_error = True
    assert [panel.layers[-1]["key"] for panel in panels] == ["error moving", "error fixed"]
    first = panels[1].layers[-1]
    assert set(panels[1].layers[0]) <= set(first)  # all that the browser reads of a layer
    picker.exclude("L2")
    assert panels[1].layers[-1]["key"] == first["key"]
    assert panels[1].layers[-1]["mark"] != first["mark"]  # asked for anew
    picker.show_next = True
    assert not picker.show_error
    assert [panel.layers[-1]["key"] for panel in panels] == ["next moving", "next fixed"]
    assert "one more landmark there would lower" in panels[0].alt


def test_a_browser_that_cannot_draw_gets_the_field_in_its_picture(
    ws: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    picker = picked(ws, target="T1")
    panel = FieldPanel(picker, "fixed", guard=Message().guard)
    told: list[Any] = []
    monkeypatch.setattr(FieldPanel, "send", lambda _, content, buffers: told.append(buffers[0]))
    view = view_of(picker.fixed_view.plane())
    size = {"width_px": 300, "height_px": 200}

    def seen() -> Any:
        rest = {"kind": "picture", "sequence": 1, "view": view, **size}
        panel._handle_custom_msg(rest, [])
        return np.asarray(Image.open(io.BytesIO(told.pop())).convert("RGB")).astype(int)

    grey = seen()
    picker.show_next = True
    colored = seen()
    assert np.mean(np.ptp(grey, axis=2) > 20) < 0.02
    assert np.mean(np.ptp(colored, axis=2) > 20) > 0.1


def test_where_nothing_can_be_predicted_nothing_is_shown_and_it_is_said(ws: Any) -> None:
    picker = picked(ws, count=2, show_error=True)
    assert shown_field(picker, "fixed") is None
    assert picker.snapshot(400).width == 400
    picker = LandmarkPicker(ws, moving="fine", fixed="survey", show_next=True)
    from scalebridge.widgets.picker_fields import why_no_field

    assert "there is no fit yet" in why_no_field(picker)
    picker = picked(ws, count=4, show_next=True)
    assert "choose a target" in why_no_field(picker)


def test_legend_and_caption_of_the_still_name_the_colours(ws: Any) -> None:
    from scalebridge.widgets.landmark_picture import landmark_page

    page = landmark_page(picked(ws, show_error=True), width_px=600)
    (ramp,) = page.legend
    assert ramp.title == "predicted RMS error"
    assert ramp.low.endswith("µm")
    assert any("predicted RMS error of the mapped position" in line for line in page.caption)


def test_a_picture_in_a_volume_has_its_error_where_it_lies(ws: Any) -> None:
    picker = LandmarkPicker(ws, moving="view", fixed="survey", model="rigid", show_error=True)
    rng = np.random.default_rng(0)
    for y, x in [(1, 1), (1, 20), (15, 3), (14, 22), (8, 11)]:
        fixed = np.array([6.0, y + 5, x + 5]) + rng.normal(0, 0.05, 3)
        picker.add_pair(moving={"x_um": x, "y_um": y}, fixed=named(fixed))
    field = shown_field(picker, "moving")
    assert field is not None
    values = field.on(picker.moving_view.plane(), 50, 40)
    assert np.isfinite(values).mean() > 0.5
    assert picker.snapshot(500).width == 500


def test_values_far_apart_are_interpolated_without_a_step() -> None:
    field = Field(
        key="k", mark="m", title="t", color_map="magma", low=0, high=1, low_words="", high_words="",
        values=lambda points: points[:, 2] ** 2,
    )  # fmt: skip
    plane = axis_plane("xy", centre_um=(0, 0, 0.5), width_um=1, height_um=1)
    values = field.on(plane, 500, 4)
    x = plane.points(500, 4)[0, :, 2]
    np.testing.assert_allclose(values[0], x**2, atol=1e-3)
    assert np.abs(np.diff(values[0])).max() < 0.01
