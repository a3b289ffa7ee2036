"""Loops of edges between frames: as many as are independent, the shortest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .path import FramePath
from .step import Edge, Step


def independent_loops(
    edges: Sequence[Edge], *, last: Callable[[FramePath], bool] | None = None
) -> list[FramePath]:
    """Find a basis of the loops that edges form, each as a way back to its first frame.

    Parameters
    ----------
    edges : sequence of Edge
        All of which can be walked both ways.
    last : callable, optional
        Tells of a loop whether others are to be preferred, whatever their length.

    Returns
    -------
    list of FramePath
        Edges less frames plus connected parts. A loop starts at a frame of a 2-D image if it
        passes one: only points of that plane have to come back.

    References
    ----------
    The shortest loop through each edge and through each edge and frame, kept where it is
    independent of the shorter ones: Horton 1987, doi:10.1137/0216026.

    Examples
    --------
    >>> from .transform import AffineTransform
    >>> still = AffineTransform.exact()
    >>> names = ("ab", "bc", "ca")
    >>> [loop.words for loop in independent_loops([Edge(n, n[0], n[1], still) for n in names])]
    ['a → b → c → a']
    """
    planar = _planar_frames(edges)
    kept: list[FramePath] = []
    basis: dict[int, int] = {}
    loops = sorted((_started(steps, planar) for steps in _candidates(edges)), key=_length)
    for loop in loops if last is None else sorted(loops, key=last):
        left = sum(1 << edges.index(step.edge) for step in loop.steps)
        while left and (top := left.bit_length()) in basis:
            left ^= basis[top]
        if left:
            basis[left.bit_length()] = left
            kept.append(loop)
    return kept


def _length(loop: FramePath) -> int:
    return len(loop.steps)


def _candidates(edges: Sequence[Edge]) -> list[tuple[Step, ...]]:
    """Every edge closed by the shortest ways from any frame to its two ends."""
    frames = dict.fromkeys(end for edge in edges for end in (edge.from_frame, edge.to_frame))
    out = []
    for frame in frames:
        ways = _shortest_ways(edges, frame)
        for edge in edges:
            if edge.from_frame not in ways:
                continue
            there, back = ways[edge.from_frame], ways[edge.to_frame]
            steps = (*there, Step(edge), *_reversed(back))
            frames_passed, edges_passed = zip(*((s.start, s.edge) for s in steps), strict=True)
            if len(set(frames_passed)) == len(steps) == len(set(edges_passed)):
                out.append(steps)
    return out


def _shortest_ways(edges: Sequence[Edge], start: str) -> dict[str, tuple[Step, ...]]:
    ways: dict[str, tuple[Step, ...]] = {start: ()}
    queue = [start]
    for frame in queue:
        for edge in edges:
            for step in (Step(edge), Step(edge, backward=True)):
                if step.start == frame and step.end not in ways:
                    ways[step.end] = (*ways[frame], step)
                    queue.append(step.end)
    return ways


def _reversed(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(Step(step.edge, backward=not step.backward) for step in reversed(steps))


def _started(steps: tuple[Step, ...], planar: set[str]) -> FramePath:
    first = next((index for index, step in enumerate(steps) if step.start in planar), 0)
    turned = (*steps[first:], *steps[:first])
    return FramePath(turned[0].start, turned)


def _planar_frames(edges: Sequence[Edge]) -> set[str]:
    flat = set()
    for edge in edges:
        transform = Step(edge).linear()
        flat |= {edge.from_frame} if transform.ndim_moving == 2 else set()
        flat |= {edge.to_frame} if transform.ndim_fixed == 2 else set()
    return flat
