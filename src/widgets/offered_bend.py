"""A bend that the pairs call for, offered beside the model: what it gains, and a button."""

from __future__ import annotations

from typing import Any

import ipywidgets as ipw

from .pairs import AUTO
from .picker_fields import error_unit
from .views import Message, button, notice


class OfferedBend:
    """Shown while a straight map is not adequate, and while the bend that was offered is taken.

    Parameters
    ----------
    picker : LandmarkPicker
    message : Message
    """

    def __init__(self, picker: Any, message: Message) -> None:
        self._picker = picker
        self._words = ipw.HTML()
        self._take = button(
            "take the bend",
            message.guard(self._bend),
            tip="Fit a thin-plate map; nothing is written before you accept it",
        )
        self._back = button(
            "back to a straight map",
            message.guard(self._straight),
            tip="The straight map that leave-one-out chooses",
        )
        self.widget = ipw.VBox([self._words, ipw.HBox([self._take, self._back])])

    def renew(self) -> None:
        """Show what the pairs call for now."""
        picker = self._picker
        offer, taken = picker.bend, picker.model == "thin-plate"
        self._words.value = (
            "" if offer is None else notice(f"{offer.statement(error_unit(picker))}.", "attention")
        )
        for one, shown in ((self._take, offer is not None), (self._back, taken)):
            one.layout.display = "" if shown else "none"
        self.widget.layout.display = "" if offer is not None or taken else "none"

    def _bend(self) -> str:
        self._picker.model = self._picker.bend.model
        return "a thin-plate map is fitted: look at the errors and the overlay, then accept it"

    def _straight(self) -> str:
        self._picker.model = AUTO
        return f"a {self._picker.fit().transform.model} map is fitted"
