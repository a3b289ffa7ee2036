"""The fiducials that an instrument shows: the landmarks of its frame, with their errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..analysis.registration import AffineTransform, Edge, FramePath, LandmarkFit
from ..analysis.targeting import BeamView, SeenFiducial, beam_view, fib_sem_views
from ..widgets.pairs import fit_pairs
from ..workspace import Workspace

FROM_ABOVE = "from above"
"""Name of the view along z, where no stage tells the beams'."""

_AXES = ("z", "y", "x")


@dataclass(frozen=True)
class SeenFiducials:
    """What an instrument shows of the landmarks.

    Attributes
    ----------
    seen : tuple of SeenFiducial
        Those whose localisation error is known, each once.
    fit : LandmarkFit or None
        Of the last transform on the way to the instrument; None where its landmarks have changed
        since, or it was not fitted to landmarks.
    notes : tuple of str
    """

    seen: tuple[SeenFiducial, ...]
    fit: LandmarkFit | None
    notes: tuple[str, ...]


def seen_fiducials(ws: Workspace, *, to: str, way: FramePath) -> SeenFiducials:
    """Collect the active landmarks of an instrument's frame.

    A landmark that took part in the last transform on the way shares its error with the target;
    one that did not counts with an error of its own.

    Parameters
    ----------
    ws : Workspace
    to : str
        Frame of the instrument.
    way : FramePath
        From the target's frame to the instrument's.
    """
    fit, rows = _fit_behind(ws, way)
    seen, unknown = {}, []
    for landmark in ws.landmarks:
        if not landmark.active or to not in (landmark.moving_frame, landmark.fixed_frame):
            continue
        side = "moving" if landmark.moving_frame == to else "fixed"
        row = rows.get(landmark.id)
        sigma = landmark.fields[f"{side}_sigma_um"] or _sigma_of(ws, landmark, to)
        if row is None and sigma is None:
            unknown.append(landmark.name)
        elif landmark.name not in seen or row is not None:
            place = np.array([landmark.fields[side][f"{axis}_um"] for axis in _AXES])
            seen[landmark.name] = SeenFiducial(landmark.name, place, sigma_um=sigma, row=row)
    notes = []
    if unknown:
        notes.append(
            f"no offsets from {', '.join(unknown)}: nobody has stated how well they are seen in "
            f"{to}, and no accepted transform tells"
        )
    if seen and fit is None and way.steps:
        notes.append(
            "offsets count the fiducials as independent of the transform, so their ellipses are "
            "wide: its landmarks have changed since it was accepted, or it rests on none"
        )
    return SeenFiducials(tuple(seen.values()), fit, tuple(notes))


def views_of(ws: Workspace, to: str) -> tuple[BeamView, ...]:
    """Give the views of an instrument: SEM and FIB of a stage that is recorded, else from above.

    The stage is taken to stand at the tilt at which the ion beam looks straight down, with its x
    to the right in both pictures. Which way its y runs there follows from its handedness and from
    where z grows; without ``z_grows`` that is not known, and the view is from above along z.
    """
    for stage in ws.stages:
        if stage.frame == to and stage.z_grows is not None:
            inwards = 1.0 if stage.z_grows == "inwards" else -1.0
            down = inwards if stage.handedness == "right" else -inwards
            angle = stage.between_beams_deg
            axes = np.diag([inwards, down, 1.0])
            return fib_sem_views(tilt_deg=angle, between_beams_deg=angle, axes=axes)
    return (beam_view(FROM_ABOVE, angle_deg=0.0),)


def _fit_behind(ws: Workspace, way: FramePath) -> tuple[LandmarkFit | None, dict[str, int]]:
    """Fit the last transform on the way again: the fit, and the row of each landmark by its id."""
    if not way.steps:
        return None, {}
    edge = way.steps[-1].edge
    transform = edge.transform
    if not isinstance(transform, AffineTransform) or transform.covariance is None:
        return None, {}
    used = list(ws.transforms.get(edge.name).landmarks)
    there = {landmark.id: landmark for landmark in ws.landmarks if landmark.active}
    pairs = [there.get(identity) for identity, _ in used]
    if not used or any(
        pair is None or pair.version != version
        for pair, (_, version) in zip(pairs, used, strict=True)
    ):
        return None, {}
    found = fit_pairs(
        pairs,
        model=transform.model,
        ndim_moving=transform.ndim_moving,
        ndim_fixed=transform.ndim_fixed,
        images=_images_of(ws, edge),
    ).fit
    if found is None or not _same(found.transform, transform):
        return None, {}
    return found, {identity: row for row, (identity, _) in enumerate(used)}


def _images_of(ws: Workspace, edge: Edge) -> dict[str, Any]:
    """The images of an edge's two frames, as its picker showed them; none where one has none."""
    sides = {"moving": edge.from_frame, "fixed": edge.to_frame}
    by_frame = {image.frame: image for image in reversed(list(ws.images)) if image.calibrated}
    return {side: by_frame[frame] for side, frame in sides.items() if frame in by_frame}


def _same(one: AffineTransform, other: AffineTransform) -> bool:
    size = float(np.abs(other.offset_um).max()) + 1.0
    return (
        one.covariance is not None
        and other.covariance is not None
        and np.allclose(one.matrix, other.matrix, atol=1e-9)
        and np.allclose(one.apply(other.centre_um), other.offset_um, atol=1e-9 * size)
        and np.allclose(one.covariance, other.covariance, rtol=1e-6)
    )


def _sigma_of(ws: Workspace, landmark: Any, to: str) -> float | None:
    """Localisation error as the accepted transform of the landmark's pair tells it [um]."""
    for record in ws.transforms:
        used = {identity for identity, _ in record.landmarks}
        if record.status != "accepted" or landmark.id not in used:
            continue
        sigma = record.transform.get("sigma_um")
        if not sigma:
            return None
        if "matrix" not in record.transform:  # a bend has no size of its own
            return float(sigma) if record.to_frame == to else None
        size = abs(np.linalg.det(np.array(record.transform["matrix"]))) ** (1 / 3)
        return float(sigma if record.to_frame == to else sigma / size)
    return None
