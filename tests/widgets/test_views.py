from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets as ipw
import numpy as np
import pytest

from scalebridge import LandmarkPicker, SegmentationSliders, SliceExplorer, TargetPicker, Workspace
from scalebridge.widgets.live import LivePanel
from scalebridge.widgets.views import html_table

sys.path.insert(0, str(Path(__file__).parent))
from specimens import beads, fine_to_survey, join_fine, write

EVIL = "<img src=x onerror=alert(1)>"


def walk(widget: Any) -> Iterator[Any]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from walk(child)


def find(view: Any, kind: type, description: str) -> Any:
    found = [w for w in walk(view) if isinstance(w, kind) and w.description == description]
    assert len(found) == 1, [w.description for w in walk(view) if isinstance(w, kind)]
    return found[0]


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Any]:
    with beads(tmp_path) as ws:
        join_fine(ws)
        yield ws


def test_headless_state_and_the_controls_give_the_same_picture(ws: Any) -> None:
    driven, headless = SliceExplorer(ws, ["survey"]), SliceExplorer(ws, ["survey"])
    panel = next(w for w in walk(driven.view()) if isinstance(w, LivePanel))
    look = {**panel.look, "down": [1.0, 0.0, 0.0]}
    panel._handle_custom_msg({"kind": "look", "by": "w", "look": look}, [])
    changes = {"color_map": "viridis"}
    panel._handle_custom_msg({"kind": "layer", "name": "survey", "changes": changes}, [])
    headless.orientation = "xz"
    headless.layer("survey").color_map = "viridis"
    assert driven.snapshot(500).tobytes() == headless.snapshot(500).tobytes()


def test_button_writes_the_pair_that_both_crosshairs_show(ws: Any) -> None:
    picker = LandmarkPicker(ws, moving="fine", fixed="survey")
    view = picker.view()
    point = np.array([0.5, 1.0, -2.0])
    names = ("z_um", "y_um", "x_um")
    picker.moving_view.cursor_um = dict(zip(names, point, strict=True))
    mapped = fine_to_survey().apply(point)[0]
    picker.fixed_view.cursor_um = dict(zip(names, mapped.tolist(), strict=True))
    find(view, ipw.Button, "add pair").click()
    assert [record.moving for record in picker.records()] == [picker.moving_view.cursor_um]
    find(view, ipw.Button, "undo").click()
    assert picker.records() == []


def test_the_side_that_was_not_pointed_at_shows_where_the_place_is_expected(ws: Any) -> None:
    picker = LandmarkPicker(ws, moving="fine", fixed="survey")
    names = ("z_um", "y_um", "x_um")
    places = np.array([(-2.0, -4, -4), (-1, 4, -4), (0.5, -4, 4), (2, 4, 3), (1, 0, 0)])
    truth = fine_to_survey().apply(places)
    truth += np.random.default_rng(0).normal(0, 0.02, truth.shape)
    for moving, fixed in zip(places.tolist(), truth.tolist(), strict=True):
        pair = (dict(zip(names, place, strict=True)) for place in (moving, fixed))
        picker.add_pair(**dict(zip(("moving", "fixed"), pair, strict=True)))
    view = picker.view()
    moving, fixed = (w for w in walk(view) if isinstance(w, LivePanel))

    def ghosts(panel: LivePanel) -> list[Any]:
        return [s["at"][0] for s in panel.marks[0]["shapes"] if s.get("text") == "expected"]

    picker.moving_view.cursor_um = dict(zip(names, (0.0, 1.0, 2.0), strict=True))
    assert (len(ghosts(moving)), len(ghosts(fixed))) == (0, 1)
    expected = picker.predict(moving=picker.moving_view.cursor_um).position
    find(view, ipw.Button, "go to ghost").click()
    assert picker.fixed_view.cursor_um == expected
    assert (len(ghosts(moving)), len(ghosts(fixed))) == (0, 1)
    (plane,) = fixed.seen_planes()
    place = plane.to_canvas(list(expected.values()), fixed.marks[0]["width_px"])[0]
    assert np.abs(np.array(ghosts(fixed)[0]) - place).max() < 16  # the word stands beside its ring
    picker.fixed_view.cursor_um = {**expected, "x_um": expected["x_um"] + 0.5}
    assert (len(ghosts(moving)), len(ghosts(fixed))) == (1, 0)


