"""Surface in the crevices between grains that touch, which blur has filled.

Where two grains touch, the gap between them is narrower than the blur, and the image shows a neck.
More blur widens it: the gap opens like a parabola, so that the area of the neck grows with the
blur in proportion. An image that is blurred a little more tells how much of its necks is blur.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..segmentation.splitting import parts_of
from .directions import line_directions
from .imaged_blocks import imaged_blocks
from .surface import step_slices

_FURTHER = (0.6, 0.8, 1.0, 1.25)  # blurs that are added, in units of that of the image
_LEAST_PX = 1.0  # blur for which that is: below, the necks would follow the grid
_DEPTH_PX = 0.5  # of a neck below the grains that it joins, in radius
# The rim of a neck is seen in place of the faces that it hides: the more so, the more are hidden.
# Found on Finney's pack with 6 to 16 voxels a radius and blurs of 0.4 to 2 voxels, where 0.19 of
# the correction is left at most (tests/analysis/quantification/test_crevices.py)
_RIM, _MOST_RIM = 1.4, 0.6
_LEFT = 0.35  # 95 % of what the correction leaves, as a share of it: grains are no spheres
_ENOUGH = 2  # blocks of a large image that tell where no grains touch
_BY_BLUR = 0.5  # share of the necks between grains that blur has made, at least
_NARROW, _NARROWER = 1.2, 0.5  # necks for the surface, at most, of what may be grains, and is


@dataclass(frozen=True)
class Crevices:
    """Surface that blur hides where grains touch.

    Attributes
    ----------
    necks_per_um : float
        Both faces of all necks between grains, per volume [1/µm].
    growth_per_um : float
        By how much they would have grown from no blur to that of the image, in proportion [1/µm];
        more than they are where grains are apart.
    surface_per_um : float
        Surface of the grains as it is seen [1/µm].
    bright : bool
        Whether the grains are what is above the threshold.
    """

    necks_per_um: float
    growth_per_um: float
    surface_per_um: float
    bright: bool = True

    @property
    def filled_per_um(self) -> float:
        """Both faces of what blur alone has made of the necks [1/µm]."""
        return min(max(self.growth_per_um, 0.0), self.necks_per_um)

    @property
    def likely(self) -> float:
        """How far these are grains that touch: 1 they are, 0.5 that cannot be told, 0 not.

        Their necks are narrow, and mostly blur. Throats of a sponge are wider, and hardly grow;
        those of what lies around convex bodies are as large as its surface. A sponge with chords
        of 6 voxels and less looks as a packing does.
        """
        made_by_blur = self.filled_per_um > _BY_BLUR * self.necks_per_um
        if not made_by_blur or self.necks_per_um > _NARROW * self.surface_per_um:
            return 0.0
        return 1.0 if self.necks_per_um < _NARROWER * self.surface_per_um else 0.5

    @property
    def hidden_per_um(self) -> float:
        """Surface that is likely to be missing from the image [1/µm]."""
        return self.likely * self._most

    @property
    def uncertainty_per_um(self) -> float:
        """95 % half-width of it [1/µm]."""
        if not self.likely:
            return 0.0
        apart = max(self.growth_per_um / self.necks_per_um, 1.0)
        return (min(_LEFT * apart, 1.0) * self.likely + 1 - self.likely) * self._most

    @property
    def _most(self) -> float:
        if self.filled_per_um <= 0:
            return 0.0
        share = self.filled_per_um / (self.filled_per_um + self.surface_per_um)
        return self.filled_per_um * (1 - min(_RIM * share, _MOST_RIM))


def crevices_between_grains(
    image: NDArray,
    *,
    threshold: float,
    blur_px: tuple[float, ...],
    smoothing_px: tuple[float, ...],
    spacing_um: tuple[float, ...],
    bright: bool,
    mask: NDArray[np.bool_] | None = None,
) -> Crevices:
    """Measure the necks between grains, and how much of them is blur.

    Grains are parted once, by watershed on the distance to what is around them; the image is
    blurred further, and the part of the cuts inside the grains counted each time. A straight line
    through these areas over the blur tells what no blur would leave of them.

    Parameters
    ----------
    image : ndarray, (z, y, x)
        Grey values.
    threshold : float
        Half-way between grains and what is around them [grey value].
    blur_px : tuple of float
        Standard deviation of the image's blur along each axis, the voxel's own width included [px].
    smoothing_px : tuple of float
        Of the Gaussian before the threshold, along each axis [px].
    spacing_um : tuple of float
        Voxel size along each axis [µm].
    bright : bool
        Whether the grains are what is above the threshold.
    mask : ndarray of bool, optional
        Where the specimen is: blocks that are mostly outside are left out.

    Returns
    -------
    Crevices

    Notes
    -----
    Do not use it for what no blur made: a neck of cement stays where it is. Grooves between bodies
    that overlap much, as in a Boolean model, are as sharp, and are not told from a sponge.

    Examples
    --------
    >>> z, y, x = np.indices((20, 20, 40)) - 9.5
    >>> two = np.minimum(np.hypot(np.hypot(z, y), x - 2), np.hypot(np.hypot(z, y), x - 18)) < 8
    >>> from scipy.ndimage import gaussian_filter
    >>> found = crevices_between_grains(gaussian_filter(100.0 * two, 1.0), threshold=50.0,
    ...     blur_px=(1.0,) * 3, smoothing_px=(0.0,) * 3, spacing_um=(1.0,) * 3, bright=True)
    >>> found.likely
    1.0
    """
    sign = 1 if bright else -1
    whole = np.hypot(blur_px, smoothing_px)
    further = np.maximum(whole, _LEAST_PX) * np.array(_FURTHER)[:, None]
    widths = np.sqrt(np.mean(np.square(blur_px) + np.square(further), axis=1))
    width = float(np.sqrt(np.mean(np.square(whole))))
    found: list[list[float]] = []
    sizes: list[int] = []
    for block in imaged_blocks(image.shape, mask):
        grey = sign * (block.of(image).astype(np.float32) - threshold)
        found.append(_necks_and_surface(grey, further, spacing_um))
        sizes.append(grey.size)
        *necks, seen = np.average(found, axis=0, weights=sizes)
        growth, at_none = np.polyfit(widths, necks, 1)
        now = max(float(growth * width + at_none), 0.0)
        crevices = Crevices(now, float(growth * width), float(seen), bright)
        if len(found) == _ENOUGH and not crevices.likely:  # nor will they be elsewhere
            break
    return crevices


def _necks_and_surface(
    grey: NDArray[np.float32], further_px: NDArray, spacing: tuple[float, ...]
) -> list[float]:
    """Both faces of the necks after each further blur, and the surface after the least."""
    from scipy.ndimage import gaussian_filter

    solids = [gaussian_filter(grey, blur) > 0 for blur in further_px]
    grains = _grains(solids[0], spacing)
    necks = [2 * _area(grains, spacing, within=solid) for solid in solids]
    return [*necks, _area(solids[0], spacing, within=None)]


def _grains(solid: NDArray[np.bool_], spacing: tuple[float, ...]) -> NDArray[np.int32]:
    """Number the grains; what is between them goes to the nearest."""
    from scipy.ndimage import distance_transform_edt

    if solid.all() or not solid.any():
        return np.zeros(solid.shape, np.int32)
    at_border = [(True, True)] * solid.ndim
    grains = parts_of(solid, at_border, _DEPTH_PX * min(spacing), spacing)
    nearest = distance_transform_edt(
        ~solid, sampling=spacing, return_distances=False, return_indices=True
    )
    return np.asarray(grains[tuple(nearest)])


def _area(parts: NDArray, spacing: tuple[float, ...], *, within: NDArray[np.bool_] | None) -> float:
    """Interface between parts, per volume [1/µm], by Crofton's count of crossings."""
    lines = line_directions(spacing)
    found = []
    for step, length in zip(lines.steps, lines.lengths_um, strict=True):
        near, far = step_slices(step, parts.shape)
        crossed = parts[near] != parts[far]
        if within is not None:
            crossed &= within[near] & within[far]
        found.append(np.count_nonzero(crossed) / (max(crossed.size, 1) * length))
    return 2 * float(np.dot(lines.weights, found))
