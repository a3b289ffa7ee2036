"""Everything that is exactly known about a session, under flat names, for comparison at the end.

Positions are z, y, x. *Nominal* coordinates of a frame are index times the voxel size its file
states; *specimen* coordinates are true micrometres, z downwards from the original top surface.
Registration and segmentation never see this.
"""

from __future__ import annotations

from .amounts import face_truth, metal_loss_truth, volume_truth
from .entry import Truth, entry
from .poses import eds_slice
from .session import Session
from .views import SlicedView, View
from .whereabouts import fiducial_truth, target_truth, transform_truth


def session_truth(session: Session) -> Truth:
    """Collect the truth of a session.

    Returns
    -------
    dict
        ``{"quantification.xrm_zoom.pore.volume_fraction": {"value": ..., "unit": ...}, ...}``;
        entries may carry ``error`` (one standard error of a numeric integration) and ``note``.
    """
    truth: Truth = {}
    for view in session.views.values():
        truth |= _calibration(session, view)
    truth |= transform_truth(session)
    truth |= fiducial_truth(session)
    truth |= target_truth(session)
    for view in session.views.values():
        if not view.is_picture:
            truth |= volume_truth(session, view)
    truth |= face_truth(session)
    truth |= metal_loss_truth(session)
    return truth


def _calibration(session: Session, view: View) -> Truth:
    axes = slice(1, None) if view.is_picture else slice(None)
    start = f"imaging.{view.name}"
    truth = {
        f"{start}.nominal_spacing_um": entry(view.spacing_um[axes], "um"),
        f"{start}.true_step_um": entry(
            view.true_spacing_um[axes],
            "um",
            note="length in the specimen of one step along each axis",
        ),
    }
    if isinstance(view, SlicedView):
        truth |= {
            f"{start}.slice_positions_um": entry(view.positions_um, "um"),
            f"{start}.drift_um": entry(view.drift_um, "um", note="y, x of each slice"),
            f"{start}.beam_angle_deg": entry(view.angle_deg, "deg"),
            f"{start}.eds_slice": entry(eds_slice(session.layout), "1"),
        }
    if view.name.startswith("xrm_survey"):
        scale = session.layout.survey_true_um / session.layout.survey_nominal_um
        truth[f"{start}.true_over_nominal"] = entry(scale, "1")
    return truth
