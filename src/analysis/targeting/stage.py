"""The stage of an instrument: its axes, and what it reads at a place of the specimen.

Readings are coordinates of places: what the stage shows when a place has been brought under the
beam. They may run left-handed, in millimetres or metres, and turn with the stage. A reading taken
at another tilt or rotation follows from the geometry, exactly; how well tilt and rotation are
known is a covariance of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ...errors import Degenerate
from ...quantities import format_length
from ..registration import AffineTransform, Edge, FramePath, LandmarkFit, fit_landmarks
from ..registration.path import Step
from ..registration.points import lift
from .stage_turning import turned

UNITS = {"um": 1.0, "µm": 1.0, "mm": 1e3, "m": 1e6}
_CLEARLY = 4.0  # times the mirrored residuals' sum of squares, as of images
_FLAT = 1e-3


@dataclass(frozen=True)
class StageAxes:
    """What is known about a stage before anything is fitted.

    Parameters
    ----------
    unit : {"um", "mm", "m"}
        Of its readings.
    handedness : {"right", "left"}
        Of x, y, z readings taken as coordinates of the specimen.
    z_grows : {"outwards", "inwards"}, optional
        Whether a place further out of the specimen has the larger z reading; checked where known.
    tilt_deg, rotation_deg : float
        At which the readings stand, unless a fiducial says otherwise [degree].
    xy_follow_tilt : bool
        Whether the x, y and z drives lie on the tilting part: then a place that is brought to the
        tilt axis reads the same at any tilt.
    tilt_axis_um : (2,) sequence, optional
        Readings y and z of the tilt axis, which runs along x [um]; needed to change the tilt of
        a stage whose drives stay level.
    rotation_centre_um : (2,) sequence, optional
        Readings x and y of the rotation axis [um]; needed to change the rotation.
    tilt_sign, rotation_sign : {1, -1}
        1 where a growing tilt turns y towards z, and a growing rotation turns x towards y.
    between_beams_deg : float
        Angle from the electron to the ion beam: 52 or 54 on most instruments [degree].

    Examples
    --------
    >>> axes = StageAxes("mm", handedness="left")
    >>> axes.readings([[0.0, 2000.0, 1000.0]]).to_dict("list")
    {'x': [1.0], 'y': [2.0], 'z': [0.0]}
    """

    unit: Literal["um", "mm", "m"]
    handedness: Literal["right", "left"]
    z_grows: Literal["outwards", "inwards"] | None = None
    tilt_deg: float = 0.0
    rotation_deg: float = 0.0
    xy_follow_tilt: bool = True
    tilt_axis_um: tuple[float, float] | None = None
    rotation_centre_um: tuple[float, float] | None = None
    tilt_sign: Literal[1, -1] = 1
    rotation_sign: Literal[1, -1] = 1
    between_beams_deg: float = 52.0

    def __post_init__(self) -> None:
        choices = (
            ("unit", self.unit, tuple(UNITS)),
            ("handedness", self.handedness, ("right", "left")),
            ("z_grows", self.z_grows, ("outwards", "inwards", None)),
            ("tilt_sign", self.tilt_sign, (1, -1)),
            ("rotation_sign", self.rotation_sign, (1, -1)),
        )
        for name, value, allowed in choices:
            if value not in allowed:
                raise ValueError(f"{name} needs one of {allowed}, got {value!r}")
        if not 0 < self.between_beams_deg < 90:
            raise ValueError(
                f"between_beams_deg needs 0 to 90 degrees, got {self.between_beams_deg!r}"
            )

    @property
    def unit_um(self) -> float:
        """Micrometres in a unit of the readings."""
        return UNITS[self.unit]

    def readings_um(self, readings: pd.DataFrame) -> np.ndarray:
        """Readings with columns x, y, z in the stage's unit as (n, 3) z, y, x [um].

        Those with columns ``tilt_deg`` or ``rotation_deg`` are turned to the axes' own.
        """
        table = pd.DataFrame(readings)
        missing = [axis for axis in "xyz" if axis not in table]
        if missing:
            raise ValueError(
                f"readings need columns x, y, z in {self.unit}, got {', '.join(map(str, table))}: "
                f"{', '.join(missing)} missing"
            )
        points = lift(table[["z", "y", "x"]].to_numpy(float) * self.unit_um, name="readings")
        tilts = _column(table, "tilt_deg", self.tilt_deg)
        turns = _column(table, "rotation_deg", self.rotation_deg)
        for index in np.flatnonzero((tilts != self.tilt_deg) | (turns != self.rotation_deg)):
            from_ = {"tilt_deg": float(tilts[index]), "rotation_deg": float(turns[index])}
            back = turned(replace(self, **from_), self.tilt_deg, self.rotation_deg)
            points[index] = back.apply(points[index][None])[0]
        return points

    def readings(self, points_um: ArrayLike) -> pd.DataFrame:
        """Places (n, 3) z, y, x [um] of the stage as readings x, y, z in its own unit."""
        points = lift(points_um) / self.unit_um
        return pd.DataFrame({"x": points[:, 2], "y": points[:, 1], "z": points[:, 0]})


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
    _refuse_other_unit(places, measured, axes)
    flip = _flip(axes)
    given = {"model": "rigid", "sigma_um": sigma_um, "target_um": target_um}
    flat = bool(
        np.linalg.svd(places - places.mean(axis=0), compute_uv=False)[2] < _FLAT * _size(places)
    )
    if not flat:
        _refuse_other_hand(places, measured @ flip, axes)
    fit = fit_landmarks(places, measured @ flip, allow_mirror=False, **given)  # type: ignore[arg-type]
    transform = _mirrored_back(fit.transform, flip)
    _refuse_upside_down(transform, axes, outwards)
    notes = (
        *_flat_notes(flat, axes),
        *_scale_notes(places, measured @ flip, sigma_um),
        *fit.warnings,
    )
    return StageFit(transform, axes, fit, notes, _statement(fit, axes))


def _column(table: pd.DataFrame, name: str, default: float) -> np.ndarray:
    if name not in table:
        return np.full(len(table), default)
    return table[name].to_numpy(float)


def _size(points: np.ndarray) -> float:
    return float(np.linalg.norm(points - points.mean(axis=0), axis=1).max())


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


def _refuse_other_unit(places: np.ndarray, measured: np.ndarray, axes: StageAxes) -> None:
    ratio = _size(measured) / _size(places)
    if 0.5 < ratio < 2.0:
        return
    fitting = [unit for unit in ("um", "mm", "m") if 0.5 < ratio * UNITS[unit] / axes.unit_um < 2]
    do = f"the readings look like {fitting[0]}" if fitting else "check the pairs of fiducials"
    raise Degenerate(
        f"the fiducials' distances on the stage, in {axes.unit}, need to be those of the specimen, "
        f"got {ratio:.4g} times as much: {do}"
    )


def _refuse_other_hand(places: np.ndarray, righted: np.ndarray, axes: StageAxes) -> None:
    declared, other = (_rms(places, righted @ np.diag([s, 1, 1])) for s in (1.0, -1.0))
    if declared**2 <= _CLEARLY * other**2 or declared < 1e-8 * _size(places):
        return
    hand = "left" if axes.handedness == "right" else "right"
    raise Degenerate(
        f"the stage was declared {axes.handedness}-handed, but its readings fit to "
        f"{format_length(other)} RMS as {hand}-handed and to {format_length(declared)} as "
        "declared: "
        f"give handedness={hand!r}, or check the signs of x, y, z"
    )


def _rms(places: np.ndarray, righted: np.ndarray) -> float:
    moving, fixed = places - places.mean(axis=0), righted - righted.mean(axis=0)
    left, _, right = np.linalg.svd(fixed.T @ moving)
    signs = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    return float(np.sqrt(np.mean(np.sum((fixed - moving @ (left @ signs @ right).T) ** 2, axis=1))))


def _refuse_upside_down(transform: AffineTransform, axes: StageAxes, outwards: ArrayLike) -> None:
    if axes.z_grows is None:
        return
    out = np.asarray(outwards, dtype=float)
    rise = float((transform.matrix @ (out / np.linalg.norm(out)))[0])
    if (rise > 0) != (axes.z_grows == "outwards"):
        raise Degenerate(
            f"z readings were declared to grow {axes.z_grows}, but by this fit the specimen would "
            "lie upside down: check the handedness, the signs of x and y, and the order of the "
            "fiducials"
        )


def _flat_notes(flat: bool, axes: StageAxes) -> tuple[str, ...]:
    if not flat:
        return ()
    checked = "" if axes.z_grows else "; give z_grows to have it checked"
    return (
        f"the fiducials lie in a plane and cannot tell a mirror: the stage counts as "
        f"{axes.handedness}-handed, as declared{checked}",
    )


def _scale_notes(
    places: np.ndarray, righted: np.ndarray, sigma_um: ArrayLike | None
) -> tuple[str, ...]:
    try:
        free = fit_landmarks(places, righted, model="similarity", sigma_um=sigma_um).transform
    except Degenerate:
        return ()
    off, sigma = free.scale - 1, free.scale_sigma
    if not np.isfinite(sigma) or abs(off) <= 3 * sigma:
        return ()
    return (
        f"lengths on the stage are {1 + off:.5g} ± {sigma:.1g} times those of the specimen: "
        "one of them is calibrated wrongly; calibrate it before cutting",
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
