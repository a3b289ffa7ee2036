"""Everything about a planned cut in one folder; what is not known is left out, and said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import CovarianceUnavailable, DecisionNeeded
from ..workspace import Workspace
from .cut_files import write_plan_boxes, write_plan_json, write_stage_positions
from .fiducials import FROM_ABOVE
from .targeting import CutPlan, file_name


@dataclass(frozen=True)
class CutFiles:
    """The files of a planned cut.

    Attributes
    ----------
    written : tuple of Path
    left_out : tuple of str
        What was not written, and why.
    sheet : Path
        Where `scalebridge.reports.write_sheet` puts the sheet beside them.
    """

    written: tuple[Path, ...]
    left_out: tuple[str, ...]
    sheet: Path

    @property
    def statement(self) -> str:
        """What lies in the folder, the sheet included."""
        names = ", ".join(path.name for path in (*self.written, self.sheet))
        return f"Written to {self.sheet.parent.name}: {names}."


def write_cut_files(ws: Workspace, plan: CutPlan, folder: str | Path) -> CutFiles:
    """Write the row for the instrument, JSON, boxes as STL and VTK, and stage positions.

    Parameters
    ----------
    ws : Workspace
    plan : CutPlan
    folder : str or path
        Made where it is missing; files of the same target are replaced.

    Returns
    -------
    CutFiles
    """
    start = Path(folder) / f"target_{file_name(plan.plan.name)}"
    start.parent.mkdir(parents=True, exist_ok=True)
    ways: dict[str, Callable[[Path], Path]] = {
        ".csv": lambda path: plan.write_csv(path.parent),
        ".json": lambda path: write_plan_json(plan, path),
        ".stl": lambda path: write_plan_boxes(plan, path),
        ".vtk": lambda path: write_plan_boxes(plan, path),
        ".nav": lambda path: write_stage_positions(ws, plan, path),
        ".yaml": lambda path: write_stage_positions(ws, plan, path),
    }
    written, gaps = [], dict[str, list[str]]()
    for ending, write in ways.items():
        path = start.with_name(start.name + ending)
        try:
            written.append(write(path))
        except (CovarianceUnavailable, DecisionNeeded) as why:
            gaps.setdefault(str(why), []).append(path.name)
    left_out = tuple(f"{' and '.join(names)} not written: {why}" for why, names in gaps.items())
    return CutFiles(tuple(written), left_out, start.with_name(start.name + ".html"))


def view_pictures(ws: Workspace, plan: CutPlan) -> dict[str, dict[str, Any]]:
    """Give the pictures on which offsets are drawn, by the name of their view.

    Parameters
    ----------
    ws : Workspace
    plan : CutPlan

    Returns
    -------
    dict of str to dict
        ``image``, ``spacing_um`` and ``origin_um`` for `scalebridge.plots.offset_overlay`. Only
        the view from above has one, where the instrument's frame is that of a picture which holds
        one of the fiducials.
    """
    found = [one for one in plan.found if one.view == FROM_ABOVE]
    image = next((one for one in ws.images if one.frame == plan.cut.frame), None)
    if not found or image is None or image.ndim != 2 or not image.calibrated:
        return {}
    seen = image.array()
    spacing, origin = image.spacing_um[-2:], image.origin_um[-2:]
    for one in found:
        row, column = ((one.from_um[1 - k] - origin[k]) / spacing[k] for k in (0, 1))
        if 0 <= row <= seen.shape[0] - 1 and 0 <= column <= seen.shape[1] - 1:
            return {FROM_ABOVE: {"image": seen, "spacing_um": spacing, "origin_um": origin}}
    return {}
