"""One step of Richardson and Lucy, block by block: the same as that of the whole."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..threads import slab_edges, thread_count

_TINY = 1e-6  # of the mean grey value: a model is no smaller
_SEEN = 0.01  # share of its light that must fall into the image for a voxel outside to be told

Misfit = Callable[[NDArray, NDArray], tuple[float, float]]


class LucySteps:
    """Steps for one image, with unknown voxels around it as far as the point spreads.

    Light from beside the image falls into it, and light of its rim is lost: the estimate reaches
    beyond the image by the reach of the point-spread function, and each voxel is weighted by the
    share of its light that was seen. So borders make no stripes.

    Parameters
    ----------
    image : ndarray of float32, (z, y, x) or (y, x)
        0 or more.
    psf : ndarray of float32
        Odd sizes, sum 1.
    background : float
        Light that no point of the specimen sent [grey value].
    block_px : int
        Longest edge of a block; the result depends on it by rounding only.
    judged_by : ndarray of float32, optional
        Another image, that the misfit is taken with.

    References
    ----------
    Richardson 1972, doi:10.1364/JOSA.62.000055; Lucy 1974, doi:10.1086/111605; borders: Bertero &
    Boccacci 2005, doi:10.1051/0004-6361:20052717.
    """

    def __init__(
        self,
        image: NDArray[np.float32],
        psf: NDArray[np.float32],
        background: float,
        block_px: int,
        *,
        judged_by: NDArray[np.float32] | None = None,
    ) -> None:
        from scipy.fft import next_fast_len, rfftn

        self.image, self.background = image, np.float32(background)
        self.judge = image if judged_by is None else judged_by
        self.reach = tuple(n // 2 for n in psf.shape)
        self.shape = tuple(n + 2 * r for n, r in zip(image.shape, self.reach, strict=True))
        self.cuts = [slab_edges(n, -(-n // block_px)) for n in self.shape]
        longest = [max(np.diff(cut)) for cut in self.cuts]
        self.grid = tuple(
            next_fast_len(int(n) + 4 * r, real=True)
            for n, r in zip(longest, self.reach, strict=True)
        )
        centred = np.zeros(self.grid, np.float32)
        centred[tuple(slice(n) for n in psf.shape)] = psf
        centred = np.roll(centred, [-r for r in self.reach], tuple(range(psf.ndim)))
        self.transfer = rfftn(centred, workers=thread_count())
        self.least = np.float32(_TINY * max(float(image.mean()), 1e-30))

    def start(self) -> NDArray[np.float32]:
        """Return the same value everywhere, with the light of the image."""
        light = float(self.image.mean(dtype=np.float64)) - float(self.background)
        return np.full(self.shape, max(light, float(self.least)), np.float32)

    def inner(self, estimate: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the part of an estimate that lies in the image."""
        return estimate[tuple(slice(r, -r or None) for r in self.reach)]

    def step(
        self, estimate: NDArray[np.float32], misfit: Misfit
    ) -> tuple[NDArray[np.float32], float, float, float]:
        """Return the next estimate, and of this one misfit, its expectation and its light."""
        following = np.empty_like(estimate)
        sums = np.zeros(3)
        for first in product(*(range(len(cut) - 1) for cut in self.cuts)):
            core = [(cut[i], cut[i + 1]) for cut, i in zip(self.cuts, first, strict=True)]
            new, part = self._block(estimate, core, misfit)
            following[tuple(slice(a, b) for a, b in core)] = new
            sums += part
        return following, float(sums[0]), float(sums[1]), float(sums[2])

    def _block(
        self, estimate: NDArray[np.float32], core: list[tuple[int, int]], misfit: Misfit
    ) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        far = [(a - 2 * r, b + 2 * r) for (a, b), r in zip(core, self.reach, strict=True)]
        near = [(a - r, b + r) for (a, b), r in zip(core, self.reach, strict=True)]
        blurred = self._filtered(_box(estimate, far), self.transfer)
        blurred = blurred[tuple(slice(r, r + b - a) for (a, b), r in zip(near, self.reach,
                                                                        strict=True))]  # fmt: skip
        # where the image lies in the box `near`, and the part of the box in the image
        inside, seen_part = _overlap(near, self.image.shape, self.reach)
        light = np.maximum(blurred[inside], 0)
        model = np.maximum(light + self.background, self.least)
        seen = self.image[seen_part]
        ratio = np.zeros([b - a for a, b in near], np.float32)
        ratio[inside] = seen / model
        share = self._share(near, inside)
        middle = tuple(slice(r, r + b - a) for (a, b), r in zip(core, self.reach, strict=True))
        back = np.maximum(self._filtered(ratio, np.conj(self.transfer))[middle], 0)
        factor = back if share is None else np.where(share > _SEEN, back / share.clip(_SEEN), 0)
        old = estimate[tuple(slice(a, b) for a, b in core)]
        seen_own = _overlap(core, self.image.shape, self.reach)[1]
        within = tuple(
            slice(s.start - t.start, s.stop - t.start)
            for s, t in zip(seen_own, seen_part, strict=True)
        )
        told = misfit(self.judge[seen_part][within], model[within])
        total = float(light[within].sum(dtype=np.float64))
        return (old * factor).astype(np.float32), np.array([*told, total])

    def _share(self, near: list[tuple[int, int]], inside: tuple[slice, ...]) -> NDArray | None:
        """Share of the light of each voxel of the core that falls into the image; None: all."""
        if all(s.start == 0 and s.stop == b - a for s, (a, b) in zip(inside, near, strict=True)):
            return None
        seen = np.zeros([b - a for a, b in near], np.float32)
        seen[inside] = 1
        middle = tuple(slice(r, n - r) for n, r in zip(seen.shape, self.reach, strict=True))
        return self._filtered(seen, np.conj(self.transfer))[middle]

    def _filtered(self, box: NDArray[np.float32], transfer: NDArray) -> NDArray[np.float32]:
        from scipy.fft import irfftn, rfftn

        workers = thread_count()
        found = rfftn(box, self.grid, workers=workers)
        found *= transfer
        filtered = irfftn(found, self.grid, workers=workers)
        return np.asarray(filtered[tuple(slice(n) for n in box.shape)], np.float32)


def _box(values: NDArray[np.float32], wanted: list[tuple[int, int]]) -> NDArray[np.float32]:
    """Cut a box out of an array; 0 beside it."""
    out = np.zeros([b - a for a, b in wanted], np.float32)
    inside, part = _overlap(wanted, values.shape, (0,) * values.ndim)
    out[inside] = values[part]
    return out


def _overlap(
    box: list[tuple[int, int]], shape: tuple[int, ...], offset: tuple[int, ...]
) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Where an array that begins at an offset meets a box: in the box, and in the array."""
    inside, part = [], []
    for (a, b), n, begin in zip(box, shape, offset, strict=True):
        low, high = max(a, begin), min(b, begin + n)
        high = max(low, high)
        inside.append(slice(low - a, high - a))
        part.append(slice(low - begin, high - begin))
    return tuple(inside), tuple(part)
