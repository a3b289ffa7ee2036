"""Landmarks with known theory, shared by the tests of this room."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

CUBE = np.array([[z, y, x] for z in (-50, 50) for y in (-50, 50) for x in (-50, 50)], dtype=float)
TETRAHEDRON = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) * 50.0
SURFACE = np.array([[0, 0, 0], [0, 0, 200], [0, 150, 0], [0, 150, 200], [0, 75, 100]], dtype=float)
BELOW = np.array([[60.0, 75.0, 100.0]])  # the target, under the centre of SURFACE


def turn(seed: int) -> np.ndarray:
    return Rotation.random(random_state=seed).as_matrix()


def turn_2d(degrees: float) -> np.ndarray:
    angle = np.radians(degrees)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


LINE_2D = np.outer(np.arange(6.0), [1.0, 2.0])
