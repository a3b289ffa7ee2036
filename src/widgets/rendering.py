"""How layers become one picture: time point, comparison of the uppermost layer, thickness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .compose import COMPARE_MODES

SLABS = ("mean", "max", "min")
_MOST_PLANES = 33


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """What is common to all layers of a picture.

    Attributes
    ----------
    time : int
        Index along the time axis, where an image has one.
    compare : {"blend", "checkerboard", "split", "flicker", "difference"}
        How the uppermost layer is compared with those below it. A still of a flicker shows it.
    split : float
        Share of the width that is left of the uppermost layer in a split.
    slab_um : float
        Thickness of what is seen, the plane in its middle [µm]; 0 is the plane alone. Labels show
        the plane.
    slab : {"mean", "max", "min"}
        What of the values in a slab is seen.
    """

    time: int = 0
    compare: str = "blend"
    split: float = 0.5
    slab_um: float = 0.0
    slab: str = "mean"

    def __post_init__(self) -> None:
        if self.compare not in COMPARE_MODES:
            known = ", ".join(COMPARE_MODES)
            raise ValueError(f"compare needs one of {known}, got {self.compare!r}")
        if self.slab not in SLABS:
            raise ValueError(f"slab needs one of {', '.join(SLABS)}, got {self.slab!r}")

    def depths_um(self, *, pixel_um: float, finest_um: float) -> tuple[float, ...]:
        """Where the planes of the slab lie along its normal, the middle at 0 [µm].

        Parameters
        ----------
        pixel_um : float
            Of the screen.
        finest_um : float
            Largest edge of an image's finest voxels.

        Examples
        --------
        >>> Rendering(slab_um=4.0).depths_um(pixel_um=1.0, finest_um=2.0)
        (-2.0, 0.0, 2.0)
        """
        if not self.slab_um > 0:
            return (0.0,)
        count = int(np.clip(np.ceil(self.slab_um / max(pixel_um, finest_um)) + 1, 2, _MOST_PLANES))
        return tuple((np.linspace(-0.5, 0.5, count) * self.slab_um).tolist())


PLAIN = Rendering()
