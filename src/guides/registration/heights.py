"""An AFM's map of heights and a stack of the same surface: six degrees of freedom."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...analysis.registration import AffineTransform, Registration, height_map_volume, register
from ...errors import DecisionNeeded, Degenerate
from ...workspace import Workspace
from .automatic import Proposal, proposal_fields, standing_start
from .proposed_records import write_proposed
from .usable import MOST_VOXELS, grey_image

METHOD = "heights"
Shows = Literal["surface", "inside"]
_TO_UM = {"m": 1e6, "mm": 1e3, "um": 1.0, "µm": 1.0, "nm": 1e-3, "pm": 1e-6}


def heights_um(image: Any) -> NDArray[np.float64]:
    """Read a map of heights in µm, NaN where there is none.

    Raises
    ------
    DecisionNeeded
        The image is not flat, or does not say in which unit its values are.
    """
    unit = str((image.metadata or {}).get("value_unit") or "")
    if image.ndim != 2 or str(image.axes) != "yx":
        raise DecisionNeeded(
            f"{image.name} needs the axes yx to be a map of heights, got {image.axes}: import the "
            "channel that holds heights"
        )
    if unit not in _TO_UM:
        raise DecisionNeeded(
            f"the values of {image.name} need a unit of length to be heights, got "
            f"{unit or 'none'}: import the file of the instrument, which states it"
        )
    return np.asarray(image.array(), float) * _TO_UM[unit]


def register_heights(
    ws: Workspace,
    *,
    moving: str,
    fixed: str,
    shows: Shows = "surface",
    up: Literal[-1, 1] | None = None,
    start: AffineTransform | None = None,
    reach_um: float | None = None,
    reach_deg: float | None = None,
    seed: int = 0,
    write: bool = True,
) -> Proposal:
    """Find the place, the tilt and the depth of a map of heights in a stack, and propose them.

    A place of the map with the height h is the point (`up` * h, y, x) of its frame; force curves
    have theirs so.

    Parameters
    ----------
    ws : Workspace
    moving, fixed : str
        The map, whose values have a unit of length, and the stack.
    shows : {"surface", "inside"}
        What is bright in the stack, see `height_map_volume`.
    up : {-1, 1}, optional
        Where the stack's z points to, -1 into the specimen; by default what agrees better.
    start, reach_um, reach_deg, seed, write
        As for `register_images`.

    Returns
    -------
    Proposal

    Raises
    ------
    DecisionNeeded
        The map does not say in which unit its heights are.
    Degenerate
        No place stands out.
    """
    images = ws.images[moving], ws.images[fixed]
    heights = heights_um(images[0])
    stack = grey_image(images[1], most_voxels=MOST_VOXELS)
    found: list[tuple[Registration, int, str]] = []
    problems: list[str] = []
    for side in (-1, 1) if up is None else (up,):
        drawn = height_map_volume(
            heights,
            images[0].spacing_um,
            like=stack,
            shows=shows,
            up=side,  # type: ignore[arg-type]
        )
        begin, words = start, "at the start that was given"
        if begin is None:
            begin, words = standing_start(ws, images, drawn, METHOD)
        try:
            one = register(
                stack, drawn, start=begin, reach_um=reach_um, reach_deg=reach_deg, seed=seed
            )
        except Degenerate as problem:
            problems.append(str(problem))
        else:
            found.append((one, side, words))
    if not found:
        raise Degenerate("; ".join(dict.fromkeys(problems)))
    best, side, words = max(found, key=lambda one: one[0].information_nat)
    fields = proposal_fields(images, best, words, METHOD)
    fields["engine"] |= {"shows": shows, "up": side}
    into = "into" if side < 0 else "out of"
    fields["note"] = f"{fields['note']}; z of {images[1].name} points {into} the specimen"
    proposal = Proposal(images[0].name, images[1].name, best, fields, None)
    if not write or ws.read_only:
        return proposal
    record = write_proposed(ws, proposal.title, fields, suffix=proposal.suffix)
    return replace(proposal, record=record)
