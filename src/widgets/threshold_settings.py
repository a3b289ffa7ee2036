"""The settings of a segmentation by thresholds, with undo, and how well each threshold is known."""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from traitlets import Bool, Enum, Float, TraitError, Tuple, Unicode, validate

from ..analysis.segmentation.strokes import Stroke
from .cleaning_settings import CHOICES, CleaningSettings
from .history import History, StateStep
from .layers import checked_phases
from .painted_strokes import painted_stroke

SETTINGS = (
    "thresholds",
    "threshold_uncertainty",
    "smoothing_px",
    "min_size_px",
    "fill_holes",
    "phases",
    "corrections",
    *CHOICES,
)


class ThresholdSettings(CleaningSettings):
    """Thresholds between phases, how the phases are cleaned, and what they are called.

    A threshold that is suggested or given with its uncertainty is remembered in ``reference``.
    One that is then placed elsewhere by hand keeps that uncertainty, widened by how far it was
    moved: see `scalebridge.analysis.segmentation.hand_placed_uncertainty`.

    Attributes
    ----------
    history : History
    """

    threshold_uncertainty = Tuple(help="Standard uncertainty of each [grey value]; may be empty.")
    phases = Tuple(help="Dicts with label, name, color; dark to bright.")
    reference = Tuple(
        read_only=True,
        help="Value and standard uncertainty of each threshold as suggested or given.",
    )
    corrections = Tuple(help="Strokes by hand, oldest first, as `Stroke.to_dict` writes them.")
    opacity = Float(0.45, help="Of the labels over the image, 0 to 1.")
    theme = Enum(("light", "dark"), "light", help="Ground of the page around the picture.")
    name = Unicode("", read_only=True, help="Of the record, once saved.")
    saved = Bool(False, read_only=True, help="Whether the record says what is seen.")
    note = Unicode("", read_only=True, help="Where the thresholds come from, with warnings.")

    explorer: Any

    def __init__(self, **traits: Any) -> None:
        self.history = History()
        self._quiet = False
        self._drag: Hashable = None
        self._known = self._kept()
        super().__init__(**traits)
        if self.saved:
            self._note_change()  # what is given goes before what the record says
        elif self.threshold_uncertainty:
            self._set_quietly(self.stated(self.thresholds, self.threshold_uncertainty))
        self._known = self._kept()
        self.observe(self._note_change, names=list(SETTINGS))

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
        if values and len(values) != len(self.thresholds):
            raise TraitError(
                f"threshold_uncertainty needs {len(self.thresholds)} values, one a threshold, "
                f"got {len(values)}"
            )
        return values

    @validate("opacity")
    def _check_opacity(self, proposal: Any) -> float:
        if not 0 <= proposal["value"] <= 1:
            raise TraitError(f"opacity needs 0 to 1, got {proposal['value']}")
        return float(proposal["value"])

    @validate("phases")
    def _check_phases(self, proposal: Any) -> tuple[dict[str, Any], ...]:
        return checked_phases(proposal["value"])

    @validate("corrections")
    def _check_corrections(self, proposal: Any) -> tuple[dict[str, Any], ...]:
        try:
            return tuple(Stroke.from_dict(stroke).to_dict() for stroke in proposal["value"])
        except (TypeError, ValueError) as error:
            raise TraitError(f"corrections: {error}") from error

    def add_stroke(
        self,
        tool: str,
        points: Any,
        *,
        label: int | None,
        radius_um: float,
        normal: Any = None,
    ) -> None:
        """Correct labels by hand, in 3D; undo takes the stroke back.

        Parameters
        ----------
        tool : {"brush", "lasso", "fill"}
        points : sequence of dict
            ``x_um``, ``y_um``, ``z_um`` in the image's frame.
        label : int or None
            Of the phase; None takes earlier corrections away.
        radius_um : float
            Of the brush and the fill, half the depth of a lasso [µm].
        normal : sequence of 3 float, optional
            Of a lasso's plane, z, y, x; by default z.
        """
        stroke = painted_stroke(
            self, tool, points, label=label, radius_um=radius_um, normal=normal, what="corrections"
        )
        title = "take corrections away" if label is None else f"correct with the {tool}"
        self._apply_together(title, {"corrections": (*self.corrections, stroke)})

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
            Standard uncertainty of each [grey value]. Without it the thresholds are placed by
            hand, and judged by those that were suggested or given before.
        """
        flat = tuple(map(float, np.ravel(values) if len(values) == 1 else values))
        known = tuple(map(float, np.ravel(uncertainty)))
        changes = self.stated(flat, known) if known else self.by_hand(flat)
        self._apply_together("set thresholds", changes)

    def stated(self, values: Any, uncertainty: Any, *, note: str = "") -> dict[str, Any]:
        """The settings for thresholds whose uncertainty is stated, and where they come from."""
        matched = len(values) == len(uncertainty)
        return {
            "thresholds": tuple(values),
            "threshold_uncertainty": tuple(uncertainty),
            "reference": tuple(zip(values, uncertainty, strict=True)) if matched else (),
            "note": note,
        }

    def by_hand(self, values: Any) -> dict[str, Any]:
        """The settings for thresholds that a person placed."""
        from ..analysis.segmentation import hand_placed_uncertainty

        if len(self.reference) != len(values) or not values:
            return {"thresholds": tuple(values), "threshold_uncertainty": (), "note": ""}
        suggested, uncertainty = zip(*self.reference, strict=True)
        known = hand_placed_uncertainty(values, suggested=suggested, uncertainty=uncertainty)
        return {"thresholds": tuple(values), "threshold_uncertainty": known}

    def placed_by_hand(self) -> tuple[bool, ...]:
        """For each threshold, whether it stands elsewhere than suggested or given."""
        if len(self.reference) != len(self.thresholds):
            return (True,) * len(self.thresholds)
        pairs = zip(self.thresholds, self.reference, strict=True)
        return tuple(value != reference[0] for value, reference in pairs)

    def origin(self) -> str:
        """Where thresholds that were placed by hand come from, in words; empty without any."""
        moved = [str(n + 1) for n, by_hand in enumerate(self.placed_by_hand()) if by_hand]
        if not moved:
            return ""
        which = f"threshold{'s' if len(moved) > 1 else ''} {' and '.join(moved)} placed by hand"
        if not self.threshold_uncertainty:
            return f"{which}: no uncertainty is stated; a suggestion would state one"
        return f"{which}: the uncertainty is that of the suggestion, widened to reach back to it"

    def name_phases(self, *names: str, colors: Any = ()) -> None:
        """Name the phases from dark to bright; colours follow the names unless given."""
        given = list(colors) + [None] * (len(names) - len(colors))
        phases = tuple(
            {"label": label, "name": name, "color": color}
            for label, (name, color) in enumerate(zip(names, given, strict=True))
        )
        self._apply_together("name phases", {"phases": phases})

    def named_phases(self) -> tuple[dict[str, Any], ...]:
        """One phase a class: the named ones, then plain ones, in Okabe-Ito colours."""
        from .colors import label_color

        named = {phase["label"]: phase for phase in self.phases}
        plain = (
            {"label": label, "name": f"phase {label}", "color": label_color(label)}
            for label in range(len(self.thresholds) + 1)
        )
        return tuple(named.get(phase["label"], phase) for phase in plain)

    def level_shift(self, before: str, after: str) -> float:
        """What thresholds are moved by when the method changes, so that the picture stays near.

        Local thresholds are differences to the surroundings, others are grey values.
        """
        raise NotImplementedError

    # -- steps -------------------------------------------------------------------

    def _apply_together(self, title: str, changes: dict[str, Any]) -> None:
        before = {name: getattr(self, name) for name in changes}
        self._set_quietly(changes)
        after = {name: getattr(self, name) for name in changes}
        if before != after:
            self.history.did(StateStep(title, before, after, self._set_quietly, self._drag))

    @contextmanager
    def dragging(self, drag: Hashable) -> Iterator[None]:
        """All that is set with the same mark is one step for undo, if nothing is done between."""
        self._drag = drag
        try:
            yield
        finally:
            self._drag = None

    def _set_quietly(self, changes: dict[str, Any]) -> None:
        self._quiet = True
        try:
            with self.hold_trait_notifications():
                for name, value in changes.items():
                    self.set_trait(name, value)
        finally:
            self._quiet = False
        self._known = self._kept()
        self.set_trait("saved", False)

    def _kept(self) -> dict[str, Any]:
        """The settings, and what the thresholds are judged by."""
        return {**self.settings(), "reference": self.reference, "note": self.note}

    def _note_change(self, _: Any = None) -> None:
        """Take what was assigned as one step; settings held together arrive together."""
        given = {k: v for k, v in self.settings().items() if v != self._known[k]}
        if self._quiet or not given:
            return
        after = {**given, **self._follows(given)}
        before = {name: self._known[name] for name in after}
        self._set_quietly(after)
        self.history.did(
            StateStep(f"change {' and '.join(given)}", before, after, self._set_quietly)
        )

    def _follows(self, given: dict[str, Any]) -> dict[str, Any]:
        """What a change of the thresholds, their uncertainty or the method says of the others."""
        if "method" in given and "thresholds" not in given and self.thresholds:
            shift = self.level_shift(self._known["method"], given["method"])
            if shift:
                moved = tuple(value + shift for value in self.thresholds)
                return self.stated(moved, ())
        if "threshold_uncertainty" in given:
            note = "" if "thresholds" in given else self.note
            return self.stated(self.thresholds, self.threshold_uncertainty, note=note)
        return self.by_hand(self.thresholds) if "thresholds" in given else {}


def _numbers(name: str, values: Any) -> tuple[float, ...]:
    try:
        numbers = tuple(float(value) for value in values)
    except (TypeError, ValueError) as error:
        raise TraitError(f"{name} needs numbers, got {values!r}") from error
    if not all(map(math.isfinite, numbers)):
        raise TraitError(f"{name} needs finite numbers, got {numbers}")
    return numbers
