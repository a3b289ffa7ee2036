"""Cut the example specimen, which exists as equations only, in looks at its faces.

The truth stays with `VirtualMill`: it shows faces, and is asked for distances at the end only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..analysis.imaging.phantom import Session, View, exposed_face
from ..analysis.imaging.phantom.whereabouts import transform_truth
from ..analysis.registration import AffineTransform
from ..analysis.registration.path import FramePath
from ..analysis.targeting import CutUpdate
from ..errors import DecisionNeeded
from ..workspace import Workspace
from .cutting import FacePlane, look_at_face, looks_table, next_face, predicted_face
from .example import ZOOM
from .targeting import CutPlan

INSTRUMENT = "sem_view"
PIXEL_UM = 0.5  # of the pictures of faces
_PLANE = f"registration.{INSTRUMENT}.tilt_corrected.bead_plane_to_specimen"
_BELOW_UM = 10.0  # of the target: there the zoom scan has its middle
_SIDE = 220
_MOST = 6  # looks

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


def first_face(target_um: ArrayLike, ahead: ArrayLike, stand_off_um: float) -> FacePlane:
    """Place the first face so far before a target, both in the instrument's frame [um]."""
    way = np.asarray(ahead, float) / np.linalg.norm(ahead)
    middle = np.asarray(target_um, float) - stand_off_um * way
    face = FacePlane(middle, way, (_SIDE, _SIDE), PIXEL_UM)
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
        predicted = next_face(update.face.transform if update.face else predicted, feed)
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
            pixel_um=[PIXEL_UM, PIXEL_UM],
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
            "truth": round(step.true_um, 2),
            "unit": "µm",
        }
        for number, step in enumerate(steps, start=1)
    ]
    return pd.DataFrame(rows)


def reach(sigma_um: float) -> dict[str, Any]:
    """Where a face is looked for: 4 standard uncertainties, at least 6 um, and 5 degrees."""
    return {"reach_um": max(6.0, 4 * sigma_um), "reach_deg": 5.0}
