"""A map of heights, as an AFM takes it, as the volume that a microscope would show of it."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from .grey_image import GreyImage

_ROUND_ABOUT = 4.0  # blurs above and below the surface that are drawn
_MOST_PLANES = 4096


def height_map_volume(
    height_um: ArrayLike,
    spacing_um: ArrayLike,
    *,
    like: GreyImage,
    shows: Literal["surface", "inside"] = "surface",
    up: Literal[-1, 1] = -1,
    blur_um: float | None = None,
) -> GreyImage:
    """Draw heights as a volume, to `register` them with a stack that shows the same surface.

    The height of a place is a third coordinate, not a grey value: drawn as a volume, heights and
    stack determine all six degrees of freedom of the pose, its tilt and its depth too.

    Parameters
    ----------
    height_um : array_like, (y, x)
        Heights [um], larger away from the specimen. NaN where there is none.
    spacing_um : array_like, (2,)
        Pixel size y, x [um].
    like : GreyImage
        The stack: voxels are drawn about as large as its own.
    shows : {"surface", "inside"}
        What is bright in the stack: the surface alone, as in reflection, or all that lies below
        it, as in fluorescence, Raman intensity or X-rays. Which of two phases is the brighter one
        does not matter to mutual information.
    up : {-1, 1}
        Where the stack's z points to: -1 into the specimen, 1 out of it. A height h at (y, x) is
        then the point (up * h, y, x) of the map's own frame, and so are places of force curves.
    blur_um : float, optional
        Standard deviation of the stack's blur along z [um]; by default its distance of planes.

    Returns
    -------
    GreyImage
        0 to 1, in the frame of the map: heights as they are, the first pixel's centre at 0, 0.
        Columns without a height are left out by its mask.

    Raises
    ------
    ValueError
        Not one height; a pixel size, blur or direction that cannot be meant; a stack that is flat.

    Notes
    -----
    Not for surfaces that overhang, and not where the piezo's own bow or drift bends the map by
    more than the stack resolves: register with ``model="affine"`` then, and look at the residuals.

    Examples
    --------
    >>> import numpy as np
    >>> y, x = np.mgrid[:40, :40] * 0.1
    >>> stack = GreyImage(np.zeros((5, 5, 5)), [0.4, 0.2, 0.2])
    >>> drawn = height_map_volume(0.3 * np.sin(x), [0.1, 0.1], like=stack)
    >>> drawn.values.shape[1:], drawn.spacing_um.tolist()
    ((20, 20), [0.4, 0.2, 0.2])
    """
    heights, pixel = _checked(height_um, spacing_um)
    if like.ndim != 3:
        raise ValueError("like needs a stack in space, got a flat image: give the whole stack")
    if up not in (-1, 1):
        raise ValueError(f"up needs -1 (z goes into the specimen) or 1 (out of it), got {up!r}")
    if shows not in ("surface", "inside"):
        raise ValueError(f"shows needs 'surface' or 'inside', got {shows!r}")
    plane_um = float(like.spacing_um[0])
    blur = plane_um if blur_um is None else float(blur_um)
    if not (np.isfinite(blur) and blur > 0):
        raise ValueError(f"blur_um needs a value above 0, got {blur_um!r}")
    grid = GreyImage(np.where(np.isfinite(heights), heights, 0.0), pixel, mask=np.isfinite(heights))
    coarse = grid.coarser(float(like.spacing_um[1:].min()))
    z = up * coarse.values[0].astype(float)
    known = np.ones(z.shape, bool) if coarse.mask is None else coarse.mask[0]
    if not known.any():
        raise ValueError(
            f"height_um needs pixels that are not NaN, got {int(np.isfinite(heights).sum())} of "
            f"{heights.size}, too far apart to fill one voxel of the stack"
        )
    low, high = z[known].min() - _ROUND_ABOUT * blur, z[known].max() + _ROUND_ABOUT * blur
    planes = int(np.ceil((high - low) / plane_um)) + 1
    if planes > _MOST_PLANES:
        raise ValueError(
            f"height_um spans {high - low:.4g} um, {planes} planes of the stack: are the heights "
            "in um, and are outliers NaN?"
        )
    above = up * (low + plane_um * np.arange(planes)[:, None, None] - z)
    # as steep in the middle as a step that is blurred by a Gaussian
    inside = expit(-above * 4 / (np.sqrt(2 * np.pi) * blur))
    drawn = np.exp(-0.5 * (above / blur) ** 2) if shows == "surface" else inside
    return GreyImage(
        np.where(known, drawn, 0.0),
        [plane_um, *coarse.spacing_um[1:]],
        [low, *coarse.origin_um[1:]],
        mask=np.broadcast_to(known, drawn.shape),
    )


def _checked(height_um: ArrayLike, spacing_um: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    heights, pixel = np.asarray(height_um, float), np.asarray(spacing_um, float)
    if heights.ndim != 2 or min(heights.shape) < 2:
        raise ValueError(f"height_um needs at least 2 x 2 pixels (y, x), got shape {heights.shape}")
    if pixel.shape != (2,) or not (np.isfinite(pixel).all() and (pixel > 0).all()):
        raise ValueError(f"spacing_um needs two values above 0 (y, x), got {pixel.tolist()}")
    if not np.isfinite(heights).any():
        raise ValueError("height_um needs heights, got NaN alone")
    return heights, pixel
