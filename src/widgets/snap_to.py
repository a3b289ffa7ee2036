"""A proposal to put a point on the feature beside it, taken from the pixels that are seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..quantities import format_length
from .sampling import choose_level
from .state import by_name

_SHARE = 0.03  # of the view's width: what a person means by "there"
_SCREEN_PX = 600


@dataclass(frozen=True, kw_only=True)
class SnapProposal:
    """Where a point would go; nothing has moved yet.

    Attributes
    ----------
    side : str
        ``"moving"`` or ``"fixed"``.
    pair : str
        The pair whose point it is; empty for the crosshair.
    kind : str
        What was looked for.
    found : bool
    start, position : dict
        ``x_um``, ``y_um``, ``z_um`` in the image's frame.
    moved_um, quality : float
        Distance [µm], and how far the feature stands out [standard deviations of the noise].
    words : str
    """

    side: str
    pair: str
    kind: str
    found: bool
    start: dict[str, float]
    position: dict[str, float]
    moved_um: float
    quality: float
    words: str


def proposal(
    view: Any, side: str, start: dict[str, float], *, kind: Any, reach_um: float | None, pair: str
) -> SnapProposal:
    """Look for a feature around a place of the image that a view shows, as finely as it is shown.

    Parameters
    ----------
    view : SliceExplorer
        Of one image.
    side : str
    start : dict
        Where to look.
    kind : {"maximum", "minimum", "edge", "blob"}
    reach_um : float or None
        How far the feature may be [µm]; by default 3 % of what the view shows.
    pair : str
        The pair whose point it is.
    """
    from ..analysis.imaging import snap

    (item,) = view.world.placed(view.layers[:1])
    level = item.levels[_seen_level(item, view)]
    spacing = np.asarray(level.spacing_um, float)
    reach = reach_um or max(_SHARE * view.width_um, 3 * float(spacing.max()))
    dims = item.dims
    place = item.placement.apply(np.array([list(start.values())]))[0]
    middle = (place[-dims:] - np.asarray(level.origin_um)) / spacing
    wide = 2 * reach / spacing + 6
    shape = np.array(level.array.shape[-dims:])
    low = np.clip(np.floor(middle - wide), 0, np.maximum(shape - 3, 0)).astype(int)
    high = np.clip(np.ceil(middle + wide) + 1, low + 3, shape).astype(int)
    cut = (*item.select(time=view.time), *(slice(a, b) for a, b in zip(low, high, strict=True)))
    found = snap(
        np.asarray(level.array[cut]),
        spacing,
        place[-dims:],
        kind=kind,
        reach_um=reach,
        origin_um=np.asarray(level.origin_um) + low * spacing,
    )
    moved = np.array(list(start.values()))
    step = np.zeros(3)
    step[-dims:] = found.position_um - place[-dims:]
    turn = item.placement.matrix  # of a rendering, whose axes are not the frame's
    moved += step if turn is None else np.linalg.solve(turn, step)
    where = f"{side} point of {pair}" if pair else f"{side} crosshair"
    voxel = format_length(float(spacing.max()))
    return SnapProposal(
        side=side,
        pair=pair,
        kind=kind,
        found=found.found,
        start=start,
        position=by_name(moved) if found.found else start,
        moved_um=found.moved_um,
        quality=found.quality,
        words=f"{where}: {found.words} (voxels of {voxel})",
    )


def _seen_level(item: Any, view: Any) -> int:
    """The level that the panel is drawn from."""
    plane = view.plane()
    ends = plane.pixel_um(_SCREEN_PX) * np.array([(0, 0, 0), plane.across, plane.down])
    own = item.placement.apply(np.asarray(plane.centre_um) + ends)
    return int(choose_level(item.levels, own[1:] - own[0]))
