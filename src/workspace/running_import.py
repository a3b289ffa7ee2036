"""An import that goes on behind its first picture.

The thread has a database connection of its own, so that it neither sees nor disturbs what the
caller has begun, and goes on when the caller closes the workspace. The interpreter does not end
before it has; a process that is killed leaves a folder that ``ws.gc`` takes away.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import ImportCancelled, ReadOnly
from ..views import bundle_of
from .checking import refuse_taken_name
from .engine import make_engine
from .importing import import_file, name_of, refuse_mirrored
from .naming import checked_name
from .pixels import plan_grid
from .progress import ImportProgress
from .records import Records
from .room import refuse_full_disk

if TYPE_CHECKING:
    from ..io import Answers, ImageDescription, Preview
    from .image import Image
    from .images import Images

#: For the first picture; opening the file comes on top [s].
PREVIEW_SECONDS = 6.0
_PREVIEW_SIDE = 512

Listener = Callable[["RunningImport"], None]


class RunningImport:
    """One file on its way into a workspace.

    Made by ``ws.begin_import``. In a notebook it shows the first picture, how far the import is,
    the disk it needs, the time left, and a button to stop it.

    Attributes
    ----------
    name : str
        Of the image.
    preview : Preview
        The first picture, and the file's description.
    seconds_to_preview : float
        How long the first picture took [s].
    """

    def __init__(
        self,
        *,
        name: str,
        preview: Preview,
        seconds_to_preview: float,
        disk_needed_bytes: int,
        work: Callable[[Callable[[ImportProgress], None]], Image],
    ) -> None:
        self.name = name
        self.preview = preview
        self.seconds_to_preview = seconds_to_preview
        voxels = _voxels(preview.description)
        self._progress = ImportProgress(0, voxels, None, disk_needed_bytes)
        self._work = work
        self._image: Image | None = None
        self._error: BaseException | None = None
        self._stop, self._ended = threading.Event(), threading.Event()
        self._listeners: list[Listener] = []
        self._thread = threading.Thread(target=self._run, name=f"import {name}")

    def __repr__(self) -> str:
        return f"<import of {self.name!r}: {self.words()}>"

    @property
    def description(self) -> ImageDescription:
        """What was understood of the file."""
        return self.preview.description

    @property
    def progress(self) -> ImportProgress:
        """How far it is: voxels, seconds left, disk needed."""
        return self._progress

    @property
    def state(self) -> str:
        """``"running"``, ``"finished"``, ``"cancelled"`` or ``"failed"``."""
        if not self._ended.is_set():
            return "running"
        if self._error is None:
            return "finished"
        return "cancelled" if isinstance(self._error, ImportCancelled) else "failed"

    def words(self) -> str:
        """Say in a line how it stands."""
        if self.state == "running":
            return "stopping" if self._stop.is_set() else self._progress.words()
        if self.state == "finished":
            return f"imported as {self.name!r}"
        return str(self._error)

    def result(self, timeout_s: float | None = None) -> Image:
        """Wait for the image.

        Parameters
        ----------
        timeout_s : float, optional
            The longest wait [s].

        Raises
        ------
        TimeoutError
            It takes longer; it goes on.
        ImportCancelled
            It was told to stop.
        ScalebridgeError, OSError
            Whatever stopped it.
        """
        if not self._ended.wait(timeout_s):
            raise TimeoutError(
                f"{self.name!r} is not imported after {timeout_s:g} s: {self.words()}"
            )
        if self._error is not None:
            raise self._error
        assert self._image is not None
        return self._image

    def cancel(self) -> None:
        """Stop it and wait until nothing of it is left; no effect on one that has ended."""
        self._stop.set()
        self._ended.wait()

    def listen(self, listener: Listener) -> None:
        """Call a function after every step, from the import's thread; the last time at its end."""
        self._listeners.append(listener)

    def start(self) -> RunningImport:
        """Begin; ``ws.begin_import`` has done so."""
        self._thread.start()
        return self

    def _run(self) -> None:
        try:
            self._image = self._work(self._step)
        except BaseException as error:  # handed to whoever asks for the result
            self._error = error
        self._ended.set()
        self._tell()

    def _step(self, progress: ImportProgress) -> None:
        if self._stop.is_set():
            raise ImportCancelled(
                f"the import of {self.name!r} was cancelled: nothing is left of it"
            )
        self._progress = progress
        self._tell()

    def _tell(self) -> None:
        for listener in list(self._listeners):
            try:
                listener(self)
            except Exception:  # a page that was closed must not cost the import
                self._listeners.remove(listener)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return bundle_of(self)


def begin_import(
    images: Images,
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    answers: Answers | None = None,
    frame: str | None = None,
    preview: Preview | None = None,
) -> RunningImport:
    """Look at a file, refuse what can be refused, then import it behind the first picture.

    Parameters
    ----------
    images : Images
    path, name, answers, frame
        As for `import_file`.
    preview : Preview, optional
        Of this file with these answers, if there is one already.

    Raises
    ------
    ReadError, ReadLimit, DecisionNeeded, ValueError, DiskFull, ReadOnly
    """
    began, title = time.monotonic(), checked_name("images", name or name_of(path))
    if images.records.read_only:
        raise ReadOnly(images.records.read_only)
    needed = 0

    def ready(said: ImageDescription) -> None:
        nonlocal needed
        refuse_mirrored(said)
        refuse_taken_name(images, title, {}, "")
        needed = disk_needed_bytes(said)
        refuse_full_disk(images.folder, name=title, needed_bytes=needed)

    if preview is None:
        preview = look(path, answers=answers, ready=ready)
    else:
        ready(preview.description)
    shown = time.monotonic() - began

    def work(step: Callable[[ImportProgress], None]) -> Image:
        own = own_connection(images)
        try:
            done = import_file(own, path, name=title, answers=answers, frame=frame, progress=step)
            return images.present(done.record)
        finally:
            own.records.engine.dispose()

    return RunningImport(
        name=title,
        preview=preview,
        seconds_to_preview=shown,
        disk_needed_bytes=needed,
        work=work,
    ).start()


def look(
    path: str | os.PathLike[str],
    *,
    answers: Answers | None = None,
    ready: Callable[[ImageDescription], None] = lambda said: None,
) -> Preview:
    """Take the first picture of a file; `ready` may refuse it before a pixel is read."""
    from ..io import open_source, preview_of

    with open_source(path, answers=answers) as source:
        ready(source.description)
        return preview_of(source, max_side=_PREVIEW_SIDE, seconds=PREVIEW_SECONDS)


def disk_needed_bytes(said: ImageDescription) -> int:
    """Tell what all levels of an image take at most, uncompressed [byte]."""
    grid = plan_grid(
        said.shape,
        axes=said.axes,
        dtype=said.dtype,
        spacing_um=said.spacing_um,
        labels=False,
        memory_bytes=2**30,
    )
    return grid.bytes


def _voxels(said: ImageDescription) -> int:
    count = 1
    for n in said.shape:
        count *= n
    return count


def own_connection(images: Images) -> Images:
    """Give the images of a workspace over a connection of its own, for another thread."""
    theirs = images.records
    records = Records(
        make_engine(theirs.engine.url),
        workspace=theirs.workspace,
        who=theirs.who,
        software=theirs.software,
    )
    return type(images)(records, folder=images.folder)
