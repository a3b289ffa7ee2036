"""What the doctor found: damage, or what is left over of something that did not end well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

DAMAGED: Final = "damaged"
LEFT_OVER: Final = "left over"
NOTE: Final = "note"
WARNING: Final = "warning"
Kind = Literal["damaged", "left over", "note", "warning"]
Part = Literal["records", "images", "runs"]


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be.

    Attributes
    ----------
    part : {"records", "images", "runs"}
    about : str
        The image, record or file.
    kind : {"damaged", "left over", "note", "warning"}
        Something is lost or wrong; something lies about; only worth knowing; or could be lost yet.
    words : str
    advice : str
        What to do about it.
    mend : callable or None
        Repairs it, and says what was done.
    """

    part: Part
    about: str
    kind: Kind
    words: str
    advice: str = ""
    mend: Callable[[], str] | None = None


def some(count: int, word: str) -> str:
    """Count things in words.

    Examples
    --------
    >>> some(1, "image"), some(1200, "file")
    ('1 image', '1,200 files')
    """
    return f"{count:,} {word}" + "s" * (count != 1)
