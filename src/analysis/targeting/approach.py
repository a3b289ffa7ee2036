"""How deep a target lies under the specimen's surface along a beam, and what is in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...quantities import format_length
from ..distributions import norm, student
from .beam_rays import BeamRays
from .overburden import in_the_way, pieces_along, with_volumes
from .surface_plane import combined_nu

if TYPE_CHECKING:
    import pandas as pd

_FEWEST_NU = 3
_ACROSS = 5  # columns a side that the slope of the entry is judged by
_WIDE, _WIDE_PX, _ROUNDS = 13, 12, 8  # columns a side that its noise is judged by, their reach
_ALIKE_PX2 = 12.6  # 4π: area over which noise that was smoothed over one voxel is alike


@dataclass(frozen=True)
class ApproachDepth:
    """What lies between the outside and a target, along a beam.

    Attributes
    ----------
    depth_um : float
        From the first material that the beam meets to the target; NaN where the image does not
        show the outside [µm].
    sigma_um : float
        Standard uncertainty: of the target, of the surface at the entry, of its roughness there
        [µm].
    interval95_um : tuple of float
        [µm]; NaN where there are too few degrees of freedom.
    entry_um : ndarray of float, (3,)
        Where the beam enters, (z, y, x) [µm].
    material_um : float
        How much of the way is material and not void [µm].
    overburden_um3 : float
        Material over the whole footprint, above the volume of interest [µm³].
    at_least_um : float
        Depth that the image shows, whether or not it shows the outside [µm].
    obstacles : DataFrame
        `label`, `from_um` and `to_um` (depth below the entry, on the way to the target),
        `length_um`, `volume_um3` (of the whole label over the footprint); one row a piece in order
        of the beam, then labels that only other parts of the footprint meet (length 0).
    statement : str
        In words.
    direction : ndarray of float, (3,)
        Where the beam goes to, of length 1, in the frame of the volume.
    """

    depth_um: float
    sigma_um: float
    interval95_um: tuple[float, float]
    entry_um: NDArray[np.float64]
    material_um: float
    overburden_um3: float
    at_least_um: float
    obstacles: pd.DataFrame
    statement: str
    direction: NDArray[np.float64]

    @property
    def stated(self) -> bool:
        """Whether the image shows where the beam enters."""
        return bool(np.isfinite(self.depth_um))

    def stretched(self, *, length: float, volume: float) -> ApproachDepth:
        """Return the same in the lengths of another frame; `entry_um` stays in its own.

        Parameters
        ----------
        length, volume : float
            What lengths along the beam, and volumes, are multiplied with.
        """
        low, high = (end * length for end in self.interval95_um)
        pieces = self.obstacles.copy()
        lengths = ["from_um", "to_um", "length_um"]
        pieces[lengths] = pieces[lengths].astype(float) * length
        pieces["volume_um3"] = pieces["volume_um3"] * volume
        at_least, depth = self.at_least_um * length, self.depth_um * length
        words = _words(depth, (high - low) / 2, pieces) if self.stated else _unseen(at_least)
        return replace(
            self,
            depth_um=depth,
            sigma_um=self.sigma_um * length,
            interval95_um=(low, high),
            material_um=self.material_um * length,
            overburden_um3=self.overburden_um3 * volume,
            at_least_um=at_least,
            obstacles=pieces,
            statement=words,
        )


def depth_along(
    volume: NDArray,
    target_um: Sequence[float],
    direction: Sequence[float],
    *,
    level: float,
    spacing_um: Sequence[float],
    origin_um: Sequence[float] | None = None,
    covariance_um2: ArrayLike | None = None,
    nu: float | None = None,
    surface_sigma_um: float = 0.0,
    half_size_um: Sequence[float] | float = 0.0,
    labels: NDArray | None = None,
    names: Mapping[int, str] | None = None,
) -> ApproachDepth:
    """Follow a beam through a volume to a target.

    Parameters
    ----------
    volume : ndarray, (z, y, x)
        Grey values or a mask; material is at or above the level.
    target_um : sequence of float, (3,)
        (z, y, x) in the volume's frame [µm].
    direction : sequence of float, (3,)
        Where the beam goes to, (z, y, x); its length does not matter.
    level : float
        Between outside and material [grey value]; 0.5 for a mask.
    spacing_um : sequence of float
        Voxel size (z, y, x) [µm].
    origin_um : sequence of float, optional
        Centre of voxel 0 [µm]; 0 unless told.
    covariance_um2 : array_like of float, (3, 3), optional
        Of the target's position [µm²]; none unless told.
    nu : float, optional
        Degrees of freedom behind it; None when it is known.
    surface_sigma_um : float
        Standard uncertainty of the surface along the beam: of the level, of what was put on or
        taken off since the scan [µm]. The rounding of a mask to voxels is added.
    half_size_um : sequence of float or float
        Half the size of the volume of interest, (z, y, x); its footprint carries the
        overburden [µm].
    labels : ndarray of int, (z, y, x), optional
        Phases or objects; material between outside and target is told apart by them.
    names : mapping of int to str, optional
        What the labels are called.

    Returns
    -------
    ApproachDepth

    Raises
    ------
    ValueError
        The target lies outside the volume, or something has the wrong shape.

    Notes
    -----
    The outside is what the beam crosses before it meets material for the first time: beads and
    debris on the surface count as material, and voids on the way do not end the depth. The variance
    is ``gᵀ Σ g``, with ``g`` the slope of the depth over twice the target's own spread, plus what
    the entries scatter about a smooth surface around them: whether that is noise of the image or
    roughness of the specimen cannot be told, and counts as noise.

    Examples
    --------
    >>> block = np.zeros((30, 9, 9), bool); block[10:] = True
    >>> found = depth_along(block, (20, 4, 4), (1, 0, 0), level=0.5, spacing_um=(1, 1, 1))
    >>> round(found.depth_um, 6), round(found.sigma_um, 3)
    (10.5, 0.289)
    """
    rays = BeamRays(volume, direction, level=level, spacing_um=spacing_um, origin_um=origin_um)
    target = rays.checked_point(target_um)
    covariance = _checked_covariance(covariance_um2)
    entry = float(rays.entries(target[None])[0])
    at_least = entry if np.isfinite(entry) else rays.reach(target)
    half = np.broadcast_to(np.asarray(half_size_um, float), (3,))
    if not np.isfinite(half).all() or (half < 0).any() or not surface_sigma_um >= 0:
        raise ValueError(
            "half_size_um and surface_sigma_um need values of 0 or more [µm], "
            f"got {half.tolist()} and {surface_sigma_um!r}"
        )
    pieces, material = pieces_along(rays, target, at_least, labels, names)
    pieces, overburden = with_volumes(rays, target, half, pieces, labels, names)
    if not np.isfinite(entry):
        nan = float("nan")
        none = np.full(3, nan)
        return ApproachDepth(
            nan,
            nan,
            (nan, nan),
            none,
            material,
            overburden,
            at_least,
            pieces,
            _unseen(at_least),
            rays.direction,
        )
    slope = _gradient(rays, target, covariance)
    from_target = float(slope @ covariance @ slope)
    rounding = rays.voxel_um / np.sqrt(12) if rays.is_mask else 0.0
    scatter, freedom = _scatter(rays, target)
    noise = (scatter**2, freedom) if scatter > rounding else (rounding**2, np.inf)
    variance = from_target + surface_sigma_um**2 + noise[0]
    effective = combined_nu(
        (from_target, np.inf if nu is None else nu), (surface_sigma_um**2, np.inf), noise
    )
    sigma = float(np.sqrt(variance))
    half95 = _factor(effective) * sigma
    return ApproachDepth(
        depth_um=entry,
        sigma_um=sigma,
        interval95_um=(entry - half95, entry + half95),
        entry_um=target - entry * rays.direction,
        material_um=material,
        overburden_um3=overburden,
        at_least_um=entry,
        obstacles=pieces,
        statement=_words(entry, half95, pieces),
        direction=rays.direction,
    )


def approach_table(
    depths: Mapping[str, ApproachDepth],
) -> pd.DataFrame:
    """Put several approaches side by side, the shallowest first, unknown ones last.

    Returns
    -------
    DataFrame
        `approach`, `depth_um`, `depth_pm95_um`, `material_um`, `overburden_um3`, `in_the_way`,
        `statement`.

    Examples
    --------
    >>> block = np.zeros((30, 9, 9), bool); block[10:] = True
    >>> top = depth_along(block, (20, 4, 4), (1, 0, 0), level=0.5, spacing_um=(1, 1, 1))
    >>> approach_table({"from the top": top})["in_the_way"][0]
    'material 10.5 µm'
    """
    import pandas as pd

    rows = [
        {
            "approach": name,
            "depth_um": found.depth_um,
            "depth_pm95_um": (found.interval95_um[1] - found.interval95_um[0]) / 2,
            "material_um": found.material_um,
            "overburden_um3": found.overburden_um3,
            "in_the_way": in_the_way(found.obstacles),
            "statement": found.statement,
        }
        for name, found in depths.items()
    ]
    columns = [
        "approach", "depth_um", "depth_pm95_um", "material_um", "overburden_um3", "in_the_way",
        "statement",
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values("depth_um", kind="stable", ignore_index=True)


def _checked_covariance(covariance_um2: ArrayLike | None) -> NDArray[np.float64]:
    covariance = np.zeros((3, 3)) if covariance_um2 is None else np.asarray(covariance_um2, float)
    if covariance.shape != (3, 3):
        raise ValueError(f"covariance_um2 needs shape (3, 3), got {covariance.shape}")
    return covariance


def _gradient(rays: BeamRays, target: NDArray, covariance: NDArray) -> NDArray[np.float64]:
    """How the depth moves with the target: along the beam, and across it by the entry's slope."""
    across = rays.across
    spread = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", across, covariance, across), 0.0))
    reach = np.maximum(2 * spread, 2 * rays.voxel_um)
    places, depths = _around(rays, target, reach, _ACROSS)
    if len(depths) < 6:
        return rays.direction
    weight = np.exp(-np.sum((places / reach) ** 2, axis=1))  # reach is two standard uncertainties
    design = np.column_stack([np.ones(len(depths)), places]) * weight[:, None]
    fitted = np.linalg.lstsq(design, depths * weight, rcond=None)[0]
    return np.asarray(rays.direction + fitted[1:] @ across)


