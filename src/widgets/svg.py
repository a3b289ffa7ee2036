"""Lines and words of the small plots that stand in a notebook as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from .views import INK

SVG_FONT = "font-family:var(--jp-ui-font-family, system-ui, sans-serif);font-size:12px"


def svg_path(
    points: Sequence[tuple[float, float]], color: str, width: float, dash: str = ""
) -> str:
    """A line through points [px]."""
    way = " ".join(f"{column:.1f},{row:.1f}" for column, row in points)
    style = f"fill:none;stroke:{color};stroke-width:{width}"
    return (
        f'<polyline points="{way}" style="{style}{";stroke-dasharray:" + dash if dash else ""}"/>'
    )


def svg_text(x: float, y: float, words: str, *, anchor: str, more: str = "") -> str:
    """Words at a place [px]; escaped."""
    style = f"fill:{INK};text-anchor:{anchor};font-variant-numeric:tabular-nums"
    return f'<text x="{x:.1f}" y="{y:.1f}" style="{style}"{more}>{escape(words)}</text>'
