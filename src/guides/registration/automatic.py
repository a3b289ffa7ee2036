"""Two images of a workspace registered by their grey values, and what speaks against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...analysis.registration import (
    MODELS,
    AffineTransform,
    GreyImage,
    Model,
    Registration,
    register,
)
from ...errors import DecisionNeeded, NoPath
from ...quantities import format_length
from ...workspace import Workspace
from .usable import MOST_VOXELS, grey_image

_LEAST_MARGIN = 0.2
_LEAST_OVERLAP = 0.3


@dataclass(frozen=True, eq=False)
class Proposal:
    """A registration that nobody has decided about.

    Attributes
    ----------
    moving, fixed : str
        Images.
    registration : Registration
    start_words : str
        Where the search began.
    record : Record or None
        The proposed transform; None in a workspace that is open read-only.
    """

    moving: str
    fixed: str
    registration: Registration
    start_words: str
    record: Any

    @property
    def name(self) -> str:
        """``moving_to_fixed``."""
        return f"{self.moving}_to_{self.fixed}"

    @property
    def doubts(self) -> tuple[str, ...]:
        """What a person has to look at before it is accepted; empty where nothing is odd."""
        found, words = self.registration, []
        if found.transform.covariance is None:
            words.append("its error cannot be told")
        if found.runner_up is not None and found.runner_up.margin < _LEAST_MARGIN:
            words.append(
                f"another place, {format_length(found.runner_up.away_um)} away, is nearly as good"
            )
        if found.overlap < _LEAST_OVERLAP:
            words.append(f"the images share only {100 * found.overlap:.0f} % of the smaller one")
        return tuple(words)

    def table(self) -> pd.DataFrame:
        """What was tried, a row a climb, the finest level last."""
        return self.registration.tried


def register_images(
    ws: Workspace,
    *,
    moving: str,
    fixed: str,
    model: Model = "rigid",
    start: AffineTransform | None = None,
    reach_um: float | None = None,
    reach_deg: float | None = None,
    time: int = 0,
    most_voxels: int = MOST_VOXELS,
    seed: int = 0,
    progress: Any = None,
    cancel: Any = None,
) -> Proposal:
    """Register two images by their grey values, and write the result as a proposal.

    It begins where the accepted transforms put the moving image, else middle on middle. Data bars,
    rims of rotated and stitched images and values that are no numbers do not count.

    Parameters
    ----------
    ws : Workspace
    moving, fixed : str
        Images, both calibrated.
    model : {"rigid", "similarity", "affine"}
    start : AffineTransform, optional
        Another beginning.
    reach_um, reach_deg, seed, progress, cancel
        As for `register`.
    time : int
        Time point of series.
    most_voxels : int
        Of each image; finer levels are not read.

    Returns
    -------
    Proposal

    Raises
    ------
    Degenerate
        No place stands out.
    Uncalibrated
        An image has no voxel size.
    """
    if model not in MODELS:
        raise ValueError(f"model needs one of {', '.join(MODELS)}, got {model!r}")
    images = ws.images[moving], ws.images[fixed]
    own, other = (grey_image(image, time=time, most_voxels=most_voxels) for image in images)
    words = "the start that was given"
    if start is None:
        start, words = _standing(ws, images, own)
    found = register(
        other,
        own,
        start=start,
        model=model,
        reach_um=reach_um,
        reach_deg=reach_deg,
        seed=seed,
        progress=progress,
        cancel=cancel,
    )
    record = None if ws.read_only else _propose(ws, images, found, words)
    return Proposal(images[0].name, images[1].name, found, words, record)


def accept_proposal(ws: Workspace, proposal: Proposal, *, note: str = "") -> Any:
    """Accept a proposal that nothing speaks against.

    Raises
    ------
    DecisionNeeded
        Something does: a person has to look.
    """
    if proposal.doubts:
        raise DecisionNeeded(
            f"{proposal.name} was found by grey values, but {'; '.join(proposal.doubts)}: look at "
            f"the overlay, then accept it with ws.transforms.edit({proposal.name!r}, "
            "status='accepted'), or pick landmarks"
        )
    record = proposal.record
    return ws.transforms.edit(record.id, version=record.version, status="accepted", note=note)


def _standing(
    ws: Workspace, images: tuple[Any, Any], own: GreyImage
) -> tuple[AffineTransform | None, str]:
    """Begin where the accepted transforms put the moving image."""
    from ...analysis.registration.estimate import closed_form
    from ...analysis.registration.points import pair_up

    moving, fixed = images
    corners = own.corners_um
    places = np.vstack([corners, corners.mean(axis=0)])
    try:
        seen = ws.graph().locate(places, from_=moving.frame, to=fixed.frame).points_um
    except NoPath:
        return None, "middle on middle, axes along axes"
    pairs = pair_up(places, seen, ndim_moving=moving.ndim, ndim_fixed=fixed.ndim)
    model: Model = "affine" if moving.ndim == fixed.ndim else "similarity"
    return closed_form(pairs, model), "where the accepted transforms put it"


def _propose(ws: Workspace, images: tuple[Any, Any], found: Registration, words: str) -> Any:
    moving, fixed = images
    name = f"{moving.frame}_to_{fixed.frame}"
    fields = {
        "from_frame": moving.frame,
        "to_frame": fixed.frame,
        "transform": found.transform.to_dict(),
        "status": "proposed",
        "method": f"mutual information, {found.transform.model}",
        "engine": {
            "information_nat": found.information_nat,
            "overlap": found.overlap,
            "margin": None if found.runner_up is None else found.runner_up.margin,
            "start": words,
            "climbs": len(found.tried),
            "warnings": list(found.warnings),
        },
        "note": found.statement.rsplit(", ", 1)[0],
    }
    before = next((record for record in ws.transforms if record.name == name), None)
    if before is not None and before.status == "proposed":
        return ws.transforms.edit(before.id, version=before.version, **fields)
    taken = {record.name for record in ws.transforms}
    free = (f"{name}_automatic{k}" for k in ("", *range(2, 1000)))
    return ws.transforms.add(
        name=name if before is None else next(one for one in free if one not in taken), **fields
    )
