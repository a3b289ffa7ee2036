"""A choice comes from a parameter or from a record; else the run stops and says what to decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from ..errors import DecisionNeeded
from ..workspace import Workspace

Choice = TypeVar("Choice")


def decided(what: str, *, parameter: Choice | None, recorded: Sequence[Choice], how: str) -> Choice:
    """Return the one choice that somebody made.

    Parameters
    ----------
    what : str
        What is chosen, e.g. ``"the target"``.
    parameter : optional
        The template's parameter, which goes before records.
    recorded : sequence
        The choices that stand in the workspace.
    how : str
        How a person decides it: the widget, the method, the parameter.

    Returns
    -------
    The parameter if it is given, else the only recorded choice.

    Raises
    ------
    DecisionNeeded
        Nobody has chosen, or several records could be meant.

    Examples
    --------
    >>> decided("the target", parameter=None, recorded=["pit"], how="place one")
    'pit'
    """
    if parameter is not None:
        return parameter
    if len(recorded) == 1:
        return recorded[0]
    if recorded:
        listed = ", ".join(map(str, recorded))
        raise DecisionNeeded(f"{what} is not decided: there are {listed}. To decide: {how}")
    raise DecisionNeeded(f"{what} is not decided: the workspace holds none. To decide: {how}")


MAP_TAG = "map"


def map_images(ws: Workspace) -> list[str]:
    """List the images whose frame somebody chose as the map."""
    frames = {frame.name for frame in ws.frames if MAP_TAG in frame.tags}
    return [image.name for image in ws.images if image.frame in frames]


def choose_map(ws: Workspace, image: str) -> None:
    """Write down which image is the map; a workspace has one."""
    _tag_one(ws, ws.images[image].frame, MAP_TAG)


CUT_TAG = "cut"


def choose_instrument(ws: Workspace, frame: str) -> None:
    """Write down the frame of the instrument that will cut; a workspace has one."""
    _tag_one(ws, frame, CUT_TAG)


def cutting_frame(ws: Workspace, frame: str | None) -> str:
    """Return the frame of the instrument that will cut: the parameter, or the chosen one.

    Raises
    ------
    DecisionNeeded
        Nobody has chosen.
    NotFound
        There is no such frame.
    """
    if frame is not None:
        return str(ws.frames.get(frame).name)
    return decided(
        "the instrument that will cut",
        parameter=None,
        recorded=[str(record.name) for record in ws.frames if CUT_TAG in record.tags],
        how="give the parameter to, or tag its frame: ws.frames.tag('<frame>', 'cut')",
    )


def _tag_one(ws: Workspace, name: str, tag: str) -> None:
    """Give one frame a tag, and take it from every other."""
    with ws.transaction():
        for frame in list(ws.frames):
            if frame.name == name and tag not in frame.tags:
                ws.frames.tag(frame.name, tag)
            elif frame.name != name and tag in frame.tags:
                ws.frames.tag(frame.name, drop=[tag])


def chosen_target(ws: Workspace, target: str | None, *, needed: bool = True) -> str | None:
    """Return the target that is meant: the parameter, or the only one there is.

    Raises
    ------
    DecisionNeeded
        There is none although one is needed, or there are several.
    NotFound
        No target has that name.
    """
    if target is not None:
        return str(ws.targets.get(target).name)
    names = [str(record.name) for record in ws.targets]
    if not names and not needed:
        return None
    return decided(
        "the target",
        parameter=None,
        recorded=names,
        how="place it with TargetPicker, or name it in the parameter target",
    )
