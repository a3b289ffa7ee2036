"""What other people write appears in what is open, without a restart and without a word.

While a browser shows a widget, one small question every second and a half asks the workspace for
the number of its newest edit, for all its widgets together. If it has grown, each widget looks
whether records that it shows are others, and tells its pictures. Nothing is asked in a script, in
the run of a report or before a browser has answered, nothing is drawn anew while a person drags,
and nothing can be undone by it: it was done elsewhere.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Iterable
from typing import Any, Protocol

POLL_S = 1.5
_SLOWEST_S = 30.0


class Shown(Protocol):
    """A widget that shows records."""

    ws: Any
    revision: int

    def shown_records(self) -> Iterable[Any]:
        """Every record that is seen in it."""

    def set_trait(self, name: str, value: Any) -> None:
        """Set a trait that is read only."""


class _Follower:
    """One widget, the panels that show it, and what they show."""

    def __init__(self, widget: Shown) -> None:
        self.widget = weakref.ref(widget)
        self._panels: weakref.WeakSet[Any] = weakref.WeakSet()
        self.versions = _versions(widget)

    def seen_by(self, panel: Any) -> None:
        self._panels.add(panel)

    @property
    def open(self) -> bool:
        """Whether any panel of it is open."""
        shown = any(panel.comm is not None for panel in self._panels)
        return shown and self.widget() is not None

    def look(self) -> bool:
        """Take over what others wrote; False while a person drags."""
        widget = self.widget()
        if widget is None:
            return True
        if any(panel.is_dragged for panel in self._panels) or widget.ws.records.writing:
            return False
        versions = _versions(widget)
        if versions != self.versions:
            self.versions = versions
            widget.set_trait("revision", widget.revision + 1)
        return True


class Others:
    """Follows what is written to one workspace.

    Parameters
    ----------
    ws : Workspace

    Attributes
    ----------
    asked : int
        How often the workspace was asked.
    """

    def __init__(self, ws: Any) -> None:
        self._ws, self.asked = ws, 0
        self._followers: dict[int, _Follower] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether anybody is being followed."""
        return self._task is not None and not self._task.done()

    def follow(self, widget: Shown, panel: Any) -> None:
        """Keep a widget up to date as long as its panel is open."""
        known = self._followers.get(id(widget))
        if known is None or known.widget() is not widget:
            known = self._followers[id(widget)] = _Follower(widget)
            widget.observe(  # type: ignore[attr-defined]
                lambda change: _note(known, change["owner"]), names="revision"
            )
        known.seen_by(panel)
        if self.running:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # no notebook's kernel and no server: nobody is looking
            return
        self._task = loop.create_task(self._watch())

    async def _watch(self) -> None:
        seen, wait_s = None, POLL_S
        while self._open():
            try:
                state = await asyncio.to_thread(self._state)
                if state != seen and all([one.look() for one in self._open()]):
                    seen = state
                wait_s = POLL_S
            except Exception:  # the next thing that is done tells what is wrong
                wait_s = min(2 * wait_s, _SLOWEST_S)
            await asyncio.sleep(wait_s)

    def _state(self) -> int:
        self.asked += 1
        return int(self._ws.state)

    def _open(self) -> list[_Follower]:
        self._followers = {key: one for key, one in self._followers.items() if one.open}
        return list(self._followers.values())


def others(ws: Any) -> Others:
    """The one that follows a workspace."""
    if ws.records not in _KNOWN:
        _KNOWN[ws.records] = Others(ws)
    return _KNOWN[ws.records]


def follow_others(widget: Shown, *panels: Any) -> None:
    """Keep a widget up to date from the first word that a browser says to one of its panels.

    A workspace that is shown as of an earlier state does not change.
    """
    if widget.ws.records.as_of is not None:
        return
    mine = weakref.ref(widget)

    def heard(panel: Any, *_: Any) -> None:
        found = mine()
        if found is not None:
            others(found.ws).follow(found, panel)

    for panel in panels:
        panel.on_msg(heard)


_KNOWN: weakref.WeakKeyDictionary[Any, Others] = weakref.WeakKeyDictionary()


def _versions(widget: Shown) -> frozenset[tuple[str, int]]:
    return frozenset((record.id, record.version) for record in widget.shown_records())


def _note(follower: _Follower, widget: Shown) -> None:
    follower.versions = _versions(widget)
