"""What the example's instruments show of one specimen: marks in pairs, a section, and the truth.

Taking pictures and searching them is what costs time, and leaves plain numbers; fits and counts
(`scalebridge.reports.edge_coverage`) go through many specimens of these in no time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..analysis.imaging.phantom import Layout, Session
from ..analysis.imaging.phantom.poses import PULL_BACK, eds_slice
from ..analysis.imaging.phantom.whereabouts import tilt_corrections, transform_truth
from ..analysis.registration import match_constellation
from ..analysis.registration.grey_image import GreyImage
from ..analysis.registration.plane import place_on_slice
from ..analysis.registration.stack import slice_unsteadiness
from ..errors import Degenerate
from ..guides.example import (
    BEAD_UM,
    CONSIDERED,
    EDS,
    EDS_REACH_UM,
    FAINT,
    FIB,
    MAP,
    MARKER_UM,
    MG,
    TUNGSTEN_UM,
    ZOOM,
    beads_of,
    brightest,
    cluster_of,
    marks_of,
    upright,
)

SEM, LIGHT = "sem_view", "light_mosaic"
HALF_UM = 5.0  # of the volume of interest: it holds the particle that is looked for
_AXES = ("z_um", "y_um", "x_um")
_SURVEYS = (MAP, "xrm_survey_t1", "xrm_survey_t2")
ON_TOP = (LIGHT, SEM, *_SURVEYS[1:])
_MOST_BEADS = 25  # that are centred: 9 are far stronger than everything else


def sight(seed: int, *, scale: str = "small") -> dict[str, Any]:
    """Take all pictures of one specimen, find what joins them, and put the truth beside it.

    Parameters
    ----------
    seed : int
        Of the specimen.
    scale : {"full", "small"}

    Returns
    -------
    dict
        Plain JSON types: what `sight_survey` and `sight_stack` find, and ``truth`` of
        `true_places`, which took no part in it.
    """
    survey, stack = (look(seed, scale=scale) for look in (sight_survey, sight_stack))
    pairs = {**survey["pairs"], **stack["pairs"]}
    return {**survey, **stack, "pairs": pairs, "truth": true_places(seed, scale=scale)}


def sight_survey(
    seed: int, *, scale: str = "small", names: Sequence[str] = ON_TOP
) -> dict[str, Any]:
    """Take the pictures that show the whole specimen, and the zoom scan, and join their frames.

    Parameters
    ----------
    seed : int
        Of the specimen.
    scale : {"small", "full"}

    Returns
    -------
    dict
        Plain JSON types: ``pairs`` (by edge, see `sight_stack`) and ``feature`` (``place`` of the
        hidden feature as it was found in the zoom scan, and ``sigma`` [um]).
    """
    seen = _Marks.of(Session.begin(seed=seed, scale=scale), (*names, MAP, ZOOM))
    on_top = seen.beads(MAP)
    found = {
        f"{name}_to_{MAP}": _paired(seen.beads(name), on_top, tolerance_um=6.0) for name in names
    }
    inside = seen.all(MAP, TUNGSTEN_UM, min_snr=FAINT).head(CONSIDERED)
    ours = seen.bright(ZOOM, TUNGSTEN_UM)
    found[f"{ZOOM}_to_{MAP}"] = _paired(ours, inside, tolerance_um=4.0)
    return {"seed": seed, "pairs": found, "feature": _feature(seen)}


def sight_stack(seed: int, *, scale: str = "small") -> dict[str, Any]:
    """Take the zoom scan, the stack and the map of one of its faces, and join their frames.

    Returns
    -------
    dict
        Plain JSON types: ``pairs`` (by edge: ``moving`` and ``fixed`` places of the marks [um], or
        ``refused`` in words), ``unsteadiness`` of a place in the stack (3, 3), and ``section``
        (``transform`` of the map into the stack, or ``refused``).
    """
    session = Session.begin(seed=seed, scale=scale)
    seen = _Marks.of(session, (ZOOM, FIB, EDS))
    ours, theirs = (seen.bright(name, MARKER_UM) for name in (FIB, ZOOM))
    tilt = tilt_corrections(session)[FIB]
    pairs = _paired(ours, theirs, tolerance_um=0.8, tilt_deg=tilt)
    number = eds_slice(session.layout)
    section = _section(seen.grey(EDS, line=MG), seen.grey(FIB), number)
    return {
        "seed": seed,
        "pairs": {f"{FIB}_to_{ZOOM}": pairs},
        "unsteadiness": stack_unsteadiness(session.layout).tolist(),
        "section": section,
    }


def stack_unsteadiness(layout: Layout) -> NDArray[np.float64]:
    """State how steadily the instrument cuts and pictures, as its maker does: (3, 3) [um2].

    What is left of a random walk about a straight line is a fifteenth of its variance at the end.
    """
    walk = layout.drift_step_um**2 * layout.fib_shape[0] / 15
    image = np.sqrt(layout.jump_um**2 + walk)
    rows = np.sin(np.radians(layout.beam_angle_deg))
    return slice_unsteadiness(
        layout.fib_spacing_um[0],
        jitter=layout.thickness_jitter,
        pull_back=-1 / float(np.log(PULL_BACK)),
        image_um=(image / rows, image),
    )


def nominal_spacing(layout: Layout) -> dict[str, tuple[float, ...]]:
    """State the pixels of every image as an import does, rows corrected for the tilt [um]."""
    tilted = np.cos(np.radians(layout.sem_tilt_deg))
    face = np.sin(np.radians(layout.beam_angle_deg))
    depth, height, width = layout.fib_spacing_um
    return {
        LIGHT: (layout.light_um,) * 2,
        **dict.fromkeys(_SURVEYS, (layout.survey_nominal_um,) * 3),
        ZOOM: (layout.zoom_um,) * 3,
        SEM: (layout.sem_um / tilted, layout.sem_um),
        FIB: (depth, height / face, width),
        EDS: (layout.eds_um / face, layout.eds_um),
    }


@dataclass(frozen=True)
class _Marks:
    """Pictures, and the marks in them."""

    pictures: dict[str, NDArray[Any]]
    spacing: dict[str, tuple[float, ...]]
    tilts: dict[str, float]

    @classmethod
    def of(cls, session: Session, names: Iterable[str]) -> _Marks:
        pictures = {name: session.take(name).pixels for name in names}
        return cls(pictures, nominal_spacing(session.layout), tilt_corrections(session))

    def grey(self, name: str, *, line: int | None = None) -> GreyImage:
        values = self.pictures[name] if line is None else self.pictures[name][line]
        return GreyImage(values.astype(float), self.spacing[name])

    def all(self, name: str, diameter_um: float, **options: Any) -> pd.DataFrame:
        pixels, spacing = self.pictures[name], self.spacing[name]
        return marks_of(pixels, spacing, diameter_um=diameter_um, **options)

    def beads(self, name: str) -> pd.DataFrame:
        tilt = self.tilts.get(name, 0.0)
        return beads_of(self.pictures[name], self.spacing[name], tilt_deg=tilt, most=_MOST_BEADS)

    def bright(self, name: str, diameter_um: float) -> pd.DataFrame:
        return brightest(self.all(name, diameter_um))


def _paired(
    ours: pd.DataFrame, theirs: pd.DataFrame, *, tolerance_um: float, tilt_deg: float = 0.0
) -> dict[str, Any]:
    moving, fixed = _places(ours), _places(theirs)
    sought = upright(moving, tilt_deg) if tilt_deg else moving
    try:
        match = match_constellation(sought, fixed, tolerance_um=tolerance_um)
    except Degenerate as error:
        return {"refused": str(error)}
    i, j = np.array(match.pairs).T
    return {
        "moving": moving[i].tolist(),
        "fixed": fixed[j].tolist(),
        "sigma_moving": _sigma(ours)[i].tolist(),
        "sigma_fixed": _sigma(theirs)[j].tolist(),
    }


def _sigma(table: pd.DataFrame) -> NDArray[np.float64]:
    flat = "sigma_z_um" not in table
    return table[[f"sigma_{axis}" for axis in _AXES[flat:]]].to_numpy(float)


def _places(table: pd.DataFrame) -> NDArray[np.float64]:
    """Two columns of a picture's marks: (n, 2), else (n, 3) [um]."""
    flat = "sigma_z_um" not in table
    return table[list(_AXES[flat:])].to_numpy(float)


