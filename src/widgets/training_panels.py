"""The trainer's two live panels: the image with its scribbles, and with what was learned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import DecisionNeeded
from .drawn import Drawn
from .live import LOOKING
from .paint_panel import PaintPanel
from .plane import Plane
from .scene import Placed

_ONE_DEEP = {"brush": "pen", "lasso": "area"}


class ScribblePanel(PaintPanel):
    """The image, its scribbles over it; the view of the other panel follows it.

    Parameters
    ----------
    trainer : TrainableSegmentation
    **given
        As of `PaintPanel`.
    """

    def __init__(self, trainer: Any, **given: Any) -> None:
        bar = ("scribble", "history", *LOOKING)
        super().__init__(trainer, title=trainer.image, bar=bar, followed=True, **given)

    def _stroke(self, content: Mapping[str, Any]) -> str:
        """Of what is drawn on a plane, only what was seen is learned: one voxel deep."""
        tool = str(content["tool"])
        return super()._stroke({**content, "tool": _ONE_DEEP.get(tool, tool)})

    def stacked(self, plane: Plane, width_px: int) -> list[Placed]:
        """The image, and its scribbles over it, for a picture."""
        return [*super().stacked(plane, width_px), self._painted.scribbles_placed(width_px)]

    def drawn(self) -> list[Drawn]:
        """The image, and its scribbles over it."""
        trainer = self._painted
        image = super().drawn()[0]
        if not trainer.scribbles:
            return [image]
        layer = trainer.scribble_layer()
        state = (trainer.scribbles, trainer.phases, self._explorer.time)
        return [image, self._labels_over(image, layer, state, trainer.scribbles_placed)]


class ClassPanel(ScribblePanel):
    """The image with the classes over it, as far as they are learned; it can be painted on, too.

    Parameters
    ----------
    trainer : TrainableSegmentation
    guard : callable
    seen : callable, optional
    """

    def __init__(
        self,
        trainer: Any,
        *,
        guard: Callable[[Callable[[], Any]], Callable[..., None]],
        seen: Callable[[], None] = lambda: None,
    ) -> None:
        PaintPanel.__init__(
            self, trainer, guard=guard, seen=seen, title="classes", bar=("scribble", "history")
        )

    def stacked(self, plane: Plane, width_px: int) -> list[Placed]:
        """The image, and its classes over it, for a picture."""
        image = PaintPanel.stacked(self, plane, width_px)
        try:
            return [*image, self._painted.classes_placed(self._painted.classifier())]
        except DecisionNeeded:
            return image

    def drawn(self) -> list[Drawn]:
        """The image, and its classes over it."""
        trainer = self._painted
        image, classifier = PaintPanel.drawn(self)[0], trainer.learned
        if classifier is None:
            return [image]
        layer = trainer.class_layer()
        state = (id(classifier), trainer.phases, trainer.opacity, trainer.source().select)

        def placed(_: int) -> Placed:
            found: Placed = trainer.classes_placed(classifier)
            return found

        return [image, self._labels_over(image, layer, state, placed, slow=True)]
