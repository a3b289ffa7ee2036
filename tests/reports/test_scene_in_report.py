"""A scene in a report: a still, and a page of its own in a frame that may run nothing else."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from scalebridge import Scene, Workspace
from scalebridge.reports.items import Figure
from scalebridge.reports.page import render_report
from scalebridge.widgets.scene_page import scene_scripts

EVIL = "<img src=x onerror=alert(1)>\"'</script>"


@pytest.fixture(scope="module")
def figure(tmp_path_factory):
    values = np.full((8, 20, 24), 60, np.uint8)
    values[2:6, 6:14, 8:16] = 220
    with Workspace.create(tmp_path_factory.mktemp("report") / "ws") as ws:
        ws.images.write(
            "block", shape=values.shape, dtype=values.dtype, axes="zyx",
            blocks=[(tuple(slice(0, n) for n in values.shape), values)],
            spacing_um=(1.0, 1.0, 1.0), spacing_source="made for a test",
        )  # fmt: skip
        scene = Scene(ws, ["block"])
        scene.explorer.linked = False
        return Figure(scene, EVIL, name=EVIL, offline=scene.offline())


def test_the_report_folds_the_scene_behind_its_still_and_allows_its_scripts_alone(figure, executed):
    html = render_report([executed([figure])], title="x")
    plain = render_report([executed([Figure(figure.png, "y", name="z")])], title="x")
    assert html.count("<iframe") == 1
    assert 'sandbox="allow-scripts"' in html
    policies = [text.split('content="')[1].split('"')[0] for text in (html, plain)]
    assert policies[0].count("sha256-") - policies[1].count("sha256-") == len(scene_scripts())
    assert "<img src=x" not in html


def test_the_scene_draws_in_the_report_without_a_network(figure, executed, tmp_path, chromium):
    sync_api = pytest.importorskip("playwright.sync_api")
    path = tmp_path / "report.html"
    path.write_text(render_report([executed([figure])], title="x"), encoding="utf-8")
    flags = ["--no-sandbox", "--use-gl=angle", "--use-angle=gl-egl", "--ignore-gpu-blocklist"]
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        page = browser.new_page(viewport={"width": 800, "height": 900})
        outside, dialogs = [], []

        def told(dialog):
            dialogs.append(dialog.message)
            dialog.dismiss()

        page.on("dialog", told)
        page.on("request", lambda request: outside.append(request.url))
        page.goto(path.as_uri())
        page.get_by_text("Turn it").click()
        frame = page.frame_locator("iframe")
        frame.locator("#scene[data-drawn]").wait_for(timeout=240_000)
        picture = page.locator("iframe").screenshot(timeout=240_000)
        browser.close()
    pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)
    assert (pixels.min(axis=2) > 200).mean() > 0.01  # the bright block
    assert ((pixels[: len(pixels) // 2] < 20).all(axis=2)).mean() > 0.2  # on the dark ground
    assert [url for url in outside if not url.startswith(("about:", "data:"))] == [path.as_uri()]
    assert dialogs == []
