"""A phantom at the user's own resolution: the segmented shapes, imaged and segmented once more.

Blur moves curved interfaces inwards, smoothing does it again, and noise roughens them. How much
depends on the shapes, so the shapes are taken from the image itself: a smooth model of them is
blurred, given the image's noise and segmented by the same thresholds. What that changes in the
model is what imaging has changed in the specimen. Every piece of the phase is fitted by itself:
small ones lose more to the blur than large ones, and dense ones gain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .pieces import Pieces, pieces_of
from .rendering import Imaging, image_noise, render

# of the model's surface, in 2D and 3D: noise leaves rougher lines than surfaces. The two of a pair
# differ so that their difference says how much it matters
MODEL_SMOOTHINGS_PX = {2: (2.0, 2.6), 3: (1.0, 1.3)}
_SHARPEST = 1.0  # mean curvature of a model's surface [1/px]
_RANGE = (0.01, 0.9)  # of the level of the model's surface
_STEPS, _LARGEST_STEP = 5, 0.3  # renderings, and change of the level in one as a share of it


@dataclass(frozen=True)
class Reimaged:
    """A model phase, its image, and what segmenting made of it.

    Attributes
    ----------
    soft : ndarray of float32
        The model is where this is above 0, between voxels too.
    occupied : ndarray of float32
        Share of each voxel that the model fills.
    grey : ndarray of float32
    segmented : ndarray of bool
    """

    soft: NDArray[np.float32]
    occupied: NDArray[np.float32]
    grey: NDArray[np.float32]
    segmented: NDArray[np.bool_]

    @property
    def fraction(self) -> float:
        """Share of the image that the model fills."""
        return float(self.occupied.mean(dtype=np.float64))

    def __getitem__(self, part: tuple[slice, ...]) -> Reimaged:
        """Cut a part out of all."""
        return Reimaged(self.soft[part], self.occupied[part], self.grey[part], self.segmented[part])


@dataclass(frozen=True)
class PhaseShapes:
    """The shapes of one phase among others, ready to be imaged with surfaces of any smoothness.

    Attributes
    ----------
    label : int
        Of the phase.
    pieces : Pieces
    start : ndarray of bool
        The phase as segmented, dense pieces cut half-way to their own grey value.
    others : ndarray of uint8
        Classes of what is not the phase, continued into its place.
    ambient : float
        Grey value of the surroundings.
    """

    label: int
    pieces: Pieces
    start: NDArray[np.bool_]
    others: NDArray[np.uint8]
    ambient: float


def phase_shapes(
    labels: NDArray[np.uint8], *, label: int, imaging: Imaging, image: NDArray | None = None
) -> PhaseShapes:
    """Take the shapes of one phase from a segmentation.

    Parameters
    ----------
    labels : ndarray of uint8
        The segmentation.
    label : int
        The phase; the others keep their shapes.
    imaging : Imaging
    image : ndarray, optional
        Grey values: they tell which pieces of the darkest or brightest phase are another
        material still.

    Returns
    -------
    PhaseShapes
    """
    phase = labels == label
    ambient = imaging.greys[_around(label)]
    pieces = pieces_of(
        phase,
        grey=imaging.greys[label],
        ambient=ambient,
        noise=imaging.noises[_around(label)],
        image=image if label in (0, len(imaging.greys) - 1) else None,
    )
    start = _start(phase, pieces, ambient, image)
    return PhaseShapes(label, pieces, start, _others(labels, label), ambient)


def reimage(
    shapes: PhaseShapes,
    *,
    imaging: Imaging,
    segmenter: Callable[[NDArray], NDArray[np.uint8]],
    smoothing_px: float,
    seed: int | Sequence[int],
) -> Reimaged:
    """Model one phase so that, imaged and segmented, each piece has the measured volume.

    Parameters
    ----------
    shapes : PhaseShapes
    imaging : Imaging
    segmenter : callable
        The segmentation that the shapes come from.
    smoothing_px : float
        Smoothing of the model's surface [px].
    seed : int or sequence of int
        Of the noise.

    Returns
    -------
    Reimaged
    """
    pieces, label = shapes.pieces, shapes.label
    soft, steepness, shift = _soft_shape(shapes.start, smoothing_px)
    noise = image_noise(soft.shape, imaging, seed)
    levels, grey = _levels_of_same_volume(soft, shapes.start, pieces), pieces.grey
    for step in range(_STEPS):
        above = soft - levels.astype(np.float32)[pieces.zone]
        # shares of voxels, not whole ones: whole ones would lock the shape to the grid
        occupied = np.clip(0.5 + above / steepness - shift, 0, 1)
        own = grey.astype(np.float32)[pieces.zone]
        drawn = render(shapes.others, imaging, noise, label=label, occupied=occupied, own=own)
        segmented = segmenter(drawn) == label
        if step == _STEPS - 1:
            break
        levels = _fitted_levels(levels, pieces, segmented, occupied, steepness)
        volume = pieces.summed(occupied)
        grey = pieces.denser(grey, volume, shapes.ambient, imaging.noises[label])
    return Reimaged(above, occupied, drawn, segmented)


def _around(label: int) -> int:
    """Class that is around a phase: the next one towards the middle."""
    return 1 if label == 0 else label - 1


def _start(
    phase: NDArray[np.bool_], pieces: Pieces, ambient: float, image: NDArray | None
) -> NDArray[np.bool_]:
    """Cut pieces of another grey value half-way to their own, where their surface is."""
    if image is None or np.all(pieces.grey == pieces.grey[0]):
        return phase
    half = ((pieces.grey + ambient) / 2)[pieces.zone]
    beyond = (image - half) * np.sign(pieces.grey[0] - ambient) >= 0
    return phase & (beyond | (pieces.grey == pieces.grey[0])[pieces.zone])


def _soft_shape(
    phase: NDArray[np.bool_], smoothing_px: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Smooth a shape; return also its slope, and by how far a voxel's width moves its surface.

    The mean over a cube is a blur with a variance of 1/12 along each axis. It moves a surface of
    mean curvature H inwards by H / 12, which a ramp along the normal does not know.
    """
    from scipy.ndimage import gaussian_filter

    solid = phase.astype(np.float32)
    soft = gaussian_filter(solid, smoothing_px)
    # derivatives of the Gaussian: differences between voxels would flatten the slope
    slope = [
        gaussian_filter(solid, smoothing_px, order=order)
        for order in np.eye(phase.ndim, dtype=int).tolist()
    ]
    steepness = np.maximum(np.sqrt(sum(along**2 for along in slope)), 1e-3)
    converging = sum(np.gradient(along / steepness, axis=axis) for axis, along in enumerate(slope))
    shift = np.clip(-converging / 2, -_SHARPEST, _SHARPEST) / 12
    return soft, steepness, shift.astype(np.float32)


