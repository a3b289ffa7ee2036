"""Registrations side by side: tables of their models, pictures of their errors, overlays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ...analysis.registration import SPLINE
from ...columns import significant
from ...errors import CovarianceUnavailable
from ...quantities import format_length
from ..coverage import field_points
from .pair import PairResult

_FIELD_STEPS = 41


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
    from ...plots import errors_overview, landmark_errors

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
    from ...plots import error_maps

    maps, unknown = {}, []
    for result in results:
        try:
            maps[result.title] = error_field(result)[0]
        except CovarianceUnavailable as error:
            unknown.append(f"{result.title}: {error}")
    if not maps:
        return None, "; ".join(unknown)
    bent = [result.title for result in results if result.fit.transform.model == SPLINE]
    splines = f" By leave-one-out and bootstrap: {', '.join(bent)}." if bent else ""
    left_out = f" Not known for {'; '.join(unknown)}." if unknown else ""
    return error_maps(maps), (
        "Predicted error of the mapped position (RMS) over each moving image, on the plane of the "
        "target or, for a picture, on its own. White dots: landmarks. Cross: the target. The error "
        f"grows away from the landmarks; each map has its own colours.{splines}{left_out}"
    )


def overlays_sheet(results: Sequence[PairResult]) -> tuple[Any, str]:
    """Show each moving image over its fixed one.

    Returns
    -------
    picture : PIL.Image.Image
    caption : str
    """
    from ...widgets import slice_sheet

    views = {result.title: result.overlay()[0] for result in results}
    models = ", ".join(f"{r.picker.moving} {r.fit.transform.model}" for r in results)
    return slice_sheet(views, columns=min(3, len(views))), (
        "Overlays: the moving image in orange over the fixed one in blue, each at its own "
        f"resolution; where both are bright they add up to white. Fits: {models}."
    )


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
    told = ""
    if result.fit.transform.model == SPLINE:
        told = " Of a thin-plate spline it is told by leave-one-out and bootstrap."
    where = "its plane" if image.ndim == 2 else f"the plane z = {format_length(depth)}"
    return arguments, (
        f"Predicted error of {result.name} (RMS of the mapped position) over {image.name}, on "
        f"{where}. It grows away from the landmarks.{told}"
    )


def _ends(values: np.ndarray) -> tuple[float, float]:
    return float(values.min()), float(values.max())
