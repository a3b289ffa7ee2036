"""A still picture of boxes in space, drawn by VTK without a screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .labels import spread
from .off_screen import off_screen_plotter
from .stills import still
from .theme import DPI, SMALL_PT, WIDTH_PX, Ground, ground_of, modality_color, rc_params

# Between corners in the order of `box_corners`.
_EDGES = ((0, 1), (0, 2), (0, 4), (1, 3), (1, 5), (2, 3), (2, 6), (3, 7), (4, 5), (4, 6), (5, 7), (6, 7))  # fmt: skip  # noqa: E501
_FACES = ((0, 1, 3, 2), (4, 5, 7, 6), (0, 1, 5, 4), (2, 3, 7, 6), (0, 2, 6, 4), (1, 3, 7, 5))
_OBLIQUE = np.array([-0.45, -1.0, -0.62])  # x, y, z: from the front left, above (z is down)
_ROOM_PX = 170  # of labels, at natural width
_HEIGHT_PX = 430


def scene_picture(
    corners_um: Mapping[str, ArrayLike],
    *,
    modalities: Mapping[str, str | None],
    points_um: Mapping[str, ArrayLike] | None = None,
    width_px: int = 900,
    ground: str | Ground = "light",
) -> bytes:
    """Draw the boxes of images in space, seen obliquely from above.

    Parameters
    ----------
    corners_um : Mapping of str to ndarray (8, 3)
        Image name to the corners of its box z, y, x in one frame [µm], in the order of
        `box_corners`.
    modalities : Mapping of str to str
        Image name to modality, which decides the colour.
    points_um : Mapping of str to ndarray (3,), optional
        Named places z, y, x [µm], such as a target.
    width_px : int
        Width of the picture.
    ground : {"light", "dark"}
        What the picture stands on.

    Returns
    -------
    bytes
        A PNG file. z points down, as in the frames; there is no scale: it is a perspective.

    Raises
    ------
    ValueError
        If there is no box, or corners are not ``(8, 3)``.
    """
    if not corners_um:
        raise ValueError("scene_picture needs at least one image, got none")
    boxes = {name: np.asarray(corners, float) for name, corners in corners_um.items()}
    for name, corners in boxes.items():
        if corners.shape != (8, 3):
            raise ValueError(f"{name}: corners need shape (8, 3) z, y, x, got {corners.shape}")
    g = ground_of(ground)
    colors = {name: modality_color(modalities.get(name)) for name in boxes}
    dots = {name: np.asarray(p, float).reshape(1, 3) for name, p in (points_um or {}).items()}
    pixels, places = _render(boxes, colors, {**boxes, **dots}, width_px, g)
    return _labelled(pixels, places, colors, set(dots), width_px, g)


def _render(
    boxes: Mapping[str, np.ndarray],
    colors: Mapping[str, str],
    named: Mapping[str, np.ndarray],
    width_px: int,
    g: Ground,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    scale = width_px / WIDTH_PX
    size = [round((WIDTH_PX - _ROOM_PX) * scale), round(_HEIGHT_PX * scale)]
    plotter = off_screen_plotter(window_size=size)
    try:
        plotter.set_background(g.paper)
        plotter.enable_anti_aliasing("ssaa")
        for name, corners in boxes.items():
            _add_box(plotter, corners[:, ::-1], colors[name], scale)
        centre = np.vstack(list(boxes.values())).mean(axis=0)[::-1]
        plotter.camera_position = [centre + _OBLIQUE, centre, (0.0, 0.0, -1.0)]
        plotter.reset_camera()
        plotter.camera.zoom(1.2)
        pixels = np.asarray(plotter.screenshot(None, return_img=True))
        places = {name: _right_end(plotter, points, size) for name, points in named.items()}
    finally:
        plotter.close()
    return pixels, places


def _add_box(plotter: Any, xyz: np.ndarray, color: str, scale: float) -> None:
    import pyvista as pv

    edges = np.column_stack([np.full(len(_EDGES), 2), _EDGES]).ravel()
    faces = np.column_stack([np.full(len(_FACES), 4), _FACES]).ravel()
    plotter.add_mesh(pv.PolyData(xyz, lines=edges), color=color, line_width=1.8 * scale)
    plotter.add_mesh(pv.PolyData(xyz, faces=faces), color=color, opacity=0.07, lighting=False)


def _right_end(plotter: Any, points_zyx: np.ndarray, size: list[int]) -> np.ndarray:
    """Of some points, the one that stands furthest right in the picture."""
    seen = [_seen_at(plotter, point[::-1], size) for point in points_zyx]
    return max(seen, key=lambda place: float(place[0]))


def _seen_at(plotter: Any, xyz: np.ndarray, size: list[int]) -> np.ndarray:
    """Where a point of the scene is in the picture: x and y from its upper left, 0 to 1."""
    renderer = plotter.renderer
    renderer.SetWorldPoint(*(float(v) for v in xyz), 1.0)
    renderer.WorldToDisplay()
    x, y, _ = renderer.GetDisplayPoint()
    return np.array([x / size[0], 1 - y / size[1]])


def _labelled(
    pixels: np.ndarray,
    places: Mapping[str, np.ndarray],
    colors: Mapping[str, str],
    dots: set[str],
    width_px: int,
    g: Ground,
) -> bytes:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    share = (WIDTH_PX - _ROOM_PX) / WIDTH_PX
    with rc_context(rc_params(g)):
        figure = Figure(figsize=(WIDTH_PX / DPI, _HEIGHT_PX / DPI), facecolor=g.paper)
        ax = figure.add_axes((0, 0, 1, 1))
        ax.set(xlim=(0, 1), ylim=(1, 0))
        ax.axis("off")
        ax.imshow(pixels, extent=(0, share, 1, 0), aspect="auto", interpolation="antialiased")
        wanted = [float(p[1]) for p in places.values()]
        rows = spread(wanted, gap=0.046, low=0.06, high=0.94)
        for (name, place), row in zip(places.items(), rows, strict=True):
            x, color = place[0] * share, colors.get(name, g.ink)
            ends = [x, share - 0.02, share], [place[1], row, row]
            ax.plot(*ends, color=color, linewidth=0.7)
            if name in dots:
                ax.plot([x], [place[1]], "o", color=color, markersize=4)
            ax.text(share + 0.008, row, name, va="center", fontsize=SMALL_PT, color=g.ink)
        return still(figure, width_px=width_px)
