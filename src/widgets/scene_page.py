"""The scene as a page of its own: vtk.js, the arrays, and a few words; nothing from outside."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .annotate import scale_bar_length
from .colors import rgb
from .compose import GROUND
from .page import Page
from .plane import Plane
from .scene_picture import scene_caption, scene_legend
from .space import EDGES, Block, Box, Sheet, Space, Surface
from .stage import matrix_xyz, xyz
from .views import words_html

_STATIC = Path(__file__).parent / "static"
_TICKS = 5
_STEP = 0.7  # of a voxel, along a ray of light
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
html, body {{ margin: 0; height: 100%; }}
body {{ display: flex; flex-direction: column; font: 13px system-ui, sans-serif; }}
#scene {{ position: relative; flex: 1 1 auto; min-height: 240px; overflow: hidden;
  background: {ground}; touch-action: none; }}
#scene .words {{ position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }}
#home {{ position: absolute; top: 8px; right: 8px; min-width: 28px; min-height: 28px; z-index: 2; }}
#failed {{ padding: 8px 12px; color: #D55E00; }}
footer {{ flex: 0 0 auto; padding: 4px 12px; }}
</style>
</head>
<body>
<button id="home" title="Back to the first view">first view</button>
<div id="scene" role="img" aria-label="{alt}"></div>
<div id="failed" hidden></div>
{footer}
<script type="application/json" id="packed">{packed}</script>
<script>{loader}</script>
</body>
</html>
"""
# The same in every page, so that a report's policy can name it by its hash.
_LOADER = """
(async () => {
  const packed = JSON.parse(document.getElementById("packed").textContent);
  const open = async (name) => {
    const bytes = Uint8Array.from(atob(packed[name]), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  };
  const run = (text) => {
    const script = document.createElement("script");
    script.textContent = text;
    document.head.append(script);
  };
  try {
    window.scalebridgeScene = JSON.parse(await open("scene"));
    run(await open("library"));
    run(await open("host"));
  } catch (error) {
    const failed = document.getElementById("failed");
    failed.textContent = `This browser cannot open the scene: ${error}`;
    failed.hidden = false;
  }
})();
"""
KIND = "scene"
HINT = "Drag: turn. Shift + drag: move. Wheel: zoom."


def scene_html(scene: Any, *, title: str = "") -> str:
    """Write the page of a scene.

    Raises
    ------
    ModuleNotFoundError
        vtk.js is not where the package panel keeps it.
    """
    space = scene.space()
    caption = scene_caption(scene, space)
    words = Page(panels=(), legend=tuple(scene_legend(scene, space)), caption=tuple(caption))
    state = scene_state(scene, space)
    return page_of(state, title=title or repr(scene), words=words_html(words, hint=HINT))


def scene_state(scene: Any, space: Space | None = None) -> dict[str, Any]:
    """What a page without a kernel draws a scene from: plain JSON types."""
    shown = space or scene.space()
    return {
        "kind": KIND,
        "scene": _packed(json.dumps(scene_data(scene, shown)).encode()),
        "alt": " ".join(scene_caption(scene, shown)),
    }


def page_of(state: Mapping[str, Any], *, title: str, words: str = escape(HINT)) -> str:
    """Write a page of what `scene_state` gave.

    Parameters
    ----------
    state : mapping
    title : str
    words : str
        HTML below the scene; by default how it is turned, empty for nothing.
    """
    packed = {"library": _library(), "host": _packed(_host().encode()), "scene": state["scene"]}
    return _PAGE.format(
        policy=escape(_POLICY),
        title=escape(title),
        ground="rgb({}, {}, {})".format(*GROUND),
        alt=escape(str(state["alt"])),
        footer=f"<footer>{words}</footer>" if words else "",
        packed=json.dumps(packed).replace("<", "\\u003c"),
        loader=_LOADER,
    )


def scene_scripts() -> tuple[str, ...]:
    """Every script that a scene's page runs; they are the same in every page."""
    return (_LOADER, _host(), vtk_js().read_text(encoding="utf-8"))


@cache
def _host() -> str:
    return (_STATIC / "scene.js").read_text(encoding="utf-8")


@cache
def _library() -> str:
    return _packed(vtk_js().read_bytes())


