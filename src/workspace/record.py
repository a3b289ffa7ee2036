"""One version of one record: what was decided, by whom, when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .schema import field_defaults


@dataclass(frozen=True, slots=True)
class Record:
    """One version of a decision.

    Its fields are also attributes: ``record.fields["status"]`` is ``record.status``.

    Attributes
    ----------
    id : str
        Made by the client, so that a retry is no duplicate.
    kind : str
        The collection it stands in.
    version : int
        Counts from 1; an edit states the version that it saw.
    name : str or None
        What people call it.
    tags : tuple of str
    fields : dict
        Plain JSON types.
    who : str
    when : datetime
        In UTC.
    state : int
        The workspace's sequence number at which this version was written.
    action : str
        ``add``, ``edit``, ``rename``, ``tag``, ``remove``, ``restore`` or ``take back``.
    removed : bool
    software : str
        The version of Scalebridge that wrote it, and in which headless run.
    edit_id : str
    """

    id: str
    kind: str
    version: int
    name: str | None
    tags: tuple[str, ...]
    fields: dict[str, Any]
    who: str
    when: datetime
    state: int
    action: str
    removed: bool
    software: str
    edit_id: str

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "fields":  # asked for while a copy is being built
            raise AttributeError(name)
        if name in self.fields:
            return self.fields[name]
        defaults = field_defaults(self.kind)
        if name in defaults:  # written before this field existed
            return defaults[name]
        known = ", ".join(sorted(self.fields))
        raise AttributeError(f"a record of {self.kind} has no field {name!r}; it has: {known}")

    @property
    def label(self) -> str:
        """What a message calls this record."""
        return f"{self.kind} {self.name!r}" if self.name else f"{self.kind} {self.id}"
