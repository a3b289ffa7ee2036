"""The settings of a segmentation that is learned from scribbles, with undo."""

from __future__ import annotations

from typing import Any

from traitlets import Bool, Enum, Float, Int, TraitError, Tuple, Unicode, validate

from ..analysis.segmentation import PixelFeatures, Stroke, Training
from ..analysis.segmentation.pixel_features import KINDS
from ..analysis.segmentation.training import MOST_DEPTH, MOST_TREES
from .layers import checked_phases
from .painted_strokes import painted_stroke
from .remembered import Remembered
from .training_record import refuse_unnamed_classes

SETTINGS = {
    "scribbles": "scribble",
    "phases": "name classes",
    "scales_um": "scales of the features",
    "features": "features",
    "trees": "number of trees",
    "max_depth": "depth of the trees",
    "seed": "seed",
    "min_size_px": "smallest piece",
    "fill_holes": "filling of holes",
}
#: Of the settings, those that the forest follows from.
LEARNED = ("scribbles", "scales_um", "features", "trees", "max_depth", "seed")
INTENSITY = "intensity"


class TrainingSettings(Remembered):
    """What is scribbled, what the classes are called, and how they are learned.

    Attributes
    ----------
    history : History
    """

    image = Unicode(read_only=True, help="Name of the image.")
    scribbles = Tuple(help="Strokes, oldest first, as `Stroke.to_dict` writes them.")
    phases = Tuple(help="Dicts with label, name, color; labels count from 0. At least two.")
    scales_um = Tuple(help="Standard deviations of the Gaussians behind the features [µm].")
    features = Tuple(
        (INTENSITY, *KINDS),
        help="Some of intensity, gaussian, gradient, hessian, structure; all but the first at "
        "each scale.",
    )
    trees = Int(100, help="Of the random forest.")
    max_depth = Int(16, help="Most questions that a tree asks.")
    seed = Int(0, help="Of the forest: the same scribbles and seed give the same labels.")
    min_size_px = Int(0, help="Smaller pieces go to the class around them [voxel].")
    fill_holes = Bool(False, help="Whether enclosed pieces of the first class are filled.")
    opacity = Float(0.45, help="Of the classes over the image, 0 to 1.")
    theme = Enum(("light", "dark"), "light", help="Ground of the page around the picture.")
    name = Unicode("", read_only=True, help="Of the record, once saved.")
    saved = Bool(False, read_only=True, help="Whether the record says what is seen.")

    explorer: Any

    @validate("scribbles")
    def _check_scribbles(self, proposal: Any) -> tuple[dict[str, Any], ...]:
        try:
            strokes = tuple(Stroke.from_dict(stroke) for stroke in proposal["value"])
            training = Training(strokes=strokes, features=PixelFeatures(()))
            refuse_unnamed_classes(training, len(self.phases) or 256)
        except (TypeError, ValueError) as error:
            raise TraitError(f"scribbles: {error}") from error
        return tuple(stroke.to_dict() for stroke in strokes)

    @validate("phases")
    def _check_phases(self, proposal: Any) -> tuple[dict[str, Any], ...]:
        phases = checked_phases(proposal["value"])
        labels = [phase["label"] for phase in phases]
        if len(phases) < 2 or labels != list(range(len(phases))):
            raise TraitError(
                f"phases needs two classes or more, labelled from 0 upwards, got {labels}"
            )
        painted = {stroke["label"] for stroke in self.scribbles} - {None, *labels}
        if painted:
            raise TraitError(
                f"phases needs a name for class {max(painted)}, which has scribbles: undo them "
                "before the class goes"
            )
        return phases

    @validate("scales_um", "features")
    def _check_features(self, proposal: Any) -> tuple[Any, ...]:
        given, name = tuple(proposal["value"]), proposal["trait"].name
        scales = given if name == "scales_um" else self.scales_um
        chosen = given if name == "features" else self.features
        unknown = [one for one in chosen if one not in (INTENSITY, *KINDS)]
        if unknown:
            raise TraitError(
                f"features needs some of {', '.join((INTENSITY, *KINDS))}, got {unknown[0]!r}"
            )
        try:
            wanted = _features(scales, chosen)
        except (TypeError, ValueError) as error:
            raise TraitError(f"{name}: {error}") from error
        if name == "scales_um":
            return wanted.sigmas_um
        return tuple(one for one in (INTENSITY, *KINDS) if one in chosen)

    @validate("trees", "max_depth", "seed", "min_size_px")
    def _check_counts(self, proposal: Any) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        least, most = {"trees": (1, MOST_TREES), "max_depth": (1, MOST_DEPTH)}.get(
            name, (0, 2**31 - 1)
        )
        if not least <= value <= most:
            raise TraitError(f"{name} needs {least} to {most}, got {value}")
        return int(value)

    @validate("opacity")
    def _check_opacity(self, proposal: Any) -> float:
        if not 0 <= proposal["value"] <= 1:
            raise TraitError(f"opacity needs 0 to 1, got {proposal['value']}")
        return float(proposal["value"])

    def name_classes(self, *names: str, colors: Any = ()) -> None:
        """Name the classes, in their order; colours follow the names unless given.

        A further name is a further class.
        """
        given = list(colors) + [None] * (len(names) - len(colors))
        self.phases = tuple(
            {"label": label, "name": name, "color": color}
            for label, (name, color) in enumerate(zip(names, given, strict=True))
        )

    def named_phases(self) -> tuple[dict[str, Any], ...]:
        """The classes with their names and colours."""
        return tuple(dict(phase) for phase in self.phases)

    def add_stroke(
        self,
        tool: str,
        points: Any,
        *,
        label: int | None,
        radius_um: float,
        normal: Any = None,
    ) -> None:
        """Scribble; undo takes it back.

        Parameters
        ----------
        tool : {"pen", "area", "brush", "lasso"}
            A pen and an area are one voxel deep, so that only what was seen is learned; a brush is
            a ball, a lasso as deep as is told. In the browser brush and lasso are pen and area.
        points : sequence of dict
            ``x_um``, ``y_um``, ``z_um`` in the image's frame.
        label : int or None
            Of the class; None takes away what was scribbled there.
        radius_um : float
            Of the pen and the brush, half the depth of a lasso [µm].
        normal : sequence of 3 float, optional
            Of the plane of a pen or a lasso, z, y, x; by default z.
        """
        if tool == "fill":
            raise ValueError("a scribble needs a pen, an area, a brush or a lasso, got a fill")
        stroke = painted_stroke(
            self, tool, points, label=label, radius_um=radius_um, normal=normal, what="scribbles"
        )
        self.scribbles = (*self.scribbles, stroke)

    def settings(self) -> dict[str, Any]:
        """The settings that a record keeps."""
        return {name: getattr(self, name) for name in SETTINGS}

    def training(self, *, every_time: bool = False) -> Training:
        """What is learned from at this time point, or all that is scribbled."""
        whole = Training(
            strokes=tuple(Stroke.from_dict(stroke) for stroke in self.scribbles),
            features=_features(self.scales_um, self.features),
            trees=self.trees,
            max_depth=self.max_depth,
            seed=self.seed,
        )
        return whole if every_time else whole.at(self.explorer.time)


def _features(scales_um: Any, chosen: Any) -> PixelFeatures:
    kinds = tuple(one for one in chosen if one != INTENSITY)
    return PixelFeatures(tuple(scales_um), kinds, INTENSITY in chosen)
