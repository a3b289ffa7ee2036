from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from traitlets import TraitError

from scalebridge import SeriesExplorer, Workspace
from scalebridge.analysis.registration import AffineTransform
from scalebridge.widgets import axis_plane
from scalebridge.widgets.colors import DIFFERENCE, table
from scalebridge.widgets.compose import GROUND
from scalebridge.widgets.difference import (
    difference_bytes,
    difference_colors,
    difference_on,
)
from scalebridge.widgets.live import LivePanel
from scalebridge.widgets.looks import view_of
from scalebridge.widgets.moments import elapsed
from scalebridge.widgets.patch_bytes import packed
from scalebridge.widgets.series_panel import SeriesPanel
from scalebridge.widgets.series_picture import panel_of, series_page, series_words
from scalebridge.widgets.timeline import Timeline, places, timeline_svg
from scalebridge.widgets.views import Message

sys.path.insert(0, str(Path(__file__).parent))
from specimens import write

SHAPE = (12, 24, 30)
CHANGES = (0, 5, -10, 40)
BOX = (slice(3, 9), slice(8, 16), slice(10, 20))  # what changes in it


def stack() -> np.ndarray:
    """Four time points: grey 100, and a box in it that grows brighter or darker."""
    frames = np.full((4, *SHAPE), 100, np.uint8)
    for number, change in enumerate(CHANGES):
        frames[(number, *BOX)] = 100 + change
    return frames


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with Workspace.create(tmp_path_factory.mktemp("series") / "ws") as ws:
        write(ws, "film", stack(), axes="tzyx", spacing_um=(2.0, 1.0, 1.0))
        for number, frame in enumerate(stack()[:3]):
            # each stands elsewhere in its own frame, as after a specimen was put back
            write(
                ws, f"t{number}", frame, spacing_um=(2.0, 1.0, 1.0),
                origin_um=(0.0, 0.0, 3.0 * number), time=f"2024-03-0{5 + number}T08:00:00",
            )  # fmt: skip
        for number in (1, 2):
            ws.transforms.add(
                name=f"t{number}_to_t0",
                from_frame=f"t{number}",
                to_frame="t0",
                transform=AffineTransform.exact(
                    np.eye(3), offset_um=np.array([0.0, 0.0, -3.0 * number])
                ).to_dict(),
                status="accepted",
                method="known",
            )
        yield ws


@pytest.fixture
def film(ws: Any) -> SeriesExplorer:
    return SeriesExplorer(ws, "film")


@pytest.fixture
def several(ws: Any) -> SeriesExplorer:
    return SeriesExplorer(ws, ["t0", "t1", "t2"])


# -- time points --------------------------------------------------------------------------------


def test_times_come_from_the_images_and_are_told_from_the_first(several, film):
    assert [moment.when for moment in several.moments.points] == [0.0, 1.0, 2.0]
    assert several.moments.unit == "d"
    assert several.moments[1].name == "1 d"
    assert film.moments.unit == ""
    assert film.moments[2].name == "time point 2"


def test_times_can_be_given_with_their_unit_and_not_without(ws):
    series = SeriesExplorer(ws, "film", times=[0, 6, 12, 48], time_unit="h")
    assert series.moments[3].name == "48 h"
    with pytest.raises(ValueError, match="times needs time_unit"):
        SeriesExplorer(ws, "film", times=[0, 6, 12, 48])
    with pytest.raises(ValueError, match="times needs 4 finite numbers, got"):
        SeriesExplorer(ws, "film", times=[0, 6], time_unit="h")


@pytest.mark.parametrize(
    ("seconds", "unit", "last"), [(45, "s", 45), (600, "min", 10), (7200, "h", 2), (172800, "d", 2)]
)
def test_a_span_is_told_in_the_unit_that_suits_it(seconds, unit, last):
    start = datetime(2024, 1, 1)
    found = elapsed([start, datetime.fromtimestamp(start.timestamp() + seconds)])
    assert found == ([0.0, last], unit)


def test_one_picture_is_no_series(ws):
    with pytest.raises(ValueError, match="at least two time points, got 1"):
        SeriesExplorer(ws, ["t0"])
    with pytest.raises(ValueError, match="one image with a time axis or several without, got film"):
        SeriesExplorer(ws, ["t0", "film"])


