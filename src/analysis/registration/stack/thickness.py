"""Where the slices of a stack really lie, from marks whose place is known elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ....errors import Degenerate


@dataclass(frozen=True, eq=False)
class SlicePositions:
    """Positions of the cuts along the cutting direction.

    Attributes
    ----------
    position_um : ndarray, shape (n,)
        In the reference, never decreasing [um].
    sigma_um : ndarray, shape (n,)
        Standard uncertainty [um].
    stretch, stretch_sigma : float
        True mean thickness over the nominal one.
    nominal_um : float
    """

    position_um: np.ndarray
    sigma_um: np.ndarray
    stretch: float
    stretch_sigma: float
    nominal_um: float

    @property
    def statement(self) -> str:
        """The result in one sentence."""
        return (
            f"{len(self.position_um)} slices of nominally {self.nominal_um:g} µm are "
            f"{self.stretch * self.nominal_um:.4g} ± {self.stretch_sigma * self.nominal_um:.2g} µm "
            f"thick in the mean; single cuts are placed to {self.sigma_um.min():.2g} to "
            f"{self.sigma_um.max():.2g} µm (standard uncertainty)."
        )


def slice_positions(
    marks_stack_um: ArrayLike,
    marks_reference_um: ArrayLike,
    *,
    slices: int,
    nominal_um: float,
    sigma_um: ArrayLike,
    jitter: float = 0.15,
    pull_back: float = 5.0,
) -> SlicePositions:
    """Place every cut by marks that were seen in the stack and in a reference.

    A cut errs by a random amount that the instrument pulls back over some slices; around that the
    mean thickness is unknown. Marks tell both, and slices far from any mark fall back to the mean
    (Gaussian-process regression with an exponential memory, doi:10.7551/mitpress/3206.001.0001).

    Parameters
    ----------
    marks_stack_um : array, shape (m,)
        Places of the marks along the cut, slice number times the nominal thickness [um].
    marks_reference_um : array, shape (m,)
        Places of the same marks in the reference, along the cutting direction [um].
    slices : int
        Of the stack; the first lies at 0.
    nominal_um : float
        Nominal thickness [um].
    sigma_um : float or array, shape (m,)
        Standard uncertainty of a mark's two places together [um].
    jitter : float
        Relative scatter of single thicknesses.
    pull_back : float
        Slices after which an error has fallen to 37 %.

    Returns
    -------
    SlicePositions

    Raises
    ------
    ValueError
        Lengths differ, or a number is not above 0.
    Degenerate
        Fewer than two marks, or all in one slice: the mean thickness is not determined.

    Notes
    -----
    Errors are right if `jitter` and `pull_back` are those of the instrument. Not for a stack that
    lost slices: split it there.

    Examples
    --------
    >>> found = slice_positions([0, 10], [50, 61], slices=11, nominal_um=1.0, sigma_um=0.1)
    >>> found.position_um[[0, 5, 10]].round(1).tolist(), round(found.stretch, 2)
    ([50.0, 55.5, 61.0], 1.1)
    """
    seen, known = (np.asarray(v, float).ravel() for v in (marks_stack_um, marks_reference_um))
    if seen.shape != known.shape or not np.isfinite([seen, known]).all():
        raise ValueError(
            "marks_stack_um and marks_reference_um need as many finite places, got "
            f"{seen.tolist()} and {known.tolist()}"
        )
    for name, value in (("nominal_um", nominal_um), ("jitter", jitter), ("pull_back", pull_back),
                        ("slices", slices)):  # fmt: skip
        if not value > 0:
            raise ValueError(f"{name} needs a number above 0, got {value}")
    noise = np.broadcast_to(np.asarray(sigma_um, float), seen.shape)
    if not (noise > 0).all():
        raise ValueError(f"sigma_um needs lengths above 0, got {noise.tolist()}")
    if len(seen) < 2 or np.ptp(seen) < nominal_um:
        raise Degenerate(
            f"slice positions need two marks or more in different slices, got {seen.tolist()} um: "
            "the mean thickness is not determined"
        )
    return _placed(seen, known, noise, slices, nominal_um, jitter, pull_back)


def _placed(
    seen: np.ndarray, known: np.ndarray, noise: np.ndarray, slices: int, nominal: float,
    jitter: float, pull_back: float,
) -> SlicePositions:  # fmt: skip
    """Universal kriging: a straight line, and errors with memory around it."""
    left = np.exp(-1 / pull_back)
    variance = (jitter * nominal) ** 2 / (2 * (1 - left))

    def together(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.asarray(variance * _read(a, b, nominal, pull_back))

    at = np.arange(slices) * nominal
    inside = np.linalg.inv(together(seen, seen) + np.diag(noise**2))
    line, lines = (np.stack([np.ones(len(v)), v], axis=1) for v in (seen, at))
    spread = np.linalg.inv(line.T @ inside @ line)
    mean = spread @ line.T @ inside @ known
    across = together(at, seen) @ inside
    position = lines @ mean + across @ (known - line @ mean)
    rest = lines - across @ line
    own = variance - np.einsum("ij,ij->i", across, together(at, seen))
    sigma = np.sqrt(np.maximum(own, 0) + np.einsum("ij,jk,ik->i", rest, spread, rest))
    return SlicePositions(
        position_um=np.maximum.accumulate(position),
        sigma_um=sigma,
        stretch=float(mean[1]),
        stretch_sigma=float(np.sqrt(spread[1, 1])),
        nominal_um=nominal,
    )


def _read(a: np.ndarray, b: np.ndarray, nominal: float, pull_back: float) -> np.ndarray:
    """Correlation of the errors at two places; between two cuts they are read linearly."""

    def split(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        number = places / nominal
        low = np.floor(number + 1e-9)
        return low, np.clip(number - low, 0.0, 1.0)

    (i, s), (k, t) = split(a), split(b)
    out = np.zeros((len(a), len(b)))
    for one, weight in ((i, 1 - s), (i + 1, s)):
        for other, factor in ((k, 1 - t), (k + 1, t)):
            apart = np.abs(one[:, None] - other[None, :])
            out += weight[:, None] * factor[None, :] * np.exp(-apart / pull_back)
    return out
