"""Every error that Scalebridge raises for a state of the world.

Wrong arguments raise the built-in ``TypeError`` and ``ValueError``; the tree below is for what
a careful caller can still meet::

    ScalebridgeError
    ├── ReadError              a file could not be understood, or was refused
    │   └── ReadLimit          ... within the memory or time that it was given
    ├── DamagedImage           stored pixels or metadata do not match their checksum, or are missing
    │   └── ChangedImage       a linked image is not the one that was linked
    ├── Unreachable            a linked image could not be fetched: no answer, or a refusal
    ├── Superseded             what was being fetched is no longer wanted
    ├── WorkspaceError         a workspace cannot be opened or written
    │   ├── NewerFormat        it was made by a newer Scalebridge
    │   ├── UnsafeWorkspace    it holds what could run, or leads outside of its folder
    │   ├── RefusedBundle      a bundle is no bundle, is damaged, or leads outside
    │   │   └── BundleLimit    ... or is larger than it may be
    │   ├── ReadOnly           it is open read-only (``as_of=``)
    │   ├── NotFound           no record, state or workspace is called so
    │   ├── RefusedRecord      a record was wrong when it came, and was not written
    │   ├── UnusableRecord     a record that stands cannot be used (an older program wrote it)
    │   ├── Unsaved            records could not be written, and stand as they were
    │   │   └── Unanswered     ... or nobody knows: the database went away while it kept them
    │   ├── Moved              the records are kept elsewhere by now
    │   ├── DiskFull           an image would not fit on the disk
    │   ├── ImportCancelled    an import was told to stop before its end
    │   └── Conflict           somebody else edited the record first
    ├── Uncalibrated           a physical answer was asked of an image without voxel size
    ├── SegmentationCancelled  a segmentation was told to stop before its end
    ├── SegmentationLimit      a segmentation would need more memory than it may have
    ├── RegistrationCancelled  an automatic registration was told to stop before its end
    ├── Degenerate             landmarks do not determine the model that was asked for
    ├── NoPlaceStandsOut       a picture fits nowhere better than chance would have it
    ├── CovarianceUnavailable  no covariance is defined for this model
    ├── NoPath                 two frames are not connected by accepted transforms
    ├── MissingPackage         an optional package is needed, and not installed
    ├── UnknownRate            nobody knows how fast a method removes a material
    ├── DecisionNeeded         a headless run reached a choice that nobody has made
    ├── ParameterError         a template's parameters are unknown, missing or mistyped
    └── RunFailed              a template's notebook stopped with an error
"""

from __future__ import annotations

from datetime import datetime
from typing import Any


class ScalebridgeError(Exception):
    """The root of the tree."""


class ReadError(ScalebridgeError):
    """A file could not be understood, or was refused."""


class ReadLimit(ReadError):
    """Reading a file needed more memory or time than it was given."""


class DamagedImage(ScalebridgeError):
    """Stored pixels or metadata do not match their checksum, or a chunk is missing."""


class ChangedImage(DamagedImage):
    """The metadata of a linked image are not those that stood there when it was linked."""


class Unreachable(ScalebridgeError):
    """A linked image, or a part of it, could not be fetched; nothing is known of its pixels."""


class Superseded(ScalebridgeError):
    """Something was not fetched to its end, because nobody waits for it any more."""


class WorkspaceError(ScalebridgeError):
    """A workspace cannot be opened or written."""


class NewerFormat(WorkspaceError):
    """The workspace was made by a newer Scalebridge."""


class UnsafeWorkspace(WorkspaceError):
    """The workspace holds what could run when it is opened, or leads outside of its folder."""


class RefusedBundle(WorkspaceError):
    """A bundle is none, is damaged, or would write outside of its folder; nothing was written."""


class BundleLimit(RefusedBundle):
    """A bundle is larger than it may be; nothing was written."""


class ReadOnly(WorkspaceError):
    """The workspace is open read-only."""


