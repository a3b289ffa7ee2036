"""How much of a phase there is along each axis: gradients show, and layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .chord_curves import AXIS_COLORS, AXIS_DASHES
from .marks import hv, lines, words
from .panels import panel
from .tables import need
from .theme import OKABE_ITO, WIDTH_PX, Ground, ground_of


def phase_profile(profiles: pd.DataFrame, *, ground: str | Ground = "light") -> hv.Overlay:
    """Draw the fraction of a phase in each layer, along each axis.

    Parameters
    ----------
    profiles : DataFrame
        Columns ``axis``, ``position_um`` and ``fraction``, as `measure` gives for profiles.
    ground : {"light", "dark"}
        What the plot stands on.

    Raises
    ------
    ValueError
        There is no layer.
    """
    need(profiles, ("axis", "position_um", "fraction"), who="phase_profile")
    g = ground_of(ground)
    curves = {
        str(axis): rows[["position_um", "fraction"]].to_numpy(float) * [1, 100]
        for axis, rows in profiles.groupby("axis")
    }
    curves = {axis: curve[np.isfinite(curve).all(axis=1)] for axis, curve in curves.items()}
    far = max(float(curve[:, 0].max()) for curve in curves.values()) or 1.0
    top = 1.15 * max(float(curve[:, 1].max()) for curve in curves.values()) or 1.0
    marks: list[Any] = []
    for number, (axis, curve) in enumerate(curves.items()):
        color, dash = OKABE_ITO[AXIS_COLORS.get(axis, "grey")], AXIS_DASHES.get(axis, "solid")
        height = top * (0.95 - 0.08 * number)
        sample = np.array([[1.02, height], [1.08, height]]) * [far, 1]
        marks.append(lines([curve, sample], color=color, dash=dash))
        marks.append(words([sample[1, 0]], [height], [f" along {axis}"], color=g.ink))
    return panel(
        marks,
        xlabel="position [µm]",
        ylabel="fraction of the layer [%]",
        xlim=(0, far * 1.3),
        ylim=(0, top),
        ground=g,
        size_px=(WIDTH_PX, 300),
    )
