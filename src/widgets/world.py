"""The images of a workspace in one frame, and where each stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import Uncalibrated
from .layers import Layer
from .moments import frames_of
from .placement import IDENTITY, Placement, placement_of
from .scene import GridLevel, Placed, box_corners_um


class World:
    """One frame, and the way from it into every image shown.

    Parameters
    ----------
    ws : Workspace
    images : sequence of str
        Names of the images.
    frame : str, optional
        The frame that positions are given in; by default that of the first image.
    proposed : sequence of Edge
        Transforms to look through that nobody has accepted yet.

    Raises
    ------
    Uncalibrated
        If an image without voxel size is to be shown together with others.
    NoPath
        If an image's frame is not connected with ``frame``.
    """

    def __init__(
        self,
        ws: Any,
        images: Sequence[str],
        *,
        frame: str | None = None,
        proposed: Sequence[Any] = (),
    ) -> None:
        if not images:
            raise ValueError("images needs at least one name, got none: see ws.images.table()")
        self.ws = ws
        self.images = {name: ws.images[name] for name in images}
        first = self.images[images[0]]
        self.frame = frame if frame is not None else first.frame
        self.proposed = tuple(proposed)
        self.calibrated = all(image.calibrated for image in self.images.values())
        self.planar = all(image.ndim == 2 for image in self.images.values())
        self._refuse_uncalibrated_company()
        self._seen_state: Any = None
        self._graph: Any = None
        self._standing: dict[str, tuple[Any, Placement]] = {}
        self._placed: dict[Layer, Placed] = {}

    @property
    def unit(self) -> str:
        """``"um"``, or ``"px"`` for a single image whose voxel size nobody knows."""
        return "um" if self.calibrated else "px"

    @property
    def time_count(self) -> int:
        """The most time points that an image here has."""
        return max(frames_of(image) for image in self.images.values())

    def graph(self) -> Any:
        """Accepted transforms and the proposed ones; read again when the workspace moved on."""
        state = self.ws.state
        if self._graph is None or state != self._seen_state:
            graph = self.ws.graph()
            if self.proposed:
                graph = _with_proposed(graph, self.proposed)
            self._graph, self._seen_state = graph, state
            self.images = {name: self._newest(image) for name, image in self.images.items()}
            self._standing.clear()
            self._placed.clear()
        return self._graph

    def placed(self, layers: Sequence[Layer]) -> list[Placed]:
        """The layers with their pyramids and placements, in the same order."""
        self.graph()
        return [self._place(layer) for layer in layers]

    def to_frame(self, points_um: ArrayLike, frame: str) -> NDArray[np.float64]:
        """Positions of this world in another frame, (n, 3) [µm]."""
        points = np.atleast_2d(np.asarray(points_um, float))
        if frame == self.frame:
            return points
        return np.asarray(self.graph().positions(points, self.frame, frame))

    def from_frame(self, points_um: ArrayLike, frame: str) -> NDArray[np.float64]:
        """Positions of another frame in this world, (n, 3) [µm]."""
        points = np.atleast_2d(np.asarray(points_um, float))
        if frame == self.frame:
            return points
        return np.asarray(self.graph().positions(points, frame, self.frame))

    def corners_um(self, names: Sequence[str] | None = None) -> NDArray[np.float64]:
        """Corners of some images of this world, by default of all, (n, 3) [µm]."""
        images = [self.images[name] for name in (self.images if names is None else names)]
        boxes = [self.from_frame(box_corners_um(levels_of(i)), i.frame) for i in images]
        return np.concatenate(boxes)

    def _place(self, layer: Layer) -> Placed:
        image = self.images[layer.image]
        if layer.image not in self._standing:
            self._standing[layer.image] = (levels_of(image), self._placement(image))
        levels, placement = self._standing[layer.image]
        known = self._placed.get(layer)
        if known is None or known.levels is not levels:
            known = Placed(
                layer=layer,
                levels=levels,
                axes=image.axes,
                placement=placement,
                channels=tuple(image.channel_names),
            )
            self._placed[layer] = known
        return known

    def _newest(self, image: Any) -> Any:
        newest = self.ws.images[image.id]
        return image if newest.version == image.version else newest

    def _placement(self, image: Any) -> Placement:
        if image.frame == self.frame:
            return IDENTITY
        corners = self.from_frame(box_corners_um(levels_of(image)), image.frame)
        reach = float(np.ptp(corners, axis=0).max()) / 2
        return placement_of(
            lambda points: self.to_frame(points, image.frame),
            centre_um=corners.mean(axis=0),
            reach_um=reach,
        )

    def _refuse_uncalibrated_company(self) -> None:
        unknown = [name for name, image in self.images.items() if not image.calibrated]
        if unknown and len(self.images) > 1:
            raise Uncalibrated(
                f"images share a view in micrometres, but {', '.join(unknown)} has no voxel size: "
                "give it with ws.calibrate(...), or look at it alone"
            )


def _with_proposed(graph: Any, proposed: Sequence[Any]) -> Any:
    """The graph in which proposed edges stand instead of accepted ones between the same frames."""
    pairs = {frozenset((edge.from_frame, edge.to_frame)) for edge in proposed}
    kept = [e for e in graph.edges if frozenset((e.from_frame, e.to_frame)) not in pairs]
    return type(graph)([*kept, *proposed], frames=graph.frames, adjust=False)


def levels_of(image: Any) -> Sequence[Any]:
    """The pyramid of an image; in voxels of level 0 where its voxel size is not known."""
    if image.calibrated:
        return image.levels
    return [
        GridLevel(
            level.array,
            tuple(float(factor) for factor in level.factors),
            level.shift_px,
        )
        for level in image.levels
    ]