class NotFound(WorkspaceError, KeyError):
    """No record, state or workspace is called so."""

    def __str__(self) -> str:  # KeyError would print the repr
        return str(self.args[0]) if self.args else ""


class RefusedRecord(WorkspaceError, ValueError):
    """A record was wrong when it came, and was not written.

    Attributes
    ----------
    kind : str
        The collection that refused it.
    kept : str
        What stands now, in words.
    """

    def __init__(self, message: str, *, kind: str, kept: str) -> None:
        super().__init__(f"{message}; {kept}")
        self.kind = kind
        self.kept = kept


class UnusableRecord(WorkspaceError):
    """A record that stands cannot be used: another program, or an older one, wrote it.

    Attributes
    ----------
    names : tuple of str
        The records, by name or id.
    """

    def __init__(self, message: str, *, names: tuple[str, ...]) -> None:
        super().__init__(message)
        self.names = names


class Unsaved(WorkspaceError):
    """Records could not be written, and stand as they were: the disk is full, or in use."""


class Unanswered(Unsaved):
    """The database went away before it said whether it has kept the records: all, or none."""


class Moved(WorkspaceError):
    """The records are kept in another database by now; these are what is left behind."""


class DiskFull(WorkspaceError):
    """An image would not fit on the disk, or did not.

    Attributes
    ----------
    needed_bytes : int
        At most: pixels are stored compressed.
    free_bytes : int
    """

    def __init__(self, message: str, *, needed_bytes: int, free_bytes: int) -> None:
        super().__init__(message)
        self.needed_bytes = needed_bytes
        self.free_bytes = free_bytes


class ImportCancelled(WorkspaceError):
    """An import was told to stop before its end; nothing of it is left."""


class RegistrationCancelled(ScalebridgeError):
    """An automatic registration was told to stop before its end; nothing was written."""


class Conflict(WorkspaceError):
    """Somebody else edited the record first.

    Attributes
    ----------
    mine, theirs : dict
        The fields that this edit wanted to write, and what now stands there.
    who : str
        Who made the edit that stands.
    when : datetime
        When, in UTC.
    """

    def __init__(
        self,
        message: str,
        *,
        mine: dict[str, Any],
        theirs: dict[str, Any],
        who: str,
        when: datetime,
    ) -> None:
        super().__init__(message)
        self.mine = mine
        self.theirs = theirs
        self.who = who
        self.when = when


class Uncalibrated(ScalebridgeError):
    """A physical answer was asked of an image without a voxel size."""


class SegmentationCancelled(ScalebridgeError):
    """A segmentation was told to stop before its end; nothing of it is left."""


class SegmentationLimit(ScalebridgeError):
    """A segmentation would need more memory than it may have."""


class Degenerate(ScalebridgeError):
    """The landmarks do not determine the model that was asked for."""


class NoPlaceStandsOut(ScalebridgeError):
    """A picture fits nowhere in a volume better than chance would have it.

    Attributes
    ----------
    best : object
        The best place, a `SliceInVolume`; None where no place was climbed to the end.
    """

    def __init__(self, message: str, *, best: Any = None) -> None:
        super().__init__(message)
        self.best = best


class CovarianceUnavailable(ScalebridgeError):
    """No covariance is defined for this model."""


class NoPath(ScalebridgeError):
    """Two frames are not connected by accepted transforms."""


class MissingPackage(ScalebridgeError, ImportError):
    """An optional package is needed and not installed.

    Attributes
    ----------
    extra : str
        What brings it: ``pip install scalebridge[<extra>]``.
    """

    def __init__(self, package: str, *, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs {package}, which is not installed: run "
            f'`pip install "scalebridge[{extra}]"`'
        )
        self.extra = extra


class UnknownRate(ScalebridgeError):
    """How fast a method removes a material is not known; nothing is guessed."""


class DecisionNeeded(ScalebridgeError):
    """A headless run reached a choice that nobody has made."""


class ParameterError(ScalebridgeError):
    """A template's parameters are unknown, missing or mistyped."""


class RunFailed(ScalebridgeError):
    """A template's notebook stopped with an error."""
