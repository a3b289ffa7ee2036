"""How alike a rendered surface and a picture are, without knowing how brightness follows shape."""

from __future__ import annotations

from copy import copy
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..estimate import moved
from ..grey_image import GreyImage
from ..transform import AffineTransform
from .render import Rendered

_RELIEFS, _COSINES = 8, 6
_RIM = 0.04  # of the picture's longer side: how much beside the surface is compared
_MOST = 30_000  # pixels that are compared
_TILES = 6  # along each side of what is seen, dealt out to the parts


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
        from ..mutual import MutualInformation, Samples

        classes = shapes(rendered)
        if inset_um is None:
            positions = _with_a_rim(rendered)
            classes = np.where(classes < 0, _RELIEFS * _COSINES, classes).astype(np.int32)
        else:
            within = inside(rendered, inset_um)
            positions = np.where(within[..., None], rendered.position_um, np.nan).reshape(-1, 3)
        chosen = np.flatnonzero(np.isfinite(positions[:, 0]))
        chosen = chosen[:: max(1, len(chosen) // _MOST)]
        self.start = rendered.pose
        self.metric = MutualInformation(
            Samples(
                points_um=positions[chosen],
                bins=classes.ravel()[chosen],
                blocks=np.zeros(len(chosen), np.int32),
            ),
            image.values,
            spacing_um=np.asarray(image.spacing_um, float),
            origin_um=np.asarray(image.origin_um, float),
            mask=image.mask,
            least_overlap=0.3,
        )

    def part(self, number: int, *, of: int) -> Likeness:
        """The same by some tiles of what is seen, dealt out like the squares of a board."""
        samples, other = self.metric.samples, copy(self)
        seen = self.start.inverse_apply(samples.points_um)[:, 1:]
        low, size = seen.min(axis=0), np.maximum(np.ptp(seen, axis=0), 1e-12)
        tiles = np.clip((seen - low) / size * _TILES, 0, _TILES - 1).astype(int)
        own = tiles.sum(axis=1) % of == number
        other.metric = self.metric.with_samples(
            replace(
                samples,
                points_um=samples.points_um[own],
                bins=samples.bins[own],
                blocks=samples.blocks[own],
            )
        )
        return other

    def climbed(self) -> tuple[AffineTransform, float]:
        """Climb to the pose of most mutual information: the pose, and that [nat]."""
        from scipy.optimize import minimize

        units = self._units()

        def loss(steps: np.ndarray) -> tuple[float, np.ndarray]:
            value, slope = self._at(steps * units)
            return -value, -slope * units

        found = minimize(
            loss,
            np.zeros(len(units)),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 60, "ftol": 1e-8},
        )
        return moved(self.start, found.x * units), float(-found.fun)

    def _units(self) -> NDArray[np.float64]:
        """Changes of the parameters that move the surface by a pixel, root mean square."""
        places = self.start.inverse_apply(self.metric.samples.points_um[::50])
        moves = self.start.jacobian(places)
        pixel = float(np.mean(self.metric.spacing_um[1:]))
        return np.asarray(pixel / np.sqrt(np.mean(np.sum(moves**2, axis=1), axis=0)))

    def _at(self, change: np.ndarray) -> tuple[float, np.ndarray]:
        """Mutual information after a change of the pose, and its slope."""
        from ..descent import chain

        pose = moved(self.start, change)
        back, arm = np.linalg.inv(pose.matrix), pose.offset_um - self.start.offset_um
        offset = pose.centre_um - back @ arm
        flat = np.diag([0.0, 1.0, 1.0])  # the beam sees nothing of what lies along it
        sweep = self.metric(flat @ back, self.start.offset_um, flat @ offset)
        slopes, links = sweep.slopes.sum(axis=0), chain(self.start, change, pose.matrix)
        by_parameter = []
        for link in links.T:
            by_matrix = -back @ link[3:].reshape(3, 3) @ back
            by_offset = -by_matrix @ arm - back @ link[:3]
            by_parameter.append(slopes[1:3] @ by_offset[1:] + slopes[6:] @ by_matrix[1:].ravel())
        return sweep.information, np.array(by_parameter)


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
