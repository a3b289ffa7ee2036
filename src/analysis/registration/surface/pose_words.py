"""What is said of a surface pose: the result in words, doubts, and how far it is off the stage."""

from __future__ import annotations

import numpy as np

from ....errors import Degenerate
from ..transform import AffineTransform
from .sight import Marks, Sight
from .view import SurfaceView

#: Twice the logarithm of the odds from which marks themselves tell which way a surface is tilted.
TOLD = 2 * float(np.log(1e4))
MOUNT_DEG = 5.0  # how far a mount may be from what the stage says
UNKNOWN_DEG = 10.0
_FIRST_ORDER_DEG = 1.0


def off_stage(pose: AffineTransform, view: SurfaceView) -> float:
    """Angle between the surface's normal and where the stage puts it [degree]."""
    normal = -np.asarray(view.up) @ pose.matrix / np.linalg.norm(pose.matrix[:, 0])
    return float(np.degrees(np.arccos(np.clip(normal @ view.normal, -1, 1))))


def pose_warnings(
    transform: AffineTransform, marks: Marks, margin: float, other: AffineTransform | None
) -> tuple[str, ...]:
    """What to read before a pose is used; one whose tilt is hardly known is refused."""
    said, view = [], marks.view
    doubt = transform.rotation_sigma_deg
    if doubt > UNKNOWN_DEG:
        raise Degenerate(
            f"the marks hardly tell the tilt (± {doubt:.0f}°): they lie almost on a plane that is "
            "seen along its normal, or on a line. State tilt_sigma_deg, mark something of another "
            "height, or take a view at another tilt"
        )
    if doubt > _FIRST_ORDER_DEG:
        said.append(f"the angles are known to ± {doubt:.1f}° only: its ± is to first order")
    off = off_stage(transform, view)
    if off > UNKNOWN_DEG:
        said.append(
            f"the marks put the surface {off:.0f}° away from the stage's tilt of "
            f"{view.tilt_deg:g}°: check the marks, the tilt, and whether y is the raw pixel"
        )
    elif other is not None and margin > 0 and off_stage(other, view) + MOUNT_DEG < off:
        said.append("the marks choose the tilt that is farther from the stage's")
    return tuple(said)


def undecided(best: Sight, other: Sight, margin: float, view: SurfaceView) -> str:
    """Why none of two poses is given."""
    one, two = (view.angles(end.pose).words for end in (best, other))
    return (
        f"neither the marks nor the stage tell {one} from {two} (margin {margin:.1f}): mark "
        "something of another height, state tilt_sigma_deg, or take a view at another tilt"
    )


def pose_statement(
    transform: AffineTransform,
    other: Sight | None,
    margin: float,
    ambiguous: bool,
    view: SurfaceView,
) -> str:
    """The result in words: the angles, what tells them from the other's, and what is not told."""
    said = f"{view.angles(transform).words}."
    if other is not None:
        second = view.angles(other.pose).words
        if ambiguous:
            said += f" Neither the marks nor the stage tell it from {second}."
        elif margin < TOLD:
            said += (
                f" The marks do not tell it from {second} (margin {margin:.1f}): taken is the one "
                "nearer the stage's tilt."
            )
        else:
            said += f" The marks tell it from {second} (margin {margin:.1f})."
    return said + (
        " One view does not tell depth along the beam: the picture's plane passes through the "
        "middle of the marks."
    )
