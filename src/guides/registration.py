"""Registration: what the landmarks of two frames say, and who accepted it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2, norm
from scipy.stats import t as student

from ..analysis.quantification.measurement import Check, Measurement, measurement_from_parts
from ..analysis.registration import LandmarkFit
from ..errors import CovarianceUnavailable, DecisionNeeded, Degenerate
from ..quantities import format_length
from ..widgets import LandmarkPicker, SliceExplorer
from ..workspace import Workspace
from .coverage import field_points
from .digits import significant

_FIELD_STEPS = 41
_SAID = {
    "residual_um": "residual_um",
    "loo_um": "leave-one-out [µm]",
    "leverage": "leverage",
}


@dataclass(frozen=True)
class PairResult:
    """A pair of images, its landmarks, and what they say.

    Attributes
    ----------
    picker : LandmarkPicker
        Holds the landmarks and their fit.
    comparison : DataFrame
        Every model with its leave-one-out error and verdict.
    fit : LandmarkFit
        Of the model that is used.
    accepted : Record or None
        The transform that somebody accepted.
    refused : Record or None
        The transform that somebody refused, with the landmarks as they are now.
    measurements : tuple of Measurement
    checks : tuple of Check
    """

    picker: LandmarkPicker
    comparison: pd.DataFrame
    reason: str
    fit: LandmarkFit
    accepted: Any
    refused: Any
    measurements: tuple[Measurement, ...]
    checks: tuple[Check, ...]

    @property
    def name(self) -> str:
        """``moving_to_fixed``, which is also the name of its transform."""
        return f"{self.picker.moving}_to_{self.picker.fixed}"

    @property
    def title(self) -> str:
        """The registration in words."""
        return f"{self.picker.moving} in {self.picker.fixed}"

    @property
    def key_measurements(self) -> list[Measurement]:
        """The scale; the RMS errors stand in the tables."""
        return [found for found in self.measurements if found.key.endswith(".scale")]

    @property
    def differs(self) -> bool:
        """Whether the fit is of another model than the transform that was accepted."""
        return self.accepted is not None and _other_model(self.fit, self.accepted)

    def landmarks(self) -> pd.DataFrame:
        """One row a pair: places in both images, residual, leave-one-out error, leverage."""
        table = self.picker.table()
        shown = pd.DataFrame({"landmark": table["name"]})
        for side in ("moving", "fixed"):
            image = self.picker.images[side]
            axes = "xyz" if image.ndim == 3 else "xy"
            places = table[[f"{side}_{axis}_um" for axis in axes]].to_numpy(float)
            shown[f"{', '.join(axes)} in {image.name} [µm]"] = [_place(row) for row in places]
        for column, said in _SAID.items():
            shown[said] = significant(table[column])
        if not table["active"].all():
            shown["used"] = table["active"]
        return shown

    def errors(self) -> pd.DataFrame:
        """``name``, ``residual_um``, ``loo_um`` of the active pairs."""
        table = self.picker.table()
        return table.loc[table["active"], ["name", "residual_um", "loo_um"]]

    def overlay(self) -> tuple[SliceExplorer, str]:
        """Both images on one plane through the fit, and what to look for."""
        explorer = self.picker.overlay()
        moving = self.picker.images["moving"]
        if moving.ndim == 2 and self.picker.images["fixed"].ndim == 3:
            explorer.face_of(moving.name)
        aim = self.picker.target_in_moving()
        middle = field_points(moving, grid=2).mean(axis=0, keepdims=True)
        place = self.fit.transform.apply(middle if aim is None or moving.ndim == 2 else aim)[0]
        size = np.ptp(self.fit.transform.apply(field_points(moving, grid=2)), axis=0).max()
        explorer.look_at(
            dict(zip(("z_um", "y_um", "x_um"), place.tolist(), strict=True)),
            width_um=1.1 * float(size),
        )
        return explorer, (
            f"{self.picker.moving} (orange) over {self.picker.fixed} (blue), each at its own "
            f"resolution, through the {self.fit.transform.model} fit."
        )


def _place(position_um: np.ndarray) -> str:
    return ",\u00a0".join(f"{value:.2f}" for value in position_um)


def landmark_pairs(
    ws: Workspace, *, moving: str | None = None, fixed: str | None = None
) -> list[tuple[str, str]]:
    """List the pairs of images that have landmarks, or check the one that is named.

    Parameters
    ----------
    moving, fixed : str, optional
        Names of two images, both or neither.

    Raises
    ------
    DecisionNeeded
        There are no landmarks.
    """
    if (moving is None) != (fixed is None):
        raise ValueError(f"give both moving and fixed or neither, got {moving!r} and {fixed!r}")
    by_frame = {str(image.frame): str(image.name) for image in reversed(list(ws.images))}
    found = dict.fromkeys((mark.moving_frame, mark.fixed_frame) for mark in ws.landmarks)
    pairs = [(by_frame[a], by_frame[b]) for a, b in found if a in by_frame and b in by_frame]
    if moving is not None and fixed is not None:
        pairs = [(ws.images[moving].name, ws.images[fixed].name)]
    if not pairs:
        raise DecisionNeeded(
            "no landmarks have been picked: pick them with LandmarkPicker, or import a BigWarp "
            "CSV with import_landmarks"
        )
    return pairs


def register_pair(
    ws: Workspace, moving: str, fixed: str, *, model: str | None = None, target: str | None = None
) -> PairResult:
    """Work out a registration from its landmarks.

    Parameters
    ----------
    moving, fixed : str
        Images.
    model : str, optional
        By default that of the accepted transform, else the one that leave-one-out chooses.
    target : str, optional
        Name of the target at which the error matters.

    Raises
    ------
    Degenerate
        The landmarks do not determine the model, in words.
    """
    picker = LandmarkPicker(ws, moving=moving, fixed=fixed, target=target or "")
    choice = picker.state().choice
    if choice is None:
        raise Degenerate(f"{moving} to {fixed}: {picker.reason}")
    accepted = accepted_transform(ws, moving=moving, fixed=fixed)
    used = model or (accepted.transform.get("model") if accepted else None) or choice.model
    fit = picker.fit(used)
    trial = accepted is not None and _other_model(fit, accepted)
    name = f"{moving}_to_{fixed}"
    return PairResult(
        picker,
        choice.table.assign(registration=name),
        choice.reason,
        fit,
        accepted,
        _refused(ws, picker),
        () if trial else tuple(_measurements(name, picker)),
        tuple(_checks(name, picker, choice, accepted)),
    )


def _other_model(fit: LandmarkFit, accepted: Any) -> bool:
    return bool(fit.transform.model != accepted.transform.get("model"))


def accepted_transform(ws: Workspace, *, moving: str, fixed: str) -> Any:
    """Return the newest accepted transform between two images' frames, or None."""
    return _newest(ws, moving, fixed, "accepted")


