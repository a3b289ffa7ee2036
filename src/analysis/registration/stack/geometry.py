"""What a tilt does to a stack of slices and to a plane: foreshortening and shear, known exactly."""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np

from ....errors import Uncalibrated
from ..transform import AffineTransform

TiltCorrection = Literal["applied", "not applied", "unknown"]


def slice_geometry(angle_deg: float, *, tilt_correction: TiltCorrection) -> AffineTransform:
    """Map a stack of faces, seen at an angle, to true lengths.

    An ion beam cuts faces one behind the other; another beam, at an angle to it, pictures them. It
    sees depth in the face shortened to its sine, and each face higher in the picture than the one
    before by the slice's thickness times its cosine. Neither is drift: an aligner would take the
    shear for it.

    Parameters
    ----------
    angle_deg : float
        Between the two beams: 52 or 54 in most instruments [degree].
    tilt_correction : {"applied", "not applied", "unknown"}
        Whether the y pixel is divided by the sine already.

    Returns
    -------
    AffineTransform
        Exact: from (slice position, picture's y, picture's x) to (along the cutting direction,
        depth in the face, width) [um].

    Raises
    ------
    Uncalibrated
        If it is unknown whether the tilt is corrected: no length along y or z is.

    Notes
    -----
    The shear is for pictures whose y axis stays at one place of the stage. Instruments that follow
    the face while they cut have taken it out: compare with marks.

    Examples
    --------
    >>> cut = slice_geometry(52, tilt_correction="not applied")
    >>> depth = cut.apply([[0.0, 1.0, 0.0]])[0, 1].item()  # of 1 um in the picture
    >>> round(1 / depth, 3)
    0.788
    >>> seen = cut.inverse_apply([[1.0, 0.0, 0.0]])[0, 1].item()  # by 1 um of cut
    >>> round(seen, 3)
    -0.616
    """
    sine = _sine(angle_deg)
    _refuse_unknown(tilt_correction, f"the stack's faces were seen at {angle_deg:g}°")
    shear = 1 / math.tan(math.radians(angle_deg))
    stretch = 1.0 if tilt_correction == "applied" else 1 / sine
    return AffineTransform.exact(np.array([[1.0, 0, 0], [shear, stretch, 0], [0, 0, 1.0]]))


def plane_geometry(tilt_deg: float, *, tilt_correction: TiltCorrection) -> AffineTransform:
    """Map the picture of a tilted plane to true lengths in the plane.

    Parameters
    ----------
    tilt_deg : float
        Between the plane's normal and the beam, about the picture's x axis: 70 for EBSD [degree].
    tilt_correction : {"applied", "not applied", "unknown"}
        Whether the y pixel is divided by the cosine already.

    Returns
    -------
    AffineTransform
        Exact, from (z, y, x) of the picture to (z, y, x) with y along the plane [um].

    Raises
    ------
    Uncalibrated
        If it is unknown whether the tilt is corrected.

    Notes
    -----
    Real tilts are off by a degree or more, which at 70 degrees is 5 % of y: see the voxel size that
    landmarks give.

    Examples
    --------
    >>> plane_geometry(70, tilt_correction="not applied").apply([[0.0, 1.0, 1.0]]).round(3).tolist()
    [[0.0, 2.924, 1.0]]
    """
    if not -89 < tilt_deg < 89:
        raise ValueError(f"tilt_deg needs degrees between -89 and 89, got {tilt_deg!r}")
    _refuse_unknown(tilt_correction, f"the plane was seen at a tilt of {tilt_deg:g}°")
    cosine = math.cos(math.radians(tilt_deg))
    stretch = 1.0 if tilt_correction == "applied" else 1 / cosine
    return AffineTransform.exact(np.diag([1.0, stretch, 1.0]))


def _sine(angle_deg: float) -> float:
    if not 0 < angle_deg <= 90:
        raise ValueError(
            f"angle_deg needs the angle between the beams, above 0 and up to 90, got {angle_deg!r}"
        )
    return math.sin(math.radians(angle_deg))


def _refuse_unknown(tilt_correction: str, seen: str) -> None:
    allowed = get_args(TiltCorrection)
    if tilt_correction not in allowed:
        raise ValueError(
            f"tilt_correction needs one of {', '.join(allowed)}, got {tilt_correction!r}"
        )
    if tilt_correction == "unknown":
        raise Uncalibrated(
            f"{seen}, and nobody has said whether its y pixel is corrected for that: lengths along "
            "y and volumes are not known. Look up the instrument's setting, or measure something "
            "of known shape, and say 'applied' or 'not applied'"
        )
