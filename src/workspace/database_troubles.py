"""What a database's errors mean for records, in words without secrets."""

from __future__ import annotations

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from ..errors import Unanswered, Unsaved, WorkspaceError

_SHORTEST = 4
_BUSY = ("55P03", "40001", "40P01")  # lock timeout, serialization, deadlock
_AWAY = ("08", "57P")  # connection exceptions, shutdown and start


def why(error: DBAPIError, url: URL) -> str:
    """Return what the driver says, on one line, without the password of the address."""
    words = " ".join(str(error.orig if error.orig is not None else error).split())
    password = url.password or ""
    return words.replace(password, "•••") if len(password) >= _SHORTEST else words


def went_away(error: DBAPIError) -> bool:
    """Say whether the connection was lost, so that nobody knows what became of a commit."""
    return error.connection_invalidated or _code(error).startswith(_AWAY)


def unsaved(error: DBAPIError, url: URL) -> Unsaved:
    """Say that nothing was written, and what to do."""
    unreached = url.get_backend_name() == "postgresql" and not _code(error)
    if went_away(error) or unreached:
        then = "The database cannot be reached: try again once it is back"
    elif _code(error) in _BUSY or "locked" in str(error.orig):
        then = "Another program holds the database: wait for it and try again"
    else:
        then = "If another program holds the database, wait for it and try again"
    return Unsaved(
        f"the records could not be written and stand as they were: {why(error, url)}. {then}"
    )


def unanswered(error: DBAPIError, url: URL) -> Unanswered:
    """Say that a commit got no answer, and that asking for one did not help."""
    return Unanswered(
        "the database went away before it said whether the records are kept: all of them are, or "
        f"none ({why(error, url)}). Look before you write them again, or send them with the same "
        "id and edit_id: what is kept is not written twice"
    )


def unread(error: DBAPIError, url: URL) -> WorkspaceError:
    """Say that records could not be read."""
    return WorkspaceError(f"the records cannot be read: {why(error, url)}")


def _code(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", None) or "")
