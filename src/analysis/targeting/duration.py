"""How long a cut takes: a median with its interval, never one number alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..distributions import norm
from .rates import RemovalRate

DRAWS = 100_000


@dataclass(frozen=True)
class Duration:
    """A time with its interval.

    Attributes
    ----------
    median_h : float
        [h].
    interval_h : tuple of float
        Lower and upper end [h].
    level : float
        Probability that the interval covers the time, as far as the rates' spreads are right.
    least : bool
        Whether a rate behind it is the most that was ever reached, so that it takes longer.
    statement : str
        In words.
    volume_um3 : float
        What is removed [µm³]; the sum, for several steps.
    rates : tuple of RemovalRate
        Behind it.
    """

    median_h: float
    interval_h: tuple[float, float]
    level: float
    least: bool
    statement: str
    volume_um3: float
    rates: tuple[RemovalRate, ...]


def milling_time(
    volume_um3: float, *, rate: RemovalRate, level: float = 0.95, set_up_min: float = 0.0
) -> Duration:
    """Predict how long a volume takes, from a rate that is known up to a factor.

    Parameters
    ----------
    volume_um3 : float
        To be removed [µm³].
    rate : RemovalRate
        Log-normal about its median.
    level : float
        Probability of the interval.
    set_up_min : float
        Time that does not depend on the rate [min].

    Returns
    -------
    Duration

    Examples
    --------
    >>> from scalebridge.analysis.targeting import removal_rate
    >>> rate = removal_rate("gallium FIB", "Si", current_nA=65)
    >>> time = milling_time(132_133, rate=rate)
    >>> round(time.median_h, 3), [round(float(end), 1) for end in time.interval_h]
    (3.764, [1.4, 10.0])
    """
    _check(level)
    if not (np.isfinite(volume_um3) and volume_um3 >= 0) or not set_up_min >= 0:
        raise ValueError(
            "volume_um3 and set_up_min need finite values of 0 or more, "
            f"got {volume_um3!r} and {set_up_min!r}"
        )
    median, fixed = volume_um3 / rate.um3_per_s / 3600, set_up_min / 60
    factor = float(np.exp(norm.ppf(0.5 + level / 2) * rate.sigma_ln))
    ends = (fixed + median / factor, fixed + median * factor)
    return _duration(fixed + median, ends, level, volume_um3, (rate,))


def total_time(
    times: Sequence[Duration], *, level: float = 0.95, draws: int = DRAWS, seed: int = 0
) -> Duration:
    """Add the times of steps, by drawing their rates.

    Steps with the same method and material share what is not known of their rate: they are slow
    together. Different methods are drawn independently.

    Parameters
    ----------
    times : sequence of Duration
        From `milling_time`, one a step.
    level, draws, seed
        Probability of the interval; number of draws, and their seed.

    Examples
    --------
    >>> from scalebridge.analysis.targeting import removal_rate
    >>> step = milling_time(1e5, rate=removal_rate("gallium FIB", "Si", current_nA=65))
    >>> both = total_time([step, step])
    >>> round(both.median_h / step.median_h, 2)
    2.0
    """
    _check(level)
    if not times or any(len(time.rates) != 1 for time in times):
        raise ValueError(
            f"times needs single steps from milling_time, one or more, got {len(times)}: "
            "give the steps themselves and no sums"
        )
    rng = np.random.default_rng(seed)
    drawn: dict[tuple[str, str], np.ndarray] = {}
    total = np.zeros(draws)
    for time in times:
        (rate,) = time.rates
        key = (rate.method, rate.material)
        if key not in drawn:
            drawn[key] = rng.standard_normal(draws)
        milling = time.volume_um3 / rate.um3_per_s / 3600
        total += time.median_h - milling + milling * np.exp(rate.sigma_ln * drawn[key])
    low, median, high = np.quantile(total, [0.5 - level / 2, 0.5, 0.5 + level / 2])
    rates = tuple(rate for time in times for rate in time.rates)
    volume = sum(time.volume_um3 for time in times)
    return _duration(float(median), (float(low), float(high)), level, volume, rates)


def _duration(
    median: float,
    ends: tuple[float, float],
    level: float,
    volume: float,
    rates: tuple[RemovalRate, ...],
) -> Duration:
    least = any(rate.upper_bound for rate in rates)
    unchecked = "" if all(rate.checked for rate in rates) else "; a rate behind it is not checked"
    longer = ", at least: a rate behind it is the most that was reached" if least else ""
    said = (
        f"{hours(median)} ({hours(ends[0])} to {hours(ends[1])}, {100 * level:g} %){longer}"
        f"{unchecked}"
    )
    return Duration(median, ends, level, least, said, volume, rates)


def hours(time_h: float) -> str:
    """Write a time with the unit that suits it.

    Examples
    --------
    >>> hours(0.002), hours(0.2), hours(3.764), hours(60)
    ('7.2 s', '12 min', '3.8 h', '2.5 d')
    """
    units = (("d", 1 / 24), ("h", 1.0), ("min", 60.0), ("s", 3600.0))
    least = {"d": 2.0, "h": 1.0, "min": 1.0}
    unit, factor = next(pair for pair in units if time_h * pair[1] >= least.get(pair[0], 0.0))
    value = float(f"{time_h * factor:.2g}")
    return f"{value:.0f} {unit}" if value >= 100 else f"{value:.2g} {unit}"


def _check(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level needs a probability between 0 and 1, got {level!r}")
