"""Regions of interest that are no boxes: what they conduct as a body with sealed sides.

Outside a mask is no specimen. Nothing crosses the side of the mask, as nothing crosses the sides of
an image, and what flows is put beside what a homogeneous body of the same shape would conduct: its
cross-section over its length where the cross-section is the same all along the axis, as of a
core plug, and the solution of Laplace's equation in the mask itself where it is not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..quantification.volume import checked_mask
from ..threads import Workers
from .conduction import Conduction
from .paths import crossing_part

OUTSIDE = 255  # label of what is no specimen
CHANGES = "cross-section changes"
_MOST = 2000


def spanning_mask(
    mask: NDArray | None, shape: tuple[int, ...], front: int, axis: str
) -> NDArray[np.bool_] | None:
    """Return a mask that leads from the first to the last layer of an axis; None where it is all.

    Raises
    ------
    ValueError
        It has another shape, or doesn't lead through.
    """
    if mask is None:
        return None
    mask = checked_mask(mask, shape)
    if mask.all():
        return None
    turned = np.moveaxis(mask, front, 0)
    turned = turned if mask.ndim == 3 else turned[:, None]
    if not crossing_part(turned).any():
        used = np.flatnonzero(turned.any(axis=(1, 2)))
        raise ValueError(
            f"mask needs to lead from the first to the last of {len(turned)} layers along {axis}, "
            f"got one from layer {used[0]} to {used[-1]}: crop image and mask to these layers, or "
            "to largest_box_inside(mask)"
        )
    return mask


def box_of(mask: NDArray[np.bool_] | None, ndim: int) -> tuple[slice, ...]:
    """Return the box around a mask.

    Examples
    --------
    >>> mask = np.zeros((3, 4), bool); mask[:, 1:3] = True
    >>> box_of(mask, 2)
    (slice(0, 3, None), slice(1, 3, None))
    """
    if mask is None:
        return (slice(None),) * ndim
    found = []
    for axis in range(ndim):
        used = np.flatnonzero(mask.any(axis=tuple(i for i in range(ndim) if i != axis)))
        found.append(slice(int(used[0]), int(used[-1]) + 1))
    return tuple(found)


def as_boxes(mask: NDArray | None, shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Return the box that a mask is, for what only a box has: periodic sides.

    Raises
    ------
    ValueError
        The mask is no box.
    """
    if mask is None:
        return (slice(None),) * len(shape)
    mask = checked_mask(mask, shape)
    box = box_of(mask, mask.ndim)
    if not mask[box].all():
        raise ValueError(
            "mask needs to be a box where the sides are periodic, got another shape: use "
            "largest_box_inside(mask), or fixed ends"
        )
    return box


def labels_within(
    labels: NDArray[np.uint8],
    sigma: NDArray[np.float64],
    mask: NDArray | None,
    front: int,
    axis: str,
    *,
    periodic: bool = False,
    crop: bool = True,
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Return labels with `OUTSIDE` where a mask is not, in the box around it, and its 0.

    Raises
    ------
    ValueError
        The mask has another shape, leads not through, or is no box where that is needed.
    """
    if periodic:
        return np.ascontiguousarray(labels[as_boxes(mask, labels.shape)]), sigma
    inside = spanning_mask(mask, labels.shape, front, axis)
    if inside is None:
        return labels, sigma
    box = box_of(inside, labels.ndim) if crop else (slice(None),) * labels.ndim
    if inside[box].all():
        return np.ascontiguousarray(labels[box]), sigma
    outside = np.where(inside[box], labels[box], np.uint8(OUTSIDE))
    return outside, np.concatenate([sigma, np.zeros(OUTSIDE + 1 - len(sigma))])


def is_prism(inside: NDArray[np.bool_]) -> bool:
    """Say whether all layers along axis 0 have the same cross-section."""
    return bool((inside == inside[:1]).all())


def words(inside: NDArray[np.bool_]) -> str:
    """Say what a result is of.

    Examples
    --------
    >>> half = np.zeros((4, 4, 1), bool); half[:, :2] = True
    >>> words(half)
    'in a mask of 50 % of its box, sealed side'
    """
    changes = "" if is_prism(inside) else f", its {CHANGES}"
    return f"in a mask of {100 * inside.mean():.3g} % of its box, sealed side{changes}"


def own_share(
    inside: NDArray[np.bool_],
    spacing: tuple[float, ...],
    workers: Workers,
    *,
    relative_error: float = 1e-3,
) -> float:
    """Return what a homogeneous body in a mask conducts along axis 0, over that of its box.

    Examples
    --------
    >>> half = np.zeros((4, 4, 1), bool); half[:, :2] = True
    >>> own_share(half, (1.0, 1.0, 1.0), Workers(1))
    0.5
    """
    if is_prism(inside):
        return float(np.count_nonzero(inside[0]) / inside[0].size)
    problem = Conduction(
        inside.astype(np.uint8), np.array([0.0, 1.0]), spacing, periodic=False, axes=(0,),
        relative_error=relative_error, workers=workers,
    )  # fmt: skip
    field = problem.solve(0, most=_MOST)
    return float(field.upper - field.minimum.rest / 2)
