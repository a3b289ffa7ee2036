"""Will a whole volume of interest lie in the cut? Probabilities and margins by drawing transforms.

A volume moves, turns and stretches as a whole, and a turn moves its corners more than its centre:
so all eight corners are looked at in every draw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...quantities import format_length
from .containment import check_probability
from .path import FramePath
from .points import lift
from .regions import FEWEST_NU
from .step import Edge, Step
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
        Degrees of freedom at the middle; None where the localisation error is known.
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


@dataclass(frozen=True, eq=False)
class Overhang:
    """By how much the farthest corner of a volume of interest reaches over the faces of a cut.

    Attributes
    ----------
    drawn_um : (draws,) array
        Of every transform that was drawn [um]; empty where there are too few degrees of freedom.
    nu : float
        Degrees of freedom at the middle; infinite where the localisation error is known.
    """

    drawn_um: np.ndarray
    nu: float

    def margin(self, probability: float) -> Containment:
        """Find by how much the cut has to grow, on every side, to hold all corners.

        The margin is negative where the cut may shrink.
        """
        check_probability(probability)
        if not len(self.drawn_um):
            return _unsaid(self.nu, float("nan"))
        return self.within(float(np.quantile(self.drawn_um, probability, method="higher")))

    def within(self, margin_um: float) -> Containment:
        """Probability that a cut that grows by a margin [um] holds all corners."""
        draws = len(self.drawn_um)
        if not draws:
            return _unsaid(self.nu, margin_um)
        inside = float(np.mean(self.drawn_um <= margin_um))
        change = "margin of" if margin_um >= 0 else "cut smaller by"
        statement = (
            f"a {change} {format_length(abs(margin_um))} on every side keeps all corners in the "
            f"cut with probability {inside:.3f} ({draws:,} draws)"
        )
        return Containment(
            inside, standard_error(inside, draws), margin_um, _stated_nu(self.nu), statement
        )


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
        From the frame of the volume to the frame of the cut. Bends on it that state an error are
        taken as straight over the volume, see `FramePath.near`.
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

    Raises
    ------
    CovarianceUnavailable
        A bend on the way states no error.
    """
    margin = np.broadcast_to(np.asarray(margin_um, dtype=float), (3,))
    if (margin < 0).any():
        raise ValueError(f"margin_um needs 0 or more [um], got {margin_um!r}")
    path = _as_path(way, centre_um, half_size_um)
    said = f"margin {', '.join(format_length(value) for value in dict.fromkeys(margin.tolist()))}"
    nu = _nu(path, centre_um, localisation_um2)
    if nu < FEWEST_NU:
        return _unsaid(nu, float(margin.max()))
    over = _overhang(path, centre_um, half_size_um, localisation_um2, draws, seed)
    inside = float(np.mean((over <= margin + 1e-12).all(axis=1)))
    statement = (
        f"all corners lie in the cut with probability {inside:.3f} ({said}, {draws:,} draws)"
    )
    return Containment(
        inside, standard_error(inside, draws), float(margin.max()), _stated_nu(nu), statement
    )


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
    over = box_overhang(
        way, centre_um, half_size_um, localisation_um2=localisation_um2, draws=draws, seed=seed
    )
    found = over.margin(probability)
    return over.within(0.0) if found.margin_um < 0 else found


def box_overhang(
    way: AffineTransform | FramePath,
    centre_um: ArrayLike,
    half_size_um: ArrayLike,
    *,
    localisation_um2: ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Overhang:
    """Draw by how much the corners reach over the predicted volume, for any number of margins.

    Parameters are those of `box_containment`.

    Returns
    -------
    Overhang
    """
    path = _as_path(way, centre_um, half_size_um)
    nu = _nu(path, centre_um, localisation_um2)
    if nu < FEWEST_NU:
        return Overhang(np.empty(0), nu)
    over = _overhang(path, centre_um, half_size_um, localisation_um2, draws, seed)
    return Overhang(over.max(axis=1), nu)


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


def standard_error(probability: float, draws: int) -> float:
    """Give the standard error of a probability that was counted in draws."""
    return float(np.sqrt(max(probability * (1 - probability), 1 / draws) / draws))


def _as_path(
    way: AffineTransform | FramePath, centre_um: ArrayLike, half_size_um: ArrayLike
) -> FramePath:
    """Take a transform as a way of one step, and bends on it as straight over the volume."""
    if not isinstance(way, FramePath):
        return FramePath("moving", (Step(Edge("transform", "moving", "fixed", way)),))
    centre, half = lift(centre_um, name="centre_um"), lift(half_size_um, name="half_size_um")
    return way.near(centre[0], half[0])


def _nu(path: FramePath, centre_um: ArrayLike, localisation_um2: ArrayLike | None) -> float:
    return float(path.nu_at(lift(centre_um, name="centre_um"), localisation_um2)[0])


def _stated_nu(nu: float) -> float | None:
    return None if np.isinf(nu) else nu


def _unsaid(nu: float, margin_um: float) -> Containment:
    statement = (
        f"too few to say: {nu:.3g} degrees of freedom, fewer than {FEWEST_NU}; add landmarks"
    )
    return Containment(float("nan"), float("nan"), margin_um, nu, statement)
