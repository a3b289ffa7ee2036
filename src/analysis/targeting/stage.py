"""The stage of an instrument: its axes, and what it reads at a place of the specimen.

Readings are coordinates of places: what the stage shows when a place has been brought under the
beam. They may run left-handed, in millimetres or metres, and turn with the stage. A reading taken
at another tilt or rotation follows from the geometry, exactly; how well tilt and rotation are
known is a covariance of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ...errors import Degenerate
from ...quantities import format_length
from ..registration import AffineTransform, Edge, FramePath, LandmarkFit, fit_landmarks, scrutiny
from ..registration.path import Step
from ..registration.points import lift
from .stage_axes import StageAxes
from .stage_checks import (
    flat_notes,
    is_flat,
    refuse_other_hand,
    refuse_other_unit,
    refuse_upside_down,
    scale_notes,
)
from .stage_turning import turned

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class StageFit:
    """Where the specimen lies on a stage.

    Attributes
    ----------
    transform : AffineTransform
        From the specimen's frame to the readings, z, y, x [um]; a mirror where they run
        left-handed.
    axes : StageAxes
    fit : LandmarkFit
        In axes that are made right-handed: residuals, leave-one-out, warnings.
    notes : tuple of str
    statement : str
    """

    transform: AffineTransform
    axes: StageAxes
    fit: LandmarkFit
    notes: tuple[str, ...]
    statement: str

    def at(
        self,
        *,
        tilt_deg: float | None = None,
        rotation_deg: float | None = None,
        tilt_sigma_deg: float = 0.0,
        rotation_sigma_deg: float = 0.0,
        eucentric_sigma_um: float = 0.0,
        from_frame: str = "specimen",
    ) -> FramePath:
        """Give the way to the readings at a tilt and rotation.

        Parameters
        ----------
        tilt_deg, rotation_deg : float, optional
            Of the stage; as fitted unless told [degree].
        tilt_sigma_deg, rotation_sigma_deg : float
            Standard uncertainty of the change of tilt and of rotation [degree].
        eucentric_sigma_um : float
            How far, per axis, the tilt axis passes by the place where the beams meet [um].
        from_frame : str
            Name of the specimen's frame.

        Raises
        ------
        ValueError
            The axis that is turned about is not known.
        """
        first = Step(Edge("stage fit", from_frame, "stage", self.transform))
        tilt = self.axes.tilt_deg if tilt_deg is None else float(tilt_deg)
        turn = self.axes.rotation_deg if rotation_deg is None else float(rotation_deg)
        if (tilt, turn) == (self.axes.tilt_deg, self.axes.rotation_deg):
            return FramePath(from_frame, (first,))
        moved = turned(
            self.axes,
            tilt,
            turn,
            tilt_sigma_deg=tilt_sigma_deg,
            rotation_sigma_deg=rotation_sigma_deg,
            eucentric_sigma_um=eucentric_sigma_um,
        )
        name = f"stage at tilt {tilt:g}°, rotation {turn:g}°"
        return FramePath(from_frame, (first, Step(Edge("stage turning", "stage", name, moved))))

    def predict(self, points_um: ArrayLike) -> pd.DataFrame:
        """Readings x, y, z of places, with standard uncertainties sx, sy, sz, in its unit."""
        table = self.axes.readings(self.transform.apply(points_um))
        sigma = np.sqrt(np.diagonal(self.transform.covariance_at(points_um), axis1=1, axis2=2))
        for column, axis in ((2, "x"), (1, "y"), (0, "z")):
            table[f"s{axis}"] = sigma[:, column] / self.axes.unit_um
        return table


def fit_stage(
    fiducials_um: ArrayLike,
    readings: pd.DataFrame,
    *,
    axes: StageAxes,
    sigma_um: ArrayLike | None = None,
    target_um: ArrayLike | None = None,
    outwards: ArrayLike = (-1.0, 0.0, 0.0),
) -> StageFit:
    """Fit where the specimen lies on a stage from three or more fiducials.

    Parameters
    ----------
    fiducials_um : (n, 3) array
        In the specimen's frame, z, y, x [um].
    readings : DataFrame
        Columns x, y, z in the stage's unit, one row a fiducial; ``tilt_deg`` and ``rotation_deg``
        where they were read at another tilt or rotation than that of `axes`.
    axes : StageAxes
    sigma_um : float, (n,) or (n, 3) array, optional
        Localisation error of a pair, per axis [um]; from the residuals unless told.
    target_um : (n, 3) array, optional
        Where the fit will be used, in the specimen's frame [um].
    outwards : (3,) array
        Direction that leaves the specimen towards the column, in its frame.

    Returns
    -------
    StageFit

    Raises
    ------
    Degenerate
        Fewer than three fiducials or on a line; another unit, or axes of the other handedness,
        fit clearly better than those declared; the specimen would lie upside down.
    ValueError
        For wrong shapes or columns.

    Notes
    -----
    Three fiducials, and any that lie in a plane, cannot tell a mirror from a specimen that is
    turned over: then the declared handedness decides, and `notes` says so.

    Examples
    --------
    >>> import pandas as pd
    >>> marks = [[0, 0, 0], [0, 0, 1000], [0, 2000, 0], [300, 500, 500]]
    >>> seen = pd.DataFrame({"x": [5, 6, 5, 5.5], "y": [1, 1, 3, 1.5], "z": [9, 9, 9, 8.7]})
    >>> axes = StageAxes("mm", handedness="left", z_grows="outwards")
    >>> fit_stage(marks, seen, axes=axes, sigma_um=1.0).predict([[0, 0, 500]])["x"].round(6).item()
    5.5
    """
    places, measured = lift(fiducials_um, name="fiducials_um"), axes.readings_um(readings)
    if len(places) != len(measured):
        raise ValueError(
            f"fiducials_um and readings need one row a fiducial, got {len(places)} and "
            f"{len(measured)} rows"
        )
    if len(places) < 3:
        raise Degenerate(
            f"a stage is fitted to three or more fiducials, got {len(places)}: read more"
        )
    refuse_other_unit(places, measured, axes)
    flip = _flip(axes)
    given = {"model": "rigid", "sigma_um": sigma_um, "target_um": target_um}
    flat = is_flat(places)
    if not flat:
        refuse_other_hand(places, measured @ flip, axes)
    fit = fit_landmarks(places, measured @ flip, allow_mirror=False, **given)  # type: ignore[arg-type]
    transform = _mirrored_back(fit.transform, flip)
    refuse_upside_down(transform, axes, outwards)
    goal = None if target_um is None else lift(target_um)
    shape = scrutiny.flat(fit.pairs, fit.transform, goal)  # a face is flat: told by flat_notes
    notes = (
        *flat_notes(flat, axes),
        *scale_notes(places, measured @ flip, sigma_um),
        *(words for words in fit.warnings if words not in shape),
    )
    return StageFit(transform, axes, fit, notes, _statement(fit, axes))


def _flip(axes: StageAxes) -> np.ndarray:
    """Turn left-handed readings into right-handed ones: z changes its sign."""
    return np.diag([-1.0 if axes.handedness == "left" else 1.0, 1.0, 1.0])


def _mirrored_back(fitted: AffineTransform, flip: np.ndarray) -> AffineTransform:
    """Carry a fit to flipped axes back to the readings, its covariance too.

    With F the flip, F(t + w x r) = F t + det(F) (F w) x (F r).
    """
    if np.linalg.det(flip) > 0:
        return fitted
    turn = np.zeros((6, 6))
    turn[:3, :3], turn[3:, 3:] = flip, -flip
    covariance = fitted.covariance
    return replace(
        fitted,
        matrix=flip @ fitted.matrix,
        offset_um=flip @ fitted.offset_um,
        covariance=None if covariance is None else turn @ covariance @ turn.T,
        allow_mirror=True,
    )


def _statement(fit: LandmarkFit, axes: StageAxes) -> str:
    error = fit.transform.sigma_um
    said = "" if error is None else f", localisation error {format_length(error)} per axis"
    source = {"residuals": f"from {fit.nu} degrees of freedom"}.get(
        fit.transform.sigma_source, fit.transform.sigma_source
    )
    return (
        f"{len(fit.pairs)} fiducials on {axes.handedness}-handed axes in {axes.unit} at tilt "
        f"{axes.tilt_deg:g}° and rotation {axes.rotation_deg:g}°{said} ({source})"
    )
