"""What was done to the specimen between a scan and the cut: the surface moves, its doubt grows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import UnusableRecord

_NORMAL95 = 1.959963985


@dataclass(frozen=True)
class SurfaceShift:
    """How far the surface has moved outwards since it was seen.

    Attributes
    ----------
    added_um : float
        Along the outward normal; negative where material was removed [µm].
    parts : dict of str to float
        95 % half-widths by preparation [µm].
    """

    added_um: float
    parts: dict[str, float]


def surface_shift(ws: Any, frame: str, *, since: str | None = None) -> SurfaceShift:
    """Add up the preparations that a surface of a frame does not show yet.

    Parameters
    ----------
    ws : Workspace
    frame : str
        Of the scan, or of the surface that was measured again.
    since : str, optional
        Date of that measurement; what was done before it is in the surface already. Without it,
        every preparation of the frame counts.

    Returns
    -------
    SurfaceShift
        Errors of one kind of preparation add in quadrature.

    Raises
    ------
    UnusableRecord
        A preparation has no date, and whether the surface shows it is not known.
    """
    done = [record for record in ws.preparations if record.frame == frame]
    if since is not None:
        undated = [record.preparation for record in done if record.date is None]
        if undated:
            raise UnusableRecord(
                f"preparations of {frame} need a date beside a surface measured on {since}, got "
                f"none for {', '.join(undated)}: give date=, so that they count before or after",
                names=tuple(undated),
            )
        done = [record for record in done if record.date > since]
    variances: dict[str, float] = {}
    for record in done:
        variances[record.preparation] = variances.get(record.preparation, 0) + record.sigma_um**2
    return SurfaceShift(
        added_um=float(sum(record.added_um for record in done)),
        parts={name: _NORMAL95 * variance**0.5 for name, variance in variances.items()},
    )
