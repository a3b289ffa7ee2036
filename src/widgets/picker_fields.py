"""What a picker's fit says over its images: the predicted error, and where to pick next."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CovarianceUnavailable, Degenerate
from ..quantities import format_length, steady_unit
from .fields import Box, Field
from .graph_words import typed_in
from .pairs import SPLINE
from .scene import box_corners_um

_GRID = 7  # places an axis of the moving image, from which the colours' range is taken
_RANGE = (0.0, 0.95)


def error_unit(picker: Any) -> str:
    """The one unit of a picker's errors, however they change, from the fixed image's voxels."""
    return steady_unit(min(picker.images["fixed"].spacing_um))


def error_words(picker: Any, length_um: float, *, digits: int = 3) -> str:
    """An error in the picker's unit."""
    return format_length(length_um, digits=digits, unit=error_unit(picker))


def shown_field(picker: Any, side: str) -> Field | None:
    """The field that a picker shows over one side; None where there is none."""
    if picker.state().fit is None:
        return None
    try:
        if picker.show_next:
            return next_field(picker, side)
        return error_field(picker, side) if picker.show_error else None
    except (CovarianceUnavailable, Degenerate):
        return None


def field_words(picker: Any) -> str:
    """What the colours over both images mean; empty where there are none."""
    if shown_field(picker, "fixed") is None:
        return ""
    if picker.show_next:
        return (
            f"Colours: by how much one more landmark there would lower the predicted error at "
            f"{picker.target}, where both images reach."
        )
    told = ", by leave-one-out and bootstrap" if picker.fit().transform.model == SPLINE else ""
    told += typed_in(picker)
    return f"Colours: predicted RMS error of the mapped position, in the fixed image{told}."


def why_no_field(picker: Any) -> str:
    """Why a field that is wanted is not shown, in words; empty where it is."""
    if not (picker.show_error or picker.show_next):
        return ""
    what = "where a landmark would help" if picker.show_next else "the predicted error"
    if picker.state().fit is None:
        return f"{what} cannot be shown: there is no fit yet"
    try:
        next_field(picker, "fixed") if picker.show_next else error_field(picker, "fixed")
    except (CovarianceUnavailable, Degenerate) as error:
        return f"{what} cannot be shown: {error}"
    return ""


def error_field(picker: Any, side: str) -> Field:
    """Predicted RMS error of the mapped position, over the moving or the fixed image.

    The colours span what is predicted over the moving image, up to its 95 % quantile.

    Raises
    ------
    CovarianceUnavailable
        No error can be predicted.
    """
    fit = picker.fit()

    def error(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(fit.tre_at(picker.in_moving(fit, side, points)))

    over = np.asarray(fit.tre_at(_spread(picker.images["moving"])))
    low, high = _spanned(over)
    return Field(
        key=f"error {side}",
        mark=_mark(low, high, fit, picker.looked_from()),
        title="predicted RMS error",
        color_map="cividis",
        low=low,
        high=high,
        low_words=error_words(picker, low, digits=2),
        high_words=f"≥ {error_words(picker, high, digits=2)}",
        values=error,
        boxes=picker.shown_parts(side),
    )


def next_field(picker: Any, side: str) -> Field:
    """By how much one more landmark at each place would lower the predicted error at the target.

    Shown where both images reach: a landmark has to be seen in both. What shows something there
    that the other image shows too is for a person to see.

    Raises
    ------
    Degenerate
        There is no target, or it is not connected with these images.
    CovarianceUnavailable
        No error can be predicted.
    """
    fit, target = picker.fit(), picker.target_in_moving()
    if target is None:
        raise Degenerate("choose a target that is connected with these images")
    present = float(fit.tre_at(target)[0])

    def gain(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return 100 * (1 - picker.errors_with(fit, side, points, target) / present)

    places = _spread(picker.images["moving"])
    over = 100 * (1 - picker.errors_with(fit, "moving", places, target) / present)
    high = max(float(over.max()), 1e-3)
    return Field(
        key=f"next {side}",
        mark=_mark(0.0, high, fit, picker.looked_from(), target),
        title=f"error at {picker.target} falls by",
        color_map="magma",
        low=0.0,
        high=high,
        low_words="0 %",
        high_words=f"{high:.2g} %",
        values=gain,
        boxes=picker.reached_parts(fit, side),
    )


def in_moving(picker: Any, fit: Any, side: str, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points of one side in the moving frame; a picture's plane is where its content lies."""
    if side == "moving":
        return points
    mapped = np.asarray(_way_back(fit)(points))
    if picker.images["moving"].ndim == picker.images["fixed"].ndim == 2:
        mapped[:, 0] = 0.0
    return mapped


def _way_back(fit: Any) -> Any:
    """The inverse; where a spline folds, beyond its landmarks as a rule, the nearest place."""
    if fit.transform.model == SPLINE:
        return partial(fit.transform.inverse_apply, refuse_folds=False)
    return fit.transform.inverse_apply


def both_boxes(picker: Any, side: str, fit: Any) -> tuple[Box, ...]:
    """The part of one side that the other image reaches too."""
    other = "fixed" if side == "moving" else "moving"
    own = own_box(picker.images[side])
    ends = np.vstack([np.zeros(3), np.eye(3)]) * 100.0 + own.low_um
    way = fit.transform.apply if side == "moving" else _way_back(fit)
    mapped = np.asarray(way(ends))
    matrix = (mapped[1:] - mapped[0]).T / 100.0
    there = own_box(picker.images[other])
    offset = mapped[0] - matrix @ own.low_um
    return own, Box(matrix=matrix, offset_um=offset, low_um=there.low_um, high_um=there.high_um)


def own_box(image: Any) -> Box:
    """An image's field of view; a picture is seen a little beside its plane too."""
    corners = box_corners_um(image.levels)
    low, high = corners.min(axis=0), corners.max(axis=0)
    if image.ndim == 2:
        rim = np.ptp(corners, axis=0).max() / 50
        low[0], high[0] = low[0] - rim, high[0] + rim
    return Box(matrix=np.eye(3), offset_um=np.zeros(3), low_um=low, high_um=high)


def _spread(image: Any) -> NDArray[np.float64]:
    """Places all over an image's field of view, z, y, x [µm]."""
    corners = box_corners_um(image.levels)
    low, high = corners.min(axis=0), corners.max(axis=0)
    axes = [np.linspace(a, b, _GRID if b > a else 1) for a, b in zip(low, high, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)


def _spanned(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = (float(value) for value in np.quantile(values, _RANGE))
    return low, max(high, low * 1.0001 + 1e-12)


def _mark(
    low: float,
    high: float,
    fit: Any,
    looked_from: tuple[float, ...],
    target: NDArray[np.float64] | None = None,
) -> str:
    place = None if target is None else target.tolist()
    given = (low, high, fit.transform.to_dict(), looked_from, place)
    return hashlib.sha1(repr(given).encode(), usedforsecurity=False).hexdigest()
