"""Denoising by median, non-local means or total variation, with what it does to the image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ..segmentation.median import median_of_neighbours
from ..segmentation.noise_correlation import noise_correlation
from ..spacing import checked_image_ndim
from .clear_edges import edge_width
from .quality import image_quality, noise_sigma

if TYPE_CHECKING:
    import pandas as pd

Method = Literal["median", "non-local means", "total variation"]
METHODS: tuple[Method, ...] = ("median", "non-local means", "total variation")
_NOISE_SHARE = 0.8  # h of non-local means, in noise: what its authors of the fast form advise
_ROUNDS, _CLOSE = 6, 0.02  # of the search for the weight of total variation
_WIDER = 1.1
_ALIKE = 0.1


@dataclass(frozen=True)
class Denoised:
    """A denoised image, and what was measured before and after.

    Attributes
    ----------
    image : ndarray of float32
        [grey value]
    method : str
    settings : dict of str to float
        What the method was run with, in grey values and pixels.
    noise : float
        Standard deviation that was taken for the noise [grey value].
    before, after : dict of str to float
        `noise` and `edge_width_px` with its error; NaN where no edge is clear.
    removed_share : float
        Standard deviation of what was taken away, over the noise. Well above 1: structure went too.
    warnings : tuple of str
        What it did to resolution, in numbers.
    """

    image: NDArray[np.float32]
    method: str
    settings: dict[str, float]
    noise: float
    before: dict[str, float]
    after: dict[str, float]
    removed_share: float
    warnings: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Return one row a figure: before, after, and their ratio."""
        import pandas as pd

        rows = [(name, self.before[name], self.after[name]) for name in self.before]
        table = pd.DataFrame(rows, columns=["quantity", "before", "after"])
        return table.assign(ratio=table["after"] / table["before"])


def denoise(
    image: NDArray,
    *,
    method: Method,
    noise: float | None = None,
    low: float | None = None,
    high: float | None = None,
) -> Denoised:
    """Take noise off an image and measure what that does to its edges.

    ``"median"`` takes the median of the 3 x 3 x 3 neighbours; ``"non-local means"`` averages places
    whose surroundings look alike; ``"total variation"`` flattens until as much was taken away as
    there is noise.

    Parameters
    ----------
    image : ndarray, (z, y, x) or (y, x)
        Finite grey values. Voxels are treated as cubes.
    method : {"median", "non-local means", "total variation"}
    noise : float, optional
        Its standard deviation [grey value]; `noise_sigma` unless given, which is too low for
        correlated noise.
    low, high : float, optional
        Grey values of two phases, for the width of their edges; found unless given.

    Returns
    -------
    Denoised

    Raises
    ------
    ValueError
        An unknown method, values that are no numbers, or no noise to remove.

    Notes
    -----
    All three keep strong edges better than faint detail, so that the width of edges tells the
    smaller part of what is lost: `denoising_cost` tells the other from two halves. Measure
    resolution and thin structures before.

    References
    ----------
    Buades, Coll & Morel 2005, doi:10.1109/CVPR.2005.38; Chambolle 2004,
    doi:10.1023/B:JMIV.0000011325.36760.1e; both by `skimage.restoration`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> image = rng.normal(0, 5, (64, 64)); image[:, 32:] += 100
    >>> found = denoise(image, method="total variation")
    >>> found.after["noise"] < 0.3 * found.before["noise"], 0.9 < found.removed_share < 1.1
    (True, True)
    """
    grey = _checked(image)
    if method not in METHODS:
        raise ValueError(f"method needs one of {METHODS}, got {method!r}")
    sigma = noise_sigma(grey) if noise is None else float(noise)
    if not (np.isfinite(sigma) and sigma > 0):
        raise ValueError(
            f"noise needs a standard deviation above 0, got {sigma}: nothing to remove"
        )
    result, settings = _RUNS[method](grey, sigma)
    greys = (low, high) if low is not None and high is not None else _phases(grey)
    before, after = (_measured(each, greys) for each in (grey, result))
    removed = float(np.std(grey - result)) / sigma
    alike = float(noise_correlation(grey).max())
    return Denoised(
        image=result,
        method=method,
        settings=settings,
        noise=sigma,
        before=before,
        after=after,
        removed_share=removed,
        warnings=_warnings(before, after, removed, alike),
    )


