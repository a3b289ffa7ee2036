"""Answers that are kept: what was said of one file serves the next ones of its instrument.

A workspace keeps its own in ``answers.json``, and they are used without asking. A person's, from
other specimens, are only offered, and only in a terminal: what a script does must not depend on
whose home it runs in.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..io import Answers, ImageDescription

_FILE = "answers.json"


class Memory:
    """The answers of one workspace and of one person.

    Parameters
    ----------
    workspace : Path
        Its folder; need not exist yet.
    """

    def __init__(self, workspace: Path) -> None:
        from ..io import load_answers

        self._file, self._own_file = workspace / _FILE, own_file()
        self._here = load_answers(self._file)
        self._own = load_answers(self._own_file)
        self._left_open: set[str] = set()
        self._fresh: dict[str, tuple[Answers, bool]] = {}

    def of_workspace(self, description: ImageDescription) -> Answers | None:
        """Recall what was answered for this instrument, or folder, in this workspace."""
        return self._here.get(_key(description))

    def of_person(self, description: ImageDescription) -> Answers | None:
        """Recall what this person answered for this instrument at another specimen."""
        return self._own.get(_key(description)) if description.instrument else None

    def keep(self, description: ImageDescription, answers: Answers) -> None:
        """Have an answer serve the next files; `save` makes it last."""
        lasting = replace(answers, entry=None)
        if lasting.to_dict():
            self._here[_key(description)] = lasting
            self._fresh[_key(description)] = (lasting, bool(description.instrument))

    def leave_open(self, description: ImageDescription) -> None:
        """Note that this person wants no voxel size for what comes from here."""
        self._left_open.add(_key(description))

    def is_left_open(self, description: ImageDescription) -> bool:
        """Say whether a voxel size was declined for what comes from here."""
        return _key(description) in self._left_open

    def save(self, *, person: bool) -> None:
        """Write what is new: to the workspace, and for a person to their own memory."""
        from ..io import save_answers

        for key, (answers, is_instrument) in self._fresh.items():
            save_answers(self._file, key, answers)
            if person and is_instrument:
                save_answers(self._own_file, key, answers)


def own_file() -> Path:
    """Where a person's answers are kept."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "scalebridge" / _FILE


def fitting(remembered: Answers, description: ImageDescription) -> Answers:
    """Take from remembered answers what this file does not say itself.

    A voxel size of its own and a right-handed grid stand; the axis order serves files with as
    many axes.
    """
    wanted = replace(remembered, entry=None)
    if "voxel size" not in description.missing:
        wanted = replace(wanted, spacing_um=None, unit=None)
    if "flip" not in description.missing and remembered.handedness != "left":
        wanted = replace(wanted, flip=None)
    if remembered.axes is not None and len(remembered.axes) != len(description.axes):
        wanted = replace(wanted, axes=None)
    if set(wanted.flip or "") - set(description.axes):
        wanted = replace(wanted, flip=None)
    return wanted


def merged(first: Answers, then: Answers) -> Answers:
    """Join two answers; where both say something, the later one counts."""
    return type(first).from_dict(first.to_dict() | then.to_dict())


def words(answers: Answers) -> str:
    """Say answers in a line."""
    return ", ".join(
        f"{name} {'(none)' if value == '' else _shown(value)}"
        for name, value in answers.to_dict().items()
    )


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ",".join("-" if part is None else f"{part:g}" for part in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _key(description: ImageDescription) -> str:
    from ..io import remembered_key

    return remembered_key(description)
