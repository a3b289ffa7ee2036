"""One session: the specimen, every instrument's pose, and the pictures they take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .growth import grow_specimen
from .ionbeam import eds_map, fibsem_stack
from .layout import LAYOUTS, Layout
from .poses import fibsem_views, light_view, sem_view, survey_views, zoom_view
from .specimen import Specimen
from .surface import light_mosaic, sem_picture
from .views import View
from .xray import xray_volume

IMAGE_NAMES = (
    "light_mosaic",
    "xrm_survey_t0",
    "xrm_survey_t1",
    "xrm_survey_t2",
    "xrm_zoom",
    "sem_view",
    "fibsem",
    "eds_map",
)

_INSTRUMENTS: dict[str, Callable[..., NDArray[np.unsignedinteger]]] = {
    "light_mosaic": light_mosaic,
    "xrm_survey_t0": xray_volume,
    "xrm_survey_t1": xray_volume,
    "xrm_survey_t2": xray_volume,
    "xrm_zoom": xray_volume,
    "sem_view": sem_picture,
    "fibsem": fibsem_stack,
    "eds_map": eds_map,
}


@dataclass(frozen=True)
class Picture:
    """What one instrument brought home: integers, and what its operator knows about them."""

    name: str
    view: View
    pixels: NDArray[np.unsignedinteger]


@dataclass(frozen=True)
class Session:
    """A specimen and the views that the instruments have of it.

    Attributes
    ----------
    seed : int
        Everything random follows from it; two sessions of one seed agree to the bit.
    layout : Layout
    specimen : Specimen
    views : dict
        Of ``IMAGE_NAMES``.
    """

    seed: int
    layout: Layout
    specimen: Specimen
    views: dict[str, View]

    @classmethod
    def begin(cls, *, seed: int, scale: str = "full") -> Session:
        """Draw a specimen and mount it in every instrument, without taking a picture.

        Parameters
        ----------
        seed : int
            0 or larger.
        scale : {"full", "small"}
            ``small`` keeps every image and every voxel size of about the same, on a smaller
            specimen, for tests.

        Raises
        ------
        ValueError
            For another scale.
        """
        if scale not in LAYOUTS:
            raise ValueError(f"scale needs one of {', '.join(LAYOUTS)}, got {scale!r}: choose one")
        layout = LAYOUTS[scale]
        poses, growth = (np.random.default_rng(s) for s in _seeds(seed)[:2])
        aside = 0.06 * layout.block_um[1]
        target = np.array(
            [poses.uniform(*layout.target_depth_um), *poses.uniform(-aside, aside, 2)]
        )
        fib, eds = fibsem_views(poses, layout, target)
        zoom = zoom_view(poses, layout, target)
        views = {
            "light_mosaic": light_view(poses, layout),
            **survey_views(poses, layout),
            "xrm_zoom": zoom,
            "sem_view": sem_view(poses, layout),
            "fibsem": fib,
            "eds_map": eds,
        }
        specimen = grow_specimen(growth, layout, target_um=target, zoom=zoom, fib=fib, face=eds)
        return cls(seed, layout, specimen, views)

    def take(self, name: str) -> Picture:
        """Let one instrument sample the specimen, with its own noise."""
        view = self.views[name]
        noise = np.random.default_rng(_seeds(self.seed)[2 + IMAGE_NAMES.index(name)])
        return Picture(name, view, _INSTRUMENTS[name](self.specimen, view, noise))

    def pictures(self) -> Iterator[Picture]:
        """Take all pictures, one after another."""
        return (self.take(name) for name in IMAGE_NAMES)


def _seeds(seed: int) -> list[np.random.SeedSequence]:
    return np.random.SeedSequence(seed).spawn(2 + len(IMAGE_NAMES))
