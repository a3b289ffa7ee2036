"""What to cut: a target with its region, depth, and the margin for a wanted probability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..distributions import norm, student
from ..quantification.measurement import Check
from ..registration import confidence_region, margin_for_probability
from .surface_plane import Depth, SurfacePlane, depth_below

if TYPE_CHECKING:
    import pandas as pd

BELOW_SURFACE = "below the surface"
"""Name of the check of the depth."""


@dataclass(frozen=True)
class TargetPlan:
    """A target in the coordinates of the instrument that will cut.

    Attributes
    ----------
    name : str
    position_um, interval95_um : ndarray of float, (3,)
        Position, and 95 % half-width along each axis by itself, (z, y, x) [µm].
    radii95_um, radii50_um : ndarray of float, (3,)
        Semi-axes of the 95 % and of the 50 % ellipsoid, largest first [µm].
    axes : ndarray of float, (3, 3)
        Their directions, one a row, (z, y, x).
    region : str
        What the ellipsoid is, in words.
    probability : float
        Wanted probability that the target lies in the cut.
    margin_um, process_margin_um : float
        From the position, and from the process (redeposition, heat); to be added [µm].
    cut_size_um : ndarray of float, (3,)
        Full size of the cut with both margins, (z, y, x) [µm].
    depth : Depth or None
        Below the surface; None when no surface was given.
    checks : tuple of Check
    """

    name: str
    position_um: NDArray[np.float64]
    interval95_um: NDArray[np.float64]
    radii95_um: NDArray[np.float64]
    radii50_um: NDArray[np.float64]
    axes: NDArray[np.float64]
    region: str
    probability: float
    margin_um: float
    process_margin_um: float
    cut_size_um: NDArray[np.float64]
    depth: Depth | None
    checks: tuple[Check, ...]

    def table(self) -> pd.DataFrame:
        """Return one row to hand to the instrument, everything by name."""
        import pandas as pd

        z, y, x = self.position_um
        sz, sy, sx = self.interval95_um
        dz, dy, dx = self.cut_size_um
        row = {
            "target": self.name,
            "x_um": x, "y_um": y, "z_um": z,
            "x_pm95_um": sx, "y_pm95_um": sy, "z_pm95_um": sz,
            "radius50_um": float(self.radii50_um[0]),
            "radius95_um": float(self.radii95_um[0]),
            "probability": self.probability,
            "margin_um": self.margin_um,
            "process_margin_um": self.process_margin_um,
            "cut_x_um": dx, "cut_y_um": dy, "cut_z_um": dz,
        }  # fmt: skip
        if self.depth is not None:
            low, high = self.depth.interval95_um
            row |= {"depth_um": self.depth.depth_um, "depth_low95_um": low, "depth_high95_um": high}
        return pd.DataFrame([row])


def target_plan(
    position_um: Sequence[float],
    covariance_um2: ArrayLike,
    *,
    half_size_um: Sequence[float] | float = 0.0,
    nu: float | None = None,
    probability: float = 0.95,
    surface: SurfacePlane | None = None,
    process_margin_um: float = 0.0,
    margin_um: float | None = None,
    name: str = "target",
) -> TargetPlan:
    """Plan the cut around a target whose position is known with a covariance.

    The margin makes the centre of the volume of interest, as a point, lie within it with the wanted
    probability. A turn moves the corners of a large volume more than its centre: give
    `margin_um` from `registration.box_margin`, which looks at all of them, when the transforms
    are at hand.

    Parameters
    ----------
    position_um : sequence of float, (3,)
        Target, (z, y, x), in the frame of the instrument that cuts [µm].
    covariance_um2 : array_like of float, (3, 3)
        Of the position [µm²].
    half_size_um : float or sequence of float
        Half the size of the volume of interest, (z, y, x) [µm].
    nu : float, optional
        Degrees of freedom behind the covariance; None when the localisation error is known.
    probability : float
        Wanted probability that it lies in the cut.
    surface : SurfacePlane, optional
        For the depth.
    process_margin_um : float
        For what the process needs, reported separately [µm].
    margin_um : float, optional
        Margin found elsewhere [µm].
    name : str

    Returns
    -------
    TargetPlan
        With fewer than 3 degrees of freedom the regions and the margin are NaN: too few to say.

    Examples
    --------
    >>> plan = target_plan((30, 0, 0), np.eye(3), half_size_um=5, probability=0.95)
    >>> round(plan.margin_um, 2), plan.cut_size_um.round(2)
    (2.39, array([14.78, 14.78, 14.78]))
    """
    position = _checked_point(position_um)
    covariance = np.asarray(covariance_um2, dtype=float)
    if covariance.shape != (3, 3):
        raise ValueError(f"covariance_um2 needs shape (3, 3), got {covariance.shape}")
    half_size = np.broadcast_to(np.asarray(half_size_um, dtype=float), (3,))
    if not np.all(np.isfinite(half_size)) or np.any(half_size < 0) or process_margin_um < 0:
        raise ValueError(
            "half_size_um and process_margin_um need values of 0 or more [µm], "
            f"got {tuple(half_size)} and {process_margin_um}"
        )
    region = confidence_region(covariance, level=0.95, nu=nu)
    if margin_um is None:
        margin_um = margin_for_probability(covariance, probability=probability, nu=nu)
    factor = _factor95(nu) if region.stated else float("nan")
    depth = None if surface is None else depth_below(surface, position, covariance, nu=nu)
    return TargetPlan(
        name=name,
        position_um=position,
        interval95_um=factor * np.sqrt(np.diag(covariance)),
        radii95_um=np.asarray(region.radii_um),
        radii50_um=np.asarray(confidence_region(covariance, level=0.5, nu=nu).radii_um),
        axes=np.asarray(region.axes),
        region=region.statement,
        probability=probability,
        margin_um=float(margin_um),
        process_margin_um=float(process_margin_um),
        cut_size_um=2 * (half_size + margin_um + process_margin_um),
        depth=depth,
        checks=tuple(_checks(depth, float(margin_um), half_size, region.statement)),
    )


def _checked_point(position_um: Sequence[float]) -> NDArray[np.float64]:
    position = np.asarray(position_um, dtype=float)
    if position.shape != (3,) or not np.all(np.isfinite(position)):
        raise ValueError(f"position_um needs 3 finite values (z, y, x), got {position_um!r}")
    return position


def _factor95(nu: float | None) -> float:
    known = nu is None or not np.isfinite(nu)
    return float(norm.ppf(0.975) if known else student.ppf(0.975, nu))


def _checks(depth: Depth | None, margin_um: float, half_size: NDArray, region: str) -> list[Check]:
    stated = bool(np.isfinite(margin_um))
    found = [Check("enough landmarks for a region", stated, region)]
    if stated and half_size.min() > 0:
        found.append(
            Check(
                "target larger than its uncertainty",
                bool(margin_um <= half_size.min()),
                f"margin {margin_um:.3g} µm for a half-size of {half_size.min():.3g} µm",
            )
        )
    if depth is not None:
        low = depth.interval95_um[0]
        inside = None if not np.isfinite(low) else bool(low > 0)
        found.append(Check(BELOW_SURFACE, inside, depth.statement))
    return found
