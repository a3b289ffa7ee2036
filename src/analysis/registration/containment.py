"""Will the target lie in the cut? Probabilities and margins.

Two questions are answered. For a point whose covariance is known, in closed form or by quadrature.
For a volume of interest, which moves, turns and stretches as a whole, by drawing transforms and
looking at all eight corners: a turn moves the corners more than the centre.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.stats import chi2, f, multivariate_normal, multivariate_t, norm
from scipy.stats import t as student

from ...quantities import format_length
from .path import Edge, FramePath, Step
from .points import lift
from .regions import FEWEST_NU
from .transform import AffineTransform

DRAWS = 100_000


@dataclass(frozen=True)
class Containment:
    """A probability that something lies in a cut, or the margin that gives one.

    Attributes
    ----------
    probability : float
        NaN where there are too few degrees of freedom.
    standard_error : float
        Of the probability, from the number of draws; 0 for closed forms.
    margin_um : float
        Margin around the volume of interest [um].
    nu : float or None
        Degrees of freedom; None where the localisation error is known.
    statement : str
        In words.
    """

    probability: float
    standard_error: float
    margin_um: float
    nu: float | None
    statement: str

    @property
    def stated(self) -> bool:
        """Whether there are enough degrees of freedom to state anything."""
        return self.nu is None or self.nu >= FEWEST_NU

    def __float__(self) -> float:
        return self.probability


def containment_probability(
    covariance_um2: ArrayLike,
    half_margins_um: ArrayLike,
    *,
    bias_um: ArrayLike = 0.0,
    nu: float | None = None,
    seed: int = 0,
) -> float:
    """Probability that a point lies in a box around its predicted position.

    Parameters
    ----------
    covariance_um2 : (d, d) array
        Covariance of the position, in the axes of the box [um2].
    half_margins_um : float or (d,) array
        Half the size of the box; for a point of a volume of interest, cut minus volume [um].
    bias_um : float or (d,) array
        Known offset of the position from the middle of the box [um].
    nu : float, optional
        Degrees of freedom behind the localisation error (multivariate t); None where it is known.
    seed : int
        For the quasi-random integration of correlated errors.

    Returns
    -------
    float
        NaN with fewer than 3 degrees of freedom: too few to say.

    References
    ----------
    Genz 1992, doi:10.1080/10618600.1992.10477010, through scipy.

    Examples
    --------
    >>> round(containment_probability([[1, 0, 0], [0, 1, 0], [0, 0, 1]], 2.0), 6)
    0.869616
    """
    covariance = np.asarray(covariance_um2, dtype=float)
    size = len(covariance)
    margins = np.broadcast_to(np.asarray(half_margins_um, dtype=float), (size,))
    bias = np.broadcast_to(np.asarray(bias_um, dtype=float), (size,))
    if (margins < 0).any():
        raise ValueError(f"half_margins_um needs 0 or more [um], got {margins.tolist()}")
    if (nu is not None and nu < FEWEST_NU) or not np.isfinite(covariance).all():
        return float("nan")
    exact = np.diag(covariance) <= 0
    if (np.abs(bias[exact]) > margins[exact]).any():
        return 0.0
    free = ~exact
    if not free.any():
        return 1.0
    part = covariance[np.ix_(free, free)]
    return _box(part, -margins[free] - bias[free], margins[free] - bias[free], nu, seed)


def _box(
    covariance: np.ndarray, low: np.ndarray, high: np.ndarray, nu: float | None, seed: int
) -> float:
    known = nu is None or not np.isfinite(nu)
    sigma = np.sqrt(np.diag(covariance))
    diagonal = np.allclose(covariance, np.diag(sigma**2), rtol=0, atol=1e-12 * sigma.max() ** 2)
    if known and diagonal:
        return float(np.prod(norm.cdf(high / sigma) - norm.cdf(low / sigma)))
    if len(sigma) == 1:
        return float(student.cdf(high / sigma, nu)[0] - student.cdf(low / sigma, nu)[0])
    if diagonal:
        return _mixed_box(low / sigma, high / sigma, float(nu or np.inf))
    if known:
        normal = multivariate_normal(
            np.zeros(len(sigma)), covariance, allow_singular=True, seed=seed, abseps=1e-7
        )
        return float(normal.cdf(high, lower_limit=low))
    shape = multivariate_t(np.zeros(len(sigma)), covariance, df=nu, allow_singular=True, seed=seed)
    return float(shape.cdf(high, lower_limit=low, random_state=seed))


def _mixed_box(low: np.ndarray, high: np.ndarray, nu: float) -> float:
    """Integrate a box of independent normals over their common, chi-distributed scale."""
    nodes, weights = np.polynomial.legendre.leggauss(400)
    scale = np.sqrt(chi2.ppf((nodes + 1) / 2, nu) / nu)[:, None]
    inside = np.prod(norm.cdf(high * scale) - norm.cdf(low * scale), axis=1)
    return float(inside @ weights / 2)


def ball_probability(
    covariance_um2: ArrayLike, radius_um: float, *, nu: float | None = None
) -> float:
    """Probability that a point lies within a distance of its predicted position.

    Parameters
    ----------
    covariance_um2 : (d, d) array
        Covariance of the position [um2].
    radius_um : float
        Distance [um].
    nu : float, optional
        Degrees of freedom; None where the localisation error is known.

    Examples
    --------
    >>> round(ball_probability([[1, 0, 0], [0, 1, 0], [0, 0, 1]], 2.0), 6)
    0.738536
    """
    if not radius_um >= 0:
        raise ValueError(f"radius_um needs 0 or more [um], got {radius_um!r}")
    covariance = np.asarray(covariance_um2, dtype=float)
    if (nu is not None and nu < FEWEST_NU) or not np.isfinite(covariance).all():
        return float("nan")
    values = np.linalg.eigvalsh(covariance)
    values = values[values > 1e-12 * max(values[-1], 0.0)]
    if len(values) == 0 or radius_um == 0:
        return float(len(values) == 0)
    known = nu is None or not np.isfinite(nu)
    return _over_directions(values, radius_um**2, None if known else nu)


def _over_directions(values: np.ndarray, square: float, nu: float | None) -> float:
    """Average over all directions the probability that the distance along one stays below."""
    ndim = len(values)
    turn = np.cos(np.pi * (np.arange(600) + 0.5) / 600) ** 2  # half a circle is enough
    if ndim == 1:
        spread, weights = values, np.ones(1)
    elif ndim == 2:
        spread, weights = values[0] * turn + values[1] * (1 - turn), np.full(600, 1 / 600)
    else:
        nodes, parts = np.polynomial.legendre.leggauss(600)
        around = values[0] * turn + values[1] * (1 - turn)
        height = nodes[:, None] ** 2
        spread = (height * values[2] + (1 - height) * around).ravel()
        weights = np.repeat(parts / 2 / 600, 600)
    inside = (
        chi2.cdf(square / spread, ndim) if nu is None else f.cdf(square / spread / ndim, ndim, nu)
    )
    return float(inside @ weights)


def margin_for_probability(
    covariance_um2: ArrayLike,
    *,
    probability: float,
    bias_um: ArrayLike = 0.0,
    nu: float | None = None,
    seed: int = 0,
) -> float:
    """Find the margin around a point that reaches a probability.

    Parameters
    ----------
    covariance_um2 : (d, d) array
        Covariance of the position, in the axes of the cut [um2].
    probability : float
        Wanted probability that the point lies in the cut, between 0 and 1.
    bias_um, nu, seed
        As in `containment_probability`.

    Returns
    -------
    float
        Margin, the same on every axis [um]; NaN with fewer than 3 degrees of freedom.

    Examples
    --------
    >>> round(margin_for_probability([[1.0]], probability=0.95), 4)
    1.96
    """
    _check_probability(probability)
    covariance = np.asarray(covariance_um2, dtype=float)

    def missing(margin: float) -> float:
        inside = containment_probability(covariance, margin, bias_um=bias_um, nu=nu, seed=seed)
        return inside - probability

    high = float(np.max(np.abs(bias_um)) + np.sqrt(np.diag(covariance).max()))
    if np.isnan(missing(high)):
        return float("nan")
    while missing(high) < 0:
        high *= 2
    return float(brentq(missing, 0.0, high, xtol=1e-9 * high)) if missing(0.0) < 0 else 0.0


def box_containment(
    way: AffineTransform | FramePath,
    centre_um: ArrayLike,
    half_size_um: ArrayLike,
    *,
    margin_um: ArrayLike,
    localisation_um2: ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Containment:
    """Probability that all corners of a volume of interest lie in the cut.

    The cut is the predicted image of the volume, grown by the margin, along the volume's own axes.

    Parameters
    ----------
    way : AffineTransform or FramePath
        From the frame of the volume to the frame of the cut.
    centre_um, half_size_um : (3,) array
        Volume of interest in z, y, x [um].
    margin_um : float or (3,) array
        What the cut is larger by, on every side [um].
    localisation_um2 : (3, 3) array, optional
        Covariance of the volume's position in its own frame [um2].
    draws, seed : int
        Number of transforms drawn, and the seed.

    Returns
    -------
    Containment
    """
    margin = np.broadcast_to(np.asarray(margin_um, dtype=float), (3,))
    if (margin < 0).any():
        raise ValueError(f"margin_um needs 0 or more [um], got {margin_um!r}")
    path = _as_path(way)
    said = f"margin {', '.join(format_length(value) for value in dict.fromkeys(margin.tolist()))}"
    if _too_few(path):
        return _unsaid(path, float(margin.max()))
    over = _overhang(path, centre_um, half_size_um, localisation_um2, draws, seed)
    inside = float(np.mean((over <= margin + 1e-12).all(axis=1)))
    error = float(np.sqrt(max(inside * (1 - inside), 1 / draws) / draws))
    statement = f"all corners lie in the cut with probability {inside:.3f} ({said}, {draws} draws)"
    return Containment(inside, error, float(margin.max()), path.nu, statement)


def box_margin(
    way: AffineTransform | FramePath,
    centre_um: ArrayLike,
    half_size_um: ArrayLike,
    *,
    probability: float,
    localisation_um2: ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Containment:
    """Find the margin with which all corners of a volume of interest lie in the cut.

    Parameters are those of `box_containment`; ``probability`` is the wanted one.

    Returns
    -------
    Containment
        With the margin, the same on every side [um].
    """
    _check_probability(probability)
    path = _as_path(way)
    if _too_few(path):
        return _unsaid(path, float("nan"))
    over = _overhang(path, centre_um, half_size_um, localisation_um2, draws, seed).max(axis=1)
    margin = max(0.0, float(np.quantile(over, probability, method="higher")))
    inside = float(np.mean(over <= margin))
    error = float(np.sqrt(max(inside * (1 - inside), 1 / draws) / draws))
    statement = (
        f"a margin of {format_length(margin)} keeps all corners in the cut with probability "
        f"{inside:.3f} ({draws} draws)"
    )
    return Containment(inside, error, margin, path.nu, statement)


def _overhang(
    path: FramePath,
    centre_um: ArrayLike,
    half_size_um: ArrayLike,
    localisation_um2: ArrayLike | None,
    draws: int,
    seed: int,
) -> np.ndarray:
    """Draw by how much the corners reach over the predicted volume: (draws, 3) [um]."""
    rng = np.random.default_rng(seed)
    centre, half = lift(centre_um, name="centre_um"), lift(half_size_um, name="half_size_um")
    signs = np.array([[z, y, x] for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)])
    corners = centre + signs * half
    left, _, right = np.linalg.svd(path.matrix())
    axes = left @ right  # the rotation nearest to the way: the volume's own axes in the cut's frame
    middle = path.apply(centre)
    predicted = np.abs((path.apply(corners) - middle) @ axes).max(axis=0)
    out = np.empty((draws, 3))
    for start in range(0, draws, 20_000):
        stop = min(start + 20_000, draws)
        drawn = path.draw(corners, stop - start, rng) - middle
        if localisation_um2 is not None:
            root = np.linalg.cholesky(np.asarray(localisation_um2, dtype=float) + 1e-18 * np.eye(3))
            drawn = drawn + (rng.standard_normal((stop - start, 1, 3)) @ root.T) @ path.matrix().T
        out[start:stop] = np.abs(drawn @ axes).max(axis=1) - predicted
    return out


def _as_path(way: AffineTransform | FramePath) -> FramePath:
    if isinstance(way, FramePath):
        return way
    return FramePath("moving", (Step(Edge("transform", "moving", "fixed", way)),))


def _too_few(path: FramePath) -> bool:
    return path.nu is not None and path.nu < FEWEST_NU


def _unsaid(path: FramePath, margin_um: float) -> Containment:
    few = 0.0 if path.nu is None else path.nu
    statement = f"too few to say: {few:g} degrees of freedom, fewer than {FEWEST_NU}; add landmarks"
    return Containment(float("nan"), float("nan"), margin_um, path.nu, statement)


def _check_probability(probability: float) -> None:
    if not 0 < probability < 1:
        raise ValueError(f"probability needs a value between 0 and 1, got {probability!r}")
