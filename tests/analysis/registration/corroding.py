"""A flat specimen of weak grains on which a bright deposit grows while the stage drifts."""

from __future__ import annotations

import numpy as np

from scalebridge.analysis.registration import GreyImage

from .broad_specimen import Specimen, grid, noisy, turn

SIZE, PIXEL_UM = 96, 0.5
MIDDLE = np.array([0.0, 1.0, 1.0]) * (SIZE - 1) / 2
SHIFTS = np.array([[0.0, 0.0], [1.4, -2.3], [2.9, -3.1], [4.6, -5.2]])  # y, x of the specimen [px]
TURNS = np.array([0.0, 0.8, 1.7, 2.4])  # from y towards x [degree]
DEPTH = np.array([40.0, 0.0, 0.0])
GROWTH = 1.2  # of the deposit's front, along x, a time point [px]
CORNERS = np.array([[0.0, y, x] for y in (12, 83) for x in (12, 83)])


def truth(points_px, time):
    """From an image to the specimen, which is the first image: (..., 3) [px]."""
    back = np.linalg.inv(turn((TURNS[time], 0, 0)))
    return (points_px - MIDDLE - np.append(0.0, SHIFTS[time])) @ back.T + MIDDLE


def deposit(points_px, time):
    """How much of each point is covered, and how bright the cover is; it is pushed along x."""
    pushed = points_px - [0.0, 0.0, GROWTH * time]
    y, x = pushed[..., 1] - 47.0, pushed[..., 2] - 40.0
    behind = np.where(x > 0, x / 26.0, x / (26.0 + GROWTH * time))
    over = 1 / (1 + np.exp((np.hypot(y / 26.0, behind) - 1) * 26.0 / 0.7))
    waves = np.cos(0.5 * pushed[..., 2]) * np.cos(0.45 * pushed[..., 1] + 0.2)
    return over, 6.0 + 2.0 * waves


def seen(points_px, time, *, seed=0):
    """Grey values of the specimen at a time, without noise."""
    grains = 3 + np.tanh(Specimen(seed, SIZE).grains(points_px + DEPTH))
    over, bright = deposit(points_px, time)
    return grains * (1 - over) + bright * over


def image(time, *, seed=0, sigma=0.15, grown=True):
    """One time point, with noise of its own."""
    grey = seen(truth(grid((1, SIZE, SIZE)), time), time if grown else 0, seed=seed)
    return GreyImage(noisy(grey, 100 * seed + time, sigma)[0], [PIXEL_UM] * 2)


def error_px(transform, time):
    """Largest error at the corners [px]."""
    found = transform.apply(CORNERS * PIXEL_UM) / PIXEL_UM
    return float(np.linalg.norm(found - truth(CORNERS, time), axis=1).max())
