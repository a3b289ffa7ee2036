"""From a fiducial that one sees to a target that one does not: offsets in a picture.

A stage is not driven blind. The offset from a fiducial near by is known better than the target's
position: the map to the instrument was fitted to that very fiducial, so part of its error is in
both and falls out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ..registration import FramePath, LandmarkFit, Region, confidence_region
from ..registration.points import lift
from .parts import freedom_of_sum
from .seen import SeenFiducial, SeenFrom
from .views import BeamView

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Offset:
    """The way from a fiducial to the target in a picture.

    Attributes
    ----------
    view, fiducial : str
    from_um, offset_um : (2,) array
        The fiducial in the picture, and the way to the target: x to the right, y down [um].
    covariance_um2 : (2, 2) array
        Of the offset [um2], picking the fiducial once more included.
    nu : float or None
        Degrees of freedom; None where every error is known.
    alone_um2 : (2, 2) array
        Covariance of the target's position in the picture, for comparison [um2].
    """

    view: str
    fiducial: str
    from_um: np.ndarray
    offset_um: np.ndarray
    covariance_um2: np.ndarray
    nu: float | None
    alone_um2: np.ndarray

    def region(self, level: float = 0.95) -> Region:
        """The ellipse that covers the target, seen from this fiducial."""
        return confidence_region(self.covariance_um2, level=level, nu=self.nu)


def offsets(
    target_um: ArrayLike,
    fiducials: Sequence[SeenFiducial],
    *,
    way: FramePath,
    views: Sequence[BeamView],
    fit: LandmarkFit | None = None,
    localisation_um2: ArrayLike | None = None,
    pick_um: float | None = None,
    seen_share: float | None = None,
    count: int = 2,
) -> tuple[Offset, ...]:
    """Give the offsets to a target from the nearest fiducials that each view shows.

    Parameters
    ----------
    target_um : (3,) array
        In the first frame of `way`, z, y, x [um].
    fiducials : sequence of SeenFiducial
    way : FramePath
        To the instrument's frame.
    views : sequence of BeamView
    fit : LandmarkFit, optional
        Of the last transform on the way, to which fiducials with a ``row`` belong.
    localisation_um2 : (3, 3) array, optional
        Covariance of the target itself, in its own frame [um2].
    pick_um : float, optional
        Error per axis with which the fiducial is picked once more in the picture [um]; as in the
        fit unless told.
    seen_share : float, optional
        Share of the residuals' variance that belongs to picking in the instrument, 0 to 1. Where
        errors come from residuals it is not known: then the larger of both ends counts.
    count : int
        Fiducials a view.

    Returns
    -------
    tuple of Offset
        View by view, nearest first; fewer where a view shows fewer.

    Raises
    ------
    ValueError
        A fiducial's localisation error is not known.
    CovarianceUnavailable

    Notes
    -----
    With r the target and i the fiducial, the covariance of the mapped target minus the seen
    fiducial is ``J_r Σ J_rᵀ + Σ_i − K − Kᵀ`` with ``K = J_r Σ J_iᵀ W_i Σ_i``; Fitzpatrick & West
    2001, doi:10.1109/42.952729, without the cross term. First order: not for a rotation known to
    worse than 1 degree.

    Examples
    --------
    >>> from scalebridge.analysis.registration import AffineTransform, Edge
    >>> from scalebridge.analysis.registration.path import Step
    >>> from scalebridge.analysis.targeting.views import beam_view
    >>> mapped = Step(Edge("fit", "survey", "fib", AffineTransform.exact()))
    >>> mark = SeenFiducial("cross", [0, 0, 10], sigma_um=0.3)
    >>> (found,) = offsets([50, 0, 40], [mark], way=FramePath("survey", (mapped,)), pick_um=0.4,
    ...                    views=[beam_view("FIB", angle_deg=0)])
    >>> found.offset_um, found.covariance_um2.round(3)
    (array([30.,  0.]), array([[0.25, 0.  ],
           [0.  , 0.25]]))
    """
    if seen_share is not None and not 0 <= seen_share <= 1:
        raise ValueError(f"seen_share needs 0 to 1, got {seen_share!r}")
    point = lift(target_um)[:1]
    way = way.near(point[0], np.zeros(3))
    mapped, matrix = way.apply(point)[0], way.matrix()
    known = np.zeros((3, 3))
    if localisation_um2 is not None:
        known = matrix @ np.asarray(localisation_um2, dtype=float) @ matrix.T
    found = []
    for view in views:
        there = _nearest(fiducials, view, mapped, count)
        for mark in there:
            own = SeenFrom(mark, fit, way, point, pick_um, seen_share)
            found.append(_offset(mark, view, own, mapped, known))
    return tuple(found)


def offset_table(found: Sequence[Offset], *, level: float = 0.95) -> pd.DataFrame:
    """One row an offset: dx, dy, their standard uncertainties, correlation, ellipse."""
    import pandas as pd

    columns = ["view", "fiducial", "dx_um", "dy_um", "distance_um", "sx_um", "sy_um", "rho"]
    columns += [f"radius{100 * level:g}_um", "nu"]
    rows = []
    for one in found:
        sx, sy = np.sqrt(np.diag(one.covariance_um2))
        rho = one.covariance_um2[0, 1] / (sx * sy) if sx * sy > 0 else 0.0
        far = float(one.region(level).radii_um[0])
        nu = np.inf if one.nu is None else one.nu
        away = float(np.linalg.norm(one.offset_um))
        rows.append([one.view, one.fiducial, *one.offset_um, away, sx, sy, rho, far, nu])
    return pd.DataFrame(rows, columns=columns)


def _nearest(
    fiducials: Sequence[SeenFiducial], view: BeamView, mapped: np.ndarray, count: int
) -> list[SeenFiducial]:
    if not fiducials:
        return []
    places = lift(np.array([mark.position_um for mark in fiducials], dtype=float))
    seen = view.sees(places)
    shown = [
        bool(seen[k]) if mark.visible is None else view.name in mark.visible
        for k, mark in enumerate(fiducials)
    ]
    away = np.linalg.norm(view.project(places) - view.project(mapped[None]), axis=1)
    order = np.argsort(np.where(shown, away, np.inf), kind="stable")
    return [fiducials[k] for k in order[:count] if shown[k]]


def _offset(
    mark: SeenFiducial, view: BeamView, own: SeenFrom, mapped: np.ndarray, known: np.ndarray
) -> Offset:
    ends = view.project(np.array([mark.position_um, mapped], dtype=float))
    tried = [own.covariance(share) for share in own.shares]
    estimated = max(tried, key=lambda part: float(np.trace(view.covariance(part))))
    parts = {"own": view.covariance(estimated)}
    parts |= {name: view.covariance(part) for name, part in own.before.items()}
    fixed = view.covariance(known + own.known)
    total = sum(parts.values(), fixed)
    alone = view.covariance(known + own.direct + sum(own.before.values(), np.zeros((3, 3))))
    nu = freedom_of_sum(fixed, parts, own.freedom)
    return Offset(view.name, mark.name, ends[0], ends[1] - ends[0], total, nu, alone)
