"""From sampled values to colours, and from layers to one picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .colors import label_color, rgb, table

# Near black, in light and dark: what no image covers.
GROUND = (14, 14, 16)
BLENDINGS = ("over", "add", "max")
COMPARE_MODES = ("blend", "checkerboard", "split", "flicker", "difference")

Picture = NDArray[np.float32]


def ground(width_px: int, height_px: int) -> Picture:
    """An empty canvas, shape (height, width, 3), 0 to 255."""
    return np.broadcast_to(np.array(GROUND, np.float32), (height_px, width_px, 3)).copy()


def grey_colors(values: NDArray[Any], limits: tuple[float, float], color_map: str) -> Picture:
    """Colour grey values.

    Parameters
    ----------
    values : ndarray, shape (height, width)
        Grey values.
    limits : tuple of 2 float
        Grey values of the first and the last colour.
    color_map : str
        One of `colors.COLOR_MAPS`.

    Returns
    -------
    ndarray of float32, shape (height, width, 3)
    """
    low, high = limits
    scaled = (np.nan_to_num(values, nan=low) - low) / (high - low)
    return table(color_map)[np.rint(np.clip(scaled, 0, 1) * 255).astype(np.uint8)].astype(
        np.float32
    )


def label_colors(labels: NDArray[Any], colors: Mapping[int, str] | None = None) -> Picture:
    """Colour labels by phase; labels without a colour of their own take Okabe-Ito in turn."""
    named = dict(colors or {})
    present, where = np.unique(labels, return_inverse=True)
    palette = [rgb(named.get(int(label), label_color(int(label)))) for label in present]
    return np.array(palette, np.float32)[where.reshape(labels.shape)]


def rims(labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Pixels beside one of another label: drawn in full colour, they say what the fill only tints.

    Examples
    --------
    >>> rims(np.array([[0, 0, 1, 1]])).tolist()
    [[False, True, True, False]]
    """
    found = np.zeros(labels.shape, bool)
    for axis in range(labels.ndim):
        ahead, behind = (np.moveaxis(a, axis, 0) for a in (labels, found))
        differs = ahead[1:] != ahead[:-1]
        behind[1:] |= differs
        behind[:-1] |= differs
    return found


def blend(
    below: Picture,
    above: Picture,
    opacity: NDArray[np.float32],
    blending: str,
) -> Picture:
    """Put one layer on what lies below it.

    Parameters
    ----------
    below, above : ndarray of float32, shape (height, width, 3)
        Colours, 0 to 255.
    opacity : ndarray of float32, shape (height, width)
        0 where the layer is absent.
    blending : {"over", "add", "max"}
        Covering, adding light, or the brighter of the two.
    """
    alpha = opacity[..., None]
    if blending == "over":
        return below + (above - below) * alpha
    if blending == "add":
        return np.minimum(below + above * alpha, 255)
    if blending == "max":
        return np.maximum(below, above * alpha)
    raise ValueError(f"blending needs one of {', '.join(BLENDINGS)}, got {blending!r}")


def uppermost_mask(shape: tuple[int, int], mode: str, *, split: float = 0.5) -> NDArray[np.bool_]:
    """Which pixels the uppermost layer may use when it is compared with those below.

    Parameters
    ----------
    shape : tuple of 2 int
        Height and width [px].
    mode : {"checkerboard", "split"}
        Every other field of an eighth of the width, or what lies right of a share of it.
    split : float
        That share, 0 to 1.

    Examples
    --------
    >>> uppermost_mask((1, 4), "split", split=0.5).tolist()
    [[False, False, True, True]]
    """
    rows, columns = np.indices(shape, sparse=True)
    if mode == "split":
        return np.broadcast_to((columns + 0.5) / shape[1] >= split, shape)
    field = max(1, shape[1] // 8)
    return (rows // field + columns // field) % 2 == 1


def difference(below: Picture, above: Picture, opacity: NDArray[np.float32]) -> Picture:
    """How far two pictures are apart, colour by colour; what the upper one lacks stays as it is."""
    return np.abs(below - above * opacity[..., None])


def to_bytes(picture: Picture) -> NDArray[np.uint8]:
    """Round colours to uint8."""
    return np.rint(np.clip(picture, 0, 255)).astype(np.uint8)
