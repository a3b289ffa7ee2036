"""What planned boxes promise, and how many hold the hidden feature, as a picture."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
import pandas as pd

from ..plots.theme import OKABE_ITO
from .edge_coverage import PROBABILITIES, promised_band

_INK = "#010203"  # stands for the reader's own ink until the end
_STYLE = (
    "<style>svg { color: #222 } @media (prefers-color-scheme: dark) { svg { color: #ddd } }</style>"
)


def edge_figure(ways: pd.DataFrame) -> str:
    """Draw promised probability against boxes that hold the feature, one panel a way.

    Parameters
    ----------
    ways : DataFrame
        Rows of `scalebridge.reports.edge_coverage.judge_ways`, of many specimens.

    Returns
    -------
    str
        SVG, the same for the same numbers, without a ground: its ink follows a light or dark page.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(ways["way"]))
    inks = {
        name: _INK
        for name in (
            "text.color",
            "axes.labelcolor",
            "axes.edgecolor",
            "xtick.color",
            "ytick.color",
        )
    }
    options: Any = {"svg.hashsalt": "boxes", "svg.fonttype": "none", "font.size": 8, **inks}
    with mpl.rc_context(options):
        figure = Figure(figsize=(2.3 * len(names), 2.7), layout="constrained")
        figure.patch.set_alpha(0.0)
        FigureCanvasSVG(figure)
        panels = figure.subplots(1, len(names), squeeze=False, sharey=True)[0]
        for panel, name in zip(panels, names, strict=True):
            _draw(panel, ways.loc[ways["way"] == name, "needed"].to_numpy(float), name)
        panels[0].set_ylabel("boxes that hold the feature [%]")
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return _on_any_ground(file.getvalue())


def _draw(panel: Any, needed: np.ndarray, name: str) -> None:
    """The share that each promise kept, over what chance leaves of an honest one."""
    promised = np.linspace(0, 1, 201)
    low, high = promised_band(len(needed), promised)
    panel.fill_between(
        100 * promised, 100 * low, 100 * high, color=OKABE_ITO["grey"], alpha=0.3, linewidth=0
    )
    panel.plot([0, 100], [0, 100], color=OKABE_ITO["grey"], linestyle="--", linewidth=0.8)
    kept = np.mean(needed[:, None] <= promised, axis=0)
    panel.plot(100 * promised, 100 * kept, color=OKABE_ITO["blue"], linewidth=1.2)
    listed = np.array(PROBABILITIES)
    share = np.mean(needed[:, None] <= listed, axis=0)
    panel.plot(100 * listed, 100 * share, "o", color=OKABE_ITO["vermilion"], markersize=3)
    panel.set(xlim=(0, 100), ylim=(0, 101), aspect="equal")
    panel.patch.set_alpha(0.0)
    panel.text(4, 92, name.replace(" to ", " →\n"), va="top")
    panel.text(96, 6, f"{len(needed)} specimens", ha="right")
    panel.set_xlabel("box planned for [%]")
    panel.spines[["top", "right"]].set_visible(False)


def _on_any_ground(text: str) -> str:
    """Let the ink follow the page."""
    text = text.replace(_INK, "currentColor")
    text = re.sub(r"(<svg\b[^>]*>)", rf"\1\n {_STYLE}", text, count=1)
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
