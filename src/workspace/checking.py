"""What is checked before a record is written."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from .canonical import is_unicode
from .field_types import Position
from .lookup import Lookup
from .naming import plain_name
from .positions import Order, position_by_name
from .rows import EDIT_ID_LENGTH
from .schema import KINDS

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_EDIT_ID = re.compile(rf"[ -~]{{1,{EDIT_ID_LENGTH}}}")


def checked_fields(
    kind: str, fields: dict[str, Any], *, order: Order | None = None
) -> dict[str, Any]:
    """Check fields against the schema of their kind.

    Parameters
    ----------
    kind : str
    fields : dict
    order : {"zyx", "xyz"}, optional
        Needed when a position is an array.

    Returns
    -------
    dict
        Plain JSON types, defaults filled in; names of other records are written as names are.

    Raises
    ------
    ValueError
        In words, one line a field.
    """
    schema = KINDS[kind]
    given = dict(fields)
    for field, info in schema.model_fields.items():
        if given.get(field) is not None and Position in _types(info.annotation):
            given[field] = _position(kind, field, given[field], order)
    try:
        model = schema.model_validate(given)
    except ValidationError as error:
        raise ValueError(_in_words(kind, error)) from None
    body = model.model_dump(mode="json")
    mentioned = {field: body[field] for field in schema.references if body[field] is not None}
    return body | {field: plain_name(name) for field, name in mentioned.items()}


def checked_id(identity: str | None) -> str:
    """Make an id, or refuse one that could not name a file."""
    if identity is None:
        return uuid.uuid4().hex
    if not isinstance(identity, str) or not _ID.fullmatch(identity):
        raise ValueError(f"id needs 1 to 64 letters, digits, - or _, got {identity!r}")
    return identity


def checked_edit_id(edit_id: str | None) -> str | None:
    """Refuse an id of an edit that one database keeps and another one cuts; None stays None."""
    if edit_id is not None and not (isinstance(edit_id, str) and _EDIT_ID.fullmatch(edit_id)):
        raise ValueError(
            f"edit_id needs 1 to {EDIT_ID_LENGTH} letters, digits and signs of ASCII, "
            f"got {edit_id!r:.150}"
        )
    return edit_id


def checked_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Sort tags; refuse what is no text."""
    given = [tags] if isinstance(tags, str) else list(tags)
    for tag in given:
        if not isinstance(tag, str) or not is_unicode(tag):
            raise ValueError(f"a tag needs text, got {tag!r}")
    return tuple(sorted(set(given)))


def refuse_taken_name(
    collection: Lookup, name: str | None, body: dict[str, Any], identity: str
) -> None:
    """Refuse a name that another standing record of the same scope has."""
    if name is None:
        return
    scope = collection.schema.scope
    for other in collection.named(name):
        same_scope = all(other.fields[field] == body[field] for field in scope)
        if other.id != identity and not other.removed and same_scope:
            raise ValueError(
                f"{collection.kind} already has {name!r}, by {other.who}: choose another name, "
                "edit that one, or remove it first"
            )


def free_landmark_name(landmarks: Lookup, body: dict[str, Any]) -> str:
    """Find the next free number for a pair of frames: ``L1``, ``L2``, ..."""
    frames = (body["moving_frame"], body["fixed_frame"])
    taken = {
        record.name
        for record in landmarks.all()
        if (record.fields["moving_frame"], record.fields["fixed_frame"]) == frames
    }
    number = len(taken) + 1
    while f"L{number}" in taken:
        number += 1
    return f"L{number}"


def _types(annotation: Any) -> tuple[Any, ...]:
    return (annotation, *getattr(annotation, "__args__", ()))


def _position(kind: str, field: str, value: Any, order: Order | None) -> dict[str, float]:
    point = value.model_dump() if isinstance(value, Position) else value
    try:
        return position_by_name(point, order=order)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{kind}.{field}: {error}") from None


def _in_words(kind: str, error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_url=False):
        where = ".".join(str(part) for part in problem["loc"]) or "fields"
        if problem["type"] == "extra_forbidden":
            known = ", ".join(KINDS[kind].model_fields)
            lines.append(f"{kind} has no field {where!r}: it has {known}")
        elif problem["type"] == "missing":
            lines.append(f"{kind} needs {where}=, got none")
        elif problem["type"] == "value_error" and not problem["loc"]:  # of the whole record
            lines.append(f"{kind}.{problem['ctx']['error']}")
        else:
            lines.append(f"{kind}.{where}: {problem['msg']}, got {problem['input']!r}")
    return "; ".join(lines)
