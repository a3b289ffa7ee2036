"""What a volume would show on a plane: a virtual slice."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..grey_image import GreyImage
from ..transform import AffineTransform


def virtual_slices(
    volume: GreyImage, transform: AffineTransform, *, like: GreyImage, ahead_um: ArrayLike = (0.0,)
) -> np.ndarray:
    """Look a volume up on a picture's plane, and on planes ahead of it.

    Parameters
    ----------
    volume : GreyImage
    transform : AffineTransform
        From the picture to the volume.
    like : GreyImage
        The picture, whose pixels are looked up.
    ahead_um : array_like, shape (n,)
        Distances along the normal, away from the one who looks at the picture [um].

    Returns
    -------
    ndarray of float32, shape (n, y, x)
        Linear between voxels; NaN beside the volume and on masked voxels.

    Examples
    --------
    >>> grey = np.arange(4.0)[:, None, None] + np.zeros((4, 3, 3))
    >>> flat = AffineTransform("rigid", np.eye(3), [0, 0, 0], [1.0, 0, 0], 2, 3)
    >>> picture = GreyImage(np.zeros((3, 3)), [1, 1])
    >>> slices = virtual_slices(GreyImage(grey, [1, 1, 1]), flat, like=picture, ahead_um=[0, 0.5])
    >>> slices[:, 1, 1].tolist()
    [1.0, 1.5]
    """
    from .. import mutual_loops

    _, height, width = like.values.shape
    rows, columns = np.indices((height, width)).reshape(2, -1)
    pixels = np.stack([np.zeros(rows.size), rows, columns], axis=1)
    points = transform.apply(pixels * like.spacing_um + like.origin_um)
    normal = np.cross(transform.matrix[:, 1], transform.matrix[:, 2])
    normal /= np.linalg.norm(normal)
    mask = np.zeros((0, 0, 0), bool) if volume.mask is None else volume.mask
    matrix = np.diag(1 / volume.spacing_um)
    out = np.empty((len(np.atleast_1d(ahead_um)), rows.size), np.float32)
    slopes = np.empty((rows.size, 3), np.float32)
    for k, ahead in enumerate(np.atleast_1d(np.asarray(ahead_um, float))):
        start = (ahead * normal - volume.origin_um) / volume.spacing_um
        mutual_loops.look_up(points, matrix, start, volume.values, mask, out[k], slopes)
    return out.reshape(-1, height, width)
