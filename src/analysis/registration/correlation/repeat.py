"""What two scans without load differ by: the stretch of the image, and strain beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ....errors import Degenerate
from .displacement import Displacements
from .strain import shared, strain_of


@dataclass(frozen=True, eq=False)
class RepeatScan:
    """What two scans of an unloaded specimen differ by.

    Attributes
    ----------
    dilatation, dilatation_sigma : float
        Linear stretch of the whole image, the same along all axes (a warming source moves).
    mean_strain : ndarray, shape (d, d)
        Mean over the windows once the stretch is taken off.
    sd_strain : ndarray, shape (d, d)
        Scatter between the windows.
    windows : int
        Where strain could be told.
    """

    dilatation: float
    dilatation_sigma: float
    mean_strain: np.ndarray
    sd_strain: np.ndarray
    windows: int

    @property
    def statement(self) -> str:
        """Both in one sentence."""
        largest = np.abs(self.mean_strain).max()
        return (
            f"Repeated scan: a stretch of {self.dilatation:+.2e} ± {self.dilatation_sigma:.1e} "
            f"along all axes was taken off; what is left over {self.windows} windows is a mean "
            f"strain of at most {largest:.1e} and a scatter of at most {self.sd_strain.max():.1e} "
            "a component."
        )


def repeat_scan(displacements: Displacements, *, gauge: int = 3) -> RepeatScan:
    """Tell what a second scan without load shows: the stretch of the image, and strain beside it.

    Parameters
    ----------
    displacements : Displacements
        Between the two scans.
    gauge : int
        As for `strain_of`.

    Returns
    -------
    RepeatScan

    Raises
    ------
    Degenerate
        Too few windows were followed to fit a stretch or to take a strain.

    References
    ----------
    Self-heating of a laboratory source, doi:10.1007/s11340-017-0356-1.
    """
    good = displacements.converged
    d = displacements.u_um.shape[1]
    strain = strain_of(displacements, gauge=gauge, measure="small")
    known = np.isfinite(strain.tensor[:, 0, 0])
    if good.sum() < d + 2 or not known.any():
        raise Degenerate(
            f"a repeated scan needs {d + 2} or more followed windows, not on a line, got "
            f"{int(good.sum())}: smaller windows or steps"
        )
    stretch, sigma = _stretch(displacements, np.flatnonzero(good))
    left = strain.tensor[known] - stretch * np.eye(d)
    return RepeatScan(
        dilatation=stretch,
        dilatation_sigma=sigma,
        mean_strain=left.mean(axis=0),
        sd_strain=left.std(axis=0, ddof=1 if len(left) > 1 else 0),
        windows=int(known.sum()),
    )


def _stretch(displacements: Displacements, chosen: np.ndarray) -> tuple[float, float]:
    """One stretch with a shift and a small turn, by least squares, and its error."""
    arms = displacements.position_um[chosen]
    arms = arms - arms.mean(axis=0)
    n, d = arms.shape
    pairs = [(i, k) for i in range(d) for k in range(i)]
    design = np.zeros((n, d, 1 + d + len(pairs)))
    design[:, :, 0] = arms
    for i in range(d):
        design[:, i, 1 + i] = 1.0
    for at, (i, k) in enumerate(pairs, 1 + d):
        design[:, i, at], design[:, k, at] = arms[:, k], -arms[:, i]
    back = np.linalg.pinv(design.reshape(n * d, -1))[0].reshape(n, d)
    u, sigma = displacements.u_um[chosen], displacements.sigma_um[chosen]
    weighed = back * sigma
    spread = np.einsum("ik,ij,jk->", weighed, shared(displacements, chosen), weighed)
    return float(np.sum(back * u)), float(np.sqrt(spread))
