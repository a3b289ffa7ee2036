"""Which state a moment stands for."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from ..errors import NotFound
from .records import Records
from .rows import rows, time_text


def state_at(records: Records, moment: int | str | datetime) -> int:
    """Find the state that stood at a moment.

    Parameters
    ----------
    records : Records
        Open at the current state.
    moment : int, str or datetime
        A state number, or a time; without a time zone it is UTC, as in every table.

    Returns
    -------
    int

    Raises
    ------
    NotFound
        For a state that was not reached yet.
    ValueError
        For text that is no time.
    """
    current = records.state()
    if isinstance(moment, bool) or not isinstance(moment, int | str | datetime):
        raise TypeError(f"as_of needs a state number, a time or ISO text, got {moment!r}")
    if isinstance(moment, str) and moment.isdecimal():
        moment = int(moment)
    if isinstance(moment, int):
        if not 0 <= moment <= current:
            raise NotFound(f"as_of needs a state from 0 to {current}, got {moment}")
        return moment
    text = time_text(_time(moment))
    query = sa.select(sa.func.max(rows.c.state)).where(
        rows.c.workspace == records.workspace, rows.c.at <= text
    )
    with records.reading() as connection:
        return int(connection.execute(query).scalar() or 0)


def _time(moment: str | datetime) -> datetime:
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            raise ValueError(
                f"as_of needs a state number or a time as 2026-11-21T14:00, got {moment!r}"
            ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
