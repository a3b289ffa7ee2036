"""The top of a report: what failed, what passed, and the key numbers beside their truth."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..quantities import format_value
from .chapter import Chapter
from .key_number import KeyNumber
from .markup import Markup, joined, safe
from .prose import VERDICTS, Check
from .whisker import whisker

Truth = Mapping[str, Mapping[str, Any]]
#: What a run that stopped had written, by the keys of its record.
_AFTERWARDS = {
    "taken_back": "Written by it and taken back",
    "kept": "Written by it and kept, because somebody else has changed it or builds on it",
}


def banner(chapters: Sequence[Chapter]) -> Markup:
    """Say in words what stopped a run; empty where nothing did."""
    return joined(_stopped(chapter) for chapter in chapters if chapter.failure)


def _stopped(chapter: Chapter) -> Markup:
    failure = chapter.failure
    assert failure is not None
    undecided = failure.status == "undecided"
    where = f"{chapter.name}, cell {failure.cell}" if failure.cell else chapter.name
    source = (
        Markup("<details><summary>The cell</summary><pre>{}</pre></details>").format(
            safe(failure.source)
        )
        if failure.source
        else ""
    )
    return Markup(
        '<section class="banner {}" role="alert"><h2>{}</h2><p class="where">{}</p>'
        '<p class="error"><b>{}</b>: {}</p>{}{}</section>'
    ).format(
        "undecided" if undecided else "failed",
        "DECISION NEEDED" if undecided else "FAILED",
        safe(where),
        safe(failure.name),
        safe(failure.message),
        _kept(chapter),
        source,
    )


def _kept(chapter: Chapter) -> Markup:
    told = "No measurement of this template is recorded, and its numbers are left out below."
    parts = [Markup("<p>{}</p>").format(told)]
    for key, words in _AFTERWARDS.items():
        if lines := chapter.run.get(key):
            rows = joined(Markup("<li>{}</li>").format(safe(line)) for line in lines)
            parts.append(
                Markup("<details{}><summary>{} ({})</summary><ul>{}</ul></details>").format(
                    Markup(" open") if key == "kept" else "", words, len(lines), rows
                )
            )
    return joined(parts)


def strip(chapters: Sequence[Chapter]) -> Markup:
    """Count the checks, and name those that did not pass."""
    checks = [check for chapter in chapters for check in chapter.checks]
    counts = {verdict: sum(c.passed is verdict for c in checks) for verdict in VERDICTS}
    words = {True: "passed", None: _plural(counts[None], "warning"), False: "failed"}
    cells = joined(
        Markup('<a class="{}" href="#checks"><b>{}</b> {}</a>').format(
            "quiet" if count == 0 else VERDICTS[verdict][0], count, words[verdict]
        )
        for verdict, count in counts.items()
    )
    return Markup('<div class="strip"><span>Checks</span>{}</div>{}').format(
        cells, _open_checks(checks)
    )


def _open_checks(checks: Sequence[Check]) -> Markup:
    open_checks = sorted((c for c in checks if not c.passed), key=lambda c: c.passed is None)
    return joined(check.html() for check in open_checks)


def key_numbers(chapters: Sequence[Chapter], *, truth: Truth | None = None) -> Markup:
    """Return the key numbers; where a key comes twice, the later one stands.

    Parameters
    ----------
    chapters : sequence of Chapter
    truth : mapping, optional
        ``{key: {"value": float, "unit": str}}``.

    Raises
    ------
    ValueError
        A truth has another unit than its key number.
    """
    numbers = {n.key: n for chapter in chapters for n in chapter.key_numbers}
    if not numbers:
        return Markup("")
    known = {key: _known(number, truth or {}) for key, number in numbers.items()}
    compared = any(value is not None for value in known.values())
    digits = min(6, max(_whole_digits(number.written) for number in numbers.values()))
    rows = joined(_row(number, known[key], compared, digits) for key, number in numbers.items())
    head = Markup("<th>Truth</th><th></th>") if compared else Markup("")
    return Markup(
        '<section id="numbers"><h2>Key numbers</h2><table class="numbers"><thead><tr>'
        "<th>Quantity</th><th>Value</th><th>95 % interval</th>{}</tr></thead>"
        "<tbody>{}</tbody></table>{}</section>"
    ).format(head, rows, _coverage(numbers, known) if compared else "")


def _known(number: KeyNumber, truth: Truth) -> float | None:
    if number.key not in truth:
        return None
    entry = truth[number.key]
    if entry["unit"] != number.unit:
        raise ValueError(
            f"the truth of {number.key!r} needs the unit of its key number, {number.unit!r}, "
            f"got {entry['unit']!r}: convert it"
        )
    return float(entry["value"])


def _row(number: KeyNumber, truth: float | None, compared: bool, digits: int) -> Markup:
    row = Markup("<td>{}</td><td>{}</td><td>{}</td>").format(
        safe(number.label),
        _aligned(number.written, digits),
        whisker(number, truth=truth),
    )
    note = Markup('<tr class="about"><td colspan="{}">{}</td></tr>').format(
        5 if compared else 3, safe(number.note)
    )
    return Markup("<tr>{}{}</tr>{}").format(
        row, _beside(number, truth, digits) if compared else "", note if number.note else ""
    )


def _whole_digits(written: str) -> int:
    """Count the characters before the decimal point; 0 for words."""
    match = re.match(r"[-+]?\d+", written)
    return len(match[0]) if match else 0


def _aligned(written: str, digits: int) -> Markup:
    """Indent a number so that the decimal points of a column stand below each other."""
    whole = _whole_digits(written)
    indent = max(0, digits - whole) if whole else 0
    return Markup('<span class="value" style="padding-left:{}ch">{}</span>').format(
        indent, safe(written)
    )


def _beside(number: KeyNumber, truth: float | None, digits: int) -> Markup:
    if truth is None:
        return Markup("<td></td><td></td>")
    half_width = (number.bounds[1] - number.bounds[0]) / 2 if number.bounds else None
    written = format_value(truth, half_width, number.unit)
    if half_width:
        written = written.split(" ± ")[0] + (f" {number.unit}" if number.unit != "1" else "")
    word, kind = {
        True: ("inside", "inside"),
        False: ("✕ outside", "outside"),
        None: ("no interval", "quiet"),
    }[number.covers(truth)]
    return Markup('<td>{}</td><td class="{}">{}</td>').format(_aligned(written, digits), kind, word)


def _coverage(numbers: Mapping[str, KeyNumber], known: Mapping[str, float | None]) -> Markup:
    verdicts = [numbers[k].covers(v) for k, v in known.items() if v is not None]
    judged = [verdict for verdict in verdicts if verdict is not None]
    return Markup(
        '<p class="legend">Dot and bar: value and 95 % interval, each on a scale of its own; '
        "blue stroke: truth. The interval holds the truth for {} of {} numbers; about one 95 % "
        "interval in twenty misses it.</p>"
    ).format(sum(judged), len(judged))


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"
