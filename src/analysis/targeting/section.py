"""Which features a plane will cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..distributions import norm, student
from ..registration import AffineTransform

if TYPE_CHECKING:
    import pandas as pd

_QUANTILES = 400


def cut_by_plane(
    objects: pd.DataFrame, plane: AffineTransform, *, ahead_um: float = 0.0
) -> pd.DataFrame:
    """Tell which objects a plane will cut, with what probability, and how large they will look.

    Objects are taken as spheres of their equivalent diameter. The plane's own uncertainty, tilt
    included, makes the distance of each object uncertain.

    Parameters
    ----------
    objects : DataFrame
        From `object_table`: `z_um`, `y_um`, `x_um`, `equivalent_diameter_um`, in the frame that
        the plane is mapped into.
    plane : AffineTransform
        From the picture of the face to that frame, with covariance (`find_slice`).
    ahead_um : float
        Plane that lies so far ahead of it along its normal [um].

    Returns
    -------
    DataFrame
        The objects, most probable first, with `distance_um` (of the centre, positive ahead of the
        plane), `distance_sigma_um`, `probability` of being cut, and `area_um2`, the section that is
        expected on average, 0 where it is missed.

    Raises
    ------
    CovarianceUnavailable
        The plane has no covariance.

    Notes
    -----
    Not for plates, needles or networks: a sphere of the same volume is cut at other places.

    Examples
    --------
    >>> import pandas as pd
    >>> plane = AffineTransform("rigid", np.eye(3), [0, 0, 0], [5, 0, 0], 2, 3, np.zeros((6, 6)))
    >>> rows = pd.DataFrame({"z_um": [5.0, 9.0], "y_um": 0.0, "x_um": 0.0,
    ...     "equivalent_diameter_um": 4.0})
    >>> cut_by_plane(rows, plane)[["distance_um", "probability", "area_um2"]].round(2)
       distance_um  probability  area_um2
    0          0.0          1.0     12.57
    1          4.0          0.0      0.00
    """
    table = objects.copy()
    centres = table[["z_um", "y_um", "x_um"]].to_numpy(float)
    radius = table["equivalent_diameter_um"].to_numpy(float) / 2
    normal = np.cross(plane.matrix[:, 1], plane.matrix[:, 2])
    normal /= np.linalg.norm(normal)
    feet = plane.inverse_apply(centres)
    feet[:, 0] = 0.0
    distance = (centres - plane.apply(feet)) @ normal - ahead_um
    variance = np.einsum("i,nij,j->n", normal, plane.covariance_at(feet), normal)
    sigma = np.sqrt(np.maximum(variance, 0))
    known = plane.nu is None or not np.isfinite(plane.nu)
    shares = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    offs = norm.ppf(shares) if known else student.ppf(shares, plane.nu)
    heights = distance[:, None] + sigma[:, None] * offs
    area = np.pi * np.maximum(radius[:, None] ** 2 - heights**2, 0).mean(axis=1)
    table["distance_um"], table["distance_sigma_um"] = distance, sigma
    table["probability"] = _within(distance, radius, sigma, None if known else plane.nu)
    table["area_um2"] = area
    order = ["probability", "area_um2"]
    return table.sort_values(order, ascending=False, kind="stable").reset_index(drop=True)


def _within(
    distance: np.ndarray, radius: np.ndarray, sigma: np.ndarray, nu: float | None
) -> np.ndarray:
    """Chance that the plane passes through a sphere."""
    wide = np.maximum(sigma, 1e-12 * np.maximum(radius, 1.0))
    high, low = (radius - distance) / wide, (-radius - distance) / wide
    if nu is None:
        return np.asarray(norm.cdf(high) - norm.cdf(low))
    return np.asarray(student.cdf(high, nu) - student.cdf(low, nu))
