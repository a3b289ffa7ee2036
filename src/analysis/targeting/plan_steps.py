"""A cut in steps, coarse to fine: where each stops, how long it takes, and whether it is safe.

The face moves towards the volume of interest. Each step stops so far in front of it that what the
process damages, and what is not known of the position, stay clear of the volume.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...quantities import format_length
from ..distributions import norm, student
from ..registration.regions import FEWEST_NU
from .duration import Duration, milling_time, total_time
from .rates import RemovalRate
from .trench import Trench, ramped_trench

if TYPE_CHECKING:
    import pandas as pd

DRAWS = 100_000


@dataclass(frozen=True)
class Stage:
    """A step as it is wanted.

    Attributes
    ----------
    rate : RemovalRate
        Of its method.
    stand_off_um : float
        What it leaves damaged, redeposited or rough in front of the face [µm].
    sigma_um : float
        Standard uncertainty of the face against the volume of interest while it cuts: for the
        first step that of the registration, for later ones what the re-registration before them
        is expected to leave; instrument included [µm].
    nu : float or None
        Degrees of freedom behind it; None when it is known.
    set_up_min : float
        Time for changing over and for the re-registration [min].
    """

    rate: RemovalRate
    stand_off_um: float
    sigma_um: float
    nu: float | None = None
    set_up_min: float = 0.0


@dataclass(frozen=True)
class PlannedStep:
    """A step as it is planned.

    Attributes
    ----------
    method : str
    stops_um : float
        Distance of its last face from the volume of interest, as planned [µm].
    stand_off_um, margin_um : float
        The two parts of that distance, of the process and of the position [µm].
    volume_um3 : float
        Removed [µm³].
    time : Duration
    probability_safe : float
        That the volume of interest keeps its stand-off from this step.
    then : str
        What follows it.
    """

    method: str
    stops_um: float
    stand_off_um: float
    margin_um: float
    volume_um3: float
    time: Duration
    probability_safe: float
    then: str


@dataclass(frozen=True)
class StagedPlan:
    """Steps from the surface to the volume of interest.

    Attributes
    ----------
    steps : tuple of PlannedStep
    trench : Trench
        Of the first step.
    probability_safe : float
        That every step leaves the volume of interest its stand-off.
    time : Duration
        Of all steps.
    dropped : tuple of str
        Steps that would gain nothing, and why.
    statement : str
        In words.
    """

    steps: tuple[PlannedStep, ...]
    trench: Trench
    probability_safe: float
    time: Duration
    dropped: tuple[str, ...]
    statement: str

    def table(self) -> pd.DataFrame:
        """One row a step, in order."""
        import pandas as pd

        rows = [
            {
                "step": number,
                "method": step.method,
                "stops_um": step.stops_um,
                "stand_off_um": step.stand_off_um,
                "margin_um": step.margin_um,
                "volume_um3": step.volume_um3,
                "median_h": step.time.median_h,
                "low_h": step.time.interval_h[0],
                "high_h": step.time.interval_h[1],
                "probability_safe": step.probability_safe,
                "then": step.then,
            }
            for number, step in enumerate(self.steps, start=1)
        ]
        return pd.DataFrame(rows)


def sigma_along(
    covariance_um2: ArrayLike, direction: Sequence[float], *instrument_um: float
) -> float:
    """Standard uncertainty of a position along the way of the face [µm].

    Parameters
    ----------
    covariance_um2 : array_like of float, (3, 3)
        Of the target [µm²].
    direction : sequence of float, (3,)
        In which the face moves, (z, y, x).
    *instrument_um : float
        Standard uncertainties of stage, drift and so on [µm]; they add in quadrature.

    Examples
    --------
    >>> sigma_along([[9, 0, 0], [0, 16, 0], [0, 0, 1]], (0, 1, 0), 3.0)
    5.0
    """
    way = np.asarray(direction, float)
    way = way / np.linalg.norm(way)
    total = float(way @ np.asarray(covariance_um2, float) @ way)
    return float(np.sqrt(total + sum(one**2 for one in instrument_um)))


def staged_plan(
    stages: Sequence[Stage],
    *,
    depth_um: float,
    width_um: float,
    angle_deg: float,
    probability: float = 0.99,
    reregister: bool = True,
    clearance_um: float = 0.0,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> StagedPlan:
    """Plan steps so that each by itself leaves the volume of interest alone with a probability.

    Parameters
    ----------
    stages : sequence of Stage
        Coarse to fine.
    depth_um, width_um : float
        Of the face, margins included [µm].
    angle_deg : float
        Between ion and electron beam [degree].
    probability : float
        Wanted, for each step.
    reregister : bool
        Whether the face is registered again after each step. Then the errors of the steps are
        taken as independent of one another; else all steps share the error of the first, and a
        smaller one that a later stage states is refused.
    clearance_um : float
        Of the trench [µm].
    level : float
        Of the interval of the time.
    draws, seed : int
        For the probability of all steps together, and for the sum of the times.

    Returns
    -------
    StagedPlan

    Raises
    ------
    ValueError
        No stages, or errors that shrink without a re-registration.

    Notes
    -----
    ``stops = stand-off + margin``, the margin one-sided: ``P(error < margin) = probability``. The
    first step digs the ramped trench; a later one takes a slab of the face's area off it.

    Examples
    --------
    >>> from scalebridge.analysis.targeting import removal_rate
    >>> laser = Stage(removal_rate("femtosecond laser", "stainless steel"), 20, sigma_um=5)
    >>> plasma = Stage(removal_rate("plasma FIB", "Si", current_nA=1000), 5, sigma_um=1)
    >>> plan = staged_plan([laser, plasma], depth_um=100, width_um=80, angle_deg=54)
    >>> plan.table()[["method", "stops_um", "margin_um"]].round(2).values.tolist()
    [['femtosecond laser', 31.63, 11.63], ['plasma FIB', 7.33, 2.33]]
    """
    _check(stages, probability, reregister)
    trench = ramped_trench(width_um, depth_um, angle_deg=angle_deg, clearance_um=clearance_um)
    kept, dropped = _useful(stages, probability)
    steps: list[PlannedStep] = []
    for number, stage in enumerate(kept):
        margin = _margin(stage, probability)
        stops = stage.stand_off_um + margin
        before = None if number == 0 else steps[-1].stops_um
        slab = trench.volume_um3 if before is None else width_um * depth_um * (before - stops)
        time = milling_time(slab, rate=stage.rate, level=level, set_up_min=stage.set_up_min)
        last = number == len(kept) - 1
        then = _then(stops, last, reregister, kept[number + 1].sigma_um if not last else None)
        steps.append(
            PlannedStep(
                stage.rate.method, stops, stage.stand_off_um, margin, slab, time, probability, then
            )
        )
    together = _all_safe(kept, steps, reregister, draws, seed)
    time = total_time([step.time for step in steps], level=level, seed=seed)
    return StagedPlan(
        tuple(steps), trench, together, time, dropped, _words(steps, together, time, reregister)
    )


def _check(stages: Sequence[Stage], probability: float, reregister: bool) -> None:
    if not stages:
        raise ValueError("stages needs at least one step, got none: give them coarse to fine")
    if not 0.5 <= probability < 1:
        raise ValueError(f"probability needs a value from 0.5 to below 1, got {probability!r}")
    for stage in stages:
        if not (stage.sigma_um >= 0 and stage.stand_off_um >= 0):
            raise ValueError(
                "sigma_um and stand_off_um need values of 0 or more [µm], got "
                f"{stage.sigma_um!r} and {stage.stand_off_um!r} for {stage.rate.method}: an "
                "uncertainty that is not known leaves no plan"
            )
        if stage.nu is not None and stage.nu < FEWEST_NU:
            raise ValueError(
                f"nu needs {FEWEST_NU} degrees of freedom or more, got {stage.nu:g} for "
                f"{stage.rate.method}: too few to say how far it has to stay away; add landmarks"
            )
    sigmas = [stage.sigma_um for stage in stages]
    if not reregister and min(sigmas) < sigmas[0]:
        raise ValueError(
            f"sigma_um needs to stay {sigmas[0]:g} µm without a re-registration, got {sigmas}: "
            "nothing is learnt between the steps; set reregister=True or repeat the first value"
        )


def _margin(stage: Stage, probability: float) -> float:
    known = stage.nu is None or not np.isfinite(stage.nu)
    quantile = norm.ppf(probability) if known else student.ppf(probability, stage.nu)
    return max(0.0, float(quantile) * stage.sigma_um)


def _useful(stages: Sequence[Stage], probability: float) -> tuple[list[Stage], tuple[str, ...]]:
    """Leave out steps that would stop no nearer than the one before them."""
    kept: list[Stage] = []
    dropped, nearest = [], np.inf
    for stage in stages:
        stops = stage.stand_off_um + _margin(stage, probability)
        if stops < nearest:
            kept.append(stage)
            nearest = stops
        else:
            dropped.append(
                f"{stage.rate.method} is left out: it would stop {format_length(stops)} away, "
                f"and the step before it stops at {format_length(nearest)}"
            )
    return kept, tuple(dropped)


def _then(stops: float, last: bool, reregister: bool, sigma: float | None) -> str:
    if last:
        return f"look at the face; {format_length(stops)} are left to the volume of interest"
    if reregister:
        return f"register the face again, to ± {format_length(sigma or 0.0)} (1 s) or better"
    return "go on without a new registration"


def _all_safe(
    stages: list[Stage], steps: list[PlannedStep], reregister: bool, draws: int, seed: int
) -> float:
    """Probability that no step comes nearer than its stand-off."""
    if reregister:
        return float(np.prod([step.probability_safe for step in steps]))
    rng = np.random.default_rng(seed)
    error: NDArray = rng.standard_normal(draws)
    nu = stages[0].nu
    if nu is not None and np.isfinite(nu):
        error = error * np.sqrt(nu / rng.chisquare(nu, size=draws))
    safe = np.ones(draws, bool)
    for stage, step in zip(stages, steps, strict=True):
        safe &= error * stage.sigma_um < step.margin_um
    return float(safe.mean())


def _words(steps: list[PlannedStep], together: float, time: Duration, reregister: bool) -> str:
    way = ", then ".join(f"{step.method} to {format_length(step.stops_um)}" for step in steps)
    how = "registered again between them" if reregister else "without a new registration"
    several = f", {how}" if len(steps) > 1 else ""
    return (
        f"{way} from the volume of interest{several}: it keeps its stand-off with probability "
        f"{together:.3f}; {time.statement}"
    )