def _section(picture: GreyImage, stack: GreyImage, slice_number: int) -> dict[str, Any]:
    """Find the map on the slice after which it was taken, as its instrument notes."""
    try:
        found = place_on_slice(picture, stack, slice_number, reach_um=EDS_REACH_UM)
    except Degenerate as error:
        return {"refused": str(error)}
    return {"transform": found.to_dict()}


def _feature(seen: _Marks) -> dict[str, Any]:
    best, _ = cluster_of(seen.all(ZOOM, 8.0), seen.all(ZOOM, 3.6))
    sigma = best[[f"sigma_{axis}" for axis in _AXES]].to_numpy(float)
    return {"place": best[list(_AXES)].to_numpy(float).tolist(), "sigma": sigma.tolist()}


class Frames:
    """Where places of the specimen lie in the frames of the images: the truth.

    Frames of light and SEM have a plane half a bead's nominal diameter above the surface at z = 0:
    beads are a little larger or smaller than that, which scatters their middles about it.
    """

    def __init__(self, session: Session) -> None:
        self._views = session.views
        self._rows = {
            name: np.array([1.0, np.cos(np.radians(tilt)), 1.0])
            for name, tilt in tilt_corrections(session).items()
        }
        known = transform_truth(session)
        self._planes = {}
        for name, plane in (
            (LIGHT, f"{LIGHT}.top_surface"),
            (SEM, f"{SEM}.tilt_corrected.top_surface"),
        ):
            matrix = np.array(known[f"registration.{plane}_to_specimen"]["value"], float)
            beam = session.views[name].matrix[:, 0]
            matrix[:3, 3] -= BEAD_UM / 2 / beam[0] * beam
            self._planes[name] = matrix

    def seen(self, name: str, points_um: ArrayLike) -> NDArray[np.float64]:
        """Map (n, 3) places of the specimen into a frame [um]."""
        points = np.asarray(points_um, float)
        if name in self._planes:
            matrix = self._planes[name]
            return np.linalg.solve(matrix[:3, :3], (points - matrix[:3, 3]).T).T
        return np.asarray(self._views[name].to_nominal(points) / self._rows.get(name, 1.0))

    def real(self, name: str, points_um: ArrayLike) -> NDArray[np.float64]:
        """Map (n, 3) places of a frame into the specimen [um]."""
        points = np.asarray(points_um, float)
        if name in self._planes:
            matrix = self._planes[name]
            return points @ matrix[:3, :3].T + matrix[:3, 3]
        return np.asarray(self._views[name].to_specimen(points * self._rows.get(name, 1.0)))


def true_places(seed: int, *, scale: str = "small") -> dict[str, Any]:
    """Tell where the hidden feature is in every frame; this took no part in joining them.

    Returns
    -------
    dict
        Plain JSON types: ``voi`` (by the frame whose axes it is along, by frame: middle and corners
        of the volume of interest about the feature) and ``foot`` (of the feature on the map's
        face, by frame) [um].
    """
    session = Session.begin(seed=seed, scale=scale)
    frames, target = Frames(session), session.specimen.target_um[None]
    signs = np.stack(np.meshgrid(*[(-1, 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    box = HALF_UM * np.concatenate([np.zeros((1, 3)), signs])
    voi = {}
    for along in (ZOOM, LIGHT, EDS):
        real = frames.real(along, frames.seen(along, target) + box)
        voi[along] = {name: frames.seen(name, real).tolist() for name in session.views}
    foot = frames.seen(EDS, target) * [0, 1, 1]
    on_face = {EDS: foot, FIB: frames.seen(FIB, frames.real(EDS, foot))}
    return {"voi": voi, "foot": {name: point[0].tolist() for name, point in on_face.items()}}
