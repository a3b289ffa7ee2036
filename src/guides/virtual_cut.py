"""Cut the example specimen, which exists as equations only, and compare with what is true.

The truth stays with `VirtualMill`: it shows faces, and is asked for distances at the end only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..analysis.distributions import norm
from ..analysis.imaging.phantom import Session, View, exposed_face
from ..analysis.imaging.phantom.whereabouts import transform_truth
from ..analysis.registration import AffineTransform, Edge, FrameGraph, fit_landmarks
from ..analysis.registration.constellation import match_constellation
from ..analysis.registration.cut import box_margin
from ..analysis.registration.grey_image import GreyImage
from ..analysis.registration.path import FramePath
from ..analysis.targeting import CutUpdate, update_cut
from ..errors import DecisionNeeded
from ..workspace import Workspace
from .cutting import FacePlane, fed, look_at_face, looks_table, predicted_face
from .example import MAP, ZOOM, brightest, cluster_of, marks_of
from .targeting import CutPlan

INSTRUMENT = "sem_view"
_PLANE = f"registration.{INSTRUMENT}.tilt_corrected.bead_plane_to_specimen"
_BELOW_UM = 10.0  # of the target: there the zoom scan has its middle
_SIDE, _PIXEL_UM = 220, 0.5
_DRAWS = 20_000
_MOST = 6  # looks

_COLUMNS = ["statement", "predicted", "true", "error_um", "sigma_um"]
_NO_ALARM = "a face where it should be raises no alarm (5 % by chance not found, 1 % off)"

Statement = tuple[str, float, bool, float, float]
Look = Callable[[NDArray[Any], AffineTransform, float, int], CutUpdate]


@dataclass(frozen=True, eq=False)
class VirtualMill:
    """An instrument that cuts the example specimen, a little beside where it was told to.

    Attributes
    ----------
    session : Session
    to_specimen : ndarray, shape (4, 4)
        From the instrument's frame, the truth.
    off_um : float
        How far beyond the place that was asked for the first face stands.
    feed_error : float
        By how much, relatively, every later step is larger than asked for.
    noise : numpy.random.Generator
        Of the pictures.
    """

    session: Session
    to_specimen: NDArray[np.float64]
    off_um: float
    feed_error: float
    noise: np.random.Generator

    @classmethod
    def at(
        cls, session: Session, *, off_sigma_um: float, feed_sigma: float, seed: int | None = None
    ) -> VirtualMill:
        """Mount the specimen in it, and draw its errors; the specimen's seed unless told."""
        rng = np.random.default_rng([session.seed if seed is None else seed, 4])
        to_specimen = np.asarray(transform_truth(session)[_PLANE]["value"], float)
        off, feed = off_sigma_um * rng.standard_normal(), feed_sigma * rng.standard_normal()
        return cls(session, to_specimen, float(off), float(feed), rng)

    def real(self, face: FacePlane, fed_um: float) -> FacePlane:
        """Say where the face stands that was asked for, ``fed_um`` of it in later steps."""
        return face.moved(self.off_um + self.feed_error * fed_um)

    def expose(self, face: FacePlane, fed_um: float) -> NDArray[np.unsignedinteger]:
        """Take the picture of the face that stands there: (y, x) uint8."""
        stands = self.real(face, fed_um)
        turn = self.to_specimen[:3, :3] @ face.axes
        middle = self.to_specimen[:3, :3] @ stands.middle_um + self.to_specimen[:3, 3]
        view = View(
            "face",
            (1, *face.shape),
            (face.pixel_um,) * 3,
            turn,
            middle - turn @ face.centre_um,
            time=2,
        )
        return exposed_face(self.session.specimen, view, self.noise)

    def distance_um(self, face: FacePlane, fed_um: float) -> float:
        """Tell how far the face that stands there is from the target: the truth [um]."""
        stands = self.real(face, fed_um)
        away = np.linalg.solve(self.to_specimen, [*self.session.specimen.target_um, 1.0])[:3]
        return float(face.ahead @ (away - stands.middle_um))


@dataclass(frozen=True, eq=False)
class Cut:
    """One step of a cut: the picture of its face, what it told, and what was true.

    Attributes
    ----------
    picture : ndarray, shape (y, x)
    update : CutUpdate
    feed_um : float
        What was cut next; 0 at the end [um].
    true_um : float
        Distance of the face to the target, which nobody knew [um].
    predicted_sigma_um : float
        Standard uncertainty of the face's place before it was looked at [um].
    """

    picture: NDArray[Any]
    update: CutUpdate
    feed_um: float
    true_um: float
    predicted_sigma_um: float


def first_face(
    target_um: Sequence[float], ahead: Sequence[float], stand_off_um: float
) -> FacePlane:
    """Place the first face so far before a target, both in the instrument's frame [um]."""
    way = np.asarray(ahead, float) / np.linalg.norm(ahead)
    middle = np.asarray(target_um, float) - stand_off_um * way
    face = FacePlane(middle, way, (_SIDE, _SIDE), _PIXEL_UM)
    return FacePlane(middle + _BELOW_UM * face.axes[:, 1], way, face.shape, face.pixel_um)


