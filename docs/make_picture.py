"""Draw the picture of the README: python docs/make_picture.py [workspace of `scalebridge demo`].

Without a workspace the example specimen is built, imported and decided first (about a minute).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from scalebridge import SliceExplorer, Workspace
from scalebridge.analysis.registration import confidence_region
from scalebridge.guides.coverage import field_points
from scalebridge.guides.example import FIB, MAP, TARGET, ZOOM, decide, import_example
from scalebridge.io.example import build_example
from scalebridge.widgets import slice_sheet
from scalebridge.widgets.annotate import ellipse_points
from scalebridge.widgets.target_picture import box_corners, draw_box

PICTURE = Path(__file__).with_name("picture.png")
BLUE, YELLOW = (86, 180, 233, 255), (240, 228, 66, 255)
CORNERS = [0, 1, 3, 2, 0]  # of one face, in the order of `field_points`


def draw(ws: Workspace) -> None:
    """Draw survey and zoom scan, and the target with its 95 % region, side by side."""
    target = ws.targets.get(TARGET)
    located = ws.locate(target.position, from_=target.frame, to=MAP)
    place = located.points_um[0]
    far = SliceExplorer(ws, [MAP, ZOOM], frame=MAP)
    far.look_at(dict(zip(("z_um", "y_um", "x_um"), place.tolist(), strict=True)), width_um=460)
    near = SliceExplorer(ws, [MAP, ZOOM, FIB], frame=MAP)
    near.look_at(far.cursor_um, width_um=36)
    outline = ws.locate(_outline(ws, target), from_=ZOOM, to=MAP, order="zyx").points_um
    half = np.array(list(target.half_size.values()))
    box = ws.locate(box_corners(_array(target.position), half), from_=ZOOM, to=MAP, order="zyx")

    def survey(marks, plane):
        marks.line(plane.to_canvas(outline, marks.size[0]), color=BLUE, width=1.6)
        draw_box(marks, plane, box.points_um, color=YELLOW)

    def region(marks, plane):
        draw_box(marks, plane, box.points_um, color=YELLOW)
        seen = plane.covariance_on(located.covariance_um2[0])
        where = plane.to_canvas(place, marks.size[0])[0]
        pixels = seen / plane.pixel_um(marks.size[0]) ** 2
        factor = confidence_region(seen, nu=located.nu).factor
        marks.line(ellipse_points(where, pixels, factor), color=BLUE, width=2.4)
        beside = (where[0] + 14, where[1])
        marks.text(beside, "target, 95 % region", size=18, color=BLUE, anchor="lm", bold=True)

    titles = ("X-ray survey with the zoom scan", "closer, with the FIB-SEM volume")
    sheet = slice_sheet(
        dict(zip(titles, (far, near), strict=True)),
        columns=2,
        width_px=1000,
        aspect=0.9,
        marks=dict(zip(titles, (survey, region), strict=True)),
    )
    sheet.quantize(128).save(PICTURE, optimize=True)
    print(f"{PICTURE}: {sheet.size[0]} x {sheet.size[1]} px, {PICTURE.stat().st_size // 1000} kB")


def _outline(ws: Workspace, target) -> np.ndarray:
    """The zoom scan's field of view at the depth of the target."""
    corners = field_points(ws.images[ZOOM], grid=2)[:4][CORNERS].copy()
    corners[:, 0] = target.position["z_um"]
    return corners


def _array(position) -> np.ndarray:
    return np.array([position[name] for name in ("z_um", "y_um", "x_um")])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        with Workspace.open(sys.argv[1]) as workspace:
            draw(workspace)
    else:
        with tempfile.TemporaryDirectory() as folder:
            paths = build_example(Path(folder) / "files", seed=0)
            with import_example(paths, Path(folder) / "specimen") as workspace:
                decide(workspace)
                draw(workspace)
