"""The surface that depths are measured from: which one counts, and what speaks against it."""

from __future__ import annotations

from typing import Any

from ..analysis.quantification.measurement import Check
from ..errors import DecisionNeeded
from ..workspace import Workspace
from ..workspace.measured_surface import counted_surfaces
from ..workspace.surface import SURFACE_TAG
from .decisions import decided


def surface_segmentation(ws: Workspace, name: str | None) -> Any:
    """Return the segmentation whose boundary is the surface.

    Parameters
    ----------
    name : str or None
        The template's parameter; None takes the one tagged ``"surface"``.

    Raises
    ------
    DecisionNeeded
        Nobody has chosen.
    """
    if name is not None:
        return ws.segmentations.get(name)
    tagged = [record.name for record in ws.segmentations if SURFACE_TAG in record.tags]
    how = (
        "save a segmentation of a volume that shows the surface and tag it: "
        "ws.segmentations.tag('<name>', 'surface'), or give the parameter surface"
    )
    chosen = decided(
        "the surface that depths are measured from", parameter=None, recorded=tagged, how=how
    )
    return ws.segmentations.get(chosen)


def depth_surface(ws: Workspace, name: str | None) -> Any:
    """Return the surface that depths are measured from: a segmentation, or one measured again.

    Parameters
    ----------
    name : str or None
        The template's parameter, of either collection; None takes the one tagged ``"surface"``,
        and of these one that was measured again before the scan's.

    Raises
    ------
    DecisionNeeded
        Nobody has chosen.
    NotFound
        Neither collection has that name.
    """
    if name is None:
        counted = counted_surfaces(ws)
        return counted[0] if len(counted) == 1 else surface_segmentation(ws, None)
    again = [record for record in ws.surfaces if record.name == name]
    scanned = [record for record in ws.segmentations if record.name == name]
    if again and scanned:
        raise DecisionNeeded(
            f"the surface that depths are measured from is not decided: {name} is a segmentation "
            "and a surface that was measured again. To decide: rename one of them"
        )
    return again[0] if again else ws.segmentations.get(name)


def unstated_threshold(surface: Any) -> tuple[Check, ...]:
    """Warn of a surface whose threshold nobody has given an uncertainty: it counts as exact."""
    if surface.kind == "surfaces" or any(surface.threshold_uncertainty[:1]):
        return ()
    said = (
        f"none is stated by {surface.name}: the depth counts it as exact; "
        "SegmentationSliders.suggest states one"
    )
    return (Check("uncertainty of the surface's threshold", None, said),)


def surfaces_passed_over(ws: Workspace, surface: Any) -> tuple[str, ...]:
    """Name the surfaces that were measured again and do not count."""
    again = ", ".join(str(record.name) for record in ws.surfaces)
    if surface is None or surface.kind == "surfaces" or not again:
        return ()
    return (
        f"the depth rests on the scan, by {surface.name}, and not on what was measured again "
        f"({again}): tag that as surface, ws.surfaces.tag('<name>', 'surface'), or name it",
    )
