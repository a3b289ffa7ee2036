"""Where the numbers of a report come from: inputs, records, parameters, software."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from .chapter import Chapter
from .grounds import NAMED, grounds
from .markup import Markup, joined
from .redaction import redacted
from .table import table_html

if TYPE_CHECKING:
    from ..workspace import Workspace

_KINDS = (*NAMED, "landmarks")


def provenance(chapters: Sequence[Chapter], ws: Workspace | None) -> Markup:
    """Return the folded end of a report."""
    tables = [_runs(chapters), _parameters(chapters), _software(chapters)]
    if ws is not None:
        used = grounds({n.key for chapter in chapters for n in chapter.key_numbers}, ws)
        tables = [_inputs(used["images"], ws), _records(used), _rest(used, ws), *tables]
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


def _inputs(used: Sequence[Any], ws: Workspace) -> Markup:
    columns = ["image", "file", "sha256", "shape", "voxel size (µm)", "voxel size from"]
    rows = [_input(image) for image in used or ws.images]
    words = "Images that the numbers stand on" if used else "Images"
    return table_html(columns, rows, caption=f"{words}, and the files they were read from.")


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


def _records(used: Mapping[str, Sequence[Any]]) -> Markup:
    """List the decisions behind the numbers; the landmarks of a transform share a line."""
    columns = ["kind", "name", "what it says", "version", "who", "when (UTC)"]
    rows = [
        [kind[:-1], record.name, said(record), record.version, record.who, _when(record)]
        for kind, said in _SAID.items()
        for record in used[kind]
    ]
    places = itemgetter("moving_frame", "fixed_frame")
    pairs = sorted(used["landmarks"], key=lambda record: places(record.fields))
    for (moving, fixed), group in groupby(pairs, key=lambda record: places(record.fields)):
        marks = list(group)
        rows.append(
            [
                "landmarks",
                ", ".join(record.name for record in marks),
                f"{len(marks)} pairs of {moving} and {fixed}",
                _told_once(record.version for record in marks),
                _told_once(record.who for record in marks),
                max(map(_when, marks)),
            ]
        )
    if not rows:
        return Markup("")
    return table_html(columns, rows, caption="Decisions that the numbers stand on.")


def _rest(used: Mapping[str, Sequence[Any]], ws: Workspace) -> Markup:
    counts = {kind: len(getattr(ws, kind)) - len(used[kind]) for kind in _KINDS}
    others = ", ".join(
        f"{count} {kind[:-1] if count == 1 else kind}"
        for kind, count in counts.items()
        if count > 0
    )
    told = f"also holds what no key number stands on: {others}" if others else "holds no more"
    return Markup('<p class="note">State {} of the workspace {}.</p>').format(ws.state, told)


def _segmented(record: Any) -> str:
    cuts = ", ".join(f"{value:.6g}" for value in record.thresholds)
    return f"{record.image}: {record.method}" + (f" at {cuts}" if cuts else "")


def _placed(record: Any) -> str:
    at = ", ".join(f"{axis} {record.position[f'{axis}_um']:.6g}" for axis in "xyz")
    return f"{at} µm in {record.frame}"


def _mapped(record: Any) -> str:
    way = f"{record.from_frame} into {record.to_frame}"
    return ", ".join(part for part in (way, record.method, record.status) if part)


_SAID: dict[str, Callable[[Any], str]] = {
    "segmentations": _segmented,
    "targets": _placed,
    "transforms": _mapped,
}


def _when(record: Any) -> str:
    return f"{record.when:%Y-%m-%d %H:%M}"


def _told_once(values: Iterable[Any]) -> str:
    return ", ".join(map(str, sorted(set(values))))
