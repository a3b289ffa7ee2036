"""A picker's live panel: the image, and over it what the fit says about each place."""

from __future__ import annotations

from typing import Any

import numpy as np

from .colors import table
from .landmark_picture import layers_on
from .live import Drawn, LivePanel
from .picker_fields import shown_field
from .plane import Plane
from .scene import Placed


class FieldPanel(LivePanel):
    """A panel that lays a picker's field over one of its images.

    Parameters
    ----------
    picker : LandmarkPicker
    side : {"moving", "fixed"}
    **given
        As of `LivePanel`.
    """

    def __init__(self, picker: Any, side: str, **given: Any) -> None:
        self._picker, self._side = picker, side
        super().__init__(picker.view_of(side), **given)

    def stacked(self, plane: Plane, width_px: int) -> list[Placed]:
        """The image, and the field over it, for a picture."""
        return layers_on(self._picker, self._side, plane, width_px=width_px)

    def drawn(self) -> list[Drawn]:
        """The image, and the field over it."""
        drawn, field = super().drawn(), shown_field(self._picker, self._side)
        if field is None:
            return drawn
        colors = np.column_stack([table(field.color_map), np.full(256, 255, np.uint8)])
        return [
            *drawn,
            Drawn(field.spec(drawn[-1].spec), (field.color_map, colors.tobytes()), field.colored),
        ]
