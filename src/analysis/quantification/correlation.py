"""The two-point correlation function of a phase, by Fourier transform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_spacing
from ..threads import thread_count
from .objects import AXIS_NAMES
from .volume import checked_mask, checked_phase

if TYPE_CHECKING:
    import pandas as pd

# Found on bodies, packings and minimal surfaces of known area (tests/.../test_voxel_errors.py)
_BY_SMOOTH, _BY_COUNTED, _BY_RADIUS = 1.1, 1.0, 0.25
_NEAR = 3.5  # voxels over which the beginning is fitted


@dataclass(frozen=True)
class TwoPointCorrelation:
    """The chance that two places at a distance are both in the phase.

    Attributes
    ----------
    table : DataFrame
        `distance_um` (mean of the pairs in a class as wide as the finest voxel), `s2`, `pairs`.
    along : DataFrame
        `axis`, `distance_um`, `s2` for steps along each axis.
    fraction : float
        Of the phase: S2 at 0.
    slope_at_zero_per_um : float
        -S_V / 4 averaged over directions (-L_A / pi in 2D): a parabola through S2 within 3.5
        voxels [1/µm]. Unlike a count of crossings it sees the narrow crevices where particles
        touch: +-2 % where Crofton's S_V is 5 % low (overlapping spheres of 8 voxels radius).
    smooth_slope_at_zero_per_um : float
        The same where surfaces are smooth and apart, so that S2 has no part in r²: fitted by r and
        r³ [1/µm]. Of smooth random media it is 1 to 3 % off, the parabola 5 to 10 %; where grains
        touch it is the other way round. A mask does not tell which it is: the truth is between.
    periodic : bool
        Whether the image was taken to repeat.
    """

    table: pd.DataFrame
    along: pd.DataFrame
    fraction: float
    slope_at_zero_per_um: float
    smooth_slope_at_zero_per_um: float
    periodic: bool

    @property
    def specific_surface_per_um(self) -> float:
        """Surface per volume that the slope at 0 stands for [1/µm]; length per area in 2D."""
        return -self._factor * self.slope_at_zero_per_um

    @property
    def smooth_surface_per_um(self) -> float:
        """The same by the slope for smooth surfaces that don't touch [1/µm]."""
        return -self._factor * self.smooth_slope_at_zero_per_um

    def surface_error_per_um(self, counted: float, *, spacing_um: Sequence[float]) -> float:
        """Half-width of the 95 % interval of `specific_surface_per_um` that voxels make [1/µm].

        How far the other two readings are, that for smooth surfaces and Crofton's, and a share
        that falls with the radius of the sphere (circle) with the phase's surface per volume.

        Parameters
        ----------
        counted : float
            Crofton's surface per volume [1/µm].
        spacing_um : sequence of float
            Voxel size along each axis [µm].
        """
        slope = self.specific_surface_per_um
        per_phase = slope / min(self.fraction, 1 - self.fraction) if 0 < self.fraction < 1 else 0.0
        size = float(np.prod(spacing_um)) ** (1 / len(spacing_um))
        per_radius = abs(per_phase) * size / len(spacing_um)
        parts = (
            _BY_SMOOTH * (slope - self.smooth_surface_per_um),
            _BY_COUNTED * (slope - counted),
            _BY_RADIUS * slope * per_radius,
        )
        return float(np.linalg.norm(parts))

    @property
    def _factor(self) -> float:
        return float(np.pi) if self.along["axis"].nunique() == 2 else 4.0


