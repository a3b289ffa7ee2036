"""How large a volume must be to represent a material: integral range and variance of blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_spacing
from .volume import checked_mask, checked_phase

if TYPE_CHECKING:
    import pandas as pd

_FEWEST = 8  # blocks that a variance is taken of


@dataclass(frozen=True)
class RepresentativeVolume:
    """What the scatter between blocks says about a phase fraction.

    Attributes
    ----------
    table : DataFrame
        `block_um3` (`block_um2` in 2D), `blocks`, `standard_deviation`, `fitted`.
    fraction : float
        Of the phase in the whole image.
    integral_range_um3 : float
        A in Var = phi (1 - phi) A / V [µm³; µm² in 2D], from the largest blocks.
    exponent : float
        Of the variance over the volume; -1 where the integral range is finite, nearer 0 where
        there is a trend or long-range order.
    relative_error : float
        95 % half-width of the fraction over the fraction, asked for.
    volume_um3 : float
        That a sample needs for it [µm³; µm² in 2D].
    image_error : float
        95 % half-width of the fraction for this image, as one sample of the material.
    """

    table: pd.DataFrame
    fraction: float
    integral_range_um3: float
    exponent: float
    relative_error: float
    volume_um3: float
    image_error: float


def representative_volume(
    phase: NDArray,
    *,
    spacing_um: Sequence[float],
    mask: NDArray | None = None,
    relative_error: float = 0.05,
) -> RepresentativeVolume:
    """Estimate how large a sample must be for the volume fraction of a phase.

    The variance between blocks that don't overlap is phi (1 - phi) A / V once blocks are larger
    than the features; A is the integral range, and a sample of V = 4 phi (1 - phi) A / (error
    phi)² has the fraction within that relative error, 19 times of 20.

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x) or (y, x)
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    mask : ndarray of bool, optional
        Only blocks that lie wholly inside it count.
    relative_error : float
        95 % half-width of the fraction over the fraction.

    Returns
    -------
    RepresentativeVolume

    Raises
    ------
    ValueError
        Too few blocks for a variance.

    Notes
    -----
    `exponent` far from -1 says that the image is too small or not homogeneous: then the volume is
    a lower limit. It is for the fraction; transport needs more.

    References
    ----------
    Kanit et al. 2003, doi:10.1016/S0020-7683(03)00143-4.

    Examples
    --------
    >>> import numpy as np
    >>> voxels = np.random.default_rng(0).random((64, 64, 64)) < 0.5
    >>> found = representative_volume(voxels, spacing_um=(1, 1, 1))
    >>> 0.5 < found.integral_range_um3 < 2  # independent voxels: one voxel
    True
    """
    import pandas as pd

    phase = checked_phase(phase)
    spacing = checked_spacing(spacing_um, phase.ndim)
    inside = None if mask is None else checked_mask(mask, phase.shape)
    if not relative_error > 0:
        raise ValueError(f"relative_error needs a value above 0, got {relative_error}")
    fraction = float(phase.mean() if inside is None else phase[inside].mean())
    corners = _sums_from_corner(phase)
    within = None if inside is None else _sums_from_corner(inside)
    sizes, numbers, deviations = [], [], []
    for parts in range(2, max(3, min(phase.shape) // 4 + 1)):
        means = _block_means(corners, parts, within)
        volume = float(np.prod([n // parts * s for n, s in zip(phase.shape, spacing, strict=True)]))
        if len(means) >= _FEWEST or (phase.ndim == 2 and len(means) >= 4):
            sizes.append(volume)
            numbers.append(len(means))
            deviations.append(float(np.std(means, ddof=1)))
    if not sizes or not 0 < fraction < 1:
        raise ValueError(
            f"phase needs {_FEWEST} blocks of 4 voxels an axis with some of it and some not, got "
            f"shape {phase.shape} and fraction {fraction:g}: use a larger image"
        )
    return _representative(
        pd.DataFrame(
            {
                "block_um3" if phase.ndim == 3 else "block_um2": sizes,
                "blocks": numbers,
                "standard_deviation": deviations,
            }
        ),
        fraction,
        relative_error,
        (phase.size if inside is None else int(inside.sum())) * float(np.prod(spacing)),
    )


def _block_means(
    phase: NDArray[Any], parts: int, inside: NDArray[Any] | None
) -> NDArray[np.float64]:
    """Means over blocks that lie wholly inside; both are `_sums_from_corner`."""
    voxels = int(np.prod([(n - 1) // parts for n in phase.shape]))
    means = _block_sums(phase, parts) / voxels
    if inside is None:
        return means.ravel()
    return np.asarray(means[_block_sums(inside, parts) == voxels])


def _sums_from_corner(mask: NDArray[np.bool_]) -> NDArray[Any]:
    """Count the voxels between the first corner and each corner: any box is eight of these."""
    count = np.int32 if mask.size < 2**31 else np.int64
    sums = np.zeros([n + 1 for n in mask.shape], count)
    inner = sums[(slice(1, None),) * mask.ndim]
    inner[...] = mask
    for axis in range(mask.ndim):
        np.cumsum(inner, axis=axis, out=inner)
    return sums


def _block_sums(sums: NDArray[Any], parts: int) -> NDArray[Any]:
    """Count the voxels of each block from the counts at its corners."""
    edges = [np.arange(parts + 1) * ((n - 1) // parts) for n in sums.shape]
    found = sums[np.ix_(*edges)]
    for axis in range(sums.ndim):
        found = np.diff(found, axis=axis)
    return np.asarray(found)


def _representative(
    table: pd.DataFrame, fraction: float, relative_error: float, whole: float
) -> RepresentativeVolume:
    volume = table.iloc[:, 0].to_numpy(float)
    variance = table["standard_deviation"].to_numpy(float) ** 2
    weight = table["blocks"].to_numpy(float) - 1
    spread = fraction * (1 - fraction)
    # the largest blocks, down to an eighth of them: below, blocks are no larger than features
    large = volume >= volume.max() / 8
    integral = float(np.average(variance * volume / spread, weights=np.where(large, weight, 0)))
    known = large & (variance > 0)
    slope = float("nan")
    if np.count_nonzero(known) > 1:
        fit = np.polyfit(
            np.log(volume[known]), np.log(variance[known]), 1, w=np.sqrt(weight[known])
        )
        slope = float(fit[0])
    return RepresentativeVolume(
        table=table.assign(fitted=np.sqrt(spread * integral / volume)),
        fraction=fraction,
        integral_range_um3=integral,
        exponent=slope,
        relative_error=relative_error,
        volume_um3=4 * spread * integral / (relative_error * fraction) ** 2,
        image_error=2 * float(np.sqrt(spread * integral / whole)),
    )
