"""What a person is asked before an import; what cannot be understood is asked again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import DecisionNeeded, ReadError

if TYPE_CHECKING:
    from ..io import Answers, ImageDescription

Ask = Callable[[str], str]
Say = Callable[[str], None]
Given = TypeVar("Given")

_NAMES = {
    "voxel": "spacing_um",
    "axes": "axes",
    "flip": "flip",
    "handedness": "handedness",
    "tilt": "tilt_correction",
    "modality": "modality",
    "unit": "unit",
}
_CORRECT = (
    "what is it? voxel=0.5,0.25,0.25  axes=zyx  flip=y  handedness=left  tilt=52  modality=SEM  "
    "unit=nm (nothing: done)"
)


def ask_missing(description: ImageDescription, answers: Answers, *, ask: Ask, say: Say) -> Answers:
    """Ask for what a file does not say."""
    if "voxel size" in description.missing:
        question = _voxel_question(description)
        spacing = _insist(question, lambda text: _spacing(text, description), ask=ask, say=say)
        if spacing is not None:
            answers = dataclasses.replace(answers, spacing_um=spacing)
    if "flip" in description.missing:
        offered = description.flip_offered or ""
        question = (
            f"the image is mirrored; axes to reverse (nothing: {offered}, which takes it back; "
            "none: keep it mirrored)"
        )
        flip = _insist(question, lambda text: _flip(text, offered, description), ask=ask, say=say)
        answers = dataclasses.replace(answers, flip=flip)
    return answers


def ask_correction(answers: Answers, *, ask: Ask, say: Say) -> Answers | None:
    """Ask for one correction of what was understood; None when there is none left."""
    return _insist(_CORRECT, lambda text: _corrected(answers, text), ask=ask, say=say)


def ask_agreement(count: int, *, ask: Ask, say: Say) -> str:
    """Ask whether to import: ``"yes"``, ``"no"`` or ``"correct"``."""
    what = "this image" if count == 1 else f"these {count} images"
    question = f"import {what}? [Y/n, c: correct something]"
    return _insist(question, _agreement, ask=ask, say=say)


def lengths(text: str) -> tuple[float | None, ...]:
    """Read lengths as they are typed, separated by commas or spaces; ``-`` leaves one open.

    Examples
    --------
    >>> lengths("0.5, 0.25 0.25"), lengths("20,-,- nm")
    ((0.5, 0.25, 0.25), (0.02, None, None))
    """
    from ..io.lengths import micrometres_in

    parts = text.replace(",", " ").split()
    scale = micrometres_in(parts[-1]) if parts else None
    try:
        found = [None if part == "-" else float(part) for part in (parts[:-1] if scale else parts)]
    except ValueError:
        raise DecisionNeeded(f"lengths in µm look like 0.5,0.25,0.25, got {text!r}") from None
    if not found:
        raise DecisionNeeded(f"lengths in µm look like 0.5,0.25,0.25, got {text!r}")
    return tuple(None if value is None else round(value * (scale or 1.0), 12) for value in found)


def _insist(question: str, read: Callable[[str], Given], *, ask: Ask, say: Say) -> Given:
    """Ask until the answer can be read."""
    while True:
        try:
            return read(ask(question).strip())
        except (ValueError, DecisionNeeded, ReadError) as error:
            say(f"  {error}")


def _voxel_question(description: ImageDescription) -> str:
    axes = ",".join(description.spatial_axes)
    pairs = zip(description.spatial_axes, description.partial_spacing_um, strict=False)
    known = ", ".join(f"{axis} {value:.6g}" for axis, value in pairs if value is not None)
    kept = f"known: {known}, - keeps it; " if known else ""
    return f"voxel size {axes} in µm ({kept}nothing: import as uncalibrated)"


def _spacing(text: str, description: ImageDescription) -> tuple[float | None, ...] | None:
    from ..io import Answers

    if not text:
        return None
    values = lengths(text)
    partial = description.partial_spacing_um or (None,) * description.ndim
    open_axes = [i for i, value in enumerate(partial) if value is None]
    if len(values) == 1 < description.ndim:  # for all that are missing
        values = tuple(values[0] if i in open_axes else None for i in range(description.ndim))
    still = [
        description.spatial_axes[i] for i in open_axes if i >= len(values) or values[i] is None
    ]
    if len(values) != description.ndim or still:
        axes = ",".join(description.spatial_axes)
        raise ValueError(f"expected a length for each of {axes}, got {text!r}")
    return Answers(spacing_um=values).spacing_um


def _flip(text: str, offered: str, description: ImageDescription) -> str:
    from ..io import Answers

    flip = {"": offered, "none": ""}.get(text.lower(), text.lower())
    if set(flip) - set(description.spatial_axes):
        raise ValueError(f"expected letters of {description.spatial_axes!r} or none, got {text!r}")
    return str(Answers(flip=flip).flip)


def _agreement(text: str) -> str:
    choices = {"": "yes", "y": "yes", "yes": "yes", "n": "no", "no": "no"}
    choices |= {"c": "correct", "correct": "correct"}
    if text.lower() not in choices:
        raise ValueError(f"expected y, n or c, got {text!r}")
    return choices[text.lower()]


def _corrected(answers: Answers, text: str) -> Answers | None:
    if not text:
        return None
    name, equals, value = (part.strip() for part in text.partition("="))
    if not equals or name not in _NAMES:
        raise ValueError(f"expected one of {', '.join(_NAMES)} with = and a value, got {text!r}")
    return dataclasses.replace(answers, **{_NAMES[name]: _value(name, value)})


def _value(name: str, text: str) -> Any:
    if name == "voxel":
        return lengths(text)
    if name == "tilt":
        return float(text)
    return "" if text.lower() == "none" and name == "flip" else text
