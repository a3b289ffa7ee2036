"""The passes over a series: register every time point, look what changes, register without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import Degenerate
from .adjustment import LOOP_COLUMNS, adjust
from .changing_part import carried, coarse, difference, with_rim, without
from .grey_image import GreyImage
from .intensity import Cancel, OnStep
from .inverse import inverted
from .register import Registration, register
from .step import Edge
from .tangent import Model
from .transform import AffineTransform

if TYPE_CHECKING:
    import pandas as pd

TimePoint = GreyImage | Callable[[], GreyImage]
LOOPS = ("time", "next", *LOOP_COLUMNS)
_PASSES = 3  # at most
_SAME_MASK = 0.9  # of both masks together: the pass before is kept


def read(image: TimePoint) -> GreyImage:
    """Get an image, by calling the function that reads it."""
    return image if isinstance(image, GreyImage) else image()


@dataclass(frozen=True, eq=False)
class Changing:
    """What is left out, and what each time point has to do with it.

    Attributes
    ----------
    mask : ndarray of bool, shape (z, y, x), or None
        Voxels of the reference.
    shares : dict of int to float
        By time, share of the image that differs.
    untold : tuple of int
        Times at which nothing could be compared.
    """

    mask: np.ndarray | None
    shares: dict[int, float] = field(default_factory=dict)
    untold: tuple[int, ...] = ()


@dataclass(eq=False)
class SeriesRun:
    """One series on its way.

    Attributes
    ----------
    images : sequence of GreyImage or function
    reference : int
    fixed : GreyImage
        The reference.
    model : str
    options : dict
        For `register`.
    progress, cancel
        As for `register`.
    lost : dict of int to str
        Times whose place was not found, and why.
    """

    images: Sequence[TimePoint]
    reference: int
    fixed: GreyImage
    model: Model
    options: dict[str, Any]
    progress: OnStep | None
    cancel: Cancel | None
    done: float = 0.0

    def __post_init__(self) -> None:
        self.times = [*range(self.reference + 1, len(self.images)), *range(self.reference)[::-1]]
        self.lost: dict[int, str] = {}

    def passes(
        self, start: AffineTransform | None, left_out: np.ndarray | None, *, find: bool
    ) -> tuple[dict[int, Registration], Changing]:
        """Register all, look what differs, and register again without it."""
        found = Changing(left_out)
        registrations = self.one_pass(start, found.mask, {}, part=(0.0, 0.4 if find else 0.8))
        for number in range(1, _PASSES if find else 1):
            before, found = found.mask, self.look(registrations)
            if _alike(before, found.mask):
                return registrations, replace(found, mask=before)
            part = (0.4, 0.6) if number == 1 else (0.6, 0.8)
            registrations = self.one_pass(start, found.mask, registrations, part=part)
        return registrations, found

    def one_pass(
        self,
        start: AffineTransform | None,
        left_out: np.ndarray | None,
        before: dict[int, Registration],
        *,
        part: tuple[float, float],
    ) -> dict[int, Registration]:
        """Register every time point, begun at its own map of the pass before or its neighbour's."""
        fixed = self.fixed if left_out is None else without(self.fixed, left_out)
        found: dict[int, Registration] = {}
        self.lost = {}
        for number, time in enumerate(self.times):
            nearest = self._nearest(time, found)
            begin = before[time].transform if time in before else nearest or start
            share = part[0] + (part[1] - part[0]) * number / len(self.times)
            moving = self._moving(time, left_out, begin)
            try:
                found[time] = self._register(fixed, moving, begin, f"time {time}", share)
            except Degenerate as problem:
                self.lost[time] = str(problem)
        if not found:
            first = self.times[0]
            raise Degenerate(f"no time point finds its place; time {first}: {self.lost[first]}")
        return found

    def _nearest(self, time: int, found: dict[int, Registration]) -> AffineTransform | None:
        """Map of the neighbour towards the reference, or of the next one that has a map."""
        step = -1 if time > self.reference else 1
        for near in range(time + step, self.reference, step):
            if near in found:
                return found[near].transform
        return None

    def _moving(
        self, time: int, left_out: np.ndarray | None, begin: AffineTransform | None
    ) -> GreyImage:
        """One time point, without what is left out where it is begun."""
        image = read(self.images[time])
        if image.ndim != self.fixed.ndim:
            raise ValueError(
                f"a series needs images that are all flat or all in space, got {image.ndim} "
                f"dimensions at time {time} and {self.fixed.ndim} at time {self.reference}"
            )
        if left_out is None or begin is None or not left_out.any():
            return image
        return without(image, carried(left_out, self.fixed, image, inverted(begin)))

    def _register(
        self,
        fixed: GreyImage,
        moving: GreyImage,
        begin: AffineTransform | None,
        name: str,
        share: float,
        **changed: int,
    ) -> Registration:
        def tell(words: str, part: float) -> None:
            if self.progress is not None:
                self.done = max(self.done, share)
                self.progress(f"{name}: {words}", self.done)

        return register(
            fixed,
            moving,
            start=begin,
            model=self.model,
            progress=tell,
            cancel=self.cancel,
            **{**self.options, **changed},
        )

    def look(self, registrations: dict[int, Registration]) -> Changing:
        """Compare all time points with the reference."""
        here = coarse(self.fixed)
        mask, shares, untold = np.zeros(here.values.shape, bool), {}, []
        for time, one in registrations.items():
            seen = difference(here, read(self.images[time]), one.transform)
            mask |= seen.changed
            shares[time] = seen.share
            if not seen.told:
                untold.append(time)
        if not mask.any():
            return Changing(None, shares, tuple(untold))
        return Changing(_finer(with_rim(mask), here, self.fixed), shares, tuple(untold))

    def troubles(self, registrations: dict[int, Registration]) -> list[str]:
        """What was not found, and what the registrations warn of."""
        said = [f"time {time}: {words}" for time, words in sorted(self.lost.items())]
        return said + [
            f"time {time}: {words}"
            for time, one in sorted(registrations.items())
            for words in one.warnings
        ]

    def loops(
        self, registrations: dict[int, Registration], left_out: np.ndarray | None
    ) -> pd.DataFrame:
        """Neighbours against each other and by way of the reference."""
        import pandas as pd

        empty = pd.DataFrame(columns=list(LOOPS))
        rows = []
        pairs = [(a, a + 1) for a in sorted(registrations) if a + 1 in registrations]
        for number, (one, other) in enumerate(pairs):
            here, there = registrations[one].transform, registrations[other].transform
            begin = _through(there, here)
            images = self._moving(one, left_out, here), self._moving(other, left_out, there)
            share = 0.8 + 0.2 * number / len(pairs)
            try:
                found = self._register(*images, begin, f"time {other} to {one}", share, starts=0)
            except Degenerate as problem:
                self.lost[other] = f"its neighbour {one} was not found: {problem}"
                continue
            names, closing = (f"time {one}", f"time {other}", "reference"), found.transform
            edges = [
                Edge("one", names[0], names[2], here),
                Edge("other", names[1], names[2], there),
                Edge("between", names[1], names[0], closing),
            ]
            corners = dict.fromkeys(names, self.fixed.corners_um[:, 3 - self.fixed.ndim :])
            row = adjust(edges, control_points_um=corners).loops
            rows.append(row.assign(time=one, next=other))
        told = [row for row in rows if len(row)]
        return pd.concat(told, ignore_index=True)[list(LOOPS)] if told else empty


def _through(there: AffineTransform, here: AffineTransform) -> AffineTransform:
    """From one time point to another by way of the reference, without covariance."""
    back = inverted(replace(here, covariance=None))
    return replace(
        there,
        matrix=back.matrix @ there.matrix,
        offset_um=back.apply(there.offset_um[None])[0],
        covariance=None,
        nu=None,
    )


def _alike(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    """Whether two masks leave out nearly the same."""
    if one is None or other is None:
        return one is None and other is None
    return bool((one & other).sum() >= _SAME_MASK * (one | other).sum())


def _finer(mask: np.ndarray, coarser: GreyImage, image: GreyImage) -> np.ndarray:
    """Bring a mask from a coarser grid to an image's own."""
    factors = np.round(coarser.spacing_um / image.spacing_um).astype(int)
    lines = [
        np.minimum(np.arange(size) // factor, last - 1)
        for size, factor, last in zip(image.values.shape, factors, mask.shape, strict=True)
    ]
    return np.asarray(mask[np.ix_(*lines)])
