"""Files seen as the reading child sees them, without starting one."""

from __future__ import annotations

import os
import warnings

import numpy as np

from scalebridge.io.answers import Answers
from scalebridge.io.describing import Understood, understand
from scalebridge.io.description import ImageDescription
from scalebridge.io.registry import open_reading
from scalebridge.io.source import resolved


def opened(path, answers: Answers | None = None) -> Understood:
    """Open and check a file, ``path::entry`` for one image of several."""
    file, given = resolved(os.fspath(path), answers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return understand(open_reading(file, given), given, path=os.fspath(path), file_bytes=0)


def look(path, answers: Answers | None = None) -> ImageDescription:
    """Say what a file holds, and read a corner of it."""
    image = opened(path, answers)
    try:
        small = tuple(min(n, 2) for n in image.pixels.shape)
        assert image.pixels.read(tuple(slice(0, n) for n in small)).shape == small
        return image.description
    finally:
        image.pixels.close()


def pixels_of(path, answers: Answers | None = None) -> np.ndarray:
    """Read all of a small image."""
    image = opened(path, answers)
    try:
        return image.pixels.read(tuple(slice(0, n) for n in image.pixels.shape))
    finally:
        image.pixels.close()
