"""How often does the 95 % interval of `update_cut` hold the distance of a face to the target?

The small example specimen is cut where its zoom scan was taken, the first face 33 um away from the
hidden feature, the last beyond it; every face is looked for from a start that is a little off.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..analysis.imaging.phantom import Session
from ..analysis.registration import AffineTransform, GreyImage
from ..analysis.targeting import update_cut
from ..guides.cutting import FacePlane
from ..guides.example import ZOOM, cluster_of, marks_of
from ..guides.virtual_cut import PIXEL_UM, VirtualMill, first_face

SEEDS = 25
DISTANCES_UM = (33.0, 26.0, 20.0, 15.0, 11.0, 7.0, 3.0, 0.0)
_AHEAD = (0.0, -1.0, 0.0)
_ASIDE_UM, _TURNED_DEG = 1.0, 1.0  # standard deviations of a start, each axis
_REACH: dict[str, Any] = {"reach_um": 6.0, "reach_deg": 5.0}


def find_faces(seed: int, *, distances_um: Sequence[float] = DISTANCES_UM) -> list[dict[str, Any]]:
    """Cut one specimen, and compare what every face tells with the truth.

    Parameters
    ----------
    seed : int
    distances_um : sequence of float
        Of the faces before the feature.

    Returns
    -------
    list of dict
        ``seed``, ``away_um``, ``found``, and where it was: ``error_um``, ``sigma_um`` and
        ``half95_um`` of the distance to the feature where its place is known, and
        ``found_error_um``, ``found_half95_um`` of that to where it was found in the scan.
    """
    session = Session.begin(seed=seed, scale="small")
    rng = np.random.default_rng([seed, 77])
    mill = VirtualMill.at(session, off_sigma_um=0.0, feed_sigma=0.0)
    pixels, view = session.take(ZOOM).pixels, session.views[ZOOM]
    zoom = GreyImage(pixels, view.spacing_um)
    known = view.to_nominal(session.specimen.target_um[None])[0]
    best, _ = cluster_of(*(marks_of(pixels, view.spacing_um, diameter_um=d) for d in (8.0, 3.6)))
    place = best[["z_um", "y_um", "x_um"]].to_numpy(float)
    own = np.diag(best[["sigma_z_um", "sigma_y_um", "sigma_x_um"]].to_numpy(float) ** 2)
    there = np.linalg.solve(mill.to_specimen, [*session.specimen.target_um, 1.0])[:3]
    rows = []
    for away in distances_um:
        face = first_face(there, _AHEAD, away)
        picture = GreyImage(mill.expose(face, 0.0), [PIXEL_UM, PIXEL_UM])
        given: dict[str, Any] = {
            "predicted": _beside(_true_place(mill, face, session), rng),
            "predicted_sigma_um": _ASIDE_UM,
            "next_slices": 0,
            **_REACH,
        }
        told = update_cut(picture, zoom, target_um=known.tolist(), **given)
        row: dict[str, Any] = {"seed": seed, "away_um": away, "found": told.face is not None}
        if told.face is not None:
            again = update_cut(
                picture, zoom, target_um=place.tolist(), target_covariance_um2=own, **given
            )
            row |= {
                "error_um": told.distance_um - away,
                "sigma_um": told.sigma_um,
                "half95_um": told.interval95_um[1] - told.distance_um,
                "found_error_um": again.distance_um - away,
                "found_half95_um": again.interval95_um[1] - again.distance_um,
            }
        rows.append(row)
    return rows


def face_table(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Count the intervals that hold, for a feature whose place is known and for the found one.

    Returns
    -------
    DataFrame
        ``feature``, ``faces``, ``found``, ``inside``, ``error_um`` and ``half95_um`` (medians).

    Examples
    --------
    >>> row = {"found": True, "error_um": 0.1, "half95_um": 0.2, "found_error_um": -0.4}
    >>> face_table([row | {"found_half95_um": 0.3}, {"found": False}])["inside"].tolist()
    [1, 0]
    """
    table = pd.DataFrame(list(rows))
    found = table[table["found"]]
    summed = []
    for feature, prefix in (("its true place", ""), ("where it was found", "found_")):
        error, half = found[f"{prefix}error_um"].abs(), found[f"{prefix}half95_um"]
        summed.append(
            {
                "feature": feature,
                "faces": len(table),
                "found": len(found),
                "inside": int((error <= half).sum()),
                "error_um": float(error.median()),
                "half95_um": float(half.median()),
            }
        )
    return pd.DataFrame(summed)


def _true_place(mill: VirtualMill, face: FacePlane, session: Session) -> AffineTransform:
    """Map of the face's picture into the scan."""
    view, turn = session.views[ZOOM], mill.to_specimen[:3, :3]
    matrix = np.linalg.solve(view.matrix, turn @ face.axes)
    middle = turn @ face.middle_um + mill.to_specimen[:3, 3]
    offset = view.to_nominal(middle[None])[0]
    return AffineTransform("similarity", matrix, face.centre_um, offset, 2, 3)


def _beside(at: AffineTransform, rng: np.random.Generator) -> AffineTransform:
    from scipy.spatial.transform import Rotation

    turn = Rotation.from_rotvec(np.radians(rng.normal(0, _TURNED_DEG, 3))).as_matrix()
    offset = at.offset_um + rng.normal(0, _ASIDE_UM, 3)
    return AffineTransform("similarity", turn @ at.matrix, at.centre_um, offset, 2, 3)
