"""The map of the specimen: frames joined by transforms, and points carried between them.

The way between two frames is the one with the fewest edges. Where several are equally short, the
caller chooses with ``via=``: the least uncertain way would reward the edge whose localisation
error was guessed too small. Other ways are compared with it; a loop that does not close (chance
below 0.01) makes the covariances grow and is written into the notes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import f as f_distribution

from ...errors import AmbiguousPath, CovarianceUnavailable, NoPath
from ...quantities import format_length
from .path import Edge, FramePath, Step
from .points import lift
from .regions import FEWEST_NU

_DETOUR = 3  # edges that another way may be longer
_WAYS = 12  # other ways that are compared


@dataclass(frozen=True, eq=False)
class Located:
    """Points in another frame, with their uncertainty.

    Attributes
    ----------
    points_um : (n, 3) array
        Positions in z, y, x [um].
    covariance_um2 : (n, 3, 3) array
        Their covariance [um2]; NaN where an edge has no landmark to spare.
    nu : float or None
        Degrees of freedom, the smallest on the way; None where the errors are known independently.
    path : tuple of str
        Frames on the way, both ends included.
    notes : tuple of str
        What a person should know: guessed errors, other ways and how much they disagree.
    stated : bool
        False where there are too few degrees of freedom to say how uncertain the points are.
    edges : tuple of str
        Names of the transforms on the way.
    """

    points_um: np.ndarray
    covariance_um2: np.ndarray
    nu: float | None
    path: tuple[str, ...]
    notes: tuple[str, ...]
    stated: bool
    edges: tuple[str, ...] = ()

    def table(self) -> pd.DataFrame:
        """One row a point: x_um, y_um, z_um and standard deviations sx_um, sy_um, sz_um."""
        sigma = np.sqrt(np.diagonal(self.covariance_um2, axis1=1, axis2=2))
        columns = {f"{'zyx'[k]}_um": self.points_um[:, k] for k in (2, 1, 0)}
        columns |= {f"s{'zyx'[k]}_um": sigma[:, k] for k in (2, 1, 0)}
        return pd.DataFrame(columns)


class FrameGraph:
    """Frames joined by transforms.

    Parameters
    ----------
    edges : iterable of Edge
        Each name once.
    frames : iterable of str
        Frames that have no transform yet.

    Examples
    --------
    >>> from scalebridge.analysis.registration import AffineTransform
    >>> move = AffineTransform.exact(offset_um=[0, 0, 5])
    >>> graph = FrameGraph([Edge("a_to_b", "a", "b", move), Edge("b_to_c", "b", "c", move)])
    >>> graph.locate([[0, 0, 0]], from_="a", to="c").points_um
    array([[ 0.,  0., 10.]])
    >>> graph.locate([[0, 0, 0]], from_="c", to="a").path
    ('c', 'b', 'a')
    """

    def __init__(self, edges: Iterable[Edge] = (), *, frames: Iterable[str] = ()) -> None:
        self.edges = tuple(edges)
        names = [edge.name for edge in self.edges]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"edges need different names, got {', '.join(twice)} more than once")
        ends = [frame for edge in self.edges for frame in (edge.from_frame, edge.to_frame)]
        self.frames = tuple(dict.fromkeys([*frames, *ends]))

    def path(self, from_: str, to: str, *, via: str | Sequence[str] | None = None) -> FramePath:
        """Find the way with the fewest edges.

        Parameters
        ----------
        from_, to : str
            Frames.
        via : str or sequence of str, optional
            Frames or edges that the way has to pass, in any order.

        Raises
        ------
        NoPath
            If a frame is unknown, or no transforms connect the two.
        AmbiguousPath
            If several ways are equally short.
        """
        ways = self._shortest(from_, to, _listed(via))
        if len(ways) > 1:
            raise AmbiguousPath(
                f"{len(ways)} ways from {from_} to {to} are equally short: "
                f"{'; '.join(_path_words(way) for way in ways[:6])}. Choose one with via=, a frame "
                "or an edge that only it passes"
            )
        return ways[0]

    def positions(
        self,
        points_um: ArrayLike,
        from_: str,
        to: str,
        *,
        via: str | Sequence[str] | None = None,
    ) -> np.ndarray:
        """Map points without uncertainty, also through splines: (n, 3) [um]."""
        return self.path(from_, to, via=via).apply(points_um)

    def locate(
        self,
        points_um: ArrayLike,
        from_: str,
        to: str,
        localisation_um2: ArrayLike | None = None,
        *,
        via: str | Sequence[str] | None = None,
    ) -> Located:
        """Map points with their covariances.

        Parameters
        ----------
        points_um : (n, 3) array, or (n, 2) of a 2-D image
            Positions in the frame ``from_`` [um].
        from_, to : str
            Frames.
        localisation_um2 : (3, 3) or (n, 3, 3) array, optional
            Covariance of the points themselves, in the frame ``from_`` [um2].
        via : str or sequence of str, optional
            Frames or edges that the way has to pass.

        Raises
        ------
        NoPath, AmbiguousPath
            As `path`.
        CovarianceUnavailable
            If the way goes through a thin-plate spline.
        """
        points, way = lift(points_um), self.path(from_, to, via=via)
        covariance = way.covariance_at(points, localisation_um2)
        if len(points):
            loops, inflation = self._compare(way, points)
            covariance = covariance * inflation
        else:
            loops = ()
        nu = way.nu
        return Located(
            points_um=way.apply(points),
            covariance_um2=covariance,
            nu=nu,
            path=way.frames,
            notes=(*_edge_notes(way), *loops),
            stated=nu is None or nu >= FEWEST_NU,
            edges=way.edges,
        )

    def _compare(self, way: FramePath, points: np.ndarray) -> tuple[tuple[str, ...], float]:
        """Compare with the other ways: notes, and by how much the covariances must grow."""
        notes, inflation = [], 1.0
        for other in self._others(way):
            note, factor = _disagreement(way, other, points)
            notes.append(note)
            inflation = max(inflation, factor)
        return tuple(notes), inflation

    def _others(self, way: FramePath) -> list[FramePath]:
        ends, chosen = (way.frames[0], way.frames[-1]), set(way.edges)
        if not chosen:
            return []
        found = (
            other
            for other in self._walks(*ends, longest=len(way.steps) + _DETOUR)
            if set(other.edges) != chosen
        )
        return [other for other, _ in zip(found, range(_WAYS), strict=False)]

    def _shortest(self, from_: str, to: str, via: tuple[str, ...]) -> list[FramePath]:
        self._check_frames(from_, to, via)
        if from_ == to and not via:
            return [FramePath(from_)]
        for longest in range(1, len(self.edges) + 1):
            ways = [
                way
                for way in self._walks(from_, to, longest=longest)
                if set(via) <= {*way.frames, *way.edges}
            ]
            if ways:
                return ways
        passing = f" via {', '.join(via)}" if via else ""
        raise NoPath(
            f"no accepted transforms connect {from_} to {to}{passing}; from {from_} one reaches "
            f"{', '.join(self._reach(from_)) or 'nothing'}: register two images that join them"
        )

    def _check_frames(self, from_: str, to: str, via: tuple[str, ...]) -> None:
        for frame in (from_, to):
            if frame not in self.frames:
                raise NoPath(
                    f"no frame {frame!r}; known frames: {', '.join(self.frames) or 'none'}"
                )
        known = {*self.frames, *(edge.name for edge in self.edges)}
        for name in via:
            if name not in known:
                raise NoPath(f"via needs frames or edges, got {name!r}; known: {sorted(known)}")

    def _reach(self, frame: str) -> list[str]:
        seen, queue = [frame], [frame]
        while queue:
            here = queue.pop()
            ends = [step.end for step in self._steps(here) if step.end not in seen]
            seen += dict.fromkeys(ends)
            queue += ends
        return seen[1:]

    def _walks(self, from_: str, to: str, *, longest: int) -> Iterator[FramePath]:
        """Walk every way without a repeated frame, shortest first."""
        front = [FramePath(from_)]
        for _ in range(longest):
            onward = []
            for way in front:
                for step in self._steps(way.frames[-1]):
                    if step.end in way.frames:
                        continue
                    longer = FramePath(from_, (*way.steps, step))
                    if step.end == to:
                        yield longer
                    else:
                        onward.append(longer)
            front = onward

    def _steps(self, frame: str) -> Iterator[Step]:
        for edge in self.edges:
            if edge.from_frame == frame:
                yield Step(edge)
            elif edge.to_frame == frame and edge.two_way:
                yield Step(edge, backward=True)


def _listed(via: str | Sequence[str] | None) -> tuple[str, ...]:
    if via is None:
        return ()
    return (via,) if isinstance(via, str) else tuple(via)


def _path_words(way: FramePath) -> str:
    return f"{way.words} (by {', '.join(way.edges)})"


def _edge_notes(way: FramePath) -> tuple[str, ...]:
    """Write down what is weak about the edges on the way."""
    notes = []
    finite = {step.edge.name: nu for step in way.steps if (nu := step.linear().nu) is not None}
    if finite:
        weakest = min(finite, key=lambda name: finite[name])
        nu = finite[weakest]
        several = ", the smallest on the way (conservative)" if len(way.steps) > 1 else ""
        notes.append(f"degrees of freedom {nu:g}, of {weakest}{several}")
        if nu < FEWEST_NU:
            notes.append(
                f"too few to say: {weakest} leaves {nu:g} degrees of freedom, fewer than "
                f"{FEWEST_NU}; add landmarks"
            )
    for step in way.steps:
        transform = step.linear()
        if transform.sigma_source == "stated":
            size = "" if transform.sigma_um is None else f" ({format_length(transform.sigma_um)})"
            notes.append(f"the localisation error of {step.edge.name} was stated by hand{size}")
        if transform.rotation_sigma_deg > 1.0:
            notes.append(
                f"the rotation of {step.edge.name} is known to {transform.rotation_sigma_deg:.2g}° "
                "only: covariances of first order are rough far from the landmarks"
            )
    return tuple(notes)


def _disagreement(way: FramePath, other: FramePath, points: np.ndarray) -> tuple[str, float]:
    """Say how far another way ends from this one, and by how much the covariance must grow."""
    difference = other.apply(points) - way.apply(points)
    distance = format_length(float(np.linalg.norm(difference, axis=1).max()))
    said = f"another way, {other.words}, ends up to {distance} away"
    try:
        covariance = _of_difference(way, other, points)
        nus = [nu for nu in (way.nu, other.nu) if nu is not None]
    except CovarianceUnavailable:
        return f"{said} (it has no covariance)", 1.0
    if not np.isfinite(covariance).all() or (nus and min(nus) < FEWEST_NU):
        return f"{said} (too few to say whether that is much)", 1.0
    square, dims = _mahalanobis(difference, covariance)
    worst = int(np.argmax(square))
    if dims[worst] == 0:
        return said, 1.0
    ratio = float(square[worst] / dims[worst])
    chance = len(points) * f_distribution.sf(ratio, dims[worst], min(nus, default=1e9))
    if chance >= 0.01:
        return f"{said}, within what the errors allow (chance {min(chance, 1):.2g})", 1.0
    return (
        f"LOOP DOES NOT CLOSE: {said}, {np.sqrt(ratio):.2g} times what the errors allow (chance "
        f"{chance:.1g}); the covariances were multiplied by {ratio:.3g}. One of "
        f"{', '.join(sorted(set(way.edges) ^ set(other.edges)))} is wrong or too sure of itself",
        ratio,
    )


def _of_difference(way: FramePath, other: FramePath, points: np.ndarray) -> np.ndarray:
    """Add what the two ways do not share: (n, 3, 3) [um2]."""
    shared = set(way.edges) & set(other.edges)
    total = np.zeros((len(points), 3, 3))
    for path in (way, other):
        for name, part in path.contributions(points).items():
            if name not in shared:
                total = total + part
    return total


def _mahalanobis(difference: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Square distances in units of the covariance, and the dimensions that it has."""
    values, vectors = np.linalg.eigh(covariance)
    along = np.einsum("nji,nj->ni", vectors, difference)
    there = values > 1e-12 * np.maximum(values[:, -1:], 1e-300)
    square = np.where(there, along**2 / np.where(there, values, 1.0), 0.0)
    return square.sum(axis=1), there.sum(axis=1)
