"""A tilted picture of the surface in its survey: from marks, or by comparing it with renderings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...analysis.registration import AffineTransform
from ...analysis.registration.surface import (
    SurfacePose,
    SurfaceView,
    ViewMatch,
    fit_surface_pose,
    match_view,
    onto_plane,
    raw_spacing,
)
from ...analysis.targeting.surface_plane import SurfacePlane, fit_surface
from ...analysis.targeting.surface_points import flat_part, surface_points
from ...errors import DecisionNeeded, Degenerate, UnusableRecord
from ...widgets.pairs import positions, stated_errors
from ...workspace import Workspace
from ..depth_surfaces import surface_segmentation
from .proposed_records import write_proposed

_FEWEST = 4
_LEAST_MARGIN = 0.1


@dataclass(frozen=True)
class SurfaceRegistration:
    """A picture of the surface, placed in the survey.

    Attributes
    ----------
    found : SurfacePose or ViewMatch
        From marks, or without.
    plane : SurfacePlane
        Of the surface in the survey.
    transform : AffineTransform
        From the picture's frame, as its image states it, onto that plane.
    record : Record or None
        The proposed transform, or the one in which this very map was decided before; None where
        the workspace is read-only or nothing was to be written.
    moving, fixed : str
        The picture and the survey.
    title : str
        Name for its record.
    fields : dict
        Of its record, without the status.
    """

    found: SurfacePose | ViewMatch
    plane: SurfacePlane
    transform: AffineTransform
    record: Any
    moving: str
    fixed: str
    title: str
    fields: dict[str, Any]

    suffix: ClassVar[str] = "surface"

    @property
    def name(self) -> str:
        """``moving_to_fixed``."""
        return f"{self.moving}_to_{self.fixed}"

    @property
    def statement(self) -> str:
        """What was found, in words."""
        return f"{self.moving} in {self.fixed}: {self.found.statement}"

    @property
    def doubts(self) -> tuple[str, ...]:
        """What a person has to look at before it is accepted; empty where nothing is odd."""
        words = list(getattr(self.found, "warnings", ()))
        if self.transform.covariance is None:
            words.append("its error cannot be told")
        if isinstance(self.found, ViewMatch) and self.found.margin < _LEAST_MARGIN:
            words.append(f"another pose is nearly as good (margin {self.found.margin:.2f})")
        return tuple(words)

    def table(self) -> pd.DataFrame:
        """The starts that were tried, or, by marks, how far each lies from its prediction."""
        if isinstance(self.found, ViewMatch):
            return self.found.tried
        off = self.found.residuals_um
        return pd.DataFrame(
            {"mark": np.arange(1, len(off) + 1), "y_um": off[:, 0], "x_um": off[:, 1]}
        )


def register_surface(
    ws: Workspace,
    picture: str,
    *,
    segmentation: str | None = None,
    tilt_deg: float | None = None,
    rotation_deg: float = 0.0,
    tilt_sigma_deg: float | None = None,
    reach_deg: float = 10.0,
    by: str | None = None,
    name: str | None = None,
    write: bool = True,
) -> SurfaceRegistration:
    """Find from where a picture of the surface was taken, and propose it as a transform.

    Landmarks between the picture and the survey are used where there are four or more; they may be
    of any height. Without them the picture is compared with renderings of the survey's surface.

    Parameters
    ----------
    picture : str
        Image of the surface, as a scanning electron microscope takes it. Where its y pixel was
        corrected for the tilt, the raw pixel is used.
    segmentation : str, optional
        By plain thresholds, of the survey taken at the same time as the picture; its first
        threshold is the surface. By default the one tagged ``"surface"``.
    tilt_deg, rotation_deg : float
        What the stage says; the tilt by default what the image's y pixel is corrected for, or the
        tilt that its file states [degree].
    tilt_sigma_deg : float, optional
        How well the tilt is known against the survey, see `fit_surface_pose` [degree].
    reach_deg : float
        How far the pose may be from the stage's, see `match_view` [degree].
    by : {"landmarks", "rendering"}, optional
        Which of the two.
    name : str, optional
        Of the record; ``<picture's frame>_to_<survey's frame>`` unless told.
    write : bool
        Whether to write the record, as proposed.

    Raises
    ------
    DecisionNeeded
        Nobody has said the tilt, or neither marks nor stage tell which of two tilts it is.
    UnusableRecord
        The segmentation is not by plain thresholds.
    Degenerate
        The picture does not tell the pose, in words.
    """
    chosen = surface_segmentation(ws, segmentation)
    if chosen.method != "thresholds":
        raise UnusableRecord(
            f"the surface needs a segmentation by plain thresholds, got {chosen.name!r} by "
            f"{chosen.method}: save one with the method 'thresholds'",
            names=(str(chosen.name),),
        )
    image, survey = ws.images[picture], ws.images[chosen.image]
    volume, plane = survey.array(), _surface(survey, chosen)
    corrected = corrected_for(image)
    view = SurfaceView(
        tilt_deg=_tilt(image, tilt_deg),
        rotation_deg=rotation_deg,
        spacing_um=raw_spacing(image.spacing_um, corrected_for_deg=corrected),
        shape=image.shape[-2:],
        up=plane.normal.tolist(),
    )
    pairs = _pairs(ws, image, survey)
    stretch = float(np.cos(np.radians(corrected)))
    found: SurfacePose | ViewMatch
    if by == "landmarks" or (by is None and len(pairs) >= _FEWEST):
        found = _by_marks(pairs, image, view, stretch, tilt_sigma_deg)
    else:
        found = match_view(
            np.asarray(image.array(), float),
            volume,
            level=chosen.thresholds[0],
            spacing_um=survey.spacing_um,
            origin_um=survey.origin_um,
            view=view,
            centre_um=plane.point_um,
            reach_deg=reach_deg,
            mask=usable(image),
            height_sigma_um=float(np.sqrt(plane.covariance[0, 0])),
        )
        pairs = []
    transform = _in_its_frame(found.transform, plane, image, stretch)
    title = name or f"{image.frame}_to_{survey.frame}"
    fields = _fields(image, survey, found, transform, pairs)
    result = SurfaceRegistration(
        found, plane, transform, None, image.name, survey.name, title, fields
    )
    if not write or ws.read_only:
        return result
    return replace(result, record=write_proposed(ws, title, fields, suffix=result.suffix))


def corrected_for(image: Any) -> float:
    """Tilt that an image's y pixel is corrected for; 0 without a correction [degree]."""
    said = (image.source.get("answers") or {}).get("tilt_correction")
    if said:
        return float(said)
    instrument = image.metadata.get("tilt_correction") or {}
    if isinstance(instrument, dict) and instrument.get("on") and instrument.get("angle_deg"):
        return float(instrument["angle_deg"])
    return 0.0


