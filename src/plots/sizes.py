"""Size distributions, with the counts that stand behind them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..quantities import format_length
from .marks import boxes, hv, lines, words
from .panels import panel
from .size_bins import size_edges, size_ticks
from .theme import OKABE_ITO, STATUS, WIDTH_PX, Ground, ground_of


def size_distribution(
    diameters_um: np.ndarray,
    *,
    ndim: int = 3,
    volumes_um3: np.ndarray | None = None,
    bins: int = 12,
    what: str = "equivalent diameter",
    lit_um: tuple[float, float] | None = None,
    ground: str | Ground = "light",
) -> hv.Overlay:
    """Draw shares by number and by volume, of a picture by area, over logarithmic bins of size.

    The whiskers are 95 % intervals for a random sample of objects: a few large ones decide a
    distribution by volume, and its whiskers show it. The counts of each bin stand above it.

    Parameters
    ----------
    diameters_um : ndarray (n,)
        Sizes of the objects, positive [µm].
    ndim : {3, 2}
        Axes of the image: what is seen in a picture has an area, and no volume.
    volumes_um3 : ndarray (n,), optional
        Their volumes [µm³]; spheres of these diameters if left out.
    bins : int
        Number of bins, equally wide in the logarithm.
    what : str
        The size that was measured, for the axis.
    lit_um : tuple of 2 float, optional
        A range of sizes that is shaded [µm].
    ground : {"light", "dark"}
        What the plot stands on.

    Raises
    ------
    ValueError
        If there is no object, a size is not positive, or volumes are given for a picture.
    """
    sizes = np.asarray(diameters_um, float).ravel()
    if not sizes.size or not (np.isfinite(sizes).all() and (sizes > 0).all()):
        raise ValueError(
            "size_distribution needs positive, finite sizes, got "
            + (f"a smallest of {sizes.min()}" if sizes.size else "none")
        )
    if ndim not in (2, 3) or (ndim == 2 and volumes_um3 is not None):
        raise ValueError(f"size_distribution needs ndim 3, or 2 and no volumes_um3, got {ndim}")
    given = volumes_um3 is not None  # else balls, or discs: a constant factor changes no share
    volumes = np.asarray(volumes_um3, float) if given else sizes**ndim
    if volumes.shape != sizes.shape:
        raise ValueError(f"volumes_um3 needs {sizes.size} values, got {volumes.size}")
    g, edges = ground_of(ground), size_edges(sizes, bins)
    index = np.clip(np.searchsorted(edges, sizes, side="right") - 1, 0, bins - 1)
    number, volume = _shares(index, np.ones_like(sizes), bins), _shares(index, volumes, bins)
    top = max(number[:, 2].max(), volume[:, 2].max())
    marks: list[Any] = [
        *_shaded(lit_um, edges, top * 1.36),
        *_columns(number, edges, (0.08, 0.5), OKABE_ITO["grey"], g),
        *_columns(volume, edges, (0.5, 0.92), STATUS["information"], g),
        # the median by number is the smaller one: its line ends below the other's words
        *_median(sizes, np.ones_like(sizes), "by number", top * 1.18, g),
        *_median(sizes, volumes, "by volume" if ndim == 3 else "by area", top * 1.28, g),
        _counts(np.bincount(index, minlength=bins), edges, top, g),
    ]
    return panel(
        marks,
        xlabel=f"{what} [nm, µm, mm]",
        ylabel="share per bin [%]",
        xlim=(edges[0] / 1.02, edges[-1] * 1.02),
        ylim=(0, top * 1.36),
        xticks=size_ticks(edges),
        logx=True,
        grid="y",
        ground=g,
        size_px=(WIDTH_PX, 360),
    )


def _shares(index: np.ndarray, weights: np.ndarray, bins: int) -> np.ndarray:
    """Share of each bin with its 95 % interval [%]: columns share, low, high.

    The variance of a ratio of sums over a random sample of objects (delta method); for weights
    of one it is the binomial p(1 - p)/n.
    """
    total = weights.sum()
    share = np.bincount(index, weights, bins) / total
    squares = np.bincount(index, weights**2, bins)
    variance = (1 - share) ** 2 * squares + share**2 * (squares.sum() - squares)
    reach = 1.96 * np.sqrt(variance) / total
    rows = np.column_stack([share, np.maximum(share - reach, 0), np.minimum(share + reach, 1)])
    return rows * 100


def _columns(
    shares: np.ndarray, edges: np.ndarray, part: tuple[float, float], color: str, g: Ground
) -> list[Any]:
    step = edges[1] / edges[0]
    left, right = edges[:-1] * step ** part[0], edges[:-1] * step ** part[1]
    middle = np.sqrt(left * right)
    seen = shares[:, 0] > 0
    bars = [
        (a, 0.0, b, s) for a, b, s in zip(left[seen], right[seen], shares[seen, 0], strict=True)
    ]
    whiskers = [
        np.array([[m, low], [m, high]])
        for m, (_, low, high) in zip(middle[seen], shares[seen], strict=True)
    ]
    return [boxes(bars, color=color), lines(whiskers, color=g.ink, width=1.0)]


def _shaded(lit_um: tuple[float, float] | None, edges: np.ndarray, top: float) -> list[Any]:
    if lit_um is None:
        return []
    low, high = np.clip(lit_um, edges[0] / 1.02, edges[-1] * 1.02)
    return [boxes([(low, 0.0, high, top)], color=OKABE_ITO["vermilion"], alpha=0.18)]


def _counts(counts: np.ndarray, edges: np.ndarray, top: float, g: Ground) -> hv.Labels:
    middle = np.sqrt(edges[:-1] * edges[1:])
    said = [f"n = {counts[0]}", *(str(n) for n in counts[1:])]
    return words(middle, [top * 1.07] * len(said), said, color=g.quiet, align="center")


def _median(sizes: np.ndarray, weights: np.ndarray, how: str, y: float, g: Ground) -> list[Any]:
    order = np.argsort(sizes, kind="stable")
    running = np.cumsum(weights[order])
    middle = float(sizes[order][np.searchsorted(running, running[-1] / 2)])
    color = OKABE_ITO["grey"] if "number" in how else STATUS["information"]
    line = lines([np.array([[middle, 0], [middle, y]])], color=color, dash="dashed", width=1.2)
    left = middle > np.sqrt(sizes.min() * sizes.max())
    said = f" median {how} {format_length(middle)} "
    return [line, words([middle], [y], [said], color=g.ink, align="right" if left else "left")]
