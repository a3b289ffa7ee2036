"""Every image of some files at once: nobody is asked, and what is left out is said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DecisionNeeded
from .questions import Say
from .talk import workspace_at

if TYPE_CHECKING:
    from ..io import Answers


def import_every_image(
    folder: Path,
    paths: Sequence[str],
    *,
    given: Answers,
    say: Say,
    name: str | None = None,
    picture: Path | None = None,
) -> None:
    """Import all images of every file, each where its file says that it lies.

    Parameters
    ----------
    folder : Path
        Of the workspace; made once every file was understood.
    paths : sequence of str
        Whole files.
    given : Answers
        They serve every image.
    say : callable
        Told what came in, in which frame, and what did not and why.
    name, picture : optional
        Options for a single image, which are refused here.

    Raises
    ------
    DecisionNeeded
        An option is given that is for one image.
    ReadError
        A file cannot be understood; nothing has been written then.
    """
    from ..io import describe

    for option, value in (("--name", name), ("--preview", picture)):
        if value is not None:
            raise DecisionNeeded(
                f"{option} is for one image, got --all: leave one of the two out; nothing was "
                "imported"
            )
    for path in paths:
        describe(path, answers=given)
    with workspace_at(folder) as ws:
        for path in paths:
            found = ws.import_entries(path, answers=given)
            for image in found.images:
                say(f"imported {image!r} in the frame {image.frame}")
            for entry, why in found.refused.items():
                say(f"not imported, {entry}: {why}")
