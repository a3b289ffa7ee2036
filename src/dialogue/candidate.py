"""One file before its import: what is understood of it, with the answers so far."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DecisionNeeded, ReadError
from .memory import Memory, fitting, merged, words
from .person import Person
from .questions import Ask, Say, ask_missing
from .running import show_picture

if TYPE_CHECKING:
    from ..io import Answers, ImageDescription, Preview


@dataclass(frozen=True)
class Candidate:
    """A file, as it is understood with the answers so far."""

    path: str
    description: ImageDescription
    answers: Answers
    preview: Preview | None = None


def understood(
    path: str, given: Answers, person: Person, memory: Memory, *, remember: bool
) -> Candidate:
    """Read what a file says, add what was answered before, and ask for the rest."""
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
            one = completed(one, person.asked, person.say, memory)
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


def completed(one: Candidate, ask: Ask, say: Say, memory: Memory) -> Candidate:
    """Ask for what is missing; a voxel size that was declined is not asked for again."""
    declined = memory.is_left_open(one.description)
    missing = tuple(m for m in one.description.missing if not (declined and m == "voxel size"))
    answers = ask_missing(replace(one.description, missing=missing), one.answers, ask=ask, say=say)
    completed = described(one, answers)
    if "voxel size" in completed.description.missing:
        memory.leave_open(completed.description)
    return completed


def described(one: Candidate, answers: Answers) -> Candidate:
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
        one = described(one, merged(fitting(remembered, one.description), one.answers))
    if one.answers != given:
        key = remembered_key(one.description)
        say(f"(answers remembered for {key}: {words(one.answers)})")
    return one
