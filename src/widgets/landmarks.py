"""Pick the same spots in two images, and see at once what they determine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from traitlets import Enum, Int, TraitError, Unicode, validate

from ..errors import CovarianceUnavailable, Degenerate, NoPath
from ..workspace.places import refuse_one_frame
from .explorer import SliceExplorer
from .history import History, RecordStep
from .pairs import AUTO, MODELS, FitState, fit_pairs, pair_table, positions
from .scene import box_corners_um
from .state import Widget, by_name, named_point


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """Where a spot of one image should be in the other.

    Attributes
    ----------
    position : dict
        ``x_um``, ``y_um``, ``z_um`` in ``frame``.
    frame : str
    covariance_um2 : ndarray, shape (3, 3)
        NaN where it cannot be told.
    region : Region
        Its 95 % ellipse or ellipsoid; ``region.stated`` is False where there are too few pairs.
    """

    position: dict[str, float]
    frame: str
    covariance_um2: NDArray[np.float64]
    region: Any


class LandmarkPicker(Widget):
    """Pairs of landmarks between a moving and a fixed image.

    Every method that changes a pair writes to the workspace at once.

    Parameters
    ----------
    ws : Workspace
    moving, fixed : str
        Names of the images; the transform maps the moving frame to the fixed frame.
    **traits
        Any trait below.

    Attributes
    ----------
    moving_view, fixed_view : SliceExplorer
        How either image is shown.

    Examples
    --------
    >>> picker = LandmarkPicker(ws, moving="sem_view", fixed="xrm_survey_t0")  # doctest: +SKIP
    >>> picker.add_pair(
    ...     moving={"x_um": 10, "y_um": 20}, fixed={"x_um": 5, "y_um": 7, "z_um": 1}
    ... )  # doctest: +SKIP
    """

    moving = Unicode(read_only=True, help="Image whose positions are mapped.")
    fixed = Unicode(read_only=True, help="Image that they are mapped into.")
    model = Enum(MODELS, AUTO, help="What the fit may change; 'auto' chooses by leave-one-out.")
    target = Unicode("", help="Name of the target at which the error matters; empty for none.")
    theme = Enum(("light", "dark"), "light", help="Ground of the page around the pictures.")
    revision = Int(0, read_only=True, help="Grows with every change of a record made here.")

    def __init__(self, ws: Any, *, moving: str, fixed: str, **traits: Any) -> None:
        self.ws = ws
        self.history = History()
        self.images = {"moving": ws.images[moving], "fixed": ws.images[fixed]}
        self._refuse_images()
        self.moving_view = SliceExplorer(ws, [moving], crosshair=False)
        self.fixed_view = SliceExplorer(ws, [fixed], crosshair=False)
        self.set_trait("moving", moving)
        self.set_trait("fixed", fixed)
        self._fitted: tuple[Any, FitState] | None = None
        super().__init__(**traits)
        self.look_at_pairs()

    def __repr__(self) -> str:
        return f"LandmarkPicker({self.moving} to {self.fixed}, {len(self.records())} pairs)"

    def _refuse_images(self) -> None:
        moving, fixed = self.images["moving"], self.images["fixed"]
        for image in (moving, fixed):
            _ = image.spacing_um  # Uncalibrated: landmarks are in micrometres
        refuse_one_frame(moving.frame, fixed.frame)
        if moving.ndim == 3 and fixed.ndim == 2:
            raise ValueError(
                f"a volume cannot be mapped into a picture: make {fixed.name} (2-D) the moving "
                f"image and {moving.name} (3-D) the fixed one"
            )

    @validate("target")
    def _check_target(self, proposal: Any) -> str:
        name = proposal["value"]
        known = [record.name for record in self.ws.targets]
        if name and name not in known:
            raise TraitError(
                f"target needs one of {', '.join(known) or 'no target yet'}, got {name!r}"
            )
        return str(name)

    # -- pairs ---------------------------------------------------------------

    def records(self) -> list[Any]:
        """The pairs between these two frames, in the order of picking."""
        frames = (self.images["moving"].frame, self.images["fixed"].frame)
        return [r for r in self.ws.landmarks if (r.moving_frame, r.fixed_frame) == frames]

    def add_pair(
        self,
        *,
        moving: Any,
        fixed: Any,
        name: str | None = None,
        moving_sigma_um: float | None = None,
        fixed_sigma_um: float | None = None,
        placed_by: str = "person",
        note: str = "",
        id: str | None = None,
    ) -> Any:
        """Write a pair.

        Parameters
        ----------
        moving, fixed : dict or table row
            ``x_um``, ``y_um``, ``z_um`` in either image's frame; 2-D images may omit ``z_um``.
        name : str, optional
            By default the next free number.
        moving_sigma_um, fixed_sigma_um : float, optional
            Localisation error per axis, if it is known [µm].
        placed_by : str
            ``"person"``, or the method that found it.
        note : str
        id : str, optional
            Made by the caller, so that a retry writes no second pair.

        Returns
        -------
        Record
        """
        written = self.ws.landmarks.add(
            name=name,
            id=id,
            moving_frame=self.images["moving"].frame,
            fixed_frame=self.images["fixed"].frame,
            moving=by_name(named_point(moving, planar=self._planar("moving"))),
            fixed=by_name(named_point(fixed, planar=self._planar("fixed"))),
            moving_sigma_um=moving_sigma_um,
            fixed_sigma_um=fixed_sigma_um,
            placed_by=placed_by,
            note=note,
        )
        return self._did(f"add pair {written.name}", None, written)

    def move_pair(self, name: str, *, moving: Any = None, fixed: Any = None) -> Any:
        """Place one or both sides of a pair anew."""
        changes = {
            side: by_name(named_point(value, planar=self._planar(side)))
            for side, value in (("moving", moving), ("fixed", fixed))
            if value is not None
        }
        if not changes:
            raise ValueError("move_pair needs moving= or fixed=, got neither")
        return self._edit(f"move pair {name}", name, **changes)

    def exclude(self, name: str) -> Any:
        """Keep a pair, but fit without it."""
        return self._edit(f"exclude pair {name}", name, active=False)

    def include(self, name: str) -> Any:
        """Fit with a pair again."""
        return self._edit(f"include pair {name}", name, active=True)

    def remove_pair(self, name: str) -> None:
        """Take a pair away; undo and ``as_of`` still reach it."""
        before = self.pair(name)
        written = self.ws.landmarks.remove(before.id, version=before.version)
        self._did(f"remove pair {name}", before, written)

    def pair(self, name: str) -> Any:
        """The pair of that name or id."""
        for record in self.records():
            if name in (record.name, record.id):
                return record
        known = ", ".join(record.name for record in self.records()) or "none"
        raise KeyError(f"no pair {name!r} between these images; there are: {known}")

    def undo(self) -> str:
        """Take the last change back, as a new edit; returns what it was, in words."""
        return self._changed(self.history.undo())

    def redo(self) -> str:
        """Make the last undone change again."""
        return self._changed(self.history.redo())

    # -- what the pairs say ----------------------------------------------------

    def state(self) -> FitState:
        """The fit of the active pairs, with reason and warnings; never raises for too few."""
        records = self.records()
        key = (
            self.model,
            self.target,
            tuple((record.id, record.version) for record in records),
            self._way_to_target(),
        )
        if self._fitted is None or self._fitted[0] != key:
            fitted = fit_pairs(
                records,
                model=self.model,
                ndim_moving=self.images["moving"].ndim,
                ndim_fixed=self.images["fixed"].ndim,
                target_um=self.target_in_moving(),
            )
            self._fitted = (key, fitted)
        return self._fitted[1]

    def fit(self, model: str | None = None) -> Any:
        """Fit the active pairs.

        Parameters
        ----------
        model : {"rigid", "similarity", "affine"}, optional
            By default the trait ``model``, which chooses.

        Returns
        -------
        LandmarkFit

        Raises
        ------
        Degenerate
            If the pairs do not determine the model, in words.
        """
        if model is not None:
            self.model = model
        state = self.state()
        if state.fit is None:
            raise Degenerate(state.reason)
        return state.fit

    @property
    def reason(self) -> str:
        """Why this model, or why none, in words."""
        return self.state().reason

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to read before using the fit."""
        return self.state().warnings

    def table(self) -> pd.DataFrame:
        """One row a pair, with residual_um, loo_um and leverage.

        An excluded pair has no residual; its loo_um is its distance from where the fit puts it.
        """
        return pair_table(
            self.records(),
            self.state(),
            planar_moving=self._planar("moving"),
            planar_fixed=self._planar("fixed"),
        )

    def predict(self, *, moving: Any = None, fixed: Any = None, level: float = 0.95) -> Prediction:
        """Where a position of one image should be in the other.

        Parameters
        ----------
        moving, fixed : dict or table row
            One of the two.
        level : float
            Probability of the region.

        Raises
        ------
        Degenerate
            If there is no fit yet.
        """
        if (moving is None) == (fixed is None):
            raise ValueError("predict needs moving= or fixed=, one of the two")
        side = "moving" if fixed is None else "fixed"
        value = moving if fixed is None else fixed
        point = named_point(value, planar=self._planar(side)).reshape(1, 3)
        return self._predicted(point, side, level)

    def error_at_target(self) -> float:
        """Predicted RMS error of the mapped target [µm]; NaN without target, fit or covariance."""
        point, state = self.target_in_moving(), self.state()
        if point is None or state.fit is None:
            return float("nan")
        try:
            return float(state.fit.tre_at(point)[0])
        except CovarianceUnavailable:
            return float("nan")

    def overlay(self, **traits: Any) -> SliceExplorer:
        """Both images in the fixed frame through the present fit, to judge it by eye."""
        from ..analysis.registration import Edge

        moving, fixed = self.images["moving"], self.images["fixed"]
        edge = Edge("proposed", moving.frame, fixed.frame, self.fit().transform)
        explorer = SliceExplorer(
            self.ws,
            [self.fixed, self.moving],
            frame=fixed.frame,
            proposed=[edge],
            **{"crosshair": False, **traits},
        )
        below, above = explorer.layers
        below.color_map, above.color_map, above.blending = "sky blue", "orange", "add"
        corners = explorer.world.from_frame(box_corners_um(moving.levels), moving.frame)
        width = min(explorer.width_um, 1.5 * float(np.ptp(corners, axis=0).max()))
        explorer.look_at(by_name(corners.mean(axis=0) * _kept(explorer.planar)), width_um=width)
        return explorer

    def look_at_pairs(self) -> None:
        """Show the part of both images in which the pairs lie."""
        for side, view in (("moving", self.moving_view), ("fixed", self.fixed_view)):
            points = positions(self.records(), side, planar=self._planar(side))
            if len(points):
                reach = float(np.ptp(points, axis=0).max()) or view.width_um / 4
                middle = (points.min(axis=0) + points.max(axis=0)) / 2
                whole = float(np.ptp(view.world.corners_um(), axis=0).max())
                view.look_at(by_name(middle), width_um=min(1.5 * reach, 1.1 * whole))

    # -- decisions -------------------------------------------------------------

    def accept(self, name: str | None = None, *, note: str = "") -> Any:
        """Write the fit as an accepted transform, with the pairs and versions it rests on.

        Parameters
        ----------
        name : str, optional
            By default ``<moving frame>_to_<fixed frame>``.
        note : str
            Why.

        Returns
        -------
        Record
        """
        return self._decide("accepted", name, note)

    def refuse(self, reason: str, *, name: str | None = None) -> Any:
        """Write the fit as refused, with the reason."""
        if not reason.strip():
            raise ValueError("refuse needs a reason in words, got an empty one")
        return self._decide("refused", name, reason)

    def _decide(self, status: str, name: str | None, note: str) -> Any:
        fit, state = self.fit(), self.state()
        loo = float(np.sqrt(np.mean(np.asarray(fit.loo_um) ** 2)))
        moving, fixed = self.images["moving"].frame, self.images["fixed"].frame
        title = name or f"{moving}_to_{fixed}"
        fields = {
            "from_frame": moving,
            "to_frame": fixed,
            "transform": fit.transform.to_dict(),
            "status": status,
            "method": f"landmarks, {fit.transform.model}",
            "fre_um": fit.fre_um,
            "loo_um": loo if np.isfinite(loo) else None,
            "landmarks": [[record.id, record.version] for record in state.records],
            "note": note,
        }
        transforms = self.ws.transforms
        before = next((record for record in transforms if record.name == title), None)
        if before is None:
            written = transforms.add(name=title, **fields)
        else:
            written = transforms.edit(before.id, version=before.version, **fields)
        return self._did(f"{status} {title}", before, written, collection=transforms)

    # -- showing ---------------------------------------------------------------

    def snapshot(self, width_px: int = 900) -> Image.Image:
        """Both images side by side with numbered landmarks and their residuals."""
        from .landmark_picture import landmark_picture

        return landmark_picture(self, width_px=width_px)

    def _build_view(self) -> Any:
        from .landmark_view import landmark_view

        return landmark_view(self)

    # -- steps -----------------------------------------------------------------

    def _planar(self, side: str) -> bool:
        return bool(self.images[side].ndim == 2)

    def _edit(self, title: str, name: str, **changes: Any) -> Any:
        before = self.pair(name)
        written = self.ws.landmarks.edit(before.id, version=before.version, **changes)
        return self._did(title, before, written)

    def _did(self, title: str, before: Any, after: Any, *, collection: Any = None) -> Any:
        target = self.ws.landmarks if collection is None else collection
        self.history.did(RecordStep(title, target, before, after))
        return self._changed(after)

    def _changed(self, result: Any) -> Any:
        self.set_trait("revision", self.revision + 1)
        return result

    def target_in_moving(self) -> NDArray[np.float64] | None:
        """The target in the moving frame, z, y, x, shape (1, 3) [µm].

        None without one, and while its frame is not connected with either image.
        """
        if not self.target:
            return None
        record = self.ws.targets[self.target]
        point = named_point(record.position, planar=False).reshape(1, 3)
        moving, fixed = self.images["moving"].frame, self.images["fixed"].frame
        if record.frame == moving:
            return point
        rough = fit_pairs(
            self.records(),
            model="rigid" if self.model == AUTO else self.model,
            ndim_moving=self.images["moving"].ndim,
            ndim_fixed=self.images["fixed"].ndim,
        )
        if rough.fit is None:
            return None
        if record.frame != fixed:
            try:
                point = self.ws.graph().positions(point, record.frame, fixed)
            except NoPath:
                return None
        return np.asarray(rough.fit.transform.inverse_apply(point))

    def _way_to_target(self) -> tuple[tuple[str, int], ...]:
        """The records that say where the target is, and their versions."""
        if not self.target:
            return ()
        ways = [self.ws.targets[self.target], *self.ws.transforms]
        return tuple((record.id, record.version) for record in ways)

    def _predicted(self, point: NDArray[np.float64], side: str, level: float) -> Prediction:
        from ..analysis.registration import confidence_region

        transform = self.fit().transform
        other = "fixed" if side == "moving" else "moving"
        forward = side == "moving"
        mapped = transform.apply(point) if forward else transform.inverse_apply(point)
        try:
            spread = transform.covariance_at if forward else transform.inverse_covariance_at
            covariance = np.asarray(spread(point))[0]
        except CovarianceUnavailable:
            covariance = np.full((3, 3), np.nan)
        if self._planar(other):
            covariance[0, :] = covariance[:, 0] = 0 if np.isfinite(covariance[1, 1]) else np.nan
        return Prediction(
            position=by_name(mapped[0]),
            frame=self.images[other].frame,
            covariance_um2=covariance,
            region=confidence_region(covariance, level=level, nu=transform.nu),
        )


def _kept(planar: bool) -> NDArray[np.float64]:
    return np.array([0.0 if planar else 1.0, 1.0, 1.0])
