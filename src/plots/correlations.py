"""The two-point correlation of a phase, with the slope that tells its surface."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .marks import hv, lines, points, words
from .panels import panel
from .tables import need
from .theme import OKABE_ITO, WIDTH_PX, Ground, ground_of


def two_point_curve(
    correlation: pd.DataFrame,
    *,
    surface_per_um: float | None = None,
    ndim: int = 3,
    ground: str | Ground = "light",
) -> hv.Overlay:
    """Draw S2 over distance, from the volume fraction to its square, with its slope at 0.

    Parameters
    ----------
    correlation : DataFrame
        Columns ``distance_um`` (from 0) and ``s2``, as `two_point_correlation` gives.
    surface_per_um : float, optional
        Surface per volume (length per area in 2D) that the slope stands for [1/µm].
    ndim : {3, 2}
        Axes of the image: -S_V / 4 or -L_A / pi.
    ground : {"light", "dark"}
        What the plot stands on.

    Raises
    ------
    ValueError
        There are fewer than two distances.
    """
    need(correlation, ("distance_um", "s2"), who="two_point_curve")
    if len(correlation) < 2:
        raise ValueError(
            f"two_point_curve needs two distances or more, got {len(correlation)}: take a larger "
            "image"
        )
    g = ground_of(ground)
    curve = correlation[["distance_um", "s2"]].to_numpy(float)
    fraction, reach = float(curve[0, 1]), float(curve[-1, 0])
    blue = OKABE_ITO["blue"]
    marks: list[Any] = [
        *_level(fraction, "φ", reach, g),
        *_level(fraction**2, "φ²: no memory", reach, g),
        lines([curve], color=blue),
        points(curve, color=blue, size=4.0),
    ]
    if surface_per_um is not None and surface_per_um > 0:
        marks += _tangent(fraction, surface_per_um, ndim, reach, g)
    low = min(float(curve[:, 1].min()), fraction**2)
    room = 0.12 * (fraction - low) or 0.01
    return panel(
        marks,
        xlabel="distance [µm]",
        ylabel="S2, both ends in the phase [1]",
        xlim=(0, reach * 1.22),
        ylim=(max(0.0, low - room), fraction + room),
        span=(0, reach),
        ground=g,
        size_px=(WIDTH_PX, 300),
    )


def _level(height: float, name: str, reach: float, g: Ground) -> list[Any]:
    line = lines([np.array([[0, height], [reach, height]])], color=g.quiet, dash="dotted")
    return [line, words([reach], [height], [f" {name}"], color=g.ink)]


def _tangent(fraction: float, surface: float, ndim: int, reach: float, g: Ground) -> list[Any]:
    """From φ at 0 with the slope of the surface, down to the square of φ; named above the curve."""
    drop = fraction - fraction**2
    end = drop * (4 if ndim == 3 else np.pi) / surface
    name, unit = ("S_V / 4", "S_V") if ndim == 3 else ("L_A / π", "L_A")
    height = fraction - 0.1 * drop
    sample = np.array([[0.42 * reach, height], [0.47 * reach, height]])
    slope = np.array([[0, fraction], [min(end, reach), fraction - drop * min(1, reach / end)]])
    said = f" slope −{name}, {unit} = {surface:.3g} 1/µm"
    return [
        lines([slope, sample], color=OKABE_ITO["vermilion"], dash="dashed"),
        words([sample[1, 0]], [height], [said], color=g.ink),
    ]
