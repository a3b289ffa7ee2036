"""A transform turned round, with what is known about its error."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...errors import Degenerate
from .transform import AffineTransform

_CORNERS = np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (0, 1, 1), (1, 0, 1)])


def inverted(transform: AffineTransform) -> AffineTransform:
    """Turn a transform round; its covariance follows to first order.

    Parameters
    ----------
    transform : AffineTransform
        Between images of the same number of dimensions.

    Returns
    -------
    AffineTransform
        From the fixed to the moving frame.

    Raises
    ------
    Degenerate
        For a flat image in space: what lies beside its plane has no place in it.

    Examples
    --------
    >>> there = AffineTransform.exact(2 * np.eye(3), offset_um=[0, 0, 5])
    >>> inverted(there).apply(there.apply([[1.0, 2.0, 3.0]])).round(9).tolist()
    [[1.0, 2.0, 3.0]]
    """
    if transform.ndim_moving != transform.ndim_fixed:
        raise Degenerate(
            "a transform from a flat image into space cannot be turned round: map the points back "
            "with inverse_apply"
        )
    back = AffineTransform(
        model=transform.model,
        matrix=np.linalg.inv(transform.matrix),
        centre_um=transform.offset_um,
        offset_um=transform.centre_um,
        ndim_moving=transform.ndim_fixed,
        ndim_fixed=transform.ndim_moving,
        nu=transform.nu,
        sigma_um=None if transform.sigma_um is None else transform.sigma_um / transform.scale,
        sigma_source=transform.sigma_source,
        allow_mirror=transform.allow_mirror,
    )
    if transform.covariance is None:
        return back
    places = transform.centre_um + _CORNERS * [float(transform.ndim_moving == 3), 1, 1]
    moves = -np.linalg.inv(transform.matrix) @ transform.jacobian(places)
    own = back.jacobian(transform.apply(places))
    change = np.linalg.lstsq(own.reshape(-1, own.shape[2]), moves.reshape(-1, own.shape[2]))[0]
    return replace(back, covariance=change @ transform.covariance @ change.T)
