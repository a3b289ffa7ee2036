"""The talk before an import: what was understood, what is missing, who answers.

In a terminal a person is asked; a script is refused with the answer that would do. Nothing is
written, not even a new workspace, before everything is answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DecisionNeeded, ReadError
from .candidate import Candidate, completed, described, understood
from .memory import Memory, merged
from .person import Person
from .questions import Ask, Say, ask_agreement, ask_correction
from .refusals import refusal_of, refuse_names, refuse_options_for_one, ways_out
from .running import import_with_picture

if TYPE_CHECKING:
    from ..io import Answers
    from ..workspace import Image, Workspace


def import_files(
    folder: Path,
    paths: Sequence[str],
    *,
    given: Answers,
    person: Person,
    name: str | None = None,
    picture: Path | None = None,
    remember: bool = True,
) -> Iterator[Image]:
    """Show what every file holds, have the gaps filled, then import them one by one.

    Parameters
    ----------
    folder : Path
        Of the workspace; made once everything is answered.
    paths : sequence of str
        Files or folders.
    given : Answers
        From the command line; they serve every file.
    person : Person
    name : str, optional
        For a single file.
    picture : Path, optional
        Where the first picture of a single file goes; ``previews`` in the workspace by default.
    remember : bool
        Whether earlier answers are used.

    Yields
    ------
    Image

    Raises
    ------
    DecisionNeeded
        Something is missing and nobody can be asked, a name is taken, or a given voxel size has
        too few lengths; nothing has been written then.
    ReadError
        A file cannot be understood.
    """
    refuse_options_for_one(paths, name, picture)
    refuse_names(folder, [(name or _name(path), path) for path in paths])
    memory = Memory(folder)
    found = [understood(path, given, person, memory, remember=remember) for path in paths]
    found = _agreed(found, person, memory)
    refused = [why for one in found if (why := refusal_of(one.description, person))]
    if refused:
        raise DecisionNeeded("\n".join([*refused, *ways_out(found)]))
    with workspace_at(folder) as ws:
        for one in found:
            memory.keep(one.description, one.answers)
        memory.save(person=person.ask is not None)
        for one in found:
            yield import_with_picture(
                ws,
                one.path,
                name=name,
                answers=one.answers,
                preview=one.preview,
                picture=picture,
                say=person.say,
                bar=person.ask is not None,
            )


def _name(path: str) -> str:
    from ..workspace.importing import name_of

    return name_of(path)


def workspace_at(folder: Path) -> Workspace:
    """Open the workspace of a folder, or make one there."""
    from ..workspace import Workspace

    is_new = not (folder / "workspace.toml").exists()
    return Workspace.create(folder) if is_new else Workspace.open(folder)


def _agreed(found: list[Candidate], person: Person, memory: Memory) -> list[Candidate]:
    ask = person.asked
    while ask is not None:
        choice = ask_agreement(len(found), ask=ask, say=person.say)
        if choice == "yes":
            break
        if choice == "no":
            raise DecisionNeeded("nothing is imported: you said no")
        found = _corrections(found, ask, person.say, memory)
    return found


def _corrections(found: list[Candidate], ask: Ask, say: Say, memory: Memory) -> list[Candidate]:
    """Correct what was understood of all the files, one thing after the other."""
    from ..io import Answers, summary

    while (change := ask_correction(Answers(), ask=ask, say=say)) is not None:
        try:
            found = [described(one, merged(one.answers, change)) for one in found]
        except (ReadError, ValueError) as error:
            say(f"  {error}")
            continue
        found = [
            completed(one, ask, say, memory) if "flip" in one.description.missing else one
            for one in found
        ]
        for one in found:
            say(summary(one.description))
    return found
