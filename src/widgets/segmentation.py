"""Part an image into phases by thresholds, with the picture and the numbers in view."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from traitlets import Bool, Enum, Float, Int, TraitError, Tuple, Unicode, validate

from ..plots.theme import OKABE_ITO
from .explorer import SliceExplorer
from .history import History, RecordStep, StateStep
from .layers import Layer, checked_phases, coarse_values
from .preview import preview_levels
from .scene import Placed
from .state import Widget

SETTINGS = (
    "thresholds",
    "threshold_uncertainty",
    "smoothing_px",
    "min_size_px",
    "fill_holes",
    "phases",
)
# The finest level is used for suggestions up to this size, else its middle.
_MAX_VOXELS = 48_000_000


class SegmentationSliders(Widget):
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

    image = Unicode(read_only=True, help="Name of the image.")
    thresholds = Tuple(help="Ascending grey values; n of them part n + 1 phases.")
    threshold_uncertainty = Tuple(help="Standard uncertainty of each [grey value]; may be empty.")
    smoothing_px = Float(0.0, help="Gaussian before the thresholds, standard deviation [voxel].")
    min_size_px = Int(0, help="Smaller pieces go to the phase around them [voxel].")
    fill_holes = Bool(False, help="Whether enclosed pieces of the first phase are filled.")
    phases = Tuple(help="Dicts with label, name, color; dark to bright.")
    opacity = Float(0.45, help="Of the labels over the image, 0 to 1.")
    theme = Enum(("light", "dark"), "light", help="Ground of the page around the picture.")
    name = Unicode("", read_only=True, help="Of the record, once saved.")
    saved = Bool(False, read_only=True, help="Whether the record says what is seen.")
    note = Unicode("", read_only=True, help="Where the thresholds come from, with warnings.")

    def __init__(self, ws: Any, image: str, *, record: str | None = None, **traits: Any) -> None:
        self.ws = ws
        self.history = History()
        self.explorer = SliceExplorer(ws, [image], crosshair=False)
        self.set_trait("image", image)
        self._quiet = False
        self._suggestion: Any = None
        if record is not None:
            self._take(ws.segmentations[record])
        super().__init__(**traits)
        self.observe(self._note_change, names=list(SETTINGS))

    def __repr__(self) -> str:
        state = f"saved as {self.name}" if self.saved else "not saved"
        return f"SegmentationSliders({self.image}, thresholds {self.thresholds}, {state})"

    # -- state -----------------------------------------------------------------

    @validate("thresholds")
    def _check_thresholds(self, proposal: Any) -> tuple[float, ...]:
        values = _numbers("thresholds", proposal["value"])
        if any(b <= a for a, b in itertools.pairwise(values)):
            raise TraitError(f"thresholds need to ascend, got {values}")
        return values

    @validate("threshold_uncertainty")
    def _check_uncertainty(self, proposal: Any) -> tuple[float, ...]:
        values = _numbers("threshold_uncertainty", proposal["value"])
        if any(value < 0 for value in values):
            raise TraitError(f"threshold_uncertainty needs values of 0 or more, got {values}")
        return values

    @validate("smoothing_px", "min_size_px")
    def _check_not_negative(self, proposal: Any) -> Any:
        value = proposal["value"]
        if not (math.isfinite(value) and value >= 0):
            raise TraitError(f"{proposal['trait'].name} needs 0 or more, got {value}")
        return value

    @validate("opacity")
    def _check_opacity(self, proposal: Any) -> float:
        if not 0 <= proposal["value"] <= 1:
            raise TraitError(f"opacity needs 0 to 1, got {proposal['value']}")
        return float(proposal["value"])

    @validate("phases")
    def _check_phases(self, proposal: Any) -> tuple[dict[str, Any], ...]:
        return checked_phases(proposal["value"])

    def settings(self) -> dict[str, Any]:
        """The settings that a record keeps."""
        return {name: getattr(self, name) for name in SETTINGS}

    def set_threshold(self, *values: float, uncertainty: Any = ()) -> None:
        """Set the thresholds.

        Parameters
        ----------
        *values : float
            Ascending grey values, one fewer than phases.
        uncertainty : sequence of float, optional
            Standard uncertainty of each [grey value].
        """
        flat = tuple(np.ravel(values)) if len(values) == 1 else values
        self._apply_together(
            "set thresholds",
            {"thresholds": flat, "threshold_uncertainty": tuple(np.ravel(uncertainty))},
        )

    def name_phases(self, *names: str, colors: Any = ()) -> None:
        """Name the phases from dark to bright; colours follow the names unless given."""
        given = list(colors) + [None] * (len(names) - len(colors))
        phases = tuple(
            {"label": label, "name": name, "color": color}
            for label, (name, color) in enumerate(zip(names, given, strict=True))
        )
        self._apply_together("name phases", {"phases": phases})

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
        estimate = suggest_thresholds(self._volume(), classes=count)
        changes = {
            "thresholds": tuple(map(float, estimate.values)),
            "threshold_uncertainty": tuple(map(float, estimate.uncertainty)),
        }
        self._apply_together("suggested thresholds", changes)
        self.set_trait("note", " ".join([estimate.method, *estimate.warnings]))
        return estimate

    def named_phases(self) -> tuple[dict[str, Any], ...]:
        """One phase a class: the named ones, then plain ones, in Okabe-Ito colours."""
        from .colors import label_color

        named = {phase["label"]: phase for phase in self.phases}
        plain = (
            {"label": label, "name": f"phase {label}", "color": label_color(label)}
            for label in range(len(self.thresholds) + 1)
        )
        return tuple(named.get(phase["label"], phase) for phase in plain)

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
        """
        if not self.thresholds:
            raise ValueError("save needs a threshold: call set_threshold or suggest first")
        if self.threshold_uncertainty and len(self.threshold_uncertainty) != len(self.thresholds):
            raise ValueError(
                f"threshold_uncertainty needs {len(self.thresholds)} values, one a threshold, "
                f"got {len(self.threshold_uncertainty)}"
            )
        title = name or self.name or f"{self.image}_phases"
        collection = self.ws.segmentations
        before = next((record for record in collection if record.name == title), None)
        if before is None:
            written = collection.add(name=title, **self._fields(accepted, note))
        else:
            fields = self._fields(accepted, note)
            written = collection.edit(before.id, version=before.version, **fields)
        self.history.did(RecordStep(f"save {title}", collection, before, written))
        self.set_trait("name", title)
        self.set_trait("saved", True)
        return written

    def undo(self) -> str:
        """Take the last change back; a saved record gets a new version."""
        return self._after_step(self.history.undo())

    def redo(self) -> str:
        """Make the last undone change again."""
        return self._after_step(self.history.redo())

    def _fields(self, accepted: bool, note: str) -> dict[str, Any]:
        return {
            "image": self.image,
            "method": "thresholds",
            "thresholds": list(self.thresholds),
            "threshold_uncertainty": list(self.threshold_uncertainty),
            "smoothing_px": self.smoothing_px,
            "min_size_px": self.min_size_px,
            "phases": [dict(phase) for phase in self.named_phases()],
            "parameters": {
                "fill_holes": self.fill_holes,
                "channel": self._placed().layer.channel,
                "time": self.explorer.time,
            },
            "accepted": accepted,
            "note": note or self.note,
        }

    # -- what is seen ------------------------------------------------------------

    def fractions(self) -> pd.DataFrame:
        """Share of each phase on a sample of the image, before smoothing and cleaning.

        Returns
        -------
        DataFrame
            phase, fraction, lower, upper (thresholds moved by two standard uncertainties).
        """
        values = np.sort(self._sample().ravel())
        shift = 2 * np.array(self.threshold_uncertainty or (0.0,) * len(self.thresholds))
        middle = np.array(self.thresholds, float)
        shares = [_shares(values, middle + step * shift) for step in (0, -1, 1)]
        names = [phase["name"] for phase in self.named_phases()]
        low, high = np.min(shares, axis=0), np.max(shares, axis=0)
        return pd.DataFrame({"phase": names, "fraction": shares[0], "lower": low, "upper": high})

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
            thresholds=self.thresholds,
            smoothing_px=self.smoothing_px,
            min_size_px=self.min_size_px,
            fill_holes=self.fill_holes,
        )
        layer = Layer(
            image=self.image,
            name="phases",
            mode="labels",
            opacity=self.opacity,
            phases=tuple(p for p in self.named_phases() if p["color"] != _MATRIX),
        )
        axes = "zyx"[-image.dims :]
        return [image, Placed(layer=layer, levels=levels, axes=axes)]

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
            self._sample(),
            thresholds=self.thresholds,
            uncertainty=self.threshold_uncertainty,
            colors=[phase["color"] for phase in self.named_phases()],
            width_px=width_px,
            theme=self.theme,
        )

    def _build_view(self) -> Any:
        from .segmentation_view import segmentation_view

        return segmentation_view(self)

    # -- steps -------------------------------------------------------------------

    def _placed(self) -> Placed:
        return self.explorer.world.placed(self.explorer.layers)[0]

    def _sample(self) -> NDArray[Any]:
        item = self._placed()
        select = item.select(time=self.explorer.time)
        key = (select, id(item.levels))
        if getattr(self, "_sampled", (None, None))[0] != key:
            values = coarse_values(item.levels, select)
            self._sampled = (key, values[np.isfinite(values)])
        return self._sampled[1]

    def _volume(self) -> NDArray[Any]:
        """The finest level, or its middle where it is too large to be held."""
        item = self._placed()
        array, select = item.levels[0].array, item.select(time=self.explorer.time)
        spatial = array.shape[-item.dims :]
        share = min(1.0, (_MAX_VOXELS / np.prod(spatial, dtype=float)) ** (1 / item.dims))
        box = []
        for size in spatial:
            kept = max(1, int(size * share))
            box.append(slice((size - kept) // 2, (size - kept) // 2 + kept))
        return np.asarray(array[(*select, *box)])

    def _take(self, record: Any) -> None:
        if record.image != self.image:
            raise ValueError(f"{record.name} is a segmentation of {record.image}, not {self.image}")
        self._quiet = True
        for setting in SETTINGS:
            source = record.parameters if setting == "fill_holes" else record.fields
            value = source.get(setting, False)
            self.set_trait(setting, tuple(value) if isinstance(value, list) else value)
        self._quiet = False
        self.set_trait("name", record.name)
        self.set_trait("saved", True)

    def _apply_together(self, title: str, changes: dict[str, Any]) -> None:
        before = {name: getattr(self, name) for name in changes}
        self._set_quietly(changes)
        after = {name: getattr(self, name) for name in changes}
        self.history.did(StateStep(title, before, after, self._set_quietly))

    def _set_quietly(self, changes: dict[str, Any]) -> None:
        self._quiet = True
        try:
            with self.hold_trait_notifications():
                for name, value in changes.items():
                    self.set_trait(name, value)
        finally:
            self._quiet = False
        self.set_trait("saved", False)

    def _note_change(self, change: Any) -> None:
        if self._quiet:
            return
        before, after = {change["name"]: change["old"]}, {change["name"]: change["new"]}
        title = f"change {change['name']}"
        self.history.did(StateStep(title, before, after, self._set_quietly))
        self.set_trait("saved", False)

    def _after_step(self, title: str) -> str:
        self.set_trait("saved", self._record_agrees())
        return title

    def _record_agrees(self) -> bool:
        for record in self.ws.segmentations:
            if record.name == self.name:
                same = {k: v for k, v in self._fields(True, "").items() if k not in _NOT_SEEN}
                return all(record.fields[k] == v for k, v in same.items())
        return False


_NOT_SEEN = ("accepted", "note")
# Grey is the colour of what surrounds the phases: painted over the picture it would only dull it.
_MATRIX = OKABE_ITO["grey"]


def _numbers(name: str, values: Any) -> tuple[float, ...]:
    try:
        numbers = tuple(float(value) for value in values)
    except (TypeError, ValueError) as error:
        raise TraitError(f"{name} needs numbers, got {values!r}") from error
    if not all(map(math.isfinite, numbers)):
        raise TraitError(f"{name} needs finite numbers, got {numbers}")
    return numbers


def _shares(ordered: NDArray[Any], thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
    cuts = np.searchsorted(ordered, thresholds, side="left")
    return np.diff([0, *cuts, len(ordered)]) / max(1, len(ordered))
