"""One specimen: its images, frames, decisions and measurements, with their history."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .calibration import calibrate_image
from .cleaning import clean
from .collection import Collection
from .frames import build_graph, is_planar, locate_points
from .history import history_table
from .images import Images
from .landmarks import LandmarkArrays, landmark_arrays
from .naming import plain_name
from .opening import Opened, create_folder, open_folder
from .places import refuse_uncalibrated
from .positions import Order
from .progress import OnProgress
from .records_address import read_address

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import URL

    from ..analysis.registration import FrameGraph, Located
    from ..io import Answers
    from .entries import ImportedEntries
    from .image import Image
    from .running_import import RunningImport


class Workspace:
    """One specimen's images, frames, decisions, measurements and their history.

    Make one with :meth:`create`, open one with :meth:`open`; both are also context managers.

    Attributes
    ----------
    images : Images
    frames, transforms, landmarks, targets, preparations, surfaces, stages, plans, \
segmentations, measurements, notes, annotations, bookmarks, runs : Collection
        What people decided and what was measured; each has ``table()``.

    Examples
    --------
    >>> import tempfile
    >>> with Workspace.create(tempfile.mkdtemp() + "/specimen") as ws:
    ...     note = ws.notes.add(text="polished to 1 µm")
    ...     ws.notes.table()["text"].item(), ws.state
    ('polished to 1 µm', 1)
    """

    def __init__(self, opened: Opened) -> None:
        self.path = opened.folder
        self.name = opened.manifest.name
        self.id = opened.manifest.id
        self.records = opened.records
        self.images = Images(self.records, folder=self.path / "images")
        self.frames = Collection(self.records, "frames")
        self.transforms = Collection(self.records, "transforms")
        self.landmarks = Collection(self.records, "landmarks")
        self.targets = Collection(self.records, "targets")
        self.preparations = Collection(self.records, "preparations")
        self.surfaces = Collection(self.records, "surfaces")
        self.stages = Collection(self.records, "stages")
        self.plans = Collection(self.records, "plans")
        self.segmentations = Collection(self.records, "segmentations")
        self.measurements = Collection(self.records, "measurements")
        self.notes = Collection(self.records, "notes")
        self.annotations = Collection(self.records, "annotations")
        self.bookmarks = Collection(self.records, "bookmarks")
        self.runs = Collection(self.records, "runs")

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        *,
        name: str | None = None,
        records: str | URL | None = None,
    ) -> Workspace:
        """Make an empty workspace in a folder that is empty or does not exist.

        Parameters
        ----------
        path : path
        name : str, optional
            The folder's name by default.
        records : str, optional
            Address of a database for a group, ``postgresql://user:password@host/database``; a
            file in the folder by default. It is not stored.

        Raises
        ------
        WorkspaceError
            When the folder is not empty, or the database cannot be used.
        ValueError
            For an address that is none.
        MissingPackage
            PostgreSQL needs the extra ``postgres``.
        """
        records = None if records is None else read_address(records)  # no traceback shows it
        create_folder(Path(path), name=name, records=records)
        return cls.open(path, records=records)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        records: str | URL | None = None,
        as_of: int | str | datetime | None = None,
    ) -> Workspace:
        """Open a workspace.

        Parameters
        ----------
        path : path
        records : str, optional
            Address of the database, where the records are not in the folder; by default what the
            variable ``SCALEBRIDGE_RECORDS`` says.
        as_of : int, str or datetime, optional
            Open the state of that number or time, read-only.

        Raises
        ------
        WorkspaceError
            When the folder is no workspace, or is damaged.
        NewerFormat
            When a newer Scalebridge wrote it.
        """
        records = None if records is None else read_address(records)  # no traceback shows it
        return cls(open_folder(Path(path), records=records, as_of=as_of))

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        mode = ", read-only" if self.read_only else ""
        return f"<workspace {self.name!r} in {self.path}, state {self.state}{mode}>"

    def close(self) -> None:
        """Let go of the database."""
        self.records.engine.dispose()

    @property
    def who(self) -> str:
        """Whose name stands beside what is written here."""
        return self.records.who

    @property
    def read_only(self) -> bool:
        """Whether writing is refused."""
        return self.records.read_only is not None

    @property
    def state(self) -> int:
        """Number of the state that is read; give it to ``as_of`` to come back to it."""
        return self.records.state()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write everything inside as one state, or nothing of it."""
        with self.records.transaction():
            yield

    def import_file(
        self,
        path: str | os.PathLike[str],
        *,
        name: str | None = None,
        answers: Answers | None = None,
        frame: str | None = None,
        progress: OnProgress | bool | None = None,
    ) -> Image:
        """Bring one file in; see :mod:`scalebridge.workspace.importing`."""
        from .importing import import_file

        return import_file(
            self.images, path, name=name, answers=answers, frame=frame, progress=progress
        )

    def import_entries(
        self,
        path: str | os.PathLike[str],
        *,
        only: Sequence[str] | None = None,
        answers: Answers | None = None,
        progress: OnProgress | bool | None = None,
    ) -> ImportedEntries:
        """Bring in every image of a file, in the frame that the file states for them.

        Parameters, returns and errors as :func:`scalebridge.workspace.entries.import_entries`.
        """
        from .entries import import_entries

        return import_entries(self.images, path, only=only, answers=answers, progress=progress)

    def begin_import(
        self,
        path: str | os.PathLike[str],
        *,
        name: str | None = None,
        answers: Answers | None = None,
        frame: str | None = None,
    ) -> RunningImport:
        """Give a first picture of a file within seconds, and bring it in behind it.

        Parameters as :meth:`import_file`; what refuses does so before anything is written.

        Returns
        -------
        RunningImport
            With ``preview``, ``progress``, ``result()`` and ``cancel()``.
        """
        from .running_import import begin_import

        return begin_import(self.images, path, name=name, answers=answers, frame=frame)

    def import_files(
        self,
        paths: Iterable[str | os.PathLike[str]],
        *,
        answers: Answers | None = None,
        progress: OnProgress | bool | None = None,
    ) -> list[Image]:
        """Bring several files in; one answer serves them all."""
        from .importing import import_files

        return import_files(self.images, paths, answers=answers, progress=progress)

    def calibrate(
        self,
        image: str,
        *,
        spacing_um: Sequence[float | None],
        source: str,
        uncertainty: float | None = None,
    ) -> Image:
        """Give an image its voxel size; what the file said stays beside it.

        `spacing_um` is (z, y, x) or (y, x) in µm, with None for what is known already, `source`
        says how it is known, `uncertainty` is the relative standard uncertainty.
        """
        return calibrate_image(
            self.images, image, spacing_um=spacing_um, source=source, uncertainty=uncertainty
        )

    def landmark_arrays(self, moving: str, fixed: str) -> LandmarkArrays:
        """Give the active landmark pairs of two frames as arrays in z, y, x [µm]."""
        return landmark_arrays(
            self.landmarks.all(), moving=plain_name(moving), fixed=plain_name(fixed)
        )

    def graph(self) -> FrameGraph:
        """Join the frames by the accepted transforms.

        Raises
        ------
        UnusableRecord
            One of them is no map of a specimen; says which, and how to leave it out.
        """
        return build_graph(
            self.transforms.all(), self.frames.all(removed=True), self.landmarks.all()
        )

    def locate(
        self,
        points: Any,
        *,
        from_: str,
        to: str,
        order: Order | None = None,
        localisation_um2: np.ndarray | None = None,
        via: str | Iterable[str] | None = None,
    ) -> Located:
        """Look points of one frame up in another, with their covariances.

        Parameters
        ----------
        points : DataFrame, dict, or array_like of shape (n, 3)
            ``x_um``, ``y_um``, ``z_um`` by name; an array needs `order`.
        from_, to : str
            Frames.
        order : {"zyx", "xyz"}, optional
        localisation_um2 : ndarray of shape (3, 3), optional
            Covariance of the points themselves, z, y, x [µm²].
        via : str or iterable of str, optional
            Frames or transforms to pass; the transforms on the way are then taken as they are, not
            adjusted together with all others.

        Raises
        ------
        ValueError
            For a bare array.
        Uncalibrated
            No image of one of the frames has a voxel size.
        NoPath, CovarianceUnavailable
        UnusableRecord
            An accepted transform of another program, or an older one, is no map of a specimen.
        """
        from_, to, images = plain_name(from_), plain_name(to), self.images.all()
        refuse_uncalibrated((from_, to), images)
        return locate_points(
            self.graph(),
            points,
            from_=from_,
            to=to,
            order=order,
            planar=is_planar(from_, images),
            localisation_um2=localisation_um2,
            via=via,
        )

    def history(self, key: str | None = None, *, kind: str | None = None) -> pd.DataFrame:
        """List who did what, when, with which version, oldest first."""
        return history_table(self.records, kind=kind, key=key)

    def gc(self, *, dry_run: bool = True) -> pd.DataFrame:
        """List, or with ``dry_run=False`` delete, pixels that the current state lacks."""
        return clean(self.records, self.path / "images", dry_run=dry_run)