# -- looking ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["film", "several"])
def test_every_time_point_shows_its_own_grey_values(kind, request):
    series = request.getfixturevalue(kind)
    centre = {"x_um": 14, "y_um": 11, "z_um": 10}
    for number in range(len(series.moments)):
        series.time = number
        read = series.explorer.read(centre)
        assert read["value"].tolist() == [100 + CHANGES[number]]


def test_contrast_is_the_same_at_every_time_point_and_colours_stay_shared(several):
    limits = {layer.limits for layer in several.layers}
    assert len(limits) == 1
    ((low, high),) = limits
    assert low <= 90
    assert high >= 105
    several.layers[2].color_map = "viridis"
    assert {layer.color_map for layer in several.layers} == {"viridis"}


def test_the_reference_follows_the_view_and_is_followed(several):
    several.explorer.cursor_um = {"x_um": 3, "y_um": 4, "z_um": 6}
    several.explorer.width_um = 12.5
    several.explorer.cut_through(
        {"x_um": 1, "y_um": 2, "z_um": 3}, {"x_um": 9, "y_um": 2, "z_um": 8},
        {"x_um": 1, "y_um": 9, "z_um": 3},
    )  # fmt: skip
    assert several.beside.plane() == several.explorer.plane()
    several.beside.orientation = "xz"
    several.beside.look_at({"x_um": 20, "y_um": 20, "z_um": 12})
    assert several.explorer.plane() == several.beside.plane()


def test_the_explorers_own_time_moves_the_series(film):
    film.explorer.time = 3
    assert film.time == 3
    film.time = 1
    assert film.explorer.time == 1
    assert film.beside.time == film.reference


def test_time_points_that_do_not_exist_are_refused(film):
    with pytest.raises(TraitError, match="time needs 0 to 3, got 4"):
        film.time = 4
    with pytest.raises(TraitError, match="reference needs 0 to 3, got -1"):
        film.reference = -1
    assert film.time == 0


# -- the difference -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["film", "several"])
def test_the_difference_is_what_was_added_where_it_was_added(kind, request):
    series = request.getfixturevalue(kind)
    series.time, series.reference = 2, 1
    plane = axis_plane("xy", centre_um=(10, 11.5, 14.5), width_um=30, height_um=24)
    found = difference_on(series.frame_at(2), series.frame_at(1), plane, width_px=30, height_px=24)
    assert found.inside.all()
    expected = np.zeros((24, 30))
    expected[BOX[1:]] = CHANGES[2] - CHANGES[1]
    np.testing.assert_allclose(found.values, expected, atol=1e-3)


def test_the_difference_to_itself_is_white_and_outside_is_ground(several):
    plane = axis_plane("xy", centre_um=(10, 11.5, 20), width_um=60, height_um=24)
    here = several.frame_at(1)
    found = difference_on(here, here, plane, width_px=60, height_px=24)
    colors = difference_colors(found, 10.0)
    assert 0.4 < found.inside.mean() < 0.8
    white = table(DIFFERENCE)[[127, 128]].astype(int)
    middle = colors[found.inside].astype(int)
    assert np.abs(middle[:, None] - white).max(axis=2).min(axis=1).max() <= 1
    assert (colors[~found.inside] == GROUND).all()


def test_limits_of_the_difference_are_symmetric_and_hold_at_every_time_point(film):
    assert film.limit() == pytest.approx(40, rel=0.03)
    film.reference = 3
    assert film.limit() == pytest.approx(50, rel=0.03)
    film.difference_limit = 12.0
    assert film.limit() == 12
    with pytest.raises(TraitError, match="difference_limit needs a positive number"):
        film.difference_limit = -1.0


