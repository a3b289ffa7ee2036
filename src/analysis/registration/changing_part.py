"""What differs between two images of one specimen once they lie on each other."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .grey_image import GreyImage
from .transform import AffineTransform

MOST_VOXELS = 2_000_000  # that are compared; larger images are made coarser
_BLUR_PX = 1.0  # of both images: linear interpolation then hardly changes either
_BORDER_PX = 2  # of either image that is not compared
_CLEAR = 4.0  # standard deviations, beyond which a difference counts
_MISS_PX = 1.0  # no more than this is put down to how the images lie
_GAP_PX = 4  # between what differs: half of the widest that is closed
_RIM_PX = 3  # around what differs
_LEAST_LIKENESS = 0.5  # correlation of the grey values, of what agrees
_ROUNDS = 10


@dataclass(frozen=True, eq=False)
class Difference:
    """Where an image differs from the reference.

    Attributes
    ----------
    changed : ndarray of bool
        On the compared voxels of the reference, `coarse`.
    share : float
        Of the voxels that both images show.
    likeness : float
        Correlation of the grey values of what agrees; where it is small, nothing was looked for.
    """

    changed: np.ndarray
    share: float
    likeness: float

    @property
    def told(self) -> bool:
        """Whether the grey values follow each other enough to be compared."""
        return self.likeness >= _LEAST_LIKENESS


def coarse(image: GreyImage) -> GreyImage:
    """Make an image so coarse that it has no more voxels than are compared."""
    excess = image.values.size / MOST_VOXELS
    return image if excess <= 1 else image.coarser(image.voxel_um * excess ** (1 / image.ndim))


def difference(reference: GreyImage, other: GreyImage, transform: AffineTransform) -> Difference:
    """Find what differs between two images by more than noise and how well they lie.

    The other image's grey values are matched to the reference's by a straight line that leaves out
    what does not fit. What is left is compared with its own noise, taken from where the reference
    is smooth, and with what a small error of the map makes of steep places, taken from where it is
    steep; both by medians, so that up to half of the image may change. Specks do not count.

    Parameters
    ----------
    reference : GreyImage
        As `coarse` gives it.
    other : GreyImage
    transform : AffineTransform
        From the other to the reference.
    """
    from scipy import ndimage

    here = _blurred(reference)
    there, shown = _brought(other.coarser(reference.voxel_um), reference, transform)
    if shown.sum() < 2**reference.ndim:
        return Difference(np.zeros(here.shape, bool), float("nan"), 0.0)
    left, gain, likeness = _left_over(here, there, shown)
    none = Difference(np.zeros(here.shape, bool), float("nan"), likeness)
    if not none.told:
        return none
    steep = abs(gain) * _steepness(here)
    allowed = _noise(left, steep, shown)
    labels, count = ndimage.label(shown & (np.abs(left) > _CLEAR * allowed))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    kept = sizes >= 3**reference.ndim
    kept[0] = False
    changed = kept[labels]
    return Difference(changed, float(changed[shown].mean()), likeness)


def with_rim(changed: np.ndarray) -> np.ndarray:
    """Close gaps within what changed, where it happens to look the same, and add a rim."""
    from scipy.ndimage import binary_dilation, binary_erosion

    if not changed.any():
        return changed
    wide = binary_dilation(changed, iterations=_GAP_PX + _RIM_PX)
    return np.asarray(binary_erosion(wide, iterations=_GAP_PX, border_value=1))


def _blurred(image: GreyImage) -> np.ndarray:
    """Grey values without noise finer than the blur, of what counts only."""
    from scipy.ndimage import gaussian_filter

    sigma = [_BLUR_PX if size > 1 else 0.0 for size in image.values.shape]
    if image.mask is None:
        return np.asarray(gaussian_filter(image.values, sigma))
    share = gaussian_filter(image.mask.astype(np.float32), sigma)
    whole = gaussian_filter(np.where(image.mask, image.values, np.float32(0)), sigma)
    return np.asarray(whole / np.maximum(share, np.float32(1e-3)))


def _inner(image: GreyImage) -> np.ndarray:
    """Voxels that count, away from what does not and from the border, where the blur differs."""
    from scipy.ndimage import binary_erosion, generate_binary_structure

    known = np.ones(image.values.shape, bool) if image.mask is None else image.mask
    near = generate_binary_structure(3, 1)
    for axis in range(3 - image.ndim):
        near &= np.moveaxis(np.array([False, True, False])[:, None, None], 0, axis)
    return np.asarray(binary_erosion(known, near, iterations=_BORDER_PX))


def _brought(
    other: GreyImage, reference: GreyImage, transform: AffineTransform
) -> tuple[np.ndarray, np.ndarray]:
    """Grey values of the other image at the reference's voxels, and which of them both show."""
    values = carried(_blurred(other), other, reference, transform)
    shown = carried(_inner(other), other, reference, transform)
    return values, shown & _inner(reference)