def _newest(ws: Workspace, moving: str, fixed: str, status: str) -> Any:
    frames = (ws.images[moving].frame, ws.images[fixed].frame)
    standing = [
        record
        for record in ws.transforms
        if (record.from_frame, record.to_frame) == frames and record.status == status
    ]
    return max(standing, key=lambda record: record.state) if standing else None


def _refused(ws: Workspace, picker: LandmarkPicker) -> Any:
    """Return the refusal that stands: with other landmarks, the question is open again."""
    record = _newest(ws, picker.moving, picker.fixed, "refused")
    return None if record is None or _changed_landmarks(picker, record) else record


def _changed_landmarks(picker: LandmarkPicker, record: Any) -> int:
    """Count the landmark versions that differ between a transform and the present pairs."""
    used = {(identity, int(version)) for identity, version in record.landmarks}
    return len(used ^ {(pair.id, pair.version) for pair in picker.state().records})


def comparison_table(results: Iterable[PairResult]) -> pd.DataFrame:
    """Put the comparisons of models of several registrations below each other."""
    columns = ["registration", "model", "fre_um", "loo_um", "predicted_error_at_target_um"]
    columns += ["nu", "verdict"]
    return pd.concat([result.comparison[columns] for result in results], ignore_index=True)


def models_table(results: Iterable[PairResult]) -> pd.DataFrame:
    """One row a registration: the leave-one-out error of each model, and which is used."""
    rows = []
    for result in results:
        errors = result.comparison.set_index("model")["loo_um"]
        row: dict[str, Any] = {"registration": result.title}
        row |= {f"{m} [µm]": e for m, e in zip(errors.index, significant(errors), strict=True)}
        rows.append(row | {"used": result.fit.transform.model})
    return pd.DataFrame(rows)


