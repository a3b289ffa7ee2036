"""When an edit is refused because somebody else came first, and when it was only sent twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import Conflict
from .record import Record


def refuse_stale(standing: Record, version: int | None, mine: Mapping[str, Any]) -> None:
    """Refuse an edit of a version that no longer stands.

    Parameters
    ----------
    standing : Record
    version : int or None
        The version that was looked at; None where none was.
    mine : mapping
        What the edit wants to write.

    Raises
    ------
    Conflict
    """
    if version is not None and (version != standing.version or standing.removed):
        raise _conflict(standing, version, mine)


def same_or_conflict(
    kind: str, versions: Sequence[Record], name: str | None, body: Mapping[str, Any]
) -> Record:
    """Take a record that was sent twice for what was written then; refuse any other.

    Parameters
    ----------
    kind : str
    versions : sequence of Record
        Of the record that has the id, oldest first: others may have edited it since it was sent.
    name : str or None
    body : mapping

    Raises
    ------
    Conflict
    """
    standing = versions[-1]
    for sent in (standing, versions[0]):
        same = (sent.kind, sent.fields) == (kind, body) and name in (None, sent.name)
        if same and not standing.removed:
            return sent
    raise _conflict(standing, 0, {"name": name, **body})


def conflict_of_ids(done: Record, mine: Mapping[str, Any]) -> Conflict:
    """Say that an edit_id stands for something else."""
    return Conflict(
        f"edit_id {done.edit_id!r} stands for another edit: {done.action} of {done.label}, version "
        f"{done.version}, written by {done.who} on {_moment(done)}; nothing was changed. Give "
        "every edit an id of its own",
        mine=dict(mine),
        theirs=_theirs(done, mine),
        who=done.who,
        when=done.when,
    )


def _conflict(standing: Record, version: int, mine: Mapping[str, Any]) -> Conflict:
    theirs = _theirs(standing, mine)
    seen = f"your edit saw version {version}" if version else "you add a new one with its id"
    return Conflict(
        f"{standing.label} is at version {standing.version}, written by {standing.who} on "
        f"{_moment(standing)}, but {seen}: mine {dict(mine)}, theirs {theirs}. "
        "Read it again and decide",
        mine=dict(mine),
        theirs=theirs,
        who=standing.who,
        when=standing.when,
    )


def _theirs(standing: Record, mine: Mapping[str, Any]) -> dict[str, Any]:
    theirs = {field: standing.fields.get(field) for field in mine if field in standing.fields}
    if "name" in mine:
        theirs["name"] = standing.name
    if standing.removed:
        theirs["removed"] = True
    return theirs


def _moment(record: Record) -> str:
    return f"{record.when:%Y-%m-%d %H:%M:%S} UTC"
