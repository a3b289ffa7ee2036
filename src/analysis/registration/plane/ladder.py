"""A picture and a volume from coarse to fine, and the climb at each rung."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..descent import Climb, Summit
from ..grey_image import GreyImage
from ..mutual import MutualInformation
from ..samples import chosen_samples
from ..transform import AffineTransform

_PARTS = 6  # of the picture along each side, larger than most of what it shows
_BLUR = 0.7  # voxels, before the last climb
_ACROSS = 24  # pixels across the picture, at least, at the coarsest rung


@dataclass(frozen=True, eq=False)
class Rung:
    """Picture and volume at one voxel size.

    Attributes
    ----------
    picture, volume : GreyImage
    voxel_um : float
        The larger of pixel and shortest side of a voxel [um].
    """

    picture: GreyImage
    volume: GreyImage
    voxel_um: float

    def metric(
        self, count: int, *, seed: int, least_overlap: float, side: int = _PARTS
    ) -> MutualInformation:
        """Mutual information of at most ``count`` pixels with the volume, in parts by side."""
        bins = _bins(min(count, self.picture.values.size))
        samples = chosen_samples(
            self.picture, count, rng=np.random.default_rng(seed), bins=bins - 3
        )
        return MutualInformation(
            replace(samples, blocks=parts(samples.points_um, self.picture, side)),
            self.volume.values,
            spacing_um=self.volume.spacing_um,
            origin_um=self.volume.origin_um,
            mask=self.volume.mask,
            bins=bins,
            least_overlap=least_overlap,
        )

    def smoothed(self) -> Rung:
        """The same with a volume that is blurred a little: its noise pulls less at the map."""
        from scipy import ndimage

        values = ndimage.gaussian_filter(self.volume.values, _BLUR, mode="nearest")
        return replace(self, volume=replace(self.volume, values=values))

    def climb(
        self,
        metric: MutualInformation,
        start: AffineTransform,
        *,
        scale: tuple[float, float],
        steps: int,
        tolerance: float,
    ) -> Summit:
        """Climb from one start, as a similarity by no more than from one scale to another."""
        from scipy.optimize import minimize

        climb = Climb(metric, start, step_um=self.voxel_um)
        bounds: list[tuple[float | None, float | None]] = [(None, None)] * len(climb.units)
        if start.model == "similarity":
            low, high = np.log(np.array(scale) / start.scale) / climb.units[-1]
            bounds[-1] = (min(low, 0.0), max(high, 0.0))
        found = minimize(
            climb.loss,
            np.zeros(len(climb.units)),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": steps, "ftol": tolerance, "gtol": 1e-5},
        )
        end = climb.scores(found.x)[0]
        return Summit(climb.at(found.x), end.information, end.overlap, climb.sweeps)


def ladder(picture: GreyImage, volume: GreyImage) -> list[Rung]:
    """Make both coarser by halves, until the picture is some 24 to 48 pixels across.

    The finest rung has the picture's pixel or the shortest side of the volume's voxel, whichever is
    larger: what the other shows beyond it has no partner.
    """
    base = max(picture.voxel_um, float(min(volume.spacing_um)))
    fine = Rung(picture.coarser(base), volume.coarser(base), base)
    rungs = [fine]
    while max(rungs[-1].picture.values.shape) >= 2 * _ACROSS:
        last = rungs[-1]
        voxel = 2 * last.voxel_um
        coarse = Rung(last.picture.coarser(voxel), last.volume.coarser(voxel), voxel)
        if min(coarse.volume.values.shape) < 4:
            break
        rungs.append(coarse)
    return rungs[::-1]


def coarsest(rungs: list[Rung]) -> Rung:
    """Make picture and volume as coarse as the picture's 24 pixels across allow.

    All turns take ten times as long with twice as many pixels across; by halves alone the first
    rung may have nearly that many.
    """
    first, fine = rungs[0], rungs[-1]
    voxel = fine.voxel_um * (max(fine.picture.values.shape) // _ACROSS)
    if voxel < 1.1 * first.voxel_um:
        return first
    coarse = Rung(fine.picture.coarser(voxel), fine.volume.coarser(voxel), voxel)
    return first if min(coarse.volume.values.shape) < 4 else coarse


def parts(points_um: np.ndarray, picture: GreyImage, side: int = _PARTS) -> np.ndarray:
    """Number of the part of the picture that each point lies in, so many along each side."""
    low = picture.corners_um.min(axis=0)
    size = np.maximum(np.ptp(picture.corners_um, axis=0), 1e-12)
    share = np.clip((points_um - low) / size, 0, 1 - 1e-9)
    at = (share[:, 1:] * side).astype(np.int32)
    return at[:, 0] * side + at[:, 1]


def _bins(count: int) -> int:
    return 12 if count < 3000 else 20 if count < 12000 else 32
