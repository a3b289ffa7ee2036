"""The pieces of a phase, each with its own grey value.

One grey value a class is too simple where a class holds several materials, say everything that is
brighter than the matrix: the blurred rim of a very dense piece lies above the threshold as well,
and makes it too large.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SMALLEST, _SMALLEST_CLEAR = 6, 2  # voxels, where noise makes pieces of its own and where not
_FEW = 10  # voxels of noise in an image: neighbours among them are rare
_REACH_PX = 3.0  # blur carries a piece's grey no further
_CORE_DEPTH_PX, _CORE_ENOUGH = 3.0, 30
_CLEARLY = 0.2  # of the contrast, by which a core differs before it counts as another material
_BRIGHTER, _SIGMAS = 1.3, 3.0  # the same for a piece without a core, by all of its grey value


@dataclass(frozen=True)
class Pieces:
    """The pieces of a phase that are large enough to be told from noise.

    Attributes
    ----------
    zone : ndarray of int32
        Which piece is nearest, counted from 1; 0 where none is within 3 px.
    voxels : ndarray of float
        Size of each piece as segmented, index 0 for what belongs to none [px].
    grey : ndarray of float
        Grey value of each piece: of its core where that differs clearly from its class.
    excess : ndarray of float or None
        Grey value above the surroundings, summed over each zone.
    has_core : ndarray of bool
    """

    zone: NDArray[np.int32]
    voxels: NDArray[np.float64]
    grey: NDArray[np.float64]
    excess: NDArray[np.float64] | None
    has_core: NDArray[np.bool_]

    def summed(self, values: NDArray) -> NDArray[np.float64]:
        """Sum values over each zone, index 0 for the rest."""
        weights = values.ravel().astype(float)
        summed = np.bincount(self.zone.ravel(), weights=weights, minlength=len(self.voxels))
        return summed.astype(float)

    def denser(
        self, grey: NDArray[np.float64], volume: NDArray[np.float64], ambient: float, noise: float
    ) -> NDArray[np.float64]:
        """Give pieces without a core the grey value that their whole brightness asks for.

        What a piece adds to the image is its volume times its contrast, however blurred. Only
        pieces that add clearly more than their class explains are changed, and none beyond what
        the cores of other pieces show.

        Parameters
        ----------
        grey : ndarray
            Present grey values.
        volume : ndarray
            Present volumes of the model [px].
        ambient : float
            Grey value of the surroundings.
        noise : float
            Of a voxel [grey value].
        """
        if self.excess is None:
            return grey
        contrast = self.grey[0] - ambient
        limit = self.grey[np.argmax(np.abs(self.grey - ambient))] - ambient
        if abs(limit) <= (1 + _CLEARLY) * abs(contrast):
            return grey
        spread = np.sqrt(np.bincount(self.zone.ravel(), minlength=len(self.voxels))) * noise
        share = self.excess / np.maximum(volume, 1.0) / contrast
        beyond = np.abs(self.excess - volume * contrast) > _SIGMAS * spread
        clear = ~self.has_core & beyond & (share > _BRIGHTER)
        clear |= ~self.has_core & (grey != self.grey[0])  # once found, it is followed
        clear[0] = False
        return np.where(clear, ambient + contrast * np.clip(share, 1.0, limit / contrast), grey)


def pieces_of(
    phase: NDArray[np.bool_],
    *,
    grey: float,
    ambient: float,
    noise: float = 0.0,
    image: NDArray | None = None,
) -> Pieces:
    """Part a phase into its pieces, down to 2 voxels where noise alone makes none, else to 6.

    Parameters
    ----------
    phase : ndarray of bool
    grey, ambient : float
        Grey value of the phase and of its surroundings.
    noise : float
        Standard deviation in the surroundings [grey value].
    image : ndarray, optional
        Grey values; without them every piece has the grey value of the phase.

    Returns
    -------
    Pieces

    Examples
    --------
    >>> image = np.zeros((12, 12, 24)); image[3:9, 3:9, 3:9] = 10; image[1:11, 1:11, 13:23] = 30
    >>> pieces_of(image > 5, grey=10.0, ambient=0.0, image=image).grey
    array([10., 30., 10.])
    """
    from scipy.ndimage import distance_transform_edt, label

    numbers, _ = label(phase, structure=np.ones((3,) * phase.ndim))
    sizes = np.bincount(numbers.ravel())
    kept = sizes >= _smallest(phase.size, abs(grey - ambient) / 2, noise)
    kept[0] = False
    renumbered = np.cumsum(kept) * kept
    numbers = renumbered[numbers].astype(np.int32)
    count = int(renumbered.max(initial=0))
    greys, cored = np.full(count + 1, float(grey)), np.zeros(count + 1, bool)
    if count == 0:
        return Pieces(numbers, np.zeros(1), greys, None, cored)
    distance, nearest = distance_transform_edt(numbers == 0, return_indices=True)
    zone = np.where(distance <= _REACH_PX, numbers[tuple(nearest)], 0).astype(np.int32)
    voxels = np.bincount(zone[phase], minlength=count + 1).astype(float)
    if image is None:
        return Pieces(zone, voxels, greys, None, cored)
    depth = distance_transform_edt(np.pad(phase, 1, mode="edge"))[(slice(1, -1),) * phase.ndim]
    cores, cored = _core_greys(image, numbers, depth, count)
    outward = (cores - ambient) / (grey - ambient) > 1 + _CLEARLY
    greys = np.where(cored & outward, cores, greys)
    excess = np.bincount(
        zone.ravel(), weights=(np.asarray(image, float) - ambient).ravel(), minlength=count + 1
    )
    return Pieces(zone, voxels, greys, excess.astype(float), cored)


def _smallest(voxels: int, margin: float, noise: float) -> int:
    """Size from which a piece is more than noise that reaches beyond a threshold [px]."""
    from scipy.special import ndtr

    beyond = voxels * float(ndtr(-margin / noise)) if noise > 0 else 0.0
    return _SMALLEST_CLEAR if beyond < _FEW else _SMALLEST


def _core_greys(
    image: NDArray, numbers: NDArray[np.int32], depth: NDArray, count: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Mean grey value of the inside of each piece, and whether it has enough of one."""
    inner = (depth >= _CORE_DEPTH_PX) & (numbers > 0)
    weights = np.asarray(image[inner], dtype=float)
    voxels = np.bincount(numbers[inner], minlength=count + 1)
    total = np.bincount(numbers[inner], weights=weights, minlength=count + 1)
    enough = voxels >= _CORE_ENOUGH
    enough[0] = False
    return total / np.maximum(voxels, 1), enough
