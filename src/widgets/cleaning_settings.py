"""How an image is parted and its labels are cleaned: traits that make a recipe."""

from __future__ import annotations

import math
from typing import Any

from traitlets import Bool, Enum, Float, Int, TraitError, Tuple, Unicode, default, validate

from ..analysis.segmentation.components import checked_neighbours
from ..analysis.segmentation.recipe import (
    LENGTH_UNITS,
    METHODS,
    WINDOW_SHAPES,
    SegmentationRecipe,
)
from .cleaning_units import length_measure, size_measure
from .state import Widget

#: Traits that a record keeps among its parameters.
CHOICES = (
    "method",
    "seed_rise",
    "window",
    "window_shape",
    "opening_radius",
    "closing_radius",
    "split_depth",
    "split_phase",
    "connectivity",
    "length_unit",
)
UNIT_WORDS = {"um": "µm", "px": "px"}


class CleaningSettings(Widget):
    """What is done beside the thresholds; see `scalebridge.analysis.segmentation`."""

    image = Unicode(read_only=True, help="Name of the image.")
    thresholds = Tuple(help="Ascending grey values; n of them part n + 1 phases.")
    method = Enum(
        METHODS,
        "thresholds",
        help="Thresholds alone; hysteresis: only pieces that reach seed_rise higher somewhere; "
        "local: thresholds are differences to the mean of the surroundings.",
    )
    seed_rise = Float(0.0, help="Hysteresis: how much higher a piece has to reach [grey value].")
    window = Float(25.0, help="Local: width of the surroundings [length_unit].")
    window_shape = Enum(WINDOW_SHAPES, "mean", help="Local: plain mean or Gaussian.")
    smoothing_px = Float(0.0, help="Gaussian before the thresholds, standard deviation [voxel].")
    opening_radius = Float(0.0, help="What is thinner than this ball goes [length_unit].")
    closing_radius = Float(0.0, help="What is narrower than this ball is closed [length_unit].")
    min_size_px = Int(0, help="Smaller pieces go to the phase around them [voxel].")
    fill_holes = Bool(False, help="Whether enclosed pieces of the first phase are filled.")
    split_depth = Float(
        0.0,
        help="Objects that touch are cut where the neck's radius is smaller by this "
        "[length_unit]; 0 for no cut.",
    )
    split_phase = Int(None, allow_none=True, help="Phase that is cut; None for the brightest.")
    connectivity = Int(help="Neighbours that touch: 6, 18 or 26, in 2D 4 or 8; by faces at first.")
    length_unit = Enum(LENGTH_UNITS, "px", help="Of the lengths: voxels or µm.")

    @validate(
        "smoothing_px", "min_size_px", "seed_rise", "opening_radius", "closing_radius",
        "split_depth",
    )  # fmt: skip
    def _check_not_negative(self, proposal: Any) -> Any:
        value = proposal["value"]
        if not (math.isfinite(value) and value >= 0):
            raise TraitError(f"{proposal['trait'].name} needs 0 or more, got {value}")
        return value

    @validate("window")
    def _check_window(self, proposal: Any) -> float:
        value = float(proposal["value"])
        if not (math.isfinite(value) and value > 0):
            raise TraitError(f"window needs more than 0 {self.length_unit}, got {value}")
        return value

    @validate("split_phase")
    def _check_split_phase(self, proposal: Any) -> int | None:
        value = proposal["value"]
        if value is not None and not 0 <= value <= max(len(self.thresholds), 1):
            raise TraitError(
                f"split_phase needs a phase from 0 to {len(self.thresholds)}, got {value}"
            )
        return None if value is None else int(value)

    @validate("connectivity")
    def _check_connectivity(self, proposal: Any) -> int:
        try:
            return checked_neighbours(proposal["value"], self.dims())
        except ValueError as error:
            raise TraitError(str(error)) from error

    @default("connectivity")
    def _by_faces(self) -> int:
        return checked_neighbours(None, self.dims())

    @validate("length_unit")
    def _check_length_unit(self, proposal: Any) -> str:
        if proposal["value"] == "um" and self.spacing_um() is None:
            raise TraitError(
                f"length_unit needs px while {self.image} has no voxel size, got um: calibrate it"
            )
        return str(proposal["value"])

    def dims(self) -> int:
        """Number of spatial axes of the image."""
        raise NotImplementedError

    def spacing_um(self) -> tuple[float, ...] | None:
        """Voxel size along each axis [µm], None without one."""
        raise NotImplementedError

    def recipe(self) -> SegmentationRecipe:
        """What is done to the image; what the method does not use is left out.

        Raises
        ------
        ValueError
            There is no threshold yet.
        """
        local, grown = self.method == "local", self.method == "hysteresis"
        # a phase that went with its threshold is not cut any more, and the brightest is
        known = (self.split_phase or 0) <= len(self.thresholds)
        return SegmentationRecipe(
            self.thresholds,
            method=self.method,
            seed_rise=self.seed_rise if grown else 0.0,
            window=self.window if local else 0.0,
            window_shape=self.window_shape if local else "mean",
            smoothing_px=self.smoothing_px,
            opening_radius=self.opening_radius,
            closing_radius=self.closing_radius,
            min_size_px=self.min_size_px,
            fill_holes=self.fill_holes,
            split_depth=self.split_depth,
            split_phase=self.split_phase if self.split_depth and known else None,
            connectivity=None if self.connectivity == self._by_faces() else self.connectivity,
            length_unit=self.length_unit,
        )

    def take_recipe(self, recipe: SegmentationRecipe) -> None:
        """Set the traits to a recipe; what it does not use stays as it is."""
        changes: dict[str, Any] = {
            "thresholds": recipe.thresholds,
            "method": recipe.method,
            "smoothing_px": recipe.smoothing_px,
            "min_size_px": recipe.min_size_px,
            "fill_holes": recipe.fill_holes,
            "opening_radius": recipe.opening_radius,
            "closing_radius": recipe.closing_radius,
            "split_depth": recipe.split_depth,
            "connectivity": recipe.neighbours(self.dims()),
        }
        if recipe.method == "hysteresis":
            changes["seed_rise"] = recipe.seed_rise
        if recipe.method == "local":
            changes |= {"window": recipe.window, "window_shape": recipe.window_shape}
        if recipe.split_depth:
            changes["split_phase"] = recipe.split_phase
        if recipe.has_lengths:
            changes["length_unit"] = recipe.length_unit
        for name, value in changes.items():
            self.set_trait(name, value)

    @property
    def cleaned(self) -> bool:
        """Whether more is done than to part grey values at the thresholds."""
        return bool(self.steps())

    def steps(self) -> str:
        """What is done beside the thresholds, in a word or two; empty for nothing."""
        cleaning = (
            self.method != "thresholds"
            or self.smoothing_px
            or self.opening_radius
            or self.closing_radius
            or self.min_size_px
            or self.fill_holes
            or self.split_depth
        )
        done = {"smoothing and cleaning": cleaning, "corrections by hand": self.has_corrections()}
        return " and ".join(words for words, used in done.items() if used)

    def has_corrections(self) -> bool:
        """Whether labels were corrected by hand."""
        return bool(getattr(self, "corrections", ()))

    def grey_words(self) -> str:
        """What the thresholds part, in words."""
        return "grey value above its surroundings" if self.method == "local" else "grey value"

    def cleaning_words(self) -> str:
        """What is done beside the thresholds, in words; empty for nothing."""
        unit = UNIT_WORDS[self.length_unit]
        said = (
            (
                self.method == "local",
                f"above the {self.window_shape if self.window_shape == 'mean' else 'Gaussian mean'}"
                f" of {self.window:g} {unit} around",
            ),
            (
                self.method == "hysteresis",
                f"only pieces that reach {self.seed_rise:g} higher",
            ),
            (self.smoothing_px, f"Gaussian {length_measure(self).words(self.smoothing_px)}"),
            (self.opening_radius, f"opened by {self.opening_radius:g} {unit}"),
            (self.closing_radius, f"closed by {self.closing_radius:g} {unit}"),
            (
                self.min_size_px,
                f"pieces under {size_measure(self).words(self.min_size_px)} merged",
            ),
            (self.fill_holes, "enclosed pieces filled"),
            (
                self.split_depth,
                f"touching objects cut at necks narrower by {self.split_depth:g} {unit}",
            ),
            (
                self.connectivity != self._by_faces()
                and (self.min_size_px or self.method == "hysteresis"),
                f"pieces by {self.connectivity} neighbours",
            ),
        )
        return "; ".join(words for done, words in said if done)
