"""World coordinates of medical-style headers: steps as vectors, left-posterior-superior."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class World:
    """Voxel size, direction and origin in the header's unit.

    Attributes
    ----------
    size : dict
        Voxel size by axis letter.
    direction : tuple of tuples, or None
        Columns are the x, y, z steps.
    origin : dict
        First voxel by axis letter.
    """

    size: dict[str, float]
    direction: tuple[tuple[float, ...], ...] | None
    origin: dict[str, float] = field(default_factory=dict)

    def origin_um(self, scale: float | None) -> dict[str, float]:
        """The origin in micrometres, empty if it is not finite or its unit is not known."""
        if scale is None or not all(np.isfinite(value) for value in self.origin.values()):
            return {}
        return {axis: value * scale for axis, value in self.origin.items()}


def world_from_steps(
    steps: np.ndarray, *, origin: np.ndarray | None, signs: tuple[int, ...] = (1, 1, 1)
) -> World:
    """Split step vectors into lengths and directions.

    Parameters
    ----------
    steps : ndarray, shape (d, d)
        Columns are the steps of one voxel along x, y(, z).
    origin : ndarray, shape (d,), optional
        Centre of the first voxel.
    signs : tuple
        What world axes are multiplied with to become left, posterior, superior.
    """
    letters = "xyz"[: len(steps)]
    turned = np.diag(signs[: len(steps)]) @ np.asarray(steps, float)
    lengths = np.linalg.norm(turned, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = turned / lengths
    usable = bool(np.isfinite(unit).all())
    place = (
        {}
        if origin is None
        else dict(zip(letters, (np.array(signs[: len(steps)]) * origin).tolist(), strict=True))
    )
    return World(
        size=dict(zip(letters, lengths.tolist(), strict=True)),
        direction=tuple(tuple(row) for row in unit.tolist()) if usable else None,
        origin=place,
    )
