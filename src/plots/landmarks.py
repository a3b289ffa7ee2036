"""Landmarks: what each one says about a fit, and the error expected elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..quantities import format_length, length_unit
from .marks import boxes, hv, lines, picture, points, words
from .panels import panel, side_by_side
from .tables import need
from .theme import BAR_PX, MARGINS_PX, OKABE_ITO, STATUS, WIDTH_PX, Ground, ground_of

_ROW_PX = 30
_ROOM_FOR_NAMES_PX = 300  # width of a map that has room for the names of its landmarks
_EDGE = 0.09  # share of a map beside its edge that is kept free of labels


def landmark_errors(
    table: pd.DataFrame,
    *,
    fre_um: float | None = None,
    ground: str | Ground = "light",
) -> hv.Overlay:
    """Draw, for each landmark, its residual beside its leave-one-out error.

    A residual is small where the fit could follow the landmark; the leave-one-out error is how
    far a fit to all others misses it. Where both differ much, the landmark decides the fit
    alone. FRE is the RMS of the residuals: a goodness of fit, not an accuracy
    (Fitzpatrick 2009, doi:10.1117/12.813601).

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``residual_um``, ``loo_um`` [µm], as `LandmarkFit.table` gives, and ``name`` (else
        they are numbered); NaN in ``loo_um`` where the others do not determine the model.
    fre_um : float, optional
        Drawn as a line and called what it is.
    ground : {"light", "dark"}
        What the plot stands on.
    """
    need(table, ("residual_um", "loo_um"), who="landmark_errors")
    if "name" not in table:
        table = table.assign(name=[f"landmark {i + 1}" for i in range(len(table))])
    g = ground_of(ground)
    rows = table.sort_values(["loo_um", "residual_um"], na_position="first").to_dict("records")
    largest = float(np.nanmax(table[["residual_um", "loo_um"]].to_numpy(float)))
    unit, factor = length_unit(largest / 2)
    high = max(largest * factor, 1e-9)
    marks = [] if fre_um is None else _fre(fre_um * factor, unit, high, len(rows), g)
    for y, row in enumerate(rows):
        marks += _pair(row, y, factor, high, g)
    said = "leave-one-out error (blue) and residual of the fit (grey)"
    return panel(
        marks,
        xlabel=f"{said} [{unit}]",
        ylabel="",
        xlim=(0, high * 1.18),
        ylim=(-0.6, len(rows) - 0.4 + (0.7 if fre_um is not None else 0)),
        yticks=[(i, str(row["name"])) for i, row in enumerate(rows)],
        grid="x",
        ground=g,
        size_px=(WIDTH_PX, 80 + _ROW_PX * len(rows) + (20 if fre_um is not None else 0)),
    )


def _pair(row: dict[str, Any], y: int, factor: float, high: float, g: Ground) -> list[Any]:
    residual, loo = float(row["residual_um"]) * factor, float(row["loo_um"]) * factor
    about = {"landmark": [row["name"]]}
    marks: list[Any] = [
        boxes([(0, y - 0.36, residual, y - 0.03)], color=OKABE_ITO["grey"], about=about),
        words([residual + high * 0.01], [y - 0.195], [_digits(residual)], color=g.quiet),
    ]
    if np.isfinite(loo):
        bar = boxes([(0, y + 0.03, loo, y + 0.36)], color=STATUS["information"], about=about)
        return [
            *marks,
            bar,
            words([loo + high * 0.01], [y + 0.195], [_digits(loo)], color=g.ink),
        ]
    said = ["not determined without it"]
    return [*marks, words([high * 0.01], [y + 0.195], said, color=STATUS["refused"])]


def _digits(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:#.3g}"


def _fre(fre: float, unit: str, high: float, rows: int, g: Ground) -> list[Any]:
    line = lines(
        [np.array([[fre, -0.6], [fre, rows + 0.1]])], color=g.ink, dash="dashed", width=1.2
    )
    said = f"FRE {_digits(fre)} {unit}: goodness of fit, not accuracy"
    right = fre < high * 0.55
    place = fre + high * 0.01 if right else fre - high * 0.01
    return [
        line,
        words([place], [rows - 0.1], [said], color=g.ink, align="left" if right else "right"),
    ]


def errors_overview(
    tables: Mapping[str, pd.DataFrame], *, ground: str | Ground = "light"
) -> hv.Overlay:
    """Draw residuals and leave-one-out errors of several registrations, a row each.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        For each registration the columns ``name``, ``residual_um``, ``loo_um`` [µm].
    ground : {"light", "dark"}
        What the plot stands on.

    Returns
    -------
    holoviews.Overlay
        Grey: residuals. Blue: leave-one-out errors; the largest is named. Strokes: their RMS.
    """
    g = ground_of(ground)
    for table in tables.values():
        need(table, ("name", "residual_um", "loo_um"), who="errors_overview")
    finite = np.concatenate([_both(table) for table in tables.values()])
    if not finite.size:
        raise ValueError("errors_overview needs errors of landmarks, got none")
    unit, factor = length_unit(float(np.median(finite)))
    low, high = float(finite.min()) * factor / 1.4, float(finite.max()) * factor * 2.2
    marks: list[Any] = []
    for row, table in enumerate(reversed(list(tables.values()))):
        marks += _spread(table["residual_um"], row - 0.16, factor, OKABE_ITO["grey"])
        marks += _spread(table["loo_um"], row + 0.16, factor, STATUS["information"])
        marks += _worst(table, row + 0.16, factor, g)
    return panel(
        marks,
        xlabel=f"leave-one-out error (blue) and residual of the fit (grey) [{unit}]",
        ylabel="",
        xlim=(low, high),
        ylim=(-0.6, len(tables) - 0.4),
        xticks=_ticks(low, high),
        yticks=[(row, name) for row, name in enumerate(reversed(list(tables)))],
        logx=True,
        grid="x",
        ground=g,
        size_px=(WIDTH_PX, 80 + 44 * len(tables)),
    )


def _both(table: pd.DataFrame) -> np.ndarray:
    values = table[["residual_um", "loo_um"]].to_numpy(float).ravel()
    return values[np.isfinite(values) & (values > 0)]


def _spread(values_um: pd.Series, y: float, factor: float, color: str) -> list[Any]:
    values = values_um.to_numpy(float) * factor
    values = values[np.isfinite(values) & (values > 0)]
    if not values.size:
        return []
    rms = float(np.sqrt(np.mean(values**2)))
    stroke = lines([np.array([[rms, y - 0.15], [rms, y + 0.15]])], color=color, width=2.4)
    dots = np.column_stack([values, np.full(values.size, y)])
    return [stroke, points(dots, color=color, size=5, alpha=0.55)]


def _worst(table: pd.DataFrame, y: float, factor: float, g: Ground) -> list[Any]:
    known = table.dropna(subset=["loo_um"])
    if not len(known):
        return []
    worst = known.loc[known["loo_um"].idxmax()]
    place = float(worst["loo_um"]) * factor
    return [words([place * 1.06], [y], [str(worst["name"])], color=g.ink)]


def _ticks(low: float, high: float) -> list[tuple[float, str]]:
    """1, 2 and 5 of every decade."""
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    steps = [step * 10.0**power for power in decades for step in (1, 2, 5)]
    return [(step, f"{step:g}") for step in steps if low <= step <= high]


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
    return np.asarray(inside[int(np.argmax(distance))])


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


def describe_fit(loo_um: float, fre_um: float) -> str:
    """Say both numbers of a fit in words that cannot be taken for each other.

    Examples
    --------
    >>> describe_fit(9.7, 4.8)
    'leave-one-out error 9.7 µm (scale of the error); FRE 4.8 µm (goodness of fit, not accuracy)'
    """
    loo, fre = format_length(loo_um), format_length(fre_um)
    return (
        f"leave-one-out error {loo} (scale of the error); FRE {fre} (goodness of fit, not accuracy)"
    )
