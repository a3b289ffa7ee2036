"""PNG, JPEG and BMP: pictures, whose resolution is a printer's."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..errors import ReadError
from .answers import Answers
from .plain import plain
from .reading import Reading

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")
_FORMATS = ("PNG", "JPEG", "BMP")
_MODES = {"1": "L", "P": "RGB", "LA": "L", "CMYK": "RGB", "YCbCr": "RGB", "I;16B": "I"}


def recognises(path: str, head: bytes) -> bool:
    """Say whether the first bytes are a picture's."""
    return head.startswith((b"\x89PNG\r\n", b"\xff\xd8\xff", b"BM"))


class PicturePixels:
    """A picture, which is unpacked whole when a part of it is wanted."""

    sequential = False

    def __init__(self, picture: Any, path: str) -> None:
        self._picture, self._path = picture, path
        bands = len(picture.getbands()) if picture.mode not in _MODES else None
        target = _MODES.get(picture.mode, picture.mode)
        colours = bands or (3 if target == "RGB" else 1)
        self._target = target
        self.shape = (picture.height, picture.width) + ((colours,) if colours > 1 else ())
        types = {"I": np.int32, "F": np.float32, "I;16": np.uint16}
        self.dtype = np.dtype(types.get(target, np.uint8))

    @property
    def segment_bytes(self) -> int:
        """The whole picture [byte]."""
        return prod(self.shape) * self.dtype.itemsize

    def read(self, selection: tuple[slice, ...]) -> np.ndarray:
        """Read one box."""
        try:
            shown = self._picture.convert(self._target)
        except (OSError, ValueError, SyntaxError) as error:
            raise ReadError(f"{self._path} cannot be unpacked ({error}): copy it again") from error
        return np.asarray(shown, self.dtype)[selection]

    def close(self) -> None:
        """Let go of the file."""
        self._picture.close()


def open_picture(path: str, answers: Answers) -> Reading:
    """Open a picture."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # our own limit on memory stands
    try:
        picture = Image.open(path, formats=_FORMATS)
    except (OSError, ValueError, SyntaxError) as error:
        raise ReadError(f"{path} begins like a picture, but is none ({error})") from error
    pixels = PicturePixels(picture, path)
    return Reading(
        format=str(picture.format),
        pixels=pixels,
        axes="yxs"[: len(pixels.shape)],
        spacing_source=str(picture.format),
        faults=(f"{picture.format} pictures hold a printer's resolution, no voxel size",),
        metadata=plain(dict(picture.info)),
    )
