"""What a gesture on a picture does: crosshair, middle, zoom, slice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from .page import GAP_PX
from .plane import Plane
from .screen import Gesture
from .state import by_name

_ZOOM = 0.8
_SLICES_PER_WIDTH = 250


def panel_at(
    panels: Sequence[Image.Image], stage_px: tuple[int, int], share: tuple[float, float]
) -> int | None:
    """Number of the panel that a place on the stage falls on; None beside all of them.

    Parameters
    ----------
    panels : sequence of Image
        Side by side from the left.
    stage_px : tuple of 2 int
        Width and height of the whole picture.
    share : tuple of 2 float
        The place, as shares of the picture.
    """
    right, down = share[0] * stage_px[0], share[1] * stage_px[1]
    left = 0
    for number, panel in enumerate(panels):
        if left <= right < left + panel.width and 0 <= down < panel.height:
            return number
        left += panel.width + GAP_PX
    return None


def on_panel(
    panels: Sequence[Image.Image],
    stage_px: tuple[int, int],
    share: tuple[float, float],
    number: int,
) -> np.ndarray:
    """A place on the stage in pixels of one panel, right and down."""
    left = sum(panel.width + GAP_PX for panel in panels[:number])
    return np.array([share[0] * stage_px[0] - left, share[1] * stage_px[1]])


def steer(
    explorer: Any, plane: Plane, gesture: Gesture, *, at_px: Any, to_px: Any, width_px: int
) -> None:
    """Do to an explorer what a person meant.

    Parameters
    ----------
    explorer : SliceExplorer
    plane : Plane
        As it was drawn.
    gesture : Gesture
    at_px, to_px : sequence of 2 float
        Where it began and ended, right and down [px].
    width_px : int
        Of the panel that the plane was drawn on.
    """
    here, there = (plane.from_canvas(place, width_px) for place in (at_px, to_px))
    if gesture.kind == "point":
        explorer.cursor_um = by_name(here)
    elif gesture.kind == "pan":
        explorer.centre_um = by_name(np.asarray(plane.centre_um) + here - there)
    elif gesture.kind == "zoom":
        _zoom(explorer, plane, here, _ZOOM**gesture.steps)
    else:
        explorer.cursor_um = by_name(_cursor(explorer) + _step(explorer, plane, gesture, width_px))


def _zoom(explorer: Any, plane: Plane, here: np.ndarray, factor: float) -> None:
    """What lies under the pointer stays under the pointer."""
    finest = min(min(i.levels[0].spacing_um) for i in explorer.world.placed(explorer.layers))
    width = max(explorer.width_um * factor, 8 * finest)
    share = width / explorer.width_um
    with explorer.hold_trait_notifications():
        explorer.centre_um = by_name(here + (np.asarray(plane.centre_um) - here) * share)
        explorer.width_um = width


def _step(explorer: Any, plane: Plane, gesture: Gesture, width_px: int) -> np.ndarray:
    if gesture.kind == "right":
        return np.asarray(plane.across) * gesture.steps * plane.pixel_um(width_px)
    if gesture.kind == "down":
        return np.asarray(plane.down) * gesture.steps * plane.pixel_um(width_px)
    if explorer.planar:
        return np.zeros(3)
    placed = explorer.world.placed(explorer.layers)
    finest = min(min(item.levels[0].spacing_um) for item in placed)
    return plane.normal * gesture.steps * max(finest, plane.width_um / _SLICES_PER_WIDTH)


def _cursor(explorer: Any) -> np.ndarray:
    return np.array(list(explorer.cursor_um.values()), float)
