"""What the instrument itself adds to the error of a place: stage, drift, scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .points import lift

PARTS = ("stage", "drift", "scale")


@dataclass(frozen=True, eq=False)
class InstrumentError:
    """How far an instrument misses a place that it is told exactly.

    All are standard uncertainties that are known, from the maker or from a test of one's own.

    Parameters
    ----------
    stage_um : float or (3,) array
        Repeatability of the stage, one value or z, y, x [um].
    drift_um_per_min : float or (3,) array
        Rate of drift [um/min]; its direction is not known.
    minutes : float
        Between the last look at a fiducial and the cut.
    scale_sigma : float
        Relative error of lengths.
    from_um : (3,) array, optional
        Where lengths are counted from, z, y, x in the instrument's frame: the fiducial that was
        looked at last [um]. Needed with `scale_sigma`.

    Raises
    ------
    ValueError
        For negative or unknown values, and for a scale without the place it counts from.

    Examples
    --------
    >>> error = InstrumentError(stage_um=1.0, drift_um_per_min=0.1, minutes=20)
    >>> np.diag(error.covariance_at([[0, 0, 0]])[0])
    array([5., 5., 5.])
    """

    stage_um: ArrayLike = 0.0
    drift_um_per_min: ArrayLike = 0.0
    minutes: float = 0.0
    scale_sigma: float = 0.0
    from_um: ArrayLike | None = None

    def __post_init__(self) -> None:
        for name in ("stage_um", "drift_um_per_min", "minutes", "scale_sigma"):
            value = np.asarray(getattr(self, name), dtype=float)
            single = name in ("minutes", "scale_sigma")
            if value.shape not in ({()} if single else {(), (3,)}):
                raise ValueError(f"{name} needs one value or z, y, x, got shape {value.shape}")
            if not (np.isfinite(value).all() and (value >= 0).all()):
                raise ValueError(
                    f"{name} needs finite values of 0 or more, got {value.tolist()}: measure it, "
                    "for example by driving to the same fiducial ten times"
                )
        if self.scale_sigma and self.from_um is None:
            raise ValueError(
                "scale_sigma needs from_um, the place that lengths are counted from, got None: "
                "give the fiducial that is looked at last"
            )

    def parts_at(self, points_um: ArrayLike) -> dict[str, np.ndarray]:
        """Covariance of places by cause, ``stage``, ``drift`` and ``scale``: (n, 3, 3) [um2]."""
        points = lift(points_um)
        shifts = {"stage": self._stage, "drift": self._drift}
        out = {
            name: np.broadcast_to(np.diag(sigma**2), (len(points), 3, 3))
            for name, sigma in shifts.items()
        }
        arms = self._arms(points)
        out["scale"] = self.scale_sigma**2 * arms[:, :, None] * arms[:, None, :]
        return out

    def covariance_at(self, points_um: ArrayLike) -> np.ndarray:
        """Covariance of places, all causes together: (n, 3, 3) [um2]."""
        return np.asarray(sum(self.parts_at(points_um).values()))

    def draw(self, points_um: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw errors of (count, n, 3) places [um]; the places of one draw move together."""
        count = len(points_um)
        shift = self._stage * rng.standard_normal((count, 3))
        shift = shift + self._drift * rng.standard_normal((count, 3))
        stretch = self.scale_sigma * rng.standard_normal((count, 1, 1))
        return np.asarray(shift[:, None] + stretch * self._arms(points_um))

    @property
    def _stage(self) -> np.ndarray:
        return np.broadcast_to(np.asarray(self.stage_um, dtype=float), (3,))

    @property
    def _drift(self) -> np.ndarray:
        return self.minutes * np.broadcast_to(np.asarray(self.drift_um_per_min, dtype=float), (3,))

    def _arms(self, points: np.ndarray) -> np.ndarray:
        if self.from_um is None:
            return np.zeros_like(points)
        return points - np.asarray(self.from_um, dtype=float)
