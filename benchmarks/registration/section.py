"""A picture cut from a volume at any plane, and `find_slice` from nothing known but scale.

One process: prints seconds, error and what was found.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
from scipy import fft, ndimage
from scipy.spatial.transform import Rotation

from scalebridge.analysis.registration import GreyImage
from scalebridge.analysis.registration.plane import find_slice
from scalebridge.errors import NoPlaceStandsOut

LENGTHS = (0.02, 0.008)  # correlation lengths of the grains, parts of the size
NOISE = 0.2


def grains(size: int, seed: int) -> np.ndarray:
    """Smoothed noise of two lengths, of unit variance, from below to above zero."""
    rng = np.random.default_rng(seed)
    spectrum = fft.rfftn(rng.standard_normal((size,) * 3, np.float32), workers=2)
    along = [fft.fftfreq(size), fft.fftfreq(size), fft.rfftfreq(size)]
    squares = sum(
        one.astype(np.float32).reshape([-1 if k == axis else 1 for k in range(3)]) ** 2
        for axis, one in enumerate(along)
    )
    filters = (
        np.exp(-2 * (np.pi * length * size) ** 2 * squares) * (length * size) ** 1.5
        for length in LENGTHS
    )
    found = fft.irfftn(spectrum * sum(filters), workers=2)
    return (found / found.std()).astype(np.float32)


def main(size: str, seed: str, width: str) -> None:
    n, pixels, rng = int(size), int(width), np.random.default_rng(int(seed))
    grey = grains(n, int(seed))
    turn = Rotation.random(random_state=rng).as_matrix()
    middle = (n - 1) / 2 + 0.05 * n * rng.uniform(-1, 1, 3)
    pixel = np.arange(pixels) - (pixels - 1) / 2
    points = middle + pixel[:, None, None] * turn[:, 1] + pixel[:, None] * turn[:, 2]
    seen = ndimage.map_coordinates(grey, points.transpose(2, 0, 1), order=1, mode="nearest")
    picture = np.exp(-0.5 * seen) + NOISE * rng.normal(size=seen.shape)
    volume = GreyImage(np.tanh(grey) + NOISE * rng.standard_normal(grey.shape, np.float32), [1] * 3)
    section = GreyImage(picture, [1, 1])
    corners = section.corners_um
    arms = corners - corners.mean(axis=0)
    truth = middle + arms @ turn.T
    began, spent = time.perf_counter(), time.process_time()
    try:
        found = find_slice(section, volume)
    except NoPlaceStandsOut as problem:
        found = problem.best
    seconds, spent = time.perf_counter() - began, time.process_time() - spent
    error = np.inf
    if found is not None:
        error = float(np.linalg.norm(found.transform.apply(corners) - truth, axis=1).max())
    print(json.dumps({"seconds": seconds, "cpu_s": spent, "corner_error_px": error}))


if __name__ == "__main__":
    main(*sys.argv[1:])
