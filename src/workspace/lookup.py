"""Finding records of one kind by name, by id, or all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..errors import NotFound
from .naming import is_searchable, plain_name
from .record import Record
from .records import Records
from .rows import rows
from .schema import KINDS
from .tables import table_of

if TYPE_CHECKING:
    import pandas as pd


class Lookup:
    """The records of one kind, to be read.

    Parameters
    ----------
    records : Records
    kind : str
        A key of :data:`scalebridge.workspace.schema.KINDS`.
    """

    def __init__(self, records: Records, kind: str) -> None:
        self.records = records
        self.kind = kind
        self.schema = KINDS[kind]

    def __repr__(self) -> str:
        return f"<{len(self)} {self.kind}>"

    def __len__(self) -> int:
        return len(self.all())

    def __iter__(self) -> Iterator[Any]:
        return iter([self.present(record) for record in self.all()])

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and bool(self._matching(key, removed=False))

    def __getitem__(self, key: str) -> Any:
        return self.get(key)

    def present(self, record: Record) -> Any:
        """Give a record the form in which callers receive it."""
        return record

    def all(self, *, removed: bool = False) -> list[Record]:
        """List the records, in the order in which they were first written."""
        found = self.records.latest(rows.c.kind == self.kind)
        return found if removed else [record for record in found if not record.removed]

    def table(self) -> pd.DataFrame:
        """List the records as a table with units in the column names."""
        return table_of(self.all(), self.schema)

    def get(self, key: str) -> Any:
        """Find one record by name or id.

        Raises
        ------
        NotFound
        ValueError
            When several records have that name.
        """
        return self.present(self.find(key))

    def find(self, key: str, *, removed: bool = False) -> Record:
        """Find one record by name or id; on request also among the removed."""
        if not isinstance(key, str):
            raise TypeError(f"{self.kind} are found by name or id, got {type(key).__name__}: {key}")
        found = self._matching(key, removed=removed)
        if len(found) > 1:  # a removed record may share its name with a standing one
            found = [record for record in found if not record.removed] or found
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(record.id for record in found)
            raise ValueError(
                f"{key!r} has to name one record of {self.kind}, got {len(found)}: use an id, {ids}"
            )
        names = [record.name or record.id for record in self.all()]
        known = ", ".join(names[:12]) + (" ..." if len(names) > 12 else "")
        raise NotFound(f"{self.kind} has no record {key!r}; it has: {known or 'none'}")

    def by_id(self, identity: str) -> Record | None:
        """Find the newest version of an id, removed or not."""
        return self.records.newest(self.kind, identity)

    def by_edit(self, edit_id: str) -> Record | None:
        """Find the version that an edit wrote, of any kind: an edit is done once."""
        found = self.records.select(rows.c.edit_id == edit_id)
        return found[0] if found else None

    def named(self, name: str) -> list[Record]:
        """List the standing and removed records that are called so now."""
        ever = self.records.select(rows.c.kind == self.kind, rows.c.name == name)
        now = [self.by_id(identity) for identity in dict.fromkeys(record.id for record in ever)]
        return [record for record in now if record is not None and record.name == name]

    def versions(self, key: str) -> list[Record]:
        """List every version of one record, oldest first."""
        identity = self.find(key, removed=True).id
        return self.records.select(rows.c.kind == self.kind, rows.c.id == identity)

    def _matching(self, key: str, *, removed: bool) -> list[Record]:
        if not is_searchable(key):
            return []
        exact = self.by_id(key)
        # a name typed elsewhere may be spelt in other code points than the one that stands
        found = [exact] if exact is not None else self.named(key) or self.named(plain_name(key))
        return [record for record in found if removed or not record.removed]
