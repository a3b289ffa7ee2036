"""Cut many example specimens, and put what was promised beside what came true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..analysis.distributions import norm
from ..analysis.imaging.phantom import Session
from ..analysis.registration import AffineTransform, Edge, FrameGraph, fit_landmarks
from ..analysis.registration.constellation import match_constellation
from ..analysis.registration.cut import box_margin
from ..analysis.registration.grey_image import GreyImage
from ..analysis.registration.path import FramePath
from ..analysis.targeting import CutUpdate, update_cut
from .cutting import predicted_face
from .example import MAP, ZOOM, beads_of, brightest, cluster_of, marks_of
from .virtual_cut import INSTRUMENT, PIXEL_UM, Cut, VirtualMill, cut_in_looks, first_face, reach

_DRAWS = 20_000
_COLUMNS = ["statement", "predicted", "true", "error_um", "sigma_um"]
_NO_ALARM = "a face where it should be raises no alarm (5 % by chance not found, 1 % off)"

Statement = tuple[str, float, bool, float, float]


def chance_within(within_um: float, sigma_um: float) -> float:
    """Probability that something lies within a distance of where it is expected (normal)."""
    return float(2 * norm.cdf(within_um / sigma_um) - 1)


def rehearse(
    seed: int,
    *,
    stand_off_um: float,
    instrument_um: float,
    feed_sigma: float,
    within_um: float,
    half_um: float = 10.0,
    probability: float = 0.95,
) -> pd.DataFrame:
    """Survey, register, plan and cut one more specimen, without a workspace.

    Parameters
    ----------
    seed : int
        Of the small specimen, and of everything that errs.
    stand_off_um : float
        Of the first face [um].
    instrument_um, feed_sigma : float
        As in `cut_in_looks`.
    within_um : float
        How near the target's middle the last face should come [um].
    half_um : float
        Half the size of the volume of interest [um].
    probability : float
        For which the cut is planned.

    Returns
    -------
    DataFrame
        One row a statement: `seed`, `statement`, `predicted` (probability), `true` (whether it
        was), `error_um`, `sigma_um`.
    """
    session = Session.begin(seed=seed, scale="small")
    mill = VirtualMill.at(session, off_sigma_um=instrument_um, feed_sigma=feed_sigma)
    graph, zoom, place, covariance = _surveyed(session)
    out, back = graph.path(ZOOM, INSTRUMENT), graph.path(INSTRUMENT, ZOOM)
    half = np.full(3, half_um)
    planned = box_margin(out, place, half, probability=probability, draws=_DRAWS, seed=seed)
    inside = _inside(session, mill, out, place, half, planned.margin_um)
    rows: list[Statement] = [
        ("the volume of interest lies in the planned cut", probability, inside, np.nan, np.nan)
    ]

    def look(picture: NDArray[Any], at: AffineTransform, sigma: float, _: int) -> CutUpdate:
        return update_cut(
            GreyImage(picture, [PIXEL_UM, PIXEL_UM]),
            zoom,
            predicted=at,
            predicted_sigma_um=sigma,
            target_um=place.tolist(),
            target_covariance_um2=covariance,
            target_half_um=half_um,
            **reach(sigma),
        )

    there = out.apply(place[None])[0]
    face = first_face(there, [0.0, -1, 0], stand_off_um)
    steps = list(
        cut_in_looks(mill, face, look, way=back, instrument_um=instrument_um, feed_sigma=feed_sigma)
    )
    sigma = predicted_face(back, face, instrument_um=instrument_um)[1]
    blind = mill.distance_um(face.moved(stand_off_um), 0.0)
    rows.append(_ended("without looking", blind, sigma, within_um))
    told_before = pd.DataFrame(rows, columns=_COLUMNS)
    return pd.concat([told_before, told(steps, within_um=within_um)], ignore_index=True).assign(
        seed=seed
    )


def told(steps: Sequence[Cut], *, within_um: float) -> pd.DataFrame:
    """Put what a cut stated beside what was true.

    Returns
    -------
    DataFrame
        `statement`, `predicted` (probability), `true` (whether it was so), `error_um`, `sigma_um`.
    """
    rows: list[Statement] = []
    for step in steps:
        update, error = step.update, step.update.distance_um - step.true_um
        low, high = update.interval95_um
        found = "face found" if update.face is not None else "face not found, so by the prediction"
        rows.append(
            (
                f"the distance lies in its 95 % interval ({found})",
                0.95,
                low <= step.true_um <= high,
                error,
                update.sigma_um,
            )
        )
        rows.append((_NO_ALARM, 0.94, not update.alarm, error, np.nan))
    last = steps[-1]
    rows.append(_ended("with looks", last.true_um, last.predicted_sigma_um, within_um))
    return pd.DataFrame(rows, columns=_COLUMNS)


def scoreboard(rows: pd.DataFrame) -> pd.DataFrame:
    """Predicted and true probability of every statement, side by side.

    Parameters
    ----------
    rows : DataFrame
        From `rehearse`, of many seeds.

    Returns
    -------
    DataFrame
        `statement`, `cases`, `predicted`, `true`, and the 95 % interval of the true probability
        (Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404) as `true_low95`, `true_high95`.
        Cases of one seed are not independent, so the interval is rather too narrow.

    Examples
    --------
    >>> rows = pd.DataFrame({"statement": ["it rains"] * 4, "predicted": 0.5, "true": [1, 0, 1, 1]})
    >>> scoreboard(rows)[["cases", "predicted", "true"]].to_numpy().tolist()
    [[4.0, 0.5, 0.75]]
    """
    from scipy.stats import binomtest

    found = []
    for statement, group in rows.groupby("statement", sort=False):
        hits, cases = int(group["true"].sum()), len(group)
        interval = binomtest(hits, cases).proportion_ci(0.95)
        found.append(
            {
                "statement": statement,
                "cases": cases,
                "predicted": float(group["predicted"].mean()),
                "true": hits / cases,
                "true_low95": float(interval.low),
                "true_high95": float(interval.high),
            }
        )
    return pd.DataFrame(found)


def promises_kept(board: pd.DataFrame) -> list[tuple[str, str]]:
    """Say which predicted probabilities the counts contradict: words and level, for a report.

    Parameters
    ----------
    board : DataFrame
        From `scoreboard`.
    """
    said = []
    for row in board.to_dict("records"):
        low, high, promised = row["true_low95"], row["true_high95"], row["predicted"]
        if not low <= promised <= high:
            words = (
                f"{row['statement']}: promised in {promised:.0%} of cases, true in "
                f"{row['true']:.0%} of {row['cases']} ({low:.0%} to {high:.0%}, 95 %)"
            )
            kept_less = row["true"] < promised
            said.append(
                (f"Not kept: {words}." if kept_less else f"Kept too well: {words}.", "look")
            )
    few = "No count contradicts its promise. Few cases show large gaps only: more seeds show more."
    return said or [(few, "information")]


def worst_look(rows: pd.DataFrame) -> str:
    """Say which distance of a face that was found lay furthest out, in its own uncertainty.

    Parameters
    ----------
    rows : DataFrame
        From `told` or `rehearse`.
    """
    found = rows[rows["statement"].str.endswith("(face found)")]
    if found.empty:
        return "No face was found."
    ratios = (found["error_um"] / found["sigma_um"]).abs()
    worst = found.loc[ratios.idxmax()]
    return (
        f"Of {len(found)} faces that were found, the worst distance is off by "
        f"{abs(worst['error_um']):.2f} µm where a standard uncertainty of "
        f"{worst['sigma_um']:.2f} µm was stated: {ratios.max():.1f} of them."
    )


def _ended(how: str, true_um: float, sigma: float, within_um: float) -> Statement:
    said = f"the last face, {how}, lies within {within_um:g} µm of the target's middle"
    return said, chance_within(within_um, sigma), abs(true_um) <= within_um, -true_um, sigma


def _surveyed(session: Session) -> tuple[FrameGraph, GreyImage, NDArray, NDArray]:
    """Take three pictures, find fiducials and target in them, and register."""
    pixels = {name: session.take(name).pixels for name in (MAP, ZOOM, INSTRUMENT)}
    layout = session.layout
    tall = layout.sem_um / np.cos(np.radians(layout.sem_tilt_deg))
    spacing = {
        MAP: (layout.survey_nominal_um,) * 3,
        ZOOM: (layout.zoom_um,) * 3,
        INSTRUMENT: (tall, layout.sem_um),
    }

    def marks(name: str, diameter_um: float, min_snr: float = 6.0) -> pd.DataFrame:
        return marks_of(pixels[name], spacing[name], diameter_um=diameter_um, min_snr=min_snr)

    on_top = beads_of(pixels[MAP], spacing[MAP])
    seen = beads_of(pixels[INSTRUMENT], spacing[INSTRUMENT], tilt_deg=layout.sem_tilt_deg)
    inside = marks(MAP, 11.0, 5.0).head(100)
    edges = [
        _edge(INSTRUMENT, seen, on_top, tolerance_um=6.0),
        _edge(ZOOM, brightest(marks(ZOOM, 11.0)), inside, tolerance_um=4.0),
    ]
    best, _ = cluster_of(marks(ZOOM, 8.0), marks(ZOOM, 3.6))
    place = best[["z_um", "y_um", "x_um"]].to_numpy(float)
    sigma = best[["sigma_z_um", "sigma_y_um", "sigma_x_um"]].to_numpy(float)
    return FrameGraph(edges), GreyImage(pixels[ZOOM], spacing[ZOOM]), place, np.diag(sigma**2)


def _edge(name: str, ours: pd.DataFrame, theirs: pd.DataFrame, *, tolerance_um: float) -> Edge:
    fixed = theirs[["z_um", "y_um", "x_um"]].to_numpy(float)
    moving = ours[[axis for axis in ("z_um", "y_um", "x_um") if axis in ours]].to_numpy(float)
    match = match_constellation(moving, fixed, tolerance_um=tolerance_um)
    pairs = np.array(match.pairs)
    fit = fit_landmarks(moving[pairs[:, 0]], fixed[pairs[:, 1]], model="similarity")
    return Edge(f"{name}_to_{MAP}", name, MAP, fit.transform)


def _inside(
    session: Session,
    mill: VirtualMill,
    out: FramePath,
    place: NDArray,
    half: NDArray,
    margin_um: float,
) -> bool:
    """Whether all corners of the volume of interest lie in the cut, along the volume's axes."""
    signs = np.stack(np.meshgrid(*[(-1, 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    corners = place + signs * half
    real = session.views[ZOOM].to_specimen(corners)
    told_there = np.column_stack([real, np.ones(len(real))])
    real = np.linalg.solve(mill.to_specimen, told_there.T).T[:, :3]
    off = np.linalg.solve(out.matrix(), (real - out.apply(place[None])).T).T
    return bool((np.abs(off) <= half + margin_um).all())
