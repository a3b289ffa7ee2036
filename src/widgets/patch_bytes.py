"""A patch on its way to the browser: no byte that says nothing."""

from __future__ import annotations

import numpy as np


def packed(pixels: bytes) -> tuple[int, bytes]:
    """Leave out of red, green, blue and opacity what is empty everywhere.

    Parameters
    ----------
    pixels : bytes
        Red, green, blue, and 255 or 0 for whether there is a value, as `patch_of` gives them.

    Returns
    -------
    channels : int
        1 to 3, from red on, that are kept.
    data : bytes
        They, pixel by pixel; then, unless every pixel has a value, a bit a pixel for whether it
        has one, the first pixel highest.

    Examples
    --------
    >>> packed(bytes([7, 0, 0, 255, 8, 0, 0, 255]))
    (1, b'\\x07\\x08')
    >>> packed(bytes([7, 1, 0, 255, 0, 0, 0, 0]))
    (2, b'\\x07\\x01\\x00\\x00\\x80')
    """
    rgba = np.frombuffer(pixels, np.uint8).reshape(-1, 4)
    channels = next((k for k in (3, 2) if rgba[:, k - 1].any()), 1)
    inside = rgba[:, 3] > 0
    mask = b"" if inside.all() else np.packbits(inside).tobytes()
    return channels, np.ascontiguousarray(rgba[:, :channels]).tobytes() + mask
