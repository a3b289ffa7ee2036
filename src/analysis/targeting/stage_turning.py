"""What turning a stage does to its readings: exact geometry, with the doubt of the turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..registration import AffineTransform

if TYPE_CHECKING:
    from .stage_axes import StageAxes

_X, _Y, _Z = 2, 1, 0  # columns of z, y, x


def turned(
    axes: StageAxes,
    tilt_deg: float,
    rotation_deg: float,
    *,
    tilt_sigma_deg: float = 0.0,
    rotation_sigma_deg: float = 0.0,
    eucentric_sigma_um: float = 0.0,
) -> AffineTransform:
    """Map readings at the axes' own tilt and rotation to those at another: rigid, z, y, x [um].

    The rotation drive rides on the tilt, so a rotation turns readings about its own axis in the
    plane of the drives. A tilt leaves the readings of drives that tilt along as they are, and
    turns those of level drives about the tilt axis.

    Parameters
    ----------
    axes : StageAxes
    tilt_deg, rotation_deg : float
        To turn to [degree].
    tilt_sigma_deg, rotation_sigma_deg : float
        Standard uncertainty of the change, known independently [degree].
    eucentric_sigma_um : float
        How far, per axis, the tilt axis passes by the place where the beams meet [um].

    Raises
    ------
    ValueError
        The axis that is turned about is not known, or a rotation at a tilt of level drives.
    """
    for name, value in (
        ("tilt_sigma_deg", tilt_sigma_deg),
        ("rotation_sigma_deg", rotation_sigma_deg),
        ("eucentric_sigma_um", eucentric_sigma_um),
    ):
        if not (np.isfinite(value) and value >= 0):
            raise ValueError(f"{name} needs a finite value of 0 or more, got {value!r}")
    tilt = axes.tilt_sign * np.radians(tilt_deg - axes.tilt_deg)
    turn = axes.rotation_sign * np.radians(rotation_deg - axes.rotation_deg)
    if turn and not axes.xy_follow_tilt and axes.tilt_deg % 360:
        raise ValueError(
            "a rotation of a stage with level drives is known from tilt 0 only, got "
            f"{axes.tilt_deg:g}°: read the fiducials at tilt 0"
        )
    spin, spin_at = np.eye(3), np.zeros(3)
    if turn:
        spin = _turn(_X, _Y, turn)
        spin_at = _known(axes.rotation_centre_um, "rotation_centre_um", (_X, _Y))
    lean, lean_at = np.eye(3), np.zeros(3)
    if tilt and not axes.xy_follow_tilt:
        lean = _turn(_Y, _Z, tilt)
        lean_at = _known(axes.tilt_axis_um, "tilt_axis_um", (_Y, _Z))
    about = lean @ spin_at - lean @ lean_at + lean_at  # where the rotation axis goes
    covariance = np.zeros((6, 6))
    if turn:
        covariance += _doubt(_turn_rate(_X, _Y), lean, rotation_sigma_deg)
    if tilt and not axes.xy_follow_tilt:
        shift = _doubt(_turn_rate(_Y, _Z), np.eye(3), tilt_sigma_deg)
        covariance += _moved_to(shift, about - lean_at)
    if tilt:
        miss = np.eye(3) - _turn(_Y, _Z, tilt)
        covariance[:3, :3] += eucentric_sigma_um**2 * miss @ miss.T
    return AffineTransform(
        model="rigid",
        matrix=lean @ spin,
        centre_um=spin_at,
        offset_um=about,
        covariance=covariance,
        sigma_um=0.0,
        sigma_source="stated" if covariance.any() else "exact",
    )


def _known(place: tuple[float, float] | None, name: str, columns: tuple[int, int]) -> np.ndarray:
    if place is None:
        which = "turn" if name.startswith("rotation") else "tilt"
        raise ValueError(
            f"{name} needs the readings of the axis to {which} about, got None: read a fiducial at "
            f"two {which}s, or fit the fiducials at the {which} that is cut at"
        )
    out = np.zeros(3)
    out[list(columns)] = place
    return out


def _turn(first: int, second: int, angle: float) -> np.ndarray:
    """Rotation that turns one axis towards another."""
    out = np.eye(3)
    out[first, first] = out[second, second] = np.cos(angle)
    out[second, first], out[first, second] = np.sin(angle), -np.sin(angle)
    return out


def _turn_rate(first: int, second: int) -> np.ndarray:
    """The vector w with w x r = d(turn)/d(angle) r, in the order z, y, x."""
    rate = np.zeros((3, 3))
    rate[second, first], rate[first, second] = 1.0, -1.0
    return np.array([rate[2, 1], rate[0, 2], rate[1, 0]])


def _doubt(rate: np.ndarray, lean: np.ndarray, sigma_deg: float) -> np.ndarray:
    """Covariance of (shift, turn) from the doubt of one angle, about its own axis."""
    turn = np.concatenate([np.zeros(3), lean @ rate]) * np.radians(sigma_deg)
    return np.outer(turn, turn)


def _moved_to(covariance: np.ndarray, arm: np.ndarray) -> np.ndarray:
    """Carry a covariance of (shift, turn) to another centre: the shift gains w x arm."""
    cross = np.array([[0, arm[2], -arm[1]], [-arm[2], 0, arm[0]], [arm[1], -arm[0], 0]])
    carry = np.eye(6)
    carry[:3, 3:] = cross
    return np.asarray(carry @ covariance @ carry.T)