def test_refused_entry_is_said_in_words_and_writes_nothing(ws: Any) -> None:
    picker = LandmarkPicker(ws, moving="fine", fixed="survey")
    view = picker.view()
    find(view, ipw.Button, "accept").click()
    said = [w.value for w in walk(view) if isinstance(w, ipw.HTML)]
    assert any("3 landmark pairs" in text for text in said)
    assert [record.name for record in ws.transforms] == ["fine_to_survey"]


def test_threshold_slider_moves_the_threshold_and_save_writes_it(ws: Any) -> None:
    sliders = SegmentationSliders(ws, "fine")
    view = sliders.view()
    find(view, ipw.Button, "suggest").click()
    slider = find(view, ipw.FloatSlider, "threshold 1")
    slider.value = 120.0
    assert sliders.thresholds == (120.0,)
    assert not sliders.saved
    find(view, ipw.Button, "save").click()
    assert ws.segmentations["fine_phases"].thresholds == [120.0]


def test_place_button_writes_the_target(ws: Any) -> None:
    picker = TargetPicker(ws, "survey")
    view = picker.view()
    find(view, ipw.BoundedFloatText, "half size [µm]").value = 1.5
    find(view, ipw.Button, "place target").click()
    assert ws.targets["T1"].half_size["x_um"] == 1.5
    find(view, ipw.Dropdown, "show in").value = "fine"
    assert picker.into == "fine"


@pytest.fixture
def evil(tmp_path: Path) -> Iterator[Any]:
    with Workspace.create(tmp_path / "evil") as ws:
        rng = np.random.default_rng(0)
        for name in (EVIL, f"{EVIL} two"):
            values = rng.integers(0, 255, (8, 12, 12)).astype(np.uint8)
            write(ws, name, values, spacing_um=(1, 1, 1))
        ws.targets.add(name=EVIL, frame=EVIL, position={"x_um": 1, "y_um": 2, "z_um": 3}, note=EVIL)
        yield ws


def test_names_with_html_are_text_in_every_widget(evil: Any) -> None:
    second = f"{EVIL} two"
    picker = LandmarkPicker(evil, moving=EVIL, fixed=second)
    for y, x in [(1, 1), (9, 2), (3, 9), (8, 8)]:
        point = {"x_um": x, "y_um": y, "z_um": (x * y) % 5}
        picker.add_pair(moving=point, fixed=point, name=f"{EVIL} {x}", note=EVIL)
    picker.target = EVIL
    picker.accept("join", note=EVIL)
    sliders = SegmentationSliders(evil, EVIL)
    sliders.set_threshold(100)
    sliders.name_phases(EVIL, "b")
    sliders.save(EVIL)
    targets = TargetPicker(evil, EVIL, selected=EVIL, into=second)
    for widget in (SliceExplorer(evil, [EVIL, second]), picker, sliders, targets):
        bundle = widget._repr_mimebundle_()
        assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
        assert "text/html" not in bundle
        pages = [w.value for w in walk(widget.view()) if isinstance(w, ipw.HTML)]
        assert pages
        assert not any("<img" in page for page in pages)
        for part in walk(widget.view()):
            assert not getattr(part, "description_allow_html", False)


def test_table_escapes_cells_and_headers_and_says_units() -> None:
    import pandas as pd

    page = html_table(pd.DataFrame({"x_um": [1.23456], EVIL: [EVIL], "loo_um": [np.nan]}))
    assert "<img" not in page
    assert "x [µm]" in page
    assert "1.235" in page
    assert "–" in page


def test_importing_makes_no_widget() -> None:
    # A page that is loaded again asks for a kernel's widgets one by one: one that all views share
    # is not there yet when their cells run again, and its views are lost.
    code = (
        "from ipywidgets.widgets.widget import _instances\n"
        "import importlib, pkgutil, scalebridge\n"
        "for one in pkgutil.walk_packages(scalebridge.__path__, 'scalebridge.'):\n"
        "    if one.name.split('.')[1] in ('widgets', 'guides', 'app', 'dialogue'):\n"
        "        importlib.import_module(one.name)\n"
        "print(len(_instances))"
    )
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert made.stdout.split()[-1] == "0"
