"""How far places in a stack stray from any smooth map, because no cut and no picture is steady."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ....errors import CovarianceUnavailable
from ..degrees import effective_nu
from ..transform import AffineTransform


def slice_unsteadiness(
    nominal_um: float,
    *,
    jitter: float = 0.15,
    pull_back: float = 5.0,
    image_um: Sequence[float] = (0.0, 0.0),
) -> np.ndarray:
    """Tell how far a place in a stack lies from where even slices would have it.

    A cut errs by a random amount that the instrument pulls back over some slices, and the picture
    jumps and drifts: what the instrument is known to do, as in `slice_positions`. Marks tell the
    mean map; a single place shares the error of its own slice, however many marks there are.

    Parameters
    ----------
    nominal_um : float
        Nominal thickness of a slice [um].
    jitter : float
        Relative scatter of single thicknesses.
    pull_back : float
        Slices after which an error has fallen to 37 %.
    image_um : sequence of float
        Standard uncertainty of the picture's place, y and x [um].

    Returns
    -------
    (3, 3) array
        Covariance in the frame of the stack: along the cut, y, x [um2].

    Examples
    --------
    >>> np.sqrt(np.diag(slice_unsteadiness(0.3, image_um=(0.03, 0.02)))).round(3).tolist()
    [0.075, 0.03, 0.02]
    """
    for name, value in (("nominal_um", nominal_um), ("pull_back", pull_back)):
        if not value > 0:
            raise ValueError(f"{name} needs a number above 0, got {value!r}")
    if not jitter >= 0 or len(image_um) != 2 or not min(image_um) >= 0:
        raise ValueError(
            "jitter needs 0 or more and image_um two lengths (y, x) of 0 or more, got "
            f"{jitter!r} and {tuple(image_um)}"
        )
    along = (jitter * nominal_um) ** 2 / (2 * (1 - np.exp(-1 / pull_back)))
    return np.diag([along, *np.square(np.asarray(image_um, float))])


def with_unsteadiness(
    transform: AffineTransform,
    covariance_um2: ArrayLike,
    *,
    stack: Literal["moving", "fixed"] = "moving",
) -> AffineTransform:
    """Add how far single places stray from a map to how well the map itself is known.

    Parameters
    ----------
    transform : AffineTransform
        From or into a stack, with its covariance.
    covariance_um2 : (3, 3) array
        Of a place in the stack, of `slice_unsteadiness` [um2].
    stack : {"moving", "fixed"}
        Which of the two images it is.

    Returns
    -------
    AffineTransform
        The same map; its shift is as uncertain as a single place is. Its degrees of freedom are
        those at the middle of its landmarks.

    Raises
    ------
    CovarianceUnavailable
        It is not known how well the map is known.

    Notes
    -----
    For places that lie a few slices apart or more. Two places on one slice share its error, which
    their difference then does not have.

    Examples
    --------
    >>> even = AffineTransform.exact()
    >>> wider = with_unsteadiness(even, slice_unsteadiness(0.3))
    >>> np.sqrt(np.diag(wider.covariance_at([[9.0, 9, 9]])[0])).round(3).tolist()
    [0.075, 0.0, 0.0]
    """
    if transform.covariance is None:
        raise CovarianceUnavailable(
            f"the {transform.model} transform has no covariance, so how far single places stray "
            "cannot be added to it: add landmarks, or state their error"
        )
    if (transform.ndim_moving if stack == "moving" else transform.ndim_fixed) != 3:
        raise ValueError(f"transform needs a stack as its {stack} image, got a 2-D image")
    turn = transform.matrix if stack == "moving" else np.eye(3)
    strayed = turn @ np.asarray(covariance_um2, float) @ turn.T
    known = transform.covariance_at(transform.centre_um)
    nu = effective_nu([known, strayed[None]], [transform.nu, None])[0]
    whole = transform.covariance.copy()
    whole[:3, :3] += strayed
    return transform.with_covariance(whole, nu=None if np.isinf(nu) else float(nu))
