"""Undo and redo: each is a new edit of the record, so nothing that happened is forgotten."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Protocol

from ..errors import Conflict

_ONE_DRAG_S = 1.0
_NUMBERS = itertools.count(1)  # of all sliders: one that is made anew must not go on with a drag


class Step(Protocol):
    """Something that was done and can be taken back."""

    @property
    def title(self) -> str:
        """What was done, in words."""

    def undo(self) -> None:
        """Take it back."""

    def redo(self) -> None:
        """Do it again."""


@dataclass(frozen=True)
class RecordStep:
    """A change of one record.

    It is taken back only while the record says what it said after the change: what somebody else
    decided since is not overwritten.

    Attributes
    ----------
    title : str
        In words, for the tooltip of the button.
    collection : Collection
        Where the record stands.
    before, after : Record or None
        The record as it stood (None before it was added) and as it was written.
    """

    title: str
    collection: Any
    before: Any | None
    after: Any

    def undo(self) -> None:
        """Write the earlier values as a new version; an added record is removed."""
        self._change(self.after, self.before)

    def redo(self) -> None:
        """Write the later values again."""
        self._change(self.before, self.after)

    def _change(self, expected: Any, wanted: Any) -> None:
        record = self._record()
        if not _says(record, expected):
            raise Conflict(
                f"{self.title}: {record.who} has changed {record.name!r} since (it is at version "
                f"{record.version} now): look at it before you change it",
                mine=dict(self.after.fields),
                theirs=dict(record.fields),
                who=record.who,
                when=record.when,
            )
        if _gone(wanted):
            self.collection.remove(record.id, version=record.version)
            return
        if record.removed:
            record = self.collection.restore(record.id)
        changes = {k: v for k, v in wanted.fields.items() if record.fields[k] != v}
        if changes:
            self.collection.edit(record.id, version=record.version, **changes)

    def _record(self) -> Any:
        return next(r for r in self.collection.all(removed=True) if r.id == self.after.id)


def _gone(record: Any) -> bool:
    return record is None or record.removed


def _says(record: Any, expected: Any) -> bool:
    if _gone(record) or _gone(expected):
        return _gone(record) and _gone(expected)
    return bool(record.fields == expected.fields)


@dataclass
class StateStep:
    """A change of settings that are not a record yet.

    Attributes
    ----------
    drag : hashable
        What all changes of one drag share; None where there was none.
    """

    title: str
    before: dict[str, Any]
    after: dict[str, Any]
    apply: Callable[[dict[str, Any]], None]
    drag: Hashable = None

    def takes(self, step: Step) -> bool:
        """Whether a further change belongs to the same drag; then it is taken over."""
        if self.drag is None or not isinstance(step, StateStep):
            return False
        goes_on = step.drag == self.drag and step.after.keys() == self.after.keys()
        if goes_on:
            self.after = step.after
        return goes_on

    def undo(self) -> None:
        """Set the earlier values."""
        self.apply(self.before)

    def redo(self) -> None:
        """Set the later values again."""
        self.apply(self.after)


class Drags:
    """Marks for what a slider tells: what follows within a second is the same drag."""

    def __init__(self) -> None:
        self._number, self._last = 0, -math.inf

    def now(self) -> int:
        """The mark of a change that comes now."""
        now = time.monotonic()
        if now - self._last > _ONE_DRAG_S:
            self._number = next(_NUMBERS)
        self._last = now
        return self._number


class History:
    """The steps of one widget, newest last; a step may take over those of the same drag."""

    def __init__(self) -> None:
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> None:
        """Call back whenever something else can be undone or redone."""
        self._listeners.append(listener)

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    def did(self, step: Step) -> None:
        """Remember a step; what was undone before can no longer be redone."""
        takes = getattr(self._done[-1], "takes", None) if self._done else None
        if not (takes and takes(step)):
            self._done.append(step)
        self._undone.clear()
        self._tell()

    @property
    def can_undo(self) -> str:
        """What undo would take back, in words; empty if nothing."""
        return self._done[-1].title if self._done else ""

    @property
    def can_redo(self) -> str:
        """What redo would do again, in words; empty if nothing."""
        return self._undone[-1].title if self._undone else ""

    def undo(self) -> str:
        """Take the last step back; it stays on the list if that fails.

        Returns
        -------
        str
            What was taken back, in words.

        Raises
        ------
        ValueError
            If nothing is left.
        Conflict
            If somebody else has edited the record since.
        """
        if not self._done:
            raise ValueError("nothing to undo: this widget has changed nothing yet")
        self._done[-1].undo()
        self._undone.append(self._done.pop())
        self._tell()
        return self._undone[-1].title

    def redo(self) -> str:
        """Do the last undone step again; errors as in `undo`."""
        if not self._undone:
            raise ValueError("nothing to redo: nothing was undone since the last change")
        self._undone[-1].redo()
        self._done.append(self._undone.pop())
        self._tell()
        return self._done[-1].title
