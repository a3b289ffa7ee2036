"""Is every transform of the example as good as it says, and every planned box as safe?

The hidden feature took no part in any transform. It is carried along each of them and along whole
ways from image to image, and compared with where it really is. What the instruments show comes
from `scalebridge.reports.edge_sightings`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..analysis.registration import (
    AffineTransform,
    Edge,
    FrameGraph,
    FramePath,
    choose_model,
    fit_landmarks,
    region_factor,
)
from ..analysis.registration.cut import Overhang, box_overhang
from ..analysis.registration.stack import with_unsteadiness
from ..analysis.registration.unlike_axes import why_by_axis
from ..errors import NoPath
from ..guides.example import EDS, FIB, MAP, ZOOM
from .edge_sightings import HALF_UM, LIGHT, SEM

SEEDS = 400
LEVEL = 0.95
ALL = "all together"
_NONE = 1e-9
_TAILS = (0.0025, 0.01)  # below and above the band: of 400 regions 367 to 389
PROBABILITIES = (0.5, 0.8, 0.9, 0.95, 0.99)
DRAWS = 20_000
#: From, to, and whether the feature is where it was found in the zoom scan, or known in the first.
WAYS = (
    (LIGHT, EDS, False),
    (ZOOM, EDS, False),
    (ZOOM, EDS, True),
    (ZOOM, SEM, True),
)
EDS_EDGE = f"{EDS}_to_{FIB}"


def edges_of(sighting: Mapping[str, Any]) -> list[Edge]:
    """Fit the transforms of one specimen, as `scalebridge.guides.example.decide` does."""
    edges = []
    for name, pairs in sighting["pairs"].items():
        if "refused" in pairs:
            continue
        moving, fixed = np.array(pairs["moving"]), np.array(pairs["fixed"])
        if name == f"{ZOOM}_to_{MAP}":
            transform = fit_landmarks(moving, fixed, model="similarity").transform
        else:
            alike = choose_model(moving, fixed).fit
            transform = choose_model(moving, fixed, by_axis=bool(why_by_axis(alike))).fit.transform
        if name == f"{FIB}_to_{ZOOM}":
            transform = with_unsteadiness(transform, np.array(sighting["unsteadiness"]))
        start, end = name.split("_to_")
        edges.append(Edge(name, start, end, transform))
    if "transform" in sighting["section"]:
        transform = AffineTransform.from_dict(sighting["section"]["transform"])
        edges.append(Edge(EDS_EDGE, EDS, FIB, transform))
    return edges


def judge_edges(sighting: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Carry the feature along every edge of one specimen.

    Returns
    -------
    list of dict
        ``seed``, ``edge``, ``inside`` (of its 95 % region), ``square`` (squared Mahalanobis
        distance), ``expected`` (of that, given the degrees of freedom), ``nu`` (infinite where the
        error is known), ``error_um`` and ``sigma_um`` (root of the covariance's trace).
    """
    rows = []
    for edge in edges_of(sighting):
        way = FrameGraph([edge]).path(edge.from_frame, edge.to_frame)
        start, end = _feature_in(sighting, edge)
        rows.append({"seed": sighting["seed"], "edge": edge.name, **_judged(way, start, end)})
    return rows


