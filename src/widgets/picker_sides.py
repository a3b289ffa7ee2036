"""How a picker shows its two sides; a picker of another kind shows them otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .fields import Part
from .picture import voxel_words
from .plane import Plane, Triple
from .pointing import Pointing
from .state import by_name


class PickerSides(Pointing):
    """What the controls and pictures of a picker ask of its sides."""

    def panel_of(self, side: str, **given: Any) -> Any:
        """The live panel of one side, see `FieldPanel`."""
        from .field_panel import FieldPanel

        return FieldPanel(self, side, **given)

    def controls_of(self, message: Any) -> list[Any]:
        """Further controls above the pictures."""
        return []

    def title_of(self, side: str) -> str:
        """What stands above one side."""
        return f"{side}: {self.images[side].name}"

    def words_of(self, side: str) -> str:
        """What one side shows, for the caption."""
        return voxel_words(self.images[side])

    def dropped_at(self, side: str, at_um: Triple) -> dict[str, float]:
        """Where something stands that a person drops on one side."""
        return by_name(at_um)

    # -- what a field over a side is made of, see `picker_fields` -------------------

    def in_moving(self, fit: Any, side: str, points_um: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points of one side in the moving frame, (n, 3) [µm]."""
        from .picker_fields import in_moving

        return in_moving(self, fit, side, points_um)

    def errors_with(
        self, fit: Any, side: str, points_um: NDArray[np.float64], target_um: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Predicted error at the target with one more pair at points of one side, (n,) [µm]."""
        from ..analysis.registration import errors_with_landmark

        return errors_with_landmark(fit, self.in_moving(fit, side, points_um), target_um)

    def shown_parts(self, side: str) -> tuple[Part, ...]:
        """Where one side shows anything."""
        from .picker_fields import own_box

        return (own_box(self.images[side]),)

    def reached_parts(self, fit: Any, side: str) -> tuple[Part, ...]:
        """Where a pair can be picked on one side."""
        from .picker_fields import both_boxes

        return both_boxes(self, side, fit)

    def looked_from(self) -> tuple[float, ...]:
        """What the picture of a side follows beside its plane."""
        return ()

    def faded(self, side: str, points_um: NDArray[np.float64], shown: Plane) -> NDArray[np.bool_]:
        """Which points of one side lie off what a plane shows, (n,)."""
        if self.images[side].ndim == 2:
            return np.zeros(len(points_um), bool)
        return np.asarray(np.abs(shown.distance_um(points_um)) > shown.width_um / 50)
