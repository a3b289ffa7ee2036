"""Importing one file from the command line: first the picture, then the rest behind it."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ImportCancelled

if TYPE_CHECKING:
    from ..io import Answers, Preview
    from ..workspace import Image, RunningImport, Workspace

Say = Callable[[str], None]
# Between two lines of a log [s].
_EVERY_S = 10.0


def show_picture(path: str, answers: Answers, *, say: Say) -> Preview:
    """Take a file's first picture for a person who is to decide, outside any workspace."""
    from ..workspace.running_import import look

    began = time.monotonic()
    preview = look(path, answers=answers)
    _write(preview, Path(_own_folder().name) / f"{_safe(path)}.png", began, say)
    return preview


@cache
def _own_folder() -> tempfile.TemporaryDirectory[str]:
    """Nobody else may write there; it goes when the command ends."""
    return tempfile.TemporaryDirectory(prefix="scalebridge-")


def import_with_picture(
    ws: Workspace,
    path: str,
    *,
    name: str | None,
    answers: Answers,
    preview: Preview | None,
    picture: Path | None,
    say: Say,
    bar: bool,
) -> Image:
    """Import one file; told to stop, nothing of it is left.

    Parameters
    ----------
    ws : Workspace
    path, name, answers
        As for ``ws.import_file``.
    preview : Preview, optional
        If it was taken already.
    picture : Path, optional
        Where the first picture goes.
    say : callable
    bar : bool
        Draw a bar in the terminal instead of a line from time to time.
    """
    # the picture's module is loaded first: beside a running import it would take seconds
    from ..widgets import import_picture  # noqa: F401
    from ..workspace.running_import import begin_import

    began = time.monotonic()
    running = begin_import(ws.images, path, name=name, answers=answers, preview=preview)
    try:
        target = picture or ws.path / "previews" / f"{_safe(running.name)}.png"
        _write(running.preview, target, began, say)
        return _watched(running, bar, say)
    except BaseException:
        running.cancel()
        raise


def _watched(running: RunningImport, bar: bool, say: Say) -> Image:
    from ..workspace.progress import progress_bar

    try:
        if not bar:
            return _logged(running, say)
        with progress_bar(running.name) as tell:
            running.listen(lambda now: tell(now.progress))
            return running.result()
    except KeyboardInterrupt:
        running.cancel()
        if running.state == "finished":
            return running.result()
        raise ImportCancelled(
            f"stopped: {running.name!r} is not imported, and nothing of it is left"
        ) from None


def _logged(running: RunningImport, say: Say) -> Image:
    while True:
        try:
            return running.result(timeout_s=_EVERY_S)
        except TimeoutError:
            if running.state != "running":
                raise
            say(f"  {running.words()}")


def _write(preview: Preview, target: Path, began: float, say: Say) -> None:
    from ..widgets.import_picture import import_picture

    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.new")
    import_picture(preview).save(fresh, format="PNG")
    os.replace(fresh, target)
    say(f"  picture     {target} ({time.monotonic() - began:.1f} s)")


def _safe(name: str) -> str:
    """Name a file after an image; names come from outside."""
    return re.sub(r"[^\w.+-]+", "_", Path(name.replace("::", "_")).name).strip(".") or "image"
