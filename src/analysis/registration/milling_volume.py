"""Will a whole volume of interest lie in the volume that the instrument was told to mill?

Other than in `box_containment`, the cut is not grown around the volume of interest: it is given, in
the axes of the instrument, and may lie beside the target or be turned against it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...quantities import format_length
from .cut import DRAWS, Containment, Overhang, _as_path, _unsaid, standard_error
from .instrument import InstrumentError
from .path import FramePath
from .points import lift
from .regions import FEWEST_NU
from .transform import AffineTransform

_CHUNK = 20_000
SIGNS = np.array([[z, y, x] for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)])


@dataclass(frozen=True, eq=False)
class MillingVolume:
    """A box that an instrument mills or keeps.

    Parameters
    ----------
    centre_um, half_um : (3,) array
        Middle, and half the edges, z, y, x in the instrument's frame [um].
    axes : (3, 3) array
        Directions of the edges in that frame, one a row; the frame's own by default.
    name : str

    Examples
    --------
    >>> MillingVolume([0, 0, 0], [5, 5, 5]).overhang([[0, 0, 7]])
    array([[-5., -5.,  2.]])
    """

    centre_um: ArrayLike
    half_um: ArrayLike
    axes: ArrayLike = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    name: str = "milling volume"

    def __post_init__(self) -> None:
        for name, shape in (("centre_um", (3,)), ("half_um", (3,)), ("axes", (3, 3))):
            value = np.array(getattr(self, name), dtype=float)
            if value.shape != shape or not np.isfinite(value).all():
                raise ValueError(
                    f"{name} needs {shape} finite numbers, got {np.asarray(value).tolist()}"
                )
            object.__setattr__(self, name, value)
        if not (np.asarray(self.half_um) > 0).all():
            raise ValueError(f"half_um needs values above 0 [um], got {self.half_um!r}")
        axes = np.asarray(self.axes)
        if not np.allclose(axes @ axes.T, np.eye(3), atol=1e-6):
            raise ValueError(
                f"axes needs three unit vectors at right angles, one a row, got {axes.tolist()}"
            )

    @property
    def corners_um(self) -> np.ndarray:
        """The eight corners in the instrument's frame: (8, 3) [um]."""
        return np.asarray(self.centre_um + (SIGNS * self.half_um) @ np.asarray(self.axes))

    def overhang(self, points_um: np.ndarray) -> np.ndarray:
        """By how much places reach over each pair of faces: (..., 3) [um]; negative inside."""
        local = (np.asarray(points_um, dtype=float) - self.centre_um) @ np.asarray(self.axes).T
        return np.asarray(np.abs(local) - self.half_um)


