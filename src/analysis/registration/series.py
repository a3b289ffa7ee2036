"""Time points of one specimen, registered to one of them, without the part that changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike

from ...quantities import format_length
from .drift_table import drift_table
from .grey_image import GreyImage
from .intensity import Cancel, OnStep
from .register import Registration
from .series_run import LOOPS, Changing, SeriesRun, TimePoint, read
from .tangent import LINEAR, Model
from .transform import AffineTransform

if TYPE_CHECKING:
    import pandas as pd

_STARTS = 4  # beside the neighbour's map
_MUCH = 0.5  # of the reference: what is left may no longer be the specimen


@dataclass(frozen=True, eq=False)
class SeriesRegistration:
    """Where every time point of a series lies in the reference.

    Attributes
    ----------
    reference : int
        Time point that all are registered to.
    transforms : tuple of AffineTransform or None
        From each time point to the reference, with covariance; that of the reference is exact. None
        where no place stands out.
    registrations : tuple of Registration or None
        What was tried; None for the reference too.
    drift : DataFrame
        One row a time point: how the middle of the reference has moved since then [um] and turned
        [degree], with standard uncertainties (see `drift_table`), and the share of the image that
        ``differs`` from the reference.
    changing : ndarray of bool or None
        Voxels of the reference that differ at one time point or more, with a rim: left out. None
        where nothing was left out.
    loops : DataFrame
        One row a pair of neighbours: both registered to each other and by way of the reference.
        Columns ``time``, ``next`` and those of `Adjusted.loops`. Empty unless asked for.
    doubts : tuple of str
        About the series as a whole: what changes was not looked for, or is much.
    warnings : tuple of str
        These, of single time points, and of loops that do not close.
    """

    reference: int
    transforms: tuple[AffineTransform | None, ...]
    registrations: tuple[Registration | None, ...]
    drift: pd.DataFrame
    changing: np.ndarray | None
    loops: pd.DataFrame
    doubts: tuple[str, ...]
    warnings: tuple[str, ...]

    def doubts_at(self, time: int) -> tuple[str, ...]:
        """What the series says against one time point: doubts, and its loops that do not close."""
        own = (self.loops["time"] == time) | (self.loops["next"] == time)
        return (*self.doubts, *_open(self.loops[own]))

    @property
    def changing_share(self) -> float:
        """Share of the reference's voxels that is left out."""
        return 0.0 if self.changing is None else float(self.changing.mean())

    @property
    def statement(self) -> str:
        """The result in words."""
        known = sum(one is not None for one in self.registrations)
        moves = self.drift[[c for c in self.drift if c in ("dz_um", "dy_um", "dx_um")]]
        furthest = float(np.nanmax(np.linalg.norm(moves, axis=1)))
        words = (
            f"{known} of {len(self.transforms) - 1} time points are registered to time "
            f"{self.reference}; the specimen moved by up to {format_length(furthest)}"
        )
        if self.changing is not None:
            words += (
                f"; {100 * self.changing_share:.1f} % of the reference changes or lies beside what "
                "does, and is left out"
            )
        if len(self.loops):
            open_ = int((~self.loops["closes"].astype(bool)).sum())
            words += (
                f"; {open_} of {len(self.loops)} LOOPS of neighbours DO NOT CLOSE"
                if open_
                else f"; neighbours agree ({len(self.loops)} loops close)"
            )
        return words


