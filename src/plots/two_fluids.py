"""Two fluids in one pore space: capillary pressure with its fits, and relative permeability."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .marks import hv, lines, points, words
from .panels import panel
from .tables import need
from .theme import OKABE_ITO, WIDTH_PX, Ground, ground_of

_ROOM = 1.5  # of the width, for words beside the curves
_FITS = {
    "brooks-corey": ("Brooks and Corey", "purple", "dashed"),
    "van-genuchten": ("van Genuchten", "orange", "dotted"),
}
_FLUIDS = {"wetting": ("wetting", "blue"), "non_wetting": ("non-wetting", "vermilion")}


def capillary_pressure_curve(
    drainage: pd.DataFrame,
    *,
    fits: pd.DataFrame | None = None,
    network: pd.DataFrame | None = None,
    ground: str | Ground = "light",
) -> hv.Overlay:
    """Draw capillary pressure over the saturation of the fluid that is driven out.

    Parameters
    ----------
    drainage : DataFrame
        ``trapping``, ``pressure_kpa`` (rising) and ``wetting_saturation``, as `Drainage.curves`
        gives.
    fits : DataFrame, optional
        ``model``, ``pressure_kpa`` and ``wetting_saturation`` of fitted curves.
    network : DataFrame, optional
        ``pressure_kpa`` and ``wetting_saturation`` of the pore network.
    ground : {"light", "dark"}
        What the plot stands on.

    Raises
    ------
    ValueError
        A column is missing, or a table has no row.
    """
    columns = ("pressure_kpa", "wetting_saturation")
    need(drainage, ("trapping", *columns), who="capillary_pressure_curve")
    g = ground_of(ground)
    curves: list[tuple[str, np.ndarray, str, str]] = []
    kept = drainage["trapping"].astype(bool)
    for rows, name, color, dash in (
        (drainage[~kept], "voxels, all can leave", "blue", "solid"),
        (drainage[kept], "voxels, cut off stays", "vermilion", "solid"),
    ):
        if len(rows):
            curves.append((name, _stairs(rows), OKABE_ITO[color], dash))
    if network is not None and len(network):
        need(network, columns, who="capillary_pressure_curve")
        curves.append(("pore network", _stairs(network), OKABE_ITO["green"], "solid"))
    for model, rows in fits.groupby("model", sort=False) if fits is not None else ():
        name, color, dash = _FITS[str(model)]
        path = rows[["wetting_saturation", "pressure_kpa"]].to_numpy(float)
        curves.append((f"{name}, fit", path, OKABE_ITO[color], dash))
    pressures = np.concatenate([path[:, 1] for _, path, _, _ in curves])
    low, high = float(pressures.min()) / 1.15, float(pressures.max()) * 1.15
    marks: list[Any] = [lines([path], color=color, dash=dash) for _, path, color, dash in curves]
    for number, (name, _, color, dash) in enumerate(curves):
        height = low * (high / low) ** (0.95 - 0.075 * number)
        sample = np.array([[1.04, height], [1.10, height]])
        marks += [
            lines([sample], color=color, dash=dash),
            words([1.10], [height], [f" {name}"], color=g.ink),
        ]
    return panel(
        marks,
        xlabel="saturation of the wetting fluid [1]",
        ylabel="capillary pressure [kPa]",
        xlim=(0, _ROOM),
        ylim=(low, high),
        span=(0, 1),
        yticks=_decades(low, high),
        logy=True,
        ground=g,
        size_px=(WIDTH_PX, 340),
    )


def relative_permeability_curve(
    table: pd.DataFrame, *, ground: str | Ground = "light"
) -> hv.Overlay:
    """Draw the relative permeability of two fluids over the saturation of the wetting one.

    Parameters
    ----------
    table : DataFrame
        ``wetting_saturation``, ``wetting`` and ``non_wetting``, as `relative_permeability` gives.
    ground : {"light", "dark"}
        What the plot stands on.

    Raises
    ------
    ValueError
        A column is missing, or there are fewer than two saturations.
    """
    need(table, ("wetting_saturation", *_FLUIDS), who="relative_permeability_curve")
    if len(table) < 2:
        raise ValueError(
            f"relative_permeability_curve needs two saturations or more, got {len(table)}"
        )
    g = ground_of(ground)
    marks: list[Any] = []
    for number, (column, (name, color)) in enumerate(_FLUIDS.items()):
        path = table[["wetting_saturation", column]].to_numpy(float)
        height = 0.97 - 0.075 * number
        sample = np.array([[1.04, height], [1.10, height]])
        marks += [
            lines([path, sample], color=OKABE_ITO[color]),
            points(path, color=OKABE_ITO[color], size=7.0, outline=g.paper),
            words([1.10], [height], [f" {name}"], color=g.ink),
        ]
    return panel(
        marks,
        xlabel="saturation of the wetting fluid [1]",
        ylabel="relative permeability [1]",
        xlim=(0, _ROOM),
        ylim=(0, 1.04),
        span=(0, 1),
        ground=g,
        size_px=(WIDTH_PX, 320),
    )


def _stairs(rows: pd.DataFrame) -> np.ndarray:
    """Hold the saturation up to the next pressure, as a voxel or a pore opens at once."""
    saturation = rows["wetting_saturation"].to_numpy(float)
    pressure = rows["pressure_kpa"].to_numpy(float)
    before = np.concatenate([[1.0], saturation[:-1]])
    return np.column_stack([np.column_stack([before, saturation]).ravel(), np.repeat(pressure, 2)])


def _decades(low: float, high: float) -> list[tuple[float, str]]:
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    steps = (1.0,) if np.log10(high / low) > 2.5 else (1.0, 2.0, 5.0)
    places = [s * 10.0**p for p in powers for s in steps]
    return [(place, f"{place:g}") for place in places if low <= place <= high] or [
        (low, f"{low:.3g}"), (high, f"{high:.3g}"),
    ]  # fmt: skip
