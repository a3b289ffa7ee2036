"""A run that failed is undone whole: what it wrote goes back, what others wrote since stays.

Nothing is deleted: each record gets one more version, with the content of its newest version that
the run did not write, or removed where there is none. So ``as_of`` still shows what the run did.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

import sqlalchemy as sa

from .images import Images
from .record import Record
from .records import Records
from .rows import rows
from .schema import KINDS
from .serving import run_mark

ACTION = "take back"
#: What a run leaves for good: the record of itself and of runs inside it, and what gc deleted.
_LASTING = ("runs", "cleanings")
_Standing = Mapping[str, Record]


@dataclass(frozen=True)
class TakenBack:
    """What became of the records that a run wrote, in words.

    Attributes
    ----------
    undone : tuple of str
        A line for each record that is as it was before the run.
    kept : tuple of str
        A line for each that stays, because somebody else changed it since or builds on it.
    """

    undone: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def take_back(images: Images, run: str) -> TakenBack:
    """Undo everything that a run wrote, in one transaction.

    Parameters
    ----------
    images : Images
        Of the workspace; an image goes out of the current state, its pixels stay for ``as_of``.
    run : str
        The run's id; its kernel has ended.

    Returns
    -------
    TakenBack
    """
    records = images.records
    with records.transaction():
        now = {record.id: record for record in records.latest()}
        wanted, kept = _before(records, run)
        goals, blocked = _settled(now, wanted, images)
        undone = tuple(_told(now[identity], goal) for identity, goal in goals.items())
        for identity, goal in goals.items():
            _append(images, now[identity], goal)
    return TakenBack(undone, tuple({**kept, **blocked}.values()))


def _before(records: Records, run: str) -> tuple[dict[str, Record], dict[str, str]]:
    """Return what each record has to become again, and which of them others changed since."""
    mine = sa.and_(
        rows.c.software.endswith(run_mark(run), autoescape=True),
        rows.c.action != ACTION,
        rows.c.kind.not_in(_LASTING),
    )
    touched = sa.select(rows.c.id).where(rows.c.workspace == records.workspace, mine)
    versions = sorted(records.select(rows.c.id.in_(touched)), key=lambda r: (r.id, r.version))
    wanted, kept = {}, {}
    for identity, group in groupby(versions, key=lambda record: record.id):
        history = list(group)
        ours = [r for r in history if r.software.endswith(run_mark(run)) and r.action != ACTION]
        others = [record for record in history if record not in ours]
        last = others[-1] if others else replace(history[-1], removed=True)
        removals = [r for r in history[: last.version] if r.action == "remove"]
        if history[0] in others and last.removed and removals and removals[-1] in ours:
            last = replace(last, removed=False)  # a renaming carried the run's removal on
        if not _same(last, history[-1]):
            wanted[identity] = last
        if others and last.version > ours[0].version and last.action != ACTION:
            kept[identity] = (
                f"{last.label}: {last.who} changed it since "
                f"({last.action}, {last.when:%Y-%m-%d %H:%M} UTC)"
            )
    return wanted, kept


def _settled(
    now: _Standing, wanted: Mapping[str, Record], images: Images
) -> tuple[dict[str, Record], dict[str, str]]:
    """Leave out what would take a name or a frame away from under records that stay."""
    goals, kept = dict(wanted), dict(_without_pixels(wanted, images))
    names = _names(now) | _names(wanted)
    while True:
        goals = {identity: goal for identity, goal in goals.items() if identity not in kept}
        after = {**now, **goals}
        blocked = {**_clashing(goals, after), **_missed(now, goals, after, names)}
        if not blocked:
            return goals, kept
        kept |= blocked


def _without_pixels(wanted: Mapping[str, Record], images: Images) -> Iterator[tuple[str, str]]:
    for identity, goal in wanted.items():
        gone = goal.kind == "images" and not images.has_pixels(goal)
        if gone and not goal.removed:
            yield identity, f"{goal.label}: it stays removed, its pixels are deleted"


def _clashing(goals: Mapping[str, Record], after: _Standing) -> dict[str, str]:
    """Find records whose old name somebody else has given to another one since."""
    taken: dict[object, list[Record]] = {}
    for record in after.values():
        if not record.removed and record.name is not None:
            taken.setdefault(_place(record), []).append(record)
    found = {}
    for identity, goal in goals.items():
        others = [r for r in taken.get(_place(goal), ()) if r.id != identity]
        if others and not goal.removed:
            found[identity] = f"{goal.label}: {others[0].who} has since given its name to another"
    return found


def _missed(
    now: _Standing, goals: Mapping[str, Record], after: _Standing, names: set[tuple[str, str]]
) -> dict[str, str]:
    """Find what has to stay because a record that stays would refer to nothing."""
    stand, found = _names(after), {}
    by_name = {(now[identity].kind, now[identity].name): identity for identity in goals}
    for record in after.values():
        for missing in _references(record) - stand if not record.removed else ():
            if record.id in goals and missing in names:
                found[record.id] = f"{now[record.id].label}: {' '.join(missing)} is no more"
            elif record.id not in goals and missing in by_name:
                found[by_name[missing]] = (
                    f"{now[by_name[missing]].label}: {record.label} by {record.who} builds on it"
                )
    return found


def _references(record: Record) -> set[tuple[str, str]]:
    schema = KINDS.get(record.kind)
    fields = {} if schema is None else schema.references
    return {
        (kind, record.fields[field])
        for field, kind in fields.items()
        if record.fields.get(field) is not None
    }


def _names(records: _Standing) -> set[tuple[str, str]]:
    return {(r.kind, r.name) for r in records.values() if r.name is not None and not r.removed}


def _place(record: Record) -> object:
    schema = KINDS.get(record.kind)
    scope = () if schema is None else schema.scope
    return record.kind, record.name, tuple(record.fields.get(field) for field in scope)


def _same(one: Record, other: Record) -> bool:
    if one.removed and other.removed:
        return True
    return (one.name, one.tags, one.fields, one.removed) == (
        other.name,
        other.tags,
        other.fields,
        other.removed,
    )


def _told(standing: Record, goal: Record) -> str:
    if goal.removed:
        return f"{standing.label}: removed"
    return f"{goal.label}: back to version {goal.version}"


def _append(images: Images, standing: Record, goal: Record) -> None:
    collection = images if goal.kind == "images" else images.records
    collection.append(
        replace(goal, version=standing.version + 1, action=ACTION, edit_id=uuid.uuid4().hex)
    )
