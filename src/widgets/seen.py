"""Which version of a record a person has seen: what others wrote since is not overwritten."""

from __future__ import annotations

from typing import Any

_SIGN = "\t"  # names are printable: none has one


def seen_key(key: str, version: int) -> str:
    """Return what a browser is told of a thing, and tells when a person changes it.

    Examples
    --------
    >>> seen_of(seen_key("L1", 3)), seen_of("L1")
    (('L1', 3), ('L1', None))
    """
    return f"{key}{_SIGN}{version}"


def seen_of(key: str) -> tuple[str, int | None]:
    """Return the thing and the version that was seen; None where it was not told."""
    name, _, version = key.partition(_SIGN)
    return name, int(version) if version.isdecimal() else None


class Seen:
    """The records of one kind that stood when a widget was made.

    Parameters
    ----------
    collection : Collection
    """

    def __init__(self, collection: Any) -> None:
        self._collection = collection
        self.look()

    def look(self) -> None:
        """Take note of what stands now: the person is shown it."""
        self._versions = {record.id: record.version for record in self._collection}

    def version(self, standing: Any) -> int:
        """Return the version for an edit to state.

        What another person wrote meanwhile was not seen: the edit is refused, which tells of it,
        and may then be made.
        """
        known = self._versions.get(standing.id, 0)
        self._versions[standing.id] = standing.version
        own = standing.who == self._collection.records.who
        return int(standing.version) if own else known
