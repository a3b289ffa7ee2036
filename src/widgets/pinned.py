"""What is pinned to places of the specimen: measured lines, notes, bookmarks; each a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from traitlets import Int

from ..errors import NoPath
from .history import History, RecordStep
from .measuring import SHAPES, angle_deg, area_um2, distance_um
from .plane import AXES, triple
from .state import Widget, by_name, named_point

if TYPE_CHECKING:
    import pandas as pd

NOTE = "note"


@dataclass(frozen=True)
class Annotation:
    """One thing that is pinned, where it stands in the world that is shown.

    Attributes
    ----------
    id : str
        Of its record.
    shape : {"distance", "angle", "area", "note"}
    points_um : tuple of tuples of 3 float
        z, y, x [µm].
    text : str
    who : str
    version : int
        Of its record.
    """

    id: str
    shape: str
    points_um: tuple[tuple[float, float, float], ...]
    text: str
    who: str
    version: int = 1


class Pinned(Widget):
    """A widget on whose places things can be pinned; every change is written at once.

    Attributes
    ----------
    history : History
    """

    revision = Int(
        0, read_only=True, help="Grows with every change of a record that is shown here."
    )

    ws: Any
    world: Any
    planar: bool
    frame: Any

    @property
    def history(self) -> History:
        """The steps that were done here."""
        if not hasattr(self, "_history"):
            self._history = History()
        return self._history

    # -- lines and notes -------------------------------------------------------

    def annotate(
        self,
        shape: str,
        points: Sequence[Any],
        *,
        text: str = "",
        id: str | None = None,
        version: int | None = None,
        edit_id: str | None = None,
    ) -> Any:
        """Pin a measured line, or a note, to places.

        Parameters
        ----------
        shape : {"distance", "angle", "area", "note"}
        points : sequence of dict
            ``x_um``, ``y_um``, ``z_um`` in this frame: 2 for a distance, 3 for an angle at the
            second, 3 or more round an area, 1 for a note.
        text : str
            What it is; a note needs it.
        id : str, optional
            Of one that stands: it gets these places and this text.
        version : int, optional
            Of that one as it was seen; the one that stands by default.
        edit_id : str, optional
            Made by the caller, so that a retry pins nothing twice.

        Returns
        -------
        Record
        """
        fields: dict[str, Any]
        places = [by_name(named_point(point, planar=self.planar)) for point in points]
        if shape == NOTE:
            if len(places) != 1 or not text.strip():
                raise ValueError(f"a note needs one place and words, got {len(places)}, {text!r}")
            collection, fields = self.ws.notes, {"position": places[0], "text": text.strip()}
        elif shape in SHAPES:
            collection = self.ws.annotations
            fields = {"shape": shape, "points": places, "text": text.strip()}
        else:
            raise ValueError(f"shape needs one of {', '.join((*SHAPES, NOTE))}, got {shape!r}")
        if edit_id is not None and (done := collection.by_edit(edit_id)) is not None:
            return done
        if id is None:
            written = collection.add(frame=self.frame, edit_id=edit_id, **fields)
            return self._did(f"pin {shape}", collection, None, written)
        before = self._record(collection, id)
        written = collection.edit(
            before.id,
            version=before.version if version is None else version,
            edit_id=edit_id,
            frame=self.frame,
            **fields,
        )
        return self._did(f"change {shape}", collection, before, written)

    def unpin(self, id: str, *, version: int | None = None) -> None:
        """Take a line or a note away; undo and ``as_of`` still reach it.

        With the `version` that was seen, what somebody changed since is a ``Conflict``.
        """
        for collection in (self.ws.annotations, self.ws.notes):
            if any(record.id == id for record in collection):
                before = self._record(collection, id)
                seen = before.version if version is None else version
                written = collection.remove(id, version=seen)
                self._did("remove what was pinned", collection, before, written)
                return
        raise KeyError(f"nothing is pinned here with id {id!r}")

    def annotations(self) -> list[Annotation]:
        """What is pinned in frames that are connected with this one, oldest first."""
        found = []
        for record in (*self.ws.annotations, *self.ws.notes):
            note = record.kind == "notes"
            places = ([record.position] if record.position else []) if note else record.points
            if not places:
                continue
            points = [[place[name] for name in ("z_um", "y_um", "x_um")] for place in places]
            try:
                here = self.world.from_frame(points, record.frame)
            except (NoPath, KeyError):
                continue
            shape = NOTE if note else record.shape
            found.append(
                Annotation(
                    record.id,
                    shape,
                    tuple(map(triple, here)),
                    record.text,
                    record.who,
                    record.version,
                )
            )
        return found

    def shown_records(self) -> list[Any]:
        """Every record that is seen here: lines, notes and bookmarks."""
        return [*self.ws.annotations, *self.ws.notes, *self.ws.bookmarks]

    def annotation_table(self) -> pd.DataFrame:
        """One row a line or note: shape, value, unit, text, who; NaN where there is no value."""
        import pandas as pd

        rows = []
        for one in self.annotations():
            value, unit = _value(one)
            rows.append((one.id, one.shape, value, unit, one.text, one.who))
        return pd.DataFrame(rows, columns=["id", "shape", "value", "unit", "text", "who"])

    # -- bookmarks -------------------------------------------------------------

    def bookmark(self, name: str, *, note: str = "") -> Any:
        """Keep this view under a name; one of that name that stands is renewed.

        Raises
        ------
        Conflict
            Another person has kept a view under this name since the bookmarks were shown. It
            tells whose; keeping it again takes its place.
        """
        explorer: Any = self
        plane = explorer.plane()
        fields = {
            "frame": self.frame,
            "cursor": dict(explorer.cursor_um),
            "centre": dict(explorer.centre_um),
            "across": list(plane.across),
            "down": list(plane.down),
            "width_um": explorer.width_um,
            "note": note,
        }
        collection = self.ws.bookmarks
        before = next((record for record in self.bookmarks() if record.name == name), None)
        if before is None:
            return self._did(
                f"bookmark {name}", collection, None, collection.add(name=name, **fields)
            )
        seen = explorer.seen_bookmarks.version(before)
        written = collection.edit(before.id, version=seen, **fields)
        return self._did(f"renew bookmark {name}", collection, before, written)

    def bookmarks(self) -> list[Any]:
        """The bookmarks of this frame, oldest first."""
        return [record for record in self.ws.bookmarks if record.frame == self.frame]

    def _kept_view(self, name: str) -> Any:
        """The bookmark of that name in this frame."""
        for record in self.bookmarks():
            if name in (record.id, record.name):
                return record
        known = ", ".join(record.name for record in self.bookmarks()) or "none"
        raise KeyError(f"no bookmark {name!r} in {self.frame}; there are: {known}")

    def forget(self, name: str) -> None:
        """Take a bookmark away."""
        before = self._kept_view(name)
        written = self.ws.bookmarks.remove(before.id, version=before.version)
        self._did(f"remove bookmark {name}", self.ws.bookmarks, before, written)

    def fly_to(self, name: str) -> None:
        """Look where a bookmark looks; a browser shows the way there."""
        record = self._kept_view(name)
        explorer: Any = self
        axes = (tuple(record.across), tuple(record.down))
        named = [plane for plane, known in AXES.items() if np.allclose(axes, known)]
        with self.hold_trait_notifications():
            explorer.across, explorer.down = axes
            explorer.orientation = named[0] if named else "oblique"
            explorer.cursor_um, explorer.centre_um = dict(record.cursor), dict(record.centre)
            explorer.width_um = record.width_um

    # -- steps -----------------------------------------------------------------

    def undo(self) -> str:
        """Take the last change back, as a new edit; returns what it was, in words."""
        return self._changed(self.history.undo())

    def redo(self) -> str:
        """Make the last undone change again."""
        return self._changed(self.history.redo())

    def _record(self, collection: Any, key: str) -> Any:
        for record in collection:
            if key in (record.id, record.name):
                return record
        known = ", ".join(record.name or record.id for record in collection) or "none"
        raise KeyError(f"no {collection.kind} record {key!r}; there are: {known}")

    def _did(self, title: str, collection: Any, before: Any, written: Any) -> Any:
        self.history.did(RecordStep(title, collection, before, written))
        return self._changed(written)

    def _changed(self, result: Any) -> Any:
        self.set_trait("revision", self.revision + 1)
        return result


def _value(one: Annotation) -> tuple[float, str]:
    if one.shape == "distance":
        return distance_um(one.points_um), "µm"
    if one.shape == "angle":
        return angle_deg(one.points_um), "°"
    return (area_um2(one.points_um), "µm²") if one.shape == "area" else (float("nan"), "")
