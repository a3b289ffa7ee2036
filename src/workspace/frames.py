"""One map of the specimen: accepted transforms as a graph, and points looked up in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..quantities import format_length
from .positions import Order, points_by_name
from .record import Record
from .transforms import read_edges

if TYPE_CHECKING:
    from ..analysis.registration import FrameGraph, Located


_ROUNDING_UM = 1e-6  # a point that was mapped there and back is off its plane by less


def build_graph(
    transforms: Iterable[Record],
    frames: Iterable[Record],
    landmarks: Iterable[Record] | None = None,
) -> FrameGraph:
    """Join the frames by the accepted transforms.

    Parameters
    ----------
    transforms : iterable of Record
    frames : iterable of Record
        Also those that nothing joins yet, and the removed ones, which join nothing.
    landmarks : iterable of Record, optional
        As they stand now: transforms that were fitted to others say so wherever they are used.

    Raises
    ------
    UnusableRecord
        A transform that an older or another program wrote is no map of a specimen.
    """
    from ..analysis.registration import FrameGraph

    known = list(frames)
    there = [frame.name for frame in known if frame.name and not frame.removed]
    gone = {frame.name for frame in known if frame.removed}.difference(there)
    accepted = [
        record
        for record in transforms
        if record.fields["status"] == "accepted"
        and not gone & {record.fields["from_frame"], record.fields["to_frame"]}
    ]
    return FrameGraph(
        read_edges(accepted, None if landmarks is None else list(landmarks)), frames=there
    )


def locate_points(
    graph: FrameGraph,
    points: Any,
    *,
    from_: str,
    to: str,
    order: Order | None,
    planar: bool,
    localisation_um2: Any = None,
    via: str | Iterable[str] | None = None,
) -> Located:
    """Carry points that have names, or an array with its order, from one frame to another."""
    array = points_by_name(points, order=order, planar=planar)
    through = via if via is None or isinstance(via, str) else list(via)
    located = graph.locate(array, from_, to, localisation_um2, via=through)
    notes = off_plane(array, from_) if planar else ()
    return replace(located, notes=(*notes, *located.notes))


def off_plane(points_um: np.ndarray, frame: str) -> tuple[str, ...]:
    """Note points of a 2-D image's frame that do not lie in its plane, z = 0.

    Parameters
    ----------
    points_um : ndarray of shape (n, 3)
        z, y, x [µm].
    frame : str
    """
    heights = points_um[:, 0]
    off = int(np.count_nonzero(np.abs(heights) > _ROUNDING_UM))
    if not off:
        return ()
    farthest = format_length(float(heights[np.abs(heights).argmax()]))
    points = "the point does" if len(heights) == 1 else f"{off} of {len(heights)} points do"
    return (
        f"{points} not lie in the plane z = 0 of {frame}, a 2-D image (farthest: z = {farthest}): "
        "z was carried along the image's normal, and no landmark of the image vouches for it; give "
        "z = 0 for what is seen in the image",
    )


def is_planar(frame: str, images: Iterable[Record]) -> bool:
    """Say whether a frame holds 2-D images only."""
    axes = [image.fields["axes"] for image in images if image.fields["frame"] == frame]
    return bool(axes) and not any("z" in one for one in axes)
