"""Do 95 % regions of places seen from a fitted surface pose hold as often as they say?

Eight marks on a rough surface are picked in a tilted picture and in the survey, both with noise;
the mount is off by a few degrees. Or all marks lie on one plane, and are picked in a rendering of
it, on facets that face the beam. The pose is fitted, and a place of the survey is predicted in the
picture, a pixel of the picture in the survey.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..analysis.registration import AffineTransform, Model, region_factor
from ..analysis.registration.descent import moved
from ..analysis.registration.surface import SurfacePose, SurfaceView, fit_surface_pose

SEEDS = 2000
PICK_UM, SURVEY_UM = 0.5, 0.4
_OFF = np.radians([1.5, -1.0, 2.0])
_PLACE = np.array([[60.0, 100.0, 80.0]])
_PIXEL = np.array([[0.0, 150.0, 90.0]])


@dataclass(frozen=True)
class _Case:
    model: Model
    stated: bool = True
    height_um: float = 15.0
    across: bool = False


_CASES = {
    "rigid, errors known": _Case("rigid"),
    "similarity, errors known": _Case("similarity"),
    "similarity, errors from residuals": _Case("similarity", stated=False),
    "rigid, errors known, flat surface": _Case("rigid", height_um=0.0),
    "similarity, errors from residuals, one plane, picked across the beam": _Case(
        "similarity", stated=False, height_um=0.0, across=True
    ),
}


def tilted_view(tilt_deg: float = 52.0, rotation_deg: float = 15.0, **changes: Any) -> SurfaceView:
    """Describe a picture of 400 by 500 pixels of 1 um."""
    return SurfaceView(
        tilt_deg=tilt_deg,
        rotation_deg=rotation_deg,
        spacing_um=(1, 1),
        shape=(400, 500),
        **changes,
    )


def mounted_pose(view: SurfaceView, *, model: Model = "rigid") -> AffineTransform:
    """Put the specimen near what the stage says: off by a few degrees, and 1 % in size."""
    start = view.nominal_pose([10, 200, 250], model=model)
    change = np.concatenate([np.zeros(3), _OFF, [0.01]])
    return moved(start, change[: start.parameter_count])


def scattered_marks(
    rng: np.random.Generator, count: int = 8, *, height_um: float = 15.0
) -> np.ndarray:
    """Throw marks over the surface: (n, 3) z, y, x [um]."""
    heights = height_um * rng.standard_normal(count)
    return np.column_stack([heights, rng.uniform(0, 400, count), rng.uniform(0, 500, count)])


def surface_coverage(
    *,
    seeds: int = SEEDS,
    cases: Iterable[str] | None = None,
    say: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Count how often 95 % regions of a fitted surface pose hold the true place.

    Parameters
    ----------
    seeds : int
        Of every case.
    cases : iterable of str, optional
        Some of `surface_cases`; all by default.
    say : callable, optional
        Is told of every finished case.

    Returns
    -------
    DataFrame
        ``case``, ``seeds``, ``in_picture`` (coverage of a place of the survey seen in the picture)
        and ``in_survey`` (of a pixel in the survey; NaN where errors come from residuals, as
        depth along the beam is then a convention without an error).

    Examples
    --------
    >>> surface_coverage(seeds=2, cases=["rigid, errors known"])["seeds"].tolist()
    [2]
    """
    rows = []
    for name in _CASES if cases is None else cases:
        found = np.array([_once(_CASES[name], seed) for seed in range(seeds)])
        picture, survey = found.mean(axis=0)
        rows.append({"case": name, "seeds": seeds, "in_picture": picture, "in_survey": survey})
        if say is not None:
            say(f"{name}: {picture:.1%} of {seeds}")
    return pd.DataFrame(rows)


def surface_cases() -> tuple[str, ...]:
    """List the cases of `surface_coverage`.

    Examples
    --------
    >>> surface_cases()[0]
    'rigid, errors known'
    """
    return tuple(_CASES)


def _once(case: _Case, seed: int) -> tuple[float, float]:
    rng = np.random.default_rng(seed)
    view = tilted_view(rotation_deg=rng.uniform(-30, 30))
    true = mounted_pose(view, model=case.model)
    marks = scattered_marks(rng, height_um=case.height_um)
    seen = true.inverse_apply(marks)[:, 1:] + PICK_UM * rng.standard_normal((len(marks), 2))
    if not case.stated:
        known = marks
        if case.across:
            known = marks + PICK_UM * rng.standard_normal((len(marks), 2)) @ true.matrix[:, 1:].T
        pose = fit_surface_pose(seen, known, view=view, model=case.model)
        return _in_picture(pose, true), float("nan")
    known = marks + SURVEY_UM * rng.standard_normal(marks.shape)
    pose = fit_surface_pose(
        seen, known, view=view, model=case.model, sigma_um=PICK_UM, sigma_surface_um=SURVEY_UM
    )
    return _in_picture(pose, true), _in_survey(pose, true, marks)


def _in_picture(pose: SurfacePose, true: AffineTransform) -> float:
    off = (pose.seen_at(_PLACE) - true.inverse_apply(_PLACE)[:, 1:])[0]
    square = off @ np.linalg.solve(pose.seen_covariance_at(_PLACE)[0], off)
    return float(square <= region_factor(2, nu=pose.transform.nu))


def _in_survey(pose: SurfacePose, true: AffineTransform, marks: np.ndarray) -> float:
    """Depth along the beam is counted from the middle of the marks, as the pose has it."""
    depth = true.inverse_apply(marks)[:, 0].mean()
    off = (pose.transform.apply(_PIXEL) - true.apply(_PIXEL + np.array([depth, 0, 0])))[0]
    square = off @ np.linalg.solve(pose.transform.covariance_at(_PIXEL)[0], off)
    return float(square <= region_factor(3, nu=pose.transform.nu))
