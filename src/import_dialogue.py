"""The talk before an import: what was understood, what is missing, who answers.

In a terminal a person is asked; a script is refused with the answer that would do. Answers are
remembered a workspace and instrument, and serve the next files of that instrument that need them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import DecisionNeeded

if TYPE_CHECKING:
    from .io import Answers, ImageDescription
    from .workspace import Image, Workspace

_MEMORY = "answers.json"


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

    say: Callable[[str], None]
    ask: Callable[[str], str] | None
    agrees: bool = False


def import_files(
    ws: Workspace,
    paths: Sequence[str],
    *,
    given: Answers,
    person: Person,
    name: str | None = None,
) -> list[Image]:
    """Show what every file holds, have the gaps filled, then import all of them.

    Parameters
    ----------
    ws : Workspace
    paths : sequence of str
        Files or folders.
    given : Answers
        From the command line; they serve every file.
    person : Person
    name : str, optional
        For a single file.

    Returns
    -------
    list of Image

    Raises
    ------
    DecisionNeeded
        Something is missing and nobody can be asked; nothing has been imported then.
    ReadError
        A file cannot be understood.
    """
    if name is not None and len(paths) != 1:
        raise ValueError(f"--name needs one file, got {len(paths)}: import them one by one")
    understood = [_understand(ws, path, given, person) for path in paths]
    refused = [why for d, _ in understood if (why := _refusal(d, person))]
    if refused:
        raise DecisionNeeded("\n".join([*refused, _WAYS]))
    if person.ask is not None and not person.agrees and not _agreed(person, len(paths)):
        raise DecisionNeeded("nothing is imported: you said no")
    return [
        ws.import_file(path, name=name, answers=answers, progress=person.ask is not None)
        for path, (_, answers) in zip(paths, understood, strict=True)
    ]


_WAYS = (
    "Give --voxel-um z,y,x (and --flip, --axes where asked for); --yes imports images without a "
    "voxel size as uncalibrated, which blocks physical results until `scalebridge calibrate`."
)


def _understand(
    ws: Workspace, path: str, given: Answers, person: Person
) -> tuple[ImageDescription, Answers]:
    from .io import describe, remembered_key, save_answers
    from .io.understanding import summary

    answers = given
    description = describe(path, answers=answers)
    if description.missing and (remembered := _remembered(ws, description)):
        answers = _merged(remembered, given)
        description = describe(path, answers=answers)
        person.say(f"(answers remembered for {remembered_key(description)})")
    person.say(summary(description))
    if description.missing and person.ask is not None and not person.agrees:
        answers = _asked(description, answers, person)
        description = describe(path, answers=answers)
    if answers.to_dict():
        save_answers(ws.path / _MEMORY, remembered_key(description), answers)
    return description, answers


def _remembered(ws: Workspace, description: ImageDescription) -> Answers | None:
    from .io import load_answers, remembered_key

    return load_answers(ws.path / _MEMORY).get(remembered_key(description))


def _merged(first: Answers, then: Answers) -> Answers:
    from .io import Answers

    return Answers.from_dict(first.to_dict() | then.to_dict())


def _asked(description: ImageDescription, answers: Answers, person: Person) -> Answers:
    assert person.ask is not None
    if "voxel size" in description.missing:
        axes = ",".join(description.spatial_axes)
        text = person.ask(f"voxel size {axes} in µm (nothing: import as uncalibrated)")
        if text.strip():
            answers = dataclasses.replace(answers, spacing_um=lengths(text))
    if "flip" in description.missing:
        offered = description.flip_offered or ""
        text = person.ask(f"axes to reverse (nothing: {offered!r}; 'none' keeps it mirrored)")
        chosen = {"": offered, "none": ""}.get(text.strip(), text.strip())
        answers = dataclasses.replace(answers, flip=chosen)
    return answers


def _refusal(description: ImageDescription, person: Person) -> str | None:
    """A missing voxel size may be agreed to, for it shows everywhere; a mirror image may not."""
    from .io.understanding import refusal

    without_voxel_size = person.agrees or person.ask is not None
    if without_voxel_size and set(description.missing) <= {"voxel size"}:
        return None
    return refusal(description)


def _agreed(person: Person, count: int) -> bool:
    assert person.ask is not None
    question = f"import {'this image' if count == 1 else f'these {count} images'}? [Y/n]"
    return person.ask(question).strip().lower() in ("", "y", "yes")


def lengths(text: str) -> tuple[float, ...]:
    """Read lengths as they are typed, separated by commas or spaces.

    Examples
    --------
    >>> lengths("0.5, 0.25 0.25")
    (0.5, 0.25, 0.25)
    """
    try:
        return tuple(float(part) for part in text.replace(",", " ").split())
    except ValueError:
        raise DecisionNeeded(f"lengths in µm look like 0.5,0.25,0.25, got {text!r}") from None
