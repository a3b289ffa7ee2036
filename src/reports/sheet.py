"""One sheet to stand beside the instrument: pictures, numbers and warnings of a planned cut."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..plots import offset_overlay, target_views
from .figure import Figure
from .item import Item
from .key_number import KeyNumber
from .markup import Markup, joined, safe
from .page import _PAGE, _own, _policy
from .pdf import write_pdf
from .prose import Check, Finding
from .table import Table

if TYPE_CHECKING:
    from ..guides.reaching import Reach
    from ..guides.targeting import CutPlan

_NEEDS_A_LOOK = (
    "stated by hand",
    "too few to say",
    "DOES NOT CLOSE",
    "offsets count",
    "no offsets",
)


def render_sheet(
    plan: CutPlan,
    *,
    title: str | None = None,
    pictures: Mapping[str, Mapping[str, Any]] | None = None,
    reach: Reach | None = None,
) -> str:
    """Render a planned cut as one HTML page.

    Parameters
    ----------
    plan : CutPlan
    title : str, optional
        The target and the frame by default.
    pictures : mapping of str to mapping, optional
        By the name of a view, what `scalebridge.plots.offset_overlay` needs to draw the picture
        that the operator sees: ``image``, ``spacing_um``, ``origin_um``.
    reach : Reach, optional
        From `scalebridge.guides.reach_target`: the way to the target.

    Returns
    -------
    str
        HTML that loads nothing from elsewhere. What is not known is said in words.
    """
    name = title or f"{plan.plan.name} in {plan.cut.frame}"
    parts = [
        _part("Warnings", _warnings(plan)),
        _part("Where", _where(plan)),
        _part("From the fiducials", _fiducials(plan, pictures or {})),
        _part("How sure", _sure(plan)),
        _part("The way there", [] if reach is None else _way(reach)),
        _part("Checks", [Check.of(check) for check in plan.checks]),
    ]
    from .. import __version__

    return str(
        _PAGE.format(
            policy=_policy([]).replace("script-src ;", "script-src 'none';"),
            title=safe(name),
            style=Markup(_own("items.css") + _own("page.css")),
            header=Markup('<p class="over">Scalebridge target sheet</p><h1>{}</h1>').format(
                safe(name)
            ),
            body=joined(parts, by="\n"),
            footer=Markup("Made by Scalebridge {}.").format(__version__),
            scripts="",
        )
    )


def write_sheet(
    plan: CutPlan,
    path: str | os.PathLike[str],
    *,
    title: str | None = None,
    pictures: Mapping[str, Mapping[str, Any]] | None = None,
    reach: Reach | None = None,
) -> Path:
    """Write the sheet as ``.html`` or ``.pdf``.

    Raises
    ------
    ValueError
        For another ending.
    ScalebridgeError
        A PDF needs an installed Chromium.
    """
    file = Path(path)
    if file.suffix not in (".html", ".pdf"):
        raise ValueError(f"a sheet is written as .html or .pdf, got {file.name}")
    page = render_sheet(plan, title=title, pictures=pictures, reach=reach)
    if file.suffix == ".html":
        file.write_text(page, encoding="utf-8", newline="\n")
        return file
    with tempfile.TemporaryDirectory(prefix="scalebridge-sheet-") as folder:
        html = Path(folder) / "sheet.html"
        html.write_text(page, encoding="utf-8", newline="\n")
        write_pdf(html, file)
    return file


def _part(title: str, items: list[Item]) -> Markup:
    if not items:
        return Markup("")
    return Markup("<section><h2>{}</h2>{}</section>").format(
        title, joined(item.html() for item in items)
    )


def _warnings(plan: CutPlan) -> list[Item]:
    failed = [
        Finding(f"{check.name}: {check.detail}", level="refused")
        for check in plan.checks
        if check.passed is False
    ]
    held = plan.contained
    if held is not None and held.probability < plan.plan.probability - 5 * held.standard_error:
        wanted = f"{held.statement}; wanted: {plan.plan.probability:g}"
        failed.append(Finding(wanted, level="look"))
    return [*failed, *(Finding(note, level=_level(note)) for note in plan.notes)]


def _level(note: str) -> Any:
    return "look" if any(words in note for words in _NEEDS_A_LOOK) else "information"


def _where(plan: CutPlan) -> list[Item]:
    numbers: list[Item] = [KeyNumber.of(one, label=one.name) for one in plan.measurements]
    items = [*numbers, Table(plan.position_table(), f"Position in {plan.cut.frame}, and the cut.")]
    if plan.region.stated or plan.cut.extent_um.any():
        said = f"From above and the side: {plan.ellipsoids}."
        items.append(Figure(target_views(**plan.drawn), said, name="region"))
    return items


def _fiducials(plan: CutPlan, pictures: Mapping[str, Mapping[str, Any]]) -> list[Item]:
    items: list[Item] = []
    for view in dict.fromkeys(one.view for one in plan.found):
        found = [one for one in plan.found if one.view == view]
        drawn = offset_overlay(found, **pictures.get(view, {}))
        items.append(
            Figure(
                drawn,
                f"{view}: from the nearest fiducials to the target; each 95 % ellipse holds for an "
                "offset from its own fiducial.",
                name=f"offsets {view}",
            )
        )
    if len(plan.offsets):
        items.append(Table(plan.offset_table(), "Offsets; the stage position comes second."))
    return items


def _sure(plan: CutPlan) -> list[Item]:
    items: list[Item] = []
    if plan.contained is not None:
        items.append(Finding(plan.contained.statement, level="information"))
    split = plan.split.table()
    if np.isfinite(split["sx_um"]).all():
        items.append(Table(plan.split_table(), "Where the uncertainty comes from."))
    if np.isfinite(plan.margins["margin_um"]).all():
        items.append(Table(plan.margins, "Margin for a wanted probability."))
    return items


def _way(reach: Reach) -> list[Item]:
    said: list[Item] = []
    for words, level in reach.findings:
        seriously: Any = level
        said.append(Finding(words, level=seriously))
    return [*said, *(Table(rows, caption, name=name) for name, rows, caption in reach.tables())]
