"""Anything that draws, as the bytes of a PNG file."""

from __future__ import annotations

import io
import struct
from typing import Any

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_WIDTH_PX = 1440  # of a plot: twice the column
_DPI = 160  # twice the pixels of a 720 px column at 9 inches: sharp on dense screens and on paper


def png_bytes(picture: Any) -> bytes:
    """Return a picture as the bytes of a PNG file.

    Parameters
    ----------
    picture : bytes, PIL.Image.Image, matplotlib Figure, HoloViews object, or widget
        Widgets are asked for their ``snapshot()``. The same picture gives the same bytes.

    Raises
    ------
    TypeError
        Nothing here can draw it.
    ValueError
        The bytes are not those of a PNG file.
    """
    if isinstance(picture, bytes | bytearray):
        return _checked(bytes(picture))
    if hasattr(picture, "snapshot"):
        picture = picture.snapshot()
    if _comes_from(picture, "PIL"):
        return _pillow(picture)
    if is_plot(picture):
        from ..plots import still

        return _checked(still(picture, width_px=_WIDTH_PX))
    if hasattr(picture, "savefig"):
        return _matplotlib(picture)
    raise TypeError(
        "a figure needs a PIL image, a matplotlib or HoloViews figure, a widget or PNG bytes, "
        f"got {type(picture).__name__}"
    )


def is_plot(picture: Any) -> bool:
    """Say whether a picture is a HoloViews object, which can also be shown live."""
    return _comes_from(picture, "holoviews")


def size_px(png: bytes) -> tuple[int, int]:
    """Return width and height of a PNG file [px], from its header."""
    width, height = struct.unpack(">II", _checked(png)[16:24])
    return width, height


def _checked(png: bytes) -> bytes:
    if not png.startswith(PNG_SIGNATURE) or len(png) < 33:
        raise ValueError(f"a figure needs the bytes of a PNG file, got {png[:8]!r}...")
    return png


def _comes_from(picture: Any, package: str) -> bool:
    return any(base.__module__.split(".")[0] == package for base in type(picture).__mro__)


def _pillow(image: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def _matplotlib(figure: Any) -> bytes:
    buffer = io.BytesIO()
    # Software would bring matplotlib's version into the bytes of an equal picture.
    figure.savefig(buffer, format="png", dpi=_DPI, bbox_inches="tight", metadata={"Software": None})
    return buffer.getvalue()
