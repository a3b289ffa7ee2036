"""Two people who edit one record at once: the second is told, and overwrites nothing."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import Conflict
from ...workspace import Workspace
from .records import Counted, Say

_PEOPLE = ("maria", "noor")
_IMAGE = "survey"


def conflicting_edits(
    count: int, *, seed: int, folder: Path, say: Say, records: str | None = None
) -> Counted:
    """Let two people edit what both have seen, in Python, in a widget and many at once.

    Parameters
    ----------
    count : int
        Pairs of edits, a third of them each way.
    seed : int
    folder : pathlib.Path
        Gets a workspace.
    say : callable
    records : str, optional
        Address of a database; SQLite by default.

    Returns
    -------
    dict
        what, count, failures (edits that overwrote what was not seen, or were not told who, when
        and both values), words.
    """
    rng = random.Random(seed)
    with _two(folder / "edits", records) as people:
        ways: list[Callable[[Workspace, Workspace, int], bool]] = [
            _in_python,
            _many_at_once,
            _Messages(*people).try_one,
        ]
        kept = [0] * len(ways)
        for number in range(count):
            which = number % len(ways)
            first, second = rng.sample(people, 2) if which < 2 else people[::-1]
            kept[which] += ways[which](first, second, number)
    failures = count - sum(kept)
    words = (
        f"{count} pairs of conflicting edits, {failures} overwritten in silence (told: {kept[0]} "
        f"in Python, {kept[1]} of many at once, {kept[2]} in a widget)"
    )
    say(words)
    where = "SQLite" if records is None else "PostgreSQL"
    return {
        "what": f"conflicting edits, {where}",
        "count": count,
        "failures": failures,
        "words": f"{where}: {words}",
    }


@contextmanager
def _two(place: Path, records: str | None) -> Iterator[tuple[Workspace, ...]]:
    with Workspace.create(place, records=records) as ws:
        ws.images.write(
            _IMAGE,
            shape=(8, 8),
            dtype=np.uint8,
            axes="yx",
            blocks=[((slice(0, 8), slice(0, 8)), np.zeros((8, 8), np.uint8))],
            spacing_um=(1.0, 1.0),
            spacing_source="made",
        )
        for i in range(3):
            ws.notes.add(id=f"n{i}", text="first", frame=_IMAGE, position=_place())
    known = os.environ.get("SCALEBRIDGE_USER")
    opened = []
    for who in _PEOPLE:
        os.environ["SCALEBRIDGE_USER"] = who
        opened.append(Workspace.open(place, records=records))
    if known is None:
        del os.environ["SCALEBRIDGE_USER"]
    else:
        os.environ["SCALEBRIDGE_USER"] = known
    try:
        yield tuple(opened)
    finally:
        for one in opened:
            one.close()


def _place() -> dict[str, float]:
    return {"z_um": 0.0, "y_um": 3.0, "x_um": 3.0}


def _in_python(first: Workspace, second: Workspace, number: int) -> bool:
    seen = second.notes["n0"].version
    done = first.notes.edit("n0", version=seen, text=f"first {number}")
    try:
        second.notes.edit("n0", version=seen, text=f"second {number}")
    except Conflict as error:
        told = error.mine == {"text": f"second {number}"}
        told &= error.theirs == {"text": f"first {number}"}
        told &= (error.who, error.when) == (first.who, done.when)
        return bool(told) and second.notes["n0"].text == f"first {number}"
    return False


def _many_at_once(first: Workspace, second: Workspace, number: int) -> bool:
    """Edit three records as one, of which another person has changed the last."""
    seen = [second.notes[f"n{i}"] for i in range(3)]
    done = first.notes.edit("n2", version=seen[2].version, text=f"first {number}")
    try:
        with second.transaction():
            for note in seen:
                second.notes.edit(note.id, version=note.version, text=f"second {number}")
    except Conflict as error:
        told = (error.who, error.when) == (first.who, done.when)
        now = [second.notes[f"n{i}"] for i in range(3)]
        return told and now[:2] == seen[:2] and now[2].text == f"first {number}"
    return False


class _Messages:
    """A panel of one person, whose messages tell of what another one has changed since."""

    def __init__(self, mine: Workspace, theirs: Workspace) -> None:
        from ...widgets import SliceExplorer
        from ...widgets.live import LivePanel
        from ...widgets.views import Message

        self.mine, self.theirs = mine, theirs
        self.message = Message()
        self.explorer = SliceExplorer(mine, [_IMAGE])
        self.panel = LivePanel(self.explorer, guard=self.message.guard)

    def try_one(self, _first: Any, _second: Any, number: int) -> bool:
        """Send what a browser sends, with the version that it shows."""
        self.panel.redraw_pins()
        stale = self._content(f"second {number}")
        version = self.theirs.notes["n1"].version
        self.theirs.notes.edit("n1", version=version, text=f"first {number}")
        self.panel._handle_custom_msg(stale, [])
        kept = self.mine.notes["n1"].text == f"first {number}"
        said = self.message.widget.value
        told = all(word in said for word in (f"first {number}", f"second {number}", "noor", "UTC"))
        self.panel._handle_custom_msg(self._content(f"decided {number}"), [])
        return kept and told and self.mine.notes["n1"].text == f"decided {number}"

    def _content(self, text: str) -> dict[str, Any]:
        (pin,) = (one for one in self.panel.annotations if one["key"].startswith("n1"))
        return {
            "kind": "do",
            "what": "annotate",
            "shape": "note",
            "key": pin["key"],
            "points": pin["points"],
            "text": text,
        }
