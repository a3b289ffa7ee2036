"""Do 95 % regions of located points cover the truth as often as they say?

Landmarks of a known place in every frame get noise, transforms are fitted to them, and a target is
carried along a chain of them or through a graph with a loop. Repeated with new noise, the share of
regions that hold the true place is what a region promises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..analysis.registration import AffineTransform, Edge, FrameGraph, Model, region_factor
from ..analysis.registration.estimate import solve
from ..analysis.registration.information import with_error
from ..analysis.registration.points import pair_up

REPEATS = 2000
_NOISE_UM = 0.5
_CUBE = np.array([[z, y, x] for z in (-50, 50) for y in (-50, 50) for x in (-50, 50)], float)
_TOP = np.array([[0, -90, -70], [5, -80, 90], [-4, 95, -60], [3, 70, 80], [0, 5, -10]], float)
_TEN = np.concatenate([_TOP, 0.7 * _TOP[:, [0, 2, 1]] * [1, 1, -1] + [0, 15, 20]])


@dataclass(frozen=True)
class _Link:
    """A fit: its two frames, model, landmarks of the specimen, whether their error is known.

    ``flat`` are the frames of pictures.
    """

    ends: str
    model: Model
    landmarks: np.ndarray
    known: bool = False
    flat: str = ""

    def fitted(self, frames: dict[str, AffineTransform], rng: np.random.Generator) -> Edge:
        moving, fixed = (self._seen(frames[end], end in self.flat) for end in self.ends)
        sigma = _NOISE_UM if self.known else None
        noisy = fixed + _NOISE_UM * rng.standard_normal(fixed.shape)
        pairs = pair_up(moving, noisy, sigma_um=sigma)
        transform = with_error(pairs, solve(pairs, self.model), "stated" if sigma else "residuals")
        return Edge(self.ends, self.ends[0], self.ends[1], transform)

    def _seen(self, frame: AffineTransform, flat: bool) -> np.ndarray:
        places = frame.apply(self.landmarks)
        return places[:, 1:] if flat else places


def _frame(turn: tuple[float, float, float], scale: float = 1.0) -> AffineTransform:
    from scipy.spatial.transform import Rotation

    matrix = scale * Rotation.from_rotvec(turn).as_matrix()
    return AffineTransform.exact(matrix, offset_um=(5.0, -20.0, 30.0))


def _frames() -> dict[str, AffineTransform]:
    """Where the specimen lies in each frame; p and q are pictures, which see its plane z = 0."""
    plane = AffineTransform.exact()
    picture = AffineTransform.exact(offset_um=(0.0, 12.0, -7.0))
    return {
        "a": _frame((0.3, 0.2, -0.1)),
        "b": _frame((-0.5, 0.1, 0.4)),
        "c": _frame((0.2, -0.6, 0.1), 1.2),
        "p": plane,
        "q": picture,
    }


def _flat(landmarks: np.ndarray) -> np.ndarray:
    return landmarks * [0.0, 1.0, 1.0]


_SPACE, _DEEP, _SEEN = (80.0, 20.0, -40.0), (60.0, 0.0, 0.0), (0.0, 60.0, -30.0)
_PLANE = _flat(_TEN)

#: By name: the transforms, the way that is asked for, and the place of the target.
_CASES: dict[str, tuple[tuple[_Link, ...], str, tuple[float, float, float]]] = {
    "rigid": ((_Link("ab", "rigid", _TOP),), "ab", _DEEP),
    "similarity": ((_Link("ac", "similarity", _CUBE),), "ac", _SPACE),
    "affine": ((_Link("ac", "affine", _CUBE),), "ac", _SPACE),
    "similarity, error known": ((_Link("ac", "similarity", _CUBE, True),), "ac", _SPACE),
    "2-D similarity": ((_Link("pq", "similarity", _PLANE, flat="pq"),), "pq", _SEEN),
    "2-D affine": ((_Link("pq", "affine", _PLANE, flat="pq"),), "pq", _SEEN),
    "2-D in 3-D, rigid": ((_Link("pa", "rigid", _PLANE, flat="p"),), "pa", _SEEN),
    "2-D in 3-D, affine": ((_Link("pa", "affine", _PLANE, flat="p"),), "pa", _SEEN),
    "rigid, then similarity": (
        (_Link("ab", "rigid", _TOP), _Link("bc", "similarity", _CUBE)),
        "ac",
        _DEEP,
    ),
    "affine, then similarity backwards": (
        (_Link("ac", "affine", _CUBE), _Link("bc", "similarity", _TOP)),
        "ab",
        _SPACE,
    ),
    "similarity, then rigid of known error": (
        (_Link("cb", "similarity", _TEN), _Link("ba", "rigid", _CUBE, True)),
        "ca",
        _DEEP,
    ),
    "2-D, 2-D in 3-D, similarity": (
        (
            _Link("pq", "similarity", _PLANE, flat="pq"),
            _Link("qa", "rigid", _PLANE, flat="q"),
            _Link("ac", "similarity", _CUBE),
        ),
        "pc",
        _SEEN,
    ),
    "loop of three, errors known": (
        (
            _Link("ab", "rigid", _CUBE, True),
            _Link("bc", "similarity", _CUBE, True),
            _Link("ac", "affine", _CUBE, True),
        ),
        "ac",
        _SPACE,
    ),
    "loop of three": (
        (
            _Link("ab", "rigid", _CUBE),
            _Link("bc", "similarity", _CUBE),
            _Link("ac", "affine", _CUBE),
        ),
        "ac",
        _SPACE,
    ),
    "loop with pictures": (
        (
            _Link("pq", "similarity", _PLANE, flat="pq"),
            _Link("qa", "rigid", _PLANE, flat="q"),
            _Link("pa", "rigid", _PLANE, flat="p"),
        ),
        "pa",
        _SEEN,
    ),
}


def region_coverage(
    *,
    repeats: int = REPEATS,
    seed: int = 0,
    cases: Iterable[str] | None = None,
    say: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Count how often 95 % regions of located points hold the true place.

    Parameters
    ----------
    repeats : int
        Of every case, each with new noise on every landmark.
    seed : int
    cases : iterable of str, optional
        Some of `region_cases`; all by default.
    say : callable, optional
        Is told of every finished case.

    Returns
    -------
    DataFrame
        ``case``, ``repeats``, ``coverage``, ``nu`` (median degrees of freedom), ``square`` (mean
        square of the error in units of its covariance, over what it should be, 1) and
        ``false_alarm`` (share of repeats in which a loop is said not to close; NaN without one).

    Examples
    --------
    >>> region_coverage(repeats=2, cases=["rigid"])["repeats"].tolist()
    [2]
    """
    names = list(_CASES) if cases is None else list(cases)
    rows = []
    for name in names:
        rng = np.random.default_rng([seed, list(_CASES).index(name)])
        found = pd.DataFrame([_once(name, rng) for _ in range(repeats)])
        rows.append(
            {
                "case": name,
                "repeats": repeats,
                "coverage": float(found["covered"].mean()),
                "nu": float(found["nu"].median()),
                "square": float(found["square"].mean()),
                "false_alarm": float(found["alarm"].mean()),
            }
        )
        if say is not None:
            say(f"{name}: {rows[-1]['coverage']:.1%} of {repeats}")
    return pd.DataFrame(rows)


def region_cases() -> tuple[str, ...]:
    """List the cases of `region_coverage`.

    Examples
    --------
    >>> region_cases()[:3]
    ('rigid', 'similarity', 'affine')
    """
    return tuple(_CASES)


def _once(name: str, rng: np.random.Generator) -> dict[str, float]:
    links, ends, place = _CASES[name]
    frames = _frames()
    graph = FrameGraph([link.fitted(frames, rng) for link in links])
    way = graph.path(ends[0], ends[1])
    target, truth = (frames[frame].apply(place) for frame in ends)
    covariance, nus = way.covariance_and_nu(target)
    values, vectors = np.linalg.eigh(covariance[0])
    there = values > 1e-9 * values[-1]
    miss = ((way.apply(target) - truth)[0] @ vectors)[there]
    dims, square, nu = int(there.sum()), float(np.sum(miss**2 / values[there])), float(nus[0])
    expected = dims if np.isinf(nu) else dims * nu / (nu - 2)
    closes = graph.loops["closes"]
    return {
        "covered": float(square <= region_factor(dims, nu=nu)),
        "nu": nu,
        "square": square / expected,
        "alarm": float(not closes.all()) if len(closes) else float("nan"),
    }