def test_more_is_red_and_less_is_blue(film):
    film.mode, film.time = "difference", 3
    film.explorer.crosshair = False
    film.explorer.look_at({"x_um": 14.5, "y_um": 11.5, "z_um": 10}, width_um=16)
    brighter = np.asarray(
        panel_of(film, film.explorer, film.plane(), width_px=160, size=10)
    ).astype(int)
    film.time = 2
    film.difference_limit = 10.0
    darker = np.asarray(panel_of(film, film.explorer, film.plane(), width_px=160, size=10)).astype(
        int
    )
    middle = (brighter.shape[0] // 2, 80)
    assert brighter[middle][0] > brighter[middle][2] + 50
    assert darker[middle][2] > darker[middle][0] + 50


def test_differences_come_back_from_their_bytes(film):
    plane = axis_plane("xy", centre_um=(10, 11.5, 14.5), width_um=40, height_um=24)
    found = difference_on(film.frame_at(3), film.frame_at(0), plane, width_px=40, height_px=24)
    raw = np.frombuffer(difference_bytes(found, 40.0), np.uint8).reshape(24, 40, 4)
    values = raw[..., :2].copy().view("<u2")[..., 0] * (160 / 65535) - 80
    inside = raw[..., 3] == 255
    assert (inside == found.inside).all()
    assert np.abs(values - found.values)[inside].max() < 160 / 65535


# -- measuring ----------------------------------------------------------------------------------


def test_grey_values_in_a_box_are_those_that_are_there(film):
    film.measure_in({"x_um": 14.5, "y_um": 11.5, "z_um": 11}, 2.0)
    rows = film.plotted()
    assert rows["quantity"].unique().tolist() == ["mean grey value"]
    assert rows["value"].tolist() == pytest.approx([100 + change for change in CHANGES])
    assert rows["time_point"].tolist() == [0, 1, 2, 3]


def test_everywhere_the_mean_moves_by_the_share_that_changed(film):
    share = np.prod([s.stop - s.start for s in BOX]) / np.prod(SHAPE)
    means = film.plotted()["value"].to_numpy()
    np.testing.assert_allclose(means - 100, share * np.array(CHANGES), rtol=0.06, atol=0.02)


def test_time_points_are_measured_where_all_of_them_reach(several):
    several.measure_in({"x_um": 14.5, "y_um": 11.5, "z_um": 11}, 2.0)
    assert several.plotted()["value"].tolist() == pytest.approx([100, 105, 90])
    assert several.plotted()["time"].tolist() == [0.0, 1.0, 2.0]


def test_a_box_beside_the_specimen_is_refused_in_words(film):
    with pytest.raises(TraitError, match="lies beside film"):
        film.measure_in({"x_um": 500, "y_um": 11, "z_um": 11}, 2.0)
    with pytest.raises(TraitError, match="half_size needs positive lengths"):
        film.measure_in(half_size=-1.0)


def test_phases_of_a_recorded_segmentation_are_measured_too(ws, film):
    ws.segmentations.add(
        name="bright",
        image="film",
        method="thresholds",
        thresholds=[120.0],
        threshold_uncertainty=[1.0],
        phases=[{"label": 0, "name": "matrix"}, {"label": 1, "name": "particle"}],
    )
    series = SeriesExplorer(ws, "film", quantity="share of the phases")
    rows = series.plotted()
    particle = rows[rows["series"] == "particle"]["value"].to_numpy()
    share = np.prod([s.stop - s.start for s in BOX]) / np.prod(SHAPE)
    np.testing.assert_allclose(particle, [0, 0, 0, share], atol=0.03 * share)
    assert (rows.groupby("time_point")["value"].sum() - 1).abs().max() < 1e-9
    assert "thresholds of bright" in " ".join(series_words(series).caption)


def test_any_table_or_function_is_plotted_against_time(several):
    several.use(pd.DataFrame({"time": [2.0, 0.0], "pore_volume_um3": [7.0, 5.0]}))
    assert several.quantities() == ["pore volume [µm³]"]
    assert several.plotted()["time_point"].tolist() == [2, 0]
    several.use(lambda number: {"crack": 0.5 * number, "porosity": 0.1})
    assert several.quantities() == ["crack", "porosity"]
    several.quantity = "porosity"
    assert several.plotted()["value"].tolist() == [0.1] * 3
    several.use(None)
    assert several.quantity == ""
    assert "mean grey value" in several.quantities()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"value": [1.0]}, "a column time_point or time"),
        ({"time": [0.5], "value": [1.0]}, "time needs one of 0, 1, 2 d, got 0.5"),
        ({"time_point": [7], "value": [1.0]}, "time_point needs 0 to 2, got 7"),
        ({"time": [0.0], "name": ["x"]}, "a column of numbers beside the time"),
    ],
)
def test_a_table_that_fits_no_time_point_is_refused_and_nothing_is_lost(several, given, words):
    several.use(lambda number: 3.0)
    with pytest.raises(ValueError, match=words):
        several.use(pd.DataFrame(given))
    assert several.plotted()["value"].tolist() == [3.0] * 3