def carried(
    values: np.ndarray, image: GreyImage, frame: GreyImage, transform: AffineTransform
) -> np.ndarray:
    """Look values of an image up at the voxels of another that it is mapped onto.

    Grey values are interpolated, masks are not; a mask is false beyond its image.
    """
    from scipy.ndimage import affine_transform

    back = np.linalg.inv(transform.matrix)
    start = transform.centre_um + back @ (frame.origin_um - transform.offset_um)
    steps = back * frame.spacing_um / image.spacing_um[:, None]
    first = (start - image.origin_um) / image.spacing_um
    flat = np.array(values.shape) == 1
    steps[flat], first[flat] = 0.0, 0.0
    place = {"matrix": steps, "offset": first, "output_shape": frame.values.shape}
    if values.dtype == bool:
        found = affine_transform(values.astype(np.uint8), order=0, mode="constant", **place)
        return np.asarray(found, bool)
    return np.asarray(affine_transform(values, order=1, mode="nearest", **place))


def _left_over(
    here: np.ndarray, there: np.ndarray, shown: np.ndarray
) -> tuple[np.ndarray, float, float]:
    """What a straight line between the grey values leaves; its slope; correlation of the rest."""
    x, y = here[shown].astype(float), there[shown].astype(float)
    kept = np.ones(len(x), bool)
    slope, level = 0.0, float(np.median(y))
    for _ in range(_ROUNDS):
        spread = x[kept] - x[kept].mean()
        power = float(spread @ spread)
        slope = float(spread @ y[kept]) / power if power else 0.0
        level = float(y[kept].mean() - slope * x[kept].mean())
        off = np.abs(y - slope * x - level)
        now = off <= 3 * 1.4826 * np.median(off)
        if (now == kept).all() or now.sum() < 8:
            break
        kept = now
    likeness = float(np.corrcoef(x[kept], y[kept])[0, 1]) if np.ptp(x[kept]) else 0.0
    return there - slope * here - level, slope, abs(likeness) if np.isfinite(likeness) else 0.0


def _steepness(values: np.ndarray) -> np.ndarray:
    """Size of the slope [grey value per voxel]."""
    wide = [axis for axis, size in enumerate(values.shape) if size > 1]
    return np.sqrt(np.sum([np.gradient(values, axis=axis) ** 2 for axis in wide], axis=0))


def _noise(left: np.ndarray, steep: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Standard deviation that noise and a small error of the map explain, at each voxel."""
    middle = np.median(steep[shown])
    smooth, rough = shown & (steep <= middle), shown & (steep > middle)
    own = _spread(left[smooth])
    power = float(np.median(steep[rough] ** 2)) if rough.any() else 0.0
    beyond = _spread(left[rough]) ** 2 - own**2 if power else 0.0
    miss = min(np.sqrt(max(beyond, 0.0) / power) if power else 0.0, _MISS_PX)
    least = 1e-6 * max(float(np.abs(left[shown]).max()), 1e-12)
    return np.asarray(np.sqrt(own**2 + (miss * steep) ** 2 + least**2))


def _spread(values: np.ndarray) -> float:
    return 1.4826 * float(np.median(np.abs(values)))


def without(image: GreyImage, left_out: np.ndarray) -> GreyImage:
    """Leave voxels of an image out, beside those that it leaves out already."""
    known = ~left_out if image.mask is None else image.mask & ~left_out
    return replace(image, mask=known)
