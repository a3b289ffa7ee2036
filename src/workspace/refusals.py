"""What is refused at the door, in one form: expected, got, what to do, what was kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import RefusedRecord, Uncalibrated
from .places import refuse_misplaced, says_where
from .records import Records
from .references import refuse_missing
from .schema import KINDS
from .transforms import read_transform


@contextmanager
def refusals(kind: str, *, kept: str) -> Iterator[None]:
    """Raise what is wrong with a record as ``RefusedRecord``, with what stands now.

    Parameters
    ----------
    kind : str
    kept : str
        In words.
    """
    try:
        yield
    except Uncalibrated as error:
        raise Uncalibrated(f"{kind} are in micrometres, but {error}; {kept}") from None
    except RefusedRecord:
        raise
    except (TypeError, ValueError) as error:
        raise RefusedRecord(str(error), kind=kind, kept=kept) from None


def refuse_wrong(
    records: Records, kind: str, body: dict[str, Any], *, before: dict[str, Any] | None = None
) -> None:
    """Refuse a record that mentions what does not exist, or stands where nothing can stand.

    An edit is judged by what it touches, so that a record whose frame was removed can still be
    switched off, and a transform that an older program wrote can be refused.

    Raises
    ------
    ValueError
    Uncalibrated
    """
    touched = set(body) if before is None else {f for f in body if body[f] != before.get(f)}
    schema = KINDS[kind]
    moved = bool(touched & {*schema.geometry, *schema.places}) and says_where(kind, body)
    if kind == "transforms" and "status" in touched and body["status"] != "refused":
        moved = True
    refuse_missing(records, kind, body, fields={*touched, *schema.places} if moved else touched)
    if moved:
        refuse_misplaced(records, kind, body)
        if kind == "transforms":
            read_transform(body)


def refuse_unrestorable(records: Records, kind: str, body: dict[str, Any]) -> None:
    """Refuse to bring a position back whose frame is gone; `restore` of the frame comes first.

    Raises
    ------
    ValueError
    Uncalibrated
    """
    if says_where(kind, body):
        refuse_wrong(records, kind, body)
