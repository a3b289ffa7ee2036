"""A stage that was fitted to fiducials, as records: its frame, its axes, the way to it."""

from __future__ import annotations

from ..analysis.targeting import StageFit
from ..workspace import Workspace


def record_stage(
    ws: Workspace,
    name: str,
    fit: StageFit,
    *,
    frame: str,
    accept: bool = False,
    repeatability_um: float | None = None,
    drift_um_per_min: float | None = None,
    scale_sigma: float | None = None,
) -> str:
    """Write a fitted stage: all of it, or nothing.

    Parameters
    ----------
    ws : Workspace
    name : str
        Of the stage, and of the frame whose positions are its readings [um].
    fit : StageFit
    frame : str
        Of the specimen, in which the fiducials were given.
    accept : bool
        Use the way to the stage at once; otherwise it is proposed.
    repeatability_um, drift_um_per_min, scale_sigma : float, optional
        As `scalebridge.analysis.targeting.InstrumentError` knows them; None is not known.

    Returns
    -------
    str
        Name of the transform.
    """
    axes = fit.axes
    with ws.transaction():
        ws.frames.add(name=name, description=f"readings of {name}, {fit.statement}")
        ws.stages.add(
            name=name,
            frame=name,
            unit=axes.unit,
            handedness=axes.handedness,
            z_grows=axes.z_grows,
            tilt_deg=axes.tilt_deg,
            rotation_deg=axes.rotation_deg,
            between_beams_deg=axes.between_beams_deg,
            repeatability_um=repeatability_um,
            drift_um_per_min=drift_um_per_min,
            scale_sigma=scale_sigma,
            note="; ".join(fit.notes),
        )
        made = ws.transforms.add(
            name=f"{frame}_to_{name}",
            from_frame=frame,
            to_frame=name,
            transform=fit.transform.to_dict(),
            status="accepted" if accept else "proposed",
            method="stage readings of fiducials, rigid",
            fre_um=fit.fit.fre_um,
            note=fit.statement,
        )
    return str(made.name)
