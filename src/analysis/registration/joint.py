"""Errors of edges that were adjusted together, and so are no longer independent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_ROUNDING = 1e-9  # of the largest slope: edges of loops that share nothing with the way


@dataclass(frozen=True, eq=False)
class JointErrors:
    """What became of the independent errors of several edges when their loops were closed.

    The change of all parameters after the adjustment is ``mixing`` times that before it, so each
    edge stays a source of errors of its own, with its own degrees of freedom.

    Attributes
    ----------
    slices : dict of str to slice
        Rows and columns of each edge's parameters, by its name.
    mixing : (P, P) array
        A projection: changes of the parameters that would open a loop are taken out.
    priors : dict of str to (p, p) array
        Covariance of each edge's parameters before the adjustment, with what the weights' own
        uncertainty adds.
    nus : dict of str to float or None
        Degrees of freedom behind each of them.
    """

    slices: dict[str, slice]
    mixing: np.ndarray
    priors: dict[str, np.ndarray]
    nus: dict[str, float | None]

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of all parameters after the adjustment: (P, P)."""
        out = np.zeros_like(self.mixing)
        for name, block in self.slices.items():
            column = self.mixing[:, block]
            out += column @ self.priors[name] @ column.T
        return out

    def of(self, name: str) -> np.ndarray:
        """Covariance of one edge's parameters after the adjustment: (p, p)."""
        block = self.slices[name]
        return self.covariance[block, block]

    def from_sources(self, slopes: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Trace slopes by adjusted parameters back to the independent errors: name to (n, 3, p).

        Edges that were not adjusted stay as they are.
        """
        out = {name: slope for name, slope in slopes.items() if name not in self.slices}
        adjusted = {name: slope for name, slope in slopes.items() if name in self.slices}
        if not adjusted:
            return out
        rows = np.asarray(
            sum(slope @ self.mixing[self.slices[name]] for name, slope in adjusted.items())
        )
        least = _ROUNDING * np.abs(rows).max(initial=0.0)
        for name, block in self.slices.items():
            slope = rows[..., block]
            if name in adjusted or np.abs(slope).max(initial=0.0) > least:
                out[name] = slope
        return out

    def draw(self, count: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Draw changes of the adjusted parameters: name to (count, p)."""
        changes = np.zeros((count, len(self.mixing)))
        for name, block in self.slices.items():
            drawn = draw_changes(self.priors[name], self.nus[name], count, rng)
            changes += drawn @ self.mixing[:, block].T
        return {name: changes[:, block] for name, block in self.slices.items()}


def draw_changes(
    covariance: np.ndarray, nu: float | None, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw changes of parameters, multivariate normal or t: (count, p)."""
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    changes = rng.standard_normal((count, len(values))) @ root.T
    if nu is not None and np.isfinite(nu):
        changes *= np.sqrt(nu / rng.chisquare(nu, size=(count, 1)))
    return np.asarray(changes)


def carried(slopes: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Covariance of points that move with parameters by ``slopes`` (n, 3, p): (n, 3, 3) [um2]."""
    n, d, p = slopes.shape
    weighted = (slopes.reshape(n * d, p) @ covariance).reshape(n, d, p)
    return np.asarray(weighted @ slopes.transpose(0, 2, 1))