def cut_in_looks(
    mill: VirtualMill,
    face: FacePlane,
    look: Look,
    *,
    way: FramePath,
    instrument_um: float,
    feed_sigma: float,
    last_um: float = 0.5,
) -> Iterator[Cut]:
    """Cut as far as is safe, look, and cut on; at last from the near side into the middle.

    Parameters
    ----------
    mill : VirtualMill
    face : FacePlane
        The first one, as it was asked for.
    look : callable
        Given the picture, where it should lie, the standard uncertainty of that along the cut
        [um], and the number of the look; returns a `CutUpdate`.
    way : FramePath
        From the instrument to the volume in which faces are found.
    instrument_um, feed_sigma : float
        Standard uncertainties of the first face [um] and, relative, of what is cut on.
    last_um : float
        With less than this to go before the near side, the next step ends in the middle [um].

    Yields
    ------
    Cut
    """
    predicted, sigma = predicted_face(way, face, instrument_um=instrument_um)
    fed_um, ending = 0.0, False
    for number in range(1, _MOST + 1):
        picture = mill.expose(face, fed_um)
        update = look(picture, predicted, sigma, number)
        to_go = update.stop_and_look_um
        closing = to_go < last_um or number == _MOST - 1
        feed = 0.0 if ending else update.distance_um if closing else to_go
        yield Cut(picture, update, feed, mill.distance_um(face, fed_um), sigma)
        if ending:
            return
        ending = closing
        face, fed_um = face.moved(feed), fed_um + feed
        known = update.sigma_um if update.face is not None else sigma
        predicted = fed(update.face.transform if update.face else predicted, feed)
        sigma = float(np.hypot(known, feed_sigma * abs(feed)))


def cut_specimen(
    ws: Workspace,
    plan: CutPlan,
    *,
    seed: int,
    stand_off_um: float,
    instrument_um: float,
    feed_sigma: float,
    ahead: Sequence[float] = (0.0, -1.0, 0.0),
    **settings: Any,
) -> list[Cut]:
    """Cut the example specimen as planned; every face becomes an image and a transform.

    Parameters
    ----------
    ws : Workspace
        With the small example specimen.
    plan : CutPlan
        Of its target, into the frame of the SEM.
    seed : int
        With which the specimen was built.
    stand_off_um : float
        From the first face to the target's middle [um].
    instrument_um, feed_sigma : float
        As in `cut_in_looks`.
    ahead : sequence of float
        The way in which the cut proceeds, z, y, x in the frame of the SEM.
    **settings
        As in `scalebridge.analysis.targeting.update_cut`.

    Returns
    -------
    list of Cut

    Raises
    ------
    DecisionNeeded
        The workspace holds a specimen that was not built as the small example, or the plan is for
        another frame.
    """
    session = Session.begin(seed=seed, scale="small")
    frame, target = plan.located.path[-1], plan.plan.name
    if frame != INSTRUMENT or tuple(ws.images[ZOOM].shape) != session.layout.zoom_shape:
        raise DecisionNeeded(
            f"expected the small example specimen and a plan for {INSTRUMENT}, got {ws.name} and "
            f"{frame}. To decide: give the parameter workspace None, so that one is built"
        )
    mill = VirtualMill.at(session, off_sigma_um=instrument_um, feed_sigma=feed_sigma)
    first = 1 + sum(image.name.startswith("face ") for image in ws.images)

    def look(picture: NDArray[Any], at: AffineTransform, sigma: float, number: int) -> CutUpdate:
        return look_at_face(
            ws,
            target,
            picture,
            name=f"face {first + number - 1}",
            pixel_um=[_PIXEL_UM, _PIXEL_UM],
            volume=ZOOM,
            predicted=at,
            predicted_sigma_um=sigma,
            **reach(sigma),
            **settings,
        )

    return list(
        cut_in_looks(
            mill,
            first_face(plan.located.points_um[0], ahead, stand_off_um),
            look,
            way=ws.graph().path(frame, ZOOM),
            instrument_um=instrument_um,
            feed_sigma=feed_sigma,
        )
    )


def cuts_table(steps: Sequence[Cut]) -> pd.DataFrame:
    """One row a look: what it said, what was true, and what was cut next."""
    table = looks_table([step.update for step in steps])
    return table.assign(
        cut_next_um=[step.feed_um for step in steps], true_um=[step.true_um for step in steps]
    )


def against(steps: Sequence[Cut]) -> pd.DataFrame:
    """Distances beside their truth, for `scalebridge.plots.against_truth`."""
    rows = [
        {
            "name": f"look {number}, distance",
            "value": step.update.distance_um,
            "uncertainty": (step.update.interval95_um[1] - step.update.interval95_um[0]) / 2,
            "truth": step.true_um,
            "unit": "µm",
        }
        for number, step in enumerate(steps, start=1)
    ]
    return pd.DataFrame(rows)


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
            GreyImage(picture, [_PIXEL_UM, _PIXEL_UM]),
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


def reach(sigma_um: float) -> dict[str, float]:
    """Where a face is looked for: 4 standard uncertainties, at least 6 um, and 5 degrees."""
    return {"reach_um": max(6.0, 4 * sigma_um), "reach_deg": 5.0}


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


def _ended(how: str, true_um: float, sigma: float, within_um: float) -> Statement:
    said = f"the last face, {how}, lies within {within_um:g} µm of the target's middle"
    return said, chance_within(within_um, sigma), abs(true_um) <= within_um, -true_um, sigma


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
    >>> scoreboard(rows).round(2).iloc[0].tolist()
    ['it rains', 4, 0.5, 0.75, 0.19, 0.99]
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

    on_top = brightest(marks(MAP, 28.0))
    inside = marks(MAP, 11.0, 5.0).head(100)
    edges = [
        _edge(INSTRUMENT, brightest(marks(INSTRUMENT, 28.0)), on_top, tolerance_um=6.0),
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