def usable(image: Any) -> NDArray[np.bool_] | None:
    """Pixels of a picture above its data bar; None where it has none."""
    rows = int(image.metadata.get("data_bar_rows") or 0)
    if not rows:
        return None
    mask = np.ones(image.shape[-2:], bool)
    mask[-rows:] = False
    return mask


def _tilt(image: Any, tilt_deg: float | None) -> float:
    stage = (image.source.get("stage") or {}).get("tilt_deg")
    for said in (tilt_deg, corrected_for(image) or None, stage):
        if said is not None:
            return float(said)
    raise DecisionNeeded(
        f"the tilt at which {image.name} was taken is not decided: neither its file nor an answer "
        "states it. To decide: give the parameter tilt_deg"
    )


def _surface(survey: Any, segmentation: Any) -> SurfacePlane:
    volume, level = survey.array(), segmentation.thresholds[0]
    grid = {"spacing_um": survey.spacing_um, "origin_um": survey.origin_um}
    points = surface_points(volume, threshold=level, **grid)
    if len(points) == 0:
        raise Degenerate(
            f"no surface is seen in {survey.name} at its threshold of {level:g}: the specimen must "
            "be entered from low z, brighter than what is around it"
        )
    middle = np.median(points, axis=0)
    reach = float(np.linalg.norm(np.ptp(points[:, 1:], axis=0)))
    inside = middle + np.array([np.ptp(points[:, 0]) + survey.spacing_um[0], 0, 0])
    return fit_surface(
        flat_part(points, around_um=middle.tolist(), radius_um=reach), inside_um=inside
    )


def _pairs(ws: Workspace, image: Any, survey: Any) -> list[Any]:
    frames = (image.frame, survey.frame)
    return [
        mark
        for mark in ws.landmarks
        if (mark.moving_frame, mark.fixed_frame) == frames and mark.active
    ]


def _by_marks(
    pairs: list[Any], image: Any, view: SurfaceView, stretch: float, tilt_sigma_deg: float | None
) -> SurfacePose:
    if len(pairs) < _FEWEST:
        raise DecisionNeeded(
            f"the pose of {image.name} needs {_FEWEST} landmarks or more, got {len(pairs)}. To "
            "decide: pick them with LandmarkPicker, or give by='rendering'"
        )
    seen = positions(pairs, "moving", planar=True)[:, 1:] - np.asarray(image.origin_um)
    sigmas = stated_errors(pairs)
    given = {
        "sigma_um": sigmas.get("sigma_moving_um"),
        "sigma_surface_um": sigmas.get("sigma_fixed_um"),
    }
    pose = fit_surface_pose(
        seen * [stretch, 1.0],
        positions(pairs, "fixed", planar=False),
        view=view,
        model="similarity",
        tilt_sigma_deg=tilt_sigma_deg,
        **{key: value for key, value in given.items() if value is not None and np.all(value > 0)},
    )
    if pose.ambiguous:
        raise DecisionNeeded(
            f"{pose.statement} To decide: mark something of another height, or give tilt_deg and "
            "tilt_sigma_deg"
        )
    return pose


def _in_its_frame(
    pose: AffineTransform, plane: SurfacePlane, image: Any, stretch: float
) -> AffineTransform:
    made = onto_plane(
        pose,
        point_um=plane.point_um,
        normal=plane.normal.tolist(),
        tangents=plane.tangents,
        stretch_y=stretch,
        plane_covariance=plane.covariance,
    )
    return replace(made, centre_um=made.centre_um + np.append(0.0, image.origin_um))


def _fields(
    image: Any,
    survey: Any,
    found: SurfacePose | ViewMatch,
    transform: AffineTransform,
    pairs: list[Any],
) -> dict[str, Any]:
    marks = isinstance(found, SurfacePose)
    fields = {
        "from_frame": image.frame,
        "to_frame": survey.frame,
        "transform": transform.to_dict(),
        "method": "surface pose, landmarks" if marks else "surface pose, rendering",
        "fre_um": None,
        "loo_um": None,
        "landmarks": [[record.id, record.version] for record in pairs],
        "note": " ".join([found.statement, *getattr(found, "warnings", ())]),
    }
    if isinstance(found, SurfacePose):
        fields["fre_um"] = float(np.sqrt(np.mean(np.sum(found.residuals_um**2, axis=1))))
    return fields
