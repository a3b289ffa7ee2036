"""One step of Richardson and Lucy, block by block: the same as that of the whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
        longest = [
            min(int(max(np.diff(cut))) + 4 * r, n)
            for cut, r, n in zip(self.cuts, self.reach, self.shape, strict=True)
        ]
        self.grid = tuple(next_fast_len(n, real=True) for n in longest)
        self.transfer = rfftn(psf, self.grid, workers=thread_count())
        self._share: NDArray[np.float32] | None = None
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
        """One block of the estimate; places are counted from the first voxel of the estimate."""
        seen = [
            (max(a - r, r), max(min(b + r, n - r), max(a - r, r)))
            for (a, b), r, n in zip(core, self.reach, self.shape, strict=True)
        ]
        light = np.maximum(self._blurred(estimate, seen), 0)
        model = np.maximum(light + self.background, self.least)
        part = _slices(seen, self.reach)
        back = self._returned(np.asarray(self.image[part] / model, np.float32), core, seen)
        deep = all(
            s <= a - r and b + r <= e
            for (a, b), (s, e), r in zip(core, seen, self.reach, strict=True)
        )
        if not deep:
            share = self._share
            if share is None:
                share = self._returned(np.ones_like(model), core, seen)
            if all(len(cut) == 2 for cut in self.cuts):  # one block: the same at every step
                self._share = share
            back = np.where(share > _SEEN, back / np.maximum(share, _SEEN), 0)
        own = [(max(a, s), min(b, e)) for (a, b), (s, e) in zip(core, seen, strict=True)]
        within = _slices([(a, max(a, b)) for a, b in own], [s for s, _ in seen])
        told = misfit(self.judge[part][within], model[within])
        total = float(light[within].sum(dtype=np.float64))
        new = estimate[_slices(core, (0,) * len(core))] * np.maximum(back, 0)
        return np.asarray(new, np.float32), np.array([*told, total])

    def _blurred(
        self, estimate: NDArray[np.float32], seen: list[tuple[int, int]]
    ) -> NDArray[np.float32]:
        """The blurred estimate where the image is seen."""
        far = tuple(slice(s - r, e + r) for (s, e), r in zip(seen, self.reach, strict=True))
        found = self._filtered(estimate[far], self.transfer)
        ends = zip(seen, self.reach, strict=True)
        return found[tuple(slice(2 * r, 2 * r + e - s) for (s, e), r in ends)]

    def _returned(
        self,
        values: NDArray[np.float32],
        core: list[tuple[int, int]],
        seen: list[tuple[int, int]],
    ) -> NDArray[np.float32]:
        """What comes back to the voxels of the core from where the image is seen."""
        box = np.zeros(self.grid, np.float32)
        box[
            tuple(slice(2 * r, 2 * r + n) for n, r in zip(values.shape, self.reach, strict=True))
        ] = values
        found = self._filtered(box, np.conj(self.transfer))
        ends = zip(core, seen, self.reach, strict=True)
        return found[tuple(slice(a - s + r, b - s + r) for (a, b), (s, _), r in ends)]

    def _filtered(self, box: NDArray[np.float32], transfer: NDArray) -> NDArray[np.float32]:
        from scipy.fft import irfftn, rfftn

        found = rfftn(box, self.grid, workers=thread_count())
        found *= transfer
        return np.asarray(irfftn(found, self.grid, workers=thread_count()), np.float32)


def _slices(ends: Sequence[tuple[int, int]], offset: Sequence[int]) -> tuple[slice, ...]:
    return tuple(slice(a - o, b - o) for (a, b), o in zip(ends, offset, strict=True))
