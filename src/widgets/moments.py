"""The time points of a series: which image, which index along its time axis, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

# Shortest span [s] that is told in a unit, and its seconds.
_UNITS = (("d", 2 * 86400.0, 86400.0), ("h", 2 * 3600.0, 3600.0), ("min", 120.0, 60.0))


@dataclass(frozen=True)
class Moment:
    """One time point.

    Attributes
    ----------
    image : str
        Name of the image.
    index : int
        Along its time axis.
    when : float
        In the series' unit; the number of the time point where nobody knows.
    name : str
        For people: ``"24 h"``, or ``"time point 2"``.
    """

    image: str
    index: int
    when: float
    name: str


@dataclass(frozen=True)
class Moments:
    """All time points of a series, and the unit of their times; empty where they are counted."""

    points: tuple[Moment, ...]
    unit: str

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, number: int) -> Moment:
        return self.points[number]


def moments_of(
    images: Sequence[Any], *, times: Sequence[float] | None = None, unit: str = ""
) -> Moments:
    """Find the time points of one image with a time axis, or of several images.

    Parameters
    ----------
    images : sequence of image
        One with a time axis, or several without.
    times : sequence of float, optional
        When each was taken, in ``unit``; by default what the images say.
    unit : str
        Such as ``"h"``; needed with ``times``.

    Raises
    ------
    ValueError
        There are fewer than two time points, or times that are not one for each.
    """
    if len(images) == 1:
        places = [(images[0].name, index) for index in range(frames_of(images[0]))]
    else:
        several = [image.name for image in images if frames_of(image) > 1]
        if several:
            raise ValueError(
                "a series needs one image with a time axis or several without, got "
                f"{', '.join(several)} among {len(images)} images"
            )
        places = [(image.name, 0) for image in images]
    if len(places) < 2:
        raise ValueError(
            f"a series needs at least two time points, got {len(places)}: name an image with a "
            "time axis, or several images"
        )
    if times is None:
        times, unit = _said(images) if len(images) > 1 else (None, "")
    elif len(times) != len(places) or not np.all(np.isfinite(times)):
        raise ValueError(f"times needs {len(places)} finite numbers, got {list(times)}")
    elif not unit:
        raise ValueError("times needs time_unit, the unit that they are in, such as 'h'; got none")
    whens = list(range(len(places))) if times is None else [float(value) for value in times]
    points = [
        Moment(image, index, float(when), f"{when:.3g} {unit}" if unit else f"time point {number}")
        for number, ((image, index), when) in enumerate(zip(places, whens, strict=True))
    ]
    return Moments(tuple(points), unit)


def frames_of(image: Any) -> int:
    """Time points of an image."""
    return int(image.shape[image.axes.index("t")]) if "t" in image.axes else 1


def elapsed(stamps: Sequence[datetime]) -> tuple[list[float], str]:
    """Time since the first stamp, in the unit that suits the span.

    Examples
    --------
    >>> elapsed([datetime(2024, 3, 5, 8), datetime(2024, 3, 7, 20)])
    ([0.0, 2.5], 'd')
    """
    seconds = [(stamp - stamps[0]).total_seconds() for stamp in stamps]
    span = max(seconds) - min(seconds)
    unit, _, size = next((row for row in _UNITS if span >= row[1]), ("s", 0.0, 1.0))
    return [value / size for value in seconds], unit


def _said(images: Sequence[Any]) -> tuple[list[float] | None, str]:
    """What the images say of their times; nothing where one says nothing."""
    try:
        stamps = [datetime.fromisoformat(str(image.time)) for image in images]
        times, unit = elapsed(stamps)
    except (TypeError, ValueError):  # no stamp, or some with a time zone and some without
        return None, ""
    return (times, unit) if len(set(times)) == len(times) else (None, "")
