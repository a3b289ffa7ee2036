"""Points in another frame, with their uncertainty and what a person should know about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...quantities import format_length
from .path import FramePath
from .regions import FEWEST_NU


@dataclass(frozen=True, eq=False)
class Located:
    """Points in another frame, with their uncertainty.

    Attributes
    ----------
    points_um : (n, 3) array
        Positions in z, y, x [um].
    covariance_um2 : (n, 3, 3) array
        Their covariance [um2]; NaN where an edge has no landmark to spare.
    nu : float or None
        Degrees of freedom, the smallest on the way; None where the errors are known independently.
    path : tuple of str
        Frames on the way, both ends included.
    notes : tuple of str
        What a person should know: guessed errors, other ways and how much they disagree.
    stated : bool
        False where there are too few degrees of freedom to say how uncertain the points are.
    edges : tuple of str
        Names of the transforms on the way.
    """

    points_um: np.ndarray
    covariance_um2: np.ndarray
    nu: float | None
    path: tuple[str, ...]
    notes: tuple[str, ...]
    stated: bool
    edges: tuple[str, ...] = ()

    def table(self) -> pd.DataFrame:
        """One row a point: x_um, y_um, z_um and standard deviations sx_um, sy_um, sz_um."""
        sigma = np.sqrt(np.diagonal(self.covariance_um2, axis1=1, axis2=2))
        columns = {f"{'zyx'[k]}_um": self.points_um[:, k] for k in (2, 1, 0)}
        columns |= {f"s{'zyx'[k]}_um": sigma[:, k] for k in (2, 1, 0)}
        return pd.DataFrame(columns)


def edge_notes(way: FramePath) -> tuple[str, ...]:
    """Write down what is weak about the edges on the way."""
    notes = []
    finite = {step.edge.name: nu for step in way.steps if (nu := step.linear().nu) is not None}
    if finite:
        weakest = min(finite, key=lambda name: finite[name])
        nu = finite[weakest]
        several = ", the smallest on the way (conservative)" if len(way.steps) > 1 else ""
        notes.append(f"regions rest on {nu:g} degrees of freedom, those of {weakest}{several}")
        if nu < FEWEST_NU:
            notes.append(
                f"too few to say: {weakest} leaves {nu:g} degrees of freedom, fewer than "
                f"{FEWEST_NU}; add landmarks"
            )
    for step in way.steps:
        transform = step.linear()
        if transform.sigma_source == "stated":
            size = "" if transform.sigma_um is None else f" ({format_length(transform.sigma_um)})"
            notes.append(f"the localisation error of {step.edge.name} was stated by hand{size}")
        if transform.rotation_sigma_deg > 1.0:
            notes.append(
                f"the rotation of {step.edge.name} is known to {transform.rotation_sigma_deg:.2g}° "
                "only: covariances of first order are rough far from the landmarks"
            )
    return tuple(notes)
