"""How a specimen moved over a series, from the transforms of its time points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .inverse import inverted
from .tangent import columns
from .transform import AffineTransform

if TYPE_CHECKING:
    import pandas as pd

AXES = "zyx"


def drift_table(
    transforms: Sequence[AffineTransform | None], *, place_um: np.ndarray, ndim: int
) -> pd.DataFrame:
    """Tell by how much a place of the reference has moved and turned at every time point.

    Parameters
    ----------
    transforms : sequence of AffineTransform or None
        From each time point to the reference; None where it is not known.
    place_um : ndarray, shape (3,)
        Of the reference [um].
    ndim : int
        Of the images, 2 or 3.

    Returns
    -------
    DataFrame
        One row a time point: ``time``, ``dy_um`` and so on, where the place is seen less where it
        is in the reference; ``sy_um`` and so on, their standard uncertainties; ``turn_z_deg`` is
        positive from y towards x, ``turn_y_deg`` from x towards z, ``turn_x_deg`` from z towards
        y; with ``s_turn_z_deg`` and so on.
    """
    import pandas as pd

    shifts, turns = AXES[3 - ndim :], AXES if ndim == 3 else "z"
    rows = []
    for time, transform in enumerate(transforms):
        moved, turned = _motion(transform, place_um)
        row: dict[str, float] = {"time": time}
        row |= {f"d{a}_um": moved[0][AXES.index(a)] for a in shifts}
        row |= {f"s{a}_um": moved[1][AXES.index(a)] for a in shifts}
        row |= {f"turn_{a}_deg": turned[0][AXES.index(a)] for a in turns}
        row |= {f"s_turn_{a}_deg": turned[1][AXES.index(a)] for a in turns}
        rows.append(row)
    return pd.DataFrame(rows)


def _motion(
    transform: AffineTransform | None, place_um: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Shift and turn from the reference to a time point, each with its standard uncertainty."""
    unknown = np.full(3, np.nan)
    if transform is None:
        return (unknown, unknown), (unknown, unknown)
    back = inverted(transform)
    shift = back.apply(place_um[None])[0] - place_um
    turn = np.degrees(_turn(back.matrix))
    if back.covariance is None:
        return (shift, unknown), (turn, unknown)
    spread = np.diag(back.covariance_at(place_um[None])[0])
    slopes = _turn_slopes(back)
    own = np.einsum("ip,pq,iq->i", slopes, back.covariance, slopes)
    return (shift, np.sqrt(np.maximum(spread, 0))), (turn, np.degrees(np.sqrt(np.maximum(own, 0))))


def _turn(matrix: np.ndarray) -> np.ndarray:
    """Turn of a matrix about z, y, x, as of the cross product of z, y, x components [rad]."""
    left, _, right = np.linalg.svd(matrix)
    turn = left @ right
    axial = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]])
    sine, cosine = np.linalg.norm(axial) / 2, (np.trace(turn) - 1) / 2
    angle = np.arctan2(sine, cosine)
    return np.asarray(axial / 2 * (angle / sine if sine > 1e-12 else 1.0))


def _turn_slopes(transform: AffineTransform) -> np.ndarray:
    """How the turn changes with the parameters, for maps that hardly stretch: (3, p)."""
    own = columns(transform.model, transform.ndim_moving, transform.ndim_fixed)
    if transform.model != "affine":
        return np.eye(7)[3:6][:, own]
    back = np.linalg.inv(transform.matrix)
    slopes = np.zeros((3, 12))
    for k in range(9):
        change = np.zeros(9)
        change[k] = 1.0
        by = change.reshape(3, 3) @ back
        slopes[:, 3 + k] = 0.5 * np.array(
            [by[2, 1] - by[1, 2], by[0, 2] - by[2, 0], by[1, 0] - by[0, 1]]
        )
    return slopes[:, own]
