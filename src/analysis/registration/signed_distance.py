"""How far every voxel lies from the surface of a segmented object."""

from __future__ import annotations

import numpy as np

from .grey_image import GreyImage


def signed_distance(
    image: GreyImage,
    *,
    threshold: float,
    clip_um: float,
    voxel_um: float | None = None,
    crop: bool = False,
) -> GreyImage:
    """Turn a segmented object into an image that can be registered: the distance to its surface.

    A mask is flat but for its surface, so that maps that miss it tell nothing. Its signed distance
    changes everywhere near the surface, and two segmentations of which one is thinner are still
    related voxel by voxel.

    Parameters
    ----------
    image : GreyImage
        In which the object is bright.
    threshold : float
        A voxel at the threshold belongs to the object.
    clip_um : float
        Distances beyond are no longer told apart [um].
    voxel_um : float, optional
        The image is made about as coarse first, which keeps the distance transform quick [um].
    crop : bool
        Whether to cut away what is further than ``clip_um`` from the object, along the axes.

    Returns
    -------
    GreyImage
        Positive inside, negative outside [um].

    Raises
    ------
    ValueError
        If nothing or everything belongs to the object.

    Notes
    -----
    Good to about half a voxel. Not for objects that were segmented by different rules on one side
    only: the map then follows the difference.

    Examples
    --------
    >>> bar = GreyImage([[0, 0, 9, 9, 9, 9, 0, 0]] * 3, [1, 1])
    >>> signed_distance(bar, threshold=5, clip_um=10).values[0, 1].tolist()
    [-1.5, -0.5, 0.5, 1.5, 1.5, 0.5, -0.5, -1.5]
    """
    from scipy.ndimage import distance_transform_edt

    if not clip_um > 0:
        raise ValueError(f"clip_um needs a length above 0, got {clip_um}")
    coarse = image if voxel_um is None else image.coarser(voxel_um)
    inside = coarse.values >= threshold
    if inside.all() or not inside.any():
        raise ValueError(
            f"threshold needs to split the image, got {threshold:g} with grey values from "
            f"{coarse.values.min():g} to {coarse.values.max():g}"
        )
    spacing = coarse.spacing_um
    into, out = (distance_transform_edt(part, sampling=spacing) for part in (inside, ~inside))
    half = coarse.voxel_um / 2  # the surface lies between voxels
    distance = np.where(inside, into - half, half - out).clip(-clip_um, clip_um)
    box = _around(inside, clip_um / spacing) if crop else (slice(None),) * 3
    origin = coarse.origin_um + spacing * [part.start or 0 for part in box]
    mask = None if coarse.mask is None else coarse.mask[box]
    if coarse.ndim == 3:
        return GreyImage(distance[box], spacing, origin, mask)
    return GreyImage(distance[box][0], spacing[1:], origin[1:], None if mask is None else mask[0])


def _around(inside: np.ndarray, margin: np.ndarray) -> tuple[slice, ...]:
    """The box that holds the object, and so many voxels more."""
    found = []
    for axis, more in enumerate(np.ceil(margin).astype(int)):
        line = np.flatnonzero(inside.any(axis=tuple({0, 1, 2} - {axis})))
        found.append(slice(max(0, int(line[0]) - more), int(line[-1]) + more + 1))
    return tuple(found)
