"""A surveyed surface as it would look from a microscope: picture, depth, and places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...spacing import checked_spacing
from ..transform import AffineTransform
from .smooth import Smooth, smoothed
from .view import SurfaceView

_STEP_VOXELS = 0.5
_REACH = 3  # voxels within which lies what is outside and what is inside
_SURROUNDINGS = 1 / 16  # of the picture's shorter side, what a place's relief is told against
_GRAZING = 0.2  # cosine below which the picture gets no brighter


@dataclass(frozen=True, eq=False)
class Rendered:
    """A surface seen from a direction.

    Attributes
    ----------
    picture : (h, w) array of float32
        Brightness as of secondary electrons: 1 / cosine of the incidence, at most 5, less in pits
        and more on what stands out; 0 where no surface is seen.
    depth_um : (h, w) array
        Along the beam from the view's plane z = 0, in the view's frame; NaN where no surface is
        seen [um].
    position_um : (h, w, 3) array
        What each pixel shows, z, y, x in the survey's frame; NaN where no surface is seen [um].
    cosine : (h, w) array
        Of the angle between beam and inward normal.
    relief : (h, w) array
        How much deeper than its surroundings, in units of their size, -1 to 1; NaN where no surface
        is seen.
    view : SurfaceView
    pose : AffineTransform
        From the view's frame to the survey's.
    """

    picture: NDArray[np.float32]
    depth_um: NDArray[np.float64]
    position_um: NDArray[np.float64]
    cosine: NDArray[np.float64]
    relief: NDArray[np.float64]
    view: SurfaceView
    pose: AffineTransform

    @property
    def hit(self) -> NDArray[np.bool_]:
        """Pixels that show the surface."""
        return np.isfinite(self.depth_um)

    def position_at(self, places_um: ArrayLike) -> NDArray[np.float64]:
        """What is seen at places in the picture: (n, 3) in the survey's frame [um].

        Parameters
        ----------
        places_um : (n, 2) array
            y, x [um]. Depth is linear between pixels that show the same piece of surface, that of
            the nearest pixel at an edge; NaN where no surface is seen.
        """
        places = np.atleast_2d(np.asarray(places_um, float))
        depth = np.array([self._depth_at(place) for place in places])
        seen = np.isfinite(depth)
        found = np.full((len(places), 3), np.nan)
        found[seen] = self.pose.apply(np.column_stack([depth, places])[seen])
        return found

    def _depth_at(self, place_um: NDArray[np.float64]) -> float:
        row, column = place_um / np.asarray(self.view.spacing_um)
        height, width = self.depth_um.shape
        if not (-0.5 <= row < height - 0.5 and -0.5 <= column < width - 0.5):
            return float("nan")
        near = self.depth_um[int(row + 0.5), int(column + 0.5)]
        r, c = (int(min(max(v, 0), n - 2)) for v, n in ((row, height), (column, width)))
        if height < 2 or width < 2:
            return float(near)
        four = self.depth_um[r : r + 2, c : c + 2]
        if not np.isfinite(four).all() or np.ptp(four) > 4 * max(self.view.spacing_um):
            return float(near)
        v, u = np.clip([row - r, column - c], 0.0, 1.0)
        return float(np.array([1 - v, v]) @ four @ np.array([1 - u, u]))


def render_surface(
    volume: NDArray,
    *,
    level: float,
    spacing_um: Sequence[float],
    view: SurfaceView,
    pose: AffineTransform,
    origin_um: Sequence[float] | None = None,
    smoothing_px: float = 1.0,
) -> Rendered:
    """Show the iso-surface of a volume as a microscope sees it, without perspective.

    Each pixel follows the beam to the first crossing from outside into the specimen, linearly
    interpolated; what lies behind is hidden. Of things more than twice as bright as the level was
    made for, such as beads of metal on a light specimen, the surface lies halfway between what is
    outside and inside within three voxels: at the level itself, blur would draw them too large.

    Parameters
    ----------
    volume : ndarray, (z, y, x)
        Grey values; the specimen is brighter than what is around it.
    level : float
        Between outside and specimen [grey value].
    spacing_um : sequence of float
        Voxel size (z, y, x) [um].
    view : SurfaceView
        Pixels of the picture.
    pose : AffineTransform
        From the view's frame to the survey's, see `SurfaceView.nominal_pose`.
    origin_um : sequence of float, optional
        Centre of voxel 0 [um]; 0 unless told.
    smoothing_px : float
        Gaussian before the search, against single bright voxels of noise [voxel].

    Returns
    -------
    Rendered

    Raises
    ------
    ValueError
        For a volume that is not three-dimensional, or holds no surface at that level.

    Notes
    -----
    Rays that are inside the specimen where they enter the volume show nothing: there the scan ends,
    not the specimen.

    Examples
    --------
    >>> volume = np.zeros((20, 9, 9)); volume[8:, 2:7, 2:7] = 100
    >>> view = SurfaceView(tilt_deg=0, spacing_um=(2, 2), shape=(9, 9))
    >>> seen = render_surface(volume, level=50, spacing_um=(2, 2, 2), view=view,
    ...     pose=view.nominal_pose([0, 8, 8]), smoothing_px=0)
    >>> seen.position_um[4, 4].tolist(), int(seen.hit.sum())
    ([15.0, 8.0, 8.0], 25)
    """
    grey = smoothed(volume, smoothing_px)
    grey.refuse_without(level)
    return look(grey, level=level, spacing_um=spacing_um, origin_um=origin_um, view=view, pose=pose)


def look(
    grey: Smooth,
    *,
    level: float,
    spacing_um: Sequence[float],
    origin_um: Sequence[float] | None,
    view: SurfaceView,
    pose: AffineTransform,
) -> Rendered:
    """Render what is smooth already."""
    from .rays import first_crossings

    spacing = np.asarray(checked_spacing(spacing_um, 3), float)
    origin = np.zeros(3) if origin_um is None else np.asarray(origin_um, float)
    plane = view.pixels_um().reshape(-1, 3)
    starts = (pose.apply(plane) - origin) / spacing
    beam = pose.matrix[:, 0]
    step_um = _STEP_VOXELS / np.max(np.abs(beam) / spacing)  # in the view's frame
    depth, cosine = np.empty(len(plane)), np.empty(len(plane))
    first_crossings(
        grey.sharp,
        grey.plain,
        starts,
        beam * step_um / spacing,
        level,
        depth,
        cosine,
        1 / spacing,
        _REACH,
    )
    depth *= step_um
    places = plane.copy()
    seen = np.isfinite(depth)
    places[:, 0] = np.where(seen, depth, 0.0)
    position = pose.apply(places)
    position[~seen] = np.nan
    size = view.shape
    relief = _relief(depth.reshape(size), view)
    bright = 1 / np.clip(cosine.reshape(size), _GRAZING, 1.0) * np.exp(-2.0 * relief)
    return Rendered(
        picture=np.nan_to_num(bright, nan=0.0).astype(np.float32),
        depth_um=depth.reshape(size),
        position_um=position.reshape(*size, 3),
        cosine=cosine.reshape(size),
        relief=relief,
        view=view,
        pose=pose,
    )


def _relief(depth_um: NDArray[np.float64], view: SurfaceView) -> NDArray[np.float64]:
    """Depth below the mean of the surroundings, a sixteenth of the picture wide."""
    from scipy import ndimage

    seen = np.isfinite(depth_um)
    reach_um = _SURROUNDINGS * min(np.asarray(view.shape) * view.spacing_um)
    sigma = reach_um / np.asarray(view.spacing_um)
    weight = ndimage.gaussian_filter(seen.astype(float), sigma)
    mean = ndimage.gaussian_filter(np.where(seen, depth_um, 0.0), sigma)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.clip((depth_um - mean / weight) / reach_um, -1.0, 1.0)
