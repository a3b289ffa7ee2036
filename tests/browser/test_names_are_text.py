"""Whatever images, landmarks, targets, phases and people are called: it is shown, and is text."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from scalebridge import Workspace

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "app"))
from driving import panels_of, run_all, until
from jupyter import jupyter, write_notebook
from opening import browser_of, only
from payloads import MADE, PAYLOADS
from served import served

HALF = len(PAYLOADS) // 2
BLOCK, PICTURE, SKIN = (f"{PAYLOADS[number]} {word}" for number, word in enumerate(("b", "p", "s")))
SCRIPTS = "scripts => scripts.filter(script => script.textContent.includes('__xss=1')).length"


@pytest.fixture(scope="module")
def specimen(tmp_path_factory):
    """Everything that has a name or a note has one of these; so have its author and itself."""
    folder = tmp_path_factory.mktemp("names") / "specimen"
    rng = np.random.default_rng(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCALEBRIDGE_USER", PAYLOADS[1])
        with Workspace.create(folder, name=PAYLOADS[0]) as ws, ws.transaction():
            for name in PAYLOADS:
                values = rng.integers(0, 255, (4, 12, 12)).astype(np.uint8)
                ws.images.write(
                    name, shape=values.shape, dtype=values.dtype, axes="zyx", modality=name,
                    blocks=[(tuple(slice(0, n) for n in values.shape), values)],
                    spacing_um=(1.0, 1.0, 1.0), spacing_source=name, frame=PAYLOADS[2],
                )  # fmt: skip
            other = PAYLOADS[3]
            values = rng.integers(0, 255, (4, 12, 12)).astype(np.uint8)
            ws.images.write(
                "other", shape=values.shape, dtype=values.dtype, axes="zyx", modality="XRM",
                blocks=[(tuple(slice(0, n) for n in values.shape), values)],
                spacing_um=(1.0, 1.0, 1.0), spacing_source="made", frame=other,
            )  # fmt: skip
            for name in PAYLOADS:
                z, y, x = rng.uniform(0, (3, 11, 11)).tolist()
                place = {"z_um": z, "y_um": y, "x_um": x}
                ws.landmarks.add(
                    name=name, moving_frame=PAYLOADS[2], fixed_frame=other,
                    moving=place, fixed=place, placed_by=name, note=name,
                )  # fmt: skip
                ws.targets.add(name=name, frame=PAYLOADS[2], position=place, note=name)
                ws.notes.add(frame=PAYLOADS[2], position=place, text=name)
                ws.annotations.add(
                    frame=PAYLOADS[2], shape="distance", text=name,
                    points=[place, {"z_um": 0.0, "y_um": 5.0, "x_um": 5.0}],
                )  # fmt: skip
                ws.bookmarks.add(
                    name=name, frame=PAYLOADS[2], cursor=place, centre=place, note=name,
                    across=[0, 0, 1], down=[0, 1, 0], width_um=12.0,
                )  # fmt: skip
                ws.measurements.add(
                    key=f"quantification.{PAYLOADS[0]}.{name}.size", value=1.0, unit=name[:20],
                    image=PAYLOADS[0], note=name,
                )  # fmt: skip
            for first in range(0, len(PAYLOADS), 6):
                names = PAYLOADS[first : first + 6]
                phases = [
                    {"label": number, "name": name, "color": "#E69F00"}
                    for number, name in enumerate(names)
                ]
                ws.segmentations.add(
                    name=PAYLOADS[first], image=PAYLOADS[first],
                    thresholds=np.linspace(30, 220, len(names) - 1).tolist(),
                    phases=phases, accepted=True, note=PAYLOADS[first],
                )  # fmt: skip
    return folder


def add_surface(folder):
    """A block with a rough surface and a picture of it, called like everything else."""
    with Workspace.open(folder) as ws, ws.transaction():
        z, y, x = np.indices((8, 24, 24))
        block = np.where(z >= 3 + (x + y) % 2, 200, 20).astype(np.uint8)
        for name, values in ((BLOCK, block), (PICTURE, block.max(axis=0) - block[3])):
            ws.images.write(
                name, shape=values.shape, dtype=values.dtype, axes="zyx"[-values.ndim :],
                blocks=[(tuple(slice(0, n) for n in values.shape), values)], modality=name,
                spacing_um=(1.0,) * values.ndim, spacing_source=name, frame=name,
            )  # fmt: skip
        ws.segmentations.add(
            name=SKIN, image=BLOCK, thresholds=[110.0], note=SKIN,
            phases=[{"name": name} for name in PAYLOADS[:2]],
        )  # fmt: skip
        seen = ((4, 5), (5, 17), (12, 11), (18, 6), (19, 18), (9, 20))
        for name, (y, x) in zip(PAYLOADS[:6], seen, strict=True):
            ws.landmarks.add(
                name=name, moving_frame=PICTURE, fixed_frame=BLOCK, placed_by=name, note=name,
                moving={"z_um": 0.0, "y_um": y, "x_um": x},
                fixed={"z_um": 3.5, "y_um": y, "x_um": x},
            )  # fmt: skip


@pytest.fixture(scope="module")
def browser(chromium):
    with browser_of(chromium) as browser:
        yield browser


def nothing_ran(page, outputs, *, wait_ms=1500):
    """Let what would run have time to, then look for what it would have left."""
    page.wait_for_timeout(wait_ms)
    assert page.dialogs == []
    assert page.evaluate("() => window.__xss") is None
    assert page.locator(f"{outputs} :is({MADE})").count() == 0
    assert page.locator(f"{outputs} :is(script, style)").evaluate_all(SCRIPTS) == 0
    assert page.outside == []


def test_the_look_out_sees_each_name_that_is_put_into_a_page_unescaped(browser):
    page = only(browser.new_page(), "http://127.0.0.1")
    for name in PAYLOADS[:22]:  # the others are only markup once they were unescaped
        page.set_content(f"<main><div><table><tr><td>{name}</td></tr></table></div></main>")
        page.dialogs.clear()
        with pytest.raises(AssertionError):
            nothing_ran(page, "main", wait_ms=50)
    page.close()


def test_in_a_notebook_every_widget_shows_them_as_text(specimen, browser, tmp_path):
    folder = shutil.copytree(specimen, tmp_path / "specimen")
    add_surface(folder)
    start = f"from scalebridge import *\nws = Workspace.open({str(folder)!r})\n"
    cells = [
        start + f"names = [image.name for image in ws.images][:{len(PAYLOADS)}]",
        "SliceExplorer(ws, names)",
        "LandmarkPicker(ws, moving=names[2], fixed='other', target=names[5])",
        "TargetPicker(ws, ws.images[names[0]].frame, images=names[:3], selected=names[7])",
        f"SurfacePicker(ws, sem={PICTURE!r}, segmentation={SKIN!r}, tilt_deg=10.0)",
        "SeriesExplorer(ws, names[:3], time_unit=names[3], times=[0, 1, 2])",
        "scene = Scene(ws, names[:3])\nscene.show_surfaces(names[0])\nscene",
        "from ipywidgets import VBox\nrecords = [record for record in ws.segmentations]\n"
        "VBox([SegmentationSliders(ws, r.image, record=r.name).view() for r in records])",
    ]
    write_notebook(tmp_path, "names", cells)
    with jupyter(tmp_path, tmp_path) as address:
        page = only(browser.new_page(viewport={"width": 1200, "height": 12_000}), address)
        page.goto(f"{address}/doc/tree/names.ipynb")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        run_all(page)
        panels = page.locator(".sb-plane canvas")
        assert until(lambda: panels.count() >= 7, page, seconds=60), panels.count()
        output = ".jp-OutputArea-output"
        assert page.locator('[data-mime-type="application/vnd.jupyter.error"]').count() == 0
        tables = page.locator(f"{output} table")
        assert until(lambda: tables.count() >= 3, page)
        nothing_ran(page, output)
        text = " ".join(page.locator(output).all_text_contents())
        values = page.locator(f"{output} input[type=text]").evaluate_all(
            "inputs => inputs.map(input => input.value)"
        )
        shown = " ".join([text, *values])
        assert [name for name in (*PAYLOADS, BLOCK, PICTURE) if name not in shown] == []
        page.close()


def panels_rest(page, least):
    panels = page.locator(".sb-plane canvas:visible")
    rests = "all => all.every(canvas => canvas.dataset.rested)"
    return panels.count() >= least and panels.evaluate_all(rests)


def test_in_the_application_every_step_shows_them_as_text(specimen, browser):
    with served(specimen) as application:
        page = only(browser.new_page(viewport={"width": 1200, "height": 6000}), application.origin)
        page.goto(application.address)
        assert until(lambda: page.locator("h1").inner_text() == PAYLOADS[0], page)
        shown = ""
        for name, least in (("Survey", 1), ("Registration", 2), ("Targeting", 1),
                            ("Quantification", 2)):  # fmt: skip
            page.get_by_role("button", name=name).first.click()
            page.locator("h2", has_text=name).wait_for()
            rest = until(lambda least=least: panels_rest(page, least), page, seconds=60)
            assert rest, (name, panels_of(page))
            nothing_ran(page, "body")
            found = page.locator("td, option, .jupyter-widgets").all_text_contents()
            shown += " ".join(found)
        assert [name for name in PAYLOADS if name not in shown] == []
        page.close()
