"""The picker for a picture of the surface, or what has to be decided before it can be opened."""

from __future__ import annotations

from ...errors import DecisionNeeded, Degenerate
from ...widgets import SurfacePicker
from ...workspace import Workspace


def surface_picker(
    ws: Workspace, picture: str, *, tilt_deg: float | None = None, target: str | None = None
) -> SurfacePicker:
    """Open the picker of a picture over the segmented surface of its survey.

    Parameters
    ----------
    ws : Workspace
    picture : str
        Image of the surface.
    tilt_deg : float, optional
        As of `register_surface` [degree].
    target : str, optional
        At which the error matters.

    Raises
    ------
    DecisionNeeded
        The tilt or the segmentation is not decided, or shows no surface.
    UnusableRecord
        The segmentation is not by plain thresholds.
    """
    try:
        return SurfacePicker(ws, sem=picture, tilt_deg=tilt_deg, target=target or "")
    except Degenerate as error:
        raise DecisionNeeded(f"the surface under {picture} is not decided: {error}") from error
