"""Pick on the surface of a survey as a microscope saw it, and see the pose that follows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from traitlets import Enum, Float, TraitError, Unicode, observe, validate

from ..errors import DecisionNeeded, Degenerate, NoPath
from ..workspace.surface import SURFACE_TAG
from ..workspace.surface_sight import refuse_without_level, stated_tilt, view_of_picture
from .fields import Part
from .landmarks import LandmarkPicker
from .pairs import FitState
from .picture import spacing_words
from .plane import Plane, Triple
from .prediction import Prediction
from .snap_to import SnapProposal
from .state import by_name, named_point
from .surface_explorer import SurfaceExplorer, SurfacePanel
from .surface_fields import (
    errors_with_pair,
    picture_of_surface,
    reached_surface,
    seen_places,
    shown_surface,
    surface_places,
)
from .surface_fit import FEWEST, SurfaceFit
from .surface_prediction import onto_surface, seen_in_picture
from .surface_scene import SurfaceScene, beneath, hidden

POSE = "surface pose"
_STEEPEST_DEG = 80.0


class SurfacePicker(LandmarkPicker):
    """Pairs of landmarks between a picture of a surface and the surveyed surface itself.

    The survey is shown as the microscope saw it: its segmented surface, rendered without
    perspective from a direction. A click there is a place on the surface in the survey's frame, and
    the pairs tell the pose from which the picture was taken.

    Parameters
    ----------
    ws : Workspace
    sem : str
        The picture.
    survey : str, optional
        The volume; by default that of the segmentation.
    segmentation : str, optional
        By plain thresholds, whose first one is the surface; by default the one tagged
        ``"surface"``.
    tilt_deg : float, optional
        As the stage says; by default as the picture's file or its correction says [degree]. Where
        marks fit under two tilts, the one nearer to it is taken, however the rendering is turned
        later.
    **traits
        Any trait below.

    Raises
    ------
    DecisionNeeded
        Nobody has said the tilt, or which segmentation shows the surface.
    UnusableRecord
        The segmentation is not by plain thresholds.

    Attributes
    ----------
    scene : SurfaceScene
        The surface, and its renderings.

    Examples
    --------
    >>> picker = SurfacePicker(ws, sem="sem_view", rotation_deg=12)  # doctest: +SKIP
    >>> place = picker.surface_at(120, 84)  # doctest: +SKIP
    >>> picker.add_pair(moving={"x_um": 310, "y_um": 292}, fixed=place)  # doctest: +SKIP
    """

    model = Enum((POSE,), POSE, help="What the fit may change: the pose, and the survey's scale.")
    segmentation = Unicode(read_only=True, help="Whose first threshold is the surface.")
    stage_tilt_deg = Float(read_only=True, help="Tilt that the stage says [°].")
    tilt_deg = Float(0.0, help="Tilt from which the surface is rendered [°].")
    rotation_deg = Float(0.0, help="Turn about the surface's normal, before the tilt [°].")
    _reached: tuple[Any, Any, Part] | None = None
    moving_sigma_um = Float(
        None, allow_none=True,
        help="Localisation error, per axis, kept with pairs picked here, in the picture [µm].",
    )  # fmt: skip
    fixed_sigma_um = Float(
        None, allow_none=True,
        help="Localisation error, per axis, kept with pairs picked here, on the surface [µm].",
    )  # fmt: skip

    def __init__(
        self,
        ws: Any,
        *,
        sem: str,
        survey: str | None = None,
        segmentation: str | None = None,
        tilt_deg: float | None = None,
        **traits: Any,
    ) -> None:
        chosen = surface_record(ws, segmentation)
        refuse_without_level(chosen)
        if survey not in (None, chosen.image):
            raise ValueError(
                f"survey needs {chosen.image!r}, of which {chosen.name!r} is, got {survey!r}: "
                "leave it out, or give a segmentation of the other one"
            )
        picture = ws.images[sem]
        if picture.ndim != 2:
            raise ValueError(f"sem needs a picture, got {sem!r} with {picture.ndim} axes")
        volume = ws.images[chosen.image]
        if volume.axes != "zyx":
            raise ValueError(
                f"the survey needs the axes zyx, got {chosen.image!r} with {volume.axes}: segment "
                "one time point, one channel"
            )
        self.scene = SurfaceScene(volume, chosen.thresholds[0])
        self.set_trait("segmentation", str(chosen.name))
        tilt = stated_tilt(picture, tilt_deg)
        self.set_trait("stage_tilt_deg", tilt)
        super().__init__(ws, moving=sem, fixed=str(chosen.image), tilt_deg=tilt, **traits)

    # -- the rendering ---------------------------------------------------------

    @validate("tilt_deg", "rotation_deg")
    def _check_angle(self, proposal: Any) -> float:
        name, value = proposal["trait"].name, float(proposal["value"])
        most = _STEEPEST_DEG if name == "tilt_deg" else 360.0
        if not -most <= value <= most:  # nor NaN
            raise TraitError(f"{name} needs {-most:g} to {most:g} degrees, got {value:g}")
        return value

    @validate("moving_sigma_um", "fixed_sigma_um")
    def _check_sigma(self, proposal: Any) -> float | None:
        value = proposal["value"]
        if value is not None and not 0 < value < np.inf:
            name = proposal["trait"].name
            raise TraitError(f"{name} needs a length above 0 [µm], or None, got {value:g}")
        return None if value is None else float(value)

    @observe("tilt_deg", "rotation_deg")
    def _turn(self, _: Any) -> None:
        if hasattr(self, "fixed_view"):
            self.fixed_view.look_from(self.tilt_deg, self.rotation_deg)

    def _fixed_side(self) -> SurfaceExplorer:
        view = SurfaceExplorer(self.ws, self.scene, crosshair=False)
        view.look_from(self.tilt_deg, self.rotation_deg)
        return view

    @property
    def rendered(self) -> Any:
        """The surface as it is shown, see `render_surface`."""
        return self.scene.seen(self.tilt_deg, self.rotation_deg)

    def surface_at(self, row_px: float, column_px: float) -> dict[str, float]:
        """The place in the survey that a pixel of the rendering shows.

        Raises
        ------
        ValueError
            No surface is seen there.
        """
        pixel = np.asarray(self.rendered.view.spacing_um)
        found = self.rendered.position_at([np.array([row_px, column_px]) * pixel])[0]
        return _on_surface(found)

    def look_along_fit(self) -> None:
        """Render the surface from where the pairs say that the picture was taken."""
        pose = self.fit().pose
        angles = pose.view.angles(pose.transform)
        with self.hold_trait_notifications():
            self.tilt_deg, self.rotation_deg = angles.tilt_deg, angles.rotation_deg

    # -- pairs -----------------------------------------------------------------

    def add_pair(self, **given: Any) -> Any:
        """Write a pair, as `LandmarkPicker.add_pair`, with the errors that are stated here."""
        for name in ("moving_sigma_um", "fixed_sigma_um"):
            if given.get(name) is None:
                given[name] = getattr(self, name)
        return super().add_pair(**given)

    def crosshair_of(self, side: str) -> dict[str, float]:
        """Where a side's crosshair stands; it has to be where the surface is seen."""
        place: dict[str, float] = super().crosshair_of(side)
        if side == "moving":
            return place
        point = np.array([list(place.values())])
        if hidden(self.rendered, point, self.scene.spacing_um)[0]:
            raise ValueError("the surface hides the crosshair: click where its place is seen")
        seen = beneath(self.rendered, point)[0]
        return place if np.isfinite(seen).all() else _on_surface(seen)

    def dropped_at(self, side: str, at_um: Triple) -> dict[str, float]:
        """Where something stands that a person drops on one side: here, on the surface."""
        if side == "moving":
            return super().dropped_at(side, at_um)
        return _on_surface(beneath(self.rendered, np.array([at_um]))[0])

    def snap(self, side: str | None = None, **given: Any) -> SnapProposal:
        """Propose the feature beside a point, of a rendering the place on its surface."""
        found = super().snap(side, **given)
        if found.side == "moving" or not found.found:
            return found
        seen = beneath(self.rendered, np.array([list(found.position.values())]))[0]
        return replace(found, position=_on_surface(seen))

    # -- what the pairs say ----------------------------------------------------

    def _fit_of(self, records: list[Any]) -> FitState:
        active = tuple(record for record in records if record.active)
        if len(active) < FEWEST:
            words = f"a surface pose needs {FEWEST} landmark pairs, you have {len(active)}"
            return FitState(fit=None, reason=words, warnings=(), choice=None, records=active)
        angles = {"tilt_deg": self.stage_tilt_deg, "rotation_deg": 0.0}
        try:
            view = view_of_picture(self.images["moving"], self.scene.plane, **angles)
            fit = SurfaceFit.of(
                active, self.images["moving"], view, self.scene.plane, hides=self.scene.hides
            )
        except (Degenerate, ValueError) as error:
            return FitState(fit=None, reason=str(error), warnings=(), choice=None, records=active)
        reason = f"{POSE}: {fit.pose.statement}"
        return FitState(fit=fit, reason=reason, warnings=fit.warnings, choice=None, records=active)

    def predict(self, *, moving: Any = None, fixed: Any = None, level: float = 0.95) -> Prediction:
        """Where a place of the picture should be on the surface, or one of the survey in it."""
        if (moving is None) == (fixed is None):
            raise ValueError("predict needs moving= or fixed=, one of the two")
        fit = self.fit()
        if moving is not None:
            point = named_point(moving, planar=True).reshape(1, 3)
            return onto_surface(
                fit, self.scene, point, frame=self.images["fixed"].frame, level=level
            )
        point = named_point(fixed, planar=False).reshape(1, 3)
        return seen_in_picture(fit, point, frame=self.images["moving"].frame, level=level)

    def target_in_moving(self) -> NDArray[np.float64] | None:
        """The target in the picture's frame, its depth along the surface's normal: (1, 3) [µm]."""
        if not self.target:
            return None
        fit = self._fit_of(self.records()).fit
        record = self.ws.targets[self.target]
        point = named_point(record.position, planar=False).reshape(1, 3)
        if record.frame == self.images["moving"].frame or fit is None:
            return point if fit is not None else None
        try:
            place = self.ws.graph().positions(point, record.frame, self.images["fixed"].frame)
        except NoPath:
            return None
        return np.asarray(fit.transform.inverse_apply(place))

    # -- what the fit says over both sides ---------------------------------------

    def in_moving(self, fit: Any, side: str, points_um: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where the picture shows what points of one side show, (n, 3) [µm]."""
        return seen_places(fit, self.scene, self.rendered, side, points_um)

    def errors_with(
        self, fit: Any, side: str, points_um: NDArray[np.float64], target_um: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Predicted error at the target with one more pair on what points show, (n,) [µm]."""
        places = surface_places(fit, self.scene, self.rendered, side, points_um)
        return errors_with_pair(fit, self.scene, places, target_um)

    def shown_parts(self, side: str) -> tuple[Part, ...]:
        """Where one side shows anything: the rendering shows the surface."""
        return super().shown_parts(side) if side == "moving" else (shown_surface(self.rendered),)

    def reached_parts(self, fit: Any, side: str) -> tuple[Part, ...]:
        """The surface that the picture shows too."""
        if side == "moving":
            return *super().shown_parts(side), picture_of_surface(fit, self.scene)
        if self._reached is None or self._reached[:2] != (fit, self.rendered):
            self._reached = (fit, self.rendered, reached_surface(fit, self.scene, self.rendered))
        return (self._reached[2],)

    def looked_from(self) -> tuple[float, ...]:
        """The direction of the rendering."""
        return self.tilt_deg, self.rotation_deg

    # -- showing ---------------------------------------------------------------

    def panel_of(self, side: str, **given: Any) -> Any:
        """The live panel of one side; the rendering is turned by the sliders."""
        if side == "moving":
            return super().panel_of(side, **given)
        return SurfacePanel(self, side, turns=False, bar=("view", "picture"), **given)

    def controls_of(self, message: Any) -> list[Any]:
        """Sliders of the direction, and the errors that are stated."""
        from .surface_controls import surface_controls

        return surface_controls(self, message)

    def title_of(self, side: str) -> str:
        """What stands above one side."""
        return "survey, rendered" if side == "fixed" else super().title_of(side)

    def words_of(self, side: str) -> str:
        """What one side shows, for the caption."""
        words = super().words_of(side)
        if side == "moving":
            return words
        coarse = self.scene.spacing_um
        read = (
            ""
            if coarse == tuple(self.images[side].spacing_um)
            else (f" from voxels of {spacing_words(coarse)}")
        )
        return (
            f"{words}, its surface at {self.scene.level:g} ({self.segmentation}) rendered{read} "
            f"without perspective, at a tilt of {self.tilt_deg:.4g}° and a rotation of "
            f"{self.rotation_deg:.4g}°"
        )

    def faded(self, side: str, points_um: NDArray[np.float64], shown: Plane) -> NDArray[np.bool_]:
        """Which points the surface hides, (n,)."""
        if side == "moving":
            return super().faded(side, points_um, shown)
        return hidden(self.rendered, points_um, self.scene.spacing_um)


def surface_record(ws: Any, name: str | None) -> Any:
    """The segmentation whose first threshold is the surface.

    Raises
    ------
    DecisionNeeded
        None is named, and not one is tagged.
    """
    if name is not None:
        return ws.segmentations.get(name)
    tagged = [record for record in ws.segmentations if SURFACE_TAG in record.tags]
    if len(tagged) != 1:
        several = ", ".join(str(record.name) for record in tagged) or "none"
        raise DecisionNeeded(
            f"the segmentation that shows the surface is not decided: tagged are {several}. To "
            "decide: give segmentation=, or tag one: ws.segmentations.tag('<name>', 'surface')"
        )
    return tagged[0]


def _on_surface(found_um: NDArray[np.float64]) -> dict[str, float]:
    if not np.isfinite(found_um).all():
        raise ValueError("no surface is seen there: point at the specimen")
    return by_name(found_um)
