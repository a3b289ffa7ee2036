"""Transforms found without landmarks: what speaks against them, and who decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

import pandas as pd

from ...analysis.quantification.measurement import Check
from ...analysis.registration import SPLINE, Edge, judge_direction
from ...analysis.registration.graph import FrameGraph
from ...errors import DecisionNeeded, Degenerate
from ...workspace import Workspace
from ..coverage import field_points
from .automatic import METHOD, Proposal, register_images
from .graph_loops import graph_with, open_loops
from .heights import METHOD as HEIGHTS
from .heights import Shows, register_heights
from .pair import PairResult
from .proposal_views import Found
from .proposed_records import of_its_method, standing_verdict, write_verdict
from .standing import recorded_model
from .surface_pose import SurfaceRegistration, register_surface

AnyFound = TypeVar("AnyFound", Proposal, SurfaceRegistration)
SearchMethod = Literal["automatic", "surface", "heights"]


def search_transform(
    ws: Workspace,
    *,
    method: SearchMethod,
    moving: str | None,
    fixed: str | None = None,
    model: str | None = None,
    tilt_deg: float | None = None,
    shows: Shows = "surface",
) -> Found:
    """Find a transform by grey values or by the surface, and write nothing.

    Parameters
    ----------
    ws : Workspace
    method : {"automatic", "surface", "heights"}
        `register_images`, `register_surface` or `register_heights`.
    moving, fixed : str or None
        Images. The survey of a surface is that of its segmentation, and need not be named.
    model : str, optional
        Of the grey values' map; by default that of the accepted one, else rigid, and then what
        richer maps would gain is judged. A surface's pose has its own.
    tilt_deg : float, optional
        Of a picture of the surface, see `register_surface` [degree].
    shows : {"surface", "inside"}
        What is bright in the stack in which a map of heights is looked for.

    Raises
    ------
    DecisionNeeded
        An image is not named, or the images tell no place.
    """
    if method not in ("automatic", "surface", "heights"):
        raise ValueError(f"method needs automatic, surface or heights, got {method!r}")
    if moving is None or (fixed is None and method != "surface"):
        raise DecisionNeeded(
            f"the images of method {method!r} are not decided: give the parameter moving"
            + (", the picture" if method == "surface" else " and the parameter fixed")
        )
    if method == "automatic":
        assert fixed is not None
        if model == SPLINE:
            raise ValueError(
                "a thin-plate map needs landmarks, got method 'automatic': give model 'b-spline', "
                "which bends by grey values, or method 'landmarks'"
            )
        decided = model or _accepted_model(ws, moving, fixed)
        used: Any = decided or "rigid"
        return _found_or_asked(
            moving,
            lambda: register_images(
                ws, moving=moving, fixed=fixed, model=used, write=False, richer=decided is None
            ),
        )
    if model is not None and method == "heights":
        raise ValueError(f"a map of heights is placed as it is, got model {model!r}: leave it out")
    if method == "heights":
        assert fixed is not None
        return _found_or_asked(
            moving,
            lambda: register_heights(ws, moving=moving, fixed=fixed, shows=shows, write=False),
        )
    if model is not None:
        raise ValueError(
            f"a picture of the surface is placed by its pose, got model {model!r}: leave it out"
        )
    found = _found_or_asked(
        moving, lambda: register_surface(ws, moving, tilt_deg=tilt_deg, write=False)
    )
    if fixed not in (None, found.fixed):
        raise ValueError(
            f"fixed needs {found.fixed!r}, of which the surface is segmented, got {fixed!r}: leave "
            "it out, or tag a segmentation of the other one"
        )
    return found


def objections(ws: Workspace, found: Found) -> tuple[str, ...]:
    """Say what speaks against accepting a transform unseen, the loops that it opens included."""
    name, more = _own_name(ws, found), []
    if name is None:
        name = f"{found.name} as found"
        more = [Edge(name, found.fields["from_frame"], found.fields["to_frame"], found.transform)]
    richer = found.richer if isinstance(found, Proposal) else None
    asked: tuple[str, ...] = ()
    if richer is not None and richer.offered is not None:
        asked = (f"{richer.statement}: choose with the parameter model",)
    return (*found.doubts, *asked, *open_loops(graph_with(ws, more), through=name))


def graph_with_fits(ws: Workspace, shown: Sequence[PairResult | Found]) -> FrameGraph:
    """Join the frames by the accepted transforms and by what was found and is not decided yet.

    Parameters
    ----------
    ws : Workspace
    shown : sequence of PairResult, Proposal or SurfaceRegistration
    """
    edges = []
    for one in shown:
        if isinstance(one, PairResult):
            decided = one.accepted or one.refused
            start, end = (one.picker.images[side].frame for side in ("moving", "fixed"))
            one_map = one.fit.transform
        else:
            decided = standing_verdict(ws, one.fields)
            start, end = one.fields["from_frame"], one.fields["to_frame"]
            one_map = one.transform
        if decided is None:
            edges.append(Edge(f"{one.name} as found", start, end, one_map))
    return graph_with(ws, edges)


def accept_proposal(ws: Workspace, found: Found, *, note: str = "") -> Any:
    """Accept a transform that nothing speaks against.

    Raises
    ------
    DecisionNeeded
        Something does: a person has to look.
    """
    _refuse_doubtful(found, objections(ws, found))
    record = found.record
    if record is not None and record.status == "accepted":
        return record
    if record is None:
        return write_verdict(
            ws, found.title, found.fields, suffix=found.suffix, accepted=True, note=note
        )
    return ws.transforms.edit(record.id, version=record.version, status="accepted", note=note)


def proposal_checks(ws: Workspace, found: Found) -> list[Check]:
    """Check what is found before anybody relies on it."""
    against = [
        Check(f"{found.name}: nothing speaks against it", False, words)
        for words in objections(ws, found)
    ]
    if not against:
        against = [Check(f"{found.name}: nothing speaks against it", True, "no doubt is known")]
    corners = [field_points(ws.images[name], grid=2) for name in (found.moving, found.fixed)]
    told = judge_direction(found.transform, *corners)
    good = not told.backwards and told.share_inside > 0
    label = f"{found.name}: the images overlap in this direction"
    return [*against, Check(label, good, told.statement)]


def settle_proposal(ws: Workspace, found: Found, *, accept: bool | None) -> pd.DataFrame:
    """Tell what was decided about a transform that was found.

    Parameters
    ----------
    ws : Workspace
    found : Proposal or SurfaceRegistration
    accept : bool or None
        The template's parameter. It accepts only what nothing speaks against.

    Raises
    ------
    DecisionNeeded
        Nobody has accepted or refused this very map, or something speaks against it.
    """
    standing = standing_verdict(ws, found.fields)
    if accept is not None and standing is not None and _decided(standing) != accept:
        standing = None
    if standing is None and accept is None:
        raise DecisionNeeded(
            f"nobody has accepted {found.name} as it was found. To decide: look at the overlay "
            f"and at what was tried, then give the parameter accept, or {_by_hand(found)}"
        )
    if standing is None and accept:
        _refuse_doubtful(found, objections(ws, found))
    accepted = _decided(standing) if standing is not None else bool(accept)
    row = {
        "registration": f"{found.moving} in {found.fixed}",
        "method": found.fields["method"],
        "decision": "accepted" if accepted else "refused",
        "by": "the parameter accept" if standing is None else standing.who,
    }
    return pd.DataFrame([row])


def record_proposal(ws: Workspace, found: Found, *, accept: bool | None) -> Any:
    """Write what the parameter decided; what a person decided stands already.

    Raises
    ------
    DecisionNeeded
        As for `settle_proposal`.
    """
    standing = standing_verdict(ws, found.fields)
    if ws.read_only or accept is None or (standing is not None and _decided(standing) == accept):
        return standing
    if accept:
        _refuse_doubtful(found, objections(ws, found))
    return write_verdict(
        ws,
        found.title,
        found.fields,
        suffix=found.suffix,
        accepted=accept,
        note="by the parameter accept",
    )


def _found_or_asked(moving: str, search: Callable[[], AnyFound]) -> AnyFound:
    """What no search can tell is for a person."""
    try:
        return search()
    except Degenerate as error:
        raise DecisionNeeded(f"the place of {moving} is not decided: {error}") from error


def _decided(record: Any) -> bool:
    return bool(record.status == "accepted")


def _refuse_doubtful(found: Found, against: tuple[str, ...]) -> None:
    if against:
        raise DecisionNeeded(
            f"{found.name} was found ({found.fields['method']}), but {'; '.join(against)}. To "
            f"decide: look at the overlay, then pick landmarks, or {_by_hand(found)}"
        )


def _by_hand(found: Found) -> str:
    """How a person accepts it although something speaks against it."""
    call = f"register_surface(ws, {found.moving!r})"
    if isinstance(found, Proposal) and found.fields["method"].startswith(HEIGHTS):
        call = f"register_heights(ws, moving={found.moving!r}, fixed={found.fixed!r})"
    elif isinstance(found, Proposal):
        call = (
            f"register_images(ws, moving={found.moving!r}, fixed={found.fixed!r}, "
            f"model={found.model!r})"
        )
    return (
        f"take record = {call}.record and call ws.transforms.edit(record.id, "
        "version=record.version, status='accepted')"
    )


def _own_name(ws: Workspace, found: Found) -> str | None:
    """Name of the accepted record that holds this very map."""
    record = standing_verdict(ws, found.fields)
    return str(record.name) if record is not None and _decided(record) else None


def _accepted_model(ws: Workspace, moving: str, fixed: str) -> str | None:
    frames = (ws.images[moving].frame, ws.images[fixed].frame)
    found = [
        record
        for record in ws.transforms
        if (record.from_frame, record.to_frame) == frames
        and record.status == "accepted"
        and of_its_method(record, METHOD)
    ]
    newest = max(found, key=lambda record: record.state, default=None)
    return None if newest is None else recorded_model(newest)
