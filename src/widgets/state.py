"""What every widget shares: traits that refuse, and a picture for those without a browser."""

from __future__ import annotations

import base64
import difflib
import io
from typing import Any

from PIL import Image
from traitlets import HasTraits, TraitError, TraitType

from ..workspace.positions import points_by_name
from .in_order import in_order

ZERO = {"z_um": 0.0, "y_um": 0.0, "x_um": 0.0}


class State(HasTraits):
    """Traits given by keyword; a keyword that is no trait is an error."""

    def __init__(self, **traits: Any) -> None:
        for name in traits:
            if name not in self.trait_names():
                raise TypeError(_unknown(type(self).__name__, name, self.trait_names()))
        super().__init__(**traits)


class Widget(State):
    """A state with a picture and, in a notebook, controls.

    The controls are made when the widget is displayed: in Python alone nothing of Jupyter is
    touched.
    """

    def snapshot(self, width_px: int = 900) -> Image.Image:
        """The picture of the present state, with scale bar, legend and caption."""
        raise NotImplementedError

    def offline(self) -> dict[str, Any] | None:
        """Everything that a page without a kernel draws it from; None where it is a still."""
        return None

    def view(self) -> Any:
        """The controls, an ipywidgets box; the same one at every call."""
        if not hasattr(self, "_view"):
            self._view = in_order(self._build_view())
        return self._view

    def _build_view(self) -> Any:
        raise NotImplementedError

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        controls = self.view()._repr_mimebundle_()  # the browser makes them meanwhile
        still = base64.b64encode(quick_png_bytes(self.snapshot())).decode("ascii")
        return {**controls, "text/plain": repr(self), "image/png": still}


class PositionTrait(TraitType):  # type: ignore[type-arg]
    """A position by name, kept as ``{"z_um": ..., "y_um": ..., "x_um": ...}`` [µm].

    A bare array is refused: z, y, x and x, y, z look alike. Where all images are
    two-dimensional (``planar`` of the owner), ``z_um`` may be left out.
    """

    default_value = ZERO
    info_text = 'a position by name, {"z_um": ..., "y_um": ..., "x_um": ...}'

    def validate(self, obj: Any, value: Any) -> dict[str, float]:
        """Return the position by name, or refuse it in words."""
        try:
            return by_name(named_point(value, planar=getattr(obj, "planar", False)))
        except (TypeError, ValueError) as error:
            raise TraitError(f"{self.name}: {error}") from error


def named_point(value: Any, *, planar: bool) -> Any:
    """One position given by name (dict or table row) as an array z, y, x [µm].

    Raises
    ------
    ValueError
        For a bare array, a missing name or a value that is not finite.
    """
    given = (
        value.to_dict() if hasattr(value, "to_dict") and not hasattr(value, "columns") else value
    )
    if isinstance(given, dict):
        given = {k: v for k, v in given.items() if k in ZERO} or given
    points = points_by_name(given, planar=planar)
    if points.shape != (1, 3):
        raise ValueError(f"expected one position, got {len(points)}")
    return points[0]


def by_name(point_um: Any) -> dict[str, float]:
    """A point z, y, x [µm] by name."""
    return {name: float(value) for name, value in zip(ZERO, point_um, strict=True)}


def png_bytes(picture: Image.Image) -> bytes:
    """A picture as the bytes of a PNG file."""
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()


def quick_png_bytes(picture: Image.Image) -> bytes:
    """A picture as the bytes of a PNG file, larger and three times as quick."""
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def _unknown(owner: str, name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"it has: {', '.join(sorted(known))}"
    return f"{owner} has no setting {name!r}: {hint}"
