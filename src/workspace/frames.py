"""One map of the specimen: accepted transforms as a graph, and points looked up in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .positions import Order, points_by_name
from .record import Record

if TYPE_CHECKING:
    from ..analysis.registration import FrameGraph, Located
    from .image import Image


def build_graph(transforms: Iterable[Record], frames: Iterable[str]) -> FrameGraph:
    """Join the frames by the accepted transforms.

    Parameters
    ----------
    transforms : iterable of Record
    frames : iterable of str
        Known frames, also those that nothing joins yet.
    """
    from ..analysis.registration import Edge, FrameGraph, transform_from_dict

    edges = [
        Edge(
            record.name,
            record.fields["from_frame"],
            record.fields["to_frame"],
            transform_from_dict(record.fields["transform"]),
        )
        for record in transforms
        if record.fields["status"] == "accepted" and record.name
    ]
    return FrameGraph(edges, frames=frames)


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
    return graph.locate(array, from_, to, localisation_um2, via=through)


def is_planar(frame: str, images: Iterable[Record]) -> bool:
    """Say whether a frame holds 2-D images only."""
    axes = [image.fields["axes"] for image in images if image.fields["frame"] == frame]
    return bool(axes) and not any("z" in one for one in axes)


def refuse_uncalibrated(frames: Iterable[str], images: Sequence[Image]) -> None:
    """Refuse frames that no voxel size ties to micrometres.

    Raises
    ------
    Uncalibrated
        Every image that stands in one of the frames lacks its voxel size.
    """
    for frame in frames:
        standing = [image for image in images if image.record.fields["frame"] == frame]
        if standing and not any(image.calibrated for image in standing):
            _ = standing[0].spacing_um  # raises, with what to do
