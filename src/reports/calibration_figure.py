"""What regions state, and how many landmarks that took no part they hold, as a picture."""

from __future__ import annotations

import io
import re
from typing import Any

import pandas as pd

from ..plots.theme import OKABE_ITO
from .landmark_coverage import HISTOLOGY

_COLORS = {"histology": OKABE_ITO["vermilion"], "brain": OKABE_ITO["blue"]}
_WORDS = {"histology": "histology (BIRL)", "brain": "fly brain, light and electrons (FAFB)"}


def calibration_figure(curves: pd.DataFrame) -> str:
    """Draw stated probability against coverage, one panel a number of fitted landmarks.

    Parameters
    ----------
    curves : DataFrame
        Of `scalebridge.reports.landmark_coverage.calibration_curves`.

    Returns
    -------
    str
        SVG, the same for the same numbers.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    counts = sorted(curves["fitted"].unique())
    with mpl.rc_context({"svg.hashsalt": "calibration", "svg.fonttype": "none", "font.size": 8}):
        figure = Figure(figsize=(2.3 * len(counts), 2.7), layout="constrained")
        FigureCanvasSVG(figure)
        panels = figure.subplots(1, len(counts), squeeze=False, sharey=True)[0]
        for panel, count in zip(panels, counts, strict=True):
            _draw(panel, curves[curves["fitted"] == count], int(count))
        panels[0].set_ylabel("landmarks that lie inside [%]")
        names, lines = _legend(panels[0])
        figure.legend(lines, names, loc="outside lower center", ncols=2, frameon=False)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return re.sub(r"[ \t]+$", "", file.getvalue(), flags=re.MULTILINE)


def _draw(panel: Any, rows: pd.DataFrame, count: int) -> None:
    panel.plot([0, 100], [0, 100], color=OKABE_ITO["grey"], linestyle="--", linewidth=0.8)
    for name, curve in rows.groupby("landmarks", sort=False):
        kind = "histology" if name in HISTOLOGY else "brain"
        panel.plot(
            100 * curve["level"],
            100 * curve["coverage"],
            color=_COLORS[kind],
            linewidth=1.0,
            label=_WORDS[kind],
        )
    panel.set(xlim=(0, 100), ylim=(0, 100), aspect="equal")
    panel.text(4, 92, f"{count} landmarks fitted")
    panel.set_xlabel("region states [%]")
    panel.spines[["top", "right"]].set_visible(False)


def _legend(panel: Any) -> tuple[list[str], list[Any]]:
    """Take one line a kind, not one a set."""
    lines, names = panel.get_legend_handles_labels()
    kinds = dict(zip(names, lines, strict=True))
    return list(kinds), list(kinds.values())