def vtk_js() -> Path:
    """The file of vtk.js that the package panel brings.

    Raises
    ------
    ModuleNotFoundError
        It is not there.
    """
    spec = find_spec("panel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        found = sorted((Path(folder) / "dist/bundled/abstractvtkplot").glob("vtk.js@*/vtk.js"))
        if found:
            return found[-1]
    raise ModuleNotFoundError(
        "a scene's page needs vtk.js as the package panel 1.9 brings it, and found none: "
        "pip install --force-reinstall 'panel>=1.9', or use snapshot() for a picture"
    )


def scene_data(scene: Any, space: Space) -> dict[str, Any]:
    """Everything that the browser draws, ready for vtk.js."""
    plane = scene.view_plane()
    named = [(box.name, box.color, box.corners_um) for box in space.boxes if box.name]
    named += [(spot.name, spot.color, spot.position_um[None]) for spot in space.spots]
    opaque_first = sorted(space.surfaces, key=lambda one: -one.opacity)
    return {
        "ground": [value / 255 for value in GROUND],
        "camera": _camera(plane, scene.explorer.world.corners_um()),
        "sheets": [_sheet(sheet) for sheet in space.sheets],
        "meshes": [_box(box) for box in space.boxes]
        + [_surface(surface) for surface in opaque_first if len(surface.faces)],
        "blocks": [_block(block) for block in space.blocks],
        "names": [
            {"name": name, "color": color, "points": np.asarray(points).tolist()}
            for name, color, points in named
        ],
        "axes": axes_data(scene.explorer.world.corners_um()) if scene.axes else [],
    }


def axes_data(corners_um: NDArray[np.float64]) -> Sequence[Mapping[str, Any]]:
    """For each axis its four outer edges, z, y, x, and the ticks along them."""
    low, high = corners_um.min(axis=0), corners_um.max(axis=0)
    box = np.where(np.indices((2, 2, 2)).reshape(3, 8).T == 0, low, high)
    found = []
    for axis, name in enumerate("zyx"):
        if not high[axis] > low[axis]:
            continue
        start, stop = float(low[axis]), float(high[axis])
        step = scale_bar_length(stop - start, share=1 / _TICKS)
        decimals = max(0, -int(np.floor(np.log10(step))))
        values = np.arange(np.ceil(start / step), np.floor(stop / step) + 1) * step + 0.0
        edges = [edge for edge in EDGES if edge[1] - edge[0] == 4 >> axis]
        found.append(
            {
                "axis": axis,
                "name": f"{name} [µm]",
                "ends": [box[list(edge)].tolist() for edge in edges],
                "ticks": [
                    {
                        "at": (value - start) / (stop - start),
                        "words": f"{value:.{decimals}f}".replace("-", "−"),
                    }
                    for value in values.tolist()
                ],
            }
        )
    return found


def _packed(data: bytes) -> str:
    return base64.b64encode(gzip.compress(data, 6, mtime=0)).decode("ascii")


def _array(values: Any, kind: str) -> dict[str, str]:
    types = {"u1": np.uint8, "u4": np.uint32, "f4": np.float32}
    data = np.ascontiguousarray(values, types[kind]).tobytes()
    return {"kind": kind, "data": base64.b64encode(data).decode("ascii")}


def _camera(plane: Plane, corners_um: NDArray[np.float64]) -> dict[str, Any]:
    centre = np.asarray(plane.centre_um)
    far = 4 * float(np.ptp(corners_um, axis=0).max())
    return {
        "focus": xyz(centre).tolist(),
        "position": xyz(centre - far * plane.normal).tolist(),
        "up": xyz(-np.asarray(plane.down)).tolist(),
        "width_um": plane.width_um,
        "height_um": plane.height_um,
    }


def _mesh(points_um: Any, color: str, **more: Any) -> dict[str, Any]:
    given = {"opacity": 1.0, "width_px": 1.0, "lit": False, **more}
    return {
        "points": _array(xyz(points_um), "f4"),
        "color": [value / 255 for value in rgb(color)],
        **given,
    }


def _cells(cells: NDArray[np.int64]) -> dict[str, str]:
    return _array(np.column_stack([np.full(len(cells), cells.shape[1]), cells]).ravel(), "u4")


def _box(box: Box) -> dict[str, Any]:
    edges = _cells(np.array(EDGES))
    return _mesh(box.corners_um, box.color, lines=edges, width_px=box.width_px)


def _surface(surface: Surface) -> dict[str, Any]:
    return _mesh(
        surface.vertices_um,
        surface.color,
        polys=_cells(surface.faces),
        normals=_array(xyz(normals(surface)), "f4"),
        opacity=surface.opacity,
        lit=True,
    )


def normals(surface: Surface) -> NDArray[np.float64]:
    """Unit normals at the vertices (n, 3), z, y, x: the mean of the faces around, by area."""
    a, b, c = (surface.vertices_um[surface.faces[:, number]] for number in range(3))
    across = np.cross(xyz(b - a), xyz(c - a))[:, ::-1]
    total = np.zeros_like(surface.vertices_um)
    for number in range(3):
        np.add.at(total, surface.faces[:, number], across)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return total / np.where(length > 0, length, 1)


def _sheet(sheet: Sheet) -> dict[str, Any]:
    height, width = sheet.pixels.shape[:2]
    meshes = [
        _mesh(
            polygon,
            "#ffffff",
            polys=_cells(np.arange(len(polygon))[None]),
            places=_array(np.column_stack([places[:, 0], 1 - places[:, 1]]), "f4"),
        )
        for polygon, places in zip(sheet.polygons, sheet.places, strict=True)
    ]
    return {
        "name": sheet.name,
        "width": width,
        "height": height,
        "pixels": _array(sheet.pixels[::-1], "u1"),
        "meshes": meshes,
    }


def _block(block: Block) -> dict[str, Any]:
    return {
        "size": list(block.rgba.shape[2::-1]),
        "spacing": xyz(block.spacing_um).tolist(),
        "origin": xyz(block.origin_um).tolist(),
        "matrix": matrix_xyz(block).T.ravel().tolist(),  # by columns
        "rgba": _array(block.rgba, "u1"),
        "opaque_um": block.opaque_um,
        "step": float(block.spacing_um.min() * _STEP),
    }
