"""Look at many images of a specimen at once, each at its own resolution, on any plane."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from traitlets import Bool, Enum, Float, Instance, Int, TraitError, Tuple, Unicode, validate

from ..errors import NoPath
from .annotate import Marks
from .compose import COMPARE_MODES
from .layers import Layer, first_layer
from .pinned import Pinned
from .plane import AXES, Plane, Triple, axes_through, axis_plane, check_axes, triple
from .rendering import SLABS, Rendering
from .scene import face_um
from .seen import Seen
from .state import PositionTrait, by_name, named_point
from .world import World, levels_of

if TYPE_CHECKING:
    import pandas as pd

ORIENTATIONS = (*AXES, "oblique")
SCHEMA_VERSION = 1


class SliceExplorer(Pinned):
    """Slices through one or several images in one world.

    Parameters
    ----------
    ws : Workspace
        The specimen.
    images : sequence of str, optional
        Names, the first at the bottom; by default every calibrated image that is connected
        with ``frame``.
    frame : str, optional
        The frame whose positions are shown; by default that of the first image.
    proposed : sequence of Edge
        Transforms to look through that nobody has accepted yet.
    **traits
        Any trait below.

    Examples
    --------
    >>> explorer = SliceExplorer(ws, images=["xrm_survey_t0", "fibsem"])  # doctest: +SKIP
    >>> explorer.layer("fibsem").color_map = "magma"  # doctest: +SKIP
    >>> explorer.cursor_um = {"x_um": 20, "y_um": 30, "z_um": 5}  # doctest: +SKIP
    >>> explorer.snapshot(width_px=900)  # doctest: +SKIP
    """

    schema_version = Int(SCHEMA_VERSION, read_only=True, help="Of these traits.")
    frame = Unicode(read_only=True, help="The frame that all positions here are given in.")
    layers = Tuple(help="Layer objects, the first at the bottom.")
    cursor_um = PositionTrait(help="The point that is looked at; the plane goes through it [µm].")
    centre_um = PositionTrait(help="Middle of the view; its part across the plane is ignored [µm].")
    width_um = Float(1.0, help="What the picture shows from left to right [µm].")
    aspect = Float(0.75, help="Height of the picture over its width.")
    orientation = Enum(ORIENTATIONS, "xy", help="The plane; 'oblique' uses across and down.")
    across = Tuple(*[Float()] * 3, default_value=AXES["xy"][0], help="Right, unit z, y, x.")
    down = Tuple(*[Float()] * 3, default_value=AXES["xy"][1], help="Down, unit z, y, x.")
    linked = Bool(False, help="Whether the two planes at right angles are shown beside it.")
    time = Int(0, help="Index along the time axis, where an image has one.")
    compare = Enum(COMPARE_MODES, "blend", help="How the uppermost layer meets those below it.")
    split = Float(0.5, help="Share of the width left of the uppermost layer, where it is split.")
    slab_um = Float(0.0, help="Thickness of what is seen [µm]; 0 is the plane alone.")
    slab = Enum(SLABS, "mean", help="What of the values in a slab is seen.")
    crosshair = Bool(True, help="Whether the cursor is drawn.")
    theme = Enum(("light", "dark"), "light", help="Ground of the page around the picture.")
    world = Instance(World, help="Where the images stand.")

    def __init__(
        self,
        ws: Any,
        images: Sequence[str] | str | None = None,
        *,
        frame: str | None = None,
        proposed: Sequence[Any] = (),
        **traits: Any,
    ) -> None:
        names = [images] if isinstance(images, str) else images
        if names is None:
            names = connected_images(ws, frame=frame)
        world = self._world_of(ws, list(names), frame, proposed)
        shown = enumerate(world.images.values())
        given = {"layers": tuple(first_layer(image, over=number > 0) for number, image in shown)}
        self.ws, self.planar, self.world = ws, world.planar, world
        self.seen_bookmarks = Seen(ws.bookmarks)
        self.set_trait("frame", world.frame)
        self._look_at_everything()
        super().__init__(**{**given, **traits})

    def _world_of(self, ws: Any, names: list[str], frame: str | None, proposed: Any) -> World:
        return World(ws, names, frame=frame, proposed=proposed)

    def __repr__(self) -> str:
        names = ", ".join(layer.name for layer in self.layers)
        return f"SliceExplorer({names}; {self.orientation} in {self.frame})"

    # -- state ---------------------------------------------------------------

    @validate("layers")
    def _check_layers(self, proposal: Any) -> tuple[Layer, ...]:
        layers = tuple(proposal["value"])
        images = self.world.images
        if not all(isinstance(item, Layer) and item.image in images for item in layers):
            raise TraitError(
                f"layers needs Layer objects of the images {', '.join(images)}, got {layers}"
            )
        names = [layer.name for layer in layers]
        if len(set(names)) != len(names):
            raise TraitError(f"each layer needs a name of its own, got {', '.join(names)}")
        return layers

    @validate("width_um", "aspect")
    def _check_positive(self, proposal: Any) -> float:
        value = float(proposal["value"])
        if not (math.isfinite(value) and value > 0):
            raise TraitError(f"{proposal['trait'].name} needs a positive number, got {value}")
        return value

    @validate("split", "slab_um")
    def _check_share_or_thickness(self, proposal: Any) -> float:
        name, value = proposal["trait"].name, float(proposal["value"])
        most = 1.0 if name == "split" else math.inf
        if not (math.isfinite(value) and 0 <= value <= most):
            raise TraitError(
                f"{name} needs 0 {'to 1' if name == 'split' else 'or more'}, got {value}"
            )
        return value

    @validate("time")
    def _check_time(self, proposal: Any) -> int:
        value, count = int(proposal["value"]), self.world.time_count
        if not 0 <= value < count:
            raise TraitError(f"time needs 0 to {count - 1}, got {value}")
        return value

    # -- looking -------------------------------------------------------------

    def layer(self, name: str) -> Layer:
        """The layer of that name, which is its image's name unless another was given."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        names = ", ".join(layer.name for layer in self.layers)
        raise KeyError(f"no layer is called {name!r}; there are: {names}")

    @property
    def has_depth(self) -> bool:
        """Whether anything lies above or below the plane that is shown."""
        return not self.planar

    def move_layer(self, name: str, steps: int) -> None:
        """Draw a layer later, above others, or with negative steps earlier, below them."""
        layers = list(self.layers)
        at = layers.index(self.layer(name))
        layers.insert(max(0, at + steps), layers.pop(at))
        self.layers = tuple(layers)

    def plane(self, *, aspect: float | None = None) -> Plane:
        """The plane that is shown, through the cursor."""
        size = {"width_um": self.width_um, "height_um": self.width_um * (aspect or self.aspect)}
        centre = tuple(self.centre_um.values())
        if self.orientation == "oblique":
            check_axes(self.across, self.down)
            plane = Plane(centre_um=triple(centre), across=self.across, down=self.down, **size)
        else:
            plane = axis_plane(self.orientation, centre_um=centre, **size)
        return plane.through(tuple(self.cursor_um.values()))

    def rendering(self) -> Rendering:
        """What is common to all layers of the picture."""
        return Rendering(
            time=self.time,
            compare=self.compare,
            split=self.split,
            slab_um=self.slab_um,
            slab=self.slab,
        )

    def planes(self, *, aspect: float | None = None) -> tuple[Plane, ...]:
        """The plane that is shown and, where they are ``linked``, the two at right angles to it.

        All go through the cursor; a world without depth has one.
        """
        plane = self.plane(aspect=aspect)
        if not self.linked or self.planar:
            return (plane,)
        cursor, centre = tuple(self.cursor_um.values()), triple(list(self.centre_um.values()))
        beside = (
            replace(plane, across=across, down=triple(plane.normal), centre_um=centre)
            for across in (plane.across, plane.down)
        )
        return (plane, *(other.through(cursor) for other in beside))

    def look_at(self, position: Any, *, width_um: float | None = None) -> None:
        """Bring a position to the middle, and the plane to it.

        Parameters
        ----------
        position : dict or table row
            ``x_um``, ``y_um``, ``z_um`` in this explorer's frame.
        width_um : float, optional
            What the picture shows from left to right [µm].
        """
        point = by_name(named_point(position, planar=self.planar))
        with self.hold_trait_notifications():
            self.cursor_um, self.centre_um = point, point
            if width_um is not None:
                self.width_um = width_um

    def fit(self) -> None:
        """Show everything on the present plane."""
        corners = self.world.corners_um()
        plane = self.plane()
        right, below = corners @ np.asarray(plane.across), corners @ np.asarray(plane.down)
        middle = (corners.min(axis=0) + corners.max(axis=0)) / 2
        self.centre_um = by_name(middle)
        self.width_um = 1.04 * float(max(np.ptp(right), np.ptp(below) / self.aspect))

    def cut_through(self, first: Any, second: Any, third: Any) -> None:
        """Show the oblique plane through three positions; the first becomes the cursor."""
        points = [named_point(p, planar=self.planar) for p in (first, second, third)]
        across, down = axes_through(*points)
        self._turn_to(across, down, points[0])

    def face_of(self, image: str) -> None:
        """Show the plane of another image's first two axes (a cut face, a tilted view).

        It goes through z = 0 of the image or the slice nearest to that; the middle of what the
        image shows there becomes the cursor.
        """
        handle = self.world.ws.images[image]
        face = face_um(levels_of(handle))
        middle, right, below = self.world.from_frame(face, handle.frame)
        self._turn_to(*axes_through(middle, right, below), middle)

    def _turn_to(self, across: Triple, down: Triple, through: Any) -> None:
        with self.hold_trait_notifications():
            self.across, self.down, self.orientation = across, down, "oblique"
            self.cursor_um = by_name(through)

    def _look_at_everything(self) -> None:
        corners = self.world.corners_um()
        self.centre_um = by_name((corners.min(axis=0) + corners.max(axis=0)) / 2)
        self.cursor_um = by_name(self._middle_of_smallest())
        size = np.ptp(corners, axis=0)
        self.aspect = float(np.clip(size[1] / size[2], 0.4, 1.25))
        self.width_um = 1.04 * float(max(size[2], size[1] / self.aspect))

    def _middle_of_smallest(self) -> Any:
        """The plane through the image with the smallest field shows what all others surround."""
        fields = [self.world.corners_um([name]) for name in self.world.images]
        smallest = min(fields, key=lambda corners: float(np.ptp(corners, axis=0).max()))
        return (smallest.min(axis=0) + smallest.max(axis=0)) / 2

    # -- reading -------------------------------------------------------------

    def read(self, position: Any = None) -> pd.DataFrame:
        """Grey value and place of the cursor in every image that is shown.

        Parameters
        ----------
        position : dict, optional
            Another position than the cursor.

        Returns
        -------
        DataFrame
            layer, value (of the finest level), x_um, y_um, z_um in the image's own frame and
            sx_um, sy_um, sz_um, their standard uncertainty through the transforms; NaN where it
            is not known. error_source says where the errors behind it come from: residuals, or
            typed by hand.
        """
        from .reading import read_layers

        where = self.cursor_um if position is None else position
        point = named_point(where, planar=self.planar)
        return read_layers(self.world, self.layers, point, time=self.time)

    def snapshot(
        self, width_px: int = 900, *, marks: Callable[[Marks, Plane], None] | None = None
    ) -> Image.Image:
        """The picture of the present view, drawn from the pyramids at screen resolution.

        Parameters
        ----------
        width_px : int
            Of the whole picture with its legend.
        marks : callable, optional
            Draws further marks: called with a `Marks` sheet and the plane.
        """
        from .picture import explorer_picture

        return explorer_picture(self, width_px=width_px, marks=marks)

    def film(
        self,
        path: str | Path,
        stops: Sequence[str] = (),
        *,
        seconds: float = 3.0,
        fps: float = 15.0,
        width_px: int = 640,
        progress: Callable[[int, int], None] | None = None,
    ) -> Path:
        """Write a flight through bookmarks as a GIF, or an MP4 where there is an encoder (ffmpeg).

        Parameters
        ----------
        path : path
            Ends in ``.gif`` or ``.mp4``.
        stops : sequence of str
            Names of bookmarks; by default from everything to this view.
        seconds : float
            From one to the next.
        fps : float
            Pictures a second.
        width_px : int
        progress : callable, optional
            Called with how many pictures are done, and of how many.
        """
        from .flight import film_frames, write_film
        from .looks import look_of, looks_at

        here = look_of(self, self.plane())
        looks = [looks_at(self, self._kept_view(name)) for name in stops]
        if not looks:
            whole = np.ptp(self.world.corners_um(), axis=0).max()
            looks = [{**here, "width_um": 1.04 * float(whole)}, here]
        frames = max(2, round(seconds * fps))
        count = frames * (len(looks) - 1)
        pictures = film_frames(self, looks, frames=frames, width_px=width_px)
        return write_film(pictures, path, fps=fps, count=count, progress=progress)

    def offline(self) -> dict[str, Any] | None:
        """Everything that a page without a kernel draws it from, see `offline_view`."""
        from .offline import offline_view

        return offline_view(self)

    def _build_view(self) -> Any:
        from .explorer_view import explorer_view

        return explorer_view(self)


def connected_images(ws: Any, *, frame: str | None = None) -> list[str]:
    """Calibrated images that can be shown in a frame, the largest voxels first."""
    calibrated = [image for image in ws.images if image.calibrated]
    if not calibrated:
        raise ValueError("no calibrated image to show: import one, or name an image")
    target, graph, found = frame or calibrated[0].frame, ws.graph(), []
    for image in calibrated:
        try:
            if image.frame != target:
                graph.path(target, image.frame)
        except NoPath:
            continue
        found.append(image)
    return [image.name for image in sorted(found, key=lambda i: -max(i.spacing_um))]
