"""During the cut: a picture of the exposed face, found in the survey and kept as a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..analysis.registration import AffineTransform
from ..analysis.registration.grey_image import GreyImage
from ..analysis.registration.path import FramePath
from ..analysis.targeting import CutUpdate, update_cut
from ..workspace import Workspace

_AXES = ("z_um", "y_um", "x_um")


@dataclass(frozen=True, eq=False)
class FacePlane:
    """A face that was or will be cut, in the frame of the instrument.

    Attributes
    ----------
    middle_um : ndarray, shape (3,)
        Middle of its picture, z, y, x [um].
    ahead : ndarray, shape (3,)
        The way in which the cut proceeds, of length 1.
    shape : tuple of int
        Pixels y, x of its picture; y points down into the specimen.
    pixel_um : float
        Of a picture that is not foreshortened [um].

    Examples
    --------
    >>> face = FacePlane(np.zeros(3), np.array([0.0, 1, 0]), (11, 11), 1.0)
    >>> face.moved(4.0).middle_um.tolist()
    [0.0, 4.0, 0.0]
    """

    middle_um: NDArray[np.float64]
    ahead: NDArray[np.float64]
    shape: tuple[int, int]
    pixel_um: float

    @property
    def axes(self) -> NDArray[np.float64]:
        """Columns: ahead, down the picture, along it: (3, 3)."""
        down = np.array([1.0, 0, 0]) - self.ahead[0] * self.ahead
        down /= np.linalg.norm(down)
        return np.stack([self.ahead, down, np.cross(self.ahead, down)], axis=1)

    @property
    def centre_um(self) -> NDArray[np.float64]:
        """Middle of the picture in its own frame: (3,) [um]."""
        rows, columns = self.shape
        return np.array([0.0, (rows - 1) / 2, (columns - 1) / 2]) * self.pixel_um

    def moved(self, feed_um: float) -> FacePlane:
        """The face after so much more was cut."""
        return replace(self, middle_um=self.middle_um + feed_um * self.ahead)


def predicted_face(
    way: FramePath, face: FacePlane, *, instrument_um: float = 0.0
) -> tuple[AffineTransform, float]:
    """Predict where a face lies in the volume, and how well that is known along the cut.

    Parameters
    ----------
    way : FramePath
        From the instrument's frame to the volume's. Bends are taken as straight over the face.
    face : FacePlane
    instrument_um : float
        Standard uncertainty of stage and drift along the cut [um].

    Returns
    -------
    transform : AffineTransform
        Picture to volume, without a covariance.
    sigma_um : float
        Standard uncertainty along the normal, of the registration and the instrument [um].
    """
    way = way.near(face.middle_um, np.abs(face.axes) @ face.centre_um)
    matrix = way.matrix() @ face.axes
    normal = np.cross(matrix[:, 1], matrix[:, 2])
    normal /= np.linalg.norm(normal)
    middle = face.middle_um[None]
    variance = float(normal @ way.covariance_at(middle)[0] @ normal) + instrument_um**2
    at = AffineTransform("similarity", matrix, face.centre_um, way.apply(middle)[0], 2, 3)
    return at, float(np.sqrt(variance))


def next_face(at: AffineTransform, feed_um: float) -> AffineTransform:
    """Predict the next face from one that was found: so much further along its normal [um]."""
    normal = np.cross(at.matrix[:, 1], at.matrix[:, 2])
    offset = at.offset_um + feed_um * normal / np.linalg.norm(normal)
    return AffineTransform("similarity", at.matrix, at.centre_um, offset, 2, 3)


def look_at_face(
    ws: Workspace,
    target: str,
    picture: ArrayLike,
    *,
    name: str,
    pixel_um: Sequence[float],
    volume: str,
    predicted: AffineTransform,
    predicted_sigma_um: float | None,
    face_angle_deg: float = 90.0,
    **settings: Any,
) -> CutUpdate:
    """Find the exposed face in the volume of a target, and keep picture and place as records.

    Parameters
    ----------
    ws : Workspace
    target : str
        Its frame is the volume's; its half size along the cut counts.
    picture : array_like, shape (y, x)
        Of the face.
    name : str
        Of the new image, of its frame, and in the name of the transform.
    pixel_um : sequence of float
        Of the picture as it was taken, y, x [um].
    volume : str
        Image in which the target was placed.
    predicted, predicted_sigma_um
        From `predicted_face` or `next_face`, for the picture with corrected rows.
    face_angle_deg : float
        Between beam and face; below 90 the rows are foreshortened, and are corrected [degree].
    **settings
        As in `scalebridge.analysis.targeting.update_cut`.

    Returns
    -------
    CutUpdate

    Raises
    ------
    ValueError
        The target was placed in another frame, or the angle is not between 0 and 90 degrees.

    Notes
    -----
    The transform of a face that agrees with the prediction is accepted, that of one that raises
    the alarm is proposed only; of a face that was not found no transform is written.
    """
    record, image = ws.targets.get(target), ws.images[volume]
    if record.frame != image.frame:
        raise ValueError(
            f"volume needs an image in the target's frame {record.frame}, got {volume} in "
            f"{image.frame}: give the image in which {target} was placed"
        )
    if not 0 < face_angle_deg <= 90:
        raise ValueError(f"face_angle_deg needs 0 to 90 degrees, got {face_angle_deg!r}")
    spacing = np.array(pixel_um, float) / [np.sin(np.radians(face_angle_deg)), 1.0]
    pixels = np.asarray(picture)
    update = update_cut(
        GreyImage(pixels, spacing),
        GreyImage(image.array(), image.spacing_um, image.origin_um),
        predicted=predicted,
        predicted_sigma_um=predicted_sigma_um,
        target_um=[record.position[axis] for axis in _AXES],
        target_half_um=_half_along(record, predicted),
        **settings,
    )
    with ws.transaction():
        _keep(ws, name, pixels, spacing, image.frame, update)
    return update


def looks_table(updates: Sequence[CutUpdate]) -> pd.DataFrame:
    """One row a look: distance with its 95 % interval, how far to cut on, and the alarm."""
    rows = [
        {
            "look": number,
            "distance_um": update.distance_um,
            "low95_um": update.interval95_um[0],
            "high95_um": update.interval95_um[1],
            "stop_and_look_um": update.stop_and_look_um,
            "off_prediction_um": update.predicted_um,
            "chance": update.agreement,
            "found": update.face is not None,
            "alarm": update.alarm,
        }
        for number, update in enumerate(updates, start=1)
    ]
    return pd.DataFrame(rows)


def _half_along(record: Any, predicted: AffineTransform) -> float:
    """Half of the volume of interest along the cut, its corners included [um]."""
    normal = np.cross(predicted.matrix[:, 1], predicted.matrix[:, 2])
    half = np.array([record.half_size[axis] for axis in _AXES])
    return float(np.abs(normal / np.linalg.norm(normal)) @ half)


def _keep(
    ws: Workspace, name: str, pixels: NDArray, spacing: NDArray, frame: str, update: CutUpdate
) -> None:
    whole = tuple(slice(0, size) for size in pixels.shape)
    ws.images.write(
        name,
        shape=pixels.shape,
        dtype=pixels.dtype,
        axes="yx",
        blocks=[(whole, pixels)],
        spacing_um=spacing.tolist(),
        spacing_source="picture of a face, rows corrected for foreshortening",
        modality="FIB-SEM",
        note=update.statement,
    )
    if update.face is not None:
        ws.transforms.add(
            name=f"{name}_to_{frame}",
            from_frame=name,
            to_frame=frame,
            transform={**update.face.transform.to_dict(), "allow_mirror": False},
            status="proposed" if update.alarm else "accepted",
            method="face found in the volume by mutual information",
            note=update.statement,
        )
