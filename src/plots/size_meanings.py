"""Pore sizes in their four meanings, in one plot: they are not the same number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..quantities import format_length
from .marks import hv, lines, words
from .panels import panel
from .size_bins import size_ticks
from .tables import need
from .theme import OKABE_ITO, WIDTH_PX, Ground, ground_of

_LOOKS = {
    "local_thickness": ("local thickness", "blue", "solid"),
    "porosimetry": ("porosimetry (throats)", "vermilion", "solid"),
    "bodies": ("bodies", "green", "solid"),
    "chords": ("chords, by number", "purple", "dashed"),
}
_POINTS = 400
_DATA = 0.64  # of the width; the rest names the curves


def pore_size_curves(
    tables: Mapping[str, pd.DataFrame], *, ground: str | Ground = "light"
) -> hv.Overlay:
    """Draw which share of a phase lies in sizes at least so large, in each meaning that is given.

    Chords are a share by number, the others by volume. Porosimetry ends below 100 % where a part
    of the phase cannot be reached from the border. Beside each name stands its median.

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
            curves[name] = _falling(table, longer=name == "chords")
    if not curves:
        raise ValueError("pore_size_curves needs a table with a size, got none: nothing to draw")
    g = ground_of(ground)
    sizes = np.concatenate([curve[:, 0] for curve in curves.values()])
    low, high = float(sizes.min()) / 1.1, float(sizes.max()) * 1.1
    right = low * (high / low) ** (1 / _DATA)
    marks: list[Any] = []
    for number, (name, curve) in enumerate(curves.items()):
        marks.append(_curve(curve, name, low, high))
        marks += _key(curve, name, 96 - 9 * number, (high, right), g)
    return panel(
        marks,
        xlabel="size [nm, µm, mm]",
        ylabel="share in sizes at least so large [%]",
        xlim=(low, right),
        ylim=(0, 104),
        xticks=size_ticks(np.array([low, high])),
        logx=True,
        ground=g,
        size_px=(WIDTH_PX, 340),
    )


def _falling(table: pd.DataFrame, *, longer: bool) -> np.ndarray:
    """Size and share at least so large [%], then what is larger still; thinned where it is long.

    What has no size is unreached, of size 0; of chords it is what the border cuts, which is longer.
    """
    size, share = (table[name].to_numpy(float) for name in ("diameter_um", "share"))
    beyond = max(0.0, 1 - share.sum()) if longer else 0.0
    at_least = 100 * (beyond + np.cumsum(share[::-1])[::-1])
    kept = np.unique(np.linspace(0, len(size) - 1, min(len(size), _POINTS)).astype(int))
    curve = np.column_stack([size[kept], at_least[kept]])
    return np.vstack([curve, [size[-1], 100 * beyond]])


def _curve(curve: np.ndarray, name: str, left: float, right: float) -> hv.Path:
    _, color, dash = _LOOKS[name]
    stairs = np.repeat(curve, 2, axis=0)  # a share holds down to the next smaller size
    stairs = np.column_stack([stairs[:-1, 0], stairs[1:, 1]])
    start = [[left, curve[0, 1]]]
    end = [[right, curve[-1, 1]]] if curve[-1, 1] > 0 else np.empty((0, 2))
    return lines([np.vstack([start, stairs, end])], color=OKABE_ITO[color], dash=dash)


def _key(
    curve: np.ndarray, name: str, height: float, room: tuple[float, float], g: Ground
) -> list[Any]:
    title, color, dash = _LOOKS[name]
    wide = room[1] / room[0]
    sample = np.array([[room[0] * wide**0.02, height], [room[0] * wide**0.1, height]])
    said = f" {title}, {_median(curve)}"
    return [
        lines([sample], color=OKABE_ITO[color], dash=dash),
        words([sample[1, 0]], [height], [said], color=g.ink),
    ]


def _median(curve: np.ndarray) -> str:
    half = curve[0, 1] / 2
    if curve[-1, 1] >= half:
        return "no median: cut by the border"
    return f"median {format_length(float(curve[curve[:, 1] >= half, 0][-1]))}"