def _feature_in(
    sighting: Mapping[str, Any], edge: Edge
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the feature is in both frames; a map of one face shows only its foot there."""
    ends = (edge.from_frame, edge.to_frame)
    truth = sighting["truth"]
    if EDS in ends:
        start, end = (np.array(truth["foot"][name]) for name in ends)
    else:
        start, end = (np.array(truth["voi"][ZOOM][name][0]) for name in ends)
    return start, end


def _judged(
    way: FramePath, start: NDArray[np.float64], end: NDArray[np.float64]
) -> dict[str, float]:
    covariances, nus = way.covariance_and_nu(start)
    covariance, nu = covariances[0], float(nus[0])
    values, vectors = np.linalg.eigh(covariance)
    there = values > _NONE * values[-1]  # a map of a face has no error across it
    miss = way.apply(start)[0] - end
    square = float(np.sum((miss @ vectors)[there] ** 2 / values[there]))
    dims = int(there.sum())
    return {
        "inside": float(square <= region_factor(dims, level=LEVEL, nu=nu)),
        "square": square,
        "expected": expected_square(dims, nu),
        "nu": nu,
        "error_um": float(np.linalg.norm(miss)),
        "sigma_um": float(np.sqrt(np.trace(covariance))),
    }


def expected_square(dims: int, nu: float) -> float:
    """Mean of D F(D, nu), what the squared Mahalanobis distance of an honest estimate is.

    The covariance's shape is known and its size is estimated from residuals, so it is F with the
    residuals' degrees of freedom, and chi-squared where the error is known.

    Examples
    --------
    >>> expected_square(3, 20.0).__round__(3), expected_square(3, np.inf)
    (3.333, 3.0)
    """
    return float(dims) if np.isinf(nu) else dims * nu / (nu - 2)


def judge_ways(sighting: Mapping[str, Any], *, draws: int = DRAWS) -> list[dict[str, Any]]:
    """Plan a box about the feature along each of `WAYS`, and see how large it had to be.

    The box holds the volume of interest, grown by a margin on every side. The margin that would
    just have held the true volume has a probability under the plan; an honest plan makes these
    probabilities even: of all boxes that were planned for 80 %, 80 % hold the feature.

    Returns
    -------
    list of dict
        ``seed``, ``way``, ``needed`` (that probability), ``needed_um`` (the margin), and
        ``margin_<percent>_um``, planned for each of `PROBABILITIES`. A way with a missing edge is
        left out.
    """
    frames = sighting["truth"]["voi"][ZOOM]
    graph = FrameGraph(edges_of(sighting), frames=frames)
    rows = []
    for start, end, found in WAYS:
        try:
            way = graph.path(start, end)
        except NoPath:
            continue
        drawn, needed = _overhang(sighting, way, found, draws)
        margins = {f"margin_{p:.0%}_um": drawn.margin(p).margin_um for p in PROBABILITIES}
        rows.append(
            {
                "seed": sighting["seed"],
                "way": way_name(start, end, found=found),
                "needed": drawn.within(needed).probability,
                "needed_um": needed,
                **margins,
            }
        )
    return rows


def way_name(start: str, end: str, *, found: bool) -> str:
    """Name a way by its ends, and whether the feature was looked for in the first."""
    return f"{'found in ' if found else ''}{start} to {end}"


def _overhang(
    sighting: Mapping[str, Any], way: FramePath, found: bool, draws: int
) -> tuple[Overhang, float]:
    """Draw how far corners reach over the box, and tell how far the true ones do [um]."""
    truth = sighting["truth"]["voi"][way.from_frame]
    place, localisation = np.array(truth[way.from_frame][0]), None
    if found:
        place = np.array(sighting["feature"]["place"])
        localisation = np.diag(np.square(sighting["feature"]["sigma"]))
    half = np.full(3, HALF_UM)
    drawn = box_overhang(
        way, place, half, localisation_um2=localisation, draws=draws, seed=sighting["seed"]
    )
    left, _, right = np.linalg.svd(way.matrix())
    axes = left @ right  # the box lies along the volume's own axes, as the plan has it
    arms = np.array(truth[way.from_frame][1:]) - truth[way.from_frame][0]
    middle = way.apply(place)
    planned = np.abs((way.apply(place + arms) - middle) @ axes).max(axis=0)
    corners = np.array(truth[way.frames[-1]][1:])
    reached = np.abs((corners - middle) @ axes).max(axis=0)
    return drawn, float((reached - planned).max())


def edge_table(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Sum up `judge_edges` over many specimens.

    Returns
    -------
    DataFrame
        ``edge``, ``seeds``, ``inside``, ``low`` and ``high`` (what an honest region reaches,
        `inside_band`), ``nu`` (median), ``square`` (mean of the squared distance over what it
        should be) with ``square_sigma`` (its standard error), ``error_um`` and ``sigma_um``
        (medians). The last row holds all edges together; what they share makes its band too
        narrow.
    """
    table = pd.DataFrame(list(rows))
    groups = [*table.groupby("edge", sort=False), (ALL, table)]
    return pd.DataFrame([_edge_row(str(name), group) for name, group in groups])


def _edge_row(name: str, group: pd.DataFrame) -> dict[str, Any]:
    ratio = group["square"] / group["expected"]
    low, high = inside_band(len(group))
    return {
        "edge": name,
        "seeds": len(group),
        "inside": int(group["inside"].sum()),
        "low": low,
        "high": high,
        "nu": float(group["nu"].median()),
        "square": float(ratio.mean()),
        "square_sigma": float(ratio.std(ddof=1) / np.sqrt(len(group))),
        "error_um": float(group["error_um"].median()),
        "sigma_um": float(group["sigma_um"].median()),
    }


def way_table(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Sum up `judge_ways` over many specimens.

    Returns
    -------
    DataFrame
        ``way``, ``promised``, ``seeds``, ``held`` (boxes that hold the volume), ``low`` and
        ``high`` (95 % of what an honest plan reaches), ``margin_um`` (median).
    """
    table = pd.DataFrame(list(rows))
    found = []
    for name, group in table.groupby("way", sort=False):
        for promised in PROBABILITIES:
            low, high = promised_band(len(group), np.array([promised]))
            found.append(
                {
                    "way": name,
                    "promised": promised,
                    "seeds": len(group),
                    "held": int((group["needed"] <= promised).sum()),
                    "low": round(float(low[0]) * len(group)),
                    "high": round(float(high[0]) * len(group)),
                    "margin_um": float(group[f"margin_{promised:.0%}_um"].median()),
                }
            )
    return pd.DataFrame(found)


def inside_band(count: int) -> tuple[int, int]:
    """How many of so many 95 % regions hold, 1 % of chance aside: 367 to 389 of 400.

    Examples
    --------
    >>> inside_band(400), inside_band(40)
    ((367, 389), (33, 40))
    """
    from scipy.stats import binom

    return int(binom.ppf(_TAILS[0], count, LEVEL)), int(binom.ppf(1 - _TAILS[1], count, LEVEL))


def promised_band(
    count: int, promised: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give 95 % of the shares that so many honest promises reach: low and high."""
    from scipy.stats import binom

    low, high = (binom.ppf(tail, count, promised) / count for tail in (0.025, 0.975))
    return np.where(promised <= 0, 0.0, low), np.where(promised >= 1, 1.0, high)
