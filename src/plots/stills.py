"""Still pictures: any plot as PNG bytes, the same bytes for the same input."""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import Any

from .theme import BAR_PX, DPI, MARGINS_PX, SIZE_PT, SMALL_PT, WIDTH_PX, rc_params


def still(obj: Any, *, width_px: int = 900) -> bytes:
    """Draw a plot as a PNG of a given width.

    The layout does not depend on `width_px`: twice the width is the same picture at twice the
    resolution. No date and no version of software is written into the file, so equal input gives
    equal bytes on one machine.

    Parameters
    ----------
    obj : holoviews object or matplotlib.figure.Figure
        What to draw.
    width_px : int
        Width of the picture, 100 to 10,000 pixels.

    Returns
    -------
    bytes
        A PNG file.

    Raises
    ------
    TypeError
        If `obj` is neither a HoloViews object nor a Matplotlib figure.
    ValueError
        If `width_px` is out of range.
    """
    if not 100 <= width_px <= 10_000:
        raise ValueError(f"width_px needs 100 to 10000, got {width_px}")
    from matplotlib.figure import Figure

    if isinstance(obj, Figure):
        return _png(obj, width_px)
    import matplotlib.pyplot as plt

    from .marks import hv  # with it come the backends

    if not isinstance(obj, hv.core.Dimensioned):
        raise TypeError(
            f"still needs a HoloViews object or a Matplotlib figure, got {type(obj).__name__}"
        )
    with plt.rc_context(rc_params()), warnings.catch_warnings():
        # HoloViews gives crosses an edge colour, and Matplotlib says that they have no edge.
        warnings.filterwarnings("ignore", message="You passed a edgecolor|You passed an edgecolor")
        # Not `hv.render`, which lays out everything twice.
        figure = hv.Store.renderers["matplotlib"].get_plot(obj).state
        try:
            _arrange(figure, columns=getattr(obj, "_max_cols", 1))
            return _png(figure, width_px)
        finally:
            plt.close(figure)


def _png(figure: Any, width_px: int) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    width_in, height_in = figure.get_size_inches()
    dpi = width_px / width_in
    # Agg truncates the product: add a thousandth of a pixel, so that 900 stays 900.
    figure.set_size_inches((width_px + 1e-3) / dpi, (round(height_in * dpi) + 1e-3) / dpi)
    file, canvas = BytesIO(), figure.canvas
    FigureCanvasAgg(figure).print_figure(
        file,
        dpi=dpi,
        format="png",
        facecolor=figure.get_facecolor(),
        bbox_inches=None,
        metadata={"Software": None},
    )
    figure.set_canvas(canvas)
    figure.set_size_inches(width_in, height_in)
    return file.getvalue()


def _arrange(figure: Any, *, columns: int) -> None:
    """Give panels the places and sizes that their theme asked for."""
    axes = [ax for ax in figure.axes if hasattr(ax, "scalebridge_panel")]
    if not axes:  # someone else's HoloViews object keeps its own layout
        return
    columns = min(columns, len(axes))
    rows = [axes[i : i + columns] for i in range(0, len(axes), columns)]
    if all(ax.scalebridge_panel.equal for ax in axes):
        _place_frames(figure, rows)
    else:
        _place_panels(figure, rows)


def _place_panels(figure: Any, rows: list[list[Any]]) -> None:
    """Share the page among panels; Matplotlib finds the room for their words."""
    sizes = [[ax.scalebridge_panel.size_px for ax in row] for row in rows]
    widths = [max(row[c][0] for row in sizes if c < len(row)) for c in range(len(sizes[0]))]
    heights = [max(size[1] for size in row) for row in sizes]
    figure.set_size_inches(WIDTH_PX / DPI, sum(heights) / DPI * WIDTH_PX / sum(widths))
    grid = figure.add_gridspec(len(rows), len(widths), width_ratios=widths, height_ratios=heights)
    for r, row in enumerate(rows):
        for c, ax in enumerate(row):
            ax.set_axes_locator(None)
            ax.set_subplotspec(grid[r, c])
    figure.set_layout_engine("constrained", w_pad=0.08, h_pad=0.08, wspace=0.04, hspace=0.04)


def _place_frames(figure: Any, rows: list[list[Any]]) -> None:
    """Place frames to the pixel, so that a micrometre is as long in each of them."""
    left, right, top, bottom = MARGINS_PX
    page = sum(max(ax.scalebridge_panel.size_px[1] for ax in row) + top + bottom for row in rows)
    figure.set_layout_engine("none")
    figure.set_size_inches(WIDTH_PX / DPI, page / DPI)
    y = page
    for row in rows:
        x = 0
        for ax in row:
            width, height = ax.scalebridge_panel.size_px
            ax.set_axes_locator(None)
            box = (x + left, y - top - height, width, height)
            ax.set_position(_share(box, page))
            _color_bar(figure, ax, _share((x + left + width + 14, box[1], 14, height), page))
            x += left + width + right + (BAR_PX if ax.scalebridge_panel.bar else 0)
        y -= max(ax.scalebridge_panel.size_px[1] for ax in row) + top + bottom


def _share(box_px: tuple[float, float, float, float], page: float) -> list[float]:
    x, y, width, height = box_px
    return [x / WIDTH_PX, y / page, width / WIDTH_PX, height / page]


def _color_bar(figure: Any, ax: Any, place: list[float]) -> None:
    panel = ax.scalebridge_panel
    mapped = [c for c in (*ax.images, *ax.collections) if c.get_array() is not None]
    if not panel.bar or not mapped:
        return
    bar = figure.colorbar(mapped[0], cax=figure.add_axes(place))
    bar.outline.set_visible(False)
    bar.ax.tick_params(color=panel.ground.quiet, labelcolor=panel.ground.ink, labelsize=SMALL_PT)
    bar.set_label(panel.bar, color=panel.ground.ink, size=SIZE_PT)
