"""Methods in words, with numbered references behind them."""

from __future__ import annotations

from collections.abc import Sequence

from .chapter import Chapter
from .markup import Markup, joined, paragraphs, safe
from .prose import Citation, Method


def methods(chapters: Sequence[Chapter]) -> Markup:
    """Return the methods of all chapters and the list of what they cite.

    A text that several chapters give stands once; equal DOIs share a number.
    """
    written = [(c, _without_repeats(c.of_kind(Method))) for c in chapters]
    written = [(chapter, texts) for chapter, texts in written if texts]
    if not written:
        return Markup("")
    numbers = _numbers([text for _, texts in written for text in texts])
    body = joined(
        Markup("<h3>{}</h3>{}").format(
            safe(chapter.title), joined(_method(text, numbers) for text in texts)
        )
        for chapter, texts in written
    )
    return Markup('<section id="methods"><h2>Methods</h2>{}{}</section>').format(
        body, _list(numbers)
    )


def _without_repeats(texts: Sequence[Method]) -> list[Method]:
    return list({text.text: text for text in texts}.values())


def _numbers(texts: Sequence[Method]) -> dict[Citation, int]:
    numbers: dict[str, int] = {}
    found: dict[Citation, int] = {}
    for source in (source for text in texts for source in text.sources):
        doi = source.doi.lower()
        if doi not in numbers:
            numbers[doi] = len(numbers) + 1
            found[source] = numbers[doi]
    return found


def _method(method: Method, numbers: dict[Citation, int]) -> Markup:
    by_doi = {source.doi.lower(): number for source, number in numbers.items()}
    cited = sorted({by_doi[source.doi.lower()] for source in method.sources})
    links = joined((Markup('<a href="#ref-{0}">{0}</a>').format(n) for n in cited), by=", ")
    marks = Markup(' <span class="cited">[{}]</span>').format(links) if cited else Markup("")
    text = paragraphs(method.text)
    return Markup(text[: -len("</p>")]) + marks + Markup("</p>")


def _list(numbers: dict[Citation, int]) -> Markup:
    if not numbers:
        return Markup("")
    entries = joined(
        Markup('<li id="ref-{}">{}</li>').format(number, source.html())
        for source, number in numbers.items()
    )
    return Markup('<h3>References</h3><ol class="references">{}</ol>').format(entries)
