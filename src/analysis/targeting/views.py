"""What a beam sees of a specimen: a parallel projection along the beam."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..registration.points import lift

_CLEAR_UM = 1e-6


@dataclass(frozen=True, eq=False)
class BeamView:
    """A picture along a beam, x to the right and y downwards.

    Parameters
    ----------
    name : str
        For example ``"SEM"``.
    matrix : (2, 3) array
        Rows dx and dy of the picture, columns z, y, x of the instrument's frame [1].
    angle_deg : float
        Between the beam and the specimen's normal, signed [degree].
    centre_um : (3,) array, optional
        A place of the frame in the middle of the picture [um].
    field_um : (2,) array, optional
        Width and height of the picture [um]; without them everything is in the picture.

    Examples
    --------
    >>> view = beam_view("SEM", angle_deg=30)
    >>> view.project([[10.0, 0.0, 3.0]]).round(3)
    array([[3., 5.]])
    """

    name: str
    matrix: ArrayLike
    angle_deg: float
    centre_um: ArrayLike | None = None
    field_um: ArrayLike | None = None

    def __post_init__(self) -> None:
        matrix = np.array(self.matrix, dtype=float)
        if matrix.shape != (2, 3) or np.linalg.matrix_rank(matrix) < 2:
            raise ValueError(
                "matrix needs (2, 3) numbers, rows dx and dy in z, y, x that are not parallel, got "
                f"{matrix.tolist()}"
            )
        object.__setattr__(self, "matrix", matrix)
        if (self.centre_um is None) != (self.field_um is None):
            raise ValueError(
                f"centre_um and field_um are needed both or neither, got {self.centre_um!r} and "
                f"{self.field_um!r}"
            )

    @property
    def beam(self) -> NDArray[np.float64]:
        """Direction in which the beam goes into the specimen: (3,), z, y, x."""
        along = np.cross(*np.asarray(self.matrix)[::-1])
        along = along / np.linalg.norm(along)
        return np.asarray(along if along[0] >= 0 else -along)

    def project(self, points_um: ArrayLike) -> NDArray[np.float64]:
        """Places as they stand in the picture, from the frame's zero: (n, 2) dx, dy [um]."""
        return np.asarray(lift(points_um) @ np.asarray(self.matrix).T)

    def covariance(self, covariance_um2: ArrayLike) -> NDArray[np.float64]:
        """Covariance of a place in the picture: (2, 2) [um2]."""
        matrix = np.asarray(self.matrix)
        return np.asarray(matrix @ np.asarray(covariance_um2, dtype=float) @ matrix.T)

    def sees(
        self,
        points_um: ArrayLike,
        *,
        solid: NDArray[np.bool_] | None = None,
        spacing_um: ArrayLike = (1.0, 1.0, 1.0),
        origin_um: ArrayLike = (0.0, 0.0, 0.0),
        clearance_um: float = 0.0,
    ) -> NDArray[np.bool_]:
        """Say which places the picture shows: (n,).

        Parameters
        ----------
        points_um : (n, 3) array
            In the instrument's frame [um].
        solid : (z, y, x) array of bool, optional
            The specimen in that frame; what lies behind it is hidden.
        spacing_um, origin_um : (3,) array
            Of `solid` [um].
        clearance_um : float
            How much solid right at the place counts as the place itself [um].
        """
        points = lift(points_um)
        seen = np.ones(len(points), dtype=bool)
        if self.field_um is not None:
            away = self.project(points) - self.project(np.asarray(self.centre_um, dtype=float))
            seen &= (np.abs(away) <= np.asarray(self.field_um, dtype=float) / 2).all(axis=1)
        if solid is not None:
            spacing, origin = (np.asarray(a, dtype=float) for a in (spacing_um, origin_um))
            step = float(spacing.min()) / 2
            length = float(np.linalg.norm(spacing * solid.shape))
            way = np.arange(clearance_um + _CLEAR_UM, length, step)
            for index in np.flatnonzero(seen):
                path = points[index] - way[:, None] * self.beam
                cells = np.floor((path - origin) / spacing + 0.5).astype(int)
                there = ((cells >= 0) & (cells < solid.shape)).all(axis=1)
                seen[index] = not solid[tuple(cells[there].T)].any()
        return seen


def beam_view(
    name: str,
    *,
    angle_deg: float,
    scan_rotation_deg: float = 0.0,
    tilt_corrected: bool = False,
    axes: ArrayLike = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    centre_um: ArrayLike | None = None,
    field_um: ArrayLike | None = None,
) -> BeamView:
    """Describe what a beam sees that comes in at an angle.

    Parameters
    ----------
    name : str
    angle_deg : float
        Between the beam and the specimen's normal; positive for a beam that comes from the side of
        large y, so that deeper places stand lower in the picture [degree].
    scan_rotation_deg : float
        Turns the picture's x towards its y [degree].
    tilt_corrected : bool
        Whether the picture's y was divided by the cosine of the angle.
    axes : (3, 3) array
        Directions of the specimen's z (inwards), y and x in the instrument's frame, one a row.
    centre_um, field_um
        As in `BeamView`.

    Examples
    --------
    >>> beam_view("FIB", angle_deg=0).matrix
    array([[0., 0., 1.],
           [0., 1., 0.]])
    """
    if not -90 < angle_deg < 90:
        raise ValueError(f"angle_deg needs -90 to 90 degrees, got {angle_deg!r}")
    angle, turn = np.radians([angle_deg, scan_rotation_deg])
    stretch = 1 / np.cos(angle) if tilt_corrected else 1.0
    flat = np.array([[0.0, 0.0, 1.0], [stretch * np.sin(angle), stretch * np.cos(angle), 0.0]])
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = spin @ flat @ np.asarray(axes, dtype=float)
    return BeamView(name, matrix + 0.0, float(angle_deg), centre_um, field_um)


def fib_sem_views(
    *,
    tilt_deg: float,
    between_beams_deg: float = 52.0,
    axes: ArrayLike = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
) -> tuple[BeamView, BeamView]:
    """Describe the SEM and the FIB picture of a stage at a tilt, specimen lying on it.

    Deeper places stand lower in the SEM picture, as on a face that is cut.

    Parameters
    ----------
    tilt_deg : float
        Towards the ion beam; the FIB looks straight down at ``between_beams_deg`` [degree].
    between_beams_deg : float
        52 or 54 on most instruments [degree].
    axes : (3, 3) array
        As in `beam_view`.

    Returns
    -------
    tuple of BeamView
        SEM, FIB.

    Examples
    --------
    >>> [view.angle_deg for view in fib_sem_views(tilt_deg=52)]
    [52.0, 0.0]
    """
    return (
        beam_view("SEM", angle_deg=tilt_deg, axes=axes),
        beam_view("FIB", angle_deg=tilt_deg - between_beams_deg, axes=axes),
    )
