"""The part of an image that is measured: a core in its holder, a layer, a place that was drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..analysis.quantification import largest_box_inside
from ..workspace import Workspace


@dataclass(frozen=True, eq=False)
class Region:
    """Where an image is measured.

    Attributes
    ----------
    name : str
        Of the image of labels that says so.
    mask : ndarray of bool
        On the grid of the measured image.
    box : tuple of slice
        The largest box inside: what needs a box is measured there.
    """

    name: str
    mask: NDArray[np.bool_]
    box: tuple[slice, ...]

    @property
    def words(self) -> str:
        """Of the box, for the convention of a number."""
        size = " × ".join(str(part.stop - part.start) for part in reversed(self.box))
        axes = ", ".join("xyz"[: len(self.box)])
        return f"the largest box inside {self.name}, {size} voxels ({axes})"


def region_of(ws: Workspace, image: Any, name: str | None) -> Region | None:
    """Return where an image is measured: where an image of labels on its grid is not 0.

    Parameters
    ----------
    ws : Workspace
    image : Image
    name : str, optional
        Of the image of labels; None for everywhere.

    Raises
    ------
    ValueError
        It is no image of labels, stands on another grid, or is 0 everywhere.
    NotFound
        There is no image of that name.
    """
    if name is None:
        return None
    other = ws.images.get(name)
    if not getattr(other, "labels", False):
        raise ValueError(
            f"region needs an image of labels, got {name}: apply a segmentation to {image.name}, "
            "or import labels"
        )
    same = (
        other.frame == image.frame
        and other.ndim == image.ndim
        and other.shape[-other.ndim :] == image.shape[-image.ndim :]
        and np.allclose(other.voxel_to_frame, image.voxel_to_frame)
    )
    if not same:
        raise ValueError(
            f"region needs labels on the grid of {image.name} in the frame {image.frame}, and "
            f"{name} is {other!r} in the frame {other.frame}: apply a segmentation to {image.name}"
        )
    mask = np.asarray(other.array()) != 0
    if not mask.any():
        raise ValueError(f"region needs labels beside 0, and {name} has none")
    return Region(str(other.name), mask, largest_box_inside(mask))
