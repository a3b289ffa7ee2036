"""From landmarks to a fit: which pairs there are, and what each of them gives."""

from __future__ import annotations

from ...analysis.registration.register import BENT
from ...errors import DecisionNeeded, Degenerate
from ...widgets import LandmarkPicker
from ...workspace import Workspace
from .checks import pair_checks
from .measurements import pair_measurements
from .pair import PairResult
from .shape_checks import shape_checks
from .standing import accepted_transform, other_model, recorded_model, standing_refusal


def landmark_pairs(
    ws: Workspace, *, moving: str | None = None, fixed: str | None = None
) -> list[tuple[str, str]]:
    """List the pairs of images that have landmarks, or check the one that is named.

    Parameters
    ----------
    moving, fixed : str, optional
        Names of two images, both or neither.

    Raises
    ------
    DecisionNeeded
        There are no landmarks.
    """
    if (moving is None) != (fixed is None):
        raise ValueError(f"give both moving and fixed or neither, got {moving!r} and {fixed!r}")
    by_frame = {str(image.frame): str(image.name) for image in reversed(list(ws.images))}
    found = dict.fromkeys((mark.moving_frame, mark.fixed_frame) for mark in ws.landmarks)
    pairs = [(by_frame[a], by_frame[b]) for a, b in found if a in by_frame and b in by_frame]
    if moving is not None and fixed is not None:
        pairs = [(ws.images[moving].name, ws.images[fixed].name)]
    if not pairs:
        raise DecisionNeeded(
            "no landmarks have been picked: pick them with LandmarkPicker, or import a BigWarp "
            "CSV with import_landmarks"
        )
    return pairs


def register_pair(
    ws: Workspace, moving: str, fixed: str, *, model: str | None = None, target: str | None = None
) -> PairResult:
    """Work out a registration from its landmarks.

    Parameters
    ----------
    moving, fixed : str
        Images.
    model : str, optional
        By default that of the accepted transform, else the one that leave-one-out chooses.
    target : str, optional
        Name of the target at which the error matters.

    Raises
    ------
    Degenerate
        The landmarks do not determine the model, in words.
    """
    picker = LandmarkPicker(ws, moving=moving, fixed=fixed, target=target or "")
    choice = picker.state().choice
    if choice is None:
        raise Degenerate(f"{moving} to {fixed}: {picker.reason}")
    accepted = accepted_transform(ws, moving=moving, fixed=fixed)
    before = recorded_model(accepted) if accepted else None
    used = model or (before if before != BENT else None) or choice.model
    if used == BENT:
        raise ValueError(
            f"a {BENT} bends by grey values, got landmarks: give model 'thin-plate', or method "
            "'automatic'"
        )
    fit = picker.fit(used)
    trial = accepted is not None and other_model(fit, accepted)
    name = f"{moving}_to_{fixed}"
    return PairResult(
        picker,
        choice.table.assign(registration=name),
        choice.reason,
        fit,
        accepted,
        standing_refusal(ws, picker),
        () if trial else tuple(pair_measurements(name, picker)),
        (*pair_checks(name, picker, choice, accepted), *shape_checks(name, picker, choice, fit)),
        choice.bend if model is None and accepted is None else None,
    )
