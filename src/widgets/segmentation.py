"""Part an image into phases by thresholds, with the picture and the numbers in view."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .explorer import SliceExplorer
from .layers import MATRIX, Layer, coarse_level
from .phase_record import recipe_of, record_fields, says_the_same
from .preview import level_factors, preview_levels
from .scene import Placed
from .seen import Seen
from .shares import finest_values, phase_shares
from .training_record import is_trained
from .whole_image import WholeImage

if TYPE_CHECKING:
    import pandas as pd


class SegmentationSliders(WholeImage):
    """Thresholds between phases, previewed on the plane that is seen.

    Changing a setting changes the preview; `save` writes the settings as a record, which the
    headless run applies. ``saved`` tells whether the record says what is seen.

    Parameters
    ----------
    ws : Workspace
    image : str
        Name of the image.
    record : str, optional
        Name of a saved segmentation to go on with.
    **traits
        Any trait below.

    Attributes
    ----------
    explorer : SliceExplorer
        How the image is shown, and on which plane.

    Examples
    --------
    >>> sliders = SegmentationSliders(ws, "fibsem")  # doctest: +SKIP
    >>> sliders.set_threshold(118)  # doctest: +SKIP
    >>> sliders.save("pores")  # doctest: +SKIP
    """

    def __init__(self, ws: Any, image: str, *, record: str | None = None, **traits: Any) -> None:
        self.ws = ws
        self._seen = Seen(ws.segmentations)
        self.explorer = SliceExplorer(ws, [image], crosshair=False)
        self._calibration: tuple[tuple[float, ...], str] = ((), "")
        self.set_trait("image", image)
        self._take_unit(traits)
        if record is not None:
            self._take(ws.segmentations[record])
        super().__init__(**traits)

    def __repr__(self) -> str:
        state = f"saved as {self.name}" if self.saved else "not saved"
        return f"SegmentationSliders({self.image}, thresholds {self.thresholds}, {state})"

    # -- state -----------------------------------------------------------------

    def suggest(self, *, classes: int | None = None) -> Any:
        """Take thresholds half-way between the phases, with their uncertainty.

        Parameters
        ----------
        classes : int, optional
            Number of phases; by default as many as are named, else two.

        Returns
        -------
        ThresholdEstimate
        """
        from ..analysis.segmentation import suggest_thresholds

        count = classes or max(len(self.phases), 2)
        estimate = suggest_thresholds(self._levelled(self._volume(), 0), classes=count)
        values, uncertainty = map(float, estimate.values), map(float, estimate.uncertainty)
        note = " ".join([estimate.method, *estimate.warnings])
        changes = self.stated(tuple(values), tuple(uncertainty), note=note)
        self._apply_together("suggested thresholds", changes)
        return estimate

    def calibrate(self, by: str, *, criterion: str = "fraction") -> tuple[Any, ...]:
        """Take the thresholds with which this scan agrees with a finer one where both are.

        The phases need names first (`name_phases`), those of the finer segmentation.

        Parameters
        ----------
        by : str
            Name of a segmentation of a finer image, joined to this one by accepted transforms.
        criterion : {"fraction", "agreement"}
            The same volume of each phase in the overlap, or the least volume misplaced.

        Returns
        -------
        tuple of CalibratedThreshold
            One a threshold; its uncertainty is of the place of the overlap and of the
            registration.

        Raises
        ------
        DecisionNeeded
            The finer segmentation has other phases.
        ValueError
            Thresholds are local ones; or the images do not fit, see `finer_scale`.
        CovarianceUnavailable
            A transform between the images states no error.
        """
        from .finer_scale import calibration_words, finer_scale

        if self.method == "local":
            raise ValueError(
                "calibrate needs thresholds on grey values, got method local: set another method"
            )
        record = self.ws.segmentations[by]
        finer = finer_scale(
            self.ws,
            self.image,
            record,
            coarse=self.source(),
            seen=self._smoothed,
            margin_px=2 + math.ceil(4 * self.smoothing_px),
        )
        names = [phase["name"] for phase in self.phases or self.named_phases()]
        found = finer.thresholds(names, criterion=criterion)
        values = tuple(one.threshold for one in found)
        uncertainty = tuple(one.uncertainty for one in found)
        changes = self.stated(values, uncertainty, note=calibration_words(found, finer))
        self._apply_together(f"calibrated by {by}", changes)
        self.note_calibration(by)
        return found

    def note_calibration(self, by: str) -> None:
        """Keep that the present thresholds were calibrated by a finer segmentation."""
        self._calibration = (tuple(self.thresholds), by)

    @property
    def calibrated_by(self) -> str:
        """Name of the segmentation that the present thresholds come from; empty without one."""
        values, by = self._calibration
        return by if values == tuple(self.thresholds) else ""

    # -- decisions -------------------------------------------------------------

    def save(self, name: str | None = None, *, accepted: bool = True, note: str = "") -> Any:
        """Write the settings as a segmentation record.

        Parameters
        ----------
        name : str, optional
            By default the name it was saved under, else ``<image>_phases``.
        accepted : bool
            Whether the headless run may use it.
        note : str
            Why.

        Returns
        -------
        Record

        Raises
        ------
        Conflict
            Another person has saved this name since these sliders were made. It tells what; saving
            again takes its place.
        """
        if not self.thresholds:
            raise ValueError("save needs a threshold: call set_threshold or suggest first")
        title = name or self.name or f"{self.image}_phases"
        return self._write(title, record_fields(self, accepted=accepted, note=note))

    def undo(self) -> str:
        """Take the last change back; a saved record gets a new version."""
        return self._after_step(self.history.undo())

    def redo(self) -> str:
        """Make the last undone change again."""
        return self._after_step(self.history.redo())

    # -- what is seen ------------------------------------------------------------

    def fractions(self) -> pd.DataFrame:
        """Share of each phase on a sample of the image, before smoothing and cleaning.

        Returns
        -------
        DataFrame
            phase, fraction, lower, upper (thresholds moved by two standard uncertainties).
        """
        return phase_shares(
            self.sample(),
            thresholds=self.thresholds,
            uncertainty=self.threshold_uncertainty,
            names=[phase["name"] for phase in self.named_phases()],
        )

    def preview(self, width_px: int = 600) -> list[Placed]:
        """The image with the labels of the present settings over it, ready to be drawn."""
        image = self._placed()
        if not self.thresholds:
            return [image]
        levels, _ = preview_levels(
            image,
            self.explorer.plane(),
            width_px=width_px,
            time=self.explorer.time,
            recipe=self.recipe(),
            corrections=self.grid_corrections(),
        )
        axes = "zyx"[-image.dims :]
        return [image, Placed(layer=self.phase_layer(), levels=levels, axes=axes)]

    def drawn_phases(self) -> tuple[dict[str, Any], ...]:
        """The phases that are coloured: the matrix stays grey."""
        return tuple(p for p in self.named_phases() if p["color"] != MATRIX)

    def phase_layer(self) -> Layer:
        """How labels of the phases lie over the image."""
        return Layer(
            image=self.image,
            name="phases",
            mode="labels",
            opacity=self.opacity,
            phases=self.drawn_phases(),
        )

    def snapshot(self, width_px: int = 900, *, histogram: bool = True) -> Image.Image:
        """The slice, the slice with its phases, and the histogram with the thresholds.

        Parameters
        ----------
        width_px : int
            Of the whole picture with its legend.
        histogram : bool
            Whether the histogram stands below.
        """
        from .segmentation_picture import segmentation_picture

        return segmentation_picture(self, width_px=width_px, histogram=histogram)

    def histogram(self, width_px: int = 600) -> Image.Image:
        """The histogram of grey values with thresholds and their uncertainty."""
        from .histogram import histogram_picture

        return histogram_picture(
            self.sample(),
            thresholds=self.thresholds,
            uncertainty=self.threshold_uncertainty,
            colors=[phase["color"] for phase in self.named_phases()],
            width_px=width_px,
            theme=self.theme,
            what=self.grey_words(),
        )

    def _build_view(self) -> Any:
        from .segmentation_view import segmentation_view

        return segmentation_view(self)

    # -- steps -------------------------------------------------------------------

    def _placed(self) -> Placed:
        return self.explorer.world.placed(self.explorer.layers)[0]

    def sample(self) -> NDArray[Any]:
        """Grey values of a coarse copy as the thresholds see them, flat and finite."""
        item = self._placed()
        select = item.select(time=self.explorer.time)
        local = self.method == "local"
        surroundings = (self.window, self.window_shape, self.length_unit) if local else None
        key = (select, id(item.levels), surroundings)
        if getattr(self, "_sampled", (None, None))[0] != key:
            values = self._levelled(*coarse_level(item.levels, select))
            self._sampled = (key, values[np.isfinite(values)])
        return self._sampled[1]

    def _volume(self) -> NDArray[Any]:
        item = self._placed()
        return finest_values(item.levels, item.select(time=self.explorer.time), dims=item.dims)

    def _smoothed(self, grey: NDArray[Any]) -> NDArray[Any]:
        """Grey values as the thresholds part them."""
        from scipy.ndimage import gaussian_filter

        if not self.smoothing_px:
            return grey
        return np.asarray(gaussian_filter(grey.astype(np.float32), self.smoothing_px))

    def _levelled(self, values: NDArray[Any], level: int) -> NDArray[Any]:
        """Grey values of a level as the thresholds see them."""
        if self.method != "local":
            return values
        from ..analysis.segmentation import levelled

        item = self._placed()
        in_um = self.length_unit == "um"
        scale = item.levels[level].spacing_um if in_um else level_factors(item, level)
        return levelled(
            values, window_um=self.window, spacing_um=tuple(scale), shape=self.window_shape
        )

    def dims(self) -> int:
        """Number of spatial axes of the image."""
        return self._placed().dims

    def spacing_um(self) -> tuple[float, ...] | None:
        """Voxel size along each axis [µm], None without one."""
        image = self.explorer.world.images[self.image]
        return tuple(image.spacing_um) if image.calibrated else None

    def level_shift(self, before: str, after: str) -> float:
        """What thresholds are moved by: the mean grey value, off for local ones and on again."""
        if (before == "local") == (after == "local"):
            return 0.0
        item = self._placed()
        values, _ = coarse_level(item.levels, item.select(time=self.explorer.time))
        mean = float(f"{np.nanmean(values):.4g}")
        return -mean if after == "local" else mean

    def _take_unit(self, traits: dict[str, Any]) -> None:
        """Lengths in µm where the voxel size is known, and a window that is some voxels wide."""
        self.set_trait("length_unit", self.explorer.world.unit)
        if traits.get("length_unit", self.length_unit) == "um":
            voxel = min(self.spacing_um() or (1.0,))
            self.set_trait("window", float(f"{type(self).window.default_value * voxel:.2g}"))

    def _take(self, record: Any) -> None:
        if record.image != self.image:
            raise ValueError(f"{record.name} is a segmentation of {record.image}, not {self.image}")
        if is_trained(record):
            raise ValueError(
                f"{record.name} is learned from scribbles: open it with TrainableSegmentation"
            )
        self.take_recipe(recipe_of(record))
        known = tuple(record.threshold_uncertainty)
        # a record may give one for all
        known = known * len(self.thresholds) if len(known) == 1 else known
        self.set_trait("threshold_uncertainty", known)
        self.set_trait("phases", tuple(record.phases))
        self.set_trait("corrections", tuple(record.parameters.get("corrections", ())))
        stated = self.stated(self.thresholds, self.threshold_uncertainty)
        pairs = record.parameters.get("reference") or stated["reference"]
        self.set_trait("reference", tuple(tuple(pair) for pair in pairs))
        self.set_trait("note", record.note.removesuffix(self.origin()).strip())
        self.note_calibration(str(record.parameters.get("calibrated_by", "")))
        self.set_trait("name", record.name)
        self.set_trait("saved", True)

    def _after_step(self, title: str) -> str:
        self.set_trait("saved", self._record_agrees())
        return title

    def _record_agrees(self) -> bool:
        records = [record for record in self.ws.segmentations if record.name == self.name]
        return any(says_the_same(record, self) for record in records)
