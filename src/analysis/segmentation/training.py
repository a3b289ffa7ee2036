"""What a trained segmentation is made from, as plain values that a record can keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .corrections import Corrections
from .pixel_classes import PixelClassifier
from .pixel_features import PixelFeatures
from .pixel_training import train_pixel_classes, variants
from .recipe import SegmentationRecipe
from .strokes import Stroke

MOST_TREES, MOST_DEPTH = 1000, 64


@dataclass(frozen=True, kw_only=True)
class Training:
    """Scribbles, features and forest: trained again, they give the same classifier to the bit.

    Attributes
    ----------
    strokes : tuple of Stroke
        Labels are the classes, from 0.
    features : PixelFeatures
    trees, max_depth, seed : int
        Of the forest.

    Examples
    --------
    >>> stroke = Stroke(tool="brush", label=0, points_um=((0, 0, 2),), radius_um=1.0)
    >>> training = Training(strokes=(stroke,), features=PixelFeatures((1.0,)), seed=3)
    >>> Training.from_parameters(training.parameters()) == training
    True
    """

    strokes: tuple[Stroke, ...]
    features: PixelFeatures
    trees: int = 100
    max_depth: int = 16
    seed: int = 0

    def __post_init__(self) -> None:
        for stroke in self.strokes:
            if stroke.tool == "fill" or (stroke.label is not None and not 0 <= stroke.label <= 255):
                raise ValueError(
                    "a scribble needs a pen, brush, lasso or area and a label from 0 to 255, got a "
                    f"{stroke.tool} of {stroke.label}"
                )
        for name, least, most in (
            ("trees", 1, MOST_TREES),
            ("max_depth", 1, MOST_DEPTH),
            ("seed", 0, 2**31 - 1),
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                raise ValueError(f"{name} needs a whole number from {least} to {most}, got {value}")

    def parameters(self) -> dict[str, Any]:
        """Plain JSON, for a record."""
        return {
            "scribbles": [stroke.to_dict() for stroke in self.strokes],
            "features": self.features.parameters(),
            "trees": self.trees,
            "max_depth": self.max_depth,
            "seed": self.seed,
        }

    @classmethod
    def from_parameters(cls, told: Mapping[str, Any]) -> Training:
        """Read what `parameters` wrote.

        Raises
        ------
        ValueError
            A name is missing, or a value cannot be.
        """
        try:
            return cls(
                strokes=tuple(Stroke.from_dict(stroke) for stroke in told["scribbles"]),
                features=PixelFeatures.from_parameters(told["features"]),
                trees=told["trees"],
                max_depth=told["max_depth"],
                seed=told["seed"],
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                "a training needs scribbles, features, trees, max_depth and seed, got "
                f"{sorted(told) if isinstance(told, Mapping) else told!r}"
            ) from error

    def classes(self) -> tuple[int, ...]:
        """Labels that some stroke has, whether or not it is in the image."""
        return tuple(sorted({s.label for s in self.strokes if s.label is not None}))

    def at(self, time: int) -> Training:
        """The same with the strokes of one time point only."""
        return replace(self, strokes=tuple(s for s in self.strokes if s.time == time))

    def drawn(self, spacing_um: Sequence[float], origin_um: Sequence[float]) -> Corrections:
        """The strokes on the grid of an image."""
        spacing, origin = (tuple(map(float, part)) for part in (spacing_um, origin_um))
        return Corrections(self.strokes, spacing, origin)

    def classifier(
        self,
        source: Any,
        *,
        spacing_um: Sequence[float],
        origin_um: Sequence[float],
        threads: int | None = None,
    ) -> PixelClassifier:
        """Learn from an image; parameters and errors as `train_pixel_classes`."""
        return train_pixel_classes(
            source, self.drawn(spacing_um, origin_um), features=self.features, trees=self.trees,
            max_depth=self.max_depth, seed=self.seed, threads=threads,
        )  # fmt: skip

    def variants(
        self,
        source: Any,
        classifier: PixelClassifier,
        *,
        origin_um: Sequence[float],
        count: int = 12,
        threads: int | None = None,
    ) -> tuple[PixelClassifier, ...]:
        """Learn from other draws of the scribbles; as `pixel_training.variants`."""
        return variants(
            source, self.drawn(classifier.spacing_um, origin_um), classifier, count=count,
            trees=self.trees, max_depth=self.max_depth, seed=self.seed, threads=threads,
        )  # fmt: skip


def class_recipe(
    classes: int, *, min_size_px: int = 0, fill_holes: bool = False
) -> SegmentationRecipe:
    """How an image of class numbers becomes labels: parted between the numbers, then cleaned.

    Parameters
    ----------
    classes : int
        Numbered from 0; 2 or more.
    min_size_px, fill_holes
        As `SegmentationRecipe`.

    Examples
    --------
    >>> class_recipe(3).thresholds
    (0.5, 1.5)
    """
    between = tuple(label + 0.5 for label in range(classes - 1))
    return SegmentationRecipe(between, min_size_px=min_size_px, fill_holes=fill_holes)
