"""The error expected over a plane: maps with contours, landmarks and target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..quantities import length_unit
from .marks import hv, lines, picture, points, words
from .panels import panel, side_by_side
from .tables import need
from .theme import BAR_PX, MARGINS_PX, STATUS, WIDTH_PX, Ground, ground_of

_ROOM_FOR_NAMES_PX = 300  # width of a map that has room for the names of its landmarks
_EDGE = 0.09  # share of a map kept free beside its edge, and around what stands on it


def error_map(
    error_um: np.ndarray,
    *,
    x_um: np.ndarray,
    y_um: np.ndarray,
    landmarks: pd.DataFrame | None = None,
    target_um: tuple[float, float] | None = None,
    axes: tuple[str, str] = ("x", "y"),
    title: str = "",
    width_px: int = WIDTH_PX,
    ground: str | Ground = "light",
) -> hv.Overlay:
    """Draw the predicted target registration error over a plane, with contours.

    Parameters
    ----------
    error_um : ndarray (ny, nx)
        Predicted RMS error of a target at each place [µm].
    x_um, y_um : ndarray (nx,), (ny,)
        Places of columns and rows, evenly spaced [µm].
    landmarks : pandas.DataFrame, optional
        Columns ``name`` and the two axes, as ``x_um`` and ``y_um``.
    target_um : (float, float), optional
        A target on the plane, in the order of `axes` [µm].
    axes : (str, str)
        Names of the plane's axes; the second grows downwards.
    title : str
        Above the map.
    width_px : int
        Room for the map with its words and its colour bar.
    ground : {"light", "dark"}
        What the plot stands on.
    """
    error_um, x_um, y_um = (np.asarray(a, float) for a in (error_um, x_um, y_um))
    if error_um.shape != (len(y_um), len(x_um)):
        raise ValueError(
            f"error_um needs shape (len(y_um), len(x_um)) = {(len(y_um), len(x_um))}, "
            f"got {error_um.shape}"
        )
    g = ground_of(ground)
    unit, factor = length_unit(float(max(np.ptp(x_um), np.ptp(y_um))) / 2)
    error_unit, error_factor = length_unit(float(np.nanmax(error_um)) / 2)
    xs, ys, values = x_um * factor, y_um * factor, error_um * error_factor
    limits = (float(np.nanmin(values)), float(np.nanmax(values)))
    bar = f"predicted error, RMS [{error_unit}]"
    marks: list[Any] = [picture(values, xs, ys, name=bar, limits=limits, ground=g, cmap="cividis")]
    half = (xs[1] - xs[0]) / 2, (ys[1] - ys[0]) / 2
    xlim, ylim = (xs[0] - half[0], xs[-1] + half[0]), (ys[0] - half[1], ys[-1] + half[1])
    frame = width_px - MARGINS_PX[0] - MARGINS_PX[1] - BAR_PX
    tall = (ylim[1] - ylim[0]) / (xlim[1] - xlim[0])
    frame = min(frame, min(600, 1.2 * width_px) / tall)
    pixel = (xlim[1] - xlim[0]) / frame if frame >= _ROOM_FOR_NAMES_PX else None
    taken = np.empty((0, 2)) if target_um is None else np.array([target_um]) * factor
    if landmarks is not None:
        columns = (f"{axes[0]}_um", f"{axes[1]}_um")
        need(landmarks, ("name", *columns), who="error_map")
        places = landmarks[list(columns)].to_numpy(float) * factor
        marks += _contours(values, xs, ys, limits, away_from=np.vstack([taken, places]))
        marks += _named(places, list(landmarks["name"]), pixel)
    else:
        marks += _contours(values, xs, ys, limits, away_from=taken)
    if len(taken):
        marks.append(points(taken, color="#FFFFFF", marker="x", size=16))
        marks.append(points(taken, color=STATUS["refused"], marker="x", size=12))
        marks += _white(taken, ["target"], pixel)
    return panel(
        marks,
        xlabel=f"{axes[0]} [{unit}]",
        ylabel=f"{axes[1]} [{unit}]",
        xlim=xlim,
        ylim=ylim,
        down=True,
        equal=True,
        grid="none",
        bar=bar,
        title=title,
        ground=g,
        size_px=(round(frame), round(frame * tall)),
    )


def error_maps(maps: Mapping[str, Mapping[str, Any]], *, ground: str | Ground = "light") -> Any:
    """Draw the predicted errors of several registrations side by side, each on its own scale.

    Parameters
    ----------
    maps : mapping of str to mapping
        Title of each map, and what `error_map` takes.
    ground : {"light", "dark"}
        What the plot stands on.

    Returns
    -------
    holoviews.Overlay or holoviews.Layout
        Two in a row; one alone is as wide as the page.
    """
    if not maps:
        raise ValueError("error_maps needs a map, got none")
    width = WIDTH_PX if len(maps) == 1 else WIDTH_PX // 2
    drawn = [
        error_map(**given, title=title, width_px=width, ground=ground)
        for title, given in maps.items()
    ]
    return drawn[0] if len(drawn) == 1 else side_by_side(drawn, columns=2)


def _contours(
    values: np.ndarray,
    xs: np.ndarray,
    ys: np.ndarray,
    limits: tuple[float, float],
    *,
    away_from: np.ndarray,
) -> list[Any]:
    """Lines of equal error, each labelled once, where nothing else stands."""
    from skimage.measure import find_contours

    marks: list[Any] = []
    taken = away_from
    for level in _round_levels(*limits):
        paths = [
            np.column_stack(
                [np.interp(p[:, 1], range(len(xs)), xs), np.interp(p[:, 0], range(len(ys)), ys)]
            )
            for p in find_contours(values, level)
        ]
        paths = [p for p in paths if len(p) > 4]
        if paths:
            marks.append(lines(paths, color="#FFFFFF", width=1.0, alpha=0.85))
            spot = _free_spot(np.vstack(paths), xs, ys, taken)
            if spot is not None:
                taken = np.vstack([taken, spot])
                marks.append(_plain_white([spot[0]], [spot[1]], [f"{level:g}"], align="center"))
    return marks


def _free_spot(
    path: np.ndarray, xs: np.ndarray, ys: np.ndarray, taken: np.ndarray
) -> np.ndarray | None:
    """The point of a path that is farthest from what is taken, away from the edges."""
    low, size = np.array([xs[0], ys[0]]), np.array([np.ptp(xs), np.ptp(ys)])
    share = (path - low) / size
    inside = path[((share > _EDGE) & (share < 1 - _EDGE)).all(axis=1)]
    if not len(inside):
        return None
    if not len(taken):
        return np.asarray(inside[len(inside) // 5])
    distance = np.linalg.norm(inside[:, None] - taken[None], axis=2).min(axis=1)
    best = int(np.argmax(distance))
    return np.asarray(inside[best]) if distance[best] > _EDGE * size.min() else None


def _round_levels(low: float, high: float, *, about: int = 5) -> np.ndarray:
    step = 10 ** np.floor(np.log10(max(high - low, 1e-12) / about))
    step *= next(s for s in (1, 2, 5, 10) if (high - low) / (step * s) <= about + 1)
    return np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step


def _named(places: np.ndarray, names: list[Any], pixel: float | None) -> list[Any]:
    size = 7 if pixel is None else 8
    dots = points(places, color="#FFFFFF", outline="#111111", size=size, about={"landmark": names})
    return [dots, *_white(places, [str(n) for n in names], pixel)]


def _white(places: np.ndarray, names: list[str], pixel: float | None) -> list[hv.Labels]:
    """Names beside marks, where the map is large enough for them (a pixel is so long)."""
    if pixel is None:
        return []
    return [_plain_white(places[:, 0] + 8 * pixel, places[:, 1], names)]


def _plain_white(x: Any, y: Any, names: list[str], *, align: str = "left") -> hv.Labels:
    return words(list(x), list(y), names, color="#FFFFFF", align=align)
