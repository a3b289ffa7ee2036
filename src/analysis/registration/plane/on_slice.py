"""Where a map lies that was taken on one face of a stack, while that face was standing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..descent import Climb
from ..grey_image import GreyImage
from ..register import register
from ..transform import AffineTransform
from .ladder import Rung
from .precision import covariance_of

_REACH = 0.15  # of the picture, by default
_REACH_DEG = 3.0
_PIXELS = 150_000
_SIDE = 12  # parts along each side of the picture
_TOLERANCE = 1e-10


def place_on_slice(
    picture: GreyImage,
    stack: GreyImage,
    slice_number: int,
    *,
    reach_um: float | None = None,
    reach_deg: float = _REACH_DEG,
    seed: int = 0,
) -> AffineTransform:
    """Find where a map of one face lies in the stack, on the slice that shows this face.

    An instrument that maps elements in between its slices notes after which one. The map then lies
    exactly on that slice, whatever the slice's own place in the specimen, and only its shift and
    turn within it are looked for, by mutual information.

    Parameters
    ----------
    picture : GreyImage
        Flat, with its pixel size, rows corrected for the tilt as those of the stack are [um].
    stack : GreyImage
        With its voxel size [um].
    slice_number : int
        Of the slice that shows the face.
    reach_um, reach_deg : float
        How far from the middle of the slice is looked; by default 15 % of the picture [um], and
        3 degrees.
    seed : int
        The same seed gives the same bits.

    Returns
    -------
    AffineTransform
        Rigid, from the picture to the stack, 2-D to 3-D. Its covariance is from the scatter of the
        pulls of 144 parts of the picture; it has none across the slice.

    Raises
    ------
    ValueError
        The stack has no such slice.
    Degenerate
        No place stands out, or the picture does not tell it.

    Notes
    -----
    Not for a picture of a face that is not in the stack: see `find_slice`.

    Examples
    --------
    >>> from scipy.ndimage import gaussian_filter
    >>> grey = gaussian_filter(np.random.default_rng(0).normal(size=(9, 64, 64)), [0, 2, 2])
    >>> found = place_on_slice(GreyImage(-grey[4, 8:56, 8:56], [1, 1]), GreyImage(grey, [1] * 3), 4)
    >>> found.apply([[0, 0, 0]]).round(1).tolist()
    [[4.0, 8.0, 8.0]]
    """
    count = len(stack.values)
    if picture.ndim != 2 or stack.ndim != 3 or not 0 <= slice_number < count:
        raise ValueError(
            f"picture needs 2 axes, stack 3 and slice_number one of 0 to {count - 1}, got "
            f"{picture.ndim}, {stack.ndim} and {slice_number!r}"
        )
    mask = None if stack.mask is None else stack.mask[slice_number]
    spacing, origin = stack.spacing_um, stack.origin_um
    face = GreyImage(stack.values[slice_number], spacing[1:], origin[1:], mask)
    found = register(
        face,
        picture,
        model="rigid",
        uncertainty=None,
        reach_um=_REACH * float(picture.size_um.max()) if reach_um is None else reach_um,
        reach_deg=reach_deg,
        seed=seed,
    ).transform
    rung = Rung(picture, face, max(picture.voxel_um, face.voxel_um))
    metric = rung.smoothed().metric(_PIXELS, seed=seed, least_overlap=0.5, side=_SIDE)
    summit = Climb(metric, found, step_um=rung.voxel_um).run(tolerance=_TOLERANCE)
    climb = Climb(metric, summit.transform, step_um=rung.voxel_um)
    covariance, nu = covariance_of(climb, left_out=False)
    across = float(origin[0] + slice_number * spacing[0])
    return _lifted(summit.transform, covariance, nu, across)


def _lifted(
    flat: AffineTransform, covariance: np.ndarray, nu: float, across_um: float
) -> AffineTransform:
    """Put a map within the slice into the stack: y, x and the turn about z are what may err."""
    lifted = replace(
        flat,
        offset_um=flat.offset_um + np.array([across_um, 0, 0]),
        ndim_fixed=3,
        covariance=None,
    )
    free = [1, 2, 3]
    whole = np.zeros((lifted.parameter_count,) * 2)
    whole[np.ix_(free, free)] = covariance
    return lifted.with_covariance(whole, nu=nu, sigma_source="blocks")
