"""How far every part of an image has moved in another one of the same specimen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from ...threads import in_slabs
from .noise import memory, white_variance
from .start import first_guess
from .window import Windows, kept, laid_over

if TYPE_CHECKING:
    import pandas as pd

    from .zero_strain import ZeroStrain

ENDS = ("followed", "left the image", "shows no texture", "no stable place", "masked")
_TOLERANCE_PX = 1e-4
_ROUNDS = 60


@dataclass(frozen=True, eq=False)
class Displacements:
    """Where windows of the reference lie in the deformed image.

    Attributes
    ----------
    position_um : ndarray, shape (n, d)
        Middles of the windows in the reference, z, y, x or y, x [um].
    u_um : ndarray, shape (n, d)
        What is added to a position to find it in the deformed image [um]; NaN where a window
        was not followed.
    sigma_um : ndarray, shape (n, d)
        Standard uncertainty by noise and lack of fit [um].
    gradient : ndarray, shape (n, d, d)
        Change of u along each axis inside the window; 0 for the model "translation".
    gradient_sigma : ndarray, shape (n, d, d)
        Its standard uncertainty; NaN for the model "translation".
    score : ndarray, shape (n,)
        Normalised cross-correlation at the end, -1 to 1.
    end : ndarray of str, shape (n,)
        "followed", or why not.
    grid : tuple of int
        How many windows along each axis.
    window_um, step_um : ndarray, shape (d,)
        Size of a window, and distance of two [um].
    spacing_um : ndarray, shape (d,)
        Voxel size [um].
    inflation : float
        Factor on the variances of white noise, from how far what is left has a memory.
    zero_strain : ZeroStrain or None
        The same windows on the reference itself, shifted by a known amount.
    """

    position_um: np.ndarray
    u_um: np.ndarray
    sigma_um: np.ndarray
    gradient: np.ndarray
    gradient_sigma: np.ndarray
    score: np.ndarray
    end: np.ndarray
    grid: tuple[int, ...]
    window_um: np.ndarray
    step_um: np.ndarray
    spacing_um: np.ndarray
    inflation: float
    zero_strain: ZeroStrain | None = None

    @property
    def converged(self) -> np.ndarray:
        """Which windows were followed, (n,)."""
        return self.end == ENDS[0]

    @property
    def statement(self) -> str:
        """What was reached, and what the zero-strain test says of it."""
        import pandas as pd

        good = self.converged
        lost = pd.Series(self.end[~good]).value_counts()
        why = "".join(f", {count} {word}" for word, count in lost.items())
        words = f"{good.sum()} of {len(good)} windows were followed{why}."
        if good.any():
            typical = np.median(self.sigma_um[good], axis=0)
            names = "zyx"[-len(typical) :]
            errors = ", ".join(f"{n} {s:.2g} µm" for n, s in zip(names, typical, strict=True))
            words += f" Median standard uncertainty of u: {errors}."
        if self.zero_strain is None:
            return words + " No zero-strain test was made."
        return f"{words} {self.zero_strain.statement}"

    def table(self) -> pd.DataFrame:
        """One row a window: place, displacement, its error, score and end."""
        import pandas as pd

        names = "zyx"[-self.position_um.shape[1] :]
        columns: dict[str, Any] = {}
        for title, rows in (
            ("{}_um", self.position_um), ("u_{}_um", self.u_um), ("sigma_{}_um", self.sigma_um),
        ):  # fmt: skip
            columns |= {title.format(n): rows[:, k] for k, n in enumerate(names)}
        return pd.DataFrame({**columns, "score": self.score, "end": self.end})


def displacement_field(
    reference: ArrayLike,
    deformed: ArrayLike,
    *,
    spacing_um: ArrayLike,
    window_px: int = 21,
    step_px: int | None = None,
    model: Literal["translation", "affine"] = "affine",
    start_um: ArrayLike | None = None,
    search_px: int = 6,
    mask: ArrayLike | None = None,
    zero_strain: bool = True,
    seed: int = 0,
) -> Displacements:
    """Follow windows of one image into another (digital volume or image correlation).

    Each window is first moved, then stretched and sheared, until it correlates best; between
    voxels a cubic spline is read, brightness and contrast of every window are free. Slopes of
    the reference alone are used, so noise does not pull towards whole voxels.

    Parameters
    ----------
    reference, deformed : array, shape (z, y, x) or (y, x)
        Two images of one specimen with one contrast and voxel size.
    spacing_um : array, shape (d,)
        Voxel size [um].
    window_px : int
        Odd; voxels a side. The error falls as its power -d/2.
    step_px : int, optional
        Between windows; half a window by default.
    model : {"affine", "translation"}
    start_um : array, shape (d,) or (n, d), optional
        Displacement to begin with [um]; by default the whole images are correlated, then each
        window within `search_px` of that.
    search_px : int
    mask : array of bool, optional
        Voxels of the reference that count; a window needs half of its own.
    zero_strain : bool
        Also follow a virtually shifted copy of the reference, and say how well that went.
    seed : int
        Of that test's noise.

    Returns
    -------
    Displacements

    Raises
    ------
    ValueError
        Shapes differ, the window is even, below 5 or does not fit, or grey values are not finite.

    Notes
    -----
    Noise of size s gives sqrt(2) s / (sqrt(voxels of a window) rms slope) in each component
    (doi:10.1364/OE.16.007037); here with the slopes of both images, so that noisy slopes do not
    make it look small, and inflated where neighbouring voxels err together (noise with memory, lack
    of fit). Not for two contrasts (register by mutual information), nor across a crack.

    Examples
    --------
    >>> from scipy.ndimage import gaussian_filter, shift
    >>> grains = gaussian_filter(np.random.default_rng(0).normal(size=(80, 80)), 2)
    >>> moved = shift(grains, (1.5, -0.25), order=5, mode="wrap")
    >>> found = displacement_field(grains, moved, spacing_um=[2, 2], zero_strain=False)
    >>> np.median(found.u_um[found.converged], axis=0).round(2).tolist()
    [3.0, -0.5]
    """
    windows = laid_over(
        reference, deformed, spacing_um=spacing_um, window_px=window_px, step_px=step_px, mask=mask
    )
    if model not in ("translation", "affine"):
        raise ValueError(f"model needs translation or affine, got {model!r}")
    start = first_guess(windows, start_um=start_um, search_px=search_px)
    found = _follow(windows, start, affine=model == "affine")
    test = None
    if zero_strain:
        from .zero_strain import zero_strain_test

        test = zero_strain_test(reference, window_px=window_px, model=model, mask=mask, seed=seed)
    return _measured(windows, found, test)


def _follow(windows: Windows, start: np.ndarray, *, affine: bool) -> dict[str, np.ndarray]:
    """Run the loops over pieces of the list of windows, one thread a piece."""
    from .loops import follow

    n, d = len(windows.centres_px), windows.ndim
    p = d + d * d if affine else d
    out = {
        "u": kept(start, 3),
        "stretch": np.tile(np.eye(3), (n, 1, 1)),
        "curvature": np.zeros((n, p, p)),
        "crossed": np.zeros((n, p, p)),
        "facts": np.full((n, 4), np.nan),
    }

    def run(first: int, last: int) -> None:
        piece = slice(first, last)
        follow(
            windows.reference, windows.deformed, windows.counted, windows.centres_px[piece],
            windows.half_px, affine, _TOLERANCE_PX, _ROUNDS,
            *(out[key][piece] for key in out),
        )  # fmt: skip

    in_slabs(run, n)
    return out


def _measured(
    windows: Windows, found: dict[str, np.ndarray], test: ZeroStrain | None
) -> Displacements:
    """Turn what the loops wrote into micrometres, with errors."""
    d, first = windows.ndim, 3 - windows.ndim
    half, spacing = windows.half_px[first:].astype(float), windows.spacing_um
    end = np.array(ENDS)[found["facts"][:, 0].astype(int)]
    good = end == ENDS[0]
    gradient = found["stretch"][:, first:, first:] - np.eye(d)
    noise = white_variance(windows, found["u"], found["facts"][:, 2])
    inflation = memory(windows, found["u"], found["stretch"], good)
    sigma = _sigmas(found, noise * inflation, good)
    nothing = ~good[:, None]
    tilt = np.full((len(good), d, d), np.nan)
    if sigma.shape[1] > d:
        tilt = sigma[:, d:].reshape(-1, d, d) / half
    aspect = spacing[:, None] / spacing[None, :]
    return Displacements(
        position_um=windows.centres_px[:, first:] * spacing,
        u_um=np.where(nothing, np.nan, found["u"][:, first:]) * spacing,
        sigma_um=sigma[:, :d] * spacing,
        gradient=np.where(nothing[:, None], np.nan, gradient) * aspect,
        gradient_sigma=tilt * aspect,
        score=found["facts"][:, 1],
        end=end,
        grid=windows.grid,
        window_um=(2 * half + 1) * spacing,
        step_um=windows.step_px * spacing,
        spacing_um=spacing,
        inflation=inflation,
        zero_strain=test,
    )


def _sigmas(found: dict[str, np.ndarray], variance: np.ndarray, good: np.ndarray) -> np.ndarray:
    """Standard uncertainties of the parameters, (n, p), NaN where a window was lost."""
    out = np.full(found["curvature"].shape[:2], np.nan)
    if good.any():
        back = np.linalg.pinv(found["crossed"][good])
        # noise of the reference stands in its slopes as well, and there cancels with itself
        middle = (found["curvature"][good] + found["crossed"][good]) / 2
        spread = back @ middle @ back.transpose(0, 2, 1)
        out[good] = np.sqrt(variance[good, None] * np.einsum("nii->ni", spread))
    return out
