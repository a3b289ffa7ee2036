"""Answers to what the browser asks once a view rests: exact patches, the newest question only."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ..errors import Superseded
from ..io.asking import Asking, asking
from .drawn import Drawn
from .looks import plane_of, view_of
from .patch_bytes import packed
from .picture import MarkDrawer, panel_picture
from .plane import Plane
from .state import quick_png_bytes
from .views import REFUSALS

_TELL_S = 0.5  # what comes sooner needs no words
_LONG_S = 0.1  # what keeps the kernel so long is not made before somebody looks at it
_MOST_PX = 1200  # a patch of a larger screen is sampled coarser than its pixels


class Refining:
    """The questions of a panel, one newest for each of its planes.

    Parameters
    ----------
    panel : LivePanel
    explorer : SliceExplorer
    guard : callable
        Says in words what an action refuses.
    marks : callable or None
        Draws on pictures.
    """

    def __init__(
        self,
        panel: Any,
        explorer: Any,
        *,
        guard: Callable[[Callable[[], Any]], Callable[..., None]],
        marks: MarkDrawer | None,
    ) -> None:
        self._panel, self._explorer, self._guard, self._marks = panel, explorer, guard, marks
        self._newest: dict[tuple[str, int], tuple[Any, int]] = {}
        self._took_s: dict[str, float] = {}  # by layer, for those that keep the kernel
        self.answers: dict[int, asyncio.Task[None]] = {}

    def ask(self, content: Mapping[str, Any], *, picture: bool) -> None:
        """Answer a plane's newest request only; older ones are dropped between two layers.

        One that asks ``ahead`` is about a slice that nobody sees yet: nothing is said meanwhile.
        """
        width, height = (int(content[f"{side}_px"]) for side in ("width", "height"))
        if not (0 < width <= 16384 and 0 < height <= 16384):
            raise ValueError(f"a panel needs 1 to 16384 pixels, got {width} x {height}")
        share = min(1.0, _MOST_PX / max(width, height))
        size = (max(1, round(width * share)), max(1, round(height * share)))
        plane, sequence = plane_of(content["view"]), int(content["sequence"])
        number, asker = int(content.get("plane", 0)), str(content.get("by", ""))
        if not 0 <= number < 3:
            raise ValueError(f"a panel has planes 0 to 2, got {number}")
        asked = (asker, number)
        self._newest[asked] = (plane, sequence)
        self._panel.fit_sheet(number, int(content.get("css_px", 0)))
        answer = (
            self._drawn_here(asked, plane, size[0], sequence)
            if picture
            else self._patches(asked, plane, size, sequence, seen=not content.get("ahead", False))
        )
        try:
            self.answers[number] = asyncio.get_running_loop().create_task(answer)
        except RuntimeError:  # in Python alone nobody runs a loop
            asyncio.run(answer)

    async def _patches(
        self,
        asked: tuple[str, int],
        plane: Plane,
        size: tuple[int, int],
        sequence: int,
        *,
        seen: bool,
    ) -> None:
        whole = True
        drawn = [one for one in reversed(self._panel.drawn()) if one.spec["visible"]]
        for one in drawn:
            await asyncio.sleep(0)
            if self._newest[asked] != (plane, sequence):
                return
            try:
                pixels = await self._pixels(one, asked, plane, size, sequence, seen=seen)
            except Superseded:
                return
            except REFUSALS as error:  # the coarse copy stays, and the person is told why
                whole = False
                self._guard(partial(refuse, error))()
                continue
            if pixels is not None:
                channels, data = packed(pixels)
                last = one is drawn[-1]  # one message is faster there than two
                message = {
                    "kind": "patch", **_of(asked), "sequence": sequence, "rested": last,
                    "whole": whole, "key": one.spec["key"], "channels": channels,
                    "view": view_of(plane), "width": size[0], "height": size[1],
                }  # fmt: skip
                self._panel.send(message, buffers=[data])
                if last:
                    return
        self._panel.send({"kind": "rested", **_of(asked), "sequence": sequence, "whole": whole})

    async def _pixels(
        self,
        one: Drawn,
        asked: tuple[str, int],
        plane: Plane,
        size: tuple[int, int],
        sequence: int,
        *,
        seen: bool,
    ) -> bytes | None:
        if not one.slow:
            name, began = one.spec["name"], time.monotonic()
            if not seen and self._took_s.get(name, 0.0) > _LONG_S:
                raise Superseded(f"{name}: a slice that nobody sees would keep the kernel too long")
            try:
                return one.patch(plane, *size)
            finally:
                self._took_s[name] = time.monotonic() - began
        question = Asking(wanted=lambda: self._newest[asked] == (plane, sequence))
        with asking(question):
            fetching = asyncio.create_task(asyncio.to_thread(one.patch, plane, *size))
        while not (await asyncio.wait({fetching}, timeout=_TELL_S))[0]:
            if seen and question.wanted():
                words = _doing_words(one.spec["name"], question)
                self._panel.send({"kind": "doing", **_of(asked), "words": words})
        if not question.wanted():
            fetching.exception()  # looked at, so that asyncio does not report it
            raise Superseded(f"{one.spec['name']}: the view has moved on")
        return fetching.result()

    async def _drawn_here(
        self, asked: tuple[str, int], plane: Plane, width_px: int, sequence: int
    ) -> None:
        """A picture, for a browser that cannot draw."""
        await asyncio.sleep(0)
        if self._newest[asked] != (plane, sequence):
            return
        draw = partial(self._picture, plane, max(200, width_px), first=asked[1] == 0)
        if any(one.slow for one in self._panel.drawn()):
            with asking(Asking(wanted=lambda: self._newest[asked] == (plane, sequence))):
                drawing = asyncio.create_task(asyncio.to_thread(draw))
            try:
                picture = await drawing
            except Superseded:
                return
        else:
            picture = draw()
        message = {"kind": "picture", **_of(asked), "sequence": sequence}
        self._panel.send(message, buffers=[quick_png_bytes(picture)])

    def _picture(self, plane: Plane, width_px: int, *, first: bool) -> Any:
        explorer = self._explorer
        return panel_picture(
            self._panel.stacked(plane, width_px),
            plane,
            width_px=width_px,
            size=13,
            how=explorer.rendering(),
            unit=explorer.world.unit,
            cursor_um=tuple(explorer.cursor_um.values()) if explorer.crosshair else None,
            title=self._panel.title if first else "",
            marks=self._marks,
        )


def _doing_words(name: str, question: Asking) -> str:
    if not question.sent:
        return f"{name}: sampling"
    size_mb = question.bytes / 1e6
    return f"{name}: fetching, {question.came} of {question.sent} requests came, {size_mb:.1f} MB"


def refuse(error: Exception) -> None:
    """Raise an error where a guard says it in words."""
    raise error


def _of(asked: tuple[str, int]) -> dict[str, Any]:
    """Who asked, and for which plane."""
    return {"by": asked[0], "plane": asked[1]}