def _levels_of_same_volume(
    soft: NDArray[np.float32], start: NDArray[np.bool_], pieces: Pieces
) -> NDArray[np.float64]:
    """Find for each piece the level that its smoothing leaves the volume unchanged at."""
    from scipy.ndimage import labeled_comprehension

    voxels = pieces.summed(start)
    levels = np.full(len(voxels), 0.5)
    numbers = np.arange(1, len(voxels))
    if len(numbers) == 0:
        return levels
    near = soft > _RANGE[0]
    zone, values = pieces.zone[near], soft[near]

    def level(soft_there: NDArray, places: NDArray) -> float:
        wanted = int(voxels[zone[places[0]]])
        if not 0 < wanted < len(soft_there):
            return 0.5
        return float(np.partition(soft_there, len(soft_there) - wanted)[len(soft_there) - wanted])

    levels[1:] = labeled_comprehension(values, zone, numbers, level, float, 0.5, True)
    return np.clip(levels, *_RANGE)


def _fitted_levels(
    levels: NDArray[np.float64],
    pieces: Pieces,
    segmented: NDArray[np.bool_],
    occupied: NDArray[np.float32],
    steepness: NDArray[np.float32],
) -> NDArray[np.float64]:
    """Newton step for each piece: raising its level takes a layer off its surface."""
    partial = (occupied > 0) & (occupied < 1)
    layer = pieces.summed(partial / steepness)
    surplus = pieces.summed(segmented) - pieces.voxels
    step = np.clip(
        surplus / np.maximum(layer, 1.0), -_LARGEST_STEP * levels, _LARGEST_STEP * levels
    )
    step[0] = 0.0
    return np.clip(levels + step, *_RANGE)


def _others(labels: NDArray[np.uint8], label: int) -> NDArray[np.uint8]:
    """Fill the place of a phase with what is nearest to it, so that it can be made smaller."""
    from scipy.ndimage import distance_transform_edt

    own = labels == label
    if labels.max() <= 1:
        return np.full(labels.shape, 1 - label, np.uint8)
    nearest = distance_transform_edt(own, return_distances=False, return_indices=True)
    return labels[tuple(nearest)]
