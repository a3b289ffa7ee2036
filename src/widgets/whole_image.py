"""What sliders count of the whole image, block by block."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..analysis.segmentation.strokes import Stroke
from ..errors import SegmentationCancelled
from .background import Background
from .saved_segmentation import SavedSegmentation
from .threshold_settings import ThresholdSettings

if TYPE_CHECKING:
    import pandas as pd


class WholeImage(SavedSegmentation, ThresholdSettings):
    """Thresholds that can be done to the whole image, at once or in the background."""

    def whole_fractions(
        self,
        *,
        progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> pd.DataFrame:
        """Share of each phase of the whole image, after smoothing and cleaning.

        The image is read block by block, once, and twice more where thresholds have an
        uncertainty. Columns as `fractions`; `progress` and `cancelled` as `apply`.
        """
        return self._counting()(progress, cancelled)

    def begin_fractions(self, *, after_s: float = 0.0) -> Background[pd.DataFrame]:
        """Do what `whole_fractions` does in the background, after a pause [s]."""
        count = self._counting()

        def work(progress: Any, cancelled: Any) -> pd.DataFrame:
            if job.stopping(after_s):
                raise SegmentationCancelled("something newer is counted")
            return count(progress, cancelled)

        job = Background("counting the whole image", work, waited_for=False)
        return job.start()

    def _counting(self) -> Callable[..., pd.DataFrame]:
        """Count with the settings as they are now, whatever they become meanwhile."""
        from .shares import whole_shares

        source, recipe, known = self.source(), self.recipe(), self.threshold_uncertainty
        names = [phase["name"] for phase in self.named_phases()]
        spacing, corrections = self.spacing_um(), self.grid_corrections()

        def count(progress: Any, cancelled: Any) -> pd.DataFrame:
            return whole_shares(
                source, recipe, uncertainty=known, names=names, spacing_um=spacing,
                corrections=corrections,
                progress=progress, cancelled=cancelled,
            )  # fmt: skip

        return count

    def grid_corrections(self, *, every_time: bool = False) -> Any:
        """What was corrected by hand at this time point, on the grid of the image.

        None where nothing was.

        Raises
        ------
        ValueError
            A stroke paints a label that no phase has any more.
        """
        from .phase_record import on_grid, refuse_unnamed

        image, time = self.explorer.world.images[self.image], self.explorer.time
        strokes = [Stroke.from_dict(stroke) for stroke in self.corrections]
        refuse_unnamed(strokes, classes=len(self.thresholds) + 1)
        return on_grid([s for s in strokes if every_time or s.time == time], image)

    def source(self) -> Any:
        """The volume or picture that is segmented, read box by box."""
        from .applied import OneVolume

        (item, *_) = self.explorer.world.placed(self.explorer.layers)
        return OneVolume(item.levels[0].array, item.select(time=self.explorer.time))