def two_point_correlation(
    phase: NDArray,
    *,
    spacing_um: Sequence[float],
    mask: NDArray | None = None,
    periodic: bool = False,
    reach_um: float | None = None,
    threads: int | None = None,
) -> TwoPointCorrelation:
    """Measure the two-point correlation function S2 of a phase.

    At 0 it is the volume fraction, far away its square where there is no long-range order, and
    its slope at 0 is -S_V / 4. Pairs are counted by Fourier transform in single precision: within
    2e-6 of a count one by one.

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x) or (y, x)
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    mask : ndarray of bool, optional
        Only pairs with both ends inside it count.
    periodic : bool
        Take the image to repeat at its border. If not, only pairs inside it count.
    reach_um : float, optional
        Largest distance [µm]; a quarter of the shortest side unless told.
    threads : int, optional
        All cores unless told.

    Returns
    -------
    TwoPointCorrelation

    References
    ----------
    Torquato 2002, Random Heterogeneous Materials, doi:10.1007/978-1-4757-6355-3.

    Examples
    --------
    >>> import numpy as np
    >>> stripes = np.tile(np.array([True, True, False, False]), (16, 4))
    >>> found = two_point_correlation(stripes, spacing_um=(1, 1), periodic=True, reach_um=2)
    >>> found.along.query("axis == 'x'")["s2"].round(5).tolist()
    [0.5, 0.25, 0.0]
    """
    import pandas as pd

    phase = checked_phase(phase)
    spacing = checked_spacing(spacing_um, phase.ndim)
    inside = None if mask is None else checked_mask(mask, phase.shape)
    reach = _checked_reach(reach_um, phase.shape, spacing)
    if periodic and inside is not None:
        raise ValueError("two_point_correlation needs a mask or periodic=True, got both: choose")
    lags = tuple(
        min(int(reach / s), n // 2 if periodic else n - 1)
        for s, n in zip(spacing, phase.shape, strict=True)
    )
    own = phase if inside is None else phase & inside
    both = _pairs(own, lags, periodic, threads)
    whole = (
        _box_pairs(phase.shape, lags, periodic)
        if inside is None
        else np.round(_pairs(inside, lags, periodic, threads).astype(float))
    )
    distance = _distances(lags, spacing)
    near = (distance > 0) & (distance <= _NEAR * max(spacing)) & (whole > 0)
    split = (_ends(own, inside, lags, near, periodic, threads) / 2 - both[near]) / whole[near]
    table = _radial(both, whole, distance, reach, min(spacing))
    fraction = float(np.count_nonzero(own) / (phase.size if inside is None else inside.sum()))
    return TwoPointCorrelation(
        table=table,
        along=pd.concat(
            [_along(both, whole, lags, spacing, a) for a in reversed(range(phase.ndim))],
            ignore_index=True,
        ),
        fraction=fraction,
        slope_at_zero_per_um=_slope(split, whole[near], distance[near], 2),
        smooth_slope_at_zero_per_um=_slope(split, whole[near], distance[near], 3),
        periodic=periodic,
    )


def _checked_reach(
    reach_um: float | None, shape: tuple[int, ...], spacing: tuple[float, ...]
) -> float:
    sides = [n * s for n, s in zip(shape, spacing, strict=True)]
    if reach_um is None:
        return max(min(sides) / 4, max(spacing))
    if not 0 < reach_um < max(sides):
        raise ValueError(
            f"reach_um needs a distance within the image, up to {max(sides):g}, got {reach_um}: "
            "there are no pairs so far apart"
        )
    return float(reach_um)


def _pairs(
    own: NDArray[np.bool_],
    lags: tuple[int, ...],
    periodic: bool,
    threads: int | None,
    other: NDArray[np.bool_] | None = None,
) -> NDArray[np.float32]:
    """Count pairs at each lag, from own voxels to own, or to others.

    The last axis of the lags goes from 0, the others from -lag, all to +lag.
    """
    from scipy.fft import fft, ifft, irfft, next_fast_len, rfft

    workers, last = thread_count(threads), own.ndim - 1
    sizes = own.shape
    if not periodic:
        sizes = tuple(
            next_fast_len(n + lag, real=axis == last)
            for axis, (n, lag) in enumerate(zip(own.shape, lags, strict=True))
        )
    # axis by axis: rows of zeros are not transformed, lags beyond the reach not brought back
    found = rfft(own.astype(np.float32), n=sizes[last], axis=last, workers=workers)
    for axis in reversed(range(last)):
        found = fft(found, n=sizes[axis], axis=axis, workers=workers, overwrite_x=True)
    if other is None:
        found.real **= 2
        found.imag **= 2
        found.real += found.imag
        found.imag = 0
    else:
        ends = rfft(other.astype(np.float32), n=sizes[last], axis=last, workers=workers)
        for axis in reversed(range(last)):
            ends = fft(ends, n=sizes[axis], axis=axis, workers=workers, overwrite_x=True)
        found = np.conjugate(found, out=found)
        found *= ends
    for axis in range(last):
        found = ifft(found, axis=axis, workers=workers, overwrite_x=True)
        found = found.take(np.arange(-lags[axis], lags[axis] + 1) % sizes[axis], axis)
    counts = irfft(found, n=sizes[last], axis=last, workers=workers)
    return np.asarray(counts[..., : lags[last] + 1])


def _box_pairs(
    shape: tuple[int, ...], lags: tuple[int, ...], periodic: bool
) -> NDArray[np.float64]:
    counts = np.ones(())
    for axis, (n, lag) in enumerate(zip(shape, lags, strict=True)):
        steps = np.arange(0 if axis == len(shape) - 1 else -lag, lag + 1)
        counts = np.multiply.outer(counts, np.full(len(steps), n) if periodic else n - abs(steps))
    return counts.astype(float)


def _distances(lags: tuple[int, ...], spacing: tuple[float, ...]) -> NDArray[np.float32]:
    squares = np.zeros((1,) * len(lags))
    for axis, (lag, s) in enumerate(zip(lags, spacing, strict=True)):
        steps = np.arange(0 if axis == len(lags) - 1 else -lag, lag + 1) * s
        squares = squares + (steps**2).reshape([-1 if a == axis else 1 for a in range(len(lags))])
    return np.sqrt(squares)


def _radial(
    both: NDArray, whole: NDArray, distance: NDArray, reach: float, width: float
) -> pd.DataFrame:
    """Average over directions; a lag with x > 0 stands for its opposite as well."""
    import pandas as pd

    twice = np.full(both.shape[-1], 2.0)
    twice[0] = 1.0
    near = (distance <= reach * (1 + 1e-9)) & (whole > 0)
    number = np.rint(distance[near] / width).astype(np.int64)
    weight = np.broadcast_to(twice, both.shape)[near]
    pairs = np.bincount(number, weight * whole[near])
    hits = np.bincount(number, weight * both[near])
    mean = np.bincount(number, weight * whole[near] * distance[near])
    known = pairs > 0
    return pd.DataFrame(
        {
            "distance_um": mean[known] / pairs[known],
            "s2": hits[known] / pairs[known],
            "pairs": np.rint(pairs[known]).astype(np.int64),
        }
    )


def _along(
    both: NDArray, whole: NDArray, lags: tuple[int, ...], spacing: tuple[float, ...], axis: int
) -> pd.DataFrame:
    import pandas as pd

    last = len(lags) - 1
    index = tuple(
        slice(0 if a == last else lags[a], None) if a == axis else (0 if a == last else lags[a])
        for a in range(len(lags))
    )
    pairs = whole[index]
    with np.errstate(invalid="ignore", divide="ignore"):
        s2 = np.where(pairs > 0, both[index] / pairs, np.nan)
    steps = np.arange(lags[axis] + 1) * spacing[axis]
    return pd.DataFrame({"axis": AXIS_NAMES[len(lags)][axis], "distance_um": steps, "s2": s2})


def _ends(
    own: NDArray[np.bool_],
    inside: NDArray[np.bool_] | None,
    lags: tuple[int, ...],
    near: NDArray[np.bool_],
    periodic: bool,
    threads: int | None,
) -> NDArray[np.float64]:
    """Count the ends in the phase of all pairs of the near lags, beginnings and ends together."""
    if periodic:
        return np.full(np.count_nonzero(near), 2.0 * np.count_nonzero(own))
    if inside is not None:
        begin, end = (
            _pairs(own, lags, False, threads, inside),
            _pairs(inside, lags, False, threads, own),
        )
        return np.asarray(begin[near] + end[near], np.float64)
    total = np.count_nonzero(own)
    found = []
    for place in np.argwhere(near):
        step = [int(p) - (0 if a == own.ndim - 1 else lags[a]) for a, p in enumerate(place)]
        cut = sum(_beyond(own, [sign * s for s in step]) for sign in (-1, 1))
        found.append(2.0 * total - cut)
    return np.array(found, dtype=np.float64)


def _beyond(own: NDArray[np.bool_], step: Sequence[int]) -> int:
    """Count the voxels of the phase that a step takes out of the image."""
    left, count = own, 0
    for axis, s in enumerate(step):
        n = own.shape[axis]
        gone, stays = slice(max(0, n - s), n), slice(0, max(0, n - s))
        if s < 0:
            gone, stays = slice(0, min(n, -s)), slice(min(n, -s), n)
        index = (slice(None),) * axis
        count += int(np.count_nonzero(left[(*index, gone)]))
        left = left[(*index, stays)]
    return count


def _slope(split: NDArray, whole: NDArray, distance: NDArray, power: int) -> float:
    """Slope at 0 of r and r to a power through the share of pairs that an interface parts.

    Lags are weighted as directions in space. A pair with one end in the phase counts a half: what
    the image has of the phase at its border, of which fewer pairs are seen, falls out.
    """
    if len(distance) < 3:
        return float("nan")
    weight = np.sqrt(whole) / distance
    design = np.stack([distance, distance**power], axis=1)
    fit, *_ = np.linalg.lstsq(design * weight[:, None], -split * weight, rcond=None)
    return float(fit[0])
