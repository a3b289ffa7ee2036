"""The scene's controls: turn, come nearer, choose what is drawn; and a scene to turn by hand."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from importlib.util import find_spec
from typing import Any

import ipywidgets as ipw

from .camera import VIEWS, Camera
from .explorer_view import columns, redraw_all
from .page import Page
from .scene3d import AT_CURSOR, Scene
from .scene_page import HINT, page_of, scene_state
from .scene_picture import scene_caption, scene_legend, scene_panel
from .stage import add_all, look
from .state import quick_png_bytes
from .views import (
    Message,
    button,
    follow,
    heading,
    history_buttons,
    link,
    notice,
    words_html,
)

EXTRA = ("trame", "trame_pyvista")
_WIDTH_PX = 720
_SHOWN = ("slices", "boxes", "targets", "axes")
_REDRAWN = (
    "camera", "focus", "slices", "reach", "volumes", "surfaces", "boxes", "targets", "plans",
    "cut", "axes", "aspect",
)  # fmt: skip
_STYLE = {"description_width": "96px"}
_WIDE = {"width": "calc(100% - 4px)", "max_width": "340px"}


def scene_view(scene: Scene) -> ipw.VBox:
    """Build the controls of a scene."""
    message = Message()
    picture = ipw.Image(format="png", layout=ipw.Layout(width="100%", max_width=f"{_WIDTH_PX}px"))
    words, by_hand = ipw.HTML(), ipw.VBox()
    redraw = message.guard(lambda: _draw(scene, picture, words))
    follow(scene, _REDRAWN, redraw)
    redraw_all(scene.explorer, redraw)
    _follow_parts(scene, redraw)
    redraw()
    side = ipw.VBox(
        [
            *_camera_controls(scene),
            *_content(scene, message),
            ipw.HBox(history_buttons(scene, message)),
            heading("Turn it by hand"),
            ipw.HBox(_turning(scene, by_hand, message), layout=ipw.Layout(flex_flow="row wrap")),
            ipw.HTML(notice(_why(), "information")),
        ]
    )
    shown = ipw.VBox([picture, by_hand, words], layout=ipw.Layout(flex="1 1 460px"))
    return ipw.VBox([columns(shown, side), message.widget])


def can_serve() -> bool:
    """Whether the packages of the extra ``scene`` are there."""
    return all(find_spec(name) is not None for name in EXTRA)


def served(scene: Scene) -> Any:
    """The scene, drawn by the kernel while a person turns it (trame).

    Raises
    ------
    ModuleNotFoundError
        The extra ``scene`` is not installed.
    """
    if not can_serve():
        raise ModuleNotFoundError(
            "turning a scene through the kernel needs trame and trame-pyvista, which are not "
            "installed: pip install 'scalebridge[scene]', or use to_html(), which needs neither"
        )
    import pyvista as pv

    plotter: Any = pv.Plotter(notebook=True, lighting="none")
    space = scene.space()
    add_all(plotter, space)
    look(plotter, scene.view_plane(), space)
    return plotter.show(jupyter_backend="server", return_viewer=True)


def framed(page: str, *, height_px: int = 560) -> ipw.HTML:
    """A page in a frame of its own, which may run its script and nothing else."""
    style = f"width:100%;height:{height_px}px;border:0"
    return ipw.HTML(
        f'<iframe sandbox="allow-scripts" style="{style}" srcdoc="{escape(page)}"></iframe>'
    )


def _follow_parts(scene: Scene, redraw: Callable[..., None]) -> None:
    """Redraw after a change of any volume or surface, those that come later too."""
    known: set[Any] = set()

    def follow_new() -> None:
        for part in {*scene.volumes, *scene.surfaces} - known:
            known.add(part)
            follow(part, part.trait_names(), redraw)

    follow(scene, ("volumes", "surfaces"), follow_new)
    follow_new()


def _draw(scene: Scene, picture: ipw.Image, words: ipw.HTML) -> None:
    space = scene.space()
    picture.value = quick_png_bytes(scene_panel(scene, space, width_px=_WIDTH_PX))
    caption = scene_caption(scene, space)
    picture.alt = " ".join(caption)
    page = Page(panels=(), legend=tuple(scene_legend(scene, space)), caption=tuple(caption))
    words.value = words_html(page)


def _camera_controls(scene: Scene) -> list[Any]:
    views = ipw.Dropdown(
        options=["", *VIEWS], value="", description="view", layout=_WIDE, style=_STYLE
    )
    given = {"continuous_update": False, "layout": _WIDE, "style": _STYLE}
    turn = ipw.FloatSlider(min=-180, max=180, step=1, description="turn [°]", **given)
    rise = ipw.FloatSlider(min=-90, max=90, step=1, description="from above [°]", **given)
    zoom = ipw.FloatLogSlider(min=-1, max=2, step=0.02, description="zoom", **given)
    taking = {"over": False}

    def take(_: Any = None) -> None:
        camera = scene.camera
        taking["over"] = True
        turn.value, rise.value, zoom.value = camera.azimuth_deg, camera.elevation_deg, camera.zoom
        views.value = next((name for name, view in VIEWS.items() if view == camera), "")
        taking["over"] = False

    def give(_: Any) -> None:
        if not taking["over"]:
            scene.camera = Camera(azimuth_deg=turn.value, elevation_deg=rise.value, zoom=zoom.value)

    def choose(change: Any) -> None:
        if change["new"] and not taking["over"]:
            scene.camera = change["new"]

    take()
    scene.observe(take, names="camera")
    views.observe(choose, names="value")
    for slider in (turn, rise, zoom):
        slider.observe(give, names="value")
    return [views, turn, rise, zoom]


def _content(scene: Scene, message: Message) -> list[Any]:
    boxes = []
    for name in _SHOWN:
        box = ipw.Checkbox(description=name, indent=False, layout=ipw.Layout(width="auto"))
        link(box, scene, name, message)
        boxes.append(box)
    cut = ipw.Dropdown(
        options=[("nothing", ""), ("at the cursor", AT_CURSOR)]
        + [(f"around {name}", name) for name in scene.explorer.world.images],
        description="cut open",
        layout=_WIDE,
        style=_STYLE,
    )
    link(cut, scene, "cut", message)
    return [ipw.HBox(boxes, layout=ipw.Layout(flex_flow="row wrap")), cut]


def _turning(scene: Scene, place: ipw.VBox, message: Message) -> list[ipw.Button]:
    def here() -> None:
        page = page_of(scene_state(scene), title=repr(scene), words="")  # they stand below
        hint = words_html(Page(panels=(), caption=()), hint=HINT)
        place.children = (framed(page), ipw.HTML(hint))

    def by_kernel() -> None:
        place.children = (served(scene),)

    def away() -> None:
        place.children = ()

    buttons = [
        button("in this page", message.guard(here), tip="A copy that the browser draws itself"),
        button("away", message.guard(away), tip="Take the scene to turn away"),
    ]
    if can_serve():
        tip = "The kernel draws; sharper volumes, needs a way to its port"
        buttons.insert(1, button("through the kernel", message.guard(by_kernel), tip=tip))
    return buttons


def _why() -> str:
    if can_serve():
        return (
            "In this page works everywhere. Through the kernel needs a way to a port of its own, "
            "and trame asks gitlab.kitware.com for a part when it starts."
        )
    return (
        "The picture is drawn by the kernel. Turning through the kernel needs trame: "
        "pip install 'scalebridge[scene]'."
    )