# -- pictures -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "panels"), [("single", 1), ("beside", 2), ("difference", 1)])
def test_a_snapshot_holds_view_and_plot_on_a_page_as_wide_as_asked_for(film, mode, panels):
    film.mode, film.time = mode, 3
    page = series_page(film, width_px=600)
    assert len(page.panels) == panels
    assert page.below is not None
    assert page.below.width == sum(panel.width for panel in page.panels) + 10 * (panels - 1)
    assert film.snapshot(width_px=600).width == 600


def test_the_caption_says_what_is_compared(several):
    several.mode, several.time = "difference", 2
    words = series_words(several)
    assert "t = 2 d less those of t = 0 d" in words.caption[0]
    assert words.legend[0].color_map == DIFFERENCE
    assert words.legend[0].low == "−" + words.legend[0].high[1:]


# -- in the browser -----------------------------------------------------------------------------


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, Any], list[bytes]]]:
    sent: list[tuple[dict[str, Any], list[bytes]]] = []

    def send(_: Any, content: dict[str, Any], buffers: Any = None) -> None:
        sent.append((content, list(buffers or [])))

    monkeypatch.setattr(LivePanel, "send", send)
    return sent


def test_the_live_panel_gets_the_difference_of_the_plane_that_rests(film, told):
    film.mode, film.time = "difference", 3
    panel = SeriesPanel(film, guard=Message().guard)
    spec = panel.layers[-1]
    assert spec["name"] == "difference"
    assert spec["table"] == DIFFERENCE
    assert panel.title == "time point 3 − time point 0"
    plane = film.plane()
    size = {"width_px": 60, "height_px": plane.height_px(60)}
    content = {"kind": "rest", "view": view_of(plane), "sequence": 1, **size}
    panel._handle_custom_msg(content, [])
    patches = [(c, b) for c, b in told if c["kind"] == "patch" and c["key"] == spec["key"]]
    assert len(patches) == 1
    expected = difference_on(film.frame_at(3), film.frame_at(0), plane, **size)
    channels, data = packed(difference_bytes(expected, film.limit()))
    assert (patches[0][0]["channels"], patches[0][1][0]) == (channels, data)


def test_a_browser_that_cannot_draw_gets_the_difference_as_a_picture(film, told):
    film.mode, film.time = "difference", 3
    film.explorer.look_at({"x_um": 14.5, "y_um": 11.5, "z_um": 10}, width_um=16)
    panel = SeriesPanel(film, guard=Message().guard)
    plane = film.plane()
    size = {"width_px": 240, "height_px": plane.height_px(240)}
    panel._hear({"kind": "picture", "view": view_of(plane), "sequence": 1, **size})
    ((_, buffers),) = [(c, b) for c, b in told if c["kind"] == "picture"]
    pixels = np.asarray(Image.open(io.BytesIO(buffers[0])).convert("RGB")).astype(int)
    assert ((pixels[..., 0] - pixels[..., 2]) > 50).mean() > 0.1


def test_contrast_of_the_difference_stays_symmetric_when_the_panel_changes_it(film):
    film.mode, film.time = "difference", 3
    panel = SeriesPanel(film, guard=lambda action: lambda *_: action())
    offset, gain = panel.layers[-1]["coding"]
    assert [offset + gain * value for value in panel.layers[-1]["limits"]] == pytest.approx(
        [-film.limit(), film.limit()]
    )
    panel._hear({"kind": "layer", "name": "difference", "changes": {"limits": [-5, 20]}})
    assert film.difference_limit == 20
    panel._hear({"kind": "layer", "name": "difference", "changes": {"limits": "auto"}})
    assert film.difference_limit == "auto"
    with pytest.raises(ValueError, match="the difference changes its limits alone, got opacity"):
        panel._hear({"kind": "layer", "name": "difference", "changes": {"opacity": 0.5}})
    panel._hear({"kind": "layer", "name": "film", "changes": {"opacity": 0.5}})
    assert film.layer.opacity == 0.5


