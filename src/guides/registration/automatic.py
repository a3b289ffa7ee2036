"""Two images of a workspace registered by their grey values, and what speaks against it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from ...analysis.registration import (
    AffineTransform,
    GreyImage,
    Model,
    Registration,
    register,
)
from ...analysis.registration.graph import FrameGraph
from ...analysis.registration.register import BENT
from ...analysis.registration.richer_maps import RicherMaps, richer_maps
from ...analysis.registration.tangent import LINEAR
from ...columns import significant
from ...errors import Degenerate, NoPath
from ...quantities import format_length
from ...workspace import Workspace
from .proposed_records import of_its_method, write_proposed
from .usable import MOST_VOXELS, grey_image

METHOD = "mutual information"
_LEAST_MARGIN = 0.1
_LEAST_OVERLAP = 0.3
_SHAPE_VOXELS = 128**3  # of each image where shapes of maps are judged
_SHOWN = {
    "start": "start",
    "voxel_um": "voxel [µm]",
    "sweeps": "sweeps",
    "information_nat": "information [nat]",
    "overlap": "overlap",
    "moved_um": "moved_um",
}


@dataclass(frozen=True, eq=False)
class Proposal:
    """A registration that nobody has decided about.

    Attributes
    ----------
    moving, fixed : str
        Images.
    registration : Registration
    fields : dict
        Of its record, without the status.
    record : Record or None
        The proposed transform, or the one in which this very map was decided before; None in a
        workspace that is open read-only, and where nothing was to be written.
    richer : RicherMaps or None
        What maps with more parameters would gain; None where that was not asked for.
    """

    moving: str
    fixed: str
    registration: Registration
    fields: dict[str, Any]
    record: Any
    richer: RicherMaps | None = None

    suffix: ClassVar[str] = "automatic"

    @property
    def name(self) -> str:
        """``moving_to_fixed``."""
        return f"{self.moving}_to_{self.fixed}"

    @property
    def title(self) -> str:
        """Name for its record."""
        return f"{self.fields['from_frame']}_to_{self.fields['to_frame']}"

    @property
    def transform(self) -> AffineTransform:
        """From the moving to the fixed frame; the linear part of a map that bends."""
        return self.registration.transform

    @property
    def mapping(self) -> Any:
        """The whole map: as it is recorded where it bends, else `transform`."""
        bend = self.registration.bend
        return self.transform if bend is None else bend.recorded

    @property
    def model(self) -> str:
        """What was found, a bend only where one is shown."""
        return self.transform.model if self.registration.bend is None else BENT

    @property
    def statement(self) -> str:
        """What was found, and what came next, in words."""
        found, second = self.registration, "every start ended there"
        if (other := found.runner_up) is not None:
            second = (
                f"the next best place is {format_length(other.away_um)} away and has "
                f"{100 * other.margin:.0f} % less mutual information"
            )
        return (
            f"{self.moving} in {self.fixed}: {self.model} map by mutual information "
            f"({found.information_nat:.3f} nat over {100 * found.overlap:.0f} % of the smaller "
            f"image), begun {self.fields['engine']['start']}; {second}"
            + (f"; {found.bend.statement}." if found.bend is not None else ".")
        )

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
        tried = self.registration.tried
        shown = tried[[name for name in _SHOWN if name in tried]].rename(columns=_SHOWN)
        for column in shown.columns.difference(["start", "sweeps"]):
            shown[column] = significant(shown[column].astype(float))
        return shown


def register_images(
    ws: Workspace,
    *,
    moving: str,
    fixed: str,
    model: Model | Literal["b-spline"] = "rigid",
    start: AffineTransform | None = None,
    reach_um: float | None = None,
    reach_deg: float | None = None,
    time: int = 0,
    most_voxels: int = MOST_VOXELS,
    seed: int = 0,
    write: bool = True,
    richer: bool = False,
    progress: Any = None,
    cancel: Any = None,
) -> Proposal:
    """Register two images by their grey values, and write the result as a proposal.

    It begins where the accepted transforms put the moving image, else middle on middle; what was
    found of this pair before does not count, so that the same bits come out again. Data bars, rims
    of rotated and stitched images and values that are no numbers do not count.

    Parameters
    ----------
    ws : Workspace
    moving, fixed : str
        Images, both calibrated.
    model : {"translation", "rigid", "similarity", "affine", "b-spline"}
        A bend is kept only where each half of the image confirms it.
    start : AffineTransform, optional
        Another beginning.
    reach_um, reach_deg, seed, progress, cancel
        As for `register`.
    time : int
        Time point of series.
    most_voxels : int
        Of each image; finer levels are not read.
    write : bool
        Whether to write the record.
    richer : bool
        Whether to judge what maps with more parameters would gain, a bend in the end.

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
    if model not in (*LINEAR, BENT):
        raise ValueError(f"model needs one of {', '.join((*LINEAR, BENT))}, got {model!r}")
    images = ws.images[moving], ws.images[fixed]
    own, other = (grey_image(image, time=time, most_voxels=most_voxels) for image in images)
    words = "at the start that was given"
    if start is None:
        start, words = standing_start(ws, images, own)
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
    fields = proposal_fields(images, found, words)
    offer = None
    if richer and own.ndim == other.ndim:
        offer = _offer(images, found.transform, time=time, seed=seed)
    proposal = Proposal(images[0].name, images[1].name, found, fields, None, offer)
    if not write or ws.read_only:
        return proposal
    record = write_proposed(ws, proposal.title, fields, suffix=proposal.suffix)
    return replace(proposal, record=record)


