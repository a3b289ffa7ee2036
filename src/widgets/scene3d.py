"""The explorer's state in three dimensions: slices, volumes, surfaces, boxes, targets."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from traitlets import Bool, Enum, Float, TraitError, TraitType, Tuple, Unicode, validate

from .camera import Camera, named_camera
from .explorer import SliceExplorer
from .label_surfaces import LabelSurfaces
from .plane import Plane
from .remembered import Remembered
from .space import Octant, Space
from .volumes import Volume

AT_CURSOR = "cursor"
_REMEMBERED = {
    "focus": "what is in the middle", "slices": "slices", "reach": "size of the slices",
    "volumes": "volumes", "surfaces": "surfaces", "boxes": "boxes", "targets": "targets",
    "plans": "plans", "cut": "what is left out", "axes": "axes",
}  # fmt: skip
_KEPT = 64


class CameraTrait(TraitType):  # type: ignore[type-arg]
    """A `Camera`, or the name of a view."""

    default_value = Camera()
    info_text = "a Camera, or the name of a view"

    def validate(self, obj: Any, value: Any) -> Camera:
        """Return the camera, or refuse it in words."""
        try:
            return named_camera(value)
        except (TypeError, ValueError) as error:
            raise TraitError(str(error)) from error


class Scene(Remembered):
    """Images of a specimen as they stand in space, in the colours of an explorer.

    What is seen without a browser is drawn by VTK off screen; `to_html` gives a page that turns in
    any browser and asks for nothing outside.

    Parameters
    ----------
    ws : Workspace
        The specimen.
    images : sequence of str, optional
        Names, as of `SliceExplorer`.
    frame : str, optional
        The frame whose positions are shown; by default that of the first image.
    **traits
        Any trait below.

    Attributes
    ----------
    explorer : SliceExplorer
        Layers, cursor, planes, colours, limits and time; the scene follows it.

    Examples
    --------
    >>> scene = Scene(ws, ["xrm_survey_t0", "xrm_zoom"])  # doctest: +SKIP
    >>> scene.show_volume("xrm_zoom", color_map="magma")  # doctest: +SKIP
    >>> scene.camera = "front"  # doctest: +SKIP
    >>> scene.snapshot(width_px=900)  # doctest: +SKIP
    """

    camera = CameraTrait(help="From where it is seen: a Camera or the name of a view.")
    focus = Unicode("", help="Image that is in the middle and fills the view; empty: everything.")
    slices = Bool(True, help="Whether the explorer's planes are drawn; three where 'linked'.")
    reach = Enum(("whole", "view"), "whole", help="Slices as large as everything, or as seen.")
    volumes = Tuple(help="Volume objects, an image each.")
    surfaces = Tuple(help="LabelSurfaces objects.")
    boxes = Bool(True, help="Whether the edges of every image are drawn, with its name.")
    targets = Bool(True, help="Whether targets are drawn, with their 95 % ellipsoid.")
    plans = Tuple(help="Pairs of a frame and a TargetPlan in it, whose cut is drawn as a box.")
    cut = Unicode(
        "",
        help="'cursor' leaves out what lies beyond the cursor towards the eye; the name of an "
        "image opens the others around it; empty leaves nothing out.",
    )
    axes = Bool(True, help="Whether labelled axes [µm] and a scale bar are drawn.")
    aspect = Float(0.75, help="Height of the picture over its width.")
    theme = Enum(("light", "dark"), "light", help="Ground of the page around the picture.")

    def __init__(
        self,
        ws: Any,
        images: Sequence[str] | str | None = None,
        *,
        frame: str | None = None,
        explorer: SliceExplorer | None = None,
        **traits: Any,
    ) -> None:
        made = explorer or SliceExplorer(ws, images, frame=frame, linked=True)
        for image in made.world.images.values():
            _ = image.spacing_um  # Uncalibrated: pixels must not pass for micrometres
        self.ws, self.explorer = ws, made
        self._kept: dict[Any, Any] = {}
        super().__init__(**traits)
        self._remember(_REMEMBERED)

    @classmethod
    def of(cls, explorer: SliceExplorer, **traits: Any) -> Scene:
        """The scene of an explorer: it shows what that shows, whatever is changed there."""
        return cls(explorer.world.ws, explorer=explorer, **traits)

    def __repr__(self) -> str:
        names = ", ".join(layer.name for layer in self.explorer.layers)
        return f"Scene({names}; {len(self.volumes)} volumes in {self.explorer.frame})"

    # -- state ---------------------------------------------------------------

    @validate("aspect")
    def _check_aspect(self, proposal: Any) -> float:
        value = float(proposal["value"])
        if not (math.isfinite(value) and value > 0):
            raise TraitError(f"aspect needs a positive number, got {value}")
        return value

    @validate("volumes")
    def _check_volumes(self, proposal: Any) -> tuple[Volume, ...]:
        volumes = tuple(proposal["value"])
        if not all(isinstance(volume, Volume) for volume in volumes):
            raise TraitError(f"volumes needs Volume objects, got {volumes}")
        for volume in volumes:
            self._check_image(volume.image, "volumes")
            if self.explorer.world.images[volume.image].ndim != 3:
                raise TraitError(f"{volume.image} has two axes: show it as a slice")
        return volumes

    @validate("surfaces")
    def _check_surfaces(self, proposal: Any) -> tuple[LabelSurfaces, ...]:
        surfaces = tuple(proposal["value"])
        if not all(isinstance(shown, LabelSurfaces) for shown in surfaces):
            raise TraitError(f"surfaces needs LabelSurfaces objects, got {surfaces}")
        known = self.label_sources()
        for shown in surfaces:
            if shown.source not in known:
                raise TraitError(
                    f"surfaces needs a layer of labels or a segmentation of an image shown, got "
                    f"{shown.source!r}; there are: {', '.join(known) or 'none'}"
                )
        return surfaces

    @validate("cut")
    def _check_cut(self, proposal: Any) -> str:
        value = str(proposal["value"])
        if value not in ("", AT_CURSOR):
            self._check_image(value, "cut")
        return value

    @validate("focus")
    def _check_focus(self, proposal: Any) -> str:
        value = str(proposal["value"])
        if value:
            self._check_image(value, "focus")
        return value

    @validate("plans")
    def _check_plans(self, proposal: Any) -> tuple[Any, ...]:
        for pair in proposal["value"]:
            if len(pair) != 2 or not hasattr(pair[1], "cut_size_um"):
                raise TraitError(f"plans needs pairs of a frame and a TargetPlan, got {pair!r}")
            self.explorer.world.from_frame([(0.0, 0.0, 0.0)], pair[0])
        return tuple(proposal["value"])

    def _check_image(self, name: str, trait: str) -> None:
        images = self.explorer.world.images
        if name not in images:
            raise TraitError(f"{trait} needs one of {', '.join(images)}, got {name!r}")

    # -- what is shown -------------------------------------------------------

    def show_volume(self, image: str, **traits: Any) -> Volume:
        """Render an image as a volume, or render it anew."""
        volume = Volume(image=image, **traits)
        self.volumes = (*(v for v in self.volumes if v.image != image), volume)
        return volume

    def show_surfaces(self, source: str, **traits: Any) -> LabelSurfaces:
        """Show labels or a segmentation's phases as surfaces."""
        shown = LabelSurfaces(source=source, **traits)
        self.surfaces = (*(s for s in self.surfaces if s.source != source), shown)
        return shown

    def show_plan(self, plan: Any, *, frame: str) -> None:
        """Draw the cut of a `TargetPlan` that was made in a frame."""
        self.plans = (*self.plans, (frame, plan))

    def label_sources(self) -> list[str]:
        """Layers of labels, and segmentations of the images shown."""
        layers = [layer.name for layer in self.explorer.layers if layer.mode == "labels"]
        images = self.explorer.world.images
        return layers + [record.name for record in self.ws.segmentations if record.image in images]

    def turn(
        self, *, azimuth_deg: float = 0.0, elevation_deg: float = 0.0, zoom: float = 1.0
    ) -> None:
        """Turn the camera, and come nearer by a factor."""
        turned = self.camera.turned(azimuth_deg=azimuth_deg, elevation_deg=elevation_deg)
        self.camera = Camera(
            azimuth_deg=turned.azimuth_deg,
            elevation_deg=turned.elevation_deg,
            zoom=turned.zoom * zoom,
        )

    def view_plane(self) -> Plane:
        """The rectangle of the scene that the picture shows; it lies across the view."""
        world = self.explorer.world
        corners = world.corners_um([self.focus] if self.focus else None)
        low, high = corners.min(axis=0), corners.max(axis=0)
        box = np.where(np.indices((2, 2, 2)).reshape(3, 8).T == 0, low, high)  # the axes' too
        return self.camera.plane(box, focus_um=(low + high) / 2, aspect=self.aspect)

    def octant(self) -> Octant | None:
        """What is left out towards the eye, if anything."""
        if not self.cut:
            return None
        toward = -self.camera.direction
        signs = np.where(toward < 0, -1.0, 1.0)
        if self.cut == AT_CURSOR:
            return Octant(apex_um=self.cursor_um(), signs=signs)
        corners = self.explorer.world.corners_um([self.cut])
        return Octant(
            apex_um=np.where(signs > 0, corners.min(axis=0), corners.max(axis=0)), signs=signs
        )

    def cursor_um(self) -> NDArray[np.float64]:
        """The explorer's cursor, z, y, x [µm]."""
        return np.array(list(self.explorer.cursor_um.values()))

    def space(self) -> Space:
        """All that stands in the scene, as arrays z, y, x in micrometres."""
        from .space_of import space_of

        return space_of(self)

    def keep(self, key: Any, make: Callable[[], Any]) -> Any:
        """What was made for the same key before, else make it."""
        if key not in self._kept:
            while len(self._kept) >= _KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = make()
        return self._kept[key]

    # -- pictures ------------------------------------------------------------

    def snapshot(self, width_px: int = 900) -> Image.Image:
        """The picture of the present view with names, axes, scale bar, legend and caption."""
        from .scene_picture import scene_page

        return scene_page(self, width_px=width_px).picture(width_px=width_px, theme=self.theme)

    def offline(self) -> dict[str, Any]:
        """Everything that a page without a kernel draws it from, see `scene_state`."""
        from .scene_page import scene_state

        return scene_state(self)

    def to_html(self, *, title: str = "") -> str:
        """A page that shows the scene and lets a person turn it; it asks for nothing outside."""
        from .scene_page import scene_html

        return scene_html(self, title=title)

    def export_html(self, path: str | Path, *, title: str = "") -> Path:
        """Write `to_html` into a file."""
        target = Path(path)
        target.write_text(self.to_html(title=title or target.stem), encoding="utf-8")
        return target

    def _build_view(self) -> Any:
        from .scene_view import scene_view

        return scene_view(self)
