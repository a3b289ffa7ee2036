"""One self-contained HTML page from executed notebooks and their workspace.

It opens from a file with the network blocked: one style sheet and one script of our own, both
inline; the content security policy names the script by its hash, so nothing else can run.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from .chapter import Chapter, read_chapter
from .figure import Figure
from .items import Check, Item, KeyNumber, Method
from .markup import Markup, joined, safe
from .origin import provenance
from .references import methods
from .summary import Truth, banner, key_numbers, strip

if TYPE_CHECKING:
    from ..workspace import Workspace

_PAGE = Markup(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{style}</style>
</head>
<body class="sb-page">
<header>
{header}
</header>
<main>
{body}
</main>
<footer>{footer}</footer>
{scripts}
</body>
</html>
"""
)


def render_report(
    notebooks: Sequence[Mapping[str, Any]],
    ws: Workspace | None = None,
    *,
    truth: Truth | None = None,
    title: str | None = None,
) -> str:
    """Render executed notebooks as one HTML page.

    Parameters
    ----------
    notebooks : sequence of notebook
        Executed templates, in the order in which they are told. Only their items are read.
    ws : Workspace, optional
        Gives the specimen's name, inputs and records; open it with ``as_of=`` for a replay.
    truth : mapping, optional
        ``{key: {"value": float, "unit": str}}``; stands beside the key numbers.
    title : str, optional
        Name of the specimen; the workspace's by default.

    Returns
    -------
    str
        HTML. The same notebooks and state give the same bytes.

    Raises
    ------
    ValueError
        No notebook is given, or a truth has another unit than its key number.
    """
    if not notebooks:
        raise ValueError("a report needs at least one executed notebook, got none")
    chapters = [read_chapter(notebook) for notebook in notebooks]
    name = title or (ws.name if ws is not None else "") or _workspace_of(chapters)
    parts = (
        key_numbers(chapters, truth=truth),
        joined(_section(number, chapter) for number, chapter in _told(chapters)),
        methods(chapters),
        _checks(chapters),
        provenance(chapters, ws),
    )
    scripts = [_own("page.js")]
    style = _own("items.css") + _own("page.css")
    figures = [figure for chapter in chapters for figure in chapter.of_kind(Figure)]
    if any(figure.offline and not figure.is_scene for figure in figures):
        scripts.append(_widget("report.js"))
        style += _widget("panel.css")
    return str(
        _PAGE.format(
            policy=_policy([*scripts, *_framed(figures)]),
            title=safe(_page_title(chapters, name)),
            style=Markup(style),
            header=_header(chapters, ws, name),
            body=joined(parts, by="\n"),
            footer=Markup("Made by Scalebridge {}. The page loads nothing from elsewhere.").format(
                _version(chapters)
            ),
            scripts=joined(Markup("<script>{}</script>").format(Markup(one)) for one in scripts),
        )
    )


@cache
def _own(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


@cache
def _widget(name: str) -> str:
    """A file that the widgets bring for a browser."""
    from .. import widgets

    return (files(widgets.__name__) / "static" / name).read_text(encoding="utf-8")


def _framed(figures: Sequence[Figure]) -> tuple[str, ...]:
    """Scripts that run in frames of the page: a frame is under the page's policy too."""
    if not any(figure.is_scene for figure in figures):
        return ()
    from ..widgets.scene_page import scene_scripts

    return scene_scripts()


def _policy(scripts: Sequence[str]) -> str:
    hashes = (hashlib.sha256(script.encode("utf-8")).digest() for script in scripts)
    allowed = " ".join(f"'sha256-{base64.b64encode(one).decode('ascii')}'" for one in hashes)
    return (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src {allowed}; base-uri 'none'; form-action 'none'"
    )


def _page_title(chapters: Sequence[Chapter], name: str) -> str:
    stopped = [chapter.failure for chapter in chapters if chapter.failure]
    if any(failure.status == "failed" for failure in stopped):
        return f"FAILED: {name}"
    return f"DECISION NEEDED: {name}" if stopped else name


def _header(chapters: Sequence[Chapter], ws: Workspace | None, name: str) -> Markup:
    ended = max((str(chapter.run.get("ended", "")) for chapter in chapters), default="")
    facts = {
        "Date": ended.replace("T", " ").replace("+00:00", " UTC"),
        "By": ws.who if ws is not None else "",
        "Scalebridge": _version(chapters),
        "Records up to": str(ws.state) + (" (replayed)" * ws.read_only) if ws is not None else "",
    }
    told = joined(
        Markup("<span>{} <b>{}</b></span>").format(label, safe(fact))
        for label, fact in facts.items()
        if fact
    )
    return Markup(
        '<p class="over">Scalebridge report</p><h1>{}</h1><p class="facts">{}</p>{}{}{}'
    ).format(safe(name), told, banner(chapters), strip(chapters), _contents(chapters))


def _contents(chapters: Sequence[Chapter]) -> Markup:
    places = [("numbers", "Key numbers")] if any(c.key_numbers for c in chapters) else []
    places += [(f"part-{i}", c.title) for i, c in _told(chapters)]
    places += [("methods", "Methods")] if any(c.of_kind(Method) for c in chapters) else []
    places += [("checks", "Checks")] if any(c.checks for c in chapters) else []
    places += [("provenance", "Provenance")]
    links = joined(Markup('<a href="#{}">{}</a>').format(key, safe(text)) for key, text in places)
    return Markup("<nav>{}</nav>").format(links)


def _told(chapters: Sequence[Chapter]) -> list[tuple[int, Chapter]]:
    return [(i, chapter) for i, chapter in enumerate(chapters, start=1) if _story(chapter)]


def _story(chapter: Chapter) -> list[Item]:
    """Return what is told in order; numbers, methods and checks have places of their own."""
    return [item for item in chapter.items if not isinstance(item, KeyNumber | Method | Check)]


def _section(number: int, chapter: Chapter) -> Markup:
    stopped = (
        Markup('<p class="note">This template stopped half-way; what follows is incomplete.</p>')
        if chapter.failure
        else Markup("")
    )
    return Markup('<section class="chapter" id="part-{}"><h2>{}</h2>{}{}</section>').format(
        number, safe(chapter.title), stopped, joined(item.html() for item in _story(chapter))
    )


def _checks(chapters: Sequence[Chapter]) -> Markup:
    parts = joined(
        Markup("<h3>{}</h3>{}").format(
            safe(chapter.title), joined(check.html() for check in chapter.checks)
        )
        for chapter in chapters
        if chapter.checks
    )
    return Markup('<section id="checks"><h2>Checks</h2>{}</section>').format(
        parts or Markup('<p class="note">No template made a check.</p>')
    )


def _workspace_of(chapters: Sequence[Chapter]) -> str:
    return next((str(c.run["workspace"]) for c in chapters if c.run.get("workspace")), "Report")


def _version(chapters: Sequence[Chapter]) -> str:
    from .. import __version__

    found = {str(c.run.get("versions", {}).get("scalebridge", "")) for c in chapters} - {""}
    return ", ".join(sorted(found)) or __version__
