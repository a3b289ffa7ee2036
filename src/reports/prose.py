"""Items made of words: paragraphs, findings, methods with their sources, checks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Literal

from .item import Item, required
from .markup import Markup, joined, paragraphs, safe

LEVELS = {"information": "Note", "look": "Look here", "refused": "Refused"}
VERDICTS = {True: ("passed", "✓"), None: ("warning", "!"), False: ("failed", "✕")}
_DOI = re.compile(r"10\.\d{4,9}/[!-~]+")


@dataclass(frozen=True)
class Text(Item):
    """Plain paragraphs, parted by empty lines, under an optional heading."""

    text: str
    _: KW_ONLY
    heading: str = ""
    kind: ClassVar[str] = "text"

    def content(self) -> dict[str, Any]:
        """Return what it says as plain JSON types."""
        return {"text": self.text, "heading": self.heading}

    def html(self) -> Markup:
        """Return its fragment for notebook and report."""
        heading = Markup("<h3>{}</h3>").format(safe(self.heading)) if self.heading else ""
        return joined([heading, paragraphs(self.text)])

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Finding(Item):
    """A sentence that the reader must not miss.

    Parameters
    ----------
    text : str
        The sentence.
    level : {"information", "look", "refused"}
        Blue, amber or vermilion; a word stands beside the colour.
    """

    text: str
    _: KW_ONLY
    level: Literal["information", "look", "refused"] = "information"
    kind: ClassVar[str] = "finding"

    def __post_init__(self) -> None:
        required(self.text, "text")
        if self.level not in LEVELS:
            raise ValueError(f"level needs one of {', '.join(LEVELS)}, got {self.level!r}")

    def content(self) -> dict[str, Any]:
        """Return what it says as plain JSON types."""
        return {"text": self.text, "level": self.level}

    def html(self) -> Markup:
        """Return its fragment for notebook and report."""
        return Markup('<div class="sb-finding sb-{}"><b>{}</b> {}</div>').format(
            self.level, LEVELS[self.level], safe(self.text)
        )

    def __str__(self) -> str:
        return f"{LEVELS[self.level]}: {self.text}"


@dataclass(frozen=True)
class Citation:
    """A published source: how people call it, and its DOI.

    Examples
    --------
    >>> Citation("Fitzpatrick, West & Maurer 1998", "10.1109/42.736021").doi
    '10.1109/42.736021'
    """

    text: str
    doi: str

    def __post_init__(self) -> None:
        required(self.text, "text")
        if not _DOI.fullmatch(self.doi):
            raise ValueError(f"a DOI looks like 10.1109/42.736021, got {self.doi!r}")

    def html(self) -> Markup:
        """Return the citation with its DOI as a link that nothing follows by itself."""
        return Markup('{}, <a href="https://doi.org/{}" rel="noreferrer">doi:{}</a>').format(
            safe(self.text), safe(self.doi), safe(self.doi)
        )


@dataclass(frozen=True)
class Method(Item):
    """How something was done, as it would stand in the methods section of a paper.

    Parameters
    ----------
    text : str
        Paragraphs, parted by empty lines.
    citations : sequence of Citation or (text, doi)
        Published sources of the method.
    """

    text: str
    citations: Sequence[Citation | tuple[str, str]] = ()
    kind: ClassVar[str] = "method"

    def __post_init__(self) -> None:
        required(self.text, "text")
        sources = tuple(c if isinstance(c, Citation) else Citation(*c) for c in self.citations)
        object.__setattr__(self, "citations", sources)

    @property
    def sources(self) -> tuple[Citation, ...]:
        """The citations."""
        return tuple(c for c in self.citations if isinstance(c, Citation))

    def content(self) -> dict[str, Any]:
        """Return what it says as plain JSON types."""
        sources = [{"text": source.text, "doi": source.doi} for source in self.sources]
        return {"text": self.text, "citations": sources}

    def html(self) -> Markup:
        """Return its fragment for notebook and report."""
        entries = joined(Markup("<li>{}</li>").format(source.html()) for source in self.sources)
        sources = Markup('<ul class="sb-sources">{}</ul>').format(entries) if entries else ""
        return Markup('<div class="sb-method">{}{}</div>').format(paragraphs(self.text), sources)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Check(Item):
    """A test that a result had to pass.

    Parameters
    ----------
    name : str
        What was tested, e.g. ``"phases sum to 1"``.
    passed : bool or None
        None where it could not be judged, or needs a look: a warning.
    detail : str, optional
        The numbers behind the verdict.
    """

    name: str
    passed: bool | None
    detail: str = ""
    kind: ClassVar[str] = "check"

    def __post_init__(self) -> None:
        required(self.name, "name")
        if self.passed is not None:
            object.__setattr__(self, "passed", bool(self.passed))

    @classmethod
    def of(cls, check: Any) -> Check:
        """Make the item of a check that an analysis function returned."""
        return cls(check.name, check.passed, check.detail)

    def content(self) -> dict[str, Any]:
        """Return what it says as plain JSON types."""
        return {"name": self.name, "passed": self.passed, "detail": self.detail}

    def html(self) -> Markup:
        """Return its fragment for notebook and report."""
        word, sign = VERDICTS[self.passed]
        return Markup(
            '<div class="sb-check sb-{}"><span class="sb-sign" title="{}">{}</span> '
            '<span><b>{}</b> <span class="sb-note">{}</span></span></div>'
        ).format(word, word, sign, safe(self.name), safe(self.detail))

    def __str__(self) -> str:
        return f"{VERDICTS[self.passed][0]}: {self.name}" + (
            f" ({self.detail})" * bool(self.detail)
        )
