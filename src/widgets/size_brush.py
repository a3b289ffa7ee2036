"""Objects of a phase by their size: a bar of the histogram lights them in the picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from traitlets import Enum, Float, Int, TraitError, Tuple, Unicode, validate

from ..plots.size_bins import size_edges
from ..plots.theme import OKABE_ITO
from ..quantities import format_length
from .explorer import SliceExplorer
from .layers import Layer
from .remembered import Remembered
from .scene import Placed
from .sized_objects import DIAMETER, LIT, OTHER, UNCOUNTED, SizedObjects, sized_objects
from .state import by_name, named_point

if TYPE_CHECKING:
    import pandas as pd

COLORS = {
    OTHER: ("not lit", OKABE_ITO["sky blue"]),
    LIT: ("lit", OKABE_ITO["vermilion"]),
    UNCOUNTED: ("not counted", OKABE_ITO["grey"]),
}
_OPACITY = 0.6


class SizeBrush(Remembered):
    """The objects of a phase in a picture and in a histogram of their sizes, tied together.

    A bar, or a range that is dragged over several, lights its objects in the picture; the object
    under the cursor is marked in the histogram. Nothing is written.

    Parameters
    ----------
    ws : Workspace
    image : str
        Name of a calibrated image.
    phase : ndarray of bool
        On the image's grid; its connected pieces are the objects (26-connected, 8 in 2D).
    **traits
        Any trait below.

    Attributes
    ----------
    explorer : SliceExplorer
        How the image is shown, and on which plane.
    objects : SizedObjects
        The pieces with their sizes.

    Raises
    ------
    ValueError
        No object lies whole in the image and is larger than a speck.

    Examples
    --------
    >>> brush = SizeBrush(ws, "fibsem", phase, name="pore")  # doctest: +SKIP
    >>> brush.light(0.8, 1.2)  # doctest: +SKIP
    >>> brush.lit()[["x_um", "y_um", "z_um"]]  # doctest: +SKIP
    """

    image = Unicode(read_only=True, help="Name of the image.")
    name = Unicode("phase", help="What the phase is called.")
    bins = Int(12, help="Number of bars, equally wide in the logarithm.")
    range_um = Tuple(
        Float(),
        Float(),
        allow_none=True,
        default_value=None,
        help="Least and largest equivalent diameter that is lit [µm]; None: nothing is.",
    )
    seen = Int(0, read_only=True, help="Which of the lit objects was gone to, from 1; 0: none.")
    theme = Enum(("light", "dark"), "light", help="Ground of the page around the picture.")

    def __init__(self, ws: Any, image: str, phase: NDArray[Any], **traits: Any) -> None:
        self.ws = ws
        self.explorer = SliceExplorer(ws, [image])
        self.objects: SizedObjects = sized_objects(np.asarray(phase, bool), image=ws.images[image])
        if not len(self.objects.counted):
            raise ValueError(
                f"a histogram of sizes needs an object that lies whole in {image} and is no speck, "
                f"got none among {len(self.objects.table)}"
            )
        self.set_trait("image", image)
        super().__init__(**traits)
        self._remember({"range_um": "what is lit", "bins": "number of bars"})

    def __repr__(self) -> str:
        return f"SizeBrush({self.name} in {self.image}; {self.words()})"

    # -- state -----------------------------------------------------------------

    @validate("range_um")
    def _check_range(self, proposal: Any) -> tuple[float, float] | None:
        if proposal["value"] is None:
            return None
        low, high = map(float, proposal["value"])
        if not (0 <= low <= high and math.isfinite(high)):
            raise TraitError(f"range_um needs a least and a larger largest size, got {low}, {high}")
        return low, high

    @validate("bins")
    def _check_bins(self, proposal: Any) -> int:
        if not 2 <= proposal["value"] <= 60:
            raise TraitError(f"bins needs 2 to 60, got {proposal['value']}")
        return int(proposal["value"])

    @property
    def diameters_um(self) -> NDArray[np.float64]:
        """Equivalent diameters of all counted objects, the largest first [µm]."""
        return self.objects.counted[DIAMETER].to_numpy(float)

    @property
    def edges_um(self) -> NDArray[np.float64]:
        """Ends of the bars [µm]."""
        return size_edges(self.diameters_um, self.bins)

    # -- lighting ----------------------------------------------------------------

    def light(self, low_um: float, high_um: float | None = None) -> None:
        """Light the objects of these diameters; one alone lights the bar that it lies in [µm]."""
        if high_um is None:
            edges = self.edges_um
            bar = int(np.clip(np.searchsorted(edges, low_um, side="right") - 1, 0, self.bins - 1))
            low_um, high_um = edges[bar], edges[bar + 1]
        self.set_trait("seen", 0)
        self.range_um = (float(low_um), float(high_um))

    def put_out(self) -> None:
        """Light nothing."""
        self.set_trait("seen", 0)
        self.set_trait("range_um", None)

    def lit(self) -> pd.DataFrame:
        """The objects that are lit, the largest first: columns as `object_table`."""
        return self.objects.between(*(self.range_um or (math.inf, math.inf)))

    def go_to(self, number: int) -> None:
        """Bring an object to the middle of the picture, and the plane to it.

        Parameters
        ----------
        number : int
            Of the object, as in `lit`.

        Raises
        ------
        ValueError
            There is no such object.
        """
        if number not in set(self.objects.table["object"]):
            raise ValueError(f"number needs to be that of an object in lit(), got {number}")
        frame = self.explorer.world.images[self.image].frame
        place = self.explorer.world.from_frame(self.objects.place(number), frame)[0]
        self.explorer.look_at(by_name(place))

    def go_on(self, step: int = 1) -> int:
        """Go to the next lit object, the largest first; with -1 to the one before.

        Returns
        -------
        int
            Its number.

        Raises
        ------
        ValueError
            Nothing is lit.
        """
        numbers = self.lit()["object"].tolist()
        if not numbers:
            raise ValueError("no object is lit: choose a bar of the histogram first")
        at = (self.seen - 1 + step) % len(numbers) if self.seen else (0 if step > 0 else -1)
        self.set_trait("seen", at % len(numbers) + 1)
        self.go_to(numbers[self.seen - 1])
        return int(numbers[self.seen - 1])

    # -- reading -----------------------------------------------------------------

    def here(self) -> pd.Series | None:
        """The row of the object under the cursor, None where there is none."""
        world = self.explorer.world
        point = named_point(self.explorer.cursor_um, planar=self.explorer.planar)
        place = world.to_frame(point, world.images[self.image].frame)[0]
        number = self.objects.at(place)
        rows = self.objects.table
        return rows[rows["object"] == number].iloc[0] if number else None

    def words(self) -> str:
        """What is lit, in words."""
        count = len(self.objects.counted)
        if self.range_um is None:
            return f"{count} objects, none lit"
        low, high = map(format_length, self.range_um)
        return f"{len(self.lit())} of {count} objects lit, {low} to {high}"

    # -- pictures ------------------------------------------------------------------

    def layer(self) -> Layer:
        """How the objects lie over the image."""
        phases = [
            {"label": label, "name": name, "color": color}
            for label, (name, color) in COLORS.items()
        ]
        return Layer(
            image=self.image, name=self.name, mode="labels", opacity=_OPACITY, phases=tuple(phases)
        )

    def placed(self) -> list[Placed]:
        """The image with its objects over it, ready to be drawn."""
        return [self.explorer.world.placed(self.explorer.layers)[0], self.drawn_objects]

    @property
    def drawn_objects(self) -> Placed:
        """The objects, ready to be drawn; looked up as they are read, so nothing is kept."""
        level = self.objects.drawn(self.lit()["object"])
        axes = "zyx"[-self.objects.labels.ndim :]
        return Placed(layer=self.layer(), levels=[level], axes=axes)

    def snapshot(self, width_px: int = 900) -> Image.Image:
        """The slice with its objects, and the histogram, on one page."""
        from .size_brush_picture import brush_page

        return brush_page(self, width_px=width_px).picture(width_px=width_px, theme=self.theme)

    def _build_view(self) -> Any:
        from .size_brush_view import size_brush_view

        return size_brush_view(self)