def errors_figure(results: Sequence[PairResult]) -> tuple[Any, str]:
    """Draw what the landmarks say: bars for one registration, a row each for several.

    Returns
    -------
    figure : HoloViews object
    caption : str
    """
    from ..plots import errors_overview, landmark_errors

    note = "A small residual says nothing about the error elsewhere."
    if len(results) == 1:
        (result,) = results
        return landmark_errors(result.errors(), fre_um=result.fit.fre_um), (
            f"Landmarks of {result.title}: leave-one-out error and residual of each. {note}"
        )
    return errors_overview({result.title: result.errors() for result in results}), (
        "Errors of the landmarks of each registration: residuals of the fit (grey) and "
        "leave-one-out errors (blue), a dot a landmark, strokes at their RMS, the worst landmark "
        f"named. {note}"
    )


def error_maps_figure(results: Sequence[PairResult]) -> tuple[Any, str]:
    """Draw the predicted error over each moving image.

    Returns
    -------
    figure : HoloViews object or None
        None where no error can be predicted.
    caption : str
        What is seen, or why nothing can be.
    """
    from ..plots import error_maps

    maps, unknown = {}, []
    for result in results:
        try:
            maps[result.title] = error_field(result)[0]
        except CovarianceUnavailable as error:
            unknown.append(f"{result.title}: {error}")
    if not maps:
        return None, "; ".join(unknown)
    left_out = f" Not known for {'; '.join(unknown)}." if unknown else ""
    return error_maps(maps), (
        "Predicted error of the mapped position (RMS) over each moving image, on the plane of the "
        "target or, for a picture, on its own. White dots: landmarks. Cross: the target. The error "
        f"grows away from the landmarks; each map has its own colours.{left_out}"
    )


def overlays_sheet(results: Sequence[PairResult]) -> tuple[Any, str]:
    """Show each moving image over its fixed one.

    Returns
    -------
    picture : PIL.Image.Image
    caption : str
    """
    from ..widgets import slice_sheet

    views = {result.title: result.overlay()[0] for result in results}
    models = ", ".join(f"{r.picker.moving} {r.fit.transform.model}" for r in results)
    return slice_sheet(views, columns=min(3, len(views))), (
        "Overlays: the moving image in orange over the fixed one in blue, each at its own "
        f"resolution; where both are bright they add up to white. Fits: {models}."
    )


def settle(results: Sequence[PairResult], *, accept: bool | None) -> pd.DataFrame:
    """Tell what was decided about each registration.

    Parameters
    ----------
    accept : bool or None
        The template's parameter: accept or refuse whatever nobody has decided yet.

    Raises
    ------
    DecisionNeeded
        A registration is neither accepted nor refused nor covered by the parameter.
    """
    undecided = [r.name for r in results if r.accepted is None and r.refused is None]
    if undecided and accept is None:
        raise DecisionNeeded(
            f"nobody has accepted {', '.join(undecided)}. To decide: look at the leave-one-out "
            "errors and the overlay, then press accept in the picker, call picker.accept(), or "
            "give the parameter accept (true or false)"
        )
    return pd.DataFrame([_verdict(result, accept) for result in results])


