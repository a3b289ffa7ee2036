"""What a record of each kind may say.

One pydantic model a kind. Unknown fields, NaN and infinity are refused when a record is written;
reading trusts what was written. ``None`` says "not known".
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, model_validator

from .field_types import (
    Corner,
    HalfSize,
    Plain,
    PlanStage,
    Position,
    Probability,
    Text,
    Untouched,
)


class Fields(BaseModel):
    """The rules that every kind shares."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=False, frozen=True)

    #: A name is unique among the records that agree in these fields.
    scope: ClassVar[tuple[str, ...]] = ()
    needs_name: ClassVar[bool] = True
    #: Which fields hold the name of a record of another collection.
    references: ClassVar[dict[str, str]] = {}
    #: Fields that say where something is [µm], and those that name the frames they speak of.
    geometry: ClassVar[frozenset[str]] = frozenset()
    places: ClassVar[tuple[str, ...]] = ()


class FrameFields(Fields):
    """A coordinate system of the specimen."""

    description: str = ""


class ImageFields(Fields):
    """An image, its grid and where that grid stands in its frame."""

    references = {"frame": "frames"}

    frame: Text
    axes: Text
    shape: list[PositiveInt]
    dtype: Text
    modality: str | None = None
    nominal_spacing_um: list[PositiveFloat] | None = None
    nominal_spacing_source: str | None = None
    spacing_um: list[PositiveFloat] | None = None
    spacing_source: str | None = None
    spacing_uncertainty: Annotated[float, Field(ge=0)] | None = None
    origin_um: list[float] | None = None
    channel_names: list[str] = []
    time: str | float | None = None
    labels: bool = False
    factors: list[list[PositiveInt]] = [[1, 1, 1]]
    fingerprints: dict[str, str] = {}
    bytes_stored: int | None = None
    #: Where the pixels are that were not copied, and what was found there; empty for all others.
    link: Plain = {}
    source: Untouched = {}
    metadata: Untouched = {}
    note: str = ""

    @model_validator(mode="after")
    def _one_value_an_axis(self) -> ImageFields:
        spatial = [axis for axis in self.axes if axis in "zyx"]
        for field in ("nominal_spacing_um", "spacing_um", "origin_um"):
            values = getattr(self, field)
            if values is not None and len(values) != len(spatial):
                raise ValueError(
                    f"{field} needs {len(spatial)} values ({', '.join(spatial)}), "
                    f"got {len(values)}: {tuple(values)}"
                )
        return self


class TransformFields(Fields):
    """A map from one frame to another, with how it was made."""

    references = {"from_frame": "frames", "to_frame": "frames"}
    geometry = frozenset({"transform"})
    places = ("from_frame", "to_frame")

    from_frame: Text
    to_frame: Text
    transform: Plain
    status: Literal["proposed", "accepted", "refused"] = "proposed"
    method: str = ""
    fre_um: Annotated[float, Field(ge=0)] | None = None
    loo_um: Annotated[float, Field(ge=0)] | None = None
    landmarks: list[tuple[str, int]] = []
    engine: Plain = {}
    note: str = ""


class LandmarkFields(Fields):
    """The same spot seen in two frames."""

    scope = ("moving_frame", "fixed_frame")
    needs_name = False
    references = {"moving_frame": "frames", "fixed_frame": "frames"}
    geometry = frozenset({"moving", "fixed"})
    places = ("moving_frame", "fixed_frame")

    moving_frame: Text
    fixed_frame: Text
    moving: Position
    fixed: Position
    moving_sigma_um: PositiveFloat | None = None
    fixed_sigma_um: PositiveFloat | None = None
    active: bool = True
    placed_by: str = "person"
    note: str = ""


class TargetFields(Fields):
    """A point to be cut to, perhaps with its volume of interest."""

    references = {"frame": "frames"}
    geometry = frozenset({"position", "half_size"})
    places = ("frame",)

    frame: Text
    position: Position
    half_size: HalfSize | None = None
    probability: Probability = 0.95
    #: Standard uncertainty of the place itself along each axis; None takes it as given.
    sigma: HalfSize | None = None
    note: str = ""


class PreparationFields(Fields):
    """What was done to the specimen after a scan: its surface stands elsewhere now."""

    needs_name = False
    references = {"frame": "frames"}

    #: Of the scan that does not show it yet.
    frame: Text
    preparation: Literal["coating", "embedding", "cap", "debris", "corrosion", "polishing", "other"]
    #: Along the outward normal: material added, negative where it was removed [µm].
    added_um: float
    sigma_um: Annotated[float, Field(ge=0)]
    #: When it was done, as 2026-05-31 or 2026-05-31T14:00.
    date: str | None = None
    note: str = ""

    @model_validator(mode="after")
    def _added_or_removed(self) -> PreparationFields:
        sign = {"coating": 1, "embedding": 1, "cap": 1, "debris": 1, "polishing": -1}
        if self.added_um * sign.get(self.preparation, 0) < 0:
            what = "removes" if self.preparation == "polishing" else "adds"
            raise ValueError(
                f"added_um: {self.preparation} {what} material, got {self.added_um:g} µm: what is "
                "added counts positive, what is removed negative"
            )
        return self


class SurfaceFields(Fields):
    """A surface that was measured again, for example as eucentric heights in the instrument."""

    references = {"frame": "frames"}
    geometry = frozenset({"points"})
    places = ("frame",)

    frame: Text
    points: Annotated[list[Corner], Field(min_length=3)]
    #: Of each point across the surface; None takes it from the scatter of four or more [µm].
    sigma_um: PositiveFloat | None = None
    method: str = "eucentric height"
    #: When it was done, as 2026-05-31 or 2026-05-31T14:00.
    date: str | None = None
    note: str = ""

    @model_validator(mode="after")
    def _three_points_leave_no_scatter(self) -> SurfaceFields:
        if len(self.points) == 3 and self.sigma_um is None:
            raise ValueError("sigma_um needs a value with three points, got None: they fit exactly")
        return self