def register_series(
    images: Sequence[TimePoint],
    *,
    reference: int = 0,
    start: AffineTransform | None = None,
    model: Model = "rigid",
    changing: Literal["find"] | ArrayLike | None = "find",
    neighbours: bool = False,
    reach_um: float | None = None,
    reach_deg: float | None = None,
    starts: int = _STARTS,
    seed: int = 0,
    progress: OnStep | None = None,
    cancel: Cancel | None = None,
) -> SeriesRegistration:
    """Register a series to one of its time points, leaving out what changes.

    Outwards from the reference every time point is registered by `register`, begun at its
    neighbour's map. Then the images are compared with the reference where they lie on it: what
    differs by more than noise and a small error of the map explain is left out, and all are
    registered once more, until the part that is left out stays the same.

    Parameters
    ----------
    images : sequence of GreyImage, or of functions that read one
        In the order of time, all in space or all flat. Functions are called one after the other, so
        that two images are in memory at a time.
    reference : int
        Best taken where the specimen looks most like it does at all other times.
    start : AffineTransform, optional
        From the reference's neighbours to the reference; by default middle on middle.
    model : {"translation", "rigid", "similarity", "affine"}
    changing : {"find"}, ndarray of bool or None
        What is left out: found, voxels of the reference, or nothing. What does not count at one
        time only is given as that image's own mask.
    neighbours : bool
        Whether neighbours are registered to each other too, as a check. The errors of the images
        cancel in such loops, so a chi-square far below its degrees of freedom is no surprise;
        one that is too large says that the change pulls at the maps.
    reach_um, reach_deg, starts, seed, progress, cancel
        As for `register`; the reach is about the neighbour's map.

    Returns
    -------
    SeriesRegistration

    Raises
    ------
    Degenerate
        If no time point finds its place in the reference, or nearly all of it changes.
    RegistrationCancelled
        If told to stop.

    Notes
    -----
    Not where the specimen itself bends, nor where more than half of it changes: give masks then. A
    part that moves by less than its own texture at every time looks the same and still pulls.
    What changes is found by grey values that follow each other in a straight line, so all time
    points have to be of one contrast. The maps share the reference's noise: drift between two
    other time points is known better than their two errors, added, say.

    Examples
    --------
    >>> from scipy.ndimage import gaussian_filter
    >>> grains = gaussian_filter(np.random.default_rng(0).normal(size=(130, 130)), 2)
    >>> images = [GreyImage(grains[4 : 124, 4 - k : 124 - k], [0.5, 0.5]) for k in (0, 1, 3)]
    >>> series = register_series(images)
    >>> (series.drift[["dy_um", "dx_um"]].round(1) + 0.0).values.tolist()
    [[0.0, 0.0], [0.0, 0.5], [0.0, 1.5]]
    """
    _refuse(images, reference, model, changing)
    import pandas as pd

    fixed = read(images[reference])
    left_out = _given(changing, fixed)
    options = {"reach_um": reach_um, "reach_deg": reach_deg, "starts": starts, "seed": seed}
    run = SeriesRun(images, reference, fixed, model, options, progress, cancel)
    registrations, found = run.passes(start, left_out, find=isinstance(changing, str))
    loops = pd.DataFrame(columns=list(LOOPS))
    if neighbours:
        loops = run.loops(registrations, found.mask)
    transforms = [
        registrations[time].transform if time in registrations else None
        for time in range(len(images))
    ]
    transforms[reference] = _still(fixed)
    doubts = _doubts(found)
    return SeriesRegistration(
        reference=reference,
        transforms=tuple(transforms),
        registrations=tuple(registrations.get(time) for time in range(len(images))),
        drift=_drift(transforms, fixed, {**found.shares, reference: 0.0}),
        changing=None if found.mask is None else found.mask[0] if fixed.ndim == 2 else found.mask,
        loops=loops,
        doubts=doubts,
        warnings=(*run.troubles(registrations), *doubts, *_open(loops)),
    )


def _refuse(images: Sequence[TimePoint], reference: int, model: str, changing: object) -> None:
    if model not in LINEAR:
        raise ValueError(f"model needs one of {', '.join(LINEAR)}, got {model!r}")
    if len(images) < 2 or not 0 <= reference < len(images):
        raise ValueError(
            "a series needs two images or more and a reference among them, got "
            f"{len(images)} and reference {reference!r}"
        )
    if isinstance(changing, str) and changing != "find":
        raise ValueError(f"changing needs 'find', a mask or None, got {changing!r}")


def _given(changing: ArrayLike | str | None, fixed: GreyImage) -> np.ndarray | None:
    """The mask that was given, on the reference's voxels (z, y, x)."""
    if changing is None or isinstance(changing, str):
        return None
    mask, shape = np.asarray(changing, bool), fixed.values.shape[3 - fixed.ndim :]
    if mask.shape != shape:
        raise ValueError(f"changing needs the shape of the reference, {shape}, got {mask.shape}")
    return mask.reshape(fixed.values.shape)


def _still(fixed: GreyImage) -> AffineTransform:
    """The reference onto itself."""
    free = 3 if fixed.ndim == 2 else 6
    return AffineTransform(
        model="rigid",
        matrix=np.eye(3),
        centre_um=fixed.centre_um,
        offset_um=fixed.centre_um,
        ndim_moving=fixed.ndim,
        ndim_fixed=fixed.ndim,
        covariance=np.zeros((free, free)),
        sigma_um=0.0,
        sigma_source="exact",
    )


def _drift(
    transforms: Sequence[AffineTransform | None], fixed: GreyImage, shares: dict[int, float]
) -> pd.DataFrame:
    drift = drift_table(transforms, place_um=fixed.centre_um, ndim=fixed.ndim)
    drift["differs"] = [shares.get(time, np.nan) for time in range(len(transforms))]
    return drift


def _doubts(found: Changing) -> tuple[str, ...]:
    said = []
    if found.untold:
        times = ", ".join(map(str, sorted(found.untold)))
        said.append(
            f"grey values at time {times} do not follow the reference's in a straight line: what "
            "changes was not looked for there; give masks"
        )
    if found.mask is not None and found.mask.mean() > _MUCH:
        said.append(
            f"{100 * found.mask.mean():.0f} % of the reference differs at some time: see whether "
            "what is left is the specimen, choose another reference, or give masks"
        )
    return tuple(said)


def _open(loops: pd.DataFrame) -> list[str]:
    return [
        f"times {row['time']} and {row['next']}: LOOP DOES NOT CLOSE, "
        f"{format_length(row['misclosure_um'])}, p {row['p']:.2g}: something that changes pulls at "
        "one of the maps"
        for row in loops.to_dict("records")
        if not row["closes"]
    ]
