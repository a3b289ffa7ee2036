"""A panel: marks on axes with units, a light grid and no frame, alike in both backends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import holoviews as hv

from .marks import boxes
from .theme import SIZE_PT, SMALL_PT, WIDTH_PX, Ground

Ticks = Sequence[tuple[float, str]]
_DEEP = "#10151C"  # halo of white words on pictures


@dataclass(frozen=True)
class Finish:
    """What the two backends need after they have drawn: the theme on their own axes.

    Attributes
    ----------
    ground : Ground
        Colours.
    size_px : tuple of int
        Width and height of the panel at natural size; of its frame alone where `equal`.
    title : str
        Left above the panel; empty for none.
    grid : str
        ``"both"``, ``"x"``, ``"y"`` or ``"none"``.
    equal : bool
        One micrometre is as long on both axes.
    span : (float, float) or None
        The part of the x axis that has data; beyond it stand only words.
    bar : str
        Name of the colour bar with its unit; empty for none.
    """

    ground: Ground
    size_px: tuple[int, int]
    title: str
    grid: str
    equal: bool
    span: tuple[float, float] | None
    bar: str

    def matplotlib(self, plot: Any, element: Any) -> None:
        """Finish a Matplotlib axes (a HoloViews hook)."""
        from matplotlib.patheffects import withStroke
        from matplotlib.ticker import NullFormatter

        g, ax = self.ground, plot.handles["axis"]
        ax.figure.set_facecolor(g.paper)
        ax.set_facecolor(g.paper)
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
        for side in ("left", "bottom"):
            ax.spines[side].set(color=g.quiet, linewidth=0.8)
        ax.tick_params(which="both", color=g.quiet, labelcolor=g.ink, labelsize=SMALL_PT)
        ax.tick_params(which="minor", length=0)
        for axis in (ax.xaxis, ax.yaxis):
            axis.label.set(color=g.ink, size=SIZE_PT)
            axis.set_minor_formatter(NullFormatter())
        for artist in (*ax.images, *ax.collections, *ax.lines, *ax.patches, *ax.texts):
            artist.set_zorder(artist.get_zorder() + 2)  # HoloViews begins below the grid
        ax.set_axisbelow(True)
        ax.grid(False)
        if self.grid != "none":
            ax.grid(True, axis=self.grid, color=g.line, linewidth=0.8)
        title = ax.set_title(
            self.title, loc="left", fontsize=SIZE_PT, fontweight="bold", color=g.ink
        )
        ax.set_box_aspect(None)
        ax.set_aspect("equal" if self.equal else "auto", adjustable="box", anchor="NW")
        _as_written(ax, title)
        for text in ax.texts:  # readable over data
            halo = _DEEP if text.get_color() == "#FFFFFF" else g.paper
            text.set_path_effects([withStroke(linewidth=2.2, foreground=halo)])
        if self.span is not None:
            low, high = self.span
            ax.spines["bottom"].set_bounds(low, high)
            ax.set_xticks(_within(ax.xaxis, low, high))
            left, right = ax.get_xlim()
            ax.xaxis.label.set_x(((low + high) / 2 - left) / (right - left))
        ax.scalebridge_panel = self  # `still` arranges panels by it

    def bokeh(self, plot: Any, element: Any) -> None:
        """Finish a Bokeh figure (a HoloViews hook)."""
        g, figure = self.ground, plot.state
        figure.outline_line_color = None
        figure.background_fill_color = figure.border_fill_color = g.paper
        figure.title.update(
            text=self.title, text_color=g.ink, text_font_size=f"{SIZE_PT}pt", align="left"
        )
        figure.match_aspect = self.equal
        for axis in figure.axis:
            axis.axis_line_color = axis.major_tick_line_color = g.quiet
            axis.minor_tick_line_color = None
            axis.major_label_text_color = axis.axis_label_text_color = g.ink
            axis.axis_label_text_font_style = "normal"
            axis.axis_label_text_font_size = f"{SIZE_PT}pt"
            axis.major_label_text_font_size = f"{SMALL_PT}pt"
        for glyph in (r.glyph for r in figure.renderers if hasattr(r, "glyph")):
            if hasattr(glyph, "text_color"):  # readable over data
                white = glyph.text_color == "#FFFFFF"
                glyph.update(
                    background_fill_color=_DEEP if white else g.paper, background_fill_alpha=0.6
                )
        for grid, axis_name in ((figure.xgrid, "x"), (figure.ygrid, "y")):
            shown = self.grid in ("both", axis_name)
            grid.grid_line_color = g.line if shown else None
        if self.span is not None:
            for axis in figure.xaxis:
                axis.bounds = self.span
            figure.xgrid.bounds = self.span


def panel(
    marks: Sequence[Any],
    *,
    xlabel: str,
    ylabel: str,
    xlim: tuple[float, float],
    ylim: tuple[float, float],
    ground: Ground,
    size_px: tuple[int, int] = (WIDTH_PX, 320),
    title: str = "",
    xticks: Ticks | None = None,
    yticks: Ticks | None = None,
    logx: bool = False,
    logy: bool = False,
    down: bool = False,
    equal: bool = False,
    grid: str = "both",
    span: tuple[float, float] | None = None,
    bar: str = "",
) -> hv.Overlay:
    """Put marks on axes.

    Parameters
    ----------
    marks : sequence of HoloViews elements
        Drawn in this order.
    xlabel, ylabel : str
        With unit, as ``"depth [µm]"``; a logarithmic axis gets ``" (log scale)"`` appended.
    xlim, ylim : (float, float)
        From small to large.
    ground : Ground
        Light or dark.
    size_px : (int, int)
        Natural width and height of the panel; where `equal`, of its frame without axes and words.
    xticks, yticks : sequence of (float, str), optional
        Places and words of the ticks.
    down : bool
        y grows downwards, as it does in images.
    equal : bool
        One unit is as long on both axes.
    grid : {"both", "x", "y", "none"}
        Which grid lines are drawn.
    span : (float, float), optional
        The part of the x axis that has data, where `xlim` leaves room for words beside it.
    bar : str
        Name with unit of the colour bar of the `picture` among the marks.
    """
    axes: dict[str, Any] = {
        "xlabel": xlabel + (" (log scale)" if logx and xlabel else ""),
        "ylabel": ylabel + (" (log scale)" if logy and ylabel else ""),
        "xlim": xlim,
        "ylim": ylim,
        "logx": logx,
        "logy": logy,
        "invert_yaxis": down,
        "show_legend": False,
    }
    axes |= {"xticks": list(xticks)} if xticks is not None else {}
    axes |= {"yticks": list(yticks)} if yticks is not None else {}
    finish = Finish(ground, size_px, title, grid, equal, span, bar)
    if span is not None:  # the grid ends with the data
        beside = boxes([(span[1], ylim[0], xlim[1], ylim[1])], color=ground.paper)
        marks = [beside, *marks]
    overlay = hv.Overlay([leaf for mark in marks for leaf in _leaves(mark)])
    overlay = overlay.opts(
        backend="matplotlib",
        hooks=[finish.matplotlib],
        fig_inches=(size_px[0] / 100, size_px[1] / 100),
        **axes,
    )
    sizes = ("frame_width", "frame_height") if equal else ("width", "height")
    return overlay.opts(
        backend="bokeh",
        hooks=[finish.bokeh],
        **dict(zip(sizes, size_px, strict=True)),
        title=title,
        default_tools=["pan", "wheel_zoom", "box_zoom", "reset", "save"],
        active_tools=[],
        toolbar="above",
        **axes,
    )


def _as_written(ax: Any, title: Any) -> None:
    """Show names from data as they are: a dollar sign does not begin a formula."""
    texts = [*ax.texts, title, ax.xaxis.label, ax.yaxis.label]
    for axis, scale in ((ax.xaxis, ax.get_xscale()), (ax.yaxis, ax.get_yscale())):
        texts += axis.get_ticklabels() if scale == "linear" else []
    for text in texts:
        text.set_parse_math(False)


def _within(axis: Any, low: float, high: float) -> list[float]:
    room = 1e-9 * (high - low)
    return [
        t for t in axis.get_major_locator().tick_values(low, high) if low - room <= t <= high + room
    ]


def _leaves(mark: Any) -> list[Any]:
    return list(mark) if isinstance(mark, hv.Overlay) else [mark]


def side_by_side(panels: Sequence[hv.Overlay], *, columns: int | None = None) -> hv.Layout:
    """Put panels in a row, or in so many columns; axes move on their own."""
    layout = hv.Layout(list(panels)).cols(columns or len(panels))
    layout = layout.opts(backend="bokeh", shared_axes=False, toolbar="above")
    return layout.opts(backend="matplotlib", sublabel_format="")


def padded(low: float, high: float, *, share: float = 0.05) -> tuple[float, float]:
    """Widen an interval by a share of itself on either side; never empty.

    Examples
    --------
    >>> padded(0.0, 10.0, share=0.1)
    (-1.0, 11.0)
    """
    room = (high - low) * share or max(abs(high), 1.0) * share
    return low - room, high + room
