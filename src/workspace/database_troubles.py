"""What a database's errors mean for records, in words without secrets."""

from __future__ import annotations

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ..errors import Unanswered, Unsaved, WorkspaceError

#: What a database, or the lack of one, can do to a statement.
TROUBLES = (DBAPIError, PendingRollbackError, PoolTimeout)
_DAMAGE = ("not a database", "malformed", "no such table", "no such column")
_SHORTEST = 4
_BUSY = ("55P03", "40001", "40P01")  # lock timeout, serialization, deadlock
_AWAY = ("08", "57P")  # connection exceptions, shutdown and start


def why(error: SQLAlchemyError, url: URL) -> str:
    """Return what the driver says, on one line, without the password of the address."""
    if isinstance(error, PoolTimeout):
        return "too many threads of this program use them at once"
    words = " ".join(str(_cause(error)).split())
    password = url.password or ""
    return words.replace(password, "•••") if len(password) >= _SHORTEST else words


def went_away(error: SQLAlchemyError) -> bool:
    """Say whether the connection was lost, so that nobody knows what became of a commit."""
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    return lost or _code(error).startswith(_AWAY)


def unsaved(error: SQLAlchemyError, url: URL) -> Unsaved:
    """Say that nothing was written, and what to do."""
    of_postgres = url.get_backend_name() == "postgresql" and isinstance(error, DBAPIError)
    unreached = of_postgres and not _code(error)
    if went_away(error) or unreached:
        then = "The database cannot be reached: try again once it is back"
    elif _code(error) in _BUSY or "locked" in str(_cause(error)):
        then = "Another program holds the database: wait for it and try again"
    else:
        then = "If another program holds the database, wait for it and try again"
    return Unsaved(
        f"the records could not be written and stand as they were: {why(error, url)}. {then}"
    )


def unanswered(error: SQLAlchemyError, url: URL) -> Unanswered:
    """Say that a commit got no answer, and that asking for one did not help."""
    return Unanswered(
        "the database went away before it said whether the records are kept: all of them are, or "
        f"none ({why(error, url)}). Look before you write them again, or send them with the same "
        "id and edit_id: what is kept is not written twice"
    )


def unread(error: SQLAlchemyError, url: URL) -> WorkspaceError:
    """Say that records could not be read."""
    words = why(error, url)
    if url.get_backend_name() == "sqlite" and any(sign in words for sign in _DAMAGE):
        words += f"; restore {url.database} from a backup"
    return WorkspaceError(f"the records cannot be read: {words}")


def _code(error: SQLAlchemyError) -> str:
    return str(getattr(_cause(error), "sqlstate", None) or "")


def _cause(error: SQLAlchemyError) -> object:
    cause = getattr(error, "orig", None)
    return error if cause is None else cause
