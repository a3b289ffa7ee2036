"""The whole way from grey values to labels as one value, which a record can keep."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any

import numpy as np

from ..spacing import checked_spacing
from .components import checked_neighbours

METHODS = ("thresholds", "hysteresis", "local")
WINDOW_SHAPES = ("mean", "gaussian")
LENGTH_UNITS = ("px", "um")
_LENGTHS = ("window", "opening_radius", "closing_radius", "split_depth")
# A record says these in fields of its own.
_ELSEWHERE = ("thresholds", "method", "smoothing_px", "min_size_px")


@dataclass(frozen=True)
class SegmentationRecipe:
    """What is done to an image, in this order, until it is labelled.

    Level (`method` local), smooth, part at thresholds, grow from seeds (`method` hysteresis),
    open, close, merge small pieces, fill enclosed ones, cut what touches.

    Attributes
    ----------
    thresholds : tuple of float
        Increasing [grey value]; n thresholds give the classes 0 to n. With `method` local they
        are differences to the mean of the surroundings.
    method : {"thresholds", "hysteresis", "local"}
    seed_rise : float
        Hysteresis: a piece above a threshold is kept where some voxel of it lies higher by this
        much [grey value].
    window : float
        Local: width of the surroundings [`length_unit`].
    window_shape : {"mean", "gaussian"}
        Local: plain mean, or a Gaussian whose standard deviation is a sixth of the window.
    smoothing_px : float or tuple of float
        Standard deviation of a Gaussian, for all axes or one an axis [px].
    opening_radius, closing_radius : float
        Of the ball, which is round in `length_unit` [`length_unit`]; 0 for none.
    min_size_px : int
        Pieces of any class with fewer voxels are merged into the class around them [px].
    fill_holes : bool
        Pieces of class 0 that are enclosed go to the class around them.
    split_depth : float
        Objects that touch are cut where the neck between them is narrower, by this much in radius,
        than either of them [`length_unit`]; 0 for none.
    split_phase : int or None
        Class whose objects are cut; the highest by default.
    connectivity : int or None
        Which voxels touch, for pieces and for growing from seeds: 6, 18 or 26 (4 or 8 in 2D);
        None for faces only (6 or 4).
    length_unit : {"px", "um"}
        Of `window`, the radii and `split_depth`: voxels, or µm by the voxel size.

    Examples
    --------
    >>> recipe = SegmentationRecipe((90.0,), opening_radius=0.5, length_unit="um")
    >>> SegmentationRecipe.from_parameters(recipe.parameters(), thresholds=[90]) == recipe
    True
    """

    thresholds: tuple[float, ...]
    method: str = "thresholds"
    seed_rise: float = 0.0
    window: float = 0.0
    window_shape: str = "mean"
    smoothing_px: float | tuple[float, ...] = 0.0
    opening_radius: float = 0.0
    closing_radius: float = 0.0
    min_size_px: int = 0
    fill_holes: bool = False
    split_depth: float = 0.0
    split_phase: int | None = None
    connectivity: int | None = None
    length_unit: str = "px"

    def __post_init__(self) -> None:
        object.__setattr__(self, "thresholds", checked_thresholds(self.thresholds))
        for name, known in (
            ("method", METHODS),
            ("window_shape", WINDOW_SHAPES),
            ("length_unit", LENGTH_UNITS),
        ):
            if getattr(self, name) not in known:
                raise ValueError(
                    f"{name} needs one of {', '.join(known)}, got {getattr(self, name)!r}"
                )
        object.__setattr__(self, "smoothing_px", _checked_sigmas(self.smoothing_px))
        for name in ("seed_rise", *_LENGTHS):
            unit = "grey value" if name == "seed_rise" else self.length_unit
            object.__setattr__(self, name, _checked_length(name, getattr(self, name), unit))
        if self.method == "local" and not self.window > 0:
            raise ValueError(
                f"window needs more than 0 {self.length_unit} for method local, got "
                f"{self.window:g}: give the surroundings some times the width of an object"
            )
        object.__setattr__(self, "min_size_px", _checked_count("min_size_px", self.min_size_px))
        if not self.has_lengths:
            object.__setattr__(self, "length_unit", "px")  # two that do the same are equal
        self._check_choices()

    def _check_choices(self) -> None:
        if not isinstance(self.fill_holes, bool | np.bool_):
            raise ValueError(f"fill_holes needs true or false, got {self.fill_holes!r}")
        if self.split_phase is not None:
            phase = _checked_count("split_phase", self.split_phase)
            if phase > len(self.thresholds):
                raise ValueError(
                    f"split_phase needs a class from 0 to {len(self.thresholds)}, got {phase}: "
                    f"{len(self.thresholds)} thresholds give {len(self.thresholds) + 1} classes"
                )
        if self.connectivity not in (None, 4, 6, 8, 18, 26):
            raise ValueError(
                "connectivity needs 6, 18 or 26 (4 or 8 in 2D), or None for faces, "
                f"got {self.connectivity!r}"
            )

    @property
    def cut_phase(self) -> int:
        """The class whose objects are cut."""
        return len(self.thresholds) if self.split_phase is None else int(self.split_phase)

    @property
    def needs_spacing(self) -> bool:
        """Whether a length in µm is asked for, so that the voxel size has to be known."""
        return self.length_unit == "um" and self.has_lengths

    @property
    def has_lengths(self) -> bool:
        """Whether any length is used, so that the unit of length has a meaning."""
        used = [self.window if self.method == "local" else 0.0]
        return any(used + [getattr(self, name) for name in _LENGTHS if name != "window"])

    def neighbours(self, ndim: int) -> int:
        """The connectivity for an image of 2 or 3 axes, stated as a number of neighbours.

        Examples
        --------
        >>> SegmentationRecipe((1.0,)).neighbours(3)
        6
        """
        return checked_neighbours(self.connectivity, ndim)

    def scale(self, spacing_um: Sequence[float] | None, ndim: int) -> tuple[float, ...]:
        """Give the size of a voxel along each axis [`length_unit`].

        Raises
        ------
        ValueError
            A length is given in µm, and no voxel size is.
        """
        if self.length_unit == "px" or not self.needs_spacing:
            return (1.0,) * ndim
        if spacing_um is None:
            raise ValueError(
                "spacing_um needs a voxel size for lengths in µm, got None: give it, or give the "
                "lengths in px"
            )
        return checked_spacing(spacing_um, ndim)

    def parameters(self) -> dict[str, Any]:
        """Plain JSON of what differs from the default, without what a record says in fields.

        Examples
        --------
        >>> SegmentationRecipe((90.0,), closing_radius=2).parameters()
        {'closing_radius': 2.0, 'length_unit': 'px'}
        """
        said = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in _ELSEWHERE and getattr(self, field.name) != field.default
        }
        said.pop("length_unit", None)
        return said | ({"length_unit": self.length_unit} if self.has_lengths else {})

    @classmethod
    def from_parameters(
        cls, parameters: Mapping[str, Any], *, thresholds: Sequence[float], **said: Any
    ) -> SegmentationRecipe:
        """Read what `parameters` wrote.

        Parameters
        ----------
        parameters : mapping
            Plain JSON; what is absent has its default.
        thresholds : sequence of float
        **said
            `method`, `smoothing_px`, `min_size_px`, which a record says elsewhere.

        Raises
        ------
        ValueError
            A name that is not known, or a value that cannot be.
        """
        known = {field.name for field in fields(cls)} - set(_ELSEWHERE)
        unknown = sorted(set(parameters) - known)
        if unknown:
            raise ValueError(
                f"a recipe knows {', '.join(sorted(known))}, got {', '.join(unknown)}: "
                "a newer program may have written it"
            )
        return cls(thresholds=tuple(thresholds), **{**parameters, **said})

    def with_thresholds(self, thresholds: Sequence[float]) -> SegmentationRecipe:
        """The same with other thresholds."""
        return replace(self, thresholds=tuple(thresholds))

    def levelled(self) -> SegmentationRecipe:
        """The same for an image whose surroundings are taken off already."""
        return replace(self, method="thresholds") if self.method == "local" else self


def checked_thresholds(thresholds: Sequence[float]) -> tuple[float, ...]:
    """Return increasing, finite thresholds as floats, or say what is wrong with them.

    Examples
    --------
    >>> checked_thresholds([90, 120])
    (90.0, 120.0)
    """
    levels = tuple(float(value) for value in np.atleast_1d(np.asarray(thresholds, dtype=float)))
    if not 1 <= len(levels) <= 254:
        raise ValueError(f"thresholds needs 1 to 254 values, got {len(levels)}: give at least one")
    if not np.all(np.isfinite(levels)):
        raise ValueError(f"thresholds needs finite values, got {levels}: remove NaN and inf")
    if any(b <= a for a, b in pairwise(levels)):
        raise ValueError(f"thresholds needs increasing values, got {levels}: sort them")
    return levels


def _checked_sigmas(smoothing_px: float | Sequence[float]) -> float | tuple[float, ...]:
    sigmas = np.asarray(smoothing_px, dtype=float)
    if sigmas.ndim > 1 or not np.all(np.isfinite(sigmas)) or np.any(sigmas < 0):
        raise ValueError(
            f"smoothing_px needs finite values of 0 or more, got {smoothing_px}: use 0 for none"
        )
    return tuple(map(float, sigmas)) if sigmas.ndim else float(sigmas)


def _checked_length(name: str, value: Any, unit: str) -> float:
    try:
        length = float(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} needs a number [{unit}], got {value!r}") from error
    if not (math.isfinite(length) and length >= 0):
        raise ValueError(f"{name} needs 0 or more [{unit}], got {value}: use 0 for none")
    return length


def _checked_count(name: str, value: Any) -> int:
    if isinstance(value, bool) or value != value or int(value) != value or value < 0:
        raise ValueError(f"{name} needs a count of 0 or more, got {value}: use 0 for none")
    return int(value)
