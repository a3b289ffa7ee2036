"""Parting objects that touch, where the neck between them is narrower than they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_image_ndim, checked_spacing
from .components import Components, all_around, connected_components
from .necks import merged_basins


def split_touching(
    mask: NDArray[np.bool_], *, depth_um: float, spacing_um: Sequence[float]
) -> Components:
    """Number objects, those that touch each other separately.

    Watershed on the distance to what is outside. Two parts are two objects where the radius of
    the neck between them is smaller than the smaller part's by `depth_um` at least: the dynamics
    of its maximum, as by h-maxima.
    The border of the image is not outside.

    Parameters
    ----------
    mask : ndarray of bool, (z, y, x) or (y, x)
    depth_um : float
        More parts less; below about one voxel it follows the digitisation [µm].
    spacing_um : sequence of float
        Voxel size along each axis [µm]; 1 an axis to give the depth in voxels.

    Returns
    -------
    Components
        Every voxel of `mask` belongs to one object.

    Notes
    -----
    Do not use it on phases that are one sponge: its struts are no objects, and each piece is held
    in memory with about 80 bytes a voxel of its bounding box.

    References
    ----------
    Beucher & Lantuéjoul 1979; Grimaud 1992, doi:10.1117/12.60650 (dynamics).

    Examples
    --------
    >>> import numpy as np
    >>> y, x = np.indices((21, 40))
    >>> two = (np.hypot(y - 10, x - 11) <= 9.5) | (np.hypot(y - 10, x - 28) <= 9.5)
    >>> split_touching(two, depth_um=1.5, spacing_um=(1, 1)).count
    2
    """
    mask, spacing = _checked(np.asarray(mask, bool), depth_um, spacing_um)
    labels, count = np.zeros(mask.shape, np.int32), 0
    for box, piece in _pieces(mask):
        parts = parts_of(piece, _at_border(box, mask.shape), depth_um, spacing)
        labels[box][piece] = parts[piece] + count
        count += int(parts.max())
    return Components(labels, count, all_around(mask.ndim))


def cut_touching(
    labels: NDArray[np.uint8], *, phase: int, depth_um: float, spacing_um: Sequence[float]
) -> NDArray[np.uint8]:
    """Cut the objects of a phase apart where they touch.

    The voxels on one side of each cut go to the class below (above for class 0), so that no two
    objects touch by face, edge or corner. This takes one layer of voxels off the phase there.

    Parameters
    ----------
    labels : ndarray of uint8, (z, y, x) or (y, x)
    phase : int
        Class whose objects are cut.
    depth_um, spacing_um
        As `split_touching`.

    Examples
    --------
    >>> import numpy as np
    >>> y, x = np.indices((21, 40))
    >>> two = (np.hypot(y - 10, x - 11) <= 9.5) | (np.hypot(y - 10, x - 28) <= 9.5)
    >>> cut = cut_touching(two.astype(np.uint8), phase=1, depth_um=1.5, spacing_um=(1, 1))
    >>> connected_components(cut, connectivity=8).count
    2
    """
    mask, spacing = _checked(np.asarray(labels) == phase, depth_um, spacing_um)
    result = np.array(labels, np.uint8)
    for box, piece in _pieces(mask):
        cut = cut_of(piece, _at_border(box, mask.shape), depth_um, spacing)
        result[box][cut] = other_side(phase)
    return result


def other_side(phase: int) -> int:
    """The class that the voxels of a cut go to."""
    return phase - 1 if phase else 1


def cut_of(
    piece: NDArray[np.bool_],
    at_border: Sequence[tuple[bool, bool]],
    depth: float,
    spacing: tuple[float, ...],
) -> NDArray[np.bool_]:
    """Say which voxels of one piece are given up so that its parts do not touch."""
    from scipy.ndimage import minimum_filter

    parts = parts_of(piece, at_border, depth, spacing)
    if parts.max() < 2:
        return np.zeros(piece.shape, bool)
    last = np.iinfo(parts.dtype).max
    least = minimum_filter(np.where(piece, parts, last), 3, mode="nearest")
    return np.asarray(piece & (least < parts))


def parts_of(
    piece: NDArray[np.bool_],
    at_border: Sequence[tuple[bool, bool]],
    depth: float,
    spacing: tuple[float, ...],
) -> NDArray[np.int32]:
    """Number the parts of one piece, in its bounding box, from 1.

    Parameters
    ----------
    piece : ndarray of bool
        One connected piece, all of it.
    at_border : sequence of (bool, bool)
        For each axis, whether the box begins and ends at the image's border.
    depth, spacing
        In one unit.
    """
    from scipy.ndimage import distance_transform_edt, generate_binary_structure
    from skimage.morphology import local_maxima
    from skimage.segmentation import watershed

    pad = [(int(not first), int(not last)) for first, last in at_border]
    padded = np.pad(piece, pad)
    if depth <= 0 or padded.all() or not _may_part(piece, at_border, depth, spacing):
        return piece.astype(np.int32)
    far = distance_transform_edt(padded, sampling=spacing).astype(np.float32)
    tops = local_maxima(far, connectivity=piece.ndim) & padded
    marks = connected_components(tops, connectivity=all_around(piece.ndim))
    if marks.count < 2:
        return piece.astype(np.int32)
    around = generate_binary_structure(piece.ndim, piece.ndim)
    basins = watershed(-far, marks.labels.astype(np.int32), connectivity=around, mask=padded)
    parts = merged_basins(basins, far, depth=depth)[basins]
    inner = tuple(slice(a, a + n) for (a, _), n in zip(pad, piece.shape, strict=True))
    return np.asarray(parts[inner], np.int32)


def _may_part(
    piece: NDArray, at_border: Sequence[tuple[bool, bool]], depth: float, spacing: tuple[float, ...]
) -> bool:
    """Whether a piece is wide enough to have a neck that much narrower; most specks are not."""
    if any(map(any, at_border)):
        return True
    widths = (size * (n + 1) / 2 for n, size in zip(piece.shape, spacing, strict=True))
    return min(widths) > depth


def _pieces(mask: NDArray[np.bool_]) -> Iterator[tuple[tuple[slice, ...], NDArray[np.bool_]]]:
    from scipy.ndimage import find_objects

    found = connected_components(mask, connectivity=all_around(mask.ndim))
    for number, box in enumerate(find_objects(found.labels.astype(np.int32)), start=1):
        yield box, found.labels[box] == number


def _at_border(box: tuple[slice, ...], shape: tuple[int, ...]) -> list[tuple[bool, bool]]:
    return [(s.start == 0, s.stop == n) for s, n in zip(box, shape, strict=True)]


def _checked(
    mask: NDArray[np.bool_], depth_um: float, spacing_um: Sequence[float]
) -> tuple[NDArray[np.bool_], tuple[float, ...]]:
    ndim = checked_image_ndim(mask.shape, "mask")
    if not (np.isfinite(depth_um) and depth_um >= 0):
        raise ValueError(f"depth_um needs 0 µm or more, got {depth_um}: use 0 for none")
    return mask, checked_spacing(spacing_um, ndim)
