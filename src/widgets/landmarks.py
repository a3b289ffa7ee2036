"""Pick the same spots in two images, and see at once what they determine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from traitlets import Bool, Enum, TraitError, Unicode, observe, validate

from ..errors import CovarianceUnavailable, Degenerate
from .aim import target_in_moving
from .explorer import SliceExplorer
from .pairs import AUTO, MODELS, FitState, fit_pairs, pair_table, positions
from .picker_fields import error_unit
from .picker_sides import PickerSides
from .prediction import Prediction, predicted
from .repeated_picks import RepeatedPicks, repeated_picks
from .state import by_name, named_point
from .verdict import write_verdict

if TYPE_CHECKING:
    import pandas as pd


class LandmarkPicker(PickerSides):
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

    model = Enum(MODELS, AUTO, help="What the fit may change; 'auto' chooses by leave-one-out.")
    target = Unicode("", help="Name of the target at which the error matters; empty for none.")
    show_error = Bool(False, help="Whether the predicted error lies over both images as colours.")
    show_next = Bool(False, help="Whether the gain of one more landmark lies over both images.")
    theme = Enum(("light", "dark"), "light", help="Ground of the page around the pictures.")

    def __init__(self, ws: Any, *, moving: str, fixed: str, **traits: Any) -> None:
        self._fitted: tuple[Any, FitState] | None = None
        super().__init__(ws, moving=moving, fixed=fixed, **traits)
        self.moving_view = SliceExplorer(ws, [moving], crosshair=False)
        self.fixed_view = self._fixed_side()
        self.look_at_pairs()
        self._watch_pointing()

    def _fixed_side(self) -> SliceExplorer:
        return SliceExplorer(self.ws, [self.fixed], crosshair=False)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.moving} to {self.fixed}, {len(self.records())} pairs)"

    @validate("target")
    def _check_target(self, proposal: Any) -> str:
        name = proposal["value"]
        known = [record.name for record in self.ws.targets]
        if name and name not in known:
            there = f"one of {', '.join(known)}" if known else "a target, and none is placed yet"
            raise TraitError(f"target needs {there}, got {name!r}")
        return str(name)

    @observe("show_error", "show_next")
    def _show_one(self, change: Any) -> None:
        """One of the two at a time: they would hide each other."""
        if change["new"]:
            self.set_trait("show_next" if change["name"] == "show_error" else "show_error", False)

    # -- what the pairs say ----------------------------------------------------

    def state(self) -> FitState:
        """The fit of the active pairs, with reason and warnings; never raises for too few."""
        records = self.records()
        key = (
            self._settings(),
            tuple((record.id, record.version) for record in records),
            self._way_to_target(),
        )
        if self._fitted is None or self._fitted[0] != key:
            self._fitted = (key, self._fit_of(records))
        return self._fitted[1]

    def _settings(self) -> tuple[Any, ...]:
        """What the fit follows beside the pairs."""
        return (self.model, self.target)

    def _fit_of(self, records: list[Any]) -> FitState:
        return fit_pairs(
            records,
            model=self.model,
            ndim_moving=self.images["moving"].ndim,
            ndim_fixed=self.images["fixed"].ndim,
            target_um=self.target_in_moving(),
            unit=error_unit(self),
            images=self.images,
        )

    def fit(self, model: str | None = None) -> Any:
        """Fit the active pairs.

        Parameters
        ----------
        model : {"rigid", "similarity", "affine", "thin-plate"}, optional
            By default the trait ``model``, which chooses.

        Returns
        -------
        LandmarkFit
            For a thin-plate spline a SplineFit, which reads alike.

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

    @property
    def bend(self) -> Any:
        """A thin-plate map that predicts left-out pairs better than the straight one: a
        `BendOffer`; None where there is none, and where the model was chosen by hand.

        ``picker.model = "thin-plate"`` takes it.
        """
        choice = self.state().choice
        return None if choice is None else choice.bend

    def table(self) -> pd.DataFrame:
        """One row a pair, with residual_um, loo_um, leverage, surprise_p and who picked it.

        An excluded pair has no residual; its loo_um is its distance from where the fit puts it.
        ``surprise_p`` is the chance that the worst of so many honest pairs stands out as much.
        """
        records = self.records()
        return pair_table(
            records,
            self.state(),
            planar_moving=self._planar("moving"),
            planar_fixed=self._planar("fixed"),
            who={record.id: self.picked_by(record) for record in records},
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
        other = "fixed" if side == "moving" else "moving"
        return predicted(
            self.fit().transform,
            point,
            forward=side == "moving",
            frame=self.images[other].frame,
            planar=self._planar(other),
            level=level,
        )

    def error_at_target(self) -> float:
        """Predicted RMS error of the mapped target [µm]; NaN without target, fit or covariance."""
        point, state = self.target_in_moving(), self.state()
        if point is None or state.fit is None:
            return float("nan")
        try:
            return float(state.fit.tre_at(point)[0])
        except CovarianceUnavailable:
            return float("nan")

    def repeatability(
        self, features: Mapping[str, str] | None = None, *, level: float = 0.95
    ) -> RepeatedPicks:
        """How well people pick, from picks of the same features by two or more of them.

        Parameters
        ----------
        features : mapping, optional
            Which feature each pair shows, by the pair's name; by default pairs of different
            people that lie close together in both images.
        level : float
            Of the confidence intervals.

        Raises
        ------
        ValueError
            If too little was picked twice.
        """
        return repeated_picks(self, features, level=level)

    def overlay(self, **traits: Any) -> SliceExplorer:
        """Both images in the fixed frame through the present fit, to judge it by eye."""
        from .overlay import overlay_explorer

        return overlay_explorer(self, **traits)

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
        verdict = write_verdict(self, status=status, name=name, note=note)
        title = f"{status} {verdict.written.name}"
        return self._did(title, verdict.before, verdict.written, collection=self.ws.transforms)

    # -- showing ---------------------------------------------------------------

    def snapshot(self, width_px: int = 900) -> Image.Image:
        """Both images side by side with numbered landmarks and their residuals."""
        from .landmark_picture import landmark_picture

        return landmark_picture(self, width_px=width_px)

    def _build_view(self) -> Any:
        from .landmark_view import landmark_view

        return landmark_view(self)

    # -- the target ------------------------------------------------------------

    def target_in_moving(self) -> NDArray[np.float64] | None:
        """The target in the moving frame, z, y, x, shape (1, 3) [µm].

        None without one, and while its frame is not connected with either image.
        """
        return target_in_moving(self)

    def _way_to_target(self) -> tuple[tuple[str, int], ...]:
        """The records that say where the target is, and their versions."""
        if not self.target:
            return ()
        ways = [self.ws.targets[self.target], *self.ws.transforms]
        return tuple((record.id, record.version) for record in ways)
