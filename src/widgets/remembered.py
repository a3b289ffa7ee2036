"""Settings of a widget whose changes can be taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .history import Drags, History, StateStep
from .state import Widget


class Remembered(Widget):
    """A widget that remembers how its settings were.

    Attributes
    ----------
    history : History
        What was changed since the widget was made.
    """

    def _remember(self, in_words: Mapping[str, str]) -> None:
        """Begin, with how undo calls each setting: how the widget is made is no change."""
        self.history, self._in_words = History(), in_words
        self._drags = {name: Drags() for name in in_words}
        self._taking_back = False
        for name in in_words:
            getattr(self, name)  # a default that nobody read is told as undefined
        self.observe(self._changed, names=list(in_words))

    def undo(self) -> str:
        """Take the last change of a setting back; returns what it was, in words."""
        return self.history.undo()

    def redo(self) -> str:
        """Make the last undone change again."""
        return self.history.redo()

    def _changed(self, change: Any) -> None:
        if self._taking_back:
            return
        name, slides = change["name"], isinstance(change["new"], float)
        self.history.did(
            StateStep(
                self._in_words[name],
                {name: change["old"]},
                {name: change["new"]},
                self._set,
                drag=(name, self._drags[name].now()) if slides else None,
            )
        )

    def _set(self, state: dict[str, Any]) -> None:
        self._taking_back = True
        try:
            for name, value in state.items():
                self.set_trait(name, value)
        finally:
            self._taking_back = False
