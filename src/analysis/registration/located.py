"""Points in another frame, with their uncertainty and what a person should know about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...quantities import format_length
from .path import FramePath
from .regions import FEWEST_NU
from .step import Edge
from .transform import AffineTransform

if TYPE_CHECKING:
    import pandas as pd

_SOURCES = {
    "stated": "localisation error typed by hand",
    "repeated picks": "from repeated picks",
    "residuals": "from residuals",
    "bend": "that a bend came with",
}


@dataclass(frozen=True, eq=False)
class Located:
    """Points in another frame, with their uncertainty.

    Attributes
    ----------
    points_um : (n, 3) array
        Positions in z, y, x [um].
    covariance_um2 : (n, 3, 3) array
        Their covariance [um2]; NaN where an edge has no landmark to spare.
    nus : (n,) array
        Degrees of freedom with which each covariance is known; infinity where the errors are known
        independently, 0 where an edge has no landmark to spare.
    path : tuple of str
        Frames on the way, both ends included.
    notes : tuple of str
        What a person should know: guessed errors, other ways and how much they disagree.
    stated : bool
        False where there are too few degrees of freedom to say how uncertain the points are.
    edges : tuple of str
        Names of the transforms on the way.
    error_source : str
        Where the localisation errors come from: the residuals, or typed by hand, and for which
        transforms.
    """

    points_um: np.ndarray
    covariance_um2: np.ndarray
    nus: np.ndarray
    path: tuple[str, ...]
    notes: tuple[str, ...]
    stated: bool
    edges: tuple[str, ...] = ()
    error_source: str = ""

    @property
    def nu(self) -> float | None:
        """Degrees of freedom of the point, the smallest of several; None where errors are known."""
        least = float(self.nus.min(initial=np.inf))
        return None if np.isinf(least) else least

    def table(self) -> pd.DataFrame:
        """One row a point: x_um, y_um, z_um, standard deviations sx_um, sy_um, sz_um, error_source.

        The last says where the localisation errors behind the deviations come from.
        """
        import pandas as pd

        sigma = np.sqrt(np.diagonal(self.covariance_um2, axis1=1, axis2=2))
        columns = {f"{'zyx'[k]}_um": self.points_um[:, k] for k in (2, 1, 0)}
        columns |= {f"s{'zyx'[k]}_um": sigma[:, k] for k in (2, 1, 0)}
        return pd.DataFrame({**columns, "error_source": self.error_source})


def edge_notes(way: FramePath, nus: np.ndarray, edges: Iterable[Edge]) -> tuple[str, ...]:
    """Write down what is weak about a way and about the edges whose errors count at its end."""
    notes: list[str] = []
    if np.isfinite(nus).any():
        notes.append(_nu_words(way, nus))
    if nus.min(initial=np.inf) < FEWEST_NU:
        few = {step.edge.name: nu for step in way.steps if (nu := step.nu) is not None}
        weakest = min(few, key=lambda name: few[name])
        notes.append(
            f"too few to say: {weakest} leaves {few[weakest]:g} degrees of freedom, fewer than "
            f"{FEWEST_NU}; add landmarks"
        )
    for edge in edges:
        transform = edge.transform
        if not isinstance(transform, AffineTransform):
            notes += [f"{edge.name} bends: its errors are those that it came with", *edge.notes]
            continue
        if transform.sigma_source == "stated":
            notes.append(f"the localisation error of {_typed(edge)} was stated by hand")
        if transform.rotation_sigma_deg > 1.0:
            notes.append(
                f"the rotation of {edge.name} is known to {transform.rotation_sigma_deg:.2g}° "
                "only: covariances of first order are rough far from the landmarks"
            )
        notes += edge.notes
    return tuple(notes)


def _nu_words(way: FramePath, nus: np.ndarray) -> str:
    low, high = (f"{float(value):.3g}" for value in (nus.min(), nus.max()))
    several = low if low == high else f"{low} to {high}"
    of = way.edges[0] if len(way.edges) == 1 else f"{', '.join(way.edges)} together"
    return f"regions rest on {several} degrees of freedom, those of {of}"


def error_source(edges: Iterable[Edge]) -> str:
    """Say where the localisation errors of edges come from."""
    by_source: dict[str, list[str]] = {}
    for edge in edges:
        transform = edge.transform
        if not isinstance(transform, AffineTransform):
            by_source.setdefault("bend", []).append(edge.name)
        else:
            typed = transform.sigma_source == "stated"
            name = _typed(edge) if typed else edge.name
            by_source.setdefault(transform.sigma_source, []).append(name)
    said = [
        f"{words}: {', '.join(by_source[key])}"
        for key, words in _SOURCES.items()
        if key in by_source
    ]
    return "; ".join(said) or "exact"


def _typed(edge: Edge) -> str:
    sigma = getattr(edge.transform, "sigma_um", None)
    return edge.name if sigma is None else f"{edge.name} ({format_length(sigma)})"