def volume_containment(
    way: AffineTransform | FramePath,
    centre_um: ArrayLike,
    half_size_um: ArrayLike,
    volume: MillingVolume,
    *,
    localisation_um2: ArrayLike | None = None,
    instrument: InstrumentError | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Containment:
    """Probability that all corners of a volume of interest lie in a given milling volume.

    Parameters
    ----------
    way : AffineTransform or FramePath
        From the frame of the volume of interest to the instrument's. Bends that state an error
        are taken as straight over the volume, see `FramePath.near`.
    centre_um, half_size_um : (3,) array
        Volume of interest in its own frame, z, y, x [um].
    volume : MillingVolume
        In the instrument's frame.
    localisation_um2 : (3, 3) array, optional
        Covariance of the volume's position in its own frame [um2].
    instrument : InstrumentError, optional
        What stage, drift and scale add.
    draws, seed : int
        Number of draws, and the seed.

    Returns
    -------
    Containment
        Its margin is the smallest distance between a predicted corner and a face [um], negative
        where a corner is predicted outside.

    Examples
    --------
    >>> still = AffineTransform.exact()
    >>> told = volume_containment(
    ...     still, [0, 0, 0], [1, 1, 1], MillingVolume([0, 0, 0], [3, 3, 3]),
    ...     instrument=InstrumentError(stage_um=1.0),
    ... )
    >>> abs(told.probability - 0.954500**3) < 4 * told.standard_error
    True
    """
    path = _as_path(way, centre_um, half_size_um)
    corners = lift(centre_um, name="centre_um") + SIGNS * lift(half_size_um, name="half_size_um")
    room = -float(volume.overhang(path.apply(corners)).max())
    nu = _freedom(path, centre_um, localisation_um2)
    if nu is not None and nu < FEWEST_NU:
        return _unsaid(nu, room)
    over = _drawn(path, corners, volume, localisation_um2, instrument, draws, seed)
    inside = float(np.mean(over <= 1e-12))
    where = "least room" if room >= 0 else "a corner is predicted outside by"
    statement = (
        f"all corners lie in {volume.name} with probability {inside:.3f} "
        f"({where} {format_length(abs(room))}, {draws:,} draws)"
    )
    return Containment(inside, standard_error(inside, draws), room, nu, statement)


def volume_margin(
    way: AffineTransform | FramePath,
    centre_um: ArrayLike,
    half_size_um: ArrayLike,
    volume: MillingVolume,
    *,
    probability: float,
    localisation_um2: ArrayLike | None = None,
    instrument: InstrumentError | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Containment:
    """Find by how much a milling volume has to grow, on every side, for a wanted probability.

    Parameters are those of `volume_containment`; ``probability`` is the wanted one.

    Returns
    -------
    Containment
        With the margin [um]; negative where the volume may shrink.
    """
    over = volume_overhang(
        way, centre_um, half_size_um, volume, localisation_um2=localisation_um2,
        instrument=instrument, draws=draws, seed=seed,
    )  # fmt: skip
    return over.margin(probability)


def volume_overhang(
    way: AffineTransform | FramePath,
    centre_um: ArrayLike,
    half_size_um: ArrayLike,
    volume: MillingVolume,
    *,
    localisation_um2: ArrayLike | None = None,
    instrument: InstrumentError | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Overhang:
    """Draw by how much the corners reach over a milling volume, for any number of margins.

    Parameters are those of `volume_containment`.

    Returns
    -------
    Overhang
    """
    path = _as_path(way, centre_um, half_size_um)
    nu = _freedom(path, centre_um, localisation_um2)
    if nu is not None and nu < FEWEST_NU:
        return Overhang(np.empty(0), nu)
    corners = lift(centre_um, name="centre_um") + SIGNS * lift(half_size_um, name="half_size_um")
    over = _drawn(path, corners, volume, localisation_um2, instrument, draws, seed)
    return Overhang(over, np.inf if nu is None else nu)


def _freedom(
    path: FramePath, centre_um: ArrayLike, localisation_um2: ArrayLike | None
) -> float | None:
    """Degrees of freedom of the mapped centre; None where every error is known."""
    nu = float(path.nu_at(centre_um, localisation_um2)[0])
    return nu if np.isfinite(nu) else None


def _drawn(
    path: FramePath,
    corners: np.ndarray,
    volume: MillingVolume,
    localisation_um2: ArrayLike | None,
    instrument: InstrumentError | None,
    draws: int,
    seed: int,
) -> np.ndarray:
    """Draw by how much the farthest corner reaches over a face: (draws,) [um]."""
    rng, matrix = np.random.default_rng(seed), path.matrix()
    out = np.empty(draws)
    for start in range(0, draws, _CHUNK):
        stop = min(start + _CHUNK, draws)
        drawn = path.draw(corners, stop - start, rng)
        if localisation_um2 is not None:
            root = np.linalg.cholesky(np.asarray(localisation_um2, dtype=float) + 1e-18 * np.eye(3))
            drawn = drawn + (rng.standard_normal((stop - start, 1, 3)) @ root.T) @ matrix.T
        if instrument is not None:
            drawn = drawn + instrument.draw(drawn, rng)
        out[start:stop] = volume.overhang(drawn).max(axis=(1, 2))
    return out
