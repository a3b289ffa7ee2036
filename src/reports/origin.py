"""Where the numbers of a report come from: software, inputs, records, parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .chapter import Chapter
from .markup import Markup, joined
from .redaction import redacted
from .table import table_html

if TYPE_CHECKING:
    from ..workspace import Workspace

_KINDS = ("frames", "images", "transforms", "landmarks", "targets", "segmentations")


def provenance(chapters: Sequence[Chapter], ws: Workspace | None) -> Markup:
    """Return the folded end of a report."""
    tables = [_runs(chapters), _parameters(chapters), _software(chapters)]
    if ws is not None:
        tables = [_inputs(ws), _records(ws), *tables]
    return Markup(
        '<section id="provenance"><h2>Provenance</h2><details>'
        "<summary>Versions, inputs, records used, parameters</summary>{}</details></section>"
    ).format(joined(tables))


def _runs(chapters: Sequence[Chapter]) -> Markup:
    columns = ["template", "sha256 of its text", "status", "replays state", "run", "ended (UTC)"]
    rows = [
        [
            chapter.name,
            chapter.run.get("template_sha256"),
            chapter.run.get("status", "run by hand"),
            chapter.run.get("as_of"),
            chapter.run.get("run"),
            str(chapter.run.get("ended", "")).replace("+00:00", "").replace("T", " ") or None,
        ]
        for chapter in chapters
    ]
    return table_html(columns, rows, caption="Templates that were run.")


def _parameters(chapters: Sequence[Chapter]) -> Markup:
    rows = [
        [chapter.name, name, redacted(repr(value))]
        for chapter in chapters
        for name, value in sorted(chapter.run.get("parameters", {}).items())
    ]
    if not rows:
        return Markup('<p class="note">Every parameter had its default.</p>')
    return table_html(
        ["template", "parameter", "value"], rows, caption="Parameters that were given."
    )


def _software(chapters: Sequence[Chapter]) -> Markup:
    found: dict[str, set[str]] = {}
    for chapter in chapters:
        for name, number in chapter.run.get("versions", {}).items():
            found.setdefault(name, set()).add(str(number))
    rows = [[name, ", ".join(sorted(numbers))] for name, numbers in sorted(found.items())]
    return table_html(["software", "version"], rows, caption="Software.") if rows else Markup("")


def _inputs(ws: Workspace) -> Markup:
    columns = ["image", "file", "sha256", "shape", "voxel size [µm]", "voxel size from"]
    rows = [_input(image) for image in ws.images]
    return table_html(columns, rows, caption="Images, and the files they were read from.")


def _input(image: Any) -> list[Any]:
    source = image.source or {}
    spacing = " × ".join(f"{s:.5g}" for s in image.spacing_um) if image.calibrated else None
    return [
        image.name,
        source.get("file"),
        source.get("sha256"),
        " × ".join(map(str, image.shape)),
        spacing or "uncalibrated",
        image.spacing_source,
    ]


def _records(ws: Workspace) -> Markup:
    columns = ["kind", "name", "version", "who", "when (UTC)", "id"]
    rows = [
        [kind, record.name, record.version, record.who, f"{record.when:%Y-%m-%d %H:%M}", record.id]
        for kind in _KINDS
        for record in getattr(ws, kind)
        if record.fields.get("active", True)
    ]
    caption = f"Records that stand in state {ws.state} of the workspace."
    return table_html(columns, rows, caption=caption)
