"""How well a threshold is known that a person placed."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot, sqrt


def hand_placed_uncertainty(
    placed: Sequence[float], *, suggested: Sequence[float], uncertainty: Sequence[float]
) -> tuple[float, ...]:
    """Judge thresholds placed by hand by the suggestion that they were moved from.

    A person who moves a threshold disagrees with the suggestion, and neither is known to be
    right. The distance between the two is therefore added, as the half-width of a uniform
    distribution, in quadrature to the uncertainty of the suggestion: a 95 % band around the
    threshold always reaches back to the suggestion, and nothing is widened where nothing was
    moved.

    Parameters
    ----------
    placed : sequence of float
        Thresholds as placed [grey value].
    suggested, uncertainty : sequence of float
        The suggestion and its standard uncertainty [grey value].

    Returns
    -------
    tuple of float
        Standard uncertainty of each [grey value].

    Raises
    ------
    ValueError
        If the numbers of values differ.

    References
    ----------
    JCGM 100:2008 (GUM), 4.3.7: a quantity known to lie between two bounds.

    Examples
    --------
    >>> hand_placed_uncertainty([100.0, 212.0], suggested=[100.0, 200.0], uncertainty=[2.0, 4.0])
    (2.0, 8.0)
    """
    if not len(placed) == len(suggested) == len(uncertainty):
        raise ValueError(
            f"hand_placed_uncertainty needs as many suggestions and uncertainties as thresholds, "
            f"got {len(placed)}, {len(suggested)} and {len(uncertainty)}"
        )
    return tuple(
        hypot(sigma, (value - before) / sqrt(3))
        for value, before, sigma in zip(placed, suggested, uncertainty, strict=True)
    )
