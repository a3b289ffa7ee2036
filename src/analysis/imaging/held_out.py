"""An end for iterations by data that they have not seen: one half predicts the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .lucy_steps import LucySteps, Misfit

_PATIENCE, _SHARE = 5, 0.2  # steps, and share of the steps done, without getting better


class HeldOut:
    """A second estimate from a part of the light, judged by the rest.

    Counts are parted by chance, each to one of two images: both are Poisson and independent. With
    Gaussian noise as much noise again is added to one and taken from the other. As long as steps
    find structure the one predicts the other better; when they find noise, worse.

    Parameters
    ----------
    image : ndarray of float32
        [grey value]
    psf : ndarray of float32
    background : float
        [grey value]
    block_px : int
    misfit : callable
        Of an image and a model.
    counts_per_grey, noise : float, optional
        One of them.
    seed : int

    References
    ----------
    Neufeld et al. 2024, doi:10.48550/arXiv.2301.07276.
    """

    def __init__(
        self,
        image: NDArray[np.float32],
        psf: NDArray[np.float32],
        background: float,
        block_px: int,
        misfit: Misfit,
        *,
        counts_per_grey: float | None,
        noise: float | None,
        seed: int,
    ) -> None:
        rng = np.random.default_rng(seed)
        if counts_per_grey is not None:
            counts = np.rint(image * counts_per_grey).astype(np.int64)
            kept = (rng.binomial(counts, 0.5) / counts_per_grey).astype(np.float32)
            rest, ground = image - kept, background / 2
        else:
            added = rng.standard_normal(image.shape, dtype=np.float32) * np.float32(noise or 0.0)
            lift = max(0.0, -float((image + added).min()))
            kept, rest = image + added + np.float32(lift), image - added + np.float32(lift)
            ground = background + lift
        self.misfit = misfit
        self.steps = LucySteps(kept, psf, ground, block_px, judged_by=rest)
        self.estimate = self.steps.start()
        self.best, self.least, self.done = 0, float("inf"), 0

    def passed(self) -> bool:
        """Do a step; tell whether the prediction has not got better for a while."""
        following, misfit, _, _ = self.steps.step(self.estimate, self.misfit)
        if misfit < self.least:
            self.best, self.least = self.done, misfit
        self.estimate = following
        waited = self.done - self.best
        self.done += 1
        return waited >= max(_PATIENCE, _SHARE * self.done)