def test_without_the_difference_the_panel_shows_the_image_alone(film):
    panel = SeriesPanel(film, guard=Message().guard)
    film.mode = "beside"
    panel.redraw()
    assert [spec["name"] for spec in panel.layers] == ["film"]
    reference = SeriesPanel(film, guard=Message().guard, reference=True)
    film.time = 2
    reference.redraw()
    assert reference.title == "time point 0"


def test_a_click_in_the_plot_and_the_slider_move_both(several):
    view = several.view()
    (plot,) = _of_type(view, "Timeline")
    slider = next(s for s in _of_type(view, "IntSlider") if s.description == "time point")
    before = plot.svg
    plot.value = 2  # what a click sends
    assert (several.time, slider.value) == (2, 2)
    assert plot.svg != before
    slider.value = 1
    assert (several.time, plot.value) == (1, 1)
    (play,) = _of_type(view, "Play")
    several.frame_rate = 4.0
    assert (play.value, play.interval) == (1, 250)


def test_the_controls_show_two_panels_beside_each_other(several):
    view = several.view()
    assert len(_of_type(view, "SeriesPanel")) == 1
    several.mode = "beside"
    assert len(_of_type(view, "SeriesPanel")) == 2


def test_places_in_the_plot_are_where_the_circles_are(several):
    svg = timeline_svg(several.plotted(), at=1.0, time_unit="d")
    circles = [float(part.split('"')[0]) for part in svg.split('<circle cx="')[1:]]
    expected = [place["at"] * 720 for place in places([0.0, 1.0, 2.0])]
    assert circles == pytest.approx(expected, abs=0.06)
    assert "time [d]" in svg


def test_names_in_the_plot_are_escaped():
    rows = {
        "time": [0.0, 1.0], "value": [1.0, 2.0], "lower": np.nan, "upper": np.nan,
        "series": "<b>", "quantity": "a & b", "unit": "",
    }  # fmt: skip
    svg = timeline_svg(pd.DataFrame(rows), at=0.0, time_unit="<h>")
    assert "&lt;b&gt;" in svg
    assert "a &amp; b" in svg
    assert "<b>" not in svg
    assert Timeline(svg=svg).svg == svg


def _of_type(widget: Any, name: str) -> list[Any]:
    found = [widget] if type(widget).__name__ == name else []
    for child in getattr(widget, "children", ()):
        found += _of_type(child, name)
    return found


def test_the_reference_is_shown_itself_and_not_less_itself(film, told):
    film.mode, film.time, film.reference = "difference", 2, 2
    panel = SeriesPanel(film, guard=Message().guard)
    assert [spec["name"] for spec in panel.layers] == ["film"]
    assert panel.title == "time point 2, the reference"
    words = series_words(film)
    assert "time point 2 is the reference itself" in words.caption[0]
    assert words.legend[0].color_map != DIFFERENCE
    (picture,) = series_page(film, width_px=300).panels
    pixels = np.asarray(picture.convert("RGB")).astype(int)
    assert np.ptp(pixels, axis=-1).max() <= 3  # the image's grey on the ground, no difference
    assert np.median(pixels) < 200
    film.time = 3
    panel.redraw()
    assert [spec["name"] for spec in panel.layers] == ["film", "difference"]


def test_what_is_shown_and_measured_can_be_taken_back(several):
    series = SeriesExplorer(several.ws, ["t0", "t1", "t2"])
    with pytest.raises(ValueError, match="nothing to undo"):
        series.undo()
    series.mode, series.reference = "difference", 1
    series.measure_in(half_size=1.0)
    assert (series.undo(), series.box) == ("where is measured", {})
    assert (series.undo(), series.reference) == ("reference", 0)
    assert (series.undo(), series.mode) == ("what is shown", "single")
    assert (series.redo(), series.mode, series.history.can_redo) == (
        "what is shown", "difference", "reference",
    )  # fmt: skip