def _offer(
    images: tuple[Any, Any], found: AffineTransform, *, time: int, seed: int
) -> RicherMaps | None:
    """Judge richer maps on images that are fine enough for bends."""
    own, other = (grey_image(image, time=time, most_voxels=_SHAPE_VOXELS) for image in images)
    try:
        return richer_maps(other, own, found, seed=seed)
    except Degenerate:
        return None


def standing_start(
    ws: Workspace, images: tuple[Any, Any], own: GreyImage, method: str = METHOD
) -> tuple[AffineTransform | None, str]:
    """Begin where the accepted transforms put the moving image, but for those of a method."""
    from ...analysis.registration.estimate import closed_form
    from ...analysis.registration.points import pair_up

    moving, fixed = images
    corners = own.corners_um
    places = np.vstack([corners, corners.mean(axis=0)])
    try:
        seen = (
            _without_itself(ws, moving, fixed, method)
            .locate(places, from_=moving.frame, to=fixed.frame)
            .points_um
        )
    except NoPath:
        return None, "middle on middle, axes along axes"
    pairs = pair_up(places, seen, ndim_moving=own.ndim, ndim_fixed=fixed.ndim)
    model: Model = "affine" if own.ndim == fixed.ndim else "similarity"
    return closed_form(pairs, model), "where the accepted transforms put it"


def _without_itself(ws: Workspace, moving: Any, fixed: Any, method: str) -> FrameGraph:
    """The graph without what was found of this pair by a method before."""
    graph, pair = ws.graph(), {moving.frame, fixed.frame}
    own = {
        record.name
        for record in ws.transforms
        if {record.from_frame, record.to_frame} == pair and of_its_method(record, method)
    }
    return FrameGraph([edge for edge in graph.edges if edge.name not in own], frames=graph.frames)


def proposal_fields(
    images: tuple[Any, Any], found: Registration, words: str, method: str = METHOD
) -> dict[str, Any]:
    """Write down a registration as the fields of its record, without the status."""
    moving, fixed = images
    linear, bend = found.transform, found.bend
    return {
        "from_frame": moving.frame,
        "to_frame": fixed.frame,
        "transform": linear.to_dict() if bend is None else bend.recorded.to_dict(),
        "method": f"{method}, {linear.model if bend is None else BENT}",
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
