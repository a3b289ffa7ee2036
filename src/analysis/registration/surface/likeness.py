"""How alike a rendered surface and a picture are, without knowing how brightness follows shape."""

from __future__ import annotations

from copy import copy

import numpy as np
from numpy.typing import NDArray

from ....errors import Degenerate
from ..descent import chain, moved
from ..grey_image import GreyImage
from ..mutual import MutualInformation, Samples
from ..transform import AffineTransform
from .render import Rendered

_RELIEFS, _COSINES = 8, 6
_RIM = 0.04  # of the picture's longer side: how much beside the surface is compared
_BLOCKS = 6  # along each side of the picture
_FEWEST = 6
_MOST = 30_000  # pixels that are compared


def shapes(rendered: Rendered) -> NDArray[np.int32]:
    """Class of each pixel by relief and incidence; -1 where no surface is seen."""
    relief = np.clip((rendered.relief + 1) / 2 * _RELIEFS, 0, _RELIEFS - 1)
    cosine = np.clip(rendered.cosine * _COSINES, 0, _COSINES - 1)
    seen = rendered.hit
    found = np.full(seen.shape, -1, np.int32)
    found[seen] = relief[seen].astype(np.int32) * _COSINES + cosine[seen].astype(np.int32)
    return found


def predicted(rendered: Rendered, picture: NDArray) -> NDArray[np.float32]:
    """What the picture would look like under the rendering's pose: the mean grey of each class."""
    classes = shapes(rendered) + 1
    counts = np.bincount(classes.ravel())
    sums = np.bincount(classes.ravel(), weights=np.asarray(picture, float).ravel())
    return (sums / np.maximum(counts, 1))[classes].astype(np.float32)