class StageFields(Fields):
    """The stage of an instrument: its axes, and how well it goes where it is told."""

    references = {"frame": "frames"}

    #: Whose positions are the stage's readings [µm].
    frame: Text
    unit: Literal["um", "mm", "m"]
    handedness: Literal["right", "left"]
    z_grows: Literal["outwards", "inwards"] | None = None
    tilt_deg: float = 0.0
    rotation_deg: float = 0.0
    between_beams_deg: Annotated[float, Field(gt=0, lt=90)] = 52.0
    repeatability_um: Annotated[float, Field(ge=0)] | None = None
    drift_um_per_min: Annotated[float, Field(ge=0)] | None = None
    scale_sigma: Annotated[float, Field(ge=0)] | None = None
    note: str = ""


class PlanFields(Fields):
    """A cut that was planned, with its stages; a later plan of the same target supersedes it."""

    references = {"target": "targets", "frame": "frames"}
    geometry = frozenset({"position", "size"})
    places = ("frame",)

    target: Text
    #: Of the instrument that cuts.
    frame: Text
    position: Position
    #: Whole edges of the cut; None where the margin was not known.
    size: HalfSize | None = None
    probability: Probability
    stages: list[PlanStage] = []
    #: Kind, id and version of what it was planned from.
    rests_on: list[tuple[str, str, int]] = []
    #: Proposed until a person stands behind it, then planned.
    status: Literal["proposed", "planned", "done", "superseded", "abandoned"] = "planned"
    superseded_by: str | None = None
    note: str = ""


class SegmentationFields(Fields):
    """The settings that turn an image into phases."""

    references = {"image": "images"}

    image: Text
    method: Text = "thresholds"
    thresholds: list[float] = []
    threshold_uncertainty: list[Annotated[float, Field(ge=0)]] = []
    smoothing_px: Annotated[float, Field(ge=0)] = 0.0
    min_size_px: Annotated[int, Field(ge=0)] = 0
    phases: list[Plain] = []
    parameters: Plain = {}
    accepted: bool = False
    note: str = ""


class MeasurementFields(Fields):
    """A number that can defend itself."""

    needs_name = False
    references = {"image": "images", "segmentation": "segmentations"}

    key: Text
    value: float
    uncertainty: Annotated[float, Field(ge=0)] | None = None
    lower: float | None = None
    upper: float | None = None
    unit: Text
    convention: str = ""
    parts: dict[str, float] = {}
    sampling: Annotated[float, Field(ge=0)] | None = None
    checks: list[Plain] = []
    image: str | None = None
    segmentation: str | None = None
    run: str | None = None
    note: str = ""


class NoteFields(Fields):
    """Words, perhaps pinned to a point."""

    needs_name = False
    references = {"frame": "frames"}
    geometry = frozenset({"position"})
    places = ("frame",)

    text: Text
    frame: str | None = None
    position: Position | None = None


class AnnotationFields(Fields):
    """What a person measured by hand between points; the value follows from them."""

    needs_name = False
    references = {"frame": "frames"}
    geometry = frozenset({"points"})
    places = ("frame",)

    frame: Text
    shape: Literal["distance", "angle", "area"]
    points: Annotated[list[Corner], Field(min_length=2)]
    text: str = ""

    @model_validator(mode="after")
    def _as_many_points_as_the_shape_has(self) -> AnnotationFields:
        least, most = {"distance": (2, 2), "angle": (3, 3), "area": (3, 200)}[self.shape]
        if not least <= len(self.points) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            raise ValueError(f"{self.shape} needs {wanted} points, got {len(self.points)}")
        return self


class BookmarkFields(Fields):
    """A view to come back to."""

    scope = ("frame",)
    references = {"frame": "frames"}
    geometry = frozenset({"cursor", "centre"})
    places = ("frame",)

    frame: Text
    cursor: Position
    centre: Position
    across: Annotated[list[float], Field(min_length=3, max_length=3)]
    down: Annotated[list[float], Field(min_length=3, max_length=3)]
    width_um: PositiveFloat
    note: str = ""


class RunFields(Fields):
    """One execution of a template."""

    needs_name = False

    template: Text
    parameters: Plain = {}
    status: Literal["running", "finished", "failed", "undecided"] = "running"
    started: str | None = None
    ended: str | None = None
    state_in: int | None = None
    versions: Plain = {}
    report: str | None = None
    error: str | None = None
    taken_back: list[str] = []
    kept: list[str] = []


class CleaningFields(Fields):
    """What ``gc`` deleted for good."""

    needs_name = False

    images: list[str] = []
    folders: list[str] = []
    bytes_freed: int = 0


def field_defaults(kind: str) -> dict[str, Any]:
    """Give what a field says where it was never written, as plain JSON types."""
    fields = KINDS[kind].model_fields if kind in KINDS else {}
    return {
        name: info.get_default(call_default_factory=True)
        for name, info in fields.items()
        if not info.is_required()
    }


KINDS: dict[str, type[Fields]] = {
    "images": ImageFields,
    "frames": FrameFields,
    "transforms": TransformFields,
    "landmarks": LandmarkFields,
    "targets": TargetFields,
    "preparations": PreparationFields,
    "surfaces": SurfaceFields,
    "stages": StageFields,
    "plans": PlanFields,
    "segmentations": SegmentationFields,
    "measurements": MeasurementFields,
    "notes": NoteFields,
    "annotations": AnnotationFields,
    "bookmarks": BookmarkFields,
    "runs": RunFields,
    "cleanings": CleaningFields,
}
