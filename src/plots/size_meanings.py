"""Pore sizes in their four meanings, in one plot: they are not the same number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..quantities import format_length
from .marks import hv, lines, words
from .panels import panel
from .sizes import _ticks
from .tables import need
from .theme import OKABE_ITO, WIDTH_PX, Ground, ground_of

_LOOKS = {
    "local_thickness": ("local thickness", "blue", 0.86),
    "porosimetry": ("porosimetry (throats)", "vermilion", 0.36),
    "bodies": ("bodies", "green", 0.69),
    "chords": ("chords, by number", "purple", 0.53),
}
_POINTS = 400


def pore_size_curves(
    tables: Mapping[str, pd.DataFrame], *, ground: str | Ground = "light"
) -> hv.Overlay:
    """Draw which share of a phase lies in sizes at least so large, in each meaning that is given.

    Chords are a share by number, the others by volume. Porosimetry ends below 100 % where a part
    of the phase cannot be reached from the border. The direct label of a curve gives its median.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Some of ``"local_thickness"``, ``"porosimetry"``, ``"bodies"`` and ``"chords"``, with
        columns ``diameter_um`` (rising) and ``share``, as `pore_sizes` gives them.
    ground : {"light", "dark"}
        What the plot stands on.

    Raises
    ------
    ValueError
        A meaning is unknown, or nothing has a size.
    """
    unknown = [name for name in tables if name not in _LOOKS]
    if unknown:
        raise ValueError(f"tables needs some of {tuple(_LOOKS)}, got {unknown}: name the meaning")
    curves = {}
    for name, table in tables.items():
        if len(table):
            need(table, ("diameter_um", "share"), who="pore_size_curves")
            curves[name] = _falling(table)
    if not curves:
        raise ValueError("pore_size_curves needs a table with a size, got none: nothing to draw")
    g = ground_of(ground)
    sizes = np.concatenate([curve[:, 0] for curve in curves.values()])
    low, high = float(sizes.min()) / 1.1, float(sizes.max()) * 1.1
    marks: list[Any] = []
    for name, curve in curves.items():
        marks += _curve(curve, name, high, g)
    return panel(
        marks,
        xlabel="size [nm, µm, mm]",
        ylabel="share in sizes at least so large [%]",
        xlim=(low, high),
        ylim=(0, 104),
        xticks=_ticks(np.array([low, high])),
        logx=True,
        ground=g,
        size_px=(WIDTH_PX, 340),
    )


def _falling(table: pd.DataFrame) -> np.ndarray:
    """Size and share at least so large [%], as a staircase's corners; thinned where it is long."""
    size = table["diameter_um"].to_numpy(float)
    at_least = 100 * np.cumsum(table["share"].to_numpy(float)[::-1])[::-1]
    kept = np.unique(np.linspace(0, len(size) - 1, min(len(size), _POINTS)).astype(int))
    return np.column_stack([size[kept], at_least[kept]])


def _curve(curve: np.ndarray, name: str, right: float, g: Ground) -> list[Any]:
    title, color_name, height = _LOOKS[name]
    color = OKABE_ITO[color_name]
    stairs = np.repeat(curve, 2, axis=0)  # a size counts down to the next one below
    stairs = np.column_stack([stairs[:-1, 0], stairs[1:, 1]])
    start = [[curve[0, 0] / 1.1, curve[0, 1]], [curve[0, 0], curve[0, 1]]]
    end = [[curve[-1, 0], 0.0]]
    whole = curve[0, 1]
    above = curve[curve[:, 1] >= whole / 2, 0]
    place = curve[curve[:, 1] >= whole * height, 0][-1]
    said = f" {title}, median {format_length(float(above[-1]))} "
    beyond = np.log(right / place) < 0.35 * np.log(right / (curve[0, 0] / 1.1))
    label = words(
        [place], [whole * height], [said], color=g.ink, align="right" if beyond else "left"
    )
    dash = "dashed" if name == "chords" else "solid"
    return [lines([np.vstack([start, stairs, end])], color=color, dash=dash), label]
