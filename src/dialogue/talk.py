"""The talk before an import: what was understood, what is missing, who answers.

In a terminal a person is asked; a script is refused with the answer that would do. Nothing is
written, not even a new workspace, before everything is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DecisionNeeded, ReadError
from .memory import Memory, fitting, merged, words
from .questions import Ask, Say, ask_agreement, ask_correction, ask_missing
from .running import import_with_picture, show_picture

if TYPE_CHECKING:
    from ..io import Answers, ImageDescription, Preview
    from ..workspace import Image, Workspace


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


@dataclass(frozen=True)
class Candidate:
    """A file, as it is understood with the answers so far."""

    path: str
    description: ImageDescription
    answers: Answers
    preview: Preview | None = None


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
    _refuse_options_for_one(paths, name, picture)
    _refuse_names(folder, [(name or _name(path), path) for path in paths])
    memory = Memory(folder)
    found = [_understood(path, given, person, memory, remember=remember) for path in paths]
    found = _agreed(found, person, memory)
    refused = [why for one in found if (why := _refusal(one.description, person))]
    if refused:
        raise DecisionNeeded("\n".join([*refused, *_ways(found)]))
    with _workspace(folder) as ws:
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


def _refuse_options_for_one(paths: Sequence[str], name: str | None, picture: Path | None) -> None:
    for option, value in (("--name", name), ("--preview", picture)):
        if value is not None and len(paths) != 1:
            raise DecisionNeeded(
                f"{option} needs one file, got {len(paths)}: import them one by one"
            )


def _name(path: str) -> str:
    from ..workspace.importing import name_of

    return name_of(path)


def _refuse_names(folder: Path, named: Sequence[tuple[str, str]]) -> None:
    """Refuse what could not be listed, before the first file is opened."""
    from ..workspace.naming import checked_name

    files: dict[str, str] = {}
    for name, path in named:
        plain = checked_name("images", name)
        if plain in files:
            raise DecisionNeeded(
                f"{files[plain]} and {path} would both be named {plain!r}: give each file once, "
                "and import those of the same name one by one with --name"
            )
        files[plain] = path
    if not (folder / "workspace.toml").exists():
        return
    with _workspace(folder) as ws:
        taken = [plain for plain in files if plain in ws.images]
    if taken:
        raise DecisionNeeded(
            f"{folder} already has {', '.join(map(repr, taken))}: give another --name, or remove "
            "what stands there first"
        )


def _workspace(folder: Path) -> Workspace:
    from ..workspace import Workspace

    is_new = not (folder / "workspace.toml").exists()
    return Workspace.create(folder) if is_new else Workspace.open(folder)


def _understood(
    path: str, given: Answers, person: Person, memory: Memory, *, remember: bool
) -> Candidate:
    from ..io import describe, summary

    try:
        one = Candidate(path, describe(path, answers=given), given)
    except ReadError as error:
        is_there = Path(path.partition("::")[0]).exists()
        if is_there and not _too_few_lengths(path, given):
            raise
        raise DecisionNeeded(str(error)) from None
    if remember:
        one = _recalled(one, given, person, memory)
    person.say(summary(one.description))
    if person.asked is not None:
        one = replace(one, preview=show_picture(path, one.answers, say=person.say))
        if one.description.missing:
            one = _completed(one, person.asked, person.say, memory)
            person.say(summary(one.description))
    memory.keep(one.description, one.answers)
    return one


def _too_few_lengths(path: str, given: Answers) -> bool:
    """Say whether a file is understood but for a voxel size with fewer lengths than axes."""
    from ..io import describe

    if given.spacing_um is None:
        return False
    alone = describe(path, answers=replace(given, spacing_um=None))
    return len(given.spacing_um) < alone.ndim


def _completed(one: Candidate, ask: Ask, say: Say, memory: Memory) -> Candidate:
    """Ask for what is missing; a voxel size that was declined is not asked for again."""
    declined = memory.is_left_open(one.description)
    missing = tuple(m for m in one.description.missing if not (declined and m == "voxel size"))
    answers = ask_missing(replace(one.description, missing=missing), one.answers, ask=ask, say=say)
    completed = _described(one, answers)
    if "voxel size" in completed.description.missing:
        memory.leave_open(completed.description)
    return completed


def _described(one: Candidate, answers: Answers) -> Candidate:
    """Look again with other answers; a picture that they may have turned is dropped."""
    from ..io import describe

    if answers == one.answers:
        return one
    return Candidate(one.path, describe(one.path, answers=answers), answers)


def _recalled(one: Candidate, given: Answers, person: Person, memory: Memory) -> Candidate:
    remembered = memory.of_workspace(one.description)
    if remembered is not None:
        return _with_remembered(one, remembered, given, person.say)
    offered = memory.of_person(one.description) if person.asked is not None else None
    if offered is None or not one.description.missing:
        return one
    person.say(
        f"at another specimen you answered for {one.description.instrument}: {words(offered)}"
    )
    assert person.asked is not None
    if person.asked("use that here? [Y/n]").strip().lower() not in ("", "y", "yes"):
        return one
    return _with_remembered(one, offered, given, person.say)


def _with_remembered(one: Candidate, remembered: Answers, given: Answers, say: Say) -> Candidate:
    from ..io import remembered_key

    # twice: an axis order or a handedness may bring up the question that another answer settles
    for _ in range(2):
        one = _described(one, merged(fitting(remembered, one.description), one.answers))
    if one.answers != given:
        key = remembered_key(one.description)
        say(f"(answers remembered for {key}: {words(one.answers)})")
    return one


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
            found = [_described(one, merged(one.answers, change)) for one in found]
        except (ReadError, ValueError) as error:
            say(f"  {error}")
            continue
        found = [
            _completed(one, ask, say, memory) if "flip" in one.description.missing else one
            for one in found
        ]
        for one in found:
            say(summary(one.description))
    return found


def _refusal(description: ImageDescription, person: Person) -> str | None:
    """A missing voxel size may be agreed to, for it shows everywhere; a mirror image may not."""
    from ..io import refusal

    agreed = person.agrees or person.ask is not None
    return refusal(description, only=("flip",) if agreed else None)


def _ways(found: Sequence[Candidate]) -> list[str]:
    """Say which options would do."""
    ways: dict[str, Callable[[ImageDescription], str]] = {
        "voxel size": lambda said: (
            f"--voxel-um {_wanted(said)} gives the voxel size (--yes imports it as uncalibrated, "
            "which blocks physical results until `scalebridge calibrate`)"
        ),
        "flip": lambda said: (
            f"--flip {said.flip_offered} takes the mirror image back (--flip '' keeps it)"
        ),
    }
    lines = [ways[name](one.description) for one in found for name in one.description.missing]
    return list(dict.fromkeys(lines))


def _wanted(said: ImageDescription) -> str:
    pairs = zip(said.spatial_axes, said.partial_spacing_um, strict=False)
    return ",".join(axis if value is None else "-" for axis, value in pairs)
