"""All edges of a graph adjusted together, so that its loops close.

Every edge has small corrections of its parameters, known beforehand to be zero within the edge's
covariance. The most likely corrections that bring every loop back to where it began are found
(condition adjustment). Whether such corrections are likely is a test of the edges: a loop that
fails it is named, and its edges count as less sure than they said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ...quantities import format_length
from .closure import Closure, Conditions, conditions_of, control_points
from .cycles import independent_loops
from .joint import JointErrors
from .path import FramePath
from .points import lift
from .regions import FEWEST_NU
from .step import Edge, Step
from .transform import AffineTransform

if TYPE_CHECKING:
    import pandas as pd

_Closed = tuple[list[FramePath], Conditions]
#: What a statement about a loop that does not close begins with.
OPEN = "LOOP DOES NOT CLOSE"
_LEAST_CHANCE = 0.01  # of a loop that is said to close
_ROUNDS = 30
_STILL = 1e-10  # of the size of a loop: corrections that no longer move it
_SAME_UM = 1e-6  # exact edges may differ by rounding
_NOTICED = 0.1  # of the standard error: what is left open counts from here on


@dataclass(frozen=True, eq=False)
class Adjusted:
    """Edges after their adjustment.

    Attributes
    ----------
    edges : tuple of Edge
        All that were given, in their order; those in loops have moved.
    joint : JointErrors or None
        Of the edges in loops; None where no loop was closed.
    loops : DataFrame
        One row an independent loop: ``loop``, ``edges`` (names), ``misclosure_um`` (the largest of
        its control points, before), ``chi2`` with ``dof``, degrees of freedom ``nu`` behind it
        (infinity where all errors are known), ``p``, ``left_um`` (what no error of its edges
        explains), ``closes`` (p of at least 0.01 and nothing left) and the ``statement``.
    closure : Closure or None
        Of all loops together; None without loops.
    apart : frozenset of str
        Edges between frames where ways may still differ: they were not adjusted, or contradict.
    """

    edges: tuple[Edge, ...]
    joint: JointErrors | None
    loops: pd.DataFrame
    closure: Closure | None
    apart: frozenset[str]

    def notes(self, names: Iterable[str]) -> tuple[str, ...]:
        """What the loops that pass one of these edges say, those that do not close first."""
        rows, wanted = self.loops.to_dict("records"), set(names)
        mine = [row for row in rows if not set(row["edges"]).isdisjoint(wanted)]
        return tuple(row["statement"] for row in sorted(mine, key=lambda row: row["closes"]))


LOOP_COLUMNS = (
    "loop",
    "edges",
    "misclosure_um",
    "chi2",
    "dof",
    "nu",
    "p",
    "left_um",
    "closes",
    "statement",
)


def adjust(
    edges: Sequence[Edge], *, control_points_um: Mapping[str, ArrayLike] | None = None
) -> Adjusted:
    """Adjust all edges together so that the loops that they form close.

    Edges whose error cannot be weighed are left as they are: splines, and fits with fewer than 3
    degrees of freedom. Edges that are known without error do not move. Where errors come from
    residuals, the covariance holds what the uncertainty of the weights adds.

    Parameters
    ----------
    edges : sequence of Edge
        Each name once.
    control_points_um : dict of str to (n, 3) array, optional
        By frame, where a loop has to close [um], not in one plane (not in one line for the frame
        of a 2-D image). By default around the landmarks. The adjusted edges do not depend on them,
        ``misclosure_um`` is that of these points.

    Returns
    -------
    Adjusted

    References
    ----------
    Mikhail & Ackermann 1976, *Observations and Least Squares*, ISBN 0-7002-2481-5; uncertainty of
    the weights: Kenward & Roger 1997, doi:10.2307/2533558. First order: not for loops that miss
    by a large part of their own size.

    Examples
    --------
    >>> from .fit import fit_landmarks
    >>> corners = np.indices((2, 2, 2)).reshape(3, 8).T * 100.0
    >>> def shifted(x_um):
    ...     fixed = corners + [0, 0, x_um]
    ...     return fit_landmarks(corners, fixed, model="rigid", sigma_um=1.0).transform
    >>> found = adjust([Edge("one", "a", "b", shifted(0)), Edge("two", "a", "b", shifted(0.4))])
    >>> [edge.transform.apply([[50, 50, 50]]).round(3).tolist() for edge in found.edges]
    [[[50.0, 50.0, 50.2]], [[50.0, 50.0, 50.2]]]
    >>> found.loops[["loop", "misclosure_um", "chi2", "dof", "closes"]].round(3).values.tolist()
    [['a → b → a', 0.4, 0.64, 6, True]]
    """
    import pandas as pd

    whole = {edge.name: edge for edge in edges if _weighable(edge)}
    rest = frozenset(edge.name for edge in edges) - set(whole)
    loops = independent_loops(list(whole.values()))
    if not loops:
        empty = pd.DataFrame(columns=list(LOOP_COLUMNS))
        return Adjusted(tuple(edges), None, empty, None, rest)
    given = control_points_um or {}

    def points_of(loop: FramePath) -> np.ndarray:
        frame = loop.from_frame
        return lift(given[frame]) if frame in given else control_points(loop)

    def fails(loop: FramePath) -> bool:
        points = points_of(loop)
        closure = conditions_of([loop], [points], *_known([loop])).closure()
        return closure.p < _LEAST_CHANCE if closure.dof else _miss(loop, points) > _SAME_UM

    if any(fails(loop) for loop in loops):  # so that a wrong edge spoils no loop without it
        loops = independent_loops(list(whole.values()), last=fails)
    return _adjusted(tuple(edges), loops, [points_of(loop) for loop in loops], rest)


def _weighable(edge: Edge) -> bool:
    transform = edge.transform
    if not isinstance(transform, AffineTransform) or edge.from_frame == edge.to_frame:
        return False
    few = transform.nu is not None and transform.nu < FEWEST_NU
    return transform.covariance is not None and not few


def _adjusted(
    edges: tuple[Edge, ...],
    loops: list[FramePath],
    points: list[np.ndarray],
    rest: frozenset[str],
) -> Adjusted:
    priors, nus = _known(loops)
    alone = [conditions_of([a], [b], priors, nus).closure() for a, b in _both(loops, points)]
    left, closed = _contradictions(loops, points, alone, priors, nus)
    kept = [k for k, gap in enumerate(left) if not gap]
    growth = _growth([loops[k] for k in kept], [alone[k] for k in kept])
    table = _table(loops, points, alone, left, growth)
    apart = rest.union(*table.loc[table["left_um"] > 0, "edges"])
    whole = conditions_of(loops, points, priors, nus).closure()
    grown = {name: prior * growth.get(name, 1.0) for name, prior in priors.items()}
    sound, places = [loops[k] for k in kept], [points[k] for k in kept]
    if growth or any(left):
        closed = _close(sound, places, grown, nus) if sound else None
    if closed is None:
        return Adjusted(edges, None, table, whole, apart)
    joint = closed[1].joint_errors()
    after = {step.edge.name: step.edge for loop in closed[0] for step in loop.steps}
    final = tuple(_with_error(after[e.name], joint) if e.name in after else e for e in edges)
    return Adjusted(final, joint, table, whole, apart)


def _known(loops: list[FramePath]) -> tuple[dict[str, np.ndarray], dict[str, float | None]]:
    linear = {step.edge.name: step.linear() for loop in loops for step in loop.steps}
    priors = {n: one.covariance for n, one in linear.items() if one.covariance is not None}
    return priors, {name: one.nu for name, one in linear.items()}


def _both(loops: list[FramePath], points: list[np.ndarray]) -> list[tuple[FramePath, np.ndarray]]:
    return list(zip(loops, points, strict=True))


def _with_error(edge: Edge, joint: JointErrors) -> Edge:
    linear = Step(edge).linear()
    return replace(edge, transform=linear.with_covariance(joint.of(edge.name)))


def _growth(loops: list[FramePath], alone: list[Closure]) -> dict[str, float]:
    """By how much the covariances of the edges of loops that do not close must grow."""
    growth: dict[str, float] = {}
    for loop, closure in zip(loops, alone, strict=True):
        if closure.p < _LEAST_CHANCE:
            for name in loop.edges:
                growth[name] = max(growth.get(name, 1.0), closure.chi2 / closure.dof)
    return growth


def _contradictions(
    loops: list[FramePath],
    points: list[np.ndarray],
    alone: list[Closure],
    priors: dict[str, np.ndarray],
    nus: dict[str, float | None],
) -> tuple[list[float], _Closed | None]:
    """How far each loop misses whatever the corrections, 0 where that is of no account [um].

    Infinity for loops that no small corrections close. The others come with it, closed.
    """
    left, closed = [0.0] * len(loops), None
    worst_last = sorted(range(len(loops)), key=lambda k: alone[k].chi2 / max(alone[k].dof, 1))
    while worst_last:
        kept = sorted(worst_last)
        closed = _close([loops[k] for k in kept], [points[k] for k in kept], priors, nus)
        if closed is not None:
            for k, gap in zip(kept, _left(*closed, [points[k] for k in kept]), strict=True):
                left[k] = gap
            break
        left[worst_last.pop()] = np.inf
    return left, closed


def _close(
    loops: list[FramePath],
    points: list[np.ndarray],
    priors: dict[str, np.ndarray],
    nus: dict[str, float | None],
) -> _Closed | None:
    """Correct the edges until nothing moves any more; None if that does not come to an end."""
    size = max(float(np.ptp(place, axis=0).max()) for place in points)
    conditions = conditions_of(loops, points, priors, nus)
    made = np.zeros(conditions.slopes.shape[1])
    for _ in range(_ROUNDS):
        wanted = conditions.corrections(made)
        change, made = wanted - made, wanted
        if not np.isfinite(change).all():
            return None
        loops = _corrected(loops, conditions, change)
        moves = np.abs(conditions.slopes @ change).max(initial=0.0)
        conditions = conditions_of(loops, points, priors, nus)
        if moves <= _STILL * size:
            return loops, conditions
    return None


def _corrected(
    loops: list[FramePath], conditions: Conditions, change: np.ndarray
) -> list[FramePath]:
    edges: dict[str, Edge] = {}
    for loop in loops:
        for step in loop.steps:
            name, linear = step.edge.name, step.linear()
            if name not in edges:
                matrices, offsets = linear.changed(change[None, conditions.slices[name]])
                transform = replace(linear, matrix=matrices[0], offset_um=offsets[0])
                edges[name] = replace(step.edge, transform=transform)
    return [
        replace(loop, steps=tuple(replace(step, edge=edges[step.edge.name]) for step in loop.steps))
        for loop in loops
    ]


def _left(loops: list[FramePath], conditions: Conditions, points: list[np.ndarray]) -> list[float]:
    """How far each loop misses after the adjustment, 0 where that is of no account [um]."""
    ends = np.cumsum([0, *(place.size for place in points)])
    out = []
    for k, (loop, place) in enumerate(zip(loops, points, strict=True)):
        noticed = _NOTICED * conditions.misclosure_sigma_um[ends[k] : ends[k + 1]].max()
        miss = _miss(loop, place)
        out.append(miss if miss > max(_SAME_UM, noticed) else 0.0)
    return out


def _miss(loop: FramePath, points: np.ndarray) -> float:
    return float(np.linalg.norm(loop.apply(points) - points, axis=1).max())


def _table(
    loops: list[FramePath],
    points: list[np.ndarray],
    alone: list[Closure],
    left: list[float],
    growth: dict[str, float],
) -> pd.DataFrame:
    import pandas as pd

    closes = [not one.p < _LEAST_CHANCE and not gap for one, gap in zip(alone, left, strict=True)]
    sound = {n for loop, good in zip(loops, closes, strict=True) if good for n in loop.edges}
    rows = []
    for loop, place, one, gap, good in zip(loops, points, alone, left, closes, strict=True):
        miss = _miss(loop, place)
        if good:
            words = _closing(loop, miss, one)
        else:
            suspects = [name for name in loop.edges if name not in sound] or loop.edges
            words = f"{_open(loop, miss, one, gap, growth)}. One of {', '.join(suspects)} is wrong"
            words += " or too sure of itself" if one.dof else ""
        numbers = (one.chi2, one.dof, one.nu, one.p, gap)
        rows.append((loop.words, loop.edges, miss, *numbers, good, words))
    return pd.DataFrame(rows, columns=list(LOOP_COLUMNS))


def _closing(loop: FramePath, miss: float, closure: Closure) -> str:
    edges = ", ".join(loop.edges)
    if not closure.dof:
        return f"the loop {loop.words} of exact transforms closes ({edges})"
    return (
        f"{edges} were adjusted together: the loop {loop.words} missed by {format_length(miss)}, "
        f"within what the errors allow (chance {closure.p:.2g})"
    )


def _open(
    loop: FramePath, miss: float, closure: Closure, left: float, growth: dict[str, float]
) -> str:
    said = f"{OPEN}: {loop.words} misses by {format_length(miss)}"
    if not closure.dof:
        return f"{said}, though all its transforms are said to be exact"
    if closure.p < _LEAST_CHANCE:
        times = np.sqrt(closure.chi2 / closure.dof)
        chance = f"{closure.p:.1g}" if closure.p > 1e-12 else "below 1e-12"
        said += f", {times:.2g} times what the errors allow (chance {chance})"
    if np.isinf(left):
        return f"{said}; no small corrections close it, so it was not adjusted"
    if left:
        return (
            f"{said}; no error of its transforms explains {format_length(left)} of it, so it was "
            "not adjusted"
        )
    most = max(growth[name] for name in loop.edges)
    return f"{said}; the covariances of {', '.join(loop.edges)} were multiplied by {most:.3g}"
