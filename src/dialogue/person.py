"""Who answers: a person at a terminal, or nobody."""

from __future__ import annotations

from dataclasses import dataclass

from .questions import Ask, Say


@dataclass(frozen=True)
class Person:
    """Who is asked; a script has nobody.

    Attributes
    ----------
    say : callable
        Shows a text.
    ask : callable or None
        Asks a question, returns the answer as text; None in a script.
    agrees : bool
        ``--yes``: import what was understood, without voxel size where the file has none.
    """

    say: Say
    ask: Ask | None
    agrees: bool = False

    @property
    def asked(self) -> Ask | None:
        """The way to ask, if anything is to be asked."""
        return None if self.agrees else self.ask
