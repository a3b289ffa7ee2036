"""Transforms as they stand in records, read back only when they can be maps of a specimen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..errors import Degenerate, UnusableRecord
from .places import refuse_one_frame
from .record import Record
from .staleness import stale_words

if TYPE_CHECKING:
    from ..analysis.registration import Edge
    from ..analysis.registration.sound import Map


def read_transform(fields: dict[str, Any]) -> Map:
    """Read the map of a transform record.

    Parameters
    ----------
    fields : dict
        ``from_frame``, ``to_frame`` and ``transform``, as ``AffineTransform.to_dict`` writes it.

    Raises
    ------
    ValueError
        In words: it cannot be read, flattens or mirrors, has a covariance that is none, or maps a
        frame to itself.
    """
    from ..analysis.registration import refuse_unsound, transform_from_dict

    refuse_one_frame(fields["from_frame"], fields["to_frame"])
    try:
        transform = transform_from_dict(fields["transform"])
        refuse_unsound(transform)
    except (Degenerate, ValueError) as error:
        raise ValueError(f"transforms.transform: {error}") from None
    except (TypeError, KeyError, AttributeError, ArithmeticError) as error:
        raise ValueError(
            "transforms.transform needs what transform.to_dict() gives, got "
            f"{_short(fields['transform'])} ({type(error).__name__}: {error})"
        ) from None
    return transform


def read_edges(accepted: Sequence[Record], landmarks: Sequence[Record] | None = None) -> list[Edge]:
    """Read accepted transforms as edges between frames, with a note where they are stale.

    Parameters
    ----------
    accepted : sequence of Record
    landmarks : sequence of Record, optional
        As they stand now; without them nothing is stale.

    Raises
    ------
    UnusableRecord
        Naming every record that cannot be used, its frames, and how to leave it out.
    """
    from ..analysis.registration import Edge

    edges, problems = [], {}
    for record in accepted:
        fields, name = record.fields, record.name or record.id
        try:
            transform = read_transform(fields)
            stale = None if landmarks is None else stale_words(record, landmarks)
            notes = () if stale is None else (stale,)
            edges.append(Edge(name, fields["from_frame"], fields["to_frame"], transform, notes))
        except ValueError as error:
            problems[name] = _problem(record, name, error)
    if problems:
        raise UnusableRecord("; ".join(problems.values()), names=tuple(problems))
    return edges


def _problem(record: Record, name: str, error: ValueError) -> str:
    fields = record.fields
    return (
        f"the accepted transform {name!r} from {fields['from_frame']!r} to "
        f"{fields['to_frame']!r}, written by {record.who} on {record.when:%Y-%m-%d} with "
        f"{record.software}, cannot be used: {error}. It stands as it is: leave it out with "
        f"ws.transforms.edit({name!r}, version={record.version}, status='refused'), or "
        f"ws.transforms.remove({name!r}), and register again"
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
