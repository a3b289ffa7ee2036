"""Templates over several specimens: one failure stops its own specimen and no other."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import ParameterError
from ..exit_codes import ASKED, FAILED, exit_code
from ..workspace import Workspace
from ..workspace.room import disk_full
from .kernel import ProgressCallback
from .page import render_report
from .parameters import refuse_unknown
from .redaction import redacted
from .run import RESERVED, TIMEOUT_S, RunResult, run_template, run_values
from .summary import Truth
from .template import Template, load_template, shipped_templates


@dataclass(frozen=True)
class SpecimenRuns:
    """What happened to one workspace.

    Attributes
    ----------
    workspace : pathlib.Path
    results : tuple of RunResult
        Up to the first one that did not finish.
    report : pathlib.Path or None
    error : str
        Why the workspace could not be run at all.
    error_code : int
        1 where that is a failure, 2 where it was asked wrongly.
    """

    workspace: Path
    results: tuple[RunResult, ...] = ()
    report: Path | None = None
    error: str = ""
    error_code: int = 0

    @property
    def exit_code(self) -> int:
        """0 all finished, 1 one failed, 2 something has to be decided."""
        return self.error_code or max((r.exit_code for r in self.results), default=0)


@dataclass(frozen=True)
class Batch:
    """What happened to all workspaces."""

    specimens: tuple[SpecimenRuns, ...]

    @property
    def exit_code(self) -> int:
        """0 all finished; 1 one failed; 2 nothing failed, but something has to be decided."""
        codes = {specimen.exit_code for specimen in self.specimens}
        return next((code for code in (FAILED, ASKED) if code in codes), 0)

    def table(self) -> pd.DataFrame:
        """Return one row a workspace and template."""
        rows = [row for specimen in self.specimens for row in _rows(specimen)]
        return pd.DataFrame(rows, columns=["workspace", "template", "status", "time_s", "why"])


def run_workspaces(
    workspaces: Sequence[str | Path],
    *,
    output: str | Path,
    templates: Sequence[str | Path | Template] | None = None,
    parameters: Mapping[str, Any] | None = None,
    as_of: int | None = None,
    truth: Truth | None = None,
    timeout_s: float = TIMEOUT_S,
    progress: Callable[[Path], ProgressCallback] | None = None,
) -> Batch:
    """Run templates on workspaces one after the other, and write a report for each.

    Parameters
    ----------
    workspaces : sequence of path
    output : path
        Gets a folder a workspace, with ``report.html`` and the executed notebooks, and
        ``summary.csv``.
    templates : sequence, optional
        In the order given; all that come with Scalebridge by default.
    parameters : mapping, optional
        Each goes to every template that declares it.
    as_of : int, optional
        Replay this state read-only.
    truth : mapping, optional
        Stands beside the key numbers.
    timeout_s : float
        Limit for each cell [s].
    progress : callable, optional
        Given a workspace, returns what is called when a cell starts.

    Returns
    -------
    Batch

    Raises
    ------
    ParameterError
        Before anything runs: no template takes a parameter, or it does not fit.
    """
    loaded = [t if isinstance(t, Template) else load_template(t) for t in _chosen(templates)]
    given, folder = dict(parameters or {}), Path(output).resolve()
    _refuse_unknown(loaded, given)
    places = [Path(workspace).resolve() for workspace in workspaces]
    names = _folder_names(places)
    for place in places:
        for template in loaded:
            run_values(template, place, _for(template, given), output=folder, as_of=as_of)
    folder.mkdir(parents=True, exist_ok=True)
    specimens: list[SpecimenRuns] = []
    try:
        for place, name in zip(places, names, strict=True):
            specimen = _run_specimen(
                place,
                loaded,
                given,
                output=folder / name,
                as_of=as_of,
                truth=truth,
                timeout_s=timeout_s,
                progress=None if progress is None else progress(place),
            )
            specimens.append(specimen)
    finally:  # also what was done before a person interrupted
        _keep_summary(Batch(tuple(specimens)).table(), folder / "summary.csv")
    return Batch(tuple(specimens))


def _keep_summary(table: pd.DataFrame, path: Path) -> None:
    text = table.to_csv(index=False)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        ends = "; ".join(f"{row.workspace} {row.status} {row.why}" for row in table.itertuples())
        raise disk_full(
            path.parent,
            name=path.name,
            needed_bytes=len(text),
            free_bytes=shutil.disk_usage(path.parent).free,
            after=f"how the runs ended: {ends or 'none was begun'}",
        ) from error


def _run_specimen(
    place: Path,
    templates: Sequence[Template],
    given: Mapping[str, Any],
    *,
    output: Path,
    as_of: int | None,
    truth: Truth | None,
    **options: Any,
) -> SpecimenRuns:
    results: list[RunResult] = []
    try:
        output.mkdir(parents=True, exist_ok=True)
        for template in templates:
            result = run_template(
                template,
                place,
                output=output,
                parameters=_for(template, given),
                as_of=as_of,
                **options,
            )
            results.append(result)
            if result.exit_code:
                break
        report = _write_report(results, place, output, as_of=as_of, truth=truth)
    except Exception as error:  # whatever it is, the other specimens are still worth running
        why = redacted(f"{type(error).__name__}: {error}")
        return SpecimenRuns(place, tuple(results), error=why, error_code=exit_code(error))
    return SpecimenRuns(place, tuple(results), report)


def _write_report(
    results: Sequence[RunResult],
    place: Path,
    output: Path,
    *,
    as_of: int | None,
    truth: Truth | None,
) -> Path:
    path = output / "report.html"
    with Workspace.open(place, as_of=as_of) as ws:
        html = render_report([result.notebook for result in results], ws, truth=truth)
    path.write_text(html, encoding="utf-8")
    return path


def _chosen(templates: Sequence[str | Path | Template] | None) -> Sequence[str | Path | Template]:
    chosen = templates or shipped_templates()
    if not chosen:
        raise ParameterError("no template is given and none comes with this installation")
    return chosen


def _refuse_unknown(templates: Sequence[Template], given: Mapping[str, Any]) -> None:
    known = sorted({name for template in templates for name in template.names} - set(RESERVED))
    for name in given:
        if name not in RESERVED:  # refused in its own words by `run_values`
            refuse_unknown(name, known, name=", ".join(t.name for t in templates))


def _for(template: Template, given: Mapping[str, Any]) -> dict[str, Any]:
    """Pick what a template declares; the runner's own names are passed on to be refused."""
    return {n: v for n, v in given.items() if n in template.names or n in RESERVED}


def _folder_names(places: Sequence[Path]) -> list[str]:
    """Name the folders of the reports after the workspaces, numbered where two are alike."""
    names: list[str] = []
    for place in places:
        numbered = (f"{place.name}-{number}" for number in count(2))
        names.append(next(n for n in chain([place.name], numbered) if n not in names))
    return names


def _rows(specimen: SpecimenRuns) -> list[tuple[str, str, str, float | None, str]]:
    name = specimen.workspace.name
    rows: list[tuple[str, str, str, float | None, str]] = [
        (name, r.template, r.status, round(r.seconds, 1), r.failure.message if r.failure else "")
        for r in specimen.results
    ]
    if specimen.error:
        status = "refused" if specimen.error_code == ASKED else "failed"
        rows.append((name, "", status, None, specimen.error))
    return rows
