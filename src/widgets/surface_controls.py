"""Controls above a rendered surface: from where it is seen, and how well one picks."""

from __future__ import annotations

from typing import Any

import ipywidgets as ipw

from .views import Message, button, link

_ROW = {"flex_flow": "row wrap", "align_items": "center"}


def surface_controls(picker: Any, message: Message) -> list[ipw.Widget]:
    """Sliders of tilt and rotation, and the errors that are kept with a pair."""
    slider = {"continuous_update": False, "step": 0.5, "readout_format": ".1f"}
    size = {"layout": ipw.Layout(flex="1 1 260px", max_width="420px")}
    style = {"style": {"description_width": "90px"}}
    tilt = ipw.FloatSlider(min=-80, max=80, description="tilt [°]", **slider, **size, **style)
    turn = ipw.FloatSlider(min=-180, max=180, description="rotation [°]", **slider, **size, **style)
    link(tilt, picker, "tilt_deg", message)
    link(turn, picker, "rotation_deg", message)

    def along() -> str:
        picker.look_along_fit()
        return f"rendered from a tilt of {picker.tilt_deg:.2f}°, turned {picker.rotation_deg:.2f}°"

    tip = "Render from where the pairs say that the picture was taken"
    seen = button("as fitted", message.guard(along), tip=tip, icon="eye")
    known = []
    for name, words in (("moving_sigma_um", "picture"), ("fixed_sigma_um", "surface")):
        box = ipw.BoundedFloatText(
            min=0, max=1e6, description=f"± s in the {words} [µm]", layout={"width": "270px"},
            style={"description_width": "180px"},
        )  # fmt: skip
        box.tooltip = "Kept with every pair that is picked from now on; 0: not known"
        link(
            box, picker, name, message,
            shown=lambda value: value or 0.0, taken=lambda value: value or None,
        )  # fmt: skip
        known.append(box)
    return [ipw.HBox([tilt, turn, seen], layout=_ROW), ipw.HBox(known, layout=_ROW)]
