"""Pairs of one feature that several people picked, and what they say about picking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..quantities import format_length
from .pair_records import predicted_side
from .pairs import positions

_NEAR = 0.5  # of the distance between one person's own picks
_SYSTEMATIC = 0.01


@dataclass(frozen=True, kw_only=True)
class RepeatedPicks:
    """How well people pick, in either image.

    Attributes
    ----------
    moving, fixed : Repeatability
        Scatter of a pick per axis with its interval, and shifts between persons.
    features : dict
        Which feature each pair shows, by the pair's name.
    words : tuple of str
        What they say, for people.
    """

    moving: Any
    fixed: Any
    features: dict[str, str]
    words: tuple[str, ...]


def repeated_picks(
    picker: Any, features: Mapping[str, str] | None = None, *, level: float = 0.95
) -> RepeatedPicks:
    """Compare what several people picked.

    Parameters
    ----------
    picker : LandmarkPicker
    features : mapping, optional
        Which feature each pair shows, by the pair's name; by default pairs of different people
        that lie within half the usual distance between picks of each other, in both
        images, and are each other's nearest.
    level : float
        Of the intervals.

    Raises
    ------
    ValueError
        If too little was picked twice.
    """
    from ..analysis.registration import picking_repeatability

    records = [r for r in picker.records() if not predicted_side(r)]
    who = [picker.picked_by(record) for record in records]
    if features is None:
        names = same_features(
            [positions(records, s, planar=picker.images[s].ndim == 2) for s in ("moving", "fixed")],
            who,
        )
        named = {r.name: records[number].name for r, number in zip(records, names, strict=True)}
    else:
        unknown = sorted(set(features) - {record.name for record in records})
        if unknown:
            raise ValueError(f"features needs names of pairs, there are no {', '.join(unknown)}")
        named = dict(features)
    kept = [(r, person) for r, person in zip(records, who, strict=True) if r.name in named]
    found = {}
    for side in ("moving", "fixed"):
        dims = picker.images[side].ndim
        points = positions([r for r, _ in kept], side, planar=dims == 2)[:, 3 - dims :]
        found[side] = picking_repeatability(
            points, [named[r.name] for r, _ in kept], [person for _, person in kept], level=level
        )
    words = tuple(text for side in found for text in _words(side, found[side]))
    return RepeatedPicks(**found, features=named, words=words)


def same_features(sides: Sequence[NDArray[np.float64]], who: Sequence[str]) -> list[int]:
    """Group picks of different people that are of one feature.

    Parameters
    ----------
    sides : sequence of (n, 3) array
        Positions in either image [µm].
    who : sequence of str

    Returns
    -------
    list of int
        For each pick the first one of its feature.
    """
    group = list(range(len(who)))
    people = list(dict.fromkeys(who))
    rows = {person: [i for i, name in enumerate(who) if name == person] for person in people}
    reach = [_NEAR * _usual_distance(points, rows) for points in sides]
    for number, first in enumerate(people):
        for second in people[number + 1 :]:
            for a, b in _mutual(sides, reach, rows[first], rows[second]):
                old, new = max(group[a], group[b]), min(group[a], group[b])
                group = [new if one == old else one for one in group]
    return group


def _usual_distance(points: NDArray[np.float64], rows: Mapping[str, list[int]]) -> float:
    """Median distance from a person's pick to the nearest other one of the same person."""
    nearest: list[float] = []
    for own in rows.values():
        if len(own) > 1:
            apart = np.linalg.norm(points[own][:, None] - points[own][None], axis=-1)
            np.fill_diagonal(apart, np.inf)
            nearest += apart.min(axis=1).tolist()
    return float(np.median(nearest)) if nearest else 0.0


def _mutual(
    sides: Sequence[NDArray[np.float64]],
    reach: Sequence[float],
    first: list[int],
    second: list[int],
) -> list[tuple[int, int]]:
    """Picks of two people that are each other's nearest, and near, in both images."""
    near = np.ones((len(first), len(second)), bool)
    total = np.zeros(near.shape)
    for points, most in zip(sides, reach, strict=True):
        apart = np.linalg.norm(points[first][:, None] - points[second][None], axis=-1)
        near &= apart <= most
        total += apart / max(most, 1e-12)
    total[~near] = np.inf
    return [
        (first[a], second[b])
        for a, b in zip(*np.nonzero(near), strict=True)
        if total[a].argmin() == b and total[:, b].argmin() == a
    ]


def _words(side: str, found: Any) -> list[str]:
    axes = "zyx"[3 - len(found.sigma_um) :]
    each = ", ".join(
        f"{axis} {format_length(found.sigma_um[i])} "
        f"({format_length(found.low_um[i])} to {format_length(found.high_um[i])})"
        for i, axis in reversed(list(enumerate(axes)))
    )
    lines = [
        f"picking error in the {side} image, standard deviation of one pick: {each}, "
        f"{found.level:.0%} intervals, from {found.picks} picks of {found.features} features"
    ]
    for row in found.shifts.to_dict("records"):
        if row["p"] < _SYSTEMATIC:
            shift = ", ".join(f"{a} {format_length(row[f'{a}_um'])}" for a in reversed(axes))
            lines.append(
                f"{row['second']} picks elsewhere than {row['first']} in the {side} image, on "
                f"average by {shift} (chance {row['p']:.1g}, {row['features']} features)"
            )
    return lines
