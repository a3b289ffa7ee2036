"""One map of the specimen: accepted transforms as a graph, and points looked up in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .positions import Order, points_by_name
from .record import Record
from .transforms import read_edges

if TYPE_CHECKING:
    from ..analysis.registration import FrameGraph, Located


def build_graph(transforms: Iterable[Record], frames: Iterable[str]) -> FrameGraph:
    """Join the frames by the accepted transforms.

    Parameters
    ----------
    transforms : iterable of Record
    frames : iterable of str
        Known frames, also those that nothing joins yet.

    Raises
    ------
    UnusableRecord
        A transform that an older or another program wrote is no map of a specimen.
    """
    from ..analysis.registration import FrameGraph

    accepted = [record for record in transforms if record.fields["status"] == "accepted"]
    edges = read_edges(accepted)
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
