"""What is shown of a transform that was found without landmarks: its errors and its overlay."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ...analysis.distributions import chi2
from ...analysis.quantification.measurement import Measurement
from ...analysis.registration import Edge
from ...columns import significant
from ...errors import Degenerate, NoPath
from ...workspace import Workspace
from ..coverage import field_points
from .automatic import Proposal
from .surface_pose import SurfaceRegistration

Found = Proposal | SurfaceRegistration
_AXES = ("z_um", "y_um", "x_um")
_WITHIN = 0.98  # of the image: a bend is not known at its rim


def error_at_places(ws: Workspace, found: Found, target: str | None) -> pd.DataFrame:
    """One row a place: the target where it can be reached, the middle and the worst corner.

    Returns
    -------
    DataFrame
        Standard errors along x, y and z of the fixed frame, and RMS [um]; empty where no
        covariance is known.
    """
    if found.transform.covariance is None:
        return pd.DataFrame(columns=["place", "x ± [µm]", "y ± [µm]", "z ± [µm]", "error_um"])
    corners = field_points(ws.images[found.moving], grid=2)
    mapping = _mapping(found)
    if mapping is not found.transform:
        corners = corners.mean(axis=0) + _WITHIN * (corners - corners.mean(axis=0))
    spread = np.trace(mapping.covariance_at(corners), axis1=1, axis2=2)
    places = {
        "middle of " + found.moving: corners.mean(axis=0),
        "its worst corner": corners[int(np.argmax(spread))],
    }
    aim = target_seen(ws, found, target)
    if aim is not None:
        places = {str(target): aim} | places
    covariance = mapping.covariance_at(np.array(list(places.values())))
    z, y, x = np.sqrt(np.maximum(np.diagonal(covariance, axis1=1, axis2=2), 0)).T
    rms = np.sqrt(np.trace(covariance, axis1=1, axis2=2))
    columns = {"x ± [µm]": x, "y ± [µm]": y, "z ± [µm]": z, "error_um": rms}
    table = pd.DataFrame({"place": list(places), **columns})
    for column in columns:
        table[column] = significant(table[column])
    return table


def _mapping(found: Found) -> Any:
    """The map that is shown: with its bend, where it has one."""
    return getattr(found, "mapping", found.transform)


def target_seen(ws: Workspace, found: Found, target: str | None) -> np.ndarray | None:
    """Return the target in the moving frame, z, y, x [um]; None where nothing leads to it."""
    if target is None:
        return None
    record = ws.targets[target]
    place = np.array([[record.position[axis] for axis in _AXES]], float)
    start, end = found.fields["from_frame"], found.fields["to_frame"]
    try:
        if record.frame != start:
            place = ws.graph().positions(place, record.frame, end)
            place = _mapping(found).inverse_apply(place)
    except (NoPath, Degenerate):
        return None
    return np.asarray(place[0])


def proposal_measurements(ws: Workspace, found: Found, target: str | None) -> list[Measurement]:
    """Measure the error at the target, with the interval that the degrees of freedom give it.

    Nothing of a bend: how well its error is known nobody tells; the table of errors states it.
    """
    if _mapping(found) is not found.transform:
        return []
    transform, aim = found.transform, target_seen(ws, found, target)
    nu = transform.nu
    if aim is None or transform.covariance is None or nu is None or not np.isfinite(nu) or nu < 1:
        return []
    value = float(np.sqrt(np.trace(transform.covariance_at(aim[None])[0])))
    low, high = (value * float(np.sqrt(nu / chi2.ppf(p, nu))) for p in (0.975, 0.025))
    half = (high - low) / 2
    convention = (
        f"RMS, {found.fields['method']}; interval of the blocks' scatter, chi-squared with "
        f"{nu:.0f} degrees of freedom"
    )
    key = f"registration.{found.name}.error_at_target_um"
    name = "predicted error at the target"
    return [Measurement(key, name, value, (low, high), half, "µm", convention, {"blocks": half})]


def overlay_of(ws: Workspace, moving: Any, fixed: Any, transform: Any) -> Any:
    """Look at one image over another through a transform that nobody has accepted.

    Parameters
    ----------
    ws : Workspace
    moving, fixed : Image
        Of the workspace.
    transform : AffineTransform, or another map between their frames

    Returns
    -------
    SliceExplorer
    """
    from ...widgets import SliceExplorer

    edge = Edge("as found", moving.frame, fixed.frame, transform)
    explorer = SliceExplorer(
        ws, [fixed.name, moving.name], frame=fixed.frame, proposed=[edge], crosshair=False
    )
    below, above = explorer.layers
    below.color_map, above.color_map, above.blending = "sky blue", "orange", "add"
    if moving.ndim == 2 and fixed.ndim == 3:
        explorer.face_of(moving.name)
    seen = transform.apply(field_points(moving, grid=2))
    middle = seen.mean(axis=0) * ([0.0, 1.0, 1.0] if fixed.ndim == 2 else 1.0)
    width = 1.1 * float(np.ptp(seen, axis=0).max())
    explorer.look_at(dict(zip(_AXES, middle.tolist(), strict=True)), width_um=width)
    return explorer


def proposal_overlay(ws: Workspace, found: Found) -> tuple[Any, str]:
    """Show the moving image over the fixed one through the transform that was found.

    Returns
    -------
    picture : PIL.Image.Image
    caption : str
    """
    from ...widgets import slice_sheet

    images = ws.images[found.moving], ws.images[found.fixed]
    views = {f"{found.moving} in {found.fixed}": overlay_of(ws, *images, found.transform)}
    part = (
        "map that was found" if _mapping(found) is found.transform else "straight part of the bend"
    )
    return slice_sheet(views, columns=1), (
        f"Overlay: {found.moving} in orange over {found.fixed} in blue, through the {part}; "
        "where both are bright they add up to white."
    )
