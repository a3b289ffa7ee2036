"""The threshold of a coarse scan by a registered fine image: calibration across scales."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..distributions import student
from ..spacing import checked_image_ndim, checked_spacing
from ..threads import in_slabs
from .smoothing import as_volume

_CRITERIA = ("fraction", "agreement")
_LEVELS = 1024
_LEAST_BLOCKS = 8
_SCARCE = 0.02  # share of a phase below which an overlap says little of its threshold


@dataclass(frozen=True)
class CalibratedThreshold:
    """A threshold of a coarse image that agrees with a fine one where both are.

    Attributes
    ----------
    threshold : float
        [grey value]
    uncertainty : float
        Standard uncertainty: the parts in quadrature [grey value].
    parts : dict of str to float
        Standard uncertainties: `sampling` (other places in the overlap), `registration` (0
        where no draws of the map were given) [grey value].
    by : {"fraction", "agreement"}
    fine_fraction, coarse_fraction : float
        Of the phase in the overlap: by the fine mask, and by the threshold.
    misplaced : float
        Share of the overlap on which the two do not agree, counted in parts of voxels.
    overlap_voxels : int
        Coarse voxels wholly inside the fine image.
    warnings : tuple of str
    """

    threshold: float
    uncertainty: float
    parts: dict[str, float]
    by: str
    fine_fraction: float
    coarse_fraction: float
    misplaced: float
    overlap_voxels: int
    warnings: tuple[str, ...] = ()


def averaged_onto(
    fine_mask: NDArray,
    *,
    shape: Sequence[int],
    coarse_spacing_um: Sequence[float],
    fine_spacing_um: Sequence[float],
    coarse_to_fine: NDArray | None = None,
    threads: int | None = None,
) -> NDArray[np.float32]:
    """Average a fine mask over the voxels of a coarse grid: how much of each is the phase.

    Parameters
    ----------
    fine_mask : ndarray of bool, (z, y, x) or (y, x)
    shape : sequence of int
        Of the coarse grid.
    coarse_spacing_um, fine_spacing_um : sequence of float
        Voxel sizes along each axis [µm].
    coarse_to_fine : ndarray, (ndim + 1, ndim + 1), optional
        From places in the coarse image to those in the fine one, z, y, x, both counted from the
        centre of the first voxel [µm]; the same places unless told.
    threads : int, optional
        Threads; one a core unless told.

    Returns
    -------
    ndarray of float32
        0 to 1; NaN where the fine image does not cover the voxel.

    Examples
    --------
    >>> fine = np.array([[1, 1, 1, 0, 0, 0, 0, 0]], bool).repeat(2, axis=0)
    >>> move = np.eye(3); move[:2, 2] = 0.5  # the first coarse voxel is centred between fine ones
    >>> averaged_onto(fine, shape=(1, 4), coarse_spacing_um=(2, 2), fine_spacing_um=(1, 1),
    ...     coarse_to_fine=move).tolist()
    [[1.0, 0.5, 0.0, 0.0]]
    """
    from .coarse_share_loops import average_onto

    fine_mask = np.asarray(fine_mask)
    ndim = checked_image_ndim(fine_mask.shape, "fine_mask")
    coarse = np.array(checked_spacing(coarse_spacing_um, ndim))
    fine = np.array(checked_spacing(fine_spacing_um, ndim))
    placed = np.eye(ndim + 1) if coarse_to_fine is None else np.asarray(coarse_to_fine, float)
    if placed.shape != (ndim + 1, ndim + 1) or not np.all(np.isfinite(placed)):
        raise ValueError(
            f"coarse_to_fine needs a finite matrix of {ndim + 1} x {ndim + 1}, got {placed.shape}"
        )
    matrix, offset = np.eye(3), np.zeros(3)
    lead = 3 - ndim
    matrix[lead:, lead:] = placed[:ndim, :ndim] * coarse / fine[:, None]
    offset[lead:] = placed[:ndim, ndim] / fine
    # as many points as fine voxels lie along each axis of a coarse one, at most 16
    samples = np.clip(np.ceil(np.abs(matrix).sum(axis=0) - 1e-9), 1, 16).astype(np.int64)
    samples[:lead] = 1
    size = tuple(int(n) for n in shape)
    out = np.empty((1,) * lead + size, np.float32)
    volume = np.ascontiguousarray(as_volume(fine_mask).astype(bool)).view(np.uint8)
    in_slabs(
        lambda a, b: average_onto(volume, matrix, offset, samples, out, a, b),
        len(out),
        threads=threads,
    )
    return out.reshape(size)


def calibrate_threshold(
    coarse: NDArray,
    fine_mask: NDArray,
    *,
    coarse_spacing_um: Sequence[float],
    fine_spacing_um: Sequence[float],
    coarse_to_fine: NDArray | None = None,
    by: str = "fraction",
    draws: Sequence[NDArray] = (),
    bright: bool = True,
    blocks: int = 16,
    resamples: int = 200,
    seed: int = 0,
) -> CalibratedThreshold:
    """Choose the threshold of a coarse image so that it agrees with a registered fine mask.

    By ``"fraction"`` the phase has the same volume in the overlap: use it where volumes, and what
    follows from them, are wanted; it hardly depends on the registration. By ``"agreement"`` the
    least volume is misplaced, voxel by voxel: use it where positions and shapes matter; a wrong
    registration blurs it. On symmetrically blurred phases of equal share both are half-way between
    the phases; they differ where structures are thinner than the blur.

    Parameters
    ----------
    coarse : ndarray, (z, y, x) or (y, x)
        Grey values.
    fine_mask : ndarray of bool
        The phase, as segmented in the fine image.
    coarse_spacing_um, fine_spacing_um, coarse_to_fine
        As `averaged_onto`.
    by : {"fraction", "agreement"}
    draws : sequence of ndarray, optional
        Maps like `coarse_to_fine`, drawn from the registration's uncertainty; 10 or more.
    bright : bool
        Whether the phase is at and above the threshold, or below it.
    blocks : int
        Into about so many the overlap is parted to ask how another place would differ; they have
        to be some times larger than the features, or the uncertainty is too small.
    resamples, seed : int
        Of the bootstrap over blocks.

    Returns
    -------
    CalibratedThreshold

    Raises
    ------
    ValueError
        The images do not overlap; or the overlap is all phase, or has none.

    References
    ----------
    Bootstrap over blocks: Künsch 1989, doi:10.1214/aos/1176347265.

    Examples
    --------
    >>> fine = np.zeros((32, 32, 32), bool); fine[:, :, 16:] = True
    >>> coarse = np.full((32, 32, 32), 10.0); coarse[:, :, 16:] = 30.0
    >>> found = calibrate_threshold(coarse, fine, coarse_spacing_um=(1, 1, 1),
    ...     fine_spacing_um=(1, 1, 1))
    >>> 10 < found.threshold <= 30, found.coarse_fraction, found.misplaced
    (True, 0.5, 0.0)
    """
    coarse = np.asarray(coarse)
    ndim = checked_image_ndim(coarse.shape, "coarse")
    if by not in _CRITERIA:
        raise ValueError(f"by needs one of {', '.join(_CRITERIA)}, got {by!r}")

    def share_by(matrix: NDArray | None) -> NDArray[np.float32]:
        return averaged_onto(
            fine_mask,
            shape=coarse.shape,
            coarse_spacing_um=coarse_spacing_um,
            fine_spacing_um=fine_spacing_um,
            coarse_to_fine=matrix,
        )

    share = share_by(coarse_to_fine)
    known = np.isfinite(share) & np.isfinite(coarse)
    count = int(known.sum())
    if count < 2**ndim * _LEAST_BLOCKS:
        raise ValueError(
            f"the images need to overlap by {2**ndim * _LEAST_BLOCKS} coarse voxels or more, got "
            f"{count}: check coarse_to_fine, it maps µm from coarse to fine"
        )
    grid = _Grid.of(coarse, known, bright, by)
    parts_of = _block_numbers(known, blocks)
    table = grid.table(coarse, share, known, parts_of)
    index = grid.best(table.sum(axis=0))
    fine_fraction = float(share[known].mean(dtype=np.float64))
    if not 0 < fine_fraction < 1:
        raise ValueError(
            f"the overlap needs some of the phase and something else, got a share of "
            f"{fine_fraction:g}: nothing there tells where the threshold is"
        )
    sampling, warnings = _bootstrap(grid, table, resamples, seed)
    if min(fine_fraction, 1 - fine_fraction) < _SCARCE:
        warnings.append(
            f"The overlap is {fine_fraction:.1%} of this phase: it hardly tells where the "
            "threshold is; take a place that has some of both."
        )
    registration = _between_draws(grid, coarse, share_by, draws)
    if draws and len(draws) < 10:
        warnings.append(f"draws needs 10 or more to say what the registration does: {len(draws)}")
    parts = {"sampling": sampling, "registration": registration}
    total = grid.totals(table.sum(axis=0))
    return CalibratedThreshold(
        threshold=float(grid.levels[index]),
        uncertainty=float(np.linalg.norm(list(parts.values()))),
        parts=parts,
        by=by,
        fine_fraction=fine_fraction,
        coarse_fraction=float(total.above[index] / count),
        misplaced=float(total.misplaced[index] / count),
        overlap_voxels=count,
        warnings=tuple(warnings),
    )


@dataclass(frozen=True)
class _Totals:
    """At every level: voxels taken for the phase, and what is misplaced in parts of voxels."""

    above: NDArray[np.float64]
    misplaced: NDArray[np.float64]
    phase: float


@dataclass(frozen=True)
class _Grid:
    """Levels that are tried, and which is best."""

    levels: NDArray[np.float64]
    bright: bool
    by: str

    @classmethod
    def of(cls, coarse: NDArray, known: NDArray, bright: bool, by: str) -> _Grid:
        values = coarse[known].astype(float)
        low, high = np.quantile(values, [0.0005, 0.9995])
        if not high > low:
            raise ValueError(f"coarse needs two grey values in the overlap, got only {low:g}")
        return cls(np.linspace(low, high, _LEVELS), bright, by)

    def table(
        self, coarse: NDArray, share: NDArray, known: NDArray, block: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Voxels and phase between levels, block by block, (blocks, levels + 1, 2)."""
        bins = np.searchsorted(self.levels, coarse[known], side="right")
        phase = share[known].astype(float)
        count = int(block.max()) + 1
        width = len(self.levels) + 1
        key = block * width + bins
        columns = [np.bincount(key, w, count * width) for w in (np.ones(len(key)), phase)]
        return np.stack([column.reshape(count, width) for column in columns], axis=-1)

    def totals(self, counts: NDArray[np.float64]) -> _Totals:
        """Of a table summed over blocks."""
        voxels, phase = counts[:, 0], counts[:, 1]
        # level k has everything in the bins after k at or above it
        over, phase_over = (np.cumsum(c[::-1])[::-1][1:] for c in (voxels, phase))
        everything, all_phase = voxels.sum(), phase.sum()
        wrong = (all_phase - phase_over) + (over - phase_over)  # a voxel taken is all taken
        if self.bright:
            return _Totals(over, wrong, float(all_phase))
        return _Totals(everything - over, everything - wrong, float(all_phase))

    def best(self, counts: NDArray[np.float64]) -> int:
        """The middle of the levels that agree best."""
        total = self.totals(counts)
        off = np.abs(total.above - total.phase) if self.by == "fraction" else total.misplaced
        good = np.flatnonzero(off <= off.min() * (1 + 1e-12))
        return int(good[len(good) // 2])


def _block_numbers(known: NDArray[np.bool_], wanted: int) -> NDArray[np.int64]:
    """Which block each known voxel lies in, blocks about as wide as high."""
    places = np.argwhere(known)
    low, high = places.min(axis=0), places.max(axis=0) + 1
    edge = max(1.0, float(np.prod(high - low) / max(1, wanted)) ** (1 / known.ndim))
    counts = np.maximum(1, np.round((high - low) / edge)).astype(int)
    index = (places - low) * counts // (high - low)
    return np.unique(np.ravel_multi_index(tuple(index.T), counts), return_inverse=True)[1]


def _bootstrap(
    grid: _Grid, table: NDArray[np.float64], resamples: int, seed: int
) -> tuple[float, list[str]]:
    """Standard uncertainty from blocks drawn with replacement, made wider where they are few."""
    count = len(table)
    if count < _LEAST_BLOCKS:
        return float("nan"), [
            f"the overlap has {count} blocks, {_LEAST_BLOCKS} are needed to say how another place "
            "would differ: the uncertainty is not known"
        ]
    rng = np.random.default_rng(seed)
    found = [
        grid.levels[grid.best(np.tensordot(weights, table, axes=1))]
        for weights in rng.multinomial(count, np.full(count, 1 / count), resamples).astype(float)
    ]
    few = float(student.ppf(0.975, count - 1)) / 1.96 * np.sqrt(count / (count - 1))
    return float(np.std(found, ddof=1)) * few, []


def _between_draws(
    grid: _Grid,
    coarse: NDArray,
    share_by: Callable[[Any], NDArray[np.float32]],
    draws: Sequence[NDArray],
) -> float:
    """Standard deviation of the threshold between maps drawn from the registration's error."""
    if len(draws) < 2:
        return 0.0
    found = []
    for draw in draws:
        share = share_by(draw)
        known = np.isfinite(share) & np.isfinite(coarse)
        table = grid.table(coarse, share, known, np.zeros(int(known.sum()), np.int64))
        found.append(grid.levels[grid.best(table.sum(axis=0))])
    return float(np.std(found, ddof=1))