def _checked(image: NDArray) -> NDArray[np.float32]:
    found = np.asarray(image)
    checked_image_ndim(found.shape)
    grey = np.ascontiguousarray(found, np.float32)
    if not np.isfinite(grey).all():
        raise ValueError("image needs numbers, got NaN or inf: fill them first")
    return grey


def _median(grey: NDArray[np.float32], noise: float) -> tuple[NDArray, dict[str, float]]:
    return median_of_neighbours(grey), {"width_px": 3.0}


def _non_local_means(grey: NDArray[np.float32], noise: float) -> tuple[NDArray, dict[str, float]]:
    from skimage.restoration import denoise_nl_means

    patch, reach = (5, 6) if grey.ndim == 2 else (3, 4)
    h = _NOISE_SHARE * noise
    found = denoise_nl_means(
        grey, patch_size=patch, patch_distance=reach, h=h, sigma=noise, fast_mode=True,
        preserve_range=True,
    )  # fmt: skip
    settings = {"patch_px": float(patch), "reach_px": float(reach), "h": h}
    return np.asarray(found, np.float32), settings


def _total_variation(grey: NDArray[np.float32], noise: float) -> tuple[NDArray, dict[str, float]]:
    """Seek the weight that takes away as much as there is noise (Chambolle 2004, section 4)."""
    from skimage.restoration import denoise_tv_chambolle

    weight, found = noise, grey
    for _ in range(_ROUNDS):
        found = denoise_tv_chambolle(grey, weight=weight, eps=1e-4)
        removed = float(np.std(grey - found))
        if removed <= 0 or abs(removed / noise - 1) < _CLOSE:
            break
        weight *= noise / removed
    return np.asarray(found, np.float32), {"weight": weight}


_RUNS: dict[Method, Callable[[NDArray[np.float32], float], tuple[NDArray, dict[str, float]]]] = {
    "median": _median,
    "non-local means": _non_local_means,
    "total variation": _total_variation,
}


def _phases(grey: NDArray[np.float32]) -> tuple[float, float] | None:
    from ..segmentation.thresholds import suggest_thresholds

    quality = image_quality(grey)
    if np.isnan(quality.contrast):
        return None
    low, high = suggest_thresholds(grey).class_means
    return float(low), float(high)


def _measured(grey: NDArray, greys: Sequence[float] | None) -> dict[str, float]:
    nan = float("nan")
    width, error = nan, nan
    if greys is not None:
        edge = edge_width(grey, low=greys[0], high=greys[1])
        if edge.width_px > 0:  # 0: steeper than any blurred edge, sharpened
            width, error = edge.width_px, edge.error_px
    return {"noise": noise_sigma(grey), "edge_width_px": width, "edge_width_error_px": error}


def _warnings(
    before: dict[str, float], after: dict[str, float], removed: float, alike: float
) -> tuple[str, ...]:
    notes = []
    ratio = after["edge_width_px"] / before["edge_width_px"]
    if np.isnan(ratio):
        notes.append("what it did to edges is not known: none is clear before and after")
    else:
        change = "wider" if ratio > _WIDER else "narrower" if ratio < 1 / _WIDER else "unchanged"
        notes.append(
            f"edges: {before['edge_width_px']:.2f} px before, {after['edge_width_px']:.2f} px "
            f"after ({change}); faint detail loses more than strong edges (see denoising_cost)"
        )
    if removed > 1.2:
        notes.append(
            f"{removed:.2g} times the noise was taken away: structure went with it, or the noise "
            "is stronger than told"
        )
    if alike > _ALIKE:
        notes.append(
            f"what looks like noise correlates by {alike:.2f} between neighbouring voxels: its "
            "lumps are kept as structure, and it is told too low, or the specimen is as fine"
        )
    return tuple(notes)
