"""How one image is shown: channel, colours, contrast, opacity, blending."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from traitlets import Bool, Enum, Float, Int, TraitError, Tuple, Unicode, Union, default, validate

from ..plots.theme import OKABE_ITO
from .colors import COLOR_MAPS
from .compose import BLENDINGS
from .state import State

AUTO = "auto"
MODES = ("image", "labels", "rgb")
# Grey is the colour of what surrounds the phases: painted over the picture it would only dull it.
MATRIX = OKABE_ITO["grey"]
_SEE_THROUGH = 0.45  # as the sliders' labels
# A pyramid level of at most this many voxels decides automatic contrast.
_SAMPLE_VOXELS = 2_000_000


class Layer(State):
    """The way an image is drawn; every trait may be set at any time."""

    image = Unicode(help="Name of the image in the workspace.")
    name = Unicode(help="What the layer is called; the image's name unless given.")
    mode = Enum(MODES, "image", help="Grey values, labels, or three channels as red, green, blue.")
    color_map = Enum(COLOR_MAPS, "grey", help="Colours of grey values.")
    limits = Union(
        [Enum([AUTO]), Tuple(Float(), Float())],
        default_value=AUTO,
        help="Grey values of the first and last colour; 'auto' takes the 0.5 and 99.5 % quantiles.",
    )
    opacity = Float(1.0, help="0 to 1.")
    blending = Enum(BLENDINGS, "over", help="Covers, adds light, or keeps the brighter.")
    visible = Bool(True, help="Whether it is drawn.")
    channel = Int(0, help="Index of the channel, where the image has several.")
    phases = Tuple(help="Of labels: dicts with label, name, color; labels not named are not drawn.")
    slab_um = Float(
        None,
        allow_none=True,
        help="A 2-D image shows within this distance of its plane [µm]; None: one pixel.",
    )

    widths_um = Tuple(
        Float(None, allow_none=True),
        Float(None, allow_none=True),
        default_value=(None, None),
        help="Least and most width of the view in which it is drawn [µm]; None: no limit. It fades "
        "over a factor of two beyond them.",
    )

    @default("name")
    def _named_like_image(self) -> str:
        return self.image

    @validate("opacity")
    def _check_opacity(self, proposal: Any) -> float:
        value = float(proposal["value"])
        if not 0 <= value <= 1:
            raise TraitError(f"opacity needs 0 to 1, got {value}")
        return value

    @validate("limits")
    def _check_limits(self, proposal: Any) -> Any:
        value = proposal["value"]
        if value != AUTO and not (all(map(math.isfinite, value)) and value[0] < value[1]):
            raise TraitError(f"limits needs a lower and a higher grey value, got {value}")
        return value

    @validate("channel")
    def _check_channel(self, proposal: Any) -> int:
        if proposal["value"] < 0:
            raise TraitError(f"channel counts from 0, got {proposal['value']}")
        return int(proposal["value"])

    @validate("slab_um")
    def _check_slab(self, proposal: Any) -> float | None:
        value = proposal["value"]
        if value is not None and not (math.isfinite(value) and value > 0):
            raise TraitError(f"slab_um needs a positive distance [µm] or None, got {value}")
        return value

    @validate("widths_um")
    def _check_widths(self, proposal: Any) -> tuple[float | None, float | None]:
        least, most = proposal["value"]
        given = [value for value in (least, most) if value is not None]
        if not all(math.isfinite(value) and value > 0 for value in given) or (
            len(given) == 2 and least > most
        ):
            raise TraitError(
                f"widths_um needs a least and a larger most width, got {least}, {most}"
            )
        return least, most

    def shown(self, width_um: float) -> float:
        """How strongly it shows in a view so wide, 0 to 1.

        Examples
        --------
        >>> round(Layer(image="sem", widths_um=(None, 100.0)).shown(200**0.5 * 10), 3)
        0.5
        """
        least, most = self.widths_um
        below = math.log2(least / width_um) if least is not None else 0.0
        above = math.log2(width_um / most) if most is not None else 0.0
        return min(1.0, max(0.0, 1.0 - max(below, above, 0.0)))

    @validate("phases")
    def _check_phases(self, proposal: Any) -> tuple[dict[str, Any], ...]:
        return checked_phases(proposal["value"])


def first_layer(image: Any, *, over: bool) -> Layer:
    """How an image is drawn until somebody says otherwise.

    Labels that a segmentation wrote have its names and colours, the matrix stays clear, and what
    lies below them is seen through.

    Parameters
    ----------
    image : Image
    over : bool
        Whether there is an image below.
    """
    channels = image.shape[image.axes.index("c")] if "c" in image.axes else 1
    if getattr(image, "labels", False):
        shown = tuple(phase for phase in phases_said(image) if phase["color"] != MATRIX)
        see_through = _SEE_THROUGH if over else 1.0
        return Layer(image=image.name, mode="labels", phases=shown, opacity=see_through)
    if channels == 3 and str(image.dtype) == "uint8":
        return Layer(image=image.name, mode="rgb")
    return Layer(image=image.name)


def phases_said(image: Any) -> tuple[dict[str, Any], ...]:
    """The phases of an image of labels, where a segmentation wrote it; else none."""
    said = image.metadata.get("segmentation")
    return checked_phases(said.get("phases", ())) if isinstance(said, dict) else ()


def checked_phases(phases: Any) -> tuple[dict[str, Any], ...]:
    """Phases with label, name and a colour that can be drawn.

    Raises
    ------
    TraitError
        A phase without label or name, two with the same label, or a colour nobody knows.
    """
    from ..plots.theme import phase_color
    from .colors import rgb

    checked: list[dict[str, Any]] = []
    for phase in phases:
        if not isinstance(phase, dict) or not {"label", "name"} <= set(phase):
            raise TraitError(f"a phase needs label and name, got {phase!r}")
        name = str(phase["name"]).strip()
        color = phase.get("color") or phase_color(name)
        try:
            rgb(color)
        except ValueError as error:
            raise TraitError(f"phase {name!r}: {error}") from error
        if not name:
            raise TraitError(f"phase {phase['label']} needs a name, got an empty one")
        checked.append({"label": int(phase["label"]), "name": name, "color": color})
    labels = [phase["label"] for phase in checked]
    if len(set(labels)) != len(labels):
        raise TraitError(f"each phase needs a label of its own, got {labels}")
    return tuple(checked)


def channel_select(axes: str, *, channel: int, time: int) -> tuple[int, ...]:
    """Index along each axis before the spatial ones.

    Examples
    --------
    >>> channel_select("tczyx", channel=2, time=0)
    (0, 2)
    """
    return tuple({"t": time, "c": channel}[axis] for axis in axes if axis in "tc")


def auto_limits(levels: Any, select: tuple[int, ...]) -> tuple[float, float]:
    """Contrast limits at the 0.5 and 99.5 % quantiles of a coarse level."""
    values = coarse_values(levels, select)
    values = values[np.isfinite(values)]
    if values.size == 0:
        return 0.0, 1.0
    low, high = (float(v) for v in np.quantile(values, [0.005, 0.995]))
    if high <= low:
        low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low, low + 1.0)


def coarse_values(levels: Any, select: tuple[int, ...] = ()) -> Any:
    """Grey values of the finest level that is small enough to be read at once."""
    return coarse_level(levels, select)[0]


def coarse_level(levels: Any, select: tuple[int, ...] = ()) -> tuple[Any, int]:
    """Grey values of the finest level that is small enough to be read at once, and which it is."""
    for number, level in enumerate(levels):
        spatial = level.array.shape[len(select) :]
        if np.prod(spatial, dtype=float) <= _SAMPLE_VOXELS:
            return np.asarray(level.array[select] if select else level.array[...]), number
    spatial = levels[-1].array.shape[len(select) :]
    middle = tuple(
        slice(max(0, size // 2 - 63), size // 2 + 63) if size > 126 else slice(None)
        for size in spatial
    )
    return np.asarray(levels[-1].array[(*select, *middle)]), len(levels) - 1
