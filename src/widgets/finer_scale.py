"""Thresholds of a coarse scan from the segmentation of a finer, registered one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..analysis.segmentation import segment_blocks
from ..analysis.segmentation.cross_scale import CalibratedThreshold, calibrate_threshold
from ..errors import DecisionNeeded
from ..quantities import format_value
from .applied import OneVolume, segmented_source
from .layers import channel_select
from .phase_record import corrections_of, names_of, recipe_of

_DRAWS = 20
_BENT = 0.5  # coarse voxels by which a map may leave a straight one


@dataclass(frozen=True, eq=False)
class FinerScale:
    """Where a coarse image is covered by a finer one that is segmented.

    Attributes
    ----------
    coarse : ndarray
        Grey values of the part of the coarse image around the finer one.
    labels : ndarray of uint8
        Of the finer image.
    names : tuple of str
        What its labels are called.
    coarse_spacing_um, fine_spacing_um : tuple of float
    coarse_to_fine : ndarray
        As `calibrate_threshold` takes it.
    draw : callable
        Gives the same, drawn from the registration's uncertainty.
    words : str
        Which segmentation it is.
    """

    coarse: NDArray[Any]
    labels: NDArray[np.uint8]
    names: tuple[str, ...]
    coarse_spacing_um: tuple[float, ...]
    fine_spacing_um: tuple[float, ...]
    coarse_to_fine: NDArray[np.float64]
    draw: Callable[[], Sequence[NDArray[np.float64]]]
    words: str

    def thresholds(
        self, names: Sequence[str], *, criterion: str = "fraction"
    ) -> tuple[CalibratedThreshold, ...]:
        """Choose the thresholds between phases of the coarse image.

        Parameters
        ----------
        names : sequence of str
            Of its phases from dark to bright; the finer image has the same.
        criterion : {"fraction", "agreement"}
            See `calibrate_threshold`.

        Raises
        ------
        DecisionNeeded
            The finer image has other phases.
        ValueError
            The overlap is all one side of a threshold, or two thresholds fall together.
        CovarianceUnavailable
            A transform between the images states no error.
        """
        if len(names) < 2 or set(self.names) != set(names):
            raise DecisionNeeded(
                f"{self.words} has {', '.join(self.names)}, and the phases here are "
                f"{', '.join(names) or 'not named'}: give both the same names, dark to bright"
            )
        found, draws = [], self.draw()
        for number in range(1, len(names)):
            upper = [k for k, name in enumerate(self.names) if name in names[number:]]
            found.append(
                calibrate_threshold(
                    self.coarse,
                    np.isin(self.labels, upper),
                    coarse_spacing_um=self.coarse_spacing_um,
                    fine_spacing_um=self.fine_spacing_um,
                    coarse_to_fine=self.coarse_to_fine,
                    by=criterion,
                    draws=draws,
                )
            )
        values = [one.threshold for one in found]
        if any(high <= low for low, high in pairwise(values)):
            raise ValueError(
                f"the overlap with {self.words} gives thresholds {values}, which do not ascend: "
                "one of the phases is hardly there; take a place that has some of each"
            )
        return tuple(found)


def finer_scale(
    ws: Any,
    image: str,
    record: Any,
    *,
    coarse: Any = None,
    seen: Callable[[NDArray[Any]], NDArray[Any]] = np.asarray,
    margin_px: int = 2,
    seed: int = 0,
) -> FinerScale:
    """Bring a segmented finer image and a coarse one together, through the accepted transforms.

    Parameters
    ----------
    ws : Workspace
    image : str
        Name of the coarse image.
    record : Record
        A segmentation of the finer image.
    coarse : array_like, optional
        Its grey values, read box by box; the first channel and moment unless told.
    seen : callable, optional
        What is done to grey values before thresholds part them.
    margin_px : int
        How much more of the coarse image `seen` needs around the finer one.
    seed : int
        Of the draws.

    Raises
    ------
    ValueError
        Same image; a volume and a picture; the images do not overlap; the map between them bends.
    NoPath
        No accepted transform joins their frames.
    """
    large, small = ws.images[image], ws.images[record.image]
    if large.name == small.name:
        raise ValueError(
            f"{record.name} is of {image} itself: name one of a finer, registered image"
        )
    if large.ndim != small.ndim:
        raise ValueError(
            f"thresholds of {image} ({large.ndim}-D) cannot be told from {small.name} "
            f"({small.ndim}-D): both need to be volumes, or pictures"
        )
    if np.prod(small.spacing_um) > np.prod(large.spacing_um):
        raise ValueError(f"{small.name} needs finer voxels than {image} to tell its thresholds")
    grey = OneVolume(large.levels[0].array, _first(large)) if coarse is None else coarse
    graph, dims = ws.graph(), large.ndim
    shape = np.array(small.shape[-dims:])
    corners = np.stack(np.meshgrid(*([0.0, n - 1.0] for n in shape), indexing="ij"), -1)
    corners = np.concatenate([corners.reshape(-1, dims), [(shape - 1) / 2]])
    there = graph.path(small.frame, large.frame).apply(_placed(small, corners))
    index = (there[:, 3 - dims :] - large.origin_um) / large.spacing_um
    whole = np.array(large.shape[-dims:])
    low = np.clip(np.floor(index.min(axis=0)) - margin_px, 0, whole).astype(int)
    high = np.clip(np.ceil(index.max(axis=0)) + margin_px + 1, 0, whole).astype(int)
    if np.any(high <= low):
        raise ValueError(f"{image} and {small.name} do not overlap: check their registration")
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    places = np.concatenate([index, (low + high)[None] / 2]) - low
    back = graph.path(large.frame, small.frame)
    at = _placed(large, places + low)
    spacing = np.asarray(large.spacing_um)
    straight, off_um = _matrix(places * spacing, _own(small, back.apply(at)))
    if off_um > _BENT * spacing.min():
        raise ValueError(
            f"the map from {image} to {small.name} leaves a straight one by {off_um:.3g} µm, more "
            "than half a voxel: calibrate in a smaller overlap, or with a straight map"
        )

    def draw() -> list[NDArray[np.float64]]:
        drawn = back.draw(at, _DRAWS, np.random.default_rng(seed))
        return [_matrix(places * spacing, _own(small, one))[0] for one in drawn]

    labels = segment_blocks(
        segmented_source(small, record), recipe_of(record), spacing_um=small.spacing_um,
        corrections=corrections_of(record, small),
    )  # fmt: skip
    return FinerScale(
        coarse=seen(np.asarray(grey[box])),
        labels=np.asarray(labels),
        names=names_of(record),
        coarse_spacing_um=tuple(map(float, large.spacing_um)),
        fine_spacing_um=tuple(map(float, small.spacing_um)),
        coarse_to_fine=straight,
        draw=draw,
        words=f"{record.name} of {small.name}",
    )


def calibration_words(found: Sequence[CalibratedThreshold], by: FinerScale) -> str:
    """Where thresholds come from, and how well the two images agree."""
    said = [
        f"{format_value(one.threshold, 2 * one.uncertainty)} (misplaced "
        f"{one.misplaced:.1%} of the overlap)"
        for one in found
    ]
    goal = "the same volume" if found[0].by == "fraction" else "the least misplaced volume"
    warnings = dict.fromkeys(words for one in found for words in one.warnings)
    words = f"calibrated by {by.words}, {goal} in the overlap: {', '.join(said)}."
    return " ".join([words, *warnings])


def _first(image: Any) -> tuple[int, ...]:
    return channel_select(image.axes, channel=0, time=0)


def _placed(image: Any, index: NDArray[np.float64]) -> NDArray[np.float64]:
    """Positions of voxels in an image's frame, (n, 3) [µm]."""
    full = np.zeros((len(index), 3))
    full[:, 3 - index.shape[1] :] = index * image.spacing_um + image.origin_um
    return full


def _own(image: Any, points_um: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places in an image counted from its first voxel's centre [µm]."""
    return np.asarray(points_um)[:, 3 - image.ndim :] - image.origin_um


def _matrix(
    start: NDArray[np.float64], end: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """The straight map nearest to some pairs of places, and how far the furthest is off [µm]."""
    ones = np.column_stack([start, np.ones(len(start))])
    fitted, *_ = np.linalg.lstsq(ones, end, rcond=None)
    dims = start.shape[1]
    matrix = np.eye(dims + 1)
    matrix[:dims] = fitted.T
    return matrix, float(np.linalg.norm(ones @ fitted - end, axis=1).max())
