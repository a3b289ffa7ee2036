"""A surveyed volume and a picture of its surface, looked at together at one resolution."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ..grey_image import GreyImage
from ..transform import AffineTransform
from .likeness import Likeness
from .render import Rendered, look
from .smooth import Smooth
from .view import SurfaceView

_INSET_VOXELS = 4.0  # how far the outline may have receded by the scan's blur


@dataclass(frozen=True, eq=False)
class Scene:
    """A smooth volume, and a picture whose pixels may have been averaged.

    Attributes
    ----------
    grey : Smooth
    level : float
        Between outside and specimen [grey value].
    spacing_um, origin_um : ndarray, shape (3,)
        Of the volume [um].
    image : GreyImage
        The picture, with its first pixel at 0.
    view : SurfaceView
        With the picture's pixels.
    first_um : ndarray, shape (2,)
        Where its first pixel lies in the picture as it was taken, y, x [um].
    """

    grey: Smooth
    level: float
    spacing_um: NDArray[np.float64]
    origin_um: NDArray[np.float64]
    image: GreyImage
    view: SurfaceView
    first_um: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))

    @property
    def pixel_um(self) -> float:
        """Size of a pixel [um]."""
        return float(np.sqrt(np.prod(self.view.spacing_um)))

    def at(self, pixel_um: float) -> Scene:
        """Average pixels until they are about as large as asked."""
        image = self.image.coarser(pixel_um)
        if image is self.image:
            return self
        _, y, x = np.asarray(image.spacing_um, float).tolist()
        first = self.first_um + np.asarray(image.origin_um, float)[1:]
        plain = replace(image, origin_um=np.zeros(3))
        view = replace(self.view, spacing_um=(y, x), shape=image.values.shape[1:])
        return replace(self, image=plain, view=view, first_um=first)

    def seen(self, pose: AffineTransform) -> Rendered:
        """Render under a pose of the picture as it was taken."""
        return look(
            self.grey,
            level=self.level,
            spacing_um=self.spacing_um.tolist(),
            origin_um=self.origin_um.tolist(),
            view=self.view,
            pose=self.moved(pose, -1.0),
        )

    def climbed(
        self, pose: AffineTransform, *, outline: bool = True
    ) -> tuple[AffineTransform, float]:
        """Climb to the pose of most mutual information with what is seen under this one."""
        found, value = self.likeness(pose, outline=outline).climbed()
        return self.moved(found, 1.0), value

    def likeness(self, pose: AffineTransform, *, outline: bool) -> Likeness:
        """Likeness of the picture with what is seen under a pose."""
        inset = None if outline else _INSET_VOXELS * float(self.spacing_um.max())
        return Likeness(self.seen(pose), self.image, inset_um=inset)

    def facing_um(self) -> NDArray[np.float64]:
        """Middle of what of the volume is specimen, moved to its side that faces the beam [um]."""
        thin = self.grey.sharp[::2, ::2, ::2] >= self.level
        places = np.argwhere(thin) * 2 * self.spacing_um + self.origin_um
        up, middle = np.asarray(self.view.up), places.mean(axis=0)
        height = float(np.quantile(places @ up, 0.98))
        return np.asarray(middle + (height - middle @ up) * up)

    def moved(self, pose: AffineTransform, sign: float) -> AffineTransform:
        """Pose of these pixels (-1) or of the picture as it was taken (1), from the other."""
        centre = pose.centre_um + sign * np.append(0.0, self.first_um)
        return replace(pose, centre_um=centre)