class Likeness:
    """Mutual information of shape and brightness over poses, with its exact slope.

    Parameters
    ----------
    rendered : Rendered
        Its pixels keep their places in the survey while the pose changes.
    image : GreyImage
        The picture, flat, in the view's frame.
    inset_um : float, optional
        Leave out what is closer than this to the outline [um]; else a rim beside it is compared
        too.
    """

    def __init__(
        self, rendered: Rendered, image: GreyImage, *, inset_um: float | None = None
    ) -> None:
        classes = shapes(rendered)
        if inset_um is None:
            positions = _with_a_rim(rendered)
            classes = np.where(classes < 0, _RELIEFS * _COSINES, classes).astype(np.int32)
        else:
            within = inside(rendered, inset_um)
            positions = np.where(within[..., None], rendered.position_um, np.nan).reshape(-1, 3)
        chosen = np.flatnonzero(np.isfinite(positions[:, 0]))
        chosen = chosen[:: max(1, len(chosen) // _MOST)]
        self.start, self.image = rendered.pose, image
        self.metric = self._over(
            Samples(
                points_um=positions[chosen],
                bins=classes.ravel()[chosen],
                blocks=_blocks(classes.shape)[chosen],
            )
        )

    def climbed(self) -> tuple[AffineTransform, float]:
        """Climb to the pose of most mutual information: the pose, and that [nat]."""
        change, information = self.summit()
        return moved(self.start, change), information

    def summit(
        self, change: NDArray[np.float64] | None = None
    ) -> tuple[NDArray[np.float64], float]:
        """Change of the pose to the most mutual information, and that [nat]."""
        from scipy.optimize import minimize

        units = self._units()

        def loss(steps: np.ndarray) -> tuple[float, np.ndarray]:
            value, slope = self._at(steps * units)
            return -value, -slope * units

        found = minimize(
            loss,
            np.zeros(len(units)) if change is None else change / units,
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 60, "ftol": 1e-8},
        )
        return found.x * units, float(-found.fun)

    def covariance(self, change: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
        """Covariance of the pose after the change to the summit, and its degrees of freedom.

        How the summit moves when one block of the picture after another is left out. Nothing is
        said about depth along the beam, whose variance is 0 here.

        Raises
        ------
        Degenerate
            If too few blocks show shape.

        References
        ----------
        Efron & Stein 1981, doi:10.1214/aos/1176345462 (the jackknife).
        """
        blocks = [block for block in np.unique(self.metric.samples.blocks)]
        free = len(blocks) - (len(change) - 1)
        if free < _FEWEST:
            raise Degenerate(
                f"the surface shows in {len(blocks)} blocks of the picture, of "
                f"{_FEWEST + len(change) - 1} that are needed to tell how well the pose is known: "
                "pick marks"
            )
        left = np.array([self._without(block).summit(change)[0] for block in blocks])
        arms = left - left.mean(axis=0)
        return (len(blocks) - 1) / len(blocks) * arms.T @ arms, float(free)

    def _without(self, block: int) -> Likeness:
        samples = self.metric.samples
        kept = samples.blocks != block
        rest = Samples(samples.points_um[kept], samples.bins[kept], samples.blocks[kept])
        other = copy(self)
        other.metric = self._over(rest)
        return other

    def _over(self, samples: Samples) -> MutualInformation:
        return MutualInformation(
            samples,
            self.image.values,
            spacing_um=self.image.spacing_um,
            origin_um=self.image.origin_um,
            mask=self.image.mask,
            least_overlap=0.3,
        )

    def _units(self) -> NDArray[np.float64]:
        """Changes of the parameters that move the surface by a pixel, root mean square."""
        places = self.start.inverse_apply(self.metric.samples.points_um[::50])
        moves = self.start.jacobian(places)
        pixel = float(np.mean(self.metric.spacing_um[1:]))
        return np.asarray(pixel / np.sqrt(np.mean(np.sum(moves**2, axis=1), axis=0)))

    def _at(self, change: np.ndarray) -> tuple[float, np.ndarray]:
        """Mutual information after a change of the pose, and its slope."""
        pose = moved(self.start, change)
        back, arm = np.linalg.inv(pose.matrix), pose.offset_um - self.start.offset_um
        offset = pose.centre_um - back @ arm
        flat = np.diag([0.0, 1.0, 1.0])  # the beam sees nothing of what lies along it
        sweep = self.metric(flat @ back, self.start.offset_um, flat @ offset)
        slopes, links = sweep.slopes.sum(axis=0), chain(self.start, change)
        by_parameter = []
        for link in links.T:
            by_matrix = -back @ link[3:].reshape(3, 3) @ back
            by_offset = -by_matrix @ arm - back @ link[:3]
            by_parameter.append(slopes[1:3] @ by_offset[1:] + slopes[6:] @ by_matrix[1:].ravel())
        return sweep.information, np.array(by_parameter)


def _blocks(shape: tuple[int, ...]) -> NDArray[np.int32]:
    rows, columns = (np.arange(size) * _BLOCKS // size for size in shape)
    return (rows[:, None] * _BLOCKS + columns).ravel().astype(np.int32)


def inside(rendered: Rendered, inset_um: float) -> NDArray[np.bool_]:
    """Pixels of the surface away from its outline, which blur of the scan makes recede."""
    from scipy import ndimage

    spacing = rendered.view.spacing_um
    padded = np.pad(rendered.hit, 1, mode="edge")  # the picture's own border is no outline
    return ndimage.distance_transform_edt(padded, sampling=spacing)[1:-1, 1:-1] > inset_um


def _with_a_rim(rendered: Rendered) -> NDArray[np.float64]:
    """Places of all pixels in the survey, and of what is just beside the surface: (n, 3) [um].

    Without a rim of nothing, a surface that is drawn too small would be as like the picture.
    """
    from scipy import ndimage

    seen = rendered.hit
    rim = max(3, round(max(seen.shape) * _RIM))
    away, nearest = ndimage.distance_transform_edt(~seen, return_indices=True)
    depth = np.where(away <= rim, rendered.depth_um[tuple(nearest)], np.nan)
    places = rendered.view.pixels_um().reshape(-1, 3)
    places[:, 0] = depth.ravel()
    found = np.full_like(places, np.nan)
    near = np.isfinite(places[:, 0])
    found[near] = rendered.pose.apply(places[near])
    return found
