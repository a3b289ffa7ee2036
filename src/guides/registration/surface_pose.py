"""A tilted picture of the surface in its survey: from marks, or by comparing it with renderings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...analysis.registration import AffineTransform
from ...analysis.registration.surface import (
    SurfacePose,
    SurfaceView,
    ViewMatch,
    match_view,
)
from ...analysis.targeting.surface_plane import SurfacePlane
from ...errors import DecisionNeeded
from ...widgets.surface_fit import FEWEST, Hides, pose_by_marks
from ...widgets.surface_scene import SurfaceScene
from ...workspace import Workspace
from ...workspace.surface_sight import (
    in_picture_frame,
    plane_of_surface,
    refuse_without_level,
    stated_tilt,
    view_of_picture,
)
from ..depth_surfaces import surface_segmentation
from .proposed_records import write_proposed

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
    refuse_without_level(chosen)
    image, survey = ws.images[picture], ws.images[chosen.image]
    volume, level = survey.array(), chosen.thresholds[0]
    grid = {"spacing_um": survey.spacing_um, "origin_um": survey.origin_um}
    plane = plane_of_surface(volume, level=level, **grid, name=survey.name)
    tilt = stated_tilt(image, tilt_deg)
    view = view_of_picture(image, plane, tilt_deg=tilt, rotation_deg=rotation_deg)
    pairs = _pairs(ws, image, survey)
    found: SurfacePose | ViewMatch
    if by == "landmarks" or (by is None and len(pairs) >= FEWEST):
        found = _by_marks(pairs, image, view, tilt_sigma_deg, partial(_hides, survey, level))
    else:
        found = match_view(
            np.asarray(image.array(), float),
            volume,
            level=level,
            **grid,
            view=view,
            centre_um=plane.point_um,
            reach_deg=reach_deg,
            mask=usable(image),
            height_sigma_um=float(np.sqrt(plane.covariance[0, 0])),
        )
        pairs = []
    transform = in_picture_frame(found.transform, plane, image)
    title = name or f"{image.frame}_to_{survey.frame}"
    fields = _fields(image, survey, found, transform, pairs)
    result = SurfaceRegistration(
        found, plane, transform, None, image.name, survey.name, title, fields
    )
    if not write or ws.read_only:
        return result
    return replace(result, record=write_proposed(ws, title, fields, suffix=result.suffix))


def usable(image: Any) -> NDArray[np.bool_] | None:
    """Pixels of a picture above its data bar; None where it has none."""
    rows = int(image.metadata.get("data_bar_rows") or 0)
    if not rows:
        return None
    mask = np.ones(image.shape[-2:], bool)
    mask[-rows:] = False
    return mask


def _pairs(ws: Workspace, image: Any, survey: Any) -> list[Any]:
    frames = (image.frame, survey.frame)
    return [
        mark
        for mark in ws.landmarks
        if (mark.moving_frame, mark.fixed_frame) == frames and mark.active
    ]


def _hides(
    survey: Any, level: float, pose: AffineTransform, marks_um: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which marks the surface hides; it is read only where two poses have to be told apart."""
    return SurfaceScene(survey, level).hides(pose, marks_um)


def _by_marks(
    pairs: list[Any],
    image: Any,
    view: SurfaceView,
    tilt_sigma_deg: float | None,
    hides: Hides,
) -> SurfacePose:
    if len(pairs) < FEWEST:
        raise DecisionNeeded(
            f"the pose of {image.name} needs {FEWEST} landmarks or more, got {len(pairs)}. To "
            "decide: pick them with SurfacePicker, or give by='rendering'"
        )
    pose = pose_by_marks(pairs, image, view, tilt_sigma_deg=tilt_sigma_deg, hides=hides)
    if pose.ambiguous:
        raise DecisionNeeded(
            f"{pose.statement} To decide: mark something of another height, or give tilt_deg and "
            "tilt_sigma_deg"
        )
    return pose


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