def _verdict(result: PairResult, accept: bool | None) -> dict[str, Any]:
    standing = result.accepted or (result.refused if accept is None else None)
    accepted = standing.status == "accepted" if standing else accept
    loo, at_target = significant([result.fit.loo_rms_um, result.picker.error_at_target()])
    return {
        "registration": result.title,
        "model": result.fit.transform.model,
        "landmarks": len(result.fit.residuals_um),
        "leave-one-out [µm]": loo,
        "error_at_target_um": at_target,
        "decision": _decision(result, accepted),
        "by": standing.who if standing else "the parameter accept",
    }


def _decision(result: PairResult, accepted: bool | None) -> str:
    if result.differs:
        return f"accepted as {_model_words(result.accepted)}"
    return "accepted" if accepted else "refused"


def _model_words(accepted: Any) -> str:
    return str(accepted.transform.get("model") or accepted.transform.get("kind"))


def record_verdicts(results: Iterable[PairResult], *, accept: bool | None) -> None:
    """Write what the parameter decided; what a person accepted stands already."""
    for result in results:
        if accept is None or result.accepted is not None or result.picker.ws.read_only:
            continue
        if accept:
            result.picker.accept(note="by the parameter accept")
        elif result.refused is None:
            result.picker.refuse("by the parameter accept")


def error_field(result: PairResult) -> tuple[dict[str, Any], str]:
    """Predict the error over the moving image, on the plane of the target.

    Returns
    -------
    arguments : dict
        For `scalebridge.plots.error_map`.
    caption : str

    Raises
    ------
    CovarianceUnavailable
        No landmark is left over to tell the error from.
    """
    image = result.picker.images["moving"]
    corners = field_points(image, grid=2)
    aim = result.picker.target_in_moving()
    depth = corners[:, 0].mean() if aim is None or image.ndim == 2 else float(aim[0, 0])
    y, x = (np.linspace(*_ends(corners[:, axis]), _FIELD_STEPS) for axis in (1, 2))
    grid = np.stack(np.meshgrid([depth], y, x, indexing="ij"), axis=-1).reshape(-1, 3)
    error = result.fit.tre_at(grid).reshape(len(y), len(x))
    table = result.picker.table()
    marks = table[table["active"]].rename(columns={"moving_x_um": "x_um", "moving_y_um": "y_um"})
    arguments = {
        "error_um": error,
        "x_um": x,
        "y_um": y,
        "landmarks": marks[["name", "x_um", "y_um"]],
        "target_um": None if aim is None else (float(aim[0, 2]), float(aim[0, 1])),
    }
    where = "its plane" if image.ndim == 2 else f"the plane z = {format_length(depth)}"
    return arguments, (
        f"Predicted error of {result.name} (RMS of the mapped position) over {image.name}, on "
        f"{where}. It grows away from the landmarks."
    )


def _ends(values: np.ndarray) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def _measurements(name: str, picker: LandmarkPicker) -> list[Measurement]:
    fit, known = picker.fit(), picker.fit().transform.nu is None
    errors = [("loo_um", "leave-one-out error", fit.loo_rms_um)]
    if not known:  # else it follows from what was stated, and no landmark measures it
        errors.append(
            ("error_at_target_um", "predicted error at the target", picker.error_at_target())
        )
    found = [_rms(f"registration.{name}.{key}", said, value, fit) for key, said, value in errors]
    return [one for one in (*found, _scale(name, fit)) if one is not None]


