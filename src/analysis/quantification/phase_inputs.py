"""What `measure_phases` is given, checked once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def checked_uncertainty(given: float | Sequence[float], count: int) -> tuple[float, ...]:
    """Return one standard uncertainty a threshold [grey value], or say what is wrong.

    Examples
    --------
    >>> checked_uncertainty(1, 2)
    (1.0, 1.0)
    """
    values = np.atleast_1d(np.asarray(given, dtype=float))
    if values.shape not in ((1,), (count,)):
        raise ValueError(
            f"threshold_uncertainty needs one value, or one a threshold ({count}), "
            f"got {len(values)}: give the standard uncertainty of each"
        )
    if not np.all(np.isfinite(values)) or np.any(values < 0):
        raise ValueError(
            f"threshold_uncertainty needs finite values of 0 or more, got {given}: "
            "suggest_thresholds gives one"
        )
    return tuple(float(v) for v in np.broadcast_to(values, (count,)))


def checked_names(names: Sequence[str] | None, classes: int) -> tuple[str, ...]:
    """Return one name a class, from dark to bright, or say what is wrong.

    Examples
    --------
    >>> checked_names(None, 2)
    ('class 0', 'class 1')
    """
    titles = tuple(f"class {k}" for k in range(classes)) if names is None else tuple(names)
    if len(titles) != classes or len(set(titles)) != classes:
        raise ValueError(
            f"names needs {classes} different names, from dark to bright, got {titles}: "
            "one more than thresholds"
        )
    return titles


def chosen_labels(phase: str | int | None, titles: tuple[str, ...]) -> tuple[int, ...]:
    """Return the labels of one phase, by name or number, or of all.

    Examples
    --------
    >>> chosen_labels("pore", ("matrix", "pore"))
    (1,)
    """
    if phase is None:
        return tuple(range(len(titles)))
    if isinstance(phase, str) and phase in titles:
        return (titles.index(phase),)
    if isinstance(phase, int) and 0 <= phase < len(titles):
        return (phase,)
    raise ValueError(f"phase needs one of {titles} or its number, got {phase!r}: choose one")
