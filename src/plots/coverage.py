"""What covers what: every image's field of view in one frame, from above and from the side."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from .marks import hv
from .projections import Outline, projected, shadow
from .theme import Ground, ground_of, modality_color


def box_corners(low_um: ArrayLike, high_um: ArrayLike) -> np.ndarray:
    """Give the eight corners of a box along the axes.

    Parameters
    ----------
    low_um, high_um : array_like (3,)
        Opposite corners z, y, x [µm]; equal in z for a 2-D image.

    Returns
    -------
    numpy.ndarray (8, 3)
        z, y, x [µm]. Transform them to draw the box in another frame.

    Examples
    --------
    >>> box_corners([0, 0, 0], [1, 2, 3])[-1].tolist()
    [1.0, 2.0, 3.0]
    """
    ends = np.array([np.asarray(low_um), np.asarray(high_um)], float)
    if ends.shape != (2, 3):
        raise ValueError(f"box_corners needs two points z, y, x, got shape {ends.shape}")
    pick = np.array(np.meshgrid([0, 1], [0, 1], [0, 1], indexing="ij")).reshape(3, 8).T
    return np.take_along_axis(ends, pick, axis=0)


def nested_boxes(
    corners_um: Mapping[str, ArrayLike],
    *,
    modalities: Mapping[str, str | None],
    frame: str = "",
    ground: str | Ground = "light",
) -> hv.Layout:
    """Draw every image's box in one frame, seen from above (x, y) and from the side (x, z).

    Boxes may be turned or sheared: their shadows are drawn, not their bounds. One too small to
    be seen gets a square at its place. Images that cover the same share a label.

    Parameters
    ----------
    corners_um : Mapping of str to ndarray (n, 3)
        Image name to the corners of its field of view, z, y, x in one frame [µm]; see
        `box_corners`.
    modalities : Mapping of str to str
        Image name to modality, which decides the colour.
    frame : str
        Name of that frame, for the titles.
    ground : {"light", "dark"}
        What the plot stands on.

    Returns
    -------
    holoviews.Layout
        Two panels at one scale; y and z grow downwards, as in pictures of slices.

    Raises
    ------
    ValueError
        If there is no box, or corners are not ``(n, 3)``.
    """
    if not corners_um:
        raise ValueError("nested_boxes needs at least one image, got none")
    boxes = {name: np.asarray(corners, float) for name, corners in corners_um.items()}
    for name, corners in boxes.items():
        if corners.ndim != 2 or corners.shape[1] != 3:
            raise ValueError(f"{name}: corners need shape (n, 3) z, y, x, got {corners.shape}")
    groups = _same_box(boxes)
    groups.sort(key=lambda names: -_diagonal(boxes[names[0]]))  # the smallest on top
    things = [_outline(names, boxes[names[0]], modalities) for names in groups]
    where = f" in the frame of {frame}" if frame else ""
    return projected(
        things,
        ground=ground_of(ground),
        stacked=True,
        titles={"xy": f"from above{where}", "xz": f"from the side{where}"},
    )


def _outline(
    names: list[str], corners: np.ndarray, modalities: Mapping[str, str | None]
) -> Outline:
    said = ", ".join(names) if len(names) < 4 else f"{names[0]} … {names[-1]} ({len(names)})"
    seen = {projection: shadow(corners, projection) for projection in ("xy", "xz")}
    return Outline(said, seen, modality_color(modalities.get(names[0])))


def _same_box(boxes: Mapping[str, np.ndarray]) -> list[list[str]]:
    groups: list[list[str]] = []
    for name, corners in boxes.items():
        for group in groups:
            first = boxes[group[0]]
            if first.shape == corners.shape and np.allclose(
                first, corners, atol=1e-3 * _diagonal(first)
            ):
                group.append(name)
                break
        else:
            groups.append([name])
    return groups


def _diagonal(corners: np.ndarray) -> float:
    return float(np.linalg.norm(np.ptp(corners, axis=0)))
