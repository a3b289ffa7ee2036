"""Where blocks of one image lie in another of the same contrast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_FLAT = 1e-12  # of the variance of a block that shows nothing


@dataclass(frozen=True)
class BlockMatches:
    """Where each block was found.

    Attributes
    ----------
    places_px : ndarray (n, 2)
        Centre of each block in the searched image, y, x, with fractions of a pixel; NaN where
        the block shows nothing or its best place is at the rim of the search.
    score : ndarray (n,)
        Normalised cross-correlation there, -1 to 1; NaN with the place.
    """

    places_px: np.ndarray
    score: np.ndarray


def match_blocks(
    template: np.ndarray,
    image: np.ndarray,
    *,
    centres_px: np.ndarray,
    half_size_px: int = 24,
    search_px: int = 16,
) -> BlockMatches:
    """Find blocks of `template` in `image` by normalised cross-correlation (Lewis 1995).

    The best whole-pixel shift is refined by the paraboloid through its nine neighbours. Good to
    0.1 pixels for blocks of textured images that differ by a shift; stretches of a few percent
    average out over the block. Not for two contrasts: use landmarks, or mutual information.

    Parameters
    ----------
    template, image : ndarray (y, x)
        Same pixel size and contrast; a linear change of grey values does no harm.
    centres_px : ndarray (n, 2)
        Centres of the blocks in `template`, y, x [px]; fractions are kept.
    half_size_px : int
        A block has ``2 * half_size_px + 1`` pixels a side.
    search_px : int
        How far from the same place in `image` is searched.

    Returns
    -------
    BlockMatches

    Raises
    ------
    ValueError
        If the images are not two-dimensional or `centres_px` is not ``(n, 2)``.

    Examples
    --------
    >>> import numpy as np
    >>> template = np.random.default_rng(0).normal(size=(64, 64))
    >>> image = np.roll(template, (3, -2), axis=(0, 1))
    >>> found = match_blocks(template, image, centres_px=[[32, 32]], half_size_px=12, search_px=6)
    >>> np.round(found.places_px).tolist()
    [[35.0, 30.0]]
    """
    centres = np.asarray(centres_px, float)
    if np.ndim(template) != 2 or np.ndim(image) != 2 or centres.ndim != 2 or centres.shape[1] != 2:
        raise ValueError(
            "match_blocks needs two images (y, x) and centres (n, 2), got "
            f"{np.shape(template)}, {np.shape(image)} and {centres.shape}"
        )
    found = [
        _match(np.asarray(template, float), np.asarray(image, float), c, half_size_px, search_px)
        for c in centres
    ]
    rows = np.array(found).reshape(-1, 3)
    return BlockMatches(rows[:, :2], rows[:, 2])


def _match(
    template: np.ndarray, image: np.ndarray, centre: np.ndarray, half: int, search: int
) -> tuple[float, float, float]:
    from skimage.feature import match_template

    whole = np.round(centre).astype(int)
    block = _cut(template, whole, half)
    region = _cut(image, whole, half + search)
    nothing = (np.nan, np.nan, np.nan)
    if block is None or region is None or block.var() < _FLAT:
        return nothing
    score = match_template(region, block)
    best = np.array(np.unravel_index(np.argmax(score), score.shape))
    if (best == 0).any() or (best == np.array(score.shape) - 1).any():
        return nothing
    place = centre + best - search + _summit(score[tuple(slice(b - 1, b + 2) for b in best)])
    return float(place[0]), float(place[1]), float(score[tuple(best)])


def _cut(image: np.ndarray, centre: np.ndarray, half: int) -> np.ndarray | None:
    low, high = centre - half, centre + half + 1
    if (low < 0).any() or (high > image.shape).any():
        return None
    return image[low[0] : high[0], low[1] : high[1]]


def _summit(nine: np.ndarray) -> np.ndarray:
    """Summit of the paraboloid through 3 x 3 values, from their middle."""
    gradient = np.array([nine[2].sum() - nine[0].sum(), nine[:, 2].sum() - nine[:, 0].sum()]) / 6
    along_y = nine[2].sum() + nine[0].sum() - 2 * nine[1].sum()
    along_x = nine[:, 2].sum() + nine[:, 0].sum() - 2 * nine[:, 1].sum()
    across = (nine[2, 2] + nine[0, 0] - nine[0, 2] - nine[2, 0]) / 4
    curvature = np.array([[along_y / 3, across], [across, along_x / 3]])
    if np.linalg.det(curvature) <= 0:  # a ridge: the whole pixel is all that is known
        return np.zeros(2)
    return np.clip(-np.linalg.solve(curvature, gradient), -1, 1)