def _scatter(rays: BeamRays, target: NDArray) -> tuple[float, float]:
    """Standard deviation of the entries about a smooth surface around them, and its freedom.

    Noise, or roughness. Beads, pits and side walls do not count: they are no noise of this entry.
    Neighbours are alike, so that fewer entries are independent than there are.
    """
    places, depths = _around(rays, target, np.full(2, _WIDE_PX * rays.voxel_um), _WIDE)
    if len(depths) < 12:
        return 0.0, np.inf
    u, v = places.T / (_WIDE_PX * rays.voxel_um)
    design = np.column_stack([np.ones_like(u), u, v, u * u, u * v, v * v])
    kept, scatter = np.ones(len(depths), bool), 0.0
    for _ in range(_ROUNDS):
        fitted = np.linalg.lstsq(design[kept], depths[kept], rcond=None)[0]
        off = depths - design @ fitted
        scatter = 1.4826 * float(np.median(np.abs(off[kept] - np.median(off[kept]))))
        near = np.abs(off) <= 3.5 * scatter + 1e-9
        if near.sum() < 12:
            break
        kept = near
    independent = kept.sum() * (2 * _WIDE_PX / (_WIDE - 1)) ** 2 / _ALIKE_PX2
    nu = max(float(independent) - design.shape[1], 3.0)
    return scatter * np.sqrt(1 + design.shape[1] / nu), nu


def _around(
    rays: BeamRays, target: NDArray, reach: NDArray, count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Depths over a square around the beam, with their places across it."""
    steps = np.linspace(-1, 1, count)
    u, v = (axis.ravel() for axis in np.meshgrid(steps * reach[0], steps * reach[1]))
    places = np.column_stack([u, v])
    depths = rays.entries(target + places @ rays.across)
    seen = np.isfinite(depths)
    return places[seen], depths[seen]


def _factor(nu: float) -> float:
    if nu < _FEWEST_NU:
        return float("nan")
    return float(norm.ppf(0.975) if np.isinf(nu) else student.ppf(0.975, nu))


def _words(depth: float, half95: float, pieces: pd.DataFrame) -> str:
    way = in_the_way(pieces)
    if not np.isfinite(half95):
        return (
            f"depth {format_length(depth)}; too few degrees of freedom to say how uncertain; "
            f"on the way: {way}"
        )
    return f"depth {depth:.4g} ± {half95:.2g} µm (95 %); on the way: {way}"


def _unseen(at_least: float) -> str:
    return (
        f"the beam leaves the image inside the material, {format_length(at_least)} above the "
        "target: the depth is not known; take an image that shows the surface"
    )
