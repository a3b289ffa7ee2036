"""Loops that have to close, as conditions on small corrections of their edges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..distributions import chi2, f_distribution
from .degrees import effective_nu
from .joint import JointErrors
from .path import FramePath
from .transform import AffineTransform

_FREE = 1e-9  # of the largest: directions in which no correction moves the end of a loop
_UNKNOWN_SIZE_UM = 100.0  # of edges that are all exact, which have no landmarks


@dataclass(frozen=True)
class Closure:
    """Whether loops close within the errors of their edges.

    Attributes
    ----------
    chi2 : float
        Square of the misclosure in units of its covariance.
    dof : int
        Directions in which the errors can open the loops.
    nu : float
        Degrees of freedom behind the errors; infinity where they are known.
    p : float
        Chance of a misclosure as large; NaN without any direction.
    """

    chi2: float
    dof: int
    nu: float
    p: float


@dataclass(frozen=True, eq=False)
class Conditions:
    """That loops close, to first order: ``misclosure + slopes @ corrections = 0``.

    Attributes
    ----------
    slices : dict of str to slice
        Columns of each edge's parameters.
    slopes : (m, P) array
        How the misclosures move with the parameters.
    misclosure_um : (m,) array
        Where control points end after a loop, less where they began [um].
    priors : dict of str to (p, p) array
        Covariance of each edge.
    nus : dict of str to float or None
    """

    slices: dict[str, slice]
    slopes: np.ndarray
    misclosure_um: np.ndarray
    priors: dict[str, np.ndarray]
    nus: dict[str, float | None]

    @cached_property
    def covariance(self) -> np.ndarray:
        """Covariance of the corrections before the loops are looked at: (P, P)."""
        out = np.zeros((self.slopes.shape[1],) * 2)
        for name, block in self.slices.items():
            out[block, block] = self.priors[name]
        return out

    @cached_property
    def misclosure_sigma_um(self) -> np.ndarray:
        """Standard deviation that the edges give each misclosure: (m,) [um]."""
        return np.sqrt(np.einsum("ip,pq,iq->i", self.slopes, self.covariance, self.slopes))

    @cached_property
    def root(self) -> np.ndarray:
        """Factor of the inverse covariance of the misclosures, where they can vary: (m, rank)."""
        size = np.where(self.misclosure_sigma_um > 0, self.misclosure_sigma_um, 1.0)
        slopes = self.slopes / size[:, None]
        values, vectors = np.linalg.eigh(slopes @ self.covariance @ slopes.T)
        kept = values > _FREE * max(values[-1], 1e-300)
        return np.asarray(vectors[:, kept] / np.sqrt(values[kept]) / size[:, None])

    def closure(self) -> Closure:
        """Test the misclosure against the errors of the edges."""
        square, dof = float(np.sum((self.root.T @ self.misclosure_um) ** 2)), self.root.shape[1]
        if not dof:
            return Closure(square, 0, float("inf"), float("nan"))
        parts = []
        for name, block in self.slices.items():
            slope = self.root.T @ self.slopes[:, block]
            parts.append((slope @ self.priors[name] @ slope.T)[None])
        nu = float(effective_nu(parts, [self.nus[name] for name in self.slices])[0])
        chance = chi2.sf(square, dof) if np.isinf(nu) else f_distribution.sf(square / dof, dof, nu)
        return Closure(square, dof, nu, float(chance))

    def corrections(self, made: np.ndarray) -> np.ndarray:
        """Give the most likely corrections that close the loops, those made included: (P,)."""
        open_um = self.misclosure_um - self.slopes @ made
        return np.asarray(
            -self.covariance @ (self.slopes.T @ (self.root @ (self.root.T @ open_um)))
        )

    def joint_errors(self) -> JointErrors:
        """What the errors of the edges are after the corrections."""
        half = self.slopes.T @ self.root
        mixing = np.eye(len(half)) - self.covariance @ half @ half.T
        priors = {}
        for name, block in self.slices.items():
            prior, nu, own = self.priors[name], self.nus[name], half[block]
            # the weights come from residuals: twice what the first order of their error adds
            extra = 0.0 if nu is None or np.isinf(nu) else 4.0 / nu
            priors[name] = prior + extra * prior @ own @ own.T @ prior
        return JointErrors(self.slices, mixing, priors, self.nus)


def conditions_of(
    loops: Sequence[FramePath],
    points_um: Sequence[np.ndarray],
    priors: Mapping[str, np.ndarray],
    nus: Mapping[str, float | None],
) -> Conditions:
    """Differentiate the ends of loops by the parameters of their edges."""
    names = list(dict.fromkeys(name for loop in loops for name in loop.edges))
    ends = np.cumsum([0, *(len(priors[name]) for name in names)])
    slices = {name: slice(*ends[k : k + 2]) for k, name in enumerate(names)}
    rows, misclosures = [], []
    for loop, points in zip(loops, points_um, strict=True):
        row = np.zeros((points.size, ends[-1]))
        for name, slope in loop.slopes_at(points).items():
            row[:, slices[name]] = slope.reshape(points.size, -1)
        rows.append(row)
        misclosures.append((loop.apply(points) - points).ravel())
    return Conditions(
        slices,
        np.concatenate(rows),
        np.concatenate(misclosures),
        {name: priors[name] for name in names},
        {name: nus[name] for name in names},
    )


def control_points(loop: FramePath) -> np.ndarray:
    """Spread points around the landmarks of a loop's first frame: (4, 3), or (3, 3) of a plane."""
    step = loop.steps[0]
    first = step.linear()
    centre = first.offset_um if step.backward else first.centre_um
    sizes = [_landmark_radius(step.linear()) for step in loop.steps]
    size = next((value for value in sizes if np.isfinite(value)), _UNKNOWN_SIZE_UM)
    if (first.ndim_fixed if step.backward else first.ndim_moving) == 2:
        corners = np.array([[0, 1, 0], [0, -0.5, 0.75**0.5], [0, -0.5, -(0.75**0.5)]])
        return np.asarray(centre * [0, 1, 1] + size * corners)
    signs = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    return np.asarray(centre + size / 3**0.5 * signs)


def _landmark_radius(transform: AffineTransform) -> float:
    """Tell how far the landmarks of a fit lay apart, from how well it knows shift and turn."""
    if transform.covariance is None or transform.model == "translation":
        return float("nan")
    variances, shifts = np.diag(transform.covariance), transform.ndim_fixed
    turns = variances[shifts:] if transform.model == "affine" else variances[shifts : shifts + 3]
    mean = float(np.mean(turns))
    return float(np.sqrt(np.mean(variances[:shifts]) / mean)) if mean > 0 else float("nan")
