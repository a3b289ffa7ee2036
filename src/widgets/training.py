"""Part an image into classes by examples: scribble, look, scribble where it is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from PIL import Image

from ..analysis.segmentation import (
    Corrections,
    PixelFeatures,
    ScribbledVoxels,
    scribbled_voxels,
)
from ..errors import DecisionNeeded
from .applied import OneVolume
from .class_preview import ClassPreview, SeenClasses
from .colors import label_color
from .explorer import SliceExplorer
from .layers import MATRIX, Layer
from .saved_segmentation import SavedSegmentation
from .scene import GridLevel, Placed
from .seen import Seen
from .training_record import (
    is_trained,
    refuse_other_voxels,
    says_the_same_training,
    training_fields,
    training_of,
)
from .training_settings import INTENSITY, LEARNED, SETTINGS, TrainingSettings

if TYPE_CHECKING:
    from ..analysis.segmentation import PixelClassifier
    from ..analysis.segmentation.left_out import LeftOut

_NO_CLASS, _SCRIBBLE_OPACITY = 255, 0.8
_MOST_VOXELS = 24_000_000  # of the block in which scribbles are drawn; else a coarser level


class TrainableSegmentation(SavedSegmentation, TrainingSettings):
    """Classes learned from scribbles by a random forest, previewed on the plane that is seen.

    `save` writes scribbles, features and seed as a record; the headless run learns from them
    again and gives the same labels to the bit. ``saved`` tells whether the record says what is
    seen.

    Parameters
    ----------
    ws : Workspace
    image : str
        Name of the image.
    record : str, optional
        Name of a saved one to go on with.
    **traits
        Any trait below.

    Attributes
    ----------
    explorer : SliceExplorer
        How the image is shown, and on which plane.

    Examples
    --------
    >>> trained = TrainableSegmentation(ws, "fibsem")  # doctest: +SKIP
    >>> trained.name_classes("pore", "matrix")  # doctest: +SKIP
    >>> line = [{"x_um": 2.0, "y_um": 3.0, "z_um": 1.0}]  # doctest: +SKIP
    >>> trained.add_stroke("pen", line, label=0, radius_um=0.2)  # doctest: +SKIP
    """

    def __init__(self, ws: Any, image: str, *, record: str | None = None, **traits: Any) -> None:
        self.ws = ws
        self._seen = Seen(ws.segmentations)
        self.explorer = SliceExplorer(ws, [image], crosshair=False)
        self._preview = ClassPreview()
        self._learned: tuple[Any, PixelClassifier] | None = None
        self.set_trait("image", image)
        given = {
            "phases": tuple(
                {"label": label, "name": f"phase {label}", "color": label_color(label)}
                for label in range(2)
            ),
            "scales_um": PixelFeatures.usual(self.spacing_um()).sigmas_um,
        }
        if record is not None:
            given |= self._recorded(ws.segmentations[record])
        super().__init__(**{**given, **traits})
        self._remember(SETTINGS)
        self.set_trait("saved", self._record_agrees())
        for shown, name in ((self.explorer, "time"), (self.explorer.layers[0], "channel")):
            shown.observe(lambda _: self.set_trait("saved", self._record_agrees()), names=name)
        if self.scribbles:  # where somebody was at work
            z, y, x = self.scribbles[-1]["points_um"][0]
            place = {"x_um": x, "y_um": y} | ({} if self.explorer.planar else {"z_um": z})
            self.explorer.cursor_um = place

    def __repr__(self) -> str:
        state = f"saved as {self.name}" if self.saved else "not saved"
        names = ", ".join(phase["name"] for phase in self.phases)
        return (
            f"TrainableSegmentation({self.image}, {len(self.scribbles)} scribbles of {names}, "
            f"{state})"
        )

    # -- what is learned ---------------------------------------------------------

    def spacing_um(self) -> tuple[float, ...]:
        """Voxel size along each axis [µm]; voxels where it is not known."""
        return tuple(map(float, self._placed().levels[0].spacing_um))

    def source(self) -> Any:
        """The volume or picture that is segmented, read box by box."""
        item = self._placed()
        return OneVolume(item.levels[0].array, item.select(time=self.explorer.time))

    def classes_scribbled(self) -> tuple[int, ...]:
        """Labels of the classes that have scribbled voxels now."""
        return tuple(self._voxels().strokes_a_class())

    def learned_state(self) -> Any:
        """What the classifier follows from; another one means that it is to be learned anew."""
        settings = repr([getattr(self, name) for name in LEARNED])
        return settings, self.explorer.time, self.explorer.layers[0].channel

    def classifier(self) -> PixelClassifier:
        """Learn from the scribbles, once for each state of them.

        Raises
        ------
        DecisionNeeded
            Fewer than two classes were scribbled on.
        """
        state = self.learned_state()
        if self._learned is None or self._learned[0] != state:
            self._refuse_few()
            made = self.training().classifier(
                self.source(), spacing_um=self.spacing_um(), origin_um=self._origin_um()
            )
            if self.learned_state() != state:  # scribbled on meanwhile, in another thread
                return made
            self._learned = (state, made)
        return self._learned[1]

    @property
    def learned(self) -> PixelClassifier | None:
        """What was learned last, perhaps from fewer scribbles than there are now."""
        return None if self._learned is None else self._learned[1]

    @property
    def is_current(self) -> bool:
        """Whether all scribbles are learned from."""
        return self._learned is not None and self._learned[0] == self.learned_state()

    def judge(self, *, cancelled: Any = None) -> LeftOut:
        """Ask forests of strokes that they have not seen; see `left_out`.

        Raises
        ------
        DecisionNeeded
            Fewer than two classes were scribbled on.
        ValueError
            No class has two strokes.
        """
        from ..analysis.segmentation.left_out import left_out

        self._refuse_few()
        training = self.training()
        return left_out(
            self.source(), self._drawn(), features=training.features, trees=training.trees,
            max_depth=training.max_depth, seed=training.seed, cancelled=cancelled,
        )  # fmt: skip

    def scribbled(self) -> pd.DataFrame:
        """One row a class: phase, strokes, voxels."""
        voxels = self._voxels()
        strokes = voxels.strokes_a_class()
        rows = [
            {
                "phase": phase["name"],
                "strokes": strokes.get(phase["label"], 0),
                "voxels": int(np.count_nonzero(voxels.labels == phase["label"])),
            }
            for phase in self.phases
        ]
        return pd.DataFrame(rows)

    # -- decisions -----------------------------------------------------------------

    def save(self, name: str | None = None, *, accepted: bool = True, note: str = "") -> Any:
        """Write scribbles, classes and features as a segmentation record.

        Parameters
        ----------
        name : str, optional
            By default the name it was saved under, else ``<image>_classes``.
        accepted : bool
            Whether the headless run may use it.
        note : str
            Why.

        Returns
        -------
        Record

        Raises
        ------
        DecisionNeeded
            Fewer than two classes were scribbled on.
        Conflict
            Another person has saved this name since this was opened. It tells what; saving again
            takes its place.
        """
        self._refuse_few()
        title = name or self.name or f"{self.image}_classes"
        return self._write(title, training_fields(self, accepted=accepted, note=note))

    def undo(self) -> str:
        """Take the last change back; a saved record gets a new version."""
        return self._after_step(super().undo())

    def redo(self) -> str:
        """Make the last undone change again."""
        return self._after_step(super().redo())

    def go_to_doubt(self) -> dict[str, float]:
        """Move the cursor to where the classifier is least sure on the plane: scribble there.

        Returns
        -------
        dict
            The place, by name.
        """
        seen = self.seen_classes(self.classifier())
        place = dict(zip(("x_um", "y_um", "z_um"), reversed(seen.doubtful_um()), strict=False))
        self.explorer.cursor_um = {name: float(value) for name, value in place.items()}
        return dict(self.explorer.cursor_um)

    # -- what is seen ----------------------------------------------------------------

    def seen_classes(self, classifier: PixelClassifier) -> SeenClasses:
        """Classify the plane that is seen, or the middle of it where it is large."""
        return self._preview.of(self._placed(), self.explorer.plane(), self.source(), classifier)

    def seen_before(self) -> SeenClasses | None:
        """What `seen_classes` would give, where it is known already."""
        if self._learned is None:
            return None
        plane, classifier = self.explorer.plane(), self._learned[1]
        return self._preview.known(self._placed(), plane, self.source(), classifier)

    def class_layer(self) -> Layer:
        """How classes lie over the image; a matrix stays as it is."""
        return Layer(
            image=self.image,
            name="classes",
            mode="labels",
            opacity=self.opacity,
            phases=tuple(phase for phase in self.named_phases() if phase["color"] != MATRIX),
        )

    def scribble_layer(self) -> Layer:
        """How scribbles lie over the image."""
        return Layer(
            image=self.image,
            name="scribbles",
            mode="labels",
            opacity=_SCRIBBLE_OPACITY,
            phases=self.named_phases(),
        )

    def classes_placed(self, classifier: PixelClassifier) -> Placed:
        """The classes on the plane that is seen, ready to be drawn."""
        image = self._placed()
        level = self.seen_classes(classifier).level
        return Placed(
            layer=self.class_layer(),
            levels=[level],
            axes="zyx"[-image.dims :],
            placement=image.placement,
        )

    def scribbles_placed(self, width_px: int) -> Placed:
        """The scribbles on the plane that is seen, ready to be drawn."""
        from .preview import plane_box

        item, plane = self._placed(), self.explorer.plane()
        level, box = plane_box(item, plane, width_px=width_px, most_voxels=_MOST_VOXELS)
        spacing = tuple(map(float, level.spacing_um))
        start = np.array([part.start for part in box]) * spacing + np.asarray(level.origin_um)
        labels = np.full([part.stop - part.start for part in box], _NO_CLASS, np.uint8)
        first = tuple(start.tolist())
        Corrections(self.training().strokes, spacing, first).apply(labels)
        return Placed(
            layer=self.scribble_layer(),
            levels=[GridLevel(labels, spacing, first)],
            axes="zyx"[-item.dims :],
            placement=item.placement,
        )

    def snapshot(self, width_px: int = 900) -> Image.Image:
        """The slice with its scribbles, and with its classes.

        Parameters
        ----------
        width_px : int
            Of the whole picture with its legend.
        """
        from .training_picture import training_picture

        return training_picture(self, width_px=width_px)

    def _build_view(self) -> Any:
        from .training_view import training_view

        return training_view(self)

    # -- steps -----------------------------------------------------------------------

    def _placed(self) -> Placed:
        return self.explorer.world.placed(self.explorer.layers)[0]

    def _origin_um(self) -> tuple[float, ...]:
        return tuple(map(float, self._placed().levels[0].origin_um))

    def _drawn(self) -> Corrections:
        return self.training().drawn(self.spacing_um(), self._origin_um())

    def _voxels(self) -> ScribbledVoxels:
        return scribbled_voxels(self._drawn(), shape=self.source().shape)

    def _refuse_few(self) -> None:
        known = self.classes_scribbled()
        if len(known) < 2:
            names = {phase["label"]: phase["name"] for phase in self.phases}
            said = names[known[0]] if known else "none"
            raise DecisionNeeded(
                f"a classifier needs scribbles of two classes on {self.image}, got {said}: "
                "scribble on the others as well"
            )

    def _recorded(self, record: Any) -> dict[str, Any]:
        if record.image != self.image:
            raise ValueError(f"{record.name} is a segmentation of {record.image}, not {self.image}")
        if not is_trained(record):
            raise ValueError(
                f"{record.name} is parted by thresholds: open it with SegmentationSliders"
            )
        training = training_of(record)
        refuse_other_voxels(record, self._placed().levels[0])
        self.explorer.time = int(record.parameters.get("time", 0))
        self.explorer.layers[0].channel = int(record.parameters.get("channel", 0))
        self.set_trait("name", record.name)
        intensity = (INTENSITY,) if training.features.intensity else ()
        return {
            "scribbles": tuple(stroke.to_dict() for stroke in training.strokes),
            "phases": tuple(record.phases),
            "scales_um": training.features.sigmas_um,
            "features": (*intensity, *training.features.kinds),
            "trees": training.trees,
            "max_depth": training.max_depth,
            "seed": training.seed,
            "min_size_px": record.min_size_px,
            "fill_holes": bool(record.parameters.get("fill_holes", False)),
        }

    def _changed(self, change: Any) -> None:
        super()._changed(change)
        self.set_trait("saved", False)

    def _after_step(self, title: str) -> str:
        self.set_trait("saved", self._record_agrees())
        return title

    def _record_agrees(self) -> bool:
        records = [record for record in self.ws.segmentations if record.name == self.name]
        return any(is_trained(r) and says_the_same_training(r, self) for r in records)