def _rms(key: str, name: str, value: float, fit: LandmarkFit) -> Measurement | None:
    """Give an RMS error the interval of the localisation error, with which it scales."""
    if not np.isfinite(value) or fit.nu < 1 or fit.transform.covariance is None:
        return None
    low, high = (float(value * np.sqrt(fit.nu / chi2.ppf(p, fit.nu))) for p in (0.975, 0.025))
    half = (high - low) / 2
    convention = (
        f"RMS, {fit.transform.model} fit to {len(fit.residuals_um)} landmark pairs; interval of "
        f"the localisation error, chi-squared with {fit.nu} degrees of freedom"
    )
    return Measurement(
        key, name, float(value), (low, high), half, "µm", convention, {"landmarks": half}
    )


def _scale(name: str, fit: LandmarkFit) -> Measurement | None:
    """Measure the magnification: how far the two voxel sizes disagree."""
    transform = fit.transform
    if transform.model == "rigid" or transform.covariance is None or fit.nu < 1:
        return None
    sigma = transform.scale_sigma * transform.scale
    nu = transform.nu
    factor = norm.ppf(0.975) if nu is None or not np.isfinite(nu) else student.ppf(0.975, nu)
    return measurement_from_parts(
        key=f"registration.{name}.scale",
        name="scale between the two voxel sizes",
        value=transform.scale,
        unit="1",
        convention="lengths in the fixed frame over lengths in the moving frame, as calibrated; "
        "geometric mean of all directions",
        parts={"landmarks": float(factor * sigma)},
    )


def _checks(name: str, picker: LandmarkPicker, choice: Any, accepted: Any) -> list[Check]:
    fit = picker.fit()
    chosen = fit.transform.model == choice.model
    found = [
        Check(
            f"{name}: enough degrees of freedom to state a region",
            fit.nu >= 3,
            f"{fit.nu} degrees of freedom, 3 needed",
        ),
        Check(
            f"{name}: model agrees with leave-one-out",
            True if chosen else None,
            f"{fit.transform.model} is used; leave-one-out chooses {choice.model}",
        ),
        _prediction_check(name, fit),
    ]
    found += [Check(f"{name}: landmarks", None, warning) for warning in picker.warnings]
    if accepted is not None and not _other_model(fit, accepted):
        found.append(_staleness(name, picker, accepted))
    elif accepted is not None:
        found.append(
            Check(
                f"{name}: the model that was accepted is used",
                None,
                f"{fit.transform.model} is shown, {_model_words(accepted)} was accepted by "
                f"{accepted.who}: nothing of this fit is recorded",
            )
        )
    return found


def _prediction_check(name: str, fit: LandmarkFit) -> Check:
    """Compare what leave-one-out measures with what the covariance predicts."""
    label = f"{name}: leave-one-out agrees with the predicted error"
    try:
        fit.tre_at(fit.pairs.moving_um)
    except CovarianceUnavailable as error:
        return Check(label, None, str(error))
    if not np.isfinite(fit.loo_rms_um):
        return Check(label, None, "no landmark can be left out")
    axes = fit.residuals_um.shape[1]
    own = axes * (fit.transform.sigma_um or 0.0) ** 2
    expected = float(np.sqrt(np.mean(own / np.maximum(1 - fit.leverage, 1e-3))))
    detail = (
        f"leave-one-out {format_length(fit.loo_rms_um)} RMS, expected {format_length(expected)}"
    )
    return Check(label, bool(0.4 * expected < fit.loo_rms_um < 2.5 * expected), detail)


def _staleness(name: str, picker: LandmarkPicker, accepted: Any) -> Check:
    """Check that the accepted transform is the fit of the landmarks as they are now."""
    changed = _changed_landmarks(picker, accepted)
    stored = np.asarray(accepted.transform.get("matrix", np.nan))
    matrix = picker.fit().transform.matrix
    same = not changed and np.allclose(stored, matrix, rtol=1e-9, atol=1e-12)
    return Check(
        f"{name}: accepted transform is the fit of these landmarks",
        bool(same),
        "same landmarks, same matrix"
        if same
        else f"{changed} landmark versions differ since {accepted.who} accepted it: fit it again",
    )
