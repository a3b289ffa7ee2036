"""The browser's arithmetic agrees with Python's: the same planes, places, words and scale bars."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from scalebridge import SliceExplorer
from scalebridge.quantities import format_length
from scalebridge.widgets import flight
from scalebridge.widgets.annotate import scale_bar_length
from scalebridge.widgets.coarse import coarse_copy
from scalebridge.widgets.flight import flown
from scalebridge.widgets.layers import Layer
from scalebridge.widgets.looks import look_of, view_of
from scalebridge.widgets.measuring import measured_words
from scalebridge.widgets.patch_bytes import packed
from scalebridge.widgets.picture import position_words
from scalebridge.widgets.plane import Plane, axes_through, axis_plane
from scalebridge.widgets.rendering import Rendering
from scalebridge.widgets.state import by_name

sys.path.insert(0, str(Path(__file__).parent))
import itertools

from specimens import beads, join_fine

JS = Path(__file__).parent / "js"


def planes() -> list[Plane]:
    across, down = axes_through((0.0, 0.0, 0.0), (1.0, 2.0, 5.0), (-1.0, 4.0, 1.0))
    return [
        axis_plane("xy", centre_um=(7.0, 12.0, 15.5), width_um=30.0, height_um=20.0),
        axis_plane("xz", centre_um=(3.0, -2.0, 0.125), width_um=0.4, height_um=0.5),
        axis_plane("yz", centre_um=(3e3, 2e3, 1e3), width_um=6e3, height_um=4e3),
        Plane(centre_um=(6.5, 11.0, 14.0), across=across, down=down, width_um=25.0, height_um=15.0),
    ]


def plane_fixture(plane: Plane) -> dict[str, Any]:
    points = plane.points(5, 4)
    canvas = plane.to_canvas(points.reshape(-1, 3), 100) / [
        100,
        100 * plane.height_um / plane.width_um,
    ]
    return {
        "view": view_of(plane),
        "points": points.tolist(),
        "places": canvas.tolist(),
        "normal": plane.normal.tolist(),
        "words": position_words(plane),
    }


def texture_fixture(item: Any, plane: Plane) -> dict[str, Any]:
    """Where places of a panel fall in the coarse copy of an image, worked out voxel by voxel."""
    coarse = coarse_copy(item, most_voxels=3000)
    points = plane.points(6, 5).reshape(-1, 3)
    own = item.placement.apply(points)
    grid = coarse.grid
    index = (own - grid["origin_um"]) / grid["spacing_um"]
    inside = np.all((own >= grid["low_um"]) & (own <= grid["high_um"]), axis=1)
    return {
        "view": view_of(plane),
        "grid": grid,
        "places": [[(i + 0.5) / 6, (j + 0.5) / 5] for j in range(5) for i in range(6)],
        "texture": ((index + 0.5) / coarse.shape).tolist(),
        "inside": inside.tolist(),
    }


def look_fixture(explorer: SliceExplorer, plane: Plane) -> dict[str, Any]:
    """The three planes of a view that goes through a cursor beside its middle."""
    explorer.across, explorer.down, explorer.orientation = plane.across, plane.down, "oblique"
    explorer.linked, explorer.width_um = True, plane.width_um
    explorer.cursor_um = by_name((3.0, 11.0, 17.5))
    explorer.centre_um = by_name((5.0, 9.0, 14.0))
    seen = explorer.planes()
    return {"look": look_of(explorer, seen[0]), "views": [view_of(one) for one in seen]}


def planes_of(slab_um: float, pixel_um: float, finest_um: float) -> int:
    return len(Rendering(slab_um=slab_um).depths_um(pixel_um=pixel_um, finest_um=finest_um))


def measured_fixtures() -> list[Any]:
    points = np.random.default_rng(0).uniform(-5, 5, (4, 3))
    flat = points * [0, 1, 1]
    given = [("distance", points[:2]), ("angle", points[:3]), ("area", flat)]
    given += [("distance", points[:2] * 1e-3), ("area", flat * 1e-2), ("area", flat * 1e3)]
    return [
        [shape, unit, where.tolist(), measured_words(shape, where.tolist(), unit=unit)]
        for shape, where in given
        for unit in ("um", "px")
    ]


def patch_fixture(channels: int, whole: bool) -> dict[str, Any]:
    rgba = np.random.default_rng(channels).integers(1, 256, (21, 4)).astype(np.uint8)
    rgba[:, channels:3] = 0
    rgba[:, 3] = 255
    if not whole:
        rgba[[0, 7, 8, 20]] = 0
    count, data = packed(rgba.tobytes())
    assert len(data) == 21 * channels + (0 if whole else 3)
    return {"pixels": rgba.ravel().tolist(), "channels": count, "data": list(data)}


def test_the_browser_computes_what_python_computes(node: str, tmp_path: Path) -> None:
    with beads(tmp_path) as ws:
        join_fine(ws)
        explorer = SliceExplorer(ws, ["survey", "fine"])
        placed = explorer.world.placed(explorer.layers)
        shown = planes()
        textures = [
            texture_fixture(item, plane) for item in placed for plane in (shown[0], shown[3])
        ]
        looks = [look_fixture(explorer, plane) for plane in shown]
    assert any(any(one["inside"]) and not all(one["inside"]) for one in textures)
    at = [one["look"] for one in looks]
    widths = [0.003, 0.9, 12.0, 470.0, 5e3, 8.2e4]
    lengths = [0.02, 0.5, 1.0, 5.0, 200.0, 1000.0, 1234.0]
    fixtures = {
        "looks": looks,
        "measured": measured_fixtures(),
        "flights": [
            [start, end, share, flown(start, end, share)]
            for start, end in itertools.pairwise(at)
            for share in (0.0, 0.3, 0.8, 1.0)
        ],
        "fades": [
            [list(widths), width, Layer(image="a", widths_um=widths).shown(width)]
            for widths in ((None, None), (2.0, None), (None, 8.0), (2.0, 8.0))
            for width in (0.5, 1.5, 2.0, 5.0, 11.0, 40.0)
        ],
        "slabs": [
            [
                slab,
                pixel,
                finest,
                len(Rendering(slab_um=slab).depths_um(pixel_um=pixel, finest_um=finest)),
            ]
            for slab in (0.0, 0.3, 7.0, 500.0)
            for pixel, finest in ((0.5, 0.1), (0.2, 3.0))
        ],
        "planes": [plane_fixture(plane) for plane in shown],
        "patches": [patch_fixture(*kind) for kind in itertools.product((1, 2, 3), (True, False))],
        "textures": textures,
        "bars": [[width, scale_bar_length(width)] for width in widths],
        "lengths": [[length, format_length(length)] for length in lengths],
    }
    file = tmp_path / "fixtures.json"
    file.write_text(json.dumps(fixtures))
    done = subprocess.run(
        [node, "--test", *map(str, sorted(JS.glob("*.test.js")))],
        env={**os.environ, "FIXTURES": str(file)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "# fail 0" in done.stdout
    assert "# pass 0" not in done.stdout


def test_no_class_of_the_panel_is_styled_by_another_sheet() -> None:
    # They meet on the pages of reports and of the application.
    named = {
        path: set(re.findall(r"\.(sb-[a-z-]+)", path.read_text()))
        for path in Path(flight.__file__).parents[1].rglob("*.css")
        if "node_modules" not in path.parts
    }
    (panel,) = [path for path in named if path.name == "panel.css"]
    for path, classes in named.items():
        assert path == panel or not classes & named[panel], path
