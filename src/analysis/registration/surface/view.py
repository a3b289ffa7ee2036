"""From where a microscope looks at a surface: tilt, rotation, and the pixel of its picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..tangent import Model
from ..transform import AffineTransform


@dataclass(frozen=True)
class Angles:
    """How a surface is held under the beam [degree].

    Attributes
    ----------
    tilt_deg : float
        Turn about the picture's x axis; positive where the picture's lower edge looks at what
        lies deeper in the specimen.
    rotation_deg : float
        Turn about the surface's normal, before the tilt.
    lean_deg : float
        Turn about the picture's y axis, which the two others leave at 0.
    """

    tilt_deg: float
    rotation_deg: float
    lean_deg: float

    @property
    def words(self) -> str:
        """The angles in words."""
        tilt, turn, lean = (
            f"{angle:z.2f}°" for angle in (self.tilt_deg, self.rotation_deg, self.lean_deg)
        )
        return f"tilt {tilt}, rotation {turn}, lean {lean}"


@dataclass(frozen=True)
class SurfaceView:
    """An orthographic picture of a surface, as the stage says it was taken.

    Its frame is z, y, x: z along the beam, y and x in the picture, whose points have z = 0.

    Parameters
    ----------
    tilt_deg : float
        Stage tilt: between the beam and the surface's normal, about the picture's x axis [degree].
    spacing_um : sequence of float
        Raw pixel (y, x), without any correction for the tilt, see `raw_spacing` [um].
    shape : sequence of int
        Pixels (y, x).
    rotation_deg : float
        Stage rotation about the surface's normal [degree].
    up : sequence of float
        Outward normal of the surface in the survey's frame, z, y, x: what faces the beam at a tilt
        of 0.

    Notes
    -----
    Not for low magnifications, where the beam scans by an angle and the picture has a perspective.

    Examples
    --------
    >>> view = SurfaceView(tilt_deg=60, spacing_um=(1, 1), shape=(40, 50))
    >>> view.axes.round(3).tolist()  # columns: beam, picture's y, picture's x
    [[0.5, 0.866, 0.0], [-0.866, 0.5, 0.0], [0.0, 0.0, 1.0]]
    """

    tilt_deg: float
    spacing_um: Sequence[float]
    shape: Sequence[int]
    rotation_deg: float = 0.0
    up: Sequence[float] = (-1.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        if not -89 < self.tilt_deg < 89:
            raise ValueError(
                f"tilt_deg needs degrees between -89 and 89, got {self.tilt_deg!r}: a surface that "
                "is seen from its edge has no picture"
            )
        if not math.isfinite(self.rotation_deg):
            raise ValueError(f"rotation_deg needs a finite angle, got {self.rotation_deg!r}")
        spacing = tuple(float(side) for side in np.asarray(self.spacing_um, float).ravel())
        if len(spacing) != 2 or not all(0 < side < math.inf for side in spacing):
            raise ValueError(f"spacing_um needs 2 values above 0 (y, x), got {self.spacing_um!r}")
        shape = tuple(int(size) for size in self.shape)
        if len(shape) != 2 or min(shape) < 1:
            raise ValueError(f"shape needs 2 numbers of pixels (y, x), got {self.shape!r}")
        up = np.asarray(self.up, float)
        if up.shape != (3,) or not 0 < np.linalg.norm(up) < math.inf:
            raise ValueError(f"up needs a direction (z, y, x), got {self.up!r}")
        object.__setattr__(self, "spacing_um", spacing)
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "up", tuple((up / np.linalg.norm(up)).tolist()))

    @property
    def level(self) -> np.ndarray:
        """Axes of the picture at no tilt and no rotation, as columns in the survey's frame."""
        beam = -np.asarray(self.up)
        side = np.eye(3)[2 if abs(beam[2]) < 0.9 else 1]
        across = side - (side @ beam) * beam
        across /= np.linalg.norm(across)
        return np.column_stack([beam, np.cross(across, beam), across])

    @property
    def axes(self) -> np.ndarray:
        """Beam, picture's y and picture's x as columns in the survey's frame, (3, 3)."""
        tilt, turn = np.radians([self.tilt_deg, self.rotation_deg])
        about_x = [[np.cos(tilt), np.sin(tilt), 0], [-np.sin(tilt), np.cos(tilt), 0], [0, 0, 1]]
        about_up = [[1, 0, 0], [0, np.cos(turn), np.sin(turn)], [0, -np.sin(turn), np.cos(turn)]]
        return self.level @ np.array(about_up) @ np.array(about_x)

    @property
    def normal(self) -> np.ndarray:
        """Inward normal of the surface, as the stage says, in the view's own frame (3,)."""
        return -np.asarray(self.up) @ self.axes

    @property
    def middle_um(self) -> np.ndarray:
        """Middle of the picture in its own frame, z, y, x [um]."""
        return np.append(0.0, (np.asarray(self.shape) - 1) / 2 * np.asarray(self.spacing_um))

    def nominal_pose(self, centre_um: ArrayLike, *, model: Model = "rigid") -> AffineTransform:
        """Pose that the stage says: from the view's frame to the survey's, without covariance.

        Parameters
        ----------
        centre_um : sequence of float
            What the middle of the picture shows, z, y, x in the survey's frame [um].
        model : {"rigid", "similarity"}
            Which parameters a search may change.
        """
        return AffineTransform(
            model=model,
            matrix=self.axes,
            centre_um=self.middle_um,
            offset_um=np.asarray(centre_um, float),
            ndim_moving=2,
            ndim_fixed=3,
        )

    def angles(self, pose: AffineTransform) -> Angles:
        """Tilt, rotation and lean of a pose."""
        turned = self.level.T @ pose.matrix / np.linalg.norm(pose.matrix[:, 0])
        across = turned[:, 2]
        tilt = np.arctan2(turned[0, 1], turned[0, 0])
        angles = np.degrees([tilt, np.arctan2(across[1], across[2]), np.arcsin(across[0])])
        return Angles(*(float(angle) for angle in angles))

    def pixels_um(self) -> np.ndarray:
        """Positions of all pixels in the view's frame: (h, w, 3) [um]."""
        rows, columns = (
            np.arange(size) * step for size, step in zip(self.shape, self.spacing_um, strict=True)
        )
        y, x = np.meshgrid(rows, columns, indexing="ij")
        return np.stack([np.zeros_like(y), y, x], axis=-1)


def raw_spacing(spacing_um: Sequence[float], *, corrected_for_deg: float) -> tuple[float, float]:
    """Take a correction for tilt out of a pixel size: what the detector's picture really has.

    Parameters
    ----------
    spacing_um : sequence of float
        Pixel (y, x) as the image states it, its y divided by the cosine of the tilt [um].
    corrected_for_deg : float
        That tilt; 0 where nothing was corrected [degree].

    Returns
    -------
    tuple of float
        Raw pixel (y, x) [um].

    Examples
    --------
    >>> y, x = raw_spacing((2.0, 1.0), corrected_for_deg=60)
    >>> round(y, 6), x
    (1.0, 1.0)
    """
    y, x = (float(side) for side in spacing_um)
    return y * math.cos(math.radians(corrected_for_deg)), x
