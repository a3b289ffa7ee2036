"""An explorer whose picture is the surface of a survey, seen from a direction."""

from __future__ import annotations

from typing import Any

import numpy as np
from traitlets import validate

from .explorer import SliceExplorer
from .field_panel import FieldPanel
from .layers import Layer
from .placement import Placement
from .plane import triple
from .scene import GridLevel, Placed
from .state import by_name
from .surface_scene import SurfaceScene, beneath, shaded
from .world import World


class RenderedWorld(World):
    """A survey's frame in which its rendered surface stands, as a picture across the beam."""

    def __init__(self, ws: Any, survey: str) -> None:
        super().__init__(ws, [survey])
        self.rendered: Any = None
        self._item: tuple[Any, Placed] | None = None

    def _place(self, layer: Layer) -> Placed:
        if self._item is None or self._item[0] is not self.rendered:
            self._item = (self.rendered, placed_rendering(layer, self.rendered))
        return self._item[1]


def placed_rendering(layer: Layer, rendered: Any) -> Placed:
    """Place a rendering where the beam sees it."""
    pose = rendered.pose
    back = np.linalg.inv(pose.matrix)
    spacing = tuple(map(float, rendered.view.spacing_um))
    return Placed(
        layer=layer,
        levels=(GridLevel(shaded(rendered), spacing, (0.0, 0.0)),),
        axes="yx",
        placement=Placement(
            locate=pose.inverse_apply,
            matrix=back,
            offset_um=pose.centre_um - back @ pose.offset_um,
        ),
    )


class SurfaceExplorer(SliceExplorer):
    """The rendered surface of a survey; its positions are the survey's.

    A crosshair that is placed here stands on the surface that is seen there; beside the surface it
    stands where it was placed.

    Parameters
    ----------
    ws : Workspace
    scene : SurfaceScene
    """

    def __init__(self, ws: Any, scene: SurfaceScene, **traits: Any) -> None:
        self.scene = scene
        name = str(scene.survey.name)
        reach = 4 * float(np.linalg.norm(np.ptp(scene.corners_um, axis=0)))
        layer = Layer(image=name, name=f"{name}, rendered", limits=(0.0, 255.0), slab_um=reach)
        super().__init__(ws, [name], layers=(layer,), **traits)

    def _world_of(self, ws: Any, names: Any, frame: Any, proposed: Any) -> World:
        return RenderedWorld(ws, names[0])

    @property
    def has_depth(self) -> bool:
        """A rendering has no slices."""
        return False

    def look_from(self, tilt_deg: float, rotation_deg: float) -> None:
        """Render the surface from a direction, and look along it."""
        first = self.world.rendered is None
        rendered = self.scene.seen(tilt_deg, rotation_deg)
        self.world.rendered = rendered
        axes = rendered.pose.matrix
        with self.hold_trait_notifications():
            self.across, self.down = triple(axes[:, 2]), triple(axes[:, 1])
            self.orientation = "oblique"
        if first:
            self.cursor_um = by_name(self.scene.plane.point_um)
            self.fit()

    @validate("cursor_um")
    def _onto_the_surface(self, proposal: Any) -> dict[str, float]:
        given: dict[str, float] = proposal["value"]
        rendered = self.world.rendered if self.world is not None else None
        if rendered is None:
            return given
        found = beneath(rendered, np.array([list(given.values())]))[0]
        return by_name(found) if np.isfinite(found).all() else given


class SurfacePanel(FieldPanel):
    """A picker's live panel of a rendered surface: another direction is another picture."""

    def _coarse_of(self, item: Placed) -> Any:
        if getattr(self, "_item", None) is not item:
            self._item, self._copy = item, self._make_coarse(item, time=0)
            self._coarse = {"rendered": self._copy}
        return self._copy
