"""One kind of record: add, edit, remove, and read as a table."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from .checking import (
    checked_edit_id,
    checked_fields,
    checked_id,
    checked_tags,
    free_landmark_name,
    refuse_taken_name,
)
from .conflicts import conflict_of_ids, refuse_stale, same_or_conflict
from .lookup import Lookup
from .naming import checked_name, plain_name
from .positions import Order
from .record import Record
from .references import rename_everywhere, resolved
from .refusals import refusals, refuse_unrestorable, refuse_wrong
from .rows import rows

_NOTHING = "nothing was written"
_NEVER = datetime.fromtimestamp(0, UTC)


class Collection(Lookup):
    """The records of one kind, to be read and written."""

    def add(
        self,
        *,
        name: str | None = None,
        id: str | None = None,
        edit_id: str | None = None,
        tags: Iterable[str] = (),
        order: Order | None = None,
        **fields: Any,
    ) -> Any:
        """Write a new record.

        Parameters
        ----------
        name : str, optional
            Unique among the records of this kind (landmarks: of this pair of frames).
        id, edit_id : str, optional
            Made by the caller, so that sending the same record twice writes it once.
        tags : iterable of str
        order : {"zyx", "xyz"}, optional
            Needed when a position is an array and not names.
        **fields
            See :mod:`scalebridge.workspace.schema`.

        Raises
        ------
        RefusedRecord
            For unknown or missing fields, NaN, a name that is taken, a transform that is no map,
            and frames or other records that do not exist. It is a ``ValueError`` too.
        Uncalibrated
            A position in a frame whose images have no voxel size.
        Conflict
            When the id, or `edit_id`, stands for something else.
        """
        with refusals(self.kind, kept=_NOTHING):
            body = checked_fields(self.kind, fields, order=order)
            if name is None and self.schema.needs_name:
                raise ValueError(f"a record of {self.kind} needs name=, got none")
            name = None if name is None else checked_name(self.kind, name)
            identity, edit_id = checked_id(id), checked_edit_id(edit_id)
            labels = checked_tags(tags)
        with self.records.transaction():
            body = resolved(self.records, self.kind, body)
            if (standing := self.sent_before(identity, edit_id)) is not None:
                sent = [standing]
                if standing.id == identity:
                    sent = self.records.select(rows.c.id == identity)
                return self.present(same_or_conflict(self.kind, sent, name, body))
            if name is None and self.kind == "landmarks":
                name = free_landmark_name(self, body)
            with refusals(self.kind, kept=_NOTHING):
                refuse_taken_name(self, name, body, identity)
                refuse_wrong(self.records, self.kind, body)
                written = self.records.append(
                    Record(
                        id=identity,
                        kind=self.kind,
                        version=1,
                        name=name,
                        tags=labels,
                        fields=body,
                        who="",
                        when=_NEVER,
                        state=0,
                        action="add",
                        removed=False,
                        software="",
                        edit_id=edit_id or f"{identity}:1",
                    )
                )
        return self.present(written)

    def edit(
        self,
        key: str,
        *,
        version: int,
        edit_id: str | None = None,
        order: Order | None = None,
        **changes: Any,
    ) -> Any:
        """Write a new version of a record.

        Parameters
        ----------
        key : str
            Name or id.
        version : int
            The version that was looked at.
        edit_id : str, optional
            Made by the caller, so that a retry is no second edit.
        **changes
            The fields that change.

        Raises
        ------
        RefusedRecord
            As `add`; what is not changed is not judged again.
        Conflict
            When somebody else wrote a newer version; it carries both values, who and when.
        """
        if version is None:
            raise ValueError(
                f"edit needs the version of {key!r} that was looked at, version=None would "
                "overwrite what others wrote; nothing was changed: give the record's version"
            )

        def new_fields(standing: Record) -> Record:
            if "name" in changes:
                raise ValueError(f"edit changes fields, got name={changes['name']!r}: use rename")
            given = {**standing.fields, **changes}
            body = checked_fields(self.kind, given, order=order)
            body = resolved(self.records, self.kind, body)
            refuse_taken_name(self, standing.name, body, standing.id)
            refuse_wrong(self.records, self.kind, body, before=standing.fields)
            return replace(standing, fields=body)

        def same(done: Record) -> bool:
            named = self.schema.references  # a record that is mentioned may be renamed meanwhile
            given = {field: value for field, value in changes.items() if field not in named}
            wanted = checked_fields(self.kind, {**done.fields, **given}, order=order)
            return wanted == checked_fields(self.kind, done.fields)

        return self._write(
            key,
            "edit",
            new_fields,
            version=version,
            mine=changes,
            edit_id=edit_id,
            same=same,
        )

    def rename(self, key: str, name: str, *, version: int | None = None) -> Any:
        """Give a record another name, also where other records mention it."""
        with refusals(self.kind, kept="nothing was renamed"):
            name = checked_name(self.kind, name)

        def new_name(standing: Record) -> Record:
            refuse_taken_name(self, name, standing.fields, standing.id)
            return replace(standing, name=name)

        with self.records.transaction():
            old = self.find(key).name
            written = self._write(key, "rename", new_name, version=version, mine={"name": name})
            if old is not None and old != name:
                rename_everywhere(self.records, self.kind, old=old, new=name)
        return written

    def tag(self, key: str, *tags: str, drop: Iterable[str] = ()) -> Any:
        """Add tags to a record, or drop some."""

        def new_tags(standing: Record) -> Record:
            kept = (set(standing.tags) | set(tags)) - set(checked_tags(drop))
            return replace(standing, tags=checked_tags(kept))

        return self._write(key, "tag", new_tags)

    def remove(self, key: str, *, version: int | None = None) -> Any:
        """Take a record out of the current state; ``as_of`` and ``restore`` still reach it."""
        return self._write(
            key, "remove", lambda standing: replace(standing, removed=True), version=version
        )

    def restore(self, key: str) -> Any:
        """Bring a removed record back."""

        def back(standing: Record) -> Record:
            refuse_taken_name(self, standing.name, standing.fields, standing.id)
            refuse_unrestorable(self.records, self.kind, standing.fields)
            return replace(standing, removed=False)

        return self._write(key, "restore", back, removed=True)

    def _write(
        self,
        key: str,
        action: str,
        change: Callable[[Record], Record],
        *,
        version: int | None = None,
        mine: dict[str, Any] | None = None,
        edit_id: str | None = None,
        removed: bool = False,
        same: Callable[[Record], bool] | None = None,
    ) -> Any:
        """Append the next version of a record, unless this very edit already stands."""
        with refusals(self.kind, kept="nothing was changed"):
            edit_id = checked_edit_id(edit_id) or uuid.uuid4().hex
        with self.records.transaction():
            if (done := self.by_edit(edit_id)) is not None:
                with refusals(self.kind, kept="nothing was changed"):
                    if self._done_before(done, key, action) and (same is None or same(done)):
                        return self.present(done)
                raise conflict_of_ids(done, mine or {})
            standing = self.find(key, removed=removed or version is not None)
            refuse_stale(standing, version, mine or {"removed": True})
            stays = "removed, as it was" if standing.removed else f"at version {standing.version}"
            with refusals(self.kind, kept=f"{standing.label} stays {stays}"):
                changed = replace(
                    change(standing),
                    version=standing.version + 1,
                    action=action,
                    removed=action == "remove",
                    edit_id=edit_id,
                )
                written = self.append(changed)
        return self.present(written)

    def _done_before(self, done: Record, key: str, action: str) -> bool:
        """Say whether an edit that stands is this one, of this record."""
        names = {v.name for v in self.records.select(rows.c.id == done.id) if v.name is not None}
        ours = key == done.id or bool({key, plain_name(key)} & names)
        return ours and (done.kind, done.action) == (self.kind, action)

    def sent_before(self, identity: str, edit_id: str | None = None) -> Record | None:
        """Find what stands for an id, or was written by an edit, among records of any kind."""
        mark = edit_id or f"{identity}:1"
        found = self.records.select(sa.or_(rows.c.id == identity, rows.c.edit_id == mark))
        standing = [record for record in found if record.id == identity]
        return next(iter([*standing[-1:], *found]), None)

    def append(self, record: Record) -> Record:
        """Write a version as it is, inside an open transaction."""
        return self.records.append(record)
