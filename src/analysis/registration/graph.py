"""The map of the specimen: frames joined by transforms, and points carried between them.

All transforms are adjusted together so that the loops that they form close
(`scalebridge.analysis.registration.adjust`); then every way between two frames ends at the same
place, and the one with the fewest edges is gone. Where ways may still differ - through a spline, a
fit without a landmark to spare, a loop that contradicts itself - the others are compared with the
one gone: a difference that its errors do not allow (chance below 0.01) makes the covariances grow
and is written into the notes. So it is with ``adjust=False`` and ``via=``, which take the
transforms as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ...errors import NoPath
from .adjustment import Adjusted, adjust
from .located import Located, edge_notes, error_source
from .loops import disagreement
from .path import FramePath
from .points import lift
from .regions import FEWEST_NU
from .step import Edge, Step

if TYPE_CHECKING:
    import pandas as pd

_DETOUR = 3  # edges that another way may be longer
_WAYS = 12  # other ways that are compared


class FrameGraph:
    """Frames joined by transforms.

    Parameters
    ----------
    edges : iterable of Edge
        Each name once.
    frames : iterable of str
        Frames that have no transform yet.
    adjust : bool
        Whether the edges are adjusted together.

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

    def __init__(
        self, edges: Iterable[Edge] = (), *, frames: Iterable[str] = (), adjust: bool = True
    ) -> None:
        self.edges = tuple(edges)
        names = [edge.name for edge in self.edges]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"edges need different names, got {', '.join(twice)} more than once")
        ends = [frame for edge in self.edges for frame in (edge.from_frame, edge.to_frame)]
        self.frames = tuple(dict.fromkeys([*frames, *ends]))
        self.adjust = bool(adjust)

    @cached_property
    def adjusted(self) -> Adjusted:
        """All edges adjusted together, and the test of every loop."""
        return adjust(self.edges)

    @property
    def loops(self) -> pd.DataFrame:
        """One row an independent loop of edges, as `Adjusted` describes them."""
        return self.adjusted.loops

    def open_loops(self, *, through: str | None = None) -> list[str]:
        """Say which loops do not close (p < 0.01), of all or of those through one edge."""
        return [
            str(row["statement"])
            for row in self.loops.to_dict("records")
            if not row["closes"] and (through is None or through in row["edges"])
        ]

    def path(self, from_: str, to: str, *, via: str | Sequence[str] | None = None) -> FramePath:
        """Find the way with the fewest edges; of equally short ones that with the fewest bends,
        then the first by its edges' names.

        Parameters
        ----------
        from_, to : str
            Frames.
        via : str or sequence of str, optional
            Frames or edges that the way has to pass, in any order; its edges are then taken as
            they are, not adjusted.

        Raises
        ------
        NoPath
            If a frame is unknown, or no transforms connect the two.
        """
        ways = self._shortest(from_, to, _listed(via))
        way = min(ways, key=lambda way: (sum(s.edge.bends for s in way.steps), way.edges))
        return self._after(way) if self.adjust and via is None else way

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
        NoPath
            As `path`.
        CovarianceUnavailable
            If the way goes through a bend that states no error.
        """
        points, way = lift(points_um), self.path(from_, to, via=via)
        covariance, nus = way.covariance_and_nu(points, localisation_um2)
        together = self.adjust and via is None
        counting = set(way.slopes_at(points[:1]))  # also edges that close a loop with the way
        edges = [e for e in (self.adjusted.edges if together else self.edges) if e.name in counting]
        loops = self.adjusted.notes(counting) if together else ()
        others, inflation = self._compare(way, points, together=together)
        return Located(
            points_um=way.apply(points),
            covariance_um2=covariance * inflation,
            nus=nus,
            path=way.frames,
            notes=(*edge_notes(way, nus, edges), *loops, *others),
            stated=bool(nus.min(initial=np.inf) >= FEWEST_NU),
            edges=way.edges,
            error_source=error_source(edges),
        )

    def _after(self, way: FramePath) -> FramePath:
        """Take the edges of a way as they are after the adjustment."""
        after = {edge.name: edge for edge in self.adjusted.edges}
        steps = tuple(replace(step, edge=after[step.edge.name]) for step in way.steps)
        joint = self.adjusted.joint
        moved = joint is not None and not joint.slices.keys().isdisjoint(way.edges)
        return FramePath(way.from_frame, steps, joint if moved else None)

    def _compare(
        self, way: FramePath, points: np.ndarray, *, together: bool
    ) -> tuple[tuple[str, ...], float]:
        """Compare with the other ways: notes, and by how much the covariances must grow."""
        notes, inflation = [], 1.0
        for other in self._others(way, together=together) if len(points) else []:
            note, factor = disagreement(way, other, points)
            notes.append(note)
            inflation = max(inflation, factor)
        return tuple(notes), inflation

    def _others(self, way: FramePath, *, together: bool) -> list[FramePath]:
        """Other ways that may end elsewhere; after the adjustment those of edges left apart."""
        ends, chosen = (way.frames[0], way.frames[-1]), set(way.edges)
        apart = self.adjusted.apart if together else {edge.name for edge in self.edges}
        if not chosen or not apart:
            return []
        found = (
            self._after(other) if together else other
            for other in self._walks(*ends, longest=len(way.steps) + _DETOUR)
            if (set(other.edges) ^ chosen) & apart
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
            elif edge.to_frame == frame:
                yield Step(edge, backward=True)


def _listed(via: str | Sequence[str] | None) -> tuple[str, ...]:
    if via is None:
        return ()
    return (via,) if isinstance(via, str) else tuple(via)
